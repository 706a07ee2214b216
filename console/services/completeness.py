"""Complete and true dossiers (双百, requirement A5): what is missing, what was verified, for residents and others apart."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, not_, or_, select, update

from console.codes import SupplyCategory
from console.errors import ConflictError
from console.models.base import table_of
from console.models.customer import Customer
from console.rules.customer_fields import parse_customers
from console.rules.policy_customers import CustomerRules
from console.services.care_views import ToComplete, TruthFigure
from console.services.customer_filtering import (
    ACCOUNTS,
    Asking,
    check_names,
    conditions_of,
    filled,
    is_complete,
    is_verified,
    present,
)
from console.services.customer_lists import asking_of, rules_in_force
from console.services.filter_conditions import Condition
from console.services.known_customers import known
from console.services.staffing import HANDLERS, required
from console.storage.engine import Store
from console.storage.unit import Work

CUSTOMERS = table_of(Customer)

RESIDENTS = "residential"
OTHERS = "other"


def is_resident() -> Condition:
    """Return the condition that a customer is a resident (居民): by his supply, else by his accounts, else by being a person."""
    supply = func.coalesce(CUSTOMERS.c.supply_category, "")
    theirs = ACCOUNTS.c.customer_id == CUSTOMERS.c.id
    has_other = select(ACCOUNTS.c.id).where(theirs, ACCOUNTS.c.supply_category != SupplyCategory.RESIDENTIAL.value)
    return or_(
        supply == SupplyCategory.RESIDENTIAL.value,
        and_(supply == "", CUSTOMERS.c.kind == "individual", ~has_other.exists()),
    )


def figures(store: Store, *, now: datetime | None = None) -> tuple[TruthFigure, ...]:
    """Return the figures for residents, for other customers, and for all."""
    with store.reading() as connection:
        asking = asking_of(connection, now=now)
        complete, verified = is_complete(asking.rules), is_verified(asking)
        group = case((is_resident(), RESIDENTS), else_=OTHERS)
        question = (
            select(
                group,
                func.count(),
                func.sum(case((complete, 1), else_=0)),
                func.sum(case((verified, 1), else_=0)),
                func.sum(case((and_(complete, verified), 1), else_=0)),
            )
            .select_from(CUSTOMERS)
            .where(present())
            .group_by(group)
        )
        found = {row[0]: TruthFigure(row[0], *map(int, row[1:])) for row in connection.execute(question)}
    parts = [found.get(name, TruthFigure(name, 0, 0, 0, 0)) for name in (RESIDENTS, OTHERS)]
    both = [sum(getattr(part, name) for part in parts) for name in ("customers", "complete", "verified", "both")]
    return (*parts, TruthFigure("all", *both))


def to_complete(
    store: Store, filter_text: str = "", *, viewer: str = "", now: datetime | None = None, limit: int = 200
) -> list[ToComplete]:
    """Return the dossiers that are not complete or not verified lately, those that lack most first.

    Raises FilterError and UsageError for the filter.
    """
    asked = parse_customers(filter_text)
    with store.reading() as connection:
        check_names(connection, asked)
        asking = asking_of(connection, viewer=viewer, now=now)
        wanted = not_(and_(is_complete(asking.rules), is_verified(asking)))
        lacks = _lacks(asking.rules)
        number = sum((flag for _name, flag in lacks[1:]), start=lacks[0][1])
        question = (
            select(
                CUSTOMERS.c.id,
                CUSTOMERS.c.number,
                CUSTOMERS.c.name,
                CUSTOMERS.c.kind,
                CUSTOMERS.c.region,
                CUSTOMERS.c.verified_at,
                is_verified(asking).label("is_verified"),
                *(flag.label(f"lacks_{name}") for name, flag in lacks),
            )
            .where(*conditions_of(asked, asking), wanted)
            .order_by(number.desc(), CUSTOMERS.c.number)
            .limit(limit)
        )
        return [_row(row, [name for name, _flag in lacks]) for row in connection.execute(question)]


def _lacks(rules: CustomerRules) -> list[tuple[str, Any]]:
    """For every field that is required of anybody: 1 where a customer of a kind that must have it has not."""
    names = list(dict.fromkeys(name for required_names in rules.required.values() for name in required_names))
    found = []
    for name in names:
        kinds = [kind for kind, wanted in rules.required.items() if name in wanted]
        found.append((name, case((and_(CUSTOMERS.c.kind.in_(kinds), not_(filled(name))), 1), else_=0)))
    return found


def _row(row: Any, names: list[str]) -> ToComplete:
    return ToComplete(
        row.id,
        row.number,
        row.name,
        row.kind,
        row.region,
        tuple(name for name in names if getattr(row, f"lacks_{name}")),
        row.verified_at,
        bool(row.is_verified),
    )


def missing_of(connection: Connection, customer_id: int, asking: Asking) -> tuple[str, ...]:
    """Return what the dossier of one customer lacks, in the order of the policy."""
    lacks = _lacks(asking.rules)
    question = select(*(flag.label(name) for name, flag in lacks)).where(CUSTOMERS.c.id == customer_id)
    row = connection.execute(question).one()
    return tuple(name for (name, _flag), value in zip(lacks, row, strict=True) if value)


def verify(store: Store, number: str, actor: str) -> datetime:
    """Write down that somebody saw that a customer's facts are true, and return when.

    Raises NotFoundError for a customer who is not there, ConflictError for a dossier that is not complete, NotAllowedError for
    who may not.
    """

    def act(work: Work) -> datetime:
        connection = work.connection
        required(connection, actor, HANDLERS, "verify dossiers")
        customer = known(connection, number)
        lacking = missing_of(connection, customer.id, asking_of(connection, viewer=actor, now=work.at))
        if lacking:
            raise ConflictError(
                f"The dossier of customer {customer.number} lacks: {', '.join(lacking)}.", "Complete it first."
            )
        connection.execute(
            update(CUSTOMERS)
            .where(CUSTOMERS.c.id == customer.id)
            .values(verified_at=work.at, verified_by=actor, version=CUSTOMERS.c.version + 1)
        )
        work.record("verify", "customer", customer.number)
        return work.at

    return store.write(actor, act)


def rules_now(store: Store, now: datetime) -> CustomerRules:
    """Return the rules for customers in force at a moment."""
    with store.reading() as connection:
        return rules_in_force(connection, now)
