"""Answers that should be looked at before they count: entered twice, all alike, too fast, contradicting themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, false, func, select

from console.errors import UsageError
from console.rules.answer_quality import (
    CHECKS,
    CONTRADICTION,
    DOUBLE,
    FEWEST_FOR_STRAIGHT_LINE,
    STRAIGHT_LINE,
    TOO_FAST,
    Judge,
    QualityRule,
    hasty_below,
)
from console.services.answer_counts import one_frame
from console.services.answer_filtering import (
    ANSWERS,
    CUSTOMERS,
    INDICATORS,
    RESPONSES,
    SURVEYS,
    AnswerQuestion,
    asked,
)
from console.services.answer_judging import rated_items, rule_of
from console.services.answer_rejudging import finds
from console.services.answering import survey_of
from console.storage.engine import Store

LISTED = 1_000
"""The most numbers of responses given for one rule; the count is whole."""
STREAMED = 1_000
"""Rows that are fetched at once."""


@dataclass(frozen=True, slots=True)
class DoubleGroup:
    """Responses that are probably one: they say the same (``same answers``), or one customer gave them (``same customer``)."""

    reason: str
    numbers: tuple[str, ...]
    customer: str
    first_at: datetime
    last_at: datetime
    batches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class QualityFlag:
    """One named rule: how many of how many responses it finds, and which."""

    rule: str
    count: int
    checked: int
    numbers: tuple[str, ...]
    note: str = ""


def doubles(store: Store, code: str, *, limit: int = 100) -> tuple[DoubleGroup, ...]:
    """Return the responses of a survey that are probably entered twice, the latest groups first.

    Those that say exactly the same at the same time were flagged when they came in, unless they say too little to tell; those of
    one customer are listed where no case tells them apart. Raises NotFoundError.
    """
    with store.reading() as connection:
        survey = survey_of(connection, code)
        flagged = (
            select(RESPONSES.c.digest)
            .where(RESPONSES.c.survey_id == survey.id, RESPONSES.c.is_double)
            .distinct()
            .scalar_subquery()
        )
        twice = (
            select(RESPONSES.c.customer_id)
            .where(
                RESPONSES.c.survey_id == survey.id, RESPONSES.c.customer_id.is_not(None), RESPONSES.c.case_id.is_(None)
            )
            .group_by(RESPONSES.c.customer_id)
            .having(func.count() > 1)
            .scalar_subquery()
        )
        groups: dict[tuple[str, object], list[tuple[str, str, datetime, int | None]]] = {}
        columns = (
            RESPONSES.c.digest, RESPONSES.c.customer_id, RESPONSES.c.number, CUSTOMERS.c.number, RESPONSES.c.answered_at,
            RESPONSES.c.batch_id,
        )  # fmt: skip
        base = (
            select(*columns)
            .join_from(RESPONSES, CUSTOMERS, CUSTOMERS.c.id == RESPONSES.c.customer_id, isouter=True)
            .order_by(RESPONSES.c.id)
        )
        in_survey = RESPONSES.c.survey_id == survey.id
        for digest, _customer, number, name, at, batch in connection.execute(
            base.where(in_survey, RESPONSES.c.digest.in_(flagged))
        ):
            groups.setdefault(("same answers", digest), []).append((number, name or "", at, batch))
        said = {number for rows in groups.values() for number, *_rest in rows}
        for _digest, customer, number, name, at, batch in connection.execute(
            base.where(in_survey, RESPONSES.c.customer_id.in_(twice), RESPONSES.c.case_id.is_(None))
        ):
            groups.setdefault(("same customer", customer), []).append((number, name or "", at, batch))
    found = [
        DoubleGroup(
            reason,
            tuple(row[0] for row in rows),
            rows[0][1],
            min(row[2] for row in rows),
            max(row[2] for row in rows),
            tuple(sorted({row[3] for row in rows if row[3] is not None})),
        )
        for (reason, _key), rows in groups.items()
        if reason == "same answers" or any(row[0] not in said for row in rows)
    ]
    found.sort(key=lambda group: group.last_at, reverse=True)
    return tuple(found[:limit])


def flags(
    store: Store,
    filter_text: str,
    *,
    contradictions: Collection[tuple[str, str]] = (),
    tolerance: float | None = None,
    zone: str = "",
) -> tuple[QualityFlag, ...]:
    """Return what each rule finds among the responses of a filter: straight lines, haste, contradictions, double entries.

    ``contradictions`` are pairs of indicators that ask the same, ``tolerance`` in points of 0 to 100; where they are not given,
    those kept with the survey. A response that the filter finds is judged by all its answers. Responses left out of figures are
    looked at too; nothing is left out by this. The database does the looking, and holds what it finds only: a survey of
    10,000,000 answers takes no more room than a small one. Raises NotFoundError, UsageError for an indicator that the survey
    does not rate.
    """
    with store.reading() as connection:
        question = replace(asked(filter_text, zone=zone), counts_all=True)
        frame = one_frame(connection, question)
        kept = rule_of(connection, frame.id)
        pairs = tuple(contradictions or kept.contradictions)
        points = kept.tolerance if tolerance is None else tolerance
        items = rated_items(connection, frame.id)
        for pair in pairs:
            for item in pair:
                if item not in items:
                    raise UsageError(f"The survey {frame.code} does not rate {item}.", f"It rates: {', '.join(items)}.")
        chosen = _chosen(frame.id, question)
        # Counted here: grouping, SQLite sorts all of them in memory.
        durations = Counter(_streamed(connection, select(RESPONSES.c.seconds).where(*chosen)))
        checked = durations.total()
        durations.pop(None, None)
        judge = Judge(QualityRule(CHECKS, pairs, points, hasty_below(durations)), items)
        ratings = sum(item.is_rating for item in items.values())

        def flag(rule: str, found: ColumnElement[bool], among: int, note: str) -> QualityFlag:
            return _flag(connection, rule, [*chosen, found], among, note)

        least = judge.rule.seconds_from
        is_enough = ratings >= FEWEST_FOR_STRAIGHT_LINE
        return (
            flag(
                "straight line",
                finds(STRAIGHT_LINE, judge) if is_enough else false(),
                checked if is_enough else 0,
                "" if is_enough else f"it takes at least {FEWEST_FOR_STRAIGHT_LINE} ratings",
            ),
            flag(
                "too fast",
                finds(TOO_FAST, judge),
                sum(durations.values()),
                "no durations are known" if least is None else f"under {least:.0f} s",
            ),
            *(
                flag(
                    f"contradiction {pair[0]}/{pair[1]}",
                    finds(CONTRADICTION, Judge(replace(judge.rule, contradictions=(pair,)), items)),
                    checked,
                    f"more than {points:g} points apart",
                )
                for pair in pairs
            ),
            flag("double entry", finds(DOUBLE, judge), checked, "says exactly what another says"),
        )


def _chosen(survey_id: int, question: AnswerQuestion) -> list[ColumnElement[bool]]:
    """The conditions on responses alone by which a filter chooses them; those on answers choose who gave such an answer."""
    own = RESPONSES.c.survey_id == survey_id
    if question.fields & {"level", "missing"} or any(term.field == "indicator" for term in question.filter.terms):
        given = (
            select(ANSWERS.c.response_id)
            .join_from(ANSWERS, RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
            .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
            .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
            .where(own, *question.on_answers())
        )
        return [own, RESPONSES.c.id.in_(given)]
    return [own, *question.on_responses()]


def _flag(
    connection: Connection, rule: str, conditions: Sequence[ColumnElement[bool]], checked: int, note: str
) -> QualityFlag:
    count, numbers = 0, []
    for number in _streamed(connection, select(RESPONSES.c.number).where(*conditions).order_by(RESPONSES.c.id)):
        count += 1
        if count <= LISTED:
            numbers.append(number)
    return QualityFlag(rule, count, checked, tuple(numbers), note)


def _streamed(connection: Connection, question: Select[Any]) -> Iterable[Any]:
    """The first column of what a question finds, a portion at a time."""
    return connection.execute(question, execution_options={"yield_per": STREAMED}).scalars()
