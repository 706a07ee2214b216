"""Answers counted by level under a filter, from the cheapest place that can tell: pairs, cells, or the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Table, func, select

from console.codes import IndicatorKind
from console.errors import NotFoundError
from console.measures.cells import CellSums, cell_mean, cell_top_two
from console.measures.disclosure import Disclosure, disclosure, sample_warnings
from console.measures.results import Measure
from console.models import WeightSet
from console.models.base import table_of
from console.services.answer_cells import DIMENSIONS, PAIRED
from console.services.answer_filtering import (
    ANSWERS,
    CELLS,
    INDICATORS,
    PAIRS,
    RESPONSES,
    SEGMENTS,
    SURVEYS,
    AnswerQuestion,
)
from console.services.answering import Item, items_of
from console.services.satisfaction_views import Figure

SETS: Table = table_of(WeightSet)
TOP_LEVELS = 2
HUNDRED = "0-100"

Sums = tuple[int, float, float]
"""Number of answers, their weight, their squared weight."""


@dataclass(slots=True)
class Levels:
    """The answers of one place: sums by level, and how many have no score for which reason."""

    levels: dict[int, Sums] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)

    def add(self, level: int, missing: str, n: int, weight: float, squared: float) -> None:
        """Add a cell."""
        if missing:
            self.missing[missing] = self.missing.get(missing, 0) + n
            return
        old = self.levels.get(level, (0, 0.0, 0.0))
        self.levels[level] = (old[0] + n, old[1] + weight, old[2] + squared)

    def join(self, other: Levels) -> None:
        """Add what another place holds."""
        levels = self.levels
        for level, sums in other.levels.items():
            old = levels.get(level)
            levels[level] = sums if old is None else (old[0] + sums[0], old[1] + sums[1], old[2] + sums[2])
        for reason, n in other.missing.items():
            self.add(0, reason, n, 0.0, 0.0)

    @property
    def n(self) -> int:
        """How many scored."""
        return sum(sums[0] for sums in self.levels.values())

    @property
    def n_missing(self) -> int:
        """How many have no score."""
        return sum(self.missing.values())


@dataclass(frozen=True, slots=True)
class SurveyFrame:
    """A survey as figures need it: its identity, scale, weights version and items."""

    id: int
    code: str
    title: str
    title_zh: str
    series: str
    wave: str
    assessor: str
    low: int
    high: int
    level_scores: tuple[float, ...]
    weights_version: str
    tree: str
    population: int | None
    is_paired: bool
    items: Mapping[str, Item]

    @property
    def scored(self) -> dict[str, Item]:
        """The items that are asked on the survey's way of rating: no groups, texts, recommendation, effort or importance."""
        asked_how_much = {item.id for item in self.stated.values()}
        return {
            code: item
            for code, item in self.items.items()
            if item.kind == IndicatorKind.SCORE and item.id not in asked_how_much
        }

    @property
    def stated(self) -> dict[str, Item]:
        """The questions how important something is, by the code of what they ask about.

        They bear its code with ``importance`` before or behind it: ``speed_importance``, ``importance-speed``.
        """
        found = {}
        for code, item in self.items.items():
            for joint in ("_", "-", "."):
                for about in (code.removesuffix(f"{joint}importance"), code.removeprefix(f"importance{joint}")):
                    if about != code and about in self.items and self.items[about].kind == IndicatorKind.SCORE:
                        found[about] = item
        return found


def frames(connection: Connection, question: AnswerQuestion) -> list[SurveyFrame]:
    """Return the surveys that a filter chooses, the newest first. Raises NotFoundError where it chooses none."""
    columns = (
        SURVEYS.c.id, SURVEYS.c.code, SURVEYS.c.title, SURVEYS.c.title_zh, SURVEYS.c.series, SURVEYS.c.wave, SURVEYS.c.assessor,
        SURVEYS.c.scale_low, SURVEYS.c.scale_high, SURVEYS.c.level_scores, SURVEYS.c.weights_version, SURVEYS.c.tree,
        SURVEYS.c.population, SURVEYS.c.is_paired,
    )  # fmt: skip
    rows = connection.execute(select(*columns).where(*question.on_surveys()).order_by(SURVEYS.c.id.desc())).all()
    if not rows:
        known = connection.execute(select(SURVEYS.c.code).order_by(SURVEYS.c.id.desc()).limit(12)).scalars().all()
        hint = f"There are: {', '.join(known)}." if known else "Load answers with: ombud import responses FILE"
        raise NotFoundError("No survey is chosen by this filter." if known else "There is no survey yet.", hint)
    found = [
        SurveyFrame(
            id=row[0],
            code=row[1],
            title=row[2],
            title_zh=row[3],
            series=row[4],
            wave=row[5],
            assessor=row[6],
            low=row[7],
            high=row[8],
            level_scores=tuple(json.loads(row[9] or "[]")),
            weights_version=row[10],
            tree=row[11],
            population=row[12],
            is_paired=row[13],
            items=items_of(connection, row[0]),
        )
        for row in rows
    ]
    return _weighted(connection, found, question.weights) if question.weights else found


