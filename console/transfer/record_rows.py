"""From a row of a file to customers' records, or the reason why not; a reason never quotes what is kept sealed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from console import clock
from console.errors import OmbudError, nearest
from console.identifiers import natural_key
from console.services.customer_records import valid_secret
from console.text import clean, clean_line, fold
from console.transfer.dates import DateReader
from console.transfer.formulas import unguarded
from console.transfer.record_kinds import Field, RecordKind, Sort
from console.transfer.record_profiles import ColumnRule, RecordPart, RecordPlaces, RecordProfile
from console.transfer.record_values import milli_units, minor_units, month_days, read_decimal, read_month
from console.transfer.source_rows import SourceRow
from console.transfer.validation import AHEAD, NO, YES, RowError, row_text

EARLIEST_DAY = 1850
SHOWN = 60
_CURRENCY = re.compile("[A-Z]{3}")
_MASK = re.compile(r"\*{3,}")


@dataclass(frozen=True, slots=True)
class PartRecord:
    """What a row says of one record: values of its fields as they are stored, links by number; only what was given.

    ``key`` is what it is known by, ``digest`` the SHA-256 over all it says.
    """

    kind: RecordKind
    key: str
    values: Mapping[str, object]
    digest: str
    columns: Mapping[str, str]

    def column(self, name: str) -> str:
        """Return the column of the file that a field came from."""
        return self.columns.get(name, name)


@dataclass(frozen=True, slots=True)
class RowRecord:
    """What one row says: its records in the order in which they hang on one another, and the row for a refusal.

    ``kept`` is the row without what has to be sealed.
    """

    line: int
    parts: tuple[PartRecord, ...]
    content: str
    kept: str


class RecordReader:
    """Reads the rows of one file by one profile."""

    def __init__(
        self,
        profile: RecordProfile,
        places: RecordPlaces,
        columns: tuple[str, ...],
        *,
        is_guarded: bool = False,
        now: clock.Now = clock.now,
    ) -> None:
        self._profile = profile
        self._places = places.places
        self._columns = columns
        self._is_guarded = is_guarded
        self._latest = now() + AHEAD
        self._longest = max(map(len, profile.missing), default=0) + 8
        self._dates: dict[tuple[str, ...], DateReader] = {}
        self._readers: Mapping[Sort, Callable[[ColumnRule, str], object]] = {
            Sort.NUMBER: self._number,
            Sort.LINK: self._number,
            Sort.LINE: self._line,
            Sort.TEXT: self._line,
            Sort.CODE: self._code,
            Sort.FLAG: self._flag,
            Sort.DAY: lambda rule, text: self._date_reader(rule).day(text),
            Sort.MOMENT: self._moment,
            Sort.MONTH: lambda _, text: read_month(text),
            Sort.PERIOD: lambda _, text: read_month(text),
            Sort.MONEY: self._decimal,
            Sort.QUANTITY: self._decimal,
            Sort.CURRENCY: self._currency,
            Sort.SECRET: self._secret,
        }
        self.given = {part.kind.name: self._given_fields(part) for part in profile.parts}
        secret = {
            column
            for part in profile.parts
            for rule in part.rules
            if rule.field.sort is Sort.SECRET
            for column in rule.columns
        }
        used = set(self._places) - secret
        self._open = [(columns[place], place) for name, place in self._places.items() if name in used]
        self.is_sensitive = any(part.kind.secrets for part in profile.parts)

    def _given_fields(self, part: RecordPart) -> frozenset[str]:
        return frozenset(
            rule.field.name
            for rule in part.rules
            if rule.value is not None or rule.default or any(column in self._places for column in rule.columns)
        )

    def content_of(self, row: SourceRow) -> tuple[str, str | None]:
        """Return a row for the file of refused rows, and as the database may keep it."""
        whole = row_text(self._columns, row.values)
        if not self.is_sensitive:
            return whole, None
        return whole, row_text(
            tuple(name for name, _ in self._open), tuple(row.values[place] for _, place in self._open)
        )

    def read(self, row: SourceRow) -> RowRecord:
        """Return what a row says. Raises RowError with the first thing that is wrong."""
        values = row.values
        if self._is_guarded:
            values = tuple(unguarded(value) if "'" in value else value for value in values)
        parts = tuple(
            self._part(part, values)
            for part in self._profile.parts
            if all(self._text(values[self._places[column]]) for column in part.needs)
        )
        if not parts:
            raise RowError("", "the row holds nothing of what the profile makes records of")
        content, kept = self.content_of(row)
        return RowRecord(row.line, parts, content, content if kept is None else kept)

    def _part(self, part: RecordPart, row: tuple[str, ...]) -> PartRecord:
        said: dict[str, object] = {}
        columns: dict[str, str] = {}
        for rule in part.rules:
            present = [column for column in rule.columns if column in self._places]
            name = rule.field.name
            columns[name] = self._columns[self._places[present[0]]] if present else name
            text = self._joined(rule, present, row)
            if text:
                try:
                    said[name] = self._readers[rule.field.sort](rule, text)
                except ValueError as error:
                    raise RowError(columns[name], _reason(rule.field, text, error)) from None
            elif rule.is_required:
                raise RowError(columns[name], f"is empty, and no {part.kind.noun} can do without it")
            elif name in self._profile.clears and part.kind is self._profile.main and present:
                said[name] = rule.field.default
        if part.kind.any_of and not any(name in said for name in part.kind.any_of):
            raise RowError(
                next(
                    (columns[name] for name in part.kind.any_of if name in columns and columns[name] in self._columns),
                    "",
                ),
                f"is empty: each {part.kind.noun} needs its {' or its '.join(part.kind.any_of)}",
            )
        if "source" in part.kind.key:
            said.setdefault("source", self._profile.source)
        self._finish(part.kind, said, columns)
        key = "\x1f".join(str(said.get(name, "")) for name in part.kind.key)
        text = "\x1f".join(f"{name}={said[name]!r}" for name in sorted(said))
        digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
        return PartRecord(part.kind, key, said, digest, columns)

    def _text(self, value: str, *, is_long: bool = False) -> str:
        if not value or value.isspace():
            return ""
        text = clean(value).strip() if is_long else clean_line(value)
        return "" if len(text) <= self._longest and fold(text) in self._profile.missing else text

    def _joined(self, rule: ColumnRule, present: list[str], row: tuple[str, ...]) -> str:
        if rule.value is not None:
            return rule.value
        pieces = []
        for column in present:
            text = self._text(row[self._places[column]], is_long=rule.field.sort is Sort.TEXT)
            if text:
                pieces.append(f"{column}: {text}" if rule.labelled else text)
        text = rule.separator.join(pieces)
        if not text:
            return rule.default
        if rule.values is None:
            return rule.prefix + text
        known = rule.values.get(fold(text), rule.unknown)
        if known is None:
            shown = "" if rule.field.sort is Sort.SECRET else f"{_shown(text)} "
            raise RowError(self._columns[self._places[present[0]]], f"{shown}is none of the values the profile knows")
        return known

    def _number(self, rule: ColumnRule, text: str) -> str:
        return self._line(rule, natural_key(text))

    def _line(self, rule: ColumnRule, text: str) -> str:
        if len(text) > rule.field.length:
            raise ValueError(f"is longer than {rule.field.length:,} characters")
        return text

    def _code(self, rule: ColumnRule, text: str) -> str:
        codes = tuple(rule.field.codes or ())
        code = "_".join(fold(text).replace("-", " ").split())
        if code not in codes:
            close = nearest(code, list(codes))
            raise ValueError(f"is none of {', '.join(codes)}" + (f"; {close} is nearest" if close else ""))
        return code

    def _flag(self, rule: ColumnRule, text: str) -> bool:
        word = fold(text)
        if word not in YES | NO | {"是", "否"}:
            raise ValueError("is neither yes nor no")
        return word in YES or word == "是"

    def _date_reader(self, rule: ColumnRule) -> DateReader:
        reader = self._dates.get(rule.formats)
        if reader is None:
            reader = self._dates[rule.formats] = DateReader(rule.formats, self._profile.zone, EARLIEST_DAY)
        return reader

    def _moment(self, rule: ColumnRule, text: str) -> object:
        moment = self._date_reader(rule).read(text)
        if moment > self._latest:
            raise ValueError("lies in the future")
        return moment

    def _decimal(self, rule: ColumnRule, text: str) -> Decimal:
        value = read_decimal(text, rule.decimal)
        if value < 0 and not rule.field.is_negative:
            raise ValueError("is negative" + ("; money given back is a payment" if rule.field.name == "amount" else ""))
        return value

    def _currency(self, rule: ColumnRule, text: str) -> str:
        code = {"RMB": "CNY", "¥": "CNY", "￥": "CNY", "$": "USD", "€": "EUR", "£": "GBP"}.get(
            text.upper(), text.upper()
        )
        if not _CURRENCY.fullmatch(code):
            raise ValueError("is no currency of three letters, such as CNY")
        return code

    def _secret(self, rule: ColumnRule, text: str) -> str:
        text = self._line(rule, text)
        if _MASK.search(text):
            raise ValueError("is masked: only its owner's export with --reveal holds it in clear")
        try:
            return valid_secret(rule.field.name, text)
        except OmbudError as error:
            raise ValueError(error.message) from None

    def _finish(self, kind: RecordKind, said: dict[str, object], columns: Mapping[str, str]) -> None:
        """Turn what is read together into what is stored: money with its currency, quantities, a month into days."""
        for item in kind.fields:
            value = said.get(item.name)
            if not isinstance(value, Decimal):
                continue
            if item.sort is Sort.QUANTITY:
                said[item.name] = milli_units(value)
                continue
            currency = said.setdefault("currency", self._profile.currency)
            if not currency and not value and not item.is_required:
                # Nothing is nothing in any currency.
                said[item.name] = 0
                continue
            if not currency:
                raise RowError(
                    columns.get("currency", "currency"),
                    "is empty: money needs its currency, in a column or as `currency` of the profile",
                )
            try:
                said[item.name] = minor_units(value, str(currency))
            except ValueError as error:
                raise RowError(columns[item.name], f"{value} {error}") from None
        if "month" in said and kind.field("month").sort is Sort.PERIOD:
            first, last = month_days(str(said.pop("month")))
            said.setdefault("starts_on", first)
            said.setdefault("ends_on", last)
        for begin, end in (("starts_on", "ends_on"), ("opened_on", "closed_on"), ("installed_on", "removed_on")):
            first_day, last_day = said.get(begin), said.get(end)
            if first_day is not None and last_day is not None and str(last_day) < str(first_day):
                raise RowError(columns.get(end, end), f"{last_day} is before {first_day}, when it begins")


def _shown(text: str) -> str:
    short = clean_line(text)
    return f"“{short[:SHOWN]}…”" if len(short) > SHOWN + 1 else f"“{short}”"


def _reason(item: Field, text: str, error: ValueError) -> str:
    if item.sort is Sort.SECRET:
        return str(error)
    reason = str(error)
    return f"{_shown(text)}: {reason}" if item.sort in (Sort.DAY, Sort.MOMENT) else f"{_shown(text)} {reason}"
