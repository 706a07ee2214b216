"""Bars: one for a table's cell, and a chart of several with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from console.widgets.content import Piece, fit
from console.widgets.plots.canvas import Line, Plot, signs
from console.widgets.reading import Grid

LONGEST_LABEL = 24


@dataclass(frozen=True, slots=True)
class BarRow:
    """One bar: what it stands for, how long it is (None: nothing to draw), what is written behind it."""

    label: str
    value: float | None
    note: str = ""
    style: str = ""


def bar(value: float | None, cells: int, *, low: float = 0.0, high: float = 100.0, is_ascii: bool = False) -> str:
    """Return a bar exactly so many cells wide, to the eighth of a cell, to the whole one in 7 bits."""
    drawn = signs(is_ascii=is_ascii)
    if value is None or high <= low:
        return " " * cells
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    if not drawn.parts:
        return (drawn.full * round(share * cells)).ljust(cells)
    eighths = round(share * cells * 8)
    text = drawn.full * (eighths // 8) + (drawn.parts[eighths % 8 - 1] if eighths % 8 else "")
    return text + " " * (cells - cell_len(text))


def bar_chart(
    rows: Sequence[BarRow],
    width: int,
    heads: tuple[str, str],
    *,
    low: float = 0.0,
    high: float | None = None,
    digits: int = 1,
    is_ascii: bool = False,
) -> Plot:
    """Return bars under one another in ``width`` cells, and their figures as a table under two heads."""
    top = high if high is not None else max((row.value or 0.0 for row in rows), default=0.0)
    label_cells = min(LONGEST_LABEL, max(4, width // 3), max((cell_len(row.label) for row in rows), default=4))
    values = ["-" if row.value is None else f"{row.value:,.{digits}f}" for row in rows]
    value_cells = max((cell_len(text) for text in values), default=1)
    note_cells = max((cell_len(row.note) for row in rows), default=0)
    bar_cells = max(4, width - label_cells - value_cells - note_cells - (3 if note_cells else 2))
    lines: list[Line] = []
    for row, text in zip(rows, values, strict=True):
        drawn = bar(row.value, bar_cells, low=low, high=top, is_ascii=is_ascii)
        head = f"{fit(row.label, label_cells)} {fit(text, value_cells, is_right=True)} "
        line = head + drawn + (f" {fit(row.note, note_cells)}" if note_cells else "")
        lines.append((Piece(fit(line, width), row.style),))
    table = Grid(
        (heads[0], heads[1], ""),
        tuple((row.label, text, row.note) for row, text in zip(rows, values, strict=True)),
        frozenset({1}),
    )
    return Plot(tuple(lines), table)
