"""Customers to be asked and staff to ask them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import insert

from console.models import Customer, Staff
from console.models.base import table_of
from console.storage.engine import Store

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
PEOPLE = {"anna": "analyst", "ben": "agent", "cleo": "agent", "aud": "auditor"}
"""Login and role."""


def staff(store: Store) -> None:
    """Enter those who plan and ask."""
    with store.writing("anna") as work:
        work.connection.execute(
            insert(table_of(Staff)),
            [
                {
                    "login": login,
                    "name": login.title(),
                    "role": role,
                    "is_active": True,
                    "created_at": NOW,
                    "version": 1,
                }
                for login, role in PEOPLE.items()
            ],
        )
        work.record("enrol", "staff", "test")


def customers(store: Store, count: int, regions: Sequence[str] = ("west", "east", "east", "east")) -> list[str]:
    """Enter customers, by turns of the regions, with telephones, and return their numbers."""
    numbers = [f"{place:05d}" for place in range(count)]
    with store.writing("anna") as work:
        work.connection.execute(
            insert(table_of(Customer)),
            [
                {
                    "number": number,
                    "name": f"Customer {number}",
                    "kind": "enterprise" if place % 10 == 0 else "individual",
                    "relationship": "long_term",
                    "region": regions[place % len(regions)],
                    "phone_masked": f"138****{place:04d}",
                    "supply_category": "residential",
                    "created_at": NOW,
                    "updated_at": NOW,
                }
                for place, number in enumerate(numbers)
            ],
        )
        work.record("customers", "database", "test")
    return numbers
