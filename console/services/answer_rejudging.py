"""A survey judged anew by a rule: what every response is left out for, and the cells moved by it, all by the database.

No response passes through the program: a rule of a survey with millions of answers is changed in the time of reading them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    case,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)

from console.rules.answer_quality import (
    CHECKS,
    CONTRADICTION,
    DOUBLE,
    FEWEST_FOR_STRAIGHT_LINE,
    STRAIGHT_LINE,
    TOO_FAST,
    Judge,
    QualityRule,
    RatedItem,
    hasty_below,
)
from console.services.answer_cells import ANSWERS, CELLS, RESPONSES, SEGMENT, SEGMENTS, SURVEYS, add_moved
from console.services.answer_judging import rated_items

_PASSING = MetaData()
MOVED = Table(
    "moved_responses",
    _PASSING,
    Column("response_id", Integer, primary_key=True, autoincrement=False),
    Column("sign", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Responses that count from now on (1) or no more (−1)."""
MOVED_CELLS = Table(
    "moved_cells",
    _PASSING,
    *[Column(name, CELLS.c[name].type) for name in ("indicator_id", "segment_id", "month", "level", "missing")],
    Column("n", Integer),
    Column("weight", Float),
    Column("weight_squared", Float),
    prefixes=["TEMPORARY"],
)
"""What that adds to the cells and takes from them."""


def judge_anew(connection: Connection, survey_id: int, rule: QualityRule) -> int:
    """Give every response of a survey its reason by a rule, and move the cells by what changed; return how many did.

    In the caller's transaction. The rule is kept with the survey, with the least time a response may have taken worked out anew.
    """
    if TOO_FAST in rule.checks:
        rule = replace(rule, seconds_from=hasty_of(connection, survey_id))
    connection.execute(
        update(SURVEYS).where(SURVEYS.c.id == survey_id).values(quality_rule=rule.text(), version=SURVEYS.c.version + 1)
    )
    reason = _reason(Judge(rule, rated_items(connection, survey_id)))
    with _passing(connection):
        own = RESPONSES.c.survey_id == survey_id
        sign = case((RESPONSES.c.excluded == "", -1), else_=1)
        turned = or_(
            and_(RESPONSES.c.excluded == "", reason != ""),
            and_(RESPONSES.c.excluded != "", reason == ""),
        )
        connection.execute(
            insert(MOVED).from_select(["response_id", "sign"], select(RESPONSES.c.id, sign).where(own, turned))
        )
        changed = connection.execute(
            update(RESPONSES).where(own, RESPONSES.c.excluded != reason).values(excluded=reason)
        ).rowcount
        _move_cells(connection)
        add_moved(connection, survey_id, MOVED_CELLS)
    return changed


def hasty_of(connection: Connection, survey_id: int) -> float | None:
    """Return the seconds under which a response of a survey took less than a third of the median; None where none is known."""
    counted = (
        select(RESPONSES.c.seconds, func.count())
        .where(RESPONSES.c.survey_id == survey_id, RESPONSES.c.seconds.is_not(None))
        .group_by(RESPONSES.c.seconds)
    )
    return hasty_below({row[0]: row[1] for row in connection.execute(counted)})


def found_by_check(connection: Connection, survey_id: int, rule: QualityRule) -> dict[str, int]:
    """Return how many responses of a survey each check finds, whether the rule leaves these out or not.

    Contradictions are looked for among the pairs of the rule.
    """
    checks = tuple(check for check in CHECKS if check != CONTRADICTION or rule.contradictions)
    whole = replace(rule, checks=checks, seconds_from=hasty_of(connection, survey_id))
    judge = Judge(whole, rated_items(connection, survey_id))
    found = [func.count().filter(finds(check, judge)) for check in checks]
    row = connection.execute(select(*found).where(RESPONSES.c.survey_id == survey_id)).one()
    return {check: int(count) for check, count in zip(checks, row, strict=True)}


@contextmanager
def _passing(connection: Connection) -> Iterator[None]:
    """The tables that pass what changed on, for as long as that takes; with the transaction they go too."""
    _PASSING.create_all(connection, checkfirst=False)
    yield
    _PASSING.drop_all(connection, checkfirst=False)


