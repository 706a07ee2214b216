"""Taking an import back: exactly what it made or changed, and nothing that somebody has touched since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, insert, literal_column, not_, select

from console.codes import BatchState
from console.errors import OmbudError
from console.models import AuditEntry, whole_schema
from console.models.base import table_of
from console.services.customer_records import forget_customers
from console.services.imported_promises import ImportedPromises
from console.storage.engine import Store
from console.storage.numbers import hold_imports
from console.storage.search import forget_cases, index_cases
from console.storage.unit import Work
from console.transfer.batches import OBJECT, batch_of, close_batch
from console.transfer.case_rows import (
    CASES,
    CATEGORIES,
    CUSTOMERS,
    DEPARTMENTS,
    EVENTS,
    LINKS,
    TEXTS,
    Stored,
    event_row,
    ids_by,
    read_back,
    read_stored,
    renew_promises,
    update_case,
    written,
)
from console.transfer.record_kinds import KINDS

AUDIT: Table = table_of(AuditEntry)
CHUNK = 500
TAKEN_BACK = "import_undone"
ESCALATED = "escalation"


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What taking a batch back did: cases deleted and restored, and the references of those kept since they were changed."""

    batch: int
    deleted: int
    restored: int
    kept: tuple[str, ...] = ()


def undo_batch(store: Store, batch_id: int, actor: str, zone: str = "") -> UndoReport:
    """Take back what an import batch made or changed.

    A case it made is deleted, one it changed gets its old values again; either is kept as it is, and reported, when it has been
    changed since. Categories, departments and customers it made go too, where nothing refers to them. Killed midway, it can
    be run again. ``zone`` is the one in which months of answers begin.
    Raises NotFoundError for an unknown batch, OmbudError for one that has been taken back.
    """
    with store.reading() as connection:
        batch = batch_of(connection, batch_id)
    if batch.state == BatchState.UNDONE:
        raise OmbudError(f"Import batch {batch_id} has been taken back already.", "See: ombud import list")
    if batch.kind == "responses":
        from console.transfer.response_undo import undo_responses

        return UndoReport(batch_id, *undo_responses(store, batch_id, actor, zone))
    if batch.kind in KINDS:
        from console.transfer.record_undo import undo_records

        return UndoReport(batch_id, *undo_records(store, batch_id, actor))
    deleted = restored = 0
    kept: list[str] = []
    after = 0
    while True:
        with store.writing(actor) as work:
            hold_imports(work.connection)
            events = _events(work.connection, batch_id, after)
            if not events:
                _forget_made(work.connection, batch_id)
                close_batch(work, batch_id, BatchState.UNDONE)
                work.record(
                    "import_undo", OBJECT, str(batch_id), {"deleted": deleted, "restored": restored, "kept": len(kept)}
                )
                return UndoReport(batch_id, deleted, restored, tuple(kept))
            after = events[-1][0]
            gone, back, left = _take_back(work, batch_id, events)
            deleted, restored = deleted + gone, restored + back
            kept.extend(left)
            work.record(
                "import_undo_part", OBJECT, str(batch_id), {"deleted": gone, "restored": back, "kept": len(left)}
            )


Event = tuple[int, int, str, str]
"""Event id, case id, values before, values after."""


def _events(connection: Connection, batch_id: int, after: int) -> list[Event]:
    question = (
        select(EVENTS.c.id, EVENTS.c.case_id, EVENTS.c.before, EVENTS.c.after)
        .where(EVENTS.c.import_batch_id == batch_id, EVENTS.c.id > after, EVENTS.c.verb != TAKEN_BACK)
        .order_by(EVENTS.c.id)
        .limit(CHUNK)
    )
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(question)]


