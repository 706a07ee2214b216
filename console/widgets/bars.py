"""The one-line bars: the modes on top, the keys at the bottom, the status between."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from console.widgets.content import cut


class Bar(Widget):
    """One line of parts, each of which can be clicked; parts that do not fit are left out from the right.

    With a ``current`` part, those before it make room until it fits.
    """

    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; padding: 0 1; background: $panel; color: $foreground; }
    """

    class PartChosen(Message):
        """A part of a bar was clicked."""

        def __init__(self, bar: Bar, part: str) -> None:
            super().__init__()
            self.bar = bar
            self.part = part

        @property
        def control(self) -> Bar:
            return self.bar

    def __init__(self, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._parts: tuple[tuple[str, str, str], ...] = ()
        self._right = ""
        self._between = "  "
        self._current = ""
        self._places: list[tuple[int, int, str]] = []

    def show(
        self, parts: Sequence[tuple[str, str, str]], right: str = "", *, between: str = "  ", current: str = ""
    ) -> None:
        """Show parts, each (name, text, style), with ``between`` them, and a text at the right end."""
        shown = tuple(parts)
        if (shown, right, between, current) != (self._parts, self._right, self._between, self._current):
            self._parts, self._right, self._between, self._current = shown, right, between, current
            self.refresh()

    def fitting(self, width: int) -> Sequence[tuple[str, str, str]]:
        """Return the parts to be drawn in so many cells; those that then do not fit are left out from the right."""
        names = [name for name, _text, _style in self._parts]
        if self._current not in names:
            return self._parts
        last = names.index(self._current)
        first = 0
        room = width + cell_len(self._between)
        while first < last and sum(map(self._cells, self._parts[first : last + 1])) > room:
            room = width - cell_len("<")
            first += 1
        before = ((self._parts[first - 1][0], "<", "$quiet"),) if first else ()
        return (*before, *self._parts[first:])

    def _cells(self, part: tuple[str, str, str]) -> int:
        return cell_len(part[1]) + cell_len(self._between)

    def render(self) -> Content:
        """Draw the parts that fit."""
        width = self.content_size.width
        pieces: list[tuple[str, str]] = []
        self._places = []
        left = 0
        for name, text, style in self.fitting(width):
            part = cut(text, width)
            cells = cell_len(part)
            if left + cells > width:
                break
            if pieces:
                pieces.append((self._between, ""))
            self._places.append((left, left + cells, name))
            pieces.append((part, style))
            left += cells + cell_len(self._between)
        room = width - left
        if self._right and room > 4:
            right = cut(self._right, room)
            gap = cell_len(self._between) if pieces else 0
            pieces.append((" " * (gap + room - cell_len(right)) + right, "$quiet"))
        return Content.assemble(*pieces)

    def on_click(self, event: events.Click) -> None:
        """Tell which part was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for start, stop, name in self._places:
            if start <= offset.x < stop and name:
                self.post_message(self.PartChosen(self, name))


class KeyBar(Bar):
    """The footer: keys that apply now, of which the way back and to the help always show. Asks anew whenever the focus moves."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; background: $panel; }
    """

    def __init__(
        self, keys: Callable[[], Sequence[tuple[str, str, str]]], why_not: Callable[[str], str] | None = None
    ) -> None:
        """Take what returns the keys as (action, key, label), and what returns the reason against an action."""
        super().__init__()
        self._keys = keys
        self._why_not = why_not

    def fitting(self, width: int) -> Sequence[tuple[str, str, str]]:
        """Return what fits: the last of those that may be left out make room for those that may not."""
        room = width + cell_len(self._between)
        kept = [part for part in self._parts if _is_kept(part[0])]
        room -= sum(self._cells(part) for part in kept)
        shown = set(kept)
        for part in self._parts:
            if part in shown:
                continue
            room -= self._cells(part)
            if room < 0:
                break
            shown.add(part)
        return [part for part in self._parts if part in shown]

    def renew(self) -> None:
        """Show the keys that apply now; what cannot be done stands dimmed and in brackets, and its key tells why."""
        self.show([self._part(*found) for found in self._keys()])

    def _part(self, action_id: str, key: str, label: str) -> tuple[str, str, str]:
        is_barred = self._why_not is not None and bool(self._why_not(action_id))
        return (action_id, f"({key} {label})", "dim") if is_barred else (action_id, f"{key} {label}", "")


def _is_kept(action_id: str) -> bool:
    """Return whether an action shows in the narrowest footer: somebody lost needs the way back, or the help."""
    context, _dot, verb = action_id.partition(".")
    return action_id == "app.help" or (context != "app" and verb in ("back", "leave"))
