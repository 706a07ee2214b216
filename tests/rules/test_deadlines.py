"""Due times: the golden cases, the choices made, and the properties that hold for every calendar."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from console.errors import OmbudError, UsageError
from console.rules.calendars import Calendar, CalendarError, load_calendar
from console.rules.deadline_explanations import SegmentKind, explain
from console.rules.deadlines import (
    ClockStatus,
    Pause,
    Target,
    TargetKind,
    clock_at,
    due_at,
    due_at_share,
    elapsed_seconds,
    remaining_seconds,
    shifted_at,
)

GOLDEN = json.loads((Path(__file__).parent / "deadline_cases.json").read_text("utf-8"))
OFFICE = Calendar.parse(
    {
        "zone": "Europe/London",
        "hours": {"mon-fri": ["09:00-12:00", "13:00-17:00"]},
        "holidays": {"2026-04-06": "Easter Monday"},
    }
)
MINUTE, HOUR, DAY = 60, 3600, 86400


def at(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=OFFICE.zone)


def pauses_of(texts: list[str]) -> list[Pause]:
    return [(at(begin), at(end) if end else None) for begin, _, end in (text.partition("/") for text in texts)]


def due(start: str, target: str, *pauses: str, calendar: Calendar = OFFICE) -> str | None:
    """The due time as the wall clock of the calendar shows it."""
    moment = due_at(calendar, at(start), Target.parse(target), pauses_of(list(pauses)))
    return (
        None if moment is None else moment.astimezone(calendar.zone).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
    )


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["case"])
def test_golden_cases(case: dict[str, Any]) -> None:
    calendar = Calendar.parse(GOLDEN["calendars"][case["calendar"]])
    pauses = pauses_of(case.get("pauses", []))
    if "elapsed_seconds" in case:
        assert elapsed_seconds(calendar, at(case["start"]), at(case["end"]), pauses) == case["elapsed_seconds"]
    else:
        target = Target.parse(case["target"])
        assert due_at(calendar, at(case["start"]), target, pauses) == at(case["due"])
        assert explain(calendar, at(case["start"]), target, pauses).due_at == at(case["due"])


# Targets in days. 2026-03-06 is a Friday.


@pytest.mark.parametrize(
    ("start", "target", "expected"),
    [
        ("2026-03-06T16:50", "1d", "2026-03-09 17:00"),
        ("2026-03-06T07:00", "1d", "2026-03-09 17:00"),
        ("2026-03-06T22:00", "1d", "2026-03-09 17:00"),
        ("2026-03-07T10:00", "1d", "2026-03-09 17:00"),
        ("2026-04-02T10:00", "3d", "2026-04-08 17:00"),
        ("2026-03-06T10:15:20", "1d@same", "2026-03-09 10:15:20"),
        ("2026-03-06T07:00", "1d@same", "2026-03-09 09:00"),
        ("2026-03-06T12:30", "1d@same", "2026-03-09 12:00"),
        ("2026-03-06T22:00", "1d@same", "2026-03-09 17:00"),
        ("2026-03-07T10:00", "1d@same", "2026-03-09 17:00"),
        ("2026-03-06T10:00", "3cd", "2026-03-09 23:59:59"),
        ("2026-03-06T10:00", "3cd@same", "2026-03-09 10:00"),
        ("2026-03-28T01:30", "1cd@same", "2026-03-29 02:30"),
        ("2026-10-24T01:30", "1cd@same", "2026-10-25 01:30"),
        ("2026-10-24T10:00", "24ch", "2026-10-25 09:00"),
        ("2026-03-06T16:30", "30m", "2026-03-06 17:00"),
        ("2026-03-06T16:30", "30m1s", "2026-03-09 09:00:01"),
    ],
)
def test_targets(start: str, target: str, expected: str) -> None:
    assert due(start, target) == expected


def test_resolved_by_the_end_of_the_next_working_day() -> None:
    limit = due_at(OFFICE, at("2026-03-06T16:50"), Target.parse("1d"))
    assert limit is not None
    assert at("2026-03-09T17:00") <= limit < at("2026-03-10T09:00")


def test_the_eight_week_date() -> None:
    limit = due_at(OFFICE, at("2026-01-05T11:20"), Target.parse("8w"))
    assert limit is not None
    assert limit.astimezone(OFFICE.zone).date() == date(2026, 3, 2)


def test_a_full_day_until_midnight_is_due_at_midnight() -> None:
    calendar = Calendar.parse({"zone": "UTC", "hours": {"mon-fri": "00:00-24:00"}})
    assert due("2018-11-19T10:00Z", "7d", calendar=calendar) == "2018-11-29 00:00"


def test_make_up_days_count_and_half_days_end_early() -> None:
    calendar = Calendar.parse(
        {
            "zone": "Asia/Shanghai",
            "hours": {"mon-fri": "09:00-17:00"},
            "holidays": ["2026-02-16/2026-02-23"],
            "workdays": {"2026-02-14": ["09:00-12:00"]},
        }
    )
    assert due("2026-02-13T16:00+08:00", "1d", calendar=calendar) == "2026-02-14 12:00"
    assert due("2026-02-13T16:00+08:00", "5h", calendar=calendar) == "2026-02-24 10:00"
    assert due("2026-02-13T16:00+08:00", "2d", calendar=calendar) == "2026-02-24 17:00"


def test_the_95598_answer_across_the_spring_festival() -> None:
    assert due("2026-02-12T10:00+08:00", "4d", calendar=load_calendar("cn")) == "2026-02-25 17:30"


@pytest.mark.parametrize("target", ["", "0", "0m", "0d", "0w@same", "none"])
def test_target_zero_or_empty_promises_nothing(target: str) -> None:
    parsed = Target.parse(target)
    assert parsed.is_absent
    assert due_at(OFFICE, at("2026-03-06T10:00"), parsed) is None
    assert explain(OFFICE, at("2026-03-06T10:00"), parsed).segments == ()
    assert clock_at(OFFICE, at("2026-03-06T10:00"), parsed, at("2026-03-06T11:00")).status is ClockStatus.ABSENT


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("1h30m", "90m"),
        ("1.5h", "90m"),
        ("PT1H30M", "90m"),
        (" 90 MIN ", "90m"),
        ("2h", "7200s"),
        ("14cd", "2w"),
        ("4wd@end", "4d"),
    ],
)
def test_ways_to_write_a_target(text: str, same_as: str) -> None:
    assert Target.parse(text) == Target.parse(same_as)


@pytest.mark.parametrize(
    "text",
    [
        "-5m",
        "soon",
        "5",
        "5x",
        "1.5d",
        "1h2d",
        "1h1h",
        "0.0001s",
        "5m@same",
        "4d@noon",
        "4d@",
        "99999999d",
        "999999999h",
        "٤d",
        "1e3m",
    ],
)
def test_targets_that_are_none(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        Target.parse(text)
    assert refused.value.hint


@pytest.mark.parametrize(
    "text", ["120m", "24h", "90s", "4d", "7d@same", "10cd", "8w", "3w@same", "24ch", "45cm", "5cs"]
)
def test_a_target_is_written_as_it_is_read(text: str) -> None:
    assert Target.parse(str(Target.parse(text))) == Target.parse(text)


# Pauses.


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([], "2026-03-02 12:00"),
        (["2026-03-02T10:30/2026-03-02T11:00"], "2026-03-02 13:30"),
        (["2026-03-02T11:00/2026-03-02T11:30", "2026-03-02T10:30/2026-03-02T11:10"], "2026-03-02 14:00"),
        (["2026-03-02T10:30/2026-03-02T10:45", "2026-03-02T10:45/2026-03-02T11:00"], "2026-03-02 13:30"),
        (["2026-03-02T12:00/2026-03-02T16:00"], "2026-03-02 12:00"),
        (["2026-03-01T10:00/2026-03-02T10:30"], "2026-03-02 13:30"),
        (["2026-02-01T10:00/2026-02-02T10:30"], "2026-03-02 12:00"),
        (["2026-03-02T11:00/2026-03-02T13:00"], "2026-03-02 14:00"),
        (["2026-03-02T11:00/2026-03-03T09:00"], "2026-03-03 10:00"),
        (["2026-03-02T11:00/"], None),
        (["2026-03-02T12:00/"], "2026-03-02 12:00"),
        (["2026-03-02T11:00/2026-03-02T11:00"], "2026-03-02 12:00"),
    ],
)
def test_pauses_of_a_two_hour_promise_from_ten(pauses: list[str], expected: str | None) -> None:
    assert due("2026-03-02T10:00", "2h", *pauses) == expected


@pytest.mark.parametrize(
    ("pause", "expected"),
    [
        ("2026-03-02T18:00/2026-03-03T08:00", "2026-03-04 17:00"),
        ("2026-03-02T11:00/2026-03-02T12:00", "2026-03-05 10:00"),
        ("2026-03-02T09:00/2026-03-03T09:00", "2026-03-05 16:00"),
        ("2026-03-03T09:00/2026-03-03T17:00", "2026-03-05 17:00"),
        ("2026-03-03T15:00/2026-03-03T20:00", "2026-03-05 11:00"),
    ],
)
def test_a_pause_moves_a_promise_in_days_by_its_working_time(pause: str, expected: str) -> None:
    assert due("2026-03-02T10:00", "2d", pause) == expected


def test_a_pause_moves_calendar_days_by_every_hour_of_it() -> None:
    assert due("2026-03-02T10:00", "1w", "2026-03-03T18:00/2026-03-04T18:00") == "2026-03-10 23:59:59"


@pytest.mark.parametrize(
    ("start", "pause", "expected"),
    [
        ("2026-03-02T18:00", "2026-03-02T19:00/2026-03-02T20:00", "2026-03-03 11:00"),
        ("2026-03-02T18:00", "2026-03-03T09:30/2026-03-03T10:00", "2026-03-03 11:30"),
        ("2026-03-03T09:00", "2026-03-03T10:30/2026-03-03T12:30", "2026-03-03 13:30"),
        ("2026-03-02T16:00", "2026-03-02T18:00/2026-03-03T09:30", "2026-03-03 10:30"),
    ],
    ids=["all outside hours", "start outside, pause inside", "resumed outside hours", "paused outside hours"],
)
def test_the_pause_matrix(start: str, pause: str, expected: str) -> None:
    assert due(start, "2h", pause) == expected


def test_a_pause_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(UsageError, match="ends before"):
        due("2026-03-02T10:00", "2h", "2026-03-02T12:00/2026-03-02T11:00")


def test_how_a_promise_stands() -> None:
    start, target = at("2026-03-02T10:00"), Target.parse("2h")
    running = clock_at(OFFICE, start, target, at("2026-03-02T10:30"))
    assert (running.status, running.remaining_seconds) == (ClockStatus.RUNNING, 90 * MINUTE)
    assert clock_at(OFFICE, start, target, at("2026-03-02T12:00")).status is ClockStatus.RUNNING
    overdue = clock_at(OFFICE, start, target, at("2026-03-02T14:00"))
    assert (overdue.status, overdue.remaining_seconds) == (ClockStatus.OVERDUE, -HOUR)
    paused = clock_at(OFFICE, start, target, at("2026-03-09T14:00"), [(at("2026-03-02T11:30"), None)])
    assert (paused.status, paused.due_at, paused.remaining_seconds) == (ClockStatus.PAUSED, None, 30 * MINUTE)
    assert remaining_seconds(OFFICE, at("2026-03-02T16:00"), at("2026-03-03T10:00")) == 2 * HOUR


def test_shares_and_shifts_for_escalation_and_reminders() -> None:
    start, target = at("2026-03-06T15:00"), Target.parse("4h")
    assert due_at_share(OFFICE, start, target, Fraction(3, 4)) == at("2026-03-09T10:00")
    assert due_at_share(OFFICE, start, target, Fraction(1, 2)) == at("2026-03-06T17:00")
    assert due_at_share(
        OFFICE, start, target, Fraction(3, 4), [(at("2026-03-09T09:00"), at("2026-03-09T10:30"))]
    ) == at("2026-03-09T11:30")
    assert shifted_at(OFFICE, at("2026-03-09T10:00"), -2 * HOUR) == at("2026-03-06T16:00")
    assert shifted_at(OFFICE, at("2026-03-09T10:00"), 2 * HOUR) == at("2026-03-09T12:00")
    assert shifted_at(OFFICE, at("1990-01-01T10:00"), 0) == at("1990-01-01T10:00")


# Calendars that never work.


@pytest.mark.parametrize("target", ["1m", "1d", "1d@same"])
def test_a_calendar_of_holidays_only_is_an_error_not_a_loop(target: str) -> None:
    never = Calendar.parse(
        {"zone": "UTC", "hours": {"mon-fri": "09:00-17:00"}, "holidays": ["--01-01/--12-31"]}, "never"
    )
    with pytest.raises(CalendarError, match="never"):
        due_at(never, at("2026-03-02T10:00"), Target.parse(target))


def test_make_up_days_in_the_past_only_are_an_error() -> None:
    past = Calendar.parse({"zone": "UTC", "workdays": {"2020-01-04": "09:00-17:00"}})
    with pytest.raises(CalendarError):
        due_at(past, at("2026-03-02T10:00"), Target.parse("1h"))
    assert due_at(past, at("2019-03-02T10:00"), Target.parse("1h")) == datetime(2020, 1, 4, 10, tzinfo=UTC)


def test_starts_outside_the_years_and_targets_past_them_are_refused() -> None:
    for start, target in [("9999-12-31T00:00Z", "8w"), ("0001-01-02T00:00Z", "1d"), ("2026-01-01T00:00Z", "73000d")]:
        with pytest.raises(OmbudError):
            due_at(OFFICE, at(start), Target.parse(target))


# Explanations.


def test_an_explanation_names_holidays_weekends_make_up_days_and_pauses() -> None:
    target = Target.parse("2d")
    found = explain(OFFICE, at("2026-04-02T16:00"), target, pauses_of(["2026-04-03T11:00/2026-04-03T14:00"]))
    whys = [segment.why for segment in found.segments]
    assert whys[0] == "working hours, Thursday (day of receipt)"
    assert "holiday: Easter Monday" in whys
    assert "no working hours on Saturdays" in whys
    assert "paused: working hours, Friday (day 1 of 2)" in whys
    assert "outside working hours; paused" in whys
    assert whys[-1] == "working hours, Wednesday (moved by pauses)"
    assert [held.counted_seconds for held in found.pauses] == [2 * HOUR]
    assert found.rule == "The end of the 2nd working day after the day of receipt."


def test_an_explanation_of_an_open_pause_ends_where_it_began() -> None:
    found = explain(OFFICE, at("2026-03-02T10:00"), Target.parse("2h"), pauses_of(["2026-03-02T10:45/"]))
    assert found.due_at is None
    assert (found.status, found.remaining_seconds) == (ClockStatus.PAUSED, 75 * MINUTE)
    assert found.segments[-1].to_at == at("2026-03-02T10:45")
    assert found.notes


def test_an_explanation_says_when_holidays_are_not_announced_yet() -> None:
    china = load_calendar("cn")
    assert explain(china, at("2026-12-30T10:00Z"), Target.parse("5d")).notes
    assert not explain(china, at("2026-03-02T10:00Z"), Target.parse("5d")).notes


# Properties, for every calendar, start, target and pauses.

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    blocks = st.lists(st.integers(0, 144), min_size=2, max_size=4, unique=True).map(
        lambda tens: [
            f"{start // 6:02d}:{start % 6}0-{end // 6:02d}:{end % 6}0"
            for start, end in zip(sorted(tens)[::2], sorted(tens)[1::2], strict=False)
        ]
    )
    days = draw(st.sets(st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun")), min_size=1))
    return Calendar.parse(
        {
            "zone": draw(st.sampled_from(ZONES)),
            "hours": {day: draw(blocks) for day in sorted(days)},
            "holidays": [*sorted(draw(st.sets(dates, max_size=4))), "--12-25"],
            "workdays": {day: draw(blocks) for day in sorted(draw(st.sets(dates, max_size=2)))},
        }
    )


dates = st.dates(date(2025, 3, 20), date(2025, 4, 20)).map(lambda day: day.isoformat())
moments = st.one_of(
    st.datetimes(datetime(2025, 3, 15), datetime(2025, 4, 20)),
    st.datetimes(datetime(2025, 10, 1), datetime(2025, 11, 20)),
    st.datetimes(datetime(1988, 4, 1), datetime(1988, 4, 30)),
    st.datetimes(datetime(2011, 12, 20), datetime(2012, 1, 10)),
).map(lambda moment: moment.replace(tzinfo=UTC, microsecond=0))
seconds = st.integers(1, 60 * HOUR)
pause_lists = st.lists(st.tuples(moments, st.integers(0, 5 * DAY)), max_size=4).map(
    lambda found: [(begin, begin + timedelta(seconds=length)) for begin, length in found]
)
targets = st.one_of(
    seconds.map(lambda count: f"{count}s"),
    st.integers(1, 15).map(lambda count: f"{count}d"),
    st.integers(1, 15).map(lambda count: f"{count}d@same"),
    st.integers(1, 30).map(lambda count: f"{count}cd"),
    st.integers(1, 100).map(lambda count: f"{count}ch"),
).map(Target.parse)
quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def is_in_working_time(target: Target) -> bool:
    return target.kind in (TargetKind.WORKING_TIME, TargetKind.WORKING_DAYS)


def working_due(
    calendar: Calendar, start: datetime, count: int, pauses: list[tuple[datetime, datetime]] | None = None
) -> datetime:
    moment = due_at(calendar, start, Target.parse(f"{count}s"), pauses or [])
    assert moment is not None
    return moment


@quick
@given(calendars(), moments, seconds)
def test_p1_the_time_elapsed_until_due_is_the_target(calendar: Calendar, start: datetime, count: int) -> None:
    end = working_due(calendar, start, count)
    assert elapsed_seconds(calendar, start, end) == count
    assert elapsed_seconds(calendar, start, end - timedelta(seconds=1)) == count - 1


@quick
@given(calendars(), moments, moments, seconds, seconds)
def test_p2_due_grows_with_start_and_target(
    calendar: Calendar, one: datetime, other: datetime, few: int, more: int
) -> None:
    (one, other), (few, more) = sorted((one, other)), sorted((few, more))
    assert working_due(calendar, one, few) <= working_due(calendar, other, few)
    assert working_due(calendar, one, few) <= working_due(calendar, one, more)


@quick
@given(calendars(), moments, moments, st.integers(1, 12), st.sampled_from(["d", "d@same", "cd"]))
def test_p2_due_in_days_grows_with_start_and_target(
    calendar: Calendar, one: datetime, other: datetime, count: int, unit: str
) -> None:
    one, other = sorted((one, other))
    # The same time of day goes back where the clocks do: 02:50 comes before the second 02:10.
    assume(unit in ("d", "cd") or one.astimezone(calendar.zone).fold == other.astimezone(calendar.zone).fold == 0)
    unit_count, unit_more = f"{count}{unit}", f"{count + 1}{unit}"
    first, second = (due_at(calendar, start, Target.parse(unit_count)) for start in (one, other))
    third = due_at(calendar, one, Target.parse(unit_more))
    assert first is not None
    assert second is not None
    assert third is not None
    assert first <= second
    # Not less: where a zone leaves out a date, two calendar days end together.
    assert first <= third


@quick
@given(calendars(), moments, targets, dates)
def test_p3_a_holiday_more_never_makes_due_earlier(
    calendar: Calendar, start: datetime, target: Target, day: str
) -> None:
    before, after = (due_at(one, start, target) for one in (calendar, calendar.with_holidays([day])))
    assert before is not None
    assert after is not None
    assert before <= after


@quick
@given(calendars(), moments, st.integers(2, 60 * HOUR), st.data())
def test_p4_a_pause_moves_due_by_exactly_its_working_time(
    calendar: Calendar, start: datetime, count: int, data: st.DataObject
) -> None:
    plain = working_due(calendar, start, count)
    begin = start + timedelta(seconds=data.draw(st.integers(0, int((plain - start).total_seconds()) - 1)))
    end = begin + timedelta(seconds=data.draw(st.integers(0, 10 * DAY)))
    paused = elapsed_seconds(calendar, begin, end)
    assert elapsed_seconds(calendar, plain, working_due(calendar, start, count, [(begin, end)])) == paused


@quick
@given(calendars(), moments, targets.filter(is_in_working_time), moments, st.integers(0, 3 * DAY))
def test_p5_a_pause_outside_working_time_changes_nothing(
    calendar: Calendar, start: datetime, target: Target, begin: datetime, length: int
) -> None:
    end = begin + timedelta(seconds=length)
    opened = next(calendar.segments(begin, end), None)
    if opened is not None:
        end = opened[0]
    assert due_at(calendar, start, target, [(begin, end)]) == due_at(calendar, start, target)


@quick
@given(calendars(), moments, targets, pause_lists, st.data())
def test_p6_cutting_and_mixing_pauses_changes_nothing(
    calendar: Calendar, start: datetime, target: Target, pauses: list[tuple[datetime, datetime]], data: st.DataObject
) -> None:
    cut: list[tuple[datetime, datetime]] = []
    for begin, end in pauses:
        middle = begin + timedelta(seconds=data.draw(st.integers(0, int((end - begin).total_seconds()))))
        cut += [(begin, middle), (middle, end)]
    mixed = data.draw(st.permutations(cut))
    assert due_at(calendar, start, target, mixed) == due_at(calendar, start, target, pauses)


@pytest.fixture
def other_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(os.environ, "TZ", "Asia/Kathmandu")
    monkeypatch.setitem(os.environ, "LC_ALL", "tr_TR.UTF-8")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_p7_the_machine_s_zone_and_locale_change_nothing(other_zone: None) -> None:
    assert due("2026-03-06T16:30", "60m") == "2026-03-09 09:30"
    assert due("2026-03-06T16:50", "1d") == "2026-03-09 17:00"
    assert explain(OFFICE, at("2026-03-06T16:30"), Target.parse("60m")).segments[0].why == "working hours, Friday"


def wall_minutes(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Count, minute by minute, when a clock on the wall shows a time inside a block: slow, and sure."""
    counted = 0
    while start < end:
        local = start.astimezone(calendar.zone)
        second = local.hour * HOUR + local.minute * MINUTE
        counted += any(block.start <= second < block.end for block in calendar.day(local.date()).blocks)
        start += timedelta(minutes=1)
    return counted


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(calendars(), moments, st.integers(1, 3 * 24 * 60))
@example(
    Calendar.parse({"zone": "Europe/Berlin", "hours": {"sun": "01:30-02:30"}}),
    datetime(2025, 10, 25, 22, tzinfo=UTC),
    600,
)
@example(
    Calendar.parse({"zone": "Asia/Shanghai", "hours": {"sun": "00:00-24:00"}}), datetime(1988, 4, 16, tzinfo=UTC), 2880
)
def test_p8_working_time_is_what_the_wall_clock_shows(calendar: Calendar, start: datetime, minutes: int) -> None:
    start = start.replace(second=0)
    end = start + timedelta(minutes=minutes)
    assert elapsed_seconds(calendar, start, end) == wall_minutes(calendar, start, end) * MINUTE


