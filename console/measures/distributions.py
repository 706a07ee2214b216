"""Quantiles and tails of the normal, t, chi-square, Poisson, binomial and beta distributions.

Whole degrees of freedom have closed forms (Abramowitz and Stegun 26.4.4, 26.4.5, 26.7.3, 26.7.4), so that means, rates
and alerts work on an installation without SciPy; only beta quantiles need it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from console.errors import OmbudError
from console.measures.results import LEVEL

_NORMAL = NormalDist()


EXACT_TO = 1000
"""Degrees of freedom up to which Student's t is summed exactly."""


def z_quantile(level: float = LEVEL) -> float:
    """The two-sided normal quantile: 1.959963984540054 for 0.95."""
    return _NORMAL.inv_cdf((1 + level) / 2)


def normal_quantile(probability: float) -> float:
    """The value below which a standard normal falls with this probability (between 0 and 1, both excluded)."""
    return _NORMAL.inv_cdf(probability)


def normal_upper(z: float) -> float:
    """P(Z ≥ z) of the standard normal, exact far into the tail."""
    return math.erfc(z / math.sqrt(2)) / 2


def normal_two_sided(z: float) -> float:
    """P(\\|Z\\| ≥ \\|z\\|) of the standard normal."""
    return math.erfc(abs(z) / math.sqrt(2))


def t_two_sided(t: float, df: int) -> float:
    """P(\\|T\\| ≥ \\|t\\|) with whole degrees of freedom of at least 1; absolute error about 1e-15.

    Above 1,000 degrees of freedom, where the exact sum would take a step for each, by Hill's expansion: error below 1e-12.
    Source: Hill (1970), algorithm 395.
    """
    if math.isinf(t):
        return 0.0
    if df > EXACT_TO:
        a = df - 0.5
        b = 48 * a * a
        y = a * math.log1p(t * t / df)
        tail = ((-0.4 * y - 3.3) * y - 24) * y - 85.5
        return normal_two_sided((tail / (0.8 * y * y + 100 + b) + y + 3) / b * math.sqrt(y) + math.sqrt(y))
    return max(0.0, 1.0 - _t_within(math.atan(abs(t) / math.sqrt(df)), df))


@lru_cache(maxsize=1024)
def t_quantile(df: int, level: float = LEVEL) -> float:
    """The two-sided quantile of Student's t with whole degrees of freedom of at least 1."""
    low, high = 0.0, math.pi / 2
    for _ in range(64):
        middle = (low + high) / 2
        if _t_within(middle, df) < level:
            low = middle
        else:
            high = middle
    return math.tan((low + high) / 2) * math.sqrt(df)


def mean_quantile(df: int, level: float = LEVEL) -> float:
    """The quantile for the interval of a mean: t below 200 degrees of freedom, normal from there on."""
    return t_quantile(df, level) if 1 <= df < 200 else z_quantile(level)


