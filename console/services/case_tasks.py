"""Tasks that promises on cases make: made when their time comes, listed, done and checked (rows T2 and T9 of the reference).

A task goes from open to done to checked, or is cancelled for a stated reason; whoever did it may not check it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from console import clock
from console.codes import CaseTaskKind, TaskState
from console.errors import NotAllowedError, NotFoundError, OmbudError, UsageError
from console.models import Case, CaseEvent, CaseTask, Staff
from console.models.base import table_of
from console.rules.policy_tasks import makes_tasks
from console.services import promised_tasks
from console.services.case_histories import histories, hold
from console.services.policies import PolicyBook, policy_book
from console.services.promised_tasks import MadeTask
from console.services.promises import RuleMemory, owing_of, promises_under
from console.services.reminding import is_under
from console.services.tasks import NEXT
from console.services.workers import worker_of
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean_line

__all__ = ["MadeTask", "TaskRow", "make_due", "settle_task", "tasks"]

CASES: Table = table_of(Case)
EVENTS: Table = table_of(CaseEvent)
TASKS: Table = table_of(CaseTask)
STAFF: Table = table_of(Staff)

PART = 100
"""Cases of one transaction, as for the verbs."""
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task: the clock and the rule that made it, what is to be done until when, and how far it has come.

    ``amount_minor`` is in minor units of ``currency``; None for what is no payment.
    """

    number: int
    case: str
    kind: str
    rule: str
    clock: str
    state: str
    due_on: date | None
    amount_minor: int | None
    currency: str
    owner: str
    note: str
    made_at: datetime
    done_by: str
    done_at: datetime | None
    checked_by: str
    checked_at: datetime | None


_TASK = (
    select(
        TASKS.c.id,
        CASES.c.reference,
        TASKS.c.kind,
        TASKS.c.rule,
        TASKS.c.clock,
        TASKS.c.state,
        TASKS.c.due_on,
        TASKS.c.amount_minor,
        TASKS.c.currency,
        func.coalesce(STAFF.c.login, ""),
        TASKS.c.note,
        TASKS.c.made_at,
        TASKS.c.done_by,
        TASKS.c.done_at,
        TASKS.c.checked_by,
        TASKS.c.checked_at,
    )
    .join_from(TASKS, CASES, CASES.c.id == TASKS.c.case_id)
    .join(STAFF, STAFF.c.id == TASKS.c.owner_id, isouter=True)
)


def tasks(
    store: Store, *, kind: str = "", state: str = "", owner: str = "", case: str = "", due_by: date | None = None
) -> tuple[TaskRow, ...]:
    """Return tasks, the earliest due first: of one kind, state, owner's login, case's reference, due by a day, where named.

    Raises UsageError for a kind or state that is none.
    """
    _check_known("kind", kind, [item.value for item in CaseTaskKind])
    _check_known("state", state, [item.value for item in TaskState])
    question = _TASK.order_by(TASKS.c.due_on.asc().nulls_last(), TASKS.c.id)
    for column, wanted in (
        (TASKS.c.kind, kind),
        (TASKS.c.state, state),
        (STAFF.c.login, owner),
        (CASES.c.reference, case),
    ):
        if wanted:
            question = question.where(column == wanted)
    if due_by is not None:
        question = question.where(TASKS.c.due_on <= due_by)
    with store.reading() as connection:
        return tuple(TaskRow(*tuple(row)) for row in connection.execute(question))


def _check_known(what: str, word: str, known: Sequence[str]) -> None:
    if word and word not in known:
        raise UsageError(f"There is no {what} {word} of tasks.", f"There are: {', '.join(known)}.")


