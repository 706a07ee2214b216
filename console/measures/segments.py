"""Where dissatisfaction sits: association of a dimension, exhaustive search of cells, and a small Gini tree.

Sample, explore, modify, model, assess (SEMMA) without a black box: every segment is a filter a person can check.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import BoolArray, FloatArray, IntArray, counts, matrix, vector
from console.measures.discoveries import FALSE_DISCOVERY, benjamini_hochberg
from console.measures.distributions import chi_square_upper
from console.measures.results import Measure, MeasureError

SMALLEST_LEAF = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Association(Measure):
    """How far a dimension goes with dissatisfaction; ``value`` is Cramér's V (0 to 1)."""

    chi_square: float
    df: int
    p: float
    gini_parent: float
    gini_split: float
    information_gain: float


@dataclass(frozen=True, slots=True)
class Segment:
    """One cell of one or two dimensions: how many, how many dissatisfied, how much above the average.

    ``lift`` is its rate over the overall one; ``excess`` is how many fewer would be dissatisfied at the overall rate;
    ``fold_lift`` is the smallest lift over the folds in which it was held out.
    """

    conditions: tuple[tuple[str, str], ...]
    n: int
    n_dissatisfied: int
    rate: float
    lift: float
    excess: float
    p: float
    q: float
    fold_lift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSearch(Measure):
    """Segments found, largest excess first; ``value`` is the overall rate of dissatisfaction."""

    segments: tuple[Segment, ...]
    n_tested: int
    seed: int


@dataclass(frozen=True, slots=True)
class TreeLeaf:
    """A leaf of the Gini tree: its conditions (dimension, whether it is in the named level, level)."""

    conditions: tuple[tuple[str, bool, str], ...]
    n: int
    rate: float


def association(cross_table: ArrayLike) -> Association:
    """χ² and Cramér's V of a table of counts, shape (groups, outcomes), with Gini impurity and information gain in
    bits.

    Empty rows and columns are left out. Raises MeasureError when fewer than two of either remain.
    """
    t = counts(matrix(cross_table, "table"), "table")
    t = t[t.sum(axis=1) > 0][:, t.sum(axis=0) > 0]
    if min(t.shape) < 2:
        raise MeasureError("A table needs at least two groups and two outcomes.")
    total = float(t.sum())
    rows, columns = t.sum(axis=1), t.sum(axis=0)
    expected = np.outer(rows, columns) / total
    chi_square = float(((t - expected) ** 2 / expected).sum())
    df = (t.shape[0] - 1) * (t.shape[1] - 1)
    share = rows / total
    low = ("Some cells expect fewer than 5.",) if expected.min() < 5 else ()
    return Association(
        value=math.sqrt(chi_square / (total * (min(t.shape) - 1))),
        n=int(total),
        method="chi-square, Cramér's V",
        warnings=low,
        chi_square=chi_square,
        df=df,
        p=chi_square_upper(chi_square, df),
        gini_parent=float(_gini(columns[None])[0]),
        gini_split=float(share @ _gini(t)),
        information_gain=float(_entropy(columns[None])[0] - share @ _entropy(t)),
    )


def search_segments(
    dimensions: Mapping[str, Sequence[str]],
    is_dissatisfied: ArrayLike,
    depth: int = 2,
    smallest: int = SMALLEST_LEAF,
    permutations: int = 500,
    folds: int = 5,
    seed: int = 1,
    level: float = FALSE_DISCOVERY,
) -> SegmentSearch:
    """Every cell of up to ``depth`` (1 or 2) dimensions with at least 30 answers, tested and kept at an FDR of 0.05.

    ``dimensions`` map names to labels, each of shape (respondents,); marks of dissatisfaction have the same length. p
    is the upper normal tail of the count with continuity correction; the cells kept must also pass a permutation of
    the marks and carry their smallest lift over five held-out folds. Raises MeasureError.
    """
    bad = vector(is_dissatisfied, "marks of dissatisfaction")
    if np.isnan(bad).any() or bad.size == 0:
        raise MeasureError("Every respondent needs a mark.", "Leave missing answers out.")
    if depth not in (1, 2) or any(len(labels) != bad.size for labels in dimensions.values()):
        raise MeasureError("Segments have one or two dimensions with a label for every respondent.")
    bad = (bad > 0).astype(np.float64)
    n, overall = bad.size, float(bad.mean())
    random = np.random.default_rng(seed)
    fold = random.permutation(np.arange(n) % folds)
    found = []
    for conditions, members in _cells(dimensions, depth):
        size = int(members.sum())
        if size >= smallest and size < n:
            found.append((conditions, members, size, float(bad[members].sum())))
    p = [_upper_tail(x, size, n, overall) for _, _, size, x in found]
    q = benjamini_hochberg(p, level).q if p else ()
    kept = [i for i in range(len(found)) if q[i] <= level]
    segments = []
    for i in kept:
        conditions, members, size, x = found[i]
        # Marks shuffled over respondents put a hypergeometric number into a cell of this size.
        shuffled = random.hypergeometric(int(bad.sum()), n - int(bad.sum()), size, permutations)
        chance = (1 + float((shuffled >= x).sum())) / (permutations + 1)
        if chance > max(level, 1 / (permutations + 1)):
            continue
        segments.append(
            Segment(
                conditions=conditions,
                n=size,
                n_dissatisfied=int(x),
                rate=x / size,
                lift=x / size / overall,
                excess=x - size * overall,
                p=p[i],
                q=q[i],
                fold_lift=_fold_lift(bad, members, fold, folds),
            )
        )
    segments.sort(key=lambda segment: (-segment.excess, segment.conditions))
    return SegmentSearch(
        value=overall,
        n=n,
        method=f"cells of up to {depth} dimensions, FDR {level:g}, {permutations} permutations, seed {seed}",
        segments=tuple(segments),
        n_tested=len(found),
        seed=seed,
    )


