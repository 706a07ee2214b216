"""What a utility reports of its complaints: rates, how soon they were resolved, repeats, callbacks (requirement B13).

The choices made. A complaint counts in the period in which it was received; those merged into another are counted once, with
it. It is resolved when the reply that stands was given, or when it was closed without one. "By the end of the next working day"
and "within eight weeks" run to the end of that day in the zone of the policy; complaints still open past it count as late, those
not yet due are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import nan
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Table, and_, case, func, or_, select

from console import clock
from console.codes import AccountState, CaseKind, CasePhase, Opinion
from console.errors import UsageError, nearest
from console.measures.complaints import callback_result, on_time, reopened_share, repeat_share
from console.measures.proportions import proportion
from console.measures.regulators import rate_per_accounts, rate_per_connections
from console.measures.results import Measure
from console.models import Case, CaseEvent, Category, Department, ServiceAccount
from console.models.base import table_of
from console.rules.clocks import target_of
from console.rules.deadlines import due_at
from console.rules.policies import Policy
from console.services.policies import PolicyBook, policy_book
from console.storage.engine import Store

CASES: Table = table_of(Case)
EVENTS: Table = table_of(CaseEvent)
CATEGORIES: Table = table_of(Category)
DEPARTMENTS: Table = table_of(Department)
ACCOUNTS: Table = table_of(ServiceAccount)

GROUPINGS = ("category", "region", "channel", "department")
EIGHT_WEEKS = timedelta(weeks=8)
NEXT_WORKING_DAY = "1d"
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of all complaints of the period, or of one group of them.

    Shares run from 0 to 1, each with its n and interval; rates are per 100,000 accounts or 10,000 connections and None without
    the number to divide by.
    """

    name: str
    received: int
    resolved: int
    received_rate: Measure | None
    resolved_rate: Measure | None
    by_next_working_day: Measure
    within_eight_weeks: Measure
    repeats: Measure
    overdue: int
    reopened: Measure
    called_back: Measure
    satisfied: Measure


