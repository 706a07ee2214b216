"""``ombud bench satisfaction``: pivots and drill-downs over generated answers, beside the same group-by in plain SQLite."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.bench import BenchDatabase, _bench_store
from console.commands.database import AsJson
from console.commands.output import emit, emit_json, emit_table, narrate

if TYPE_CHECKING:
    from console.storage.engine import Store

Answers = Annotated[int, typer.Option("--answers", min=1_000, help="How many answers to make.")]
Runs = Annotated[int, typer.Option("--runs", min=1, help="How often each question is asked; the median counts.")]

SURVEY = "bench"
ITEMS = 8
PART = 50_000
REGIONS = tuple(f"region {number:02d}" for number in range(1, 13))
KINDS = ("individual", "intermediary", "enterprise", "government")
SUPPLIES = ("residential", "commercial", "industrial", "agricultural")
CHANNELS = ("telephone", "web", "app", "device", "visit")
DEPARTMENTS = tuple(f"department {number}" for number in range(1, 9))
MONTHS = tuple((2024 + number // 12, number % 12 + 1) for number in range(24))


def satisfaction(
    answers: Answers = 1_000_000, runs: Runs = 5, database: BenchDatabase = None, as_json: AsJson = False
) -> None:
    """Make answers, then measure summary, pivots and drill-down beside the same questions to plain SQLite tables."""
    from console.services.pivots import answers as single
    from console.services.pivots import pivot
    from console.services.satisfaction import figures

    with _bench_store(database) as store:
        narrate(f"Making {answers:,} answers…")
        making = _seconds(lambda: _make(store, answers))
        narrate("Counting the cells…")
        counting = _seconds(lambda: _count(store))
        one = f"survey:{SURVEY} indicator:item1"
        region, month = "region 03", "2025-03"
        asked: dict[str, tuple[Callable[[], object], str]] = {
            "summary": (lambda: figures(store), _PLAIN_SUMMARY),
            "figures of one indicator": (lambda: figures(store, one), _PLAIN_ONE),
            "pivot region x month": (lambda: pivot(store, "region", "month", one), _plain_pivot("region", "month")),
            "pivot department x channel": (
                lambda: pivot(store, "department", "channel", one),
                _plain_pivot("department", "channel"),
            ),
            "pivot indicator x region": (
                lambda: pivot(store, "indicator", "region", f"survey:{SURVEY}"),
                _plain_pivot("a.indicator_id", "region", every=True),
            ),
            "drill-down: one region": (
                lambda: pivot(store, "department", "month", f'{one} region:"{region}"'),
                _plain_pivot("department", "month", f"AND region = '{region}'"),
            ),
            "drill-down: one region and month": (
                lambda: pivot(store, "department", "channel", f'{one} region:"{region}" month:{month}'),
                _plain_pivot("department", "channel", f"AND region = '{region}' AND month = '{month}'"),
            ),
            "drill-down: single answers": (
                lambda: single(store, f'{one} region:"{region}" month:{month} level:<=2', limit=100),
                _PLAIN_LINES.format(region=region, month=month),
            ),
        }
        plain = _plain_copy(store) if store.is_sqlite else None
        rows = []
        for name, (ask, sql) in asked.items():
            ours = _median(ask, runs)
            theirs = None if plain is None else _median(_all_of(plain, sql), max(1, min(runs, 3)))
            rows.append((name, ours, theirs))
        if plain is not None:
            plain.close()
        sizes = _sizes(store)
    if as_json:
        emit_json(
            {
                "answers": answers,
                "cells": sizes[0],
                "pairs": sizes[1],
                "making_seconds": round(making, 2),
                "counting_seconds": round(counting, 2),
                "questions": [
                    {
                        "name": name,
                        "milliseconds": round(1000 * ours, 2),
                        "plain_sqlite_milliseconds": None if theirs is None else round(1000 * theirs, 2),
                        "ratio": None if theirs is None else round(theirs / ours, 1),
                    }
                    for name, ours, theirs in rows
                ],
            }
        )
        return
    emit(
        f"{answers:,} answers in {making:.1f} s, {sizes[0]:,} cells and {sizes[1]:,} pairs counted from them in {counting:.1f} s"
    )
    emit_table(
        ("Question", "ms", "Plain SQLite ms", "Times faster"),
        (
            (
                name,
                f"{1000 * ours:.1f}",
                "" if theirs is None else f"{1000 * theirs:.1f}",
                "" if theirs is None else f"{theirs / ours:.1f}",
            )
            for name, ours, theirs in rows
        ),
        numeric=(1, 2, 3),
    )


_PLAIN_JOIN = "FROM answers a JOIN responses r ON r.id = a.response_id WHERE a.score IS NOT NULL"
_PLAIN_SUMMARY = "SELECT indicator_id, score, count(*) FROM answers GROUP BY indicator_id, score"
_PLAIN_ONE = f"SELECT score, count(*), sum(r.weight) {_PLAIN_JOIN} AND a.indicator_id = 1 GROUP BY score"
_PLAIN_LINES = (
    "SELECT r.number, a.score, r.answered_at FROM answers a JOIN responses r ON r.id = a.response_id "
    "WHERE a.indicator_id = 1 AND a.score <= 2 AND r.region = '{region}' AND r.month = '{month}' "
    "ORDER BY r.answered_at DESC LIMIT 100"
)


def _plain_pivot(rows: str, columns: str, where: str = "", *, every: bool = False) -> str:
    one = "" if every else "AND a.indicator_id = 1"
    return f"SELECT {rows}, {columns}, score, count(*), sum(r.weight) {_PLAIN_JOIN} {one} {where} GROUP BY 1, 2, 3"


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _median(act: Callable[[], object], runs: int) -> float:
    return statistics.median(_seconds(act) for _ in range(runs))


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


def _make(store: Store, answers: int) -> None:
    """Fill an empty database with one survey and its answers, set by set, the same at every run."""
    from sqlalchemy import insert, text

    from console.services.answering import INDICATORS, SURVEYS

    count = -(-answers // ITEMS)
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
    statements = (text(_response_sql(store.is_sqlite)), text(_answer_sql()))
    for first in range(1, count + 1, PART):
        bounds = {"first": first, "last": min(count, first + PART - 1), "survey": survey_id}
        with store.writing("bench") as work:
            for statement in statements:
                work.connection.execute(statement, {name: bounds[name] for name in statement.compile().params})
            work.record("bench", "survey", SURVEY, {"responses": bounds["last"] - first + 1})


def _count(store: Store) -> None:
    from console.services.answer_cells import rebuild
    from console.storage.engine import analyse

    with store.writing("bench") as work:
        cells = rebuild(work.connection)
        work.record("rebuild_cells", "survey", SURVEY, {"cells": cells})
    analyse(store)


def _plain_copy(store: Store) -> Any:
    """A plain connection to the same file: what anybody would ask without cells."""
    from sqlcipher3 import dbapi2

    return dbapi2.connect(store.engine.url.database)


def _all_of(plain: Any, sql: str) -> Callable[[], object]:
    return lambda: plain.execute(sql).fetchall()


def _sizes(store: Store) -> tuple[int, int]:
    from sqlalchemy import func, select

    from console.services.answer_cells import CELLS, PAIRS

    with store.reading() as connection:
        cells, pairs = (
            connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (CELLS, PAIRS)
        )
    return int(cells), int(pairs)
