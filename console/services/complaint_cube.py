"""Complaints counted by month in cells of category, region, channel and department, with the customers they are divided by.

A cell is up to two dimensions with a value each (all four where asked for); categories count on each of their levels. Months are
those of the utility's zone. A month in which no case of any kind was received is a gap: nothing was recorded then. The first
month counts from the first case on, the running one up to now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, Table, cast, extract, func, select, type_coerce

from console.codes import AccountState, CaseKind
from console.measures.arrays import FloatArray
from console.models import Case, Category, CustomerCount, Department, ServiceAccount
from console.models.base import table_of
from console.rules.filters import Term, Value
from console.rules.months import month_bounds, month_number, month_of, month_start, months_between, shifted

CASES: Table = table_of(Case)
CATEGORIES: Table = table_of(Category)
DEPARTMENTS: Table = table_of(Department)
ACCOUNTS: Table = table_of(ServiceAccount)
CUSTOMER_COUNTS: Table = table_of(CustomerCount)

DIMENSIONS = ("category", "region", "channel", "team")
"""The dimensions by the names that filters of cases know them by."""
ROOT = f"kind:{CaseKind.COMPLAINT}"
"""The cell of all complaints."""
LEVELS = " / "
LONGEST_SERIES = 60
"""Months looked back at most."""
THOUSAND = 1000.0
FEWEST_ACCOUNTS = 30

Cell = tuple[tuple[str, str], ...]
"""Pairs of dimension and value, in the order of the dimensions."""
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Exposure:
    """What complaints of each month are divided by, in thousands of customers (or in months, where nobody is known).

    ``factors`` are the shares of each month that were watched: 0 for a gap, less than 1 for the first and the running month.
    """

    months: tuple[str, ...]
    factors: FloatArray
    total: FloatArray
    by_region: dict[str, FloatArray]
    is_customers: bool

    def of(self, cell: Cell) -> FloatArray:
        """Return the exposure of a cell: that of its region where one is known."""
        region = dict(cell).get("region", "")
        return self.factors * self.by_region.get(region, self.total)


@dataclass(frozen=True, slots=True)
class Cube:
    """Counts of shape (cells, months) with their exposure; the first cell is all complaints."""

    cells: tuple[Cell, ...]
    counts: FloatArray
    exposure: FloatArray
    frame: Exposure


@dataclass(frozen=True, slots=True)
class Coded:
    """Complaints as small numbers: arrays of shape (complaints,), with what the numbers stand for."""

    month: IntArray
    codes: dict[str, IntArray]
    values: dict[str, tuple[str, ...]]
    ids: IntArray


def cell_filter(cell: Cell, root: str = ROOT) -> str:
    """Return the filter that finds the rows of a cell."""
    written = [str(Term(name, (Value(value),))) for name, value in cell]
    return " ".join([root, *written])


def wider_cells(cell: Cell) -> list[Cell]:
    """Return the cells that hold a cell: fewer dimensions, or a higher level of its category; the widest first."""
    choices: list[list[tuple[str, str] | None]] = []
    for name, value in cell:
        levels = value.split(LEVELS) if name == "category" else [value]
        choices.append([None, *((name, LEVELS.join(levels[: i + 1])) for i in range(len(levels)))])
    found = [tuple(part for part in chosen if part is not None) for chosen in product(*choices)]
    return sorted((other for other in found if other != cell), key=lambda other: (len(other), other))


def seconds_of(column: ColumnElement[Any], dialect: str) -> ColumnElement[int]:
    """Return a time as seconds since 1970: SQLite keeps it so, PostgreSQL computes it."""
    if dialect == "postgresql":
        return cast(extract("epoch", column), BigInteger)
    return type_coerce(column, BigInteger)


def months_watched(connection: Connection, zone: tzinfo, now: datetime) -> tuple[str, ...]:
    """Return the months from the first case on to that of ``now``, at most 60; none where there is no case."""
    first = connection.execute(select(func.min(CASES.c.received_at)).where(CASES.c.received_at <= now)).scalar()
    if first is None:
        return ()
    last = month_of(now, zone)
    return months_between(max(month_of(first, zone), shifted(last, 1 - LONGEST_SERIES)), last)


def exposure_of(connection: Connection, months: Sequence[str], zone: tzinfo, now: datetime) -> Exposure:
    """Return the exposure of months: numbers entered by hand, else service accounts supplied in the middle of the month.

    A month for which no number was entered has that of the nearest month before (after, where there is none). Where nobody is
    known, each month counts 1; service accounts that are fewer than 30, or fewer than a month's complaints, are not all there
    are and count as nobody.
    """
    factors = _factors(connection, months, zone, now)
    entered = _entered(connection)
    if entered:
        total, regions = entered.pop("", {}), entered
        if not total:
            total = _summed(regions)
    else:
        counted = _accounts(connection, months)
        total, regions = _summed(counted), counted
        if max(total.values(), default=0.0) < max(FEWEST_ACCOUNTS, _busiest(connection, months, zone)):
            total = {}
    if not any(total.values()):
        ones = np.ones(len(months))
        return Exposure(tuple(months), factors, ones, {}, is_customers=False)
    return Exposure(
        tuple(months),
        factors,
        _spread_out(total, months) / THOUSAND,
        {
            name: _spread_out(known, months) / THOUSAND
            for name, known in regions.items()
            if name and any(known.values())
        },
        is_customers=True,
    )


def _factors(connection: Connection, months: Sequence[str], zone: tzinfo, now: datetime) -> FloatArray:
    first = connection.execute(select(func.min(CASES.c.received_at)).where(CASES.c.received_at <= now)).scalar()
    factors = np.zeros(len(months))
    for i, month in enumerate(months):
        start, end = month_bounds(month, zone)
        within = select(CASES.c.id).where(CASES.c.received_at >= start, CASES.c.received_at < min(end, now)).limit(1)
        if start >= now or connection.execute(within).first() is None:
            continue
        watched = min(end, now) - (max(start, first) if first is not None else start)
        factors[i] = max(watched.total_seconds(), 1.0) / (end - start).total_seconds()
    return factors


def _busiest(connection: Connection, months: Sequence[str], zone: tzinfo) -> int:
    """Return the most complaints of the last three months."""
    counted = []
    for month in months[-3:]:
        start, end = month_bounds(month, zone)
        question = select(func.count()).where(
            CASES.c.kind == CaseKind.COMPLAINT.value, CASES.c.received_at >= start, CASES.c.received_at < end
        )
        counted.append(int(connection.execute(question).scalar_one()))
    return max(counted, default=0)


def _entered(connection: Connection) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for month, region, customers in connection.execute(
        select(CUSTOMER_COUNTS.c.month, CUSTOMER_COUNTS.c.region, CUSTOMER_COUNTS.c.customers)
    ):
        found.setdefault(region, {})[month] = float(customers)
    return found


def _accounts(connection: Connection, months: Sequence[str]) -> dict[str, dict[str, float]]:
    rows = connection.execute(
        select(ACCOUNTS.c.region, ACCOUNTS.c.opened_on, ACCOUNTS.c.closed_on, func.count())
        .where((ACCOUNTS.c.state != AccountState.CLOSED.value) | ACCOUNTS.c.closed_on.is_not(None))
        .group_by(ACCOUNTS.c.region, ACCOUNTS.c.opened_on, ACCOUNTS.c.closed_on)
    ).all()
    middles = [date(number // 12, number % 12 + 1, 15) for number in map(month_number, months)]
    found: dict[str, dict[str, float]] = {}
    for region, opened_on, closed_on, n in rows:
        known = found.setdefault(region, dict.fromkeys(months, 0.0))
        for month, middle in zip(months, middles, strict=True):
            if (opened_on is None or opened_on <= middle) and (closed_on is None or closed_on > middle):
                known[month] += n
    return found


def _summed(regions: dict[str, dict[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for known in regions.values():
        for month, n in known.items():
            total[month] = total.get(month, 0.0) + n
    return total


def _spread_out(known: dict[str, float], months: Sequence[str]) -> FloatArray:
    given = sorted(month for month, n in known.items() if n > 0)
    values = []
    for month in months:
        before = [other for other in given if other <= month]
        values.append(known[before[-1] if before else given[0]])
    return np.array(values)


def coded_complaints(
    connection: Connection, months: Sequence[str], zone: tzinfo, now: datetime, conditions: Sequence[Any] = ()
) -> Coded:
    """Return the complaints received in the months (up to ``now``), merged ones left out, as arrays.

    Category, region, channel and team are numbers into ``values``; −1 stands for none. ``conditions`` narrow them further.
    """
    starts = [month_start(month, zone) for month in (*months, shifted(months[-1], 1))]
    edges = np.array([int(start.timestamp()) for start in starts])
    dialect = connection.dialect.name
    rows = connection.execute(
        select(
            CASES.c.id,
            seconds_of(CASES.c.received_at, dialect),
            func.coalesce(CASES.c.category_id, -1),
            func.coalesce(CASES.c.department_id, -1),
            CASES.c.region,
            CASES.c.channel,
        ).where(
            CASES.c.kind == CaseKind.COMPLAINT.value,
            CASES.c.merged_into_id.is_(None),
            CASES.c.received_at >= starts[0],
            CASES.c.received_at < min(starts[-1], now),
            *conditions,
        )
    ).all()
    ids, seconds, categories, departments, regions, channels = (
        zip(*rows, strict=True) if rows else ((), (), (), (), (), ())
    )
    category_codes, category_values = _named(connection, CATEGORIES.c.id, CATEGORIES.c.code, categories)
    team_codes, team_values = _named(connection, DEPARTMENTS.c.id, DEPARTMENTS.c.code, departments)
    region_codes, region_values = _numbered(regions)
    channel_codes, channel_values = _numbered(channels)
    return Coded(
        month=np.searchsorted(edges, np.array(seconds, dtype=np.int64), side="right").astype(np.int64) - 1,
        codes={"category": category_codes, "region": region_codes, "channel": channel_codes, "team": team_codes},
        values={"category": category_values, "region": region_values, "channel": channel_values, "team": team_values},
        ids=np.array(ids, dtype=np.int64),
    )


def _named(connection: Connection, id_: Any, code: Any, given: Sequence[int]) -> tuple[IntArray, tuple[str, ...]]:
    names: dict[int, str] = dict(connection.execute(select(id_, code)).all())
    places = {key: place for place, key in enumerate(names)}
    return np.array([places.get(key, -1) for key in given], dtype=np.int64), tuple(names.values())


def _numbered(given: Sequence[str]) -> tuple[IntArray, tuple[str, ...]]:
    names = sorted({name for name in given if name})
    places = {name: place for place, name in enumerate(names)}
    return np.array([places.get(name, -1) for name in given], dtype=np.int64), tuple(names)


def levelled(coded: Coded) -> list[tuple[str, IntArray, tuple[str, ...]]]:
    """Return the dimensions to count by: each as it is, categories once for each of their levels."""
    found: list[tuple[str, IntArray, tuple[str, ...]]] = []
    for name in DIMENSIONS:
        codes, values = coded.codes[name], coded.values[name]
        if name != "category":
            found.append((name, codes, values))
            continue
        paths = [value.split(LEVELS) for value in values]
        for depth in range(1, max((len(path) for path in paths), default=0) + 1):
            tops = sorted({LEVELS.join(path[:depth]) for path in paths if len(path) >= depth})
            places = {top: place for place, top in enumerate(tops)}
            upper = np.array(
                [places[LEVELS.join(path[:depth])] if len(path) >= depth else -1 for path in paths] + [-1],
                dtype=np.int64,
            )
            found.append((name, upper[codes], tuple(tops)))
    return found


def count_cells(coded: Coded, months: int, depth: int) -> tuple[list[Cell], FloatArray]:
    """Return every cell of up to ``depth`` dimensions that holds a complaint, and its counts by month, all of them first."""
    cells: list[Cell] = [()]
    tables = [np.bincount(coded.month, minlength=months).astype(np.float64)[None]]
    dimensions = levelled(coded)
    for size in range(1, depth + 1):
        for chosen in combinations(dimensions, size):
            if len({name for name, _codes, _values in chosen}) < size:
                continue
            key = np.zeros(coded.month.size, dtype=np.int64)
            known = np.ones(coded.month.size, dtype=bool)
            for _name, codes, values in chosen:
                key = key * max(1, len(values)) + codes
                known &= codes >= 0
            present, places = np.unique(key[known], return_inverse=True)
            table = np.zeros((present.size, months))
            np.add.at(table, (places, coded.month[known]), 1.0)
            tables.append(table)
            cells.extend(_cell(int(number), chosen) for number in present)
    return cells, np.concatenate(tables)


def _cell(number: int, chosen: Sequence[tuple[str, IntArray, tuple[str, ...]]]) -> Cell:
    parts: list[tuple[str, str]] = []
    for name, _codes, values in reversed(chosen):
        number, place = divmod(number, max(1, len(values)))
        parts.append((name, values[place]))
    return tuple(reversed(parts))


def complaint_cube(connection: Connection, zone: tzinfo, now: datetime, depth: int = 2) -> Cube | None:
    """Return the cube of complaints as it stands, None where there is no case at all."""
    months = months_watched(connection, zone, now)
    if not months:
        return None
    frame = exposure_of(connection, months, zone, now)
    cells, counted = count_cells(coded_complaints(connection, months, zone, now), len(months), depth)
    exposure = np.stack([frame.of(cell) for cell in cells])
    return Cube(tuple(cells), np.where(exposure > 0, counted, 0.0), exposure, frame)
