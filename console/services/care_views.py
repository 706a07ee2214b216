"""What the questions about contacts and care answer: frozen rows, importable without the data layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One line of the contact log. ``cost_minor`` is in minor units of ``currency``; ``case`` and ``account`` are numbers."""

    id: int
    at: datetime
    customer: str
    name: str
    channel: str
    direction: str
    purpose: str
    place: str
    content: str
    cost_minor: int
    currency: str
    who: str
    outcome: str
    account: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """One line of a list of customers; what the rules compute is empty before the first refresh.

    ``contribution_minor`` is what was billed less what contacts cost, in minor units of ``currency``; ``alarms`` are codes.
    """

    id: int
    number: str
    name: str
    kind: str
    relationship: str
    supply_category: str
    size: str
    credit_grade: str
    region: str
    phone_masked: str
    is_vulnerable: bool
    verified_at: datetime | None
    stage: str
    tier: str
    rfm: str
    alarms: tuple[str, ...]
    contribution_minor: int | None
    currency: str


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment: its filter, and how many customers it held when it was last counted."""

    name: str
    filter: str
    members: int
    counted_at: datetime | None
    created_by: str


@dataclass(frozen=True, slots=True)
class TruthFigure:
    """How many dossiers of one sort are complete, verified, and both (双百); shares of 1, None where there are none."""

    name: str
    customers: int
    complete: int
    verified: int
    both: int

    @property
    def share_complete(self) -> float | None:
        """Share of complete dossiers."""
        return self.complete / self.customers if self.customers else None

    @property
    def share_verified(self) -> float | None:
        """Share of dossiers whose verification still holds."""
        return self.verified / self.customers if self.customers else None

    @property
    def share_both(self) -> float | None:
        """Share of dossiers that are complete and verified."""
        return self.both / self.customers if self.customers else None


@dataclass(frozen=True, slots=True)
class ToComplete:
    """A dossier to be completed or verified: what is missing, and when it was last seen to be true."""

    id: int
    number: str
    name: str
    kind: str
    region: str
    missing: tuple[str, ...]
    verified_at: datetime | None
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Double:
    """Two customers who are probably one; ``score`` from 0 to 1, ``reasons`` are codes."""

    one: CustomerLine
    other: CustomerLine
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoubleReport:
    """The doubles found, the likeliest first, and how they were looked for.

    ``found`` counts all of them, ``customers`` who was looked at, ``compared`` the pairs; ``large_groups`` are those that share
    something with too many to say anything.
    """

    doubles: tuple[Double, ...]
    found: int
    customers: int
    compared: int
    large_groups: int


@dataclass(frozen=True, slots=True)
class MergeRow:
    """One merge of customers: how many rows of which tables were moved, and whether it was taken back."""

    id: int
    at: datetime
    actor: str
    merged: str
    into: str
    reason: str
    moved: tuple[tuple[str, int], ...]
    undone_at: datetime | None
    undone_by: str


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign and how far it has come; ``left_out`` counts by reason who was found and not taken onto the list."""

    number: str
    title: str
    purpose: str
    channel: str
    filter: str
    script: str
    rest_days: int
    state: str
    due_on: date | None
    created_by: str
    customers: int
    planned: int
    done: int
    dropped: int
    reached: int
    refused: int
    created_at: datetime
    closed_at: datetime | None
    left_out: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CallRow:
    """One customer on the list of a campaign, and what became of it."""

    campaign: str
    customer: str
    name: str
    region: str
    phone_masked: str
    is_vulnerable: bool
    state: str
    outcome: str
    attempts: int
    at: datetime | None
    actor: str
    content: str


@dataclass(frozen=True, slots=True)
class PostRow:
    """Who manages a customer or an area, from a day to a day, both included."""

    id: int
    login: str
    name: str
    customer: str
    customer_name: str
    region: str
    from_on: date
    to_on: date | None


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A customer who is visited every so many days: when he last was, and when the next visit is due."""

    id: int
    number: str
    name: str
    region: str
    manager: str
    every_days: int
    last_on: date | None
    due_on: date


@dataclass(frozen=True, slots=True)
class CoverageFigure:
    """Of so many customers to be visited, how many were within their interval; ``kind`` is manager, region or all."""

    kind: str
    name: str
    customers: int
    covered: int

    @property
    def share(self) -> float | None:
        """Share of 1, None where nobody is to be visited."""
        return self.covered / self.customers if self.customers else None


@dataclass(frozen=True, slots=True)
class PointsRow:
    """One entry of the ledger of points; ``reverses`` is the entry it is the opposite of."""

    entry: int
    at: datetime
    customer: str
    points: int
    reason: str
    actor: str
    reverses: int | None


@dataclass(frozen=True, slots=True)
class PointsBalance:
    """How many points a customer has, was given, and has used."""

    customer: str
    name: str
    balance: int
    given: int
    used: int


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a run of the rules over all customers changed; ``changes`` are (what, how many), such as ``stage new > stable``.

    ``finished_at`` is None for a run that was halted: it goes on behind the customer id ``position``.
    """

    run: int
    as_of: datetime
    finished_at: datetime | None
    position: int
    customers: int
    changes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class TransitionTable:
    """Customers by stage before (rows) and after (columns); ``kept`` is the share that kept its stage."""

    before: str
    after: str
    stages: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    shares: tuple[tuple[float, ...], ...]
    customers: int
    kept: float | None


@dataclass(frozen=True, slots=True)
class HoldingsRow:
    """Of the customers with so many services a year ago, how many have left, as a share with its 95 % interval."""

    services: int
    customers: int
    left: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One tier of value: customers, money in minor units, mean satisfaction on 0-100, complaints lately."""

    tier: str
    customers: int
    revenue_minor: int
    contact_cost_minor: int
    currency: str
    satisfaction: float | None
    complaints: int

    @property
    def contribution_minor(self) -> int:
        """What was billed less what contacts cost, in minor units."""
        return self.revenue_minor - self.contact_cost_minor


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One thing to do for a customer: ``kind`` is the list it stands on, ``about`` the other customer, campaign or case.

    ``notes`` are codes of the list (what is missing, why two are alike), ``said`` is text; ``case_id`` and ``version`` are those
    of a case to be called back.
    """

    id: int
    kind: str
    customer: str
    name: str
    region: str
    phone_masked: str
    about: str
    said: str
    notes: tuple[str, ...] = ()
    due_on: date | None = None
    manager: str = ""
    case_id: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class StandingRow:
    """How a customer stood at the last refresh: what ``models.standing`` keeps; ``rfm`` is empty for who was never billed.

    Money is in minor units of ``currency``, ``usage_change`` a share of 1, ``satisfaction`` on 0-100, ``alarms`` are codes.
    """

    as_of: datetime
    stage: str
    tier: str
    rfm: str
    revenue_minor: int
    contact_cost_minor: int
    currency: str
    overdue_days: int
    disputes: int
    returned_payments: int
    complaints: int
    usage_change: float | None
    satisfaction: float | None
    alarms: tuple[str, ...]
    services: int


@dataclass(frozen=True, slots=True)
class CampaignTurn:
    """One campaign in which a customer was, or is to be, spoken to."""

    campaign: str
    title: str
    state: str
    outcome: str
    attempts: int
    at: datetime | None
    actor: str


@dataclass(frozen=True, slots=True)
class MergedDouble:
    """A dossier that was merged into a customer's, when, by whom and why."""

    id: int
    number: str
    at: datetime
    actor: str
    reason: str
