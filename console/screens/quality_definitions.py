"""What the figures of quality mean: formula and source of each, and one alert with its history."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from console.actions import key_of
from console.i18n import N_, _
from console.labels import label
from console.screens.answers import AnswersScreen
from console.screens.base import NAVIGATION
from console.screens.page import Page
from console.screens.trend_page import UNITS, figure
from console.sentences import said
from console.services.alert_views import ANSWERS, AlertDetail
from console.services.quality_views import Ageing, ComplaintTrend, ScoreCard
from console.widgets.bindings import bindings
from console.widgets.content import moment
from console.widgets.reading import Block, Facts, Gap, Heading, Paragraph

DEFINITIONS = {
    "rate": (
        N_(
            "Rate = complaints received / thousands of customers (or per month, where nobody knows how many). The limits are "
            "the mean of the baseline ± 3 √(mean / customers), wider by Laney's spread from 1.2 on. The first and the running "
            "month count by their days; a month without any case is a gap."
        ),
        N_("Shewhart's u chart; Laney (2002)."),
    ),
    "alert": (
        N_(
            "A cell alerts beyond its limit when its p withstands Benjamini-Hochberg at 0.05 over all cells of the run. Under "
            "5 expected the limit is the exact Poisson one. A cell alerts once until it is closed."
        ),
        N_("Benjamini and Hochberg (1995); Przyborowski and Wilenski (1940)."),
    ),
    "source": (N_("Complaints of the month minus what the baseline of this value lets expect."), ""),
    "change": (
        N_("The split into two levels with the smallest sum of squares; p by permuting the months."),
        N_("Pettitt (1979)."),
    ),
    "season": (N_("Rate of this month / rate of the same month a year before, with its log-normal interval."), ""),
    "word": (
        N_(
            "Complaints of this week / of the four weeks before that hold the word, kept where the exact binomial p withstands "
            "Benjamini-Hochberg at 0.05."
        ),
        "",
    ),
    "alike": (N_("Complaints of this week whose words are at least 60% the same."), N_("Jaccard (1901).")),
    "card": (
        N_("Received in the period and now with this department. P50/P90 are days to close of closed cases."),
        N_("Funnel: Spiegelhalter (2005)."),
    ),
    "on_time": (
        N_("Answered by due / all that are due; open and overdue ones count as late, those not yet due are left out."),
        N_("Interval: Wilson (1927)."),
    ),
    "first_contact": (N_("Closed with one contact and not reopened / closed."), N_("Interval: Wilson (1927).")),
    "reopened": (N_("Reopened / closed."), N_("Interval: Wilson (1927).")),
    "repeats": (
        N_("Repeats of an earlier complaint of the same customer and cause / received."),
        N_("Interval: Wilson (1927)."),
    ),
    "satisfied": (
        N_("Satisfied / reached by callback; the response rate is reached / closed."),
        N_("Interval: Wilson (1927)."),
    ),
    "adjusted": (
        N_("On-time share × overall share / share expected from the category and severity of these cases."),
        N_("Indirect standardisation."),
    ),
    "backlog": (N_("Open = not closed now; overdue = open and past the due time."), ""),
    "band": (
        N_(
            "Open complaints by whole calendar days since receipt; what is overdue is told by working time, as promised."
        ),
        "",
    ),
    "flow": (N_("Received and closed a week, over the last four weeks; the line shows what was open each week."), ""),
    "survival": (
        N_("Share of cases closed by each day, those still open counted up to their age. Of the last 365 days."),
        N_("Kaplan and Meier (1958)."),
    ),
    "promise": (N_("Promises kept / kept or due, of the last 365 days."), ""),
    "case": (N_("The complaints that have been open longest."), ""),
    "improvement": (N_("What is to get better, written down before anybody looks."), ""),
    "did": (
        N_(
            "(treated after − before) − (comparison after − before); computed only with 30 or more in each of the four."
        ),
        N_("Unpooled normal interval."),
    ),
    "compared": (
        N_(
            "After − before of one group, with Newcombe's interval and a pooled z test; counts a month by their normal interval."
        ),
        N_("Newcombe (1998)."),
    ),
    "evidence": (
        N_(
            "1 before and after; 2 with a signal on a control chart; 3 beside a comparison group with parallel trends; 4 by lot."
        ),
        "",
    ),
}
"""Formula and source of each kind of figure."""


class DefinitionPage(Page):
    """Tells how a figure is made, and on what it rests."""

    def __init__(self, kind: str, about: object) -> None:
        super().__init__(_("Definition"))
        self._kind = kind
        self._about = about

    def renew(self) -> None:
        """Show the definition, for which nothing has to be asked."""
        formula, source = DEFINITIONS.get(self._kind, ("", ""))
        blocks: list[Block] = [Heading(_("Formula")), Paragraph(_(formula) if formula else "-"), Gap()]
        if source:
            blocks += [Heading(_("Source")), Paragraph(_(source)), Gap()]
        self.show([*blocks, *self._basis()])

    def _basis(self) -> list[Block]:
        about = self._about
        pairs: list[tuple[str, str]] = []
        if isinstance(about, ComplaintTrend):
            pairs = [(_("Unit"), _(UNITS[about.unit])), (_("Filter"), about.filter)]
            if about.baseline is not None:
                months = f"{about.baseline.first_month} - {about.baseline.last_month}"
                pairs += [
                    (_("Baseline"), months),
                    (_("Reason"), said(about.baseline.reason)),
                    (_("By"), about.baseline.actor),
                ]
        elif isinstance(about, Ageing | ScoreCard):
            pairs = [(_("As of"), moment(about.as_of, self.console.zone)), (_("Filter"), about.filter)]
        return [Facts(tuple(pairs))]


class AlertPage(Page):
    """One alert: its figures, what it is measured by, and what people did with it; its rows are one key away."""

    context = "alert"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("alert"), *NAVIGATION]

    def __init__(self, found: AlertDetail) -> None:
        super().__init__(f"{found.row.number}  {found.row.cell}")
        self._found = found

    def renew(self) -> None:
        """Show the alert, which was asked for already."""
        found, row, zone = self._found, self._found.row, self.console.zone
        baseline = found.baseline
        facts = Facts(
            (
                (_("Rule"), label(row.rule, "alert_rule")),
                (_("Urgency"), label(row.level, "alert_level")),
                (_("State"), label(row.state, "alert_state")),
                (_("Owner"), row.owner),
                (_("Month"), row.month if row.month == row.latest_month else f"{row.month} - {row.latest_month}"),
                (_("Value"), figure(row.unit, row.value)),
                (_("Expected"), figure(row.unit, row.expected)),
                (_("Limit"), figure(row.unit, row.limit)),
                (_("Counted"), f"{row.count:g} / {row.exposure:g}"),
                ("z, p, q", f"{row.z:.2f}, {row.p:.3g}, {row.q:.3g}"),
                (_("Since"), row.began),
                (_("Repeated months"), str(row.months_repeated or "")),
                (
                    _("Baseline"),
                    ""
                    if baseline is None
                    else f"{baseline.first_month} - {baseline.last_month}: {said(baseline.reason)}",
                ),
                (_("Earlier alert"), row.previous),
                (_("Note"), row.note),
                (_("Cause"), row.cause),
                (_("Rows"), row.rows),
            )
        )
        blocks: list[Block] = [facts, Gap()]
        for event in found.events:
            blocks.append(Paragraph(f"! {event.starts_on}  {event.note}", "soon"))
        for number, title, state in found.improvements:
            blocks.append(Paragraph(f"{number}  {title}  {label(state, 'improvement_state')}"))
        blocks.append(Paragraph(_("{key} opens the rows behind it.").format(key=key_of("alert.rows")), "quiet"))
        blocks.append(Heading(_("History")))
        for step in found.steps:
            blocks.append(Paragraph(f"{moment(step.at, zone)}  {step.actor}  {step.action}"))
        self.show(blocks)

    async def action_rows(self) -> None:
        """Open the answers or the cases that were counted."""
        row = self._found.row
        if row.subject == ANSWERS:
            self.console.push_screen(AnswersScreen(row.rows))
        else:
            await self.console.show_cases(row.rows)
