"""What a table tells whoever owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from console.widgets.window_rows import WindowRows
    from console.widgets.window_table import WindowTable


class PageWanted(Message):
    """The rows ``start`` to before ``end`` are in sight and not known; answer with the same ``request``."""

    def __init__(self, table: WindowRows[Any], request: int, start: int, end: int) -> None:
        super().__init__()
        self.table = table
        self.request = request
        self.start = start
        self.end = end

    @property
    def control(self) -> WindowRows[Any]:
        return self.table


class RowOpened(Message):
    """A row was opened with Enter or a double click."""

    def __init__(self, table: WindowRows[Any], row_id: int) -> None:
        super().__init__()
        self.table = table
        self.row_id = row_id

    @property
    def control(self) -> WindowRows[Any]:
        return self.table


class RowHighlighted(Message):
    """The cursor stands on another row (None: the list is empty), or its row became known."""

    def __init__(self, table: WindowRows[Any], row_id: int | None) -> None:
        super().__init__()
        self.table = table
        self.row_id = row_id

    @property
    def control(self) -> WindowRows[Any]:
        return self.table

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RowHighlighted) and message.table is self.table


class MarksChanged(Message):
    """Rows were marked or are marked no longer."""

    def __init__(self, table: WindowRows[Any]) -> None:
        super().__init__()
        self.table = table


class ColumnsMoved(Message):
    """Other columns are in sight than before."""

    def __init__(self, table: WindowTable[Any]) -> None:
        super().__init__()
        self.table = table


class SortWanted(Message):
    """The head of a column that can be sorted by was clicked."""

    def __init__(self, table: WindowTable[Any], sort: str) -> None:
        super().__init__()
        self.table = table
        self.sort = sort


class ColumnSized(Message):
    """An edge was dragged: a column is so many cells wide now."""

    def __init__(self, table: WindowTable[Any], column: str, width: int) -> None:
        super().__init__()
        self.table = table
        self.column = column
        self.width = width


class RowCopied(Message):
    """The row under the cursor is wanted in the clipboard, whole: what stands in each column."""

    def __init__(self, table: WindowTable[Any], cells: tuple[str, ...]) -> None:
        super().__init__()
        self.table = table
        self.cells = cells