def _take_back(work: Work, batch_id: int, events: Sequence[Event]) -> tuple[int, int, list[str]]:
    connection = work.connection
    stored = read_stored(connection, [case_id for _, case_id, _, _ in events], for_update=True)
    last = _last_events(connection, list(stored))
    made = [case_id for _, case_id, before, after in events if before == after == "{}"]
    referred = _referred(connection, made)
    gone = [
        case_id
        for event_id, case_id, before, after in events
        if before == after == "{}"
        and stored[case_id].version == 1
        and last[case_id] == event_id
        and case_id not in referred
    ]
    if gone:
        forget_cases(connection, gone)
        for table, key in ((EVENTS, "case_id"), (TEXTS, "case_id"), (CASES, "id")):
            connection.execute(delete(table).where(table.c[key].in_(gone)))
    taken = set(gone)
    put_back: dict[int, dict[str, Any]] = {}
    kept: list[str] = []
    for event_id, case_id, before, after in events:
        if case_id in taken:
            continue
        case = stored[case_id]
        old, new = read_back(before), read_back(after)
        if not new or last[case_id] != event_id or not _says(case, new):
            if not _is_taken_back(connection, batch_id, case_id):
                kept.append(case.reference)
            continue
        update_case(connection, case_id, old, _link_ids(connection, old), work.at, "")
        now = {**case.values, **old}
        if "subject" in old or "narrative" in old:
            index_cases(connection, [(case_id, now["subject"], now["narrative"] or "")])
        event = event_row(work, batch_id, TAKEN_BACK, case_id, "", now["state"], now["phase"])
        connection.execute(insert(EVENTS), [{**event, "before": written(new), "after": written(old)}])
        put_back[case_id] = old
    renew_promises(connection, ImportedPromises.on(connection, work.at), put_back)
    return len(gone), len(put_back), kept


def _last_events(connection: Connection, case_ids: Sequence[int]) -> dict[int, int]:
    """Return the last event of each case; that a promise was broken meanwhile is no change that somebody made."""
    question = (
        select(EVENTS.c.case_id, EVENTS.c.id)
        .where(EVENTS.c.case_id.in_(list(case_ids)), EVENTS.c.verb != ESCALATED)
        .order_by(EVENTS.c.id)
    )
    return {case_id: event_id for case_id, event_id in connection.execute(question)}  # noqa: C416 - rows are no pairs to mypy


def _says(case: Stored, values: dict[str, Any]) -> bool:
    """Whether a case still holds the values that the import gave it."""
    return all(
        json.loads(case.values[name] or "{}") == json.loads(value or "{}")
        if name == "extras"
        else (case.values[name] or "") == (value or "")
        for name, value in values.items()
    )


def _is_taken_back(connection: Connection, batch_id: int, case_id: int) -> bool:
    question = select(EVENTS.c.id).where(
        EVENTS.c.case_id == case_id, EVENTS.c.import_batch_id == batch_id, EVENTS.c.verb == TAKEN_BACK
    )
    return connection.execute(question).first() is not None


def _link_ids(connection: Connection, values: dict[str, Any]) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for name, (_, table, key) in LINKS.items():
        if values.get(name):
            found[name] = ids_by(connection, table, key, [values[name]]).get(values[name])
    return found


def references_to(target: Table) -> list[ColumnElement[bool]]:
    """Return conditions that some row refers to a row of ``target``, for every foreign key; rows that go with it do not count."""
    found: list[ColumnElement[bool]] = []
    for table in whole_schema().sorted_tables:
        other = table.alias(f"referring_{table.name}")
        for column in table.columns:
            if any(key.column.table is target and key.ondelete != "CASCADE" for key in column.foreign_keys):
                found.append(exists(select(literal_column("1")).where(other.c[column.name] == target.c.id)))
    return found


def _referred(connection: Connection, case_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for condition in references_to(CASES):
        found.update(connection.execute(select(CASES.c.id).where(CASES.c.id.in_(list(case_ids)), condition)).scalars())
    return found


def _forget_made(connection: Connection, batch_id: int) -> None:
    """Delete what the batch made beside cases, where it was not changed and nothing refers to it."""
    question = select(AUDIT.c.detail).where(
        AUDIT.c.object_kind == OBJECT, AUDIT.c.object_number == str(batch_id), AUDIT.c.action == "import"
    )
    made: dict[str, list[int]] = {}
    for (detail,) in connection.execute(question):
        for name, ids in json.loads(detail).items():
            if isinstance(ids, list):
                made.setdefault(name, []).extend(ids)
    for table in (CUSTOMERS, CATEGORIES, DEPARTMENTS):
        # Lower levels of categories were made after the ones above them.
        ids = sorted(made.get(table.name, []), reverse=True)
        free = and_(table.c.version == 1, *[not_(condition) for condition in references_to(table)])
        size = 1 if table is CATEGORIES else CHUNK
        for start in range(0, len(ids), size):
            gone = delete(table).where(table.c.id.in_(ids[start : start + size]), free).returning(table.c.id)
            deleted = list(connection.execute(gone).scalars())
            if table is CUSTOMERS:
                forget_customers(connection, deleted)
