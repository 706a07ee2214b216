"""What improvements are shown as: frozen rows and the comparison that judges them, importable without the data layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

INDICATORS = ("satisfied", "on_time", "reopened", "repeats", "complaints")
"""Indicators of cases: shares of callbacks satisfied, closed on time, reopened, repeats; complaints a month. ``survey:CODE/ITEM``
is the share of the two best levels of an answer."""


@dataclass(frozen=True, slots=True)
class ImprovementRow:
    """One improvement as it was written down before anybody looked; ``minimum_effect`` in points or complaints a month."""

    number: str
    title: str
    indicator: str
    unit: str
    is_rise_good: bool
    treated: str
    control: str
    starts_on: date
    months_before: int
    months_after: int
    minimum_effect: float
    is_randomised: bool
    owner: str
    alert: str
    action: str
    state: str
    looked_before: str
    verdict: str
    conclusion: str
    registered_at: datetime
    closed_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Side:
    """One group in one window: how many of how many, and the value (percent, or complaints a month); None without any.

    A share of fewer than 5 is ``hidden`` for a reason, with all that tells it; of fewer than 30 it ``is_few``.
    """

    successes: float | None
    n: int
    value: float | None
    hidden: str | None = None
    is_few: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """A difference with its 95 % interval and p, in points or complaints a month; None where it is not computed."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class MixShift:
    """What of the change of the treated group comes from other kinds of cases (``mix``) and what from better work (``rate``)."""

    rate: float
    mix: float
    is_mostly_mix: bool


@dataclass(frozen=True, slots=True)
class MonthPair:
    """A month of both groups; None where nobody was counted."""

    month: str
    treated: float | None
    control: float | None
    is_after: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """What an improvement came to.

    ``evidence`` is the level reached, 1 to 4; ``finding`` is ``not_begun``, ``too_few``, ``better``, ``worse``, ``unclear`` or
    ``before_after_only``. ``needed`` answers in each group and window would show the minimum effect four times in five.
    """

    row: ImprovementRow
    before: tuple[date, date]
    after: tuple[date, date]
    treated_before: Side
    treated_after: Side
    control_before: Side
    control_after: Side
    treated: Compared
    control: Compared
    difference: Compared
    evidence: int
    finding: str
    needed: int | None
    parallel_slope: float | None
    parallel_p: float | None
    is_parallel: bool
    may_regress: bool
    has_signal: bool
    mix: MixShift | None
    panel: tuple[int, int, int, int] | None
    panel_p: float | None
    events: tuple[str, ...]
    months: tuple[MonthPair, ...]
    is_complete: bool
