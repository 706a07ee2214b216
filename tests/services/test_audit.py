"""The record of who did what shows every way of tampering with it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from console.services import audit
from console.storage.engine import Store


@pytest.fixture
def recorded(store: Store) -> Store:
    """A database with six entries on its record."""
    for number in range(6):
        with store.writing("lan") as work:
            work.record("note", "case", f"C-{number}", {"words": "停水"})
    return store


def test_an_untouched_record_is_unbroken(recorded: Store) -> None:
    check = audit.verify(recorded)
    assert (check.entries, check.broken_at) == (6, None)
    assert audit.has_digest(recorded, check.head)


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_entries SET actor = 'somebody else' WHERE id = 3", 3),
        ("UPDATE audit_entries SET detail = '{}' WHERE id = 1", 1),
        ("DELETE FROM audit_entries WHERE id = 4", 5),
        ("UPDATE audit_entries SET at = at WHERE id = 2", None),
    ],
)
def test_a_changed_or_missing_entry_is_found_where_it_stands(
    recorded: Store, statement: str, broken_at: int | None
) -> None:
    with recorded.engine.begin() as connection:
        connection.execute(text(statement))
    assert audit.verify(recorded).broken_at == broken_at


def test_a_cut_tail_is_seen_by_the_head_that_was_noted(recorded: Store) -> None:
    head = audit.verify(recorded).head
    with recorded.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entries WHERE id = 6"))
    assert audit.verify(recorded).broken_at is None
    assert not audit.has_digest(recorded, head)


def test_changes_without_an_entry_are_not_saved(store: Store) -> None:
    with pytest.raises(RuntimeError, match="without its audit entry"), store.writing("lan") as work:
        work.connection.execute(
            text("INSERT INTO departments (code, name, is_active, version) VALUES ('x', 'x', true, 1)")
        )
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM departments")).scalar() == 0
