"""Comma-separated text and its relatives: which delimiter, which header, and every record strictly or not at all."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from console.errors import UsageError
from console.transfer.encodings import MARKED, text_encoding
from console.transfer.source_bytes import ByteStream, FileBytes
from console.transfer.source_lines import LINE_LIMIT, Lines, RecordTooLongError
from console.transfer.source_rows import (
    BadRow,
    EmptySourceError,
    SourceError,
    SourceOptions,
    SourceRow,
    Table,
    column_names,
    extent,
    header_position,
    is_blank,
    storable,
)

DELIMITERS = (",", "\t", ";", "|")
"""The delimiters that are looked for, the usual ones first."""
_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_SAMPLE_BYTES = 256 * 1024
_SAMPLE_RECORDS = 200
_HEADER_RECORDS = 50
_RECOVERIES = 16
"""How often a stray quote may make the file be read twice; after that its record is given up whole."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the records of one file are written."""

    delimiter: str
    skip_space: bool = False
    escape: str | None = None

    def reader(self, lines: Iterator[str], *, strict: bool = True) -> Iterator[list[str]]:
        """Return a reader of records over physical lines."""
        csv.field_size_limit(LINE_LIMIT)
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            skipinitialspace=self.skip_space,
            escapechar=self.escape,
            doublequote=True,
            strict=strict,
        )


class Record(NamedTuple):
    """Fields and the line on which they start, or why there are none; ``lines`` are the physical lines it took."""

    line: int
    values: list[str]
    failure: str | None
    lines: tuple[str, ...]
    is_marked: bool

    @property
    def raw(self) -> str:
        """The text as it stands in the file, without its last line end."""
        return storable("".join(self.lines).rstrip("\r\n"))


def named_delimiter(name: str) -> str:
    """Return the delimiter character for what a person wrote: the character itself, or its name.

    Raises UsageError when it is not one character that can separate fields.
    """
    delimiter = _NAMES.get(name.strip().lower() or name, name)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise UsageError(f"{name!r} is not a delimiter.", "Give one character, or tab, comma, semicolon or pipe.")
    return delimiter


def sniff(lines: Sequence[str], wanted: str | None = None, usual: str = ",") -> Dialect:
    """Return how the first lines of a file are written.

    The delimiter is the one that cuts most records into the same number of fields, at least two; the header counts as
    a vote of
    its own, and ``usual`` wins a tie.
    """
    if wanted is None and lines and lines[0][:4].lower() == "sep=" and lines[0].rstrip("\r\n")[4:5]:
        wanted = lines[0][4]
    candidates = (wanted,) if wanted else tuple(sorted(DELIMITERS, key=lambda char: char != usual))
    delimiter = max(candidates, key=lambda char: _regularity(lines, char))
    return Dialect(delimiter, _skips_space(lines, delimiter), _escape(lines, delimiter))


def _sampled(lines: Sequence[str], dialect: Dialect, *, strict: bool = False) -> list[list[str] | None]:
    """The first records; None stands for one that cannot be read."""
    reader = dialect.reader(iter(lines), strict=strict)
    records: list[list[str] | None] = []
    while len(records) < _SAMPLE_RECORDS:
        try:
            record = next(reader)
        except StopIteration:
            break
        except csv.Error:
            records.append(None)
            continue
        if not is_blank(record):
            records.append(record)
    return records