def _weighted(connection: Connection, found: Sequence[SurveyFrame], version: str) -> list[SurveyFrame]:
    """The surveys by another version of their weights, of those that have it. Raises NotFoundError where none has."""
    weighted = []
    for frame in found:
        row = connection.execute(
            select(SETS.c.tree, SETS.c.weights).where(SETS.c.survey_id == frame.id, SETS.c.name == version)
        ).first()
        if row is not None:
            own = json.loads(row[1]) if not row[0] else {}
            items = {code: replace(item, weight=own.get(code, item.weight)) for code, item in frame.items.items()}
            weighted.append(replace(frame, weights_version=version, items=items))
    if not weighted:
        known = select(SETS.c.name).where(SETS.c.survey_id.in_([frame.id for frame in found])).distinct().limit(12)
        names = sorted(connection.execute(known).scalars())
        which = found[0].code if len(found) == 1 else "None of these surveys"
        message = (
            f"The survey {which} has no weights {version}." if len(found) == 1 else f"{which} has weights {version}."
        )
        raise NotFoundError(message, f"There are: {', '.join(names)}." if names else "No weights were entered yet.")
    return weighted


def one_frame(connection: Connection, question: AnswerQuestion) -> SurveyFrame:
    """Return the one survey of a filter: the newest answered one where it names none. Raises NotFoundError."""
    found = frames(connection, question)
    if len(found) == 1:
        return found[0]
    newest = connection.execute(
        select(RESPONSES.c.survey_id)
        .where(RESPONSES.c.survey_id.in_([frame.id for frame in found]))
        .order_by(RESPONSES.c.answered_at.desc())
        .limit(1)
    ).scalar()
    return next((frame for frame in found if frame.id == newest), found[0])


def chosen_items(connection: Connection, frame: SurveyFrame, question: AnswerQuestion) -> dict[str, Item]:
    """Return the items of a survey that a filter chooses: all but the groups where it names none."""
    if not any(term.field == "indicator" for term in question.filter.terms):
        return {code: item for code, item in frame.items.items() if item.kind != IndicatorKind.GROUP}
    ids = set(
        connection.execute(
            select(INDICATORS.c.id)
            .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
            .where(SURVEYS.c.id == frame.id, *question.on_indicators())
        ).scalars()
    )
    found = {code: item for code, item in frame.items.items() if item.id in ids}
    if not found:
        raise NotFoundError(
            f"The survey {frame.code} has no such indicator.", f"It has: {', '.join(list(frame.items)[:20])}."
        )
    return found


Place = tuple[str, ...]


def counted(
    connection: Connection,
    frame: SurveyFrame,
    items: Sequence[Item],
    question: AnswerQuestion,
    by: tuple[str, ...] = (),
) -> tuple[dict[int, dict[Place, Levels]], str]:
    """Return the answers to items by the values of up to two dimensions, and what was added up: pairs, cells or answers."""
    source = _source(frame, question, by)
    ids = [item.id for item in items]
    if source == "pairs":
        rows = connection.execute(_pairs_question(ids, question, by))
    elif source == "cells":
        rows = connection.execute(_cells_question(ids, question, by))
    else:
        rows = connection.execute(_answers_question(ids, question, by))
    found: dict[int, dict[Place, Levels]] = {id_: {} for id_ in ids}
    for indicator_id, *place, level, missing, n, weight, squared in rows:
        own, key = found[indicator_id], tuple(place)
        at = own.get(key)
        if at is None:
            at = own[key] = Levels()
        at.add(level, missing, n, weight, squared)
    return found, source


