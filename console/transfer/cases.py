"""Importing cases: a file by a profile, known again by its references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from console import clock
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean
from console.transfer.case_rows import sort_records, write_records
from console.transfer.profiles import Profile
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
from console.transfer.source_rows import BadRow, SourceOptions
from console.transfer.sources import Source
from console.transfer.validation import CaseRecord, RowError, RowReader, row_text


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
    """Import files of cases by a profile, as ``run_import`` does.

    A case already there by its reference is left alone when the row says what it said before, and updated otherwise. Raises as
    ``run_import`` does.
    """
    order = Order(actor, dry_run, on_error, resume, rejects, progress)
    return run_import(store, paths, CaseImport(profile, now), order)


@dataclass(frozen=True, slots=True)
class CaseImport:
    """The import of cases by one profile."""

    mapping: Profile
    now: clock.Now = clock.now

    @property
    def kind(self) -> str:
        """What batches call it."""
        return self.mapping.kind

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
        """How many cases go into one transaction."""
        return Pace()

    def check(self, columns: Sequence[str], file_name: str) -> None:
        """Raise OmbudError where a file lacks a column."""
        self.mapping.columns_of(columns, file_name)

    def open(self, source: Source, stack: ExitStack) -> _CaseFile:
        """Return the reader and writer of one file."""
        reader = RowReader(
            self.mapping,
            self.mapping.columns_of(source.columns, source.name),
            is_guarded=self.mapping.guarded and source.format in ("csv", "tsv"),
            now=self.now,
        )
        return _CaseFile(source, self.mapping, reader, stack.enter_context(SeenReferences()))


@dataclass(frozen=True, slots=True)
class _CaseFile:
    """One file of cases."""

    source: Source
    mapping: Profile
    reader: RowReader
    seen: SeenReferences

    def prepare(self, store: Store) -> None:
        """Nothing of a file of cases has to be known before."""

    def taken(self) -> Iterator[Taken[CaseRecord]]:
        """Yield what the rows come to, one by one."""
        for item in self.source:
            if isinstance(item, BadRow):
                yield Taken(refused=Refused(item.line, item.column or "", item.reason, clean(item.raw)))
                continue
            try:
                record = self.reader.read(item)
                first = self.seen.first(_identity(record), item.line, record.digest)
                if first is not None and first[1] != record.digest:
                    reference = record.external_reference or record.reference
                    raise RowError(
                        self._key_column(), f"{reference} already stands on line {first[0]} with other content"
                    )
            except RowError as error:
                content = row_text(self.source.columns, item.values)
                yield Taken(refused=Refused(item.line, error.column, error.reason, content))
                continue
            yield Taken(record if first is None else None)

    def _key_column(self) -> str:
        rule = self.mapping.rule(self.mapping.key)
        return rule.columns[0] if rule is not None else ""

    def write(self, connection: Connection, records: Sequence[CaseRecord], place: Place | None) -> Outcome:
        """Write cases that are new or changed."""
        found = sort_records(connection, records, self.reader.mapped, for_update=place is not None)
        outcome = Outcome(
            created=len(found.new),
            updated=len(found.changed),
            unchanged=found.unchanged,
            refused=[self._foreign(record) for record in found.foreign],
            changes=Counter(name for change in found.changed for name in change.after),
        )
        if place is not None:
            outcome.made = write_records(place.work, place.batch_id, place.file_name, found).detail()
        return outcome

    def _foreign(self, record: CaseRecord) -> Refused:
        reason = f"{record.reference} is another case in this database, received at another time or from elsewhere"
        content = row_text(("reference", "subject"), (record.reference, record.subject))
        return Refused(record.line, self._key_column(), reason, content)

    def close(self, work: Work) -> None:
        """Nothing is left to be done."""


def _identity(record: CaseRecord) -> str:
    if record.external_reference:
        return f"{record.source}\x1f{record.external_reference}"
    return record.reference
