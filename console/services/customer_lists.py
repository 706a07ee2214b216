"""Lists of customers by a filter: for the command line, exports, campaigns and work lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from console import clock
from console.rules.customer_fields import parse_customers
from console.rules.policy_customers import CustomerRules
from console.services.care_views import CustomerLine
from console.services.customer_filtering import (
    CUSTOMERS,
    STANDINGS,
    Asking,
    check_names,
    conditions_of,
    order_of,
)
from console.services.policies import policy_book
from console.services.policy_words import zone_of_policy
from console.storage.engine import Store
from console.zone import zone_name


def rules_in_force(connection: Connection, now: datetime) -> CustomerRules:
    """Return the rules for customers of the policy in force at a moment; those that come along where there is none."""
    from console.errors import UnavailableError

    try:
        return policy_book(connection).at(now).policy.customers
    except UnavailableError:
        return CustomerRules()


def zone_in_force(connection: Connection, now: datetime) -> str:
    """Return the utility's zone by name: that of the settings, else that of the policy in force."""
    return zone_name() or zone_of_policy(connection, now)


def asking_of(connection: Connection, *, viewer: str = "", now: datetime | None = None, zone: str = "") -> Asking:
    """Return what filters of customers are read against in a database now."""
    moment = now or clock.now()
    return Asking(
        connection.dialect.name,
        moment,
        rules_in_force(connection, moment),
        viewer,
        zone or zone_in_force(connection, moment),
    )


def lines(
    store: Store, filter_text: str = "", *, viewer: str = "", now: datetime | None = None, limit: int | None = None
) -> list[CustomerLine]:
    """Return the customers that a filter finds, in its order, by number without one.

    Raises FilterError, which points at the place, and UsageError for a segment that there is none of.
    """
    asked = parse_customers(filter_text)
    with store.reading() as connection:
        check_names(connection, asked)
        asking = asking_of(connection, viewer=viewer, now=now)
        question = _lines().where(*conditions_of(asked, asking)).order_by(*order_of(asked)).limit(limit)
        return [_line(row) for row in connection.execute(question)]


def lines_on(connection: Connection, ids: Sequence[int]) -> dict[int, CustomerLine]:
    """Return the lines of customers by their ids."""
    found: dict[int, CustomerLine] = {}
    for start in range(0, len(ids), 500):
        for row in connection.execute(_lines().where(CUSTOMERS.c.id.in_(list(ids[start : start + 500])))):
            found[row.id] = _line(row)
    return found


def count(store: Store, filter_text: str = "", *, viewer: str = "", now: datetime | None = None) -> int:
    """Return how many customers a filter finds; raises as ``lines``."""
    asked = parse_customers(filter_text)
    with store.reading() as connection:
        check_names(connection, asked)
        asking = asking_of(connection, viewer=viewer, now=now)
        question = select(func.count()).select_from(CUSTOMERS).where(*conditions_of(asked, asking))
        return int(connection.execute(question).scalar_one())


def _lines() -> Select[Any]:
    return select(
        CUSTOMERS.c.id,
        CUSTOMERS.c.number,
        CUSTOMERS.c.name,
        CUSTOMERS.c.kind,
        CUSTOMERS.c.relationship,
        CUSTOMERS.c.supply_category,
        CUSTOMERS.c.size,
        CUSTOMERS.c.credit_grade,
        CUSTOMERS.c.region,
        CUSTOMERS.c.phone_masked,
        CUSTOMERS.c.is_vulnerable,
        CUSTOMERS.c.verified_at,
        STANDINGS.c.stage,
        STANDINGS.c.tier,
        STANDINGS.c.recency,
        STANDINGS.c.frequency,
        STANDINGS.c.money,
        STANDINGS.c.alarms,
        STANDINGS.c.revenue_minor,
        STANDINGS.c.contact_cost_minor,
        STANDINGS.c.currency,
    ).join_from(CUSTOMERS, STANDINGS, STANDINGS.c.customer_id == CUSTOMERS.c.id, isouter=True)


def _line(row: Any) -> CustomerLine:
    scores = (row.recency, row.frequency, row.money)
    return CustomerLine(
        id=row.id,
        number=row.number,
        name=row.name,
        kind=row.kind,
        relationship=row.relationship,
        supply_category=row.supply_category or "",
        size=row.size,
        credit_grade=row.credit_grade,
        region=row.region,
        phone_masked=row.phone_masked,
        is_vulnerable=bool(row.is_vulnerable),
        verified_at=row.verified_at,
        stage=row.stage or "",
        tier=row.tier or "",
        rfm="".join(map(str, scores)) if None not in scores else "",
        alarms=tuple(filter(None, (row.alarms or "").split(","))),
        contribution_minor=None if row.revenue_minor is None else row.revenue_minor - row.contact_cost_minor,
        currency=row.currency or "",
    )
