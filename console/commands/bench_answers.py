"""Answers made for measuring: one survey of a utility, the same at every run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.storage.engine import Store

SURVEY = "bench"
ITEMS = 8
PART = 50_000
REGIONS = tuple(f"region {number:02d}" for number in range(1, 13))
KINDS = ("individual", "intermediary", "enterprise", "government")
SUPPLIES = ("residential", "commercial", "industrial", "agricultural")
CHANNELS = ("telephone", "web", "app", "device", "visit")
DEPARTMENTS = tuple(f"department {number}" for number in range(1, 9))
MONTHS = tuple((2024 + number // 12, number % 12 + 1) for number in range(24))


def _uniform(multiplier: int) -> str:
    """A whole number from 0 to 65,535 that the number of a response decides (Weyl's sequence), as SQL of both engines."""
    return f"(((numbers.n * {multiplier}) % 4294967296) / 65536)"


def _pick(multiplier: int, values: Sequence[str], shares: Sequence[float]) -> str:
    """One of several values in these shares, as SQL."""
    total, reached, whens = sum(shares), 0.0, []
    for value, share in zip(values, shares, strict=True):
        reached += share
        whens.append(f"WHEN {_uniform(multiplier)} < {65536 * reached / total:.0f} THEN '{value}'")
    return f"CASE {' '.join(whens)} ELSE '{values[-1]}' END"


def _falling(count: int, rate: float) -> list[float]:
    return [math.exp(-rate * place) for place in range(count)]


_NUMBERS = (
    "WITH RECURSIVE numbers(n) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)"
)


def _response_sql(is_sqlite: bool) -> str:
    """Responses of a utility's customers: most of them residential, in a hall or on the telephone."""
    place = f"({_uniform(2246822519)} * {len(MONTHS)} / 65536)"
    begins = [int(datetime(year, month, 1, tzinfo=UTC).timestamp()) for year, month in MONTHS]
    begin = f"CASE {place} {' '.join(f'WHEN {at} THEN {second}' for at, second in enumerate(begins))} END"
    months = [f"WHEN {at} THEN '{year}-{month:02d}'" for at, (year, month) in enumerate(MONTHS)]
    moment = f"({begin} + ({_uniform(3266489917)} * 28 / 65536) * 86400 + ({_uniform(668265263)} * 24 / 65536) * 3600)"
    supply = (
        f"CASE WHEN {_uniform(374761393)} < 56361 THEN '{SUPPLIES[0]}' ELSE {_pick(2654435761, SUPPLIES, [1] * 4)} END"
    )
    columns = {
        "id": "numbers.n",
        "survey_id": "CAST(:survey AS INTEGER)",
        "number": "'B' || CAST(100000000 + numbers.n AS TEXT)",
        "channel": _pick(2869860233, CHANNELS, _falling(len(CHANNELS), 0.7)),
        "region": _pick(3432918353, REGIONS, _falling(len(REGIONS), 0.35)),
        "kind": _pick(374761393, KINDS, (86, 3, 10, 1)),
        "supply": supply,
        "department": _pick(1103515245, DEPARTMENTS, [1] * len(DEPARTMENTS)),
        "interviewer": "''",
        "language": "''",
        "weight": "1.0",
        "month": f"CASE {place} {' '.join(months)} END",
        "digest": "''",
        "is_double": "0" if is_sqlite else "false",
        "answered_at": moment if is_sqlite else f"to_timestamp({moment})",
    }
    # Every part of the statement is made from the constants above.
    return f"INSERT INTO responses ({', '.join(columns)}) {_NUMBERS} SELECT {', '.join(columns.values())} FROM numbers"  # noqa: S608


def _answer_sql() -> str:
    """Their answers: satisfied on the whole, one in twenty-five missing, those of one person alike."""
    mood = f"(({_uniform(2654435769)} + {_uniform(1540483477)} + {_uniform(461845907)}) * 1.4 / 65536 - 2.1)"
    own = "((((numbers.n * 8 + indicators.position) * 3980971909) % 4294967296) / 65536)"
    level = f"CAST(ROUND(4 + {mood} + {own} * 1.6 / 65536 - 0.8) AS INTEGER)"
    silent = "((((numbers.n * 8 + indicators.position) * 2246822507) % 4294967296) / 65536) < 2621"
    return (
        f"INSERT INTO answers (response_id, indicator_id, score, missing) {_NUMBERS} SELECT numbers.n, indicators.id, "  # noqa: S608 - constants
        f"CASE WHEN {silent} THEN NULL WHEN {level} < 1 THEN 1 WHEN {level} > 5 THEN 5 ELSE {level} END, "
        f"CASE WHEN {silent} THEN 'NA' END FROM numbers CROSS JOIN indicators WHERE indicators.survey_id = :survey "
        "ORDER BY numbers.n, indicators.id"
    )


def make(store: Store, answers: int, start: int = 0) -> None:
    """Fill a database with one survey and this many answers, set by set, the same at every run.

    ``start`` is how many it holds already.
    """
    from sqlalchemy import text

    survey_id = _survey(store, answers) if not start else _survey_id(store)
    statements = (text(_response_sql(store.is_sqlite)), text(_answer_sql()))
    last = -(-answers // ITEMS)
    for first in range(-(-start // ITEMS) + 1, last + 1, PART):
        bounds = {"first": first, "last": min(last, first + PART - 1), "survey": survey_id}
        with store.writing("bench") as work:
            for statement in statements:
                work.connection.execute(statement, {name: bounds[name] for name in statement.compile().params})
            work.record("bench", "survey", SURVEY, {"responses": bounds["last"] - first + 1})


def _survey(store: Store, answers: int) -> int:
    from sqlalchemy import insert

    from console.services.answering import INDICATORS, SURVEYS

    with store.writing("bench") as work:
        survey_id = work.connection.execute(
            insert(SURVEYS).values(code=SURVEY, title="Bench").returning(SURVEYS.c.id)
        ).scalar_one()
        for place in range(1, ITEMS + 1):
            work.connection.execute(
                insert(INDICATORS).values(
                    survey_id=survey_id, code=f"item{place}", label=f"Item {place}", position=place
                )
            )
        work.record("bench", "survey", SURVEY, {"answers": answers})
    return int(survey_id)


def _survey_id(store: Store) -> int:
    from console.services.answering import survey_of

    with store.reading() as connection:
        return survey_of(connection, SURVEY).id


def count(store: Store) -> None:
    """Count the cells and gather what the engine knows of its tables."""
    from console.services.answer_cells import rebuild
    from console.storage.engine import analyse

    with store.writing("bench") as work:
        cells = rebuild(work.connection)
        work.record("rebuild_cells", "survey", SURVEY, {"cells": cells})
    analyse(store)


def sizes(store: Store) -> tuple[int, int]:
    """Return how many cells and how many pairs are kept."""
    from sqlalchemy import func, select

    from console.services.answer_cells import CELLS, PAIRS

    with store.reading() as connection:
        cells, pairs = (
            connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (CELLS, PAIRS)
        )
    return int(cells), int(pairs)