def chi_square_upper(x: float, df: int) -> float:
    """P(X ≥ x) of chi-square with whole degrees of freedom of at least 1."""
    if x <= 0:
        return 1.0
    half = x / 2
    if df % 2 == 0:
        total, first = math.exp(-half), 1
        term = total
    else:
        total, first = math.erfc(math.sqrt(half)), 2
        term = 2 * math.sqrt(half / math.pi) * math.exp(-half)
        if df >= 3:
            total += term
    for i in range(first, (df - 1) // 2 + 1):
        term *= half / (i if df % 2 == 0 else i - 0.5)
        total += term
    return min(1.0, total)


def poisson_upper(count: float, mean: float) -> float:
    """P(X ≥ count) of a Poisson count with this mean."""
    k = math.ceil(count)
    if k <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if k <= mean:
        return max(0.0, 1.0 - _poisson_down(k - 1, mean))
    return _poisson_up(k, mean)


def poisson_lower(count: float, mean: float) -> float:
    """P(X ≤ count) of a Poisson count with this mean."""
    k = math.floor(count)
    if k < 0:
        return 0.0
    if mean <= 0:
        return 1.0
    if k >= mean:
        return max(0.0, 1.0 - _poisson_up(k + 1, mean))
    return _poisson_down(k, mean)


def poisson_interval(count: int, level: float = LEVEL) -> tuple[float, float]:
    """Exact limits of the mean of a Poisson count (Garwood 1936), in counts."""
    tail = (1 - level) / 2
    reach = count + 12 * math.sqrt(count + 1) + 12
    low = 0.0 if count == 0 else _root(lambda mean: poisson_upper(count, mean) - tail, 0.0, float(count))
    high = _root(lambda mean: tail - poisson_lower(count, mean), float(count), reach)
    return low, high


def binomial_half_two_sided(successes: int, trials: int) -> float:
    """The exact two-sided p of a binomial count against one half; 1 where there were no trials."""
    fewer = min(successes, trials - successes)
    if trials > 1000:  # whole numbers of thousands of digits would take seconds
        logs = [math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) for k in range(fewer + 1)]
        return min(1.0, 2 * math.fsum(math.exp(log - trials * math.log(2)) for log in logs))
    tail: int = sum(math.comb(trials, k) for k in range(fewer + 1))
    return min(1.0, float(2 * tail / (1 << trials)))


def binomial_upper(count: float, trials: int, share: float) -> float:
    """P(X ≥ count) of a binomial count; 1 for a count of 0 or less, 0 for one above the trials."""
    k = math.ceil(count)
    if k <= 0:
        return 1.0
    if k > trials or share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    if k <= trials * share:
        return max(0.0, 1.0 - _binomial_up(trials - k + 1, trials, 1 - share))
    return min(1.0, _binomial_up(k, trials, share))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The quantile of the beta distribution; raises OmbudError when SciPy is not installed."""
    return float(special().betaincinv(a, b, probability))


def special() -> Any:
    """The module scipy.special; raises OmbudError with the way to install it when it is missing."""
    try:
        import scipy.special
    except ImportError as error:
        raise OmbudError("This measure needs SciPy.", "Install it with: pip install 'ombud[analysis]'.") from error
    return scipy.special


def _t_within(theta: float, df: int) -> float:
    sine, cosine = math.sin(theta), math.cos(theta)
    square = cosine * cosine
    if df == 1:
        return 2 * theta / math.pi
    term = cosine if df % 2 else 1.0
    total, step = term, 2 if df % 2 else 1
    while step <= df - 3:
        term *= square * step / (step + 1)
        total += term
        step += 2
        if term < total * 1e-18:
            break
    return 2 / math.pi * (theta + sine * total) if df % 2 else sine * total


def _poisson_point(k: int, mean: float) -> float:
    return math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))


def _poisson_up(k: int, mean: float) -> float:
    steps = np.arange(1, int(12 * math.sqrt(k) + 60))
    return _poisson_point(k, mean) * (1.0 + float(np.cumprod(mean / (k + steps)).sum()))


def _binomial_up(k: int, trials: int, share: float) -> float:
    """P(X ≥ k) by the ratio of neighbouring terms, for k above the mean, where they fall from the first on."""
    log = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
    first = math.exp(log + k * math.log(share) + (trials - k) * math.log1p(-share))
    reach = min(trials - k, int(12 * math.sqrt(trials) + 60))
    above = k + np.arange(1, reach + 1)
    ratios = (trials - above + 1) / above * (share / (1 - share))
    return first * (1.0 + float(np.cumprod(ratios).sum()))


def _poisson_down(k: int, mean: float) -> float:
    steps = np.arange(0, min(k, int(12 * math.sqrt(mean) + 60)))
    return _poisson_point(k, mean) * (1.0 + float(np.cumprod((k - steps) / mean).sum()))


def _root(rises: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if rises(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
