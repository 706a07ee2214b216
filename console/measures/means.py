"""Weighted means of respondents with intervals: linearised within strata, or by bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, IntArray, counts, survey_weights, vector
from console.measures.disclosure import sample_warnings
from console.measures.distributions import mean_quantile
from console.measures.results import LEVEL, Interval, Measure, MeasureError

REPLICATES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedMean(Measure):
    """A mean in the unit of its values, with its standard error and what the weights cost."""

    se: float | None
    sd: float | None
    deff: float
    n_effective: float


def weighted_mean(
    values: ArrayLike,
    weights: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    level: float = LEVEL,
) -> WeightedMean:
    """The mean of answers, shape (respondents,), NaN where one is missing; missing answers are counted, never scored.

    The standard error is linearised (Taylor) within strata; without weights and strata it is s/√n. Raises MeasureError
    when lengths differ or weights are negative.
    """
    array = vector(values, "answers")
    present = ~np.isnan(array)
    y, g = array[present], survey_weights(weights, array.size)[present]
    groups = None if strata is None else np.asarray(strata)[present]
    n, n_missing = int(present.sum()), int((~present).sum())
    total = float(g.sum())
    if n == 0 or total <= 0:
        return WeightedMean(
            value=None,
            n=n,
            n_missing=n_missing,
            coverage=0.0,
            method="weighted mean",
            warnings=sample_warnings(n),
            se=None,
            sd=None,
            deff=1.0,
            n_effective=0.0,
        )
    mean = float(g @ y / total)
    se, df, notes = linearised_se(g * (y - mean) / total, groups)
    deff = design_effect(g)
    sd = math.sqrt(max(0.0, float(g @ (y - mean) ** 2 / total)) * n / (n - 1)) if n > 1 else None
    interval = None
    if se is not None:
        half = mean_quantile(df, level) * se
        interval = Interval(mean - half, mean + half, "linearised t" if df < 200 else "linearised normal", level)
    return WeightedMean(
        value=mean,
        n=n,
        n_missing=n_missing,
        method="weighted mean",
        interval=interval,
        warnings=sample_warnings(n) + notes,
        se=se,
        sd=sd,
        deff=deff,
        n_effective=n / deff,
    )


def linearised_se(
    scores: FloatArray, strata: np.ndarray[tuple[int, ...], np.dtype[np.generic]] | None = None
) -> tuple[float | None, int, tuple[str, ...]]:
    """The standard error of a total of linearised scores, its degrees of freedom, and notes.

    The variance sums n/(n−1)·Σ(e − ē)² over strata; a stratum of one respondent is joined with its neighbour. The
    error is None below two respondents.
    """
    if scores.size < 2:
        return None, 0, ("No interval: fewer than two answers.",) if scores.size else ()
    codes, notes = _collapsed(strata, scores.size)
    sizes = np.bincount(codes)
    means = np.bincount(codes, weights=scores) / sizes
    squares = np.bincount(codes, weights=(scores - means[codes]) ** 2)
    variance = float((squares * sizes / (sizes - 1)).sum())
    return math.sqrt(variance), int(scores.size - sizes.size), notes


def design_effect(weights: ArrayLike) -> float:
    """The cost of unequal weights, n·Σw²/(Σw)² (Kish 1965); 1 where there is no weight at all."""
    array = counts(vector(weights, "weights"), "weights")
    total = float(array.sum())
    return float(array.size * (array @ array) / total**2) if total > 0 else 1.0


def bootstrap_interval(
    statistic: Callable[[IntArray], float],
    size: int,
    strata: ArrayLike | None = None,
    replicates: int = REPLICATES,
    seed: int = 1,
    level: float = LEVEL,
) -> Interval:
    """The percentile interval of a statistic of row numbers, rows drawn with replacement within strata.

    ``seed`` makes it repeatable and must be stored with the result. Replicates for which the statistic is NaN are left
    out; raises MeasureError below two rows or when none is left.
    """
    if size < 2:
        raise MeasureError("A bootstrap needs at least two answers.")
    codes, _ = _collapsed(None if strata is None else np.asarray(strata), size)
    groups = [np.flatnonzero(codes == code) for code in range(int(codes.max()) + 1)]
    random = np.random.default_rng(seed)
    drawn = np.array(
        [
            statistic(np.concatenate([group[random.integers(0, group.size, group.size)] for group in groups]))
            for _ in range(replicates)
        ]
    )
    drawn = drawn[~np.isnan(drawn)]
    if drawn.size == 0:
        raise MeasureError("No bootstrap replicate gave a value.")
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), f"bootstrap percentile, {replicates} replicates, seed {seed}", level)


def _collapsed(
    strata: np.ndarray[tuple[int, ...], np.dtype[np.generic]] | None, size: int
) -> tuple[IntArray, tuple[str, ...]]:
    if strata is None:
        return np.zeros(size, dtype=np.int64), ()
    if strata.size != size:
        raise MeasureError(f"There are {strata.size} strata for {size} answers.")
    codes = np.unique(strata, return_inverse=True)[1].astype(np.int64)
    joined = 0
    while (sizes := np.bincount(codes)).size > 1 and (lonely := np.flatnonzero(sizes == 1)).size:
        first = int(lonely[0])
        codes[codes == first] = first + 1 if first + 1 < sizes.size else first - 1
        codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
        joined += 1
    return codes, (f"{joined} strata of one answer were joined with their neighbours.",) if joined else ()
