"""Quality: the trend of complaints with alerts, departments side by side, what is stuck, and whether improvements worked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from console.clock import now
from console.errors import OmbudError
from console.i18n import N_, _, ngettext
from console.rules.filters import FilterError, parse
from console.screens.base import NAVIGATION
from console.screens.cards_page import ORDERS, WHOLE, ageing_lines, card_lines
from console.screens.chooser import Chooser
from console.screens.dialogs import FormDialog
from console.screens.exporting import Exporting
from console.screens.improvement_forms import judgement_about, judgement_fields
from console.screens.improvement_page import effect_lines, list_lines
from console.screens.planning import Planning
from console.screens.quality_definitions import DefinitionPage
from console.screens.quality_questions import QualityQuestions
from console.screens.trend_page import DIMENSIONS, trend_lines
from console.sentences import said, told
from console.services.alert_views import AlertDetail, AlertRow, EventNote, RunReport
from console.services.improvement_views import Effect, ImprovementRow
from console.services.quality_views import Ageing, CardHistory, ComplaintTrend, ScoreCard
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.board import Board, BoardLine, Spot
from console.widgets.content import line
from console.widgets.form import FormField

PAGES = {
    "trend": N_("Complaint trend"),
    "cards": N_("Score cards"),
    "ageing": N_("Ageing"),
    "improvements": N_("Improvements"),
}
GROUPS = {"cards": ("team", "region", "person"), "ageing": ("category", "team", "region", "channel")}
QUARTERS_OFFERED = 8
YEARS_OFFERED = 3


def fault_of(text: str) -> str:
    """Return what is wrong with a filter of cases, or nothing."""
    try:
        parse(text)
    except FilterError as error:
        return " ".join(told(error))
    return ""


class QualityScreen(Planning, Exporting):
    """Shows one page at a time, of all complaints or of the slice that a filter cuts out."""

    context = "quality"
    AUTO_FOCUS = "#board"
    CSS_PATH = "styles/case.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("quality"), *NAVIGATION]
    unstoppable: ClassVar[frozenset[str]] = frozenset({"done", "recorded", "concluded", "export"})

    def __init__(self) -> None:
        super().__init__()
        self.page = "trend"
        self.filter_text = ""
        self._month = ""
        self._quarter = ""
        self._by = {"cards": "team", "ageing": "category"}
        self._card = WHOLE
        self._order = "name"
        self._has_history = False
        self._improvement = ""
        self._judged: dict[str, str] = {}
        self._is_table = False
        self._answers: dict[str, object] = {}

    def compose_body(self) -> ComposeResult:
        """Lay out the pages, the title and the figures."""
        yield Bar("strip")
        yield Static(id="page-title")
        yield Board("board")

    @property
    def board(self) -> Board:
        """The figures."""
        return self.query_one("#board", Board)

    def begin(self) -> None:
        """Ask for the first page."""
        self._show_strip()
        self.board.show(lambda _width: [(Spot(_("Asking the database…"), "quiet"),)])
        self.renew()

    def renew(self) -> None:
        """Ask for the page again."""
        text, month, quarter, by, number = self.filter_text, self._month, self._quarter, self._by, self._improvement
        if self.page == "trend":
            self.ask("trend", lambda data: data.part(QualityQuestions).trend(text, month))
        elif self.page == "cards":
            group = by["cards"]
            if self._has_history:
                self.ask("history", lambda data: data.part(QualityQuestions).card_history(text, quarter, group))
            self.ask("cards", lambda data: data.part(QualityQuestions).score_card(text, quarter, group))
        elif self.page == "ageing":
            group = by["ageing"]
            self.ask("ageing", lambda data: data.part(QualityQuestions).ageing(text, group))
        elif number:
            self.ask("improvements", lambda data: data.part(QualityQuestions).effect(number))
        else:
            self.ask("improvements", lambda data: data.part(QualityQuestions).improvements())

    def answered(self, group: str, answer: object) -> None:
        """Show a page, or what came of something done."""
        if group in PAGES:
            self._answers[group] = answer
            if group == self.page:
                self._draw()
        elif isinstance(answer, CardHistory):
            self._answers[group] = answer
            self._draw()
        elif isinstance(answer, AlertDetail):
            self._show_alert(answer)
        elif group == "people":
            self._choose_owner(cast("Sequence[tuple[str, str]]", answer))
        elif group == "judging" and isinstance(answer, Effect):
            self._ask_judgement(answer)
        elif group == "concluded" and isinstance(answer, ImprovementRow):
            self._judged = {}
            self.planned(answer)
        elif self.has_planned(group, answer) or self.has_exported(group, answer):
            return
        elif group == "done":
            self._say_done(answer)
            self.renew()

    def failed(self, group: str, error: Exception) -> None:
        """Say why there are no figures; a form that was refused opens again with what was typed."""
        if self.has_failed_to_plan(group, error) or self.has_failed_to_export(group, error):
            return
        if group == self.page and isinstance(error, OmbudError):
            texts = told(error)
            self.board.show(lambda _width: [(Spot(text, "quiet"),) for text in texts])
            self._show_title()
            return
        super().failed(group, error)

    def _say_done(self, answer: object) -> None:
        if isinstance(answer, RunReport):
            count = len(answer.new)
            text = ngettext("{count} new alert.", "{count} new alerts.", count).format(count=count)
            self.console.say(text if count or not answer.notes else f"{text} {said(answer.notes[0])}")
        elif isinstance(answer, AlertRow):
            self.console.say(_("{number} was saved.").format(number=answer.number))
        elif isinstance(answer, EventNote):
            self.console.say(_("Noted for {day}.").format(day=answer.starts_on))

    # Drawing

    def _show_strip(self) -> None:
        parts = [
            (name, f"[{_(title)}]" if name == self.page else f" {_(title)} ", "bold" if name == self.page else "")
            for name, title in PAGES.items()
        ]
        self.query_one("#strip", Bar).show(parts)

    def _show_title(self) -> None:
        parts = [self.filter_text or _("all complaints")]
        answer = self._answers.get(self.page)
        if isinstance(answer, ScoreCard):
            parts.append(
                f"{answer.start:%Y-%m-%d} - {answer.as_of:%Y-%m-%d}" if answer.end > answer.as_of else self._quarter
            )
        elif isinstance(answer, ComplaintTrend):
            parts.append(answer.focus)
        self.query_one("#page-title", Static).update(line("   ".join(part for part in parts if part)))

    def _draw(self) -> None:
        self._show_title()
        answer, is_table, card = self._answers.get(self.page), self._is_table, self._card
        order = self._order
        draw: Callable[[int], Sequence[BoardLine]] | None = None
        if isinstance(answer, ComplaintTrend):
            trend = answer
            draw = lambda width: trend_lines(trend, width, is_table=is_table)  # noqa: E731
        elif isinstance(answer, ScoreCard):
            cards = answer
            months = cast("CardHistory | None", self._answers.get("history") if self._has_history else None)
            draw = lambda width: card_lines(cards, width, card, is_table=is_table, order=order, history=months)  # noqa: E731
        elif isinstance(answer, Ageing):
            ages = answer
            draw = lambda width: ageing_lines(ages, width, is_table=is_table)  # noqa: E731
        elif isinstance(answer, Effect):
            effect = answer
            draw = lambda width: effect_lines(effect, width, is_table=is_table)  # noqa: E731
        elif self.page == "improvements":
            rows = cast("Sequence[ImprovementRow]", answer or ())
            draw = lambda width: list_lines(rows, width)  # noqa: E731
        if draw is not None:
            self.board.show(draw)

    # What is under the cursor

    def _target(self) -> tuple[str, str]:
        """The kind of the thing under the cursor and what it points to."""
        _definition, _bar, target = self.board.key.partition("|")
        kind, _colon, rest = target.partition(":")
        return kind, rest

    @on(Board.Chosen)
    async def act_on_figure(self, event: Board.Chosen) -> None:
        """Open the rows of a figure, or tell how it is made."""
        definition, _bar, target = event.key.partition("|")
        if event.wish == "explain":
            self.console.push_screen(DefinitionPage(definition, self._answers.get(self.page)))
            return
        if event.wish != "open":
            return
        kind, _colon, rest = target.partition(":")
        if kind == "rows":
            await self.console.show_cases(rest)
        elif kind == "card":
            name, _line, filter_text = rest.partition("|")
            if name == self._card:
                await self.console.show_cases(filter_text)
            else:
                self._card = name
                self._draw()
        elif kind == "case":
            from console.screens.case import CaseScreen

            self.console.push_screen(CaseScreen([int(rest)], 0))
        elif kind == "alert":
            self.ask("alert", lambda data: data.part(QualityQuestions).alert(rest))
        elif kind == "improvement":
            self._improvement = rest
            self.renew()
        else:
            self.console.push_screen(DefinitionPage(definition, self._answers.get(self.page)))

    def _show_alert(self, found: AlertDetail) -> None:
        from console.screens.quality_definitions import AlertPage

        self.console.push_screen(AlertPage(found))

    # Going about

    def _go_to(self, page: str) -> None:
        self.page = page
        self._improvement = ""
        self._show_strip()
        if page in self._answers and page != "improvements":
            self._draw()
        else:
            self.board.show(lambda _width: [(Spot(_("Asking the database…"), "quiet"),)], keep=False)
        self.renew()

    def _step(self, by: int) -> None:
        names = list(PAGES)
        self._go_to(names[(names.index(self.page) + by) % len(names)])

    @on(Bar.PartChosen, "#strip")
    def choose_page(self, event: Bar.PartChosen) -> None:
        """Show the page clicked."""
        self._go_to(event.part)

    def action_next_page(self) -> None:
        self._step(1)

    def action_previous_page(self) -> None:
        self._step(-1)

    def action_up_again(self) -> None:
        if self._improvement:
            self._go_to("improvements")
        elif self.filter_text:
            self.filter_text = ""
            self.renew()

    def action_filter(self) -> None:
        def taken(values: Mapping[str, str] | None) -> None:
            if values is not None:
                self.filter_text = values.get("filter", "").strip()
                self.renew()

        hint = "category:billing region:east channel:telephone"
        field = FormField("filter", _("Filter"), value=self.filter_text, hint=hint, check=fault_of)
        about = (_("For example {example}").format(example=hint),)
        self.console.push_screen(FormDialog(_("A slice of the complaints"), about, [field]), taken)

    def action_table(self) -> None:
        self._is_table = not self._is_table
        self._draw()

    def action_group(self) -> None:
        groups = GROUPS.get(self.page)
        if groups is None:
            self.console.say(_("This page has no groups."))
            return

        def taken(name: str | None) -> None:
            if name is not None:
                self._by[self.page] = name
                self._card = WHOLE
                self.renew()

        choices = [(name, _(DIMENSIONS[name])) for name in groups]
        self.console.push_screen(Chooser(_("Group by"), choices, has_search=False, current=self._by[self.page]), taken)

    def action_sort(self) -> None:
        if self.page != "cards":
            self.console.say(_("Only score cards are sorted."))
            return
        orders = list(ORDERS)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self._draw()
        self.console.say(_("Sorted by: {order}.").format(order=_(ORDERS[self._order])))

    def action_history(self) -> None:
        if self.page != "cards":
            self.console.say(_("Only score cards are told by month."))
            return
        self._has_history = not self._has_history
        self._answers.pop("history", None)
        if self._has_history:
            self.renew()
        else:
            self._draw()

    def action_period(self) -> None:
        found = self._answers.get("trend")
        if self.page == "trend" and isinstance(found, ComplaintTrend):
            months = [point.month for point in reversed(found.points) if point.value is not None]
            self._choose(_("Month"), months, found.focus, self._take_month)
        elif self.page == "cards":
            self._choose(_("Quarter or year"), _periods(), self._quarter, self._take_quarter)
        else:
            self.console.say(_("This page shows how it is now."))

    def _choose(self, title: str, names: Sequence[str], current: str, take: Callable[[str | None], None]) -> None:
        self.console.push_screen(Chooser(title, [(name, name) for name in names], current=current), take)

    def _take_month(self, month: str | None) -> None:
        if month is not None:
            self._month = month
            self.renew()

    def _take_quarter(self, quarter: str | None) -> None:
        if quarter is not None:
            self._quarter = quarter
            self.renew()

    def action_refresh(self) -> None:
        self.renew()

    # Alerts

    def _alert_number(self) -> str:
        kind, rest = self._target()
        if kind == "alert":
            return rest
        self.console.say(_("Put the cursor on an alert first."))
        return ""

    def action_watch(self) -> None:
        self.ask("done", lambda data: data.part(QualityQuestions).run_alerts())

    def action_acknowledge(self) -> None:
        alert_number = self._alert_number()
        if not alert_number:
            return

        def taken(values: Mapping[str, str] | None) -> None:
            if values is not None:
                note = values.get("note", "")
                self.ask("done", lambda data: data.part(QualityQuestions).acknowledge(alert_number, note))

        fields = [FormField("note", _("Note"))]
        title = _("Acknowledge {number}").format(number=alert_number)
        self.console.push_screen(FormDialog(title, (), fields), taken)

    def action_own(self) -> None:
        if self._alert_number():
            self.ask("people", lambda data: data.part(QualityQuestions).people())

    def _choose_owner(self, people: Sequence[tuple[str, str]]) -> None:
        alert_number = self._alert_number()
        if not alert_number:
            return

        def taken(login: str | None) -> None:
            if login is not None:
                self.ask("done", lambda data: data.part(QualityQuestions).own(alert_number, login))

        choices = [(login, f"{name} ({login})") for login, name in people]
        self.console.push_screen(Chooser(_("Who takes care of {number}").format(number=alert_number), choices), taken)

    def action_record(self) -> None:
        kind, rest = self._target()
        self.plan(self._planned or ({"alert": rest} if kind == "alert" else {}))

    def planned(self, row: ImprovementRow) -> None:
        """Show the improvement that was written down or closed."""
        self.page, self._improvement = "improvements", row.number
        self._show_strip()
        super().planned(row)
        self.renew()

    def to_export(self) -> tuple[object, str] | None:
        """The page shown."""
        answer = self._answers.get(self.page)
        history = self._answers.get("history") if self.page == "cards" and self._has_history else None
        if history is not None:
            return history, "history"
        return (answer, self._improvement or self.page) if answer is not None else None

    def _ask_judgement(self, found: Effect) -> None:
        number = found.row.number

        def taken(values: Mapping[str, str] | None) -> None:
            if values is not None:
                self._judged = given = dict(values)
                verdict, why = given["verdict"], given["conclusion"]
                self.ask("concluded", lambda data: data.part(QualityQuestions).close_improvement(number, verdict, why))

        title = _("Close {number}").format(number=number)
        fields = judgement_fields(self._judged)
        self.console.push_screen(FormDialog(title, judgement_about(found), fields, saves_on_enter=False), taken)

    def action_close(self) -> None:
        if self.page == "improvements":
            kind, rest = self._target()
            number = self._improvement or (rest if kind == "improvement" else "")
            if number:
                self.ask("judging", lambda data: data.part(QualityQuestions).effect(number))
            else:
                self.console.say(_("Put the cursor on an improvement first."))
            return
        alert_number = self._alert_number()
        if not alert_number:
            return

        def taken(values: Mapping[str, str] | None) -> None:
            if values is not None:
                cause, note = values["cause"], values.get("note", "")
                self.ask("done", lambda data: data.part(QualityQuestions).close(alert_number, cause, note))

        fields = [FormField("cause", _("Cause"), is_required=True), FormField("note", _("Note"))]
        title = _("Close {number}").format(number=alert_number)
        self.console.push_screen(FormDialog(title, (), fields, saves_on_enter=False), taken)

    def action_event(self) -> None:
        def taken(values: Mapping[str, str] | None) -> None:
            if values is not None:
                day, note = values["day"], values["note"]
                self.ask("done", lambda data: data.part(QualityQuestions).name_event(day, note))

        fields = [
            FormField("day", _("Day"), value=now().date().isoformat(), is_required=True, check=_fault_of_day),
            FormField("note", _("What happened"), is_required=True),
        ]
        title = _("An event that explains some days")
        self.console.push_screen(FormDialog(title, (), fields, saves_on_enter=False), taken)


def _fault_of_day(text: str) -> str:
    from datetime import date

    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return _("Write it as 2026-11-30.")
    return ""


def _periods() -> list[str]:
    """The running quarter and those before it, then the years."""
    today = now().date()
    number = today.year * 4 + (today.month - 1) // 3
    quarters = [f"{at // 4}-Q{at % 4 + 1}" for at in range(number, number - QUARTERS_OFFERED, -1)]
    return [*quarters, *(str(today.year - back) for back in range(YEARS_OFFERED))]
