"""Analytic network process: supermatrix, its limit, and priorities within clusters."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.ahp import AhpWeights, usable_weights
from console.measures.arrays import BoolArray, FloatArray, complete, floats, matrix, table, vector
from console.measures.results import Measure, MeasureError

TOLERANCE = 1e-12
LONGEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPriorities(Measure):
    """Limit priorities; ``value`` is the period of the powers (1 when they settle).

    ``priorities`` sum to 1 over all nodes, ``within`` to 1 in each cluster; ``limit`` is the limit matrix.
    """

    priorities: tuple[float, ...]
    within: Mapping[str, tuple[float, ...]]
    limit: tuple[tuple[float, ...], ...]
    period: int


def local_columns(results: Sequence[AhpWeights]) -> FloatArray:
    """Local priorities as columns of a block, shape (elements, comparisons); raises InconsistentError when one is not
    usable.
    """
    return np.array([usable_weights(result) for result in results], dtype=np.float64).T


def supermatrix(
    clusters: Mapping[str, int],
    blocks: Mapping[tuple[str, str], ArrayLike],
    cluster_weights: Mapping[tuple[str, str], float],
) -> FloatArray:
    """The weighted supermatrix, shape (nodes, nodes), columns summing to 1.

    ``clusters`` maps names to sizes, in order; ``blocks[(to, of)]`` holds how much each node of ``of`` (columns)
    depends on those of ``to`` (rows). A column weighs its blocks by ``cluster_weights`` renormalised over the blocks
    it has. Raises MeasureError on wrong shapes, negative entries, and a node that depends on nothing.
    """
    starts = dict(zip(clusters, np.cumsum([0, *clusters.values()])[:-1].tolist(), strict=True))
    size = sum(clusters.values())
    whole = np.zeros((size, size))
    for (to, of), values in blocks.items():
        if to not in clusters or of not in clusters:
            raise MeasureError(f"Block {to}/{of} names an unknown cluster.")
        block = complete(matrix(values, f"block {to}/{of}", clusters[of]), f"block {to}/{of}")
        if block.shape[0] != clusters[to] or (block < 0).any():
            raise MeasureError(f"Block {to}/{of} must have {clusters[to]} rows of numbers of 0 or more.")
        sums = block.sum(axis=0)
        weight = cluster_weights.get((to, of), 0.0)
        rows, columns = slice(starts[to], starts[to] + clusters[to]), slice(starts[of], starts[of] + clusters[of])
        whole[rows, columns] = weight * block / np.where(sums > 0, sums, 1.0)
    totals = whole.sum(axis=0)
    if (totals <= 0).any():
        raise MeasureError(
            f"Node {int(np.argmin(totals)) + 1} depends on nothing.", "Add a link, or let it depend on itself alone."
        )
    return np.asarray(whole / totals, dtype=np.float64)


def limit_priorities(weighted: ArrayLike, clusters: Mapping[str, int] | None = None) -> LimitPriorities:
    """The limit supermatrix: powers of W until W^k repeats W^(k−p) within 1e-12, the last p powers averaged.

    ``weighted`` has shape (nodes, nodes) with columns summing to 1. Raises MeasureError when they do not, when several
    closed classes make the limit depend on the start, and when no power settles. Source: Saaty (1996).
    """
    w = complete(matrix(weighted, "supermatrix"), "supermatrix")
    n = w.shape[0]
    if w.shape[1] != n or (w < 0).any() or (np.abs(w.sum(axis=0) - 1) > 1e-6).any():
        raise MeasureError("Every column of a supermatrix must sum to 1.", "Weigh the clusters first.")
    w = w / w.sum(axis=0)
    classes = _closed_classes(w > 0)
    if classes > 1:
        raise MeasureError(
            f"The limit depends on the start: {classes} groups of nodes depend on nothing outside themselves.",
            "Link the groups, or evaluate them apart.",
        )
    recent, period = deque([w], maxlen=n), 0
    for _ in range(LONGEST):
        power = recent[-1] @ w
        power /= power.sum(axis=0)
        period = next((p for p in range(1, len(recent) + 1) if np.abs(power - recent[-p]).max() < TOLERANCE), 0)
        recent.append(power)
        if period:
            break
    if not period:
        raise MeasureError("The powers of the supermatrix do not settle.", "Check its links.")
    limit = np.mean(list(recent)[-period:], axis=0)
    priorities = limit.mean(axis=1)
    groups = clusters or {"all": n}
    if sum(groups.values()) != n:
        raise MeasureError(f"The clusters name {sum(groups.values())} nodes where the matrix has {n}.")
    within, start = {}, 0
    for name, size in groups.items():
        part = priorities[start : start + size]
        within[name] = floats(part / part.sum()) if part.sum() > TOLERANCE else floats(np.zeros(size))
        start += size
    return LimitPriorities(
        value=float(period),
        n=n,
        method="ANP limit supermatrix",
        priorities=floats(priorities),
        within=within,
        limit=table(limit),
        period=period,
        warnings=(f"The powers alternate with period {period}; their mean is shown.",) if period > 1 else (),
    )


def one_step_priorities(inner: ArrayLike, priorities: ArrayLike) -> tuple[float, ...]:
    """W22·w21, which many papers publish under the name ANP; it is not the limit and differs from it.

    Shapes (n, n) and (n,). Raises MeasureError on wrong shapes.
    """
    w21 = complete(vector(priorities, "priorities"), "priorities")
    w22 = complete(matrix(inner, "inner dependence", w21.size), "inner dependence")
    return floats(w22 @ w21)


def _closed_classes(links: BoolArray) -> int:
    """How many strongly connected classes no link leaves; a link j → i is a positive entry (i, j)."""
    reach = links.T | np.eye(links.shape[0], dtype=bool)
    for _ in range(max(1, links.shape[0].bit_length())):
        reach = (reach.astype(np.int64) @ reach.astype(np.int64)) > 0
    mutual = reach & reach.T
    closed = {tuple(np.flatnonzero(mutual[i]).tolist()) for i in range(reach.shape[0]) if (reach[i] == mutual[i]).all()}
    return len(closed)
