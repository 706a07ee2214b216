"""Who works here: adding people, changing what they may do, and letting them go (requirement E3)."""

from __future__ import annotations

import pwd
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, insert, select, update

from console.codes import CasePhase, Role
from console.errors import ConflictError, NotAllowedError, NotFoundError, OmbudError, UsageError, nearest
from console.models import Case, Department, Staff
from console.models.base import table_of
from console.services.handling import Worker, worker_of
from console.services.lookups import Names
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean_line

STAFF: Table = table_of(Staff)
DEPARTMENTS: Table = table_of(Department)
CASES: Table = table_of(Case)

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR.value})
SUPERVISORS = frozenset({Role.LEAD.value, Role.ADMINISTRATOR.value})
HANDLERS = frozenset({Role.AGENT.value, Role.LEAD.value, Role.ADMINISTRATOR.value})

_LONGEST = {"login": 64, "name": 200, "skills": 500, "territory": 500}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of staff; ``department`` is a code, ``skills`` and ``territory`` are words separated by commas."""

    login: str
    name: str
    role: str
    department: str
    skills: str
    territory: str
    is_active: bool
    open_cases: int


def required(connection: Connection, login: str, roles: Collection[str], action: str) -> Worker:
    """Return the member of staff behind a login where his role is one of those given. Raises NotAllowedError."""
    worker = worker_of(connection, login)
    if worker.role not in roles:
        raise NotAllowedError(
            f"The role {worker.role} may not {action}; it takes: {', '.join(sorted(roles))}.", "Ask one of them."
        )
    return worker


def require(store: Store, login: str, roles: Collection[str], action: str) -> None:
    """Refuse an action to somebody who holds none of the roles. Raises NotAllowedError."""
    with store.reading() as connection:
        required(connection, login, roles, action)


def members(store: Store, *, is_all: bool = False) -> list[Member]:
    """Return the staff in the order of their logins; those who were disabled only where all are asked for."""
    with store.reading() as connection:
        return _members(connection, () if is_all else (STAFF.c.is_active,))


def member(store: Store, login: str) -> Member:
    """Return one member of staff. Raises NotFoundError, naming the nearest login."""
    with store.reading() as connection:
        _row(connection, login)
        return _members(connection, (STAFF.c.login == login,))[0]


def _members(connection: Connection, conditions: Collection[Any]) -> list[Member]:
    load = (
        select(CASES.c.assignee_id, func.count().label("open"))
        .where(CASES.c.phase != CasePhase.CLOSED.value, CASES.c.assignee_id.is_not(None))
        .group_by(CASES.c.assignee_id)
        .subquery()
    )
    rows = connection.execute(
        select(
            STAFF.c.login,
            STAFF.c.name,
            STAFF.c.role,
            func.coalesce(DEPARTMENTS.c.code, ""),
            STAFF.c.skills,
            STAFF.c.territory,
            STAFF.c.is_active,
            func.coalesce(load.c.open, 0),
        )
        .select_from(STAFF)
        .join(DEPARTMENTS, DEPARTMENTS.c.id == STAFF.c.department_id, isouter=True)
        .join(load, load.c.assignee_id == STAFF.c.id, isouter=True)
        .where(*conditions)
        .order_by(STAFF.c.login)
    )
    return [Member(*tuple(row)) for row in rows]


def add(store: Store, login: str, facts: Mapping[str, str], *, actor: str) -> Member:
    """Add a member of staff. ``facts`` may hold name, role, department (code), skills and territory.

    Raises NotAllowedError unless an administrator asks, ConflictError for a login taken, UsageError for a bad word.
    """
    login = _cut("login", login)
    if not login or any(char.isspace() for char in login):
        raise UsageError(f"{login!r} is not a login.", "Give the name the person logs in with.")

    def enter(work: Work) -> Member:
        connection = work.connection
        required(connection, actor, ADMINISTRATORS, "add staff")
        if connection.execute(select(STAFF.c.id).where(STAFF.c.login == login)).scalar() is not None:
            raise ConflictError(f"{login} is on the staff already.", f"See: ombud staff change {login} --help")
        values = {
            "name": login,
            "role": Role.AGENT.value,
            "skills": "",
            "territory": "",
            **_values(connection, facts),
            "login": login,
            "uid": _uid(login),
            "is_active": True,
            "created_at": work.at,
            "version": 1,
        }
        connection.execute(insert(STAFF).values(values))
        work.record("add staff", "staff", login, dict(facts))
        return _members(connection, (STAFF.c.login == login,))[0]

    return store.write(actor, enter)


def change(store: Store, login: str, facts: Mapping[str, str], *, actor: str) -> Member:
    """Change what is known of a member of staff; ``facts`` as for ``add``, an empty department takes it away.

    Raises NotAllowedError unless an administrator asks, NotFoundError for a login that is none, OmbudError where nobody
    would be left to administer.
    """

    def alter(work: Work) -> Member:
        connection = work.connection
        required(connection, actor, ADMINISTRATORS, "change staff")
        row = _row(connection, login)
        values = _values(connection, facts)
        if values.get("role", row["role"]) != Role.ADMINISTRATOR.value:
            _keep_an_administrator(connection, row)
        _write(work, row, values, "change staff", dict(facts))
        return _members(connection, (STAFF.c.login == login,))[0]

    return store.write(actor, alter)


def disable(store: Store, login: str, *, actor: str) -> Member:
    """Take somebody off the active staff; what he did stays under his name. Raises as ``change`` does."""

    def let_go(work: Work) -> Member:
        connection = work.connection
        required(connection, actor, ADMINISTRATORS, "disable staff")
        row = _row(connection, login)
        _keep_an_administrator(connection, row)
        _write(work, row, {"is_active": False}, "disable staff", {})
        return _members(connection, (STAFF.c.login == login,))[0]

    return store.write(actor, let_go)


def enable(store: Store, login: str, *, actor: str) -> Member:
    """Put somebody back on the active staff. Raises as ``change`` does."""

    def take_back(work: Work) -> Member:
        connection = work.connection
        required(connection, actor, ADMINISTRATORS, "enable staff")
        _write(work, _row(connection, login), {"is_active": True}, "enable staff", {})
        return _members(connection, (STAFF.c.login == login,))[0]

    return store.write(actor, take_back)


def _write(work: Work, row: RowMapping, values: Mapping[str, Any], action: str, detail: Mapping[str, Any]) -> None:
    changed = {name: value for name, value in values.items() if row[name] != value}
    if not changed:
        work.abandon()
        return
    work.connection.execute(update(STAFF).where(STAFF.c.id == row["id"]).values(**changed, version=row["version"] + 1))
    work.record(action, "staff", row["login"], dict(detail))


def _row(connection: Connection, login: str) -> RowMapping:
    row = connection.execute(select(STAFF).where(STAFF.c.login == login)).mappings().one_or_none()
    if row is None:
        close = nearest(login, list(connection.execute(select(STAFF.c.login)).scalars()))
        raise NotFoundError(
            f"{login} is not on the staff.", f"Did you mean {close}?" if close else f"Add: ombud staff add {login}"
        )
    return row


def _keep_an_administrator(connection: Connection, row: RowMapping) -> None:
    """Refuse to let the last administrator go; on PostgreSQL two who let each other go at once wait for one another."""
    if row["role"] != Role.ADMINISTRATOR.value or not row["is_active"]:
        return
    others = connection.execute(
        select(STAFF.c.id)
        .where(STAFF.c.role == Role.ADMINISTRATOR.value, STAFF.c.is_active)
        .order_by(STAFF.c.id)
        .with_for_update()
    ).scalars()
    if set(others) <= {row["id"]}:
        raise OmbudError(
            f"{row['login']} is the last administrator.",
            "Make somebody else one first: ombud staff change LOGIN --role administrator",
        )


def _values(connection: Connection, facts: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, written in facts.items():
        text = _cut(name, written)
        if name == "department":
            values["department_id"] = Names().department(connection, text) if text else None
        elif name == "role":
            if text not in tuple(Role):
                close = nearest(text, tuple(Role))
                raise UsageError(
                    f"There is no role {text}.", f"Did you mean {close}?" if close else f"Known: {', '.join(Role)}."
                )
            values["role"] = text
        elif name in ("skills", "territory"):
            values[name] = ", ".join(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
        elif name == "name" and not text:
            raise UsageError("A name cannot be empty.", "Write it in quotes.")
        else:
            values[name] = text
    return values


def _cut(name: str, written: str) -> str:
    text = clean_line(written).strip()
    if len(text) > _LONGEST.get(name, 200):
        raise UsageError(f"The {name} is longer than {_LONGEST.get(name, 200)} characters.", "Shorten it.")
    return text


def _uid(login: str) -> int | None:
    """Return the user id of the account on this host, where there is one."""
    try:
        return pwd.getpwnam(login).pw_uid
    except KeyError:
        return None
