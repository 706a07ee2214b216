"""Days in SQL, where the engines differ: the day of a moment, and the days between two days."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Interval, cast, func, literal, type_coerce
from sqlalchemy.types import String


def day_of(dialect: str, moment: ColumnElement[Any], offset_seconds: int) -> ColumnElement[Any]:
    """Return the day of a moment, that many seconds ahead of UTC; none of none."""
    if dialect == "postgresql":
        there = func.timezone("UTC", moment) + func.make_interval(0, 0, 0, 0, 0, 0, offset_seconds, type_=Interval)
        return cast(there, Date)
    seconds = type_coerce(moment, Integer) + offset_seconds
    return type_coerce(func.date(seconds, "unixepoch"), Date)


def days_between(
    dialect: str, later: ColumnElement[Any] | date, earlier: ColumnElement[Any] | date
) -> ColumnElement[Any]:
    """Return the whole days from one day to a later one; below zero where it is the earlier."""
    if dialect == "postgresql":
        return type_coerce(_day(later) - _day(earlier), Integer)
    return cast(func.julianday(_written(later)) - func.julianday(_written(earlier)), Integer)


def _day(day: ColumnElement[Any] | date) -> Any:
    return cast(literal(day), Date) if isinstance(day, date) else day


def _written(day: ColumnElement[Any] | date) -> Any:
    return literal(day.isoformat()) if isinstance(day, date) else type_coerce(day, String)
