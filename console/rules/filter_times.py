"""Times as a filter writes them, and the instants they mean at a moment in a time zone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from console.errors import nearest

YEARS = range(1900, 3000)
LONGEST = timedelta(days=36_600)
TICK = timedelta(seconds=1)
"""The unit in which times are kept: a moment is a period of one second."""

WORDS = (
    "now",
    "today",
    "yesterday",
    "tomorrow",
    *(f"{which}-{period}" for period in ("week", "month", "quarter", "year") for which in ("this", "last", "next")),
)
"""The named periods; weeks begin on Monday. Beside them stand last-30d and next-4h, which end and begin now."""
_CHINESE = {
    "现在": "now",
    "今天": "today",
    "昨天": "yesterday",
    "明天": "tomorrow",
    "本周": "this-week",
    "上周": "last-week",
    "下周": "next-week",
    "本月": "this-month",
    "上月": "last-month",
    "下月": "next-month",
    "本季": "this-quarter",
    "上季": "last-quarter",
    "今年": "this-year",
    "去年": "last-year",
}

_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_DURATION = re.compile(r"([+-]?)(\d{1,9})([mhdw])", re.ASCII)
_ROLLING = re.compile(r"(last|next)-(\d{1,9})([mhdw])", re.ASCII)
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-q([1-4])", re.ASCII)
_WEEK = re.compile(r"(\d{4})-w(\d\d)", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)t(\d\d)(?::?(\d\d)(?::?(\d\d))?)?(z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)


class ValueProblem(ValueError):  # noqa: N818 - becomes a FilterError once its place in the filter is known
    """A value that its field does not take; ``message`` and ``hint`` are sentences for the person."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Span:
    """The instants from ``start`` (included) to ``end`` (not included), in UTC; None is without limit."""

    start: datetime | None = None
    end: datetime | None = None


def duration(written: str) -> timedelta | None:
    """Return what 30m, 4h, -2d or 1w means, or None for what is not a duration or longer than a hundred years."""
    found = _DURATION.fullmatch(written)
    if found is None:
        return None
    length = int(found[2]) * _UNITS[found[3]] if int(found[2]) <= 10**8 else LONGEST * 2
    if length > LONGEST:
        return None
    return -length if found[1] == "-" else length


def checked_time(written: str, *, only_durations: bool = False, words: Iterable[str] = ()) -> str:
    """Return a written time in its canonical form. Raises ValueProblem for what is neither time nor duration."""
    folded = _CHINESE.get(written, written.casefold())
    if duration(folded) is not None:
        return folded.removeprefix("+")
    if only_durations:
        raise ValueProblem(f"{written} is not a length of time", "Write 30m, 4h, 3d or 2w.")
    if folded in words:
        return folded
    try:
        resolve(folded, datetime(2000, 1, 1, tzinfo=UTC), UTC)
    except ValueProblem as problem:
        close = nearest(folded, (*WORDS, *words))
        raise ValueProblem(problem.message, f"Did you mean {close}?" if close else problem.hint) from None
    return folded.upper() if _MOMENT.fullmatch(folded) else folded


