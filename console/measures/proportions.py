"""Shares of answers with intervals that hold near 0 and 1, and differences between two shares."""

from __future__ import annotations

import math
from dataclasses import dataclass

from console.measures.disclosure import sample_warnings
from console.measures.distributions import beta_quantile, normal_two_sided, z_quantile
from console.measures.results import LEVEL, Interval, Measure, MeasureError


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoProportions(Measure):
    """The change of a share, second minus first; p comes from the pooled z test, the interval from Newcombe."""

    first: float
    second: float
    z: float
    p: float
    pooled: float
    effect_h: float


def wilson(successes: float, n: float, level: float = LEVEL) -> Interval | None:
    """The Wilson score interval of a share (0 to 1), None without answers; n may be an effective size.

    Raises MeasureError when successes lie outside 0…n. Source: Wilson (1927).
    """
    if not _is_share(successes, n):
        return None
    z, p = z_quantile(level), successes / n
    scale = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(low, high, "Wilson", level)


def wilson_corrected(successes: float, n: float, level: float = LEVEL) -> Interval | None:
    """The Wilson interval with continuity correction; None without answers. Source: Newcombe (1998a), method 4."""
    if not _is_share(successes, n):
        return None
    z, p = z_quantile(level), successes / n
    q, scale = 1 - p, 2 * (n + z * z)
    low = (2 * n * p + z * z - 1 - z * math.sqrt(max(0.0, z * z - 2 - 1 / n + 4 * p * (n * q + 1)))) / scale
    high = (2 * n * p + z * z + 1 + z * math.sqrt(max(0.0, z * z + 2 - 1 / n + 4 * p * (n * q - 1)))) / scale
    return Interval(
        0.0 if successes == 0 else max(0.0, low),
        1.0 if successes == n else min(1.0, high),
        "Wilson with continuity correction",
        level,
    )


def exact_interval(successes: int, n: int, level: float = LEVEL) -> Interval | None:
    """The Clopper–Pearson interval; None without answers. Raises OmbudError when SciPy is not installed."""
    if not _is_share(successes, n):
        return None
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else beta_quantile(tail, successes, n - successes + 1)
    high = 1.0 if successes == n else beta_quantile(1 - tail, successes + 1, n - successes)
    return Interval(low, high, "Clopper-Pearson", level)


def proportion(
    successes: float, n: int, n_missing: int = 0, deff: float = 1.0, method: str = "share", level: float = LEVEL
) -> Measure:
    """A share of n answers with its Wilson interval at n/deff; value None without answers.

    Raises MeasureError when successes lie outside 0…n or deff is not above 0.
    """
    if deff <= 0:
        raise MeasureError(f"A design effect of {deff:g} is impossible.", "It is 1 without weights.")
    if not _is_share(successes, n):
        return Measure(value=None, n=0, n_missing=n_missing, coverage=0.0, method=method, warnings=sample_warnings(0))
    effective = n / deff
    interval = wilson(successes / n * effective, effective, level)
    return Measure(
        value=successes / n,
        n=n,
        n_missing=n_missing,
        interval=interval,
        method=method,
        warnings=sample_warnings(n),
    )


def newcombe(first: int, n_first: int, second: int, n_second: int, level: float = LEVEL) -> Interval:
    """The interval of second − first from two Wilson intervals, without correction. Source: Newcombe (1998b), method
    10.

    Raises MeasureError when a group is empty.
    """
    a, b = wilson(first, n_first, level), wilson(second, n_second, level)
    return _combined(first, n_first, second, n_second, a, b, "Newcombe")


def newcombe_corrected(first: int, n_first: int, second: int, n_second: int, level: float = LEVEL) -> Interval:
    """The interval of second − first from two corrected Wilson intervals. Source: Newcombe (1998b), method 11."""
    a, b = wilson_corrected(first, n_first, level), wilson_corrected(second, n_second, level)
    return _combined(first, n_first, second, n_second, a, b, "Newcombe with continuity correction")


def two_proportions(first: int, n_first: int, second: int, n_second: int, level: float = LEVEL) -> TwoProportions:
    """Second share minus first (0 to 1), independent samples: pooled z test, Newcombe interval, Cohen's h.

    Panels answered by the same customers belong in ``mcnemar``. Raises MeasureError when a group is empty.
    """
    interval = newcombe(first, n_first, second, n_second, level)
    p1, p2 = first / n_first, second / n_second
    pooled = (first + second) / (n_first + n_second)
    se = math.sqrt(pooled * (1 - pooled) * (1 / n_first + 1 / n_second))
    z = (p2 - p1) / se if se > 0 else 0.0
    return TwoProportions(
        value=p2 - p1,
        n=n_first + n_second,
        interval=interval,
        method="two proportions, pooled z",
        warnings=sample_warnings(min(n_first, n_second)),
        first=p1,
        second=p2,
        z=z,
        p=normal_two_sided(z),
        pooled=pooled,
        effect_h=2 * math.asin(math.sqrt(p2)) - 2 * math.asin(math.sqrt(p1)),
    )


def _is_share(successes: float, n: float) -> bool:
    if n < 0 or successes < 0 or successes > n * (1 + 1e-12):
        raise MeasureError(f"{successes:g} of {n:g} is no share.", "Successes lie between 0 and the number of answers.")
    return n > 0


def _combined(
    first: int, n_first: int, second: int, n_second: int, a: Interval | None, b: Interval | None, method: str
) -> Interval:
    if a is None or b is None:
        raise MeasureError("A group without answers cannot be compared.")
    p1, p2 = first / n_first, second / n_second
    low = p2 - p1 - math.hypot(p2 - b.low, a.high - p1)
    high = p2 - p1 + math.hypot(b.high - p2, p1 - a.low)
    return Interval(max(-1.0, low), min(1.0, high), method, a.level)
