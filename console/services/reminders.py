"""Reminders before a promise is due and escalations after it, written into the outbox of notices (requirement B7).

Run each minute from cron, twice at once, or after a week of silence: each step of each promise is told exactly once. What was
told is known by its occasion, asked for while the case is held against everybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Table, and_, func, insert, or_, select, update

from console import clock
from console.codes import CasePhase, NoticeKind, Role
from console.errors import NotFoundError
from console.models import Alert, Case, CaseEvent, Notice, Staff
from console.models.base import table_of
from console.rules.clocks import ClockRule, ClockState, clocks_for
from console.rules.escalations import RunningClock, Step, steps_due
from console.services import promises
from console.services.case_histories import SOURCE_CLOCK, CaseHistory, histories
from console.services.case_promises import source_rule
from console.services.entering import stored
from console.services.policies import Edition, PolicyBook, policy_book
from console.services.recipients import Chart, chart
from console.services.reminding import case_ids_due, occasion_of
from console.storage.engine import Store
from console.storage.unit import Work

CASES: Table = table_of(Case)
EVENTS: Table = table_of(CaseEvent)
NOTICES: Table = table_of(Notice)
STAFF: Table = table_of(Staff)
ALERTS: Table = table_of(Alert)

PART = 100
"""Cases of one transaction, as for the verbs."""
SYSTEM = "system"
_KINDS = {"remind": NoticeKind.REMINDER.value, "escalate": NoticeKind.ESCALATION.value}


@dataclass(frozen=True, slots=True)
class Told:
    """One step that was told: of which case and promise, to whom, and the level it raised the case to (0 for a reminder)."""

    reference: str
    kind: str
    clock: str
    step: str
    to: str
    recipients: tuple[str, ...]
    falls_at: datetime
    not_before: datetime
    due_at: datetime
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice of the outbox; ``recipient`` is a login, empty where the notice is for whoever holds the place ``to``."""

    reference: str
    kind: str
    to: str
    recipient: str
    text: str
    created_at: datetime
    not_before: datetime
    sent_at: datetime | None


def remind(
    store: Store,
    *,
    actor: str,
    now: datetime | None = None,
    is_dry_run: bool = False,
    progress: Callable[[int, int], bool] | None = None,
) -> tuple[Told, ...]:
    """Write the notices that are due now, raise the cases whose promises were broken, and return what was told.

    A second run at the same moment finds nothing. ``progress(done, total)`` counts cases and may return False to stop between
    two parts; with ``is_dry_run`` nothing is written. Raises UnavailableError where no policy is in force.
    """
    moment = now or clock.now()
    with store.reading() as connection:
        book = policy_book(connection)
        staff = chart(connection)
        case_ids = case_ids_due(connection, book, moment)
        if is_dry_run:
            return tuple(_sorted(_told(connection, case_ids, book, staff, moment)))
    told: list[Told] = []
    for start in range(0, len(case_ids), PART):
        part = case_ids[start : start + PART]

        def tell(work: Work, part: list[int] = part) -> list[Told]:
            _hold(work.connection, part)
            found = _told(work.connection, part, book, staff, moment)
            if found:
                _write(work, found, moment)
            else:
                work.abandon()
            return [item for item, _ in found]

        told.extend(store.write(actor, tell))
        if progress is not None and not progress(min(start + PART, len(case_ids)), len(case_ids)):
            break
    return tuple(sorted(told, key=_order))


def _order(told: Told) -> tuple[datetime, str, str, str]:
    return told.not_before, told.reference, told.clock, told.step


def _sorted(found: Sequence[tuple[Told, _Due]]) -> list[Told]:
    return sorted((item for item, _ in found), key=_order)


@dataclass(frozen=True, slots=True)
class _Due:
    """What is written of one step: its occasion, the row of its case, and whose notice it is."""

    occasion: str
    case: RowMapping
    recipient_ids: tuple[int, ...]


def _hold(connection: Connection, case_ids: Sequence[int]) -> None:
    """Hold the cases against others until this transaction ends; SQLite's write lock does so by itself."""
    connection.execute(
        select(CASES.c.id).where(CASES.c.id.in_(list(case_ids))).order_by(CASES.c.id).with_for_update()
    ).all()


