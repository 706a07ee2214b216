"""Textual's own ``DataTable`` filled with as many rows as asked for: what ``ombud bench console`` measures beside the queue."""

from __future__ import annotations

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Static

COLUMNS = ("Sev", "Due", "Reference", "Subject", "State")


class TableApp(App[None]):
    """A table and nothing else."""

    def compose(self) -> ComposeResult:
        """Lay out the table below a line that tells that the screen stands."""
        yield Static("Standing")
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        """Fill the table once the screen stands."""
        self.call_after_refresh(self.fill)

    def fill(self) -> None:
        """Add the rows."""
        table = self.query_one(DataTable)
        table.add_columns(*COLUMNS)
        for number in range(int(sys.argv[1])):
            cells = ("2", f"! {number % 24}h", f"C-{number:06d}", f"No water since this morning #{number}", "Reviewed")
            table.add_row(*cells)
        table.focus()


if __name__ == "__main__":
    TableApp().run()
