"""Import batches: how far an import has come, what it refused, and which there were."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from console.codes import BatchState
from console.errors import ConflictError, NotFoundError
from console.models import ImportBatch, RefusedRow
from console.models.base import table_of
from console.storage.engine import Store
from console.storage.unit import Work

BATCHES = table_of(ImportBatch)
REFUSED = table_of(RefusedRow)
OBJECT = "import_batch"
"""What the record calls a batch."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a file by what became of them; ``read`` is the sum of the others."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.read + other.read,
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.rejected + other.rejected,
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken: where it stands, why, and what it said."""

    file: str
    line: int
    column: str
    reason: str
    content: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One run of an import over one file; ``position`` counts the records of the file that are behind it."""

    id: int
    kind: str
    profile: str
    file_name: str
    digest: str
    actor: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    position: int
    counts: Counts


_COLUMNS = (
    BATCHES.c.id, BATCHES.c.kind, BATCHES.c.profile, BATCHES.c.file_name, BATCHES.c.digest, BATCHES.c.actor, BATCHES.c.state,
    BATCHES.c.started_at, BATCHES.c.finished_at, BATCHES.c.position, BATCHES.c.read, BATCHES.c.created, BATCHES.c.updated,
    BATCHES.c.unchanged, BATCHES.c.rejected,
)  # fmt: skip


def list_batches(store: Store) -> list[Batch]:
    """Return every batch, newest first."""
    with store.reading() as connection:
        rows = connection.execute(select(*_COLUMNS).order_by(BATCHES.c.id.desc())).all()
    return [Batch(*row[:10], Counts(*row[10:])) for row in rows]


def batch_of(connection: Connection, batch_id: int) -> Batch:
    """Return one batch. Raises NotFoundError."""
    row = connection.execute(select(*_COLUMNS).where(BATCHES.c.id == batch_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no import batch {batch_id}.", "See: ombud import list")
    return Batch(*row[:10], Counts(*row[10:]))


def unfinished(connection: Connection, kind: str, profile: str, digest: str) -> Batch | None:
    """Return the newest batch of the same file by the same profile, if it did not come to its end."""
    question = (
        select(*_COLUMNS)
        .where(BATCHES.c.kind == kind, BATCHES.c.profile == profile, BATCHES.c.digest == digest)
        .order_by(BATCHES.c.id.desc())
        .limit(1)
    )
    row = connection.execute(question).one_or_none()
    if row is None or row.state not in (BatchState.RUNNING, BatchState.FAILED):
        return None
    return Batch(*row[:10], Counts(*row[10:]))


def open_batch(work: Work, kind: str, profile: str, file_name: str, digest: str) -> int:
    """Make a batch and return its id."""
    made = work.connection.execute(
        insert(BATCHES)
        .values(
            kind=kind,
            profile=profile,
            file_name=file_name[:500],
            digest=digest,
            actor=work.actor,
            state=BatchState.RUNNING.value,
            started_at=work.at,
            position=0,
            read=0,
            created=0,
            updated=0,
            unchanged=0,
            rejected=0,
        )
        .returning(BATCHES.c.id)
    ).scalar_one()
    work.record("import_start", OBJECT, str(made), {"kind": kind, "profile": profile, "file_sha256": digest})
    return int(made)


def advance(work: Work, batch_id: int, behind: int, position: int, counts: Counts, refusals: Iterable[Refusal]) -> None:
    """Move the checkpoint of a batch from ``behind`` to ``position`` in the transaction that wrote the rows between them.

    Raises ConflictError when another run has moved it meanwhile.
    """
    moved = work.connection.execute(
        update(BATCHES)
        .where(
            BATCHES.c.id == batch_id,
            BATCHES.c.position == behind,
            BATCHES.c.state.in_([BatchState.RUNNING.value, BatchState.FAILED.value]),
        )
        .values(
            position=position,
            state=BatchState.RUNNING.value,
            read=counts.read,
            created=counts.created,
            updated=counts.updated,
            unchanged=counts.unchanged,
            rejected=counts.rejected,
        )
    ).rowcount
    if moved != 1:
        raise ConflictError(
            f"Somebody else is going on with import batch {batch_id}.",
            "Wait for it, then run this again: nothing doubles.",
        )
    rows = [
        {
            "batch_id": batch_id,
            "line": refusal.line,
            "column": refusal.column[:200],
            "reason": refusal.reason,
            "content": refusal.content,
        }
        for refusal in refusals
    ]
    if rows:
        work.connection.execute(insert(REFUSED), rows)


def close_batch(work: Work, batch_id: int, state: BatchState) -> None:
    """Say how a batch ended; one that was taken back meanwhile stays taken back."""
    work.connection.execute(
        update(BATCHES)
        .where(BATCHES.c.id == batch_id, BATCHES.c.state != BatchState.UNDONE.value)
        .values(state=state.value, finished_at=work.at)
    )
