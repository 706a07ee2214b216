"""JSON (an array of objects, or an object that holds one) and JSON Lines, read record by record."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from console.errors import UsageError
from console.transfer.encodings import MARK, MARKED, text_encoding
from console.transfer.source_bytes import ByteStream, FileBytes
from console.transfer.source_csv import encoding_label
from console.transfer.source_lines import LINE_LIMIT, Lines, RecordTooLongError
from console.transfer.source_rows import (
    BadRow,
    EmptySourceError,
    SourceError,
    SourceOptions,
    SourceRow,
    Table,
    storable,
)

COLUMN_LIMIT = 4096
"""Most different names in the objects of one file."""
_CHUNK = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {storable(twice)[:80]!r} stands twice in one object")
    return found


def _not_a_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


# Numbers keep their text: a customer number, an amount or 1E400 must not pass through a float.
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=str, parse_int=str, parse_constant=_not_a_number)

_LENIENT = json.JSONDecoder(parse_float=str, parse_int=str)
"""Finds the end of an element that is JSON by its form and refused for what it says."""


def cell_text(value: Any) -> str:
    """Return a JSON value as a cell: texts and numbers as written, TRUE and FALSE, "" for null, compact JSON for the
    rest.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _Element:
    """One element of an array: the member that holds the array ("" for the file itself), its index from 1, what it
    is.
    """

    member: str
    index: int
    value: Any
    raw: str
    failure: str | None = None
    is_end: bool = False


def _row(line: int, value: Any, raw: Callable[[], str], columns: tuple[str, ...]) -> SourceRow | BadRow:
    if not isinstance(value, dict):
        return BadRow(line, None, "not an object with names and values", storable(raw()))
    if len(value) > len(columns) or any(name not in columns for name in value if not name.isascii()):
        return BadRow(line, None, "half of a character (a lone surrogate) in a name", storable(raw()))
    cells = tuple(cell_text(value.get(column)) for column in columns)
    for column, cell in zip(columns, cells, strict=True):
        if not cell.isascii() and MARKED.search(cell):
            return BadRow(line, column, "half of a character (a lone surrogate)", storable(raw()))
    return SourceRow(line, cells)


class _Names:
    """The names of all objects, in order of appearance."""

    def __init__(self, name: str) -> None:
        self._file = name
        self.found: dict[str, None] = {}

    def add(self, value: Any) -> None:
        if isinstance(value, dict) and not value.keys() <= self.found.keys():
            for name in value:
                if name not in self.found and not MARKED.search(name):
                    self.found[name] = None
            if len(self.found) > COLUMN_LIMIT:
                raise SourceError(
                    f"The objects of {self._file} have more than {COLUMN_LIMIT} different names.",
                    "A table has the same names in every object.",
                )

    def columns(self) -> tuple[str, ...]:
        if not self.found:
            raise EmptySourceError(f"{self._file} holds no objects with names.", "Each row must be a JSON object.")
        return tuple(self.found)


def _lines(lines: Lines, codec: str) -> Iterator[tuple[int, Any, str, str | None]]:
    """Line number, value, text, and why there is no value, of every line that is not blank."""
    while True:
        lines.begin_record()
        try:
            line = next(lines)
        except StopIteration:
            return
        except RecordTooLongError as error:
            yield lines.number, None, error.shown, f"the line is longer than {LINE_LIMIT // 1024**2} million characters"
            continue
        text = line.strip(" \t\r\n\x1e")
        if not text:
            continue
        if lines.is_marked:
            yield lines.number, None, text, f"bytes that are not {encoding_label(codec)}"
            continue
        try:
            value = _DECODER.decode(text)
        except (ValueError, RecursionError) as error:
            yield lines.number, None, text, _reason(error)
        else:
            yield lines.number, value, text, None


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at character {error.colno}"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error)


