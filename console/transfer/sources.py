"""Reading tabular files: decode, detect, stream.

CSV, TSV, XLSX, XLS, XLSB, ODS, JSON and JSON Lines, each also as ``.gz``. What a file is is decided by its content,
never by
its name alone. Text is decoded strictly: what cannot be read becomes a ``BadRow`` with its line, never a changed value.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from console.errors import UsageError
from console.transfer.source_bytes import FileBytes, open_bytes
from console.transfer.source_kinds import FORMATS, SPREADSHEETS, kind_of
from console.transfer.source_rows import BadRow, EmptySourceError, SourceError, SourceOptions, SourceRow, Table

__all__ = [
    "BadRow",
    "EmptySourceError",
    "Source",
    "SourceError",
    "SourceOptions",
    "SourceRow",
    "open_source",
]

DEFAULTS = SourceOptions()


class Source:
    """A file being read once, from first row to last; also its own context manager.

    ``columns`` are unique names; ``format`` is one of csv, tsv, json, jsonl, xlsx, xls, xlsb, ods; ``encoding``,
    ``delimiter``
    and ``sheet`` are None where they have no meaning; ``header_line`` is the line of the column names; ``sha256`` is
    that of the
    bytes as given (compressed, if they were); ``size`` is their number.
    """

    def __init__(self, name: str, kind: str, file: FileBytes, table: Table) -> None:
        self.name = name
        self.format = kind
        self.columns = table.columns
        self.encoding = table.encoding
        self.delimiter = table.delimiter
        self.sheet = table.sheet
        self.header_line = table.header_line
        self.sha256 = file.sha256
        self.size = file.size
        self._file = file
        self._table = table
        self._rows = table.rows

    @property
    def progress(self) -> float:
        """How much has been read, from 0.0 to 1.0."""
        return min(1.0, self._table.progress())

    def __iter__(self) -> Iterator[SourceRow | BadRow]:
        return self

    def __next__(self) -> SourceRow | BadRow:
        return next(self._rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file and of the process that reads it."""
        self._table.close()
        self._file.close()

    def pass_over(self, count: int) -> None:
        """Leave out so many rows."""
        for _row in range(count):
            next(self._rows, None)

    def require_rows(self) -> None:
        """Raise EmptySourceError when no row follows the column names."""
        first = next(self._rows, None)
        if first is None:
            raise EmptySourceError(
                f"{self.name} has column names but no rows.",
                "Check that the export held data and was written completely.",
            )
        self._rows = chain([first], self._rows)


def open_source(path: str | Path, options: SourceOptions = DEFAULTS) -> Source:
    """Open a tabular file, ``-`` for standard input, and read as far as its first row.

    Raises UsageError when the file is missing, is a folder, may not be read, or an option names nothing;
    EmptySourceError when
    it has no rows; SourceError when it is of another kind, encrypted, damaged or unsafe to open.
    """
    if options.format is not None and options.format.lower() not in FORMATS:
        raise UsageError(
            f"There is no file format {options.format!r}.", f"Known formats: {', '.join(sorted(FORMATS))}."
        )
    if options.header_row is not None and options.header_row < 0:
        raise UsageError("The header row must be a row number from 1, or 0 for none.")
    file = open_bytes(path)
    table: Table | None = None
    try:
        kind = kind_of(file, options)
        if kind in SPREADSHEETS:
            from console.transfer.source_sheets import read_workbook

            kind, table = read_workbook(file, options)
        elif kind in {"json", "jsonl"}:
            from console.transfer.source_json import read_json, read_json_lines

            table = read_json(file, options) if kind == "json" else read_json_lines(file, options)
        else:
            from console.transfer.source_csv import read_csv

            table = read_csv(file, options)
            kind = "tsv" if table.delimiter == "\t" else "csv"
        source = Source(file.name, kind, file, table)
        source.pass_over(options.under_header)
        source.require_rows()
    except BaseException:
        if table is not None:
            table.close()
        file.close()
        raise
    return source
