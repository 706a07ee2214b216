"""A table that draws only the rows in its window: ids in an array, rows fetched by the page, a million as easily as ten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip

from console.i18n import _
from console.signs import sign
from console.widgets import table_messages
from console.widgets.bindings import bindings
from console.widgets.column_edges import Drag, drag_from, resized
from console.widgets.columns import GUTTER, Column, Laid, R, cells_of, is_whole_from, joined, lay_out, lay_out_from
from console.widgets.content import fit
from console.widgets.window_rows import PAGE, WindowRows
from console.wrapping import wrap

__all__ = ["PAGE", "Column", "WindowTable"]


class WindowTable(WindowRows[R], can_focus=True):
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

    ColumnsMoved: TypeAlias = table_messages.ColumnsMoved
    SortWanted: TypeAlias = table_messages.SortWanted
    ColumnSized: TypeAlias = table_messages.ColumnSized
    RowCopied: TypeAlias = table_messages.RowCopied

    def __init__(self, columns: Sequence[Column[R]], *, widget_id: str | None = None) -> None:
        super().__init__(widget_id=widget_id)
        self._columns = tuple(columns)
        self._shown: Laid[R] = ()
        self._shown_width = -1
        self._is_wide = False
        self._first = 0
        self._sort = ""
        self._drag: Drag[R] | None = None
        self._was_dragged = False
        self._styles_by_name: dict[str, Style] = {}
        self.empty = ""

    # Columns

    @property
    def hidden_count(self) -> int:
        """How many columns do not fit into the width."""
        return len(self._columns) - len(self._layout(self._width)) if self._width else 0

    @property
    def is_wide(self) -> bool:
        """Whether the columns stand in full width, to be walked through."""
        return self._is_wide

    def show_sort(self, sort: str) -> None:
        """Show an arrow on the column sorted by: ``due`` rises, ``-due`` falls."""
        if sort != self._sort:
            self._sort = sort
            self.refresh(Region(0, 0, self._width, 1))

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        """Show other columns."""
        self._columns = tuple(columns)
        self._first = 0
        self._draw_anew()

    def _draw_anew(self) -> None:
        self._shown_width = -1
        self.refresh()
        self.post_message(self.ColumnsMoved(self))

    def action_wide(self) -> None:
        self._is_wide, self._first = not self._is_wide, 0
        self._draw_anew()

    def action_right(self) -> None:
        if not self._is_wide and not self.hidden_count:
            return
        self._is_wide = True
        if not is_whole_from(self._columns, self._width, self._first):
            self._first += 1
        self._draw_anew()

    def action_left(self) -> None:
        if self._is_wide and self._first:
            self._first -= 1
            self._draw_anew()

    def action_copy_row(self) -> None:
        row = self.cursor_row
        if row is not None:
            self.post_message(self.RowCopied(self, cells_of(self._columns, row)))

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the edge of a column between two heads."""
        self._was_dragged = False
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == 0 and event.button == 1:
            self._drag = drag_from(self._layout(self._width), offset.x, is_wide=self._is_wide)
            if self._drag is not None:
                self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Let the column follow the edge held."""
        held = self._drag
        if held is None:
            return
        columns = resized(self._columns, held.column, held.width_at(event.x), self._lay_out)
        if columns is not None and columns != self._columns:
            self._columns, self._was_dragged, self._shown_width = columns, True, -1
            self.refresh()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of the edge, and tell how wide its column is now."""
        held, self._drag = self._drag, None
        if held is None:
            return
        self.release_mouse()
        if self._was_dragged:
            width = next(column.width for column in self._columns if column.id == held.column.id)
            self._draw_anew()
            self.post_message(self.ColumnSized(self, held.column.id, width))

    def on_click(self, event: events.Click) -> None:
        """Move to the row clicked, open it at the second click, sort by the head clicked."""
        offset = event.get_content_offset(self)
        if offset is None or self._was_dragged:
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

    def _layout(self, width: int) -> Laid[R]:
        if width != self._shown_width:
            self._shown_width = width
            self._shown = self._lay_out(self._columns)
        return self._shown

    def _lay_out(self, columns: Sequence[Column[R]]) -> Laid[R]:
        return lay_out_from(columns, self._width, self._first) if self._is_wide else lay_out(columns, self._width)

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
        mark = "*" if is_marked else "-" if row_id == self._left else "+" if row_id in self._new else " "
        gutter = f"{'>' if is_cursor else ' '}{mark}"
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
        return Strip(joined(pieces), None).adjust_cell_length(width, base)
