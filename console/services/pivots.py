"""Pivots: two dimensions against each other by adding cells, and single answers at the end of a drill-down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from console.errors import UsageError, nearest
from console.services.answer_cells import DIMENSIONS
from console.services.answer_counts import (
    Levels,
    SurveyFrame,
    chosen_items,
    counted,
    mean_figure,
    one_frame,
    special_figure,
    top_figure,
    values_of,
)
from console.services.answer_filtering import (
    ANSWER_TEXTS,
    ANSWERS,
    CASES,
    CUSTOMERS,
    INDICATORS,
    RESPONSES,
    SURVEYS,
    asked,
)
from console.services.answering import Item
from console.services.satisfaction_views import AnswerLine, Figure, PivotCell, PivotTable
from console.storage.engine import Store

MEASURES = ("mean", "score", "top2", "nps", "n")
INDICATOR = "indicator"
LISTED = 100


def pivot(
    store: Store, rows: str, columns: str = "", filter_text: str = "", *, measure: str = "score", zone: str = ""
) -> PivotTable:
    """Put two dimensions of a survey against each other; ``columns`` may be left empty for a plain breakdown.

    Dimensions are region, kind, supply, channel, department, month and indicator; measures ``mean`` (level), ``score`` (0–100),
    ``top2``, ``nps`` and ``n``. Several indicators are pooled answer by answer on 0–100, which only the score may be. Totals
    pool answers; cells under five answers are hidden. Raises UsageError, FilterError, NotFoundError.
    """
    if measure not in MEASURES:
        raise UsageError(f"There is no measure {measure}.", f"Known: {', '.join(MEASURES)}.")
    for name in (rows, columns):
        if name and name not in (*DIMENSIONS, INDICATOR):
            close = nearest(name, (*DIMENSIONS, INDICATOR))
            hint = f"Did you mean {close}?" if close else f"Known: {', '.join((*DIMENSIONS, INDICATOR))}."
            raise UsageError(f"There is no dimension {name}.", hint)
    if rows == columns:
        raise UsageError("A pivot needs two different dimensions.", f"Known: {', '.join((*DIMENSIONS, INDICATOR))}.")
    question = asked(filter_text, zone=zone)
    by = tuple(name for name in (rows, columns) if name and name != INDICATOR)
    with store.reading() as connection:
        frame = one_frame(connection, question)
        items = chosen_items(connection, frame, question)
        if INDICATOR not in (rows, columns) and len(items) > 1:
            items = {code: item for code, item in items.items() if code in frame.scored} or items
        found, source = counted(connection, frame, list(items.values()), question, by)
    if measure in ("mean", "top2", "nps") and INDICATOR not in (rows, columns) and len(items) > 1:
        raise UsageError(
            f"The {measure} of {len(items)} indicators at once says nothing.",
            "Choose one (indicator:CODE), or take --measure score.",
        )
    table = _Table(frame, measure, str(question.filter))
    for item in items.values():
        for place, levels in found[item.id].items():
            values = dict(zip(by, place, strict=True))
            values[INDICATOR] = item.code
            table.add(values[rows], values[columns] if columns else "", item, levels)
    return table.made(rows, columns, tuple(items), source)


class _Table:
    """The counts of a pivot by row and column, and of its totals, item by item."""

    def __init__(self, frame: SurveyFrame, measure: str, filter_text: str) -> None:
        self.frame = frame
        self.measure = measure
        self.filter = filter_text
        self.items: dict[str, Item] = {}
        self.cells: dict[tuple[str | None, str | None], dict[str, Levels]] = {}

    def add(self, row: str, column: str, item: Item, levels: Levels) -> None:
        self.items[item.code] = item
        for place in ((row, column), (row, None), (None, column), (None, None)):
            self.cells.setdefault(place, {}).setdefault(item.code, Levels()).join(levels)

    def figure(self, row: str | None, column: str | None, names: tuple[str, str]) -> Figure:
        counts = self.cells.get((row, column), {})
        filter_text = " ".join(
            part
            for part in (
                "" if "survey:" in self.filter else f"survey:{self.frame.code}",
                _term(names[0], row),
                _term(names[1], column),
                self.filter,
            )
            if part
        )
        if len(counts) == 1:
            code, levels = next(iter(counts.items()))
            return self._single(self.items[code], levels, filter_text)
        pooled, item, scale = self._pooled(counts)
        if self.measure == "n":
            return Figure(
                value=float(pooled.n), unit="answers", scale="", n=pooled.n, filter=filter_text, method="count"
            )
        # On pooled scores each level is its own score in hundredths of a point.
        values = {level: level / 100 for level in pooled.levels}
        return mean_figure(pooled, item, values, scale=scale, filter_text=filter_text)

    def _single(self, item: Item, levels: Levels, filter_text: str) -> Figure:
        if self.measure == "n":
            return Figure(
                value=float(levels.n),
                unit="answers",
                scale="",
                n=levels.n,
                n_missing=levels.n_missing,
                filter=filter_text,
                method="count",
            )
        if self.measure == "top2":
            return top_figure(levels, item, filter_text=filter_text)
        if self.measure == "nps":
            found = special_figure(levels, item, filter_text=filter_text)
            if found is None or found.unit != "nps":
                raise UsageError(f"{item.code} is not asked as recommendation.", "Choose another indicator or measure.")
            return found
        if self.measure == "mean":
            return mean_figure(levels, item, filter_text=filter_text)
        values, scale = values_of(item, self.frame)
        return mean_figure(levels, item, values, scale=scale, filter_text=filter_text)

    def _pooled(self, counts: dict[str, Levels]) -> tuple[Levels, Item, str]:
        pooled = Levels()
        scale = "0-100"
        for code, levels in counts.items():
            values, scale = values_of(self.items[code], self.frame)
            for level, sums in levels.levels.items():
                pooled.add(round(100 * values[level]), "", *sums)
            for reason, n in levels.missing.items():
                pooled.add(0, reason, n, 0.0, 0.0)
        item = next(iter(self.items.values()))
        return pooled, item, scale

    def made(self, rows: str, columns: str, codes: tuple[str, ...], source: str) -> PivotTable:
        names = (rows, columns)
        order = {code: place for place, code in enumerate(codes)}

        def sorted_values(values: set[str], dimension: str) -> tuple[str, ...]:
            if dimension == INDICATOR:
                return tuple(sorted(values, key=lambda value: order.get(value, 0)))
            return tuple(sorted(values, key=lambda value: (value == "", value)))

        down = sorted_values({row for row, _ in self.cells if row is not None}, rows)
        across = sorted_values({column for _, column in self.cells if column is not None}, columns)
        cells = tuple(
            PivotCell(row=row, column=column, figure=self.figure(row, column, names))
            for row in down
            for column in across
            if (row, column) in self.cells
        )
        return PivotTable(
            survey=self.frame.code,
            indicator=", ".join(codes) if len(codes) <= 3 else f"{len(codes)} indicators",
            row_dimension=rows,
            column_dimension=columns,
            measure=self.measure,
            rows=down,
            columns=across,
            cells=cells,
            row_totals=tuple(self.figure(row, None, names) for row in down),
            column_totals=tuple(self.figure(None, column, names) for column in across) if columns else (),
            total=self.figure(None, None, names),
            filter=self.filter,
            source=source,
        )


def _term(dimension: str, value: str | None) -> str:
    if value is None or not dimension:
        return ""
    if not value:
        return f"{dimension}:none" if dimension not in ("month", INDICATOR) else ""
    plain = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{dimension}:"{plain}"' if any(char.isspace() or char in ',"' for char in value) else f"{dimension}:{value}"


def answers(
    store: Store, filter_text: str = "", *, limit: int = LISTED, offset: int = 0, zone: str = ""
) -> list[AnswerLine]:
    """Return the single answers that a filter finds, newest first: what stands behind a figure.

    Raises FilterError; UsageError for a negative limit or offset.
    """
    if limit < 0 or offset < 0:
        raise UsageError("A limit and an offset are 0 or more.")
    question = asked(filter_text, zone=zone)
    low, high = (
        func.coalesce(INDICATORS.c.scale_low, SURVEYS.c.scale_low),
        func.coalesce(INDICATORS.c.scale_high, SURVEYS.c.scale_high),
    )
    selected = (
        select(
            SURVEYS.c.code, RESPONSES.c.number, INDICATORS.c.code, INDICATORS.c.label, ANSWERS.c.score, ANSWERS.c.missing, low,
            high,
            ANSWER_TEXTS.c.content, RESPONSES.c.answered_at, RESPONSES.c.region, RESPONSES.c.kind, RESPONSES.c.supply,
            RESPONSES.c.channel, RESPONSES.c.department, RESPONSES.c.interviewer, RESPONSES.c.language, CUSTOMERS.c.number,
            CASES.c.reference, RESPONSES.c.weight, RESPONSES.c.is_double,
        )
        .join_from(ANSWERS, RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
        .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .join(CUSTOMERS, CUSTOMERS.c.id == RESPONSES.c.customer_id, isouter=True)
        .join(CASES, CASES.c.id == RESPONSES.c.case_id, isouter=True)
        .join(
            ANSWER_TEXTS,
            (ANSWER_TEXTS.c.response_id == ANSWERS.c.response_id) & (ANSWER_TEXTS.c.indicator_id == ANSWERS.c.indicator_id),
            isouter=True,
        )
        .where(*question.on_answers())
    )  # fmt: skip
    keys = {
        "answered": RESPONSES.c.answered_at, "survey": SURVEYS.c.code, "indicator": INDICATORS.c.code,
        "region": RESPONSES.c.region, "kind": RESPONSES.c.kind, "supply": RESPONSES.c.supply, "channel": RESPONSES.c.channel,
        "department": RESPONSES.c.department, "month": RESPONSES.c.month, "level": ANSWERS.c.score, "number": RESPONSES.c.number,
    }  # fmt: skip
    order: list[Any] = [
        keys[sort.field].desc().nulls_last() if sort.is_descending else keys[sort.field].asc().nulls_last()
        for sort in question.filter.sorts
    ]
    order = order or [RESPONSES.c.answered_at.desc()]
    order += [ANSWERS.c.response_id.desc(), INDICATORS.c.position, INDICATORS.c.id]
    with store.reading() as connection:
        rows = connection.execute(selected.order_by(*order).limit(limit).offset(offset)).all()
    return [
        AnswerLine(
            survey=row[0],
            number=row[1],
            indicator=row[2],
            label=row[3],
            score=row[4],
            missing=row[5] or "",
            scale=f"{row[6]}-{row[7]}",
            text=row[8] or "",
            answered_at=row[9],
            region=row[10],
            kind=row[11],
            supply=row[12],
            channel=row[13],
            department=row[14],
            interviewer=row[15],
            language=row[16],
            customer=row[17] or "",
            case=row[18] or "",
            weight=row[19],
            is_double=bool(row[20]),
        )
        for row in rows
    ]
