"""What every measure returns, and how it refuses an input from which no honest number follows."""

from __future__ import annotations

from dataclasses import dataclass

from console.errors import OmbudError

LEVEL = 0.95


class MeasureError(OmbudError):
    """The input allows no honest number."""


class WeightError(MeasureError):
    """A set of weights is not one: negative, empty, or far from summing to 1."""


class ScaleError(MeasureError):
    """Values of different scales were about to be compared or added."""


class InconsistentError(MeasureError):
    """Judgements contradict each other too much for their weights to be used."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval in the unit of its measure, with the name of the method that made it."""

    low: float
    high: float
    method: str
    level: float = LEVEL

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def half_width(self) -> float:
        """Half of the distance between the limits."""
        return (self.high - self.low) / 2

    def clipped(self, low: float, high: float) -> Interval:
        """The same interval cut to the range the measure can take."""
        return Interval(max(self.low, low), min(self.high, high), self.method, self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number with everything a reader needs to judge it.

    ``value`` is None where no answer stands behind it, never 0. ``n`` counts what entered, ``n_missing`` what was asked
    for and did not; ``coverage`` is the share of the declared weight that had data (0 to 1).
    """

    value: float | None
    n: int
    method: str
    n_missing: int = 0
    coverage: float = 1.0
    interval: Interval | None = None
    warnings: tuple[str, ...] = ()
