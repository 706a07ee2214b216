"""The questions of a queue: which cases a filter finds, in which order, how many, and what their lines say."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from console.models import Case, Category, Customer, Department, Staff
from console.models.base import table_of
from console.services.filtering import Question, compiled
from console.services.views import CaseRow, IdList, QueueView
from console.storage.engine import Store

CASES = table_of(Case)
CATEGORIES = table_of(Category)
DEPARTMENTS = table_of(Department)
STAFF = table_of(Staff)
CUSTOMERS = table_of(Customer)

LISTED = 200_000
"""The most ids a screen is given; the total stays exact, and exports have no such bound."""
CHUNK = 500


def ids(
    store: Store, filter_text: str, *, now: datetime, viewer: str = "", zone: str = "", limit: int | None = LISTED
) -> IdList:
    """Return the ids of the cases that a filter finds, in its order (earliest due first where it names none).

    ``viewer`` is the login behind ``me``; ``zone`` the time zone in which days begin. Raises FilterError.
    """
    question = compiled(filter_text, dialect=store.engine.dialect.name, now=now, viewer=viewer, zone=zone)
    with store.reading() as connection:
        statement = select(CASES.c.id).where(*question.conditions).order_by(*question.order)
        if limit is not None:
            statement = statement.limit(limit)
        found = array("q", connection.execute(statement).scalars())
        total = len(found) if limit is None or len(found) < limit else _count(connection, question)
    return IdList(found, total, total > len(found))


def count(store: Store, filter_text: str, *, now: datetime, viewer: str = "", zone: str = "") -> int:
    """Return how many cases a filter finds. Raises FilterError."""
    question = compiled(filter_text, dialect=store.engine.dialect.name, now=now, viewer=viewer, zone=zone)
    with store.reading() as connection:
        return _count(connection, question)


def _count(connection: Connection, question: Question) -> int:
    return int(connection.execute(select(func.count()).select_from(CASES).where(*question.conditions)).scalar_one())


def counts(
    store: Store, views: Sequence[QueueView], *, now: datetime, viewer: str = "", zone: str = ""
) -> Mapping[str, int]:
    """Return how many cases each view holds, by view id, all seen at one moment."""
    dialect = store.engine.dialect.name
    with store.reading() as connection:
        return {
            view.id: _count(connection, compiled(view.filter, dialect=dialect, now=now, viewer=viewer, zone=zone))
            for view in views
        }


def rows(store: Store, case_ids: Sequence[int]) -> list[CaseRow]:
    """Return the lines of cases in the order of the ids; ids that no case has any more are left out."""
    with store.reading() as connection:
        return rows_on(connection, case_ids)


ROW = (
    select(
        CASES.c.id,
        CASES.c.reference,
        CASES.c.kind,
        CASES.c.state,
        CASES.c.phase,
        CASES.c.severity,
        CASES.c.subject,
        func.coalesce(CATEGORIES.c.code, ""),
        CASES.c.channel,
        CASES.c.region,
        func.coalesce(DEPARTMENTS.c.name, ""),
        func.coalesce(STAFF.c.name, ""),
        func.coalesce(CUSTOMERS.c.name, ""),
        CASES.c.received_at,
        CASES.c.due_at,
        CASES.c.is_supervised,
        CASES.c.is_vulnerable,
        CASES.c.version,
    )
    .select_from(CASES)
    .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
    .join(DEPARTMENTS, DEPARTMENTS.c.id == CASES.c.department_id, isouter=True)
    .join(STAFF, STAFF.c.id == CASES.c.assignee_id, isouter=True)
    .join(CUSTOMERS, CUSTOMERS.c.id == CASES.c.customer_id, isouter=True)
)


def rows_on(connection: Connection, case_ids: Sequence[int]) -> list[CaseRow]:
    """Return the lines of cases, as ``rows`` does, on a connection already open."""
    found: dict[int, CaseRow] = {}
    for start in range(0, len(case_ids), CHUNK):
        part: list[Any] = list(case_ids[start : start + CHUNK])
        found.update((row[0], CaseRow(*tuple(row))) for row in connection.execute(ROW.where(CASES.c.id.in_(part))))
    return [found[case_id] for case_id in case_ids if case_id in found]
