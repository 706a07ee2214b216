"""The one place where somebody's text becomes something a widget draws: never markup, cleaned, measured in cells."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from console.due_words import due_text
from console.signs import sign
from console.text import clean, clean_line


class Piece(NamedTuple):
    """A text and the name of the style it is drawn in (empty: plain)."""

    text: str
    style: str = ""


def content(text: str) -> Content:
    """Return a text of several lines for a widget; brackets in it are brackets."""
    return Content(clean(text))


def line(text: str, cells: int | None = None) -> Content:
    """Return a text on one line for a widget, cut to ``cells`` when they are given."""
    return Content(clean_line(text) if cells is None else cut(text, cells))


def cut(text: str, cells: int) -> str:
    """Return a text on one line, cleaned, at most so many cells wide, with a sign where something was cut off."""
    if cells <= 0:
        return ""
    if len(text) > 4 * cells + 64:
        text = text[: 4 * cells + 64]
    plain = text if text.isascii() and text.isprintable() else clean_line(text)
    if cell_len(plain) <= cells:
        return plain
    mark = sign("ellipsis")
    room = cells - cell_len(mark)
    if room <= 0:
        return set_cell_size(plain, cells).rstrip()
    return set_cell_size(plain, room).rstrip() + mark


def fit(text: str, cells: int, *, is_right: bool = False) -> str:
    """Return a text on one line, exactly so many cells wide; ``is_right`` sets it to the right."""
    short = cut(text, cells)
    gap = " " * (cells - cell_len(short))
    return gap + short if is_right else short + gap


def due(due_at: datetime | None, now: datetime, *, is_closed: bool = False) -> Piece:
    """Return how a due time stands, by sign and word first and by colour last."""
    return Piece(*due_text(due_at, now, is_closed=is_closed))


def severity(level: int, *, is_supervised: bool = False, is_vulnerable: bool = False) -> Piece:
    """Return the severity from 1 to 4, and S for supervised, V for a vulnerable customer."""
    signs = f"{level}{'S' if is_supervised else ''}{'V' if is_vulnerable else ''}"
    return Piece(signs, "overdue" if level >= 4 else "soon" if level == 3 else "")


def moment(at: datetime | None, zone: tzinfo) -> str:
    """Return a moment in the utility's zone, to the minute."""
    return "" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def number(value: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{value:,}"
