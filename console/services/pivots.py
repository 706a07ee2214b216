"""Pivots: two dimensions against each other by adding cells, and single answers at the end of a drill-down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from console.errors import UsageError, nearest
from console.rules.filters import Sort
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
    CELLS,
    CUSTOMERS,
    INDICATORS,
    RESPONSES,
    SEGMENTS,
    SURVEYS,
    AnswerQuestion,
    asked,
)
from console.services.answering import Item
from console.services.satisfaction import item_weights
from console.services.satisfaction_views import AnswerLine, Figure, PivotCell, PivotTable
from console.services.segment_indices import index_figure
from console.storage.engine import Store

MEASURES = ("index", "score", "mean", "top2", "nps", "n")
INDICATOR = "indicator"
NESTED = " / "
LISTED = 100
MOST_KEYS = 1_000
"""Answers listed at once up to which their keys are found first; more are read in one question."""


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
        found, source = counted(connection, frame, list(items.values()), question, by)
    if measure in ("mean", "top2", "nps") and not is_by_indicator and len(items) > 1:
        raise UsageError(
            f"The {measure} of {len(items)} indicators at once says nothing.",
            "Choose one (indicator:CODE), or take --measure score.",
        )
    table = _Table(frame, measure, question, (down, across))
    for item in items.values():
        for place, levels in found[item.id].items():
            values = dict(zip(by, place, strict=True))
            values[INDICATOR] = item.code
            table.add(
                tuple(values[name] for name in down),
                tuple(values[name] for name in across) if across else ("",),
                item,
                levels,
            )
    table.total()
    return table.made(tuple(items), source)


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
    """The counts of a pivot by row and column, and of its totals, item by item."""

    def __init__(
        self, frame: SurveyFrame, measure: str, question: AnswerQuestion, names: tuple[tuple[str, ...], tuple[str, ...]]
    ) -> None:
        self.frame = frame
        self.measure = measure
        self.question = question
        self.filter = str(question.filter)
        self.names = names
        self._weights: tuple[list[float], str] | None = None
        self.items: dict[str, Item] = {}
        self.cells: dict[tuple[Place | None, Place | None], dict[str, Levels]] = {}

    def add(self, row: Place, column: Place, item: Item, levels: Levels) -> None:
        self.items[item.code] = item
        self._put((row, column), item.code, levels)

    def _put(self, place: tuple[Place | None, Place | None], code: str, levels: Levels) -> None:
        own = self.cells.setdefault(place, {})
        if code not in own:
            own[code] = Levels()
        own[code].join(levels)

    def total(self) -> None:
        """Pool the cells into rows and columns, and the rows into all."""
        for (row, column), own in list(self.cells.items()):
            for code, levels in own.items():
                self._put((row, None), code, levels)
                self._put((None, column), code, levels)
        for (row, column), own in list(self.cells.items()):
            if row is not None and column is None:
                for code, levels in own.items():
                    self._put((None, None), code, levels)

    def figure(self, row: Place | None, column: Place | None) -> Figure:
        counts = self.cells.get((row, column), {})
        terms = [self.question.on_survey(self.frame.code)]
        for place, names in ((row, self.names[0]), (column, self.names[1])):
            if place is not None:
                terms += [_term(name, value) for name, value in zip(names, place, strict=False)]
        filter_text = " ".join(part for part in (*terms, self.filter) if part)
        if self.measure == "index":
            return self._index(counts, filter_text)
        if len(counts) == 1:
            code, levels = next(iter(counts.items()))
            return self._single(self.items[code], levels, filter_text)
        pooled, item, scale = self._pooled(counts)
        if self.measure == "n":
            return Figure(
                value=float(pooled.n),
                unit="answers",
                scale="",
                n=pooled.n,
                n_missing=pooled.n_missing,
                filter=filter_text,
                method="count",
            )
        # On pooled scores each level is its own score in hundredths of a point.
        values = {level: level / 100 for level in pooled.levels}
        return mean_figure(pooled, item, values, scale=scale, filter_text=filter_text)

    def _index(self, counts: dict[str, Levels], filter_text: str) -> Figure:
        items = list(self.items.values())
        if self._weights is None:
            self._weights = item_weights(self.frame, items)
        weights, version = self._weights
        levels = {self.items[code].id: own for code, own in counts.items()}
        if INDICATOR in (*self.names[0], *self.names[1]) and len(counts) == 1:
            item = self.items[next(iter(counts))]
            return index_figure(self.frame, [item], [1.0], levels, version=version, filter_text=filter_text)
        return index_figure(self.frame, items, weights, levels, version=version, filter_text=filter_text)

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

    def made(self, codes: tuple[str, ...], source: str) -> PivotTable:
        order = {code: place for place, code in enumerate(codes)}

        def key(place: Place, names: tuple[str, ...]) -> list[tuple[int, bool, str]]:
            return [
                (order.get(value, 0), False, "") if name == INDICATOR else (0, value == "", value)
                for name, value in zip(names, place, strict=False)
            ]

        down = sorted({row for row, _ in self.cells if row is not None}, key=lambda place: key(place, self.names[0]))
        across = sorted(
            {column for _, column in self.cells if column is not None}, key=lambda place: key(place, self.names[1])
        )
        cells = tuple(
            PivotCell(row=_named(row), column=_named(column), figure=self.figure(row, column))
            for row in down
            for column in across
            if (row, column) in self.cells
        )
        has_columns = bool(self.names[1])
        return PivotTable(
            survey=self.frame.code,
            indicator=", ".join(codes) if len(codes) <= 3 else f"{len(codes)} indicators",
            row_dimension=",".join(self.names[0]),
            column_dimension=",".join(self.names[1]),
            measure=self.measure,
            rows=tuple(map(_named, down)),
            columns=tuple(map(_named, across)),
            cells=cells,
            row_totals=tuple(self.figure(row, None) for row in down),
            column_totals=tuple(self.figure(None, column) for column in across) if has_columns else (),
            total=self.figure(None, None),
            filter=self.filter,
            source=source,
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
            CASES.c.reference, RESPONSES.c.weight, RESPONSES.c.is_double, RESPONSES.c.excluded,
            ANSWERS.c.response_id, ANSWERS.c.indicator_id,
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
    )  # fmt: skip
    with store.reading() as connection:
        ids = connection.execute(select(SURVEYS.c.id).where(*question.on_surveys()).limit(2)).scalars().all()
        if len(ids) == 1 and not question.filter.sorts and limit <= MOST_KEYS:
            keys = set(_newest(connection, question, ids[0], limit, offset))
            chosen = ANSWERS.c.response_id.in_(sorted({response for response, _indicator in keys}))
            rows = [
                row
                for row in connection.execute(selected.where(chosen).order_by(*_NEWEST))
                if (row.response_id, row.indicator_id) in keys
            ]
        else:
            order = [*_order(question.filter.sorts), *_NEWEST]
            selected = selected.where(*question.on_answers()).order_by(*order).limit(limit).offset(offset)
            rows = list(connection.execute(selected))
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
            excluded=row[21],
        )
        for row in rows
    ]


_NEWEST = (RESPONSES.c.answered_at.desc(), ANSWERS.c.response_id.desc(), INDICATORS.c.position, INDICATORS.c.id)
_KEYS: dict[str, Any] = {
    "answered": RESPONSES.c.answered_at, "survey": SURVEYS.c.code, "indicator": INDICATORS.c.code,
    "region": RESPONSES.c.region, "kind": RESPONSES.c.kind, "supply": RESPONSES.c.supply, "channel": RESPONSES.c.channel,
    "department": RESPONSES.c.department, "month": RESPONSES.c.month, "level": ANSWERS.c.score, "number": RESPONSES.c.number,
}  # fmt: skip


def _order(sorts: Sequence[Sort]) -> list[Any]:
    return [
        _KEYS[sort.field].desc().nulls_last() if sort.is_descending else _KEYS[sort.field].asc().nulls_last()
        for sort in sorts
    ]


def _newest(
    connection: Connection, question: AnswerQuestion, survey_id: int, limit: int, offset: int
) -> list[tuple[int, int]]:
    """The keys of the newest answers of one survey, by the index over its times: nothing is sorted that is not shown."""
    own = (INDICATORS.c.survey_id == survey_id, *question.on_indicators())
    question_ids = select(INDICATORS.c.id).join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id).where(*own)
    ids = connection.execute(question_ids).scalars().all()
    selected = (
        select(ANSWERS.c.response_id, ANSWERS.c.indicator_id)
        .join_from(RESPONSES, ANSWERS, ANSWERS.c.response_id == RESPONSES.c.id)
        .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
        .where(
            RESPONSES.c.survey_id == survey_id,
            ANSWERS.c.indicator_id.in_(ids),
            *question.on_responses(),
            *question.on_times(),
        )
        .order_by(*_NEWEST)
    )
    return [(row[0], row[1]) for row in connection.execute(selected.limit(limit).offset(offset))]


def answer_count(store: Store, filter_text: str = "", *, zone: str = "") -> int:
    """Return how many single answers a filter finds, from the cells where these can tell. Raises FilterError."""
    question = asked(filter_text, zone=zone)
    with store.reading() as connection:
        if question.fits_cells:
            selected = (
                select(func.coalesce(func.sum(CELLS.c.n), 0))
                .join_from(CELLS, SEGMENTS, SEGMENTS.c.id == CELLS.c.segment_id)
                .join(INDICATORS, INDICATORS.c.id == CELLS.c.indicator_id)
                .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
                .where(*question.on_cells())
            )
        else:
            selected = (
                select(func.count())
                .select_from(ANSWERS.join(RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id))
                .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
                .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
                .where(*question.on_answers())
            )
        return int(connection.execute(selected).scalar_one())


def months(store: Store, filter_text: str = "", *, zone: str = "") -> list[str]:
    """Return the months in which the survey that a filter chooses was answered, the newest first."""
    question = asked(filter_text, zone=zone)
    with store.reading() as connection:
        frame = one_frame(connection, question)
        ids = [item.id for item in frame.items.values()]
        found = connection.execute(select(CELLS.c.month).where(CELLS.c.indicator_id.in_(ids)).distinct())
        return sorted((str(month) for month in found.scalars() if month), reverse=True)