def read_json_lines(file: FileBytes, options: SourceOptions) -> Table:
    """Open JSON Lines: one object on each line; the names of all objects together are the columns.

    Raises EmptySourceError when no line holds an object.
    """
    with file.stream() as stream:
        codec = text_encoding(stream, file.name, options.encoding)
    names = _Names(file.name)
    first = Lines(file.stream(), codec)
    for _, value, _, _ in _lines(first, codec):
        names.add(value)
    first.close()
    columns = names.columns()
    stream = file.stream()
    lines = Lines(stream, codec)

    def rows() -> Iterator[SourceRow | BadRow]:
        for line, value, text, failure in _lines(lines, codec):
            if failure is not None:
                yield BadRow(line, None, failure, storable(text))
            else:
                yield _row(line, value, lambda text=text: text, columns)  # type: ignore[misc]
        if stream.damage:
            yield BadRow(lines.number + 1, None, f"{stream.damage}; nothing after this line could be read", "")

    return Table(columns, rows(), lambda: stream.progress, lines.close, encoding=codec)


class _RefusedElementError(ValueError):
    """One element says something that has no single meaning; what follows it can be read."""

    def __init__(self, reason: str, raw: str) -> None:
        super().__init__(reason)
        self.raw = raw


class _Document:
    """Walks through one JSON document, holding one element at a time."""

    def __init__(self, stream: ByteStream, codec: str) -> None:
        self._stream = stream
        self._text = io.TextIOWrapper(stream, encoding=codec, errors=MARK)
        self._buffer = ""
        self._at = 0
        self._ended = False
        self.members: dict[str, Any] = {}
        self.is_object = False

    def close(self) -> None:
        self._text.close()

    def _more(self) -> bool:
        if self._ended:
            return False
        kept = self._buffer[self._at :]
        chunk = self._text.read(max(_CHUNK, len(kept)))
        self._ended = not chunk
        self._buffer, self._at = kept + chunk, 0
        return bool(chunk)

    def _next(self) -> str:
        """The next character that is not blank, not taken yet; "" at the end."""
        while True:
            match = _SPACE.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def _expect(self, *wanted: str) -> str:
        found = self._next()
        if found not in wanted or not found:
            raise ValueError(f"expected {' or '.join(wanted)}, found {storable(found) or 'the end of the file'}")
        self._at += 1
        return found

    def _value(self) -> tuple[Any, str]:
        """The next value and its text."""
        self._next()
        while True:
            failure: str | None = None
            try:
                try:
                    value, end = _DECODER.raw_decode(self._buffer, self._at)
                except json.JSONDecodeError:
                    raise
                except ValueError as error:
                    value, end = _LENIENT.raw_decode(self._buffer, self._at)
                    failure = str(error)
            except json.JSONDecodeError as error:
                if len(self._buffer) - self._at > LINE_LIMIT:
                    raise ValueError(f"an element is longer than {LINE_LIMIT // 1024**2} million characters") from error
                if not self._more():
                    raise ValueError(
                        "the file ends inside an element" if error.pos >= len(self._buffer) - 1 else f"{error.msg}"
                    ) from error
                continue
            if end == len(self._buffer) and self._buffer[end - 1] not in '"}]' and self._more():
                continue
            raw = self._buffer[self._at : end]
            self._at = end
            if failure is not None:
                raise _RefusedElementError(failure, raw)
            return value, raw

    def elements(self) -> Iterator[_Element]:
        """Every element of the array, or of each array that the object holds; the object's other members are kept."""
        opening = self._next().removeprefix("\ufeff") or self._after_mark()
        if opening == "[":
            yield from self._array("")
        elif opening == "{":
            self.is_object = True
            yield from self._object()
        else:
            raise ValueError("neither an array nor an object")
        if self._next():
            raise ValueError("more text follows the end of the document")

    def _after_mark(self) -> str:
        if self._next() == "\ufeff":
            self._at += 1
        return self._next()

    def _object(self) -> Iterator[_Element]:
        self._expect("{")
        if self._next() == "}":
            self._at += 1
            return
        while True:
            name, _ = self._value()
            if not isinstance(name, str):
                raise ValueError("a name must be a text in quotation marks")
            if name in self.members:
                raise ValueError(f"the name {storable(name)[:80]!r} stands twice in one object")
            self._expect(":")
            if self._next() == "[":
                self.members[name] = []
                yield from self._array(name)
            else:
                self.members[name], _ = self._value()
            if self._expect(",", "}") == "}":
                return

    def _array(self, member: str) -> Iterator[_Element]:
        self._expect("[")
        if self._next() == "]":
            self._at += 1
            return
        index = 0
        while True:
            index += 1
            try:
                value, raw = self._value()
                yield _Element(member, index, value, raw)
            except _RefusedElementError as error:
                yield _Element(member, index, None, error.raw, failure=str(error))
            if self._expect(",", "]") == "]":
                return


