"""Which clocks may have a reminder or an escalation due now: the few that are worth looking at, found by SQL.

A run each minute must not look at every promise. For each step of a policy the due times are bounded from which it can have
fallen by now, what was told already is left out by its occasion, and what remains is checked against the stored clock before
any history is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from math import ceil

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    RowMapping,
    String,
    and_,
    cast,
    exists,
    extract,
    literal,
    or_,
    select,
    type_coerce,
)

from console.codes import CasePhase
from console.models import Case, Category, Clock, Notice
from console.models.base import table_of
from console.rules.calendar_days import DAY, HOUR
from console.rules.calendar_timeline import moment_of, seconds_of
from console.rules.calendars import Calendar
from console.rules.clocks import ClockRule, ClockState, Standing, target_of
from console.rules.deadlines import Target, TargetKind, measure_of, midnight
from console.rules.escalations import EVERY_CLOCK, EscalationRule
from console.rules.policies import Policy
from console.services.case_histories import SOURCE_CLOCK, TRAIT_COLUMNS, traits_of
from console.services.case_promises import source_rule
from console.services.policies import Edition, PolicyBook

CASES = table_of(Case)
CATEGORIES = table_of(Category)
CLOCKS = table_of(Clock)
NOTICES = table_of(Notice)

Condition = ColumnElement[bool]
_SECONDS = {"m": 60, "h": HOUR}
_LONGEST_NAME = 60


def occasion_of(reference: str, clock: str, step: str, started_at: datetime) -> str:
    """Return what names one step of one round of one promise, so that it is told once."""
    return f"{reference}/{clock}/{_short(step)}/{int(started_at.timestamp())}"


def _short(step: str) -> str:
    return step if len(step) <= _LONGEST_NAME else hashlib.sha256(step.encode()).hexdigest()[:40]


def _occasion(dialect: str, step: str) -> ColumnElement[str]:
    """Return ``occasion_of`` as SQL; times are seconds on SQLite and ``timestamptz`` on PostgreSQL."""
    started: ColumnElement[int]
    if dialect == "postgresql":
        started = cast(extract("epoch", CLOCKS.c.started_at), BigInteger)
    else:
        started = type_coerce(CLOCKS.c.started_at, BigInteger)
    occasion: ColumnElement[str] = CASES.c.reference
    for part in ("/", CLOCKS.c.name, f"/{_short(step)}/", cast(started, String)):
        occasion = occasion.concat(part)
    return occasion


def case_ids_due(connection: Connection, book: PolicyBook, now: datetime) -> list[int]:
    """Return the ids of the open cases on which a step may be due that was not told yet, in order."""
    found: set[int] = set()
    for edition in book.editions:
        rules = {rule.name: rule for rule in edition.policy.clocks} | {SOURCE_CLOCK: source_rule(edition.policy)}
        for step in edition.policy.escalations:
            for row in _candidates(connection, book, edition, step, now):
                rule = rules.get(row["rule"])
                if rule is None or row["id"] in found:
                    continue
                if not step.when.holds(traits_of(row, edition.policy.zone)):
                    continue
                if _may_be_due(edition.policy, step, rule, row, now):
                    found.add(row["id"])
    return sorted(found)


def _candidates(
    connection: Connection, book: PolicyBook, edition: Edition, step: EscalationRule, now: datetime
) -> Iterator[RowMapping]:
    conditions: list[Condition] = [
        CLOCKS.c.standing.in_((Standing.RUNNING.value, Standing.MISSED.value)),
        CLOCKS.c.met_at.is_(None),
        CLOCKS.c.stopped_at.is_(None),
        CLOCKS.c.started_at.is_not(None),
        CASES.c.phase != CasePhase.CLOSED.value,
        is_under(book, edition),
        *_when(step),
    ]
    if step.clock != EVERY_CLOCK:
        conditions.append(CLOCKS.c.name == step.clock)
    if step.kind == "remind" and step.point.is_before_due:
        conditions.append(CLOCKS.c.due_at >= now)
    horizon = latest_due(edition.policy, step, now)
    conditions.append(CLOCKS.c.due_at.is_not(None) if horizon is None else CLOCKS.c.due_at <= horizon)
    told = exists(select(literal(1)).where(NOTICES.c.occasion == _occasion(connection.dialect.name, step.name)))
    question = (
        select(*TRAIT_COLUMNS, CLOCKS.c.rule, CLOCKS.c.started_at, CLOCKS.c.due_at.label("promised_at"))
        .select_from(CLOCKS)
        .join(CASES, CASES.c.id == CLOCKS.c.case_id)
        .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
        .where(*conditions, ~told)
    )
    yield from connection.execute(question).mappings()


def is_under(book: PolicyBook, edition: Edition) -> Condition:
    """Return the condition that a case is under a version of the policy, as ``PolicyBook.of`` has it.

    A case without a policy of its own is under the one in force when it was received.
    """
    number = book.editions.index(edition)
    spans: list[Condition] = [CASES.c.policy_id.is_(None)]
    if number > 0:
        spans.append(CASES.c.received_at >= edition.valid_from)
    if number + 1 < len(book.editions):
        spans.append(CASES.c.received_at < book.editions[number + 1].valid_from)
    return or_(CASES.c.policy_id == edition.id, and_(*spans))


def _when(step: EscalationRule) -> Iterator[Condition]:
    """Yield what of a step's condition the columns of a case decide; the rest is asked of its traits."""
    parts = (
        (CASES.c.kind, step.when.kinds),
        (CASES.c.severity, step.when.severities),
        (CASES.c.channel, step.when.channels),
        (CASES.c.authority, step.when.authorities),
        (CASES.c.area, step.when.areas),
        (CASES.c.region, step.when.regions),
    )
    for column, wanted in parts:
        if wanted:
            yield column.in_(wanted)


