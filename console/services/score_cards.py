"""Departments side by side: what they owed and did, with intervals and funnel limits instead of ranks (requirement D4).

A case counts for the department it is with. On time is answered by due of all due, open overdue ones counting as late; where the
policy promises no reply, closed by the due time of the case. People are shown to themselves and to leads only, without shares
under 20 cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from math import nan
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection, Table, case, func, or_, select

from console import clock
from console.codes import CaseKind, CasePhase, Opinion, Role
from console.errors import NotAllowedError, UsageError
from console.measures.complaints import (
    OnTime,
    callback_result,
    first_contact_resolution,
    on_time,
    reopened_share,
    repeat_share,
)
from console.measures.disclosure import MARKED_BELOW
from console.measures.funnelplots import FunnelPosition, funnel_plot
from console.measures.proportions import proportion
from console.measures.results import Measure
from console.models import Case, CaseEvent, Category, Clock, Department, Staff
from console.models.base import table_of
from console.rules.clocks import Standing
from console.rules.filters import Term, Value
from console.rules.months import month_bounds, month_of, month_start, shifted
from console.services.case_histories import SOURCE_CLOCK
from console.services.complaint_cube import LEVELS, ROOT
from console.services.filtering import compiled
from console.services.handling import worker_of
from console.services.quality_views import MEASURES, Card, CardHistory, ScoreCard
from console.storage.engine import Store

CASES: Table = table_of(Case)
EVENTS: Table = table_of(CaseEvent)
CLOCKS: Table = table_of(Clock)
CATEGORIES: Table = table_of(Category)
DEPARTMENTS: Table = table_of(Department)
STAFF: Table = table_of(Staff)

TARGETS: Mapping[str, float] = {
    "on_time": 0.95,
    "first_contact": 0.60,
    "reopened": 0.03,
    "repeats": 0.05,
    "satisfied": 0.80,
}
"""Where a measure should be: at least there, at most for reopened and repeats."""
PERSON_FROM = 20
MONTHS_BACK = 12
DAY = 86_400
CLOSING_CLOCKS = ("reply", SOURCE_CLOCK)
"""The promises by which a case is on time: the reply, and the due time its source gave it."""
CONTACT_VERBS = ("contact", "urge")

ALL = ("", 0)

Row = Mapping[str, Any]


def score_card(
    store: Store,
    start: datetime,
    end: datetime,
    filter_text: str = "",
    *,
    by: str = "team",
    viewer: str = "",
    zone_name: str = "",
    now: datetime | None = None,
) -> ScoreCard:
    """Return the score card of the complaints received in a period (its end not included), beside the period before.

    ``by`` is team, region, or person; people are shown to themselves and, those of their department, to leads; to
    administrators all. Raises FilterError, UsageError for another group, NotAllowedError for who may not see people.
    """
    _check_group(by)
    moment = now or clock.now()
    with store.reading() as connection:
        asked = compiled(connection, filter_text, now=moment, viewer=viewer, zone=zone_name)
        conditions = [*asked.conditions]
        rows = _rows(connection, start, end, moment, conditions)
        earlier = _rows(connection, start - (end - start), start, min(moment, start), conditions)
        labels = _labels(connection, by)
        allowed = _people(connection, viewer) if by == "person" else None
    rates = _mix_rates(rows, moment)
    period = _period(start, end, zone_name)
    cards = _cards(rows, by, labels, moment, f"{filter_text} {period}".strip(), rates, allowed)
    before = _cards(earlier, by, labels, min(moment, start), filter_text, _mix_rates(earlier, start), allowed)
    whole = _card("", "", rows, moment, f"{filter_text} {period}".strip(), rates)
    medians = []
    for name in MEASURES:
        known = [
            value
            for card in cards
            if (value := getattr(card, name).value) is not None and card.received >= MARKED_BELOW
        ]
        medians.append((name, median(known) if known else None))
    return ScoreCard(
        start=start,
        end=end,
        as_of=moment,
        filter=filter_text,
        by=by,
        cards=tuple(_in_funnel(cards)),
        before=tuple(before),
        whole=whole,
        medians=tuple(medians),
        targets=tuple(TARGETS.items()),
    )


def card_history(
    store: Store,
    last_month: str,
    filter_text: str = "",
    *,
    by: str = "team",
    viewer: str = "",
    zone: tzinfo = UTC,
    now: datetime | None = None,
) -> CardHistory:
    """Return the score cards of the twelve months up to one, as they stand now; the rest as ``score_card``."""
    _check_group(by)
    moment, zone_name = now or clock.now(), str(getattr(zone, "key", ""))
    months = tuple(shifted(last_month, back - MONTHS_BACK + 1) for back in range(MONTHS_BACK))
    start, end = month_start(months[0], zone), month_bounds(last_month, zone)[1]
    with store.reading() as connection:
        asked = compiled(connection, filter_text, now=moment, viewer=viewer, zone=zone_name)
        rows = _rows(connection, start, end, moment, [*asked.conditions])
        labels = _labels(connection, by)
        allowed = _people(connection, viewer) if by == "person" else None
    of_month: dict[str, list[Row]] = {month: [] for month in months}
    for row in rows:
        of_month[month_of(row["received_at"], zone)].append(row)
    names = sorted({row[by] for row in rows} if allowed is None else {row[by] for row in rows} & allowed)
    cards: dict[str, list[Card]] = {name: [] for name in names}
    whole = []
    for month, own in of_month.items():
        period = _period(*month_bounds(month, zone), zone_name)
        where = f"{filter_text} {period}".strip()
        rates = _mix_rates(own, moment)
        whole.append(_card("", "", own, moment, where, rates))
        there = {card.name: card for card in _cards(own, by, labels, moment, where, rates, allowed)}
        for name in names:
            cards[name].append(there.get(name) or _card(name, labels.get(name, name), (), moment, where, rates))
    return CardHistory(
        as_of=moment,
        filter=filter_text,
        by=by,
        months=months,
        cards=tuple((name, tuple(found)) for name, found in cards.items()),
        whole=tuple(whole),
        targets=tuple(TARGETS.items()),
    )


def _check_group(by: str) -> None:
    if by not in ("team", "region", "person"):
        raise UsageError(f"There is no score card by {by}.", "Known: team, region, person.")


def _period(start: datetime, end: datetime, zone_name: str) -> str:
    zone = ZoneInfo(zone_name) if zone_name else UTC
    first, last = start.astimezone(zone).date(), (end - timedelta(seconds=1)).astimezone(zone).date()
    return f"received:{first}..{last}"


def _rows(
    connection: Connection, start: datetime, end: datetime, now: datetime, conditions: Sequence[Any]
) -> list[Row]:
    clocks = (
        select(
            CLOCKS.c.case_id,
            func.count(CLOCKS.c.due_at).label("promises"),
            func.max(case((or_(CLOCKS.c.standing == Standing.MISSED.value, CLOCKS.c.misses > 0), 1), else_=0)).label(
                "missed"
            ),
        )
        .where(CLOCKS.c.name.in_(CLOSING_CLOCKS))
        .group_by(CLOCKS.c.case_id)
        .subquery()
    )
    contacts = (
        select(EVENTS.c.case_id, func.count().label("contacts"))
        .where(EVENTS.c.verb.in_(CONTACT_VERBS), EVENTS.c.is_undone.is_(False))
        .group_by(EVENTS.c.case_id)
        .subquery()
    )
    question = (
        select(
            CASES.c.id,
            CASES.c.received_at,
            CASES.c.closed_at,
            CASES.c.due_at,
            CASES.c.phase,
            CASES.c.region,
            CASES.c.severity,
            CASES.c.opinion,
            CASES.c.repeat_of_id,
            CASES.c.times_reopened,
            func.coalesce(CATEGORIES.c.code, "").label("category"),
            func.coalesce(DEPARTMENTS.c.code, "").label("team"),
            func.coalesce(STAFF.c.login, "").label("person"),
            func.coalesce(clocks.c.promises, 0).label("promises"),
            func.coalesce(clocks.c.missed, 0).label("missed"),
            func.coalesce(contacts.c.contacts, 0).label("contacts"),
        )
        .select_from(CASES)
        .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
        .join(DEPARTMENTS, DEPARTMENTS.c.id == CASES.c.department_id, isouter=True)
        .join(STAFF, STAFF.c.id == CASES.c.assignee_id, isouter=True)
        .join(clocks, clocks.c.case_id == CASES.c.id, isouter=True)
        .join(contacts, contacts.c.case_id == CASES.c.id, isouter=True)
        .where(
            CASES.c.kind == CaseKind.COMPLAINT.value,
            CASES.c.merged_into_id.is_(None),
            CASES.c.received_at >= start,
            CASES.c.received_at < min(end, now),
            *conditions,
        )
    )
    return [dict(row) for row in connection.execute(question).mappings()]


def _labels(connection: Connection, by: str) -> dict[str, str]:
    if by == "team":
        return dict(connection.execute(select(DEPARTMENTS.c.code, DEPARTMENTS.c.name)).all())
    if by == "person":
        return dict(connection.execute(select(STAFF.c.login, STAFF.c.name)).all())
    return {}


def _people(connection: Connection, viewer: str) -> set[str]:
    """Return whose figures somebody may see: his own, a lead those of his department, an administrator everybody's."""
    worker = worker_of(connection, viewer)
    if worker.role == Role.AUDITOR.value:
        raise NotAllowedError("The role auditor may not see the figures of people.", "Leads see those of their people.")
    question = select(STAFF.c.login).where(STAFF.c.is_active)
    if worker.role == Role.ADMINISTRATOR.value:
        return set(connection.execute(question).scalars())
    if worker.role == Role.LEAD.value:
        return {
            *connection.execute(question.where(STAFF.c.department_id == worker.department_id)).scalars(),
            worker.login,
        }
    return {worker.login}


