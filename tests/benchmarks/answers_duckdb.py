"""Measures pivots of Ombud beside the same group-by in DuckDB, on the answers that ``ombud bench satisfaction`` made.

A developer's benchmark: DuckDB is no part of Ombud nor of its development extra. Install it and run::

    pip install -r tests/benchmarks/requirements.txt
    ombud bench satisfaction --answers 10000000 --database bench.db
    python tests/benchmarks/answers_duckdb.py bench.db
"""

from __future__ import annotations

import csv
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from console.services.pivots import pivot
from console.services.satisfaction import figures
from console.storage.engine import open_store

TIMES = 5
CHUNK = 50_000
RESPONSES = ("id", "region", "kind", "supply", "channel", "department", "month", "weight")
ANSWERS = ("response_id", "indicator_id", "score")
JOIN = "FROM answers a JOIN responses r ON r.id = a.response_id WHERE a.score IS NOT NULL"
ONE = f"{JOIN} AND a.indicator_id = 1"
SUMS = "score, count(*), sum(r.weight)"
HERE = "region = 'region 03'"


def copied(plain: Any, table: str, columns: tuple[str, ...], path: Path) -> None:
    """Write a table of the database as CSV."""
    rows = plain.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - names of our own columns
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        while part := rows.fetchmany(CHUNK):
            writer.writerows(part)


def milliseconds(ask: Callable[[], object]) -> float:
    """Return the median time of a question, after one that is not counted."""
    ask()
    spent = []
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        spent.append(time.perf_counter() - began)
    return 1000 * statistics.median(spent)


def main(database: str) -> None:
    """Print the figures."""
    duckdb = import_module("duckdb")
    store = open_store(f"sqlite:///{Path(database).resolve()}")
    survey, one = "survey:bench", "survey:bench indicator:item1"
    asked: dict[str, tuple[Callable[[], object], str]] = {
        "summary": (lambda: figures(store, survey), f"SELECT indicator_id, {SUMS} {JOIN} GROUP BY 1, 2"),
        "pivot region x month": (
            lambda: pivot(store, "region", "month", one),
            f"SELECT region, month, {SUMS} {ONE} GROUP BY 1, 2, 3",
        ),
        "pivot channel x department": (
            lambda: pivot(store, "channel", "department", one),
            f"SELECT channel, department, {SUMS} {ONE} GROUP BY 1, 2, 3",
        ),
        "index region x month": (
            lambda: pivot(store, "region", "month", survey, measure="index"),
            f"SELECT indicator_id, region, month, {SUMS} {JOIN} GROUP BY 1, 2, 3, 4",
        ),
        "drill-down: one region": (
            lambda: pivot(store, "department", "month", f'{one} region:"region 03"'),
            f"SELECT department, month, {SUMS} {ONE} AND {HERE} GROUP BY 1, 2, 3",
        ),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = dbapi2.connect(database)
        duck = duckdb.connect(str(folder / "answers.duckdb"))
        for table, columns in (("responses", RESPONSES), ("answers", ANSWERS)):
            copied(plain, table, columns, folder / f"{table}.csv")
            duck.execute(f"CREATE TABLE {table} AS SELECT * FROM read_csv('{folder / table}.csv')")  # noqa: S608
        answers = duck.execute("SELECT count(*) FROM answers").fetchone()[0]
        sys.stdout.write(f"{answers:,} answers, DuckDB {duckdb.__version__}\n")
        for what, (ours, theirs) in asked.items():
            own, other = milliseconds(ours), milliseconds(lambda sql=theirs: duck.execute(sql).fetchall())  # type: ignore[misc]
            sys.stdout.write(f"{what}: Ombud {own:.1f} ms, DuckDB {other:.1f} ms, {other / own:.1f} times\n")
        duck.close()
        plain.close()
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