def make_due(
    store: Store,
    *,
    actor: str,
    now: datetime | None = None,
    is_dry_run: bool = False,
    progress: Callable[[int, int], bool] | None = None,
) -> tuple[MadeTask, ...]:
    """Make the tasks whose time has come, and return those that were made; a second run at the same moment makes none.

    ``progress(done, total)`` counts cases and may return False to stop between two parts; with ``is_dry_run`` nothing is
    written. Raises UnavailableError where no policy is in force.
    """
    moment = now or clock.now()
    with store.reading() as connection:
        book = policy_book(connection)
        editions = [edition for edition in book.editions if makes_tasks(edition.policy)]
        case_ids = promised_tasks.case_ids_due(
            connection,
            [edition.policy for edition in editions],
            moment,
            is_under=lambda number: is_under(book, editions[number]),
        )
    made: list[MadeTask] = []
    for start in range(0, len(case_ids), PART):
        part = case_ids[start : start + PART]

        def make(work: Work, part: Sequence[int] = part) -> tuple[MadeTask, ...]:
            found = _made(work.connection, part, book, moment)
            if is_dry_run or not found:
                work.abandon()
            else:
                cases = sorted({item.reference for item in found})
                work.record("make tasks", "task", f"{len(found)} tasks", {"cases": cases})
            return found

        made.extend(store.write(actor, make))
        if progress is not None and not progress(min(start + PART, len(case_ids)), len(case_ids)):
            break
    return tuple(made)


def _made(connection: Connection, part: Sequence[int], book: PolicyBook, now: datetime) -> tuple[MadeTask, ...]:
    hold(connection, part)
    memory = RuleMemory()
    owing = [
        owing_of(book, history, promises_under(book, history, memory=memory))
        for history in histories(connection, part, book)
        if makes_tasks(book.of(history.policy_id, history.received_at).policy)
    ]
    return promised_tasks.settle(connection, owing, now)


def settle_task(
    store: Store, number: int, state: str, *, actor: str, note: str = "", now: datetime | None = None
) -> TaskRow:
    """Say that a task was done, was seen to be done (``checked``), or is not to be done (``cancelled``, with a note).

    Raises NotFoundError for a number that is none, OmbudError for a step out of order, NotAllowedError for somebody who
    checks his own work, UsageError for a cancelling without a reason or a note that is too long.
    """
    if state not in NEXT:
        raise UsageError(f"A task cannot become {state}.", f"It becomes {', '.join(NEXT)}.")
    said = clean_line(note).strip()
    if state == TaskState.CANCELLED.value and not said:
        raise UsageError("A task is cancelled for a reason.", "Say it with --note.")
    if len(said) > LONGEST_NOTE:
        raise UsageError(f"The note has {len(said)} characters.", f"Write at most {LONGEST_NOTE}.")
    moment = (now or clock.now()).replace(microsecond=0)
    with store.writing(actor) as work:
        worker = worker_of(work.connection, actor)
        row = (
            work.connection.execute(select(TASKS).where(TASKS.c.id == number).with_for_update())
            .mappings()
            .one_or_none()
        )
        if row is None:
            raise NotFoundError(f"There is no task {number}.", "See: ombud task list")
        if row["state"] not in NEXT[state]:
            raise OmbudError(f"Task {number} is {row['state']}; it cannot become {state}.", "See: ombud task list")
        if state == TaskState.CHECKED.value and row["done_by"] == worker.login:
            raise NotAllowedError(f"Task {number} was done by you.", "Somebody else checks that it happened.")
        values: dict[str, Any] = {"state": state, "note": said or row["note"], "version": row["version"] + 1}
        if state == TaskState.DONE.value:
            values.update(done_by=actor, done_at=moment)
        elif state == TaskState.CHECKED.value:
            values.update(checked_by=actor, checked_at=moment)
        work.connection.execute(update(TASKS).where(TASKS.c.id == number).values(values))
        work.connection.execute(
            insert(EVENTS).values(
                case_id=row["case_id"],
                at=moment,
                actor=actor,
                verb=f"task {state}",
                note=": ".join(part for part in (row["rule"], said) if part),
                before="{}",
                after="{}",
            )
        )
        work.record(f"task {state}", "task", str(number), {"note": said})
        return TaskRow(*tuple(work.connection.execute(_TASK.where(TASKS.c.id == number)).one()))
