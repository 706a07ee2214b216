"""Edges of columns, dragged with the mouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic

from console.widgets.columns import GUTTER, NARROWEST, Column, Laid, R

WIDEST = 120


def edge_at(laid: Laid[R], x: int) -> int | None:
    """Return the place of the column whose right edge, the gap behind it, is at a cell of the line."""
    left = GUTTER
    for place, (_column, cells) in enumerate(laid):
        if x == left + cells:
            return place
        left += cells + 1
    return None


@dataclass(frozen=True, slots=True)
class Drag(Generic[R]):
    """An edge held by the mouse: the column that its moving makes wider or narrower, and from where.

    The edge behind a column that takes what is left of the line moves the beginning of the next one.
    """

    column: Column[R]
    cells: int
    x: int
    is_beginning: bool

    def width_at(self, x: int) -> int:
        """Return the width of the column with the edge at a cell of the line."""
        moved = self.x - x if self.is_beginning else x - self.x
        return max(NARROWEST, min(WIDEST, self.cells + moved))


def drag_from(laid: Laid[R], x: int, *, is_wide: bool) -> Drag[R] | None:
    """Return what is held at a cell of the line of heads, if an edge is there that can be moved."""
    place = edge_at(laid, x)
    if place is None:
        return None
    column, cells = laid[place]
    if column.width or is_wide:
        return Drag(column, cells, x, is_beginning=False)
    if place + 1 == len(laid):
        return None
    column, cells = laid[place + 1]
    return Drag(column, cells, x, is_beginning=True) if column.width else None


def resized(
    columns: Sequence[Column[R]], held: Column[R], width: int, lay_out: Callable[[Sequence[Column[R]]], Laid[R]]
) -> tuple[Column[R], ...] | None:
    """Return the columns with another width of one; None where it, or one before it, would no longer be in sight."""
    sized = tuple(replace(column, width=width) if column.id == held.id else column for column in columns)
    seen = [column.id for column, _cells in lay_out(columns)]
    kept = seen[: seen.index(held.id) + 1]
    return sized if kept == [column.id for column, _cells in lay_out(sized)][: len(kept)] else None
