"""Surveys in the console: which there are, how far asking has come, and the way to the telephone."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widgets import Static

from console.i18n import N_, _, in_language, ngettext
from console.labels import label
from console.screens.base import NAVIGATION, ConsoleScreen
from console.screens.chooser import Chooser
from console.screens.interview import InterviewScreen
from console.screens.survey_questions import SurveyQuestions
from console.sentences import said
from console.services.satisfaction_views import StratumProgress, SurveyPlan
from console.services.survey_views import OpenInterview, SilentBounds, SurveyRow
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.columns import Column
from console.widgets.content import Piece, line, moment, number
from console.widgets.reading import Block, Facts, Gap, Grid, Heading, Paragraph, Reading
from console.widgets.window_table import WindowTable

PREVIEW_PAUSE = 0.12
RATES = {"cooperation": "COOP1", "refusal": "REF1"}
"""What the standard calls the rates that bear no number here."""


COLUMNS: tuple[Column[SurveyRow], ...] = (
    Column("code", N_("Survey"), 14, lambda row: Piece(row.code), rank=7),
    Column("title", N_("Title"), 0, lambda row: Piece(in_language(row.title, row.title_zh))),
    Column("assessor", N_("Who asks"), 16, lambda row: Piece(label(row.assessor, "assessor")), rank=2),
    Column("state", N_("State"), 13, lambda row: Piece(label(row.state, "survey_state")), rank=6),
    Column("needed", N_("Needed"), 7, lambda row: Piece("" if row.needed is None else number(row.needed)), 3, "", True),
    Column("drawn", N_("Drawn"), 7, lambda row: Piece(number(row.drawn) if row.drawn else ""), 4, "", True),
    Column("answered", N_("Responses"), 9, lambda row: Piece(number(row.responses)), 5, "", True),
)


class SurveysScreen(ConsoleScreen):
    """Lists surveys; beside the list stands how far the one under the cursor has come."""

    context = "surveys"
    AUTO_FOCUS = "#table"
    CSS_PATH = "styles/surveys.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("surveys"), *NAVIGATION]

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[int, SurveyRow] = {}
        self._following: Timer | None = None
        self._shown = ""

    def compose_body(self) -> ComposeResult:
        """Lay out the list and the progress below it."""
        yield Static(line(_("Surveys and fieldwork")), id="page-title")
        with Container(id="work"):
            yield WindowTable[SurveyRow](COLUMNS, widget_id="table")
            yield Reading("detail")
        yield Bar("status")

    @property
    def table(self) -> WindowTable[SurveyRow]:
        """The surveys."""
        return cast("WindowTable[SurveyRow]", self.query_one("#table", WindowTable))

    def begin(self) -> None:
        """Ask for the surveys."""
        self.renew()

    def renew(self) -> None:
        """Ask again what is shown."""
        self._shown = ""
        self.ask("surveys", lambda data: data.part(SurveyQuestions).surveys())

    def answered(self, group: str, answer: object) -> None:
        """Show the list, the progress, or the interviews that can be gone on with."""
        if group == "surveys":
            self._take_rows(cast("Sequence[SurveyRow]", answer))
        elif group == "detail":
            plan, bounds = cast("tuple[SurveyPlan, SilentBounds]", answer)
            self.query_one("#detail", Reading).show(progress_blocks(plan, bounds), keep=self._shown == plan.code)
            self._shown = plan.code
        elif group == "interviews":
            self._offer(cast("Sequence[OpenInterview]", answer))

    def _take_rows(self, rows: Sequence[SurveyRow]) -> None:
        self._rows = {row.id: row for row in rows}
        self.table.empty = _("There is no survey yet. Plan one: ombud survey new CODE --tree NAME")
        self.table.show(array("q", self._rows), keep=True)
        count = len(rows)
        text = ngettext("{count} survey", "{count} surveys", count).format(count=number(count))
        self.query_one("#status", Bar).show([("", text, "")])

    @on(WindowTable.PageWanted)
    def put_page(self, event: WindowTable.PageWanted) -> None:
        """Give the rows that came with the answer."""
        self.table.put_page(event, self._rows)

    @on(WindowTable.RowHighlighted)
    def follow(self, event: WindowTable.RowHighlighted) -> None:
        """Let the progress follow the cursor once it rests."""
        if self._following is not None:
            self._following.stop()
        if event.row_id is None:
            self.query_one("#detail", Reading).show([])
        else:
            self._following = self.set_timer(PREVIEW_PAUSE, self._fetch)

    def _fetch(self) -> None:
        row = self.table.cursor_row
        if row is not None and row.code != self._shown:
            code = row.code
            self.ask("detail", lambda data: data.part(SurveyQuestions).progress(code))

    @on(WindowTable.RowOpened)
    def read_progress(self) -> None:
        """Go into the progress."""
        self.query_one("#detail", Reading).focus()

    def action_call(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self._open(InterviewScreen(row.code))

    def action_anybody(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self._open(InterviewScreen(row.code, is_of_sample=False))

    def action_go_on(self) -> None:
        self.ask("interviews", lambda data: data.part(SurveyQuestions).open_interviews())

    def _offer(self, found: Sequence[OpenInterview]) -> None:
        if not found:
            self.console.say(_("No interview was begun and not ended."))
            return
        named = {str(one.id): one for one in found}
        choices = [(key, self._named(one)) for key, one in named.items()]

        def take(name: str | None) -> None:
            if name is not None:
                self._open(InterviewScreen(named[name].survey, interview=named[name].id))

        self.console.push_screen(Chooser(_("Go on with an interview"), choices), take)

    def _named(self, one: OpenInterview) -> str:
        who = one.name or _("somebody outside the sample")
        answered = ngettext("{count} answer", "{count} answers", one.answered).format(count=number(one.answered))
        return f"{one.survey}  {who}  {answered}  {one.interviewer}  {moment(one.updated_at, self.console.zone)}"

    def _open(self, screen: InterviewScreen) -> None:
        self.console.push_screen(screen, lambda _result: self.renew())

    def action_refresh(self) -> None:
        self.renew()

    def action_back(self) -> None:
        if isinstance(self.focused, Reading):
            self.table.focus()
        else:
            self.dismiss(None)


def progress_blocks(plan: SurveyPlan, bounds: SilentBounds) -> list[Block]:
    """Return a survey's plan and progress to be read: facts, strata, rates, and what the silent could change."""
    blocks: list[Block] = [Heading(f"{in_language(plan.title, plan.title_zh)}  {plan.code}"), _facts(plan), Gap()]
    if plan.total is None:
        text = _("No sample was drawn; {count} responses.").format(count=number(plan.responses))
        return [*blocks, Paragraph(text, "quiet")]
    rows = [_row(one) for one in plan.strata] if plan.stratify_by else []
    heads = (
        _("Stratum"), _("Needed"), _("Drawn"), _("Invited"), _("Complete"), _("Refused"), _("Not reached"), _("Pending"),
        "RR1", _("Expected"), "±", "",
    )  # fmt: skip
    blocks += [
        Heading(_("Progress")),
        Grid(heads, (*rows, _row(plan.total)), right=frozenset(range(1, 11))),
        Gap(),
        Heading(_("Response rates")),
        Grid(
            tuple(RATES.get(name, name.upper()) for name in bounds.rates),
            (tuple(_percent(value) or "-" for value in bounds.rates.values()),),
        ),
        Gap(),
    ]
    if bounds.share is not None:
        blocks += [Heading(_("Those who did not answer")), *_silent(bounds)]
    blocks += [Paragraph(said(warning), "soon") for warning in plan.warnings]
    return blocks


