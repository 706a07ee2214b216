"""Incidents: one outage or billing run under which many cases hang, answered together (requirement B8).

What hangs under an incident is ``Case.incident_id``; that a case was taken out on purpose is known from its history, so that no
search proposes it again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, and_, exists, func, insert, select, text, update

from console.codes import CasePhase
from console.errors import NotFoundError, UsageError, nearest
from console.models import Case, CaseEvent, Category, Incident
from console.models.base import table_of
from console.rules.repeats import CaseLikeness, ParentEvent, parent_of
from console.services.lookups import Names
from console.services.policies import policy_book
from console.services.staffing import HANDLERS, required
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean_line

CASES: Table = table_of(Case)
EVENTS: Table = table_of(CaseEvent)
CATEGORIES: Table = table_of(Category)
INCIDENTS: Table = table_of(Incident)

KINDS = ("outage", "billing")
DETACH = "detach"
"""The verb of the event by which a case is known to have been taken out on purpose; its note is the incident's number."""
NUMBER_LOCK = 7_203_116
"""Held while a number is taken on PostgreSQL, so that two incidents never get the same."""


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident with its cases: how many hang under it, are still open, and were taken out on purpose; times are UTC."""

    number: str
    kind: str
    title: str
    region: str
    category: str
    started_at: datetime
    ended_at: datetime | None
    cases: int
    open_cases: int
    exceptions: int


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A case under an incident, taken out of it, or proposed for it."""

    id: int
    reference: str
    state: str
    phase: str
    region: str
    category: str
    received_at: datetime
    subject: str


@dataclass(frozen=True, slots=True)
class IncidentDetail:
    """An incident with its cases and its exceptions."""

    row: IncidentRow
    children: tuple[ChildRow, ...]
    exceptions: tuple[ChildRow, ...]


def begin(
    store: Store,
    *,
    kind: str,
    title: str,
    region: str = "",
    category: str = "",
    started_at: datetime,
    ended_at: datetime | None = None,
    actor: str,
) -> IncidentRow:
    """Enter an incident and return it with its number.

    Raises UsageError for a word that names nothing or an end before the beginning, NotAllowedError for who handles no cases.
    """
    if kind not in KINDS:
        close = nearest(kind, KINDS)
        raise UsageError(
            f"An incident cannot be {kind}.", f"Did you mean {close}?" if close else f"Known: {', '.join(KINDS)}."
        )
    name = clean_line(title)[:200]
    if not name:
        raise UsageError("An incident needs a title.", "Say in one line what happened.")
    if ended_at is not None and ended_at < started_at:
        raise UsageError("The incident ends before it begins.", "Check --from and --to.")

    def enter(work: Work) -> IncidentRow:
        connection = work.connection
        required(connection, actor, HANDLERS, "enter incidents")
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": NUMBER_LOCK})
        newest = connection.execute(select(func.coalesce(func.max(INCIDENTS.c.id), 0))).scalar_one()
        number = f"I-{newest + 1:05d}"
        connection.execute(
            insert(INCIDENTS).values(
                number=number,
                kind=kind,
                title=name,
                region=clean_line(region)[:100],
                category_id=Names().category(connection, category) if category else None,
                started_at=started_at,
                ended_at=ended_at,
                version=1,
            )
        )
        work.record("new incident", "incident", number, {"kind": kind, "region": region, "category": category})
        return _listed(connection, (INCIDENTS.c.number == number,))[0]

    return store.write(actor, enter)


def end(store: Store, number: str, ended_at: datetime, *, actor: str) -> IncidentRow:
    """Enter when an incident ended. Raises NotFoundError, and UsageError for an end before the beginning."""

    def close(work: Work) -> IncidentRow:
        connection = work.connection
        required(connection, actor, HANDLERS, "end incidents")
        row = incident_row(connection, number)
        if ended_at < row["started_at"]:
            raise UsageError("The incident ends before it begins.", "Check the time given.")
        connection.execute(
            update(INCIDENTS)
            .where(INCIDENTS.c.id == row["id"])
            .values(ended_at=ended_at, version=INCIDENTS.c.version + 1)
        )
        work.record("end incident", "incident", number, {"ended_at": ended_at.isoformat()})
        return _listed(connection, (INCIDENTS.c.id == row["id"],))[0]

    return store.write(actor, close)


def listed(store: Store) -> list[IncidentRow]:
    """Return all incidents, the newest first."""
    with store.reading() as connection:
        return _listed(connection, ())


def detail(store: Store, number: str) -> IncidentDetail:
    """Return an incident with its cases and exceptions. Raises NotFoundError, naming the nearest number."""
    with store.reading() as connection:
        row = incident_row(connection, number)
        return IncidentDetail(
            _listed(connection, (INCIDENTS.c.id == row["id"],))[0],
            tuple(_children(connection, CASES.c.incident_id == row["id"])),
            tuple(_children(connection, is_exception(row["id"], row["number"]))),
        )


