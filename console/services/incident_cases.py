"""The cases under an incident: hanging them there, taking them out on purpose, and answering them together (requirement B8).

Attaching and detaching are operations like the verbs: part by part, each case with its event, and taken back by ``undo``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, insert, select, update

from console import clock
from console.codes import CasePhase
from console.errors import ConflictError
from console.models import Case, CaseEvent, Incident, Operation
from console.models.base import table_of
from console.services import handling, promises
from console.services.entering import stored
from console.services.errands import operation_under, write_report
from console.services.handling import Outcome, Report
from console.services.incidents import DETACH, incident_row
from console.services.staffing import HANDLERS, required
from console.storage.engine import Store
from console.storage.unit import Work

CASES: Table = table_of(Case)
EVENTS: Table = table_of(CaseEvent)
INCIDENTS: Table = table_of(Incident)
OPERATIONS: Table = table_of(Operation)

ATTACH = "attach"
PART = handling.PART

Progress = Callable[[int, int], bool]


def attach(
    store: Store,
    number: str,
    case_ids: Sequence[int],
    *,
    actor: str,
    now: datetime | None = None,
    key: str | None = None,
    is_dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Hang cases under an incident, and return what became of each; one that hangs under another is skipped.

    Under a ``key`` used before, what was begun is finished and nothing is done twice; ``progress(done, total)`` may return
    False to stop between two parts. Raises NotFoundError for a number of no incident, NotAllowedError for who handles no cases.
    """
    return _moved(store, _Move(ATTACH, number, actor, now or clock.now(), key), case_ids, is_dry_run, progress)


