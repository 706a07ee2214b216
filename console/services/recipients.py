"""Who is meant by person, lead and head of a case: the members of staff a notice goes to (requirement B7)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select

from console.codes import Role
from console.models import Department, Staff
from console.models.base import table_of

STAFF: Table = table_of(Staff)
DEPARTMENTS: Table = table_of(Department)


@dataclass(frozen=True, slots=True)
class Chart:
    """The active staff by the places they hold: logins by id, leads by department, administrators, the parents of departments."""

    logins: dict[int, str]
    leads: dict[int, list[int]]
    administrators: list[int]
    parents: dict[int, int]

    def recipients(self, to: str, assignee_id: int | None, department_id: int | None) -> tuple[int, ...]:
        """Return the ids of those meant by ``person``, ``lead`` or ``head`` of a case.

        Where nobody holds the place, those above are meant, at last the administrators, so that no notice is for nobody while
        anybody is there.
        """
        if to == "person" and assignee_id is not None and assignee_id in self.logins:
            return (assignee_id,)
        if to in ("person", "lead") and department_id is not None and self.leads.get(department_id):
            return tuple(self.leads[department_id])
        return self._heads(department_id)

    def _heads(self, department_id: int | None) -> tuple[int, ...]:
        passed: set[int] = set()
        above = None if department_id is None else self.parents.get(department_id)
        while above is not None and above not in passed:
            if self.leads.get(above):
                return tuple(self.leads[above])
            passed.add(above)
            above = self.parents.get(above)
        return tuple(self.administrators)


def chart(connection: Connection) -> Chart:
    """Read who holds which place now."""
    logins: dict[int, str] = {}
    leads: dict[int, list[int]] = defaultdict(list)
    administrators: list[int] = []
    rows = connection.execute(
        select(STAFF.c.id, STAFF.c.login, STAFF.c.role, STAFF.c.department_id)
        .where(STAFF.c.is_active)
        .order_by(STAFF.c.id)
    )
    for id_, login, role, department_id in rows:
        logins[id_] = login
        if role == Role.LEAD.value and department_id is not None:
            leads[department_id].append(id_)
        elif role == Role.ADMINISTRATOR.value:
            administrators.append(id_)
    parents = dict(
        connection.execute(
            select(DEPARTMENTS.c.id, DEPARTMENTS.c.parent_id).where(DEPARTMENTS.c.parent_id.is_not(None))
        ).all()
    )
    return Chart(logins, dict(leads), administrators, parents)
