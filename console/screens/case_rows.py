"""The cases behind a figure: the first of them in a list, each opened with Enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from console.clock import now
from console.i18n import _, ngettext
from console.labels import label
from console.screens.base import NAVIGATION, ConsoleScreen
from console.screens.quality_questions import FoundCases, QualityQuestions
from console.screens.trend_page import cell
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.board import Board, BoardLine, Spot
from console.widgets.content import due, line, moment, number


class CaseRowsScreen(ConsoleScreen):
    """Lists what a filter of cases finds; Escape goes back to the figure."""

    context = "page"
    AUTO_FOCUS = "#board"
    CSS_PATH = "styles/case.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("page"), *NAVIGATION]

    def __init__(self, filter_text: str) -> None:
        super().__init__()
        self.filter_text = filter_text
        self._ids: Sequence[int] = ()

    def compose_body(self) -> ComposeResult:
        """Lay out the filter, the rows and how many there are."""
        yield Static(line(self.filter_text), id="page-title")
        yield Board("board")
        yield Bar("status")

    def begin(self) -> None:
        """Ask for the rows."""
        self.query_one("#board", Board).show(lambda _width: [(Spot(_("Asking the database…"), "quiet"),)])
        self.renew()

    def renew(self) -> None:
        """Ask for the rows again."""
        filter_text = self.filter_text
        self.ask("rows", lambda data: data.part(QualityQuestions).cases(filter_text, now()))

    def answered(self, group: str, answer: object) -> None:
        """Show the rows."""
        if not isinstance(answer, FoundCases):
            return
        found = answer
        self._ids = [row.id for row in found.rows]
        self.query_one("#board", Board).show(lambda width: self._lines(found, width))
        texts = [ngettext("{count} case", "{count} cases", found.total).format(count=number(found.total))]
        if found.total > len(found.rows):
            texts.append(_("the first {count} are listed").format(count=number(len(found.rows))))
        self.query_one("#status", Bar).show([("", text, "") for text in texts])

    def _lines(self, found: FoundCases, width: int) -> list[BoardLine]:
        if not found.rows:
            return [(Spot(_("No case is found by this filter."), "quiet"),)]
        lines: list[BoardLine] = []
        for row in found.rows:
            stands = due(row.due_at, now(), is_closed=row.phase == "closed")
            key = str(row.id)
            lines.append(
                (
                    *cell(row.reference, 12, "", key),
                    *cell(moment(row.received_at, self.console.zone)[:10], 12),
                    *cell(row.subject, max(12, width - 24 - 36 - 18)),
                    *cell(row.category, 21, "quiet"),
                    *cell(label(row.state, "state"), 15, "quiet"),
                    *cell(stands.text, 18, stands.style),
                )
            )
        return lines

    @on(Board.Chosen)
    def open_case(self, event: Board.Chosen) -> None:
        """Open the case under the cursor."""
        if event.wish == "open":
            from console.screens.case import CaseScreen

            self.console.push_screen(CaseScreen(list(self._ids), list(self._ids).index(int(event.key))))

    def action_back(self) -> None:
        self.dismiss(None)
