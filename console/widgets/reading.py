"""A pane to read in: headings, facts, paragraphs and small tables, wrapped by cells and drawn by the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.widgets.bindings import bindings
from console.widgets.content import Piece, cut, fit
from console.wrapping import wrap

Line = tuple[Piece, ...]
GAP = 2
WIDEST_LABEL = 20
LONGEST_FACT = 4000
"""Characters of one value shown: a fact is not a place to read in, and an imported one may be of any length."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that begins a part."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text of any length, wrapped."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and what they stand for, aligned; facts without a value are left out."""

    pairs: tuple[tuple[str, str | Piece], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A small table. ``right`` names the columns set to the right; the ``flexible`` one gives way when it is narrow."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str | Piece, ...], ...]
    right: frozenset[int] = frozenset()
    flexible: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """An empty line."""


Block = Heading | Paragraph | Facts | Grid | Gap


def _piece(value: str | Piece) -> Piece:
    return value if isinstance(value, Piece) else Piece(value)


def _facts(block: Facts, width: int) -> list[Line]:
    pairs = [(label, _piece(value)) for label, value in block.pairs if _piece(value).text]
    if not pairs:
        return []
    label_width = min(WIDEST_LABEL, width // 2, max(cell_len(label) for label, _value in pairs))
    lines: list[Line] = []
    for label, value in pairs:
        for index, part in enumerate(wrap(value.text[:LONGEST_FACT], width - label_width - GAP)):
            head = fit(label, label_width) if index == 0 else " " * label_width
            lines.append((Piece(head + " " * GAP, "label"), Piece(part, value.style)))
    return lines


def _grid(block: Grid, width: int) -> list[Line]:
    rows = [tuple(_piece(value) for value in row) for row in block.rows]
    texts = [block.heads, *[tuple(piece.text for piece in row) for row in rows]]
    widths = [max(cell_len(cut(row[index], width)) for row in texts) for index in range(len(block.heads))]
    taken = sum(cells + GAP for index, cells in enumerate(widths) if index != block.flexible)
    widths[block.flexible] = max(4, min(widths[block.flexible], width - taken))
    styled = [tuple(Piece(head, "label") for head in block.heads), *rows]
    return [
        tuple(
            Piece(fit(piece.text, widths[index], is_right=index in block.right) + " " * GAP, piece.style)
            for index, piece in enumerate(row)
        )
        for row in styled
    ]


def lay_out(blocks: Sequence[Block], width: int) -> list[Line]:
    """Return the lines that some blocks take up at a width in cells."""
    lines: list[Line] = []
    for block in blocks:
        if isinstance(block, Heading):
            lines.extend((Piece(part, "heading"),) for part in wrap(block.text, width))
        elif isinstance(block, Paragraph):
            lines.extend((Piece(part, block.style),) for part in wrap(block.text, width))
        elif isinstance(block, Facts):
            lines.extend(_facts(block, width))
        elif isinstance(block, Grid):
            lines.extend(_grid(block, width))
        else:
            lines.append(())
    return lines


class Reading(ScrollView, can_focus=True):
    """Shows blocks and scrolls through them; marks the words looked for."""

    DEFAULT_CSS = """
    Reading {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size: 1 1;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        padding: 0 1;
        background: $background;
        color: $foreground;
        & > .reading--heading { color: $accent; text-style: bold; }
        & > .reading--label { color: $text-muted; }
        & > .reading--quiet { color: $text-muted; }
        & > .reading--overdue { color: $error; text-style: bold; }
        & > .reading--soon { color: $warning; }
        & > .reading--later { color: $foreground; }
        & > .reading--match { text-style: reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"reading--{name}" for name in ("heading", "label", "quiet", "overdue", "soon", "later", "match")
    }
    BINDINGS = bindings("reading")

    def __init__(self, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._blocks: tuple[Block, ...] = ()
        self._lines: list[Line] = []
        self._width = -1
        self._words: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The lines as plain text, as wide as they are drawn."""
        return ["".join(piece.text for piece in line) for line in self._lines]

    def show(self, blocks: Sequence[Block], *, keep: bool = False, words: Sequence[str] = ()) -> None:
        """Show other blocks from the top; ``keep`` stays where one was reading. ``words`` are marked where they stand."""
        self._blocks = tuple(blocks)
        self._words = tuple(word.casefold() for word in words if word)
        self._width = -1
        self._lay_out()
        if not keep:
            self.scroll_to(y=0, animate=False, force=True)
        self.refresh()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0 or width == self._width:
            return
        self._width = width
        self._lines = lay_out(self._blocks, width)
        self.virtual_size = Size(width, len(self._lines))

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again for the new width."""
        self._lay_out()
        self.refresh()

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"reading--{name}") if name else self.rich_style

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        index = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        segments: list[Segment] = []
        for piece in self._lines[index]:
            segments.extend(self._marked(piece))
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _marked(self, piece: Piece) -> list[Segment]:
        style = self._style(piece.style)
        folded = piece.text.casefold()
        if not self._words or len(folded) != len(piece.text):
            return [Segment(piece.text, style)]
        match = style + self._style("match")
        segments: list[Segment] = []
        start = 0
        while start < len(folded):
            found = [(folded.find(word, start), len(word)) for word in self._words]
            hits = [hit for hit in found if hit[0] >= 0]
            if not hits:
                break
            at, length = min(hits)
            segments.extend((Segment(piece.text[start:at], style), Segment(piece.text[at : at + length], match)))
            start = at + length
        return [*segments, Segment(piece.text[start:], style)]

    @property
    def matches(self) -> list[int]:
        """The lines with a word looked for, from the top."""
        return [index for index, text in enumerate(self.lines) if any(word in text.casefold() for word in self._words)]

    def go_to_match(self, step: int) -> bool:
        """Scroll to the next (1) or previous (-1) line with a word looked for; return whether there is one to scroll to."""
        top = self.scroll_offset.y
        hits = [index for index in self.matches if step < 0 or top < self.max_scroll_y]
        ahead = [index for index in hits if (index > top if step > 0 else index < top)]
        if not ahead:
            return False
        self.scroll_to(y=ahead[0] if step > 0 else ahead[-1], animate=False, force=True)
        return True

    def _scroll_lines(self, count: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + count, animate=False, force=True)

    def action_down(self) -> None:
        self._scroll_lines(1)

    def action_up(self) -> None:
        self._scroll_lines(-1)

    def action_half_down(self) -> None:
        self._scroll_lines(max(1, self.size.height // 2))

    def action_half_up(self) -> None:
        self._scroll_lines(-max(1, self.size.height // 2))

    def action_page_down(self) -> None:
        self._scroll_lines(max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        self._scroll_lines(-max(1, self.size.height - 1))

    def action_first(self) -> None:
        self.scroll_to(y=0, animate=False, force=True)

    def action_last(self) -> None:
        self._scroll_lines(len(self._lines))