def gini_tree(
    dimensions: Mapping[str, Sequence[str]], is_dissatisfied: ArrayLike, depth: int = 3, smallest: int = SMALLEST_LEAF
) -> tuple[TreeLeaf, ...]:
    """Leaves of a tree of one-level-against-the-rest splits by Gini gain, at most ``depth`` deep, at least 30 a leaf.

    Leaves come with the highest rate first. Raises MeasureError as ``search_segments``. Source: Breiman et al. (1984).
    """
    bad = vector(is_dissatisfied, "marks of dissatisfaction")
    if np.isnan(bad).any() or bad.size == 0:
        raise MeasureError("Every respondent needs a mark.", "Leave missing answers out.")
    labels = {name: np.asarray(values) for name, values in dimensions.items()}
    if any(column.size != bad.size for column in labels.values()):
        raise MeasureError("Every dimension needs a label for every respondent.")
    leaves: list[TreeLeaf] = []
    _grow(labels, (bad > 0).astype(np.float64), np.ones(bad.size, dtype=bool), (), depth, smallest, leaves)
    return tuple(sorted(leaves, key=lambda leaf: (-leaf.rate, leaf.conditions)))


def _grow(
    labels: Mapping[str, np.ndarray[tuple[int, ...], np.dtype[np.str_]]],
    bad: FloatArray,
    members: BoolArray,
    conditions: tuple[tuple[str, bool, str], ...],
    depth: int,
    smallest: int,
    leaves: list[TreeLeaf],
) -> None:
    size, x = int(members.sum()), float(bad[members].sum())
    best: tuple[float, str, str, BoolArray] | None = None
    if depth > 0:
        for name, column in labels.items():
            for value in np.unique(column[members]):
                part = members & (column == value)
                inside, y = int(part.sum()), float(bad[part].sum())
                if inside < smallest or size - inside < smallest:
                    continue
                rows = np.array([[y, inside - y], [x - y, size - inside - (x - y)]])
                gain = float(_gini(rows.sum(axis=0)[None])[0] - rows.sum(axis=1) @ _gini(rows) / size)
                if gain > 1e-9 and (best is None or gain > best[0] + 1e-12):
                    best = (gain, name, str(value), part)
    if best is None:
        leaves.append(TreeLeaf(conditions, size, x / size))
        return
    _, name, value, part = best
    _grow(labels, bad, part, (*conditions, (name, True, value)), depth - 1, smallest, leaves)
    _grow(labels, bad, members & ~part, (*conditions, (name, False, value)), depth - 1, smallest, leaves)


def _cells(dimensions: Mapping[str, Sequence[str]], depth: int) -> list[tuple[tuple[tuple[str, str], ...], BoolArray]]:
    single: dict[str, list[tuple[str, BoolArray]]] = {}
    for name, values in dimensions.items():
        column = np.asarray(values)
        single[name] = [(str(label), column == label) for label in np.unique(column)]
    cells = [(((name, label),), members) for name, pairs in single.items() for label, members in pairs]
    if depth < 2:
        return [(conditions, members) for conditions, members in cells]
    doubles = [
        (((a, label_a), (b, label_b)), members_a & members_b)
        for a, b in itertools.combinations(single, 2)
        for (label_a, members_a), (label_b, members_b) in itertools.product(single[a], single[b])
    ]
    return [*cells, *doubles]


def _upper_tail(x: float, size: int, n: int, rate: float) -> float:
    spread = math.sqrt(size * rate * (1 - rate) * (n - size) / max(1, n - 1))
    return math.erfc((x - 0.5 - size * rate) / spread / math.sqrt(2)) / 2 if spread > 0 else 1.0


def _fold_lift(bad: FloatArray, members: BoolArray, fold: IntArray, folds: int) -> float:
    lifts = []
    for k in range(folds):
        held, part = fold == k, members & (fold == k)
        if part.any() and bad[held].any():
            lifts.append(float(bad[part].mean() / bad[held].mean()))
    return min(lifts) if lifts else 0.0


def _gini(rows: FloatArray) -> FloatArray:
    shares = rows / rows.sum(axis=1, keepdims=True)
    return np.asarray(1 - (shares**2).sum(axis=1))


def _entropy(rows: FloatArray) -> FloatArray:
    shares = rows / rows.sum(axis=1, keepdims=True)
    return np.asarray(-(shares * np.log2(np.where(shares > 0, shares, 1.0))).sum(axis=1))
