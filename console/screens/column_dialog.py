"""Choosing columns: which, in which order, how wide, and sorted by which."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from console.i18n import _
from console.labels import label
from console.rules.case_columns import CASE_COLUMNS, NARROWEST, READY_LAYOUT, WIDEST, Layout, Place
from console.screens.base import ConsoleDialog
from console.screens.dialogs import keys_of_context
from console.widgets.bars import KeyBar
from console.widgets.bindings import bindings
from console.widgets.content import fit, line

NAME_CELLS = 26
STEP = 2


class ChosenColumns(NamedTuple):
    """What was chosen: a layout, and an order as ``due`` or ``-received``."""

    layout: Layout
    sort: str


class ColumnList(OptionList, inherit_bindings=False):
    """The list; its keys are the dialog's."""


class ColumnDialog(ConsoleDialog):
    """Lists all columns, those shown first and in their order. Returns what was chosen, or None."""

    CSS_PATH = "styles/dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("columns")]

    def __init__(self, layout: Layout, sort: str) -> None:
        super().__init__()
        self._sort = sort
        self._places: list[Place] = []
        self._shown: set[str] = set()
        self._take(layout)

    def _take(self, layout: Layout) -> None:
        shown = {place.name for place in layout}
        rest = [Place(column.name, column.width) for column in CASE_COLUMNS.values() if column.name not in shown]
        self._places = [*layout, *rest]
        self._shown = shown

    def compose(self) -> ComposeResult:
        """Lay out the list and the keys."""
        with Vertical(id="dialog"):
            yield Static(line(_("Columns")), id="dialog-title")
            yield ColumnList(id="chooser-list", markup=False)
            yield KeyBar(keys_of_context("columns"))
        yield self.notice()

    def on_mount(self) -> None:
        """Show the columns."""
        self.query_one(KeyBar).renew()
        self._draw(0)
        self.query_one(OptionList).focus()

    def _draw(self, at: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._drawn(place), id=place.name) for place in self._places])
        options.highlighted = max(0, min(at, len(self._places) - 1))

    def _drawn(self, place: Place) -> Content:
        is_shown = place.name in self._shown
        sign = "[x]" if is_shown else "[ ]"
        width = str(place.width) if place.width else _("rest")
        sort = CASE_COLUMNS[place.name].sort
        arrow = "" if not sort or self._sort.lstrip("-") != sort else "v" if self._sort.startswith("-") else "^"
        text = f"{sign} {fit(label(place.name, 'field'), NAME_CELLS)} {fit(width, 6, is_right=True)}  {arrow}"
        return Content.styled(text.rstrip(), "" if is_shown else "dim")

    @property
    def _at(self) -> int:
        return self.query_one(OptionList).highlighted or 0

    @on(OptionList.OptionSelected)
    def switch_clicked(self, event: OptionList.OptionSelected) -> None:
        """Show or hide the column clicked."""
        event.stop()
        self.action_switch()

    def action_switch(self) -> None:
        self._shown.symmetric_difference_update({self._places[self._at].name})
        self._draw(self._at)

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    def _move(self, step: int) -> None:
        at = self._at
        to = at + step
        if 0 <= to < len(self._places):
            self._places[at], self._places[to] = self._places[to], self._places[at]
            self._draw(to)

    def action_lower(self) -> None:
        self._move(1)

    def action_raise(self) -> None:
        self._move(-1)

    def _resize(self, step: int) -> None:
        place = self._places[self._at]
        width = place.width + step
        if not place.width:
            width = 36 if step > 0 else 0
        elif width < NARROWEST:
            width = NARROWEST if CASE_COLUMNS[place.name].width else 0
        self._places[self._at] = Place(place.name, min(width, WIDEST))
        self._draw(self._at)

    def action_widen(self) -> None:
        self._resize(STEP)

    def action_narrow(self) -> None:
        self._resize(-STEP)

    def action_sort(self) -> None:
        sort = CASE_COLUMNS[self._places[self._at].name].sort
        if sort:
            self._sort = f"-{sort}" if self._sort == sort else sort
            self._draw(self._at)
        else:
            self.app.bell()

    def action_reset(self) -> None:
        self._take(READY_LAYOUT)
        self._draw(0)

    def action_take(self) -> None:
        layout = tuple(place for place in self._places if place.name in self._shown)
        self.dismiss(ChosenColumns(layout or READY_LAYOUT, self._sort))

    def action_back(self) -> None:
        self.dismiss(None)
