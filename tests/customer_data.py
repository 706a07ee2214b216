"""A few customers with sensitive data, and the people who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, insert

from console.models import Staff
from console.models.base import table_of
from console.services.customer_records import write_accounts, write_customers
from console.storage.engine import Store

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
STAFF: Table = table_of(Staff)

CUSTOMERS: tuple[dict[str, Any], ...] = (
    {
        "number": "0001",
        "name": "欧阳小明",
        "phone": "+86 138 0013 8000",
        "email": "xm.ouyang@example.org",
        "identity": "110101199003071234",
        "address": "临澜市城中区钟楼广场106号168室",
        "bank": "6222020200112233445",
    },
    {"number": "0002", "name": "曾國強", "phone": "13912345678", "address": "临澜市江北区人民路7号"},
    {
        "number": "0003",
        "name": "Zoë Müller-Øst",
        "phone": "+1 202-555-0149",
        "address": "82 Old Market, flat 106, Lindan",
    },
    {"number": "0103", "name": "吕布", "phone": "010-6234 5678"},
    {"number": "8000", "name": "临澜市重庆火锅有限公司", "phone": "95598"},
    {"number": "K-77", "name": "Mark Oldman"},
)
ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"number": "A-100", "customer": "0001", "meter_number": "E0972671", "address": "临澜市高新区科技大道9号"},
    {"number": "A-200", "customer": "0002", "meter_number": "W0320053", "address": "临澜市江北区人民路7号"},
    {"number": "B-300", "customer": "0002", "meter_number": "W0320054", "address": "临澜市江北区人民路7号"},
)


def dated(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a customer's row with the times it needs."""
    return {**row, "created_at": AT, "updated_at": AT}


def account(row: Mapping[str, Any], ids: Mapping[str, int]) -> dict[str, Any]:
    """Return an account's row with its owner's id."""
    facts = {name: value for name, value in row.items() if name != "customer"}
    return {"utility": "electricity", **facts, "customer_id": ids[row["customer"]]}


def enrol(store: Store) -> None:
    """Enter an agent (an), a lead (lin), an analyst (ana) and an administrator (root)."""
    roles = {"an": "agent", "lin": "lead", "ana": "analyst", "root": "administrator"}
    with store.writing("root") as work:
        work.connection.execute(
            insert(STAFF),
            [
                {"login": login, "name": login, "role": role, "is_active": True, "created_at": AT, "version": 1}
                for login, role in roles.items()
            ],
        )
        work.record("enrol", "staff", "all")


def fill(store: Store) -> dict[str, int]:
    """Enter the people, the customers and their accounts; return the ids of the customers by number."""
    enrol(store)
    return put(store)


def put(store: Store) -> dict[str, int]:
    """Enter the customers and their accounts; return the ids of the customers by number."""
    with store.writing("root") as work:
        ids = write_customers(work.connection, [dated(row) for row in CUSTOMERS])
        write_accounts(work.connection, [account(row, ids) for row in ACCOUNTS])
        work.record("fill", "database", "customers")
    return ids