def _cards(
    rows: Sequence[Row],
    by: str,
    labels: Mapping[str, str],
    now: datetime,
    filter_text: str,
    rates: Mapping[tuple[str, int], float],
    allowed: set[str] | None,
) -> list[Card]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[by]].append(row)
    field = "assignee" if by == "person" else by
    found = []
    for name in sorted(groups):
        if allowed is not None and name not in allowed:
            continue
        term = str(Term(field, (Value(name or "none"),)))
        where = " ".join(part for part in (filter_text, term) if part)
        card = _card(name, labels.get(name, name), groups[name], now, where, rates)
        if by == "person" and card.received < PERSON_FROM:
            card = _without_shares(card)
        found.append(card)
    return found


def _state(row: Row, now: datetime) -> tuple[bool, bool]:
    """Return whether a case is closed by then, and whether it was late or is overdue."""
    is_closed = row["phase"] == CasePhase.CLOSED.value and row["closed_at"] is not None and row["closed_at"] <= now
    if row["promises"]:
        return is_closed, bool(row["missed"]) or (not is_closed and row["due_at"] is not None and row["due_at"] < now)
    if row["due_at"] is None:
        return is_closed, False
    return is_closed, bool((row["closed_at"] if is_closed else now) > row["due_at"])


def _timeliness(rows: Sequence[Row], now: datetime) -> OnTime:
    """Return the on-time share by due; cases without any due time owe nothing and are left out."""
    owing = [row for row in rows if row["promises"] or row["due_at"] is not None]
    states = [_state(row, now) for row in owing]
    return on_time(
        [(2.0 if is_late else 0.0) if is_closed else nan for is_closed, is_late in states],
        np.ones(len(owing)),
        [nan if is_closed else 2.0 if is_late else 0.0 for is_closed, is_late in states],
    )


