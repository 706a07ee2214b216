"""The rows behind the names that people write: categories, departments, logins, references."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Connection, RowMapping, Select, Table, bindparam, select

from console.errors import UsageError, nearest
from console.models import Case, Category, CorrectiveAction, Department, Staff
from console.models.base import table_of

CASES: Table = table_of(Case)
CATEGORIES: Table = table_of(Category)
DEPARTMENTS: Table = table_of(Department)
STAFF: Table = table_of(Staff)
ACTIONS: Table = table_of(CorrectiveAction)

_ASKED: BindParameter[str] = bindparam("name")
_QUESTIONS: Mapping[str, Select[Any]] = {
    "category": select(CATEGORIES.c.id).where(CATEGORIES.c.code == _ASKED),
    "department": select(DEPARTMENTS.c.id).where(DEPARTMENTS.c.code == _ASKED),
    "staff": select(STAFF.c.id, STAFF.c.department_id).where(STAFF.c.login == _ASKED, STAFF.c.is_active),
    "case": select(CASES.c.id, CASES.c.reference).where(CASES.c.reference == _ASKED),
    "action": select(ACTIONS.c.id).where(ACTIONS.c.number == _ASKED),
}


@dataclass(slots=True)
class Names:
    """Names looked up in one errand, each once; every question raises UsageError, naming the nearest, for a name of nothing."""

    _known: dict[tuple[str, str], RowMapping | None] = field(default_factory=dict)

    @staticmethod
    def category_code(written: str) -> str:
        """Return the code of a category as it is stored; spaces around the slashes do not matter."""
        return " / ".join(part.strip() for part in written.split("/"))

    def category(self, connection: Connection, written: str) -> int:
        """Return the id of a category by its code."""
        code = self.category_code(written)
        row = self._row(connection, "category", code)
        if row is None:
            codes = connection.execute(select(CATEGORIES.c.code)).scalars()
            raise UsageError(f"There is no category {code}.", nearest_hint(code, tuple(codes)))
        return int(row["id"])

    def department(self, connection: Connection, code: str) -> int:
        """Return the id of a department by its code."""
        row = self._row(connection, "department", code)
        if row is None:
            codes = connection.execute(select(DEPARTMENTS.c.code)).scalars()
            raise UsageError(f"There is no department {code}.", nearest_hint(code, tuple(codes)))
        return int(row["id"])

    def person(self, connection: Connection, login: str) -> RowMapping:
        """Return id and department_id of an active member of staff."""
        row = self._row(connection, "staff", login)
        if row is None:
            logins = connection.execute(select(STAFF.c.login).where(STAFF.c.is_active)).scalars()
            raise UsageError(f"{login} is not on the staff.", nearest_hint(login, tuple(logins)))
        return row

    def case(self, connection: Connection, reference: str) -> RowMapping:
        """Return id and reference of a case."""
        row = self._row(connection, "case", reference)
        if row is None:
            raise UsageError(f"No case has the reference {reference}.", "Search: ombud queue 'text:…'")
        return row

    def action(self, connection: Connection, number: str) -> int:
        """Return the id of a corrective action."""
        row = self._row(connection, "action", number)
        if row is None:
            raise UsageError(f"There is no corrective action {number}.", "Leave action out to begin a new one.")
        return int(row["id"])

    def look_up(self, connection: Connection, fields: Mapping[str, str]) -> None:
        """Look up every name among the fields of a verb, so that a wrong one is told before anything is done."""
        if "category" in fields:
            self.category(connection, fields["category"])
        if "department" in fields:
            self.department(connection, fields["department"])
        for name in ("assignee", "owner"):
            if name in fields:
                self.person(connection, fields[name])
        for name in ("linked_to", "merged_into"):
            if name in fields:
                self.case(connection, fields[name])
        if "action" in fields:
            self.action(connection, fields["action"])

    def _row(self, connection: Connection, kind: str, name: str) -> RowMapping | None:
        if (kind, name) not in self._known:
            self._known[kind, name] = connection.execute(_QUESTIONS[kind], {"name": name}).mappings().one_or_none()
        return self._known[kind, name]


def nearest_hint(word: str, known: Collection[str]) -> str:
    """Return a hint that names the nearest known word, or some of those there are."""
    close = nearest(word, tuple(known))
    if close:
        return f"Did you mean {close}?"
    return f"Known: {', '.join(sorted(known)[:12])}." if known else "There are none yet."
