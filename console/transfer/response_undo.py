"""Taking an import of answers back: responses it made are deleted, those it changed say again what they said."""

from __future__ import annotations

import json

from sqlalchemy import Connection, Table, delete, exists, not_, select

from console.codes import BatchState
from console.errors import OmbudError
from console.models import AuditEntry, Indicator, ResponseChange, SampleMember, Survey, WeightSet
from console.models.base import table_of
from console.services.answer_exclusion import refresh_haste
from console.services.answering import (
    ANSWER_TEXTS,
    ANSWERS,
    RESPONSES,
    delete_responses,
    read_responses,
    rewrite_response,
)
from console.storage.engine import Store
from console.storage.numbers import hold_imports
from console.transfer.batches import OBJECT, batch_of, close_batch
from console.transfer.response_changes import said_back

CHANGES: Table = table_of(ResponseChange)
AUDIT: Table = table_of(AuditEntry)
SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)
MEMBERS: Table = table_of(SampleMember)
WEIGHT_SETS: Table = table_of(WeightSet)
PART = 200


def undo_responses(store: Store, batch_id: int, actor: str, zone: str = "") -> tuple[int, int, tuple[str, ...]]:
    """Take back what an import of answers did: return how many responses were deleted and restored, and the numbers kept.

    A response that a later import or a person has changed since is kept. The survey and the items it made go too, where
    nothing hangs on them. Killed midway, it can be run again. ``zone`` is the one months begin in. Raises NotFoundError, and
    OmbudError for a batch taken back.
    """
    with store.reading() as connection:
        if batch_of(connection, batch_id).state == BatchState.UNDONE:
            raise OmbudError(f"Import batch {batch_id} has been taken back already.", "See: ombud import list")
    restored, kept = _restore(store, batch_id, actor, zone)
    deleted, later = _delete(store, batch_id, actor)
    kept += later
    with store.writing(actor) as work:
        refresh_haste(work)
        _forget_made(work.connection, batch_id)
        close_batch(work, batch_id, BatchState.UNDONE)
        work.record("import_undo", OBJECT, str(batch_id), {"deleted": deleted, "restored": restored, "kept": len(kept)})
    return deleted, restored, tuple(kept)


def _restore(store: Store, batch_id: int, actor: str, zone: str) -> tuple[int, list[str]]:
    """Give changed responses back what they said, the newest change first; one that says something else now is kept."""
    restored = 0
    kept: list[str] = []
    while True:
        with store.writing(actor) as work:
            hold_imports(work.connection)
            rows = work.connection.execute(
                select(CHANGES).where(CHANGES.c.batch_id == batch_id).order_by(CHANGES.c.id.desc()).limit(PART)
            ).all()
            if not rows:
                work.abandon()
                return restored, kept
            gone = [row.id for row in rows]
            work.connection.execute(delete(CHANGES).where(CHANGES.c.id.in_(gone)))
            for row in rows:
                now = read_responses(work.connection, [row.response_id]).get(row.response_id)
                (before, month), (after, _) = said_back(row.before), said_back(row.after)
                if now is None or now.digest != after.digest:
                    kept.append(after.number)
                    continue
                rewrite_response(work, row.response_id, now, before, zone, month)
                restored += 1
            work.record("import_undo_part", OBJECT, str(batch_id), {"restored": restored, "kept": len(kept)})


def _delete(store: Store, batch_id: int, actor: str) -> tuple[int, list[str]]:
    changed = exists().where(CHANGES.c.response_id == RESPONSES.c.id)
    deleted = 0
    while True:
        with store.writing(actor) as work:
            hold_imports(work.connection)
            ids = list(
                work.connection.execute(
                    select(RESPONSES.c.id).where(RESPONSES.c.batch_id == batch_id, not_(changed)).limit(PART)
                ).scalars()
            )
            if not ids:
                kept = list(
                    work.connection.execute(
                        select(RESPONSES.c.number).where(RESPONSES.c.batch_id == batch_id)
                    ).scalars()
                )
                work.abandon()
                return deleted, kept
            deleted += delete_responses(work, ids)
            work.record("import_undo_part", OBJECT, str(batch_id), {"deleted": len(ids)})


def _forget_made(connection: Connection, batch_id: int) -> None:
    """Delete the items and surveys that the batch made, where nobody has answered them since and nothing is planned."""
    made: dict[str, list[int]] = {}
    question = select(AUDIT.c.detail).where(
        AUDIT.c.object_kind == OBJECT, AUDIT.c.object_number == str(batch_id), AUDIT.c.action == "import"
    )
    for (detail,) in connection.execute(question):
        for name, ids in json.loads(detail).items():
            if isinstance(ids, list):
                made.setdefault(name, []).extend(ids)
    child = INDICATORS.alias("child")
    is_used = [
        exists().where(ANSWERS.c.indicator_id == INDICATORS.c.id),
        exists().where(ANSWER_TEXTS.c.indicator_id == INDICATORS.c.id),
        exists().where(child.c.parent_id == INDICATORS.c.id),
    ]
    for indicator_id in sorted(made.get("indicators", []), reverse=True):
        connection.execute(
            delete(INDICATORS).where(INDICATORS.c.id == indicator_id, *[not_(condition) for condition in is_used])
        )
    for survey_id in made.get("surveys", []):
        is_needed = [
            exists().where(table.c.survey_id == SURVEYS.c.id) for table in (INDICATORS, RESPONSES, MEMBERS, WEIGHT_SETS)
        ]
        connection.execute(
            delete(SURVEYS).where(SURVEYS.c.id == survey_id, *[not_(condition) for condition in is_needed])
        )
