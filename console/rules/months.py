"""Calendar months as ``2026-11``: their bounds in a zone, their order, and the months between two."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from console.errors import UsageError

MONTHS_A_YEAR = 12


def month_of(moment: datetime, zone: tzinfo) -> str:
    """Return the month of a moment in a zone."""
    return moment.astimezone(zone).strftime("%Y-%m")


def month_number(month: str) -> int:
    """Return the number of a month counted from the year 0. Raises UsageError for what is no month."""
    year, dash, number = month.partition("-")
    if not (
        dash
        and len(year) == 4
        and len(number) == 2
        and year.isascii()
        and number.isascii()
        and (year + number).isdecimal()
        and 1 <= int(number) <= MONTHS_A_YEAR
        and 1 <= int(year) < 9999
    ):
        raise UsageError(f"{month} is no month.", "Write it as 2026-11.")
    return int(year) * MONTHS_A_YEAR + int(number) - 1


def month_named(number: int) -> str:
    """Return the month with a number, as ``month_number`` counts."""
    return f"{number // MONTHS_A_YEAR:04d}-{number % MONTHS_A_YEAR + 1:02d}"


def shifted(month: str, by: int) -> str:
    """Return the month so many months later, earlier where ``by`` is negative."""
    return month_named(month_number(month) + by)


def months_between(first: str, last: str) -> tuple[str, ...]:
    """Return the months from one to another, both included; none where the last lies before the first."""
    return tuple(month_named(number) for number in range(month_number(first), month_number(last) + 1))


def month_start(month: str, zone: tzinfo) -> datetime:
    """Return the moment in UTC at which a month begins in a zone."""
    number = month_number(month)
    return datetime(number // MONTHS_A_YEAR, number % MONTHS_A_YEAR + 1, 1, tzinfo=zone).astimezone(UTC)


def month_bounds(month: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return begin and end (not included) of a month in a zone, both in UTC."""
    return month_start(month, zone), month_start(shifted(month, 1), zone)
