"""The filter language: ``kind:complaint severity:>=3 due:<4h -channel:web "no water" sort:due``.

Terms stand side by side and must all hold; values of one term are joined by commas and any of them will do; ``-`` before a
term turns it round. Words without a field search the text. What is parsed can be written again: ``parse(str(f)) == f``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import NamedTuple, NoReturn

from console.errors import PointedError, nearest
from console.rules.filter_fields import (
    CASE_FIELDS,
    ME,
    MINE,
    NONE,
    Field,
    Fields,
    FieldType,
    case_fields,
    checked_value,
    field_names,
    with_choices,
)
from console.rules.filter_times import Span, ValueProblem, compared, duration
from console.text import is_safe_for_terminal

__all__ = [
    "CASE_FIELDS",
    "ME",
    "MINE",
    "NONE",
    "Field",
    "FieldType",
    "Fields",
    "Filter",
    "FilterError",
    "Operator",
    "Sort",
    "Span",
    "Term",
    "Value",
    "case_fields",
    "parse",
    "spans",
    "with_choices",
]

MOST_TERMS = 64
LONGEST = 2_000
SEARCH = "text"
"""The field that words without a field search."""

OPERATORS = {"<=": "<=", ">=": ">=", "≤": "<=", "≥": ">=", "<": "<", ">": ">", "＜": "<", "＞": ">", "=": "="}
COLONS = ":："
COMMAS = ",，"
QUOTES = {'"': '"', "“": "”"}
_CLOSING = "”"
_RESERVED = ("AND", "OR", "NOT")


class Operator(StrEnum):
    """How a term compares; ``RANGE`` has two values and includes both."""

    EQUAL = "="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    RANGE = ".."


class FilterError(PointedError):
    """A filter that cannot be understood, and where: ``position`` counts characters from 0.

    ``what`` is the message without the place, for whoever points at it.
    """

    def __init__(self, message: str, hint: str = "", *, text: str = "", position: int = 0, what: str = "") -> None:
        super().__init__(message, hint)
        self.what = what or message
        self.text = text
        self.position = position

    def pointer(self) -> str:
        """Return two lines: the filter, and ``^`` under the character, wide characters counted as two columns."""
        shown = [" " if char.isspace() else char if is_safe_for_terminal(char) else "?" for char in self.text]
        return "".join(shown) + "\n" + " " * sum(map(_columns, shown[: self.position])) + "^"


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


class Value(NamedTuple):
    """One value of a term in canonical form; ``is_phrase`` when words of a text must stand as they are written."""

    text: str
    is_phrase: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: any of ``values`` (the two ends, for a range) of one field, or none of them if ``is_negated``."""

    field: str
    values: tuple[Value, ...]
    operator: Operator = Operator.EQUAL
    is_negated: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as they are compared."""
        return tuple(value.text for value in self.values)

    @property
    def asks_for_absence(self) -> bool:
        """Whether one of the values is ``none``."""
        return self.operator is Operator.EQUAL and NONE in self.texts

    def __str__(self) -> str:
        sign = "-" if self.is_negated else ""
        if self.field == SEARCH and len(self.values) == 1:
            return sign + written_value(self.values[0], is_bare=True)
        if self.operator is Operator.RANGE:
            return f"{sign}{self.field}:{self.values[0].text}..{self.values[1].text}"
        operator = "" if self.operator is Operator.EQUAL else self.operator.value
        return f"{sign}{self.field}:{operator}{','.join(written_value(value) for value in self.values)}"


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of the order of rows."""

    field: str
    is_descending: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.is_descending else ''}{self.field}"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a filter asks: all of ``terms``, in the order of ``sorts``."""

    terms: tuple[Term, ...] = ()
    sorts: tuple[Sort, ...] = ()

    def __str__(self) -> str:
        order = ("sort:" + ",".join(map(str, self.sorts)),) if self.sorts else ()
        return " ".join((*map(str, self.terms), *order))

    def __bool__(self) -> bool:
        return bool(self.terms or self.sorts)

    def sorted_by(self, *sorts: Sort) -> Filter:
        """Return this filter in another order."""
        return replace(self, sorts=sorts)

    def joined(self, other: Filter) -> Filter:
        """Return what both filters ask, in the order of the other where it names one."""
        terms = tuple(dict.fromkeys((*self.terms, *other.terms)))
        return Filter(terms, other.sorts or self.sorts)

    def searched(self) -> tuple[Value, ...]:
        """Return the words and phrases that the rows must hold, to be shown where they stand."""
        return tuple(
            value for term in self.terms if term.field == SEARCH and not term.is_negated for value in term.values
        )