def _walk(document: _Document) -> Iterator[_Element]:
    """Elements until the end or the first place that is not JSON, which becomes an element without a value."""
    member, index = "", 0
    try:
        for element in document.elements():
            member, index = element.member, element.index
            yield element
    except (ValueError, RecursionError) as error:
        yield _Element(member, index + 1, None, "", failure=_reason(error), is_end=True)


def read_json(file: FileBytes, options: SourceOptions) -> Table:
    """Open a JSON document: an array of objects, an object with one array of objects, or one object as a single row.

    The names of all objects together are the columns; ``options.sheet`` names the member of an object that holds the
    rows.
    Raises SourceError when the document holds no table or several, UsageError when it has no such member.
    """
    with file.stream() as stream:
        codec = text_encoding(stream, file.name, options.encoding)
    first = _Document(file.stream(), codec)
    tables: dict[str, _Names] = {}
    failure: str | None = None
    for element in _walk(first):
        failure = element.failure if element.is_end else failure
        if isinstance(element.value, dict):
            tables.setdefault(element.member, _Names(file.name)).add(element.value)
    members = first.members if first.is_object else {}
    first.close()
    if options.sheet is not None and members:
        if options.sheet not in members:
            raise UsageError(
                f"{file.name} has no member {options.sheet!r}.", f"It has: {', '.join(map(storable, members))}."
            )
        tables = {name: names for name, names in tables.items() if name == options.sheet}
    if not tables:
        return _single_row(file, members, codec, failure)
    if len(tables) > 1:
        raise SourceError(
            f"{file.name} holds several lists of objects: {', '.join(map(storable, tables))}.",
            "Name one of them as the sheet.",
        )
    chosen, names = next(iter(tables.items()))
    columns = names.columns()
    stream = file.stream()
    document = _Document(stream, codec)

    def rows() -> Iterator[SourceRow | BadRow]:
        for element in _walk(document):
            if element.is_end:
                reason = f"{stream.damage or element.failure}; nothing after this element could be read"
                yield BadRow(element.index, None, reason, "")
            elif element.failure is not None and element.member == chosen:
                yield BadRow(element.index, None, element.failure, storable(element.raw))
            elif element.member == chosen:
                yield _row(element.index, element.value, lambda raw=element.raw: raw, columns)  # type: ignore[misc]

    return Table(columns, rows(), lambda: stream.progress, document.close, encoding=codec, sheet=chosen or None)


def _single_row(file: FileBytes, members: dict[str, Any], codec: str, failure: str | None) -> Table:
    if failure is not None:
        raise SourceError(f"{file.name} is not JSON that can be read: {failure}.", "Check how the file was written.")
    if not members or any(isinstance(value, list) for value in members.values()):
        raise EmptySourceError(f"{file.name} holds no objects with names.", "Each row must be a JSON object.")
    columns = tuple(name for name in members if not MARKED.search(name))
    row = _row(1, members, lambda: json.dumps(members), columns)
    return Table(columns, iter([row]), lambda: 1.0, lambda: None, encoding=codec)
