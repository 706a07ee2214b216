"""What the screens and reports of quality show: frozen figures of complaints, importable without the data layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.measures.disclosure import HIDDEN_BELOW
from console.measures.results import Measure
from console.services.alert_views import AlertRow, BaselineRow, EventNote


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One month of the chart; rates are None in a gap. ``part`` is the share of the month that was watched (0 to 1)."""

    month: str
    count: int
    exposure: float
    part: float
    value: float | None
    lower: float | None
    upper: float | None
    z: float | None
    is_outside: bool
    is_baseline: bool
    rows: str


@dataclass(frozen=True, slots=True)
class Source:
    """What one value of a dimension adds to the month's complaints beyond what its baseline lets expect."""

    value: str
    count: int
    expected: float
    added: float
    rows: str


@dataclass(frozen=True, slots=True)
class Change:
    """Where the series changed its level: the first month of the new one, both means, and the p of a permutation test."""

    month: str
    before: float
    after: float
    p: float


@dataclass(frozen=True, slots=True)
class LastYear:
    """The same month a year before: its complaints, and the ratio of the rates with its interval."""

    month: str
    count: int
    ratio: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class NewWord:
    """A word that this week's complaints use more than the four weeks before did; counts are complaints that hold it."""

    word: str
    now: int
    before: int
    q: float
    rows: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Complaints of this week with nearly the same words, the earliest first."""

    subject: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComplaintTrend:
    """The complaints of a slice month by month against their limits; ``focus`` is the month whose rise is taken apart.

    ``unit`` is ``per_1000`` (customers a month) or ``per_month``; ``spread`` is Laney's σ_z, which widens the limits from 1.2
    on; ``dispersion_p`` tells whether the baseline spreads more than chance.
    """

    filter: str
    unit: str
    points: tuple[TrendPoint, ...]
    centre: float | None
    baseline: BaselineRow | None
    spread: float | None
    is_laney: bool
    dispersion_p: float | None
    focus: str
    sources: tuple[tuple[str, tuple[Source, ...]], ...] = ()
    change: Change | None = None
    last_year: LastYear | None = None
    alerts: tuple[AlertRow, ...] = ()
    events: tuple[EventNote, ...] = ()
    words: tuple[NewWord, ...] = ()
    alike: tuple[Alike, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """The figures of one department (or person) in a period. Shares run from 0 to 1, times are days, ``funnel`` is a position.

    ``received`` below 20 shows no shares of a person; ``adjusted`` is the on-time share at the case mix of all.
    """

    name: str
    label: str
    received: int
    on_time: Measure
    closed_only: Measure
    first_contact: Measure
    reopened: Measure
    repeats: Measure
    p50: float | None
    p90: float | None
    backlog: int
    overdue: int
    satisfied: Measure
    funnel: str
    shrunk: float | None
    adjusted: float | None
    rows: str


MEASURES = ("on_time", "first_contact", "reopened", "repeats", "satisfied")
"""The measures that are compared with the period before, the peers and the targets."""
LESS_IS_BETTER = frozenset({"reopened", "repeats"})


def is_missed(name: str, measure: Measure, target: float) -> bool:
    """Return whether a measure that may be shown is on the wrong side of its target."""
    if measure.value is None or measure.n < HIDDEN_BELOW:
        return False
    return measure.value > target if name in LESS_IS_BETTER else measure.value < target


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """All departments side by side, the period before for each, the median of the peers, and the targets."""

    start: datetime
    end: datetime
    as_of: datetime
    filter: str
    by: str
    cards: tuple[Card, ...]
    before: tuple[Card, ...]
    whole: Card
    medians: tuple[tuple[str, float | None], ...]
    targets: tuple[tuple[str, float], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardHistory:
    """The score cards of single months, the earliest first: of each department by ``cards``, and of all together by ``whole``.

    A month holds the complaints received in it, as they stand now; a department without any has a card of none.
    """

    as_of: datetime
    filter: str
    by: str
    months: tuple[str, ...]
    cards: tuple[tuple[str, tuple[Card, ...]], ...]
    whole: tuple[Card, ...]
    targets: tuple[tuple[str, float], ...]

    def of(self, name: str | None) -> tuple[Card, ...]:
        """Return the months of one department, those of all together for None or one that is not there."""
        return dict(self.cards).get(name, self.whole) if name is not None else self.whole


@dataclass(frozen=True, slots=True)
class AgeRow:
    """Open complaints of one group by age band, with how many of each are overdue."""

    name: str
    sizes: tuple[int, ...]
    overdue: tuple[int, ...]
    rows: str

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.sizes)


@dataclass(frozen=True, slots=True)
class OldCase:
    """One of the oldest open complaints; ages in days, ``overdue_days`` 0 where it is not late."""

    id: int
    reference: str
    category: str
    customer: str
    department: str
    state: str
    severity: int
    age: float
    overdue_days: float
    times_urged: int
    times_reopened: int
    times_repeated: int


@dataclass(frozen=True, slots=True)
class Ageing:
    """The open complaints of a slice: by age and group, over twelve weeks, how long closing takes, and the oldest.

    ``weeks`` are the numbers open at the end of each week, the latest last. Quantiles of ``times`` include open cases
    (Kaplan–Meier); ``closed_quantiles`` are those of closed cases only, which flatter.
    """

    filter: str
    by: str
    as_of: datetime
    bounds: tuple[float, ...]
    rows: tuple[AgeRow, ...]
    whole: AgeRow
    oldest_days: float | None
    weeks: tuple[int, ...]
    inflow: float
    outflow: float
    km_quantiles: tuple[tuple[float, float | None], ...]
    closed_quantiles: tuple[tuple[float, float | None], ...]
    still_open: Measure
    first_response: Measure
    reply: Measure
    oldest: tuple[OldCase, ...]

    @property
    def bands(self) -> tuple[str, ...]:
        """The age bands in days as they are written: 0-1, 2-3 and so on, the last one open."""
        edges = [int(bound) for bound in self.bounds]
        firsts = [0, *(edge + 1 for edge in edges[:-1])]
        return (*(f"{first}-{last}" for first, last in zip(firsts, edges, strict=True)), f">{edges[-1]}")