def _card(
    name: str, label: str, rows: Sequence[Row], now: datetime, filter_text: str, rates: Mapping[tuple[str, int], float]
) -> Card:
    timely = _timeliness(rows, now)
    closed = [row for row in rows if _state(row, now)[0]]
    days = [(row["closed_at"] - row["received_at"]).total_seconds() / DAY for row in closed]
    p50, p90 = (float(value) for value in np.quantile(days, (0.5, 0.9))) if days else (None, None)
    is_closed = [_state(row, now)[0] for row in rows]
    answered = [row for row in rows if row["opinion"] or _state(row, now)[0]]
    reached = sum(bool(row["opinion"]) for row in answered)
    satisfied = sum(row["opinion"] == Opinion.SATISFIED.value for row in answered)
    return Card(
        name=name,
        label=label,
        received=len(rows),
        on_time=_plain(timely),
        closed_only=timely.of_closed,
        first_contact=first_contact_resolution(
            is_closed, [1 + row["contacts"] for row in rows], [row["times_reopened"] > 0 for row in rows]
        ),
        reopened=reopened_share(is_closed, [row["times_reopened"] > 0 for row in rows]),
        repeats=repeat_share([row["repeat_of_id"] is not None for row in rows]),
        p50=p50,
        p90=p90,
        backlog=len(rows) - len(closed),
        overdue=timely.n_overdue,
        satisfied=callback_result(satisfied, reached, len(answered)),
        funnel=FunnelPosition.TOO_SMALL.name.lower(),
        shrunk=None,
        adjusted=_adjusted(rows, timely, rates, now),
        rows=" ".join(part for part in (ROOT, filter_text) if part),
    )


