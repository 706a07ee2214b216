"""What the questions answer: frozen rows that screens and commands show, importable without the data layer."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import datetime


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


Choice = tuple[str, str]
"""A code and the name that people know it by."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What became of the cases of an operation: references with what was said; ``left`` were not come to."""

    verb: str
    operation: int | None
    done: tuple[Choice, ...] = ()
    skipped: tuple[Choice, ...] = ()
    left: int = 0


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
