"""The dossier of a customer whole: figures to walk through, the rows behind each, and sensitive fields one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from console.clock import now
from console.errors import OmbudError
from console.i18n import _
from console.screens.base import NAVIGATION, ConsoleScreen
from console.screens.care_forms import ask_contact
from console.screens.case import CaseScreen
from console.screens.dialogs import FormDialog
from console.screens.dossier_lines import (
    CASE,
    DEFINITIONS,
    FIELDS,
    SECRET,
    SECTION,
    TITLES,
    counted,
    page,
    rows_behind,
    table_lines,
)
from console.screens.dossier_questions import DossierQuestions
from console.screens.form_work import DOING, FormWork
from console.services.dossier_views import Dossier
from console.widgets.bindings import bindings
from console.widgets.board import Board, BoardLine, Spot
from console.widgets.content import line
from console.widgets.form import FormField


class DossierScreen(FormWork):
    """Shows one customer. What is in clear goes as soon as another field is shown, or one leaves."""

    context = "dossier"
    AUTO_FOCUS = "#dossier"
    CSS_PATH = "styles/case.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dossier"), *NAVIGATION]
    unstoppable: ClassVar[frozenset[str]] = frozenset({"reveal", DOING})

    def __init__(self, customer_id: int) -> None:
        super().__init__()
        self._customer_id = customer_id
        self._found: Dossier | None = None
        self._revealed: dict[str, str] = {}
        self._asked = ""

    def compose_body(self) -> ComposeResult:
        """Lay out the page."""
        yield Static(line(_("Dossier")), id="page-title")
        yield Board("dossier")

    @property
    def board(self) -> Board:
        """The page of figures."""
        return self.query_one("#dossier", Board)

    def begin(self) -> None:
        """Ask for the dossier."""
        self._say(_("Asking the database…"))
        self.renew()

    def renew(self) -> None:
        """Ask for the dossier again."""
        customer_id = self._customer_id
        self.ask("dossier", lambda data: data.part(DossierQuestions).dossier(customer_id))

    def answered(self, group: str, answer: object) -> None:
        """Show the dossier, or the field asked for."""
        if isinstance(answer, Dossier):
            self._found = answer
        elif group == "reveal" and isinstance(answer, str) and self.app.screen is self:
            self._revealed = {self._asked: answer}
        elif group == DOING:
            self.console.say(self.said())
            self.renew()
        self._show()

    def failed(self, group: str, error: Exception) -> None:
        """Say in the place of the dossier why it is not there."""
        if group == "dossier":
            self._found = None
            self._say(str(error) if isinstance(error, OmbudError) else _("This dossier cannot be shown."))
        super().failed(group, error)

    def _say(self, text: str) -> None:
        self.board.show(lambda _width: [(Spot(text, "quiet"),)])

    def _show(self) -> None:
        found, revealed = self._found, dict(self._revealed)
        if found is not None:
            zone = self.console.zone
            self.board.show(lambda width: page(found, width, now(), zone, revealed))

    def on_screen_suspend(self) -> None:
        """Hide what is in clear before anything else is shown."""
        self._hide()

    def _hide(self) -> None:
        if self._revealed:
            self._revealed = {}
            self._show()

    @on(Board.Chosen)
    def open_figure(self, event: Board.Chosen) -> None:
        """Open the rows behind a figure, a case, or a field that is masked."""
        found = self._found
        if found is None or event.wish not in ("open", "unfold", "explain"):
            return
        if event.wish == "explain":
            self._explain(event.key)
            return
        if event.key.startswith(SECTION):
            self.app.push_screen(DossierRows(found, event.key.removeprefix(SECTION)))
        elif event.key.startswith(CASE):
            open_case(self, found, event.key)
        elif event.key.startswith(SECRET):
            self._ask_reason(found, event.key.removeprefix(SECRET))

    def _explain(self, key: str) -> None:
        if key.startswith(SECTION):
            self.console.say(_(DEFINITIONS[key.removeprefix(SECTION)]))
        elif key.startswith(SECRET):
            self.console.say(_("Kept sealed; shown in clear with a reason that goes on the record first."))

    def _ask_reason(self, found: Dossier, field: str) -> None:
        number = found.detail.row.number

        def take(given: dict[str, str] | None) -> None:
            if given is not None:
                self._asked = field
                reason = given["reason"]
                self.ask("reveal", lambda data: data.part(DossierQuestions).reveal(number, field, reason))

        title = _("{field} of {name} in clear").format(field=_(FIELDS[field]), name=found.detail.row.name)
        about = [_("Who, what and why go on the record before it is shown.")]
        self.app.push_screen(FormDialog(title, about, [FormField("reason", _("Reason"), is_required=True)]), take)

    def action_back(self) -> None:
        self._hide()
        self.dismiss(None)

    def action_refresh(self) -> None:
        self.renew()

    def action_contact(self) -> None:
        if self._found is not None:
            row = self._found.detail.row
            ask_contact(self, row.number, row.name)

    def copy_line(self, cells: Sequence[str], keys: Sequence[str]) -> None:
        """Copy a line; one with a sensitive field as its field, masked."""
        if any(key.startswith(SECRET) for key in keys):
            self.action_copy()
        else:
            self.copy_cells(cells)

    def action_copy(self) -> None:
        if self._found is None:
            return
        key = self.board.key
        masks = dict(self._found.masked)
        # What is copied leaves the record of who saw it: a sensitive field leaves masked, also while it is in clear here.
        self.console.copy(masks[key.removeprefix(SECRET)] if key.startswith(SECRET) else self._found.detail.row.number)


class DossierRows(ConsoleScreen):
    """The rows behind one figure of a dossier."""

    context = "page"
    AUTO_FOCUS = "#rows"
    CSS_PATH = "styles/case.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("page"), *NAVIGATION]

    def __init__(self, found: Dossier, section: str) -> None:
        super().__init__()
        self._found = found
        self._section = section

    def compose_body(self) -> ComposeResult:
        """Lay out title and rows."""
        row = self._found.detail.row
        title = _("{what} of {name}").format(what=_(TITLES[self._section]), name=row.name)
        yield Static(line(title), id="page-title")
        yield Board("rows")

    def begin(self) -> None:
        """Show the rows; the dossier holds them."""
        heads, rows = rows_behind(self._found, self._section, now(), self.console.zone)
        total = counted(self._found, self._section)

        def draw(width: int) -> list[BoardLine]:
            lines = table_lines(heads, rows, width)
            if total > len(rows):
                text = _("The newest {count} of {total}.").format(count=len(rows), total=total)
                lines.append((Spot(text, "quiet"),))
            return lines

        self.query_one("#rows", Board).show(draw)

    @on(Board.Chosen)
    def open_row(self, event: Board.Chosen) -> None:
        """Open a case."""
        if event.wish == "open" and event.key.startswith(CASE):
            open_case(self, self._found, event.key)

    def action_back(self) -> None:
        self.dismiss(None)


def open_case(screen: ConsoleScreen, found: Dossier, key: str) -> None:
    """Open a case of the dossier, among the others of the same customer."""
    ids = [case.id for case in found.detail.cases]
    screen.app.push_screen(CaseScreen(ids, ids.index(int(key.removeprefix(CASE)))))
