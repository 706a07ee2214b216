"""The rows behind a window: their ids in an array, rows fetched by the page, and a cursor and marks that stay with their ids."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Generic, TypeAlias

from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView

from console.widgets import table_messages
from console.widgets.columns import R
from console.widgets.marks import Marks

PAGE = 100
KEPT_ROWS = 10 * PAGE
"""Rows held in memory, some 2 MB: more than a person scrolls back."""

SEARCHED_NEIGHBOURS = 50
LOOKED_BACK = 8


class WindowRows(ScrollView, Generic[R]):
    """Holds rows by id, one line each below a line of heads. Whoever owns it answers ``PageWanted`` with ``put_rows``."""

    PageWanted: TypeAlias = table_messages.PageWanted
    RowOpened: TypeAlias = table_messages.RowOpened
    RowHighlighted: TypeAlias = table_messages.RowHighlighted
    MarksChanged: TypeAlias = table_messages.MarksChanged

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._ids: array[int] = array("q")
        self._rows: OrderedDict[int, tuple[int, R | None]] = OrderedDict()
        self._request = 0
        self._pending: tuple[int, int] | None = None
        self._cursor = 0
        self._marks = Marks()
        self._anchor: int | None = None
        self._left: int | None = None
        self._new: frozenset[int] = frozenset()

    # What is asked of the rows

    @property
    def ids(self) -> array[int]:
        """The ids in their order."""
        return self._ids

    @property
    def cursor(self) -> int:
        """The number of the row under the cursor, from 0."""
        return self._cursor

    @property
    def cursor_id(self) -> int | None:
        """The id under the cursor; None when the list is empty."""
        return self._ids[self._cursor] if self._ids else None

    @property
    def cursor_row(self) -> R | None:
        """The row under the cursor, if it is known."""
        return None if not self._ids else self.row(self._ids[self._cursor])

    def row(self, row_id: int) -> R | None:
        """Return a row that has been fetched, or None."""
        known = self._rows.get(row_id)
        return None if known is None else known[1]

    def is_marked(self, index: int) -> bool:
        """Return whether the row is marked or inside the range being marked."""
        if self._anchor is not None and min(self._anchor, self._cursor) <= index <= max(self._anchor, self._cursor):
            return True
        return self._marks.has(self._ids[index])

    @property
    def mark_count(self) -> int:
        """How many rows are marked; a range being marked counts when it ends."""
        return self._marks.count(len(self._ids))

    def selected_ids(self) -> list[int]:
        """Return what an action takes: the marked rows in their order, or else the row under the cursor."""
        if self.mark_count:
            return self._marks.of(self._ids)
        return [] if self.cursor_id is None else [self.cursor_id]

    @property
    def has_left(self) -> bool:
        """Whether the row under the cursor has left the list and only stays until the cursor goes on."""
        return self._left is not None and self._left == self.cursor_id

    # What is shown

    def show(
        self,
        ids: array[int],
        *,
        keep: bool = False,
        gone: frozenset[int] = frozenset(),
        new: frozenset[int] = frozenset(),
    ) -> None:
        """Show other ids. ``keep`` holds cursor, scroll and marks by id, as after a refresh; otherwise it starts afresh.

        With ``keep``, a row under the cursor that is no longer among the ids stays until the cursor goes on, so that nothing is
        done to another one that came into its place; those in ``gone`` were sent away by whoever sits here and go at once.
        ``new`` are marked as such.
        """
        old_ids, old_cursor, old_scroll = self._ids, self._cursor, self.scroll_offset.y
        self._new, self._left = new, None
        self._settle_marks(ids, is_kept=keep)
        if keep and old_ids and old_ids[old_cursor] not in gone:
            ids = self._with_left(ids, old_ids, old_cursor)
        self._ids = ids
        self._request += 1
        self._pending = None
        self._anchor = None
        self._cursor = self._kept_cursor(old_ids, old_cursor) if keep and old_ids else 0
        self.virtual_size = Size(self._width, len(ids) + 1)
        top = max(0, old_scroll + self._cursor - old_cursor) if keep else 0
        self.scroll_to(y=top, animate=False, force=True)
        self._scroll_to_cursor()
        self.refresh()
        self._want_page()
        self.post_message(self.RowHighlighted(self, self.cursor_id))

    def extend(self, ids: array[int], *, gone: frozenset[int] = frozenset()) -> None:
        """Show a list of which only the beginning was there: where that still holds, nothing in sight is drawn anew.

        All that was marked stays marked; if that was everything, everything is marked now.
        """
        is_everything = bool(self._ids) and self.mark_count == len(self._ids)
        if ids[: len(self._ids)] == self._ids:
            self._ids = ids
            self.virtual_size = Size(self._width, len(ids) + 1)
            self._want_page()
        else:
            self.show(ids, keep=True, gone=gone)
        if is_everything:
            self._marks.clear(is_inverted=True)
            self.refresh()
            self.post_message(self.MarksChanged(self))

    def _with_left(self, ids: array[int], old_ids: array[int], cursor: int) -> array[int]:
        """Return the ids with the one under the cursor kept where it stood, if it has left them."""
        held = old_ids[cursor]
        if (cursor < len(ids) and ids[cursor] == held) or held in ids:
            return ids
        place = min(cursor, len(ids))
        for row_id in reversed(old_ids[max(0, cursor - LOOKED_BACK) : cursor]):
            if row_id in ids:
                place = ids.index(row_id) + 1
                break
        self._left = held
        kept = ids[:]
        kept.insert(place, held)
        return kept

    def _let_go(self, index: int) -> int:
        """Take away the row that had left the list, as the cursor goes from it to ``index``; return where that is then."""
        place = self._cursor
        self._left = None
        self._marks.put([self._ids[place]], is_marked=False)
        self._ids = self._ids[:place] + self._ids[place + 1 :]
        self.virtual_size = Size(self._width, len(self._ids) + 1)
        self.refresh()
        return index - 1 if index > place else index

    def _settle_marks(self, ids: array[int], *, is_kept: bool) -> None:
        if self._marks.settle(self._ids, ids if is_kept else array("q")):
            self.post_message(self.MarksChanged(self))

    def _kept_cursor(self, old_ids: array[int], old_cursor: int) -> int:
        last = max(0, len(self._ids) - 1)
        if old_cursor < len(self._ids) and self._ids[old_cursor] == old_ids[old_cursor]:
            return old_cursor
        for row_id in old_ids[old_cursor : old_cursor + SEARCHED_NEIGHBOURS]:
            try:
                return self._ids.index(row_id)
            except ValueError:
                continue
        return min(old_cursor, last)

    def put_rows(self, request: int, start: int, rows: Iterable[R]) -> None:
        """Take the rows of a page that was wanted; those missing from it are shown as gone. Late answers are dropped."""
        if request != self._request or self._pending is None or self._pending[0] != start:
            return
        first, stop = self._pending
        self._pending = None
        found = {row.id: row for row in rows}
        for row_id in self._ids[first:stop]:
            self._rows[row_id] = (request, found.get(row_id))
            self._rows.move_to_end(row_id)
        while len(self._rows) > KEPT_ROWS:
            self._rows.popitem(last=False)
        top = self.scroll_offset.y
        low, high = max(first, top), min(stop, top + self.size.height)
        if low < high:
            self.refresh(Region(0, low - top + 1, self._width, high - low))
        if self._ids and first <= self._cursor < stop:
            self.post_message(self.RowHighlighted(self, self.cursor_id))
        self._want_page()

    def put_page(self, wanted: table_messages.PageWanted, rows: Mapping[int, R]) -> None:
        """Take the rows of a page from all there are, by id; one that left and stays under the cursor as it was."""
        ids = self._ids[wanted.start : wanted.end]
        known = [rows.get(row_id) or self.row(row_id) for row_id in ids]
        self.put_rows(wanted.request, wanted.start, [row for row in known if row is not None])

    def refuse_page(self) -> None:
        """Take notice that a page cannot be had; it is wanted again at the next move."""
        self._pending = None

    def _want_page(self) -> None:
        """Ask for the first page in sight that is not known; then for what a page further down or up would show."""
        if self._pending is not None or not self._ids:
            return
        count, height = len(self._ids), max(self.size.height, 1)
        top = min(self.scroll_offset.y, count - 1)
        bottom = min(count, top + height)
        for index in (
            *range(top, bottom),
            *range(bottom, min(count, bottom + height)),
            *range(max(0, top - height), top),
        ):
            known = self._rows.get(self._ids[index])
            if known is None or known[0] != self._request:
                start = index // PAGE * PAGE
                self._pending = (start, min(count, start + PAGE))
                self.post_message(self.PageWanted(self, self._request, *self._pending))
                return

    # Moving

    def move_to(self, index: int) -> None:
        """Put the cursor on a row; only the two rows that change are drawn unless the window moves."""
        if not self._ids:
            return
        index = max(0, min(index, len(self._ids) - 1))
        old = self._cursor
        if index == old:
            self._scroll_to_cursor()
            return
        if self.has_left:
            index = self._let_go(index)
            old = min(old, len(self._ids) - 1)
        self._cursor = index
        top = self.scroll_offset.y
        self._scroll_to_cursor()
        if self.scroll_offset.y == top:
            if self._anchor is not None:
                self._draw_rows(min(old, index), max(old, index) + 1)
            else:
                self._draw_rows(old, old + 1)
                self._draw_rows(index, index + 1)
        self.post_message(self.RowHighlighted(self, self.cursor_id))

    def move_to_id(self, row_id: int) -> None:
        """Put the cursor on the row with this id, if it is in the list."""
        if row_id in self._ids:
            self.move_to(self._ids.index(row_id))

    def move_to_mark(self, step: int) -> None:
        """Go to the next (1) or previous (-1) marked row; without marks, to the next or previous row."""
        if not self.mark_count:
            self.move_to(self._cursor + step)
            return
        index = self._cursor + step
        while 0 <= index < len(self._ids):
            if self.is_marked(index):
                self.move_to(index)
                return
            index += step

    def _draw_rows(self, start: int, stop: int) -> None:
        self.refresh(Region(0, start - self.scroll_offset.y + 1, self._width, stop - start))

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _body_height(self) -> int:
        return max(1, self.size.height - 1)

    def _scroll_to_cursor(self) -> None:
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + self._body_height:
            self.scroll_to(y=self._cursor - self._body_height + 1, animate=False, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Fetch what comes into sight."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._want_page()

    def action_down(self) -> None:
        self.move_to(self._cursor + 1)

    def action_up(self) -> None:
        self.move_to(self._cursor - 1)

    def action_half_down(self) -> None:
        self.move_to(self._cursor + max(1, self._body_height // 2))

    def action_half_up(self) -> None:
        self.move_to(self._cursor - max(1, self._body_height // 2))

    def action_page_down(self) -> None:
        self.move_to(self._cursor + self._body_height)

    def action_page_up(self) -> None:
        self.move_to(self._cursor - self._body_height)

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(len(self._ids) - 1)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight and fetch what comes into it."""
        self.virtual_size = Size(self._width, len(self._ids) + 1)
        self._scroll_to_cursor()
        self._want_page()

    # Marking and opening

    def action_mark(self) -> None:
        if not self._ids:
            return
        if self._anchor is not None:
            self.action_range()
            return
        row_id = self._ids[self._cursor]
        self._marks.put([row_id], is_marked=not self._marks.has(row_id))
        self._draw_rows(self._cursor, self._cursor + 1)
        self.post_message(self.MarksChanged(self))
        self.move_to(self._cursor + 1)

    def action_range(self) -> None:
        if not self._ids:
            return
        if self._anchor is None:
            self._anchor = self._cursor
            self._draw_rows(self._cursor, self._cursor + 1)
            return
        low, high = sorted((self._anchor, self._cursor))
        ids = self._ids[low : high + 1]
        self._anchor = None
        self._marks.put(ids, is_marked=True)
        self.refresh()
        self.post_message(self.MarksChanged(self))

    def action_mark_all(self) -> None:
        is_everything = bool(self._ids) and self.mark_count == len(self._ids)
        self._marks.clear(is_inverted=bool(self._ids) and not is_everything)
        self._anchor = None
        self.refresh()
        self.post_message(self.MarksChanged(self))

    def clear_marks(self) -> bool:
        """End the range, or else take all marks away; return whether there was anything to do."""
        had_any = self._anchor is not None or bool(self.mark_count)
        if self._anchor is not None:
            self._anchor = None
        else:
            self._marks.clear()
        if had_any:
            self.refresh()
            self.post_message(self.MarksChanged(self))
        return had_any

    def action_open(self) -> None:
        row_id = self.cursor_id
        if row_id is not None:
            self.post_message(self.RowOpened(self, row_id))
