"""What may stand behind a field of a filter: departments, people, categories, regions, numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select

from console.models import Case, Category, Customer, Department, Incident, Segment, ServiceAccount, Staff
from console.models.base import table_of
from console.storage.engine import Store

CASES: Table = table_of(Case)
CATEGORIES: Table = table_of(Category)
DEPARTMENTS: Table = table_of(Department)
STAFF: Table = table_of(Staff)
CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
INCIDENTS: Table = table_of(Incident)
SEGMENTS: Table = table_of(Segment)

MOST = 2_000
"""The most values of a short list, such as the departments."""
MOST_NUMBERS = 50
LATEST_CASES = 20_000
"""The cases whose regions and sources are offered: those of a million would be read whole for a list of a dozen names."""

ValueRow = tuple[str, str]
"""A value and what it is called, which may be empty."""

WHOLE = frozenset({"team", "segment", "assignee", "category", "region", "source", "responsible"})
"""Fields whose values are listed whole; of the others those that begin as what was typed."""


def values(store: Store, field: str, typed: str = "") -> list[ValueRow]:
    """Return the values a field may be asked for, in their order, with their names; nothing for a field without any."""
    with store.reading() as connection:
        if field in _LISTS:
            return _LISTS[field](connection)
        if field in _NUMBERS and typed:
            return _beginning(connection, *_NUMBERS[field], typed)
    return []


def _departments(connection: Connection) -> list[ValueRow]:
    found = select(DEPARTMENTS.c.code, DEPARTMENTS.c.name).where(DEPARTMENTS.c.is_active).order_by(DEPARTMENTS.c.code)
    return _rows(connection, found.limit(MOST))


def _people(connection: Connection) -> list[ValueRow]:
    return _rows(connection, select(STAFF.c.login, STAFF.c.name).order_by(STAFF.c.login).limit(MOST))


def _categories(connection: Connection) -> list[ValueRow]:
    found = select(CATEGORIES.c.code, CATEGORIES.c.name).where(CATEGORIES.c.is_active).order_by(CATEGORIES.c.code)
    return _rows(connection, found.limit(MOST))


def _segments(connection: Connection) -> list[ValueRow]:
    found = select(SEGMENTS.c.name, SEGMENTS.c.filter).order_by(SEGMENTS.c.name)
    return _rows(connection, found.limit(MOST))


def _of_latest(column: str) -> Callable[[Connection], list[ValueRow]]:
    def listed(connection: Connection) -> list[ValueRow]:
        latest = select(CASES.c[column].label("value")).order_by(CASES.c.id.desc()).limit(LATEST_CASES).subquery()
        found = select(latest.c.value).where(latest.c.value != "").distinct().order_by(latest.c.value).limit(MOST)
        return [(str(value), "") for value in connection.execute(found).scalars()]

    return listed


def _beginning(
    connection: Connection, number: ColumnElement[str], name: ColumnElement[str] | None, typed: str
) -> list[ValueRow]:
    # What is typed comes folded; numbers are mostly written in capitals. Ranges, unlike patterns, are found by the index.
    begins = or_(
        *[and_(number >= text, number < text + "\U0010ffff") for text in dict.fromkeys((typed, typed.upper()))]
    )
    found = select(number, name if name is not None else number).where(begins)
    rows = _rows(connection, found.order_by(number).limit(MOST_NUMBERS))
    return rows if name is not None else [(value, "") for value, _name in rows]


def _rows(connection: Connection, question: Any) -> list[ValueRow]:
    rows: Sequence[Any] = connection.execute(question).all()
    return [(str(code), str(name) if name and name != code else "") for code, name in rows if code]


_LISTS: Mapping[str, Callable[[Connection], list[ValueRow]]] = {
    "team": _departments,
    "segment": _segments,
    "assignee": _people,
    "category": _categories,
    "region": _of_latest("region"),
    "source": _of_latest("source"),
    "responsible": _of_latest("responsible"),
}
_NUMBERS: Mapping[str, tuple[ColumnElement[str], ColumnElement[str] | None]] = {
    "customer": (CUSTOMERS.c.number, CUSTOMERS.c.name),
    "account": (ACCOUNTS.c.number, None),
    "reference": (CASES.c.reference, CASES.c.subject),
    "external": (CASES.c.external_reference, CASES.c.subject),
    "parent": (INCIDENTS.c.number, INCIDENTS.c.title),
}