def _move_cells(connection: Connection) -> None:
    places = [RESPONSES.c[name] for name in SEGMENT]
    moved = MOVED.join(RESPONSES, RESPONSES.c.id == MOVED.c.response_id)
    # Segments that only responses left out stood in have not been counted yet.
    known = select(SEGMENTS.c.id).where(*[SEGMENTS.c[name] == RESPONSES.c[name] for name in SEGMENT]).exists()
    connection.execute(
        insert(SEGMENTS).from_select(list(SEGMENT), select(*places).select_from(moved).where(~known).distinct())
    )
    key = (
        ANSWERS.c.indicator_id,
        SEGMENTS.c.id,
        RESPONSES.c.month,
        ANSWERS.c.score,
        ANSWERS.c.missing,
    )
    weight = MOVED.c.sign * RESPONSES.c.weight
    sums = (func.sum(MOVED.c.sign), func.sum(weight), func.sum(weight * RESPONSES.c.weight))
    level, missing = func.coalesce(ANSWERS.c.score, 0), func.coalesce(ANSWERS.c.missing, "")
    selected = (
        select(*key[:3], level, missing, *sums)
        .select_from(
            moved.join(ANSWERS, ANSWERS.c.response_id == RESPONSES.c.id).join(
                SEGMENTS, and_(*[SEGMENTS.c[name] == RESPONSES.c[name] for name in SEGMENT])
            )
        )
        .group_by(*key)
    )
    connection.execute(insert(MOVED_CELLS).from_select([column.name for column in MOVED_CELLS.columns], selected))


def _reason(judge: Judge) -> ColumnElement[Any]:
    """What a response is left out for, as ``Judge.reason`` decides: the first of the checks that finds something."""
    whens = [(finds(check, judge), literal(check, String)) for check in judge.rule.checks]
    return case(*whens, else_=literal("", String)) if whens else literal("", String)


def finds(check: str, judge: Judge) -> ColumnElement[bool]:
    """Return the condition on responses that one check finds something wrong with them, as ``Judge.finds``."""
    if check == DOUBLE:
        return RESPONSES.c.is_double.is_(true())
    if check == STRAIGHT_LINE:
        return _is_straight(judge)
    if check == CONTRADICTION:
        return _contradicts(judge)
    if judge.rule.seconds_from is None:
        return false()
    return and_(RESPONSES.c.seconds.is_not(None), RESPONSES.c.seconds < judge.rule.seconds_from)


def _is_straight(judge: Judge) -> ColumnElement[bool]:
    rated = [item.id for item in judge.items.values() if item.is_rating]
    # A column in a sum is not looked up in an index: read in the order of their key, answers of one response stand together, and
    # nothing is sorted or held.
    alike = (
        select(ANSWERS.c.response_id)
        .where((ANSWERS.c.indicator_id + 0).in_(rated), ANSWERS.c.score.is_not(None))
        .group_by(ANSWERS.c.response_id)
        .having(func.count() >= FEWEST_FOR_STRAIGHT_LINE, func.min(ANSWERS.c.score) == func.max(ANSWERS.c.score))
    )
    return RESPONSES.c.id.in_(alike)


def _contradicts(judge: Judge) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = []
    for first, second in judge.rule.contradictions:
        if first in judge.items and second in judge.items:
            one, other = ANSWERS.alias(), ANSWERS.alias()
            items = judge.items[first], judge.items[second]
            apart = func.abs(_points(one.c.score, items[0]) - _points(other.c.score, items[1]))
            differing = (
                select(one.c.response_id)
                .join_from(one, other, one.c.response_id == other.c.response_id)
                .where(
                    one.c.indicator_id == items[0].id,
                    other.c.indicator_id == items[1].id,
                    one.c.score.is_not(None),
                    other.c.score.is_not(None),
                    apart > literal(judge.rule.tolerance, Float),
                )
            )
            parts.append(RESPONSES.c.id.in_(differing))
    return or_(false(), *parts)


def _points(score: ColumnElement[Any], item: RatedItem) -> ColumnElement[Any]:
    """A level as points of 0 to 100, by the operations of ``RatedItem.points`` in their order: equal to the last bit."""
    hundred = literal(100.0, Float)
    found = hundred * (score - item.low) / literal(float(item.high - item.low), Float)
    return hundred - found if item.is_reversed else found
