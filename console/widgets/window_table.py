"""A table that draws only the rows in its window: ids in an array, rows fetched by the page, a million as easily as ten."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.i18n import _
from console.signs import sign
from console.widgets.bindings import bindings
from console.widgets.content import Piece, fit, wrap

PAGE = 100
KEPT_ROWS = 40 * PAGE
"""Rows held in memory: forty pages are some 3 MB and more than a person scrolls back."""

GUTTER = 2
SMALLEST_FLEXIBLE = 18
SEARCHED_NEIGHBOURS = 50


class Row(Protocol):
    """What a table shows: anything with a number of its own."""

    @property
    def id(self) -> int: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column. ``width`` in cells, 0 for the one that takes what is left; the highest ``rank`` goes first when narrow.

    ``sort`` is the name the order is asked for by, empty where one cannot sort.
    """

    id: str
    label: str
    width: int
    cell: Callable[[R], Piece]
    rank: int = 0
    sort: str = ""
    is_right: bool = False


class WindowTable(ScrollView, Generic[R], can_focus=True):
    """Shows rows by id. Whoever owns it answers ``PageWanted`` with ``put_rows``."""

    DEFAULT_CSS = """
    WindowTable {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size: 1 1;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        background: $background;
        color: $foreground;
        & > .window-table--header { color: $text-muted; text-style: bold; }
        & > .window-table--cursor { background: $primary-muted; color: $foreground; text-style: bold; }
        & > .window-table--blurred { background: $surface; color: $foreground; }
        & > .window-table--marked { color: $accent; text-style: bold; }
        & > .window-table--overdue { color: $error; text-style: bold; }
        & > .window-table--soon { color: $warning; }
        & > .window-table--later { color: $foreground; }
        & > .window-table--quiet { color: $text-muted; }
        &:ansi > .window-table--cursor { background: ansi_blue; color: ansi_bright_white; }
        &:nocolor > .window-table--cursor { text-style: reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"window-table--{name}"
        for name in ("header", "cursor", "blurred", "marked", "overdue", "soon", "later", "quiet")
    }
    BINDINGS = bindings("table")

    class PageWanted(Message):
        """The rows ``start`` to before ``end`` are in sight and not known; answer with the same ``request``."""

        def __init__(self, table: WindowTable[Any], request: int, start: int, end: int) -> None:
            super().__init__()
            self.table = table
            self.request = request
            self.start = start
            self.end = end

        @property
        def control(self) -> WindowTable[Any]:
            return self.table

    class RowOpened(Message):
        """A row was opened with Enter or a double click."""

        def __init__(self, table: WindowTable[Any], row_id: int) -> None:
            super().__init__()
            self.table = table
            self.row_id = row_id

        @property
        def control(self) -> WindowTable[Any]:
            return self.table

    class RowHighlighted(Message):
        """The cursor stands on another row (None: the list is empty), or its row became known."""

        def __init__(self, table: WindowTable[Any], row_id: int | None) -> None:
            super().__init__()
            self.table = table
            self.row_id = row_id

        @property
        def control(self) -> WindowTable[Any]:
            return self.table

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, WindowTable.RowHighlighted) and message.table is self.table

    class MarksChanged(Message):
        """Rows were marked or are marked no longer."""

        def __init__(self, table: WindowTable[Any]) -> None:
            super().__init__()
            self.table = table

    class SortWanted(Message):
        """The head of a column that can be sorted by was clicked."""

        def __init__(self, table: WindowTable[Any], sort: str) -> None:
            super().__init__()
            self.table = table
            self.sort = sort

    def __init__(self, columns: Sequence[Column[R]], *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._columns = tuple(columns)
        self._shown: tuple[tuple[Column[R], int], ...] = ()
        self._shown_width = -1
        self._ids: array[int] = array("q")
        self._rows: OrderedDict[int, tuple[int, R | None]] = OrderedDict()
        self._request = 0
        self._pending: tuple[int, int] | None = None
        self._cursor = 0
        self._marks: set[int] = set()
        self._is_inverted = False
        self._anchor: int | None = None
        self._sort = ""
        self._styles_by_name: dict[str, Style] = {}
        self.empty = ""

    # What is asked of the table

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
        return (self._ids[index] in self._marks) != self._is_inverted

    @property
    def mark_count(self) -> int:
        """How many rows are marked; a range being marked counts when it ends."""
        return len(self._ids) - len(self._marks) if self._is_inverted else len(self._marks)

    def selected_ids(self) -> list[int]:
        """Return what an action takes: the marked rows in their order, or else the row under the cursor."""
        if self.mark_count:
            return [row_id for row_id in self._ids if (row_id in self._marks) != self._is_inverted]
        return [] if self.cursor_id is None else [self.cursor_id]

    # What is shown

    def show(self, ids: array[int], *, keep: bool = False) -> None:
        """Show other ids. ``keep`` holds cursor, scroll and marks by id, as after a refresh; otherwise it starts afresh."""
        old_ids, old_cursor, old_scroll = self._ids, self._cursor, self.scroll_offset.y
        self._settle_marks(ids, is_kept=keep)
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

    def _settle_marks(self, ids: array[int], *, is_kept: bool) -> None:
        if not is_kept:
            changed = bool(self.mark_count)
            self._marks, self._is_inverted = set(), False
        else:
            marks = set(self.selected_ids()) if self._is_inverted else self._marks
            kept = marks.intersection(ids) if marks else marks
            changed = len(kept) != len(marks)
            self._marks, self._is_inverted = kept, False
        if changed:
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

    def refuse_page(self) -> None:
        """Take notice that a page cannot be had; it is wanted again at the next move."""
        self._pending = None

    def _want_page(self) -> None:
        if self._pending is not None or not self._ids:
            return
        count = len(self._ids)
        top = min(self.scroll_offset.y, count - 1)
        bottom = min(count, top + max(self.size.height, 1))
        for index in range(top, bottom):
            known = self._rows.get(self._ids[index])
            if known is None or known[0] != self._request:
                start = index // PAGE * PAGE
                self._pending = (start, min(count, start + PAGE))
                self.post_message(self.PageWanted(self, self._request, *self._pending))
                return

    def show_sort(self, sort: str) -> None:
        """Show an arrow on the column sorted by: ``due`` rises, ``-due`` falls."""
        if sort != self._sort:
            self._sort = sort
            self.refresh(Region(0, 0, self._width, 1))

    def refresh_rows(self) -> None:
        """Draw the rows in sight again, for instance because time went by."""
        self.refresh()

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

    # Marking and opening

    def action_mark(self) -> None:
        if not self._ids:
            return
        if self._anchor is not None:
            self.action_range()
            return
        self._marks.symmetric_difference_update({self._ids[self._cursor]})
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
        if self._is_inverted:
            self._marks.difference_update(ids)
        else:
            self._marks.update(ids)
        self.refresh()
        self.post_message(self.MarksChanged(self))

    def action_mark_all(self) -> None:
        is_everything = bool(self._ids) and self.mark_count == len(self._ids)
        self._marks = set()
        self._is_inverted = bool(self._ids) and not is_everything
        self._anchor = None
        self.refresh()
        self.post_message(self.MarksChanged(self))

    def clear_marks(self) -> bool:
        """End the range, or else take all marks away; return whether there was anything to do."""
        had_any = self._anchor is not None or bool(self.mark_count)
        if self._anchor is not None:
            self._anchor = None
        else:
            self._marks, self._is_inverted = set(), False
        if had_any:
            self.refresh()
            self.post_message(self.MarksChanged(self))
        return had_any

    def action_open(self) -> None:
        row_id = self.cursor_id
        if row_id is not None:
            self.post_message(self.RowOpened(self, row_id))

    def on_click(self, event: events.Click) -> None:
        """Move to the row clicked, open it at the second click, sort by the head clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y == 0:
            self._sort_by_column_at(offset.x)
            return
        index = self.scroll_offset.y + offset.y - 1
        if index >= len(self._ids):
            return
        self.move_to(index)
        if event.chain == 2:
            self.action_open()

    def _sort_by_column_at(self, x: int) -> None:
        left = GUTTER
        for column, width in self._shown:
            if left <= x < left + width and column.sort:
                falls = self._sort == column.sort
                self.post_message(self.SortWanted(self, f"-{column.sort}" if falls else column.sort))
            left += width + 1

    # Drawing

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight and fetch what comes into it."""
        self.virtual_size = Size(self._width, len(self._ids) + 1)
        self._scroll_to_cursor()
        self._want_page()

    def on_focus(self) -> None:
        """Show the cursor as active."""
        self._styles_by_name.clear()
        self._draw_rows(self._cursor, self._cursor + 1)

    def on_blur(self) -> None:
        """Show the cursor as resting."""
        self._styles_by_name.clear()
        self._draw_rows(self._cursor, self._cursor + 1)

    def notify_style_update(self) -> None:
        """Forget the styles when theme or state changes."""
        self._styles_by_name.clear()
        super().notify_style_update()

    def _style(self, name: str) -> Style:
        style = self._styles_by_name.get(name)
        if style is None:
            style = self.get_component_rich_style(f"window-table--{name}") if name else self.rich_style
            self._styles_by_name[name] = style
        return style

    def _layout(self, width: int) -> tuple[tuple[Column[R], int], ...]:
        if width != self._shown_width:
            self._shown_width = width
            self._shown = lay_out(self._columns, width)
        return self._shown

    def render_line(self, y: int) -> Strip:
        """Draw one line: the heads, a row, or nothing."""
        width = self._width
        if y == 0:
            return self._draw_heads(width)
        index = self.scroll_offset.y + y - 1
        if index >= len(self._ids):
            return self._draw_empty(y, width)
        return self._draw_row(index, width)

    def _draw_heads(self, width: int) -> Strip:
        parts = []
        for column, cells in self._layout(width):
            label = _(column.label)
            if column.sort and self._sort.lstrip("-") == column.sort:
                label = f"{label} {'v' if self._sort.startswith('-') else '^'}"
            parts.append(fit(label, cells, is_right=column.is_right))
        text = set_cell_size(" " * GUTTER + " ".join(parts), width)
        return Strip([Segment(text, self._style("header"))], width)

    def _draw_empty(self, y: int, width: int) -> Strip:
        lines = wrap(self.empty, width - 4) if self.empty and not self._ids else []
        text = f"  {lines[y - 2]}" if 2 <= y < len(lines) + 2 else ""
        return Strip([Segment(set_cell_size(text, width), self._style(""))], width)

    def _draw_row(self, index: int, width: int) -> Strip:
        row_id = self._ids[index]
        known = self._rows.get(row_id)
        is_cursor, is_marked = index == self._cursor, self.is_marked(index)
        state = ("cursor" if self.has_focus else "blurred") if is_cursor else "marked" if is_marked else ""
        base = self._style(state)
        gutter = f"{'>' if is_cursor else ' '}{'*' if is_marked else ' '}"
        if known is None or known[1] is None:
            text = sign("ellipsis") if known is None else _("(gone)")
            return Strip([Segment(set_cell_size(f"{gutter}{text}", width), base)], width)
        pieces: list[tuple[str, Style]] = [(gutter, base)]
        row = known[1]
        for column, cells in self._layout(width):
            piece = column.cell(row)
            style = self._style(piece.style) if piece.style and not state else base
            pieces.append((fit(piece.text, cells, is_right=column.is_right), style))
            pieces.append((" ", base))
        return Strip(_joined(pieces), None).adjust_cell_length(width, base)


def _joined(pieces: Iterable[tuple[str, Style]]) -> list[Segment]:
    """Join neighbours of one style, so that fewer style changes are sent."""
    segments: list[Segment] = []
    text, style = "", None
    for piece, piece_style in pieces:
        if style is None or piece_style == style:
            text, style = text + piece, piece_style
        else:
            segments.append(Segment(text, style))
            text, style = piece, piece_style
    segments.append(Segment(text, style))
    return segments


def lay_out(columns: Sequence[Column[R]], width: int) -> tuple[tuple[Column[R], int], ...]:
    """Return the columns that fit into so many cells, each with its width; the lowest ranks are left out first."""
    room = width - GUTTER - SMALLEST_FLEXIBLE
    fixed = sorted((column for column in columns if column.width), key=lambda column: -column.rank)
    chosen: set[str] = set()
    for column in fixed:
        if column.width + 1 > room:
            break
        room -= column.width + 1
        chosen.add(column.id)
    flexible = max(1, room + SMALLEST_FLEXIBLE)
    return tuple((column, column.width or flexible) for column in columns if not column.width or column.id in chosen)
