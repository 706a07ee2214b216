"""Nothing sensitive is in any file: canaries come in, are used, and are then sought in all that was written.

By default 360 canaries; ``OMBUD_CANARIES=10000`` asks for ten thousand.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from canaries import FIELDS, PREFIXES, account_rows, canary, customer_rows, found_in, found_in_files, put_rows
from commanding import Ended, Ombud
from sqlalchemy import select, text

from console.commands.main import run
from console.models import ImportBatch
from console.models.base import table_of
from console.services import audit
from console.services.setup import initialise
from console.storage.engine import Store, open_store
from console.storage.keys import make_missing_key

CUSTOMERS = -(-int(os.environ.get("OMBUD_CANARIES", "360")) // len(PREFIXES))
KILLED = 6_000
BATCHES = table_of(ImportBatch)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds all that is written; the keys and what the user himself keeps are outside of it."""
    folder, outside = tmp_path / "written", tmp_path / "outside"
    for name in ("state", "cache", "data", "temporary"):
        (folder / name).mkdir(parents=True)
    outside.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    monkeypatch.setenv("TMPDIR", str(folder / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", str(folder / "temporary"))
    monkeypatch.setenv("OMBUD_ERASURES", str(folder / "erasures.jsonl"))
    monkeypatch.setenv("OMBUD_LANGUAGE", "en")
    monkeypatch.setenv("OMBUD_KEY", f"file:{outside / 'master.key'}")
    return tmp_path


@pytest.fixture
def ombud(place: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Ombud:
    """Run ``ombud``; what it tells on stderr is kept among what is searched."""
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
    make_missing_key(f"file:{place / 'outside' / 'master.key'}")
    initialise(database_url)

    def command(*arguments: str) -> Ended:
        capfd.readouterr()
        code = run(list(arguments))
        printed = capfd.readouterr()
        with (place / "written" / "narrated.log").open("a", encoding="utf-8") as log:
            log.write(printed.err)
        return Ended(int(code), printed.out, printed.err)

    return command


def _done(ended: Ended) -> Ended:
    assert ended.code == 0, ended.err
    return ended


def _killed_import(store: Store, file: str, log: Path) -> None:
    """Begin an import in a process of its own, and kill it as soon as some rows of it are in the database."""
    question = select(BATCHES.c.position).order_by(BATCHES.c.id.desc()).limit(1)
    with store.reading() as connection:
        before = connection.execute(select(BATCHES.c.id)).all()
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "console", "import", "customers", file], stdout=told, stderr=told
        )
        while process.poll() is None:
            with store.reading() as connection:
                is_begun = len(connection.execute(select(BATCHES.c.id)).all()) > len(before)
                if is_begun and connection.execute(question).scalar_one() > 0:
                    process.kill()
        process.wait()
    assert process.returncode == -9


def _use(ombud: Ombud, place: Path) -> None:
    """Do with the customers what people do with them."""
    for field in FIELDS:
        sought = canary(field, 1)[-14:] if field == "address" else canary(field, 1)
        assert "N00001" in _done(ombud("customer", "find", sought)).out
    assert "N00002" in _done(ombud("customer", "find", canary("phone", 2)[-7:], "--json")).out
    for field in FIELDS:
        assert canary(field, 3) in _done(ombud("customer", "reveal", "N00003", field, "--reason", "call back")).out
    shown = _done(ombud("customer", "show", "N00004", "--json")).out + _done(ombud("customer", "show", "N00004")).out
    assert not found_in(shown.encode(), CUSTOMERS)
    person, listed = place / "outside" / "person.json", place / "outside" / "listed.csv"
    _done(ombud("customer", "export", "N00005", "--output", str(person)))
    _done(ombud("export", "customers", "--reveal", "--reason", "move", "-o", str(listed)))
    assert canary("bank", 5) in person.read_text("utf-8")
    assert canary("bank", 5) in listed.read_text("utf-8")
    _done(ombud("case", "new", "--subject", "No power", "--customer", "N00006", "--account", "S00006"))
    _done(ombud("customer", "contact", "N00006", "--content", "Called back"))
    changed = [
        {"number": f"N{number:05d}", "name": f"Person {number}", "phone": canary("phone", number + 1)}
        for number in range(10, 20)
    ]
    _done(ombud("import", "customers", put_rows(place / "outside" / "changed.csv", changed)))
    batch = ombud("import", "list", "--json").document["batches"][0]["batch"]
    _done(ombud("import", "undo", str(batch)))
    _done(ombud("customer", "merge", "N00007", "N00008", "--reason", "the same"))
    _done(ombud("customer", "unmerge", "N00007"))
    _done(ombud("customer", "merge", "N00007", "N00008", "--reason", "the same"))
    _done(ombud("customer", "erase", "N00009", "--reason", "asked"))
    _done(ombud("keys", "rotate"))


def _refuse(ombud: Ombud, place: Path) -> None:
    """Bring in what is refused: bad values, values in the wrong column, a broken line, a number twice, nothing known."""
    rows = [
        {"number": "X1", "name": "A", "phone": f"{canary('phone', 1)}x{canary('identity', 1)}"},
        {"number": "", "name": "B", "phone": canary("phone", 2)},
        {"number": "X3", "name": "C", "phone": canary("email", 3)},
        {"number": "N00001", "name": "D", "phone": canary("phone", 4)},
        {"number": "N00001", "name": "E", "phone": canary("phone", 5)},
    ]
    file = put_rows(place / "outside" / "bad.csv", rows)
    with open(file, "a", encoding="utf-8") as more:
        more.write(f'X6,"F,{canary("phone", 6)},{canary("bank", 6)}\n')
        more.write(f"X7,G,{canary('phone', 7)},{canary('bank', 7)}\n")
    assert ombud("import", "customers", file).code != 0
    accounts = [{"number": "S00001", "customer": "N00002", "utility": "electricity", "address": canary("place", 8)}]
    assert ombud("import", "accounts", put_rows(place / "outside" / "claimed.csv", accounts)).code != 0


def _copy(store: Store, folder: Path) -> None:
    """Make a copy as a backup does: SQLite's own, or of every table of a server as text and as PostgreSQL copies it."""
    if store.is_sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(folder / "backup.db"),))
        return
    with store.reading() as connection, (folder / "backup.dump").open("wb") as file:
        question = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'"
        for name in connection.exec_driver_sql(question).scalars().all():
            file.write(repr(connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()).encode())  # noqa: S608
            with connection.connection.cursor() as cursor, cursor.copy(f'COPY "{name}" TO STDOUT') as rows:  # type: ignore[attr-defined]
                for row in rows:
                    file.write(row)


