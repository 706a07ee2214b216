"""Everything a command prints: data on stdout, narration on stderr, never a control character of somebody else's text."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, TextIO

from console.sentences import said
from console.text import strip_unsafe


def instant(at: datetime | None) -> str:
    """Return a moment as ISO 8601 UTC with ``Z``, or an empty text."""
    return "" if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day_text(on: date | None) -> str:
    """Return a day as ISO 8601, or an empty text."""
    return "" if on is None else on.isoformat()


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(strip_unsafe(text).encode(encoding, "backslashreplace").decode(encoding) + "\n")


def emit(text: str = "") -> None:
    """Print one line of data on stdout."""
    _write(sys.stdout, text)


def narrate(text: str) -> None:
    """Print one line for the person watching on stderr, in the language chosen where the sentence is known."""
    _write(sys.stderr, said(text))


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def json_line(value: object) -> str:
    """Return one compact JSON document; control characters are escaped, other text is kept as it is."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return "".join(char if char.isprintable() or char == " " else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1]


def emit_json(value: object) -> None:
    """Print one JSON document on stdout; what its encoding has no character for is escaped."""
    text = json_line(value)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, default=_plain)
    sys.stdout.write(text + "\n")


def emit_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, numeric: Sequence[int] = ()) -> None:
    """Print aligned columns, measured in terminal cells; ``numeric`` columns stand to the right."""
    from rich.cells import cell_len

    lines = [list(headers), *[[strip_unsafe(cell).replace("\n", " ") for cell in row] for row in rows]]
    widths = [max(cell_len(line[index]) for line in lines) for index in range(len(headers))]
    for line in lines:
        cells = []
        for index, cell in enumerate(line):
            gap = " " * (widths[index] - cell_len(cell))
            cells.append(gap + cell if index in numeric else cell + gap)
        emit("  ".join(cells).rstrip())


def is_watched() -> bool:
    """Return whether a person watches stderr, so that progress is worth showing."""
    return sys.stderr.isatty()


def leave_closed_pipe() -> None:
    """Give stdout somewhere to flush to after its reader left, so that the interpreter ends quietly."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
