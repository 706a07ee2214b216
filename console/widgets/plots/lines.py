"""Series over time: points on an axis, with the centre and the limits of a control chart, and marks under some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from console.widgets.content import cut
from console.widgets.plots.canvas import Canvas, Plot, place, signs, span_of
from console.widgets.reading import Grid

AXIS_CELLS = 8
LEAST_ROWS = 5
OUTSIDE = ("◆", "@")
SECOND = ("○", "x")
LIMIT = ("╌", "=")
MARK = "!"


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One period: its value (None: a gap), its limits, whether it lies outside, and whether something is known of it."""

    label: str
    value: float | None
    lower: float | None = None
    upper: float | None = None
    is_outside: bool = False
    has_mark: bool = False
    second: float | None = None


def control_chart(
    points: Sequence[ChartPoint],
    width: int,
    height: int,
    heads: tuple[str, ...],
    *,
    centre: float | None = None,
    digits: int = 2,
    is_ascii: bool = False,
) -> Plot:
    """Return the chart in so many cells, and its figures as a table under heads for period, value, lower, upper and second.

    The newest points are drawn where there is not room for all. Gaps stay empty. Labels stand under as many points as fit.
    """
    drawn = signs(is_ascii=is_ascii)
    at = 1 if is_ascii else 0
    rows = max(LEAST_ROWS, height - 2)
    room = max(1, width - AXIS_CELLS)
    step = max(2, min(8, room // max(1, len(points))))
    shown = points[-(room // step) :]
    known = [
        value for point in shown for value in (point.value, point.lower, point.upper, point.second) if value is not None
    ]
    if centre is not None:
        known.append(centre)
    canvas = Canvas(width, rows + 2)
    if known:
        low, high = span_of(known)
        low = max(low, 0.0) if min(known) >= 0 else low

        def row_of(value: float) -> int:
            return rows - 1 - place(value, low, high, rows)

        for row in range(rows):
            if row % 2 == 0 or rows < 8:
                value = high - (high - low) * row / max(1, rows - 1)
                text = f"{value:.{digits}f}"
                canvas.put(max(0, AXIS_CELLS - 2 - cell_len(text)), row, text, "label")
            canvas.put(AXIS_CELLS - 1, row, drawn.axis, "quiet")
        for number, point in enumerate(shown):
            column = AXIS_CELLS + number * step + step // 2
            for limit in (point.lower, point.upper):
                if limit is not None:
                    canvas.put(column - step // 2, row_of(limit), LIMIT[at] * step, "soon")
        if centre is not None:
            for column in range(AXIS_CELLS, min(width, AXIS_CELLS + len(shown) * step)):
                if canvas.is_free(column, row_of(centre)):
                    canvas.put(column, row_of(centre), drawn.floor, "quiet")
        for number, point in enumerate(shown):
            column = AXIS_CELLS + number * step + step // 2
            if point.second is not None:
                canvas.put(column, row_of(point.second), SECOND[at], "quiet")
            if point.value is not None:
                sign = OUTSIDE[at] if point.is_outside else drawn.point
                canvas.put(column, row_of(point.value), sign, "overdue" if point.is_outside else "bar")
    canvas.put(AXIS_CELLS - 1, rows, drawn.corner + drawn.floor * room, "quiet")
    free_from = 0
    for number, point in enumerate(shown):
        column = AXIS_CELLS + number * step + step // 2
        if point.has_mark:
            canvas.put(column, rows, MARK, "soon")
        text = cut(point.label, room)
        start = max(AXIS_CELLS, column - cell_len(text) // 2)
        if start >= free_from and start + cell_len(text) <= width:
            canvas.put(start, rows + 1, text, "label")
            free_from = start + cell_len(text) + 1
    return Plot(canvas.lines(), _table(points, heads, digits))


def _table(points: Sequence[ChartPoint], heads: tuple[str, ...], digits: int) -> Grid:
    def figure(value: float | None) -> str:
        return "-" if value is None else f"{value:.{digits}f}"

    rows = []
    for point in points:
        name = point.label + (f" {MARK}" if point.has_mark else "")
        values = (figure(point.value), figure(point.lower), figure(point.upper), figure(point.second))
        rows.append((name, *values)[: len(heads)])
    return Grid(heads, tuple(rows), frozenset(range(1, len(heads))))
