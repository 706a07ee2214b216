"""Whether an improvement worked: the same customers before and after, groups compared, difference in differences."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, complete, vector
from console.measures.disclosure import MARKED_BELOW, sample_warnings
from console.measures.distributions import (
    binomial_half_two_sided,
    mean_quantile,
    normal_two_sided,
    t_two_sided,
    z_quantile,
)
from console.measures.proportions import newcombe, proportion
from console.measures.results import LEVEL, Interval, Measure, MeasureError

TREND_P = 0.10


class Evidence(IntEnum):
    """How much a comparison proves, from weakest to strongest."""

    BEFORE_AFTER = 1
    CONTROL_CHART = 2
    COMPARISON_GROUP = 3
    RANDOMISED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelChange(Measure):
    """The change of a share among the same customers, after minus before; the counts are the fourfold table."""

    worse: int
    better: int
    chi_square: float
    p: float
    chi_square_corrected: float
    p_corrected: float
    p_exact: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceInDifferences(Measure):
    """The effect beyond what the comparison group did, with both groups' own changes; None when a cell is too small."""

    se: float | None
    z: float | None
    p: float | None
    treated: Measure
    control: Measure
    evidence: Evidence = Evidence.COMPARISON_GROUP


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDifference(Measure):
    """Second mean minus first of independent samples, Welch's test."""

    se: float
    t: float
    p: float
    df: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelTrends(Measure):
    """The difference of the slopes before the start, per period; parallel unless p is below 0.10."""

    se: float | None
    p: float | None
    is_parallel: bool


def mcnemar(stayed_good: int, worse: int, better: int, stayed_bad: int, level: float = LEVEL) -> PanelChange:
    """The paired test of a panel: χ² = (b−c)²/(b+c), with correction, and exact; read the exact p below 25 changes.

    The interval of the change is the paired Wald one. Raises MeasureError for negative counts or an empty panel.
    Source: McNemar (1947).
    """
    if min(stayed_good, worse, better, stayed_bad) < 0:
        raise MeasureError("A count of customers is negative.")
    n = stayed_good + worse + better + stayed_bad
    if n == 0:
        raise MeasureError("Nobody answered both times.")
    changed = worse + better
    change = (better - worse) / n
    half = z_quantile(level) * math.sqrt(max(0.0, changed - (better - worse) ** 2 / n)) / n
    plain = (better - worse) ** 2 / changed if changed else 0.0
    corrected = max(0, abs(better - worse) - 1) ** 2 / changed if changed else 0.0
    return PanelChange(
        value=change,
        n=n,
        method="McNemar",
        interval=Interval(change - half, change + half, "paired Wald", level),
        warnings=sample_warnings(n) + (("Few changed: read the exact p.",) if changed < 25 else ()),
        worse=worse,
        better=better,
        chi_square=plain,
        p=normal_two_sided(math.sqrt(plain)),
        chi_square_corrected=corrected,
        p_corrected=normal_two_sided(math.sqrt(corrected)),
        p_exact=binomial_half_two_sided(min(worse, better), changed),
    )


def did_of_shares(
    treated_before: tuple[int, int],
    treated_after: tuple[int, int],
    control_before: tuple[int, int],
    control_after: tuple[int, int],
    level: float = LEVEL,
) -> DifferenceInDifferences:
    """(treated after − before) − (control after − before) of shares, each cell (successes, n), unpooled normal.

    Each group's own change has Newcombe's interval. A cell under 30 answers gives no effect. Raises MeasureError for
    impossible cells.
    """
    cells = (treated_before, treated_after, control_before, control_after)
    shares = [proportion(x, n).value for x, n in cells]
    means = [math.nan if share is None else share for share in shares]
    variances = [p * (1 - p) / n if n else math.nan for p, (_, n) in zip(means, cells, strict=True)]
    return _did(means, variances, [n for _, n in cells], level, [x for x, _ in cells])


def did_of_means(
    means: ArrayLike, standard_errors: ArrayLike, n: ArrayLike, level: float = LEVEL
) -> DifferenceInDifferences:
    """The same for index means in the order treated before, treated after, control before, control after, shapes (4,)."""
    y = complete(vector(means, "means", 4), "means")
    se = complete(vector(standard_errors, "standard errors", 4), "standard errors")
    return _did(y.tolist(), (se**2).tolist(), vector(n, "n", 4).astype(int).tolist(), level)


