"""One case whole: its row, texts, history and promises."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, select

from console.errors import NotFoundError
from console.models import Case, CaseEvent, CaseText, Category, Clock, Customer, Department, ServiceAccount, Staff
from console.models.base import table_of
from console.services import queues
from console.services.case_relations import relations
from console.services.case_views import CaseDetail, ClockRow, EventRow
from console.storage.engine import Store

CASES = table_of(Case)
TEXTS = table_of(CaseText)
EVENTS = table_of(CaseEvent)
CUSTOMERS = table_of(Customer)
ACCOUNTS = table_of(ServiceAccount)
CATEGORIES = table_of(Category)
CLOCKS = table_of(Clock)
DEPARTMENTS = table_of(Department)
STAFF = table_of(Staff)


POINTERS = {
    "assignee_id": ("assignee", STAFF, STAFF.c.name),
    "supervisor_id": ("supervisor", STAFF, STAFF.c.name),
    "department_id": ("department", DEPARTMENTS, DEPARTMENTS.c.name),
    "category_id": ("category", CATEGORIES, CATEGORIES.c.code),
    "merged_into_id": ("merged_into", CASES, CASES.c.reference),
}
"""Columns that hold ids, the word for them in the history, and where what they point to is named."""
BOOKKEEPING = frozenset({"version", "created", "phase"})


def _changes(connection: Connection, before: str, after: str) -> tuple[tuple[str, str, str], ...]:
    """Return what an event changed as (field, before, after), ids replaced by names."""
    old: dict[str, Any] = json.loads(before)
    new: dict[str, Any] = json.loads(after)
    named = [name for name in (*old, *(name for name in new if name not in old)) if name not in BOOKKEEPING]
    return tuple(
        (POINTERS[name][0] if name in POINTERS else name, _named(connection, name, old), _named(connection, name, new))
        for name in named
    )


def _named(connection: Connection, name: str, values: dict[str, Any]) -> str:
    value = values.get(name)
    if value is None or value == "":
        return ""
    if name not in POINTERS:
        return str(value)
    _, table, column = POINTERS[name]
    found = connection.execute(select(column).where(table.c.id == value)).scalar()
    return str(value if found is None else found)


def detail(store: Store, case_id: int) -> CaseDetail:
    """Return a case whole, newest event first. Raises NotFoundError for an id that no case has."""
    with store.reading() as connection:
        rows = queues.rows_on(connection, [case_id])
        if not rows:
            raise NotFoundError("This case is no longer there.", "Refresh the list.")
        question = (
            select(
                TEXTS.c.narrative,
                TEXTS.c.findings,
                TEXTS.c.reply,
                TEXTS.c.outcome,
                TEXTS.c.measures,
                TEXTS.c.follow_up,
                TEXTS.c.cause,
                CASES.c.validity,
                CASES.c.opinion,
                TEXTS.c.location,
                TEXTS.c.extras,
                CASES.c.responsible,
                CASES.c.source,
                CASES.c.external_reference,
                CASES.c.closed_at,
                CUSTOMERS.c.number.label("customer_number"),
                ACCOUNTS.c.number.label("account_number"),
            )
            .select_from(CASES)
            .join(TEXTS, TEXTS.c.case_id == CASES.c.id, isouter=True)
            .join(CUSTOMERS, CUSTOMERS.c.id == CASES.c.customer_id, isouter=True)
            .join(ACCOUNTS, ACCOUNTS.c.id == CASES.c.account_id, isouter=True)
            .where(CASES.c.id == case_id)
        )
        facts = connection.execute(question).mappings().one()
        events = connection.execute(
            select(EVENTS.c.at, EVENTS.c.actor, EVENTS.c.verb, EVENTS.c.note, EVENTS.c.before, EVENTS.c.after)
            .where(EVENTS.c.case_id == case_id)
            .order_by(EVENTS.c.at.desc(), EVENTS.c.id.desc())
        ).all()
        clocks = connection.execute(
            select(CLOCKS.c.name, CLOCKS.c.due_at, CLOCKS.c.met_at, CLOCKS.c.standing)
            .where(CLOCKS.c.case_id == case_id)
            .order_by(CLOCKS.c.due_at.asc().nulls_last(), CLOCKS.c.name)
        ).all()
        history = tuple(
            EventRow(at, actor, verb, note, _changes(connection, before, after))
            for at, actor, verb, note, before, after in events
        )
    hanging = relations(store, case_id)
    extras: dict[str, Any] = json.loads(facts["extras"] or "{}")
    return CaseDetail(
        row=rows[0],
        narrative=facts["narrative"] or "",
        findings=facts["findings"] or "",
        reply=facts["reply"] or "",
        outcome=facts["outcome"] or "",
        location=facts["location"] or "",
        responsible=facts["responsible"],
        source=facts["source"] or "",
        external_reference=facts["external_reference"] or "",
        customer_number=facts["customer_number"] or "",
        account_number=facts["account_number"] or "",
        closed_at=facts["closed_at"],
        extras=tuple((name, str(value)) for name, value in extras.items()),
        events=history,
        clocks=tuple(ClockRow(*tuple(row)) for row in clocks),
        measures=facts["measures"] or "",
        follow_up=facts["follow_up"] or "",
        cause=facts["cause"] or "",
        validity=facts["validity"] or "",
        opinion=facts["opinion"] or "",
        related=hanging.others,
        remedies=hanging.remedies,
        tasks=hanging.tasks,
    )


def id_of(store: Store, reference: str) -> int:
    """Return the id of the case with a reference, our own or its source's. Raises NotFoundError."""
    with store.reading() as connection:
        own = connection.execute(select(CASES.c.id).where(CASES.c.reference == reference)).scalar()
        if own is not None:
            return int(own)
        foreign = connection.execute(select(CASES.c.id).where(CASES.c.external_reference == reference)).scalars().all()
    if len(foreign) == 1:
        return int(foreign[0])
    if foreign:
        raise NotFoundError(f"{len(foreign)} cases of several sources bear {reference}.", "Use our own reference.")
    raise NotFoundError(f"No case has the reference {reference}.", "Search: ombud queue 'text:…'")
