"""The columns of a table that draws its own lines, and how they are laid out into a width."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from rich.segment import Segment
from rich.style import Style

from console.text import clean_line
from console.widgets.content import Piece

GUTTER = 2
SMALLEST_FLEXIBLE = 18
FLEXIBLE_WHEN_WIDE = 36
NARROWEST = 3


class Row(Protocol):
    """What a table shows: anything with a number of its own."""

    @property
    def id(self) -> int: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column. ``width`` in cells, 0 for one that takes what is left; the highest ``rank`` goes last when narrow.

    ``sort`` is the name the order is asked for by, empty where one cannot sort.
    """

    id: str
    label: str
    width: int
    cell: Callable[[R], Piece]
    rank: int = 0
    sort: str = ""
    is_right: bool = False


Laid = tuple[tuple[Column[R], int], ...]
"""Columns with their widths in cells."""


def lay_out(columns: Sequence[Column[R]], width: int) -> Laid[R]:
    """Return the columns that fit into so many cells, each with its width; the lowest ranks are left out first."""
    flexible = [column for column in columns if not column.width]
    room = width - GUTTER - SMALLEST_FLEXIBLE * len(flexible) + (0 if flexible else 1)
    chosen: set[str] = set()
    for column in sorted((column for column in columns if column.width), key=lambda column: -column.rank):
        if column.width + 1 > room:
            break
        room -= column.width + 1
        chosen.add(column.id)
    if not chosen and not flexible:
        # Rather one column cut than none at all.
        return tuple((column, max(1, width - GUTTER)) for column in columns[:1])
    shared, left = divmod(room + SMALLEST_FLEXIBLE * len(flexible) - max(0, len(flexible) - 1), max(1, len(flexible)))
    laid: list[tuple[Column[R], int]] = []
    for column in columns:
        if not column.width:
            laid.append((column, max(1, shared + left)))
            left = 0
        elif column.id in chosen:
            laid.append((column, column.width))
    return tuple(laid)


def lay_out_from(columns: Sequence[Column[R]], width: int, first: int) -> Laid[R]:
    """Return the columns from one on, in their order and full width, as many as fit; the last may be cut."""
    room = width - GUTTER
    laid: list[tuple[Column[R], int]] = []
    for column in columns[first:]:
        if laid and room < NARROWEST:
            break
        wanted = column.width or FLEXIBLE_WHEN_WIDE
        laid.append((column, max(1, min(wanted, room))))
        room -= wanted + 1
    return tuple(laid)


def is_whole_from(columns: Sequence[Column[R]], width: int, first: int) -> bool:
    """Return whether all columns from one on stand in full width."""
    cells = sum((column.width or FLEXIBLE_WHEN_WIDE) + 1 for column in columns[first:]) - 1
    return cells <= width - GUTTER


def cells_of(columns: Iterable[Column[R]], row: R) -> tuple[str, ...]:
    """Return what stands in each column of a row, whole and on one line."""
    return tuple(clean_line(column.cell(row).text) for column in columns)


def joined(pieces: Iterable[tuple[str, Style]]) -> list[Segment]:
    """Join neighbours of one style, so that fewer style changes are sent."""
    segments: list[Segment] = []
    text, style = "", None
    for piece, piece_style in pieces:
        if style is None or piece_style == style:
            text, style = text + piece, piece_style
        else:
            segments.append(Segment(text, style))
            text, style = piece, piece_style
    segments.append(Segment(text, style))
    return segments
