"""Where answers to a question are added up from: pairs of dimensions, cells, or the answers themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, literal, select

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

_WIDTH = ("supply", "kind", "channel", "department", "region", "month")
"""Dimensions from the one that usually has the fewest values."""
_NARROWEST = sorted(range(len(PAIRED)), key=lambda number: sorted(map(_WIDTH.index, PAIRED[number]), reverse=True))


@dataclass(frozen=True, slots=True)
class Source:
    """A table that answers can be added up from: what its columns mean, and the conditions that choose its rows.

    ``name`` is ``pairs``, ``cells`` or ``answers``; ``groups`` are the columns of dimensions by name; ``scored`` holds where
    there is a level, ``missing`` says why there is none.
    """

    name: str
    joined: FromClause
    indicator: ColumnElement[int]
    groups: Mapping[str, ColumnElement[Any]]
    level: ColumnElement[Any]
    missing: ColumnElement[Any]
    scored: ColumnElement[bool]
    n: ColumnElement[int]
    weight: ColumnElement[float]
    weight_squared: ColumnElement[float]
    where: tuple[ColumnElement[bool], ...]


def source_of(
    connection: Connection, is_paired: bool, ids: Sequence[int], question: AnswerQuestion, by: tuple[str, ...]
) -> Source:
    """Return the smallest table that can tell the answers to indicators by the values of dimensions.

    ``is_paired`` says whether pairs are kept for their survey. Surveys and indicators are told apart here by their ids, so that
    adding up joins neither.
    """
    chosen = _chosen(connection, ids, question)
    number = _pair(question, by) if is_paired and question.fits_cells else None
    if number is not None:
        return _pairs(number, chosen, question)
    return _cells(chosen, question) if question.fits_cells else _answers(chosen, question)


def _chosen(connection: Connection, ids: Sequence[int], question: AnswerQuestion) -> list[int]:
    """Those of the indicators that the terms for surveys and indicators let through."""
    conditions = question.on_indicators()
    if not conditions:
        return list(ids)
    rows = (
        select(INDICATORS.c.id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(INDICATORS.c.id.in_(ids), *conditions)
    )
    return list(connection.execute(rows).scalars())


def _pair(question: AnswerQuestion, by: tuple[str, ...]) -> int | None:
    """The number of the narrowest pair that holds all dimensions asked of, None where they are more than two."""
    wanted = (question.fields | set(by)) & set(DIMENSIONS)
    return next((number for number in _NARROWEST if wanted <= set(PAIRED[number])), None)


def _pairs(number: int, ids: Sequence[int], question: AnswerQuestion) -> Source:
    first, second = PAIRED[number]
    groups = {first: PAIRS.c.first, second: PAIRS.c.second}
    places = {**groups, "level": PAIRS.c.level, "missing": PAIRS.c.missing}
    return Source(
        name="pairs",
        joined=PAIRS,
        indicator=PAIRS.c.indicator_id,
        groups=groups,
        level=PAIRS.c.level,
        missing=PAIRS.c.missing,
        scored=PAIRS.c.missing == "",
        n=PAIRS.c.n,
        weight=PAIRS.c.weight,
        weight_squared=PAIRS.c.weight_squared,
        where=(PAIRS.c.indicator_id.in_(ids), PAIRS.c.dimensions == number, *question.on_places(places)),
    )


def _cells(ids: Sequence[int], question: AnswerQuestion) -> Source:
    return Source(
        name="cells",
        joined=CELLS.join(SEGMENTS, SEGMENTS.c.id == CELLS.c.segment_id),
        indicator=CELLS.c.indicator_id,
        groups={name: CELLS.c.month if name == "month" else SEGMENTS.c[name] for name in DIMENSIONS},
        level=CELLS.c.level,
        missing=CELLS.c.missing,
        scored=CELLS.c.missing == "",
        n=CELLS.c.n,
        weight=CELLS.c.weight,
        weight_squared=CELLS.c.weight_squared,
        where=(CELLS.c.indicator_id.in_(ids), *question.on_places()),
    )


def _answers(ids: Sequence[int], question: AnswerQuestion) -> Source:
    weight = RESPONSES.c.weight
    return Source(
        name="answers",
        joined=ANSWERS.join(RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id),
        indicator=ANSWERS.c.indicator_id,
        groups={name: RESPONSES.c[name] for name in DIMENSIONS},
        level=ANSWERS.c.score,
        missing=ANSWERS.c.missing,
        scored=ANSWERS.c.score.is_not(None),
        n=literal(1),
        weight=weight,
        weight_squared=weight * weight,
        where=(ANSWERS.c.indicator_id.in_(ids), *question.on_responses()),
    )
