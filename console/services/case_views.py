"""What is shown of one case: its texts, history, promises and relations; importable without the data layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from console.services.views import CaseRow


@dataclass(frozen=True, slots=True)
class EventRow:
    """One entry of a case's history; ``changes`` are (field, before, after)."""

    at: datetime
    actor: str
    verb: str
    note: str
    changes: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ClockRow:
    """One promise on a case; ``state`` is pending, running, paused, met, missed or stopped."""

    name: str
    due_at: datetime | None
    met_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """What a case hangs together with: in which way, its number and its title."""

    kind: str
    reference: str
    title: str


@dataclass(frozen=True, slots=True)
class RemedyRow:
    """A remedy promised on a case; ``amount_minor`` is in minor units of the currency."""

    kind: str
    state: str
    amount_minor: int | None
    currency: str
    due_on: date | None
    owner: str
    note: str


@dataclass(frozen=True, slots=True)
class CaseTaskRow:
    """What a promise on a case made somebody do; ``amount_minor`` is in minor units of the currency."""

    kind: str
    rule: str
    state: str
    amount_minor: int | None
    currency: str
    due_on: date | None
    owner: str
    note: str


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case with its texts, history and promises, newest event first."""

    row: CaseRow
    narrative: str
    findings: str
    reply: str
    outcome: str
    location: str
    responsible: str
    source: str
    external_reference: str
    customer_number: str
    account_number: str
    closed_at: datetime | None
    extras: tuple[tuple[str, str], ...] = ()
    events: tuple[EventRow, ...] = ()
    clocks: tuple[ClockRow, ...] = ()
    measures: str = ""
    follow_up: str = ""
    cause: str = ""
    validity: str = ""
    opinion: str = ""
    related: tuple[RelatedRow, ...] = ()
    remedies: tuple[RemedyRow, ...] = ()
    tasks: tuple[CaseTaskRow, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice for somebody: of which case, of what kind, what it says and since when."""

    reference: str
    kind: str
    text: str
    at: datetime
