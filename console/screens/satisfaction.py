"""Satisfaction: the surveys there are, each indicator with its n, mean and share of good answers."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from console.i18n import _, ngettext
from console.screens.base import NAVIGATION, ConsoleScreen
from console.services.views import IndicatorFigure, SatisfactionSummary, SurveyFigure
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.content import Piece, number
from console.widgets.reading import Block, Gap, Grid, Heading, Paragraph, Reading

FEW = 30
"""Below so many answers a share says little, and is marked."""

BAR_CELLS = 10


class SatisfactionScreen(ConsoleScreen):
    """Shows what customers answered."""

    context = "satisfaction"
    AUTO_FOCUS = "#figures"
    CSS_PATH = "styles/case.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("satisfaction"), *NAVIGATION]

    def compose_body(self) -> ComposeResult:
        """Lay out the figures."""
        yield Reading("figures")
        yield Bar("status")

    def begin(self) -> None:
        """Ask for the figures."""
        reading = self.query_one("#figures", Reading)
        reading.show([Paragraph(_("Asking the database…"), "quiet")])
        self.renew()

    def renew(self) -> None:
        """Ask for the figures again."""
        self.ask("figures", lambda data: data.satisfaction())

    def answered(self, group: str, answer: object) -> None:
        """Show the figures."""
        if isinstance(answer, SatisfactionSummary):
            self.query_one("#figures", Reading).show(summary_blocks(answer), keep=True)
            count = len(answer.surveys)
            text = ngettext("{count} survey", "{count} surveys", count).format(count=number(count))
            self.query_one("#status", Bar).show([("", text, "")])

    def action_surveys(self) -> None:
        self.app.action_surveys()  # type: ignore[attr-defined]

    def action_refresh(self) -> None:
        self.renew()


def summary_blocks(summary: SatisfactionSummary) -> list[Block]:
    """Return the surveys as tables, with what the columns mean."""
    if not summary.surveys:
        return [
            Paragraph(_("Nobody has answered a survey yet.")),
            Gap(),
            Paragraph(_("Load answers with: ombud import responses FILE"), "quiet"),
        ]
    blocks: list[Block] = []
    for survey in summary.surveys:
        blocks += [Heading(f"{survey.title}  ({survey.code})"), Paragraph(_about(survey), "quiet")]
        heads = (_("Indicator"), _("n"), _("Mean"), _("Good"), _("95% interval"), "")
        rows = tuple(_row(indicator) for indicator in survey.indicators)
        blocks += [Grid(heads, rows, right=frozenset({1, 2, 3, 4})), Gap()]
    blocks.append(
        Paragraph(
            _(
                "Good: share of answers in the two highest levels, with its 95% Wilson interval. "
                "~ fewer than {count} answers."
            ).format(count=FEW),
            "quiet",
        )
    )
    return blocks


def _about(survey: SurveyFigure) -> str:
    parts = [
        ngettext("{count} response", "{count} responses", survey.responses).format(count=number(survey.responses)),
        _("scale {low} to {high}").format(low=survey.scale_low, high=survey.scale_high),
    ]
    if survey.first_at is not None and survey.last_at is not None:
        parts.append(f"{survey.first_at:%Y-%m-%d} - {survey.last_at:%Y-%m-%d}")
    return ", ".join(parts)


def _row(figure: IndicatorFigure) -> tuple[str | Piece, ...]:
    if figure.mean is None or figure.top_share is None or figure.low is None or figure.high is None:
        return (figure.label, number(figure.n), "-", "-", "-", "")
    share = f"{figure.top_share * 100:.1f}%{'~' if figure.n < FEW else ' '}"
    interval = f"{figure.low * 100:.1f} - {figure.high * 100:.1f}"
    filled = round(figure.top_share * BAR_CELLS)
    return (
        figure.label,
        number(figure.n),
        f"{figure.mean:.2f}",
        share,
        interval,
        Piece("#" * filled + "." * (BAR_CELLS - filled), "later"),
    )
