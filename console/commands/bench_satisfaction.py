"""``ombud bench satisfaction``: pivots and drill-downs over generated answers, beside the same group-by in plain SQLite."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
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
PART = 2_000
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


def _responses(count: int) -> Iterator[tuple[tuple[Any, ...], tuple[int | None, ...]]]:
    """Responses of a utility's customers: most of them residential, in a hall or on the telephone, satisfied on the whole."""
    dice = random.Random(1)
    for number in range(count):
        year, month = MONTHS[int(len(MONTHS) * dice.random())]
        region = REGIONS[min(int(dice.expovariate(0.35)), len(REGIONS) - 1)]
        kind = dice.choices(range(4), (86, 3, 10, 1))[0]
        supply = SUPPLIES[0] if kind == 0 else SUPPLIES[int(4 * dice.random())]
        channel = CHANNELS[min(int(dice.expovariate(0.7)), len(CHANNELS) - 1)]
        department = DEPARTMENTS[int(len(DEPARTMENTS) * dice.random())]
        mood = dice.gauss(4.0, 0.7)
        scores = tuple(
            None if dice.random() < 0.04 else min(5, max(1, round(mood + dice.random() * 1.6 - 0.8)))
            for _ in range(ITEMS)
        )
        at = datetime(year, month, 1 + int(28 * dice.random()), int(24 * dice.random()), tzinfo=UTC)
        facts = (f"B{number:08d}", channel, region, KINDS[kind], supply, department, at, f"{year}-{month:02d}")
        yield facts, scores


def _make(store: Store, answers: int) -> None:
    from sqlalchemy import insert

    from console.services.answering import ANSWERS, INDICATORS, RESPONSES, SURVEYS
    from console.storage.bulk import insert_rows

    with store.writing("bench") as work:
        survey_id = work.connection.execute(
            insert(SURVEYS).values(code=SURVEY, title="Bench").returning(SURVEYS.c.id)
        ).scalar_one()
        indicators = [
            work.connection.execute(
                insert(INDICATORS)
                .values(survey_id=survey_id, code=f"item{place}", label=f"Item {place}", position=place)
                .returning(INDICATORS.c.id)
            ).scalar_one()
            for place in range(1, ITEMS + 1)
        ]
        work.record("bench", "survey", SURVEY, {"answers": answers})
    columns = ("id", "survey_id", "number", "channel", "region", "kind", "supply", "department", "answered_at", "month")
    responses: list[tuple[Any, ...]] = []
    scored: list[tuple[Any, ...]] = []

    def flush() -> None:
        with store.writing("bench") as work:
            insert_rows(work.connection, RESPONSES, columns, responses)
            insert_rows(work.connection, ANSWERS, ("response_id", "indicator_id", "score", "missing"), scored)
            work.record("bench", "survey", SURVEY, {"responses": len(responses)})
        responses.clear()
        scored.clear()

    for number, (facts, scores) in enumerate(_responses(-(-answers // ITEMS)), 1):
        responses.append((number, survey_id, *facts))
        scored.extend(
            (number, indicator, score, None if score is not None else "NA")
            for indicator, score in zip(indicators, scores, strict=True)
        )
        if len(responses) >= PART:
            flush()
    flush()


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