@dataclass(frozen=True, slots=True)
class ComplaintReport:
    """The complaints of a period (its end not included), as they stood at a moment; times are UTC."""

    start: datetime
    end: datetime
    as_of: datetime
    by: str
    denominator: int | None
    per: str
    total: Figures
    groups: tuple[Figures, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Complaint:
    """What of one complaint the figures need; days are since receipt, NaN where it is not resolved."""

    group: str
    is_received: bool
    is_resolved_in_period: bool
    days: float
    age: float
    next_day_limit: float
    weeks_limit: float
    is_repeat: bool
    is_overdue: bool
    is_reopened: bool
    opinion: str


def complaint_report(
    store: Store,
    start: datetime,
    end: datetime,
    *,
    by: str = "",
    accounts: int | None = None,
    connections: int | None = None,
    now: datetime | None = None,
) -> ComplaintReport:
    """Return the figures of the complaints received from ``start`` (included) to ``end`` (not included), in UTC.

    ``by`` is one of ``GROUPINGS``. Rates are per 100,000 ``accounts`` or per 10,000 ``connections``; without either, the active
    accounts of the database are divided by. Raises UsageError for an unknown grouping, both divisors, or an empty period.
    """
    moment = now or clock.now()
    if by and by not in GROUPINGS:
        close = nearest(by, GROUPINGS)
        hint = f"Did you mean {close}?" if close else f"Known: {', '.join(GROUPINGS)}."
        raise UsageError(f"Complaints cannot be grouped by {by}.", hint)
    if accounts is not None and connections is not None:
        raise UsageError("Rates are per accounts or per connections, not both.", "Leave one of them out.")
    if start >= end:
        raise UsageError("The period ends before it begins.", "Write the earlier time first.")
    notes: list[str] = []
    with store.reading() as connection:
        book = policy_book(connection)
        rows = _rows(connection, start, end)
        if accounts is None and connections is None:
            accounts = int(
                connection.execute(
                    select(func.count()).select_from(ACCOUNTS).where(ACCOUNTS.c.state == AccountState.ACTIVE.value)
                ).scalar_one()
            )
            notes.append(f"Rates divide by the {accounts} active accounts of the database.")
    found = [_complaint(book, row, by, start, end, moment) for row in rows]
    groups: dict[str, list[_Complaint]] = defaultdict(list)
    for item in found:
        groups[item.group].append(item)
    undated = sum(row["phase"] == CasePhase.CLOSED.value and _resolved_at(row) is None for row in rows)
    if undated:
        notes.append(f"{undated} closed without a known time count as not resolved in time.")
    return ComplaintReport(
        start=start,
        end=end,
        as_of=moment,
        by=by,
        denominator=accounts if connections is None else connections,
        per="100,000 accounts" if connections is None else "10,000 connections",
        total=_figures("", found, accounts, connections),
        groups=tuple(_figures(name, groups[name], None, None) for name in sorted(groups)) if by else (),
        notes=tuple(notes),
    )


def _rows(connection: Connection, start: datetime, end: datetime) -> list[RowMapping]:
    replied_at = func.max(case((EVENTS.c.verb == "reply", EVENTS.c.at)), type_=EVENTS.c.at.type)
    returned_at = func.max(case((EVENTS.c.verb.in_(("return", "reopen")), EVENTS.c.at)), type_=EVENTS.c.at.type)
    steps = (
        select(EVENTS.c.case_id, replied_at.label("replied_at"), returned_at.label("returned_at"))
        .where(EVENTS.c.verb.in_(("reply", "return", "reopen")), EVENTS.c.is_undone.is_(False))
        .group_by(EVENTS.c.case_id)
        .subquery()
    )
    question = (
        select(
            CASES.c.received_at,
            CASES.c.closed_at,
            CASES.c.phase,
            CASES.c.due_at,
            CASES.c.region,
            CASES.c.channel,
            CASES.c.policy_id,
            CASES.c.repeat_of_id,
            CASES.c.times_reopened,
            CASES.c.opinion,
            func.coalesce(CATEGORIES.c.code, "").label("category"),
            func.coalesce(DEPARTMENTS.c.code, "").label("department"),
            steps.c.replied_at,
            steps.c.returned_at,
        )
        .select_from(CASES)
        .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
        .join(DEPARTMENTS, DEPARTMENTS.c.id == CASES.c.department_id, isouter=True)
        .join(steps, steps.c.case_id == CASES.c.id, isouter=True)
        .where(
            CASES.c.kind == CaseKind.COMPLAINT.value,
            CASES.c.merged_into_id.is_(None),
            CASES.c.received_at < end,
            or_(
                CASES.c.received_at >= start,
                and_(steps.c.replied_at.is_not(None), steps.c.replied_at >= start),
                CASES.c.closed_at >= start,
            ),
        )
    )
    return list(connection.execute(question).mappings())


def _resolved_at(row: RowMapping) -> datetime | None:
    replied_at: datetime | None = row["replied_at"]
    returned_at: datetime | None = row["returned_at"]
    if replied_at is not None and (returned_at is None or replied_at > returned_at):
        return replied_at
    closed_at: datetime | None = row["closed_at"]
    return closed_at if row["phase"] == CasePhase.CLOSED.value else None


def _complaint(book: PolicyBook, row: RowMapping, by: str, start: datetime, end: datetime, now: datetime) -> _Complaint:
    received_at: datetime = row["received_at"]
    policy = book.of(row["policy_id"], received_at).policy
    resolved_at = _resolved_at(row)
    return _Complaint(
        group=row[by] if by else "",
        is_received=start <= received_at,
        is_resolved_in_period=resolved_at is not None and start <= resolved_at < end,
        days=nan if resolved_at is None else max(0.0, _days(received_at, resolved_at)),
        age=nan if resolved_at is not None else max(0.0, _days(received_at, now)),
        next_day_limit=_days(received_at, end_of_next_working_day(policy, received_at)),
        weeks_limit=_days(received_at, end_of_day(policy, received_at, EIGHT_WEEKS)),
        is_repeat=row["repeat_of_id"] is not None,
        is_overdue=row["phase"] != CasePhase.CLOSED.value and row["due_at"] is not None and row["due_at"] < now,
        is_reopened=row["times_reopened"] > 0,
        opinion=row["opinion"] or "",
    )


def _days(begin: datetime, finish: datetime) -> float:
    return (finish - begin).total_seconds() / _SECONDS_A_DAY


def end_of_next_working_day(policy: Policy, received_at: datetime) -> datetime:
    """Return the last second, in UTC, of the first working day after the day of receipt, by the policy's calendar."""
    calendar = policy.calendars[policy.calendar]
    closing = due_at(calendar, received_at, target_of(NEXT_WORKING_DAY))
    if closing is None:
        raise AssertionError("a target of one day is due some time")
    return _last_second(closing.astimezone(calendar.zone).date(), calendar.zone)


def end_of_day(policy: Policy, received_at: datetime, after: timedelta) -> datetime:
    """Return the last second, in UTC, of the day so many days after the day of receipt in the policy's zone."""
    zone = ZoneInfo(policy.zone)
    return _last_second(received_at.astimezone(zone).date() + after, zone)


def _last_second(day: date, zone: ZoneInfo) -> datetime:
    following = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
    return following.astimezone(UTC) - timedelta(seconds=1)


def _figures(name: str, found: Sequence[_Complaint], accounts: int | None, connections: int | None) -> Figures:
    received = [item for item in found if item.is_received]
    resolved = sum(item.is_resolved_in_period for item in found)
    days, ages = [item.days for item in received], [item.age for item in received]
    answered = [item for item in received if item.days == item.days or item.opinion]
    reached = sum(bool(item.opinion) for item in answered)
    satisfied = sum(item.opinion == Opinion.SATISFIED.value for item in answered)
    return Figures(
        name=name,
        received=len(received),
        resolved=resolved,
        received_rate=_rate(len(received), accounts, connections),
        resolved_rate=_rate(resolved, accounts, connections),
        by_next_working_day=_share(on_time(days, [item.next_day_limit for item in received], ages)),
        within_eight_weeks=_share(on_time(days, [item.weeks_limit for item in received], ages)),
        repeats=repeat_share([item.is_repeat for item in received]),
        overdue=sum(item.is_overdue for item in received),
        reopened=reopened_share([item.days == item.days for item in received], [item.is_reopened for item in received]),
        called_back=proportion(reached, len(answered), method="called back of answered"),
        satisfied=callback_result(satisfied, reached, len(answered)),
    )


def _rate(count: int, accounts: int | None, connections: int | None) -> Measure | None:
    """Return complaints per 100,000 accounts or 10,000 connections, as regulators publish them."""
    if connections is not None:
        return rate_per_connections(count, connections)
    return None if accounts is None else rate_per_accounts(count, accounts)


def _share(measure: Measure) -> Measure:
    return Measure(
        value=measure.value,
        n=measure.n,
        n_missing=measure.n_missing,
        coverage=measure.coverage,
        interval=measure.interval,
        method=measure.method,
        warnings=measure.warnings,
    )
