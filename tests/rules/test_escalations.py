"""Reminders before and escalation after a promise is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.rules.calendars import Calendar
from console.rules.clocks import ClockRule, Happening, clock_state
from console.rules.escalations import EscalationRule, Point, QuietHours, RunningClock, next_step_at, steps_due, steps_of
from console.rules.policies import load_pack, parse_policy
from console.rules.policy_conditions import CaseTraits, Condition

OFFICE = Calendar.parse(
    {"zone": "UTC", "hours": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}, "office"
)
RULE = ClockRule("reply", "reply", "8h", "office", met_by=("reply",))
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def rule(name: str, point: str, to: str = "person", kind: str = "remind", clock: str = "reply") -> EscalationRule:
    return EscalationRule(name, clock, Point.parse(point), to, kind)


POLICY = replace(
    parse_policy(load_pack("cn-95598"), name="cn-95598"),
    calendars={"office": OFFICE},
    quiet_hours=None,
    escalations=(
        rule("half", "50%"),
        rule("before", "-2h"),
        rule("due", "due", "lead", "escalate"),
        rule("late", "+2h", "head", "escalate"),
        rule("day late", "+1d", "head", "escalate"),
    ),
)


def hour(day: int, at: float) -> datetime:
    return MONDAY + timedelta(days=day, hours=at)


def running(start: datetime, *events: Happening, now: datetime | None = None, clock: ClockRule = RULE) -> RunningClock:
    state = clock_state(clock, [Happening(start, "new"), *events], OFFICE, now=now)
    return RunningClock(clock, state, CaseTraits(date(2026, 3, 2)))


def test_steps_fall_in_the_working_time_of_the_clock() -> None:
    falls = {step.rule: step.falls_at for step in steps_of(POLICY, running(hour(4, 13)))}
    assert falls == {
        "half": hour(4, 17),
        "before": hour(7, 11),
        "due": hour(7, 13),
        "late": hour(7, 15),
        "day late": hour(8, 13),
    }


def test_a_step_before_due_does_not_fall_at_midnight_when_it_crosses_a_closed_night() -> None:
    falls = {step.rule: step.falls_at for step in steps_of(POLICY, running(hour(0, 10)))}
    assert falls["before"] == hour(0, 16)
    assert falls["due"] == hour(1, 10)


def test_only_what_is_due_and_not_done_is_told_and_asking_twice_says_the_same() -> None:
    clock = running(hour(0, 9))
    assert steps_due(POLICY, clock, hour(0, 12)) == ()
    first = steps_due(POLICY, clock, hour(0, 13))
    assert [step.rule for step in first] == ["half"]
    assert steps_due(POLICY, clock, hour(0, 13)) == first
    assert steps_due(POLICY, clock, hour(0, 14), {step.key for step in first}) == ()
    assert next_step_at(POLICY, clock, {step.key for step in first}) == hour(0, 15)


def test_a_reminder_is_left_out_once_the_promise_is_broken() -> None:
    told = steps_due(POLICY, running(hour(0, 9), now=hour(1, 12)), hour(1, 12))
    assert [step.rule for step in told] == ["due", "late"]


def test_r2_a_paused_met_or_closed_clock_has_no_next_step() -> None:
    waiting = Happening(hour(0, 10), "await-customer", "waiting")
    assert steps_of(POLICY, running(hour(0, 9), waiting, now=hour(0, 12))) == ()
    assert steps_of(POLICY, running(hour(0, 9), Happening(hour(0, 10), "reply"))) == ()
    assert steps_of(POLICY, running(hour(0, 9), Happening(hour(0, 10), "merge", "closed"))) == ()
    pending = RunningClock(
        RULE, clock_state(replace(RULE, starts_at=("dispatch",)), [], OFFICE), CaseTraits(date(2026, 3, 2))
    )
    assert steps_of(POLICY, pending) == ()


def test_a_share_does_not_count_the_pause() -> None:
    events = (Happening(hour(0, 10), "await-customer", "waiting"), Happening(hour(0, 12), "resume"))
    falls = {step.rule: step.falls_at for step in steps_of(POLICY, running(hour(0, 9), *events))}
    assert falls["half"] == hour(0, 15)
    assert falls["due"] == hour(1, 11)


def test_a_short_promise_has_no_step_before_it_began() -> None:
    clock = running(hour(0, 9), clock=replace(RULE, target="1h"))
    assert "before" not in {step.rule for step in steps_of(POLICY, clock)}


def test_a_promise_by_the_clock_is_escalated_by_the_clock() -> None:
    clock = running(hour(0, 22), clock=replace(RULE, target="40cm"))
    falls = {step.rule: step.falls_at for step in steps_of(POLICY, clock)}
    assert falls["half"] == hour(0, 22) + timedelta(minutes=20)
    assert falls["late"] == hour(0, 22) + timedelta(minutes=160)


def test_a_restarted_clock_has_new_keys() -> None:
    clock = replace(RULE, restarts_on=("reopen",))
    events = (Happening(hour(0, 10), "reply"), Happening(hour(1, 9), "reopen"))
    before = {step.key for step in steps_of(POLICY, running(hour(0, 9), clock=clock))}
    after = {step.key for step in steps_of(POLICY, running(hour(0, 9), *events, clock=clock))}
    assert not before & after


def test_steps_for_grave_cases_only() -> None:
    grave = replace(POLICY, escalations=(replace(POLICY.escalations[0], when=Condition(severities=(3, 4))),))
    clock = running(hour(0, 9))
    assert steps_of(grave, clock) == ()
    assert len(steps_of(grave, replace(clock, case=CaseTraits(date(2026, 3, 2), severity=4)))) == 1


def test_r15_quiet_hours_put_off_what_is_told_but_not_for_grave_cases() -> None:
    quiet = replace(
        POLICY,
        quiet_hours=QuietHours(time(21), time(8), "UTC", 3),
        escalations=(rule("due", "due", "lead", "escalate"),),
    )
    clock = running(hour(0, 22), clock=replace(RULE, target="1ch"))
    (step,) = steps_of(quiet, clock)
    assert (step.falls_at, step.tell_at) == (hour(0, 23), hour(1, 8))
    assert steps_due(quiet, clock, hour(1, 7.9)) == ()
    assert steps_due(quiet, clock, hour(1, 8)) == (step,)
    (loud,) = steps_of(quiet, replace(clock, case=CaseTraits(date(2026, 3, 2), severity=3)))
    assert loud.tell_at == hour(0, 23)


@settings(max_examples=150, deadline=None)
@given(
    st.times(),
    st.times(),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(["UTC", "Europe/London", "Asia/Shanghai"]),
)
def test_nothing_is_told_in_quiet_hours_and_nothing_is_put_off_for_more_than_a_day(
    begins: time, ends: time, moment: datetime, zone: str
) -> None:
    if begins == ends:
        return
    hours = QuietHours(begins, ends, zone)
    aware = moment.replace(tzinfo=UTC)
    told = hours.shifted(aware, 1)
    assert aware <= told <= aware + timedelta(hours=25)
    assert hours.shifted(told, 1) - told <= timedelta(hours=1)


@pytest.mark.parametrize("text", ["2h", "+2", "soon", "-2w", "0%", "1000%", "", "+99999999d"])
def test_a_point_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        Point.parse(text)


def test_each_clock_of_the_ready_packs_is_escalated() -> None:
    policy = parse_policy(load_pack("cn-95598"), name="cn-95598")
    for clock in policy.clocks:
        start = Happening(datetime(2026, 3, 2, 2, tzinfo=UTC), clock.starts_at[0].replace("received", "new"))
        state = clock_state(clock, [start], policy.calendars[clock.calendar])
        steps = steps_of(policy, RunningClock(clock, state, CaseTraits(date(2026, 3, 2))))
        assert {"remind", "escalate"} <= {step.kind for step in steps}, clock.name