def _told(
    connection: Connection, case_ids: Sequence[int], book: PolicyBook, staff: Chart, now: datetime
) -> list[tuple[Told, _Due]]:
    """Return the steps of some cases that are due and were not told."""
    found: list[tuple[Told, _Due]] = []
    for start in range(0, len(case_ids), PART):
        part = list(case_ids[start : start + PART])
        rows = {
            row["id"]: row
            for row in connection.execute(
                select(CASES).where(CASES.c.id.in_(part), CASES.c.phase != CasePhase.CLOSED.value)
            ).mappings()
        }
        done = set(connection.execute(select(NOTICES.c.occasion).where(NOTICES.c.case_id.in_(part))).scalars())
        for history in histories(connection, part, book):
            row = rows.get(history.id)
            if row is None:
                continue
            edition = book.of(history.policy_id, history.received_at)
            clocks = _clocks(edition, history)
            level = row["escalation_level"]
            for rule, state, step in _steps(edition, history, clocks, now):
                occasion = occasion_of(row["reference"], rule.clock, step.rule, state.started_at or now)
                if occasion in done or state.due_at is None:
                    continue
                is_raised = step.kind == "escalate"
                level += is_raised
                ids = staff.recipients(step.to, row["assignee_id"], row["department_id"])
                told = Told(
                    reference=row["reference"],
                    kind=_KINDS[step.kind],
                    clock=rule.clock,
                    step=step.rule,
                    to=step.to,
                    recipients=tuple(staff.logins[id_] for id_ in ids),
                    falls_at=step.falls_at,
                    not_before=step.tell_at,
                    due_at=state.due_at,
                    level=level if is_raised else 0,
                    text=_text(edition, row, rule, state.due_at, now),
                )
                found.append((told, _Due(occasion, row, ids)))
    return found


def _clocks(edition: Edition, history: CaseHistory) -> list[tuple[ClockRule, ClockState]]:
    rules = {rule.clock: rule for rule in clocks_for(edition.policy, history.traits)}
    rules[SOURCE_CLOCK] = source_rule(edition.policy)
    return [(rules[promise.name], promise.state) for promise in promises.promises_of(edition.policy, history)]


def _steps(
    edition: Edition, history: CaseHistory, clocks: Sequence[tuple[ClockRule, ClockState]], now: datetime
) -> list[tuple[ClockRule, ClockState, Step]]:
    found = [
        (rule, state, step)
        for rule, state in clocks
        for step in steps_due(edition.policy, RunningClock(rule, state, history.traits), now)
    ]
    return sorted(found, key=lambda item: (item[2].tell_at, item[2].falls_at, item[0].clock, item[2].rule))


def _text(edition: Edition, row: RowMapping, rule: ClockRule, due_at: datetime, now: datetime) -> str:
    local = due_at.astimezone(ZoneInfo(edition.policy.zone))
    promise = rule.label.en or rule.clock.replace("_", " ")
    verb = "was" if due_at < now else "is"
    return f"{row['reference']} {row['subject']}: {promise} {verb} due {local:%Y-%m-%d %H:%M} ({edition.policy.zone})"


def _write(work: Work, found: Sequence[tuple[Told, _Due]], now: datetime) -> None:
    notices: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    levels: dict[int, int] = {}
    for told, due in found:
        notices.extend(_notices(told, due, now))
        if told.level:
            case_id = due.case["id"]
            events.append(_event(told, due.case, levels.get(case_id, due.case["escalation_level"]), now))
            levels[case_id] = told.level
    connection = work.connection
    connection.execute(insert(NOTICES), notices)
    for case_id, level in levels.items():
        # The version stays: a reply being written is not refused because a promise was broken meanwhile.
        connection.execute(update(CASES).where(CASES.c.id == case_id).values(escalation_level=level))
    if events:
        connection.execute(insert(EVENTS), events)
    work.record(
        "remind",
        "notice",
        f"{len(notices)} notices",
        {"cases": sorted({told.reference for told, _ in found}), "steps": len(found), "raised": len(events)},
    )


