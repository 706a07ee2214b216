"""Taking a new case in: who calls, about what, is it said already (requirements B1 to B3, B8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from console import clock
from console.codes import SEVERITIES, CaseKind, Channel
from console.errors import NotFoundError, UsageError, nearest
from console.models import Case, CaseEvent, Category, Customer, Incident, Operation, ServiceAccount
from console.models.base import table_of
from console.rules.policies import Policy
from console.rules.repeats import (
    CaseLikeness,
    Likeness,
    ParentEvent,
    Repeat,
    duplicates_of,
    parent_of,
    repeat_of,
)
from console.services import promises
from console.services.entering import write_case
from console.services.errands import operation_under
from console.services.fields import DETAILS
from console.services.likenesses import COMPARED, likeness_of, neighbours
from console.services.lookups import Names
from console.services.policies import policy_book
from console.services.verbs import check_places
from console.services.workers import worker_of
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean, clean_line

CASES: Table = table_of(Case)
EVENTS: Table = table_of(CaseEvent)
CATEGORIES: Table = table_of(Category)
CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
INCIDENTS: Table = table_of(Incident)
OPERATIONS: Table = table_of(Operation)

EARLY = timedelta(minutes=5)
"""How far the clock of another machine may be ahead."""


@dataclass(frozen=True, slots=True)
class NewCase:
    """What is known of a case when it comes in; empty texts are unknown.

    ``received_at`` (UTC) is when the customer turned to the utility, None for now; ``details`` are fields of ``verbs.DETAILS``,
    such as who complains and how to reach him.
    """

    subject: str
    narrative: str = ""
    kind: str = CaseKind.COMPLAINT.value
    channel: str = Channel.TELEPHONE.value
    category: str = ""
    severity: int = 1
    customer: str = ""
    account: str = ""
    region: str = ""
    area: str = ""
    authority: str = ""
    location: str = ""
    department: str = ""
    assignee: str = ""
    is_raised_by_staff: bool = False
    received_at: datetime | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """A case that was taken in, and what it looks like beside others."""

    id: int
    reference: str
    operation: int
    due_at: datetime | None
    repeat: Repeat
    duplicates: tuple[Likeness, ...]
    incident: str


def take_in(store: Store, new: NewCase, *, actor: str, now: datetime | None = None, key: str | None = None) -> Taken:
    """Make a case, start its clocks, and say whether it repeats or doubles others or belongs to an incident.

    Under a ``key`` used before, the case made then is returned and nothing is made twice. Raises UsageError for a word that
    names nothing, NotAllowedError for an actor who is not on the staff, UnavailableError where the database stays busy.
    """
    moment = (now or clock.now()).replace(microsecond=0)
    checked = _checked(new, moment)
    if key is not None and not 0 < len(key) <= 100:
        raise UsageError("A key has 1 to 100 characters.", "Use a new random one for each case.")
    return store.write(actor, lambda work: _taken_in(work, checked, moment, key))


def _taken_in(work: Work, new: NewCase, now: datetime, key: str | None) -> Taken:
    connection = work.connection
    worker_of(connection, work.actor)
    received_at = new.received_at or now
    book = policy_book(connection)
    edition = book.at(received_at)
    check_places(edition.policy, new.area, new.region, new.authority)
    row = _row(connection, new)
    values = {"at": now, "actor": work.actor, "verb": "new", "idempotency_key": key, "report": "{}"}
    try:
        with connection.begin_nested():
            operation = int(
                connection.execute(insert(OPERATIONS).values(values).returning(OPERATIONS.c.id)).scalar_one()
            )
    except IntegrityError:
        made = operation_under(connection, key or "", "new", work.actor)
        if made is None:
            raise
        work.abandon()
        return _made_before(connection, made.id, key or "")
    case_id, reference = write_case(
        work,
        {**row, "policy_id": edition.id, "received_at": received_at, "updated_at": now},
        new.narrative,
        new.location,
        details=new.details,
        policy=edition.policy,
        operation=operation,
    )
    like = likeness_of(connection, case_id)
    others = neighbours(connection, edition.policy.repeats, like)
    repeat = repeat_of(edition.policy.repeats, like, others)
    if repeat.is_repeat:
        _count_repeat(connection, case_id, repeat)
    incident = _join_incident(connection, case_id, edition.policy, like)
    promises.recompute(connection, [case_id], book, now=now)
    due_at = connection.execute(select(CASES.c.due_at).where(CASES.c.id == case_id)).scalar()
    work.record("new", "case", reference, {"operation": operation})
    duplicates = duplicates_of(edition.policy.repeats, like, others)
    return Taken(case_id, reference, operation, due_at, repeat, duplicates, incident)


def _checked(new: NewCase, now: datetime) -> NewCase:
    received_at = new.received_at
    if received_at is not None:
        if received_at.tzinfo is None:
            raise UsageError("The time of receipt has no zone.", "Write it as 2026-11-20T09:30:00+08:00.")
        received_at = received_at.astimezone(UTC).replace(microsecond=0)
        if received_at > now + EARLY:
            raise UsageError("A case cannot have been received in the future.", "Check the time of receipt.")
    subject = clean_line(new.subject)[:500]
    if not subject:
        raise UsageError("A case needs a subject.", "Say in one line what it is about.")
    for name, value, known in (
        ("kind", new.kind, tuple(CaseKind)),
        ("channel", new.channel, tuple(Channel)),
    ):
        if value not in known:
            close = nearest(value, known)
            raise UsageError(
                f"{name} cannot be {value}.", f"Did you mean {close}?" if close else f"Known: {', '.join(known)}."
            )
    if new.severity not in SEVERITIES:
        raise UsageError(f"severity cannot be {new.severity}.", "It goes from 1, ordinary, to 4, special.")
    return replace(
        new,
        subject=subject,
        narrative=clean(new.narrative).strip(),
        region=clean_line(new.region)[:100],
        area=clean_line(new.area)[:20],
        authority=clean_line(new.authority)[:40],
        received_at=received_at,
        location=clean_line(new.location)[:500],
        details=_details(new.details),
    )


def _details(given: Mapping[str, str]) -> dict[str, str]:
    for name in given:
        if name not in DETAILS:
            close = nearest(name, tuple(DETAILS))
            raise UsageError(
                f"A case has no field {name}.", f"Did you mean {close}?" if close else f"Known: {', '.join(DETAILS)}."
            )
    return {name: clean_line(value) for name, value in given.items() if clean_line(value)}


def _made_before(connection: Connection, operation: int, key: str) -> Taken:
    """Return the case that an earlier try made, with what it is like today."""
    row = connection.execute(
        select(
            CASES.c.id,
            CASES.c.reference,
            CASES.c.due_at,
            CASES.c.policy_id,
            CASES.c.received_at,
            INCIDENTS.c.number.label("incident"),
        )
        .join_from(EVENTS, CASES, CASES.c.id == EVENTS.c.case_id)
        .join(INCIDENTS, INCIDENTS.c.id == CASES.c.incident_id, isouter=True)
        .where(EVENTS.c.operation_id == operation)
    ).first()
    if row is None:
        raise UsageError(f"The case made under the key {key} was taken back.", "Use another key.")
    rules = policy_book(connection).of(row.policy_id, row.received_at).policy.repeats
    like = likeness_of(connection, row.id)
    others = neighbours(connection, rules, like)
    return Taken(
        row.id,
        row.reference,
        operation,
        row.due_at,
        repeat_of(rules, like, others),
        duplicates_of(rules, like, others),
        row.incident or "",
    )


def _row(connection: Connection, new: NewCase) -> dict[str, Any]:
    """Return the columns of a new case that its words name. Raises UsageError for one that names nothing."""
    names = Names()
    row: dict[str, Any] = {
        "kind": new.kind,
        "channel": new.channel,
        "severity": new.severity,
        "subject": new.subject,
        "region": new.region,
        "area": new.area,
        "authority": new.authority,
        "is_raised_by_staff": new.is_raised_by_staff,
    }
    if new.category:
        row["category_id"] = names.category(connection, new.category)
    if new.department:
        row["department_id"] = names.department(connection, new.department)
    if new.assignee:
        row["assignee_id"] = names.person(connection, new.assignee)["id"]
    if new.account:
        account = connection.execute(
            select(ACCOUNTS.c.id, ACCOUNTS.c.customer_id, ACCOUNTS.c.region, CUSTOMERS.c.is_vulnerable)
            .join_from(ACCOUNTS, CUSTOMERS, CUSTOMERS.c.id == ACCOUNTS.c.customer_id)
            .where(ACCOUNTS.c.number == new.account)
        ).one_or_none()
        if account is None:
            raise UsageError(f"There is no account {new.account}.", "Search: ombud customer find TEXT")
        row.update(
            account_id=account.id,
            customer_id=account.customer_id,
            region=row["region"] or account.region,
            is_vulnerable=account.is_vulnerable,
        )
    if new.customer:
        customer = connection.execute(
            select(CUSTOMERS.c.id, CUSTOMERS.c.region, CUSTOMERS.c.is_vulnerable).where(
                CUSTOMERS.c.number == new.customer
            )
        ).one_or_none()
        if customer is None:
            raise UsageError(f"No customer has the number {new.customer}.", "Search: ombud customer find TEXT")
        if row.get("customer_id") not in (None, customer.id):
            raise UsageError(
                f"The account {new.account} is not one of the customer {new.customer}.", "Give one of the two."
            )
        row.update(
            customer_id=customer.id,
            region=row["region"] or customer.region,
            is_vulnerable=customer.is_vulnerable,
        )
    return row


def _count_repeat(connection: Connection, case_id: int, repeat: Repeat) -> None:
    earlier = connection.execute(select(CASES.c.id).where(CASES.c.reference == repeat.earlier[0])).scalar_one()
    connection.execute(
        update(CASES).where(CASES.c.id == case_id).values(repeat_of_id=earlier, times_repeated=repeat.times - 1)
    )


def _join_incident(connection: Connection, case_id: int, policy: Policy, like: CaseLikeness) -> str:
    """Hang a case under the incident it belongs to, and return that incident's number."""
    rows = connection.execute(
        select(
            INCIDENTS.c.id,
            INCIDENTS.c.number,
            INCIDENTS.c.started_at,
            INCIDENTS.c.ended_at,
            INCIDENTS.c.region,
            CATEGORIES.c.code,
        )
        .join(CATEGORIES, CATEGORIES.c.id == INCIDENTS.c.category_id, isouter=True)
        .order_by(INCIDENTS.c.started_at.desc())
        .limit(COMPARED)
    ).all()
    events = [
        ParentEvent(
            number,
            started_at,
            ended_at,
            regions=frozenset({region} if region else ()),
            categories=(code,) if code else (),
        )
        for _, number, started_at, ended_at, region, code in rows
    ]
    parent = parent_of(policy.repeats, like, events)
    if parent is None:
        return ""
    incident_id = next(row.id for row in rows if row.number == parent.reference)
    connection.execute(update(CASES).where(CASES.c.id == case_id).values(incident_id=incident_id))
    return parent.reference


def likely_duplicates(store: Store, case_id: int) -> tuple[Likeness, ...]:
    """Return the open cases that may be the same matter as one, the likeliest first. Raises NotFoundError."""
    with store.reading() as connection:
        row = connection.execute(
            select(CASES.c.policy_id, CASES.c.received_at).where(CASES.c.id == case_id)
        ).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no case with the id {case_id}.")
        rules = policy_book(connection).of(row.policy_id, row.received_at).policy.repeats
        like = likeness_of(connection, case_id)
        return duplicates_of(rules, like, neighbours(connection, rules, like))
