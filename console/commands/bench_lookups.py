"""What ``ombud bench customers`` measures: lookups, the dossier, the console while one looks, and sealing beside not sealing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from console.commands.bench_terminal import WatchedProgram

if TYPE_CHECKING:
    from console.storage.engine import Store

LISTED = 50
"""Customers that are asked for at a time."""
ROUNDS = 4
"""How often sealing and not sealing take turns."""
MAKING_CACHE = 400_000
"""KiB of the file that are kept at hand while customers are made."""
PAINTED = (
    "number",
    "meter",
    "four digits of a phone",
    "part of a Chinese name",
    "pinyin initials",
    "house number and street",
)
"""The lookups that are timed in the console too."""
IN_SIGHT = 100
"""The customers with the lowest numbers, which the console shows while nothing is looked for."""
CLEAR_LINE = "\x15"
FIRST_SCREEN, FIRST_LIST = "Queues", "Telephone"


class Spread(NamedTuple):
    """The median and the 99th percentile in milliseconds: by the clock, and of the processor alone on a busy machine."""

    p50_ms: float
    p99_ms: float
    p50_processor_ms: float
    p99_processor_ms: float


@contextmanager
def new_database() -> Iterator[Path]:
    """Make a temporary SQLite database, with its key beside it."""
    import tempfile

    from console.services.setup import initialise
    from console.storage.keys import beside, make_missing_key

    with tempfile.TemporaryDirectory(prefix="ombud-bench-") as folder:
        path = Path(folder) / "bench.db"
        make_missing_key(f"file:{beside(path)}")
        initialise(f"sqlite:///{path}")
        yield path


@contextmanager
def opened(path: Path, *, for_making: bool = False) -> Iterator[Store]:
    """Open a database as the program does; with more of it at hand while customers are made."""
    from console.storage.engine import CACHE, open_store

    store = open_store(f"sqlite:///{path}", cache=MAKING_CACHE if for_making else CACHE)
    try:
        yield store
    finally:
        store.close()


def sought_texts(count: int, lookups: int) -> dict[str, list[str]]:
    """Return texts to look up by kind, spread over the customers with the running numbers below ``count``."""
    from pypinyin import Style, lazy_pinyin

    from console.transfer.customer_generator import (
        STREETS,
        customer_number,
        meter_number,
        name,
        phone,
        street_and_house,
    )

    def read(number: int, style: Style) -> str:
        # Character by character, as callers read a name out: names that look like words would be read as such.
        return "".join(lazy_pinyin(char, style=style)[0] for char in name(number))

    numbers = [at * 7_919 % count for at in range(1, lookups + 1)]
    return {
        "number": [customer_number(number) for number in numbers],
        "meter": [meter_number(number) for number in numbers],
        "four digits of a phone": [phone(number)[7:] for number in numbers],
        "six digits of a phone": [phone(number)[3:9] for number in numbers],
        "part of a Chinese name": [name(number)[-2:] for number in numbers],
        "one Han character": [name(number)[0] for number in numbers],
        "whole pinyin": [read(number, Style.NORMAL) for number in numbers],
        "pinyin initials": [read(number, Style.FIRST_LETTER) for number in numbers],
        "one letter": [chr(97 + number % 26) for number in numbers],
        "part of an address": [STREETS[number % len(STREETS)] for number in numbers],
        "house number and street": [street_and_house(number) for number in numbers],
        "name and phone": [f"{name(number)[0]} {phone(number)[5:]}" for number in numbers],
        "nothing fits": [f"zzq{number}" for number in numbers],
    }


def looked_up(store: Store, customers: int, lookups: int) -> dict[str, Spread]:
    """Look up texts of every kind among so many customers."""
    from console.services import customers as lookup

    return {
        kind: spread([lambda text=text: lookup.find(store, text, LISTED) for text in texts])  # type: ignore[misc]
        for kind, texts in sought_texts(customers, lookups).items()
    }


def dossier_spread(store: Store, times: int) -> tuple[Spread, int]:
    """Open the dossier of a customer with 500 linked records again and again; return how long it takes, and the records."""
    from sqlalchemy import select

    from console import clock
    from console.services import dossiers
    from console.services.customer_records import CUSTOMERS
    from console.transfer.customer_generator import customer_number, link_records

    with store.reading() as connection:
        question = select(CUSTOMERS.c.id).where(CUSTOMERS.c.number == customer_number(1))
        customer_id = connection.execute(question).scalar_one()
    records = link_records(store, customer_id, clock.now())
    return spread([lambda: dossiers.dossier(store, customer_id)] * times), records


def painted(path: Path, customers: int, times: int) -> dict[str, Spread]:
    """Look up in the console on a terminal: the time from the keys to the row painted, by kind of text.

    In it is the pause after the last key before the console asks; of the processor nothing is told.
    """
    from console.commands.bench_console import environment
    from console.screens.data import FOUND_CUSTOMERS
    from console.services import customers as lookup

    found: dict[str, list[tuple[str, str]]] = {}
    with opened(path) as store:
        for kind, texts in sought_texts(customers, 4 * times).items():
            if kind in PAINTED:
                rows = [(text, row) for text in texts for row in lookup.find(store, text, FOUND_CUSTOMERS)[:1]]
                away = [(text, row) for text, row in rows if int(row.number) >= IN_SIGHT]
                # A number that is typed stands in the line itself: there the name tells that the row has come.
                found[kind] = [(text, row.name if kind == "number" else row.number) for text, row in away[:times]]
    program = WatchedProgram([sys.executable, "-m", "console"], environment(f"sqlite:///{path}"))
    try:
        program.seconds_until(FIRST_SCREEN)
        program.rest()
        program.send("2")
        program.seconds_until(FIRST_LIST)
        taken: dict[str, list[float]] = {}
        for kind, pairs in found.items():
            for text, awaited in pairs:
                program.send(CLEAR_LINE)
                program.rest()
                taken.setdefault(kind, []).append(program.press_until(text, awaited).seconds * 1000)
    finally:
        program.close()
    return {kind: Spread(median(waited), highest(waited), 0.0, 0.0) for kind, waited in taken.items()}


def sealing_costs(customers: int, lookups: int) -> dict[str, float]:
    """Make and look up the same customers with and without sealing, taking turns; return processor time as ratios."""
    from console import clock
    from console.services import customers as lookup
    from console.transfer.customer_generator import generate_customers

    now = clock.now()
    with new_database() as one, new_database() as other, opened(one) as sealed, opened(other) as bare:
        made = {True: 0.0, False: 0.0}
        for turn in range(ROUNDS):
            first, last = customers * turn // ROUNDS, customers * (turn + 1) // ROUNDS
            for is_sealed in (True, False) if turn % 2 == 0 else (False, True):
                store = sealed if is_sealed else bare
                made[is_sealed] += _worked(
                    lambda store=store, first=first, last=last, is_sealed=is_sealed: generate_customers(  # type: ignore[misc]
                        store, last, now=now, start=first, is_sealed=is_sealed
                    )
                )
        ratios = {"import": made[True] / made[False]}
        texts = sought_texts(customers, lookups)
        for what, kind in (("lookup by number", "number"), ("lookup by name", "part of a Chinese name")):
            taken: Mapping[bool, list[float]] = {True: [], False: []}
            for text in texts[kind]:
                for is_sealed, store in ((True, sealed), (False, bare)):
                    taken[is_sealed].append(_worked(lambda: lookup.find(store, text, LISTED)))  # noqa: B023 - called at once
            ratios[what] = median(taken[True]) / median(taken[False])
    return {what: round(ratio, 2) for what, ratio in ratios.items()}


def care_seconds(store: Store) -> dict[str, float]:
    """Return how long it takes to go through all customers: the rules of the policy, doubles, completeness, a filter."""
    from console.services import completeness, customer_duplicates, customer_lists, standings
    from console.services.access import caller

    login = caller().login
    return {
        "refresh by the rules": timed(lambda: standings.refresh(store, login)),
        "probable doubles": timed(lambda: customer_duplicates.duplicates(store, limit=LISTED)),
        "completeness": timed(lambda: completeness.figures(store)),
        "count by a filter": timed(lambda: customer_lists.count(store, "stage:new,stable -complete:yes")),
    }


def index_sizes(store: Store) -> dict[str, int]:
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


def spread(acts: Sequence[Callable[[], object]]) -> Spread:
    """Do each thing once, after the first that is not timed, and return what that takes."""
    acts[0]()
    waited, worked = [], []
    for act in acts:
        began = time.thread_time()
        waited.append(timed(act) * 1000)
        worked.append((time.thread_time() - began) * 1000)
    return Spread(*(round(at(of), 2) for of in (waited, worked) for at in (median, highest)))


def timed(act: Callable[[], object]) -> float:
    """Do something and return the seconds it took."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _worked(act: Callable[[], object]) -> float:
    began = time.thread_time()
    act()
    return time.thread_time() - began


def median(taken: Sequence[float]) -> float:
    """Return the middle one of figures."""
    return sorted(taken)[len(taken) // 2]


def highest(taken: Sequence[float]) -> float:
    """Return the 99th percentile of figures."""
    return sorted(taken)[min(len(taken) - 1, round(len(taken) * 0.99))]
