"""``ombud customers refresh``: the rules of the policy over all customers, a stretch at a time (requirements A2, A6).

Credit, relationship and size are written to the customers themselves, stage of life, value and RFM beside them, the stage also
for the quarter. RFM and value rank customers among one another: they are ranked first, over all; then each stretch is written in
its own transaction, so that a run that was broken off goes on behind the last one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, Table, bindparam, delete, insert, select, update

from console.codes import CustomerSize, CustomerStage, Relationship, Role, ValueTier
from console.errors import ConflictError
from console.models import CustomerRefresh, StageInQuarter, Standing
from console.models.base import table_of
from console.rules.policy_customers import CustomerRules
from console.services import segments
from console.services.care_views import RefreshReport
from console.services.customer_filtering import CUSTOMERS, Asking
from console.services.customer_lists import asking_of
from console.services.staffing import required
from console.services.standing_signs import Signs, Span, days_since, most_used_currency, signs_of, stretches
from console.storage.bulk import insert_rows
from console.storage.engine import Store
from console.storage.unit import Work

if TYPE_CHECKING:
    from console.measures.value import LifeSigns

STANDINGS: Table = table_of(Standing)
QUARTERS: Table = table_of(StageInQuarter)
REFRESHES: Table = table_of(CustomerRefresh)

PART = 2_000
"""Ids of customers in one transaction."""

RESUMED_WITHIN = timedelta(days=1)
"""A run that was broken off longer ago is begun anew: its figures would be of another day."""

MAY_REFRESH = frozenset({Role.LEAD.value, Role.ANALYST.value, Role.ADMINISTRATOR.value})
COMPUTED = ("relationship", "size", "credit_grade")
COLUMNS = (
    "customer_id", "as_of", "stage", "tier", "recency", "frequency", "money", "revenue_minor", "contact_cost_minor",
    "currency", "overdue_days", "is_overdue", "disputes", "returned_payments", "complaints", "usage_change", "satisfaction",
    "alarms", "services",
)  # fmt: skip

Progress = Callable[[int, int], bool]
"""Told up to which customer id of how many; answers whether to go on."""


def quarter_of(day: date) -> str:
    """Return the quarter of a day: ``2026-Q4``."""
    return f"{day.year:04d}-Q{(day.month - 1) // 3 + 1}"


@dataclass(slots=True)
class _Ranks:
    """RFM scores and tiers of value by customer, from all customers together."""

    scores: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    tiers: dict[int, str] = field(default_factory=dict)


def refresh(
    store: Store, actor: str, *, now: datetime | None = None, progress: Progress | None = None, part: int = PART
) -> RefreshReport:
    """Compute how every customer stands, write what changed, count the segments anew, and say what changed.

    A run of the last day that was broken off is gone on with, as of its own moment. Raises ConflictError where another run is
    under way, NotAllowedError for who may not.
    """
    run = store.write(actor, lambda work: _begun(work, now))
    with store.reading() as connection:
        asking = asking_of(connection, viewer=actor, now=run["as_of"])
        currency = most_used_currency(connection)
        ranks = _ranked(connection, asking, currency, part)
        ahead = list(stretches(connection, part, run["position"]))
    for low, high in ahead:
        if progress is not None and not progress(low, ahead[-1][1]):
            return _report(store, run["id"])
        span = Span(low, high, asking, currency)
        store.write(actor, lambda work, span=span: _write_part(work, run["id"], span, ranks))  # type: ignore[misc]
    store.write(actor, lambda work: _finished(work, run["id"], asking))
    return _report(store, run["id"])


def _begun(work: Work, now: datetime | None) -> dict[str, Any]:
    required(work.connection, work.actor, MAY_REFRESH, "refresh customers")
    as_of = now or work.at
    open_runs = select(REFRESHES).where(REFRESHES.c.finished_at.is_(None), REFRESHES.c.as_of > as_of - RESUMED_WITHIN)
    held = work.connection.execute(open_runs.order_by(REFRESHES.c.id.desc()).limit(1)).mappings().first()
    if held is not None:
        work.abandon()
        return {name: held[name] for name in ("id", "as_of", "position")}
    made = work.connection.execute(
        insert(REFRESHES)
        .values(as_of=as_of, actor=work.actor, started_at=work.at, position=0, report="{}")
        .returning(REFRESHES.c.id)
    ).scalar_one()
    work.record("refresh begun", "customers", str(made), {"as_of": as_of.isoformat()})
    return {"id": int(made), "as_of": as_of, "position": 0}


def _ranked(connection: Connection, asking: Asking, currency: str, part: int) -> _Ranks:
    """Score all customers who were billed in the year, and tell those of high value, by ``measures.value`` and ``funnels``."""
    import numpy as np

    from console.measures.funnels import pareto_head
    from console.measures.results import MeasureError
    from console.measures.value import rfm_scores

    ids: list[int] = []
    days: list[float] = []
    on_time: list[int] = []
    revenue: list[int] = []
    contribution: dict[int, int] = {}
    for low, high in stretches(connection, part):
        for signs in signs_of(connection, Span(low, high, asking, currency)):
            contribution[signs.id] = signs.revenue - signs.contact_cost
            if signs.billed:
                ids.append(signs.id)
                days.append(days_since(signs, asking.now))
                on_time.append(signs.on_time)
                revenue.append(signs.revenue)
    ranks = _Ranks()
    if ids:
        found = rfm_scores(days, on_time, revenue)
        ranks.scores = dict(zip(ids, zip(found.recency, found.frequency, found.money, strict=True), strict=True))
    everybody = list(contribution)
    worth = np.array([contribution[item] for item in everybody], dtype=float)
    try:
        head = {everybody[place] for place in pareto_head(worth, asking.rules.value_share).members}
    except MeasureError:
        head = set()
    for item, value in contribution.items():
        is_some = ValueTier.SOME if value > 0 else ValueTier.LOW
        ranks.tiers[item] = (ValueTier.HIGH if item in head and value > 0 else is_some).value
    return ranks


def _write_part(work: Work, run: int, span: Span, ranks: _Ranks) -> None:
    connection = work.connection
    moved = connection.execute(
        update(REFRESHES).where(REFRESHES.c.id == run, REFRESHES.c.position == span.low - 1).values(position=span.high)
    )
    if moved.rowcount != 1:
        raise ConflictError("Another refresh of the customers is under way.", "Wait for it, and see what it says.")
    changes: Counter[str] = Counter()
    before: dict[int, RowMapping] = {
        row["customer_id"]: row
        for row in connection.execute(select(STANDINGS).where(span.of(STANDINGS.c.customer_id))).mappings()
    }
    rows, updates = [], []
    for signs in signs_of(connection, span):
        row = _standing(signs, span, ranks)
        rows.append(row)
        _count_changes(changes, before.get(signs.id), row)
        facts = classified(signs, span.asking.rules, row["stage"])
        held = {name: getattr(signs, name) for name in COMPUTED}
        if facts != held:
            updates.append({"b_id": signs.id, **facts})
            for name in COMPUTED:
                if facts[name] != held[name]:
                    changes[f"{name} {held[name] or '-'} > {facts[name]}"] += 1
    quarter = quarter_of(span.today)
    connection.execute(delete(STANDINGS).where(span.of(STANDINGS.c.customer_id)))
    insert_rows(connection, STANDINGS, COLUMNS, [tuple(row[name] for name in COLUMNS) for row in rows])
    connection.execute(delete(QUARTERS).where(span.of(QUARTERS.c.customer_id), QUARTERS.c.quarter == quarter))
    stages = [(row["customer_id"], quarter, row["stage"]) for row in rows]
    insert_rows(connection, QUARTERS, ("customer_id", "quarter", "stage"), stages)
    if updates:
        connection.execute(update(CUSTOMERS).where(CUSTOMERS.c.id == bindparam("b_id")), updates)
    changes["customers"] += len(rows)
    _add_to_report(connection, run, changes)
    work.record("refresh part", "customers", str(run), {"from": span.low, "to": span.high, "classified": len(updates)})


def _standing(signs: Signs, span: Span, ranks: _Ranks) -> dict[str, Any]:
    from console.measures.value import StageLimits, alarms_of, life_stage

    rules = span.asking.rules.stages
    limits = StageLimits(rules.new_months, rules.usage_drop, rules.complaints, rules.satisfaction, rules.alarms)
    life = life_signs(signs)
    stage = life_stage(life, rules.growth, limits)
    recency, frequency, money = ranks.scores.get(signs.id, (None, None, None))
    return {
        "customer_id": signs.id,
        "as_of": span.asking.now,
        "stage": CustomerStage(stage.value.replace(" ", "_")).value,
        "tier": ranks.tiers.get(signs.id, ValueTier.LOW.value),
        "recency": recency,
        "frequency": frequency,
        "money": money,
        "revenue_minor": signs.revenue,
        "contact_cost_minor": signs.contact_cost,
        "currency": span.currency,
        "overdue_days": signs.overdue_days,
        "is_overdue": signs.is_overdue,
        "disputes": signs.disputes,
        "returned_payments": signs.returned,
        "complaints": signs.complaints_lately,
        "usage_change": signs.usage_change,
        "satisfaction": signs.satisfaction,
        "alarms": ",".join(alarms_of(life, limits)),
        "services": signs.services,
    }


def life_signs(signs: Signs) -> LifeSigns:
    """Return what decides the stage of one customer."""
    from console.measures.value import LifeSigns

    return LifeSigns(
        months_supplied=signs.months_supplied,
        usage_change=signs.usage_change,
        complaints_90_days=signs.complaints_lately,
        index=signs.satisfaction,
        is_overdue=signs.is_overdue,
        is_closed=signs.accounts > 0 and signs.open_accounts == 0,
    )


def classified(signs: Signs, rules: CustomerRules, stage: str) -> dict[str, str]:
    """Return relationship, size and credit grade of one customer by the rules; what they cannot tell stays as it was entered."""
    from console.measures.value import CreditRule, credit_class

    relationship = signs.relationship
    if signs.accounts:
        if stage == CustomerStage.LEFT:
            relationship = Relationship.FORMER.value
        elif signs.complaints >= rules.needs_care_complaints:
            relationship = Relationship.NEEDS_CARE.value
        elif signs.months_supplied is None:
            relationship = Relationship.POTENTIAL.value
        elif signs.months_supplied < rules.stages.new_months:
            relationship = Relationship.NEW.value
        else:
            relationship = Relationship.LONG_TERM.value
    credit = signs.credit_grade
    if signs.has_bills:
        limits = [CreditRule(r.grade, r.overdue_days, r.disputes, r.returned_payments) for r in rules.credit]
        credit = credit_class(signs.overdue_days, signs.disputes, signs.returned, limits, rules.credit_otherwise)
    size = signs.size
    if rules.sizes.large_minor and signs.billed:
        size = CustomerSize.SMALL.value
        if signs.revenue >= rules.sizes.large_minor:
            size = CustomerSize.LARGE.value
        elif rules.sizes.medium_minor and signs.revenue >= rules.sizes.medium_minor:
            size = CustomerSize.MEDIUM.value
    return {"relationship": relationship, "size": size, "credit_grade": credit}


def _count_changes(changes: Counter[str], before: RowMapping | None, row: Mapping[str, Any]) -> None:
    for name in ("stage", "tier"):
        old = before[name] if before is not None else ""
        if old != row[name]:
            changes[f"{name} {old or '-'} > {row[name]}"] += 1


def _add_to_report(connection: Connection, run: int, changes: Mapping[str, int]) -> None:
    written = connection.execute(select(REFRESHES.c.report).where(REFRESHES.c.id == run)).scalar_one()
    total = Counter(json.loads(written))
    total.update(changes)
    connection.execute(update(REFRESHES).where(REFRESHES.c.id == run).values(report=json.dumps(total)))


def _finished(work: Work, run: int, asking: Asking) -> None:
    counted = segments.recount(work.connection, asking)
    changes = {f"segment {name} {old} > {new}": 1 for name, (old, new) in counted.items() if old != new}
    _add_to_report(work.connection, run, changes)
    work.connection.execute(update(REFRESHES).where(REFRESHES.c.id == run).values(finished_at=work.at))
    report = json.loads(work.connection.execute(select(REFRESHES.c.report).where(REFRESHES.c.id == run)).scalar_one())
    work.record("refresh done", "customers", str(run), report)


def _report(store: Store, run: int) -> RefreshReport:
    with store.reading() as connection:
        row = connection.execute(select(REFRESHES).where(REFRESHES.c.id == run)).mappings().one()
    counts: dict[str, int] = json.loads(row["report"])
    changes = tuple(sorted((name, count) for name, count in counts.items() if name != "customers"))
    return RefreshReport(
        row["id"], row["as_of"], row["finished_at"], row["position"], counts.get("customers", 0), changes
    )