def _plain(measure: OnTime) -> Measure:
    return Measure(
        value=measure.value,
        n=measure.n,
        n_missing=measure.n_missing,
        coverage=measure.coverage,
        interval=measure.interval,
        method=measure.method,
        warnings=measure.warnings,
    )


def _mix(row: Row) -> tuple[str, int]:
    return row["category"].split(LEVELS)[0], row["severity"]


def _mix_rates(rows: Sequence[Row], now: datetime) -> dict[tuple[str, int], float]:
    """Return the on-time share of all departments by kind of case: category and severity."""
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[_mix(row)].append(row)
    shares = {key: _timeliness(members, now).value for key, members in groups.items()}
    overall = _timeliness(rows, now).value
    return {key: share for key, share in {**shares, ALL: overall}.items() if share is not None}


def _adjusted(
    rows: Sequence[Row], timely: OnTime, rates: Mapping[tuple[str, int], float], now: datetime
) -> float | None:
    """Return the on-time share at the case mix of all: observed / expected × overall, at most 1 (indirect standardisation)."""
    due = [row for row in rows if (row["promises"] or row["due_at"] is not None) and any(_state(row, now))]
    expected = sum(rates.get(_mix(row), 0.0) for row in due)
    if timely.value is None or expected <= 0 or ALL not in rates:
        return None
    return min(1.0, timely.n_on_time / expected * rates[ALL])


def _without_shares(card: Card) -> Card:
    few = proportion(0, 0, method="fewer than 20 cases")
    return replace(
        card,
        on_time=few,
        closed_only=few,
        first_contact=few,
        reopened=few,
        repeats=few,
        satisfied=few,
        p50=None,
        p90=None,
        adjusted=None,
    )


def _in_funnel(cards: Sequence[Card]) -> list[Card]:
    """Return the cards with their place in the funnel of satisfied callbacks; fewer than 30 are only counted."""
    reached = [card.satisfied.n for card in cards]
    satisfied = [round((card.satisfied.value or 0.0) * card.satisfied.n) for card in cards]
    pooled = [n if n >= MARKED_BELOW else 0 for n in reached]
    if not sum(pooled):
        return list(cards)
    share = sum(x for x, n in zip(satisfied, pooled, strict=True) if n) / sum(pooled)
    plot = funnel_plot(satisfied, reached, share)
    return [
        replace(card, funnel=position.name.lower(), shrunk=shrunk)
        for card, position, shrunk in zip(cards, plot.positions, plot.shrunk, strict=True)
    ]
