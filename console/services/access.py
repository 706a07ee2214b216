"""Who is asking: the kernel's word, never a variable or a flag."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from console.codes import Role
from console.models import Staff
from console.models.base import table_of
from console.storage.engine import Store
from console.storage.unit import Work

STAFF = table_of(Staff)


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind this process: the user id the kernel knows, and that account's name."""

    uid: int
    login: str


def caller() -> Caller:
    """Return who runs this process; behind ``sudo`` the one who called it.

    ``SUDO_UID`` counts only where the process runs as root or another service account that ``sudo`` started, since only
    then did ``sudo`` write it.
    """
    uid = os.getuid()
    behind = os.environ.get("SUDO_UID", "")
    if uid == 0 and behind.isdigit():
        uid = int(behind)
    try:
        return Caller(uid, pwd.getpwuid(uid).pw_name)
    except KeyError:
        return Caller(uid, f"uid{uid}")


def enrol_first_administrator(work: Work, person: Caller) -> bool:
    """Make the caller the administrator of a database that knows nobody yet; return whether that was so."""
    if work.connection.execute(select(func.count()).select_from(STAFF)).scalar_one():
        return False
    work.connection.execute(
        insert(STAFF).values(
            login=person.login,
            uid=person.uid,
            name=person.login,
            role=Role.ADMINISTRATOR.value,
            is_active=True,
            created_at=work.at,
            version=1,
        )
    )
    work.record("enrol", "staff", person.login, {"role": Role.ADMINISTRATOR.value})
    return True


def staff_id(store: Store, login: str) -> int | None:
    """Return the id of the active member of staff behind a login, or None."""
    with store.reading() as connection:
        question = select(STAFF.c.id).where(STAFF.c.login == login, STAFF.c.is_active)
        found: int | None = connection.execute(question).scalar()
        return found
