"""A customer who has, uses, is billed and pays something, and complains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from customer_data import fill
from sqlalchemy import Table, insert, select, update

from console.models import Bill, Case, Consumption, Customer, Meter, Payment, ServiceAccount
from console.models.base import table_of
from console.services import contacts
from console.storage.engine import Store

NOW = datetime(2026, 3, 15, 1, 0, tzinfo=UTC)
ACCOUNTS: Table = table_of(ServiceAccount)
CUSTOMERS: Table = table_of(Customer)


def supplied(store: Store) -> dict[str, int]:
    """Give the second customer three months of consumption, three bills, two payments, a meter and a case."""
    ids = fill(store)
    with store.writing("root") as work:
        connection = work.connection
        account = connection.execute(select(ACCOUNTS.c.id).where(ACCOUNTS.c.number == "A-200")).scalar_one()
        connection.execute(
            insert(table_of(Meter)),
            [{"account_id": account, "number": "W0", "kind": "old", "removed_on": NOW.date(), "version": 1}],
        )
        connection.execute(
            insert(table_of(Consumption)),
            [
                {"account_id": account, "month": month, "meter": "", "quantity_milli": used, "unit": "m3", "version": 1}
                for month, used in (("2026-01", 7_000), ("2026-02", 8_500), ("2024-02", 1_000))
            ],
        )
        days: list[dict[str, Any]] = [
            {
                "number": "B-1",
                "amount_minor": 1_000,
                "issued_on": "2026-01-05",
                "due_on": "2026-01-25",
                "state": "open",
            },
            {
                "number": "B-2",
                "amount_minor": 2_000,
                "issued_on": "2026-02-05",
                "due_on": "2026-02-25",
                "state": "open",
            },
            {
                "number": "B-3",
                "amount_minor": 3_000,
                "issued_on": "2026-03-05",
                "due_on": "2026-03-25",
                "state": "open",
            },
        ]
        for day in days:
            for name in ("issued_on", "due_on"):
                day[name] = datetime.fromisoformat(day[name]).date()
        connection.execute(
            insert(table_of(Bill)), [{**day, "account_id": account, "currency": "CNY", "version": 1} for day in days]
        )
        bills: dict[str, int] = {
            row[0]: row[1] for row in connection.execute(select(table_of(Bill).c.number, table_of(Bill).c.id))
        }
        connection.execute(
            insert(table_of(Payment)),
            [
                {
                    "number": f"P-{bill}", "account_id": account, "bill_id": bills[bill], "paid_at": NOW - timedelta(days=back),
                    "amount_minor": paid, "currency": "CNY", "method": "bank", "version": 1,
                }
                for bill, paid, back in (("B-1", 1_000, 40), ("B-2", 500, 10))
            ],
        )  # fmt: skip
        connection.execute(
            insert(table_of(Case)),
            [
                {
                    "reference": f"C-{number}", "kind": "complaint", "state": "received", "phase": "open",
                    "channel": "telephone", "severity": 1, "subject": "停水", "customer_id": ids["0002"],
                    "received_at": NOW - timedelta(days=number), "updated_at": NOW, "region": "", "responsible": "",
                    "source_digest": "", "version": 1,
                }
                for number in (1, 2, 3)
            ],
        )  # fmt: skip
        connection.execute(update(CUSTOMERS).where(CUSTOMERS.c.number == "0002").values(has_life_support=True))
        work.record("fill", "database", "supply")
    contacts.log(store, contacts.NewContact("0002", "Asked about the bill"), "an")
    return ids
