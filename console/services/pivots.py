"""Pivots: two dimensions against each other by adding cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from console.codes import IndicatorKind
from console.errors import UsageError, nearest
from console.measures.cells import CellSums, pooled_cells
from console.services.answer_cells import DIMENSIONS
from console.services.answer_counts import (
    SurveyFrame,
    chosen_items,
    one_frame,
    promoters_figure,
    promoting,
    sums_figure,
    top_two_figure,
    values_of,
)
from console.services.answer_filtering import AnswerQuestion, asked
from console.services.answer_sums import SUMS, SummedPlace, summed
from console.services.answering import Item
from console.services.satisfaction import item_weights
from console.services.satisfaction_views import Figure, PivotCell, PivotTable
from console.services.segment_indices import index_of_sums
from console.storage.engine import Store

MEASURES = ("index", "score", "mean", "top2", "nps", "n")
INDICATOR = "indicator"
NESTED = " / "


def pivot(
    store: Store, rows: str, columns: str = "", filter_text: str = "", *, measure: str = "score", zone: str = ""
) -> PivotTable:
    """Put two dimensions of a survey against each other; ``columns`` may be left empty for a plain breakdown.

    Dimensions are region, kind, supply, channel, department, month and indicator; several with commas between are nested.
    Measures are ``index`` (the composite by the weights of the indicators), ``score`` (0–100, answers pooled), ``mean`` (level),
    ``top2``, ``nps`` and ``n``. Totals pool answers; cells under five answers are hidden. Raises UsageError, FilterError,
    NotFoundError.
    """
    if measure not in MEASURES:
        raise UsageError(f"There is no measure {measure}.", f"Known: {', '.join(MEASURES)}.")
    down, across = _dimensions(rows), _dimensions(columns)
    if not down or set(down) & set(across) or len({*down, *across}) < len(down) + len(across):
        raise UsageError("A pivot needs two different dimensions.", f"Known: {', '.join((*DIMENSIONS, INDICATOR))}.")
    question = asked(filter_text, zone=zone)
    by = tuple(name for name in (*down, *across) if name != INDICATOR)
    is_by_indicator = INDICATOR in (*down, *across)
    with store.reading() as connection:
        frame = one_frame(connection, question)
        items = chosen_items(connection, frame, question)
        if measure == "index" or (not is_by_indicator and len(items) > 1):
            items = {code: item for code, item in items.items() if code in frame.scored} or items
        if measure in ("mean", "top2", "nps") and not is_by_indicator and len(items) > 1:
            raise UsageError(
                f"The {measure} of {len(items)} indicators at once says nothing.",
                "Choose one (indicator:CODE), or take --measure score.",
            )
        if measure == "nps":
            _refuse_other_kinds(items.values())
        table = _Table(frame, measure, question, (down, across), list(items.values()))
        table.fill(*summed(connection, frame, table.items, question, by, table.worth), by)
    return table.made()


def _refuse_other_kinds(items: Iterable[Item]) -> None:
    for item in items:
        if item.kind != IndicatorKind.NPS:
            raise UsageError(f"{item.code} is not asked as recommendation.", "Choose another indicator or measure.")


def _dimensions(text: str) -> tuple[str, ...]:
    """The dimensions named in a text. Raises UsageError for one that is none."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in (*DIMENSIONS, INDICATOR):
            close = nearest(name, (*DIMENSIONS, INDICATOR))
            hint = f"Did you mean {close}?" if close else f"Known: {', '.join((*DIMENSIONS, INDICATOR))}."
            raise UsageError(f"There is no dimension {name}.", hint)
    return names


Place = tuple[str, ...]
"""The values of one row or column, one a dimension."""


