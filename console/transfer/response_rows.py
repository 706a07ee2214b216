"""From the rows of a file to responses: what each says, or the reason why it cannot be taken."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from console import clock
from console.codes import IndicatorKind, MissingCode
from console.identifiers import natural_key
from console.text import clean, clean_line
from console.transfer.answer_scales import AnswerScale, Scored, canonical
from console.transfer.dates import ISO, DateReader
from console.transfer.formulas import unguarded
from console.transfer.source_rows import SourceRow
from console.transfer.survey_rules import ItemRule, Places, SurveyProfile, ValueRule
from console.transfer.validation import AHEAD, RowError

LENGTHS: Mapping[str, int] = {
    "region": 100,
    "kind": 40,
    "supply": 40,
    "channel": 40,
    "department": 100,
    "interviewer": 64,
    "language": 20,
    "customer": 64,
    "case": 64,
    "seconds": 20,
}
DURATION = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})", re.ASCII)
LONGEST_SECONDS = 10_000_000
NUMBER_LENGTH = 64
TEXT_LENGTH = 100_000
MADE_LENGTH = 24


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item that a long file names and describes."""

    label: str
    kind: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    """What one response of a file says: facts as texts, answers and texts by the code of their item.

    ``lines`` are the rows it was made of; ``doubles`` counts answers to an item already answered in it, of which the last counts.
    """

    line: int
    survey: str
    number: str
    answered_at: datetime
    facts: Mapping[str, str]
    weight: float
    answers: Mapping[str, Scored]
    texts: Mapping[str, str]
    new_items: Mapping[str, NewItem] = field(default_factory=dict)
    lines: int = 1
    doubles: int = 0

    def joined(self, other: ResponseRecord) -> ResponseRecord:
        """Return this response with the answers of another row of it, which prevail."""
        doubles = len(self.answers.keys() & other.answers.keys())
        return replace(
            self,
            facts={**self.facts, **{name: value for name, value in other.facts.items() if value}},
            answers={**self.answers, **other.answers},
            texts={**self.texts, **other.texts},
            new_items={**self.new_items, **other.new_items},
            lines=self.lines + other.lines,
            doubles=self.doubles + doubles,
        )


