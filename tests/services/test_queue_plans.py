"""How the engines find the cases of the ready queues: by an index, whatever the number of cases, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from office import after, furnish
from sqlalchemy import Connection, Select, event, func, select

from console.services.filtering import compiled
from console.services.queues import CASES
from console.services.views import QUEUE_VIEWS, QueueView
from console.storage.engine import Store, analyse

LEFT_OUT = frozenset({"all"})
"""Every case there is is in it, so that any order of reading is as good."""


def plan(connection: Connection, question: Select[Any]) -> str:
    """Return how the engine would answer a question, once it may not simply read a small table whole."""
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")

    def explained(*asked: Any) -> tuple[str, Any]:
        _connection, _cursor, statement, parameters, *_rest = asked
        return explain + statement, parameters

    event.listen(connection, "before_cursor_execute", explained, retval=True)
    try:
        answered: Any = connection.execute(question)
        return "\n".join(str(row[-1]) for row in answered.cursor.fetchall())
    finally:
        event.remove(connection, "before_cursor_execute", explained)


@pytest.mark.parametrize("view", [view for view in QUEUE_VIEWS if view.id not in LEFT_OUT], ids=lambda view: view.id)
def test_a_ready_queue_is_found_and_counted_by_an_index(store: Store, view: QueueView) -> None:
    furnish(store)
    analyse(store)
    with store.reading() as connection:
        asked = compiled(connection, view.filter, now=after(days=1), viewer="an")
        ids = select(CASES.c.id).where(*asked.conditions).order_by(*asked.order).limit(200_000)
        total = select(func.count()).select_from(CASES).where(*asked.conditions)
        for question in (ids, total):
            told = plan(connection, question)
            assert "ix_cases_" in told, told
            assert "Seq Scan on cases" not in told, told
            assert "SCAN cases\n" not in f"{told}\n", told


@pytest.mark.parametrize("text", [QUEUE_VIEWS[-1].filter, "severity:>=2 sort:-received"])
def test_the_beginning_of_a_long_list_comes_in_its_order_from_an_index(store: Store, text: str) -> None:
    furnish(store)
    with store.reading() as connection:
        asked = compiled(connection, text, now=after(days=1))
        if not store.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_sort = off")  # else a small table is sorted for all that
        told = plan(connection, select(CASES.c.id).where(*asked.conditions).order_by(*asked.order).limit(501))
        assert "ix_cases_received" in told, told
        assert "TEMP B-TREE" not in told, told
        assert "Sort" not in told, told


def test_the_callbacks_owed_come_from_an_index_of_open_cases_by_state(store: Store) -> None:
    furnish(store)
    with store.reading() as connection:
        asked = compiled(connection, "callback:yes", now=after(days=1))
        assert "ix_cases_open_state" in plan(
            connection, select(func.count()).select_from(CASES).where(*asked.conditions)
        )


def test_ones_own_cases_come_from_the_index_in_the_order_of_their_due_times(store: Store) -> None:
    furnish(store)
    with store.reading() as connection:
        asked = compiled(connection, QUEUE_VIEWS[0].filter, now=after(days=1), viewer="an")
        told = plan(connection, select(CASES.c.id).where(*asked.conditions).order_by(*asked.order).limit(200_000))
        assert "ix_cases_assignee" in told or not store.is_sqlite, told
        assert "TEMP B-TREE" not in told, told
        assert "Sort" not in told, told
