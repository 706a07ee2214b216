"""The answers of a survey as a table of respondents and items: what composites, drivers and path models are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, func, select

from console.errors import OmbudError
from console.measures.arrays import FloatArray, IntArray
from console.services.answer_counts import SurveyFrame, values_of
from console.services.answer_filtering import ANSWERS, CELLS, INDICATORS, PAIRS, RESPONSES, SURVEYS, AnswerQuestion
from console.services.answering import Item

MOST_ANSWERS = 5_000_000
"""Answers that are read at once: about 400 megabytes."""


@dataclass(frozen=True, slots=True, eq=False)
class AnswerMatrix:
    """``values`` has shape (respondents, items) in levels, NaN where there is no score; ``weights`` are survey weights."""

    responses: IntArray
    items: tuple[Item, ...]
    values: FloatArray
    weights: FloatArray

    def scores(self, frame: SurveyFrame) -> FloatArray:
        """The same on 0–100, 100 good, by the survey's level scores where it has them."""
        scored = np.full_like(self.values, np.nan)
        for column, item in enumerate(self.items):
            for level, value in values_of(item, frame)[0].items():
                scored[self.values[:, column] == level, column] = value
        return scored


def answers_counted(connection: Connection, items: Sequence[Item]) -> int:
    """Return how many answers the items have, from the pairs of a large survey, else from the cells."""
    ids = [item.id for item in items]
    pairs = select(func.sum(PAIRS.c.n)).where(PAIRS.c.indicator_id.in_(ids), PAIRS.c.dimensions == 0)
    cells = select(func.coalesce(func.sum(CELLS.c.n), 0)).where(CELLS.c.indicator_id.in_(ids))
    # Pairs are kept for all items of a survey or for none.
    return int(connection.execute(pairs).scalar_one() or connection.execute(cells).scalar_one())


def answer_matrix(connection: Connection, items: Sequence[Item], question: AnswerQuestion) -> AnswerMatrix:
    """Return the answers to items under a filter as a table; respondents without any score are rows of NaN.

    Terms on the level choose answers, not respondents. Raises OmbudError beyond five million answers.
    """
    size = answers_counted(connection, items)
    if size > MOST_ANSWERS:
        raise OmbudError(
            f"{size:,} answers are more than can be taken respondent by respondent.",
            "Choose a slice that is smaller: a month, a region, fewer indicators.",
        )
    places = {item.id: column for column, item in enumerate(items)}
    rows = connection.execute(
        select(ANSWERS.c.response_id, ANSWERS.c.indicator_id, ANSWERS.c.score, RESPONSES.c.weight)
        .join_from(ANSWERS, RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
        .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(ANSWERS.c.indicator_id.in_(list(places)), *question.on_answers())
    )
    # A row is at most four numbers: as one array they take a tenth of the room that tuples do.
    found = np.array(
        [(id_, places[item], np.nan if score is None else score, weight) for id_, item, score, weight in rows]
    )
    if not found.size:
        empty = np.zeros((0, len(places)))
        return AnswerMatrix(np.zeros(0, dtype=np.int64), tuple(items), empty, np.zeros(0))
    ids, inverse = np.unique(found[:, 0].astype(np.int64), return_inverse=True)
    values = np.full((ids.size, len(places)), np.nan)
    values[inverse, found[:, 1].astype(np.int64)] = found[:, 2]
    weights = np.ones(ids.size)
    weights[inverse] = found[:, 3]
    return AnswerMatrix(ids, tuple(items), values, weights)
