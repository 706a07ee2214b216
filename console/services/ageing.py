"""What is stuck: open complaints by age and group, how the backlog moves, and how long closing takes with open cases counted.

Ages are days by the clock since receipt. A case that waits for the customer is open, and overdue only where it owes something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import nan
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select

from console import clock
from console.codes import CaseKind, CasePhase
from console.errors import UsageError, nearest
from console.measures.complaints import AGE_BOUNDS, backlog, resolution_times
from console.measures.proportions import proportion
from console.measures.results import Measure
from console.models import Case, Category, Clock, Customer, Department
from console.models.base import table_of
from console.rules.clocks import Standing
from console.rules.filters import Term, Value
from console.services.complaint_cube import LEVELS, ROOT
from console.services.filtering import compiled
from console.services.quality_views import Ageing, AgeRow, OldCase
from console.storage.engine import Store

CASES: Table = table_of(Case)
CATEGORIES: Table = table_of(Category)
DEPARTMENTS: Table = table_of(Department)
CUSTOMERS: Table = table_of(Customer)
CLOCKS: Table = table_of(Clock)

GROUPS = ("category", "team", "region", "channel")
WEEKS = 12
FLOW_WEEKS = 4
"""Weeks over which inflow and outflow are averaged."""
TIMES_DAYS = 365
OLDEST_SHOWN = 10
QUANTILES = (0.5, 0.8, 0.9)
DAY = 86_400

Row = Mapping[str, Any]


def ageing(
    store: Store,
    filter_text: str = "",
    *,
    by: str = "category",
    zone_name: str = "",
    viewer: str = "",
    now: datetime | None = None,
) -> Ageing:
    """Return the ageing of the complaints that a filter of cases finds, by category, team, region or channel.

    Raises FilterError, and UsageError for a group that is none.
    """
    if by not in GROUPS:
        close = nearest(by, GROUPS)
        raise UsageError(
            f"There is no group {by}.", f"Did you mean {close}?" if close else f"Known: {', '.join(GROUPS)}."
        )
    moment = now or clock.now()
    with store.reading() as connection:
        asked = compiled(connection, filter_text, now=moment, viewer=viewer, zone=zone_name)
        rows = _rows(connection, asked.conditions, moment)
        promises = _promises(connection, asked.conditions, moment)
        open_rows = [row for row in rows if row["closed_at"] is None]
        oldest = sorted(open_rows, key=lambda row: (row["received_at"], row["id"]))[:OLDEST_SHOWN]
        named = _named(connection, [row["id"] for row in oldest])
    recent = [row for row in rows if row["received_at"] > moment - timedelta(days=TIMES_DAYS)]
    days = [nan if row["closed_at"] is None else _days(row["received_at"], row["closed_at"]) for row in recent]
    ages = [_days(row["received_at"], moment) if row["closed_at"] is None else nan for row in recent]
    times = resolution_times(days, ages)
    still_open = sum(row["closed_at"] is None for row in recent)
    flow = timedelta(weeks=FLOW_WEEKS)
    inflow = sum(row["received_at"] > moment - flow for row in rows)
    outflow = sum(row["closed_at"] is not None and row["closed_at"] > moment - flow for row in rows)
    groups = sorted({_group(row, by) for row in open_rows})
    return Ageing(
        filter=filter_text,
        by=by,
        as_of=moment,
        bounds=AGE_BOUNDS,
        rows=tuple(
            _age_row([row for row in open_rows if _group(row, by) == name], name, by, filter_text, moment)
            for name in groups
        ),
        whole=_age_row(open_rows, None, by, filter_text, moment),
        oldest_days=_days(oldest[0]["received_at"], moment) if oldest else None,
        weeks=tuple(_open_at(rows, moment - timedelta(weeks=back)) for back in range(WEEKS - 1, -1, -1)),
        inflow=inflow / FLOW_WEEKS,
        outflow=outflow / FLOW_WEEKS,
        km_quantiles=tuple((share, times.curve.quantile(share) if recent else None) for share in QUANTILES),
        closed_quantiles=tuple(zip((0.5, 0.8, 0.9), times.quantiles, strict=False)),
        still_open=proportion(still_open, len(recent), method="still open of received"),
        first_response=_kept(promises, "first_response", moment),
        reply=_kept(promises, "reply", moment),
        oldest=tuple(_old(named[row["id"]], row, moment) for row in oldest),
    )


def _rows(connection: Connection, conditions: Sequence[Any], now: datetime) -> list[Row]:
    """Return what is open, and what was received or closed lately enough to count in the weeks and the times."""
    since = now - timedelta(days=TIMES_DAYS)
    question = (
        select(
            CASES.c.id,
            CASES.c.received_at,
            CASES.c.closed_at,
            CASES.c.due_at,
            CASES.c.phase,
            CASES.c.region,
            CASES.c.channel,
            func.coalesce(CATEGORIES.c.code, "").label("category"),
            func.coalesce(DEPARTMENTS.c.code, "").label("team"),
        )
        .select_from(CASES)
        .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
        .join(DEPARTMENTS, DEPARTMENTS.c.id == CASES.c.department_id, isouter=True)
        .where(
            CASES.c.kind == CaseKind.COMPLAINT.value,
            CASES.c.merged_into_id.is_(None),
            CASES.c.received_at <= now,
            or_(CASES.c.phase != CasePhase.CLOSED.value, CASES.c.closed_at > since, CASES.c.received_at > since),
            # A closed case without the time of its closing tells nothing here.
            or_(CASES.c.phase != CasePhase.CLOSED.value, CASES.c.closed_at.is_not(None)),
            *conditions,
        )
    )
    found: list[Row] = []
    for row in connection.execute(question).mappings():
        is_closed = row["phase"] == CasePhase.CLOSED.value and row["closed_at"] <= now
        found.append({**row, "closed_at": row["closed_at"] if is_closed else None})
    return found


def _days(begin: datetime, finish: datetime) -> float:
    return max(0.0, (finish - begin).total_seconds() / DAY)


def _group(row: Row, by: str) -> str:
    value = str(row[by])
    return value.split(LEVELS)[0] if by == "category" else value


def _is_overdue(row: Row, now: datetime) -> bool:
    return row["phase"] == CasePhase.OPEN.value and row["due_at"] is not None and row["due_at"] < now


def _age_row(rows: Sequence[Row], name: str | None, by: str, filter_text: str, now: datetime) -> AgeRow:
    found = backlog([_days(row["received_at"], now) for row in rows], [_is_overdue(row, now) for row in rows])
    term = "" if name is None else str(Term(by, (Value(name or "none"),)))
    where = " ".join(part for part in (ROOT, filter_text, term, "-state:closed") if part)
    return AgeRow(name or "", found.sizes, found.overdue_sizes, where)


def _open_at(rows: Sequence[Row], at: datetime) -> int:
    return sum(row["received_at"] <= at and (row["closed_at"] is None or row["closed_at"] > at) for row in rows)


def _promises(connection: Connection, conditions: Sequence[Any], now: datetime) -> list[tuple[str, str, Any, Any]]:
    rows = connection.execute(
        select(CLOCKS.c.name, CLOCKS.c.standing, CLOCKS.c.due_at, CLOCKS.c.met_at)
        .join_from(CLOCKS, CASES, CASES.c.id == CLOCKS.c.case_id)
        .where(
            CASES.c.kind == CaseKind.COMPLAINT.value,
            CASES.c.merged_into_id.is_(None),
            CASES.c.received_at > now - timedelta(days=TIMES_DAYS),
            CASES.c.received_at <= now,
            CLOCKS.c.name.in_(("first_response", "reply")),
            *conditions,
        )
    )
    return [(name, standing, due_at, met_at) for name, standing, due_at, met_at in rows]


def _kept(promises: Sequence[tuple[str, str, Any, Any]], name: str, now: datetime) -> Measure:
    """Return the share of promises kept of all that are kept or due; ``n_missing`` are those not yet due."""
    kept = late = waiting = 0
    for own, standing, due_at, met_at in promises:
        if own != name or standing == Standing.STOPPED.value:
            continue
        if standing == Standing.MET.value and (due_at is None or met_at is None or met_at <= due_at):
            kept += 1
        elif standing in (Standing.MISSED.value, Standing.MET.value) or (due_at is not None and due_at < now):
            late += 1
        else:
            waiting += 1
    return proportion(kept, kept + late, waiting, method=f"{name} kept of due")


def _named(connection: Connection, ids: Sequence[int]) -> dict[int, Row]:
    rows = connection.execute(
        select(
            CASES.c.id,
            CASES.c.reference,
            CASES.c.state,
            CASES.c.severity,
            CASES.c.times_urged,
            CASES.c.times_reopened,
            CASES.c.times_repeated,
            func.coalesce(CUSTOMERS.c.name, "").label("customer"),
            func.coalesce(DEPARTMENTS.c.name, "").label("department"),
        )
        .select_from(CASES)
        .join(CUSTOMERS, CUSTOMERS.c.id == CASES.c.customer_id, isouter=True)
        .join(DEPARTMENTS, DEPARTMENTS.c.id == CASES.c.department_id, isouter=True)
        .where(CASES.c.id.in_(ids))
    ).mappings()
    return {row["id"]: dict(row) for row in rows}


def _old(named: Row, row: Row, now: datetime) -> OldCase:
    return OldCase(
        id=named["id"],
        reference=named["reference"],
        category=row["category"],
        customer=named["customer"],
        department=named["department"],
        state=named["state"],
        severity=named["severity"],
        age=_days(row["received_at"], now),
        overdue_days=_days(row["due_at"], now) if _is_overdue(row, now) else 0.0,
        times_urged=named["times_urged"],
        times_reopened=named["times_reopened"],
        times_repeated=named["times_repeated"],
    )
