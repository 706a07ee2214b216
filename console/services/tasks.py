"""What follows from a case: remedies that must be seen to happen, and corrective actions whose effect is measured.

Requirements B10 and B11. A remedy goes from open to done to checked, or is cancelled for a stated reason; whoever did it may
not check it, and an archive waits until none is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, select, update

from console import clock
from console.codes import CaseKind, TaskState
from console.errors import NotAllowedError, NotFoundError, OmbudError, UsageError
from console.measures.proportions import TwoProportions, two_proportions
from console.models import Case, CaseEvent, CaseText, CorrectiveAction, CorrectiveActionCase, Remedy, Staff
from console.models.base import table_of
from console.services.workers import worker_of
from console.storage.engine import Store
from console.text import clean

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
EVENTS: Table = table_of(CaseEvent)
REMEDIES: Table = table_of(Remedy)
ACTIONS: Table = table_of(CorrectiveAction)
ACTION_CASES: Table = table_of(CorrectiveActionCase)
STAFF: Table = table_of(Staff)

NEXT = {
    TaskState.DONE.value: (TaskState.OPEN.value,),
    TaskState.CHECKED.value: (TaskState.DONE.value,),
    TaskState.CANCELLED.value: (TaskState.OPEN.value, TaskState.DONE.value),
}
"""The states that each state may follow."""

WINDOW_DAYS = 90
"""How many days before its beginning and after its end the effect of a corrective action is looked for."""


@dataclass(frozen=True, slots=True)
class RemedyRow:
    """One remedy; ``amount_minor`` is in minor units of ``currency``."""

    number: int
    case: str
    kind: str
    state: str
    amount_minor: int | None
    currency: str
    due_on: date | None
    owner: str
    note: str
    checked_by: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One corrective action, with how many cases show that it is needed."""

    number: str
    title: str
    cause: str
    state: str
    owner: str
    due_on: date | None
    done_at: datetime | None
    evidence: str
    cases: int


@dataclass(frozen=True, slots=True)
class ActionEffect:
    """The complaints of a cause among all complaints, before an action was taken and after it was done.

    ``change`` is None while one of the two times holds no complaint at all.
    """

    number: str
    cause: str
    days: int
    before: int
    all_before: int
    after: int
    all_after: int
    change: TwoProportions | None


_REMEDY = (
    select(
        REMEDIES.c.id,
        CASES.c.reference,
        REMEDIES.c.kind,
        REMEDIES.c.state,
        REMEDIES.c.amount_minor,
        REMEDIES.c.currency,
        REMEDIES.c.due_on,
        func.coalesce(STAFF.c.login, ""),
        REMEDIES.c.note,
        REMEDIES.c.checked_by,
    )
    .join_from(REMEDIES, CASES, CASES.c.id == REMEDIES.c.case_id)
    .join(STAFF, STAFF.c.id == REMEDIES.c.owner_id, isouter=True)
)


def remedies(store: Store, *, state: str = "", owner: str = "", case: str = "") -> tuple[RemedyRow, ...]:
    """Return remedies, the earliest due first: of one state, one owner's login, one case's reference where they are named."""
    question = _REMEDY.order_by(REMEDIES.c.due_on.asc().nulls_last(), REMEDIES.c.id)
    if state:
        question = question.where(REMEDIES.c.state == state)
    if owner:
        question = question.where(STAFF.c.login == owner)
    if case:
        question = question.where(CASES.c.reference == case)
    with store.reading() as connection:
        return tuple(RemedyRow(*tuple(row)) for row in connection.execute(question))


def settle_remedy(
    store: Store, number: int, state: str, *, actor: str, note: str = "", now: datetime | None = None
) -> RemedyRow:
    """Say that a remedy was done, was seen to have happened (``checked``), or is not to happen (``cancelled``, with a note).

    Raises NotFoundError for a number that is none, OmbudError for a step out of order, NotAllowedError for somebody who
    checks his own work.
    """
    if state not in NEXT:
        raise UsageError(f"A remedy cannot become {state}.", f"It becomes {', '.join(NEXT)}.")
    said = clean(note).strip()
    if state == TaskState.CANCELLED.value and not said:
        raise UsageError("A remedy is cancelled for a reason.", "Say it with --note.")
    moment = now or clock.now()
    with store.writing(actor) as work:
        worker = worker_of(work.connection, actor)
        row = _locked(work.connection, REMEDIES, REMEDIES.c.id == number)
        if row is None:
            raise NotFoundError(f"There is no remedy {number}.", "See: ombud remedy list")
        if row["state"] not in NEXT[state]:
            raise OmbudError(f"Remedy {number} is {row['state']}; it cannot become {state}.", "See: ombud remedy list")
        if state == TaskState.CHECKED.value and row["owner_id"] == worker.id:
            raise NotAllowedError(f"Remedy {number} is your own.", "Somebody else checks that it happened.")
        values: dict[str, Any] = {"state": state, "version": row["version"] + 1}
        if state == TaskState.CHECKED.value:
            values.update(checked_by=actor, checked_at=moment)
        work.connection.execute(update(REMEDIES).where(REMEDIES.c.id == number).values(values))
        work.connection.execute(
            EVENTS.insert().values(
                case_id=row["case_id"],
                at=moment,
                actor=actor,
                verb=f"remedy {state}",
                note=" ".join(part for part in (row["kind"], said) if part),
                before="{}",
                after="{}",
            )
        )
        work.record(f"remedy {state}", "remedy", str(number), {"note": said})
        return RemedyRow(*tuple(work.connection.execute(_REMEDY.where(REMEDIES.c.id == number)).one()))