def _regularity(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    records = [record for record in _sampled(lines, Dialect(delimiter)) if record is not None]
    widths = Counter(len(record) for record in records)
    several = [(count, width) for width, count in widths.items() if width > 1]
    if not several:
        return 0.0, 0
    count, width = max(several)
    return count / len(records) + 0.25 * (len(records[0]) == width), width


def _skips_space(lines: Sequence[str], delimiter: str) -> bool:
    text = "".join(lines)
    spaced = text.count(f'{delimiter} "')
    return spaced > 0 and text.count(f'{delimiter}"') == 0


def _escape(lines: Sequence[str], delimiter: str) -> str | None:
    if not any('\\"' in line for line in lines):
        return None
    plain, escaped = (
        sum(1 for record in _sampled(lines, Dialect(delimiter, escape=escape), strict=True) if record is None)
        for escape in (None, "\\")
    )
    return "\\" if escaped < plain else None


def read_csv(file: FileBytes, options: SourceOptions) -> Table:
    """Open delimited text: find encoding, delimiter and header.

    Raises UsageError when the encoding, the delimiter or the header row named does not exist, EmptySourceError when
    nothing but
    blank lines is there.
    """
    with file.stream() as stream:
        encoding = text_encoding(stream, file.name, options.encoding)
    sample = _sample_lines(file, encoding)
    wanted = named_delimiter(options.delimiter) if options.delimiter else None
    usual = "\t" if file.suffixes[-1:] in {(".tsv",), (".tab",)} else ","
    if options.format and options.format.lower() == "tsv":
        wanted = wanted or "\t"
    start = max(0, (options.header_row or 1) - 1)
    dialect = sniff(sample[start:] if start < len(sample) else sample, wanted, usual)
    stream = file.stream()
    reader = _CsvReader(stream, encoding, dialect, _regularity(sample[start:], dialect.delimiter)[1])
    try:
        columns, header_line, least, first = _header(reader.records(), file.name, options)
    except BaseException:
        reader.close()
        raise
    return Table(
        columns=columns,
        rows=reader.rows(columns, least, first),
        progress=lambda: stream.progress,
        close=reader.close,
        encoding=encoding,
        delimiter=dialect.delimiter,
        header_line=header_line,
    )


def _sample_lines(file: FileBytes, encoding: str) -> list[str]:
    head = file.head(_SAMPLE_BYTES)
    lines = Lines(io.BytesIO(head), encoding)
    sample = list(islice(lines, 20 * _SAMPLE_RECORDS))
    lines.close()
    return sample[:-1] if len(head) == _SAMPLE_BYTES and len(sample) > 1 else sample


def _header(
    records: Iterator[Record], name: str, options: SourceOptions
) -> tuple[tuple[str, ...], int | None, int, list[Record]]:
    """Column names, their line, how many fields a record needs at least, and the records already read that follow."""
    wanted = options.header_row
    start = wanted or 1
    usable = (record for record in records if record.line >= start and (record.failure or not is_blank(record.values)))
    first = [record for record in islice(usable, _HEADER_RECORDS) if not _is_separator_line(record)]
    if not first:
        if start > 1:
            raise UsageError(f"{name} has no row {start} to take column names from.", "Check the header row.")
        raise EmptySourceError(f"{name} holds only blank lines.", "Check that the file was written completely.")
    if wanted == 0:
        widths = Counter(len(record.values) for record in first if record.failure is None)
        width = max(widths.items(), key=lambda item: (item[1], item[0]))[0] if widths else 1
        return column_names([""] * width), None, width, first
    position = header_position([record.values for record in first]) if wanted is None else 0
    header = first[position]
    if header.failure is not None or header.is_marked:
        reason = header.failure or "it holds bytes of another encoding"
        raise SourceError(
            f"The column names of {name} on line {header.line} cannot be read: {reason}.",
            "Name the encoding, the delimiter or the header row.",
        )
    return column_names(header.values), header.line, extent(header.values), first[position + 1 :]


def _is_separator_line(record: Record) -> bool:
    return (
        record.line == 1 and len(record.lines) == 1 and record.lines[0][:4].lower() == "sep=" and len(record.raw) <= 5
    )


class _CsvReader:
    """Records of one stream, and how it goes on after one that cannot be read."""

    def __init__(self, stream: ByteStream, encoding: str, dialect: Dialect, likely_width: int) -> None:
        self._stream = stream
        self._lines = Lines(stream, encoding)
        self._encoding = encoding
        self._dialect = dialect
        self._width = likely_width
        self._recoveries = _RECOVERIES

    def close(self) -> None:
        self._lines.close()

    def records(self) -> Iterator[Record]:
        lines = self._lines
        reader = self._dialect.reader(lines)
        while True:
            lines.begin_record()
            start = lines.number + 1
            values: list[str] = []
            failure: str | None = None
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                failure = _reason(error)
            except RecordTooLongError as error:
                failure = f"the record is longer than {LINE_LIMIT // 1024**2} million characters"
                if not lines.record:
                    yield Record(start, [], failure, (error.shown,), is_marked=False)
                    continue
                reader = self._dialect.reader(lines)
            taken = tuple(lines.record)
            is_wrong = failure is not None or len(values) != self._width
            if len(taken) > 1 and is_wrong and self._recoveries and self._is_stray_quote(taken):
                self._recoveries -= 1
                lines.put_back(taken[1:])
                failure = "a quotation mark opens a field that is not closed on this line"
                taken = taken[:1]
            yield Record(start, values, failure, taken, lines.is_marked)

    def _is_stray_quote(self, lines: tuple[str, ...]) -> bool:
        """Whether the lines after the first are records of their own, swallowed by a quotation mark that nothing
        closes.
        """
        if self._width < 2:
            return False
        following = _sampled(lines[1:], self._dialect, strict=True)
        whole = sum(1 for record in following if record is not None and len(record) == self._width)
        return whole * 2 > len(following)

    def rows(self, columns: tuple[str, ...], least: int, first: list[Record]) -> Iterator[SourceRow | BadRow]:
        """Every record after the header as a row of as many values as there are columns, or refused."""
        self._width = width = len(columns)
        held: Record | None = None
        stream = self._stream
        last = 0
        for record in chain(first, self.records()):
            last = record.line
            values = record.values
            if len(values) == width and record.failure is None and not record.is_marked:
                if not is_blank(values):
                    if held is not None:
                        yield SourceRow(held.line, tuple(held.values))
                        held = None
                    if stream.damage and not record.lines[-1].endswith(("\n", "\r")):
                        held = record
                        continue
                    yield SourceRow(record.line, tuple(values))
                continue
            row = self._unusual(record, columns, least)
            if row is not None:
                yield row
        if held is not None:
            yield BadRow(held.line, None, f"{self._stream.damage}", held.raw)
        elif self._stream.damage:
            yield BadRow(last + 1, None, f"{self._stream.damage}; nothing after this line could be read", "")

    def _unusual(self, record: Record, columns: tuple[str, ...], least: int) -> SourceRow | BadRow | None:
        if record.failure is not None:
            return BadRow(record.line, None, record.failure, record.raw)
        values = record.values
        if is_blank(values):
            return None
        if record.is_marked:
            places = [place for place, value in enumerate(values) if MARKED.search(value)]
            column = columns[places[0]] if places and places[0] < len(columns) else None
            return BadRow(record.line, column, f"bytes that are not {encoding_label(self._encoding)}", record.raw)
        found = len(values)
        if extent(values) > len(columns) or found < least:
            return BadRow(record.line, None, f"expected {len(columns)} columns, found {found}", record.raw)
        return SourceRow(record.line, (*values, *([""] * len(columns)))[: len(columns)])


def _reason(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "the file ends inside a quoted field"
    if "expected after" in text:
        return "a quotation mark inside a quoted field is not doubled"
    if "field larger" in text:
        return f"a field is longer than {LINE_LIMIT // 1024**2} million characters"
    return f"not a record: {text}"


def encoding_label(codec: str) -> str:
    """Return how people write an encoding."""
    return {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "cp950": "Big5"}.get(codec, codec.upper())
