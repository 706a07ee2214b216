"""What the questions answer: frozen rows that screens and commands show, importable without the data layer."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class IdList:
    """The ids of the rows a filter finds, in its order.

    ``total`` is the exact number found; ``is_capped`` says that fewer ids than that are listed.
    """

    ids: array[int]
    total: int
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of a queue. Times are UTC; an absent text is empty."""

    id: int
    reference: str
    kind: str
    state: str
    phase: str
    severity: int
    subject: str
    category: str
    channel: str
    region: str
    department: str
    assignee: str
    customer: str
    received_at: datetime
    due_at: datetime | None
    is_supervised: bool = False
    is_vulnerable: bool = False
    version: int = 1
    customer_number: str = ""
    account: str = ""
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    times_repeated: int = 0
    times_urged: int = 0
    times_reopened: int = 0
    incident: str = ""
    opinion: str = ""
    responsible: str = ""
    source: str = ""
    external_reference: str = ""
    area: str = ""


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
class CustomerRow:
    """One line of a customer search."""

    id: int
    number: str
    name: str
    kind: str
    region: str
    phone_masked: str
    accounts: int
    open_cases: int


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One service account of a customer."""

    number: str
    utility: str
    supply_category: str
    state: str
    address: str
    region: str


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer of a customer to a survey."""

    answered_at: datetime
    survey: str
    indicator: str
    score: int


@dataclass(frozen=True, slots=True)
class CustomerDetail:
    """Who a customer is: facts, accounts, cases and answers, newest first; phone and e-mail masked."""

    row: CustomerRow
    address: str
    email_masked: str
    relationship: str
    supply_category: str
    size: str
    credit_grade: str
    is_vulnerable: bool
    accounts: tuple[AccountRow, ...] = ()
    cases: tuple[CaseRow, ...] = ()
    answers: tuple[AnswerRow, ...] = ()


Choice = tuple[str, str]
"""A code and the name that people know it by."""


@dataclass(frozen=True, slots=True)
class Possibility:
    """Whether a verb may be done to a case now by somebody; if not, why, and if so, what has to be filled in."""

    verb: str
    is_possible: bool
    reason: str
    required: tuple[str, ...] = ()
    target: str = ""


@dataclass(frozen=True, slots=True)
class FormChoices:
    """What the forms let one choose from, as the policy in force and the staff have it."""

    people: tuple[Choice, ...] = ()
    departments: tuple[Choice, ...] = ()
    categories: tuple[Choice, ...] = ()
    impacts: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    areas: tuple[Choice, ...] = ()
    regions: tuple[Choice, ...] = ()
    similar: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class FormBasis:
    """What a form for a verb is built from: may it be done, the choices, and what the case holds already by field.

    ``version`` is that of the case as it is then.
    """

    possibility: Possibility
    choices: FormChoices
    held: tuple[Choice, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What became of the cases of an operation: references with what was said; ``left`` were not come to."""

    verb: str
    operation: int | None
    done: tuple[Choice, ...] = ()
    skipped: tuple[Choice, ...] = ()
    left: int = 0


@dataclass(frozen=True, slots=True)
class Intake:
    """What is known of a case that is being taken down; empty texts are unknown."""

    subject: str = ""
    narrative: str = ""
    kind: str = "complaint"
    channel: str = "telephone"
    category: str = ""
    impact: str = ""
    urgency: str = ""
    customer: str = ""
    account: str = ""
    region: str = ""
    area: str = ""
    location: str = ""
    complainant: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A promise that a case would get: the clock, its target as the policy writes it, and when it would be due."""

    name: str
    target: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class IntakePreview:
    """What a case would come to: its severity from 1 to 4, its promises, and what the intake still wants."""

    severity: int
    promises: tuple[PromiseRow, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A case that was taken in: what it repeats, what it may double, and the incident it belongs to."""

    id: int
    reference: str
    operation: int
    due_at: datetime | None
    times: int = 1
    earlier: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    incident: str = ""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice for somebody: of which case, of what kind, what it says and since when."""

    reference: str
    kind: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class QueueView:
    """A named queue: a filter with its order, and the columns it is looked at with (none: the ready ones).

    A view that somebody keeps has its number in the database, its owner's login and name, and a version; ``is_own`` says that
    the viewer keeps it. ``fault`` says why its filter cannot be read any more; it is empty as long as it can.
    """

    id: str
    label: str
    filter: str
    columns: str = ""
    number: int = 0
    owner: str = ""
    owner_name: str = ""
    is_own: bool = False
    is_shared: bool = False
    version: int = 0
    fault: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether everybody has this view from the start."""
        return not self.number


@dataclass(frozen=True, slots=True)
class NewView:
    """What is to be kept: a filter with its order in the filter language, and a layout of columns (empty: the ready ones)."""

    name: str
    filter: str
    columns: str = ""


QUEUE_VIEWS: tuple[QueueView, ...] = (
    QueueView("mine", "Mine", "state:open assignee:me sort:due"),
    QueueView("team", "My team", "state:open team:mine sort:due"),
    QueueView("unassigned", "Unassigned", "state:open assignee:none sort:due"),
    QueueView("due-soon", "Due soon", "state:open due:<24h overdue:no sort:due"),
    QueueView("overdue", "Overdue", "state:open overdue:yes sort:due"),
    QueueView("supervised", "Supervised", "state:open supervised:yes sort:due"),
    QueueView("waiting", "Awaiting customer", "state:waiting sort:due"),
    QueueView("to-call-back", "To call back", "callback:yes sort:due"),
    QueueView("open", "All open", "state:open sort:due"),
    QueueView("closed", "Closed", "state:closed sort:-closed"),
    QueueView("all", "All", "sort:-received"),
)
"""The queues everybody has; the console opens on the first. Labels are marked for translation in ``console.labels``."""
