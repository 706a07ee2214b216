"""When a promise is due: the start, the target, the working calendar and the pauses, exact to the second.

The choices made. Time that runs out exactly at closing is due at closing time, not at the next opening. Parts of a
second are cut off. A target in days is due at the end of the n-th working day after the date of receipt in the calendar's zone,
whatever the hour and whether or not that date is worked; ``@same`` is due at the same time of day, inside the
hours of that day, and at its closing when the date of receipt is not worked. A pause moves a due time by exactly
the working time it holds, so one outside working hours changes nothing; calendar days, weeks and clock time run
day and night, and so do their pauses. An open pause stops the clock: there is no due time until it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

from console.errors import OmbudError, UsageError
from console.rules.calendar_days import DAY
from console.rules.calendar_timeline import FIRST_YEAR, LAST_YEAR, moment_of, seconds_of
from console.rules.calendars import Calendar, CalendarError
from console.rules.deadline_targets import Target, TargetKind

__all__ = [
    "ClockReading",
    "ClockStatus",
    "Pause",
    "Target",
    "TargetKind",
    "clock_at",
    "due_at",
    "due_at_share",
    "elapsed_seconds",
    "remaining_seconds",
    "shifted_at",
]

Pause = tuple[datetime, datetime | None]
Stop = tuple[int, int | None]


class Measure(Protocol):
    """How a clock measures time: a position that grows while it runs, and the moment a position is reached."""

    def position(self, at: int) -> int:
        """Return the seconds run up to a moment, from a fixed point."""

    def moment_at(self, position: int) -> int | None:
        """Return the earliest moment by which so many seconds have run, None when there is none."""


class EveryHour:
    """The measure of calendar days and clock time: every second runs."""

    def position(self, at: int) -> int:
        """Return the moment itself."""
        return at

    def moment_at(self, position: int) -> int | None:
        """Return the position itself."""
        return position


class ClockStatus(StrEnum):
    """How a promise stands."""

    ABSENT = "absent"
    RUNNING = "running"
    PAUSED = "paused"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How a promise stands at a moment.

    ``due_at`` is None when nothing is promised or a pause is open. ``remaining_seconds`` is what is left on the
    clock (working seconds, or plain ones for calendar targets): negative when overdue, None when nothing is promised.
    """

    status: ClockStatus
    due_at: datetime | None
    remaining_seconds: int | None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A due time and what it was reckoned from, in UTC seconds.

    ``plain`` is the due time without pauses, ``needed`` the seconds the clock must run, ``due`` None while a pause is open,
    which then began at ``stopped`` with ``left`` seconds to run.
    """

    start: int
    plain: int
    needed: int
    due: int | None
    stopped: int | None = None
    left: int = 0


def due_at(calendar: Calendar, start: datetime, target: Target, pauses: Iterable[Pause] = ()) -> datetime | None:
    """Return when a promise is due, in UTC; None when nothing is promised or a pause is still open.

    ``pauses`` are (from, to) with None for one still open; they may overlap and come in any order. Raises
    CalendarError when the calendar holds too little working time up to 2200, OmbudError for a start outside 1900
    to 2200.
    """
    if not target.amount:
        return None
    begun = seconds_of(start)
    plain = _plain_due(calendar, begun, target)
    if not pauses:
        return moment_of(plain)
    due, _, _ = _moved(measure_of(calendar, target), begun, plain, merged_stops(pauses))
    return None if due is None else moment_of(due)


def reckon(calendar: Calendar, start: datetime, target: Target, pauses: Iterable[Pause] = ()) -> Reckoning | None:
    """Return a due time with what explains it, None when nothing is promised; raises as ``due_at`` does."""
    if not target.amount:
        return None
    begun = seconds_of(start)
    plain = _plain_due(calendar, begun, target)
    measure = measure_of(calendar, target)
    needed = measure.position(plain) - measure.position(begun)
    due, stopped, left = _moved(measure, begun, plain, merged_stops(pauses))
    return Reckoning(begun, plain, needed, due, stopped, left)


def elapsed_seconds(calendar: Calendar, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> int:
    """Return the working seconds between two moments less those paused; 0 when the end is not after the start.

    A pause still open lasts to the end. Raises OmbudError for a moment outside 1900 to 2200.
    """
    return run_seconds(calendar.timeline, seconds_of(start), seconds_of(end), merged_stops(pauses))


def run_seconds(measure: Measure, start: int, end: int, stops: Sequence[Stop]) -> int:
    """Return the seconds a clock ran between two moments (UTC seconds) outside its stops, which are in order and apart."""
    if end <= start:
        return 0
    total = measure.position(end) - measure.position(start)
    for stop, resumed in stops:
        from_, to = max(stop, start), end if resumed is None else min(resumed, end)
        if from_ < to:
            total -= measure.position(to) - measure.position(from_)
    return total


def remaining_seconds(calendar: Calendar, now: datetime, due: datetime) -> int:
    """Return the working seconds left until a due time: negative when it has passed, 0 when none lie between."""
    return calendar.timeline.position(seconds_of(due)) - calendar.timeline.position(seconds_of(now))


def clock_at(
    calendar: Calendar, start: datetime, target: Target, now: datetime, pauses: Iterable[Pause] = ()
) -> ClockReading:
    """Return how a promise stands at a moment: absent, running, paused or overdue, and what is left; raises as
    ``due_at``.

    The moment something is due is not yet overdue.
    """
    reckoning = reckon(calendar, start, target, pauses)
    if reckoning is None:
        return ClockReading(ClockStatus.ABSENT, None, None)
    if reckoning.due is None:
        return ClockReading(ClockStatus.PAUSED, None, reckoning.left)
    measure, at = measure_of(calendar, target), seconds_of(now)
    left = measure.position(reckoning.due) - measure.position(at)
    is_over = at > reckoning.due
    status = ClockStatus.OVERDUE if is_over else ClockStatus.RUNNING
    return ClockReading(status, moment_of(reckoning.due), left)


def due_at_share(
    calendar: Calendar, start: datetime, target: Target, share: Fraction, pauses: Iterable[Pause] = ()
) -> datetime | None:
    """Return when a share of a promise's time has run (3/4 for an escalation at 75 %), on the same clock and with
    its pauses.

    Rounded to the nearest second; None when nothing is promised or an open pause comes first. Raises as ``due_at``
    does.
    """
    stops = list(pauses)
    whole = reckon(calendar, start, target, stops)
    if whole is None:
        return None
    measure = measure_of(calendar, target)
    plain = _reached(measure, calendar, measure.position(whole.start) + round(whole.needed * share))
    due, _, _ = _moved(measure, whole.start, plain, merged_stops(stops))
    return None if due is None else moment_of(due)


def shifted_at(calendar: Calendar, at: datetime, seconds: int) -> datetime:
    """Return the moment so many working seconds after another (before, when negative): reminders and escalations.

    Raises CalendarError when the calendar holds too little working time from 1900 to 2200.
    """
    if not seconds:
        return moment_of(seconds_of(at))
    timeline = calendar.timeline
    return moment_of(_reached(timeline, calendar, timeline.position(seconds_of(at)) + seconds))


def merged_stops(pauses: Iterable[Pause]) -> list[Stop]:
    """Return pauses in UTC seconds, in order, overlapping and adjacent ones made one; None ends one still open.

    Raises UsageError for a pause that ends before it begins.
    """
    stops: list[Stop] = []
    for from_, to in sorted(map(_stop, pauses), key=lambda stop: stop[0]):
        if from_ == to:
            continue
        if stops:
            earlier, ended = stops[-1]
            if ended is None:
                break
            if from_ <= ended:
                stops[-1] = (earlier, None if to is None else max(ended, to))
                continue
        stops.append((from_, to))
    return stops


def measure_of(calendar: Calendar, target: Target) -> Measure:
    """Return the measure on which a target runs: working time, or every hour for calendar days and clock time."""
    if target.kind in (TargetKind.WORKING_TIME, TargetKind.WORKING_DAYS):
        return calendar.timeline
    return _EVERY_HOUR


def _stop(pause: Pause) -> Stop:
    from_, to = pause
    stop, resumed = seconds_of(from_), None if to is None else seconds_of(to)
    if resumed is not None and resumed < stop:
        raise UsageError(
            f"A pause from {moment_of(stop):%Y-%m-%dT%H:%M:%SZ} ends before it begins.", "Swap its two times."
        )
    return stop, resumed


def _plain_due(calendar: Calendar, start: int, target: Target) -> int:
    match target.kind:
        case TargetKind.WORKING_TIME:
            return _reached(calendar.timeline, calendar, calendar.timeline.position(start) + target.amount)
        case TargetKind.WORKING_DAYS:
            return _end_of_working_days(calendar, start, target)
        case TargetKind.CLOCK_TIME:
            return _within_years(start) + target.amount
        case TargetKind.CALENDAR_DAYS:
            local = moment_of(_within_years(start)).astimezone(calendar.zone)
            last = local.toordinal() + target.amount
            if target.is_same_time:
                return at_wall_clock(last, local, calendar.zone)
            return midnight(last + 1, calendar.zone) - 1


def _end_of_working_days(calendar: Calendar, start: int, target: Target) -> int:
    timeline = calendar.timeline
    local = moment_of(_within_years(start)).astimezone(calendar.zone)
    last = timeline.working_day_after(local.toordinal(), target.amount)
    if last is None:
        raise _too_little(calendar)
    ordinal, opening, closing = last
    if not target.is_same_time or not calendar.day(local.date()).blocks:
        return closing
    same = at_wall_clock(ordinal, local, calendar.zone)
    if same <= opening:
        return opening
    return _reached(timeline, calendar, timeline.position(min(same, closing)))


def _moved(measure: Measure, start: int, plain: int, stops: Sequence[Stop]) -> tuple[int | None, int | None, int]:
    """Return a due time moved by the pauses before it; or None, when an open one began, and the seconds then left."""
    due, position = plain, measure.position(plain)
    for stop, resumed in stops:
        from_ = max(stop, start)
        if from_ >= due:
            break
        if resumed is None:
            return None, from_, position - measure.position(from_)
        held = measure.position(resumed) - measure.position(from_) if resumed > from_ else 0
        if held:
            position += held
            moved = measure.moment_at(position)
            if moved is None:
                raise CalendarError(
                    f"The pauses move the due time past the year {LAST_YEAR}.", "Check the times of the pauses."
                )
            due = moved
    return due, None, 0


def _reached(measure: Measure, calendar: Calendar, position: int) -> int:
    at = measure.moment_at(position)
    if at is None:
        raise _too_little(calendar)
    return at


def _too_little(calendar: Calendar) -> CalendarError:
    return CalendarError(
        f"The calendar {calendar.name or 'given'} does not hold so much working time up to {LAST_YEAR}.",
        "Check its hours and holidays, and the target.",
    )


def _within_years(at: int) -> int:
    if not FIRST_YEAR <= (moment_of(at).year if abs(at) < 400 * 366 * DAY else 0) <= LAST_YEAR:
        raise OmbudError(
            f"Deadlines are reckoned from the year {FIRST_YEAR} to {LAST_YEAR}, not outside.",
            "Check the year of the time given.",
        )
    return at


def at_wall_clock(ordinal: int, local: datetime, zone: tzinfo) -> int:
    """Return when a clock in the zone shows the time of day of ``local`` on a date, in UTC seconds.

    A time that the clocks skip that day is taken as far after the change as it was meant after the hour before; of
    a time shown twice, the first.
    """
    on = datetime.fromordinal(ordinal)
    return seconds_of(on.replace(hour=local.hour, minute=local.minute, second=local.second, tzinfo=zone))


def midnight(ordinal: int, zone: tzinfo) -> int:
    """Return the first second of a date in the zone, in UTC seconds."""
    return seconds_of(datetime.fromordinal(ordinal).replace(tzinfo=zone))


_EVERY_HOUR = EveryHour()
