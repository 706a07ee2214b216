"""A rectangle of character cells to draw in; wide characters take two cells and never shift what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import get_character_cell_size

from console.widgets.content import Piece, cut
from console.widgets.reading import Grid

Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing, line by line, and the same figures as a table."""

    lines: tuple[Line, ...]
    table: Grid

    @property
    def texts(self) -> tuple[str, ...]:
        """The lines without their styles."""
        return tuple("".join(piece.text for piece in line) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters a plot is drawn with: none of them beyond 7 bits where the terminal asks for that."""

    across: str
    down: str
    cross: str
    axis: str
    corner: str
    floor: str
    point: str
    full: str
    parts: str
    levels: str


DRAWN = Signs("┄", "┆", "┼", "│", "└", "─", "●", "█", "▏▎▍▌▋▊▉", "▁▂▃▄▅▆▇█")
PLAIN = Signs("-", ":", "+", "|", "+", "-", "o", "#", "", "_.,-~=+#")


def signs(*, is_ascii: bool) -> Signs:
    """Return the characters to draw with."""
    return PLAIN if is_ascii else DRAWN


class Canvas:
    """Cells addressed by column and row from the upper left; what falls outside is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self._cells: list[list[tuple[str, str]]] = [[(" ", "")] * self.width for _ in range(self.height)]

    def put(self, column: int, row: int, text: str, style: str = "") -> int:
        """Write a text on one row; return the column behind it. A wide character cut in half leaves a space."""
        if not 0 <= row < self.height:
            return column
        for char in cut(text, self.width):
            size = get_character_cell_size(char)
            if size == 0:
                continue
            if column >= 0 and column + size <= self.width:
                self._clear(row, column, size)
                self._cells[row][column] = (char, style)
                if size == 2:
                    self._cells[row][column + 1] = ("", style)
            column += size
        return column

    def _clear(self, row: int, column: int, size: int) -> None:
        cells = self._cells[row]
        if cells[column][0] == "":
            cells[column - 1] = (" ", "")
        behind = column + size
        if behind < self.width and cells[behind][0] == "":
            cells[behind] = (" ", "")

    def is_free(self, column: int, row: int) -> bool:
        """Return whether a cell lies on the canvas and is empty."""
        return 0 <= row < self.height and 0 <= column < self.width and self._cells[row][column][0] == " "

    def lines(self) -> tuple[Line, ...]:
        """Return the rows; each is exactly as wide as the canvas."""
        found: list[Line] = []
        for row in self._cells:
            pieces: list[Piece] = []
            for char, style in row:
                if pieces and pieces[-1].style == style:
                    pieces[-1] = Piece(pieces[-1].text + char, style)
                else:
                    pieces.append(Piece(char, style))
            found.append(tuple(pieces))
        return tuple(found)


def place(value: float, low: float, high: float, cells: int) -> int:
    """Return in which of so many cells a value between two ends lies; what lies outside goes to the end cell."""
    if cells <= 1 or high <= low:
        return 0
    return min(cells - 1, max(0, round((value - low) / (high - low) * (cells - 1))))


def span_of(values: list[float], padding: float = 0.05) -> tuple[float, float]:
    """Return the ends of an axis that holds all values with a little room."""
    low, high = min(values), max(values)
    room = (high - low) * padding or 1.0
    return low - room, high + room
