"""Which promises a case gets, and how each stands after its events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.codes import CaseKind, Channel
from console.rules.calendars import Calendar
from console.rules.clocks import (
    ClockRule,
    Happening,
    Standing,
    changed_clocks,
    clock_choices,
    clock_state,
    clocks_for,
    next_due,
)
from console.rules.deadlines import Target, due_at
from console.rules.policies import Policy, load_pack, parse_policy, ready_packs
from console.rules.policy_conditions import CaseTraits, Condition, Distinctions
from console.rules.policy_promises import payments_due

CN = parse_policy(load_pack("cn-95598"), name="cn-95598")
OFFICE = Calendar.parse(
    {"zone": "UTC", "hours": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}, "office"
)
ROUND_THE_CLOCK = Calendar.parse(
    {"zone": "UTC", "hours": {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}},
    "always",
)
DAY = date(2026, 3, 2)
REPLY = ClockRule(
    "reply", "reply", "8h", "office", met_by=("reply",), restarts_on=("reopen",), revoked_by=("return@replied",)
)


def at(text: str) -> datetime:
    """A time of the week from Monday 2 March 2026, such as ``mon 10:00``; ``+`` for the week after."""
    day, clock = text.split()
    number = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].index(day[:3]) + 7 * day.count("+")
    hour, minute = clock.split(":")
    return datetime(2026, 3, 2, int(hour), int(minute), tzinfo=UTC) + timedelta(days=number)


def event(
    when: str, verb: str, phase: str = "open", *, by: str = "staff", source: str = "", is_public: bool = True
) -> Happening:
    return Happening(at(when), verb, phase, by, source, is_public)


NEW = event("mon 09:00", "new")


def targets(policy: Policy, case: CaseTraits) -> dict[str, str]:
    return {rule.clock: rule.target for rule in clocks_for(policy, case)}


@pytest.mark.parametrize(("verb", "state_before"), [("reopen", "archived"), ("return", "replied")])
def test_a_clock_that_had_not_begun_begins_when_the_case_is_taken_up_again(verb: str, state_before: str) -> None:
    rule = replace(REPLY, starts_at=("arrive",))
    again = Happening(at("tue 09:00"), verb, "open", "staff", state_before, True)
    answered = [NEW, event("mon 10:00", "reply")]
    assert clock_state(rule, answered, OFFICE).state is Standing.PENDING
    state = clock_state(rule, [*answered, again], OFFICE)
    assert (state.state, state.due_at) == (Standing.RUNNING, at("tue 17:00"))
    met = clock_state(rule, [*answered, again, event("tue 11:00", "reply")], OFFICE)
    assert met.state is Standing.MET


def test_a_complaint_gets_several_clocks_at_once() -> None:
    got = targets(CN, CaseTraits(DAY, kind="complaint", category="service / attitude"))
    assert got["first_response"] == "24ch"
    assert got["reply"] == "4d"
    assert got["dispatch"] == "20cm"
    assert {"investigation", "callback", "archive"} <= set(got)


@pytest.mark.parametrize(
    ("case", "clock", "target"),
    [
        (CaseTraits(DAY, kind="report"), "reply", "9d"),
        (CaseTraits(DAY, kind="complaint", channel="letter"), "reply", "10cd"),
        (CaseTraits(DAY, kind="complaint", authority="12345"), "reply", "7cd"),
        (CaseTraits(DAY, kind="fault", area="urban"), "on_site", "45cm"),
        (CaseTraits(DAY, kind="fault", area="rural"), "on_site", "90cm"),
        (CaseTraits(DAY, kind="fault", area="remote"), "on_site", "2ch"),
        (CaseTraits(DAY, kind="request", category="request / meter"), "reply", "4d"),
        (CaseTraits(DAY, kind="request", category="request / reading"), "reply", "6d"),
        (CaseTraits(DAY, kind="request", category="request / appointment"), "reply", "5d"),
        (CaseTraits(DAY, kind="complaint", severity=3), "report_up", "15cm"),
    ],
)
def test_the_limits_of_95598(case: CaseTraits, clock: str, target: str) -> None:
    assert targets(CN, case)[clock] == target


def test_t10_the_regulator_channel_overrides_the_limit_of_the_kind() -> None:
    for kind in ("complaint", "report", "request"):
        assert (
            targets(CN, CaseTraits(DAY, kind=kind, category="request / meter", channel="regulator"))["reply"] == "10d"
        )
    choice = next(
        choice
        for choice in clock_choices(CN, CaseTraits(DAY, kind="report", channel="regulator"))
        if choice.rule.clock == "reply"
    )
    assert "more specific than" in choice.why
    assert "report reply" in choice.why
    assert choice.beaten == ("report reply",)


def test_an_ordinary_case_is_not_reported_upwards() -> None:
    assert "report_up" not in targets(CN, CaseTraits(DAY, kind="complaint", severity=2))


def test_t4_a_limit_changed_on_a_day_leaves_earlier_cases_on_the_old_one() -> None:
    before = targets(CN, CaseTraits(date(2021, 8, 31), kind="complaint"))
    after = targets(CN, CaseTraits(date(2021, 9, 1), kind="complaint"))
    assert (before["reply"], before["first_response"]) == ("7d", "1d")
    assert (after["reply"], after["first_response"]) == ("4d", "24ch")


def test_t1_resolved_by_the_end_of_the_next_working_day() -> None:
    policy = parse_policy(load_pack("gb-energy"), name="gb-energy")
    rule = next(rule for rule in clocks_for(policy, CaseTraits(date(2026, 3, 6))) if rule.clock == "next_day")
    calendar = policy.calendars[rule.calendar]
    received = Happening(datetime(2026, 3, 6, 16, 50, tzinfo=calendar.zone), "new")
    for day, standing in ((9, Standing.MET), (10, Standing.MISSED)):
        archived = Happening(datetime(2026, 3, day, 17, 0, tzinfo=calendar.zone), "archive", "closed")
        assert clock_state(rule, [received, archived], calendar).state is standing


def test_t2_eight_weeks_from_5_january_2026_end_on_2_march() -> None:
    policy = parse_policy(load_pack("gb-energy"), name="gb-energy")
    rule = next(rule for rule in clocks_for(policy, CaseTraits(date(2026, 1, 5))) if rule.clock == "ombudsman")
    assert rule.target == "8w"
    received = Happening(datetime(2026, 1, 5, 10, tzinfo=ZoneInfo("Europe/London")), "new")
    state = clock_state(rule, [received], policy.calendars["work"])
    assert state.due_at is not None
    assert state.due_at.astimezone(ZoneInfo("Europe/London")).date() in (date(2026, 3, 2), date(2026, 3, 3))
    assert (state.due_at - timedelta(seconds=1)).astimezone(ZoneInfo("Europe/London")).date() == date(2026, 3, 2)
    later = next(rule for rule in clocks_for(policy, CaseTraits(date(2099, 1, 5))) if rule.clock == "ombudsman")
    assert later.target == "4w"


def test_t8_and_t9_the_second_stage_has_its_own_clock_and_lateness_is_paid_for() -> None:
    policy = parse_policy(load_pack("ew-water"), name="ew-water")
    traits = CaseTraits(date(2026, 3, 2))
    rules = {rule.clock: rule for rule in clocks_for(policy, traits)}
    calendar = policy.calendars["work"]
    events = [
        NEW,
        event("thu 10:00", "reply"),
        event("mon+ 10:00", "reopen", source="replied"),
        Happening(at("mon+ 10:00") + timedelta(days=30), "reply"),
    ]
    states = {name: clock_state(rules[name], events, calendar) for name in ("reply", "second_reply")}
    assert states["reply"].state is Standing.MET
    assert states["second_reply"].started_at == at("mon+ 10:00")
    assert states["second_reply"].state is Standing.MISSED
    (owed,) = payments_due(policy.payments, traits, states.items())
    assert (owed.clock, owed.amount_minor, owed.currency, owed.times) == ("second_reply", 4000, "GBP", 1)
    (earlier,) = payments_due(policy.payments, CaseTraits(date(2025, 6, 30)), states.items())
    assert earlier.amount_minor == 2000


def test_texas_has_its_days_and_the_commission_its_own() -> None:
    policy = parse_policy(load_pack("us-tx"), name="us-tx")
    assert targets(policy, CaseTraits(DAY))["reply"] == "21cd"
    commission = targets(policy, CaseTraits(DAY, channel="regulator"))
    assert (commission["first_response"], commission["reply"]) == ("3d", "15cd")


def test_t7_reclassifying_keeps_the_receipt_and_r1_a_rule_that_no_longer_applies_clears_the_clock() -> None:
    before = clocks_for(CN, CaseTraits(DAY, kind="inquiry"))
    after = clocks_for(CN, CaseTraits(DAY, kind="complaint"))
    reply = next(rule for rule in after if rule.clock == "reply")
    events = [NEW, event("tue 10:00", "triage")]
    assert clock_state(reply, events, CN.calendars["work"]).started_at == NEW.at
    changes = {change.clock: change for change in changed_clocks(after, before)}
    gone = changes["first_response"]
    assert gone.before is not None
    assert gone.after is None
    assert changes["reply"].after is not None
    assert changed_clocks(after, after) == ()


def test_r4_an_empty_target_promises_nothing_and_cancels_the_wider_rule() -> None:
    silent = ClockRule("praise", "reply", "", "work", Condition(kinds=("praise",)), met_by=("reply",))
    wide = ClockRule("all", "reply", "4d", "work", met_by=("reply",))
    policy = replace(CN, clocks=(wide, silent))
    assert clocks_for(policy, CaseTraits(DAY, kind="praise")) == ()
    assert "promises nothing" in clock_choices(policy, CaseTraits(DAY, kind="praise"))[0].why
    assert clocks_for(policy, CaseTraits(DAY, kind="complaint")) == (wide,)
    assert clock_state(replace(REPLY, target="0"), [NEW], OFFICE, now=at("fri 09:00")).due_at is None


def test_the_policy_says_whether_a_case_raised_by_staff_has_a_clock() -> None:
    rule = replace(REPLY, runs_when_raised_by_staff=False)
    policy = replace(CN, clocks=(rule,))
    assert clocks_for(policy, CaseTraits(DAY, is_raised_by_staff=True)) == ()
    assert clocks_for(replace(CN, clocks=(REPLY,)), CaseTraits(DAY, is_raised_by_staff=True)) == (REPLY,)


def test_a_clock_is_pending_running_met_or_missed() -> None:
    later = replace(REPLY, starts_at=("dispatch",))
    assert clock_state(later, [NEW], OFFICE).state is Standing.PENDING
    assert clock_state(REPLY, [], OFFICE).state is Standing.PENDING
    running = clock_state(REPLY, [NEW], OFFICE, now=at("mon 12:00"))
    assert (running.state, running.due_at, running.is_open) == (Standing.RUNNING, at("mon 17:00"), True)
    assert clock_state(REPLY, [NEW, event("mon 17:00", "reply")], OFFICE).state is Standing.MET
    late = clock_state(REPLY, [NEW, event("tue 09:00", "reply")], OFFICE)
    assert (late.state, late.met_at, late.due_at, late.is_open) == (
        Standing.MISSED,
        at("tue 09:00"),
        at("mon 17:00"),
        False,
    )
    owed = clock_state(REPLY, [NEW], OFFICE, now=at("tue 09:00"))
    assert (owed.state, owed.is_open) == (Standing.MISSED, True)


def test_waiting_for_the_customer_pauses_the_clock() -> None:
    events = [NEW, event("mon 11:00", "await-customer", "waiting")]
    paused = clock_state(REPLY, events, OFFICE, now=at("mon 15:00"))
    assert paused.state is Standing.PAUSED
    assert paused.pauses == ((at("mon 11:00"), at("mon 15:00")),)
    resumed = clock_state(REPLY, [*events, event("tue 11:00", "resume")], OFFICE)
    assert resumed.due_at == at("tue 17:00")
    never = clock_state(replace(REPLY, is_paused_in_waiting=False), events, OFFICE, now=at("mon 15:00"))
    assert (never.state, never.due_at) == (Standing.RUNNING, at("mon 17:00"))


def test_r9_a_missed_promise_is_not_forgiven_by_pausing() -> None:
    events = [
        NEW,
        event("tue 10:00", "await-customer", "waiting"),
        event("fri 10:00", "resume"),
        event("fri 11:00", "reply"),
    ]
    state = clock_state(REPLY, events, OFFICE)
    assert (state.state, state.due_at) == (Standing.MISSED, at("mon 17:00"))
    assert clock_state(REPLY, events[:2], OFFICE, now=at("wed 10:00")).state is Standing.MISSED


def test_r12_another_limit_keeps_the_accumulated_pause() -> None:
    events = [NEW, event("mon 10:00", "await-customer", "waiting"), event("mon 12:00", "resume")]
    before = clock_state(REPLY, events, OFFICE)
    after = clock_state(replace(REPLY, target="16h"), events, OFFICE)
    assert before.pauses == after.pauses
    assert before.due_at == at("tue 11:00")
    assert after.due_at == at("wed 11:00")


@pytest.mark.parametrize("verb", ["merge", "withdraw", "archive"])
def test_r2_and_r13_closing_stops_the_clock(verb: str) -> None:
    state = clock_state(REPLY, [NEW, event("mon 12:00", verb, "closed")], OFFICE, now=at("fri 12:00"))
    assert (state.state, state.is_open, state.stopped_at) == (Standing.STOPPED, False, at("mon 12:00"))
    late = clock_state(REPLY, [NEW, event("wed 12:00", verb, "closed")], OFFICE, now=at("fri 12:00"))
    assert (late.state, late.is_open) == (Standing.MISSED, False)


def test_a_withdrawn_case_that_goes_on_does_not_count_the_closed_time() -> None:
    rule = replace(REPLY, restarts_on=())
    events = [NEW, event("mon 12:00", "withdraw", "closed"), event("wed 12:00", "reopen")]
    state = clock_state(rule, events, OFFICE)
    assert (state.state, state.due_at) == (Standing.RUNNING, at("wed 17:00"))


def test_no_clock_runs_on_a_case_that_came_in_closed() -> None:
    state = clock_state(REPLY, [event("mon 09:00", "new", "closed"), event("tue 09:00", "note", "closed")], OFFICE)
    assert (state.state, state.is_open) == (Standing.STOPPED, False)
    after = replace(REPLY, starts_at=("archive",), met_by=("callback",), survives_closing=True)
    events = [NEW, event("mon 12:00", "archive", "closed"), event("mon 13:00", "note", "closed")]
    assert clock_state(after, events, OFFICE).state is Standing.RUNNING


def test_a_complaint_opened_again_is_not_resolved_and_its_eight_weeks_go_on() -> None:
    policy = parse_policy(load_pack("gb-energy"), name="gb-energy")
    rule = next(rule for rule in clocks_for(policy, CaseTraits(DAY)) if rule.clock == "ombudsman")
    calendar = policy.calendars[rule.calendar]
    events = [NEW, event("tue 10:00", "archive", "closed"), event("fri 10:00", "reopen")]
    assert clock_state(rule, events[:2], calendar).state is Standing.MET
    again = clock_state(rule, events, calendar)
    assert (again.state, again.due_at) == (Standing.RUNNING, clock_state(rule, [NEW], calendar).due_at)


def test_reopening_starts_a_new_round_and_remembers_the_missed_one() -> None:
    events = [NEW, event("tue 12:00", "reply"), event("wed 09:00", "reopen"), event("wed 12:00", "reply")]
    state = clock_state(REPLY, events, OFFICE)
    assert (state.state, state.started_at, state.misses) == (Standing.MET, at("wed 09:00"), 1)


def test_a_returned_reply_was_no_reply() -> None:
    events = [NEW, event("mon 12:00", "reply"), event("tue 09:00", "return", source="replied")]
    state = clock_state(REPLY, events, OFFICE)
    assert (state.state, state.is_open, state.due_at) == (Standing.MISSED, True, at("mon 17:00"))
    elsewhere = [NEW, event("mon 12:00", "reply"), event("tue 09:00", "return", source="dispatched")]
    assert clock_state(REPLY, elsewhere, OFFICE).state is Standing.MET


UPDATE = ClockRule(
    "update",
    "update",
    "4h",
    "office",
    starts_at=("contact:customer",),
    met_by=("contact:staff",),
    stopped_by=("archive",),
    repeats=True,
)


def test_r5_the_customer_starts_the_update_clock_and_only_the_answer_clears_it() -> None:
    assert clock_state(UPDATE, [NEW, event("mon 09:30", "contact")], OFFICE).state is Standing.PENDING
    twice = [NEW, event("mon 10:00", "contact", by="customer"), event("mon 12:00", "contact", by="customer")]
    state = clock_state(UPDATE, twice, OFFICE)
    assert (state.started_at, state.due_at) == (at("mon 10:00"), at("mon 14:00"))
    answered = clock_state(UPDATE, [*twice, event("mon 13:00", "contact")], OFFICE)
    assert answered.state is Standing.MET
    again = clock_state(
        UPDATE, [*twice, event("mon 13:00", "contact"), event("tue 09:00", "contact", by="customer")], OFFICE
    )
    assert (again.state, again.due_at) == (Standing.RUNNING, at("tue 13:00"))


def test_r14_archiving_stops_the_update_clock_though_the_customer_wrote_last() -> None:
    events = [NEW, event("mon 10:00", "contact", by="customer"), event("mon 11:00", "archive", "closed")]
    assert clock_state(UPDATE, events, OFFICE, now=at("fri 10:00")).state is Standing.STOPPED


def test_r10_an_employee_who_handles_his_own_complaint_is_not_a_waiting_customer() -> None:
    own = Happening(at("mon 10:00"), "contact", by="customer", is_by_assignee=True)
    assert clock_state(UPDATE, [NEW, own], OFFICE).state is Standing.PENDING


def test_r6_an_internal_note_is_no_response_unless_the_policy_counts_public_notes() -> None:
    internal, public = event("mon 10:00", "note", is_public=False), event("mon 11:00", "note")
    strict = replace(REPLY, met_by=("contact:staff", "reply"))
    lenient = replace(strict, met_by=("contact:staff", "reply", "note:public"))
    assert clock_state(strict, [NEW, internal, public], OFFICE).state is Standing.RUNNING
    assert clock_state(lenient, [NEW, internal], OFFICE).state is Standing.RUNNING
    assert clock_state(lenient, [NEW, internal, public], OFFICE).met_at == at("mon 11:00")


def test_r8_a_contact_does_not_move_the_reply_clock() -> None:
    moved = clock_state(REPLY, [NEW, event("mon 12:00", "contact")], OFFICE)
    assert moved.due_at == clock_state(REPLY, [NEW], OFFICE).due_at


def test_r9_each_contact_renews_the_keep_in_touch_clock() -> None:
    rule = ClockRule("touch", "touch", "4h", "office", met_by=("archive",), restarts_on=("contact:staff",))
    state = clock_state(rule, [NEW, event("mon 12:00", "contact"), event("tue 16:00", "contact")], OFFICE)
    assert (state.due_at, state.misses) == (at("wed 12:00"), 1)


def test_r3_the_next_due_time_is_that_of_the_earliest_open_clock() -> None:
    now = at("mon 12:00")
    reply = clock_state(REPLY, [NEW], OFFICE, now=now)
    short = clock_state(replace(REPLY, target="4h"), [NEW], OFFICE, now=now)
    met = clock_state(
        replace(REPLY, target="1h", met_by=("new", "contact")), [NEW, event("mon 09:30", "contact")], OFFICE, now=now
    )
    paused = clock_state(
        replace(REPLY, target="2h"), [NEW, event("mon 10:00", "await-customer", "waiting")], OFFICE, now=now
    )
    assert next_due([reply, short, met]) == short.due_at
    assert next_due([reply, paused]) == reply.due_at
    assert next_due([met, paused]) is None


def test_a_case_received_in_waiting_starts_paused() -> None:
    state = clock_state(REPLY, [event("mon 09:00", "new", "waiting"), event("mon 11:00", "resume")], OFFICE)
    assert state.due_at == at("tue 11:00")


moments = st.integers(1, 14 * 24 * 60).map(lambda minutes: NEW.at + timedelta(minutes=minutes))
happenings = st.lists(
    st.builds(
        Happening,
        moments,
        st.sampled_from(
            ["reply", "return", "reopen", "contact", "await-customer", "resume", "merge", "archive", "note"]
        ),
        st.sampled_from(["open", "waiting", "closed"]),
        st.sampled_from(["staff", "customer"]),
        st.sampled_from(["replied", "investigating"]),
    ),
    max_size=12,
)
rules = st.sampled_from(
    [REPLY, UPDATE, replace(REPLY, is_paused_in_waiting=False), replace(REPLY, survives_closing=True)]
)


@settings(max_examples=200, deadline=None)
@given(rules, happenings, moments)
def test_a_clock_agrees_with_itself_whatever_happens(rule: ClockRule, events: list[Happening], now: datetime) -> None:
    state = clock_state(rule, [NEW, *events], OFFICE, now=now)
    assert (
        clock_state(rule, [NEW, *reversed(events)], OFFICE, now=now).started_at is not None or state.started_at is None
    )
    assert clock_state(rule, [NEW, *(item for item in events if item.at <= now)], OFFICE, now=now) == state
    if state.started_at is None:
        assert state.state is Standing.PENDING
        return
    assert state.due_at == due_at(OFFICE, state.started_at, Target.parse(rule.target), state.pauses)
    end = state.met_at or state.stopped_at or now
    assert (state.state is Standing.MISSED) == (state.due_at is not None and end > state.due_at)
    assert state.is_open == (
        state.state in (Standing.RUNNING, Standing.PAUSED) or (state.state is Standing.MISSED and end is now)
    )
    for begin, finish in state.pauses:
        assert state.started_at <= begin <= finish <= end


@settings(max_examples=100, deadline=None)
@given(happenings, moments, st.integers(1, 40), st.integers(0, 40))
def test_a_longer_promise_is_never_due_earlier(events: list[Happening], now: datetime, hours: int, more: int) -> None:
    short = clock_state(replace(REPLY, target=f"{hours}h"), [NEW, *events], OFFICE, now=now)
    long = clock_state(replace(REPLY, target=f"{hours + more}h"), [NEW, *events], OFFICE, now=now)
    assert (short.started_at, short.met_at, short.pauses) == (long.started_at, long.met_at, long.pauses)
    if short.due_at is not None and long.due_at is not None:
        assert short.due_at <= long.due_at


def test_on_a_calendar_that_never_closes_a_pause_moves_the_due_time_by_itself() -> None:
    events = [NEW, event("mon 10:00", "await-customer", "waiting"), event("mon 13:30", "resume")]
    rule = replace(REPLY, target="6h")
    assert clock_state(rule, events, ROUND_THE_CLOCK).due_at == NEW.at + timedelta(hours=9, minutes=30)


def test_every_open_case_of_the_default_policy_has_a_next_due_time() -> None:
    """On the plain way, for each kind and channel, there is always a promise that still stands."""
    for kind in ("complaint", "fault", "inquiry", "suggestion", "praise", "report", "request"):
        for channel in ("telephone", "letter", "regulator"):
            rules_of = clocks_for(CN, CaseTraits(DAY, kind=kind, channel=channel))
            way = [
                NEW,
                event("mon 09:10", "triage"),
                event("mon 09:15", "dispatch"),
                event("mon 10:00", "assign"),
                event("tue 10:00", "reply"),
                event("tue 11:00", "callback"),
                event("wed 10:00", "reopen", source="replied"),
                event("wed 12:00", "reply"),
            ]
            for number in range(1, len(way) + 1):
                states = [clock_state(rule, way[:number], CN.calendars[rule.calendar]) for rule in rules_of]
                assert next_due(states) is not None, (kind, channel, way[number - 1].verb)


def _cases(policy: Policy) -> st.SearchStrategy[CaseTraits]:
    """Return cases with what the rules of a policy name in them, and with what they do not."""
    conditions = [rule.when for rule in policy.clocks]

    def named(values: Iterable[str], *others: str) -> st.SearchStrategy[str]:
        return st.sampled_from(sorted({*values, *others}))

    categories = {category for one in conditions for category in one.categories}
    return st.builds(
        CaseTraits,
        st.just(date(2026, 3, 2)),
        named((kind for one in conditions for kind in one.kinds), *CaseKind),
        named(categories, *(f"{category} / below" for category in categories), "another"),
        st.integers(1, 4),
        named((channel for one in conditions for channel in one.channels), *Channel),
        named((authority for one in conditions for authority in one.authorities), "", "another"),
        named((area for one in conditions for area in one.areas), "", "another"),
        named((region for one in conditions for region in one.regions), "", "another"),
        named((word for one in conditions for word in one.keywords), "", "nothing of note"),
    )


@pytest.mark.parametrize("pack", ready_packs())
@given(data=st.data())
def test_cases_alike_in_what_the_rules_tell_apart_get_the_same_clocks(pack: str, data: st.DataObject) -> None:
    policy = parse_policy(load_pack(pack), name=pack)
    distinctions = Distinctions.made_by(rule.when for rule in policy.clocks)
    case, other = data.draw(_cases(policy)), data.draw(_cases(policy))
    for trait in ("kind", "category", "severity", "channel", "authority", "area", "region", "text"):
        like = replace(case, **{trait: getattr(other, trait)})
        if distinctions.of(like) == distinctions.of(case):
            assert clocks_for(policy, like) == clocks_for(policy, case)
