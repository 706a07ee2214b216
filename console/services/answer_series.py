"""Answers by month in cells of an indicator and up to two dimensions: how many were dissatisfied of how many, and the mean score.

Surveys of one series are read as one. Answers count at their effective number, (Σw)²/Σw², so that weights do not feign
certainty. Only surveys answered in at least eleven months can be watched: ten make a baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from sqlalchemy import Connection, Table, func, select

from console.codes import IndicatorKind
from console.measures.arrays import FloatArray
from console.measures.controlcharts import BASELINE_NEEDED
from console.measures.headlines import DETRACTOR_TO
from console.models import AnswerCell, AnswerSegment, Indicator, Survey
from console.models.base import table_of
from console.rules.filters import Term, Value
from console.rules.months import months_between, shifted

CELLS: Table = table_of(AnswerCell)
SEGMENTS: Table = table_of(AnswerSegment)
INDICATORS: Table = table_of(Indicator)
SURVEYS: Table = table_of(Survey)

DIMENSIONS = ("region", "kind", "supply", "channel", "department")
WATCHED_KINDS = (IndicatorKind.SCORE.value, IndicatorKind.NPS.value, IndicatorKind.CES.value)
LONGEST_SERIES = 60
FEW_LEVELS = 3
"""On scales of so few levels only the lowest one is dissatisfied, otherwise the two lowest."""

Place = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AnswerSeries:
    """The cells of one survey or series, arrays of shape (cells, months).

    A cell is an indicator with pairs of dimension and value. ``bad`` of ``n`` (effective numbers) were dissatisfied;
    ``answers`` are the plain numbers, ``means`` scores from 0 to 100, NaN without answers.
    """

    root: str
    months: tuple[str, ...]
    cells: tuple[tuple[str, Place], ...]
    bad: FloatArray
    n: FloatArray
    answers: FloatArray
    means: FloatArray

    def filter_of(self, index: int) -> str:
        """Return the filter of answers that finds the rows of a cell."""
        indicator, place = self.cells[index]
        written = [str(Term(name, (Value(value),))) for name, value in (("indicator", indicator), *place)]
        return " ".join([self.root, *written])


@dataclass(frozen=True, slots=True)
class _Row:
    indicator: str
    place: tuple[str, ...]
    month: str
    is_bad: bool
    score: float
    n: int
    weight: float
    squared: float


def answer_series(connection: Connection, last: str, depth: int = 2) -> list[AnswerSeries]:
    """Return the series of answers that are long enough, up to the month ``last``, by their root."""
    first = shifted(last, 1 - LONGEST_SERIES)
    name = func.coalesce(func.nullif(SURVEYS.c.series, ""), SURVEYS.c.code)
    long = connection.execute(
        select(name, func.max(SURVEYS.c.series))
        .join_from(CELLS, INDICATORS, INDICATORS.c.id == CELLS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(CELLS.c.missing == "", CELLS.c.month.between(first, last))
        .group_by(name)
        .having(func.count(CELLS.c.month.distinct()) > BASELINE_NEEDED)
        .order_by(name)
    ).all()
    found = []
    for named, series in long:
        root = str(Term("series" if series else "survey", (Value(named),)))
        rows = _rows(connection, named, first, last, is_series=bool(series))
        if rows:
            found.append(_series(root, rows, last, depth))
    return found


def _rows(connection: Connection, named: str, first: str, last: str, *, is_series: bool) -> list[_Row]:
    low = func.coalesce(INDICATORS.c.scale_low, SURVEYS.c.scale_low)
    high = func.coalesce(INDICATORS.c.scale_high, SURVEYS.c.scale_high)
    columns = [SEGMENTS.c[name] for name in DIMENSIONS]
    key = (
        INDICATORS.c.code,
        INDICATORS.c.kind,
        INDICATORS.c.is_reversed,
        low,
        high,
        *columns,
        CELLS.c.month,
        CELLS.c.level,
    )
    rows = connection.execute(
        select(*key, func.sum(CELLS.c.n), func.sum(CELLS.c.weight), func.sum(CELLS.c.weight_squared))
        .join_from(CELLS, SEGMENTS, SEGMENTS.c.id == CELLS.c.segment_id)
        .join(INDICATORS, INDICATORS.c.id == CELLS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(
            (SURVEYS.c.series if is_series else SURVEYS.c.code) == named,
            INDICATORS.c.kind.in_(WATCHED_KINDS),
            CELLS.c.missing == "",
            CELLS.c.month.between(first, last),
        )
        .group_by(*key)
    )
    found = []
    for code, kind, is_reversed, lowest, highest, *place, month, level, n, weight, squared in rows:
        if n <= 0 or weight <= 0 or highest <= lowest:
            continue
        good = highest + lowest - level if is_reversed else level
        if kind == IndicatorKind.NPS.value:
            is_bad = good <= DETRACTOR_TO
        else:
            is_bad = good < lowest + (1 if highest - lowest < FEW_LEVELS else 2)
        score = 100.0 * (good - lowest) / (highest - lowest)
        found.append(_Row(code, tuple(place), month, is_bad, score, n, weight, squared))
    return found


def _series(root: str, rows: Sequence[_Row], last: str, depth: int) -> AnswerSeries:
    months = months_between(min(row.month for row in rows), last)
    places = {month: at for at, month in enumerate(months)}
    sums: dict[tuple[str, Place], FloatArray] = {}
    for row in rows:
        pairs = [(name, value) for name, value in zip(DIMENSIONS, row.place, strict=True) if value]
        bad_weight = row.weight if row.is_bad else 0.0
        added = np.array([row.n, row.weight, row.squared, bad_weight, row.weight * row.score])
        for size in range(min(depth, len(pairs)) + 1):
            for chosen in combinations(pairs, size):
                table = sums.get((row.indicator, chosen))
                if table is None:
                    table = sums[row.indicator, chosen] = np.zeros((5, len(months)))
                table[:, places[row.month]] += added
    cells = sorted(sums, key=lambda cell: (len(cell[1]), cell))
    stacked = np.stack([sums[cell] for cell in cells])
    answers, weight, squared, bad, scored = (stacked[:, i] for i in range(5))
    n = np.divide(weight**2, squared, out=np.zeros_like(weight), where=squared > 0)
    share = np.divide(bad, weight, out=np.zeros_like(weight), where=weight > 0)
    means = np.divide(scored, weight, out=np.full_like(weight, np.nan), where=weight > 0)
    return AnswerSeries(root, months, tuple(cells), np.minimum(share * n, n), n, answers, means)
