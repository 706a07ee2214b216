"""Visits (走访, requirement A8): who is due by the intervals of the policy, which were made, how many are covered."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, case, func, or_, select

from console.codes import Channel, ContactOutcome, ContactPurpose, Direction
from console.models import Contact, ManagerPost, Staff
from console.models.base import table_of
from console.rules.customer_fields import parse_customers
from console.services.care_views import ContactRow, CoverageFigure, VisitRow
from console.services.contacts import NewContact, contacts, log
from console.services.customer_filtering import CUSTOMERS, Asking, check_names, conditions, conditions_of
from console.services.customer_lists import asking_of
from console.services.managers import current
from console.storage.engine import Store

CONTACTS: Table = table_of(Contact)
POSTS: Table = table_of(ManagerPost)
STAFF: Table = table_of(Staff)


def made(
    store: Store, number: str, actor: str, *, content: str = "", place: str = "", at: datetime | None = None
) -> ContactRow:
    """Write down that a customer was visited; raises as ``contacts.log``."""
    new = NewContact(
        number,
        content=content,
        channel=Channel.VISIT.value,
        direction=Direction.OUT.value,
        purpose=ContactPurpose.VISIT.value,
        outcome=ContactOutcome.REACHED.value,
        place=place,
        at=at,
    )
    return log(store, new, actor)


def list_made(
    store: Store, *, since: datetime | None = None, until: datetime | None = None, limit: int = 200
) -> list[ContactRow]:
    """Return the visits made, the newest first."""
    return contacts(store, purpose=ContactPurpose.VISIT.value, since=since, until=until, limit=limit)


def due(
    store: Store, filter_text: str = "", *, viewer: str = "", now: datetime | None = None, within_days: int = 0
) -> list[VisitRow]:
    """Return the customers whose visit is due, or will be within some days, the longest overdue first.

    Who was never visited is due since he was entered. Raises FilterError and UsageError for the filter.
    """
    asked = parse_customers(filter_text)
    with store.reading() as connection:
        check_names(connection, asked)
        asking = asking_of(connection, viewer=viewer, now=now)
        wanted = set(connection.execute(select(CUSTOMERS.c.id).where(*conditions_of(asked, asking))).scalars())
        last = asking.today + timedelta(days=within_days)
        rows = [row for row in _owed(connection, asking) if row.id in wanted and row.due_on <= last]
    return sorted(rows, key=lambda row: (row.due_on, row.number))


def coverage(store: Store, *, now: datetime | None = None) -> tuple[CoverageFigure, ...]:
    """Return how many of the customers to be visited were visited within their interval: by manager, by area, and in all."""
    with store.reading() as connection:
        asking = asking_of(connection, now=now)
        rows = _owed(connection, asking)
    groups: dict[tuple[str, str], list[VisitRow]] = defaultdict(list)
    for row in rows:
        groups["manager", row.manager].append(row)
        groups["region", row.region].append(row)
    figures = [_covered(kind, name, groups[kind, name], asking.today) for kind, name in sorted(groups)]
    return (*figures, _covered("all", "", rows, asking.today))


def _covered(kind: str, name: str, rows: list[VisitRow], today: date) -> CoverageFigure:
    return CoverageFigure(kind, name, len(rows), sum(row.last_on is not None and row.due_on > today for row in rows))


def _owed(connection: Connection, asking: Asking) -> list[VisitRow]:
    """Every customer whom a rule wants visited, with the last visit and when the next is due; the first rule that fits counts."""
    visited = _last_visits()
    own, area = POSTS.alias("own_post"), POSTS.alias("area_post")
    one, other = STAFF.alias("own_manager"), STAFF.alias("area_manager")
    found: dict[int, VisitRow] = {}
    for rule in asking.rules.visits:
        question = (
            select(
                CUSTOMERS.c.id,
                CUSTOMERS.c.number,
                CUSTOMERS.c.name,
                CUSTOMERS.c.region,
                CUSTOMERS.c.created_at,
                visited.c.last_at,
                func.coalesce(one.c.login, other.c.login, "").label("manager"),
            )
            .select_from(CUSTOMERS)
            .join(visited, visited.c.customer_id == CUSTOMERS.c.id, isouter=True)
            .join(own, (own.c.customer_id == CUSTOMERS.c.id) & current(own, asking.today), isouter=True)
            .join(one, one.c.id == own.c.staff_id, isouter=True)
            .join(
                area,
                (area.c.region == CUSTOMERS.c.region) & (area.c.region != "") & current(area, asking.today),
                isouter=True,
            )
            .join(other, other.c.id == area.c.staff_id, isouter=True)
            .where(*conditions(rule.customers, asking))
        )
        for row in connection.execute(question):
            found.setdefault(row.id, _visit_row(row, rule.every_days, asking))
    return list(found.values())


def _last_visits() -> Any:
    is_made = or_(CONTACTS.c.outcome.is_(None), CONTACTS.c.outcome == ContactOutcome.REACHED.value)
    return (
        select(CONTACTS.c.customer_id, func.max(case((is_made, CONTACTS.c.at))).label("last_at"))
        .where(
            CONTACTS.c.direction == Direction.OUT.value,
            or_(CONTACTS.c.purpose == ContactPurpose.VISIT.value, CONTACTS.c.channel == Channel.VISIT.value),
        )
        .group_by(CONTACTS.c.customer_id)
        .subquery("last_visits")
    )


def _visit_row(row: Any, every_days: int, asking: Asking) -> VisitRow:
    last_on = row.last_at.astimezone(asking.tz).date() if row.last_at else None
    entered_on = row.created_at.astimezone(asking.tz).date()
    due_on = last_on + timedelta(days=every_days) if last_on else entered_on
    return VisitRow(row.id, row.number, row.name, row.region, row.manager, every_days, last_on, due_on)
