"""Workbooks, read through a child process with limits: whatever a file does to its reader, the program goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, Any

from console.errors import OmbudError, UsageError
from console.transfer import source_child
from console.transfer.encodings import MARKED
from console.transfer.source_bytes import FileBytes
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
    storable,
)

WORKBOOK_LIMIT = 256 * 1024**2
"""Bytes of a workbook; its reader holds it in memory."""
_MESSAGE_LIMIT = 64 * 1024**2
_FIRST_ROWS = 100
# The child gets no other variable: a key or a password in the environment is no business of a process that reads hostile files.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


def _refusal(name: str, word: str, detail: str) -> OmbudError:
    detail = storable(detail)
    if word == "password":
        return SourceError(f"{name} is protected by a password.", "Save it without a password, then import that.")
    if word == "bomb":
        return SourceError(f"{name} is not safe to open: {detail}.", "Save the sheet as CSV and import that.")
    if word == "sheet":
        return UsageError(f"{name} has no such sheet.", f"It has: {detail}.")
    if word == "empty":
        return EmptySourceError(
            f"{name} has no cells with content.", "Name another sheet, or check how the file was written."
        )
    if word == "archive":
        return SourceError(
            f"{name} is an archive with {detail or 'nothing in it'}, not a table.",
            "Unpack it and import the files in it.",
        )
    if word == "foreign":
        return SourceError(f"{name} is {detail}, not a table.", "Save the table in it as XLSX or CSV and import that.")
    if word == "limits":
        return SourceError(f"{name} takes too much memory or time to open.", "Save the sheet as CSV and import that.")
    reason = f": {detail.rstrip('.')}" if detail else ""
    return SourceError(
        f"{name} cannot be read as a workbook{reason}.", "Open it in a spreadsheet program and save it again."
    )


class _Child:
    """One process that reads one workbook; its messages."""

    def __init__(self, name: str, file: IO[bytes], wanted: str | None) -> None:
        spec = find_spec("python_calamine")
        if spec is None or spec.origin is None:
            raise SourceError("The reader of workbooks is not installed.", "Install the program again, or import CSV.")
        folder = str(Path(spec.origin).parent.parent)
        arguments = [sys.executable, "-I", source_child.__file__, folder, *([wanted] if wanted is not None else [])]
        self._name = name
        try:
            self._process = subprocess.Popen(
                arguments,
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={key: os.environ[key] for key in _ENVIRONMENT if key in os.environ},
                close_fds=True,
            )
        except OSError as error:
            reason = error.strerror or "no reason given"
            raise SourceError(f"The reader of workbooks cannot be started: {reason}.", "Try again later.") from error

    def message(self) -> Any:
        """Return the next message; raise SourceError when the child has died or talks nonsense."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline(_MESSAGE_LIMIT)
        try:
            message = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            message = None
        if message is None:
            self.close()
            raise _refusal(self._name, "limits", "")
        if isinstance(message, dict) and "trouble" in message:
            self.close()
            word = "limits" if message["trouble"] == "memory" else str(message["trouble"])
            raise _refusal(self._name, word, str(message.get("detail", "")))
        return message

    def close(self) -> None:
        """End the process and wait for it."""
        with suppress(OSError):
            self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()


class _Sheet:
    """The rows of one sheet as the child sends them."""

    def __init__(self, child: _Child) -> None:
        self._child = child
        described = child.message()
        self.kind = str(described["kind"])
        self.name = str(described["sheet"])
        self._height = max(1, int(described["height"]))
        self._reached = 0

    def progress(self) -> float:
        return self._reached / self._height

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            message = self._child.message()
            if isinstance(message, dict):
                self._reached = self._height
                return
            number, cells = message
            self._reached = number
            yield number, cells


def read_workbook(file: FileBytes, options: SourceOptions) -> tuple[str, Table]:
    """Open a workbook (XLSX, XLS, XLSB, ODS) and return its kind and the table on the sheet wanted, or on the first
    with content.

    Numbers come as text without a trailing ``.0``, moments as ``2026-03-01 09:05:01``, logical values as TRUE and FALSE.
    Raises SourceError when
    it is encrypted, damaged, not a workbook or too large to be safe, UsageError for a sheet or header row that is not
    there.
    """
    with_content = file.plain_file(WORKBOOK_LIMIT)
    child = _Child(file.name, with_content, options.sheet)
    try:
        sheet = _Sheet(child)
        columns, header_line, rows = _table(sheet.rows(), file.name, options)
    except BaseException:
        child.close()
        raise
    table = Table(
        columns=columns,
        rows=rows,
        progress=sheet.progress,
        close=child.close,
        sheet=sheet.name,
        header_line=header_line,
    )
    return sheet.kind, table


def _table(
    rows: Iterator[tuple[int, list[str]]], name: str, options: SourceOptions
) -> tuple[tuple[str, ...], int | None, Iterator[SourceRow | BadRow]]:
    start = options.header_row or 1
    usable = (row for row in rows if row[0] >= start and extent(row[1]))
    first = list(islice(usable, _FIRST_ROWS))
    if not first:
        if start > 1:
            raise UsageError(f"{name} has no row {start} to take column names from.", "Check the header row.")
        raise EmptySourceError(
            f"{name} has no cells with content.", "Name another sheet, or check how the file was written."
        )
    if options.header_row == 0:
        width = max(extent(cells) for _, cells in first)
        return column_names([""] * width), None, _rows(first, usable, column_names([""] * width))
    position = header_position([cells for _, cells in first]) if options.header_row is None else 0
    line, header = first[position]
    width = max(extent(cells) for _, cells in first[position:])
    columns = column_names([*header, *([""] * width)][:width])
    return columns, line, _rows(first[position + 1 :], usable, columns)


def _rows(
    first: list[tuple[int, list[str]]], rest: Iterator[tuple[int, list[str]]], columns: tuple[str, ...]
) -> Iterator[SourceRow | BadRow]:
    width = len(columns)
    for source in (first, rest):
        for number, cells in source:
            used = extent(cells)
            if used > width:
                yield BadRow(number, None, f"expected {width} columns, found {used}", storable("\t".join(cells)))
            elif any(MARKED.search(cell) for cell in cells if not cell.isascii()):
                yield BadRow(number, None, "half of a character (a lone surrogate)", storable("\t".join(cells)))
            else:
                yield SourceRow(number, (*cells, *([""] * width))[:width])
