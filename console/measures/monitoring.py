"""Many cells watched at once: limits, z and one-sided p of one period for each row of a table of counts or shares.

The rules are those of the single charts (``controlcharts``, ``shifts``), computed for all rows together: a run looks at thousands
of cells. Tables have the shape (cells, periods); a period without exposure is a gap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from console.measures.arrays import BoolArray, FloatArray, counts, matrix
from console.measures.controlcharts import BASELINE_NEEDED, LANEY_FROM, MEAN_RANGE, RARE_BELOW, rare_alarm_at
from console.measures.distributions import binomial_upper, normal_quantile, normal_upper, poisson_upper
from console.measures.results import MeasureError
from console.measures.shifts import CUSUM_LIMIT, CUSUM_SLACK, EWMA_WEIGHT, EWMA_WIDTH

EXPECTED_AT_LEAST = 0.5
"""A cell that expects nothing is tested against half a case."""
SEASON_PERIODS = 12
SEASON_ALPHA = 0.05
_WORTH_COMPUTING = 1.0
"""Below one sigma a one-sided p lies above 0.05, so that no false-discovery control can reject it."""
_WORTH_P = 0.15
"""From here on, p over all looks of a month is nearly 1."""
_LEAST_P = 1e-300
"""What a p of 0 in floating point is taken for."""
_OVERSHOOT = 1.166
"""By how much a CUSUM is taken further out for its p, after Siegmund (1985)."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One period of all cells, arrays of shape (cells,): NaN (p 1) where a cell cannot be tested.

    ``value``, ``centre`` and ``limit`` are rates or shares; ``p`` is one-sided, for a rise; ``spread`` is Laney's σ_z where it
    widens the limits, 1 elsewhere; ``is_rare`` marks exact limits; ``z_all`` has the shape (cells, periods).
    """

    value: FloatArray
    centre: FloatArray
    limit: FloatArray
    z: FloatArray
    p: FloatArray
    spread: FloatArray
    is_rare: BoolArray
    is_beyond: BoolArray
    periods: NDArray[np.int64]
    z_all: FloatArray


@dataclass(frozen=True, slots=True)
class Lasting:
    """Small lasting rises by one period, shape (cells,): one-sided p of EWMA and CUSUM, whether each is beyond its limit.

    ``began`` is the number of the period in which the CUSUM left 0 for the last time.
    """

    ewma_p: FloatArray
    is_ewma: BoolArray
    cusum_p: FloatArray
    is_cusum: BoolArray
    began: NDArray[np.int64]


def watch_rates(counted: ArrayLike, exposure: ArrayLike, baseline: BoolArray, at: int) -> Watched:
    """Counts per exposure of period ``at`` against the baseline periods, marked in an array of the same shape.

    Limits are ū + 3σ_z√(ū/e), exact Poisson where fewer than 5 are expected; there the p is the conditional one of two Poisson
    counts, so that a thin baseline does not count as certainty (Przyborowski and Wilenski 1940). Fewer than 10 baseline
    periods test nothing. Raises MeasureError for shapes that differ.
    """
    x, e, base = _tables(counted, exposure, baseline)
    periods = base.sum(axis=1)
    x0, e0 = np.where(base, x, 0.0).sum(axis=1), np.where(base, e, 0.0).sum(axis=1)
    centre = _divided(x0, e0)
    expected = np.where(e > 0, centre[:, None] * e, np.nan)
    known = np.maximum(expected, EXPECTED_AT_LEAST)
    z_all = (x - expected) / np.sqrt(np.where(expected > 0, expected, np.nan))
    mu = known[:, at]
    is_rare = mu < RARE_BELOW
    spread = np.where(is_rare, 1.0, _spread(z_all, base))
    z = (x[:, at] - mu) / np.sqrt(mu) / spread
    can = (periods >= BASELINE_NEEDED) & (e[:, at] > 0)
    limit_count = mu + 3 * spread * np.sqrt(mu)
    p = np.ones(mu.size)
    for i in np.flatnonzero(can & (z >= _WORTH_COMPUTING)).tolist():
        observed, mean = float(x[i, at]), float(mu[i])
        if is_rare[i]:
            limit_count[i] = rare_alarm_at(mean)
            share = float(e[i, at] / (e[i, at] + e0[i])) if x0[i] > 0 else 0.0
            p[i] = max(
                poisson_upper(observed, mean), binomial_upper(observed, int(observed + x0[i]), share) if x0[i] else 0.0
            )
        else:
            p[i] = normal_upper(float(z[i])) if spread[i] > 1 else poisson_upper(observed, mean)
    is_beyond = can & np.where(is_rare, x[:, at] >= limit_count, x[:, at] > limit_count) & (p < 1)
    now = e[:, at]
    return Watched(
        value=_divided(x[:, at], now),
        centre=_divided(mu, now),
        limit=_divided(limit_count, now),
        z=np.where(can, z, np.nan),
        p=p,
        spread=spread,
        is_rare=is_rare,
        is_beyond=is_beyond,
        periods=periods,
        z_all=np.where(np.isnan(z_all), np.nan, z_all / spread[:, None]),
    )


def over_looks(p: FloatArray, first: float) -> FloatArray:
    """The p of tests that are looked at again and again while their period runs, for all looks of the period together.

    ``first`` is the part (0 to 1) that is gone at the first look. Counts over a growing part of a period move like a Brownian
    motion W(t); whenever it is looked at, W(t)/√t passes z between ``first`` and 1 with a chance of about
    ½(z − 1/z)·φ(z)·ln(1/first) + 2φ(z)/z. Source: Miller and Siegmund (1982), one side of their formula.
    """
    found = np.ones_like(p)
    for i in np.flatnonzero(p < _WORTH_P).tolist():
        z = -normal_quantile(max(float(p[i]), _LEAST_P))
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        found[i] = min(1.0, density * ((z - 1 / z) * math.log(1 / first) / 2 + 2 / z))
    return found


def watch_shares(counted: ArrayLike, sizes: ArrayLike, baseline: BoolArray, at: int, smallest: int) -> Watched:
    """Shares of period ``at`` against the baseline periods: p̄ + 3σ_z√(p̄q̄/n), exact binomial p where fewer than 5 are expected.

    A cell with fewer than ``smallest`` answers in the period is not tested. Raises MeasureError as ``watch_rates``, and for
    counts above their sizes.
    """
    x, n, base = _tables(counted, sizes, baseline)
    if (x > n + 1e-9).any():
        raise MeasureError("A period counts more cases than it has answers.")
    periods = (base & (n > 0)).sum(axis=1)
    x0, n0 = np.where(base, x, 0.0).sum(axis=1), np.where(base, n, 0.0).sum(axis=1)
    # Half an answer on each side: a baseline without a single dissatisfied answer is no certainty.
    centre = np.where(n0 > 0, np.where((x0 == 0) | (x0 == n0), (x0 + 0.5) / (n0 + 1), _divided(x0, n0)), np.nan)
    sigma = np.sqrt(_divided(np.broadcast_to((centre * (1 - centre))[:, None], n.shape), n))
    z_all = (_divided(x, n) - centre[:, None]) / sigma
    now = n[:, at]
    is_rare = centre * now < RARE_BELOW
    spread = np.where(is_rare, 1.0, _spread(z_all, base & (n > 0)))
    z = z_all[:, at] / spread
    can = (periods >= BASELINE_NEEDED) & (now >= smallest)
    p = np.ones(centre.size)
    for i in np.flatnonzero(can & (z >= _WORTH_COMPUTING)).tolist():
        exact = binomial_upper(math.floor(x[i, at] + 1e-9), round(float(now[i])), float(centre[i]))
        p[i] = exact if is_rare[i] else normal_upper(float(z[i]))
    limit = np.minimum(1.0, centre + 3 * spread * sigma[:, at])
    return Watched(
        value=_divided(x[:, at], now),
        centre=centre,
        limit=limit,
        z=np.where(can, z, np.nan),
        p=p,
        spread=spread,
        is_rare=is_rare,
        is_beyond=can & (z > 3) & (p < 1),
        periods=periods,
        z_all=z_all / spread[:, None],
    )


def season_p(counted: FloatArray, exposure: FloatArray, at: int) -> FloatArray:
    """One-sided p that the rate of a period is above that of the same month a year before, shape (cells,).

    The count is binomial given both counts (Przyborowski and Wilenski 1940). NaN where there are not two years before it.
    """
    p = np.full(counted.shape[0], np.nan)
    before = at - SEASON_PERIODS
    if at < 2 * SEASON_PERIODS:
        return p
    for i in np.flatnonzero((exposure[:, at] > 0) & (exposure[:, before] > 0)).tolist():
        now, then = float(counted[i, at]), float(counted[i, before])
        share = float(exposure[i, at] / (exposure[i, at] + exposure[i, before]))
        p[i] = binomial_upper(now, int(now + then), share)
    return p


def lasting_rises(z: FloatArray, at: int) -> Lasting:
    """EWMA (λ 0.2, L 2.962) and CUSUM (k 0.5, h 5) of rises up to period ``at`` for standardised rows, gaps (NaN) passed over.

    The p of the EWMA is normal at its own sigma, that of the CUSUM e^(−2k(C + 1.166)), the stationary tail of its walk
    (Siegmund 1985). Shape of ``z``: (cells, periods).
    """
    rows = z.shape[0]
    smooth, weight = np.zeros(rows), np.ones(rows)
    above = np.zeros(rows)
    began = np.full(rows, at, dtype=np.int64)
    for t in range(at + 1):
        has = ~np.isnan(z[:, t])
        value = np.nan_to_num(z[:, t])
        smooth = np.where(has, EWMA_WEIGHT * value + (1 - EWMA_WEIGHT) * smooth, smooth)
        weight = np.where(has, weight * (1 - EWMA_WEIGHT) ** 2, weight)
        began = np.where(has & (above <= 0), t, began)
        above = np.where(has, np.maximum(0.0, above + value - CUSUM_SLACK), above)
    sigma = np.sqrt(EWMA_WEIGHT / (2 - EWMA_WEIGHT) * (1 - weight))
    ratio = np.divide(smooth, sigma, out=np.zeros(rows), where=sigma > 0)
    return Lasting(
        ewma_p=np.array([normal_upper(value) for value in ratio.tolist()]),
        is_ewma=ratio > EWMA_WIDTH,
        cusum_p=np.where(above > 0, np.minimum(1.0, np.exp(-2 * CUSUM_SLACK * (above + _OVERSHOOT))), 1.0),
        is_cusum=above > CUSUM_LIMIT,
        began=began,
    )


def _tables(counted: ArrayLike, exposure: ArrayLike, baseline: BoolArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    x = counts(matrix(counted, "counts"), "counts")
    e = counts(matrix(exposure, "exposure", x.shape[1]), "exposure")
    if e.shape != x.shape or baseline.shape != x.shape:
        raise MeasureError("Every cell needs its exposure and its baseline.")
    return x, e, baseline & (e > 0)


def _divided(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.divide(a, b, out=np.full(np.broadcast(a, b).shape, np.nan), where=b > 0), dtype=np.float64)


def _spread(z: FloatArray, base: BoolArray) -> FloatArray:
    """Laney's σ_z of each row: the mean moving range of z within the baseline / 1.128; 1 where it stays below 1.2."""
    inside = np.where(base, z, np.nan)
    found = np.ones(z.shape[0])
    for i in range(z.shape[0]):
        known = inside[i][~np.isnan(inside[i])]
        if known.size >= BASELINE_NEEDED:
            found[i] = float(np.abs(np.diff(known)).mean()) / MEAN_RANGE
    return np.where(found > LANEY_FROM, found, 1.0)