class ResponseReader:
    """Reads the rows of one file by one profile."""

    def __init__(
        self, profile: SurveyProfile, places: Places, *, is_guarded: bool = False, now: clock.Now = clock.now
    ) -> None:
        self._profile = profile
        self._places = places.places
        self._is_guarded = is_guarded
        self._latest = now() + AHEAD
        self._dates = DateReader(profile.formats, profile.zone)
        self._iso = DateReader((ISO,), profile.zone)
        self._items = [item for item in places.items if item.column]
        self._equal_rows: dict[str, int] = {}
        # The scale of an item may differ from the survey's; a long file reads each answer on the scale of its item.
        self._scales: dict[str, AnswerScale] = {
            item.code: item.scale for item in places.items if item.scale is not None
        }

    def with_scales(self, scales: Mapping[str, tuple[int, int]]) -> None:
        """Learn the scales of the items that the survey has already, by code: what a long file's answers are checked against."""
        for code, (low, high) in scales.items():
            if code not in self._scales:
                scale = self._profile.survey.scale
                self._scales[code] = AnswerScale(
                    f"{low}-{high}", low, high, dict(scale.words), dict(scale.missing), scale.takes_numbers
                )

    def is_response(self, row: SourceRow) -> bool:
        """Return whether a row is a response by the profile, and not a test or one that was never finished."""
        return all(canonical(self._cell(row.values, column)) in values for column, values in self._profile.only.items())

    def read(self, row: SourceRow) -> ResponseRecord:
        """Return what a row says. Raises RowError with the first thing that is wrong."""
        values = row.values
        if self._is_guarded:
            values = tuple(unguarded(value) if "'" in value else value for value in values)
        facts = {rule.name: self._fact(rule, values) for rule in self._profile.facts}
        answers, texts, made = self._long(values) if self._profile.long else (*self._wide(values), {})
        number = self._number(row.line, values)
        survey = self._profile.survey
        return ResponseRecord(
            line=row.line,
            survey=self._cell(values, survey.column) if survey.column else survey.code,
            number=number,
            answered_at=self._answered_at(values),
            facts=facts,
            weight=self._weight(values),
            answers=answers,
            texts=texts,
            new_items=made,
        )

    def _cell(self, values: tuple[str, ...], column: str) -> str:
        place = self._places.get(column)
        return clean_line(values[place]) if place is not None else ""

    def _joined(self, rule: ValueRule, values: tuple[str, ...]) -> str:
        parts = [self._cell(values, column) for column in rule.columns]
        given = [part for part in parts if part]
        return rule.prefix + rule.separator.join(given) if given else ""

    def _fact(self, rule: ValueRule, values: tuple[str, ...]) -> str:
        if rule.value is not None:
            return rule.value
        text = self._joined(rule, values)
        if canonical(text) in self._profile.missing:
            text = ""
        if rule.values is not None:
            code = rule.values.get(canonical(text))
            if code is not None:
                return code
            if text and rule.unknown is None:
                raise RowError(rule.columns[0], f"“{text[:60]}” is none of the values the profile knows")
            text = rule.unknown or "" if text else ""
        text = text or rule.default
        if rule.name in ("customer", "case", "interviewer"):
            text = natural_key(text)
        if len(text) > LENGTHS[rule.name]:
            raise RowError(rule.columns[0] if rule.columns else "", f"is longer than {LENGTHS[rule.name]} characters")
        if rule.name == "seconds" and text:
            return _seconds(rule.columns[0] if rule.columns else "", text)
        return text

    def _wide(self, values: tuple[str, ...]) -> tuple[dict[str, Scored], dict[str, str]]:
        answers: dict[str, Scored] = {}
        texts: dict[str, str] = {}
        for item in self._items:
            value = values[self._places[item.column]]
            if item.kind == IndicatorKind.TEXT:
                text = self._open(item.column, value, item)
                if text:
                    texts[item.code] = text
                continue
            answers[item.code] = _read(item, value)
        return answers, texts

    def _open(self, column: str, value: str, item: ItemRule | None = None) -> str:
        text = clean(value).strip()
        if item is not None and item.scale is not None and canonical(text) in item.scale.missing:
            return ""
        if len(text) > TEXT_LENGTH:
            raise RowError(column, f"is longer than {TEXT_LENGTH:,} characters")
        return text

    def _long(self, values: tuple[str, ...]) -> tuple[dict[str, Scored], dict[str, str], dict[str, NewItem]]:
        rule = self._profile.long
        if rule is None:
            raise TypeError("the profile has no long layout")
        written = self._cell(values, rule.item)
        code = rule.items.get(canonical(written), written)
        if not code:
            # A row without item is a response that answered nothing.
            if not self._cell(values, rule.score) and not self._cell(values, rule.text):
                return {}, {}, {}
            raise RowError(rule.item, "is empty: the row does not say what was answered")
        made: dict[str, NewItem] = {}
        if self._profile.makes_items:
            made[code] = NewItem(
                self._cell(values, rule.label) or code,
                self._cell(values, rule.kind) or IndicatorKind.SCORE.value,
                self._whole(values, rule.scale_low),
                self._whole(values, rule.scale_high),
            )
            if made[code].kind not in tuple(IndicatorKind):
                raise RowError(rule.kind, f"“{made[code].kind[:40]}” is no kind of indicator")
        place = self._places.get(rule.text)
        text = self._open(rule.text, values[place]) if place is not None else ""
        reason = self._cell(values, rule.missing).upper()
        if reason and reason not in tuple(MissingCode):
            raise RowError(rule.missing, f"“{reason[:40]}” is none of {', '.join(MissingCode)}")
        score = values[self._places[rule.score]]
        if made.get(code) is not None and made[code].kind == IndicatorKind.TEXT:
            return {}, {code: text} if text else {}, made
        if reason:
            return {code: (None, reason)}, {code: text} if text else {}, made
        if text and not score.strip():
            return {}, {code: text}, made
        scale = self._scale_of(code, made.get(code))
        try:
            found = scale.read(score)
        except ValueError as error:
            raise RowError(rule.score, f"“{clean_line(score)[:60]}” {error}") from None
        return {code: found}, {code: text} if text else {}, made

    def _scale_of(self, code: str, made: NewItem | None) -> AnswerScale:
        scale = self._scales.get(code)
        if scale is None:
            base = self._profile.survey.scale
            scale = base
            if made is not None and made.low is not None and made.high is not None and made.low < made.high:
                scale = AnswerScale(f"{made.low}-{made.high}", made.low, made.high, {}, dict(base.missing))
            self._scales[code] = scale
        return scale

    def _whole(self, values: tuple[str, ...], column: str) -> int | None:
        text = self._cell(values, column) if column else ""
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise RowError(column, f"“{text[:40]}” is not a whole number") from None

    def _number(self, line: int, values: tuple[str, ...]) -> str:
        rule = self._profile.number
        if rule.made == "line":
            return f"L{line:06d}"
        if rule.made == "content":
            said = "\x1f".join(clean(value).strip() for value in values)
            digest = hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:MADE_LENGTH]
            count = self._equal_rows.get(digest, 0) + 1
            self._equal_rows[digest] = count
            return f"{digest}-{count}" if count > 1 else digest
        text = natural_key(self._joined(rule, values))
        if not text:
            raise RowError(rule.columns[0], "is empty: a response needs its number")
        if len(text) > NUMBER_LENGTH:
            raise RowError(rule.columns[0], f"is longer than {NUMBER_LENGTH} characters")
        return text

    def _answered_at(self, values: tuple[str, ...]) -> datetime:
        rule = self._profile.answered_at
        if rule.value is not None:
            return self._iso.read(rule.value)
        text = self._joined(rule, values)
        column = rule.columns[0]
        if not text or canonical(text) in self._profile.missing:
            if rule.default:
                return self._iso.read(rule.default)
            raise RowError(column, "is empty: a response needs the day it was given")
        try:
            moment = self._dates.read(text)
        except ValueError as error:
            raise RowError(column, f"“{text[:60]}”: {error}") from None
        if moment > self._latest:
            raise RowError(column, f"“{text[:60]}” lies in the future")
        return moment

    def _weight(self, values: tuple[str, ...]) -> float:
        rule = self._profile.weight
        if rule is None:
            return 1.0
        text = self._cell(values, rule.columns[0]) or rule.default
        try:
            weight = float(text.replace(",", "."))
        except ValueError:
            raise RowError(rule.columns[0], f"“{text[:40]}” is not a survey weight") from None
        if not math.isfinite(weight) or weight < 0:
            raise RowError(rule.columns[0], f"“{text[:40]}” is not a survey weight: it must be 0 or more")
        return weight


def _seconds(column: str, text: str) -> str:
    """Return a duration in whole seconds: ``75``, ``75.4``, ``1:15`` or ``0:01:15``."""
    clocked = DURATION.fullmatch(text)
    if clocked:
        hours, minutes, seconds = (int(part or 0) for part in clocked.groups())
        return str(3600 * hours + 60 * minutes + seconds)
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        raise RowError(column, f"“{text}” is no duration in seconds, such as 75 or 1:15") from None
    if not 0 <= found <= LONGEST_SECONDS:
        raise RowError(column, f"“{text}” is no duration in seconds")
    return str(round(found))


def _read(item: ItemRule, value: str) -> Scored:
    if item.scale is None:
        raise TypeError(f"{item.code} has no scale")
    try:
        return item.scale.read(value)
    except ValueError as error:
        raise RowError(item.column, f"“{clean_line(value)[:60]}” {error}") from None