def _notices(told: Told, due: _Due, now: datetime) -> list[dict[str, Any]]:
    """Return a notice for each recipient; the first bears the bare occasion by which the step counts as told."""
    recipients: tuple[int | None, ...] = due.recipient_ids or (None,)
    return [
        {
            "case_id": due.case["id"],
            "kind": told.kind,
            "occasion": due.occasion if number == 1 else f"{due.occasion}/{number}",
            "recipient": told.to,
            "recipient_id": recipient_id,
            "text": told.text,
            "created_at": now,
            "not_before": told.not_before,
            "sent_at": None,
        }
        for number, recipient_id in enumerate(recipients, 1)
    ]


def _event(told: Told, case: RowMapping, before: int, now: datetime) -> dict[str, Any]:
    """Return the history's line of an escalation.

    It has no phase, so no clock sees it: that a promise was broken neither meets nor moves one.
    """
    return {
        "case_id": case["id"],
        "at": now,
        "actor": SYSTEM,
        "verb": "escalation",
        "note": f"{told.step}: {told.text}",
        "before": stored({"escalation_level": before}),
        "after": stored({"escalation_level": told.level}),
        "state": case["state"],
        "phase": "",
        "origin": "system",
        "is_public": False,
        "is_undone": False,
        "operation_id": None,
    }


def outbox(
    store: Store,
    *,
    login: str = "",
    is_all: bool = False,
    now: datetime | None = None,
    limit: int | None = None,
) -> list[NoticeLine]:
    """Return the notices that wait to be read, the newest first; ``is_all`` adds those sent and those still held back.

    With a ``login``, those for this member of staff, by name or by the place he holds. Raises NotFoundError for a login that is
    not on the staff.
    """
    moment = now or clock.now()
    with store.reading() as connection:
        conditions: list[Any] = []
        if not is_all:
            conditions += [NOTICES.c.sent_at.is_(None), NOTICES.c.not_before <= moment]
        if login:
            conditions.append(_for(connection, login))
        rows = connection.execute(
            select(
                func.coalesce(CASES.c.reference, ALERTS.c.number),
                NOTICES.c.kind,
                NOTICES.c.recipient,
                STAFF.c.login,
                NOTICES.c.text,
                NOTICES.c.created_at,
                NOTICES.c.not_before,
                NOTICES.c.sent_at,
            )
            .select_from(NOTICES)
            .join(CASES, CASES.c.id == NOTICES.c.case_id, isouter=True)
            .join(ALERTS, ALERTS.c.id == NOTICES.c.alert_id, isouter=True)
            .join(STAFF, STAFF.c.id == NOTICES.c.recipient_id, isouter=True)
            .where(*conditions)
            .order_by(NOTICES.c.not_before.desc(), NOTICES.c.id.desc())
            .limit(limit)
        ).all()
    return [
        NoticeLine(reference, kind, to, name or "", text, created_at, not_before, sent_at)
        for reference, kind, to, name, text, created_at, not_before, sent_at in rows
    ]


def _for(connection: Connection, login: str) -> Any:
    """Return the condition for the notices of one person; those without a name go to whoever holds the place."""
    row = connection.execute(
        select(STAFF.c.id, STAFF.c.role, STAFF.c.department_id).where(STAFF.c.login == login)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"{login} is not on the staff.", "See: ombud staff list")
    places = [and_(NOTICES.c.recipient == "person", CASES.c.assignee_id == row.id)]
    if row.role == Role.LEAD.value and row.department_id is not None:
        places.append(and_(NOTICES.c.recipient == "lead", CASES.c.department_id == row.department_id))
    if row.role == Role.ADMINISTRATOR.value:
        led = select(STAFF.c.department_id).where(
            STAFF.c.role == Role.LEAD.value, STAFF.c.is_active, STAFF.c.department_id.is_not(None)
        )
        is_leaderless = or_(CASES.c.department_id.is_(None), CASES.c.department_id.not_in(led))
        places.append(or_(NOTICES.c.recipient == "head", and_(NOTICES.c.recipient == "lead", is_leaderless)))
    return or_(NOTICES.c.recipient_id == row.id, and_(NOTICES.c.recipient_id.is_(None), or_(*places)))
