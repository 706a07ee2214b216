"""Set pair analysis: identity, difference and contrary shares of a judgement, and how wide their uncertainty is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, counts, vector
from console.measures.disclosure import sample_warnings
from console.measures.results import Interval, Measure, MeasureError


class Potential(StrEnum):
    """Which side prevails: identity, balance, or the contrary."""

    IDENTICAL = "identical"
    BALANCED = "balanced"
    CONTRARY = "contrary"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPair(Measure):
    """The connection degree μ = a + b·i − c; ``value`` is μ at i = 0, the interval is its range for i in −1…1.

    ``ratio`` is a/c, infinite for c = 0 and None where both are 0; ``by_proportion`` takes i = (a−c)/(a+c). Evenly
    spaced coefficients (``even``) are a linear map of the mean score and tell nothing new.
    """

    identity: float
    difference: float
    contrary: float
    ratio: float | None
    potential: Potential
    proportion: float | None
    by_proportion: float | None
    even: float | None

    def at(self, i: float) -> float:
        """μ for a chosen coefficient of difference between −1 and 1."""
        return self.identity + self.difference * i - self.contrary


def set_pair(identity: float, difference: float, contrary: float, n: int = 0, even: float | None = None) -> SetPair:
    """The connection degree of three shares that sum to 1 (or counts, which are normalised).

    Without any answer ``value`` is None. Raises MeasureError for negative shares. Source: Zhao Keqin (1989).
    """
    shares = counts([identity, difference, contrary], "shares")
    total = float(shares.sum())
    if total == 0:
        return SetPair(
            value=None,
            n=0,
            coverage=0.0,
            method="set pair",
            identity=0.0,
            difference=0.0,
            contrary=0.0,
            ratio=None,
            potential=Potential.BALANCED,
            proportion=None,
            by_proportion=None,
            even=None,
        )
    a, b, c = (float(share) / total for share in shares)
    decided = a + c
    proportion = (a - c) / decided if decided > 0 else None
    return SetPair(
        value=a - c,
        n=n,
        method="set pair",
        interval=Interval(a - b - c, a + b - c, "range of i from -1 to 1", 1.0),
        warnings=sample_warnings(n) if n else (),
        identity=a,
        difference=b,
        contrary=c,
        ratio=None if decided == 0 else math.inf if c == 0 else a / c,
        potential=_potential(a, c),
        proportion=proportion,
        by_proportion=None if proportion is None else a + b * proportion - c,
        even=even,
    )


def set_pair_of_levels(distribution: ArrayLike, n: int = 0) -> SetPair:
    """The connection degree of a distribution over an odd number of levels, best first, shape (levels,).

    The middle level is difference, those above it identity, those below it contrary. Raises MeasureError for an even
    number of levels.
    """
    b: FloatArray = counts(vector(distribution, "distribution"), "distribution")
    if b.size % 2 == 0 or b.size < 3:
        raise MeasureError("Set pair analysis needs an odd number of levels of at least three.")
    middle = b.size // 2
    total = float(b.sum())
    steps = [1 - i / middle for i in range(b.size)]
    even = float(sum(step * share for step, share in zip(steps, b, strict=True)) / total) if total > 0 else None
    return set_pair(float(b[:middle].sum()), float(b[middle]), float(b[middle + 1 :].sum()), n, even)


def _potential(a: float, c: float) -> Potential:
    if math.isclose(a, c, abs_tol=1e-12):
        return Potential.BALANCED
    return Potential.IDENTICAL if a > c else Potential.CONTRARY
