"""Opening databases, and what a person is told when that fails."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from console.errors import ExitCode, OmbudError, UnavailableError, UsageError
from console.storage.engine import Store, is_safe_sqlite, open_store


@pytest.mark.parametrize(
    ("version", "is_safe"),
    [
        ((3, 40, 1), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 44, 6), True),
        ((3, 44, 5), False),
        ((3, 6, 23), True),
    ],
)
def test_engines_in_the_range_of_the_reset_corruption_are_told_apart(version: tuple[int, ...], is_safe: bool) -> None:
    assert is_safe_sqlite(version) is is_safe


@pytest.mark.parametrize("url", ["mysql://host/x", "not a url", "sqlite:///:memory:", "sqlite://"])
def test_a_url_of_another_kind_is_a_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_store(url)
    assert refused.value.hint


def test_a_missing_file_is_unavailable_and_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as refused:
        open_store(f"sqlite:///{tmp_path / 'none.db'}")
    assert "ombud init" in refused.value.hint
    assert refused.value.exit_code is ExitCode.UNAVAILABLE


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_bytes(b"Dear customer, this is no database at all." * 100)
    store = open_store(f"sqlite:///{tmp_path / 'letter.db'}")
    with pytest.raises(UnavailableError), store.reading() as connection:
        connection.execute(text("SELECT 1 FROM cases"))


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    store = open_store("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(UnavailableError), store.reading():
        pass


def test_a_database_without_tables_says_how_to_make_them(empty_url: str) -> None:
    store = open_store(empty_url, must_exist=False)
    with pytest.raises(UnavailableError) as refused, store.reading() as connection:
        connection.execute(text("SELECT 1 FROM cases"))
    assert "ombud init" in refused.value.hint
    store.close()


def test_nothing_of_a_failed_change_is_kept(store: Store) -> None:
    def fail_after_a_change() -> None:
        with store.writing("lan") as work:
            work.connection.execute(
                text("INSERT INTO departments (code, name, is_active, version) VALUES ('x', 'x', true, 1)")
            )
            work.record("enter", "department", "x")
            raise OmbudError("no")

    with pytest.raises(OmbudError):
        fail_after_a_change()
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM departments")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM audit_entries")).scalar() == 0


def test_a_question_of_another_thread_can_be_stopped(store: Store) -> None:
    forever = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        if store.is_sqlite
        else "SELECT pg_sleep(600)"
    )
    asked = threading.Event()
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            with store.reading() as connection:
                connection.execute(text("SELECT 1"))
                asked.set()
                connection.execute(text(forever))
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    asked.wait()
    while thread.is_alive():
        store.interrupt(thread.ident)
        thread.join(0.05)
    assert isinstance(ended[0], InterruptedError)


def test_a_change_by_another_connection_is_seen(store: Store) -> None:
    before = store.data_version()
    other = open_store(store.engine.url.set(drivername=store.engine.url.get_backend_name()).render_as_string(False))
    with other.writing("lan") as work:
        work.connection.execute(
            text("INSERT INTO departments (code, name, is_active, version) VALUES ('x', 'x', true, 1)")
        )
        work.record("enter", "department", "x")
    other.close()
    assert store.data_version() != before


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'new.db'}", must_exist=False).close()
    assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as refused:
        open_store(f"sqlite:///{tmp_path / 'missing' / 'new.db'}", must_exist=False)
    assert "rights" in refused.value.hint


def test_watching_for_changes_goes_on_after_its_connection_broke(store: Store) -> None:
    before = store.data_version()
    assert store._watch is not None
    store._watch.connection.dbapi_connection.close()  # type: ignore[union-attr]
    with pytest.raises((UnavailableError, ProgrammingError)):
        store.data_version()
    assert store.data_version() != before
    assert store.data_version() == store.data_version()
