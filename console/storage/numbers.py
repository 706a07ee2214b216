"""Numbers for new cases: ids, and the references that people read out on the telephone."""

from __future__ import annotations

from sqlalchemy import Connection, select, text

from console.models import Case
from console.models.base import table_of

CASES = table_of(Case)
IMPORT_LOCK = 7_203_115


def case_reference(case_id: int) -> str:
    """Return our own reference for the case with an id: ``C-000042``."""
    return f"C-{case_id:06d}"


def hold_imports(connection: Connection) -> None:
    """Let one import at a time write its rows, until this transaction ends.

    SQLite's write lock does that by itself; on PostgreSQL two imports of one file would otherwise both find a case missing.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": IMPORT_LOCK})


def take_case_numbers(connection: Connection, count: int) -> list[tuple[int, str]]:
    """Return ids and references for new cases, none of them in use; call it inside the transaction that writes them."""
    taken: list[tuple[int, str]] = []
    after = 0
    while len(taken) < count:
        ids = _ids(connection, count - len(taken), after)
        after = ids[-1]
        named = {case_reference(case_id): case_id for case_id in ids}
        in_use = set(connection.execute(select(CASES.c.reference).where(CASES.c.reference.in_(list(named)))).scalars())
        taken.extend((case_id, reference) for reference, case_id in named.items() if reference not in in_use)
    return taken


def _ids(connection: Connection, count: int, after: int) -> list[int]:
    if connection.dialect.name == "postgresql":
        question = text("SELECT nextval('cases_id_seq') FROM generate_series(1, :count)")
        return sorted(int(value) for value in connection.execute(question, {"count": count}).scalars())
    # The number of a case that was removed again stays taken: the record still speaks of it.
    used = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'cases'")).scalar() or 0
    first = max(int(used), after) + 1
    return list(range(first, first + count))
