"""What the screens of satisfaction share: a title, the figures, a line that says on what they stand; filter, table, file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Static

from console.errors import OmbudError
from console.i18n import _
from console.rules.answer_fields import ANSWER_FIELDS
from console.rules.filters import Filter, FilterError, parse
from console.screens.asking import ask_filter
from console.screens.exporting import Exporting
from console.screens.planning import Planning
from console.sentences import told
from console.widgets.bars import Bar
from console.widgets.board import Board, Spot

NOT_TREATED = frozenset({"survey", "indicator", "month", "wave", "series", "weights", "answered", "level", "double"})
"""Terms of a filter that do not say whom an improvement treats."""


class FigureScreen(Planning, Exporting):
    """Shows the figures of a slice of the answers."""

    AUTO_FOCUS = "#board"
    CSS_PATH = "styles/case.tcss"
    question: ClassVar[str] = ""
    """The group of the question that brings the figures."""

    def __init__(self, filter_text: str = "") -> None:
        super().__init__()
        self.filter_text = filter_text
        self._is_table = False

    def compose_body(self) -> ComposeResult:
        """Lay out title, figures and status."""
        yield Static(id="page-title")
        yield Board("board")
        yield Bar("status")

    @property
    def board(self) -> Board:
        """The figures."""
        return self.query_one("#board", Board)

    def begin(self) -> None:
        """Ask for the figures."""
        self.say_instead([_("Asking the database…")])
        self.renew()

    def say_instead(self, texts: Sequence[str]) -> None:
        """Show sentences in place of figures."""
        self.board.show(lambda _width: [(Spot(text, "quiet"),) for text in texts if text])

    def draw(self) -> None:
        """Draw what was found."""

    def answered(self, group: str, answer: object) -> None:
        """Say what was written, to a file or down as an improvement."""
        if not self.has_exported(group, answer):
            self.has_planned(group, answer)

    def failed(self, group: str, error: Exception) -> None:
        """Say in the page why there are no figures; open the form again that was refused."""
        if group == self.question and isinstance(error, OmbudError):
            self.say_instead(told(error))
        elif not (self.has_failed_to_export(group, error) or self.has_failed_to_plan(group, error)):
            super().failed(group, error)

    def start_improvement(self, survey: str, code: str, label: str, filter_text: str) -> None:
        """Ask for an improvement of an indicator among those whom a filter names."""
        self.plan(
            {
                "title": label,
                "indicator": f"survey:{survey}/{code}",
                "treated": treated_by(filter_text),
            }
        )

    def show_slice(self, filter_text: str) -> None:
        """Show another slice."""
        self.filter_text = filter_text
        self.renew()

    def action_filter(self) -> None:
        ask_filter(self.console, _("Slice of the answers"), self.filter_text, self.show_slice)

    def action_table(self) -> None:
        self._is_table = not self._is_table
        self.draw()

    def action_back(self) -> None:
        self.dismiss(None)

    def action_refresh(self) -> None:
        self.renew()


def treated_by(filter_text: str) -> str:
    """Return what of a filter says whom an improvement treats."""
    try:
        asked = parse(filter_text, ANSWER_FIELDS)
    except FilterError:
        return ""
    return str(Filter(tuple(term for term in asked.terms if term.field not in NOT_TREATED)))
