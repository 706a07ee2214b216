"""Answers that should be looked at before they count: entered twice, all alike, too fast, contradicting themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlalchemy import Table, func, select

from console.codes import IndicatorKind
from console.errors import UsageError
from console.measures.answers import contradicting, hasty, straight_lined
from console.measures.arrays import FloatArray
from console.models import Customer, Response
from console.models.base import table_of
from console.services.answer_counts import one_frame
from console.services.answer_filtering import asked
from console.services.answer_judging import rule_of
from console.services.answer_matrix import AnswerMatrix, answer_matrix
from console.services.answering import Item, survey_of
from console.storage.engine import Store

RESPONSES: Table = table_of(Response)
CUSTOMERS: Table = table_of(Customer)

LISTED = 1_000
"""The most numbers of responses given for one rule; the count is whole."""


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
    those kept with the survey. Responses left out of figures are looked at too; nothing is left out by this. Raises
    NotFoundError, UsageError for an indicator that the survey does not rate.
    """
    with store.reading() as connection:
        question = replace(asked(filter_text, zone=zone), counts_all=True)
        frame = one_frame(connection, question)
        kept = rule_of(connection, frame.id)
        contradictions = contradictions or kept.contradictions
        tolerance = kept.tolerance if tolerance is None else tolerance
        rated = [
            item
            for item in frame.items.values()
            if item.kind in (IndicatorKind.SCORE, IndicatorKind.NPS, IndicatorKind.CES)
        ]
        places = {item.code: place for place, item in enumerate(rated)}
        for pair in contradictions:
            for item in pair:
                if item not in places:
                    raise UsageError(
                        f"The survey {frame.code} does not rate {item}.", f"It rates: {', '.join(places)}."
                    )
        table = answer_matrix(connection, rated, question)
        ids = [int(id_) for id_ in table.responses]
        facts: dict[int, tuple[str, int | None, bool]] = {}
        for start in range(0, len(ids), 10_000):
            rows = connection.execute(
                select(RESPONSES.c.id, RESPONSES.c.number, RESPONSES.c.seconds, RESPONSES.c.is_double).where(
                    RESPONSES.c.id.in_(ids[start : start + 10_000])
                )
            )
            facts.update({row[0]: (row[1], row[2], row[3]) for row in rows})
        scores = _points(table, rated)
    numbers = [facts[id_][0] for id_ in ids]
    seconds = np.array([np.nan if facts[id_][1] is None else facts[id_][1] for id_ in ids], dtype=float)
    plain = [column for column, item in enumerate(rated) if item.kind == IndicatorKind.SCORE]
    timed = int((~np.isnan(seconds)).sum())
    return (
        _flag(
            "straight line",
            straight_lined(table.values[:, plain]) if ids and plain else (),
            numbers,
            len(ids) if len(plain) >= 8 else 0,
            "" if len(plain) >= 8 else "it takes at least 8 ratings",
        ),
        _flag(
            "too fast",
            hasty(seconds) if ids else (),
            numbers,
            timed,
            f"under {float(np.nanmedian(seconds)) / 3:.0f} s" if timed else "no durations are known",
        ),
        *(
            _flag(
                f"contradiction {first}/{second}",
                contradicting(scores, [(places[first], places[second])], tolerance) if ids else (),
                numbers,
                len(ids),
                f"more than {tolerance:g} points apart",
            )
            for first, second in contradictions
        ),
        _flag("double entry", tuple(facts[id_][2] for id_ in ids), numbers, len(ids), "says exactly what another says"),
    )


def _points(table: AnswerMatrix, items: Sequence[Item]) -> FloatArray:
    """The answers as points of 0 to 100 along their scales, 100 good."""
    low, high = (np.array([float(getattr(item, end)) for item in items]) for end in ("low", "high"))
    points: FloatArray = 100 * (table.values - low) / (high - low)
    turned = np.array([item.is_reversed for item in items], dtype=bool)
    points[:, turned] = 100 - points[:, turned]
    return points


def _flag(rule: str, found: Sequence[bool], numbers: Sequence[str], checked: int, note: str) -> QualityFlag:
    marked = [number for number, is_found in zip(numbers, found, strict=False) if is_found]
    return QualityFlag(rule, len(marked), checked, tuple(marked[:LISTED]), note)
