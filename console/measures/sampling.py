"""How many answers a survey needs, how to share them out over strata, and how many to invite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import counts, floats, vector
from console.measures.distributions import normal_quantile, z_quantile
from console.measures.proportions import proportion, wilson
from console.measures.results import LEVEL, Measure, MeasureError

FRACTION_TO_CORRECT = 0.05
KREJCIE_CHI_SQUARE = 3.841


class Allocation(StrEnum):
    """How a sample is shared over strata."""

    PROPORTIONAL = "proportional"
    NEYMAN = "neyman"
    SQUARE_ROOT = "square root"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize(Measure):
    """Answers needed; ``value`` is the whole number, ``exact`` what was rounded up."""

    exact: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FiniteShare(Measure):
    """A share of a finite population with its correction."""

    correction: float
    se: float | None
    n_effective: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocated(Measure):
    """A sample shared over strata: ``exact`` shares and whole ``sizes``, which sum to ``value``."""

    exact: tuple[float, ...]
    sizes: tuple[int, ...]
    allocation: Allocation


def size_for_share(
    margin: float, share: float = 0.5, population: float | None = None, deff: float = 1.0, level: float = LEVEL
) -> SampleSize:
    """Answers for a share known to ± margin (both 0 to 1): n₀ = z²p(1−p)/e², n = n₀/(1+(n₀−1)/N), × deff, rounded up.

    Raises MeasureError for an impossible margin, share or population.
    """
    _check(0 < margin < 1, f"A margin of {margin:g} is impossible.", "Give it as a share, 0.05 for 5 points.")
    _check(0 < share < 1, f"An expected share of {share:g} is impossible.", "0.5 is the safe choice.")
    exact = z_quantile(level) ** 2 * share * (1 - share) / margin**2
    return _size(exact, population, deff, "size for a share")


def size_for_mean(
    margin: float, sd: float, population: float | None = None, deff: float = 1.0, level: float = LEVEL
) -> SampleSize:
    """Answers for a mean known to ± margin in its own unit: (zσ/e)², then as for a share; raises MeasureError."""
    _check(margin > 0 and sd > 0, "Margin and standard deviation must be above 0.")
    return _size((z_quantile(level) * sd / margin) ** 2, population, deff, "size for a mean")


def size_for_two_waves(first: float, second: float, power: float = 0.8, level: float = LEVEL) -> SampleSize:
    """Answers per wave to see a share move from first to second with this power; raises MeasureError when equal."""
    _check(0 < first < 1 and 0 < second < 1 and first != second, "Two different shares between 0 and 1 are needed.")
    z, z_power = z_quantile(level), normal_quantile(power)
    mean = (first + second) / 2
    spread = first * (1 - first) + second * (1 - second)
    exact = (z * math.sqrt(2 * mean * (1 - mean)) + z_power * math.sqrt(spread)) ** 2 / (first - second) ** 2
    return SampleSize(value=float(_up(exact)), n=_up(exact), method="size for two waves", exact=exact)


def size_for_did(shares: ArrayLike, effect: float, power: float = 0.8, level: float = LEVEL) -> SampleSize:
    """Answers per cell for a difference in differences: (z + z_β)² Σ p q / δ² over its four shares, shape (4,).

    Raises MeasureError.
    """
    p = counts(vector(shares, "shares", 4), "shares")
    _check(effect != 0 and bool((p <= 1).all()), "Four shares between 0 and 1 and an effect other than 0 are needed.")
    exact = (z_quantile(level) + normal_quantile(power)) ** 2 * float((p * (1 - p)).sum()) / effect**2
    return SampleSize(value=float(_up(exact)), n=_up(exact), method="size for difference in differences", exact=exact)


def krejcie_morgan(population: int) -> int:
    """The table of Krejcie and Morgan (1970): 5 points, χ² = 3.841, rounded to the nearest whole number, not up."""
    _check(population > 0, "A population of nobody needs no sample.")
    top = KREJCIE_CHI_SQUARE * population * 0.25
    return math.floor(top / (0.05**2 * (population - 1) + KREJCIE_CHI_SQUARE * 0.25) + 0.5)


def invitations(answers: float, response_rate: float) -> int:
    """How many to invite for so many answers at an expected response rate (0 to 1), rounded up; raises MeasureError."""
    _check(0 < response_rate <= 1, f"A response rate of {response_rate:g} is impossible.")
    return _up(answers / response_rate)


def finite_correction(n: float, population: float) -> float:
    """√((N−n)/(N−1)) where the sample exceeds 5 % of the population, otherwise 1; raises MeasureError when n > N."""
    _check(0 <= n <= population, f"{n:g} answers from a population of {population:g} are impossible.")
    if population <= 1 or n / population <= FRACTION_TO_CORRECT:
        return 1.0
    return math.sqrt((population - n) / (population - 1))


def share_of_finite(successes: float, n: int, population: float, level: float = LEVEL) -> FiniteShare:
    """A share (0 to 1) of a finite population: Wilson at n/FPC²; raises MeasureError."""
    plain = proportion(successes, n, level=level)
    correction = finite_correction(n, population)
    if plain.value is None:
        return FiniteShare(
            value=None,
            n=0,
            coverage=0.0,
            method="share of a finite population",
            correction=1.0,
            se=None,
            n_effective=0.0,
        )
    p = plain.value
    effective = math.inf if correction == 0 else n / correction**2
    return FiniteShare(
        value=p,
        n=n,
        n_missing=0,
        interval=plain.interval if math.isinf(effective) else wilson(p * effective, effective, level),
        method="share of a finite population",
        warnings=plain.warnings,
        correction=correction,
        se=math.sqrt(p * (1 - p) / n) * correction,
        n_effective=effective,
    )


def allocate(
    n: int,
    populations: ArrayLike,
    allocation: Allocation = Allocation.PROPORTIONAL,
    deviations: ArrayLike | None = None,
    minimum: int = 0,
) -> Allocated:
    """n answers shared over strata, shape (strata,): by N, by N·S (Neyman, needs ``deviations``) or by √N.

    Whole sizes keep the total by largest remainder, never exceed a stratum, and reach ``minimum`` (30 is customary for
    strata reported alone) where the stratum has so many, taken from the largest; raises MeasureError when n cannot.
    """
    big = counts(vector(populations, "populations"), "populations")
    _check(0 <= n <= big.sum(), f"{n} answers cannot be drawn from {big.sum():g} customers.")
    if allocation is Allocation.NEYMAN:
        if deviations is None:
            raise MeasureError("Neyman allocation needs standard deviations.", "Take them from the last wave.")
        size = big * counts(vector(deviations, "deviations", big.size), "deviations")
    else:
        size = big if allocation is Allocation.PROPORTIONAL else np.sqrt(big)
    _check(float(size.sum()) > 0, "Every stratum has size zero.")
    exact = n * size / size.sum()
    floor = np.minimum(np.floor(big), minimum)
    _check(float(floor.sum()) <= n, f"{n} answers do not give every stratum {minimum}.", "Raise n or merge strata.")
    target = np.clip(exact, floor, np.floor(big))
    for _ in range(big.size + 1):
        surplus = n - target.sum()
        free = target < np.floor(big) if surplus > 0 else target > floor
        if abs(surplus) < 1e-9 or not free.any():
            break
        share = size * free if (size * free).sum() > 0 else free.astype(np.float64)
        target = np.clip(target + surplus * share / share.sum(), floor, np.floor(big))
    whole = np.floor(target + 1e-9)
    order = np.argsort(-(target - whole), kind="stable")
    for i in np.resize(order, 2 * order.size):
        if whole.sum() < n and whole[i] < np.floor(big[i]):
            whole[i] += 1
    return Allocated(
        value=float(whole.sum()),
        n=n,
        method=f"{allocation} allocation",
        exact=floats(exact),
        sizes=tuple(int(size) for size in whole),
        allocation=allocation,
    )


def drawn_sample(
    strata: ArrayLike, sizes: Sequence[int], seed: int, is_excluded: ArrayLike | None = None
) -> tuple[int, ...]:
    """Positions of a simple random sample within strata, without replacement, in ascending order.

    ``strata`` numbers each contact's stratum from 0, shape (contacts,), ``sizes`` asks for so many of each; contacts
    marked in ``is_excluded`` (asked within 90 days) are never drawn. The same seed draws the same sample. Raises
    MeasureError naming the stratum that has too few contacts left.
    """
    codes = counts(vector(strata, "strata"), "strata").astype(np.int64)
    out = np.zeros(codes.size, dtype=bool) if is_excluded is None else vector(is_excluded, "excluded", codes.size) > 0
    random = np.random.default_rng(seed)
    drawn: list[int] = []
    for stratum, size in enumerate(sizes):
        left = np.flatnonzero((codes == stratum) & ~out)
        if left.size < size:
            raise MeasureError(
                f"Stratum {stratum + 1} has {left.size} contacts left where {size} are asked for.",
                "Ask for fewer, or wait until excluded contacts may be asked again.",
            )
        drawn += random.choice(left, size, replace=False).tolist()
    return tuple(sorted(drawn))


def _size(exact: float, population: float | None, deff: float, method: str) -> SampleSize:
    _check(deff > 0, f"A design effect of {deff:g} is impossible.", "It is 1 for a simple random sample.")
    if population is not None:
        _check(population >= 1, f"A population of {population:g} is impossible.")
        exact = exact / (1 + (exact - 1) / population)
    exact *= deff
    needed = _up(exact)
    warnings: tuple[str, ...] = ()
    if population is not None and needed > population:
        needed, warnings = math.floor(population), ("The whole population is needed.",)
    return SampleSize(value=float(needed), n=needed, method=method, warnings=warnings, exact=exact)


def _up(exact: float) -> int:
    return math.ceil(exact - 1e-9)


def _check(is_possible: bool, message: str, hint: str = "") -> None:
    if not is_possible:
        raise MeasureError(message, hint)
