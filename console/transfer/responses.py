"""Importing survey answers: a file by a profile, a response known again by its survey and number."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert

from console import clock
from console.models import ResponseChange
from console.models.base import table_of
from console.services.answer_cells import pair_large
from console.services.answer_exclusion import refresh_haste
from console.services.answering import (
    FACTS,
    Said,
    ids_of,
    read_responses,
    refuse_closed,
    rewrite_response,
    write_responses,
)
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean
from console.transfer.response_changes import changed_fields, said_text
from console.transfer.response_lookups import cases_of, customers_of, digests_of, known_digests
from console.transfer.response_rows import ResponseReader, ResponseRecord
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
from console.transfer.survey_filling import Filled, SurveyFilling
from console.transfer.survey_rules import SurveyProfile
from console.transfer.validation import RowError, row_text

CHANGES: Table = table_of(ResponseChange)

KIND = "responses"
PACE = Pace(first=100, fewest=20, most=1_000, long_seconds=0.1)
FEWEST_EQUAL = 8
"""Two responses that say the same are called a double entry from so many answers on; fewer are too likely by chance."""

HELD = 1_000
"""Most rows that are kept back behind a response which may go on after them."""


@dataclass(frozen=True, slots=True)
class ResponsesReport(ImportReport):
    """What an import of answers did, beside the counts of every import.

    ``survey`` is the code filled; ``doubles`` counts responses that say exactly what another says (flagged, not left out),
    ``repeated`` answers given twice within a response, of which the last counts; ``unknown_items`` counts answers to items the
    survey does not have, which are refused; ``strangers`` counts customers and cases this database does not know; ``passed`` rows
    that the profile does not take for responses; ``unused`` are columns nothing was made of.
    """

    surveys: tuple[str, ...] = ()
    answers: int = 0
    doubles: int = 0
    repeated: int = 0
    unknown_items: tuple[tuple[str, int], ...] = ()
    strangers: int = 0
    passed: int = 0
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def import_responses(
    store: Store,
    paths: str | Path | Sequence[str | Path],
    profile: SurveyProfile,
    *,
    actor: str,
    dry_run: bool = False,
    on_error: str = "skip",
    resume: bool = False,
    rejects: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    zone: str = "",
    now: clock.Now = clock.now,
) -> ResponsesReport:
    """Import files of answers by a profile, each as a batch of its own; a survey that is not there is made with its items.

    A response is known again by survey and number: left alone where it says what it said, rewritten otherwise, items the file
    does not hold staying as they are. ``zone`` is the one months begin in,
    that of the profile's dates without it. Raises UsageError for a file or option that is not
    there, OmbudError for a file that cannot be read as a whole, lacks a needed column, or answers a survey on another scale.
    """
    order = Order(actor, dry_run, on_error, resume, rejects, progress)
    tally = Tally()
    report = run_import(store, paths, ResponseImport(profile, zone or profile.zone, tally, now), order)
    return ResponsesReport(
        **{item.name: getattr(report, item.name) for item in fields(report)},
        surveys=tuple(tally.surveys),
        answers=tally.answers,
        doubles=tally.doubles,
        repeated=tally.repeated,
        unknown_items=tuple(tally.unknown.most_common()),
        strangers=tally.strangers,
        passed=tally.passed,
        unused=tally.unused,
        notes=profile.notes,
    )


@dataclass(slots=True)
class Tally:
    """What an import of answers counts beside what every import does."""

    surveys: dict[str, None] = field(default_factory=dict)
    answers: int = 0
    doubles: int = 0
    repeated: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    strangers: int = 0
    passed: int = 0
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseImport:
    """The import of answers by one profile; ``zone`` is the one months begin in."""

    mapping: SurveyProfile
    zone: str
    tally: Tally
    now: clock.Now = clock.now

    @property
    def kind(self) -> str:
        """What batches call it."""
        return KIND

    @property
    def profile(self) -> str:
        """The names of profile and survey."""
        return f"{self.mapping.name}:{self.mapping.survey.code}"[:64]

    @property
    def options(self) -> SourceOptions:
        """What the profile knows of its files."""
        return self.mapping.options

    @property
    def pace(self) -> Pace:
        """How many responses go into one transaction."""
        return PACE

    def check(self, columns: Sequence[str], file_name: str) -> None:
        """Raise OmbudError where a file lacks a column."""
        self.mapping.places_of(columns, file_name)

    def open(self, source: Source, stack: ExitStack) -> _ResponseFile:
        """Return the reader and writer of one file."""
        places = self.mapping.places_of(source.columns, source.name)
        is_guarded = self.mapping.guarded and source.format in ("csv", "tsv")
        reader = ResponseReader(self.mapping, places, is_guarded=is_guarded, now=self.now)
        self.tally.unused = places.unused
        return _ResponseFile(
            source,
            self.mapping,
            reader,
            SurveyFilling(self.mapping, places.items, reader),
            stack.enter_context(SeenReferences()),
            stack.enter_context(SeenReferences()),
            self.zone,
            self.tally,
        )


@dataclass(slots=True)
class _ResponseFile:
    """One file of answers: ``numbers`` and ``contents`` remember which responses stood in it already, and what they said."""

    source: Source
    profile: SurveyProfile
    reader: ResponseReader
    filling: SurveyFilling
    numbers: SeenReferences
    contents: SeenReferences
    zone: str
    tally: Tally

    def prepare(self, store: Store) -> None:
        """Find a wrong scale before a batch is opened, let alone a row written."""
        survey = self.profile.survey
        if survey.code and not survey.column:
            with store.reading() as connection:
                self.filling.survey(connection, survey.code, {})
            self.filling.surveys.clear()

    def taken(self) -> Iterator[Taken[ResponseRecord]]:
        """Yield the responses; the rows of a long file that follow one another and belong together are one."""
        waiting: ResponseRecord | None = None
        rows = 0
        held: list[Taken[ResponseRecord]] = []
        for item in self.source:
            if isinstance(item, SourceRow) and not self.reader.is_response(item):
                self.tally.passed += 1
                held.append(Taken())
                continue
            record = self._read(item)
            if isinstance(record, Refused):
                held.append(Taken(refused=record))
                # The response before it may go on behind a refused row.
                if waiting is not None and self.profile.long and len(held) < HELD:
                    continue
            elif waiting is not None and self.profile.long and _is_same(record, waiting):
                waiting, rows = waiting.joined(record), rows + 1
                continue
            if waiting is not None:
                yield self._taken(waiting, rows)
            yield from held
            held.clear()
            waiting, rows = (None, 0) if isinstance(record, Refused) else (record, 1)
        if waiting is not None:
            yield self._taken(waiting, rows)
        yield from held

    def _read(self, item: SourceRow | BadRow) -> ResponseRecord | Refused:
        if isinstance(item, BadRow):
            return Refused(item.line, item.column or "", item.reason, clean(item.raw))
        try:
            return self.reader.read(item)
        except RowError as error:
            return Refused(item.line, error.column, error.reason, row_text(self.source.columns, item.values))

    def _taken(self, record: ResponseRecord, rows: int) -> Taken[ResponseRecord]:
        if self.profile.number.made:
            return Taken(record, rows=rows)
        key = f"{record.survey}\x1f{record.number}"
        facts, answers, texts = (sorted(part.items()) for part in (record.facts, record.answers, record.texts))
        content = repr((record.answered_at, facts, record.weight, answers, texts))
        said = hashlib.sha256(content.encode("utf-8", "backslashreplace")).hexdigest()
        first = self.numbers.first(key, record.line, said)
        if first is None or (self.profile.long and first[1] != said):
            return Taken(record, rows=rows)
        if first[1] == said:
            return Taken(rows=rows)
        given = row_text(
            ("number", *record.answers), (record.number, *(str(answer[0]) for answer in record.answers.values()))
        )
        reason = f"{record.number} already stands on line {first[0]} with other answers"
        return Taken(refused=Refused(record.line, self.profile.number.columns[0], reason, given), rows=rows)

    def write(self, connection: Connection, records: Sequence[ResponseRecord], place: Place | None) -> Outcome:
        """Write responses that are new or changed, with the surveys and items they need."""
        self.filling.made = {}
        work = place.work if place is not None else None
        found = self._sorted(connection, records, work)
        if place is not None:
            self._put(place, found)
        self.tally.answers += found.answers
        self.tally.doubles += found.doubles
        return Outcome(
            created=found.created,
            updated=len(found.changed),
            unchanged=found.unchanged,
            refused=found.refused,
            changes=found.fields,
            made=self.filling.made,
        )

    def close(self, work: Work) -> None:
        """Count together what is too large to be counted while it is written."""
        refresh_haste(work, self.tally.surveys)
        pair_large(work.connection)

    def _put(self, place: Place, found: _Found) -> None:
        for code in {change.survey for change in found.changed}:
            # What was said when a survey closed is what was said: the last answer before that counts.
            refuse_closed(place.work.connection, code)
        for survey_id, said in found.new.items():
            write_responses(place.work, survey_id, said, batch_id=place.batch_id, zone=self.zone)
        for change in found.changed:
            month = rewrite_response(place.work, change.id, change.before, change.after, self.zone)
            place.work.connection.execute(
                insert(CHANGES).values(
                    response_id=change.id,
                    batch_id=place.batch_id,
                    before=said_text(change.before, month),
                    after=said_text(change.after),
                )
            )

    def _sorted(self, connection: Connection, given: Sequence[ResponseRecord], work: Work | None) -> _Found:
        outcome = _Found()
        by_survey: dict[str, dict[str, ResponseRecord]] = {}
        for record in given:
            numbered = by_survey.setdefault(record.survey, {})
            earlier = numbered.get(record.number)
            numbered[record.number] = earlier.joined(record) if earlier is not None else record
        for code, numbered in by_survey.items():
            records = list(numbered.values())
            self.tally.surveys[code] = None
            new_items = {name: item for record in records for name, item in record.new_items.items()}
            filled = self.filling.survey(connection, code, new_items, work)
            if filled is None:
                reason = "the row does not say which survey it answers"
                outcome.refused += [Refused(record.line, self.profile.survey.column, reason, "") for record in records]
                continue
            known = [record for record in records if self._is_known(record, filled, outcome)]
            self._compare(connection, filled, self._resolved(connection, filled, known), outcome)
        return outcome

    def _is_known(self, record: ResponseRecord, filled: Filled, outcome: _Found) -> bool:
        """Refuse a response with answers to items the survey does not have, or off the scale the survey has them on."""
        for code in (*record.answers, *record.texts):
            if code not in filled.items:
                self.tally.unknown[code] += 1
                reason = f"the survey {record.survey} has no item “{code[:60]}”"
                column = self.profile.long.item if self.profile.long else code
                given = row_text(("number", "item"), (record.number, code))
                outcome.refused.append(Refused(record.line, column, reason, given))
                return False
        for code, (score, _) in record.answers.items():
            item = filled.items[code]
            if score is not None and not item.low <= score <= item.high:
                reason = (
                    f"{score} is not on the scale of {code} in the survey {record.survey}, {item.low} to {item.high}"
                )
                column = self.profile.long.score if self.profile.long else code
                given = row_text(("number", "item"), (record.number, code))
                outcome.refused.append(Refused(record.line, column, reason, given))
                return False
        return True

    def _resolved(
        self, connection: Connection, filled: Filled, records: Sequence[ResponseRecord]
    ) -> Iterator[tuple[ResponseRecord, Said]]:
        customers = customers_of(connection, (record.facts.get("customer", "") for record in records))
        cases = cases_of(connection, (record.facts.get("case", "") for record in records))
        channel = self.profile.survey.channel
        for record in records:
            facts: dict[str, Any] = {name: record.facts[name] for name in FACTS if name in record.facts}
            facts["seconds"] = int(record.facts["seconds"]) if record.facts.get("seconds") else None
            case = cases.get(record.facts.get("case", ""))
            customer = customers.get(record.facts.get("customer", ""))
            self.tally.strangers += bool(record.facts.get("customer") and customer is None)
            self.tally.strangers += bool(record.facts.get("case") and case is None)
            self.tally.repeated += record.doubles
            if customer is not None:
                for name in ("region", "kind", "supply"):
                    facts[name] = facts.get(name) or customer[name]
            if case is not None:
                facts["department"] = facts.get("department") or case["department"]
            facts["channel"] = facts.get("channel") or channel
            yield (
                record,
                Said(
                    number=record.number,
                    answered_at=record.answered_at,
                    answers={filled.items[code].id: answer for code, answer in record.answers.items()},
                    texts={filled.items[code].id: text for code, text in record.texts.items()},
                    weight=record.weight,
                    customer_id=customer["id"] if customer else None,
                    case_id=case["id"] if case else None,
                    **facts,
                ),
            )

    def _compare(
        self,
        connection: Connection,
        filled: Filled,
        pairs: Iterable[tuple[ResponseRecord, Said]],
        outcome: _Found,
    ) -> None:
        said = {record.number: (record, one) for record, one in pairs}
        there = ids_of(connection, filled.id, said) if filled.id is not None else {}
        digests = digests_of(connection, there.values())
        differing: dict[int, Said] = {}
        new: list[Said] = []
        for number, (record, one) in said.items():
            id_ = there.get(number)
            if id_ is None:
                new.append(replace(one, is_double=self._is_double(record, one)))
            elif digests[id_] == one.digest:
                outcome.unchanged += 1
                self.contents.first(one.digest, record.line, number)
            else:
                differing[id_] = one
        known = known_digests(connection, filled.id, [one.digest for one in new]) if filled.id is not None else set()
        if self.profile.number.made != "content":
            new = [replace(one, is_double=one.is_double or (one.digest in known and _says_enough(one))) for one in new]
        stored = read_responses(connection, differing)
        for id_, one in differing.items():
            before = stored[id_]
            after = replace(
                one,
                answers={**before.answers, **one.answers},
                texts={**before.texts, **one.texts},
                is_double=before.is_double,
            )
            if after.digest == before.digest:
                outcome.unchanged += 1
            else:
                outcome.changed.append(_Change(id_, said[one.number][0].survey, before, after))
                outcome.fields.update(changed_fields(before, after))
        outcome.created += len(new)
        outcome.answers += sum(len(one.answers) for one in new)
        outcome.doubles += sum(one.is_double for one in new)
        if new and filled.id is not None:
            outcome.new.setdefault(filled.id, []).extend(new)

    def _is_double(self, record: ResponseRecord, one: Said) -> bool:
        if self.profile.number.made == "content":
            # A number made from the row says itself that an equal row came before.
            return "-" in record.number
        first = self.contents.first(one.digest, record.line, record.number)
        return first is not None and first[1] != record.number and _says_enough(one)


@dataclass(frozen=True, slots=True)
class _Change:
    id: int
    survey: str
    before: Said
    after: Said


@dataclass(slots=True)
class _Found:
    """What a chunk comes to: new responses by survey, changed ones, and how many are as they were."""

    new: dict[int, list[Said]] = field(default_factory=dict)
    changed: list[_Change] = field(default_factory=list)
    unchanged: int = 0
    created: int = 0
    answers: int = 0
    doubles: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)


def _is_same(record: ResponseRecord, other: ResponseRecord) -> bool:
    return (record.survey, record.number) == (other.survey, other.number)


def _says_enough(one: Said) -> bool:
    """Whether two responses that say the same are likely to be one: many answers, a known customer, or a time of day."""
    answered = sum(score is not None for score, _ in one.answers.values())
    has_time = (one.answered_at.minute, one.answered_at.second) != (0, 0)
    return answered >= FEWEST_EQUAL or one.customer_id is not None or has_time
