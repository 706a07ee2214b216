"""What the accounts of the demonstration have, use, are billed and pay, moved in time with the rest of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select

from console.models import ServiceAccount
from console.models.base import table_of
from console.services.supply_records import BILLS, CONSUMPTION, CONTRACTS, METERS, PAYMENTS
from console.storage.bulk import insert_rows

CURRENCY = "CNY"
MILLI = 1000
ACCOUNTS = table_of(ServiceAccount)
Read = Callable[[str], Sequence[Mapping[str, str]]]
"""Gives the rows of a file by its name."""


def load_supply(
    connection: Connection, read: Read, accounts: Mapping[str, int], anchor: datetime, shift: timedelta
) -> None:
    """Enter meters, contracts, consumption, bills and payments of accounts, given by number, all moved by ``shift``.

    Months move by whole months, so that the last of them stays the one before the present.
    """
    months = _month_number(anchor + shift) - _month_number(anchor)
    owners = {row[0]: row[1] for row in connection.execute(select(ACCOUNTS.c.id, ACCOUNTS.c.customer_id))}

    def day(text: str) -> date | None:
        return date.fromisoformat(text) + timedelta(days=shift.days) if text else None

    insert_rows(
        connection,
        METERS,
        ("account_id", "number", "kind", "installed_on", "removed_on"),
        [
            (accounts[row["account"]], row["number"], row["kind"], day(row["installed_on"]), day(row["removed_on"]))
            for row in read("meters")
        ],
    )
    insert_rows(
        connection,
        CONTRACTS,
        ("number", "customer_id", "account_id", "state", "performance", "terms", "starts_on", "ends_on"),
        [
            (
                row["number"],
                owners[accounts[row["account"]]],
                accounts[row["account"]],
                row["state"],
                row["performance"],
                row["terms"],
                day(row["starts_on"]),
                day(row["ends_on"]),
            )
            for row in read("contracts")
        ],
    )
    insert_rows(
        connection,
        CONSUMPTION,
        ("account_id", "month", "quantity_milli", "unit", "reading_milli"),
        [
            (accounts[row["account"]], month, used * MILLI, row["unit"], reading * MILLI)
            for row in read("consumption")
            for month, used, reading in _used(row, months)
        ],
    )
    insert_rows(
        connection,
        BILLS,
        ("number", "account_id", "state", "amount_minor", "currency", "starts_on", "ends_on", "issued_on", "due_on"),
        [
            (
                row["number"],
                accounts[row["account"]],
                row["state"],
                int(row["amount_minor"]),
                CURRENCY,
                *(day(row[name]) for name in ("starts_on", "ends_on", "issued_on", "due_on")),
            )
            for row in read("bills")
        ],
    )
    bills = {row.number: row for row in connection.execute(select(BILLS))}
    insert_rows(
        connection,
        PAYMENTS,
        ("number", "bill_id", "account_id", "paid_at", "amount_minor", "currency", "method"),
        [
            (
                f"P{row['bill']}",
                bills[row["bill"]].id,
                bills[row["bill"]].account_id,
                datetime.fromisoformat(row["paid_at"]) + shift,
                bills[row["bill"]].amount_minor,
                CURRENCY,
                row["method"],
            )
            for row in read("payments")
        ],
    )


def _used(row: Mapping[str, str], shift: int) -> Iterator[tuple[str, int, int]]:
    """Yield month, quantity and reading at its end for the months of an account."""
    reading = int(row["reading"])
    for place, used in enumerate(map(int, row["quantities"].split())):
        reading += used
        yield _moved(row["first_month"], shift + place), used, reading


def _month_number(at: datetime) -> int:
    return at.year * 12 + at.month - 1


def _moved(month: str, count: int) -> str:
    number = int(month[:4]) * 12 + int(month[5:]) - 1 + count
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