def _source(frame: SurveyFrame, question: AnswerQuestion, by: tuple[str, ...]) -> str:
    if not question.fits_cells:
        return "answers"
    if frame.is_paired and _pair(question, by) is not None:
        return "pairs"
    return "cells"


def _pair(question: AnswerQuestion, by: tuple[str, ...]) -> int | None:
    """The number of the pair that holds all dimensions asked of, None where they are more than two."""
    wanted = (question.fields | set(by)) & set(DIMENSIONS)
    for number, pair in enumerate(PAIRED):
        if wanted <= set(pair):
            return number
    return None


def _pairs_question(ids: Sequence[int], question: AnswerQuestion, by: tuple[str, ...]) -> Any:
    number = _pair(question, by)
    if number is None:
        raise ValueError("no pair holds these dimensions")
    first, second = PAIRED[number]
    columns = {first: PAIRS.c.first, second: PAIRS.c.second}
    groups = [columns[name] for name in by]
    key = (PAIRS.c.indicator_id, *groups, PAIRS.c.level, PAIRS.c.missing)
    return (
        select(*key, func.sum(PAIRS.c.n), func.sum(PAIRS.c.weight), func.sum(PAIRS.c.weight_squared))
        .join_from(PAIRS, INDICATORS, INDICATORS.c.id == PAIRS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(PAIRS.c.indicator_id.in_(ids), PAIRS.c.dimensions == number, *question.on_pairs(columns))
        .group_by(*key)
    )


def _cells_question(ids: Sequence[int], question: AnswerQuestion, by: tuple[str, ...]) -> Any:
    groups = [CELLS.c.month if name == "month" else SEGMENTS.c[name] for name in by]
    key = (CELLS.c.indicator_id, *groups, CELLS.c.level, CELLS.c.missing)
    return (
        select(*key, func.sum(CELLS.c.n), func.sum(CELLS.c.weight), func.sum(CELLS.c.weight_squared))
        .join_from(CELLS, SEGMENTS, SEGMENTS.c.id == CELLS.c.segment_id)
        .join(INDICATORS, INDICATORS.c.id == CELLS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(CELLS.c.indicator_id.in_(ids), *question.on_cells())
        .group_by(*key)
    )


def _answers_question(ids: Sequence[int], question: AnswerQuestion, by: tuple[str, ...]) -> Any:
    groups = [RESPONSES.c[name] for name in by]
    level, missing = func.coalesce(ANSWERS.c.score, 0), func.coalesce(ANSWERS.c.missing, "")
    weight = RESPONSES.c.weight
    key = (ANSWERS.c.indicator_id, *groups, ANSWERS.c.score, ANSWERS.c.missing)
    return (
        select(
            ANSWERS.c.indicator_id, *groups, level, missing, func.count(), func.sum(weight), func.sum(weight * weight)
        )
        .join_from(ANSWERS, RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
        .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(ANSWERS.c.indicator_id.in_(ids), *question.on_answers())
        .group_by(*key)
    )


def values_of(item: Item, frame: SurveyFrame) -> tuple[dict[int, float], str]:
    """Return the 0–100 score of each level of an item, and the name of the scale they make.

    Level scores of the survey stand for levels of its own scale; other items are spread evenly.
    """
    levels = range(item.low, item.high + 1)
    own = frame.level_scores
    if own and (item.low, item.high) == (frame.low, frame.high) and len(own) == len(levels):
        values = {level: 100 * own[place] for place, level in enumerate(levels)}
        name = "scores " + "/".join(f"{100 * score:g}" for score in own)
        if item.is_reversed:
            values = {level: values[item.high + item.low - level] for level in levels}
        return values, name
    spread = {level: 100 * (level - item.low) / (item.high - item.low) for level in levels}
    if item.is_reversed:
        spread = {level: 100 - value for level, value in spread.items()}
    return spread, HUNDRED


def sums_of(
    counts: Levels, item: Item, values: Mapping[int, float] | None = None, *, is_plain: bool = False
) -> CellSums:
    """Return the sums of one place for means and top shares: of the levels, or of ``values`` given to them.

    ``is_plain`` leaves survey weights out.
    """
    n, weight, squared, value, value_squared, top = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for level, (count, w, w2) in counts.levels.items():
        if is_plain:
            w = w2 = float(count)
        x = float(level) if values is None else values[level]
        n, weight, squared = n + count, weight + w, squared + w2
        value, value_squared = value + w * x, value_squared + w * x * x
        is_top = level < item.low + TOP_LEVELS if item.is_reversed else level > item.high - TOP_LEVELS
        top += w if is_top else 0.0
    return CellSums(n, weight, squared, value, value_squared, top, counts.n_missing)


def figure_of(
    measure: Measure,
    unit: str,
    scale: str,
    *,
    deff: float = 1.0,
    weights_version: str = "",
    filter_text: str = "",
    hides: bool = True,
) -> Figure:
    """Return a measure as a figure; below five answers its numbers are left out, below thirty it is marked."""
    shown = disclosure(measure.n)
    if shown is Disclosure.HIDDEN and hides:
        return Figure(
            value=None,
            unit=unit,
            scale=scale,
            n=measure.n,
            n_missing=measure.n_missing,
            method=measure.method,
            coverage=measure.coverage,
            weights_version=weights_version,
            disclosure=shown.value,
            filter=filter_text,
            warnings=("Fewer than 5 answers: not shown.",) if measure.n else ("No answers.",),
        )
    interval = measure.interval
    return Figure(
        value=measure.value,
        unit=unit,
        scale=scale,
        n=measure.n,
        n_missing=measure.n_missing,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        interval=interval.method if interval else "",
        method=measure.method,
        coverage=measure.coverage,
        weights_version=weights_version,
        disclosure=shown.value,
        deff=deff,
        filter=filter_text,
        warnings=measure.warnings,
    )


def mean_figure(
    counts: Levels,
    item: Item,
    values: Mapping[int, float] | None = None,
    *,
    is_plain: bool = False,
    scale: str = "",
    filter_text: str = "",
) -> Figure:
    """Return the mean level of a place, or its mean score where ``values`` are given, as a figure."""
    found = cell_mean(sums_of(counts, item, values, is_plain=is_plain))
    unit = "level" if values is None else "0-100"
    return figure_of(found, unit, scale or item.scale, deff=found.deff, filter_text=filter_text)


def top_figure(
    counts: Levels, item: Item, *, levels: int = TOP_LEVELS, is_plain: bool = False, filter_text: str = ""
) -> Figure:
    """Return the share of the best levels of a place as a figure."""
    sums = sums_of(counts, item, is_plain=is_plain)
    method = "T2B" if levels == TOP_LEVELS else "top box"
    if levels != TOP_LEVELS:
        best = item.low if item.is_reversed else item.high
        count, weight, _ = counts.levels.get(best, (0, 0.0, 0.0))
        sums = CellSums(
            sums.n,
            sums.weight,
            sums.weight_squared,
            weight_top=float(count) if is_plain else weight,
            n_missing=sums.n_missing,
        )
    found = cell_top_two(sums)
    deff = sums.n * sums.weight_squared / sums.weight**2 if sums.weight > 0 else 1.0
    made = figure_of(found, "share", item.scale, deff=deff, filter_text=filter_text)
    return replace(made, method=method)


def special_figure(counts: Levels, item: Item, *, is_plain: bool = False, filter_text: str = "") -> Figure | None:
    """Return NPS or effort where the item is asked that way, None otherwise."""
    if item.kind == IndicatorKind.NPS:
        from console.measures.headlines import DETRACTOR_TO, PROMOTER_FROM, net_promoter_from_counts

        n, weight, squared, promoters, detractors = 0, 0.0, 0.0, 0.0, 0.0
        for level, (count, w, w2) in counts.levels.items():
            if is_plain:
                w = w2 = float(count)
            n, weight, squared = n + count, weight + w, squared + w2
            promoters += w if level >= PROMOTER_FROM else 0.0
            detractors += w if level <= DETRACTOR_TO else 0.0
        deff = n * squared / weight**2 if weight > 0 else 1.0
        # Shares of the effective number of answers: the interval of weighted answers is that at n/deff.
        one = n / deff / weight if weight > 0 else 0.0
        sizes = (promoters * one, (weight - promoters - detractors) * one, detractors * one)
        effective = net_promoter_from_counts(*sizes, counts.n_missing)  # type: ignore[arg-type]
        found = replace(effective, n=n, warnings=sample_warnings(n))
        return figure_of(found, "nps", item.scale, deff=deff, filter_text=filter_text)
    if item.kind == IndicatorKind.CES:
        return mean_figure(counts, item, is_plain=is_plain, filter_text=filter_text)
    return None
