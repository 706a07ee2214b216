"""``ombud bench customers``: how fast customers are found, and what sealing their data costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from console.commands.database import AsJson
from console.commands.output import emit, emit_json, emit_table, narrate

if TYPE_CHECKING:
    from pathlib import Path

    from console.storage.engine import Store

PART = 5_000
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志文斌宇浩晨欣怡佳琪瑞雪梅春燕飞鹏"
STREETS = ("人民路", "解放大道", "中山街", "建设路", "和平里", "光明巷", "长江路", "滨河西路", "科技大道", "青年街")
DISTRICTS = ("城中区", "江北区", "河西区", "高新区", "临港区", "东山区", "南湖区", "新城区")


class Spread(NamedTuple):
    """The median and the 99th percentile in milliseconds: by the clock, and of the processor alone on a busy machine."""

    p50_ms: float
    p99_ms: float
    p50_processor_ms: float
    p99_processor_ms: float


def bench_customers(
    customers: Annotated[int, typer.Option("--customers", min=100, help="How many customers to make.")] = 100_000,
    lookups: Annotated[int, typer.Option("--lookups", min=10, help="How often each kind of lookup is asked.")] = 200,
    growth_from: Annotated[
        int,
        typer.Option("--growth-from", min=0, help="Measure at so many customers first, and tell how the times grow."),
    ] = 0,
    compared: Annotated[int, typer.Option("--compared", min=100, help="Customers for the cost of sealing.")] = 20_000,
    as_json: AsJson = False,
) -> None:
    """Make customers with two accounts each, look them up in every way, and compare with the same without sealing."""
    from console.services import customers as lookup

    with _bench_store() as (store, folder):
        narrate(f"Making {customers:,} customers with two accounts each…")
        fewer = min(growth_from, customers)
        making = _timed(lambda: _make(store, fewer, is_sealed=True)) if fewer else 0.0
        before = _looked_up(store, fewer, lookups) if fewer else {}
        making += _timed(lambda: _make(store, customers, start=fewer, is_sealed=True))
        narrate("Looking up…")
        figures = _looked_up(store, customers, lookups)
        sizes = _sizes(store)
        total = sum(file.stat().st_size for file in folder.glob("bench.db*") if file.suffix != ".key")
    narrate(f"The same {compared:,} customers with and without sealing…")
    with _bench_store() as (store, _):
        sealed = _timed(lambda: _make(store, compared, is_sealed=True))
        sealed_number = _spread(lambda text: lookup.find(store, text, 50), _sought(compared, lookups)["number"])
        sealed_name = _spread(
            lambda text: lookup.find(store, text, 50), _sought(compared, lookups)["part of a Chinese name"]
        )
    with _bench_store() as (store, _):
        bare = _timed(lambda: _make(store, compared, is_sealed=False))
        bare_number = _spread(lambda text: lookup.find(store, text, 50), _sought(compared, lookups)["number"])
        bare_name = _spread(
            lambda text: lookup.find(store, text, 50), _sought(compared, lookups)["part of a Chinese name"]
        )
    record = {
        "customers": customers,
        "seconds_making": round(making, 1),
        "lookups": {kind: spread._asdict() for kind, spread in figures.items()},
        "growth_from": fewer,
        "growth": {
            kind: {
                name: round(figures[kind]._asdict()[name] / max(value, 0.01), 2)
                for name, value in spread._asdict().items()
            }
            for kind, spread in before.items()
        },
        "index_bytes": sizes,
        "file_bytes": total,
        "sealing_ratio": {
            "import": round(sealed / bare, 2),
            "lookup by number": round(sealed_number.p50_processor_ms / bare_number.p50_processor_ms, 2),
            "lookup by name": round(sealed_name.p50_processor_ms / bare_name.p50_processor_ms, 2),
        },
    }
    if as_json:
        emit_json(record)
        return
    _told(record, figures, before)


def _told(record: dict[str, Any], figures: dict[str, Spread], before: dict[str, Spread]) -> None:
    customers, making = record["customers"], record["seconds_making"]
    pace = customers / max(making, 0.1)
    emit(f"{customers:,} customers, {2 * customers:,} accounts made in {making:.1f} s ({pace:,.0f} a second)")
    emit_table(
        ("Lookup by", "p50 ms", "p99 ms", "p50 processor", "p99 processor"),
        ((kind, *(f"{value:.2f}" for value in spread)) for kind, spread in figures.items()),
        numeric=(1, 2, 3, 4),
    )
    if before:
        emit(f"Times as long as with {record['growth_from']:,} customers:")
        emit_table(
            ("Lookup by", "p50", "p99", "p50 processor", "p99 processor"),
            ((kind, *(f"{value:.2f}" for value in grown.values())) for kind, grown in record["growth"].items()),
            numeric=(1, 2, 3, 4),
        )
    for name, size in record["index_bytes"].items():
        emit(f"{name}: {size / 1e6:,.1f} MB ({size / customers:,.0f} bytes a customer)")
    emit(f"whole file: {record['file_bytes'] / 1e6:,.1f} MB")
    for what, ratio in record["sealing_ratio"].items():
        emit(f"cost of sealing, {what}: {ratio} times")


@contextmanager
def _bench_store() -> Iterator[tuple[Store, Path]]:
    """Open a temporary SQLite database, with its key beside it."""
    import tempfile
    from pathlib import Path

    from console.services.setup import initialise
    from console.storage.engine import open_store
    from console.storage.keys import beside, make_missing_key

    with tempfile.TemporaryDirectory(prefix="ombud-bench-") as folder:
        path = Path(folder) / "bench.db"
        make_missing_key(f"file:{beside(path)}")
        initialise(f"sqlite:///{path}")
        store = open_store(f"sqlite:///{path}")
        try:
            yield store, Path(folder)
        finally:
            store.close()


def _looked_up(store: Store, customers: int, lookups: int) -> dict[str, Spread]:
    """Look up texts of every kind among so many customers."""
    from console.services import customers as lookup

    texts = _sought(customers, lookups)
    return {kind: _spread(lambda text: lookup.find(store, text, 50), sought) for kind, sought in texts.items()}


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _spread(act: Callable[[str], object], texts: Sequence[str]) -> Spread:
    """Ask for each text once, and return what that takes."""
    act(texts[0])
    waited, worked = [], []
    for text in texts:
        began = time.thread_time()
        waited.append(_timed(lambda text=text: act(text)) * 1000)  # type: ignore[misc]
        worked.append((time.thread_time() - began) * 1000)
    return Spread(*(round(at(of), 2) for of in (waited, worked) for at in (_median, _highest)))


def _median(taken: Sequence[float]) -> float:
    return sorted(taken)[len(taken) // 2]


def _highest(taken: Sequence[float]) -> float:
    return sorted(taken)[min(len(taken) - 1, round(len(taken) * 0.99))]


def _name(number: int) -> str:
    first = FAMILY[number % len(FAMILY)]
    second = GIVEN[number // len(FAMILY) % len(GIVEN)]
    third = GIVEN[number // (len(FAMILY) * len(GIVEN)) % len(GIVEN)]
    return first + second + (third if number % 4 else "")


def _phone(number: int) -> str:
    return f"1{('38', '39', '50', '59', '86', '77')[number % 6]}{number * 7_919 % 100_000_000:08d}"


def _address(number: int) -> str:
    district, street = DISTRICTS[number % len(DISTRICTS)], STREETS[number // 8 % len(STREETS)]
    return f"临澜市{district}{street}{number % 997 + 1}号{number % 31 + 1}栋{number % 1800 + 101}室"


def _make(store: Store, count: int, *, start: int = 0, is_sealed: bool) -> None:
    """Make customers with the running numbers from ``start`` up to ``count``."""
    from console import clock
    from console.services.customer_records import write_accounts, write_customers
    from console.storage.engine import analyse

    now = clock.now()
    for first in range(start, count, PART):
        numbers = range(first, min(first + PART, count))
        with store.writing("bench") as work:
            rows: list[dict[str, Any]] = []
            for number in numbers:
                row = {"number": f"{number:010d}", "name": _name(number), "created_at": now, "updated_at": now}
                if is_sealed:
                    row |= {
                        "phone": _phone(number),
                        "email": f"c{number}@example.org",
                        "identity": f"11010119{number:010d}",
                        "address": _address(number),
                    }
                rows.append(row)
            ids = write_customers(work.connection, rows)
            write_accounts(
                work.connection,
                [
                    {
                        "number": f"{kind}{number:09d}",
                        "customer_id": ids[f"{number:010d}"],
                        "utility": utility,
                        "supply_category": "residential",
                        "state": "active",
                        "meter_number": f"{letter}{number * 3:08d}",
                        "address": _address(number + kind) if is_sealed else "",
                        "region": "",
                    }
                    for number in numbers
                    for kind, utility, letter in ((1, "electricity", "E"), (2, "water", "W"))
                ],
            )
            work.record("bench", "database", store.name, {"customers": len(rows)})
    analyse(store)


def _sought(count: int, lookups: int) -> dict[str, list[str]]:
    """Return texts to look up by kind, spread over all customers."""
    from pypinyin import Style, lazy_pinyin

    numbers = [at * 7_919 % count for at in range(lookups)]
    return {
        "number": [f"{number:010d}" for number in numbers],
        "meter": [f"E{number * 3:08d}" for number in numbers],
        "four digits of a phone": [_phone(number)[7:] for number in numbers],
        "six digits of a phone": [_phone(number)[3:9] for number in numbers],
        "part of a Chinese name": [_name(number)[-2:] for number in numbers],
        "one Han character": [_name(number)[0] for number in numbers],
        "whole pinyin": ["".join(lazy_pinyin(_name(number))) for number in numbers],
        "pinyin initials": ["".join(lazy_pinyin(_name(number), style=Style.FIRST_LETTER)) for number in numbers],
        "one letter": [chr(97 + number % 26) for number in numbers],
        "part of an address": [STREETS[number % len(STREETS)] for number in numbers],
        "house number and street": [_address(number)[6:-4] for number in numbers],
        "name and phone": [f"{_name(number)[0]} {_phone(number)[5:]}" for number in numbers],
        "nothing fits": [f"zzq{number}" for number in numbers],
    }


def _sizes(store: Store) -> dict[str, int]:
    """Return the bytes of the indexes that customers are found by."""
    with store.reading() as connection:
        return {
            name: int(
                connection.exec_driver_sql(
                    f"SELECT sum(length(block)) FROM {name}_data"  # noqa: S608 - names of our own tables
                ).scalar_one()
            )
            for name in ("customer_names", "customer_index")
        }
