"""What the standings add up to: stages from quarter to quarter, who leaves by services held, value and the funnel."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, case, func, or_, select

from console.codes import AccountState, CustomerStage, ValueTier
from console.errors import NotFoundError, UsageError
from console.models import StageInQuarter, Standing
from console.models.base import table_of
from console.services.care_views import HoldingsRow, TransitionTable, ValueRow
from console.services.customer_filtering import CUSTOMERS, present
from console.services.customer_lists import asking_of
from console.services.standing_signs import ACCOUNTS, Span
from console.storage.engine import Store

STANDINGS: Table = table_of(Standing)
QUARTERS: Table = table_of(StageInQuarter)


def quarters(store: Store) -> list[str]:
    """Return the quarters of which stages are known, the newest last."""
    with store.reading() as connection:
        return list(connection.execute(select(QUARTERS.c.quarter).distinct().order_by(QUARTERS.c.quarter)).scalars())


def transitions(store: Store, before: str = "", after: str = "") -> TransitionTable:
    """Return how many customers went from which stage to which between two quarters, the last two known without them.

    Shares are of the customers in a stage before. Source: ``measures.value.stage_transitions``. Raises NotFoundError where fewer
    than two quarters are known, UsageError for one that is not.
    """
    from console.measures.value import LIFE_STAGES, LifeStage, stage_transitions

    known = quarters(store)
    if len(known) < 2 and not (before and after):
        raise NotFoundError(
            "The stages of two quarters are not known yet.",
            "Each refresh keeps those of its quarter: ombud customers refresh",
        )
    first, second = before or known[-2], after or known[-1]
    for quarter in (first, second):
        if quarter not in known:
            raise UsageError(f"Nothing is known of the quarter {quarter}.", f"Known: {', '.join(known)}.")
    old, new = QUARTERS.alias("old"), QUARTERS.alias("new")
    question = (
        select(old.c.stage, new.c.stage, func.count())
        .join_from(old, new, new.c.customer_id == old.c.customer_id)
        .where(old.c.quarter == first, new.c.quarter == second)
        .group_by(old.c.stage, new.c.stage)
    )
    with store.reading() as connection:
        counted = [(str(row[0]), str(row[1]), int(row[2])) for row in connection.execute(question)]

    def stage(code: str) -> LifeStage:
        return LifeStage(code.replace("_", " "))

    found = stage_transitions(
        [stage(one) for one, _other, number in counted for _ in range(number)],
        [stage(other) for _one, other, number in counted for _ in range(number)],
    )
    names = tuple(CustomerStage(item.value.replace(" ", "_")).value for item in LIFE_STAGES)
    return TransitionTable(first, second, names, found.counts, found.shares, found.n, found.value)


def holdings(store: Store, *, now: datetime | None = None) -> list[HoldingsRow]:
    """Return by the number of services held a year ago how many customers have left since, with Wilson's 95 % interval.

    Counted is who was supplied a year ago; he has left where none of these accounts is open. An account that is closed and does
    not say when counts as closed within the year. Source: ``measures.value.leaving_by_holdings``.
    """
    from console.measures.value import leaving_by_holdings

    with store.reading() as connection:
        asking = asking_of(connection, now=now)
        span = Span(0, 0, asking, "")
        held_then = and_(
            or_(ACCOUNTS.c.opened_on.is_(None), ACCOUNTS.c.opened_on <= span.year_ago),
            or_(ACCOUNTS.c.closed_on.is_(None), ACCOUNTS.c.closed_on > span.year_ago),
        )
        is_open = or_(ACCOUNTS.c.state != AccountState.CLOSED.value, ACCOUNTS.c.closed_on > span.today)
        each = (
            select(
                func.count(ACCOUNTS.c.utility.distinct()).label("services"),
                func.max(case((is_open, 1), else_=0)).label("stays"),
            )
            .join_from(ACCOUNTS, CUSTOMERS, CUSTOMERS.c.id == ACCOUNTS.c.customer_id)
            .where(held_then, present())
            .group_by(ACCOUNTS.c.customer_id)
            .subquery()
        )
        counted = connection.execute(
            select(each.c.services, each.c.stays, func.count()).group_by(each.c.services, each.c.stays)
        )
        numbers: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for services, stays, count in counted:
            numbers[int(services)][int(stays)] += int(count)
    held = [services for services, (left, stayed) in numbers.items() for _ in range(left + stayed)]
    gone = [place < left for left, stayed in numbers.values() for place in range(left + stayed)]
    rows = []
    for services, share in sorted(leaving_by_holdings(held, gone).items()) if held else []:
        left, stayed = numbers[services]
        interval = share.interval
        low, high = (interval.low, interval.high) if interval else (None, None)
        rows.append(HoldingsRow(services, left + stayed, left, share.value, low, high))
    return rows


def value(store: Store) -> list[ValueRow]:
    """Return the tiers of value: customers, what was billed, what contacts cost, and what that leaves; the highest first."""
    question = (
        select(
            STANDINGS.c.tier,
            STANDINGS.c.currency,
            func.count().label("customers"),
            func.sum(STANDINGS.c.revenue_minor).label("revenue"),
            func.sum(STANDINGS.c.contact_cost_minor).label("cost"),
            func.avg(STANDINGS.c.satisfaction).label("index"),
            func.sum(STANDINGS.c.complaints).label("complaints"),
        )
        .group_by(STANDINGS.c.tier, STANDINGS.c.currency)
        .order_by(STANDINGS.c.tier)
    )
    with store.reading() as connection:
        found = [dict(row) for row in connection.execute(question).mappings()]
    order = [tier.value for tier in ValueTier]
    return [_value_row(row) for row in sorted(found, key=lambda row: order.index(row["tier"]))]


def _value_row(row: dict[str, Any]) -> ValueRow:
    index = None if row["index"] is None else float(row["index"])
    return ValueRow(
        row["tier"], int(row["customers"]), int(row["revenue"]), int(row["cost"]), row["currency"], index,
        int(row["complaints"]),
    )  # fmt: skip
