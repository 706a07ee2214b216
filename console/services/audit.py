"""Reading the record of who did what, and checking that nobody changed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, select

from console.models import AuditEntry
from console.models.base import table_of
from console.storage.engine import Store
from console.storage.unit import GENESIS, audit_digest

ENTRIES: Table = table_of(AuditEntry)
PART = 5_000


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry of the record."""

    id: int
    at: datetime
    actor: str
    action: str
    object_kind: str
    object_number: str
    detail: str


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """What a walk along the chain found; ``broken_at`` is the first entry that does not follow from those before it."""

    entries: int
    head: str
    broken_at: int | None = None


def verify(store: Store) -> AuditCheck:
    """Walk the whole record and compute each digest again.

    A changed, removed, inserted or exchanged entry breaks the chain where it stands. That entries were cut off at the end is
    seen only by comparing ``head`` with one that was noted elsewhere.
    """
    previous, checked, last_id = GENESIS, 0, 0
    with store.reading() as connection:
        while True:
            rows = connection.execute(
                select(ENTRIES).where(ENTRIES.c.id > last_id).order_by(ENTRIES.c.id).limit(PART)
            ).all()
            for row in rows:
                digest = audit_digest(
                    row.at, row.actor, row.action, row.object_kind, row.object_number, row.detail, previous
                )
                if row.previous_digest != previous or row.digest != digest:
                    return AuditCheck(checked, previous, row.id)
                previous, last_id = row.digest, row.id
                checked += 1
            if len(rows) < PART:
                return AuditCheck(checked, previous)


def log(store: Store, *, actor: str = "", object_number: str = "", limit: int = 100) -> tuple[AuditRow, ...]:
    """Return the newest entries first, of one actor or one object where they are named."""
    columns = ("id", "at", "actor", "action", "object_kind", "object_number", "detail")
    question = select(*(ENTRIES.c[name] for name in columns)).order_by(ENTRIES.c.id.desc()).limit(limit)
    if actor:
        question = question.where(ENTRIES.c.actor == actor)
    if object_number:
        question = question.where(ENTRIES.c.object_number == object_number)
    with store.reading() as connection:
        return tuple(AuditRow(*tuple(row)) for row in connection.execute(question))


def has_digest(store: Store, digest: str) -> bool:
    """Return whether an entry with this digest is on the record; the beginning counts as one."""
    with store.reading() as connection:
        return (
            digest == GENESIS
            or connection.execute(select(ENTRIES.c.id).where(ENTRIES.c.digest == digest)).first() is not None
        )
