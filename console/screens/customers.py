"""Customers: found while typing, the dossier beside the list."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.dom import DOMNode
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from console.actions import BY_ID
from console.clock import now
from console.i18n import N_, _, ngettext
from console.labels import label
from console.screens.base import NAVIGATION, Field
from console.screens.care import CareScreen
from console.screens.care_forms import ask_contact
from console.screens.data import FOUND_CUSTOMERS
from console.screens.dossier import customer_blocks
from console.screens.form_work import DOING, FormWork
from console.services.customer_views import CustomerDetail, CustomerRow
from console.widgets.bars import Bar
from console.widgets.bindings import bindings, is_key_of
from console.widgets.columns import Column
from console.widgets.content import Piece, cut, number
from console.widgets.reading import Reading
from console.widgets.window_table import WindowTable

TYPING_PAUSE = 0.15
PREVIEW_PAUSE = 0.12
STILL_KEYS = ("customers.find", "app.help", "app.palette")
"""Actions whose keys stay keys in the empty line: neither a name nor a number begins with one."""

COLUMNS: tuple[Column[CustomerRow], ...] = (
    Column("number", N_("Number"), 14, lambda row: Piece(row.number), rank=6),
    Column("name", N_("Name"), 0, lambda row: Piece(row.name)),
    Column("phone", N_("Telephone"), 15, lambda row: Piece(row.phone_masked), rank=5),
    Column("open", N_("Open cases"), 10, lambda row: Piece(number(row.open_cases)), rank=4, is_right=True),
    Column("region", N_("Region"), 10, lambda row: Piece(row.region), rank=3),
    Column("kind", N_("Kind"), 12, lambda row: Piece(label(row.kind, "customer_kind")), rank=2),
    Column("accounts", N_("Accounts"), 8, lambda row: Piece(number(row.accounts)), rank=1, is_right=True),
)


class FindField(Field):
    """The line in which a customer is looked for."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("find")]

    class Left(Message):
        """The rows are wanted."""

    async def _on_key(self, event: events.Key) -> None:
        """Let keys that begin no name do in the empty line what they do in the rows."""
        if not self.value:
            for action_id in STILL_KEYS:
                if is_key_of(event, action_id):
                    event.stop()
                    event.prevent_default()
                    node: DOMNode = self.app if action_id.startswith("app.") else self.screen
                    await self.app.run_action(BY_ID[action_id].method, node)
                    return
        await super()._on_key(event)

    def action_apply(self) -> None:
        self.post_message(self.Left())

    def action_give_up(self) -> None:
        self.post_message(self.Left())


class CustomerScreen(FormWork):
    """Finds by any part of a name, by number or telephone."""

    context = "customers"
    AUTO_FOCUS = "#find"
    CSS_PATH = "styles/customers.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("customers"), *NAVIGATION]

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[int, CustomerRow] = {}
        self._typing: Timer | None = None
        self._following: Timer | None = None
        self._detail_id: int | None = None
        self._is_keeping = False

    def compose_body(self) -> ComposeResult:
        """Lay out line, list and dossier."""
        with Horizontal(id="find-line"):
            yield Static(Content("/ "), id="find-sign")
            yield FindField(placeholder=_("name, part of a name, number or telephone"), widget_id="find")
        with Container(id="work"):
            yield WindowTable[CustomerRow](COLUMNS, widget_id="table")
            yield Reading("detail")
        yield Bar("status")

    @property
    def table(self) -> WindowTable[CustomerRow]:
        """The customers found."""
        return cast("WindowTable[CustomerRow]", self.query_one("#table", WindowTable))

    @property
    def is_opening(self) -> bool:
        """Whether those who are looked for are not there yet, for whom keys are typed ahead in the rows."""
        is_coming = self._typing is not None or (self.is_asking("find") and not self._is_keeping)
        return is_coming and self.focused is self.table

    def begin(self) -> None:
        """Begin to look."""
        self._ask(keep=False)

    def renew(self) -> None:
        """Ask again what is shown."""
        self._detail_id = None
        self._ask(keep=True)

    def _ask(self, *, keep: bool) -> None:
        if self._typing is not None:
            self._typing.stop()
            self._typing = None
        self._is_keeping = keep
        text = self.query_one("#find", FindField).value.strip()
        self.ask("find", lambda data: (text, data.customers(text)))

    @on(Input.Changed, "#find")
    def wait_for_typing(self) -> None:
        """Look once the fingers rest."""
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(TYPING_PAUSE, lambda: self._ask(keep=False))

    @on(FindField.Left)
    def go_to_rows(self) -> None:
        """Look at once for what was typed, and go to the rows."""
        if self._typing is not None:
            self._ask(keep=False)
        self.table.focus()

    def answered(self, group: str, answer: object) -> None:
        """Show the rows or the dossier."""
        if group == "find":
            text, rows = cast("tuple[str, Sequence[CustomerRow]]", answer)
            self._take_rows(text, rows)
            self.call_after_refresh(self.console.give_keys)
        elif group == DOING:
            self.console.say(self.said())
            self.renew()
        elif isinstance(answer, CustomerDetail):
            blocks = customer_blocks(answer, now(), self.console.zone)
            self.query_one("#detail", Reading).show(blocks, keep=self._detail_id == answer.row.id)
            self._detail_id = answer.row.id

    def failed(self, group: str, error: Exception) -> None:
        """Tell; keys that were meant for those looked for are forgotten."""
        if group == "find":
            self.console.drop_keys()
        super().failed(group, error)

    def _take_rows(self, text: str, rows: Sequence[CustomerRow]) -> None:
        self._rows = {row.id: row for row in rows}
        self.table.empty = (
            _("No customer fits “{text}”.").format(text=cut(text, 60))
            if text
            else _("There are no customers in this database yet.")
        )
        self.table.show(array("q", self._rows), keep=self._is_keeping)
        found = ngettext("{count} customer", "{count} customers", len(rows)).format(count=number(len(rows)))
        if len(rows) >= FOUND_CUSTOMERS:
            found = _("the first {count}; write more of the name").format(count=number(len(rows)))
        self.query_one("#status", Bar).show([("", found, "")])

    @on(WindowTable.PageWanted)
    def put_page(self, event: WindowTable.PageWanted) -> None:
        """Give the rows that came with the answer."""
        self.table.put_page(event, self._rows)

    @on(WindowTable.RowHighlighted)
    def follow(self, event: WindowTable.RowHighlighted) -> None:
        """Let the dossier follow the cursor once it rests."""
        if self._following is not None:
            self._following.stop()
        if event.row_id is None:
            self._detail_id = None
            self.query_one("#detail", Reading).show([])
        elif event.row_id != self._detail_id:
            self._following = self.set_timer(PREVIEW_PAUSE, self._fetch_detail)

    def _fetch_detail(self) -> None:
        customer_id = self.table.cursor_id
        if customer_id is not None:
            self.ask("detail", lambda data: data.customer(customer_id))

    @on(WindowTable.RowOpened)
    def open_dossier(self, event: WindowTable.RowOpened) -> None:
        """Open the dossier whole."""
        from console.screens.customer_dossier import DossierScreen

        self.app.push_screen(DossierScreen(event.row_id))

    def action_find(self) -> None:
        field = self.query_one("#find", FindField)
        field.focus()
        field.select_all()

    def action_clear(self) -> None:
        self.query_one("#find", FindField).value = ""

    def action_refresh(self) -> None:
        self.renew()

    def action_care(self) -> None:
        self.console.push_screen(CareScreen(), lambda _result: self.renew())

    def action_contact(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            ask_contact(self, row.number, row.name)

    def action_copy(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self.console.copy(row.number)