def latest_due(policy: Policy, step: EscalationRule, now: datetime) -> datetime | None:
    """Return the latest due time of a promise of which a step can have fallen by now; None where there is no bound."""
    if not step.point.is_before_due:
        return now
    latest = now
    for calendar_name, target_text in _measured(policy, step):
        calendar, target = policy.calendars[calendar_name], target_of(target_text)
        bound = _bound(calendar, target, step, now)
        if bound is None:
            return None
        latest = max(latest, bound)
    return latest


def _measured(policy: Policy, step: EscalationRule) -> set[tuple[str, str]]:
    return {
        (rule.calendar, rule.target)
        for rule in (*policy.clocks, source_rule(policy))
        if step.clock in (EVERY_CLOCK, rule.clock)
    }


def _bound(calendar: Calendar, target: Target, step: EscalationRule, now: datetime) -> datetime | None:
    point = step.point
    if point.unit == "d":
        today = now.astimezone(calendar.zone).toordinal()
        last = calendar.timeline.working_day_after(today, -point.amount)
        return None if last is None else moment_of(midnight(last[0] + 1, calendar.zone))
    measure = measure_of(calendar, target)
    if point.unit == "%":
        if target.is_absent:
            return now
        ahead = ceil((1 - Fraction(point.amount, 100)) * _most_seconds(calendar, target, now))
    else:
        ahead = -point.amount * _SECONDS[point.unit]
    reached = measure.moment_at(measure.position(seconds_of(now)) + ahead + 1)
    return None if reached is None else moment_of(reached)


def _most_seconds(calendar: Calendar, target: Target, now: datetime) -> int:
    """Return the most seconds that a promise around now can take on its measure."""
    if target.kind in (TargetKind.WORKING_TIME, TargetKind.CLOCK_TIME):
        return target.amount
    if target.kind is TargetKind.CALENDAR_DAYS:
        return (target.amount + 1) * DAY + HOUR
    position = calendar.timeline.position
    today = now.astimezone(calendar.zone).toordinal()
    reach = 2 * target.amount + 40
    marks = [position(midnight(day, calendar.zone)) for day in range(today - reach, today + reach + 1)]
    longest = max(after - before for before, after in pairwise(marks))
    return (target.amount + 1) * longest


def _may_be_due(policy: Policy, step: EscalationRule, rule: ClockRule, row: RowMapping, now: datetime) -> bool:
    """Say whether a step can be due by the stored clock alone.

    The pauses behind a share are not known here; they only make it fall later, so nothing due is missed.
    """
    state = ClockState(Standing.RUNNING, row["started_at"], row["promised_at"])
    falls_at = step.point.at(policy.calendars[rule.calendar], target_of(rule.target), state)
    if falls_at is None:
        return False
    if policy.quiet_hours is not None:
        falls_at = policy.quiet_hours.shifted(falls_at, row["severity"])
    return falls_at <= now
