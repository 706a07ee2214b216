"""Working calendars: when a utility works, exact to the second and right through every change of the clock.

The choices made: an hour that the clocks repeat counts twice and one they skip does not count; a make-up working
day beats a holiday; an inactive holiday does not count; each date is judged on its own, so a night shift is two
blocks.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from console.errors import UsageError, nearest
from console.rules.calendar_days import Day, Schedule
from console.rules.calendar_parsing import CalendarError, parse_holidays, parse_schedule
from console.rules.calendar_timeline import Timeline, moment_of, seconds_of

__all__ = ["Calendar", "CalendarError", "load_calendar", "parse_calendar_text", "ready_calendars"]

_READY = "calendars_ready"


@dataclass(frozen=True, slots=True)
class Calendar:
    """A working calendar: its name and facts, and the time line laid out from them as it is asked for."""

    name: str
    schedule: Schedule
    timeline: Timeline = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "timeline", Timeline(self.schedule.zone, lambda on: self.schedule.day(on).blocks))

    @classmethod
    def parse(cls, mapping: Mapping[str, object], name: str = "") -> Calendar:
        """Return the calendar of a mapping with ``zone``, ``hours``, ``holidays``, ``workdays``; raises CalendarError."""
        title = mapping.get("name")
        name = name or (title if isinstance(title, str) else "")
        return cls(name, parse_schedule(mapping, name or "given"))

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the hours are meant."""
        return self.schedule.zone

    def day(self, on: date) -> Day:
        """Return the opening hours of a date, or why it has none."""
        return self.schedule.day(on)

    def is_working(self, at: datetime) -> bool:
        """Return whether a moment is working time; the second of closing is not."""
        return self.timeline.is_working(seconds_of(at))

    def segments(self, from_: datetime, to: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches of working time between two moments, in UTC and in order."""
        for start, end in self.timeline.segments(seconds_of(from_), seconds_of(to)):
            yield moment_of(start), moment_of(end)

    def with_holidays(self, dates: Iterable[str]) -> Calendar:
        """Return this calendar with further holidays, each ``YYYY-MM-DD``, ``--MM-DD`` or a range; raises CalendarError."""
        dated, yearly = parse_holidays(list(dates), self.name or "given")
        schedule = replace(
            self.schedule,
            holidays={**dated, **self.schedule.holidays},
            yearly={**yearly, **self.schedule.yearly},
        )
        return Calendar(self.name, schedule)


def ready_calendars() -> tuple[str, ...]:
    """Return the names of the calendars that ship with the product."""
    names = (entry.name for entry in resources.files("console.rules").joinpath(_READY).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_calendar(source: str, name: str = "") -> Calendar:
    """Return a ready calendar by its name, or the calendar of a TOML or JSON file.

    A file that holds several under ``calendars`` gives the one called ``name``, which may also be written
    ``FILE#NAME``. Raises UsageError for a file or name that is not there, CalendarError for what a file holds wrong.
    """
    if source in ready_calendars():
        entry = resources.files("console.rules").joinpath(_READY, f"{source}.toml")
        return parse_calendar_text(entry.read_text("utf-8"), source, name)
    path = Path(source)
    if not name and "#" in source and not path.exists():
        before, _, name = source.rpartition("#")
        path = Path(before)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        known = nearest(source, ready_calendars())
        meant = f"Did you mean {known}?" if known else f"Give a file, or one of {', '.join(ready_calendars())}."
        raise UsageError(f"There is no calendar {path}.", meant) from None
    except UnicodeDecodeError:
        raise CalendarError(f"The calendar {path} is not a text in UTF-8.", "Save it as UTF-8.") from None
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise UsageError(f"The calendar {path} cannot be read: {reason}.", "Check the path and its rights.") from None
    return parse_calendar_text(text, str(path), name)


def parse_calendar_text(text: str, source: str, name: str = "") -> Calendar:
    """Return the calendar in a TOML or JSON text; ``source`` is how errors call it, ``name`` picks one of several."""
    document = _document(text, source)
    several = document.get("calendars")
    if several is None:
        if name:
            raise UsageError(
                f"The calendar {source} is a single one and has none called {name}.", "Leave the name away."
            )
        return Calendar.parse(document, source)
    if not isinstance(several, Mapping) or not all(isinstance(entry, Mapping) for entry in several.values()):
        raise CalendarError(
            f"The calendars of {source} are not a table of calendars.", "Give each one a name and its keys."
        )
    names = tuple(str(key) for key in several)
    if not name and len(names) == 1:
        name = names[0]
    if name not in names:
        known = nearest(name, names)
        asked = f"has no calendar {name}" if name else "holds several calendars"
        meant = f"Did you mean {known}?" if known else f"Write {source}#NAME with one of {', '.join(names)}."
        raise UsageError(f"The file {source} {asked}.", meant)
    return Calendar.parse(several[name], f"{source}#{name}")


def _document(text: str, source: str) -> Mapping[str, object]:
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno}, column {problem.colno}"
        raise CalendarError(
            f"The calendar {source} is not valid JSON at {place}: {problem.msg}.", "Mend that line."
        ) from None
    except tomllib.TOMLDecodeError as problem:
        raise CalendarError(f"The calendar {source} is not valid TOML: {problem}.", "Mend that line.") from None
    except (RecursionError, ValueError):
        raise CalendarError(
            f"The calendar {source} cannot be read: it is nested too deeply or holds a number too long.",
            "Write it as in the manual.",
        ) from None
    if not isinstance(document, dict):
        raise CalendarError(f"The calendar {source} is no table.", "Write zone and hours as keys.")
    return document
