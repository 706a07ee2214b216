"""A change of the master key that is killed at any point goes on where it was, and nobody's data is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from customer_data import dated, put
from sqlalchemy import select

from console.commands.main import run
from console.services import audit, key_changes
from console.services.customer_records import ACCOUNT_SECRETS, ACCOUNTS, CUSTOMERS, DATA_KEYS, SECRETS, write_customers
from console.services.setup import initialise
from console.storage import sealing
from console.storage.engine import Store, open_store
from console.storage.keys import make_missing_key, read_keys

MANY = 230
PART = 50
STOPPED = f"""
import importlib, sys
from console.commands.main import run
from console.services import key_changes

module, name, calls, *line = sys.argv[1:]
key_changes.PART = {PART}
holder = importlib.import_module(module.partition(":")[0])
for step in filter(None, module.partition(":")[2].split(".")):
    holder = getattr(holder, step)
doing, count = getattr(holder, name), 0

def stopping(*arguments, **options):
    global count
    count += 1
    if count == int(calls):
        print("stopped", flush=True)
        sys.stdin.read()
    return doing(*arguments, **options)

setattr(holder, name, stopping)
sys.exit(run(line))
"""

POINTS = (
    ("pathlib:Path", "replace", 1),
    ("console.storage.sealing", "register", 1),
    ("console.services.key_changes", "_part", 1),
    ("console.storage.sealing:Vault", "wrap", 1),
    ("console.storage.sealing:Vault", "wrap", PART + PART // 2),
    ("console.services.key_changes", "_part", 3),
    ("console.services.key_changes", "_retire", 1),
    ("console.services.key_changes", "_forget", 1),
)
"""Where the change is killed, one after the other: before the call of that number."""


@pytest.fixture
def office(store: Store, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of 230 customers and their key outside."""
    place = f"file:{tmp_path / 'outside' / 'master.key'}"
    monkeypatch.setenv("OMBUD_KEY", place)
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    make_missing_key(place)
    initialise(database_url)
    with closing(open_store(database_url)) as opened:
        put(opened)
        _enter(opened, range(MANY))
    return database_url


def _enter(store: Store, numbers: range) -> None:
    with store.writing("root") as work:
        rows = [{"number": f"M{n}", "name": f"Person {n}", "phone": f"1390000{n:04d}"} for n in numbers]
        write_customers(work.connection, [dated(row) for row in rows])
        work.record("fill", "database", "more")


def _killed(module: str, name: str, calls: int, *line: str) -> None:
    """Run a command that stops before a call, and kill it there."""
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, module, name, str(calls), *line],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    _out, err = process.communicate()
    assert said == b"stopped\n", err.decode()
    assert process.returncode == -signal.SIGKILL


def _values(store: Store) -> dict[str, str]:
    """Return every sealed value in clear, as the database gives it at this moment."""
    found: dict[str, str] = {}
    with store.reading() as connection:
        vault = sealing.vault_of(connection)
        owners = list(connection.execute(select(DATA_KEYS.c.customer_id)).scalars())
        keys = sealing.data_keys(connection, owners)
        numbers = {row[0]: row[1] for row in connection.execute(select(CUSTOMERS.c.id, CUSTOMERS.c.number))}
        for owner, sealed in connection.execute(select(SECRETS.c.customer_id, SECRETS.c.phone)):
            if sealed is not None:
                found[numbers[owner]] = vault.open_field(keys[owner], SECRETS.name, "phone", owner, sealed)
        question = select(ACCOUNTS.c.id, ACCOUNTS.c.customer_id, ACCOUNTS.c.number, ACCOUNT_SECRETS.c.address)
        for account, owner, number, sealed in connection.execute(
            question.join(ACCOUNT_SECRETS, ACCOUNT_SECRETS.c.account_id == ACCOUNTS.c.id)
        ):
            found[number] = vault.open_field(keys[owner], ACCOUNT_SECRETS.name, "address", account, sealed)
    return found


def test_killed_anywhere_it_goes_on(office: str, tmp_path: Path) -> None:
    with closing(open_store(office)) as store:
        before = _values(store)
        (first,) = key_changes.status(store).keys
    assert len(before) == MANY + 5 + 3
    for at, (module, name, calls) in enumerate(POINTS):
        _killed(module, name, calls, "keys", "rotate", "--forget-old")
        with closing(open_store(office)) as store:
            assert _values(store) == before, name
            # Others go on entering customers meanwhile.
            _enter(store, range(1_000 + at, 1_001 + at))
            before |= {f"M{1_000 + at}": f"1390000{1_000 + at:04d}"}
            assert _values(store) == before, name
    assert run(["keys", "rotate", "--forget-old"]) == 0
    with closing(open_store(office)) as store:
        assert _values(store) == before
        status = key_changes.status(store)
        assert status.is_settled
        assert [key.number for key in status.keys if key.data_keys] != [first.number]
        assert len([key for key in status.keys if key.data_keys]) == 1
        assert audit.verify(store).broken_at is None
    # No copy of the keys is left by the run that was killed while it wrote them.
    assert [file.name for file in (tmp_path / "outside").iterdir()] == ["master.key"]
    assert len(read_keys(f"file:{tmp_path / 'outside' / 'master.key'}")) == 1
