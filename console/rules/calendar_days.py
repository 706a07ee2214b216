"""What a working calendar says of each date: its opening hours, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

MINUTE = 60
HOUR = 3600
DAY = 86400

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """One stretch of opening hours in seconds of the wall clock since midnight: ``0 <= start < end <= 86400``."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{clock_text(self.start)}-{clock_text(self.end)}"


Blocks = tuple[Block, ...]


class DayKind(StrEnum):
    """Why a date has the hours it has."""

    WORKING = "working"
    MAKEUP = "makeup"
    HOLIDAY = "holiday"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Day:
    """One date of a calendar; ``name`` is the holiday's or the make-up day's and may be empty."""

    kind: DayKind
    blocks: Blocks = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class MakeupDay:
    """A date that is worked whatever weekday or holiday it is, with its own hours."""

    blocks: Blocks
    name: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The facts of a calendar: zone, hours of the seven weekdays from Monday, holidays, make-up working days.

    ``holidays`` and ``makeup_days`` are keyed by date, ``yearly`` by (month, day). ``announced_until`` is the last
    year for which public holidays are known, or None when nobody said.
    """

    zone: ZoneInfo
    hours: tuple[Blocks, ...]
    holidays: Mapping[date, str]
    yearly: Mapping[tuple[int, int], str]
    makeup_days: Mapping[date, MakeupDay]
    announced_until: int | None = None

    def day(self, on: date) -> Day:
        """Return what the calendar says of a date: a make-up day beats a holiday, a holiday beats the weekday."""
        makeup = self.makeup_days.get(on)
        if makeup is not None:
            return Day(DayKind.MAKEUP, makeup.blocks, makeup.name)
        name = self.holidays.get(on)
        if name is None:
            name = self.yearly.get((on.month, on.day))
        if name is not None:
            return Day(DayKind.HOLIDAY, (), name)
        blocks = self.hours[on.weekday()]
        return Day(DayKind.WORKING if blocks else DayKind.CLOSED, blocks)


def clock_text(seconds: int) -> str:
    """Return seconds since midnight as ``HH:MM``, with ``:SS`` only where there are seconds."""
    hours, rest = divmod(seconds, HOUR)
    minutes, seconds = divmod(rest, MINUTE)
    return f"{hours:02d}:{minutes:02d}" + (f":{seconds:02d}" if seconds else "")
