"""The customer behind a number that people write: one who was merged leads to the one who goes on for him."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Table, select

from console.errors import NotFoundError
from console.identifiers import natural_key
from console.models import Customer
from console.models.base import table_of

CUSTOMERS: Table = table_of(Customer)

LONGEST_CHAIN = 50
"""Merges one after the other that are followed; more would be a circle."""


@dataclass(frozen=True, slots=True)
class Known:
    """A customer who is there: neither erased nor merged into another."""

    id: int
    number: str
    name: str
    kind: str
    region: str
    version: int


def known(connection: Connection, written: str) -> Known:
    """Return the customer with a number, or the one he was merged into. Raises NotFoundError for unknown and erased ones."""
    number = natural_key(written)
    columns = (
        CUSTOMERS.c.id, CUSTOMERS.c.number, CUSTOMERS.c.name, CUSTOMERS.c.kind, CUSTOMERS.c.region, CUSTOMERS.c.version,
        CUSTOMERS.c.erased_at, CUSTOMERS.c.merged_into_id,
    )  # fmt: skip
    row = connection.execute(select(*columns).where(CUSTOMERS.c.number == number)).first()
    if row is None:
        raise NotFoundError(f"No customer has the number {number}.", "Search: ombud customer find TEXT")
    for _ in range(LONGEST_CHAIN):
        if row.merged_into_id is None:
            break
        row = connection.execute(select(*columns).where(CUSTOMERS.c.id == row.merged_into_id)).one()
    if row.erased_at is not None:
        raise NotFoundError(f"The data of customer {number} was erased.", "Nothing can be entered for him.")
    return Known(row.id, row.number, row.name, row.kind, row.region, row.version)
