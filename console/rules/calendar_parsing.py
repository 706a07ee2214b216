"""Reading a calendar's facts from the mapping that a TOML or JSON file holds, with errors that name the key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from console.errors import OmbudError, nearest
from console.rules.calendar_days import (
    DAY,
    HOUR,
    MINUTE,
    WEEKDAY_NAMES,
    WEEKDAYS,
    Block,
    Blocks,
    MakeupDay,
    Schedule,
    clock_text,
)
from console.rules.calendar_timeline import FIRST_YEAR, LAST_YEAR

KEYS = ("zone", "hours", "holidays", "workdays", "name", "about", "announced_until")

_BLOCK = re.compile(
    r"\s*(\d{1,2})(?::(\d{2})(?::(\d{2}))?)?\s*[-–—]\s*(\d{1,2})(?::(\d{2})(?::(\d{2}))?)?\s*", re.ASCII
)
_YEARLY = re.compile(r"(?:--)?(\d{2})-(\d{2})", re.ASCII)
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LEAP_YEAR = 2000


class CalendarError(OmbudError):
    """A calendar says something that cannot be followed."""


def parse_schedule(mapping: Mapping[str, object], name: str) -> Schedule:
    """Return the facts of a calendar given as a mapping with ``zone``, ``hours``, ``holidays``, ``workdays``.

    ``name`` is how errors call the calendar. Raises CalendarError, naming the key, for an unknown key, zone or
    weekday, a bad block or date, and for a calendar without any hours.
    """
    for key in mapping:
        if key not in KEYS:
            known = nearest(str(key), KEYS)
            meant = f"Did you mean {known}?" if known else f"The keys are {', '.join(KEYS)}."
            raise CalendarError(f"The calendar {name} has an unknown key {key}.", meant)
    zone = parse_zone(mapping.get("zone"), name)
    hours = _hours(mapping.get("hours", {}), name)
    usual = next((blocks for blocks in hours if blocks), ())
    makeup_days = dict(_makeup_days(mapping.get("workdays"), usual, name))
    if not usual and not makeup_days:
        raise CalendarError(
            f"The calendar {name} has no working time at all.",
            'Give hours for a weekday, for example mon = ["09:00-17:00"].',
        )
    holidays, yearly = parse_holidays(mapping.get("holidays"), name)
    return Schedule(zone, hours, holidays, yearly, makeup_days, _announced(mapping.get("announced_until"), name))


def parse_zone(value: object, name: str) -> ZoneInfo:
    """Return the time zone of an IANA name; the machine's own zone is refused, since results must not depend on it."""
    if not isinstance(value, str) or not value.strip():
        raise CalendarError(
            f"The calendar {name} names no zone.", 'Give an IANA time zone, for example zone = "Europe/London".'
        )
    key = value.strip()
    try:
        if key == "localtime" or key.startswith(("posix/", "right/")):
            raise ZoneInfoNotFoundError(key)
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = nearest(key, tuple(sorted(available_timezones())))
        meant = f"Did you mean {known}?" if known else "Give an IANA name such as Asia/Shanghai."
        raise CalendarError(f"The calendar {name} names an unknown time zone, {key}.", meant) from None


def parse_holidays(value: object, name: str) -> tuple[dict[date, str], dict[tuple[int, int], str]]:
    """Return the dated holidays and those of every year, each with its name.

    Takes a list of dates ``YYYY-MM-DD``, yearly dates ``--MM-DD``, ranges ``A/B`` (both ends included) and tables
    with ``date``, ``name``, ``active``; or a mapping from such a date to a name, a table, or whether it is active.
    Entries that are not active are left out. Raises CalendarError.
    """
    dated: dict[date, str] = {}
    yearly: dict[tuple[int, int], str] = {}
    for when, title in _holiday_entries(value, name):
        for day in _dates(when, "holidays", name):
            if isinstance(day, date):
                dated[day] = title or dated.get(day, "")
            else:
                yearly[day] = title or yearly.get(day, "")
    return dated, yearly