def _needs_quotes(text: str, *, is_bare: bool = False) -> bool:
    if any(char.isspace() or char in COMMAS or char in QUOTES or char == _CLOSING for char in text):
        return True
    if is_bare:
        return text.startswith("-") or text in _RESERVED or any(char in COLONS for char in text)
    return text.startswith(tuple(OPERATORS))


def written_value(value: Value, *, is_bare: bool = False) -> str:
    """Return a value as a filter writes it, in quotation marks where it needs them."""
    if not (value.is_phrase or _needs_quotes(value.text, is_bare=is_bare)):
        return value.text
    return '"' + value.text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse(text: str, fields: Fields | None = None) -> Filter:
    """Return the filter that a text writes, of cases where no other ``fields`` are given.

    Raises FilterError, which points at the character, for an unknown field or value, an operator the field does not know,
    an open quotation, more than 64 terms or 2,000 characters.
    """
    return _Parser(text, case_fields() if fields is None else fields).filter()


class _Parser:
    """Reads a filter from left to right; ``at`` is the next character."""

    def __init__(self, text: str, fields: Fields) -> None:
        self.text = text
        self.fields = fields
        self.names = field_names(fields)
        self.at = 0

    def refuse(self, message: str, hint: str = "", *, at: int | None = None) -> NoReturn:
        position = self.at if at is None else at
        placed = f"{message} (at character {position + 1})."
        raise FilterError(placed, hint, text=self.text, position=position, what=message)

    def filter(self) -> Filter:
        if len(self.text) > LONGEST:
            self.refuse(f"A filter has at most {LONGEST:,} characters; this one has {len(self.text):,}", at=LONGEST)
        for index, char in enumerate(self.text):
            if not (is_safe_for_terminal(char) or char.isspace()):
                self.refuse(
                    f"The invisible character U+{ord(char):04X} cannot stand in a filter", "Delete it.", at=index
                )
        terms: list[Term] = []
        sorts: dict[str, Sort] = {}
        while self.skip_space():
            start = self.at
            item = self.item()
            if isinstance(item, Term):
                terms.append(item)
            else:
                for sort in item:
                    sorts.setdefault(sort.field, sort)
            if len(terms) > MOST_TERMS:
                self.refuse(f"A filter has at most {MOST_TERMS} terms", at=start)
        return Filter(tuple(terms), tuple(sorts.values()))

    def skip_space(self) -> bool:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at < len(self.text)

    @property
    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def item(self) -> Term | list[Sort]:
        start = self.at
        is_negated = self.next == "-" and self.text[self.at + 1 : self.at + 2].strip() != ""
        if is_negated:
            self.at += 1
        if self.next in QUOTES and self.next:
            return Term(SEARCH, (Value(self.quoted(), is_phrase=True),), is_negated=is_negated)
        name = self.field_name()
        if name is None:
            return Term(SEARCH, (self.bare_word(start),), is_negated=is_negated)
        if name == "sort":
            if is_negated:
                self.refuse("sort: cannot be turned round with a minus before it", "Write sort:-due.", at=start)
            return self.sorts()
        return self.term(self.fields[name], is_negated=is_negated)

    def field_name(self) -> str | None:
        """Return the field that begins here and go past its colon; None where a word of the text begins."""
        end = self.at
        while end < len(self.text) and (self.text[end].isalnum() or self.text[end] in "_-"):
            end += 1
        written = self.text[self.at : end].casefold()
        colon = self.text[end : end + 1]
        if not colon or colon not in COLONS or not written[:1].isalpha():
            return None
        name = "sort" if written in ("sort", "排序") else self.names.get(written)
        if name is None:
            if colon != ":":
                return None
            close = nearest(written, ("sort", *self.names))
            hint = f"Did you mean {close}?" if close else f"Known: {', '.join(self.fields)}, sort."
            self.refuse(f"Unknown field {written}:", f"{hint} To search for this text, put it in quotation marks.")
        self.at = end + 1
        return name

    def bare_word(self, start: int) -> Value:
        end = self.at
        while end < len(self.text) and not self.text[end].isspace() and self.text[end] not in QUOTES:
            end += 1
        word = self.text[self.at : end]
        if word in _RESERVED:
            self.refuse(
                f"{word} is not a word of the filter language",
                "Separate the values of one field by commas, and put - before what is not wanted.",
                at=start,
            )
        self.at = end
        return Value(word, is_phrase=_needs_quotes(word, is_bare=True) or _needs_quotes(word))

    def quoted(self) -> str:
        start = self.at
        closing = QUOTES[self.next]
        found: list[str] = []
        self.at += 1
        while self.next != closing:
            if not self.next:
                self.refuse("A quotation is not closed", f"Write {closing} at its end.", at=start)
            if self.text[self.at : self.at + 2] in ("\\" + closing, "\\\\"):
                self.at += 1
            found.append(" " if self.next.isspace() else self.next)
            self.at += 1
        self.at += 1
        quoted = "".join(found)
        if not quoted.strip():
            self.refuse("There is nothing between the quotation marks", at=start)
        return quoted

    def term(self, item: Field, *, is_negated: bool) -> Term:
        start = self.at
        operator = self.operator()
        if operator is not Operator.EQUAL and not item.is_ordered:
            self.refuse(f"{item.name} cannot be compared with {operator.value}", f"Write {item.name}:value.", at=start)
        places = self.values(item)
        if len(places) == 1 and item.is_ordered and not places[0][2] and ".." in places[0][1]:
            return self.range(item, places[0][1], places[0][0], operator, is_negated=is_negated)
        if len(places) > 1 and operator is not Operator.EQUAL:
            self.refuse(
                f"{operator.value} takes one value", f"Write {item.name}:a,b or one comparison.", at=places[1][0]
            )
        values = tuple(self.value(item, written, at, operator, is_quoted=quoted) for at, written, quoted in places)
        return Term(item.name, tuple(dict.fromkeys(values)), operator, is_negated)

    def operator(self) -> Operator:
        for written, meaning in OPERATORS.items():
            if self.text.startswith(written, self.at):
                self.at += len(written)
                return Operator(meaning)
        return Operator.EQUAL

    def values(self, item: Field) -> list[tuple[int, str, bool]]:
        """Return the values that stand here, each with its position and whether it was quoted."""
        found: list[tuple[int, str, bool]] = []
        while True:
            start = self.at
            if self.next and self.next in QUOTES:
                found.append((start, self.quoted(), True))
                if self.next and not self.next.isspace() and self.next not in COMMAS:
                    self.refuse("After a quotation comes a space or a comma")
            else:
                while self.next and not self.next.isspace() and self.next not in COMMAS and self.next not in QUOTES:
                    self.at += 1
                if self.at == start:
                    hint = f"Known: {', '.join(item.choices)}." if item.choices else ""
                    self.refuse(f"There is no value after {item.name}:" if not found else "A value is missing", hint)
                if self.next and self.next in QUOTES:
                    self.refuse(
                        "A quotation begins in the middle of a value", "Put the whole value in quotation marks."
                    )
                found.append((start, self.text[start : self.at], False))
            if not (self.next and self.next in COMMAS):
                return found
            self.at += 1

    def value(self, item: Field, written: str, at: int, operator: Operator, *, is_quoted: bool) -> Value:
        if item.type is FieldType.WORDS:
            is_bare = item.name == SEARCH and _needs_quotes(written, is_bare=True)
            return Value(written, is_phrase=is_quoted or is_bare or _needs_quotes(written))
        try:
            value = checked_value(item, written.strip())
        except ValueProblem as problem:
            self.refuse(problem.message, problem.hint, at=at)
        if operator is not Operator.EQUAL and (value == NONE or value in item.choices):
            self.refuse(f"{value} cannot be compared with {operator.value}", f"Write {item.name}:{value}.", at=at)
        if operator is Operator.EQUAL and item.is_ordered and duration(value) is not None:
            self.refuse(f"{item.name}:{value} does not say which side of it", f"Write {item.name}:<{value}.", at=at)
        return Value(value)

    def range(self, item: Field, written: str, at: int, operator: Operator, *, is_negated: bool) -> Term:
        if operator is not Operator.EQUAL:
            self.refuse(f"A range cannot be compared with {operator.value}", f"Write {item.name}:a..b.", at=at)
        low, _dots, high = written.partition("..")
        if not low and not high:
            self.refuse(
                "A range has at least one end", f"Write {item.name}:a..b, {item.name}:a.. or {item.name}:..b.", at=at
            )
        if not low or not high:
            side = Operator.AT_LEAST if low else Operator.AT_MOST
            value = self.value(item, low or high, at if low else at + 2, side, is_quoted=False)
            return Term(item.name, (value,), side, is_negated)
        ends = (
            self.value(item, low, at, Operator.RANGE, is_quoted=False),
            self.value(item, high, at + len(low) + 2, Operator.RANGE, is_quoted=False),
        )
        kinds = {duration(value.text) is not None for value in ends}
        if item.type is not FieldType.INTEGER and len(kinds) > 1:
            self.refuse("A range goes from a time to a time, or from a duration to a duration", at=at)
        if item.type is FieldType.INTEGER and int(ends[0].text) > int(ends[1].text):
            self.refuse("The range ends before it begins", f"Write {item.name}:{high}..{low}.", at=at)
        return Term(item.name, ends, Operator.RANGE, is_negated)

    def sorts(self) -> list[Sort]:
        found: list[Sort] = []
        sortable = tuple(item.name for item in self.fields.values() if item.is_sortable)
        while True:
            start = self.at
            is_descending = self.next == "-"
            self.at += is_descending
            begin = self.at
            while self.next and not self.next.isspace() and self.next not in COMMAS:
                self.at += 1
            written = self.text[begin : self.at].casefold()
            name = self.names.get(written)
            if name is None or name not in sortable:
                close = nearest(written, sortable)
                hint = f"Did you mean sort:{close}?" if close else f"Known: {', '.join(sortable)}."
                self.refuse(
                    f"Rows cannot be sorted by {written}" if written else "There is no field after sort:",
                    hint,
                    at=start,
                )
            found.append(Sort(name, is_descending))
            if not (self.next and self.next in COMMAS):
                return found
            self.at += 1


def spans(term: Term, item: Field, now: datetime, zone: tzinfo) -> list[Span]:
    """Return the instants [start, end), in UTC, that a term on a time or an age asks for: any of them will do.

    ``none`` is left out: ``term.asks_for_absence`` tells of it. ``zone`` is where days begin. Whether the term is negated
    is left to the caller.
    """
    texts: Iterable[str] = (text for text in term.texts if text != NONE)
    written = tuple(texts)
    return compared(term.operator.value, written, now, zone, is_ahead=item.is_ahead) if written else []
