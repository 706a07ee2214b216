"""What accounts have, use, are billed and pay: given to the person it is about, and taken away when he is erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, or_, select, update

from console.models import Bill, Consumption, Contract, Customer, ImportChange, Meter, Payment, ServiceAccount
from console.models.base import table_of

METERS: Table = table_of(Meter)
CONTRACTS: Table = table_of(Contract)
CONSUMPTION: Table = table_of(Consumption)
BILLS: Table = table_of(Bill)
PAYMENTS: Table = table_of(Payment)
CHANGES: Table = table_of(ImportChange)
ACCOUNTS: Table = table_of(ServiceAccount)
CUSTOMERS: Table = table_of(Customer)

SWEPT = ("payments", "bills", "consumption", "contracts", "meters", "import_changes")
"""The tables that an erasure deletes from, by name."""

HELD: tuple[tuple[Table, str, str], ...] = (
    (METERS, "meters", "installed_on"),
    (CONTRACTS, "contracts", "starts_on"),
    (CONSUMPTION, "consumption", "month"),
    (BILLS, "bills", "issued_on"),
    (PAYMENTS, "payments", "paid_at"),
)


def _of(table: Table, customer_id: int, accounts: Sequence[int]) -> Any:
    if "customer_id" in table.c:
        return or_(table.c.customer_id == customer_id, table.c.account_id.in_(accounts))
    return table.c.account_id.in_(accounts)


def _accounts(connection: Connection, customer_id: int) -> list[int]:
    return list(connection.execute(select(ACCOUNTS.c.id).where(ACCOUNTS.c.customer_id == customer_id)).scalars())


def held_of(connection: Connection, customer_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return meters, contracts, consumption, bills and payments of a customer, the newest first, each with its account's number.

    Money is in minor units, quantities in thousandths, as their names say; ids are left out.
    """
    accounts = _accounts(connection, customer_id)
    found: dict[str, list[dict[str, Any]]] = {}
    for table, name, newest in HELD:
        facts = [column for column in table.columns if column.name != "version" and not column.name.endswith("id")]
        columns = [ACCOUNTS.c.number.label("account"), *facts]
        question = (
            select(*columns)
            .join_from(table, ACCOUNTS, ACCOUNTS.c.id == table.c.account_id, isouter=True)
            .where(_of(table, customer_id, accounts))
            .order_by(table.c[newest].desc(), table.c.id.desc())
        )
        found[name] = [dict(row) for row in connection.execute(question).mappings()]
    return found


def erase_held(connection: Connection, customer_id: int) -> None:
    """Delete meters, contracts, consumption, bills and payments of a customer, and what imports noted of him.

    The books of what was billed are kept where bills are made, not here.
    """
    accounts = _accounts(connection, customer_id)
    gone = {"customers": [customer_id], "accounts": accounts}
    # Payments refer to bills.
    for table, name, _newest in reversed(HELD):
        condition = _of(table, customer_id, accounts)
        gone[name] = list(connection.execute(select(table.c.id).where(condition)).scalars())
        connection.execute(delete(table).where(condition))
    for name, ids in gone.items():
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            connection.execute(delete(CHANGES).where(CHANGES.c.kind == name, CHANGES.c.row_id.in_(part)))
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.customer_id == customer_id).values(meter_number=""))
