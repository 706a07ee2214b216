"""What travels from a file to an import: options in, rows and unreadable records out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from console.errors import OmbudError

RAW_LIMIT = 65_536
"""Characters kept of a record that cannot be read."""


class EmptySourceError(OmbudError):
    """The file holds no rows: it has no bytes, only blank lines, or only column names."""


class SourceError(OmbudError):
    """The file as a whole cannot be read: another kind, encrypted, damaged, or unsafe to open."""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What a person or a profile knows about a file; None means: find out.

    ``header_row`` is the physical line (or spreadsheet row) of the column names, counted from 1; 0 says that the file
    has none.
    ``under_header`` rows below the column names are passed over: questions in full, or the keys of an export.
    ``sheet`` names a worksheet (by name, or by number from 1) or, in a JSON object, the member that holds the rows.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    under_header: int = 0
    format: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One record: as many values as the source has columns, and the line on which it starts.

    ``line`` counts from 1: the physical line of a text file, the row of a spreadsheet, the position in a JSON array.
    """

    line: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadRow:
    """One record that cannot be read, with the text that was found."""

    line: int
    column: str | None
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Table:
    """What a reader of one format hands to the source: column names, rows, and what was found out on the way."""

    columns: tuple[str, ...]
    rows: Iterator[SourceRow | BadRow]
    progress: Callable[[], float]
    close: Callable[[], None]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_line: int | None = None


def storable(text: str) -> str:
    r"""Return the text with undecodable bytes written as ``\xNN``, cut to RAW_LIMIT characters."""
    if len(text) > RAW_LIMIT:
        text = text[:RAW_LIMIT] + "…"
    return "".join(_visible(char) if "\ud800" <= char <= "\udfff" else char for char in text)


def _visible(surrogate: str) -> str:
    code = ord(surrogate)
    return f"\\x{code - 0xDC00:02x}" if 0xDC00 <= code <= 0xDCFF else f"\\u{code:04x}"


def column_names(header: Sequence[str]) -> tuple[str, ...]:
    """Return unique column names: blank ones become ``column_3``, repeated ones ``name_2``."""
    cleaned = [" ".join(cell.split()) for cell in header]
    taken = {name for name in cleaned if name}
    seen: set[str] = set()
    names: list[str] = []
    for position, name in enumerate(cleaned, start=1):
        unique = name or f"column_{position}"
        if unique in seen or (not name and unique in taken):
            unique = _unused(unique, taken | seen)
        seen.add(unique)
        names.append(unique)
    return tuple(names)


def _unused(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def extent(values: Sequence[str]) -> int:
    """Return how many cells remain when empty ones at the end are left off."""
    for position in range(len(values), 0, -1):
        if values[position - 1] and not values[position - 1].isspace():
            return position
    return 0


def filled(values: Sequence[str]) -> int:
    """Return how many cells hold something."""
    return sum(1 for value in values if value and not value.isspace())


def is_blank(values: Sequence[str]) -> bool:
    """Return whether no cell holds anything but white space."""
    text = "".join(values)
    return not text or text.isspace()


def header_position(records: Sequence[Sequence[str]]) -> int:
    """Return which of the first records holds the column names: the first one that is not blank and not a title.

    A record is a title when it fills at most half as many cells as the records below usually do, and those fill three
    or more.
    """
    widths = sorted(count for count in map(filled, records) if count)
    typical = widths[len(widths) // 2] if widths else 0
    first: int | None = None
    for position, record in enumerate(records):
        count = filled(record)
        if count == 0:
            continue
        if first is None:
            first = position
        if count * 2 > typical or typical < 3:
            return position
    return first or 0