def found(store: Store, number: str) -> tuple[ChildRow, ...]:
    """Return the open cases that may belong to an incident by place, category and time, the exceptions left out.

    The policy of each case decides how long after the end it may still have come in. Raises NotFoundError.
    """
    with store.reading() as connection:
        row = incident_row(connection, number)
        book = policy_book(connection)
        hours = max(edition.policy.repeats.parent_hours for edition in book.editions)
        category = row["category"] or ""
        event = ParentEvent(
            row["number"],
            row["started_at"],
            row["ended_at"],
            regions=frozenset({row["region"]} if row["region"] else ()),
            categories=(category,) if category else (),
        )
        conditions = [
            CASES.c.phase != CasePhase.CLOSED.value,
            CASES.c.incident_id.is_(None),
            CASES.c.received_at >= row["started_at"],
            ~is_exception(row["id"], row["number"]),
        ]
        if row["ended_at"] is not None:
            conditions.append(CASES.c.received_at <= row["ended_at"] + timedelta(hours=hours))
        if row["region"]:
            conditions.append(CASES.c.region == row["region"])
        policies = dict(connection.execute(select(CASES.c.id, CASES.c.policy_id).where(*conditions)).all())
        return tuple(
            child
            for child in _children(connection, and_(*conditions))
            if parent_of(book.of(policies[child.id], child.received_at).policy.repeats, _likeness(child), [event])
        )


def _likeness(child: ChildRow) -> CaseLikeness:
    return CaseLikeness(child.reference, child.received_at, category=child.category, region=child.region)


def is_exception(incident_id: int, number: str) -> Any:
    """The condition of a case that was detached on purpose and not attached again since."""
    detached = select(EVENTS.c.id).where(
        EVENTS.c.case_id == CASES.c.id,
        EVENTS.c.verb == DETACH,
        EVENTS.c.note == number,
        EVENTS.c.is_undone.is_(False),
    )
    return and_(exists(detached), CASES.c.incident_id.is_distinct_from(incident_id))


def _children(connection: Connection, condition: Any) -> list[ChildRow]:
    rows = connection.execute(
        select(
            CASES.c.id,
            CASES.c.reference,
            CASES.c.state,
            CASES.c.phase,
            CASES.c.region,
            func.coalesce(CATEGORIES.c.code, ""),
            CASES.c.received_at,
            CASES.c.subject,
        )
        .select_from(CASES)
        .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
        .where(condition)
        .order_by(CASES.c.received_at, CASES.c.id)
    )
    return [ChildRow(*tuple(row)) for row in rows]


def _listed(connection: Connection, conditions: Collection[Any]) -> list[IncidentRow]:
    rows = connection.execute(
        select(INCIDENTS, CATEGORIES.c.code.label("category"))
        .select_from(INCIDENTS)
        .join(CATEGORIES, CATEGORIES.c.id == INCIDENTS.c.category_id, isouter=True)
        .where(*conditions)
        .order_by(INCIDENTS.c.started_at.desc(), INCIDENTS.c.id.desc())
    ).mappings()
    incidents = list(rows)
    counts = {
        row.incident_id: (row.all_cases, row.open_cases)
        for row in connection.execute(
            select(
                CASES.c.incident_id,
                func.count().label("all_cases"),
                func.count().filter(CASES.c.phase != CasePhase.CLOSED.value).label("open_cases"),
            )
            .where(CASES.c.incident_id.in_([row["id"] for row in incidents]))
            .group_by(CASES.c.incident_id)
        )
    }
    return [
        IncidentRow(
            number=row["number"],
            kind=row["kind"],
            title=row["title"],
            region=row["region"],
            category=row["category"] or "",
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            cases=counts.get(row["id"], (0, 0))[0],
            open_cases=counts.get(row["id"], (0, 0))[1],
            exceptions=_exceptions(connection, row["id"], row["number"]),
        )
        for row in incidents
    ]


def _exceptions(connection: Connection, incident_id: int, number: str) -> int:
    question = select(func.count()).select_from(CASES).where(is_exception(incident_id, number))
    return int(connection.execute(question).scalar_one())


def incident_row(connection: Connection, number: str) -> RowMapping:
    row = (
        connection.execute(
            select(INCIDENTS, CATEGORIES.c.code.label("category"))
            .select_from(INCIDENTS)
            .join(CATEGORIES, CATEGORIES.c.id == INCIDENTS.c.category_id, isouter=True)
            .where(INCIDENTS.c.number == number)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        numbers = list(connection.execute(select(INCIDENTS.c.number)).scalars())
        close = nearest(number, numbers)
        raise NotFoundError(
            f"There is no incident {number}.", f"Did you mean {close}?" if close else "See: ombud incident list"
        )
    return row
