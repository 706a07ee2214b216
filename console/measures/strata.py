"""Estimates from stratified samples: every stratum speaks for its population, however many answered in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, counts, floats, vector
from console.measures.disclosure import sample_warnings
from console.measures.distributions import z_quantile
from console.measures.results import LEVEL, Interval, Measure, MeasureError


@dataclass(frozen=True, slots=True, kw_only=True)
class StratifiedEstimate(Measure):
    """A mean or share of the whole population, beside what ignoring the strata would have said."""

    se: float | None
    unweighted: float | None
    deff: float
    n_effective: float
    strata: tuple[float | None, ...]


def stratified_share(
    populations: ArrayLike, answers: ArrayLike, successes: ArrayLike, level: float = LEVEL
) -> StratifiedEstimate:
    """p̂ = ΣW_h p_h with Var = ΣW_h²(1−n_h/N_h)p_h q_h/(n_h−1), all of shape (strata,).

    A stratum of one answer is joined with its neighbour; one without answers loses its weight and coverage says so.
    Raises MeasureError for more answers than customers or successes than answers.
    """
    x = counts(vector(successes, "successes"), "successes")
    n = counts(vector(answers, "answers", x.size), "answers")
    if (x > n).any():
        raise MeasureError("A stratum has more successes than answers.")
    return stratified_mean(populations, n, np.divide(x, n, out=np.full_like(x, np.nan), where=n > 0), None, level)


def stratified_mean(
    populations: ArrayLike,
    answers: ArrayLike,
    means: ArrayLike,
    variances: ArrayLike | None = None,
    level: float = LEVEL,
) -> StratifiedEstimate:
    """ȳ = ΣW_h ȳ_h with Var = ΣW_h²(1−n_h/N_h)s_h²/n_h from stratum means and sample variances (n−1), shape (strata,).

    Without variances the means are shares. Raises MeasureError as ``stratified_share``.
    """
    big = counts(vector(populations, "populations"), "populations")
    n = counts(vector(answers, "answers", big.size), "answers")
    y = vector(means, "means", big.size)
    if (n > big).any():
        raise MeasureError("A stratum has more answers than customers.", "Check the frame.")
    if np.isnan(y[n > 0]).any():
        raise MeasureError("A stratum with answers has no mean.")
    of_shares = y * (1 - y) * n / np.maximum(n - 1, 1)
    within = of_shares if variances is None else vector(variances, "variances", big.size)
    shown = tuple(None if n[h] == 0 else float(y[h]) for h in range(big.size))
    present = n > 0
    coverage = float(big[present].sum() / big.sum()) if big.sum() > 0 else 0.0
    total = int(n.sum())
    if total == 0:
        return StratifiedEstimate(
            value=None,
            n=0,
            coverage=0.0,
            method="stratified",
            warnings=sample_warnings(0),
            se=None,
            unweighted=None,
            deff=1.0,
            n_effective=0.0,
            strata=shown,
        )
    unweighted = float(n[present] @ y[present] / total)
    notes = tuple(f"Stratum {h + 1} has no answers." for h in np.flatnonzero(~present))
    big, n, y, within = big[present], n[present], y[present], np.nan_to_num(within[present])
    deff = float(total * (big**2 / n).sum() / big.sum() ** 2)
    big, n, y, within, joined = _joined(big, n, y, within)
    notes += (f"{joined} strata of one answer were joined with their neighbours.",) if joined else ()
    share = big / big.sum()
    value = float(share @ y)
    se = interval = None
    if (n > 1).all():
        se = math.sqrt(float((share**2 * (1 - n / big) * within / n).sum()))
        half = z_quantile(level) * se
        interval = Interval(value - half, value + half, "stratified normal", level)
    return StratifiedEstimate(
        value=value,
        n=total,
        n_missing=int((~present).sum()),
        coverage=coverage,
        interval=interval,
        method="stratified",
        warnings=sample_warnings(total, coverage) + notes,
        se=se,
        unweighted=unweighted,
        deff=deff,
        n_effective=total / deff,
        strata=shown,
    )


def stratum_weights(populations: ArrayLike, answers: ArrayLike) -> tuple[float, ...]:
    """Design weights N_h/n_h of the answers of each stratum, 0 where nobody answered, shape (strata,)."""
    big = counts(vector(populations, "populations"), "populations")
    n = counts(vector(answers, "answers", big.size), "answers")
    return floats(np.divide(big, n, out=np.zeros_like(big), where=n > 0))


def _joined(
    big: FloatArray, n: FloatArray, y: FloatArray, within: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, int]:
    """Strata of one answer merged into the next (the last into the one before), variance pooled about the joint mean."""
    joined = 0
    while n.size > 1 and (lonely := np.flatnonzero(n == 1)).size:
        h = int(lonely[0])
        other = h + 1 if h + 1 < n.size else h - 1
        size = n[h] + n[other]
        mean = (n[h] * y[h] + n[other] * y[other]) / size
        squares = sum((n[i] - 1) * within[i] + n[i] * (y[i] - mean) ** 2 for i in (h, other))
        # The estimate keeps both populations' own means; only the variance is shared.
        centre = (big[h] * y[h] + big[other] * y[other]) / (big[h] + big[other])
        big[other], n[other], y[other], within[other] = big[h] + big[other], size, centre, squares / (size - 1)
        big, n, y, within = (np.delete(column, h) for column in (big, n, y, within))
        joined += 1
    return big, n, y, within, joined
