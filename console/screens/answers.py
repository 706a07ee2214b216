"""Single answers: the rows behind a figure, and one response whole."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from console.i18n import N_, _, in_language, ngettext
from console.labels import label
from console.screens.asking import with_terms
from console.screens.base import NAVIGATION, Question
from console.screens.export_questions import FileWriting
from console.screens.exporting import Exporting
from console.screens.overview_page import value_name
from console.screens.page import Page
from console.screens.satisfaction_questions import SatisfactionQuestions
from console.services.satisfaction_views import AnswerLine
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.columns import Column
from console.widgets.content import Piece, line, moment, number
from console.widgets.reading import Block, Facts, Gap, Grid, Heading
from console.widgets.window_table import WindowTable

MOST_IN_A_RESPONSE = 500


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer with its place in the list as its number."""

    id: int
    answer: AnswerLine
    at: str


def level_of(answer: AnswerLine) -> str:
    """Return the level of an answer on its scale, or the reason why it has none."""
    return f"{answer.score} ({answer.scale})" if answer.score is not None else label(answer.missing, "missing")


COLUMNS: tuple[Column[AnswerRow], ...] = (
    Column("at", N_("Answered"), 16, lambda row: Piece(row.at), rank=8),
    Column("number", N_("Response"), 12, lambda row: Piece(row.answer.number), rank=7),
    Column(
        "indicator", N_("Indicator"), 18, lambda row: Piece(in_language(row.answer.label, row.answer.label_zh)), rank=9
    ),
    Column("level", N_("Level"), 12, lambda row: Piece(level_of(row.answer)), rank=9, is_right=True),
    Column("region", N_("Region"), 10, lambda row: Piece(row.answer.region), rank=6),
    Column("kind", N_("Kind of customer"), 12, lambda row: Piece(value_name("kind", row.answer.kind)), rank=3),
    Column("channel", N_("Channel"), 10, lambda row: Piece(value_name("channel", row.answer.channel)), rank=5),
    Column("department", N_("Department"), 14, lambda row: Piece(label(row.answer.department, "department")), rank=4),
    Column("text", N_("Written"), 0, lambda row: Piece(row.answer.text), rank=9),
)


class AnswersScreen(Exporting):
    """Lists the answers that a filter finds; Enter shows the whole response."""

    context = "answers"
    AUTO_FOCUS = "#table"
    CSS_PATH = "styles/case.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("answers"), *NAVIGATION]

    def __init__(self, filter_text: str) -> None:
        super().__init__()
        self._filter = filter_text

    def compose_body(self) -> ComposeResult:
        """Lay out the filter and the rows."""
        yield Static(line(self._filter), id="page-title")
        yield WindowTable[AnswerRow](COLUMNS, widget_id="table")
        yield Bar("status")

    @property
    def table(self) -> WindowTable[AnswerRow]:
        """The answers."""
        return cast("WindowTable[AnswerRow]", self.query_one("#table", WindowTable))

    def begin(self) -> None:
        """Count first; rows are asked for by the page."""
        self.table.empty = _("No single answer stands behind this figure.")
        self.renew()

    def renew(self) -> None:
        """Count again."""
        filter_text = self._filter
        self.ask("count", lambda data: data.part(SatisfactionQuestions).answer_count(filter_text))

    def answered(self, group: str, answer: object) -> None:
        """Show how many there are, or a page of them."""
        if self.has_exported(group, answer):
            return
        if group == "count":
            count = cast("int", answer)
            self.table.show(array("q", range(count)), keep=True)
            text = ngettext("{count} answer", "{count} answers", count).format(count=number(count))
            self.query_one("#status", Bar).show([("", text, "")])
        else:
            request, start, found = cast("tuple[int, int, Sequence[AnswerLine]]", answer)
            zone = self.console.zone
            rows = [AnswerRow(start + place, one, moment(one.answered_at, zone)) for place, one in enumerate(found)]
            self.table.put_rows(request, start, rows)

    def failed(self, group: str, error: Exception) -> None:
        """Ask for another file where one was refused."""
        if not self.has_failed_to_export(group, error):
            super().failed(group, error)

    def to_export(self) -> tuple[object, str] | None:
        """The filter of the answers."""
        return self._filter, "answers"

    def written(self, path: str) -> Question:
        """The question that writes all answers of the filter, not only those in sight."""
        filter_text = self._filter
        return lambda data: data.part(FileWriting).answers(filter_text, path)

    @on(WindowTable.PageWanted)
    def fetch_page(self, event: WindowTable.PageWanted) -> None:
        """Ask for the rows in sight."""
        filter_text, request, start, end = self._filter, event.request, event.start, event.end
        self.ask(
            "rows",
            lambda data: (request, start, data.part(SatisfactionQuestions).answers(filter_text, start, end)),
        )

    @on(WindowTable.RowOpened)
    def open_response(self) -> None:
        """Show the whole response."""
        row = self.table.cursor_row
        if row is not None:
            self.console.push_screen(ResponsePage(row.answer.survey, row.answer.number))

    def action_back(self) -> None:
        self.dismiss(None)

    def action_refresh(self) -> None:
        self.renew()

    def action_copy(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self.console.copy(row.answer.number)


class ResponsePage(Page):
    """Everything one person answered."""

    def __init__(self, survey: str, response: str) -> None:
        super().__init__(_("Response {number} of {survey}").format(number=response, survey=survey))
        self._filter = with_terms("", {"survey": survey, "number": response})

    def renew(self) -> None:
        """Ask for the answers of the response."""
        filter_text = self._filter
        self.ask("page", lambda data: data.part(SatisfactionQuestions).answers(filter_text, 0, MOST_IN_A_RESPONSE))

    def answered(self, group: str, answer: object) -> None:
        """Show where it was given, and each answer."""
        self.show(response_blocks(cast("Sequence[AnswerLine]", answer), self.console.zone))


def response_blocks(answers: Sequence[AnswerLine], zone: tzinfo) -> list[Block]:
    """Return a response to be read."""
    if not answers:
        return []
    first = answers[0]
    facts = (
        (_("Answered"), moment(first.answered_at, zone)),
        (_("Region"), first.region),
        (_("Kind of customer"), value_name("kind", first.kind) if first.kind else ""),
        (_("Supply category"), value_name("supply", first.supply) if first.supply else ""),
        (_("Channel"), value_name("channel", first.channel) if first.channel else ""),
        (_("Department"), label(first.department, "department")),
        (_("Interviewer"), first.interviewer),
        (_("Language"), first.language),
        (_("Customer"), first.customer),
        (_("Case"), first.case),
        (_("Survey weight"), f"{first.weight:g}"),
        (_("Double entry"), _("yes") if first.is_double else ""),
    )
    grid = Grid(
        (_("Indicator"), _("Level"), _("Written")),
        tuple(
            (f"{in_language(one.label, one.label_zh)} ({one.indicator})", level_of(one), one.text) for one in answers
        ),
    )
    return [Facts(facts), Gap(), Heading(_("Answers")), grid]