def _holiday_entries(value: object, name: str) -> Iterator[tuple[object, str]]:
    if value is None:
        return
    if isinstance(value, Mapping):
        entries: list[object] = []
        for when, detail in value.items():
            if isinstance(detail, Mapping):
                entries.append({"date": when, **detail})
            elif isinstance(detail, bool):
                entries.append({"date": when, "active": detail})
            else:
                entries.append({"date": when, "name": detail})
    elif isinstance(value, list | tuple):
        entries = list(value)
    else:
        raise CalendarError(
            f"The calendar {name} gives holidays = {value!r}, which is no list.", "Give a list of dates."
        )
    for entry in entries:
        if not isinstance(entry, Mapping):
            yield entry, ""
            continue
        unknown = sorted(set(map(str, entry)) - {"date", "name", "summary", "active", "removed"})
        active, title = entry.get("active", True), entry.get("name", entry.get("summary", ""))
        if unknown or "date" not in entry or not isinstance(active, bool) or not isinstance(title, str | None):
            raise CalendarError(
                f"The calendar {name} has a holiday that cannot be read: {_shown(entry)}.",
                'Write { date = "2026-12-25", name = "Christmas Day", active = true }; only date is needed.',
            )
        if active and not entry.get("removed", False):
            yield entry["date"], title or ""


def _makeup_days(value: object, usual: Blocks, name: str) -> Iterator[tuple[date, MakeupDay]]:
    if value is None:
        return
    if isinstance(value, Mapping):
        entries: list[object] = [
            {"date": when, **hours} if isinstance(hours, Mapping) else {"date": when, "hours": hours}
            for when, hours in value.items()
        ]
    elif isinstance(value, list | tuple):
        entries = list(value)
    else:
        raise CalendarError(
            f"The calendar {name} gives workdays = {value!r}, which is no list.", "Give a list of dates."
        )
    for entry in entries:
        table = entry if isinstance(entry, Mapping) else {"date": entry}
        title = table.get("name", "")
        if set(table) - {"date", "hours", "name"} or "date" not in table or not isinstance(title, str):
            raise CalendarError(
                f"The calendar {name} has a make-up working day that cannot be read: {_shown(table)}.",
                'Write { date = "2026-02-14", hours = ["09:00-12:00"] }; only date is needed.',
            )
        given = table.get("hours")
        key = f"workdays.{table['date']}"
        blocks = usual if given in (None, "", True) else parse_blocks(given, key, name)
        if not blocks:
            raise CalendarError(
                f"The calendar {name} names a make-up working day without hours, {key}.",
                'Give its hours, for example ["09:00-12:00"].',
            )
        for day in _dates(table["date"], "workdays", name):
            if not isinstance(day, date):
                raise CalendarError(
                    f"The calendar {name} has a yearly make-up working day, {table['date']}.",
                    "Make-up working days are announced year by year: write the year too.",
                )
            yield day, MakeupDay(blocks, title)


def _hours(value: object, name: str) -> tuple[Blocks, ...]:
    if not isinstance(value, Mapping):
        raise CalendarError(
            f"The calendar {name} gives hours = {value!r}, which is no table of weekdays.",
            'Write one line a weekday, for example mon = ["09:00-17:00"].',
        )
    hours: list[Blocks] = [()] * len(WEEKDAYS)
    named: set[int] = set()
    for key, blocks in value.items():
        for day in _weekdays(key, name):
            if day in named:
                raise CalendarError(
                    f"The calendar {name} gives the hours of {WEEKDAY_NAMES[day]} twice.", "Keep one of them."
                )
            named.add(day)
            hours[day] = parse_blocks(blocks, f"hours.{key}", name)
    return tuple(hours)


def _weekdays(key: object, name: str) -> range:
    """Return the weekdays (0 is Monday) of a key such as ``mon``, ``Monday`` or ``mon-fri``."""
    ends = [_weekday(part) for part in str(key).split("-")]
    first, last = ends[0], ends[-1]
    if first is None or last is None or len(ends) > 2 or first > last:
        hint = f"The weekdays are {', '.join(WEEKDAYS)}."
        if re.fullmatch(r"\s*\d+\s*", str(key)):
            hint = f"Numbers are not taken, since 1 is Sunday to some and Monday to others. {hint}"
        raise CalendarError(f"The calendar {name} names an unknown weekday, hours.{key}.", hint)
    return range(first, last + 1)


def _weekday(word: str) -> int | None:
    word = word.strip().rstrip(".").lower()
    for index, full in enumerate(WEEKDAY_NAMES):
        if len(word) >= 3 and full.lower().startswith(word):
            return index
    return None


