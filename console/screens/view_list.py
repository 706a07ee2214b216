"""The list of queues with their counts, beside the cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from console.i18n import _
from console.labels import label
from console.services.views import QUEUE_VIEWS, QueueView
from console.widgets.bindings import bindings
from console.widgets.content import cut, fit, number


def view_name(view: QueueView) -> str:
    """Return what a view is called."""
    return label(view.id, "view") if view.is_ready else view.label


def view_signs(view: QueueView) -> str:
    """Return the signs of a view: ``!`` cannot be read, ``@`` shared by a colleague, ``+`` shared by oneself."""
    return ("!" if view.fault else "") + ("@" if view.is_shared and not view.is_own else "+" if view.is_shared else "")


class ViewList(Widget, can_focus=True):
    """The queues with their counts; the one shown has a sign before it, the one under the cursor is reversed."""

    DEFAULT_CSS = """
    ViewList { width: 25; height: 1fr; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings("views")

    class ViewChosen(Message):
        """A queue was chosen."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, widget_id: str) -> None:
        super().__init__(id=widget_id)
        self._views: Sequence[QueueView] = QUEUE_VIEWS
        self._current = 0
        self._cursor = 0
        self._counts: Mapping[str, int] = {}

    def show(self, views: Sequence[QueueView], current: int, counts: Mapping[str, int]) -> None:
        """Show the views, the counts and which queue is shown."""
        if current != self._current:
            self._cursor = current
        self._views, self._current, self._counts = tuple(views), current, dict(counts)
        self._cursor = min(self._cursor, len(self._views) - 1)
        self.refresh()

    @property
    def _lines(self) -> list[int | None]:
        """The index of the view on each line; None where a head stands."""
        own = [index for index, view in enumerate(self._views) if not view.is_ready]
        ready = [index for index, view in enumerate(self._views) if view.is_ready]
        return [*ready, *([None] if own else []), *own]

    @property
    def _top(self) -> int:
        """The first line shown, so that the cursor is in sight."""
        lines = self._lines
        at = lines.index(self._cursor if self.has_focus else self._current)
        height = max(1, self.content_size.height)
        return max(0, min(at - height + 2, len(lines) - height)) if at >= height - 1 else 0

    def render(self) -> Content:
        """Draw a line for each queue."""
        width = self.content_size.width
        top, height = self._top, max(1, self.content_size.height)
        drawn = [self._drawn(index, width) for index in self._lines[top : top + height]]
        return Content("\n").join(drawn)

    def _drawn(self, index: int | None, width: int) -> Content:
        if index is None:
            return Content.styled(cut(_("Kept"), width), "$quiet")
        view = self._views[index]
        count = number(self._counts[view.id]) if view.id in self._counts else ""
        signs = view_signs(view)
        right = f"{signs} {count}" if signs else count
        mark = ">" if index == self._current else " "
        text = f"{mark} {fit(view_name(view), width - cell_len(right) - 3)} {cut(right, width)}"
        style = "bold $accent" if index == self._current else ""
        return Content.styled(text, f"{style} reverse".strip() if self.has_focus and index == self._cursor else style)

    def on_focus(self) -> None:
        """Begin at the queue shown."""
        self._cursor = self._current
        self.refresh()

    def on_blur(self) -> None:
        """Show no cursor."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Choose the queue clicked."""
        offset = event.get_content_offset(self)
        lines = self._lines
        if offset is not None and self._top + offset.y < len(lines):
            index = lines[self._top + offset.y]
            if index is not None:
                self.post_message(self.ViewChosen(index))

    def _step(self, step: int) -> None:
        places = [index for index in self._lines if index is not None]
        place = places.index(self._cursor) + step
        self._cursor = places[max(0, min(place, len(places) - 1))]
        self.refresh()

    def action_down(self) -> None:
        self._step(1)

    def action_up(self) -> None:
        self._step(-1)

    def action_first(self) -> None:
        self._step(-len(self._views))

    def action_last(self) -> None:
        self._step(len(self._views))

    def action_choose(self) -> None:
        self.post_message(self.ViewChosen(self._cursor))