class _Table:
    """A pivot in the making: the sums of every item by row and column, with one more of both for the totals."""

    def __init__(
        self,
        frame: SurveyFrame,
        measure: str,
        question: AnswerQuestion,
        names: tuple[tuple[str, ...], tuple[str, ...]],
        items: list[Item],
    ) -> None:
        self.frame = frame
        self.measure = measure
        self.survey_term = question.on_survey(frame.code)
        self.filter = str(question.filter)
        self.names = names
        self.items = items
        self.is_by_indicator = INDICATOR in (*names[0], *names[1])
        self.worth = {item.id: self._worth(item) for item in items}
        self.source = ""
        self.down: list[Place] = []
        self.across: list[Place] = []
        self._sums: list[list[list[list[float]]]] = []
        self._weights = item_weights(frame, items) if measure == "index" else ([], "")
        self._terms: dict[tuple[int, Place], str] = {}

    def _worth(self, item: Item) -> Mapping[int, float]:
        """What each level counts for, so that the mean of it is the measure."""
        if self.measure in ("index", "score"):
            return values_of(item, self.frame)[0]
        if self.measure == "nps":
            return promoting(item)
        return {level: float(level) for level in range(item.low, item.high + 1)}

    def fill(self, found: Sequence[SummedPlace], source: str, by: tuple[str, ...]) -> None:
        """Put sums in their places, and pool them into rows, columns and all."""
        self.source = source
        codes = {item.id: item.code for item in self.items}
        number = {item.id: place for place, item in enumerate(self.items)}
        at = {name: place for place, name in enumerate(by)}

        def part(names: tuple[str, ...], one: SummedPlace) -> Place:
            return tuple([codes[one.indicator] if name == INDICATOR else one.place[at[name]] for name in names])

        places = [(part(self.names[0], one), part(self.names[1], one) or ("",)) for one in found]
        self.down = sorted({row for row, _ in places}, key=lambda place: self._order(place, self.names[0]))
        self.across = sorted({column for _, column in places}, key=lambda place: self._order(place, self.names[1]))
        rows, columns = ({place: n for n, place in enumerate(own)} for own in (self.down, self.across))
        sums = np.zeros((len(self.items), len(rows) + 1, len(columns) + 1, SUMS))
        if found:
            items = np.array([number[one.indicator] for one in found])
            where = np.array([(rows[row], columns[column]) for row, column in places])
            np.add.at(sums, (items, where[:, 0], where[:, 1]), np.array([one.sums for one in found], dtype=float))
        sums[:, -1, :-1] = sums[:, :-1, :-1].sum(axis=1)
        sums[:, :, -1] = sums[:, :, :-1].sum(axis=2)
        self._sums = sums.tolist()

    def _order(self, place: Place, names: tuple[str, ...]) -> list[tuple[int, bool, str]]:
        codes = {item.code: at for at, item in enumerate(self.items)}
        return [
            (codes[value], False, "") if name == INDICATOR else (0, value == "", value)
            for name, value in zip(names, place, strict=False)
        ]

    def _at(self, row: int, column: int) -> dict[int, CellSums]:
        """The sums of one place by the number of the item, of those that were asked there."""
        found = {}
        for number, of_item in enumerate(self._sums):
            n, weight, squared, value, value_squared, top, missing = of_item[row][column]
            if n or missing:
                found[number] = CellSums(int(n), weight, squared, value, value_squared, top, int(missing))
        return found

    def figure(self, row: int, column: int) -> Figure:
        """The figure of a row and a column by their numbers; −1 pools all of them."""
        sums = self._at(row, column)
        filter_text = self._filter_at(row, column)
        if self.measure == "index":
            return self._index(sums, filter_text)
        pooled = pooled_cells(sums.values())
        if self.measure == "n":
            return _count(pooled, filter_text)
        items = [self.items[number] for number in sums] or self.items[:1]
        scales = {item.scale for item in items}
        scale = scales.pop() if len(scales) == 1 else "several"
        if self.measure == "top2":
            return top_two_figure(pooled, scale, filter_text=filter_text)
        if self.measure == "nps":
            return promoters_figure(pooled, scale, filter_text=filter_text)
        if self.measure == "score":
            return sums_figure(pooled, "0-100", values_of(items[0], self.frame)[1], filter_text=filter_text)
        if scale == "several":
            return _without_mean(pooled, filter_text)
        return sums_figure(pooled, "level", scale, filter_text=filter_text)

    def _filter_at(self, row: int, column: int) -> str:
        terms = [self.survey_term]
        for axis, (number, places) in enumerate(((row, self.down), (column, self.across))):
            if number < 0:
                continue
            place = places[number]
            if (axis, place) not in self._terms:
                own = [_term(name, value) for name, value in zip(self.names[axis], place, strict=False)]
                self._terms[axis, place] = " ".join(term for term in own if term)
            terms.append(self._terms[axis, place])
        return " ".join(part for part in (*terms, self.filter) if part)

    def _index(self, sums: Mapping[int, CellSums], filter_text: str) -> Figure:
        weights, version = self._weights
        if self.is_by_indicator and len(sums) == 1:
            number = next(iter(sums))
            chosen, weights, sums = [self.items[number]], [1.0], {0: sums[number]}
        else:
            chosen = self.items
        by_id = {chosen[number].id: own for number, own in sums.items()}
        return index_of_sums(self.frame, chosen, weights, by_id, version=version, filter_text=filter_text)

    def made(self) -> PivotTable:
        """The pivot with its totals."""
        codes = [item.code for item in self.items]
        rows, columns = [_named(place) for place in self.down], [_named(place) for place in self.across]
        cells = tuple(
            PivotCell(row=rows[row], column=columns[column], figure=self.figure(row, column))
            for row in range(len(rows))
            for column in range(len(columns))
            if any(of_item[row][column][0] or of_item[row][column][-1] for of_item in self._sums)
        )
        has_columns = bool(self.names[1])
        return PivotTable(
            survey=self.frame.code,
            indicator=", ".join(codes) if len(codes) <= 3 else f"{len(codes)} indicators",
            row_dimension=",".join(self.names[0]),
            column_dimension=",".join(self.names[1]),
            measure=self.measure,
            rows=tuple(rows),
            columns=tuple(columns),
            cells=cells,
            row_totals=tuple(self.figure(row, -1) for row in range(len(rows))),
            column_totals=tuple(self.figure(-1, column) for column in range(len(columns))) if has_columns else (),
            total=self.figure(-1, -1),
            filter=self.filter,
            source=self.source,
        )


def _count(sums: CellSums, filter_text: str) -> Figure:
    return Figure(
        value=float(sums.n),
        unit="answers",
        scale="",
        n=sums.n,
        n_missing=sums.n_missing,
        filter=filter_text,
        method="count",
    )


def _without_mean(sums: CellSums, filter_text: str) -> Figure:
    return Figure(
        value=None,
        unit="level",
        scale="several",
        n=sums.n,
        n_missing=sums.n_missing,
        filter=filter_text,
        method="pooled cells",
        warnings=("Indicators on different scales have no mean level together.",),
    )


def _named(place: Place) -> str:
    """One label of nested values; a value that is empty reads ``-`` beside others."""
    return place[0] if len(place) == 1 else NESTED.join(value or "-" for value in place)


def _term(dimension: str, value: str | None) -> str:
    if value is None or not dimension:
        return ""
    if not value:
        return f"{dimension}:none" if dimension not in ("month", INDICATOR) else ""
    plain = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{dimension}:"{plain}"' if any(char.isspace() or char in ',"' for char in value) else f"{dimension}:{value}"
