"""Analytic hierarchy process: weights from pairwise judgements, their consistency, and how to repair it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, complete, floats, matrix, vector
from console.measures.results import InconsistentError, Measure, MeasureError

RATIO_ALLOWED = 0.10


class RandomIndex(StrEnum):
    """Which table of random indices divides the consistency index; the third digit of the ratio depends on it."""

    SAATY = "saaty"
    SIMULATED = "simulated"


RANDOM_INDICES: Mapping[RandomIndex, tuple[float, ...]] = MappingProxyType(
    {
        RandomIndex.SAATY: (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49),
        RandomIndex.SIMULATED: (0.0, 0.0, 0.5252, 0.8837, 1.1081, 1.2493, 1.3416, 1.4048, 1.4507, 1.4857),
    }
)


@dataclass(frozen=True, slots=True)
class Repair:
    """A judgement to reconsider: element ``row`` over ``column`` was given as ``given``.

    ``ratio`` is what the consistency ratio becomes with ``proposed``; the expert decides.
    """

    row: int
    column: int
    given: float
    error: float
    proposed: float
    ratio: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AhpWeights(Measure):
    """Weights of one comparison matrix; ``value`` is the consistency ratio.

    ``weights`` are shown whatever the ratio, but only ``usable_weights`` hands them on. ``geometric_weights`` are the
    cross-check; ``repairs`` name the worst judgement and two proposals for it (empty for a consistent matrix).
    """

    weights: tuple[float, ...]
    geometric_weights: tuple[float, ...]
    eigenvalue: float
    consistency_index: float
    consistency_ratio: float
    random_index: float
    table: RandomIndex
    repairs: tuple[Repair, ...]
    is_usable: bool


def comparison_matrix(upper: ArrayLike) -> FloatArray:
    """The full reciprocal matrix, shape (n, n), from the upper triangle read by rows.

    Raises MeasureError when the count is no triangle or a judgement is not above 0.
    """
    values = complete(vector(upper, "judgements"), "judgements")
    n = round((1 + math.sqrt(1 + 8 * values.size)) / 2)
    if n * (n - 1) // 2 != values.size or values.size == 0:
        raise MeasureError(f"{values.size} judgements are no upper triangle.", "n elements need n(n−1)/2 judgements.")
    if (values <= 0).any():
        raise MeasureError("A judgement is not above 0.", "Judgements run from 1/9 to 9.")
    table = np.ones((n, n))
    table[np.triu_indices(n, 1)] = values
    lower = np.tril_indices(n, -1)
    table[lower] = 1.0 / table.T[lower]
    return table


def ahp_weights(judgements: ArrayLike, table: RandomIndex = RandomIndex.SAATY) -> AhpWeights:
    """Weights of a positive reciprocal matrix, shape (n, n): principal right eigenvector, CI = (λ−n)/(n−1), CR =
    CI/RI.

    A ratio of 0.10 or more is returned with ``is_usable`` false and repairs. Judgements outside 1/9…9 warn. Raises
    MeasureError for a matrix that is not square, positive and reciprocal, or has more than ten elements (no random
    index). Source: Saaty (1980); the second repair follows Harker (1987).
    """
    a = complete(matrix(judgements, "judgements"), "judgements")
    n = a.shape[0]
    if a.shape[1] != n or n < 1:
        raise MeasureError("A comparison matrix must be square.")
    if (a <= 0).any():
        raise MeasureError("A judgement is not above 0.", "Judgements run from 1/9 to 9.")
    off = np.argwhere(np.abs(a * a.T - 1) > 1e-6)
    if off.size:
        i, j = (int(x) + 1 for x in off[0])
        raise MeasureError(
            f"Judgements {i} over {j} and {j} over {i} contradict each other.",
            "One must be the reciprocal of the other.",
        )
    if n > len(RANDOM_INDICES[table]):
        raise MeasureError(
            f"No random index is known for {n} elements.", "Group them so that at most ten are compared."
        )
    index = RANDOM_INDICES[table][n - 1]
    eigenvalue, weights = _principal(a)
    deviation, ratio = _consistency(eigenvalue, n, index)
    geometric = np.exp(np.log(a).mean(axis=1))
    warnings = []
    if a.max() > 9 + 1e-9:
        warnings.append("A judgement lies outside 1/9 to 9.")
    is_usable = ratio < RATIO_ALLOWED
    if not is_usable:
        warnings.append(f"Consistency ratio {ratio:.3f} is not below {RATIO_ALLOWED:.2f}: the weights may not be used.")
    return AhpWeights(
        value=ratio,
        n=n * (n - 1) // 2,
        method="AHP eigenvector",
        warnings=tuple(warnings),
        weights=floats(weights),
        geometric_weights=floats(geometric / geometric.sum()),
        eigenvalue=eigenvalue,
        consistency_index=deviation,
        consistency_ratio=ratio,
        random_index=index,
        table=table,
        repairs=_repairs(a, weights, index),
        is_usable=is_usable,
    )


def usable_weights(result: AhpWeights) -> tuple[float, ...]:
    """The weights, or InconsistentError naming the worst judgement and its repair when the ratio is too high."""
    if result.is_usable:
        return result.weights
    worst = result.repairs[0]
    raise InconsistentError(
        f"The judgements contradict each other: consistency ratio {result.consistency_ratio:.3f}, allowed below "
        f"{RATIO_ALLOWED:.2f}.",
        f"Ask again about {worst.row + 1} over {worst.column + 1} (given {worst.given:.3g}): {worst.proposed:.4g} "
        f"would bring the ratio to {worst.ratio:.3f}.",
    )


def joint_judgements(matrices: Sequence[ArrayLike]) -> FloatArray:
    """One matrix of a group: the element-wise geometric mean of its members' (AIJ), which stays reciprocal.

    Raises MeasureError without a member, on unequal sizes, and for judgements that are not above 0. Source: Aczél and
    Saaty (1983).
    """
    tables = [complete(matrix(table, "judgements"), "judgements") for table in matrices]
    if not tables or len({table.shape for table in tables}) != 1:
        raise MeasureError("The experts' matrices differ in size.", "Every expert compares the same elements.")
    if any((table <= 0).any() for table in tables):
        raise MeasureError("A judgement is not above 0.", "Judgements run from 1/9 to 9.")
    return np.asarray(np.exp(np.mean([np.log(table) for table in tables], axis=0)), dtype=np.float64)


def _principal(a: FloatArray) -> tuple[float, FloatArray]:
    values, vectors = np.linalg.eig(a)
    first = int(np.argmax(values.real))
    w = np.abs(vectors[:, first].real)
    return float(values[first].real), w / w.sum()


def _consistency(eigenvalue: float, n: int, index: float) -> tuple[float, float]:
    if n <= 2:
        return 0.0, 0.0
    deviation = max(0.0, (eigenvalue - n) / (n - 1))
    return deviation, deviation / index


def _repairs(a: FloatArray, weights: FloatArray, index: float) -> tuple[Repair, ...]:
    n = a.shape[0]
    errors = a * weights[None, :] / weights[:, None]
    np.fill_diagonal(errors, 1.0)
    i, j = (int(x) for x in np.unravel_index(int(np.argmax(errors)), errors.shape))
    error = float(errors[i, j])
    if n < 3 or error <= 1 + 1e-9:
        return ()
    without = a.copy()
    without[i, j] = without[j, i] = 0.0
    without[i, i] = without[j, j] = 2.0
    _, fresh = _principal(without)
    repairs = []
    for method, w in (("eigenvector ratio", weights), ("without the pair", fresh)):
        proposed = float(w[i] / w[j])
        changed = a.copy()
        changed[i, j], changed[j, i] = proposed, 1.0 / proposed
        ratio = _consistency(_principal(changed)[0], n, index)[1]
        repairs.append(Repair(i, j, float(a[i, j]), error, proposed, ratio, method))
    return tuple(repairs)