def parse_blocks(value: object, key: str, name: str) -> Blocks:
    """Return opening hours in order from ``"09:00-12:00"``, a list of such, or a list of pairs ``["09:00", "12:00"]``.

    None, an empty text and an empty list mean closed. Raises CalendarError, naming the key, for a text that is no
    block, a block that ends before it begins, and blocks that overlap.
    """
    if value in (None, "", False):
        return ()
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        raise CalendarError(
            f"The calendar {name} gives {key} = {value!r}.", 'Write blocks such as ["09:00-12:00", "13:00-17:00"].'
        )
    blocks = sorted(_block(text, key, name) for text in texts)
    for earlier, later in pairwise(blocks):
        if later.start < earlier.end:
            raise CalendarError(
                f"The calendar {name} has hours that overlap in {key}: {earlier} and {later}.", "Join them or move one."
            )
    return tuple(blocks)


def _block(value: object, key: str, name: str) -> Block:
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        text = f"{value[0]}-{value[1]}"
    else:
        text = value if isinstance(value, str) else repr(value)
    found = _BLOCK.fullmatch(text)
    refused = f"The calendar {name} gives {key} = {text!r}"
    if found is None:
        raise CalendarError(f"{refused}, which is no block of hours.", 'Write HH:MM-HH:MM, for example "09:00-17:00".')
    start, end = (_clock_seconds(found.group(first, first + 1, first + 2)) for first in (1, 4))
    if start is None or end is None or start >= DAY:
        raise CalendarError(
            f"{refused}, which is no time of day.", 'Hours go from 00:00 to 24:00, for example "09:00-24:00".'
        )
    if end == 0 and start > 0:
        end = DAY
    if end <= start:
        raise CalendarError(
            f"{refused}, which ends before it begins.",
            f'For a night shift write "{clock_text(start)}-24:00" and, on the next day, "00:00-{clock_text(end)}".'
            if end
            else 'A whole day is "00:00-24:00".',
        )
    return Block(start, end)


def _clock_seconds(parts: tuple[str | None, ...]) -> int | None:
    hours, minutes, seconds = (int(part or 0) for part in parts)
    total = hours * HOUR + minutes * MINUTE + seconds
    return total if minutes < 60 and seconds < 60 and total <= DAY else None


def _dates(value: object, key: str, name: str) -> Iterator[date | tuple[int, int]]:
    """Yield the dates, or (month, day) of every year, of ``YYYY-MM-DD``, ``--MM-DD`` or a range ``A/B``."""
    parts = [_date(part, key, name) for part in (value.split("/") if isinstance(value, str) else [value])]
    if len(parts) == 1:
        yield parts[0]
        return
    first, last = parts[0], parts[-1]
    is_yearly = not isinstance(first, date)
    if len(parts) > 2 or is_yearly == isinstance(last, date):
        raise CalendarError(
            f"The calendar {name} has a range that cannot be read in {key}: {value}.", "Write FIRST/LAST."
        )
    day = first if isinstance(first, date) else date(_LEAP_YEAR, *first)
    end = last if isinstance(last, date) else date(_LEAP_YEAR, *last)
    if end < day:
        raise CalendarError(
            f"The calendar {name} has a range that ends before it begins in {key}: {value}.", "Swap the dates."
        )
    while day <= end:
        yield (day.month, day.day) if is_yearly else day
        day += timedelta(days=1)


def _date(value: object, key: str, name: str) -> date | tuple[int, int]:
    if isinstance(value, date) and not isinstance(value, datetime):
        found: date | tuple[int, int] | None = value
    else:
        found = _read_date(value.strip()) if isinstance(value, str) else None
    if found is None or (isinstance(found, date) and not FIRST_YEAR <= found.year <= LAST_YEAR):
        shown = value if isinstance(value, str) else repr(value)
        raise CalendarError(
            f"The calendar {name} has a date that does not exist in {key}: {shown}.",
            "Write YYYY-MM-DD, or --MM-DD for every year.",
        )
    return found


def _read_date(text: str) -> date | tuple[int, int] | None:
    try:
        if _DATED.fullmatch(text):
            return date.fromisoformat(text)
        yearly = _YEARLY.fullmatch(text)
        if yearly:
            day = date(_LEAP_YEAR, int(yearly[1]), int(yearly[2]))
            return day.month, day.day
    except ValueError:
        return None
    return None


def _announced(value: object, name: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise CalendarError(
        f"The calendar {name} gives announced_until = {value!r}, which is no year.", "Write a year such as 2026."
    )


def _shown(table: Mapping[object, object]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in table.items())
