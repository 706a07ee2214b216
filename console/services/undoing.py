"""Taking an operation back: every case is put as it was before, where nobody has changed it since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from console import clock
from console.codes import CasePhase, Role
from console.errors import ConflictError, NotAllowedError, NotFoundError, OmbudError
from console.models import Case, CaseEvent, CaseLink, CaseText, CorrectiveActionCase, Operation, Response, whole_schema
from console.models.base import UtcTime, table_of
from console.services import promises
from console.services.answering import delete_responses
from console.services.case_histories import hold
from console.services.errands import Outcome
from console.services.handling import PART, Report
from console.services.policies import PolicyBook, policy_book
from console.services.workers import worker_of
from console.storage.engine import Store
from console.storage.search import forget_cases
from console.storage.unit import Work

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
EVENTS: Table = table_of(CaseEvent)
LINKS: Table = table_of(CaseLink)
ACTION_CASES: Table = table_of(CorrectiveActionCase)
OPERATIONS: Table = table_of(Operation)
RESPONSES: Table = table_of(Response)

MAY_UNDO_OTHERS = frozenset({Role.LEAD.value, Role.ADMINISTRATOR.value})


@dataclass(frozen=True, slots=True)
class _Undoing:
    """One taking back: of which operation, as which new operation, when, under which rules."""

    work: Work
    operation: int
    undone_by: int
    now: datetime
    book: PolicyBook

    @property
    def connection(self) -> Connection:
        """The connection of the open transaction."""
        return self.work.connection


def undo(store: Store, operation: int, *, actor: str, now: datetime | None = None) -> Report:
    """Take an operation back, and return what became of each of its cases.

    A case that was changed since is skipped and stays as it is. Raises NotFoundError for an operation that is none,
    OmbudError for one taken back already, NotAllowedError for somebody else's, unless a lead or an administrator asks.
    """
    moment = (now or clock.now()).replace(microsecond=0)
    with store.reading() as connection:
        _check_may_undo(connection, operation, actor)
        case_ids = list(
            connection.execute(
                select(EVENTS.c.case_id)
                .where(EVENTS.c.operation_id == operation, EVENTS.c.is_undone.is_(False))
                .group_by(EVENTS.c.case_id)
                .order_by(func.max(EVENTS.c.id).desc())
            ).scalars()
        )
    outcomes: list[Outcome] = []
    undone_by: int | None = None
    for start in range(0, len(case_ids), PART):
        part = case_ids[start : start + PART]
        is_last = start + PART >= len(case_ids)

        def take_back(
            work: Work, part: Sequence[int] = part, begun: int | None = undone_by, is_last: bool = is_last
        ) -> tuple[int | None, list[Outcome]]:
            return _taken_back(work, operation, part, begun, moment, is_last=is_last)

        undone_by, found = store.write(actor, take_back)
        outcomes.extend(found)
    return Report("undo", undone_by, tuple(outcomes))


def _check_may_undo(connection: Connection, operation: int, actor: str) -> None:
    worker = worker_of(connection, actor)
    row = connection.execute(select(OPERATIONS).where(OPERATIONS.c.id == operation)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"There is no operation {operation}.", "Its number stands in the message it ended with.")
    if row["verb"] == "undo":
        raise OmbudError(f"Operation {operation} took another one back.", "Do it again instead.")
    if row["undone_by_id"] is not None:
        raise OmbudError(f"Operation {operation} was taken back already.")
    if row["actor"] != worker.login and worker.role not in MAY_UNDO_OTHERS:
        raise NotAllowedError(f"Operation {operation} was done by {row['actor']}.", "Ask a lead to take it back.")


def _taken_back(
    work: Work, operation: int, case_ids: Sequence[int], undone_by: int | None, now: datetime, *, is_last: bool
) -> tuple[int | None, list[Outcome]]:
    """Take one part back in the open transaction; return the undoing operation, None while nothing was taken back."""
    connection = work.connection
    is_begun = undone_by is not None
    wanted = CASES.c.id.in_(list(case_ids))
    hold(connection, case_ids)
    cases = {row["id"]: row for row in connection.execute(select(CASES).where(wanted)).mappings()}
    if undone_by is None:
        begun = insert(OPERATIONS).values(at=now, actor=work.actor, verb="undo", report="{}").returning(OPERATIONS.c.id)
        undone_by = int(connection.execute(begun).scalar_one())
    undoing = _Undoing(work, operation, undone_by, now, policy_book(connection))
    steps = _steps(connection, operation, case_ids)
    outcomes: list[Outcome] = []
    changed: list[int] = []
    gone: set[int] = set()
    for case_id in case_ids:
        if case_id in gone or case_id not in cases or case_id not in steps:
            continue
        case = cases[case_id]
        try:
            with connection.begin_nested():
                said, removed = _one_taken_back(undoing, case, steps[case_id])
        except IntegrityError:
            outcomes.append(Outcome(case["reference"], False, "something else leads to it since"))
            continue
        except OmbudError as error:
            outcomes.append(Outcome(case["reference"], False, error.message))
            continue
        outcomes.append(Outcome(case["reference"], True, said))
        gone |= removed
        if case_id not in removed:
            changed.append(case_id)
    outcomes.reverse()
    is_done = any(outcome.is_done for outcome in outcomes)
    if is_last and (is_done or is_begun):
        connection.execute(update(OPERATIONS).where(OPERATIONS.c.id == operation).values(undone_by_id=undone_by))
    elif not is_done:
        work.abandon()
        return (undone_by if is_begun else None), outcomes
    promises.recompute(connection, changed, undoing.book, now=now)
    work.record("undo", "operation", str(operation), {"by": undone_by, "cases": len(changed)})
    return undone_by, outcomes


def _steps(connection: Connection, operation: int, case_ids: Sequence[int]) -> dict[int, list[RowMapping]]:
    """Return what an operation did to each case, the last step first."""
    found: dict[int, list[RowMapping]] = {}
    rows = connection.execute(
        select(EVENTS)
        .where(EVENTS.c.operation_id == operation, EVENTS.c.is_undone.is_(False), EVENTS.c.case_id.in_(list(case_ids)))
        .order_by(EVENTS.c.id.desc())
    ).mappings()
    for row in rows:
        found.setdefault(row["case_id"], []).append(row)
    return found


def _one_taken_back(undoing: _Undoing, case: RowMapping, steps: Sequence[RowMapping]) -> tuple[str, set[int]]:
    """Take the steps of an operation on one case back; return what it is then, and the ids of cases that are gone.

    Raises OmbudError where that cannot be.
    """
    connection = undoing.connection
    _check_is_latest(connection, case, steps[0])
    before: dict[str, Any] = {}
    created: list[tuple[str, dict[str, Any]]] = []
    for step in steps:
        before.update(json.loads(step["before"]))
        created.extend(reversed([(table, key) for table, key in json.loads(step["after"]).get("created", [])]))
    if (CASES.name, {"id": case["id"]}) in created:
        _remove(connection, case["id"])
        return "removed again", {int(case["id"])}
    removed: set[int] = set()
    for table, key in created:
        if table == CASES.name:
            if connection.execute(select(CASES.c.version).where(CASES.c.id == key["id"])).scalar() not in (None, 1):
                raise ConflictError("what was split off it was changed since")
            _remove(connection, key["id"])
            removed.add(key["id"])
        elif table == RESPONSES.name:
            delete_responses(undoing.work, [key["id"]])
        else:
            _delete(connection, table, key)
    _check_leaves_nobody(connection, case, before, steps[-1]["id"])
    _restore(connection, case, before, undoing.now)
    ids = [step["id"] for step in steps]
    connection.execute(update(EVENTS).where(EVENTS.c.id.in_(ids)).values(is_undone=True))
    newest = connection.execute(
        select(func.max(EVENTS.c.at, type_=EVENTS.c.at.type)).where(EVENTS.c.case_id == case["id"])
    ).scalar_one()
    workflow = undoing.book.of(case["policy_id"], case["received_at"]).policy.workflow
    state = before.get("state", case["state"])
    event = {
        "case_id": case["id"],
        "at": max(undoing.now, newest),
        "actor": undoing.work.actor,
        "verb": "undo",
        "note": ", ".join(step["verb"] for step in reversed(steps)),
        "before": steps[0]["after"],
        "after": json.dumps({**before, "version": case["version"] + 1}, ensure_ascii=False),
        "state": state,
        "phase": before.get("phase", str(workflow.phase(state))),
        "origin": "system",
        "is_public": False,
        "is_undone": False,
        "operation_id": undoing.undone_by,
    }
    connection.execute(insert(EVENTS).values(event))
    return str(state), removed


def _check_is_latest(connection: Connection, case: RowMapping, step: RowMapping) -> None:
    """Refuse a case on which something was done since; what was done and taken back again does not count.

    Every event makes the version greater by one, so that a change without an event is seen too.
    """
    later = connection.execute(
        select(EVENTS.c.verb, EVENTS.c.is_undone).where(EVENTS.c.case_id == case["id"], EVENTS.c.id > step["id"])
    ).all()
    stands = any(verb != "undo" and not is_undone for verb, is_undone in later)
    if stands or json.loads(step["after"]).get("version") != case["version"] - len(later):
        raise ConflictError("it was changed since")


def _check_leaves_nobody(connection: Connection, case: RowMapping, before: dict[str, Any], step: int) -> None:
    """Refuse to undo what would leave a merged case unanswered.

    That is to close a case again into which others were merged since, and to merge one again into what was closed since.
    """
    stands = (EVENTS.c.is_undone.is_(False), EVENTS.c.id > step)
    if before.get("phase") == CasePhase.CLOSED.value and before.get("merged_into_id") is None:
        merged = select(CASES.c.id).where(CASES.c.merged_into_id == case["id"])
        since = select(EVENTS.c.id).where(EVENTS.c.case_id.in_(merged), EVENTS.c.verb == "merge", *stands)
        if connection.execute(since.limit(1)).first() is not None:
            raise ConflictError("other cases were merged into it since")
    if before.get("merged_into_id") is not None:
        closed = select(EVENTS.c.id).where(
            EVENTS.c.case_id == before["merged_into_id"],
            EVENTS.c.phase == CasePhase.CLOSED.value,
            EVENTS.c.verb != "undo",
            *stands,
        )
        if connection.execute(closed.limit(1)).first() is not None:
            raise ConflictError("what it was merged into was closed since")


def _restore(connection: Connection, case: RowMapping, before: dict[str, Any], now: datetime) -> None:
    values = {name: _decoded(CASES, name, value) for name, value in before.items() if name in CASES.c}
    connection.execute(
        update(CASES)
        .where(and_(CASES.c.id == case["id"], CASES.c.version == case["version"]))
        .values(**values, version=case["version"] + 1, updated_at=max(now, case["updated_at"]))
    )
    texts = {name: value for name, value in before.items() if name in TEXTS.c and name not in CASES.c}
    if texts:
        connection.execute(update(TEXTS).where(TEXTS.c.case_id == case["id"]).values(texts))


def _decoded(table: Table, name: str, value: Any) -> Any:
    if isinstance(table.c[name].type, UtcTime) and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def _remove(connection: Connection, case_id: int) -> None:
    """Take a case away that the operation itself made. Raises ConflictError where another case leads to it."""
    merged = select(CASES.c.id).where(CASES.c.merged_into_id == case_id)
    linked = select(LINKS.c.id).where(or_(LINKS.c.case_id == case_id, LINKS.c.other_id == case_id))
    if connection.execute(merged.union_all(linked).limit(1)).first() is not None:
        raise ConflictError("another case was merged into it or linked to it since")
    earlier = connection.execute(select(CASES.c.repeat_of_id).where(CASES.c.id == case_id)).scalar()
    connection.execute(
        update(CASES)
        .where(CASES.c.repeat_of_id == case_id)
        .values(repeat_of_id=earlier, times_repeated=CASES.c.times_repeated - 1)
    )
    forget_cases(connection, [case_id])
    connection.execute(delete(CASES).where(CASES.c.id == case_id))


def _delete(connection: Connection, name: str, key: dict[str, Any]) -> None:
    """Take a row away that the operation made. Raises ConflictError where somebody has worked on it since.

    A corrective action that other cases belong to since stays, and so does a notice that was sent.
    """
    table = whole_schema().tables[name]
    here = and_(*(table.c[column] == value for column, value in key.items()))
    row = connection.execute(select(table).where(here)).mappings().one_or_none()
    if row is None:
        return
    if row.get("version", 1) != 1:
        raise ConflictError("what it began was changed since")
    if name == "corrective_actions":
        others = select(func.count()).where(ACTION_CASES.c.action_id == row["id"])
        if connection.execute(others).scalar_one():
            return
    if row.get("sent_at") is None:
        connection.execute(delete(table).where(here))
