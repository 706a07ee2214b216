"""Why a promise is due when it is: every stretch of time from the start to the due time, and what it counts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain, pairwise
from operator import itemgetter

from console.rules.calendar_days import HOUR, MINUTE, WEEKDAY_NAMES, Day, DayKind
from console.rules.calendar_timeline import moment_of, seconds_of
from console.rules.calendars import Calendar
from console.rules.deadline_targets import Target, TargetKind
from console.rules.deadlines import (
    ClockStatus,
    Measure,
    Pause,
    Reckoning,
    Stop,
    measure_of,
    merged_stops,
    midnight,
    reckon,
)


class SegmentKind(StrEnum):
    """What a stretch of time is."""

    WORKING = "working"
    MAKEUP = "makeup"
    EVERY_HOUR = "every_hour"
    CLOSED = "closed"
    FREE_DAY = "free_day"
    HOLIDAY = "holiday"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of time, in UTC, the seconds of it that count, and why."""

    from_at: datetime
    to_at: datetime
    counted_seconds: int
    kind: SegmentKind
    why: str


@dataclass(frozen=True, slots=True)
class PauseHeld:
    """One pause after merging, ``to_at`` None while it is open, and the seconds of it that would have counted."""

    from_at: datetime
    to_at: datetime | None
    counted_seconds: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """A due time and all that makes it.

    The segments lie end to end from the start to the due time, or to the beginning of a pause still open; their
    ``counted_seconds`` add up to ``target_seconds``, or to that less ``remaining_seconds`` while paused. ``rule``
    and ``notes`` are sentences for a person.
    """

    calendar: str
    zone: str
    start_at: datetime
    target: str
    rule: str
    status: ClockStatus
    due_at: datetime | None
    target_seconds: int
    remaining_seconds: int
    segments: tuple[Segment, ...] = ()
    pauses: tuple[PauseHeld, ...] = ()
    notes: tuple[str, ...] = ()


def explain(calendar: Calendar, start: datetime, target: Target, pauses: Iterable[Pause] = ()) -> Explanation:
    """Return a due time with every stretch of time, holiday and pause that makes it; raises as ``due_at`` does.

    ``status`` is absent, running or paused: an explanation does not know the time now.
    """
    given = list(pauses)
    reckoning = reckon(calendar, start, target, given)
    begun = moment_of(seconds_of(start))
    absent = Explanation(
        calendar.name, calendar.zone.key, begun, str(target), rule_text(target), ClockStatus.ABSENT, None, 0, 0
    )
    if reckoning is None:
        return absent
    stops = merged_stops(given)
    end = reckoning.stopped if reckoning.due is None else reckoning.due
    if end is None:
        raise AssertionError("a reckoning without due time has a pause")
    measure = measure_of(calendar, target)
    is_paused = reckoning.due is None
    return replace(
        absent,
        status=ClockStatus.PAUSED if is_paused else ClockStatus.RUNNING,
        due_at=None if is_paused else moment_of(end),
        target_seconds=reckoning.needed,
        remaining_seconds=reckoning.left,
        segments=tuple(_joined(_pieces(calendar, target, reckoning, end, stops))),
        pauses=tuple(_held(measure, reckoning.start, end, stops)),
        notes=tuple(_notes(calendar, target, end, is_paused)),
    )


def rule_text(target: Target) -> str:
    """Return in a sentence what a target promises."""
    if target.is_absent:
        return "Nothing is promised."
    if target.kind is TargetKind.WORKING_TIME:
        return f"{duration_text(target.amount)} of working time; time that runs out at closing is due at closing."
    if target.kind is TargetKind.CLOCK_TIME:
        return f"{duration_text(target.amount)} by the clock, day and night."
    unit = "working day" if target.kind is TargetKind.WORKING_DAYS else "calendar day"
    last = f"the {_ordinal(target.amount)} {unit} after the day of receipt"
    if not target.is_same_time:
        return f"The end of {last}."
    within = ", within that day's hours" if target.kind is TargetKind.WORKING_DAYS else ""
    return f"The same time of day on {last}{within}."


def duration_text(seconds: int) -> str:
    """Return seconds as ``2 h 30 min``, with seconds where there are any."""
    hours, rest = divmod(abs(seconds), HOUR)
    minutes, left = divmod(rest, MINUTE)
    parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (left, "s")) if count]
    return ("-" if seconds < 0 else "") + (" ".join(parts) or "0 min")


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"


