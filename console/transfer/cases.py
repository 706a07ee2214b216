"""Importing cases: a file by a profile, in short transactions, repeatable and resumable."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from console import clock
from console.codes import BatchState
from console.errors import OmbudError, UsageError
from console.storage.engine import Store
from console.storage.numbers import hold_imports
from console.text import clean, clean_line
from console.transfer.batches import (
    OBJECT,
    Batch,
    Counts,
    Refusal,
    advance,
    close_batch,
    open_batch,
    unfinished,
)
from console.transfer.case_rows import Sorted, sort_records, write_records
from console.transfer.profiles import Profile
from console.transfer.rejects import RejectsFile
from console.transfer.seen import SeenReferences
from console.transfer.source_rows import BadRow, SourceRow
from console.transfer.sources import Source, open_source
from console.transfer.validation import CaseRecord, RowError, RowReader, row_text

FIRST_ROWS = 200
FEWEST_ROWS = 100
MOST_ROWS = 1_000
LONG_SECONDS = 0.05
"""Longest time that one transaction should hold others up: the number of rows in the next one follows from the last."""

SHOWN_REFUSALS = 20
ON_ERROR = ("skip", "stop")


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


def import_cases(
    store: Store,
    paths: str | Path | Sequence[str | Path],
    profile: Profile,
    *,
    actor: str,
    dry_run: bool = False,
    on_error: str = "skip",
    resume: bool = False,
    rejects: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    now: clock.Now = clock.now,
) -> ImportReport:
    """Import files of cases by a profile, each as a batch of its own, in transactions of some hundred rows.

    A case already there by its reference is left alone when the row says what it said before, and updated otherwise. ``resume``
    goes on behind the checkpoint of the newest unfinished batch of the same file. Raises UsageError for a file or option that
    is not there, OmbudError for a file that cannot be read as a whole or lacks a needed column; before any row of any
    file is written, all of them have been opened and their columns checked.
    """
    if on_error not in ON_ERROR:
        raise UsageError(f"--on-error {on_error} is not known.", f"Use {' or '.join(ON_ERROR)}.")
    given: list[str | Path] = [paths] if isinstance(paths, str | Path) else list(paths)
    if not given:
        raise UsageError("No file was named.", "Name one or more files, or - for standard input.")
    started = time.monotonic()
    if len(given) > 1:
        for path in given:
            if str(path) != "-":
                with open_source(path, profile.options) as source:
                    profile.columns_of(source.columns, source.name)
    total = _Total()
    with ExitStack() as stack:
        written = stack.enter_context(RejectsFile(rejects)) if rejects is not None else None
        for path in given:
            with open_source(path, profile.options) as source, SeenReferences() as seen:
                reader = RowReader(
                    profile,
                    profile.columns_of(source.columns, source.name),
                    is_guarded=profile.guarded and source.format in ("csv", "tsv"),
                    now=now,
                )
                run = _FileImport(store, source, profile, reader, seen, actor, dry_run, total, written, progress)
                run.run(resume=resume, stops=on_error == "stop")
            if total.stopped is not None:
                break
    return ImportReport(
        counts=total.counts,
        seconds=round(time.monotonic() - started, 3),
        batches=tuple(total.batches),
        refusals=tuple(total.refusals),
        changes=tuple(sorted(total.changes.items())),
        stopped=total.stopped,
        resumed_at=total.resumed_at,
        is_dry_run=dry_run,
    )


@dataclass(slots=True)
class _Total:
    """What all files of one import come to."""

    counts: Counts = field(default_factory=Counts)
    batches: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=Counter)
    stopped: Refusal | None = None
    resumed_at: int = 0


@dataclass(slots=True)
class _Chunk:
    """Rows read and not written yet."""

    records: list[CaseRecord] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    repeated: int = 0

    @property
    def rows(self) -> int:
        return len(self.records) + len(self.refusals) + self.repeated


@dataclass(slots=True)
class _FileImport:
    """The import of one file."""

    store: Store
    source: Source
    profile: Profile
    reader: RowReader
    seen: SeenReferences
    actor: str
    is_dry_run: bool
    total: _Total
    rejects: RejectsFile | None
    progress: Callable[[Progress], None] | None
    batch_id: int = 0
    behind: int = 0
    position: int = 0
    counts: Counts = field(default_factory=Counts)
    name: str = ""
    size: int = FIRST_ROWS

    def run(self, *, resume: bool, stops: bool) -> None:
        """Read the file to its end, or to its first refused row."""
        self.name = clean_line(Path(self.source.name).name) or "-"
        if not self.is_dry_run:
            self._begin(resume=resume)
        try:
            self._rows(stops=stops)
        except BaseException:
            # Why an import failed matters more than a batch that could not be told so: it can be resumed either way.
            with suppress(OmbudError):
                self._close(BatchState.FAILED)
            raise
        self._close(BatchState.DONE if self.total.stopped is None else BatchState.FAILED)
        self.total.counts += self.counts

    def _begin(self, *, resume: bool) -> None:
        digest = self.source.sha256
        found: Batch | None = None
        if resume:
            with self.store.reading() as connection:
                found = unfinished(connection, self.profile.kind, self.profile.name, digest)
        if found is None:
            with self.store.writing(self.actor) as work:
                self.batch_id = open_batch(work, self.profile.kind, self.profile.name, self.name, digest)
        else:
            self.batch_id, self.behind, self.counts = found.id, found.position, found.counts
            self.total.resumed_at = found.position
        self.total.batches.append(self.batch_id)

    def _close(self, state: BatchState) -> None:
        if self.is_dry_run or not self.batch_id:
            return
        with self.store.writing(self.actor) as work:
            close_batch(work, self.batch_id, state)
            work.record("import_end", OBJECT, str(self.batch_id), {"state": state.value, **_counted(self.counts)})

    def _rows(self, *, stops: bool) -> None:
        chunk = _Chunk()
        for item in self.source:
            self.position += 1
            self._take(item, chunk)
            if self.position <= self.behind:
                chunk = _Chunk()
            elif chunk.rows >= self.size or (stops and chunk.refusals):
                self._write(chunk)
                if stops and chunk.refusals:
                    self.total.stopped = chunk.refusals[0]
                    return
                chunk = _Chunk()
        if chunk.rows:
            self._write(chunk)
            if stops and chunk.refusals:
                self.total.stopped = chunk.refusals[0]

    def _take(self, item: SourceRow | BadRow, chunk: _Chunk) -> None:
        if isinstance(item, BadRow):
            self._refuse(chunk, item.line, item.column or "", item.reason, clean(item.raw))
            return
        try:
            record = self.reader.read(item)
            first = self.seen.first(_identity(record), item.line, record.digest)
            if first is not None and first[1] != record.digest:
                reference = record.external_reference or record.reference
                raise RowError(self._key_column(), f"{reference} already stands on line {first[0]} with other content")
        except RowError as error:
            self._refuse(chunk, item.line, error.column, error.reason, row_text(self.source.columns, item.values))
            return
        if first is None:
            chunk.records.append(record)
        else:
            chunk.repeated += 1

    def _key_column(self) -> str:
        rule = self.profile.rule(self.profile.key)
        return rule.columns[0] if rule is not None else ""

    def _refuse(self, chunk: _Chunk, line: int, column: str, reason: str, content: str) -> None:
        refusal = Refusal(self.name, line, clean_line(column), clean_line(reason), content)
        chunk.refusals.append(refusal)
        if len(self.total.refusals) < SHOWN_REFUSALS:
            self.total.refusals.append(refusal)
        if self.rejects is not None:
            self.rejects.write(refusal)

    def _write(self, chunk: _Chunk) -> None:
        if self.is_dry_run:
            with self.store.reading() as connection:
                found = sort_records(connection, chunk.records, self.reader.mapped, for_update=False)
            self._refuse_foreign(found, chunk)
            self.counts += _became(found, chunk)
        else:
            started = time.monotonic()
            with self.store.writing(self.actor) as work:
                hold_imports(work.connection)
                found = sort_records(work.connection, chunk.records, self.reader.mapped, for_update=True)
                self._refuse_foreign(found, chunk)
                made = write_records(work, self.batch_id, self.name, found)
                counts = _became(found, chunk)
                advance(work, self.batch_id, self.behind, self.position, self.counts + counts, chunk.refusals)
                work.record("import", OBJECT, str(self.batch_id), {**_counted(counts), **made.detail()})
            self.behind = self.position
            self.counts += counts
            self._resize(time.monotonic() - started)
        for change in found.changed:
            self.total.changes.update(list(change.after))
        if self.progress is not None:
            self.progress(Progress(self.name, self.position, self.source.progress))

    def _resize(self, seconds: float) -> None:
        if seconds > LONG_SECONDS:
            self.size = max(FEWEST_ROWS, self.size * 2 // 3)
        elif seconds < LONG_SECONDS / 2:
            self.size = min(MOST_ROWS, self.size * 3 // 2)

    def _refuse_foreign(self, found: Sorted, chunk: _Chunk) -> None:
        for record in found.foreign:
            content = row_text(("reference", "subject"), (record.reference, record.subject))
            reason = f"{record.reference} is another case in this database, received at another time or from elsewhere"
            self._refuse(chunk, record.line, self._key_column(), reason, content)


def _identity(record: CaseRecord) -> str:
    if record.external_reference:
        return f"{record.source}\x1f{record.external_reference}"
    return record.reference


def _became(found: Sorted, chunk: _Chunk) -> Counts:
    created, updated, unchanged = len(found.new), len(found.changed), found.unchanged + chunk.repeated
    rejected = len(chunk.refusals)
    return Counts(created + updated + unchanged + rejected, created, updated, unchanged, rejected)


def _counted(counts: Counts) -> dict[str, int]:
    return {
        "read": counts.read,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
    }
