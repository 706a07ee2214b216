"""The questions of a queue: which cases a filter finds, in which order, how many, and what their lines say."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from console.models import Case, Category, Customer, Department, Incident, ServiceAccount, Staff
from console.models.base import table_of
from console.rules.filters import FilterError
from console.services.filtering import Question, compiled
from console.services.views import CaseRow, IdList, QueueView
from console.storage.engine import Store

CASES = table_of(Case)
CATEGORIES = table_of(Category)
DEPARTMENTS = table_of(Department)
STAFF = table_of(Staff)
CUSTOMERS = table_of(Customer)
ACCOUNTS = table_of(ServiceAccount)
INCIDENTS = table_of(Incident)

LISTED = 200_000
"""The most ids a screen is given; the total stays exact, and exports have no such bound."""
FIRST = 500
"""Ids that a screen is given before the rest of a list: more rows than anybody reads until the rest is there."""
CHUNK = 500


def ids(
    store: Store, filter_text: str, *, now: datetime, viewer: str = "", zone: str = "", limit: int | None = LISTED
) -> IdList:
    """Return the ids of the cases that a filter finds, in its order (earliest due first where it names none).

    ``viewer`` is the login behind ``me``; ``zone`` the time zone in which days begin. Raises FilterError.
    """
    with store.reading() as connection:
        question = compiled(connection, filter_text, now=now, viewer=viewer, zone=zone)
        found = _listed(connection, question, limit)
        total = len(found) if limit is None or len(found) < limit else _count(connection, question)
    return IdList(found, total, total > len(found))


def first_ids(store: Store, filter_text: str, *, now: datetime, viewer: str = "", zone: str = "") -> IdList:
    """Return the first 500 of the ids that ``ids`` returns, without counting the others. Raises FilterError.

    Where there are more, ``is_capped`` says so, and ``total`` is only how many are listed. In an order that an index has, this
    takes as long on a million cases as on a thousand.
    """
    with store.reading() as connection:
        found = _listed(connection, compiled(connection, filter_text, now=now, viewer=viewer, zone=zone), FIRST + 1)
    return IdList(found[:FIRST], min(len(found), FIRST), len(found) > FIRST)


def _listed(connection: Connection, question: Question, limit: int | None) -> array[int]:
    statement = select(CASES.c.id).where(*question.conditions).order_by(*question.order)
    return array("q", connection.execute(statement if limit is None else statement.limit(limit)).scalars())


def count(store: Store, filter_text: str, *, now: datetime, viewer: str = "", zone: str = "") -> int:
    """Return how many cases a filter finds. Raises FilterError."""
    with store.reading() as connection:
        question = compiled(connection, filter_text, now=now, viewer=viewer, zone=zone)
        return _count(connection, question)


def _count(connection: Connection, question: Question) -> int:
    return int(connection.execute(select(func.count()).select_from(CASES).where(*question.conditions)).scalar_one())


def counts(
    store: Store, views: Sequence[QueueView], *, now: datetime, viewer: str = "", zone: str = ""
) -> Mapping[str, int]:
    """Return how many cases each view holds, by view id, all seen at one moment; a view that cannot be read has no count."""
    found: dict[str, int] = {}
    with store.reading() as connection:
        for view in views:
            try:
                question = compiled(connection, view.filter, now=now, viewer=viewer, zone=zone)
            except FilterError:
                continue
            found[view.id] = _count(connection, question)
    return found


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
        func.coalesce(CUSTOMERS.c.number, ""),
        func.coalesce(ACCOUNTS.c.number, ""),
        CASES.c.updated_at,
        CASES.c.closed_at,
        CASES.c.times_repeated,
        CASES.c.times_urged,
        CASES.c.times_reopened,
        func.coalesce(INCIDENTS.c.number, ""),
        func.coalesce(CASES.c.opinion, ""),
        CASES.c.responsible,
        func.coalesce(CASES.c.source, ""),
        func.coalesce(CASES.c.external_reference, ""),
        CASES.c.area,
    )
    .select_from(CASES)
    .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
    .join(DEPARTMENTS, DEPARTMENTS.c.id == CASES.c.department_id, isouter=True)
    .join(STAFF, STAFF.c.id == CASES.c.assignee_id, isouter=True)
    .join(CUSTOMERS, CUSTOMERS.c.id == CASES.c.customer_id, isouter=True)
    .join(ACCOUNTS, ACCOUNTS.c.id == CASES.c.account_id, isouter=True)
    .join(INCIDENTS, INCIDENTS.c.id == CASES.c.incident_id, isouter=True)
)


def rows_on(connection: Connection, case_ids: Sequence[int]) -> list[CaseRow]:
    """Return the lines of cases, as ``rows`` does, on a connection already open."""
    found: dict[int, CaseRow] = {}
    for start in range(0, len(case_ids), CHUNK):
        part: list[Any] = list(case_ids[start : start + CHUNK])
        found.update((row[0], CaseRow(*tuple(row))) for row in connection.execute(ROW.where(CASES.c.id.in_(part))))
    return [found[case_id] for case_id in case_ids if case_id in found]
