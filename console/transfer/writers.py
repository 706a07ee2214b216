"""Writing rows as CSV, JSON Lines, XLSX or Parquet, a piece at a time."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from console.errors import OmbudError, UsageError
from console.rules.column_types import ColumnType, Types
from console.text import strip_unsafe
from console.transfer.formulas import guarded
from console.transfer.new_file import Hashed

FORMATS = ("csv", "jsonl", "xlsx", "parquet")
SHEET_ROWS = 1_048_576
CELL_CHARACTERS = 32_767
FIRST_SHEET_YEAR = 1900
BUFFER = 256 * 1024

Row = Sequence[Any]
"""Values of one row: texts, whole numbers, yes or no, times in UTC, JSON objects, None."""


class Writer(Protocol):
    """Takes rows and ends the file; ``shortened`` counts texts that did not fit into a cell."""

    shortened: int

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""

    def close(self) -> None:
        """End the file; the stream stays open."""


def open_writer(
    kind: str, target: Hashed, names: Sequence[str], count: int, types: Types, *, sheet: str = "cases"
) -> Writer:
    """Return the writer of a format for ``count`` rows; ``types`` says what the columns hold that are not texts.

    Raises UsageError for Parquet without its library, OmbudError for more rows than a worksheet has.
    """
    if kind == "csv":
        return CsvWriter(target, names)
    if kind == "jsonl":
        return JsonLinesWriter(target, names)
    if kind == "xlsx":
        return WorkbookWriter(target, names, count, sheet)
    return ParquetWriter(target, names, types)


def moment(value: datetime) -> str:
    """Return a time as ISO 8601 UTC with Z."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def object_text(value: object) -> str:
    """Return a JSON object as the text of one cell."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


class CsvWriter:
    """RFC 4180 in UTF-8; a text that a spreadsheet might run as a formula has an apostrophe before it."""

    def __init__(self, target: Hashed, names: Sequence[str]) -> None:
        self.shortened = 0
        self._text = io.TextIOWrapper(
            io.BufferedWriter(target, BUFFER), encoding="utf-8", errors="backslashreplace", newline=""
        )
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow(names)

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        self._writer.writerows([[_csv_cell(value) for value in row] for row in rows])

    def close(self) -> None:
        """Pass on what is held back."""
        self._text.flush()
        self._text.detach().detach()


def _csv_cell(value: Any) -> str | int:
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(strip_unsafe(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    if isinstance(value, datetime):
        return moment(value)
    return guarded(strip_unsafe(object_text(value)))


class JsonLinesWriter:
    """One JSON object a line, in UTF-8; control characters are escaped."""

    def __init__(self, target: Hashed, names: Sequence[str]) -> None:
        self.shortened = 0
        self._names = tuple(names)
        self._stream = io.BufferedWriter(target, BUFFER)

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        for row in rows:
            line = json.dumps(dict(zip(self._names, row, strict=True)), ensure_ascii=False, default=_json_value)
            if not line.isprintable():
                line = "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)
            self._stream.write(line.encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        """Pass on what is held back."""
        self._stream.flush()
        self._stream.detach()


def _json_value(value: object) -> str:
    if isinstance(value, datetime):
        return moment(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


class WorkbookWriter:
    """One worksheet, written row by row: texts always as texts, so that nothing runs and no zero is lost."""

    def __init__(self, target: Hashed, names: Sequence[str], count: int, sheet: str) -> None:
        from xlsxwriter import Workbook

        if count >= SHEET_ROWS:
            raise OmbudError(
                f"A worksheet holds {SHEET_ROWS - 1:,} rows, and there are {count:,}.",
                "Use --format csv or jsonl, or a filter.",
            )
        self.shortened = 0
        self._stream = io.BufferedWriter(target, BUFFER)
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "remove_timezone": True,
        }
        self._book = Workbook(self._stream, options)
        self._sheet = self._book.add_worksheet(sheet)
        self._text = self._book.add_format({"num_format": "@"})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        bold = self._book.add_format({"bold": True, "num_format": "@"})
        for column, name in enumerate(names):
            self._sheet.write_string(0, column, name, bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 0

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        for row in rows:
            self._row += 1
            for column, value in enumerate(row):
                self._cell(column, value)

    def _cell(self, column: int, value: Any) -> None:
        if value is None or value == "":
            return
        if isinstance(value, datetime) and value.year >= FIRST_SHEET_YEAR:
            self._sheet.write_datetime(self._row, column, value.astimezone(UTC).replace(tzinfo=None), self._time)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if math.isfinite(value):
                self._sheet.write_number(self._row, column, value)
        else:
            text = value if isinstance(value, str) else _plain_cell(value)
            text = strip_unsafe(text)
            if len(text) > CELL_CHARACTERS:
                self.shortened += 1
                text = text[: CELL_CHARACTERS - 1] + "…"
            self._sheet.write_string(self._row, column, text, self._text)

    def close(self) -> None:
        """Put the workbook together."""
        self._book.close()
        self._stream.flush()
        self._stream.detach()


def _plain_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return moment(value) if isinstance(value, datetime) else object_text(value)


class ParquetWriter:
    """Apache Parquet, one row group a piece; each column has the type that its table declares, whatever it is called."""

    def __init__(self, target: Hashed, names: Sequence[str], types: Types) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ModuleNotFoundError:
            raise UsageError("Parquet needs its library.", "Install it: pip install 'ombud[parquet]'") from None
        self.shortened = 0
        self._arrow = pyarrow
        kinds = {
            ColumnType.TEXT: pyarrow.string(),
            ColumnType.WHOLE: pyarrow.int64(),
            ColumnType.NUMBER: pyarrow.float64(),
            ColumnType.FLAG: pyarrow.bool_(),
            ColumnType.MOMENT: pyarrow.timestamp("s", tz="UTC"),
        }
        self._types = [types.get(name, ColumnType.TEXT) for name in names]
        self._schema = pyarrow.schema([(name, kinds[type_]) for name, type_ in zip(names, self._types, strict=True)])
        self._file = pyarrow.parquet.ParquetWriter(pyarrow.PythonFile(target, mode="w"), self._schema)

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, type_ in enumerate(self._types if columns else ()):
            if type_ is ColumnType.TEXT:
                columns[place] = [_text_cell(value) for value in columns[place]]
        arrays = [
            self._arrow.array(values, type=field.type)
            for values, field in zip(columns or [[] for _ in self._schema], self._schema, strict=True)
        ]
        self._file.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        """Write the footer."""
        self._file.close()


def _text_cell(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else _plain_cell(value)
