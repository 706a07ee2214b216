"""Control charts: shares (p), rates (u), their Laney forms, single values (XmR), and exact limits of rare counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, complete, counts, floats, floats_or_none, vector
from console.measures.distributions import chi_square_upper, poisson_interval, poisson_upper, z_quantile
from console.measures.results import Interval, Measure, MeasureError

BASELINE_PREFERRED = 20
BASELINE_NEEDED = 10
RARE_ALPHA = 0.00135
LANEY_FROM = 1.2
MEAN_RANGE = 1.128
XMR_FACTOR = 2.66
RANGE_FACTOR = 3.267
RARE_BELOW = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChart(Measure):
    """A chart; ``value`` is the centre in the unit of its points.

    Points, limits and z are None where a period had no exposure (a gap, not 0). ``outside`` are the numbers of points
    beyond three sigma, ``runs`` those of the optional run rules. ``sigma_z`` above 1.2 asks for the Laney form;
    ``dispersion`` is its χ² over the baseline.
    """

    points: tuple[float | None, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    z: tuple[float | None, ...]
    outside: tuple[int, ...]
    runs: tuple[int, ...]
    baseline: int
    is_provisional: bool
    sigma_z: float | None
    dispersion: float | None
    dispersion_p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleValueChart(Measure):
    """An XmR chart in the unit of the index; ``value`` is the baseline mean."""

    lower: float
    upper: float
    mean_range: float
    range_limit: float
    outside: tuple[int, ...]
    ranges_outside: tuple[int, ...]
    runs: tuple[int, ...]
    baseline: int
    is_provisional: bool


def p_chart(
    counted: ArrayLike, sizes: ArrayLike, baseline: int | None = None, *, is_laney: bool = False, has_runs: bool = False
) -> ControlChart:
    """Shares per period with varying size, p̄ ± 3√(p̄q̄/n_t), limits within 0–1; arrays of shape (periods,).

    ``baseline`` is the number of first periods the limits come from (all by default; 20 preferred, under 10 refused
    when given, limits from fewer than 20 marked provisional). ``is_laney`` widens by σ_z = mean moving range of z /
    1.128, never below 1. Raises MeasureError for counts above sizes or a baseline without exposure. Source: Shewhart;
    Laney (2002).
    """
    x = counts(vector(counted, "counts"), "counts")
    n = counts(vector(sizes, "sizes", x.size), "sizes")
    if (x > n).any():
        raise MeasureError("A period counts more cases than it has answers.")
    centre, first = _centre(x, n, baseline)
    sigma = np.sqrt(np.divide(centre * (1 - centre), n, out=np.full_like(n, np.nan), where=n > 0))
    return _attribute_chart("p", x, n, centre, first, sigma, 1.0, is_laney=is_laney, has_runs=has_runs)


def u_chart(
    counted: ArrayLike,
    exposure: ArrayLike,
    baseline: int | None = None,
    *,
    is_laney: bool = False,
    has_runs: bool = False,
) -> ControlChart:
    """Counts per unit of exposure (thousands of customers), ū ± 3√(ū/e_t), lower limit at least 0, shape (periods,).

    Everything else as ``p_chart``. Where fewer than 5 are expected the three-sigma rule alarms too often: use
    ``rare_alarm_at``.
    """
    x = counts(vector(counted, "counts"), "counts")
    e = counts(vector(exposure, "exposure", x.size), "exposure")
    centre, first = _centre(x, e, baseline)
    sigma = np.sqrt(np.divide(centre, e, out=np.full_like(e, np.nan), where=e > 0))
    return _attribute_chart("u", x, e, centre, first, sigma, math.inf, is_laney=is_laney, has_runs=has_runs)


def c_chart(counted: ArrayLike, baseline: int | None = None, *, has_runs: bool = False) -> ControlChart:
    """Counts of equal periods, c̄ ± 3√c̄, shape (periods,); raises MeasureError as ``u_chart``."""
    x = vector(counted, "counts")
    return u_chart(x, np.ones(x.size), baseline, has_runs=has_runs)


def xmr_chart(values: ArrayLike, baseline: int | None = None, *, has_runs: bool = False) -> SingleValueChart:
    """One number per period, mean ± 2.66 mean moving range, range limit 3.267 of it, shape (periods,) without gaps.

    ``baseline`` as in ``p_chart``. Raises MeasureError below two values. Source: Wheeler.
    """
    y = complete(vector(values, "values"), "values")
    first = _baseline(y.size, baseline)
    if first < 2:
        raise MeasureError("Limits need at least two values.")
    ranges = np.abs(np.diff(y))
    mean, mean_range = float(y[:first].mean()), float(ranges[: first - 1].mean())
    low, high, range_limit = mean - XMR_FACTOR * mean_range, mean + XMR_FACTOR * mean_range, RANGE_FACTOR * mean_range
    sigma = mean_range / MEAN_RANGE
    z = (y - mean) / sigma if sigma > 0 else np.zeros_like(y)
    return SingleValueChart(
        value=mean,
        n=y.size,
        method="XmR chart",
        interval=Interval(low, high, "natural process limits", 0.9973),
        warnings=_provisional(first),
        lower=low,
        upper=high,
        mean_range=mean_range,
        range_limit=range_limit,
        outside=_numbers((y < low - 1e-12) | (y > high + 1e-12)),
        ranges_outside=tuple(i + 1 for i in _numbers(ranges > range_limit + 1e-12)),
        runs=run_rules(floats(z)) if has_runs else (),
        baseline=first,
        is_provisional=first < BASELINE_PREFERRED,
    )


def rare_alarm_at(expected: float, alpha: float = RARE_ALPHA) -> int:
    """The smallest count c with P(X ≥ c) ≤ alpha of a Poisson count; raises MeasureError for a negative expectation."""
    if expected < 0:
        raise MeasureError("An expected count cannot be negative.")
    c = max(1, math.floor(expected))
    while poisson_upper(c, expected) > alpha:
        c += 1
    return c


def rate_interval(count: int, exposure: float) -> Interval | None:
    """The exact Poisson interval of count/exposure (Garwood 1936); None without exposure. Raises MeasureError."""
    if count < 0 or exposure < 0:
        raise MeasureError("Counts and exposure cannot be negative.")
    if exposure == 0:
        return None
    low, high = poisson_interval(count)
    return Interval(low / exposure, high / exposure, "exact Poisson")


def season_ratio(count: int, exposure: float, count_before: int, exposure_before: float) -> Measure:
    """This month's rate over that of the same month a year before, with its log-normal interval.

    Half a case is added on both sides when one count is 0. Raises MeasureError without exposure.
    """
    if exposure <= 0 or exposure_before <= 0:
        raise MeasureError("A month without exposure cannot be compared.")
    extra = 0.5 if min(count, count_before) == 0 else 0.0
    now, then = count + extra, count_before + extra
    ratio = now / exposure / (then / exposure_before)
    half = z_quantile() * math.sqrt(1 / now + 1 / then)
    return Measure(
        value=ratio,
        n=count + count_before,
        method="rate ratio to the same month",
        interval=Interval(ratio * math.exp(-half), ratio * math.exp(half), "log-normal"),
    )


def run_rules(z: Sequence[float | None]) -> tuple[int, ...]:
    """Numbers of points that end a run: 2 of 3 beyond 2σ, 4 of 5 beyond 1σ, 8 on one side of the centre.

    A gap breaks every run. Source: Western Electric (1956).
    """
    found = set()
    for sign in (1.0, -1.0):
        for window, needed, beyond in ((3, 2, 2.0), (5, 4, 1.0), (8, 8, 0.0)):
            for end in range(window - 1, len(z)):
                part = [value for value in z[end - window + 1 : end + 1] if value is not None]
                far = [value for value in part if sign * value > beyond]
                last = z[end]
                if len(part) == window and len(far) >= needed and last is not None and sign * last > beyond:
                    found.add(end)
    return tuple(sorted(found))


def _attribute_chart(
    kind: str,
    x: FloatArray,
    n: FloatArray,
    centre: float,
    first: int,
    sigma: FloatArray,
    ceiling: float,
    *,
    is_laney: bool,
    has_runs: bool,
) -> ControlChart:
    points = np.divide(x, n, out=np.full_like(x, np.nan), where=n > 0)
    z = np.divide(points - centre, sigma, out=np.full_like(x, np.nan), where=sigma > 0)
    base = z[:first][~np.isnan(z[:first])]
    sigma_z = float(np.abs(np.diff(base)).mean() / MEAN_RANGE) if base.size > 1 else None
    widen = max(1.0, sigma_z) if is_laney and sigma_z is not None else 1.0
    lower, upper = np.maximum(0.0, centre - 3 * widen * sigma), np.minimum(ceiling, centre + 3 * widen * sigma)
    z = z / widen
    chi_square = float((base**2).sum()) if base.size > 1 else None
    warnings = list(_provisional(first))
    if not is_laney and sigma_z is not None and sigma_z > LANEY_FROM:
        warnings.append(f"The points spread {sigma_z:.1f} times as wide as chance: use the Laney chart.")
    if kind == "u" and (n > 0).any() and centre * float(n[n > 0].min()) < RARE_BELOW:
        warnings.append("Fewer than 5 are expected in a period: use exact Poisson limits.")
    gaps = int((n == 0).sum())
    return ControlChart(
        value=centre,
        n=int(x.size - gaps),
        n_missing=gaps,
        coverage=1 - gaps / x.size,
        method=f"{'Laney ' if is_laney else ''}{kind} chart",
        warnings=tuple(warnings),
        points=floats_or_none(points),
        lower=floats_or_none(lower),
        upper=floats_or_none(upper),
        z=floats_or_none(z),
        outside=_numbers(np.abs(np.nan_to_num(z)) > 3 + 1e-12),
        runs=run_rules(floats_or_none(z)) if has_runs else (),
        baseline=first,
        is_provisional=first < BASELINE_PREFERRED,
        sigma_z=sigma_z,
        dispersion=chi_square,
        dispersion_p=None if chi_square is None else chi_square_upper(chi_square, base.size - 1),
    )


def _centre(x: FloatArray, n: FloatArray, baseline: int | None) -> tuple[float, int]:
    first = _baseline(x.size, baseline)
    if first == 0 or n[:first].sum() <= 0:
        raise MeasureError("The baseline has no exposure.", "Choose other periods for it.")
    return float(x[:first].sum() / n[:first].sum()), first


def _baseline(size: int, baseline: int | None) -> int:
    if baseline is None:
        return size
    if not BASELINE_NEEDED <= baseline <= size:
        raise MeasureError(
            f"A baseline of {baseline} of {size} periods is not possible.",
            f"Take at least {BASELINE_NEEDED} periods, better {BASELINE_PREFERRED}.",
        )
    return baseline


def _provisional(first: int) -> tuple[str, ...]:
    return (f"Limits from {first} periods are provisional.",) if first < BASELINE_PREFERRED else ()


def _numbers(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(mask))
