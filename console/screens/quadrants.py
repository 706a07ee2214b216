"""Quadrants: how important an indicator is for overall satisfaction against how well it does, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

from textual import on
from textual.binding import BindingType
from textual.widgets import Static

from console.errors import UsageError
from console.i18n import N_, _
from console.screens.answers import AnswersScreen
from console.screens.base import NAVIGATION
from console.screens.chooser import Chooser
from console.screens.figure_screen import FigureScreen
from console.screens.figures import FigurePage, interval, label_of, shown
from console.screens.satisfaction_questions import SatisfactionQuestions
from console.sentences import said
from console.services.satisfaction_views import DriverRow, DriverTable
from console.signs import is_ascii, sign
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.board import Board, BoardLine, Spot
from console.widgets.content import cut, fit, line, number
from console.widgets.plots.scatter import Point, scatter
from console.widgets.reading import Facts, Gap, Paragraph
from console.wrapping import wrap

CROSSHAIRS = {"mean": N_("mean"), "median": N_("median"), "target": N_("target")}
QUADRANTS = {
    "improve first": N_("improve first"),
    "keep up": N_("keep up"),
    "minor": N_("minor"),
    "overdone": N_("overdone"),
}
CORNERS = ("overdone", "keep up", "minor", "improve first")
"""Upper left, upper right, lower left, lower right, for importance to the right and performance upwards."""
TABLE_CELLS = 40
SIDE_BY_SIDE = 100


class QuadrantScreen(FigureScreen):
    """Shows the drivers of a slice in quadrants."""

    context = "quadrants"
    question = "drivers"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("quadrants"), *NAVIGATION]

    def __init__(self, filter_text: str = "") -> None:
        super().__init__(filter_text)
        self._crosshair = "median"
        self._overall = ""
        self._is_stated = False
        self._found: DriverTable | None = None

    def renew(self) -> None:
        """Ask for the drivers again."""
        filter_text, crosshair, overall = self.filter_text, self._crosshair, self._overall
        self.ask("drivers", lambda data: data.part(SatisfactionQuestions).drivers(filter_text, crosshair, overall))

    def answered(self, group: str, answer: object) -> None:
        """Show the quadrants, or the questions that may be the overall one."""
        if isinstance(answer, DriverTable):
            self._found = answer
            self.draw()
        elif group == "rated":
            self._choose_overall(cast("Sequence[tuple[str, str, str]]", answer))
        else:
            super().answered(group, answer)

    def failed(self, group: str, error: Exception) -> None:
        """Say why nothing can be placed; where the overall question is not known, let it be chosen."""
        super().failed(group, error)
        if group == self.question and isinstance(error, UsageError):
            self.action_overall()

    def to_export(self) -> tuple[object, str] | None:
        """The drivers shown."""
        return (self._found, f"drivers-{self._found.survey}") if self._found is not None else None

    def action_improve(self) -> None:
        driver = self._driver(self.board.key)
        if driver is None or self._found is None:
            self.console.say(_("Put the cursor on an indicator that is to get better."))
            return
        self.start_improvement(self._found.survey, driver.code, _name(driver), driver.performance.filter)

    def _driver(self, key: str) -> DriverRow | None:
        code = key.partition(":")[2]
        return next((row for row in self._found.drivers if row.code == code), None) if self._found else None

    def draw(self) -> None:
        """Draw the quadrants."""
        found = self._found
        if found is None:
            return
        title = _("Importance and performance: what moves {overall}").format(overall=found.overall)
        self.query_one("#page-title", Static).update(line(f"{title}  {self.filter_text or found.survey}"))
        is_table, is_stated, height = self._is_table, self._is_stated, self.board.size.height
        self.board.show(lambda width: quadrant_lines(found, width, height, is_table=is_table, is_stated=is_stated))
        parts = [
            _("crosshair: {rule}").format(rule=_(CROSSHAIRS[found.crosshair])),
            _("importance: {kind}").format(kind=_("stated") if is_stated else _("derived")),
        ]
        self.query_one("#status", Bar).show([("", text, "") for text in parts])

    @on(Board.Chosen)
    def act_on_figure(self, event: Board.Chosen) -> None:
        """Open the answers of a driver, or tell how its place was found."""
        if self._found is None:
            return
        driver = self._driver(event.key)
        if event.wish == "open" and driver is not None:
            self.console.push_screen(AnswersScreen(driver.performance.filter))
        elif event.wish in ("open", "explain") and driver is not None:
            self.console.push_screen(_driver_page(driver, self._found))
        elif event.wish in ("open", "explain"):
            self.console.push_screen(FigurePage(_("Importance"), "share", None, [_method(self._found)]))

    def action_crosshair(self) -> None:
        rules = list(CROSSHAIRS)
        self._crosshair = rules[(rules.index(self._crosshair) + 1) % len(rules)]
        self.renew()

    def action_stated(self) -> None:
        if self._found is not None and not any(row.stated for row in self._found.drivers):
            self.console.say(_("This survey does not ask how important things are."))
            return
        self._is_stated = not self._is_stated
        self.draw()

    def action_overall(self) -> None:
        filter_text = self.filter_text
        self.ask("rated", lambda data: data.part(SatisfactionQuestions).rated(filter_text))

    def _choose_overall(self, found: Sequence[tuple[str, str, str]]) -> None:
        choices = [(code, f"{label_of(label, label_zh, code)} ({code})") for code, label, label_zh in found]

        def take(code: str | None) -> None:
            if code is not None:
                self._overall = code
                self.renew()

        current = self._found.overall if self._found else ""
        self.console.push_screen(Chooser(_("The overall question"), choices, current=current), take)


def importance_of(row: DriverRow, *, is_stated: bool) -> float | None:
    """Return the importance that is drawn: the share explained in percent, or what respondents say on 0 to 100."""
    if not is_stated:
        return 100 * row.share
    return row.stated.value if row.stated is not None else None


def _name(row: DriverRow) -> str:
    return label_of(row.label, row.label_zh, row.code)


def quadrant_lines(
    found: DriverTable, width: int, height: int, *, is_table: bool = False, is_stated: bool = False
) -> list[BoardLine]:
    """Return the page in so many cells; the plot takes what a window of ``height`` lines leaves."""
    table = _table(
        found, min(width, TABLE_CELLS + 20) if is_table or width < SIDE_BY_SIDE else TABLE_CELLS, is_stated=is_stated
    )
    facts = _facts(found, is_stated=is_stated)
    words = [(Spot(text, "" if place else "heading"),) for place, text in enumerate(_conclusion(found, width))]
    if is_table:
        return [*table, (), *[(Spot(cut(text, width), "quiet"),) for text in facts], (), *words]
    if width >= SIDE_BY_SIDE:
        plot = _plot(found, width - TABLE_CELLS - 3, max(14, height - len(words) - 2), is_stated=is_stated)
        right = [*table, (), *[(Spot(part, "quiet"),) for text in facts for part in wrap(text, TABLE_CELLS)]]
        rows = max(len(plot), len(right))
        lines: list[BoardLine] = []
        for row in range(rows):
            left = plot[row] if row < len(plot) else (Spot(" " * (width - TABLE_CELLS - 3)),)
            lines.append((*left, Spot(f" {sign('upright')} ", "quiet"), *(right[row] if row < len(right) else ())))
        return [*lines, (), *words]
    plot = _plot(found, width, 14, is_stated=is_stated)
    return [*plot, *table, *words, *[(Spot(part, "quiet"),) for text in facts for part in wrap(text, width)]]


def _plot(found: DriverTable, width: int, height: int, *, is_stated: bool) -> list[BoardLine]:
    points = []
    for place, row in enumerate(found.drivers, 1):
        x, y = importance_of(row, is_stated=is_stated), row.performance.value
        if x is not None and y is not None:
            points.append(
                Point(
                    x, y, str(place), _name(row), "overdue" if row.is_sure and row.quadrant == "improve first" else ""
                )
            )
    cross = (100 * found.cross[0], found.cross[1])
    if is_stated and points:
        xs = sorted(point.x for point in points)
        cross = (sum(xs) / len(xs) if found.crosshair != "median" else xs[len(xs) // 2], found.cross[1])
    upper_left, upper_right, lower_left, lower_right = (_(QUADRANTS[corner]) for corner in CORNERS)
    plot = scatter(
        points,
        cross,
        (upper_left, upper_right, lower_left, lower_right),
        (_("Indicator"), _("Importance"), _("Performance")),
        width,
        height,
        is_ascii=is_ascii(),
    )
    return [tuple(Spot(piece.text, piece.style) for piece in line_) for line_ in plot.lines]


def _table(found: DriverTable, width: int, *, is_stated: bool) -> list[BoardLine]:
    has_stated = any(row.stated for row in found.drivers)
    columns = 6 + 8 + 7 + (7 if has_stated else 0)
    name_cells = max(8, width - 3 - columns)
    heads = [
        Spot(fit(_("Indicator"), 3 + name_cells), "label"),
        Spot(fit(_("Imp.%"), 6, is_right=True), "label", "method:"),
    ]
    if has_stated:
        heads.append(Spot(fit(_("Stated"), 7, is_right=True), "label"))
    heads += [Spot(fit(_("Perf."), 8, is_right=True), "label"), Spot(fit(_("P(1st)"), 7, is_right=True), "label")]
    lines: list[BoardLine] = [tuple(heads)]
    for place, row in enumerate(found.drivers, 1):
        first = f"{100 * row.chances[0]:.0f}%" if row.chances else "-"
        spots = [
            Spot(f"{place:2d} "),
            Spot(fit(_name(row), name_cells)),
            Spot(fit(f"{100 * row.share:.1f}", 6, is_right=True), "quiet" if is_stated else ""),
        ]
        if has_stated:
            spots.append(Spot(fit(shown(row.stated), 7, is_right=True)))
        spots += [
            Spot(fit(shown(row.performance), 8, is_right=True), "", f"driver:{row.code}"),
            Spot(fit(first, 7, is_right=True), "overdue" if row.is_sure and row.quadrant == "improve first" else ""),
        ]
        lines.append(tuple(spots))
    return lines


def _facts(found: DriverTable, *, is_stated: bool) -> list[str]:
    del is_stated
    facts = [
        _("Derived importance: {method}, R2 {r}, n {n}, {missing} incomplete.").format(
            method=found.method, r=f"{found.r_squared:.3f}", n=number(found.n), missing=number(found.n_missing)
        ),
        _(
            "P(1st): how often of {count} bootstrap samples an indicator is to be improved first; named from 60 % on."
        ).format(count=number(found.replicates)),
    ]
    if not found.is_publishable:
        facts.append(_("! Not to be published: too few answers for so many drivers, or they explain too little."))
    return facts


def _conclusion(found: DriverTable, width: int) -> list[str]:
    """What the quadrants say, in sentences."""

    def names(rows: Sequence[DriverRow]) -> str:
        return ", ".join(
            f"{_name(row)} ({100 * row.probability:.0f}%)" if row.probability is not None else _name(row)
            for row in rows
        )

    sure = [row for row in found.drivers if row.is_sure]
    first = [row for row in sure if row.quadrant == "improve first"]
    kept = [row for row in sure if row.quadrant == "keep up"]
    overdone = [row for row in sure if row.quadrant == "overdone"]
    unsure = [row for row in found.drivers if not row.is_sure and row.chances and row.chances[0] >= 0.25]
    texts = [
        _("Improve first: {names}.").format(names=names(first))
        if first
        else _("No indicator is surely to be improved first.")
    ]
    if unsure:
        chances = ", ".join(f"{_name(row)} ({100 * row.chances[0]:.0f}%)" for row in unsure)
        texts.append(_("On the edge of being improved first: {names}.").format(names=chances))
    if kept:
        texts.append(_("Keep up: {names}.").format(names=names(kept)))
    if overdone:
        texts.append(_("Perhaps more than needed: {names}.").format(names=names(overdone)))
    order = sorted((row for row in found.drivers if row.priority is not None), key=lambda row: -(row.priority or 0.0))
    if order:
        ranks = {row.code: place for place, row in enumerate(found.drivers, 1)}
        listed = " ".join(str(ranks[row.code]) for row in order)
        texts.append(
            _("Priority, importance {times} (100 - performance): {order}.").format(times=sign("times"), order=listed)
        )
    texts += _crosshair_words(found) + _stated_words(found)
    return [part for text in texts for part in wrap(text, width)]


def _crosshair_words(found: DriverTable) -> list[str]:
    by_code = {row.code: _name(row) for row in found.drivers}
    mean, median = (found.first_by.get(rule, ()) for rule in ("mean", "median"))
    if set(mean) == set(median):
        return []
    return [
        _(
            "Where the crosshair stands changes the conclusion. By the mean: {mean}; by the median: {median}. Report both."
        ).format(
            mean=", ".join(by_code[code] for code in mean) or _("none"),
            median=", ".join(by_code[code] for code in median) or _("none"),
        )
    ]


def _stated_words(found: DriverTable) -> list[str]:
    stated = [row for row in found.drivers if row.stated is not None and row.stated.value is not None]
    if len(stated) < 3:
        return []
    said = {
        row.code: place
        for place, row in enumerate(
            sorted(stated, key=lambda row: -(row.stated.value if row.stated and row.stated.value else 0.0)), 1
        )
    }
    texts = []
    for derived, row in enumerate(stated, 1):
        if derived - said[row.code] >= max(2, len(stated) // 3):
            texts.append(
                _("{name} is called important (place {said}) but moves satisfaction little (place {derived}): perhaps taken for "
                  "granted, so no reason to do less.").format(name=_name(row), said=said[row.code], derived=derived)
            )  # fmt: skip
    return texts


def _method(found: DriverTable) -> Facts:
    return Facts(
        (
            (_("Method"), found.method),
            ("R2", f"{found.r_squared:.4f}"),
            ("n", number(found.n)),
            (_("Incomplete"), number(found.n_missing)),
            (_("Seed"), str(found.seed)),
            (_("Filter"), found.filter),
        )
    )


def _driver_page(row: DriverRow, found: DriverTable) -> FigurePage:
    chances = [f"{_(name)} {100 * chance:.0f}%" for name, chance in zip(QUADRANTS.values(), row.chances, strict=False)]
    facts = Facts(
        (
            (_("Importance"), f"{100 * row.share:.2f}%"),
            (_("Explains of R2"), f"{row.importance:.6f}"),
            (_("Correlation"), f"{row.correlation:.3f}"),
            (_("Stated"), f"{shown(row.stated)} {interval(row.stated)}" if row.stated else ""),
            (_("Priority"), "" if row.priority is None else f"{row.priority:.3f}"),
            (_("Quadrant"), _(QUADRANTS[row.quadrant]) if row.quadrant in QUADRANTS else row.quadrant),
            (_("Bootstrap"), ", ".join(chances)),
        )
    )
    notes = [Paragraph(said(note), "quiet") for note in found.warnings]
    return FigurePage(_name(row), "share", row.performance, [facts, Gap(), _method(found), *notes])
