"""Reminders and escalations: each told once, to the right person, and cheap to look for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from console.models import Case, CaseEvent, Clock, Department, Notice, Staff
from console.models.base import table_of
from console.rules.escalations import RunningClock, steps_due
from console.services import promises, reminders, staffing
from console.services.access import caller
from console.services.case_histories import histories, open_case_ids
from console.services.handling import perform
from console.services.intake import NewCase, take_in
from console.services.policies import policy_book
from console.services.reminders import Told, outbox, remind
from console.services.reminding import case_ids_due, occasion_of
from console.services.setup import initialise
from console.storage.engine import Store

CASES = table_of(Case)
CLOCKS = table_of(Clock)
EVENTS = table_of(CaseEvent)
NOTICES = table_of(Notice)
DEPARTMENTS = table_of(Department)
STAFF = table_of(Staff)
ME = caller().login


def at(text: str) -> datetime:
    """A moment by the clocks of Shanghai, in November 2026; the 16th is a Monday."""
    return datetime.fromisoformat(f"2026-11-{text}+08:00").astimezone(UTC)


@pytest.fixture
def house(store: Store, database_url: str) -> Store:
    """A database with the default policy and its first administrator."""
    initialise(database_url)
    return store


def complaint(store: Store, received: str = "16T09:00", *, severity: int = 1, department: str = "") -> int:
    begun = at(received)
    new = NewCase("Meter", severity=severity, department=department, details={"contact": "1"}, received_at=begun)
    return take_in(store, new, actor=ME, now=begun).id


def steps(told: tuple[Told, ...]) -> list[tuple[str, str, str]]:
    return [(item.kind, item.clock, item.to) for item in told]


def test_a_promise_reminds_before_it_is_due_and_escalates_when_it_is_broken(house: Store) -> None:
    case_id = complaint(house)
    assert remind(house, actor=ME, now=at("16T09:14:59")) == ()
    assert steps(remind(house, actor=ME, now=at("16T09:15"))) == [("reminder", "dispatch", "person")]
    assert remind(house, actor=ME, now=at("16T09:16")) == ()
    assert steps(remind(house, actor=ME, now=at("16T09:20"))) == [("escalation", "dispatch", "lead")]
    with house.reading() as connection:
        row = connection.execute(select(CASES).where(CASES.c.id == case_id)).mappings().one()
        stored = connection.execute(select(CLOCKS).where(CLOCKS.c.case_id == case_id)).mappings().all()
        event = connection.execute(select(EVENTS).where(EVENTS.c.verb == "escalation")).mappings().one()
    assert (row["escalation_level"], row["version"]) == (1, 1)
    assert (event["actor"], event["origin"], event["state"], event["phase"]) == ("system", "system", "received", "")
    with house.writing(ME) as work:
        promises.recompute(work.connection, [case_id])
        again = work.connection.execute(select(CLOCKS).where(CLOCKS.c.case_id == case_id)).mappings().all()
        work.abandon()
    assert [{**row, "id": 0} for row in stored] == [{**row, "id": 0} for row in again]


def test_quiet_hours_hold_a_notice_back_until_they_end(house: Store) -> None:
    complaint(house)
    complaint(house, severity=3)
    remind(house, actor=ME, now=at("16T20:59"))
    # Three quarters of 24 hours are gone at 03:00; severity 3 is told at any hour.
    night = remind(house, actor=ME, now=at("17T03:00"))
    assert {(item.reference, item.clock, item.step) for item in night} >= {
        ("C-000002", "first_response", "three quarters gone"),
    }
    assert all(item.reference == "C-000002" for item in night)
    assert remind(house, actor=ME, now=at("17T07:59:59")) == ()
    morning = remind(house, actor=ME, now=at("17T08:00"))
    assert [(item.reference, item.falls_at, item.not_before) for item in morning] == [
        ("C-000001", at("17T03:00"), at("17T08:00"))
    ]


def test_after_a_silence_each_broken_promise_is_still_told(house: Store) -> None:
    complaint(house)
    told = remind(house, actor=ME, now=at("30T12:00"))
    assert [(item.clock, item.step, item.level) for item in told] == [
        ("dispatch", "due", 1),
        ("first_response", "due", 2),
        ("reply", "due", 3),
        ("reply", "reply a day late", 4),
    ]
    assert remind(house, actor=ME, now=at("30T12:01")) == ()
    with house.reading() as connection:
        assert connection.execute(select(CASES.c.escalation_level)).scalar_one() == 4


def test_what_is_answered_or_waits_for_the_customer_is_not_reminded_of(house: Store) -> None:
    answered, waiting = complaint(house), complaint(house)
    given = {"category": "billing", "severity": "1"}
    perform(house, "triage", [answered, waiting], given, actor=ME, now=at("16T09:05"))
    perform(house, "dispatch", [answered, waiting], {}, actor=ME, now=at("16T09:06"))
    perform(house, "take", [answered, waiting], {}, actor=ME, now=at("16T09:07"))
    perform(house, "contact", [answered, waiting], {"note": "spoke"}, actor=ME, now=at("16T09:07"))
    perform(house, "reply", [answered], {"reply": "a", "outcome": "solved"}, actor=ME, now=at("16T09:08"))
    report = perform(house, "await-customer", [waiting], {"reason": "papers"}, actor=ME, now=at("16T09:08"))
    assert report.done, report
    told = remind(house, actor=ME, now=at("20T17:30"))
    assert {item.reference for item in told} == {"C-000001"}
    assert {item.clock for item in told} == {"callback", "archive"}


def test_notices_go_to_the_person_the_lead_and_the_head(house: Store) -> None:
    for login, role, department in (
        ("agent", "agent", "marketing"),
        ("lead1", "lead", "marketing"),
        ("lead2", "lead", "marketing"),
        ("head", "lead", "customer-service"),
    ):
        staffing.add(house, login, {"role": role, "department": department}, actor=ME)
    with house.writing(ME) as work:
        above = select(DEPARTMENTS.c.id).where(DEPARTMENTS.c.code == "customer-service").scalar_subquery()
        work.connection.execute(update(DEPARTMENTS).where(DEPARTMENTS.c.code == "marketing").values(parent_id=above))
        work.record("test", "department", "marketing")
    case_id = complaint(house, department="marketing")
    with house.writing(ME) as work:
        agent = select(STAFF.c.id).where(STAFF.c.login == "agent").scalar_subquery()
        work.connection.execute(update(CASES).where(CASES.c.id == case_id).values(assignee_id=agent))
        work.record("test", "case", "C-000001")
    reminded = remind(house, actor=ME, now=at("16T09:15"))
    assert [item.recipients for item in reminded] == [("agent",)]
    told = remind(house, actor=ME, now=at("24T12:00"))
    assert {item.to: item.recipients for item in told} == {"lead": ("lead1", "lead2"), "head": ("head",)}
    assert [line.to for line in outbox(house, login="head", now=at("24T12:00"))] == ["head"]
    assert len(outbox(house, login="lead2", now=at("24T12:00"))) == 3
    assert outbox(house, login=ME, now=at("24T12:00")) == []
    staffing.disable(house, "lead1", actor=ME)
    perform(house, "escalate", [case_id], {"reason": "angry"}, actor=ME, now=at("24T12:01"))
    assert outbox(house, login="lead2", now=at("24T12:01"))[0].text.endswith("angry")


def test_a_trial_writes_nothing(house: Store) -> None:
    complaint(house)
    tried = remind(house, actor=ME, now=at("24T12:00"), is_dry_run=True)
    with house.reading() as connection:
        assert connection.execute(select(func.count()).select_from(NOTICES)).scalar_one() == 0
    assert remind(house, actor=ME, now=at("24T12:00")) == tried


def test_an_imported_promise_escalates_by_its_own_due_time(house: Store) -> None:
    case_id = complaint(house)
    with house.writing(ME) as work:
        work.connection.execute(
            insert(CLOCKS).values(
                case_id=case_id,
                name="source",
                rule="source",
                target="",
                standing="running",
                started_at=at("16T09:00"),
                due_at=at("16T10:00"),
                misses=0,
            )
        )
        work.record("test", "case", "C-000001")
    told = remind(house, actor=ME, now=at("16T10:00"))
    assert ("escalation", "source", "lead") in steps(told)


def test_nothing_due_is_overlooked_by_the_quick_look(house: Store) -> None:
    kinds = ("complaint", "fault", "inquiry", "report", "request")
    channels = ("telephone", "letter", "regulator")
    begun = at("09T08:10")
    for number in range(24):
        received = begun + timedelta(hours=7 * number, minutes=13 * number)
        new = NewCase(
            f"case {number}",
            kind=kinds[number % 5],
            channel=channels[number % 3],
            severity=1 + number % 4,
            area=("", "urban", "rural")[number % 3],
            details={"contact": "1", "address": "x"},
            received_at=received,
        )
        take_in(house, new, actor=ME, now=received)
    for hours in (0, 5, 29, 50, 77, 120, 171, 260):
        now = begun + timedelta(hours=hours)
        with house.reading() as connection:
            book = policy_book(connection)
            done = set(connection.execute(select(NOTICES.c.occasion)).scalars())
            quick = set(case_ids_due(connection, book, now))
            thorough = set()
            for history in histories(connection, open_case_ids(connection), book):
                if history.received_at > now:
                    continue
                policy = book.of(history.policy_id, history.received_at).policy
                rules = {rule.name: rule for rule in policy.clocks}
                for promise in promises.promises_of(policy, history):
                    running = RunningClock(rules[promise.rule], promise.state, history.traits)
                    for step in steps_due(policy, running, now):
                        assert promise.state.started_at is not None
                        name = occasion_of(history.reference, promise.name, step.rule, promise.state.started_at)
                        if name not in done:
                            thorough.add(history.id)
        assert thorough <= quick
        # What is looked at in vain stays little: shares of paused clocks only, and here nothing was paused.
        assert len(quick - thorough) <= 2
        reminders.remind(house, actor=ME, now=now)
