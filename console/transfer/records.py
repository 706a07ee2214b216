"""Importing customers' records: customers, accounts, meters, contracts, consumption, bills, payments, contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path

from sqlalchemy import Connection

from console import clock
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean
from console.transfer.record_kinds import KINDS
from console.transfer.record_profiles import RecordProfile
from console.transfer.record_rows import RecordReader, RowRecord
from console.transfer.record_tables import Imagined, Plan, plan_rows, write_plan
from console.transfer.run import (
    ImportReport,
    Order,
    Outcome,
    Pace,
    Place,
    Progress,
    Refused,
    Taken,
    run_import,
)
from console.transfer.seen import SeenReferences
from console.transfer.source_rows import BadRow, SourceOptions, SourceRow
from console.transfer.sources import Source
from console.transfer.validation import RowError


@dataclass(frozen=True, slots=True)
class RecordsReport(ImportReport):
    """What an import of records did: ``records`` counts (kind, created, updated) of all kinds a row made; ``unused`` are columns
    nothing was made of.
    """

    records: tuple[tuple[str, int, int], ...] = ()
    unused: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """What an import of records counts beside what every import does."""

    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    unused: tuple[str, ...] = ()


def import_records(
    store: Store,
    paths: str | Path | Sequence[str | Path],
    profile: RecordProfile,
    *,
    actor: str,
    dry_run: bool = False,
    on_error: str = "skip",
    resume: bool = False,
    rejects: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    now: clock.Now = clock.now,
) -> RecordsReport:
    """Import files of customers' records by a profile, as ``run_import`` does.

    A record is known again by its number (consumption by account, month and meter): left alone where the row says what is there,
    updated in what differs otherwise. An empty cell says nothing and takes nothing away, unless the profile ``clears`` its field.
    Raises as ``run_import`` does, KeyMissingError where something is to be sealed and the master key is not at hand.
    """
    order = Order(actor, dry_run, on_error, resume, rejects, progress)
    tally = Tally()
    report = run_import(store, paths, RecordImport(profile, tally, now), order)
    kinds = [part.kind.name for part in profile.parts]
    return RecordsReport(
        **{item.name: getattr(report, item.name) for item in fields(report)},
        records=tuple((name, tally.created[name], tally.updated[name]) for name in kinds),
        unused=tally.unused,
    )


@dataclass(frozen=True, slots=True)
class RecordImport:
    """The import of records by one profile."""

    mapping: RecordProfile
    tally: Tally
    now: clock.Now = clock.now

    @property
    def kind(self) -> str:
        """What batches call it."""
        return self.mapping.main.name

    @property
    def profile(self) -> str:
        """The name of the profile."""
        return self.mapping.name

    @property
    def options(self) -> SourceOptions:
        """What the profile knows of its files."""
        return self.mapping.options

    @property
    def pace(self) -> Pace:
        """How many rows go into one transaction."""
        return Pace()

    def check(self, columns: Sequence[str], file_name: str) -> None:
        """Raise OmbudError where a file lacks a column."""
        self.mapping.places_of(columns, file_name)

    def open(self, source: Source, stack: ExitStack) -> _RecordFile:
        """Return the reader and writer of one file."""
        places = self.mapping.places_of(source.columns, source.name)
        self.tally.unused = places.unused
        is_guarded = self.mapping.guarded and source.format in ("csv", "tsv")
        reader = RecordReader(self.mapping, places, source.columns, is_guarded=is_guarded, now=self.now)
        return _RecordFile(source, self.mapping, reader, stack.enter_context(SeenReferences()), self.tally)


@dataclass(slots=True)
class _RecordFile:
    """One file of records."""

    source: Source
    mapping: RecordProfile
    reader: RecordReader
    seen: SeenReferences
    tally: Tally
    imagined: Imagined = field(default_factory=Imagined)

    def prepare(self, store: Store) -> None:
        """Nothing of such a file has to be known before."""

    def taken(self) -> Iterator[Taken[RowRecord]]:
        """Yield what the rows come to, one by one."""
        for item in self.source:
            if isinstance(item, BadRow):
                kept = "" if self.reader.is_sensitive else None
                yield Taken(refused=Refused(item.line, item.column or "", item.reason, clean(item.raw), kept))
                continue
            try:
                record = self.reader.read(item)
                is_repeated = self._is_repeated(record)
            except RowError as error:
                yield Taken(refused=self._refused(item, error))
                continue
            yield Taken(None if is_repeated else record)

    def _refused(self, row: SourceRow, error: RowError) -> Refused:
        content, kept = self.reader.content_of(row)
        return Refused(row.line, error.column, error.reason, content, kept)

    def _is_repeated(self, record: RowRecord) -> bool:
        """Whether the file said all of this before. Raises RowError where it said something else of the same."""
        is_new = False
        for part in record.parts:
            first = self.seen.first(f"{part.kind.name}\x1f{part.key}", record.line, part.digest)
            if first is None:
                is_new = True
            elif first[1] != part.digest:
                shown = part.key.replace("\x1f", " ").strip()
                raise RowError(
                    part.column(part.kind.key[-1]),
                    f"{part.kind.noun} {shown} already stands on line {first[0]} with other content"
                    + _claim(part.kind.name, part.values),
                )
        return not is_new

    def write(self, connection: Connection, records: Sequence[RowRecord], place: Place | None) -> Outcome:
        """Write records that are new or changed."""
        plan = plan_rows(connection, records, self.reader.given, self.imagined)
        refused = {id(row) for row, _ in plan.refused}
        outcome = Outcome(
            refused=[
                Refused(row.line, error.column, error.reason, row.content, row.kept) for row, error in plan.refused
            ]
        )
        self._count(plan, [row for row in records if id(row) not in refused], outcome)
        if place is not None:
            write_plan(place, plan)
        else:
            self.imagined.settled.update(
                (name, key) for name, by_key in plan.parts.items() for key, part in by_key.items() if part.is_new
            )
        return outcome

    def _count(self, plan: Plan, rows: Sequence[RowRecord], outcome: Outcome) -> None:
        for row in rows:
            parts = [plan.parts[part.kind.name][part.key] for part in row.parts]
            main = next((part for part in parts if part.record.kind is self.mapping.main), parts[0])
            if main.is_new:
                outcome.created += 1
            elif any(part.is_new or part.is_changed for part in parts):
                outcome.updated += 1
            else:
                outcome.unchanged += 1
        for name, by_key in plan.parts.items():
            new = sum(part.is_new for part in by_key.values())
            self.tally.created[name] += new
            changed = [part for part in by_key.values() if part.is_changed]
            self.tally.updated[name] += len(changed)
            prefix = "" if name == self.mapping.main.name else f"{name}."
            fields_of = {item.column: item.name for item in KINDS[name].fields}
            for part in changed:
                outcome.changes.update(prefix + fields_of.get(column, column) for column in part.before)

    def close(self, work: Work) -> None:
        """Nothing is left to be done."""


def _claim(kind: str, values: object) -> str:
    return "; an account belongs to one customer" if kind == "accounts" and values else ""
