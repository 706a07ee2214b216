"""Who acts: the member of staff behind a login."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Table, select

from console.errors import NotAllowedError
from console.models import Staff
from console.models.base import table_of

STAFF: Table = table_of(Staff)


@dataclass(frozen=True, slots=True)
class Worker:
    """The member of staff who acts."""

    id: int
    login: str
    role: str
    department_id: int | None


def worker_of(connection: Connection, login: str) -> Worker:
    """Return the member of staff behind a login. Raises NotAllowedError for somebody who is none."""
    row = connection.execute(
        select(STAFF.c.id, STAFF.c.login, STAFF.c.role, STAFF.c.department_id).where(
            STAFF.c.login == login, STAFF.c.is_active
        )
    ).one_or_none()
    if row is None:
        raise NotAllowedError(f"{login} is not on the staff.", "An administrator adds people: ombud staff add LOGIN")
    return Worker(*tuple(row))
