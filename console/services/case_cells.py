"""What the columns of a list of cases say in plain text, with the codes as they are stored: for lines that scripts read."""

from __future__ import annotations

from datetime import datetime

from console.codes import CasePhase
from console.due_words import due_text, span_text
from console.services.views import CaseRow

_NAMES = {"team": "department", "parent": "incident", "external": "external_reference", "customer": "customer_number"}
_MOMENTS = {"received": "received_at", "updated": "updated_at", "closed": "closed_at"}
_FLAGS = {"supervised": "is_supervised", "vulnerable": "is_vulnerable"}
LONGEST = 80
"""Characters of a text before it is cut, so that one line stays one line."""


def age_text(row: CaseRow, now: datetime) -> str:
    """Return how long a case has been there; of a closed one, how long it took."""
    return span_text((row.closed_at or now) - row.received_at)


def signs(row: CaseRow) -> str:
    """Return the signs of a case: S supervised, V needs care, then how often it was repeated (R), urged (U), reopened (O)."""
    marks = [("S", row.is_supervised), ("V", row.is_vulnerable)]
    counts = [("R", row.times_repeated), ("U", row.times_urged), ("O", row.times_reopened)]
    return "".join(sign for sign, is_set in marks if is_set) + "".join(
        f"{sign}{count}" for sign, count in counts if count
    )


def is_overdue(row: CaseRow, now: datetime) -> bool:
    """Return whether an open case is past its due time."""
    return row.phase == CasePhase.OPEN.value and row.due_at is not None and row.due_at < now


def cell_text(row: CaseRow, column: str, now: datetime) -> str:
    """Return what a column of ``console.rules.case_columns`` says of a case; times are UTC in ISO 8601."""
    if column == "due":
        return due_text(row.due_at, now, is_closed=row.phase == CasePhase.CLOSED.value)[0]
    if column == "age":
        return age_text(row, now)
    if column == "flags":
        return signs(row)
    if column == "overdue":
        return "yes" if is_overdue(row, now) else "no"
    if column == "customer_name":
        return row.customer
    if column in _FLAGS:
        return "yes" if getattr(row, _FLAGS[column]) else "no"
    if column in _MOMENTS:
        at = getattr(row, _MOMENTS[column])
        return "" if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(getattr(row, _NAMES.get(column, column)))[:LONGEST]
