"""Many rows into one table at once: the driver's own way, without an object or a dictionary for each row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from console.models.base import UtcTime


def insert_rows(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of values in the order of ``names``; other columns get their defaults.

    SQLite takes them as one prepared statement run many times, PostgreSQL as a COPY.
    """
    if not rows:
        return
    statement, constants, times = _plan(table, names, connection.dialect)
    if connection.dialect.name == "postgresql":
        with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[attr-defined]
            for row in rows:
                copy.write_row(row + constants)
        return
    converted: list[tuple[Any, ...]] = []
    for row in rows:
        values = [*row, *constants]
        for place in times:
            if values[place] is not None:
                values[place] = int(values[place].timestamp())
        converted.append(tuple(values))
    connection.exec_driver_sql(statement, converted)


@lru_cache(maxsize=32)
def _plan(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[str, tuple[Any, ...], tuple[int, ...]]:
    """The statement, the defaults behind the given values, and which of all values are times."""
    defaults = {
        column.name: column.default.arg
        for column in table.columns
        if column.name not in names and isinstance(column.default, ScalarElementColumnDefault)
    }
    every = (*names, *defaults)
    times = tuple(place for place, name in enumerate(every) if isinstance(table.c[name].type, UtcTime))
    quote = dialect.identifier_preparer.quote
    target = f"{quote(table.name)} ({', '.join(map(quote, every))})"
    if dialect.name == "postgresql":
        statement = f"COPY {target} FROM STDIN"
    else:
        statement = f"INSERT INTO {target} VALUES ({', '.join('?' * len(every))})"  # noqa: S608 - names of our own columns
    return statement, tuple(defaults.values()), times