def _locked(connection: Connection, table: Table, condition: Any) -> RowMapping | None:
    return connection.execute(select(table).where(condition).with_for_update()).mappings().one_or_none()


_ACTION = (
    select(
        ACTIONS.c.number,
        ACTIONS.c.title,
        ACTIONS.c.cause,
        ACTIONS.c.state,
        func.coalesce(STAFF.c.login, ""),
        ACTIONS.c.due_on,
        ACTIONS.c.done_at,
        ACTIONS.c.evidence,
        select(func.count()).where(ACTION_CASES.c.action_id == ACTIONS.c.id).scalar_subquery(),
    )
    .select_from(ACTIONS)
    .join(STAFF, STAFF.c.id == ACTIONS.c.owner_id, isouter=True)
)


def actions(store: Store, *, state: str = "") -> tuple[ActionRow, ...]:
    """Return the corrective actions, the earliest due first, of one state where it is named."""
    question = _ACTION.order_by(ACTIONS.c.due_on.asc().nulls_last(), ACTIONS.c.id)
    if state:
        question = question.where(ACTIONS.c.state == state)
    with store.reading() as connection:
        return tuple(ActionRow(*tuple(row)) for row in connection.execute(question))


def finish_action(store: Store, number: str, *, evidence: str, actor: str, now: datetime | None = None) -> ActionRow:
    """Say that a corrective action is done, with what shows it. Raises NotFoundError, OmbudError for one that is done already."""
    shown = clean(evidence).strip()
    if not shown:
        raise UsageError("A corrective action is done when something shows it.", "Say what with --evidence.")
    moment = now or clock.now()
    with store.writing(actor) as work:
        worker_of(work.connection, actor)
        row = _locked(work.connection, ACTIONS, ACTIONS.c.number == number)
        if row is None:
            raise NotFoundError(f"There is no corrective action {number}.", "See: ombud rectification list")
        if row["state"] != TaskState.OPEN.value:
            raise OmbudError(f"Corrective action {number} is {row['state']} already.")
        work.connection.execute(
            update(ACTIONS)
            .where(ACTIONS.c.id == row["id"])
            .values(state=TaskState.DONE.value, done_at=moment, evidence=shown, version=row["version"] + 1)
        )
        work.record("rectification done", "corrective action", number)
        return ActionRow(*tuple(work.connection.execute(_ACTION.where(ACTIONS.c.id == row["id"])).one()))


def effect_of(store: Store, number: str, *, days: int = WINDOW_DAYS, now: datetime | None = None) -> ActionEffect:
    """Return how the share of an action's cause among complaints changed, as many days before it was done as after.

    Raises NotFoundError, and OmbudError for an action that names no cause or is not done.
    """
    moment = now or clock.now()
    with store.reading() as connection:
        row = connection.execute(select(ACTIONS).where(ACTIONS.c.number == number)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"There is no corrective action {number}.", "See: ombud rectification list")
        if not row["cause"]:
            raise OmbudError(
                f"{number} names no cause whose complaints could be counted.", "Name it: case rectify --cause"
            )
        if row["done_at"] is None:
            raise OmbudError(f"{number} is not done yet, so it has no effect to measure.")
        done_at: datetime = row["done_at"]
        before, all_before = _counted(connection, row["cause"], done_at - timedelta(days=days), done_at)
        after, all_after = _counted(connection, row["cause"], done_at, min(moment, done_at + timedelta(days=days)))
    change = two_proportions(before, all_before, after, all_after) if all_before and all_after else None
    return ActionEffect(number, row["cause"], days, before, all_before, after, all_after, change)


def _counted(connection: Connection, cause: str, start: datetime, end: datetime) -> tuple[int, int]:
    within = (CASES.c.kind == CaseKind.COMPLAINT.value, CASES.c.received_at >= start, CASES.c.received_at < end)
    of_cause = (
        select(func.count())
        .join_from(CASES, TEXTS, TEXTS.c.case_id == CASES.c.id)
        .where(*within, TEXTS.c.cause == cause)
    )
    of_all = select(func.count()).select_from(CASES).where(*within)
    return int(connection.execute(of_cause).scalar_one()), int(connection.execute(of_all).scalar_one())
