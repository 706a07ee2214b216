"""The keyed digests of all customers at once, read back from the blind index: what doubles among them are found by.

The index keeps no texts, only which digest stands where: FTS5 tells that through its ``fts5vocab`` table, PostgreSQL from the
``tsvector`` itself. Nothing sealed is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from console.storage.customer_search import BLIND, KINDS, SHIFT, Part

SHORT = 12
"""Hexadecimal digits of each digest that are compared: 48 bits, so that 25 million words hold about one chance pair."""

VOCABULARY = "customer_index_instances"
FETCHED = 10_000

_ON_SQLITE = f"""
SELECT doc, group_concat(substr(term, 1, {SHORT}), ' ' ORDER BY "offset") FROM temp.{VOCABULARY}
WHERE (doc & {KINDS - 1}) IN ({{parts}}) GROUP BY doc
"""  # noqa: S608 - names of our own tables and whole numbers

_ON_POSTGRESQL = f"""
SELECT entry, (SELECT string_agg(left(lexeme, {SHORT}), ' ' ORDER BY place)
               FROM unnest(words) AS found(lexeme, places, weights), unnest(places) AS place)
FROM {BLIND} WHERE (entry & {KINDS - 1}) IN ({{parts}})
"""  # noqa: S608 - names of our own tables and whole numbers


def digests(connection: Connection, parts: Sequence[Part]) -> Iterator[tuple[Part, int, tuple[str, ...]]]:
    """Give (field, id of the owner, shortened digests in their order) for every entry of some fields of the blind index."""
    listed = ", ".join(str(int(part)) for part in parts)
    is_postgresql = connection.dialect.name == "postgresql"
    if not is_postgresql:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS temp.{VOCABULARY}")
        connection.exec_driver_sql(
            f"CREATE VIRTUAL TABLE temp.{VOCABULARY} USING fts5vocab('main', '{BLIND}', 'instance')"
        )
    statement = (_ON_POSTGRESQL if is_postgresql else _ON_SQLITE).format(parts=listed)
    found = connection.execution_options(yield_per=FETCHED).exec_driver_sql(statement)
    for entry, words in found:
        yield Part(entry & (KINDS - 1)), entry >> SHIFT, tuple((words or "").split(" "))
    if not is_postgresql:
        connection.exec_driver_sql(f"DROP TABLE temp.{VOCABULARY}")
