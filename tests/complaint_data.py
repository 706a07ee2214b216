"""Complaints by the month, written straight into the tables: as many as a test of figures needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, select

from console.models import Case, Category, Department
from console.models.base import table_of
from console.rules.months import month_bounds, months_between
from console.storage.engine import Store
from console.storage.numbers import case_reference, take_case_numbers

CASES: Table = table_of(Case)
CATEGORIES: Table = table_of(Category)
DEPARTMENTS: Table = table_of(Department)

YEAR = months_between("2025-01", "2025-12")
SERIES = (52, 47, 55, 60, 49, 58, 51, 63, 56, 48, 59, 88)
"""Golden case 27 of the specification: complaints of twelve months."""
CUSTOMERS = (65000, 65100, 65100, 65200, 65300, 65400, 65400, 65500, 65600, 65600, 65700, 65800)
NOW = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)


def complain(store: Store, month: str, count: int, **values: Any) -> list[int]:
    """Enter complaints spread evenly over a month (UTC) from its first second; ``category`` and ``department`` are codes.

    They are closed two days after receipt unless ``values`` say otherwise. Returns their ids.
    """
    start, end = month_bounds(month, UTC)
    given = dict(values)
    with store.writing("test") as work:
        connection = work.connection
        category_id = _id(connection, CATEGORIES, given.pop("category", None))
        department_id = _id(connection, DEPARTMENTS, given.pop("department", None))
        taken = take_case_numbers(connection, count)
        rows = []
        for place, (id_, _reference) in enumerate(taken):
            at = start + (end - start) * place / max(1, count)
            at = at.replace(microsecond=0)
            rows.append(
                {
                    "id": id_,
                    "reference": case_reference(id_),
                    "kind": "complaint",
                    "state": "archived",
                    "phase": "closed",
                    "category_id": category_id,
                    "department_id": department_id,
                    "channel": "telephone",
                    "region": "east",
                    "subject": f"complaint {id_}",
                    "received_at": at,
                    "due_at": at + timedelta(days=5),
                    "closed_at": at + timedelta(days=2),
                    "updated_at": at,
                    **_blank(),
                    **given,
                }
            )
        if rows:
            connection.execute(insert(CASES), rows)
        work.record("test", "case", f"{count} in {month}")
    return [row["id"] for row in rows]


def complain_each(store: Store, months: Sequence[str], counts: Sequence[int], **values: Any) -> None:
    """Enter a series of complaints, a number a month."""
    for month, count in zip(months, counts, strict=True):
        complain(store, month, count, **values)


def _id(connection: Any, table: Table, code: str | None) -> int | None:
    if code is None:
        return None
    found = connection.execute(select(table.c.id).where(table.c.code == code)).scalar()
    if found is None:
        found = connection.execute(
            insert(table)
            .values(code=code, name=code.rpartition(" / ")[2], is_active=True, version=1)
            .returning(table.c.id)
        ).scalar_one()
    return int(found)


def _blank() -> dict[str, Any]:
    return {
        "severity": 1,
        "responsible": "",
        "is_supervised": False,
        "is_vulnerable": False,
        "is_raised_by_staff": False,
        "authority": "",
        "area": "",
        "validity": "",
        "times_repeated": 0,
        "times_urged": 0,
        "times_reopened": 0,
        "callback_attempts": 0,
        "escalation_level": 0,
        "source_digest": "",
        "version": 1,
    }
