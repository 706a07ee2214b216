"""Points in a plane with a crosshair: importance against performance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from console.widgets.content import Piece, cut
from console.widgets.plots.canvas import Canvas, Plot, place, signs, span_of
from console.widgets.reading import Grid

TICK_CELLS = 6
NEIGHBOURS = ((0, 0), (1, 0), (-1, 0), (0, -1), (0, 1), (2, 0), (-2, 0), (1, -1), (-1, 1), (3, 0), (-3, 0))


@dataclass(frozen=True, slots=True)
class Point:
    """A point with its mark, a number or letter that the table beside the plot explains."""

    x: float
    y: float
    mark: str
    label: str
    style: str = ""


def scatter(
    points: Sequence[Point],
    cross: tuple[float, float],
    corners: tuple[str, str, str, str],
    heads: tuple[str, str, str],
    width: int,
    height: int,
    *,
    is_ascii: bool = False,
) -> Plot:
    """Return points around a crosshair in ``width`` by ``height`` cells, and as a table.

    ``corners`` name the quarters: upper left, upper right, lower left, lower right; ``heads`` the columns of the table. A mark
    whose cell is taken moves to the nearest free one.
    """
    drawn = signs(is_ascii=is_ascii)
    canvas = Canvas(width, height)
    left, columns, rows = TICK_CELLS + 1, width - TICK_CELLS - 1, height - 2
    if columns < 4 or rows < 3 or not points:
        return Plot(canvas.lines(), _table(points, heads))
    x_low, x_high = span_of([cross[0], *(point.x for point in points)])
    x_low = max(0.0, x_low) if min(cross[0], *(point.x for point in points)) >= 0 else x_low
    y_low, y_high = span_of([cross[1], *(point.y for point in points)])

    def column_of(x: float) -> int:
        return left + place(x, x_low, x_high, columns)

    def row_of(y: float) -> int:
        return rows - 1 - place(y, y_low, y_high, rows)

    for row in range(rows):
        canvas.put(TICK_CELLS, row, drawn.axis, "quiet")
        if row % 4 == 0:
            value = y_high - (y_high - y_low) * row / max(1, rows - 1)
            canvas.put(0, row, f"{value:>{TICK_CELLS - 1}.1f}", "quiet")
    canvas.put(TICK_CELLS, rows, drawn.corner + drawn.floor * columns, "quiet")
    for step in range(5):
        text = f"{x_low + (x_high - x_low) * step / 4:.0f}"
        at = left + round((columns - 1) * step / 4)
        canvas.put(min(at, width - len(text)), rows + 1, text, "quiet")
    at_column, at_row = column_of(cross[0]), row_of(cross[1])
    canvas.put(left, at_row, drawn.across * columns, "quiet")
    for row in range(rows):
        canvas.put(at_column, row, drawn.cross if row == at_row else drawn.down, "quiet")
    marked = Canvas(width, height)
    for number, corner in enumerate(corners):
        room = (at_column - left if number % 2 == 0 else width - at_column - 1) - 1
        text = cut(corner, room)
        row = 0 if number < 2 else rows - 1
        start = left + 1 if number % 2 == 0 else width - cell_len(text)
        if room > 3:
            canvas.put(start, row, text, "label")
            marked.put(start, row, text)
    for point in points:
        column, row = column_of(point.x), row_of(point.y)
        mark = cut(point.mark, 3) or drawn.point
        column = min(column, width - cell_len(mark))
        for right, down in NEIGHBOURS:
            x, y = column + right, row + down
            if x >= left and y < rows and all(marked.is_free(x + cell, y) for cell in range(cell_len(mark))):
                column, row = x, y
                break
        canvas.put(column, row, mark, point.style or "heading")
        marked.put(column, row, mark)
    return Plot(canvas.lines(), _table(points, heads))


def _table(points: Sequence[Point], heads: tuple[str, str, str]) -> Grid:
    rows = tuple((f"{point.mark} {point.label}", f"{point.x:.1f}", f"{point.y:.1f}") for point in points)
    return Grid(heads, tuple(tuple(Piece(text) for text in row) for row in rows), frozenset({1, 2}))
