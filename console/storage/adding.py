"""Sums kept by the write path: rows that add themselves to what is there under the same key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, Table, text


def add_rows(connection: Connection, table: Table, sums: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows to a table of sums: a row whose key is new is inserted, another's ``sums`` are added to those there.

    Rows hold the primary key in the order of the table, then the sums; no key stands twice. They are written in the order of
    their keys, so that two sessions never wait for each other crosswise.
    """
    if rows:
        statement = _adding(table, sums, connection.dialect.name)
        connection.exec_driver_sql(statement, sorted(rows))


def add_selected(connection: Connection, table: Table, sums: tuple[str, ...], selected: Select[Any]) -> None:
    """Add the rows of a question to a table of sums, as ``add_rows`` does; its columns are those of the table."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    keys = [column.name for column in table.primary_key.columns]
    # SQLite takes ON CONFLICT behind a question for a join unless an order or a condition stands between.
    ordered = selected.order_by(*[text(str(place + 1)) for place in range(len(keys))])
    inserted = insert(table).from_select([*keys, *sums], ordered)
    added = {name: table.c[name] + inserted.excluded[name] for name in sums}
    connection.execute(inserted.on_conflict_do_update(index_elements=keys, set_=added))


def drop_empty(connection: Connection, table: Table, count: str, keys: Sequence[tuple[Any, ...]]) -> None:
    """Delete the rows with these primary keys whose ``count`` has come down to nothing."""
    if keys:
        mark = _mark(connection.dialect.name)
        where = " AND ".join(f"{column.name} = {mark}" for column in table.primary_key.columns)
        statement = f"DELETE FROM {table.name} WHERE {where} AND {count} = 0"  # noqa: S608 - names of our own columns
        connection.exec_driver_sql(statement, sorted(keys))


def _mark(dialect: str) -> str:
    return "%s" if dialect == "postgresql" else "?"


@lru_cache(maxsize=16)
def _adding(table: Table, sums: tuple[str, ...], dialect: str) -> str:
    keys = tuple(column.name for column in table.primary_key.columns)
    names = (*keys, *sums)
    added = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in sums)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([_mark(dialect)] * len(names))}) "  # noqa: S608 - names of our own columns
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}"
    )
