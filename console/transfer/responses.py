"""Importing survey answers: a file by a profile, in short transactions, repeatable, resumable, and taken back whole."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from console import clock
from console.codes import BatchState, IndicatorKind
from console.errors import OmbudError, UsageError
from console.models import Case, Customer, Department, Indicator, ResponseChange, Survey
from console.models.base import table_of
from console.services.answer_cells import pair_large
from console.services.answering import (
    FACTS,
    RESPONSES,
    Item,
    Said,
    ids_of,
    items_of,
    read_responses,
    rewrite_response,
    write_responses,
)
from console.storage.engine import Store
from console.storage.numbers import hold_imports
from console.storage.unit import Work
from console.text import clean, clean_line
from console.transfer.batches import OBJECT, Batch, Counts, Refusal, advance, close_batch, open_batch, unfinished
from console.transfer.cases import ON_ERROR, SHOWN_REFUSALS, ImportReport, Progress
from console.transfer.rejects import RejectsFile
from console.transfer.response_rows import NewItem, ResponseReader, ResponseRecord
from console.transfer.seen import SeenReferences
from console.transfer.source_rows import BadRow, SourceRow
from console.transfer.sources import Source, open_source
from console.transfer.survey_profiles import ItemRule, SurveyProfile
from console.transfer.validation import RowError, row_text

SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)
CUSTOMERS: Table = table_of(Customer)
CASES: Table = table_of(Case)
DEPARTMENTS: Table = table_of(Department)
CHANGES: Table = table_of(ResponseChange)

KIND = "responses"
FIRST_RESPONSES = 100
FEWEST_RESPONSES = 20
MOST_RESPONSES = 1_000
LONG_SECONDS = 0.1
FEWEST_EQUAL = 8
"""Two responses that say the same are called a double entry from so many answers on; fewer are too likely by chance."""


@dataclass(frozen=True, slots=True)
class ResponsesReport(ImportReport):
    """What an import of answers did, beside the counts of every import.

    ``survey`` is the code filled; ``doubles`` counts responses that say exactly what another says (flagged, not left out),
    ``repeated`` answers given twice within a response, of which the last counts; ``unknown_items`` counts answers to items the
    survey does not have, which are refused; ``strangers`` counts customers and cases this database does not know; ``unused`` are
    columns nothing was made of.
    """

    surveys: tuple[str, ...] = ()
    answers: int = 0
    doubles: int = 0
    repeated: int = 0
    unknown_items: tuple[tuple[str, int], ...] = ()
    strangers: int = 0
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
    if on_error not in ON_ERROR:
        raise UsageError(f"--on-error {on_error} is not known.", f"Use {' or '.join(ON_ERROR)}.")
    given: list[str | Path] = [paths] if isinstance(paths, str | Path) else list(paths)
    if not given:
        raise UsageError("No file was named.", "Name one or more files, or - for standard input.")
    started = time.monotonic()
    total = _Total()
    with ExitStack() as stack:
        written = stack.enter_context(RejectsFile(rejects)) if rejects is not None else None
        for path in given:
            with (
                open_source(path, profile.options) as source,
                SeenReferences() as numbers,
                SeenReferences() as contents,
            ):
                places = profile.places_of(source.columns, source.name)
                reader = ResponseReader(
                    profile, places, is_guarded=profile.guarded and source.format in ("csv", "tsv"), now=now
                )
                run = _FileImport(
                    store,
                    source,
                    profile,
                    places.items,
                    reader,
                    numbers,
                    contents,
                    actor,
                    dry_run,
                    zone or profile.zone,
                    total,
                    written,
                    progress,
                )
                total.unused = places.unused
                run.run(resume=resume, stops=on_error == "stop")
            if total.stopped is not None:
                break
    return ResponsesReport(
        counts=total.counts,
        seconds=round(time.monotonic() - started, 3),
        batches=tuple(total.batches),
        refusals=tuple(total.refusals),
        changes=tuple(sorted(total.changes.items())),
        stopped=total.stopped,
        resumed_at=total.resumed_at,
        is_dry_run=dry_run,
        surveys=tuple(total.surveys),
        answers=total.answers,
        doubles=total.doubles,
        repeated=total.repeated,
        unknown_items=tuple(total.unknown.most_common()),
        strangers=total.strangers,
        unused=total.unused,
        notes=profile.notes,
    )


@dataclass(slots=True)
class _Total:
    counts: Counts = field(default_factory=Counts)
    batches: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=Counter)
    stopped: Refusal | None = None
    resumed_at: int = 0
    surveys: dict[str, None] = field(default_factory=dict)
    answers: int = 0
    doubles: int = 0
    repeated: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    strangers: int = 0
    unused: tuple[str, ...] = ()


@dataclass(slots=True)
class _Chunk:
    """Responses read and not written yet; ``extra`` counts rows beyond one a response."""

    records: list[ResponseRecord] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    repeated: int = 0

    @property
    def size(self) -> int:
        return len(self.records) + len(self.refusals) + self.repeated


@dataclass(slots=True)
class _Filled:
    """A survey being filled: its id (None in a dry run that would make it) and its items by code."""

    id: int | None
    items: dict[str, Item]


@dataclass(slots=True)
class _FileImport:
    """The import of one file."""

    store: Store
    source: Source
    profile: SurveyProfile
    rules: tuple[ItemRule, ...]
    reader: ResponseReader
    numbers: SeenReferences
    contents: SeenReferences
    actor: str
    is_dry_run: bool
    zone: str
    total: _Total
    rejects: RejectsFile | None
    progress: Callable[[Progress], None] | None
    batch_id: int = 0
    behind: int = 0
    position: int = 0
    counts: Counts = field(default_factory=Counts)
    name: str = ""
    size: int = FIRST_RESPONSES
    surveys: dict[str, _Filled] = field(default_factory=dict)
    made: dict[str, list[int]] = field(default_factory=dict)

    def run(self, *, resume: bool, stops: bool) -> None:
        """Read the file to its end, or to its first refused row."""
        self.name = clean_line(Path(self.source.name).name) or "-"
        if self.profile.survey.code and not self.profile.survey.column:
            # A wrong scale is found before a batch is opened, let alone a row written.
            with self.store.reading() as connection:
                self._survey(connection, self.profile.survey.code, {})
            self.surveys.clear()
        if not self.is_dry_run:
            self._begin(resume=resume)
        try:
            self._rows(stops=stops)
        except BaseException:
            with suppress(OmbudError):
                self._close(BatchState.FAILED)
            raise
        self._close(BatchState.DONE if self.total.stopped is None else BatchState.FAILED)
        self.total.counts += self.counts

    def _begin(self, *, resume: bool) -> None:
        digest = self.source.sha256
        found: Batch | None = None
        name = f"{self.profile.name}:{self.profile.survey.code}"[:64]
        if resume:
            with self.store.reading() as connection:
                found = unfinished(connection, KIND, name, digest)
        if found is None:
            with self.store.writing(self.actor) as work:
                self.batch_id = open_batch(work, KIND, name, self.name, digest)
        else:
            self.batch_id, self.behind, self.counts = found.id, found.position, found.counts
            self.total.resumed_at = found.position
        self.total.batches.append(self.batch_id)

    def _close(self, state: BatchState) -> None:
        if self.is_dry_run or not self.batch_id:
            return
        with self.store.writing(self.actor) as work:
            close_batch(work, self.batch_id, state)
            pair_large(work.connection)
            work.record("import_end", OBJECT, str(self.batch_id), {"state": state.value, **_counted(self.counts)})

    def _rows(self, *, stops: bool) -> None:
        chunk = _Chunk()
        waiting: ResponseRecord | None = None
        for item in self.source:
            record = self._read(item, chunk)
            if record is None:
                self.position += 1
                continue
            if waiting is not None and (record.survey, record.number) == (waiting.survey, waiting.number):
                waiting = waiting.joined(record) if self.profile.long else waiting
                if self.profile.long:
                    self.position += 1
                    continue
            if waiting is not None:
                self._accept(waiting, chunk)
                if self.position <= self.behind:
                    chunk = _Chunk()
                elif chunk.size >= self.size or (stops and chunk.refusals):
                    chunk = self._flush(chunk, stops=stops)
                    if self.total.stopped is not None:
                        return
            self.position += 1
            waiting = record
        if waiting is not None:
            self._accept(waiting, chunk)
        if chunk.size and self.position > self.behind:
            self._flush(chunk, stops=stops)

    def _flush(self, chunk: _Chunk, *, stops: bool) -> _Chunk:
        self._write(chunk)
        if stops and chunk.refusals:
            self.total.stopped = chunk.refusals[0]
        return _Chunk()

    def _read(self, item: SourceRow | BadRow, chunk: _Chunk) -> ResponseRecord | None:
        if isinstance(item, BadRow):
            self._refuse(chunk, item.line, item.column or "", item.reason, clean(item.raw))
            return None
        try:
            return self.reader.read(item)
        except RowError as error:
            self._refuse(chunk, item.line, error.column, error.reason, row_text(self.source.columns, item.values))
            return None

    def _accept(self, record: ResponseRecord, chunk: _Chunk) -> None:
        key = f"{record.survey}\x1f{record.number}"
        facts, answers, texts = (sorted(part.items()) for part in (record.facts, record.answers, record.texts))
        content = repr((record.answered_at, facts, record.weight, answers, texts))
        said = hashlib.sha256(content.encode("utf-8", "backslashreplace")).hexdigest()
        if self.profile.number.made:
            chunk.records.append(record)
            return
        first = self.numbers.first(key, record.line, said)
        if first is None or (self.profile.long and first[1] != said):
            chunk.records.append(record)
        elif first[1] == said:
            chunk.repeated += 1
        else:
            self._refuse(
                chunk,
                record.line,
                self.profile.number.columns[0],
                f"{record.number} already stands on line {first[0]} with other answers",
                row_text(
                    ("number", *record.answers),
                    (record.number, *(str(answer[0]) for answer in record.answers.values())),
                ),
            )

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
                outcome = self._sorted(connection, chunk, None)
            self.counts += _became(outcome, chunk)
        else:
            started = time.monotonic()
            with self.store.writing(self.actor) as work:
                hold_imports(work.connection)
                self.made = {}
                outcome = self._sorted(work.connection, chunk, work)
                self._put(work, outcome)
                counts = _became(outcome, chunk)
                advance(work, self.batch_id, self.behind, self.position, self.counts + counts, chunk.refusals)
                work.record("import", OBJECT, str(self.batch_id), {**_counted(counts), **self.made})
            self.behind = self.position
            self.counts += counts
            self._resize(time.monotonic() - started)
        self.total.answers += outcome.answers
        self.total.doubles += outcome.doubles
        self.total.changes.update(outcome.fields)
        if self.progress is not None:
            self.progress(Progress(self.name, self.position, self.source.progress))

    def _resize(self, seconds: float) -> None:
        if seconds > LONG_SECONDS:
            self.size = max(FEWEST_RESPONSES, self.size * 2 // 3)
        elif seconds < LONG_SECONDS / 2:
            self.size = min(MOST_RESPONSES, self.size * 3 // 2)

    def _put(self, work: Work, outcome: _Outcome) -> None:
        for survey_id, said in outcome.new.items():
            write_responses(work, survey_id, said, batch_id=self.batch_id, zone=self.zone)
        for change in outcome.changed:
            month = rewrite_response(work, change.id, change.before, change.after, self.zone)
            work.connection.execute(
                insert(CHANGES).values(
                    response_id=change.id,
                    batch_id=self.batch_id,
                    before=said_text(change.before, month),
                    after=said_text(change.after),
                )
            )

    def _sorted(self, connection: Connection, chunk: _Chunk, work: Work | None) -> _Outcome:
        outcome = _Outcome()
        by_survey: dict[str, dict[str, ResponseRecord]] = {}
        for record in chunk.records:
            numbered = by_survey.setdefault(record.survey, {})
            earlier = numbered.get(record.number)
            numbered[record.number] = earlier.joined(record) if earlier is not None else record
        for code, numbered in by_survey.items():
            records = list(numbered.values())
            self.total.surveys[code] = None
            new_items = {name: item for record in records for name, item in record.new_items.items()}
            filled = self._survey(connection, code, new_items, work)
            if filled is None:
                for record in records:
                    self._refuse(
                        chunk,
                        record.line,
                        self.profile.survey.column,
                        "the row does not say which survey it answers",
                        "",
                    )
                continue
            known = [record for record in records if self._is_known(record, filled, chunk)]
            self._compare(connection, filled, self._resolved(connection, filled, known), outcome)
        return outcome

    def _is_known(self, record: ResponseRecord, filled: _Filled, chunk: _Chunk) -> bool:
        """Refuse a response with answers to items the survey does not have, or off the scale the survey has them on."""
        for code in (*record.answers, *record.texts):
            if code not in filled.items:
                self.total.unknown[code] += 1
                reason = f"the survey {record.survey} has no item “{code[:60]}”"
                column = self.profile.long.item if self.profile.long else code
                self._refuse(chunk, record.line, column, reason, row_text(("number", "item"), (record.number, code)))
                return False
        for code, (score, _) in record.answers.items():
            item = filled.items[code]
            if score is not None and not item.low <= score <= item.high:
                reason = (
                    f"{score} is not on the scale of {code} in the survey {record.survey}, {item.low} to {item.high}"
                )
                column = self.profile.long.score if self.profile.long else code
                self._refuse(chunk, record.line, column, reason, row_text(("number", "item"), (record.number, code)))
                return False
        return True

    def _resolved(
        self, connection: Connection, filled: _Filled, records: Sequence[ResponseRecord]
    ) -> Iterator[tuple[ResponseRecord, Said]]:
        customers = _customers(connection, (record.facts.get("customer", "") for record in records))
        cases = _cases(connection, (record.facts.get("case", "") for record in records))
        channel = self.profile.survey.channel
        for record in records:
            facts: dict[str, Any] = {name: record.facts[name] for name in FACTS if name in record.facts}
            case = cases.get(record.facts.get("case", ""))
            customer = customers.get(record.facts.get("customer", ""))
            self.total.strangers += bool(record.facts.get("customer") and customer is None)
            self.total.strangers += bool(record.facts.get("case") and case is None)
            self.total.repeated += record.doubles
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
        filled: _Filled,
        pairs: Iterable[tuple[ResponseRecord, Said]],
        outcome: _Outcome,
    ) -> None:
        said = {record.number: (record, one) for record, one in pairs}
        there = ids_of(connection, filled.id, said) if filled.id is not None else {}
        digests = _digests(connection, there.values())
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
        known = _known_digests(connection, filled.id, [one.digest for one in new]) if filled.id is not None else set()
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
                outcome.changed.append(_Change(id_, before, after))
                outcome.fields.update(_fields(before, after))
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

    def _survey(
        self, connection: Connection, code: str, new_items: Mapping[str, NewItem], work: Work | None = None
    ) -> _Filled | None:
        """Return the survey with a code, made or completed where ``work`` allows it; None for an empty code.

        Raises OmbudError where the survey has an item on another scale.
        """
        if not code:
            return None
        filled = self.surveys.get(code)
        wanted = [*self.rules, *(rule for rule in _rules_of(new_items, self.profile))]
        if filled is None:
            id_ = connection.execute(select(SURVEYS.c.id).where(SURVEYS.c.code == code)).scalar()
            if id_ is None and work is not None:
                id_ = self._make_survey(work, code)
            filled = _Filled(id_, items_of(connection, id_) if id_ is not None else {})
            self._check_scales(code, filled)
            self.surveys[code] = filled
        missing = [rule for rule in wanted if rule.code not in filled.items]
        if missing:
            if filled.id is not None and work is not None:
                self._make_items(work, code, filled, missing)
            else:
                for rule in missing:
                    filled.items[rule.code] = _imagined(rule, self.profile, len(filled.items))
        self.reader.with_scales({code: (item.low, item.high) for code, item in filled.items.items()})
        return filled

    def _check_scales(self, code: str, filled: _Filled) -> None:
        for rule in self.rules:
            item = filled.items.get(rule.code)
            if item is None or rule.scale is None or item.kind in (IndicatorKind.TEXT, IndicatorKind.GROUP):
                continue
            if (item.low, item.high) != (rule.scale.low, rule.scale.high):
                raise OmbudError(
                    f"The survey {code} has {rule.code} on a scale from {item.low} to {item.high}; "
                    f"the profile {self.profile.name} reads it from {rule.scale.low} to {rule.scale.high}.",
                    "Answers on two scales cannot be added: mend the profile, or name another survey: --survey CODE",
                )

    def _make_survey(self, work: Work, code: str) -> int:
        survey = self.profile.survey
        has_rule = code == survey.code or not survey.column
        made = work.connection.execute(
            insert(SURVEYS)
            .values(
                code=code,
                title=survey.title if has_rule else code,
                title_zh=survey.title_zh if has_rule else "",
                series=survey.series,
                wave=survey.wave,
                assessor=survey.assessor,
                channel=survey.channel,
                population=survey.population,
                scale_low=survey.scale.low,
                scale_high=survey.scale.high,
                starts_on=survey.starts_on,
                ends_on=survey.ends_on,
                tree=survey.tree,
            )
            .returning(SURVEYS.c.id)
        ).scalar_one()
        self.made.setdefault("surveys", []).append(int(made))
        return int(made)

    def _make_items(self, work: Work, code: str, filled: _Filled, rules: Sequence[ItemRule]) -> None:
        del code
        survey_id = filled.id
        positions = {rule.code: place for place, rule in enumerate(rules, len(filled.items) + 1)}
        survey = work.connection.execute(
            select(SURVEYS.c.scale_low, SURVEYS.c.scale_high).where(SURVEYS.c.id == survey_id)
        ).one()
        waiting = list(rules)
        ids = {name: item.id for name, item in filled.items.items()}
        while waiting:
            # Groups come before what stands under them; a profile without circles always has one that is ready.
            ready = [rule for rule in waiting if not rule.parent or rule.parent in ids]
            for rule in ready:
                is_own = rule.scale is not None and (rule.scale.low, rule.scale.high) != tuple(survey)
                id_ = work.connection.execute(
                    insert(INDICATORS)
                    .values(
                        survey_id=survey_id,
                        code=rule.code,
                        label=rule.label,
                        label_zh=rule.label_zh,
                        position=positions[rule.code],
                        parent_id=ids.get(rule.parent),
                        weight=rule.weight,
                        kind=rule.kind,
                        scale_low=rule.scale.low if is_own and rule.scale else None,
                        scale_high=rule.scale.high if is_own and rule.scale else None,
                        is_reversed=bool(rule.scale and rule.scale.is_reversed),
                        target=rule.target,
                        node=rule.node,
                    )
                    .returning(INDICATORS.c.id)
                ).scalar_one()
                ids[rule.code] = int(id_)
                self.made.setdefault("indicators", []).append(int(id_))
            waiting = [rule for rule in waiting if rule.code not in ids]
        filled.items.clear()
        filled.items.update(items_of(work.connection, survey_id or 0))


@dataclass(frozen=True, slots=True)
class _Change:
    id: int
    before: Said
    after: Said


@dataclass(slots=True)
class _Outcome:
    """What a chunk comes to: new responses by survey, changed ones, and how many are as they were."""

    new: dict[int, list[Said]] = field(default_factory=dict)
    changed: list[_Change] = field(default_factory=list)
    unchanged: int = 0
    created: int = 0
    answers: int = 0
    doubles: int = 0
    fields: Counter[str] = field(default_factory=Counter)


def _became(outcome: _Outcome, chunk: _Chunk) -> Counts:
    unchanged, rejected = outcome.unchanged + chunk.repeated, len(chunk.refusals)
    changed = len(outcome.changed)
    read = outcome.created + changed + unchanged + rejected
    return Counts(read, outcome.created, changed, unchanged, rejected)


def _counted(counts: Counts) -> dict[str, int]:
    return {
        "read": counts.read,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
    }


def _rules_of(new_items: Mapping[str, NewItem], profile: SurveyProfile) -> Iterator[ItemRule]:
    for code, item in new_items.items():
        scale = profile.survey.scale
        if item.low is not None and item.high is not None and item.low < item.high:
            scale = replace(scale, low=item.low, high=item.high, words={}, _known={})
        yield ItemRule(code[:64], "", item.label[:200], "", item.kind, scale)


def _imagined(rule: ItemRule, profile: SurveyProfile, place: int) -> Item:
    """An item as a dry run takes it, with an id that no item has."""
    scale = rule.scale or profile.survey.scale
    return Item(
        -1 - place, rule.code, rule.label, rule.label_zh, rule.kind, scale.low, scale.high, scale.is_reversed, None,
        rule.weight, rule.target, rule.node, place,
    )  # fmt: skip


def _says_enough(one: Said) -> bool:
    """Whether two responses that say the same are likely to be one: many answers, a known customer, or a time of day."""
    answered = sum(score is not None for score, _ in one.answers.values())
    has_time = (one.answered_at.minute, one.answered_at.second) != (0, 0)
    return answered >= FEWEST_EQUAL or one.customer_id is not None or has_time


def _digests(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    question = select(RESPONSES.c.id, RESPONSES.c.digest).where(RESPONSES.c.id.in_(list(ids)))
    return {row[0]: row[1] for row in connection.execute(question)}


def _known_digests(connection: Connection, survey_id: int | None, digests: Sequence[str]) -> set[str]:
    question = select(RESPONSES.c.digest).where(
        RESPONSES.c.survey_id == survey_id, RESPONSES.c.digest.in_(list(digests))
    )
    return set(connection.execute(question).scalars())


def _customers(connection: Connection, numbers: Iterable[str]) -> dict[str, dict[str, Any]]:
    wanted = sorted({number for number in numbers if number})
    if not wanted:
        return {}
    question = select(
        CUSTOMERS.c.number, CUSTOMERS.c.id, CUSTOMERS.c.region, CUSTOMERS.c.kind, CUSTOMERS.c.supply_category
    ).where(CUSTOMERS.c.number.in_(wanted))
    return {
        row[0]: {"id": row[1], "region": row[2], "kind": row[3], "supply": row[4] or ""}
        for row in connection.execute(question)
    }


def _cases(connection: Connection, references: Iterable[str]) -> dict[str, dict[str, Any]]:
    wanted = sorted({reference for reference in references if reference})
    if not wanted:
        return {}
    question = (
        select(CASES.c.reference, CASES.c.id, DEPARTMENTS.c.code)
        .join_from(CASES, DEPARTMENTS, DEPARTMENTS.c.id == CASES.c.department_id, isouter=True)
        .where(CASES.c.reference.in_(wanted))
    )
    return {row[0]: {"id": row[1], "department": row[2] or ""} for row in connection.execute(question)}


def _fields(before: Said, after: Said) -> set[str]:
    found = {name for name in FACTS if getattr(before, name) != getattr(after, name)}
    if before.answers != after.answers:
        found.add("answers")
    if before.texts != after.texts:
        found.add("texts")
    return found


def said_text(said: Said, month: str = "") -> str:
    """Return a response, and the month it was counted by, as the JSON object that an undo reads back."""
    facts = {name: getattr(said, name) for name in FACTS if name != "answered_at"}
    content = {
        **facts,
        "number": said.number,
        "answered_at": said.answered_at.isoformat(),
        "answers": {str(key): list(value) for key, value in said.answers.items()},
        "texts": {str(key): value for key, value in said.texts.items()},
        "is_double": said.is_double,
        "month": month,
    }
    return json.dumps(content, ensure_ascii=False)


def said_back(text: str) -> tuple[Said, str]:
    """Return the response and the month that ``said_text`` was given."""
    values = json.loads(text)
    values["answered_at"] = datetime.fromisoformat(values["answered_at"])
    values["answers"] = {int(key): (value[0], value[1]) for key, value in values["answers"].items()}
    values["texts"] = {int(key): value for key, value in values["texts"].items()}
    month = values.pop("month")
    return Said(**values), month
