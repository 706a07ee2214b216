"""A first draft of a profile of survey answers, made by looking at a file: for a person to read, mend and use."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from console.errors import OmbudError
from console.text import clean_line, fold
from console.transfer.answer_scales import canonical
from console.transfer.column_guesses import (
    ColumnSample,
    ScaleGuess,
    date_forms,
    is_ambiguous,
    samples_of,
    scale_of,
    widened,
)
from console.transfer.source_rows import SourceOptions, SourceRow
from console.transfer.sources import open_source

LOOKED_AT = 5_000
"""Rows that are looked at: codes that are rare stand in most files before that."""
MOST_UNDER_HEADER = 3
SHOWN_VALUES = 12
FACTS = ("region", "channel", "department", "kind", "supply", "interviewer", "language", "customer", "seconds")
SHORT_FACT = 60
SHORTEST_TEXT = 10


@dataclass(frozen=True, slots=True)
class Draft:
    """The draft as TOML, and what was found: the items, and what a person should look at first."""

    text: str
    items: int
    rows: int
    doubts: tuple[str, ...]


@dataclass(slots=True)
class _Findings:
    """What the columns are taken for."""

    number: str = ""
    date: str = ""
    forms: tuple[str, ...] = ()
    weight: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    items: dict[str, ScaleGuess] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    long_item: str = ""
    long_score: str = ""
    doubts: list[str] = field(default_factory=list)


def draft_profile(
    path: str | Path, *, code: str = "", zone: str = "", options: SourceOptions | None = None, today: date
) -> Draft:
    """Return a draft of the profile for a file, by looking at its first 5,000 rows.

    Raises UsageError, SourceError and EmptySourceError as opening the file does; OmbudError where no column looks like a rating.
    """
    with open_source(path, options or SourceOptions()) as source:
        rows = [row.values for row in islice(source, LOOKED_AT) if isinstance(row, SourceRow)]
        columns, name, form = source.columns, source.name, source.format
    columns_under = _rows_under_header(columns, rows)
    rows = rows[columns_under:]
    samples = samples_of(columns, rows)
    found = _found(samples, zone or "UTC")
    if not found.items and not found.long_score:
        raise OmbudError(
            f"No column of {Path(name).name} looks like a rating.",
            "Check that it is a file of answers; the example of a profile is the ready one: device.",
        )
    text = _Writer(found, samples, code or _code_of(name), zone or "UTC", today).written(
        name, form, len(rows), columns_under
    )
    return Draft(text, len(found.items), len(rows), tuple(found.doubts))


def _code_of(name: str) -> str:
    stem = Path(name).name.partition(".")[0]
    code = "".join(char if char.isalnum() else "-" for char in fold(stem)).strip("-")
    return code[:64] or "survey"


def _rows_under_header(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How many rows below the column names are no answers: the questions in full, or the keys of an export."""
    for count in range(min(MOST_UNDER_HEADER, max(0, len(rows) - 5)), 0, -1):
        rest = {sample.name: scale_of(sample) for sample in samples_of(columns, rows[count:])}
        rated = [place for place, name in enumerate(columns) if rest[name] is not None]
        if len(rated) < 2:
            continue
        strange = [
            sum(
                1
                for place in rated
                if place < len(row) and len(row[place].strip()) > 1 and not _is_short(row[place], rows[count:], place)
            )
            for row in rows[:count]
        ]
        if all(n > len(rated) / 2 for n in strange):
            return count
    return 0


