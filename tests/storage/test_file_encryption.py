"""A database file that is encrypted as a whole."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from customer_data import put

from console.errors import UnavailableError, UsageError
from console.services import customers, key_changes
from console.services.access import caller
from console.services.setup import initialise
from console.storage.engine import open_store
from console.storage.keys import new_key, read_keys, write_keys


def test_a_whole_file_is_encrypted_and_opened_without_a_word(tmp_path: Path) -> None:
    key, url = f"file:{tmp_path / 'k' / 'master.key'}", f"sqlite:///{tmp_path / 'e.db'}"
    report = initialise(url, key=key, is_encrypted=True)
    assert report.is_new_key
    with closing(open_store(url, key=key)) as store:
        put(store)
        assert [row.number for row in customers.find(store, "欧阳")] == ["0001"]
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("e.db*"))
    assert not everything.startswith(b"SQLite format 3")
    for clear in ("欧阳小明", "Mark Oldman", "customers", "CREATE TABLE"):
        assert clear.encode() not in everything
    assert initialise(url, key=key).before is not None


def test_the_wrong_key_and_no_key_are_told(tmp_path: Path) -> None:
    key, url = f"file:{tmp_path / 'master.key'}", f"sqlite:///{tmp_path / 'e.db'}"
    initialise(url, key=key, is_encrypted=True)
    write_keys(f"file:{tmp_path / 'other.key'}", [new_key()])
    for place in ("other.key", "none.key"):
        with (
            closing(open_store(url, key=f"file:{tmp_path / place}")) as store,
            pytest.raises(UnavailableError, match="key"),
            store.reading(),
        ):
            pass
    with pytest.raises(UnavailableError, match="key"):
        initialise(url, key=f"file:{tmp_path / 'none.key'}")
    assert not (tmp_path / "none.key").exists()


def test_a_change_of_keys_reaches_the_file_as_a_whole(tmp_path: Path) -> None:
    key, url = f"file:{tmp_path / 'master.key'}", f"sqlite:///{tmp_path / 'e.db'}"
    initialise(url, key=key, is_encrypted=True)
    with closing(open_store(url, key=key)) as store, closing(open_store(url, key=key)) as other:
        assert customers.find(store, "") == []
        with other.reading(), pytest.raises(UnavailableError, match="in use"):
            key_changes.rotate(store, caller().login)
        other.close()
        done = key_changes.rotate(store, caller().login, forget_old=True)
        assert (done.number, done.is_file_changed, done.forgotten) == (2, True, 1)
        assert key_changes.status(store).is_settled
    assert len(read_keys(key)) == 1
    with closing(open_store(url, key=key)) as store:
        assert customers.find(store, "") == []


def test_a_plain_file_is_not_taken_for_an_encrypted_one(tmp_path: Path) -> None:
    key, url = f"file:{tmp_path / 'master.key'}", f"sqlite:///{tmp_path / 'plain.db'}"
    initialise(url, key=key)
    with pytest.raises(UsageError, match="not encrypted"):
        initialise(url, key=key, is_encrypted=True)
