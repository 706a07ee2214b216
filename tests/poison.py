"""A database in which every text column of every table holds hostile text, written past the door where text is cleaned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Date,
    LargeBinary,
    String,
    Table,
    bindparam,
    insert,
    select,
    text,
    update,
)
from sqlmodel import AutoString

from console import clock
from console.models import whole_schema
from console.models.base import UtcTime
from console.services.access import caller
from console.services.setup import initialise
from console.storage.engine import Store, open_store
from console.transfer.demo import load_demo

CONTROLS = "".join(map(chr, (*range(1, 0x20), *range(0x7F, 0xA0))))
"""Every control character but NUL, which PostgreSQL does not store."""
SEQUENCES = (
    "\x1b]52;c;ZXZpbA==\x07", "\x1b]0;evil\x1b\\", "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\", "\x1b[2J\x1b[31m",
    "\x1bP1;2;3|data\x1b\\", "\x1b_apc\x1b\\", "\x1b^pm\x1b\\", "\x1bXsos\x1b\\", "\x1bc", "\x1b#3", "\x1b(0", "\x1bOA",
    "\x9b31m", "\x9d52;c;ZXZpbA==\x9c", "\x90q\x9c", "\x1b[38:2:12:34:56m", "\x1b[0'|", "\x1b[?25h\x1b[?1049l",
)  # fmt: skip
"""Of every kind that a terminal acts on one: OSC, CSI, DCS, APC, PM, SOS, SS3, character sets, reset; in 7 and 8 bits."""
MARKUP = (
    "[/foo]",
    "[@click=app.leave]x[/]",
    "[link=http://evil.example]y[/link]",
    "[bold red]",
    "[type=x, v={'a[0]'}]",
)
INVISIBLE = "\u202egnp\u202c\u2066i\u2069\u200b\u2060\ufeff\u061c\u2028\u2029\ue000\U000e0041\ufffe\u115f\u3164"
MARKS = "a" + "\u0301" * 1000
SIGNS = {
    "ESC": "\x1b", "BEL": "\x07", "LF": "\n", "CR": "\r", "TAB": "\t", "BS": "\x08", "FF": "\x0c", "VT": "\x0b",
    "DEL": "\x7f", "CAN": "\x18", "SUB": "\x1a",
}  # fmt: skip


def payloads() -> list[str]:
    """Return the payloads that others try terminals and spreadsheets with."""
    written = (Path(__file__).parent / "samples" / "payloads.txt").read_text("utf-8").splitlines()
    return [
        re.sub(f"<({'|'.join(SIGNS)})>", lambda found: SIGNS[found[1]], text)
        for text in written
        if not text.startswith("# ")
    ]


TEXTS = (
    *payloads(),
    *(f"{markup}{sequence}" for markup, sequence in zip(MARKUP * 4, SEQUENCES, strict=False)),
    CONTROLS, INVISIBLE, f"[/foo]{MARKS}", "欧阳修\x1b]52;c;ZXZpbA==\x07停水\u202e", "a\r\nb\tc\x00d".replace("\x00", "\x01"),
)  # fmt: skip
LONG = "[/foo]\x1b[31m停 " * 5000
"""Above 64 KiB in one line."""
STRUCTURAL = re.compile(r"month|quarter|digest|mark|scales?|plan|level_scores|idempotency_key|columns")
"""Texts that no person wrote and none is shown: what they hold decides whether the row can be read at all."""
WHOLE_TABLES = frozenset({"policies", "master_keys", "weight_sets", "questionnaires"})
"""Documents that are read back by a parser, which refuses what is not one; only their titles are texts."""
TITLES = frozenset({"title", "actor", "note", "name"})


def poison_demo(url: str) -> int:
    """Make a database of the demonstration utility, and poison it; return how many texts were written."""
    login = caller().login
    initialise(url)
    store = open_store(url)
    try:
        load_demo(store, clock.now(), login)
        return poison(store, keep_login=login)
    finally:
        store.close()


def poison(store: Store, *, keep_login: str = "") -> int:
    """Fill empty tables, and write hostile text into every text of every row; return how many texts were written.

    Codes that a CHECK lists stay what they are, since a database never holds others. ``keep_login`` is the login of
    whoever is to look at it.
    """
    written = 0
    with store.engine.connect() as connection:
        _unlock(connection)
        now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
        for table in whole_schema().sorted_tables:
            _fill(connection, table, now)
        for table in whole_schema().sorted_tables:
            written += _poison(connection, table, keep_login)
        connection.commit()
    return written


def texts_of(table: Table) -> list[Column[Any]]:
    """Return the columns of a table that hold text somebody may have written."""
    listed = _codes(table)
    return [
        column
        for column in table.columns
        if _is_text(column)
        and column.name not in listed
        and not column.primary_key
        and not STRUCTURAL.search(column.name)
        and (table.name not in WHOLE_TABLES or column.name in TITLES)
    ]


def _is_text(column: Column[Any]) -> bool:
    return isinstance(column.type, (String, AutoString))


def _codes(table: Table) -> dict[str, str]:
    """Return the first code of each column whose codes a CHECK lists."""
    found: dict[str, str] = {}
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            for name, code in re.findall(r"(\w+) IN \('([^']*)'", str(constraint.sqltext)):
                found.setdefault(name, code)
    return found


def _unlock(connection: Connection) -> None:
    """Let rows be written that point nowhere, and changed where the database refuses changes."""
    if connection.dialect.name == "sqlite":
        for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for trigger in triggers:
            connection.exec_driver_sql(f'DROP TRIGGER "{trigger}"')
        return
    connection.execute(text("SET session_replication_role = replica"))
    for table in whole_schema().tables:
        names = connection.execute(
            text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = CAST(:name AS regclass)"),
            {"name": table},
        )
        for name in names.scalars().all():
            connection.exec_driver_sql(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')


def _fill(connection: Connection, table: Table, now: datetime) -> None:
    """Put three rows into a table that has none."""
    if connection.execute(select(table).limit(1)).first() is not None:
        return
    codes = _codes(table)
    connection.execute(
        insert(table),
        [
            {
                column.name: _value(connection, column, codes, now, place)
                for column in table.columns
                if not _given(column)
            }
            for place in range(1, 4)
        ],
    )


def _given(column: Column[Any]) -> bool:
    return column.primary_key and not column.foreign_keys and column.name == "id"


def _value(connection: Connection, column: Column[Any], codes: dict[str, str], now: datetime, place: int) -> object:
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        found: list[object] = list(connection.execute(select(target).order_by(target).limit(3)).scalars())
        return found[place % len(found)] if found else None if column.nullable else place
    if column.name in codes:
        return codes[column.name]
    if _is_text(column):
        if re.search("month", column.name):
            return f"2026-0{place}"
        return "{}" if _is_document(column) else f"{place}{column.name}"[: column.type.length]  # type: ignore[attr-defined]
    if isinstance(column.type, LargeBinary):
        return b"\x1b]52;c;ZXZpbA==\x07"
    if isinstance(column.type, Date):
        return date(2026, 3, place)
    if isinstance(column.type, UtcTime):
        return now
    return column.type.python_type(place)


DOCUMENTS = frozenset(
    {"answers", "before", "after", "moved", "weights", "left_out", "report", "extras", "plan", "detail", "level_scores",
     "columns", "quality_rule"}
)  # fmt: skip
"""Texts that are JSON: hostile in what they hold, not in being JSON."""


def _is_document(column: Column[Any]) -> bool:
    return column.name in DOCUMENTS or (column.name == "content" and column.table.name in WHOLE_TABLES)


def _poison(connection: Connection, table: Table, keep_login: str) -> int:
    texts = texts_of(table)
    keys = list(table.primary_key.columns)
    if not texts:
        return 0
    numbers = count()
    rows = []
    for row in connection.execute(select(table)).mappings():
        number = next(numbers)
        values: dict[str, object] = {f"key_{key.name}": row[key.name] for key in keys}
        for column, at in zip(texts, count(number), strict=False):
            values[f"new_{column.name}"] = _hostile(table, column, row[column.name], number, at, keep_login)
        rows.append(values)
    if not rows:
        return 0
    statement = update(table).values({column.name: bindparam(f"new_{column.name}") for column in texts})
    for key in keys:
        statement = statement.where(key == bindparam(f"key_{key.name}"))
    connection.execute(statement, rows)
    return len(rows) * len(texts)


def _hostile(table: Table, column: Column[Any], old: object, number: int, at: int, keep_login: str) -> object:
    if table.name == "staff" and column.name == "login" and old == keep_login:
        return old
    hostile = TEXTS[at % len(TEXTS)]
    if _is_document(column):
        try:
            return json.dumps(_leaves(json.loads(str(old)), hostile))
        except ValueError:
            return old
    if type(column.type).__name__ == "Text" and number == 2:
        return LONG
    if table.name == "cases" and column.name == "state" and number % 2:
        return old  # half of the cases stay in a state that verbs begin from
    room = column.type.length if isinstance(column.type, (String, AutoString)) else None
    return f"{number} {hostile}"[:room]


def _leaves(value: object, hostile: str) -> object:
    if isinstance(value, dict):
        return {name: _leaves(held, hostile) for name, held in value.items()}
    if isinstance(value, list):
        return [_leaves(held, hostile) for held in value]
    return hostile if isinstance(value, str) else value


def offending(shown: str) -> Iterator[str]:
    """Yield every character of what was printed that a terminal acts on."""
    from console.text import is_safe_for_terminal

    for char in shown:
        if char not in "\n\t" and not is_safe_for_terminal(char):
            yield hex(ord(char))
