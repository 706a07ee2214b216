"""Satisfaction: one survey at a glance, from the index down to the single answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

from textual import on
from textual.binding import BindingType
from textual.widgets import Static

from console.errors import NotFoundError, OmbudError
from console.i18n import _, ngettext
from console.screens.answers import AnswersScreen
from console.screens.asking import with_terms, without_last
from console.screens.base import NAVIGATION
from console.screens.chooser import Chooser
from console.screens.figure_screen import FigureScreen
from console.screens.figures import FigurePage, interval, label_of, shown, table_block, weights_of
from console.screens.overview_page import dimension_name, headline_name, overview_lines, split_words, value_name
from console.screens.quality_questions import QualityQuestions
from console.screens.satisfaction_questions import SatisfactionQuestions
from console.screens.trend_page import UNITS
from console.screens.trend_page import figure as figure_of_unit
from console.sentences import said, told
from console.services.overview_views import Headline, Overview, SurveyChoice
from console.services.quality_views import ComplaintTrend
from console.services.satisfaction_views import Figure, NodeFigure, WeightVersion
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.board import Board
from console.widgets.content import line, moment, number
from console.widgets.reading import Block, Facts, Heading, Paragraph


class SatisfactionScreen(FigureScreen):
    """Shows the overview of a survey, or of the slice that a filter cuts out of it."""

    context = "satisfaction"
    question = "overview"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("satisfaction"), *NAVIGATION]

    def __init__(self) -> None:
        super().__init__()
        self._tree = ""
        self._found: Overview | None = None
        self._complaints: ComplaintTrend | None = None
        self._folded: set[str] = set()

    def renew(self) -> None:
        """Ask for the figures again."""
        filter_text, tree = self.filter_text, self._tree
        self.ask("complaints", lambda data: data.part(QualityQuestions).complaints())
        self.ask("overview", lambda data: data.part(SatisfactionQuestions).overview(filter_text, tree))

    def answered(self, group: str, answer: object) -> None:
        """Show the figures, or what may be chosen."""
        if isinstance(answer, Overview):
            self._found = answer
            self.draw()
        elif isinstance(answer, ComplaintTrend):
            self._complaints = answer
            self._show_status()
        elif group == "surveys":
            self._choose_survey(cast("Sequence[SurveyChoice]", answer))
        elif group == "months":
            self._choose_month(cast("Sequence[str]", answer))
        elif group == "weights":
            self._choose_weights(cast("Sequence[WeightVersion]", answer))
        else:
            super().answered(group, answer)

    def to_export(self) -> tuple[object, str] | None:
        """The overview shown."""
        return (self._found, f"overview-{self._found.survey.code}") if self._found is not None else None

    def failed(self, group: str, error: Exception) -> None:
        """Say why there are no figures; complaints beside them are no matter where there are none."""
        if group == "complaints" and isinstance(error, OmbudError):
            return
        if group == "overview" and isinstance(error, NotFoundError):
            self._found = None
            texts = list(told(error))
            if not self.filter_text:
                texts = [_("Nobody has answered a survey yet."), _("Load answers with: ombud import responses FILE")]
            self.say_instead(texts)
            self.query_one("#page-title", Static).update(line(self.filter_text))
            return
        super().failed(group, error)

    def draw(self) -> None:
        """Draw the overview."""
        found = self._found
        if found is None:
            return
        survey = found.survey
        title = f"{label_of(survey.title, survey.title_zh, survey.code)} ({survey.code})"
        parts = [title, survey.wave, _("third party") if survey.assessor == "third_party" else _("own survey")]
        parts.append(self.filter_text)
        self.query_one("#page-title", Static).update(line("  ".join(part for part in parts if part)))
        folded, is_table = frozenset(self._folded), self._is_table
        self.board.show(lambda width: overview_lines(found, width, folded, is_table=is_table))
        self._show_status()

    def _show_status(self) -> None:
        """Show of when the answers are, with what they are compared, and what is complained of meanwhile."""
        found = self._found
        if found is None:
            return
        survey, period = found.survey, ""
        if survey.first_at is not None and survey.last_at is not None:
            zone = self.console.zone
            period = f"{moment(survey.first_at, zone)[:10]} - {moment(survey.last_at, zone)[:10]}"
        compared = _("compared with {survey}").format(survey=found.before_filter) if found.before_filter else ""
        self.query_one("#status", Bar).show(
            [("", text, "") for text in (period, compared, complaint_words(self._complaints)) if text]
        )

    # What is under the cursor

    @on(Board.Chosen)
    def act_on_figure(self, event: Board.Chosen) -> None:
        """Open the rows of a figure, tell its definition, or fold below it."""
        if self._found is None:
            return
        kind, _colon, rest = event.key.partition(":")
        if event.wish in ("fold", "unfold"):
            if kind in ("node", "change", "costs"):
                self._fold(rest, is_open=event.wish == "unfold")
        elif event.wish == "explain":
            self.console.push_screen(self._page(kind, rest, self._found))
        else:
            filter_text = self._rows_of(kind, rest, self._found)
            if filter_text:
                self.console.push_screen(AnswersScreen(filter_text))
            else:
                self.console.push_screen(self._page(kind, rest, self._found))

    def _fold(self, node_id: str, *, is_open: bool) -> None:
        if is_open:
            self._folded.discard(node_id)
        elif self._found is not None and any(row.node.parent == node_id for row in self._found.rows):
            self._folded.add(node_id)
        self.draw()

    def _rows_of(self, kind: str, rest: str, found: Overview) -> str:
        """The filter that finds the answers behind a figure; empty where there are none to list."""
        if kind == "head":
            headline = found.headlines[int(rest)]
            return headline.figure.filter or found.survey.filter
        if kind in ("node", "costs"):
            return _node(found, rest).figure.filter
        if kind == "weak":
            return found.weak_points[int(rest) - 1].figure.filter
        if kind == "segment":
            return self._segment(rest, found).filter
        return ""

    def _segment(self, rest: str, found: Overview) -> Figure:
        dimension, _colon, value = rest.partition(":")
        segments = dict(found.drill)[dimension]
        return next(segment.figure for segment in segments if segment.value == value)

    def _page(self, kind: str, rest: str, found: Overview) -> FigurePage:
        if kind == "head":
            headline = found.headlines[int(rest)]
            more = [*_change_blocks(headline), *_notes(found)] if headline.kind == "index" else _change_blocks(headline)
            return FigurePage(headline_name(headline), headline.kind, headline.figure, more)
        if kind in ("node", "change", "costs"):
            return _node_page(kind, _node(found, rest), found)
        if kind == "weak":
            return _weak_page(int(rest), found)
        if kind == "segment":
            dimension, _colon, value = rest.partition(":")
            title = f"{dimension_name(dimension)}: {value_name(dimension, value)}"
            return FigurePage(title, "segment", self._segment(rest, found))
        if kind == "rate":
            return FigurePage(_("Response rate"), "rate", found.survey.response_rate)
        if kind == "months":
            rows = [(month, shown(figure), interval(figure), number(figure.n)) for month, figure in found.months]
            table = table_block((_("Month"), _("Index"), _("95% interval"), "n"), rows)
            return FigurePage(_("Index by month"), "segment", None, [table])
        return FigurePage(_("Change since the last wave"), "change", found.headlines[0].change, _split_blocks(found))

    # Actions

    def action_survey(self) -> None:
        self.ask("surveys", lambda data: data.part(SatisfactionQuestions).surveys())

    def _choose_survey(self, found: Sequence[SurveyChoice]) -> None:
        zone = self.console.zone
        choices = [
            (
                survey.code,
                f"{label_of(survey.title, survey.title_zh, survey.code)} ({survey.code})  {survey.series} {survey.wave}  "
                f"{number(survey.responses)}  {moment(survey.last_at, zone)[:10]}  "
                f"{_('third party') if survey.assessor == 'third_party' else ''}",
            )
            for survey in found
        ]

        def take(code: str | None) -> None:
            if code is not None:
                self._tree = ""
                self._folded.clear()
                self.show_slice(with_terms(self.filter_text, {"survey": code, "month": "", "wave": "", "series": ""}))

        current = self._found.survey.code if self._found else ""
        self.console.push_screen(Chooser(_("Survey or wave"), choices, current=current), take)

    def action_period(self) -> None:
        filter_text = self.filter_text
        self.ask("months", lambda data: data.part(SatisfactionQuestions).months(filter_text))

    def _choose_month(self, months: Sequence[str]) -> None:
        choices = [("", _("All months")), *((month, month) for month in months)]

        def take(month: str | None) -> None:
            if month is not None and self._found is not None:
                self.show_slice(with_terms(self.filter_text, {"survey": self._found.survey.code, "month": month}))

        self.console.push_screen(Chooser(_("Month"), choices), take)

    def action_tree(self) -> None:
        from console.rules.indicator_trees import load_tree, ready_trees

        trees = [load_tree(name) for name in ready_trees()]
        choices = [("own", _("The survey's own tree"))]
        choices += [(tree.name, label_of(tree.title, tree.title_zh, tree.name)) for tree in trees]

        def take(name: str | None) -> None:
            if name is not None:
                self._tree = name
                self._folded.clear()
                self.renew()

        self.console.push_screen(Chooser(_("Indicator tree"), choices, current=self._tree or "own"), take)

    def action_weights(self) -> None:
        if self._found is not None:
            code = self._found.survey.code
            self.ask("weights", lambda data: data.part(SatisfactionQuestions).weights(code))

    def _choose_weights(self, found: Sequence[WeightVersion]) -> None:
        """Let a version be chosen for the figures, or all of them be read."""
        if self._found is None:
            return
        if not found:
            self._show_weights(found)
            return
        zone = self.console.zone
        choices = [
            (
                version.name,
                f"{version.name}  {_('in use') if version.is_active else ''}  {version.method}  "
                f"{moment(version.made_at, zone)[:10]}",
            )
            for version in found
        ]
        choices.append(("", _("Read what each version says")))
        active = next((version.name for version in found if version.is_active), "")

        def take(name: str | None) -> None:
            if name == "":
                self._show_weights(found)
            elif name is not None and self._found is not None:
                # Weights belong to one survey, and those in use need no naming.
                terms = {"survey": self._found.survey.code, "weights": "" if name == active else name}
                self.show_slice(with_terms(self.filter_text, terms))

        current = self._found.survey.index.weights_version
        self.console.push_screen(Chooser(_("Weights for these figures"), choices, current=current), take)

    def action_improve(self) -> None:
        found, (kind, _colon, rest) = self._found, self.board.key.partition(":")
        if found is not None and kind == "weak":
            point = found.weak_points[int(rest) - 1]
            label = label_of(point.label, point.label_zh, point.indicator)
            title = f"{label}, {value_name(point.dimension, point.value)}"
            self.start_improvement(found.survey.code, point.indicator, title, point.figure.filter)
        elif found is not None and kind in ("node", "change", "costs") and not _is_inner(found, rest):
            node = _node(found, rest)
            code = rest.rpartition("/")[2]
            self.start_improvement(found.survey.code, code, label_of(node.label, node.label_zh, rest), self.filter_text)
        else:
            self.console.say(_("Put the cursor on a weak point or an indicator that is to get better."))

    def _show_weights(self, found: Sequence[WeightVersion]) -> None:
        zone = self.console.zone
        blocks: list[Block] = []
        if not found:
            blocks.append(
                Paragraph(
                    _("No weights were entered: ombud satisfaction weights SURVEY FILE --apply enters a version.")
                )
            )
        for version in found:
            title = f"{version.name}  {_('in use') if version.is_active else ''}"
            consistency = "" if version.consistency is None else f"{version.consistency:.3f}"
            facts = (
                (_("Method"), version.method),
                (_("Tree"), version.tree or _("The survey's own tree")),
                ("CR", consistency),
                (_("By"), version.actor),
                (_("Made"), moment(version.made_at, zone)),
                (_("Note"), version.note),
                (_("Weights"), ", ".join(f"{code} {weight:.4f}" for code, weight in version.weights.items())),
            )
            blocks += [Heading(title), Facts(facts)]
        current = weights_of(self._found.survey.index.weights_version) if self._found else ""
        blocks.append(Paragraph(_("The figures shown stand on: {version}").format(version=current), "quiet"))
        self.console.push_screen(FigurePage(_("Versions of the weights"), "", None, blocks))

    def action_drill(self) -> None:
        kind, _colon, rest = self.board.key.partition(":")
        if self._found is None or kind != "segment":
            self.console.say(_("Put the cursor on a segment to go into it."))
            return
        dimension, _colon, value = rest.partition(":")
        self.show_slice(with_terms(self.filter_text, {"survey": self._found.survey.code, dimension: value or "none"}))

    def action_fold(self) -> None:
        kind, _colon, rest = self.board.key.partition(":")
        if kind in ("node", "change", "costs"):
            self._fold(rest, is_open=rest in self._folded)

    def action_up_again(self) -> None:
        if self.filter_text:
            self.show_slice(without_last(self.filter_text))

    def action_quadrants(self) -> None:
        from console.screens.quadrants import QuadrantScreen

        self.console.push_screen(QuadrantScreen(self._narrowed()))

    def action_pivot(self) -> None:
        from console.screens.pivots import PivotScreen

        self.console.push_screen(PivotScreen(self._narrowed()))

    def _narrowed(self) -> str:
        return with_terms(self.filter_text, {"survey": self._found.survey.code}) if self._found else self.filter_text

    def action_surveys(self) -> None:
        self.app.action_surveys()  # type: ignore[attr-defined]


def complaint_words(found: ComplaintTrend | None) -> str:
    """Return the complaints of the last complete month beside its limits, and how many alerts are open."""
    point = next((one for one in found.points if one.month == found.focus), None) if found is not None else None
    if found is None or point is None or point.value is None:
        return ""
    value, unit = figure_of_unit(found.unit, point.value), _(UNITS[found.unit])
    text = _("{month}: {value} {unit}").format(month=point.month, value=value, unit=unit)
    if point.is_outside:
        text += " " + _("! outside its limits")
    if found.alerts:
        count = len(found.alerts)
        text += "  " + ngettext("{count} alert", "{count} alerts", count).format(count=count)
    return text


def _node(found: Overview, node_id: str) -> NodeFigure:
    return next(row.node for row in found.rows if row.node.id == node_id)


def _is_inner(found: Overview, node_id: str) -> bool:
    return any(row.node.parent == node_id for row in found.rows)


def _change_blocks(headline: Headline) -> list[Block]:
    if headline.change is None:
        return []
    p = "-" if headline.change_p is None else f"{headline.change_p:.4f}"
    facts = (
        (_("Change"), shown(headline.change, has_sign=True)),
        (_("95% interval"), interval(headline.change)),
        ("p", p),
    )
    return [Heading(_("Change since the last wave")), Facts(facts)]


def _notes(found: Overview) -> list[Block]:
    return [Paragraph(said(note), "quiet") for note in (*found.survey.index.warnings, *found.tree.warnings)]


def _split_blocks(found: Overview) -> list[Block]:
    return [Paragraph(split_words(split)) for split in found.splits]


def _node_page(kind: str, node: NodeFigure, found: Overview) -> FigurePage:
    title = label_of(node.label, node.label_zh, node.id)
    if kind == "change":
        row = next(row for row in found.rows if row.node.id == node.id)
        p = "-" if row.change_p is None else f"{row.change_p:.4f}"
        return FigurePage(title, "change", row.change, [Facts((("p", p),)), *_split_blocks(found)])
    facts = Facts(
        (
            (_("Weight within its parent"), f"{100 * node.weight:.1f}%"),
            (_("Weight used"), "" if node.used_weight is None else f"{100 * node.used_weight:.1f}%"),
            (_("Target"), "" if node.target is None else f"{node.target:.1f}"),
            (_("Costs its parent"), "" if node.shortfall is None else f"{node.shortfall:+.2f}"),
        )
    )
    if kind == "costs":
        return FigurePage(title, "shortfall", node.figure, [facts])
    return FigurePage(title, "node" if _is_inner(found, node.id) else "score", node.figure, [facts])


def _weak_page(rank: int, found: Overview) -> FigurePage:
    point = found.weak_points[rank - 1]
    title = f"{label_of(point.label, point.label_zh, point.indicator)}, {value_name(point.dimension, point.value)}"
    told = _(
        "Tested against the rest of the answers to the same indicator (Welch, one-sided), false-discovery rate by Benjamini and "
        "Hochberg over {count} cells with 30 answers or more; listed when q < 0.05 and below the target. Gain: points the index "
        "would win if this cell reached the target."
    )
    facts = Facts(((_("The rest"), f"{point.rest:.1f}"), ("q", f"{point.q:.4f}"), (_("Gain"), f"{point.gain:+.2f}")))
    return FigurePage(title, "score", point.figure, [facts, Paragraph(told.format(count=found.tested), "quiet")])
