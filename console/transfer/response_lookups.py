"""What an import of answers asks of the database: responses that are there, customers and cases they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from console.models import Case, Customer, Department
from console.models.base import table_of
from console.services.answering import RESPONSES

CUSTOMERS: Table = table_of(Customer)
CASES: Table = table_of(Case)
DEPARTMENTS: Table = table_of(Department)


def digests_of(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Return what responses say, as digests, by id."""
    question = select(RESPONSES.c.id, RESPONSES.c.digest).where(RESPONSES.c.id.in_(list(ids)))
    return {row[0]: row[1] for row in connection.execute(question)}


def known_digests(connection: Connection, survey_id: int | None, digests: Sequence[str]) -> set[str]:
    """Return those of some digests that a survey has responses with."""
    question = select(RESPONSES.c.digest).where(
        RESPONSES.c.survey_id == survey_id, RESPONSES.c.digest.in_(list(digests))
    )
    return set(connection.execute(question).scalars())


def customers_of(connection: Connection, numbers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return id, region, kind and supply of customers by number."""
    wanted = sorted({number for number in numbers if number})
    if not wanted:
        return {}
    question = select(
        CUSTOMERS.c.number, CUSTOMERS.c.id, CUSTOMERS.c.region, CUSTOMERS.c.kind, CUSTOMERS.c.supply_category
    ).where(CUSTOMERS.c.number.in_(wanted))
    return {
        row[0]: {"id": row[1], "region": row[2], "kind": row[3], "supply": row[4] or ""}
        for row in connection.execute(question)
    }


def cases_of(connection: Connection, references: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return id and department of cases by reference."""
    wanted = sorted({reference for reference in references if reference})
    if not wanted:
        return {}
    question = (
        select(CASES.c.reference, CASES.c.id, DEPARTMENTS.c.code)
        .join_from(CASES, DEPARTMENTS, DEPARTMENTS.c.id == CASES.c.department_id, isouter=True)
        .where(CASES.c.reference.in_(wanted))
    )
    return {row[0]: {"id": row[1], "department": row[2] or ""} for row in connection.execute(question)}
