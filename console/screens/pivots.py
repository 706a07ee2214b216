"""Pivot: two dimensions of the answers against each other, down to the single answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

from rich.cells import cell_len
from textual import on
from textual.binding import BindingType
from textual.widgets import Static

from console.i18n import N_, _, ngettext
from console.screens.answers import AnswersScreen
from console.screens.asking import with_terms, without_last
from console.screens.base import NAVIGATION
from console.screens.chooser import Chooser
from console.screens.figure_screen import FigureScreen
from console.screens.figures import FigurePage, interval, label_of, scale_of, shown, weights_of
from console.screens.overview_page import DIMENSIONS, dimension_name, value_name
from console.screens.satisfaction_questions import SatisfactionQuestions
from console.services.satisfaction_views import Figure, PivotTable
from console.signs import is_ascii
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.board import Board, BoardLine, Spot
from console.widgets.content import fit, line, number
from console.widgets.plots.bars import bar

MEASURES = {
    "index": N_("index by weights"),
    "score": N_("score 0-100, pooled"),
    "mean": N_("mean level"),
    "top2": N_("two best levels"),
    "nps": N_("NPS"),
    "n": N_("number of answers"),
}
KINDS = {"index": "segment", "score": "score", "mean": "score", "top2": "top_two", "nps": "nps", "n": "n"}
NAME_CELLS = 22
CELL = 8


class PivotScreen(FigureScreen):
    """Shows a pivot; each cell opens its answers, or is gone into."""

    context = "pivot"
    question = "pivot"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("pivot"), *NAVIGATION]

    def __init__(self, filter_text: str = "") -> None:
        super().__init__(filter_text)
        self._rows = "region"
        self._columns = "month"
        self._measure = "index"
        self._is_table = True
        self._found: PivotTable | None = None
        self._figures: dict[str, tuple[Figure, dict[str, str]]] = {}

    def renew(self) -> None:
        """Ask for the pivot again."""
        rows, columns, filter_text, measure = self._rows, self._columns, self.filter_text, self._measure
        self.ask("pivot", lambda data: data.part(SatisfactionQuestions).pivot(rows, columns, filter_text, measure))

    def answered(self, group: str, answer: object) -> None:
        """Show the pivot, or the indicators that may be chosen."""
        if isinstance(answer, PivotTable):
            self._found = answer
            self.draw()
        elif group == "rated":
            self._choose_indicator(cast("Sequence[tuple[str, str, str]]", answer))
        else:
            super().answered(group, answer)

    def to_export(self) -> tuple[object, str] | None:
        """The pivot shown."""
        return (self._found, f"pivot-{self._found.survey}") if self._found is not None else None

    def draw(self) -> None:
        """Draw the pivot."""
        found = self._found
        if found is None:
            return
        across = f" {_('by')} {dimension_name(found.column_dimension)}" if found.column_dimension else ""
        title = f"{dimension_name(found.row_dimension)}{across}: {_(MEASURES[found.measure])}"
        self.query_one("#page-title", Static).update(line(f"{title}  {self.filter_text}"))
        self._figures = figures_of(found)
        is_table = self._is_table
        self.board.show(lambda width: pivot_lines(found, width, is_table=is_table))
        total = found.total
        parts = [
            f"{found.survey}: {_indicators(found)}",
            _("scale {scale}").format(scale=scale_of(total.scale)) if total.scale else "",
            _("weights {version}").format(version=weights_of(total.weights_version)) if total.weights_version else "",
            _("coverage {share}").format(share=f"{100 * total.coverage:.0f}%"),
            f"{_('All')} {shown(total)} {interval(total)} n {number(total.n)}",
            _("totals pool the answers"),
        ]
        self.query_one("#status", Bar).show([("", text, "") for text in parts if text])

    @on(Board.Chosen)
    def act_on_figure(self, event: Board.Chosen) -> None:
        """Open the answers of a cell, or tell how it was made."""
        known = self._figures.get(event.key)
        if known is None or self._found is None:
            return
        figure, place = known
        if event.wish == "explain":
            title = ", ".join(f"{dimension_name(name)} {value_name(name, value)}" for name, value in place.items())
            self.console.push_screen(FigurePage(title or _("All"), KINDS[self._found.measure], figure))
        elif event.wish == "open":
            self.console.push_screen(AnswersScreen(figure.filter))

    def _choose(self, title: str, current: str, *, has_none: bool, take: object) -> None:
        choices = [(name, _(text)) for name, text in DIMENSIONS.items()]
        nested = [
            (f"{outer},{inner}", dimension_name(f"{outer},{inner}"))
            for outer in DIMENSIONS
            for inner in DIMENSIONS
            if outer != inner
        ]
        none = [("", _("none"))] if has_none else []

        def taken(name: str | None) -> None:
            if name is not None and callable(take):
                take(name)

        self.console.push_screen(Chooser(title, [*none, *choices, *nested], current=current), taken)

    def action_rows(self) -> None:
        def take(name: str) -> None:
            if set(name.split(",")) & set(self._columns.split(",")):
                self._columns = ""
            self._rows = name
            self.renew()

        self._choose(_("Rows"), self._rows, has_none=False, take=take)

    def action_columns(self) -> None:
        def take(name: str) -> None:
            if name and set(name.split(",")) & set(self._rows.split(",")):
                self.console.say(_("The rows show that already."))
                return
            self._columns = name
            self.renew()

        self._choose(_("Columns"), self._columns, has_none=True, take=take)

    def action_turn(self) -> None:
        if self._columns:
            self._rows, self._columns = self._columns, self._rows
            self.renew()

    def action_measure(self) -> None:
        def take(name: str | None) -> None:
            if name is not None:
                self._measure = name
                self.renew()

        choices = [(name, _(text)) for name, text in MEASURES.items()]
        self.console.push_screen(Chooser(_("What the cells say"), choices, current=self._measure), take)

    def action_indicator(self) -> None:
        filter_text = with_terms(self.filter_text, {"indicator": ""})
        self.ask("rated", lambda data: data.part(SatisfactionQuestions).rated(filter_text))

    def _choose_indicator(self, found: Sequence[tuple[str, str, str]]) -> None:
        choices = [("", _("all that are rated"))]
        choices += [(code, f"{label_of(label, label_zh, code)} ({code})") for code, label, label_zh in found]

        def take(code: str | None) -> None:
            if code is not None:
                self._narrow({"indicator": code})

        self.console.push_screen(Chooser(_("Indicator"), choices), take)

    def _narrow(self, terms: dict[str, str]) -> None:
        self.show_slice(with_terms(self.filter_text, terms))

    def action_drill(self) -> None:
        known = self._figures.get(self.board.key)
        if known is None or not known[1]:
            self.console.say(_("Put the cursor on a cell to go into it."))
            return
        place = {name: value or "none" for name, value in known[1].items()}
        free = [name for name in DIMENSIONS if name not in place and name not in (self._rows, self._columns)]
        self._rows = free[0] if self._rows in place and free else self._rows
        if self._columns in place:
            self._columns = next((name for name in free if name != self._rows), "")
        self._narrow(place)

    def action_up_again(self) -> None:
        self.show_slice(without_last(self.filter_text))


def _indicators(found: PivotTable) -> str:
    count, _space, word = found.indicator.partition(" ")
    if word != "indicators":
        return found.indicator
    return ngettext("{count} indicator", "{count} indicators", int(count)).format(count=count)


def _key(row: str | None, column: str | None) -> str:
    return f"{'*' if row is None else '=' + row}\x1f{'*' if column is None else '=' + column}"


def _place(dimension: str, value: str) -> dict[str, str]:
    """The terms of a row or column; of nested ones each by itself, ``-`` standing for what is empty."""
    names = dimension.split(",")
    values = value.split(" / ") if len(names) > 1 else [value]
    return dict(zip(names, ["" if len(names) > 1 and part == "-" else part for part in values], strict=False))


def figures_of(found: PivotTable) -> dict[str, tuple[Figure, dict[str, str]]]:
    """Return every figure of a pivot by its key on the board, with the values of its dimensions."""
    known: dict[str, tuple[Figure, dict[str, str]]] = {_key(None, None): (found.total, {})}
    for row, figure in zip(found.rows, found.row_totals, strict=True):
        known[_key(row, None)] = (figure, _place(found.row_dimension, row))
    for column, figure in zip(found.columns, found.column_totals, strict=False):
        known[_key(None, column)] = (figure, _place(found.column_dimension, column))
    if found.column_dimension:
        for cell in found.cells:
            place = {**_place(found.row_dimension, cell.row), **_place(found.column_dimension, cell.column)}
            known[_key(cell.row, cell.column)] = (cell.figure, place)
    return known


def _named(dimension: str, value: str) -> str:
    names = dimension.split(",")
    if len(names) == 1:
        return value_name(dimension, value)
    return " / ".join(value_name(name, part) for name, part in _place(dimension, value).items())


def pivot_lines(found: PivotTable, width: int, *, is_table: bool = True) -> list[BoardLine]:
    """Return the pivot as a table, or each row as a bar; columns that do not fit stand in further blocks below."""
    if not found.rows:
        return [(Spot(_("Nobody answered in this slice."), "quiet"),)]
    names = {row: _named(found.row_dimension, row) for row in found.rows}
    name_cells = min(NAME_CELLS + 8, max(cell_len(name) for name in [*names.values(), _("All")])) + 1
    if not is_table:
        return _bars(found, names, name_cells, width)
    columns = list(found.columns) if found.column_dimension else []
    heads = {column: _named(found.column_dimension, column) for column in columns}
    cell = max(CELL, min(12, max((cell_len(head) for head in heads.values()), default=0) + 1))
    room = max(1, (width - name_cells - cell - 9) // cell)
    known = {(own.row, own.column): own.figure for own in found.cells}
    lines: list[BoardLine] = []
    blocks = [columns[start : start + room] for start in range(0, len(columns), room)] or [[]]
    for block, chosen in enumerate(blocks):
        is_last = block == len(blocks) - 1
        if block:
            lines.append(())
        head = fit(dimension_name(found.row_dimension), name_cells)
        head += "".join(fit(heads[column], cell, is_right=True) for column in chosen)
        if is_last:
            head += fit(_("All"), cell, is_right=True) + fit("n", 9, is_right=True)
        lines.append((Spot(head, "label"),))
        for place, row in enumerate(found.rows):
            spots = [Spot(fit(names[row], name_cells))]
            spots += [_cell(known.get((row, column)), _key(row, column), cell) for column in chosen]
            if is_last:
                total = found.row_totals[place]
                spots += [_cell(total, _key(row, None), cell), Spot(fit(number(total.n), 9, is_right=True), "quiet")]
            lines.append(tuple(spots))
        spots = [Spot(fit(_("All"), name_cells), "label")]
        spots += [
            _cell(found.column_totals[found.columns.index(column)], _key(None, column), cell) for column in chosen
        ]
        if is_last:
            spots += [
                _cell(found.total, _key(None, None), cell),
                Spot(fit(number(found.total.n), 9, is_right=True), "quiet"),
            ]
        lines.append(tuple(spots))
    lines.append((Spot(_("~ fewer than 30 answers, <5 hidden."), "quiet"),))
    return lines


def _cell(figure: Figure | None, key: str, cells: int) -> Spot:
    if figure is None:
        return Spot(fit(".", cells, is_right=True), "quiet")
    return Spot(fit(shown(figure), cells, is_right=True), "quiet" if figure.disclosure != "normal" else "", key)


def _bars(found: PivotTable, names: dict[str, str], name_cells: int, width: int) -> list[BoardLine]:
    values = [_length(figure) for figure in found.row_totals]
    top = max([value for value in values if value is not None], default=1.0)
    low = min(0.0, *[value for value in values if value is not None]) if any(v is not None for v in values) else 0.0
    high = {"index": 100.0, "score": 100.0, "top2": 100.0, "nps": 100.0}.get(found.measure, top)
    bars = max(6, width - name_cells - 8 - 15 - 10)
    lines: list[BoardLine] = [
        (
            Spot(
                fit(dimension_name(found.row_dimension), name_cells)
                + fit(_(MEASURES[found.measure]), width - name_cells),
                "label",
            ),
        )
    ]
    for row, figure, value in zip(found.rows, found.row_totals, values, strict=True):
        lines.append(
            (
                Spot(fit(names[row], name_cells)),
                Spot(fit(shown(figure), 8, is_right=True), "", _key(row, None)),
                Spot(" " + bar(value, bars - 1, low=low, high=high, is_ascii=is_ascii()), "bar"),
                Spot(fit(interval(figure, is_bare=True), 15, is_right=True), "quiet"),
                Spot(fit(number(figure.n), 9, is_right=True), "quiet"),
            )
        )
    return lines


def _length(figure: Figure) -> float | None:
    if figure.value is None:
        return None
    return 100 * figure.value if figure.unit == "share" else figure.value