def _pieces(
    calendar: Calendar, target: Target, reckoning: Reckoning, end: int, stops: Sequence[Stop]
) -> Iterator[Segment]:
    """Yield the stretches between all changes: of working time, of the date, of a pause."""
    start = reckoning.start
    runs_always = target.kind in (TargetKind.CLOCK_TIME, TargetKind.CALENDAR_DAYS)
    running = [(start, end)] if runs_always else list(calendar.timeline.segments(start, end))
    paused = [(stop, end if resumed is None else resumed) for stop, resumed in stops]
    cuts = {start, end, *chain.from_iterable(running), *chain.from_iterable(paused)}
    first_day, last_day = _local_ordinal(calendar, start), _local_ordinal(calendar, end)
    if not runs_always:
        cuts.update(midnight(ordinal, calendar.zone) for ordinal in range(first_day + 1, last_day + 1))
    for from_, to in pairwise(sorted(cut for cut in cuts if start <= cut <= end)):
        is_running, is_paused = _covers(running, from_), _covers(paused, from_)
        counted = to - from_ if is_running and not is_paused else 0
        if runs_always:
            kind, why = SegmentKind.EVERY_HOUR, "every hour counts"
        else:
            ordinal = _local_ordinal(calendar, from_)
            kind, why = _day_reason(calendar, target, first_day, ordinal, is_running=is_running)
        if is_paused:
            kind, why = (SegmentKind.PAUSE, f"paused: {why}") if is_running else (kind, f"{why}; paused")
        yield Segment(moment_of(from_), moment_of(to), counted, kind, why)


def _covers(spans: Sequence[tuple[int, int]], at: int) -> bool:
    """Return whether a moment lies in one of the spans, which are in order and apart."""
    index = bisect_right(spans, at, key=itemgetter(0)) - 1
    return index >= 0 and at < spans[index][1]


def _day_reason(
    calendar: Calendar, target: Target, first_day: int, ordinal: int, *, is_running: bool
) -> tuple[SegmentKind, str]:
    on = datetime.fromordinal(ordinal).date()
    day, weekday = calendar.day(on), WEEKDAY_NAMES[on.weekday()]
    if is_running:
        is_makeup = day.kind is DayKind.MAKEUP
        hours = _makeup_text(day) if is_makeup else "working hours"
        count = _day_count(calendar, target, first_day, ordinal)
        return SegmentKind.MAKEUP if is_makeup else SegmentKind.WORKING, f"{hours}, {weekday}{count}"
    if day.kind is DayKind.HOLIDAY:
        return SegmentKind.HOLIDAY, f"holiday: {day.name}" if day.name else f"holiday, {on.isoformat()}"
    if day.kind is DayKind.CLOSED:
        return SegmentKind.FREE_DAY, f"no working hours on {weekday}s"
    return SegmentKind.CLOSED, "outside working hours"


def _makeup_text(day: Day) -> str:
    return f"make-up working day ({day.name})" if day.name else "make-up working day"


def _day_count(calendar: Calendar, target: Target, first_day: int, ordinal: int) -> str:
    if target.kind is not TargetKind.WORKING_DAYS:
        return ""
    number = calendar.timeline.working_days_between(first_day, ordinal)
    if number == 0:
        return " (day of receipt)"
    return f" (day {number} of {target.amount})" if number <= target.amount else " (moved by pauses)"


def _local_ordinal(calendar: Calendar, at: int) -> int:
    return moment_of(at).astimezone(calendar.zone).toordinal()


def _joined(pieces: Iterable[Segment]) -> Iterator[Segment]:
    """Yield the pieces with neighbours of the same reason made one."""
    last: Segment | None = None
    for piece in pieces:
        if last is not None and (last.kind, last.why) == (piece.kind, piece.why):
            last = replace(last, to_at=piece.to_at, counted_seconds=last.counted_seconds + piece.counted_seconds)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last


def _held(measure: Measure, start: int, end: int, stops: Sequence[Stop]) -> Iterator[PauseHeld]:
    for stop, resumed in stops:
        from_, to = max(stop, start), end if resumed is None else min(resumed, end)
        held = measure.position(to) - measure.position(from_) if from_ < to else 0
        yield PauseHeld(moment_of(stop), None if resumed is None else moment_of(resumed), held)


def _notes(calendar: Calendar, target: Target, end: int, is_paused: bool) -> Iterator[str]:
    until = calendar.schedule.announced_until
    year = moment_of(end).astimezone(calendar.zone).year
    if until is not None and year > until and target.kind in (TargetKind.WORKING_TIME, TargetKind.WORKING_DAYS):
        yield f"Holidays and make-up days are known up to {until}; those of {year} may still be announced."
    if is_paused:
        yield "A pause is open: the clock stands still and there is no due time until it ends."
