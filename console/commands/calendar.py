"""``ombud calendar``: the working calendars that ship, and new ones made from the library of public holidays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from console.commands.output import emit, narrate
from console.errors import OmbudError, UsageError, nearest
from console.i18n import _

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_SUBSTITUTED = re.compile(r"(.*) \(substituted from (\d{2})/(\d{2})/(\d{4})\)")


@dataclass(frozen=True, slots=True)
class Country:
    """Where a ready calendar is for and the office hours it assumes; a utility writes its own into a copy."""

    title: str
    code: str
    zone: str
    blocks: tuple[str, ...]
    subdivision: str | None = None
    language: str = "en_US"
    has_makeup_days: bool = False


COUNTRIES = {
    "cn": Country("China", "CN", "Asia/Shanghai", ("08:30-12:00", "13:30-17:30"), has_makeup_days=True),
    "gb": Country("England and Wales", "GB", "Europe/London", ("09:00-17:00",), subdivision="ENG", language="en_GB"),
    "us": Country("United States, federal holidays", "US", "America/New_York", ("09:00-17:00",)),
}


@app.command("list")
def list_() -> None:
    """List the calendars that ship."""
    from console.rules.calendars import ready_calendars

    for name in ready_calendars():
        emit(name)


@app.command("make")
def make(
    country: Annotated[str, typer.Argument(metavar="COUNTRY", help="cn, gb or us.")],
    years: Annotated[str, typer.Option("--years", metavar="A-B", help="The first and the last year.")],
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Where to; else the screen.")] = None,
) -> None:
    """Make a calendar file of public holidays and make-up working days; needs the calendars extra."""
    if country not in COUNTRIES:
        known = nearest(country, tuple(COUNTRIES))
        raise UsageError(
            _("There is no country {country} to make a calendar for.").format(country=country),
            _("Did you mean {known}?").format(known=known) if known else _("Give cn, gb or us."),
        )
    found = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", years, re.ASCII)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1950 <= first <= last <= 2100:
        raise UsageError(
            _("--years {years} is no range of years from 1950 to 2100.").format(years=years),
            _("Write for example 2020-2040."),
        )
    lines = list(calendar_lines(COUNTRIES[country], first, last))
    if output is None:
        for line in lines:
            emit(line)
        return
    try:
        output.write_text("\n".join(lines) + "\n", "utf-8")
    except OSError as problem:
        raise UsageError(
            _("{path} cannot be written: {reason}.").format(path=output, reason=problem.strerror), _("Check the path.")
        ) from None
    narrate(_("Wrote {path}.").format(path=output))


def calendar_lines(country: Country, first: int, last: int) -> Iterator[str]:
    """Yield the lines of a calendar file in TOML; raises OmbudError when the library of holidays is not installed."""
    try:
        import holidays
    except ImportError:
        raise OmbudError(
            _("The library of public holidays is not installed."), "Install it: pip install 'ombud[calendars]'"
        ) from None
    days = holidays.country_holidays(
        country.code, subdiv=country.subdivision, years=range(first, last + 1), language=country.language
    )
    makeup_days = sorted(day for day in days.weekend_workdays if first <= day.year <= last)
    announced = max((day.year for day in makeup_days), default=last) if country.has_makeup_days else last
    yield f"# {country.title}: public holidays{' and make-up working days' if makeup_days else ''}, {first} to {last}."
    yield f"# From the library holidays {version('holidays')}; the office hours are an assumption to be changed."
    yield f'zone = "{country.zone}"'
    yield f"announced_until = {announced}"
    if makeup_days:
        yield ""
        yield "# Weekend days worked instead of a day off between holidays, with the hours of the first working weekday."
        yield "workdays = ["
        for year in sorted({day.year for day in makeup_days}):
            yield "    " + " ".join(f'"{day.isoformat()}",' for day in makeup_days if day.year == year)
        yield "]"
    yield ""
    yield "[hours]"
    blocks = ", ".join(f'"{block}"' for block in country.blocks)
    for weekday in ("mon", "tue", "wed", "thu", "fri"):
        yield f"{weekday} = [{blocks}]"
    yield ""
    yield "[holidays]"
    for day in sorted(days):
        if isinstance(day, date):
            yield f'{day.isoformat()} = "{_title(days[day])}"'


def _title(name: str) -> str:
    """Return a holiday's name with any date in it as YYYY-MM-DD, fit for a TOML string."""
    found = _SUBSTITUTED.fullmatch(name)
    if found:
        name = f"{found[1]} for {found[4]}-{found[2]}-{found[3]}"
    return name.replace("\\", "").replace('"', "'")
