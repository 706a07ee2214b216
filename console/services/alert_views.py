"""What alerts are shown as: frozen rows, importable without the data layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

COMPLAINTS = "complaints"
ANSWERS = "answers"
PER_THOUSAND = "per_1000"
PER_MONTH = "per_month"
SHARE = "share"
SCORE = "score"
"""Subjects of cells, and the units of their charts: complaints a month per 1,000 customers, complaints a month, a share from 0
to 1, a score from 0 to 100."""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert. ``value``, ``expected`` and ``limit`` are in ``unit``; ``rows`` is the filter that finds what was counted.

    ``spread`` is Laney's σ_z where it widened the limits, 1 elsewhere; ``began`` the month since which a lasting rise runs.
    """

    number: str
    cell: str
    subject: str
    rule: str
    level: str
    month: str
    latest_month: str
    unit: str
    value: float
    expected: float
    limit: float
    count: float
    exposure: float
    z: float
    p: float
    q: float
    spread: float
    began: str
    is_provisional: bool
    months_repeated: int
    state: str
    owner: str
    note: str
    cause: str
    first_seen_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None
    previous: str
    version: int
    rows: str = ""


@dataclass(frozen=True, slots=True)
class AlertStep:
    """One entry of an alert's history."""

    at: datetime
    actor: str
    action: str
    detail: str


@dataclass(frozen=True, slots=True)
class EventNote:
    """A known event with the days it lasted; an empty ``cell`` touches everything."""

    id: int
    starts_on: date
    ends_on: date
    cell: str
    note: str
    actor: str


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """The months a cell is measured by, why, and who chose them."""

    cell: str
    first_month: str
    last_month: str
    months: int
    reason: str
    actor: str
    at: datetime

    @property
    def is_provisional(self) -> bool:
        """Whether they are fewer than the 20 that are preferred."""
        return self.months < 20


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """An alert with its baseline, its history (newest first), the events known in its month, and what was done about it."""

    row: AlertRow
    baseline: BaselineRow | None
    steps: tuple[AlertStep, ...] = ()
    events: tuple[EventNote, ...] = ()
    improvements: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run over the cube came to.

    ``tests`` were made on ``cells``; ``explained`` are cells whose rise is no more than that of a wider cell that alerts;
    ``seasonal`` those that are not above the same month last year. ``months`` were tested, ``baselines`` are the months by
    root cell. ``is_unchanged`` says that nothing was written since the last run, so that nothing was tested.
    """

    new: tuple[AlertRow, ...] = ()
    repeated: tuple[AlertRow, ...] = ()
    months: tuple[str, ...] = ()
    baselines: tuple[BaselineRow, ...] = ()
    cells: int = 0
    tests: int = 0
    explained: int = 0
    seasonal: int = 0
    is_unchanged: bool = False
    notes: tuple[str, ...] = ()