def _files(store: Store, place: Path, begun: float) -> Iterator[Path]:
    """Yield every file that may hold something: of the database and beside it, and of the server since the test began."""
    yield from sorted((place / "written").rglob("*"))
    if store.is_sqlite:
        path = Path(store.engine.url.database or "")
        yield from sorted(path.parent.glob(f"{path.name}*"))
        return
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        folder = Path(connection.execute(text("SHOW data_directory")).scalar_one())
    # Where the server runs elsewhere, its files are not to be seen, and the copy above has to do.
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_mtime >= begun)


def test_no_canary_is_found_in_any_file(ombud: Ombud, store: Store, place: Path) -> None:
    written, outside = place / "written", place / "outside"
    (outside / "begun").touch()
    begun = (outside / "begun").stat().st_mtime
    _done(ombud("import", "customers", put_rows(outside / "customers.csv", customer_rows(CUSTOMERS))))
    _done(ombud("import", "accounts", put_rows(outside / "accounts.csv", account_rows(CUSTOMERS))))
    _use(ombud, place)
    _refuse(ombud, place)
    more = put_rows(outside / "more.csv", customer_rows(KILLED, start=CUSTOMERS))
    _killed_import(store, more, written / "killed.log")
    _copy(store, written)
    with store.writing("root") as work:
        work.connection.exec_driver_sql("ALTER TABLE customer_secrets RENAME COLUMN identity TO identities")
        work.record("damage", "database", "x")
    again = put_rows(outside / "again.csv", customer_rows(5, start=90_000))
    assert ombud("import", "customers", again).code != 0
    assert ombud("customer", "reveal", "N00003", "identity", "--reason", "check").code != 0
    assert list((written / "state").rglob("error.log"))
    assert found_in_files(_files(store, place, begun), CUSTOMERS + KILLED) == {}
    found = found_in_files([outside / "customers.csv"], CUSTOMERS)["customers.csv"]
    assert len({value for _, value in found}) == CUSTOMERS * len(FIELDS)


def test_a_killed_import_goes_on_where_it_was(ombud: Ombud, store: Store, place: Path) -> None:
    file = put_rows(place / "outside" / "more.csv", customer_rows(KILLED))
    _killed_import(store, file, place / "written" / "killed.log")
    _done(ombud("import", "customers", file, "--resume"))
    with store.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM customers").scalar_one() == KILLED
        assert connection.exec_driver_sql("SELECT count(*) FROM customer_keys").scalar_one() == KILLED
    assert audit.verify(store).broken_at is None


@pytest.mark.parametrize("form", ["utf-8", "utf-16-le", "utf-16-be", "hex", "base64", "escaped"])
def test_a_canary_would_be_found(form: str) -> None:
    import base64

    value = canary("address", 3)
    for shift in range(3):
        text_before = "x" * shift + value + "tail"
        written = {
            "hex": text_before.encode().hex().encode(),
            "base64": base64.b64encode(text_before.encode()),
            "escaped": json.dumps(text_before).encode(),
        }.get(form) or text_before.encode(form)
        assert {known for _, known in found_in(b"before" + written + b"behind", 10)} == {value}


def test_a_whole_encrypted_file_hides_free_texts_too(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = place / "written" / "whole.db"
    monkeypatch.setenv("OMBUD_DATABASE", f"sqlite:///{path}")
    assert run(["init", "--encrypt"]) == 0
    file = put_rows(place / "outside" / "customers.csv", customer_rows(10))
    assert run(["import", "customers", file]) == 0
    for number in range(10):
        told = f"Call me at {canary('phone', number)}, I live in {canary('address', number)}"
        assert run(["case", "new", "--subject", "No power", "--customer", f"N{number:05d}", "--narrative", told]) == 0
        assert run(["customer", "contact", f"N{number:05d}", "--content", told]) == 0
    with closing(open_store(f"sqlite:///{path}")) as store:
        _copy(store, place / "written")
        with store.reading() as connection:
            kept = connection.exec_driver_sql("SELECT narrative FROM case_texts").scalars().all()
        assert canary("phone", 1) in "".join(kept)
        assert found_in_files(sorted((place / "written").rglob("*")), 10) == {}
    capsys.readouterr()