def _is_short(value: str, rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether a value stands in later rows of its column too, as answers do and questions do not."""
    return any(place < len(row) and row[place].strip() == value.strip() for row in rows)


def _found(samples: Sequence[ColumnSample], zone: str) -> _Findings:
    found = _Findings()
    left = [sample for sample in samples if sample.counts]
    found.others += [sample.name for sample in samples if not sample.counts]
    left = _take_number(found, left)
    left = _take_date(found, left, zone)
    left = _take_weight(found, left)
    if _take_long(found, left):
        left = [sample for sample in left if sample.name not in (found.long_item, found.long_score)]
    left = _take_facts(found, left)
    guesses = {
        sample.name: guess for sample in left if (guess := scale_of(sample)) is not None and not found.long_score
    }
    for name, guess in widened(guesses, left).items():
        if guess.ready == "yes-no" or (guess.low, guess.high) == (0, 1):
            found.others.append(name)
        else:
            found.items[name] = guess
    for sample in left:
        if sample.name in guesses:
            continue
        longest = max(len(text) for text in sample.counts)
        if not found.long_score and (longest > SHORT_FACT or (sample.is_named("text") and longest > SHORTEST_TEXT)):
            found.texts.append(sample.name)
        else:
            found.others.append(sample.name)
    return found


def _take_number(found: _Findings, left: list[ColumnSample]) -> list[ColumnSample]:
    named = [sample for sample in left if sample.is_named("number") and not sample.is_named("customer")]
    is_long = _long_columns(left) is not None
    chosen = next((sample for sample in named if sample.is_unique or (is_long and not sample.empty)), None)
    if chosen is None:
        repeated = next((sample.name for sample in named), "")
        beside = f"; {repeated} repeats or is empty" if repeated else ""
        found.doubts.append(f"no column is a number of the response, which is made from the whole row{beside}")
    else:
        found.number = chosen.name
    # What is called a number is none of the ratings, however small its numbers are.
    found.others += [sample.name for sample in named if sample is not chosen and not sample.is_named("score")]
    left = [sample for sample in left if sample.name not in found.others]
    return [sample for sample in left if sample is not chosen]


def _take_date(found: _Findings, left: list[ColumnSample], zone: str) -> list[ColumnSample]:
    named = [sample for sample in left if sample.is_named("date")]
    ended = [
        sample
        for sample in named
        if any(word in fold(sample.name) for word in ("end", "submit", "complet", "结束", "提交"))
    ]
    for sample in (*ended, *named, *left):
        forms = date_forms(sample, zone)
        if not forms or (sample not in named and all(form in ("excel", "unix", "%Y%m%d") for form in forms)):
            continue
        found.date, found.forms = sample.name, forms
        if is_ambiguous(forms, sample):
            found.doubts.append(f"{sample.name} may be month before day or day before month: look at [dates]")
        return [other for other in left if other is not sample]
    found.doubts.append("no column is a date: write the day of the survey in [answered_at]")
    return left


def _take_weight(found: _Findings, left: list[ColumnSample]) -> list[ColumnSample]:
    for sample in left:
        if sample.is_named("weight") and all(_is_weight(text) for text in sample.counts):
            found.weight = sample.name
            return [other for other in left if other is not sample]
    return left


def _is_weight(text: str) -> bool:
    try:
        return float(text.replace(",", ".")) >= 0
    except ValueError:
        return False


def _long_columns(left: Sequence[ColumnSample]) -> tuple[ColumnSample, ColumnSample] | None:
    """The columns of items that repeat and of their scores, where the file has one answer a row."""
    item = next((sample for sample in left if sample.is_named("item") and scale_of(sample) is None), None)
    score = next((sample for sample in left if sample.is_named("score") and scale_of(sample) is not None), None)
    if item is None or score is None or len(item.counts) > item.filled / 2:
        return None
    return item, score


def _take_long(found: _Findings, left: Sequence[ColumnSample]) -> bool:
    """Take the columns of a file with one answer a row, where it is one."""
    pair = _long_columns(left)
    if pair is None:
        return False
    found.long_item, found.long_score = pair[0].name, pair[1].name
    guess = scale_of(pair[1])
    if guess is not None:
        found.doubts += [f"{pair[1].name}: {doubt}" for doubt in guess.doubts]
    return True


def _take_facts(found: _Findings, left: list[ColumnSample]) -> list[ColumnSample]:
    for name in FACTS:
        for sample in left:
            if sample.name in found.facts.values() or not sample.is_named(name):
                continue
            if max(len(text) for text in sample.counts) > SHORT_FACT:
                continue
            if name == "seconds" and not all(_is_weight(text) or ":" in text for text in sample.counts):
                continue
            found.facts[name] = sample.name
            break
    return [sample for sample in left if sample.name not in found.facts.values()]


def _quoted(text: str) -> str:
    return json.dumps(clean_line(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(_quoted(text) for text in texts)}]"


class _Writer:
    """Writes what was found as TOML, each guess with what it was guessed from."""

    def __init__(self, found: _Findings, samples: Sequence[ColumnSample], code: str, zone: str, today: date) -> None:
        self.found = found
        self.samples = {sample.name: sample for sample in samples}
        self.code = code
        self.zone = zone
        self.today = today
        self.lines: list[str] = []
        self.codes: set[str] = set()

    def written(self, name: str, form: str, rows: int, under: int) -> str:
        found = self.found
        self.put(
            f"# A draft made from the first {rows:,} rows of {clean_line(Path(name).name)} ({form}).",
            "# Read it, and mend what was guessed wrong: the counts above each item say what stands in the file.",
            f"# Then try it: ombud import responses {clean_line(Path(name).name)} --profile THIS.toml --dry-run",
        )
        self.put(*(f"# Look at: {clean_line(doubt)}." for doubt in found.doubts))
        self.put("", 'kind = "responses"', f"title = {_quoted(self.code)}")
        if found.long_score:
            self.put('layout = "long"', "new_items = true")
        self.put(f"missing = {self.missing()}", "")
        if under:
            self.put("[file]", f"rows_under_header = {under}", "")
        self.put("[dates]", f"zone = {_quoted(self.zone)}", f"formats = {_listed(found.forms or ('iso',))}", "")
        self.put("[survey]", f"code = {_quoted(self.code)}", f"scale = {self.main_scale()}", "")
        self.put("[number]", f"column = {_quoted(found.number)}" if found.number else 'made = "content"', "")
        self.put("[answered_at]")
        if found.date:
            self.put(f"column = {_quoted(found.date)}")
            if self.samples[found.date].empty:
                self.put(f'default = "{self.today.isoformat()}"  # {self.samples[found.date].empty} rows have none')
        else:
            self.put(f'value = "{self.today.isoformat()}"  # no column holds a date')
        if found.weight:
            self.put("", "[weight]", f"column = {_quoted(found.weight)}", "default = 1")
        for fact, column in found.facts.items():
            self.put("", f"[facts.{fact}]", f"column = {_quoted(column)}")
        if found.long_score:
            self.put("", "[long]", f"item = {_quoted(found.long_item)}", f"score = {_quoted(found.long_score)}")
        for column, guess in found.items.items():
            self.item(column, guess)
        for column in found.texts:
            self.put("", f"[items.{_quoted(self.item_code(column))}]", f"column = {_quoted(column)}", 'kind = "text"')
        if found.others:
            self.put("", f"# Not used: {', '.join(clean_line(column) for column in found.others)}")
        return "\n".join(self.lines) + "\n"

    def put(self, *lines: str) -> None:
        self.lines += lines

    def guesses(self) -> list[ScaleGuess]:
        if self.found.long_score:
            guess = scale_of(self.samples[self.found.long_score])
            return [guess] if guess is not None else []
        return list(self.found.items.values())

    def missing(self) -> str:
        """The words for no answer that stand in the ratings; numbers stand with their items, where these have columns."""
        words: dict[str, str] = {}
        is_long = bool(self.found.long_score)
        for guess in self.guesses():
            words.update({word: reason for word, reason in guess.missing.items() if is_long or not _is_number(word)})
        return "{ " + ", ".join(f"{_quoted(word)} = {_quoted(reason)}" for word, reason in sorted(words.items())) + " }"

    def main_scale(self) -> str:
        """The scale of most items, which is that of the survey."""
        asked_so = [column for column, guess in self.found.items.items() if self.is_recommendation(column, guess)]
        counted = Counter(
            _scale(guess)
            for column, guess in (self.found.items or dict.fromkeys([""], self.guesses()[0])).items()
            if column not in asked_so
        )
        return counted.most_common(1)[0][0] if counted else "[0, 10]"

    def is_recommendation(self, column: str, guess: ScaleGuess) -> bool:
        """Whether a column asks for recommendation, from 0 to 10."""
        return (guess.low, guess.high) == (0, 10) and self.samples[column].is_named("nps")

    def item_code(self, column: str) -> str:
        """A code of an item: the column's name, cut and made its own."""
        code = clean_line(column).strip()[:60] or "item"
        base, number = code, 1
        while code in self.codes:
            number += 1
            code = f"{base[:57]} {number}"
        self.codes.add(code)
        return code

    def item(self, column: str, guess: ScaleGuess) -> None:
        sample = self.samples[column]
        code = self.item_code(column)
        shown = ", ".join(f"{clean_line(text)[:30]}: {count}" for text, count in self.ordered(sample))
        empty = f"; empty: {sample.empty}" if sample.empty else ""
        self.put("", f"# {shown}{empty}", f"[items.{_quoted(code)}]")
        if code != column:
            self.put(f"column = {_quoted(column)}")
        if self.is_recommendation(column, guess):
            self.put('kind = "nps"')
        elif _scale(guess) != self.main_scale():
            self.put(f"scale = {_scale(guess)}")
        numbers = {word: reason for word, reason in guess.missing.items() if _is_number(word)}
        if numbers:
            listed = ", ".join(f"{_quoted(word)} = {_quoted(reason)}" for word, reason in sorted(numbers.items()))
            self.put(f"missing = {{ {listed} }}")
        self.put(*(f"# Look at: {doubt}." for doubt in guess.doubts))

    @staticmethod
    def ordered(sample: ColumnSample) -> list[tuple[str, int]]:
        """The values of a column: numbers by size, words by how often they stand."""
        found = sample.counts.most_common(SHOWN_VALUES)
        if all(_is_number(canonical(text)) for text, _count in found):
            found.sort(key=lambda pair: int(canonical(pair[0])))
        return found


def _is_number(word: str) -> bool:
    return word.lstrip("+-").isdigit() and word.isascii()


def _scale(guess: ScaleGuess) -> str:
    return _quoted(guess.ready) if guess.ready else f"[{guess.low}, {guess.high}]"
