"""Working calendars: what a file may say, what is refused and how, and working time through changes of the clock."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import OmbudError, UsageError
from console.rules.calendar_days import DayKind
from console.rules.calendars import Calendar, CalendarError, load_calendar, parse_calendar_text, ready_calendars
from console.rules.deadlines import elapsed_seconds

HOUR = 3600


def calendar(**changes: Any) -> Calendar:
    return Calendar.parse({"zone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}, **changes}, "test")


def hours_of(office: Calendar, day: str) -> float:
    """The working hours of one local date."""
    start = datetime.fromisoformat(day).replace(tzinfo=office.zone)
    end = datetime.fromordinal(start.toordinal() + 1).replace(tzinfo=office.zone)
    return elapsed_seconds(office, start, end) / HOUR


def test_days_without_hours_are_closed() -> None:
    office = calendar()
    assert hours_of(office, "2026-03-06") == 8
    assert hours_of(office, "2026-03-07") == 0
    assert office.day(date(2026, 3, 7)).kind is DayKind.CLOSED


def test_several_blocks_to_the_minute_and_second() -> None:
    office = calendar(hours={"Monday": ["13:30-17:00:30", "08:45-12:00"]})
    assert hours_of(office, "2026-03-02") == (3 * 60 + 15 + 3 * 60 + 30.5) / 60
    assert [str(block) for block in office.day(date(2026, 3, 2)).blocks] == ["08:45-12:00", "13:30-17:00:30"]


@pytest.mark.parametrize(
    ("blocks", "hours"),
    [
        ("00:00-24:00", 24),
        ("18:00-00:00", 6),
        ("9-17", 8),
        ([["09:00", "12:00"], "13:00 – 17:00"], 7),
        (["09:00-12:00", "12:00-17:00"], 8),
        ([], 0),
        (None, 0),
        ("", 0),
    ],
)
def test_ways_to_write_hours(blocks: object, hours: float) -> None:
    assert hours_of(calendar(hours={"mon": blocks, "tue": "09:00-17:00"}), "2026-03-02") == hours


def test_holidays_dated_yearly_in_ranges_and_tables() -> None:
    office = calendar(
        holidays=[
            "2026-03-02",
            "--05-01",
            "2026-03-04/2026-03-05",
            "--12-24/--12-26",
            {"date": "2026-03-06", "name": "Day"},
        ]
    )
    for day in ("2026-03-02", "2026-05-01", "2029-05-01", "2026-03-04", "2026-03-05", "2026-12-25", "2026-03-06"):
        assert hours_of(office, day) == 0, day
    assert hours_of(office, "2026-03-03") == 8
    assert office.day(date(2026, 3, 6)).name == "Day"


def test_an_inactive_holiday_does_not_count() -> None:
    assert hours_of(calendar(holidays=[{"date": "2026-03-02", "active": False}]), "2026-03-02") == 8
    assert hours_of(calendar(holidays={"2026-03-02": {"active": False, "summary": "Test"}}), "2026-03-02") == 8
    assert hours_of(calendar(holidays={"2026-03-02": "Test", "2026-03-03": True}), "2026-03-02") == 0


def test_a_make_up_day_beats_weekday_and_holiday_and_may_have_its_own_hours() -> None:
    office = calendar(
        holidays=["2026-03-02"],
        workdays={"2026-03-07": ["09:00-12:00"], "2026-03-02": True, "2026-03-08": "10:00-11:00"},
    )
    assert [hours_of(office, f"2026-03-0{day}") for day in (2, 7, 8)] == [8, 3, 1]
    assert office.day(date(2026, 3, 7)).kind is DayKind.MAKEUP
    assert hours_of(calendar(workdays=["2026-03-07", {"date": "2026-03-08", "hours": "9-10"}]), "2026-03-07") == 8


def test_further_holidays_leave_the_first_calendar_as_it_was() -> None:
    first = calendar(holidays={"2026-03-03": "Named"})
    second = first.with_holidays(["2026-03-02", "2026-03-03"])
    assert (hours_of(first, "2026-03-02"), hours_of(second, "2026-03-02")) == (8, 0)
    assert second.day(date(2026, 3, 3)).name == "Named"


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)]
)
def test_a_day_is_as_long_as_the_clocks_make_it(day: str, hours: float) -> None:
    assert hours_of(calendar(zone="Europe/Berlin", hours={"mon-sun": "00:00-24:00"}), day) == hours


def test_a_skipped_hour_does_not_count_and_a_repeated_one_counts_twice() -> None:
    office = calendar(zone="Europe/Berlin", hours={"sun": "01:30-02:30"})
    assert hours_of(office, "2026-03-29") == 0.5
    assert hours_of(office, "2026-10-25") == 1.5
    opened = list(office.segments(datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)))
    assert [(start.strftime("%H:%M"), end.strftime("%H:%M")) for start, end in opened] == [
        ("23:30", "00:30"),
        ("01:00", "01:30"),
    ]


def test_summer_time_in_shanghai_in_1988() -> None:
    office = calendar(zone="Asia/Shanghai", hours={"mon-sun": "00:00-24:00"})
    assert hours_of(office, "1988-04-17") == 23
    assert hours_of(office, "1988-09-11") == 25
    start = datetime(1988, 7, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert start.utcoffset() == datetime(1988, 7, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo")).utcoffset()


def test_a_date_that_a_zone_skips_has_no_working_time() -> None:
    office = calendar(zone="Pacific/Apia", hours={"mon-sun": "09:00-17:00"})
    assert (
        elapsed_seconds(office, datetime(2011, 12, 29, 0, tzinfo=office.zone), datetime(2012, 1, 1, tzinfo=office.zone))
        == 16 * HOUR
    )


def test_working_time_is_the_same_whichever_years_are_asked_for_first() -> None:
    start, end = datetime(1999, 12, 30, tzinfo=UTC), datetime(2031, 1, 3, 12, tzinfo=UTC)
    fresh, worn = calendar(zone="Asia/Tokyo"), calendar(zone="Asia/Tokyo")
    for year in (2015, 1950, 2060, 2000):
        elapsed_seconds(worn, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    assert elapsed_seconds(worn, start, end) == elapsed_seconds(fresh, start, end)


def test_opening_works_and_closing_does_not() -> None:
    office = calendar()
    assert office.is_working(datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert not office.is_working(datetime(2026, 3, 2, 17, tzinfo=UTC))
    assert not office.is_working(datetime(2026, 3, 2, 8, 59, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"zone": "Europe/Berlim"}, "Europe/Berlin"),
        ({"zone": None}, "zone"),
        ({"zone": "localtime"}, "localtime"),
        ({"zone": "../etc/passwd"}, "unknown time zone"),
        ({"hour": {}}, "hours"),
        ({"hours": {"mandag": "09:00-17:00"}}, "hours.mandag"),
        ({"hours": {"1": "09:00-17:00"}}, "Numbers are not taken"),
        ({"hours": {"mon": "09:00-17:00", "Monday": "09:00-17:00"}}, "Monday twice"),
        ({"hours": {"mon": "17:00-09:00"}}, "ends before it begins"),
        ({"hours": {"mon": "00:00-00:00"}}, "00:00-24:00"),
        ({"hours": {"mon": "09:00-25:00"}}, "no time of day"),
        ({"hours": {"mon": "09:60-17:00"}}, "no time of day"),
        ({"hours": {"mon": "nine to five"}}, "no block"),
        ({"hours": {"mon": [900]}}, "hours.mon"),
        ({"hours": {"mon": ["09:00-13:00", "12:00-17:00"]}}, "overlap"),
        ({"hours": "09:00-17:00"}, "no table of weekdays"),
        ({"hours": {}}, "no working time"),
        ({"hours": {"mon": []}}, "no working time"),
        ({"holidays": ["2026-02-30"]}, "2026-02-30"),
        ({"holidays": ["--13-01"]}, "--13-01"),
        ({"holidays": [20260101]}, "20260101"),
        ({"holidays": ["2026-03-02/2026-03-01"]}, "ends before"),
        ({"holidays": [{"day": "2026-03-02"}]}, "day = 2026-03-02"),
        ({"holidays": "2026-03-02"}, "no list"),
        ({"workdays": ["--03-02"]}, "yearly"),
        ({"workdays": {"2026-03-07": []}}, "without hours"),
        ({"announced_until": "soon"}, "announced_until"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_one_sentence(changes: dict[str, object], word: str) -> None:
    with pytest.raises(CalendarError) as refused:
        calendar(**changes)
    assert word in str(refused.value)
    assert "test" in refused.value.message
    assert refused.value.hint


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["09:00-17:00", "2026-03-02"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.just("date"), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200)
@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("zone", "hours", "holidays", "workdays", "name", "announced_until"), anything)
    )
)
def test_whatever_a_file_holds_is_read_or_refused_with_a_reason(mapping: dict[str, object]) -> None:
    for read in (mapping, {"zone": "UTC", "hours": {"mon": "09:00-17:00"}, **mapping}):
        with suppress(CalendarError):
            assert Calendar.parse(read, "test").schedule.hours


def test_years_outside_1900_to_2200_are_refused() -> None:
    with pytest.raises(OmbudError, match="1900"):
        elapsed_seconds(calendar(), datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


def test_files_in_toml_and_json(tmp_path: Path) -> None:
    toml = tmp_path / "office.toml"
    toml.write_text('zone = "UTC"\nholidays = [2026-03-02]\n[hours]\nmon = ["09:00-17:00"]\n', "utf-8")
    assert hours_of(load_calendar(str(toml)), "2026-03-02") == 0
    json = tmp_path / "two.json"
    json.write_text(
        '{"calendars": {"A": {"zone": "UTC", "hours": {"mon": "9-10"}}, "B": {"zone": "UTC", "hours": {"mon": "9-11"}}}}',
        "utf-8",
    )
    assert hours_of(load_calendar(f"{json}#B"), "2026-03-02") == 2
    assert hours_of(load_calendar(str(json), "A"), "2026-03-02") == 1
    with pytest.raises(UsageError, match="several"):
        load_calendar(str(json))
    with pytest.raises(UsageError, match="no calendar C"):
        load_calendar(f"{json}#C")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no calendar"):
        load_calendar(str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match="cannot be read"):
        load_calendar(str(tmp_path))
    with pytest.raises(CalendarError, match="line 2"):
        parse_calendar_text('zone = "UTC"\nhours = \n[x]\n', "bad.toml")
    with pytest.raises(CalendarError, match="line 2"):
        parse_calendar_text('{"zone": "UTC",\n"hours" {}}', "bad.json")
    with pytest.raises(CalendarError, match="nested"):
        parse_calendar_text('{"zone":' + "[" * 200_000, "deep.json")
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'zone = "\xe9"')
    with pytest.raises(CalendarError, match="UTF-8"):
        load_calendar(str(latin))


def test_the_ready_calendars() -> None:
    assert ready_calendars() == ("cn", "gb", "us")
    china, britain, america = map(load_calendar, ready_calendars())
    assert china.day(date(2026, 2, 14)).kind is DayKind.MAKEUP
    assert china.day(date(2026, 2, 17)).kind is DayKind.HOLIDAY
    assert china.day(date(2024, 10, 12)).kind is DayKind.MAKEUP
    assert china.schedule.announced_until == 2026
    assert britain.day(date(2026, 4, 6)).name == "Easter Monday"
    assert britain.day(date(2022, 9, 19)).kind is DayKind.HOLIDAY
    assert america.day(date(2026, 11, 26)).name == "Thanksgiving Day"
    assert america.day(date(2026, 3, 2)).kind is DayKind.WORKING