def _facts(plan: SurveyPlan) -> Facts:
    days = " - ".join(day or "…" for day in (plan.starts_on, plan.ends_on)) if plan.starts_on or plan.ends_on else ""
    excluded = ", ".join(f"{number(count)} {label(why, 'exclusion')}" for why, count in plan.exclusions.items())
    margin = "" if plan.margin is None else f"±{100 * plan.margin:g}"
    return Facts(
        (
            (_("State"), label(plan.state, "survey_state")),
            (_("Purpose"), plan.purpose),
            (_("Who asks"), label(plan.assessor, "assessor")),
            (_("Channel"), plan.channel),
            (_("Trigger"), label(plan.trigger, "trigger") if plan.trigger else ""),
            (_("Days"), days),
            (_("Responsible"), plan.owner),
            (_("Population"), "" if plan.population is None else f"{number(plan.population)}  {plan.frame_on}"),
            (_("Margin"), margin),
            (_("Strata"), f"{plan.stratify_by} ({plan.allocation})" if plan.stratify_by else ""),
            (_("Seed"), "" if plan.seed is None else str(plan.seed)),
            (_("Left out"), excluded),
            (_("Days of rest"), str(plan.rest_days) if plan.needed is not None else ""),
            (_("Responses"), number(plan.responses)),
        )
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}%"


def _row(one: StratumProgress) -> tuple[str | Piece, ...]:
    verdict = Piece("") if one.meets is None else Piece(_("will do")) if one.meets else Piece(_("! too few"), "soon")
    numbers = (one.needed, one.drawn, one.invited, one.complete, one.refused, one.not_reached, one.pending)
    return (
        one.name or _("All"),
        *(number(value) for value in numbers),
        _percent(one.rr1),
        "" if one.expected is None else number(round(one.expected)),
        "" if one.half_width is None else f"{100 * one.half_width:.1f}",
        verdict,
    )


def _silent(bounds: SilentBounds) -> list[Block]:
    rows = (
        (_("early"), number(bounds.early.n), _percent(bounds.early.share)),
        (_("late"), number(bounds.late.n), _percent(bounds.late.share)),
    )
    blocks: list[Block] = [Grid((_("Answers"), "n", _("Top two %")), rows, right=frozenset({1, 2}))]
    if bounds.difference is not None and bounds.p is not None:
        text = _("late minus early {difference:+.1f} points, p {p:.3f}")
        blocks.append(Paragraph(text.format(difference=100 * bounds.difference, p=bounds.p)))
    if bounds.low is not None and bounds.high is not None:
        text = _("as answered {share}; if all the silent said no or yes {low} to {high}")
        said = text.format(share=_percent(bounds.share), low=_percent(bounds.low), high=_percent(bounds.high))
        blocks.append(Paragraph(said))
    return blocks