def detach(
    store: Store,
    number: str,
    case_ids: Sequence[int],
    *,
    actor: str,
    now: datetime | None = None,
    key: str | None = None,
    is_dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Take cases out from under an incident; they stay exceptions that no search proposes again. Raises as ``attach``."""
    return _moved(store, _Move(DETACH, number, actor, now or clock.now(), key), case_ids, is_dry_run, progress)


def reply(
    store: Store,
    number: str,
    given: Mapping[str, str],
    *,
    actor: str,
    now: datetime | None = None,
    key: str | None = None,
    is_dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Answer all open cases under an incident together, each by its own workflow; ``given`` are the fields of a reply.

    What was detached is not among them. Raises NotFoundError, UsageError for a field that means nothing.
    """
    with store.reading() as connection:
        row = incident_row(connection, number)
        case_ids = list(
            connection.execute(
                select(CASES.c.id)
                .where(CASES.c.incident_id == row["id"], CASES.c.phase != CasePhase.CLOSED.value)
                .order_by(CASES.c.id)
            ).scalars()
        )
    return handling.perform(
        store, "reply", case_ids, given, actor=actor, now=now, key=key, is_dry_run=is_dry_run, progress=progress
    )


@dataclass(frozen=True, slots=True)
class _Move:
    """One errand of attaching or detaching."""

    verb: str
    number: str
    actor: str
    now: datetime
    key: str | None


def _moved(store: Store, move: _Move, case_ids: Sequence[int], is_dry_run: bool, progress: Progress | None) -> Report:
    wanted = list(dict.fromkeys(case_ids))
    with store.reading() as connection:
        required(connection, move.actor, HANDLERS, f"{move.verb} cases")
        incident = incident_row(connection, move.number)
        if is_dry_run:
            tried = [_decided(move.verb, incident, row) for row in _rows(connection, wanted)]
            return Report(move.verb, None, tuple(tried))
        begun = operation_under(connection, move.key, move.verb, move.actor) if move.key else None
    if begun is not None and begun.is_complete:
        return Report(move.verb, begun.id, begun.outcomes)
    operation = begun.id if begun is not None else None
    outcomes: list[Outcome] = []
    come_to = 0
    for start in range(0, len(wanted), PART):
        part = wanted[start : start + PART]

        def do(
            work: Work, part: Sequence[int] = part, operation: int | None = operation
        ) -> tuple[list[Outcome], int | None]:
            return _part(work, move, incident, part, operation)

        done, operation = store.write(move.actor, do)
        outcomes.extend(done)
        come_to = start + len(part)
        if progress is not None and not progress(come_to, len(wanted)):
            break
    if operation is not None:
        opened, is_complete = operation, come_to == len(wanted)

        def close(work: Work) -> None:
            write_report(work.connection, opened, outcomes, is_complete=is_complete)
            work.record(f"{move.verb} done", "operation", str(opened), {"cases": len(outcomes)})

        store.write(move.actor, close)
    return Report(move.verb, operation, tuple(outcomes), len(wanted) - come_to)


def _part(
    work: Work, move: _Move, incident: RowMapping, case_ids: Sequence[int], operation: int | None
) -> tuple[list[Outcome], int | None]:
    connection = work.connection
    connection.execute(
        select(CASES.c.id).where(CASES.c.id.in_(list(case_ids))).order_by(CASES.c.id).with_for_update()
    ).all()
    done_before = _done_before(connection, operation)
    target = incident["id"] if move.verb == ATTACH else None
    outcomes: list[Outcome] = []
    events: list[dict[str, Any]] = []
    opened = operation
    for row in _rows(connection, case_ids):
        outcome = _decided(move.verb, incident, row)
        if row["id"] in done_before:
            outcome = Outcome(row["reference"], True, _done_text(move.verb, incident["number"]))
        elif outcome.is_done:
            opened = opened if opened is not None else _opened(connection, move)
            events.append(_written(connection, move, incident, row, target, opened))
        outcomes.append(outcome)
    if not events:
        work.abandon()
        return outcomes, operation
    connection.execute(insert(EVENTS), events)
    promises.recompute(connection, [event["case_id"] for event in events], now=move.now)
    references = [outcome.reference for outcome in outcomes if outcome.is_done]
    work.record(move.verb, "incident", incident["number"], {"operation": opened, "cases": references})
    return outcomes, opened


def _opened(connection: Connection, move: _Move) -> int:
    values = {"at": move.now, "actor": move.actor, "verb": move.verb, "idempotency_key": move.key, "report": "{}"}
    return int(connection.execute(insert(OPERATIONS).values(values).returning(OPERATIONS.c.id)).scalar_one())


def _done_before(connection: Connection, operation: int | None) -> set[int]:
    if operation is None:
        return set()
    return set(connection.execute(select(EVENTS.c.case_id).where(EVENTS.c.operation_id == operation)).scalars())


def _decided(verb: str, incident: RowMapping, row: RowMapping) -> Outcome:
    number = incident["number"]
    if verb == DETACH:
        if row["incident_id"] != incident["id"]:
            return Outcome(row["reference"], False, f"it is not under {number}")
    elif row["incident_id"] == incident["id"]:
        return Outcome(row["reference"], False, f"it is under {number} already")
    elif row["incident_id"] is not None:
        return Outcome(row["reference"], False, f"it is under {row['incident_number']}; detach it there first")
    return Outcome(row["reference"], True, _done_text(verb, number))


def _done_text(verb: str, number: str) -> str:
    return f"under {number}" if verb == ATTACH else f"no longer under {number}"


def _written(
    connection: Connection, move: _Move, incident: RowMapping, row: RowMapping, target: int | None, operation: int
) -> dict[str, Any]:
    """Write the change of one case and return its event."""
    at = max(move.now, row["last_at"] or move.now)
    written = connection.execute(
        update(CASES)
        .where(CASES.c.id == row["id"], CASES.c.version == row["version"])
        .values(incident_id=target, version=row["version"] + 1, updated_at=at)
    )
    if written.rowcount != 1:
        raise ConflictError(f"{row['reference']} was changed by somebody else just now.", "Try again.")
    return {
        "case_id": row["id"],
        "at": at,
        "actor": move.actor,
        "verb": move.verb,
        "note": incident["number"],
        "before": stored({"incident_id": row["incident_id"]}),
        "after": stored({"incident_id": target}, version=row["version"] + 1),
        "state": row["state"],
        "phase": row["phase"],
        "origin": "staff",
        "is_public": False,
        "is_undone": False,
        "operation_id": operation,
    }


def _rows(connection: Connection, case_ids: Sequence[int]) -> list[RowMapping]:
    """Return the cases in the order asked, each with the incident it hangs under and the time of its last event."""
    rows: dict[int, RowMapping] = {}
    for start in range(0, len(case_ids), PART):
        part = list(case_ids[start : start + PART])
        last = (
            select(EVENTS.c.case_id, func.max(EVENTS.c.at, type_=EVENTS.c.at.type).label("last_at"))
            .where(EVENTS.c.case_id.in_(part))
            .group_by(EVENTS.c.case_id)
            .subquery()
        )
        question = (
            select(CASES, INCIDENTS.c.number.label("incident_number"), last.c.last_at)
            .select_from(CASES)
            .join(INCIDENTS, INCIDENTS.c.id == CASES.c.incident_id, isouter=True)
            .join(last, last.c.case_id == CASES.c.id, isouter=True)
            .where(CASES.c.id.in_(part))
        )
        rows.update((row["id"], row) for row in connection.execute(question).mappings())
    return [rows[case_id] for case_id in case_ids if case_id in rows]
