"""Single answers, one line each: what stands at the end of a drill-down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from console.errors import UsageError
from console.rules.filters import Sort
from console.services.answer_counts import one_frame
from console.services.answer_filtering import (
    ANSWER_TEXTS,
    ANSWERS,
    CASES,
    CELLS,
    CUSTOMERS,
    INDICATORS,
    RESPONSES,
    SURVEYS,
    AnswerQuestion,
    asked,
    month_span,
)
from console.services.answer_sources import source_of
from console.services.satisfaction_views import AnswerLine
from console.storage.engine import Store

LISTED = 100
MOST_KEYS = 1_000
"""Answers listed at once up to which their keys are found first; more are read in one question."""

Key = tuple[int, int]
"""Response and indicator."""


def answers(
    store: Store, filter_text: str = "", *, limit: int = LISTED, offset: int = 0, zone: str = ""
) -> list[AnswerLine]:
    """Return the single answers that a filter finds, newest first: what stands behind a figure.

    Raises FilterError; UsageError for a negative limit or offset.
    """
    if limit < 0 or offset < 0:
        raise UsageError("A limit and an offset are 0 or more.")
    question = asked(filter_text, zone=zone)
    with store.reading() as connection:
        surveys = connection.execute(select(SURVEYS.c.id).where(*question.on_surveys()).limit(2)).scalars().all()
        if len(surveys) == 1 and not question.filter.sorts and limit <= MOST_KEYS:
            return [
                _line(row) for row in _of_keys(connection, _newest(connection, question, surveys[0], limit, offset))
            ]
        order = [*_order(question.filter.sorts), *_NEWEST]
        selected = _selected().where(*question.on_answers()).order_by(*order).limit(limit).offset(offset)
        return [_line(tuple(row)) for row in connection.execute(selected)]


def _selected() -> Select[Any]:
    """Answers with all that a line says of them, and their keys behind it."""
    low, high = (func.coalesce(INDICATORS.c[name], SURVEYS.c[name]) for name in ("scale_low", "scale_high"))
    return (
        select(
            SURVEYS.c.code, RESPONSES.c.number, INDICATORS.c.code, INDICATORS.c.label, ANSWERS.c.score, ANSWERS.c.missing, low,
            high,
            ANSWER_TEXTS.c.content, RESPONSES.c.answered_at, RESPONSES.c.region, RESPONSES.c.kind, RESPONSES.c.supply,
            RESPONSES.c.channel, RESPONSES.c.department, RESPONSES.c.interviewer, RESPONSES.c.language, CUSTOMERS.c.number,
            CASES.c.reference, RESPONSES.c.weight, RESPONSES.c.is_double, RESPONSES.c.excluded,
            INDICATORS.c.label_zh, ANSWERS.c.response_id, ANSWERS.c.indicator_id,
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


def _of_keys(connection: Connection, keys: Sequence[Key]) -> Iterable[tuple[Any, ...]]:
    """The answers of these keys, in their order."""
    responses = sorted({response for response, _indicator in keys})
    indicators = sorted({indicator for _response, indicator in keys})
    chosen = ANSWERS.c.response_id.in_(responses) & ANSWERS.c.indicator_id.in_(indicators)
    # The last two columns are the keys.
    found = {tuple(row[-2:]): tuple(row) for row in connection.execute(_selected().where(chosen))}
    return [found[key] for key in keys if key in found]


def _line(row: tuple[Any, ...]) -> AnswerLine:
    return AnswerLine(
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
        label_zh=row[22],
    )


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


def _newest(connection: Connection, question: AnswerQuestion, survey_id: int, limit: int, offset: int) -> list[Key]:
    """The keys of the newest answers of one survey, by the index over its times: nothing is sorted that is not shown."""
    own = (INDICATORS.c.survey_id == survey_id, *question.on_indicators())
    question_ids = select(INDICATORS.c.id).join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id).where(*own)
    ids = connection.execute(question_ids).scalars().all()
    reach = _reach(connection, question, survey_id, ids, limit + offset)
    # A column in a sum is not looked up in an index: the newest responses are walked, not all answers of a level sorted.
    columns = {"level": ANSWERS.c.score + 0} if reach.is_walked else {}
    selected = (
        select(ANSWERS.c.response_id, ANSWERS.c.indicator_id)
        .join_from(RESPONSES, ANSWERS, ANSWERS.c.response_id == RESPONSES.c.id)
        .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
        .where(
            RESPONSES.c.survey_id == survey_id,
            ANSWERS.c.indicator_id.in_(ids),
            *question.on_responses(columns),
            *question.on_times(),
            *([RESPONSES.c.answered_at >= reach.since] if reach.since else []),
        )
        .order_by(*_NEWEST)
    )
    return [(row[0], row[1]) for row in connection.execute(selected.limit(limit).offset(offset))]


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far back the newest answers lie, None where that is not known, and whether responses are walked from the newest."""

    since: datetime | None = None
    is_walked: bool = False


def _reach(connection: Connection, question: AnswerQuestion, survey_id: int, ids: Sequence[int], wanted: int) -> _Reach:
    """What the cells know beforehand of where so many newest answers lie.

    Walking looks at ``responses · wanted / found`` responses on the average, sorting at all answers found, about five times as
    dear each.
    """
    if not question.fits_cells or not wanted:
        return _Reach()
    is_paired, responses = connection.execute(
        select(SURVEYS.c.is_paired, SURVEYS.c.response_count).where(SURVEYS.c.id == survey_id)
    ).one()
    source = source_of(connection, is_paired, ids, question, ("month",))
    month = source.groups["month"]
    counted = (
        select(month, func.sum(source.n))
        .select_from(source.joined)
        .where(*source.where)
        .group_by(month)
        .order_by(month.desc())
    )
    found, since = 0, None
    for name, n in connection.execute(counted):
        if found < wanted:
            span = month_span(name)
            since = span[0] if span else None
        found += n
    return _Reach(since if found >= wanted else None, 5 * found * found >= responses * wanted)


def answer_count(store: Store, filter_text: str = "", *, zone: str = "") -> int:
    """Return how many single answers a filter finds, from pairs or cells where these can tell. Raises FilterError."""
    question = asked(filter_text, zone=zone)
    own = select(SURVEYS.c.id, SURVEYS.c.is_paired).where(*question.on_surveys())
    with store.reading() as connection:
        surveys = {row.id: row.is_paired for row in connection.execute(own)}
        of_survey = select(INDICATORS.c.survey_id, INDICATORS.c.id).where(INDICATORS.c.survey_id.in_(list(surveys)))
        ids: dict[bool, list[int]] = {True: [], False: []}
        for survey_id, indicator_id in connection.execute(of_survey):
            ids[surveys[survey_id]].append(indicator_id)
        found = 0
        for is_paired, some in ids.items():
            if some:
                source = source_of(connection, is_paired, some, question, ())
                counted = select(func.coalesce(func.sum(source.n), 0)).select_from(source.joined).where(*source.where)
                found += int(connection.execute(counted).scalar_one())
        return found


def months(store: Store, filter_text: str = "", *, zone: str = "") -> list[str]:
    """Return the months in which the survey that a filter chooses was answered, the newest first."""
    question = asked(filter_text, zone=zone)
    with store.reading() as connection:
        frame = one_frame(connection, question)
        ids = [item.id for item in frame.items.values()]
        found = connection.execute(select(CELLS.c.month).where(CELLS.c.indicator_id.in_(ids)).distinct())
        return sorted((str(month) for month in found.scalars() if month), reverse=True)
