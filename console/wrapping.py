"""Texts broken into lines of a width in cells: at spaces, and between the wide characters of scripts written without them."""

from __future__ import annotations

from rich.cells import get_character_cell_size

from console.text import clean

TAB = "    "


def wrap(text: str, cells: int) -> list[str]:
    """Return a text as lines of at most so many cells, broken at spaces and between wide characters."""
    cells = max(cells, 4)
    lines: list[str] = []
    for paragraph in clean(text).replace("\t", TAB).split("\n"):
        lines.extend(_wrap_paragraph(paragraph, cells))
    return lines


def _wrap_paragraph(text: str, cells: int) -> list[str]:
    if len(text) * 2 <= cells or (len(text) <= cells and text.isascii()):
        return [text]
    return _wrap_ascii(text, cells) if text.isascii() else _wrap_wide(text, cells)


def _wrap_ascii(text: str, cells: int) -> list[str]:
    lines = []
    start = 0
    while len(text) - start > cells:
        space = text.rfind(" ", start + 1, start + cells + 1)
        end = space if space > 0 else start + cells
        lines.append(text[start:end].rstrip())
        start = end + 1 if space > 0 else end
    lines.append(text[start:])
    return lines


def _wrap_wide(text: str, cells: int) -> list[str]:
    lines = []
    start = 0
    width = 0
    breakable = -1
    width_at_break = 0
    for position, char in enumerate(text):
        size = get_character_cell_size(char)
        if size > 1 and position > start:
            breakable, width_at_break = position, width
        if width + size > cells:
            if breakable <= start:
                breakable, width_at_break = position, width
            lines.append(text[start:breakable].rstrip())
            start = breakable
            width -= width_at_break
            breakable = -1
        width += size
        if char == " ":
            breakable, width_at_break = position + 1, width
    lines.append(text[start:])
    return lines
