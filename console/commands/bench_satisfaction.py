"""``ombud bench satisfaction``: pivots and drill-downs over generated answers, beside the same group-by in plain SQLite."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from console.commands.bench import BenchDatabase, _bench_store
from console.commands.database import AsJson
from console.commands.output import emit, emit_json, emit_table, narrate

if TYPE_CHECKING:
    from console.storage.engine import Store

PLAIN_RUNS_TO = 1_000_000
"""Answers up to which plain group-bys are asked as often as ours; above, where they take many seconds, once."""


class Spent(NamedTuple):
    """The median of what a question took, in seconds: by the clock, and of the processor alone on a busy machine."""

    clock: float
    processor: float


class Asked(NamedTuple):
    """A question to Ombud, and the same in plain SQL where it has an equal."""

    ours: Callable[[], object]
    plain: str = ""


def satisfaction(
    answers: Annotated[int, typer.Option("--answers", min=1_000, help="How many answers to make.")] = 1_000_000,
    runs: Annotated[
        int, typer.Option("--runs", min=1, help="How often each question is asked; the median counts.")
    ] = 5,
    growth_from: Annotated[
        int,
        typer.Option(
            "--growth-from", min=0, help="Measure at so many answers first, and tell how the times grow; 0 not."
        ),
    ] = 1_000_000,
    database: BenchDatabase = None,
    as_json: AsJson = False,
) -> None:
    """Make answers, then measure summary, pivots and drill-downs beside the same questions to plain SQLite tables."""
    from console.commands.bench_answers import count, make, sizes

    fewer = growth_from if 0 < growth_from < answers else 0
    making = counting = 0.0
    before: dict[str, Spent] = {}
    with _bench_store(database) as store:
        asked = _questions(store)
        for size in (fewer, answers):
            if not size:
                continue
            narrate(f"Making {size:,} answers…")
            start = fewer if size == answers else 0
            making += _seconds(lambda size=size, start=start: make(store, size, start))  # type: ignore[misc]
            narrate("Counting the cells…")
            counting = _seconds(lambda: count(store))
            narrate("Asking…")
            spent = {name: _spent(one.ours, runs) for name, one in asked.items()}
            before = spent if size == fewer else before
        plain = {}
        if store.is_sqlite:
            narrate("Asking plain SQLite…")
            plain = _plainly(store, asked, runs if answers <= PLAIN_RUNS_TO else 1)
        cells, pairs = sizes(store)
    record = {
        "answers": answers,
        "cells": cells,
        "pairs": pairs,
        "making_seconds": round(making, 2),
        "counting_seconds": round(counting, 2),
        "growth_from": fewer,
        "questions": [_told(name, one, before.get(name), plain.get(name)) for name, one in spent.items()],
    }
    if as_json:
        emit_json(record)
    else:
        _show(record)


def _told(name: str, ours: Spent, before: Spent | None, plain: float | None) -> dict[str, Any]:
    """One question as a record; growth is that of the processor, which others on the machine do not touch."""
    return {
        "name": name,
        "milliseconds": round(1000 * ours.clock, 2),
        "processor_milliseconds": round(1000 * ours.processor, 2),
        "growth": None if before is None else round(ours.processor / max(before.processor, 1e-6), 2),
        "plain_sqlite_milliseconds": None if plain is None else round(1000 * plain, 2),
        "ratio": None if plain is None else round(plain / max(ours.clock, 1e-6), 1),
    }


def _show(record: Mapping[str, Any]) -> None:
    """Print what stands beside plain SQLite, and the slowest of all pivots of scores and of indices."""
    shown = [one for one in record["questions"] if not one["name"].startswith(("pivot ", "index ")) or one["ratio"]]
    for family in ("pivot ", "index "):
        every = [one for one in record["questions"] if one["name"].startswith(family)]
        slowest = max(every, key=lambda one: one["processor_milliseconds"])
        shown.append({**slowest, "name": f"slowest of {len(every)}: {slowest['name']}"})
    emit(
        f"{record['answers']:,} answers in {record['making_seconds']:.1f} s, {record['cells']:,} cells and "
        f"{record['pairs']:,} pairs counted from them in {record['counting_seconds']:.1f} s"
    )
    if record["growth_from"]:
        emit(f"Growth: times as much processor as with {record['growth_from']:,} answers.")

    def cell(value: float | None, digits: int) -> str:
        return "" if value is None else f"{value:.{digits}f}"

    emit_table(
        ("Question", "ms", "Processor ms", "Growth", "Plain SQLite ms", "Times faster"),
        (
            (
                one["name"],
                cell(one["milliseconds"], 1),
                cell(one["processor_milliseconds"], 1),
                cell(one["growth"], 2),
                cell(one["plain_sqlite_milliseconds"], 1),
                cell(one["ratio"], 1),
            )
            for one in shown
        ),
        numeric=(1, 2, 3, 4, 5),
    )


def _questions(store: Store) -> dict[str, Asked]:
    """What is asked, by name."""
    from console.commands.bench_answers import SURVEY
    from console.services.answer_cells import DIMENSIONS
    from console.services.answer_lines import answer_count
    from console.services.answer_lines import answers as lines
    from console.services.pivots import pivot
    from console.services.satisfaction import figures

    survey = f"survey:{SURVEY}"
    one = f"{survey} indicator:item1"
    region, month = "region 03", "2025-03"
    here = f'{one} region:"{region}"'
    of_region, of_month = f"AND region = '{region}'", f"AND region = '{region}' AND month = '{month}'"

    def pivoted(rows: str, columns: str, where: str = one, measure: str = "score") -> Callable[[], object]:
        return lambda: pivot(store, rows, columns, where, measure=measure)

    asked = {
        "summary": Asked(lambda: figures(store), _PLAIN_SUMMARY),
        "figures of one indicator": Asked(lambda: figures(store, one), _PLAIN_ONE),
    }
    for rows, columns in combinations(DIMENSIONS, 2):
        is_beside = (rows, columns) in (("region", "month"), ("channel", "department"))
        asked[f"pivot {rows} x {columns}"] = Asked(
            pivoted(rows, columns), _plain_pivot(rows, columns) if is_beside else ""
        )
    for columns in DIMENSIONS:
        asked[f"pivot indicator x {columns}"] = Asked(
            pivoted("indicator", columns, survey),
            _plain_pivot("a.indicator_id", columns, every=True) if columns == "region" else "",
        )
    for rows, columns in combinations(DIMENSIONS, 2):
        asked[f"index {rows} x {columns}"] = Asked(pivoted(rows, columns, survey, "index"))
    return {
        **asked,
        "drill-down: one region": Asked(
            pivoted("department", "month", here), _plain_pivot("department", "month", of_region)
        ),
        "drill-down: one region and month": Asked(
            pivoted("department", "channel", f"{here} month:{month}"), _plain_pivot("department", "channel", of_month)
        ),
        "answers behind a cell": Asked(
            lambda: lines(store, f"{here} month:{month}", limit=100), _plain_lines(of_month)
        ),
        "low answers behind a cell": Asked(
            lambda: lines(store, f"{here} month:{month} level:<=2", limit=100),
            _plain_lines(f"AND score <= 2 {of_month}"),
        ),
        # As many as the smaller survey has too: what a row costs, whatever the number of answers.
        "30 low answers behind a cell": Asked(
            lambda: lines(store, f"{here} month:{month} level:<=2", limit=30),
        ),
        "low answers of a region": Asked(
            lambda: lines(store, f"{here} level:<=2", limit=100), _plain_lines(f"AND score <= 2 {of_region}")
        ),
        "how many answers behind a cell": Asked(
            lambda: answer_count(store, f"{here} month:{month}"), f"SELECT count(*) {_PLAIN_ITEM} {of_month}"
        ),
    }


_PLAIN_JOIN = "FROM answers a JOIN responses r ON r.id = a.response_id WHERE a.score IS NOT NULL"
_PLAIN_ITEM = f"{_PLAIN_JOIN} AND a.indicator_id = 1"
_PLAIN_SUMMARY = "SELECT indicator_id, score, count(*) FROM answers GROUP BY indicator_id, score"
_PLAIN_ONE = f"SELECT score, count(*), sum(r.weight) {_PLAIN_ITEM} GROUP BY score"


def _plain_lines(where: str) -> str:
    return f"SELECT r.number, a.score, r.answered_at {_PLAIN_ITEM} {where} ORDER BY r.answered_at DESC LIMIT 100"


def _plain_pivot(rows: str, columns: str, where: str = "", *, every: bool = False) -> str:
    chosen = _PLAIN_JOIN if every else _PLAIN_ITEM
    return f"SELECT {rows}, {columns}, score, count(*), sum(r.weight) {chosen} {where} GROUP BY 1, 2, 3"


def _plainly(store: Store, asked: Mapping[str, Asked], runs: int) -> dict[str, float]:
    """How long a plain connection to the same file takes: what anybody would ask without cells."""
    from sqlcipher3 import dbapi2

    plain: Any = dbapi2.connect(store.engine.url.database)
    try:
        return {
            name: statistics.median(
                _seconds(lambda sql=one.plain: plain.execute(sql).fetchall())  # type: ignore[misc]
                for _ in range(runs)
            )
            for name, one in asked.items()
            if one.plain
        }
    finally:
        plain.close()


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _spent(act: Callable[[], object], runs: int) -> Spent:
    act()  # what is loaded on first use is not the question's
    clocks, processors = [], []
    for _ in range(runs):
        began, used = time.perf_counter(), time.process_time()
        act()
        clocks.append(time.perf_counter() - began)
        processors.append(time.process_time() - used)
    return Spent(statistics.median(clocks), statistics.median(processors))
