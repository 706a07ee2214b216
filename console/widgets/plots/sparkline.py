"""A line of figures over time in one row of cells."""

from __future__ import annotations

from collections.abc import Sequence

from console.widgets.content import Piece
from console.widgets.plots.canvas import Plot, place, signs
from console.widgets.reading import Grid


def sparkline(values: Sequence[float | None], *, is_ascii: bool = False) -> str:
    """Return one cell a value, from the lowest to the highest of them; a gap where there is none."""
    levels = signs(is_ascii=is_ascii).levels
    known = [value for value in values if value is not None]
    if not known:
        return " " * len(values)
    low, high = min(known), max(known)
    if high <= low:
        return "".join(" " if value is None else levels[len(levels) // 2] for value in values)
    return "".join(" " if value is None else levels[place(value, low, high, len(levels))] for value in values)


def sparkline_plot(
    points: Sequence[tuple[str, float | None]], heads: tuple[str, str], *, digits: int = 1, is_ascii: bool = False
) -> Plot:
    """Return named figures as one line, and as a table under two heads."""
    drawn = sparkline([value for _name, value in points], is_ascii=is_ascii)
    rows = tuple((name, "-" if value is None else f"{value:,.{digits}f}") for name, value in points)
    return Plot(((Piece(drawn),),), Grid(heads, rows, frozenset({1})))
