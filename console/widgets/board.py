"""A page of figures to walk through: each opens its rows, tells its definition, and folds what hangs below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.text import clean_line, strip_unsafe
from console.widgets.bindings import bindings
from console.widgets.content import cut


@dataclass(frozen=True, slots=True)
class Spot:
    """A piece of a line. With a ``key`` it is a figure the cursor can stand on; the owner knows the key."""

    text: str
    style: str = ""
    key: str = ""


BoardLine = tuple[Spot, ...]
Draw = Callable[[int], Sequence[BoardLine]]
"""Lays the page out for a width in cells."""


CELLS_APART = re.compile(r"\s{2,}")
"""Figures of a line stand at least so far apart."""


def _whole(text: str, cells: int) -> str:
    """A text made safe, with its spaces, which stand for distance."""
    plain = text if text.isascii() and text.isprintable() else strip_unsafe(text.replace("\n", " "))
    return plain if cell_len(plain) <= cells else cut(plain, cells)


class Board(ScrollView, can_focus=True):
    """Shows lines of spots. Up and down go from line to line, left and right from figure to figure."""

    DEFAULT_CSS = """
    Board {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size: 1 1;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        padding: 0 1;
        background: $background;
        color: $foreground;
        & > .board--heading { color: $accent; text-style: bold; }
        & > .board--label { color: $text-muted; }
        & > .board--quiet { color: $text-muted; }
        & > .board--overdue { color: $error; text-style: bold; }
        & > .board--soon { color: $warning; }
        & > .board--later { color: $foreground; }
        & > .board--bar { color: $accent; }
        & > .board--cursor { text-style: reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"board--{name}" for name in ("heading", "label", "quiet", "overdue", "soon", "later", "bar", "cursor")
    }
    BINDINGS = bindings("board")

    class Chosen(Message):
        """What is wanted of the figure under the cursor: to ``open`` its rows, ``explain`` it, ``fold`` or ``unfold`` it."""

        def __init__(self, board: Board, key: str, wish: str) -> None:
            super().__init__()
            self.board = board
            self.key = key
            self.wish = wish

        @property
        def control(self) -> Board:
            return self.board

    class Moved(Message):
        """The cursor stands on another figure."""

        def __init__(self, board: Board, key: str) -> None:
            super().__init__()
            self.board = board
            self.key = key

        @property
        def control(self) -> Board:
            return self.board

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Board.Moved) and message.board is self.board

    class LineCopied(Message):
        """The line under the cursor is wanted in the clipboard: its cells, and the keys of the figures in it."""

        def __init__(self, board: Board, cells: tuple[str, ...], keys: tuple[str, ...]) -> None:
            super().__init__()
            self.board = board
            self.cells = cells
            self.keys = keys

        @property
        def control(self) -> Board:
            return self.board

    def __init__(self, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._draw: Draw = lambda _width: ()
        self._lines: tuple[BoardLine, ...] = ()
        self._width = -1
        self._key = ""

    @property
    def key(self) -> str:
        """The key of the figure under the cursor; empty where there is none."""
        return self._key

    @property
    def lines(self) -> list[str]:
        """The lines as plain text."""
        return ["".join(spot.text for spot in line) for line in self._lines]

    def show(self, draw: Draw, *, keep: bool = True) -> None:
        """Show another page; ``keep`` leaves the cursor on the figure of the same key and the page where it was."""
        self._draw = draw
        self._width = -1
        if not keep:
            self._key = ""
            self.scroll_to(y=0, animate=False, force=True)
        self._lay_out()
        self.refresh()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0 or width == self._width:
            return
        self._width = width
        drawn = self._draw(width)
        self._lines = tuple(
            tuple(Spot(_whole(spot.text, width), spot.style, spot.key) for spot in line) for line in drawn
        )
        self.virtual_size = Size(width, len(self._lines))
        keys = [spot.key for line in self._lines for spot in line if spot.key]
        if self._key not in keys:
            self._key = keys[0] if keys else ""

    def on_resize(self, event: events.Resize) -> None:
        """Lay the page out for the new width."""
        self._lay_out()
        self.refresh()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Take the cursor away."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        index = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        segments = []
        for spot in self._lines[index]:
            style = self._style(spot.style)
            if spot.key and spot.key == self._key and self.has_focus:
                style = style + self.get_component_rich_style("board--cursor")
            segments.append(Segment(spot.text, style))
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"board--{name}") if name else self.rich_style

    # Where the cursor goes

    def _places(self) -> list[tuple[int, int, str]]:
        """Every figure with its line and the column it begins in."""
        found = []
        for number, line in enumerate(self._lines):
            column = 0
            for spot in line:
                if spot.key:
                    found.append((number, column, spot.key))
                column += cell_len(spot.text)
        return found

    def go_to(self, key: str) -> None:
        """Put the cursor on a figure and bring it into sight."""
        for number, _column, own in self._places():
            if own == key:
                self._stand(number, key)
                return

    def _stand(self, number: int, key: str) -> None:
        top, height = self.scroll_offset.y, max(1, self.scrollable_content_region.height)
        if number < top:
            self.scroll_to(y=number, animate=False, force=True)
        elif number >= top + height:
            self.scroll_to(y=number - height + 1, animate=False, force=True)
        if key != self._key:
            self._key = key
            self.post_message(self.Moved(self, key))
        self.refresh()

    def _step_line(self, step: int) -> None:
        places = self._places()
        here = next(((line, column) for line, column, key in places if key == self._key), None)
        if here is None:
            self._scroll(step)
            return
        ahead = [place for place in places if (place[0] > here[0] if step > 0 else place[0] < here[0])]
        if not ahead:
            self._scroll(step * max(1, self.size.height))
            return
        wanted = min(place[0] for place in ahead) if step > 0 else max(place[0] for place in ahead)
        number, _column, key = min(
            (place for place in ahead if place[0] == wanted), key=lambda place: abs(place[1] - here[1])
        )
        self._stand(number, key)

    def _step_spot(self, step: int) -> bool:
        places = self._places()
        here = next((number for number, place in enumerate(places) if place[2] == self._key), None)
        if here is None:
            return False
        there = here + step
        if 0 <= there < len(places) and places[there][0] == places[here][0]:
            self._stand(places[there][0], places[there][2])
            return True
        return False

    def _scroll(self, count: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + count, animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where was clicked; a second click opens."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        number = self.scroll_offset.y + offset.y
        for line, column, key in self._places():
            text = next(spot.text for spot in self._lines[line] if spot.key == key)
            if line == number and column <= offset.x < column + cell_len(text):
                is_again = key == self._key
                self._stand(line, key)
                if is_again and event.chain > 1:
                    self.action_open()

    def action_down(self) -> None:
        self._step_line(1)

    def action_up(self) -> None:
        self._step_line(-1)

    def action_right(self) -> None:
        if not self._step_spot(1):
            self._wish("unfold")

    def action_left(self) -> None:
        if not self._step_spot(-1):
            self._wish("fold")

    def action_page_down(self) -> None:
        self._jump(max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        self._jump(-max(1, self.size.height - 1))

    def _jump(self, count: int) -> None:
        """Scroll, and take the cursor along to the nearest figure in sight."""
        self._scroll(count)
        places = self._places()
        if places:
            top = self.scroll_offset.y
            number, _column, key = min(places, key=lambda place: abs(place[0] - max(0, top)))
            self._key = key if top <= number < top + self.size.height else self._key
            self.refresh()

    def action_first(self) -> None:
        self._ends(0)

    def action_last(self) -> None:
        self._ends(-1)

    def _ends(self, at: int) -> None:
        places = self._places()
        if places:
            self._stand(places[at][0], places[at][2])
        self.scroll_to(y=0 if at == 0 else len(self._lines), animate=False, force=True)

    def action_open(self) -> None:
        self._wish("open")

    def action_copy_row(self) -> None:
        for line in self._lines:
            keys = tuple(spot.key for spot in line if spot.key)
            if self._key in keys:
                text = "".join(spot.text for spot in line)
                cells = tuple(clean_line(cell) for cell in CELLS_APART.split(text.strip()))
                self.post_message(self.LineCopied(self, cells, keys))
                return

    def action_explain(self) -> None:
        self._wish("explain")

    def _wish(self, wish: str) -> None:
        if self._key:
            self.post_message(self.Chosen(self, self._key, wish))