def resolve(written: str, now: datetime, zone: tzinfo) -> Span:
    """Return the instants [start, end) that a written time means, with days beginning at midnight in ``zone``.

    A duration is the second that far from now (behind it, if negative). ``overdue`` is everything before now. Raises
    ValueProblem for what is not a time.
    """
    written = written.casefold()
    now = now.astimezone(UTC)
    if written == "overdue":
        return Span(None, now)
    if written == "now":
        return Span(now, now + TICK)
    if (length := duration(written)) is not None:
        return Span(now + length, now + length + TICK)
    if rolling := _ROLLING.fullmatch(written):
        length = duration(rolling[2] + rolling[3])
        if length is not None:
            return Span(now - length, now) if rolling[1] == "last" else Span(now, now + length)
    try:
        if moment := _MOMENT.fullmatch(written):
            return _moment(moment, zone)
        first, last = _days(written, now.astimezone(zone).date())
    except ValueError as error:
        raise ValueProblem(
            f"{written} is not a time", "Write 2026-11-03, 2026-11, 2026-11-03T10:00, today, last-30d or <4h."
        ) from error
    return Span(_midnight(first, zone), _midnight(last, zone))


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _moment(found: re.Match[str], zone: tzinfo) -> Span:
    hour, minute, second = int(found[2]), int(found[3] or 0), int(found[4] or 0)
    if found[5] == "z":
        zone = UTC
    elif found[5]:
        digits = found[5][1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        zone = timezone(-offset if found[5][0] == "-" else offset)
    day = date.fromisoformat(found[1])
    _checked_year(day.year)
    start = datetime.combine(day, time(hour, minute, second), zone).astimezone(UTC)
    return Span(start, start + (TICK if found[4] else timedelta(minutes=1) if found[3] else timedelta(hours=1)))


def _checked_year(year: int) -> int:
    if year not in YEARS:
        raise ValueError(f"year {year}")
    return year


def _days(written: str, today: date) -> tuple[date, date]:
    """Return the first day of a period and the day after its last."""
    if found := _DATE.fullmatch(written):
        year = _checked_year(int(found[1]))
        if found[3]:
            day = date(year, int(found[2]), int(found[3]))
            return day, day + timedelta(days=1)
        return _months(date(year, int(found[2]), 1), 0, 1) if found[2] else _months(date(year, 1, 1), 0, 12)
    if found := _QUARTER.fullmatch(written):
        return _months(date(_checked_year(int(found[1])), 3 * int(found[2]) - 2, 1), 0, 3)
    if found := _WEEK.fullmatch(written):
        monday = date.fromisocalendar(_checked_year(int(found[1])), int(found[2]), 1)
        return monday, monday + timedelta(weeks=1)
    near = {"today": 0, "yesterday": -1, "tomorrow": 1}
    if written in near:
        day = today + timedelta(days=near[written])
        return day, day + timedelta(days=1)
    which, _dash, period = written.partition("-")
    shift = {"this": 0, "last": -1, "next": 1}.get(which)
    if shift is None:
        raise ValueError(written)
    if period == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=shift)
        return monday, monday + timedelta(weeks=1)
    if period == "month":
        return _months(today.replace(day=1), shift, 1)
    if period == "quarter":
        return _months(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), 3 * shift, 3)
    if period == "year":
        return _months(date(today.year, 1, 1), 12 * shift, 12)
    raise ValueError(written)


def _months(first: date, shift: int, count: int) -> tuple[date, date]:
    def moved(months: int) -> date:
        years, month = divmod(first.month - 1 + months, 12)
        return date(first.year + years, month + 1, 1)

    return moved(shift), moved(shift + count)


_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def compared(operator: str, written: tuple[str, ...], now: datetime, zone: tzinfo, *, is_ahead: bool) -> list[Span]:
    """Return the instants that a comparison asks for: one span, or one for each value of a list.

    ``operator`` is =, <, <=, >, >= or .. with two values. Against a period, < is before its first instant and > after its
    last. Unless ``is_ahead``, durations are lengths into the past, so that ``<4h`` asks for the last four hours.
    """

    def meant(value: str) -> tuple[Span, bool]:
        length = duration(value)
        if length is None or is_ahead:
            return resolve(value, now, zone), False
        start = now.astimezone(UTC) - length
        return Span(start, start + TICK), True

    if operator == "..":
        (low, is_flipped), (high, _flipped) = meant(written[0]), meant(written[1])
        return [Span(high.start, low.end) if is_flipped else Span(low.start, high.end)]
    if operator == "=":
        return [meant(value)[0] for value in written]
    span, is_flipped = meant(written[0])
    match _FLIPPED[operator] if is_flipped else operator:
        case "<":
            return [Span(None, span.start)]
        case "<=":
            return [Span(None, span.end)]
        case ">":
            return [Span(span.end, None)]
        case _:
            return [Span(span.start, None)]
