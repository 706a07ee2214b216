"""The run of an import over files, the same for every kind: batches, short transactions, checkpoints, refusals, progress.

A kind says how its rows are read and written (``Kind``, ``FileKind``); what is here makes that repeatable, resumable and told.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection

from console.codes import BatchState
from console.errors import OmbudError, UsageError
from console.storage.engine import Store
from console.storage.numbers import hold_imports
from console.storage.unit import Work
from console.text import clean_line
from console.transfer.batches import OBJECT, Counts, Refusal, advance, close_batch, open_batch, unfinished
from console.transfer.rejects import RejectsFile
from console.transfer.source_rows import SourceOptions
from console.transfer.sources import Source, open_source

SHOWN_REFUSALS = 20
ON_ERROR = ("skip", "stop")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: the file, the records read of it, and the share of its bytes, 0 to 1."""

    file: str
    read: int
    share: float


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    ``batch`` is the last batch and ``batches`` all of them (none in a dry run); ``refusals`` are the first refused rows;
    ``changes`` counts updated fields by name; ``stopped`` is the row that ended an import which was to stop at the first error.
    """

    counts: Counts
    seconds: float
    batches: tuple[int, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    changes: tuple[tuple[str, int], ...] = ()
    stopped: Refusal | None = None
    resumed_at: int = 0
    is_dry_run: bool = False

    @property
    def batch(self) -> int | None:
        """The last batch, or None in a dry run."""
        return self.batches[-1] if self.batches else None

    @property
    def rows_per_second(self) -> float:
        """Records read in a second."""
        return self.counts.read / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asked an import to do, whatever its kind."""

    actor: str
    dry_run: bool = False
    on_error: str = "skip"
    resume: bool = False
    rejects: Path | None = None
    progress: Callable[[Progress], None] | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How many records go into one transaction: the first, the fewest, the most.

    The next one is made smaller where the last took longer than ``long_seconds``, for which others had to wait.
    """

    first: int = 200
    fewest: int = 100
    most: int = 1_000
    long_seconds: float = 0.1

    def next(self, size: int, seconds: float) -> int:
        """Return the number of records after ``size`` of them took so many seconds."""
        if seconds > self.long_seconds:
            return max(self.fewest, size * 2 // 3)
        return min(self.most, size * 3 // 2) if seconds < self.long_seconds / 2 else size


@dataclass(frozen=True, slots=True)
class Refused:
    """A row not taken: where it stands, why, and what it said.

    ``kept`` is what the database may keep of it, where that is less than what goes into the file of refused rows.
    """

    line: int
    column: str
    reason: str
    content: str
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Taken(Generic[R]):
    """What one row, or the ``rows`` that belong together, came to: a record, a refusal, or nothing new where both are None."""

    record: R | None = None
    refused: Refused | None = None
    rows: int = 1


@dataclass(slots=True)
class Outcome:
    """What writing some records came to; ``changes`` counts updated fields, ``made`` holds ids for the record."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=Counter)
    made: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where records are written: in which transaction, batch and file."""

    work: Work
    batch_id: int
    file_name: str


class FileKind(Protocol[R]):
    """One file of an import, as its kind reads and writes it."""

    def prepare(self, store: Store) -> None:
        """Raise OmbudError for what makes the file as a whole unfit, before a batch is opened."""

    def taken(self) -> Iterator[Taken[R]]:
        """Yield what the rows of the file come to, the same each time the file is read."""

    def write(self, connection: Connection, records: Sequence[R], place: Place | None) -> Outcome:
        """Write records, or only say what they would come to where there is no place to write."""

    def close(self, work: Work) -> None:
        """Do what is left once the last record is written."""


class Kind(Protocol[R]):
    """A kind of import with its profile; ``profile`` is the name that tells one batch of a file from another."""

    @property
    def kind(self) -> str: ...

    @property
    def profile(self) -> str: ...

    @property
    def options(self) -> SourceOptions: ...

    @property
    def pace(self) -> Pace: ...

    def check(self, columns: Sequence[str], file_name: str) -> None:
        """Raise OmbudError where a file lacks a column."""

    def open(self, source: Source, stack: ExitStack) -> FileKind[R]:
        """Return the reader and writer of one file; what has to be closed after it goes onto the stack."""


@dataclass(slots=True)
class Total:
    """What all files of one import come to."""

    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    batches: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=Counter)
    stopped: Refusal | None = None
    resumed_at: int = 0

    def report(self, *, is_dry_run: bool) -> ImportReport:
        """Return what is told of the import."""
        return ImportReport(
            counts=self.counts,
            seconds=self.seconds,
            batches=tuple(self.batches),
            refusals=tuple(self.refusals),
            changes=tuple(sorted(self.changes.items())),
            stopped=self.stopped,
            resumed_at=self.resumed_at,
            is_dry_run=is_dry_run,
        )


def run_import(store: Store, paths: str | Path | Sequence[str | Path], kind: Kind[R], order: Order) -> ImportReport:
    """Import files of one kind, each as a batch of its own, in transactions of some hundred records.

    ``resume`` goes on behind the checkpoint of the newest unfinished batch of the same file. Raises UsageError for a file or
    option that is not there, OmbudError for a file that cannot be read as a whole or lacks a needed column; before any row of
    any file is written, all of them have been opened and their columns checked.
    """
    if order.on_error not in ON_ERROR:
        raise UsageError(f"--on-error {order.on_error} is not known.", f"Use {' or '.join(ON_ERROR)}.")
    given: list[str | Path] = [paths] if isinstance(paths, str | Path) else list(paths)
    if not given:
        raise UsageError("No file was named.", "Name one or more files, or - for standard input.")
    started = time.monotonic()
    if len(given) > 1:
        for path in given:
            if str(path) != "-":
                with open_source(path, kind.options) as source:
                    kind.check(source.columns, source.name)
    total = Total()
    with ExitStack() as stack:
        written = stack.enter_context(RejectsFile(order.rejects)) if order.rejects is not None else None
        for path in given:
            with open_source(path, kind.options) as source, ExitStack() as inner:
                file = kind.open(source, inner)
                _FileRun(store, source, kind, file, order, total, written, size=kind.pace.first).run()
            if total.stopped is not None:
                break
    total.seconds = round(time.monotonic() - started, 3)
    return total.report(is_dry_run=order.dry_run)


@dataclass(slots=True)
class _Chunk(Generic[R]):
    """Records read and not written yet; ``kept`` are the refusals as the database keeps them."""

    records: list[R] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    kept: list[Refusal] = field(default_factory=list)
    repeated: int = 0

    @property
    def size(self) -> int:
        return len(self.records) + len(self.refusals) + self.repeated


@dataclass(slots=True)
class _FileRun(Generic[R]):
    """The import of one file."""

    store: Store
    source: Source
    kind: Kind[R]
    file: FileKind[R]
    order: Order
    total: Total
    rejects: RejectsFile | None
    size: int
    name: str = ""
    batch_id: int = 0
    behind: int = 0
    position: int = 0
    counts: Counts = field(default_factory=Counts)

    def run(self) -> None:
        """Read the file to its end, or to its first refused row."""
        self.name = clean_line(Path(self.source.name).name) or "-"
        self.file.prepare(self.store)
        if not self.order.dry_run:
            self._begin()
        try:
            self._rows()
        except BaseException:
            # Why an import failed matters more than a batch that could not be told so: it can be resumed either way.
            with suppress(OmbudError):
                self._close(BatchState.FAILED)
            raise
        self._close(BatchState.DONE if self.total.stopped is None else BatchState.FAILED)
        self.total.counts += self.counts

    def _begin(self) -> None:
        kind, profile, digest = self.kind.kind, self.kind.profile, self.source.sha256
        found = None
        if self.order.resume:
            with self.store.reading() as connection:
                found = unfinished(connection, kind, profile, digest)
        if found is None:
            with self.store.writing(self.order.actor) as work:
                self.batch_id = open_batch(work, kind, profile, self.name, digest)
        else:
            self.batch_id, self.behind, self.counts = found.id, found.position, found.counts
            self.total.resumed_at = found.position
        self.total.batches.append(self.batch_id)

    def _close(self, state: BatchState) -> None:
        if self.order.dry_run or not self.batch_id:
            return
        with self.store.writing(self.order.actor) as work:
            close_batch(work, self.batch_id, state)
            self.file.close(work)
            work.record("import_end", OBJECT, str(self.batch_id), {"state": state.value, **counted(self.counts)})

    def _rows(self) -> None:
        stops = self.order.on_error == "stop"
        chunk: _Chunk[R] = _Chunk()
        for taken in self.file.taken():
            self.position += taken.rows
            self._take(taken, chunk)
            if self.position <= self.behind:
                chunk = _Chunk()
            elif chunk.size >= self.size or (stops and chunk.refusals):
                self._write(chunk)
                if stops and chunk.refusals:
                    self.total.stopped = chunk.refusals[0]
                    return
                chunk = _Chunk()
        if chunk.size:
            self._write(chunk)
            if stops and chunk.refusals:
                self.total.stopped = chunk.refusals[0]

    def _take(self, taken: Taken[R], chunk: _Chunk[R]) -> None:
        if taken.refused is not None:
            self._refuse(chunk, taken.refused)
        elif taken.record is not None:
            chunk.records.append(taken.record)
        else:
            chunk.repeated += 1

    def _refuse(self, chunk: _Chunk[R], refused: Refused) -> None:
        column, reason = clean_line(refused.column), clean_line(refused.reason)
        refusal = Refusal(self.name, refused.line, column, reason, refused.content)
        chunk.refusals.append(refusal)
        chunk.kept.append(
            refusal if refused.kept is None else Refusal(self.name, refused.line, column, reason, refused.kept)
        )
        if len(self.total.refusals) < SHOWN_REFUSALS:
            self.total.refusals.append(refusal)
        if self.rejects is not None:
            self.rejects.write(refusal)

    def _write(self, chunk: _Chunk[R]) -> None:
        if self.order.dry_run:
            with self.store.reading() as connection:
                outcome = self.file.write(connection, chunk.records, None)
            self.counts += self._became(outcome, chunk)
        else:
            started = time.monotonic()
            with self.store.writing(self.order.actor) as work:
                hold_imports(work.connection)
                outcome = self.file.write(work.connection, chunk.records, Place(work, self.batch_id, self.name))
                counts = self._became(outcome, chunk)
                advance(work, self.batch_id, self.behind, self.position, self.counts + counts, chunk.kept)
                work.record("import", OBJECT, str(self.batch_id), {**counted(counts), **_named(outcome.made)})
            self.behind = self.position
            self.counts += counts
            self.size = self.kind.pace.next(self.size, time.monotonic() - started)
        self.total.changes.update(outcome.changes)
        if self.order.progress is not None:
            self.order.progress(Progress(self.name, self.position, self.source.progress))

    def _became(self, outcome: Outcome, chunk: _Chunk[R]) -> Counts:
        for refused in outcome.refused:
            self._refuse(chunk, refused)
        created, updated, unchanged = outcome.created, outcome.updated, outcome.unchanged + chunk.repeated
        rejected = len(chunk.refusals)
        return Counts(created + updated + unchanged + rejected, created, updated, unchanged, rejected)


def counted(counts: Counts) -> dict[str, int]:
    """Return counts as the record keeps them."""
    return {
        "read": counts.read,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
    }


def _named(made: Mapping[str, list[int]]) -> dict[str, list[int]]:
    return {name: ids for name, ids in made.items() if ids}
