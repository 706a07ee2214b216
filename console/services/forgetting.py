"""What stands of an erased customer in the notes of others: rows that imports refused, answers they changed, merges, doubles."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, Table, delete, or_, select, update

from console.models import CustomerMerge, DistinctCustomers, RefusedRow, Response, ResponseChange
from console.models.base import table_of
from console.services.customer_records import ACCOUNTS, CUSTOMERS

REFUSED: Table = table_of(RefusedRow)
MERGES: Table = table_of(CustomerMerge)
DISTINCT: Table = table_of(DistinctCustomers)
RESPONSES: Table = table_of(Response)
CHANGED: Table = table_of(ResponseChange)

CHUNK = 500
SWEPT = ("refused_rows", "response_changes", "customer_merges", "distinct_customers")
"""The tables that are emptied here, by name."""


def forget_notes(connection: Connection, customer_id: int) -> None:
    """Empty what imports and merges wrote down of a customer who is about to be erased: call it while his name is still there.

    A refused row is his where one of its cells is his number, an account's or a meter's of his, or his name; that it was refused,
    where and why stays. What a merge filled in is not needed any more, since an erased customer is not separated again.
    """
    _forget_refused(connection, _names(connection, customer_id))
    said = select(RESPONSES.c.id).where(RESPONSES.c.customer_id == customer_id)
    connection.execute(delete(CHANGED).where(CHANGED.c.response_id.in_(said)))
    own_merge = or_(MERGES.c.from_id == customer_id, MERGES.c.into_id == customer_id)
    connection.execute(update(MERGES).where(own_merge).values(reason="", before="{}"))
    own_pair = or_(DISTINCT.c.low_id == customer_id, DISTINCT.c.high_id == customer_id)
    connection.execute(update(DISTINCT).where(own_pair).values(reason=""))


def _names(connection: Connection, customer_id: int) -> set[str]:
    """Return by what a row may name a customer."""
    own = connection.execute(select(CUSTOMERS.c.number, CUSTOMERS.c.name).where(CUSTOMERS.c.id == customer_id)).one()
    supplied = select(ACCOUNTS.c.number, ACCOUNTS.c.meter_number).where(ACCOUNTS.c.customer_id == customer_id)
    return {*own, *(number for row in connection.execute(supplied) for number in row)} - {""}


def _forget_refused(connection: Connection, names: Collection[str]) -> None:
    # The JSON of a row may write a name in another way than it stands in the cell, so that each row is read.
    question = select(REFUSED.c.id, REFUSED.c.content).where(REFUSED.c.content != "")
    found = connection.execute(question, execution_options={"yield_per": CHUNK})
    his = [row.id for row in found if _is_named(row.content, names)]
    for start in range(0, len(his), CHUNK):
        part = his[start : start + CHUNK]
        connection.execute(update(REFUSED).where(REFUSED.c.id.in_(part)).values(content=""))


def _is_named(content: str, names: Collection[str]) -> bool:
    """Whether a cell of a refused row, or any part of one that could not be cut into cells, is one of some names."""
    try:
        cells = json.loads(content)
    except ValueError:
        return any(name in content for name in names)
    return any(cell in names for cell in _cells(cells))


def _cells(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for held in value.values():
            yield from _cells(held)
    elif isinstance(value, list):
        for held in value:
            yield from _cells(held)
    else:
        yield str(value).strip()