def test_p10_recomputing_gives_the_same_times() -> None:
    starts = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=7919 * step) for step in range(5000)]
    target = Target.parse("10d")
    fresh, worn = (Calendar.parse({"zone": "Asia/Shanghai", "hours": {"mon-fri": "08:30-17:30"}}) for _ in range(2))
    backwards = [due_at(worn, start, target) for start in reversed(starts)]
    assert [due_at(fresh, start, target) for start in starts] == backwards[::-1]
    assert [due_at(fresh, start, target) for start in starts] == backwards[::-1]


@quick
@given(calendars(), moments, targets, pause_lists)
def test_the_segments_of_an_explanation_lie_end_to_end_and_add_up(
    calendar: Calendar, start: datetime, target: Target, pauses: list[tuple[datetime, datetime]]
) -> None:
    found = explain(calendar, start, target, pauses)
    assert found.due_at == due_at(calendar, start, target, pauses)
    assert sum(segment.counted_seconds for segment in found.segments) == found.target_seconds
    if found.segments:
        assert (found.segments[0].from_at, found.segments[-1].to_at) == (start, found.due_at)
    for earlier, later in pairwise(found.segments):
        assert earlier.to_at == later.from_at
        assert (earlier.kind, earlier.why) != (later.kind, later.why)
    for segment in found.segments:
        counts = segment.kind in (SegmentKind.WORKING, SegmentKind.MAKEUP, SegmentKind.EVERY_HOUR)
        length = int((segment.to_at - segment.from_at).total_seconds())
        assert segment.counted_seconds == (length if counts else 0)
    if target.kind == "working_time":
        assert found.target_seconds == target.amount


def test_the_zone_of_the_start_does_not_matter() -> None:
    start = at("2026-03-06T16:30")
    for zone in ZONES:
        assert due_at(OFFICE, start.astimezone(ZoneInfo(zone)), Target.parse("4d")) == due_at(
            OFFICE, start, Target.parse("4d")
        )