def two_means(first: ArrayLike, second: ArrayLike, level: float = LEVEL) -> MeanDifference:
    """Second mean minus first of independent answers, shapes (n,), NaN for missing, Welch's t (df rounded down).

    For two waves, and for self-assessment beside a third party's. Raises MeasureError below two answers a side.
    """
    a, b = vector(first, "first"), vector(second, "second")
    x, y = a[~np.isnan(a)], b[~np.isnan(b)]
    if min(x.size, y.size) < 2:
        raise MeasureError("Each side needs at least two answers.")
    vx, vy = float(x.var(ddof=1)) / x.size, float(y.var(ddof=1)) / y.size
    se = math.sqrt(vx + vy)
    change = float(y.mean() - x.mean())
    free = (vx + vy) ** 2 / (vx**2 / (x.size - 1) + vy**2 / (y.size - 1)) if se > 0 else x.size + y.size - 2
    df = max(1, math.floor(free + 1e-9))
    t = change / se if se > 0 else math.copysign(math.inf, change) if change else 0.0
    half = mean_quantile(df, level) * se
    return MeanDifference(
        value=change,
        n=x.size + y.size,
        n_missing=a.size + b.size - x.size - y.size,
        method="difference of means, Welch",
        interval=Interval(change - half, change + half, "Welch t", level),
        warnings=sample_warnings(min(x.size, y.size)),
        se=se,
        t=t,
        p=t_two_sided(t, df),
        df=df,
    )


def parallel_trends(treated: ArrayLike, control: ArrayLike) -> ParallelTrends:
    """Whether two groups moved alike before the start: the slope of their difference, shapes (periods before,).

    Two periods or fewer cannot be tested and count as not shown parallel. Raises MeasureError on gaps or lengths that
    differ.
    """
    y = complete(vector(treated, "treated"), "treated")
    gap = y - complete(vector(control, "control", y.size), "control")
    n = gap.size
    if n < 3:
        return ParallelTrends(
            value=None,
            n=n,
            method="parallel trends",
            warnings=("Fewer than three periods before the start: parallel trends cannot be checked.",),
            se=None,
            p=None,
            is_parallel=False,
        )
    slope, se = _slope(gap)
    t = slope / se if se > 0 else math.copysign(math.inf, slope) if abs(slope) > 1e-12 else 0.0
    p = t_two_sided(t, n - 2)
    half = mean_quantile(n - 2) * se
    is_parallel = p >= TREND_P
    return ParallelTrends(
        value=slope,
        n=n,
        method="parallel trends",
        interval=Interval(slope - half, slope + half, "t"),
        warnings=() if is_parallel else ("The groups moved apart before the start: the effect may be an old trend.",),
        se=se,
        p=p,
        is_parallel=is_parallel,
    )


def may_regress_to_mean(before: ArrayLike) -> bool:
    """Whether the period just before the start was the worst of the series, so that some rise was to be expected
    anyway.

    ``before`` holds scores (high is good) in order, shape (periods,); three periods are needed to say so.
    """
    y = vector(before, "before")
    known = y[~np.isnan(y)]
    return known.size >= 3 and not math.isnan(y[-1]) and bool(y[-1] <= known.min()) and bool(np.ptp(known) > 0)


def _did(
    means: list[float], variances: list[float], n: list[int], level: float, successes: list[int] | None = None
) -> DifferenceInDifferences:
    z_level = z_quantile(level)
    small = min(n) < MARKED_BELOW

    def changed(first: int, second: int) -> Measure:
        if not n[first] or not n[second]:
            return Measure(value=None, n=n[first] + n[second], coverage=0.0, method="before and after")
        value = means[second] - means[first]
        half = z_level * math.sqrt(variances[first] + variances[second])
        interval = Interval(value - half, value + half, "normal", level)
        if successes is not None:
            interval = newcombe(successes[first], n[first], successes[second], n[second], level)
        return Measure(
            value=value,
            n=n[first] + n[second],
            method="before and after",
            interval=interval,
            warnings=sample_warnings(min(n[first], n[second])),
        )

    treated, control = changed(0, 1), changed(2, 3)
    if small or treated.value is None or control.value is None:
        return DifferenceInDifferences(
            value=None,
            n=sum(n),
            coverage=0.0,
            method="difference in differences",
            warnings=(f"A cell has fewer than {MARKED_BELOW} answers: no effect is computed.",),
            se=None,
            z=None,
            p=None,
            treated=treated,
            control=control,
        )
    value, se = treated.value - control.value, math.sqrt(sum(variances))
    z = value / se if se > 0 else 0.0
    return DifferenceInDifferences(
        value=value,
        n=sum(n),
        method="difference in differences",
        interval=Interval(value - z_level * se, value + z_level * se, "normal", level),
        se=se,
        z=z,
        p=normal_two_sided(z),
        treated=treated,
        control=control,
    )


def _slope(y: FloatArray) -> tuple[float, float]:
    t = np.arange(y.size) - (y.size - 1) / 2
    slope = float(t @ y / (t @ t))
    rest = y - y.mean() - slope * t
    return slope, math.sqrt(float(rest @ rest) / (y.size - 2) / float(t @ t))
