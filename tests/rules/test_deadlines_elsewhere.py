"""Situations that other systems' users reported as computed wrongly, and a walk minute by minute beside our arithmetic."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.rules.calendars import Calendar
from console.rules.deadline_targets import Target
from console.rules.deadlines import due_at, elapsed_seconds

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Shanghai",
    "Africa/Casablanca",
)


def calendar(zone: str, hours: dict[str, list[str]], **more: object) -> Calendar:
    """Return a calendar of opening hours."""
    return Calendar.parse({"zone": zone, "hours": hours, **more}, "test")


def weekdays(block: str) -> dict[str, list[str]]:
    """Return the same hours from Monday to Friday."""
    return {day: [block] for day in WEEKDAYS[:5]}


ALWAYS = {day: ["00:00-24:00"] for day in WEEKDAYS}
NINE_TO_FIVE = weekdays("09:00-17:00")


@pytest.mark.parametrize(
    ("hours", "more", "start", "target", "due"),
    [
        # A round-the-clock calendar has no closed minute at midnight (zammad#3180).
        (ALWAYS, {}, "2020-09-04T23:30", "2h", "2020-09-05T01:30"),
        # Whole days follow each other without a seam, also into a weekend (zendesk/biz#138).
        (weekdays("00:00-24:00"), {}, "2019-01-14T00:00", "24h", "2019-01-15T00:00"),
        (weekdays("00:00-24:00"), {}, "2019-01-11T12:00", "24h", "2019-01-14T12:00"),
        # One weekday alone is enough (osTicket#6739).
        ({"tue": ["08:00-17:00"]}, {}, "2024-08-07T10:00", "10h", "2024-08-20T09:00"),
        # 48 hours at 12 a day with a holiday in between (zammad#390).
        (
            {day: ["09:00-21:00"] for day in WEEKDAYS},
            {"holidays": ["2016-11-11", "2016-11-13"]},
            "2016-11-09T23:00",
            "48h",
            "2016-11-15T21:00",
        ),
        # A short day before a holiday (business_time#183, biz#122).
        (
            NINE_TO_FIVE,
            {"workdays": {"2018-12-24": ["09:00-12:00"]}, "holidays": ["2018-12-25", "2018-12-26"]},
            "2018-12-24T11:00",
            "2h",
            "2018-12-27T10:00",
        ),
        # A lunch break is not worked (osTicket#6847, chatwoot#14009).
        ({d: ["09:00-13:00", "14:00-18:00"] for d in WEEKDAYS[:5]}, {}, "2025-06-24T12:30", "1h", "2025-06-24T14:30"),
        # After closing on a Friday, and on a Saturday, the next opening counts (chatwoot PR#13392).
        (NINE_TO_FIVE, {}, "2026-07-17T16:00", "8h", "2026-07-20T16:00"),
        (NINE_TO_FIVE, {}, "2026-07-18T12:00", "24h", "2026-07-22T17:00"),
        # Raised outside opening hours: the promise still has its time (glpi#687).
        (weekdays("08:00-18:30"), {}, "2017-01-05T20:00", "30m", "2017-01-06T08:30"),
        # Days count working days, not the calendar's (business_time#36).
        (
            weekdays("08:00-13:00"),
            {"holidays": ["2013-05-27"]},
            "2013-05-21T10:57:18",
            "4d@same",
            "2013-05-28T10:57:18",
        ),
        # A holiday that is not active does not count.
        (
            NINE_TO_FIVE,
            {"holidays": [{"date": "2026-07-20", "active": False}]},
            "2026-07-17T16:00",
            "2h",
            "2026-07-20T10:00",
        ),
    ],
)
def test_reported_situations(
    hours: dict[str, list[str]], more: dict[str, object], start: str, target: str, due: str
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    begun = datetime.fromisoformat(start).replace(tzinfo=zone)
    found = due_at(calendar("Europe/Berlin", hours, **more), begun, Target.parse(target))
    assert found == datetime.fromisoformat(due).replace(tzinfo=zone).astimezone(UTC)


def _blocks(cuts: list[int]) -> list[str]:
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return [f"{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}" for a, b in pairs]


BLOCKS = st.lists(st.integers(0, 1440), min_size=0, max_size=6, unique=True).map(lambda cuts: _blocks(sorted(cuts)))


def _is_open(known: Calendar, at: datetime) -> bool:
    local = at.astimezone(known.zone)
    second = local.hour * 3600 + local.minute * 60
    return any(block.start <= second < block.end for block in known.day(local.date()).blocks)


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hours=st.lists(BLOCKS, min_size=7, max_size=7).filter(any),
    day=st.sampled_from((date(2026, 3, 6), date(2026, 3, 27), date(2026, 4, 4), date(2026, 10, 23), date(2026, 11, 1))),
    minute=st.integers(0, 1439),
    promised=st.integers(1, 900),
    pauses=st.lists(st.tuples(st.integers(-300, 4000), st.integers(0, 900)), max_size=3),
)
def test_a_walk_minute_by_minute_comes_to_the_same(
    zone: str,
    hours: list[list[str]],
    day: date,
    minute: int,
    promised: int,
    pauses: list[tuple[int, int]],
) -> None:
    known = calendar(zone, dict(zip(WEEKDAYS, hours, strict=True)), holidays=["2026-03-09", "--11-02"])
    start = datetime.combine(day, time(minute // 60, minute % 60), known.zone).astimezone(UTC)
    stands = [(start + timedelta(minutes=at), start + timedelta(minutes=at + length)) for at, length in pauses]
    at, left = start, promised
    for _ in range(15 * 1440):
        if not left:
            break
        left -= _is_open(known, at) and not any(begin <= at < end for begin, end in stands)
        at += timedelta(minutes=1)
    if left:
        return
    assert due_at(known, start, Target.parse(f"{promised}m"), stands) == at
    assert elapsed_seconds(known, start, at, stands) == promised * 60
