"""The second layer against hostile text: whatever is left of it goes as a line is drawn."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from console.text import strip_unsafe

OWN_META = frozenset({"offset"})
"""What Textual itself keeps in a style to tell where text stands; it holds no action."""


@lru_cache(4096)
def safe_text(text: str) -> str:
    """Return a drawn text without control, bidirectional and invisible characters, as wide as it was."""
    if text.isascii() and text.isprintable():
        return text
    kept = strip_unsafe(text, keep="")
    return text if kept == text else set_cell_size(kept, cell_len(text))


def safe_style(style: Style | None) -> Style | None:
    """Return a style without a link to open or an action to run."""
    if style is None or (style.link is None and not style.meta):
        return style
    meta = style.meta
    if style.link is None and OWN_META.issuperset(meta):
        return style
    kept = {key: value for key, value in meta.items() if key in OWN_META}
    bare = style.clear_meta_and_links()
    return bare + Style.from_meta(kept) if kept else bare


class SafetyFilter(LineFilter):
    """Lets nothing through to the terminal but text that prints, and no style that acts."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments of a line, made safe; control segments have no place inside a widget and go."""
        return [Segment(safe_text(text), safe_style(style)) for text, style, control in segments if control is None]


def _drawing() -> dict[int, str]:
    """Return what stands for each box-drawing and block character, one cell each."""
    table = dict.fromkeys(range(9472, 9600), "+") | dict.fromkeys(range(9600, 9632), "#")
    ascii_signs = {
        "-": "─━┄┅┈┉╌╍╴╶╸╺╼╾═▀▔",
        "|": "│┃┆┇┊┋╎╏╵╷╹╻╽╿║▌▍▎▏▐▕",
        "_": "▁▂▃",
        "/": "╱",
        "\\": "╲",
        "x": "╳",
        ".": "░",
    }
    return table | {ord(char): plain for plain, chars in ascii_signs.items() for char in chars}


DRAWING = _drawing()


class AsciiFilter(LineFilter):
    """Draws lines, frames and bars, which Textual makes of box-drawing and block characters, with ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments of a line with ASCII for what is drawn; every sign keeps its one cell."""
        return [
            Segment(text if text.isascii() else text.translate(DRAWING), style, control)
            for text, style, control in segments
        ]


@lru_cache(1024)
def colourless(style: Style) -> Style:
    """Return a style with the attributes of text only; a bright background turns into reverse video."""
    is_bright = style.bgcolor is not None and Color.from_rich_color(style.bgcolor).brightness > 0.5
    return Style(
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        strike=style.strike,
        reverse=bool(style.reverse) != is_bright,
        meta=style.meta or None,
    )


class ColourlessFilter(LineFilter):
    """Sends no colour at all: what stands out does so by its sign, its word, bold, or reverse video."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments of a line without colours."""
        return [
            Segment(text, style if style is None else colourless(style), control) for text, style, control in segments
        ]
