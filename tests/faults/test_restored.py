"""Whoever was erased stays erased, also when an earlier copy of the database comes back."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from canaries import put_rows
from commanding import Ended, Ombud
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from console.commands.main import run
from console.screens.data import ServiceData
from console.services.setup import initialise
from console.storage.engine import Store, open_store
from console.storage.keys import make_missing_key

PERSON = {
    "customers": {"number": "0007", "name": "欧阳旧名", "phone": "13973510007", "address": "翠羽城金丝雀大街7号"},
    "accounts": {"number": "S7", "customer": "0007", "utility": "water", "meter_number": "MARKMETER", "address": "翠羽城7里"},
    "meters": {"number": "MARKMETER", "account": "S7", "installed_on": "2020-01-01"},
    "contracts": {"number": "K7", "customer": "0007", "terms": "marked terms"},
    "consumption": {"account": "S7", "month": "2026-01", "quantity": "12.5", "unit": "m3"},
    "bills": {"number": "MARKBILL", "account": "S7", "amount": "12.50", "currency": "CNY", "issued_on": "2026-02-01"},
    "payments": {"number": "MARKPAID", "bill": "MARKBILL", "paid_at": "2026-02-10", "amount": "12.50", "currency": "CNY"},
    "contacts": {"number": "C7", "customer": "0007", "at": "2026-02-11 10:00", "content": "marked words", "place": "marked"},
}  # fmt: skip
GONE = ("欧阳", "ouyang", "13973510007", "marked", "MARK", "7351", "金丝雀", "7里")


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the key, the ledger and the files that are brought in."""
    folder = tmp_path / "outside"
    folder.mkdir()
    monkeypatch.setenv("OMBUD_ERASURES", str(folder / "erasures.jsonl"))
    monkeypatch.setenv("OMBUD_KEY", f"file:{folder / 'master.key'}")
    monkeypatch.setenv("OMBUD_LANGUAGE", "en")
    make_missing_key(f"file:{folder / 'master.key'}")
    return folder


@pytest.fixture
def ombud(
    outside: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ombud:
    """Run ``ombud`` on each engine in turn, on a database with one person and all that is kept about him."""
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
    initialise(database_url)

    def command(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run(list(arguments))
        printed = capsys.readouterr()
        return Ended(int(code), printed.out, printed.err)

    def done(*arguments: str) -> None:
        ended = command(*arguments)
        assert ended.code == 0, (arguments, ended.err)

    for kind, row in PERSON.items():
        done("import", kind, put_rows(outside / f"{kind}.csv", [row]))
    renamed = {**PERSON["customers"], "name": "欧阳新名"}
    done("import", "customers", put_rows(outside / "renamed.csv", [renamed]))
    said = {**PERSON["contacts"], "content": "marked again"}
    done("import", "contacts", put_rows(outside / "said.csv", [said]))
    done("customer", "contact", "0007", "--content", "marked call", "--place", "marked corner")
    done("campaign", "new", "Greeting", "number:0007", "--rest-days", "0")
    done("points", "add", "0007", "10", "--reason", "marked thanks")
    return command


@pytest.fixture
def restored(store: Store, database_url: str, server: Engine, tmp_path: Path) -> Iterator[Callable[[bool], str]]:
    """A way to copy the database now (True), and to bring that copy back (False): its URL."""
    if store.is_sqlite:
        path, old = Path(store.engine.url.database or ""), tmp_path / "old.db"

        def on_sqlite(is_copying: bool) -> str:
            store.close()
            if is_copying:
                with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("VACUUM INTO ?", (str(old),))
            else:
                for left in path.parent.glob(f"{path.name}*"):
                    left.unlink()
                shutil.copy(old, path)
            return database_url

        yield on_sqlite
        return
    name = make_url(database_url).database
    url = make_url(database_url).set(database=f"{name}_old").render_as_string(hide_password=False)

    def on_postgresql(is_copying: bool) -> str:
        if is_copying:
            store.close()
            with server.connect() as connection:
                connection.execute(text(f'CREATE DATABASE "{name}_old" TEMPLATE "{name}"'))
        return url

    yield on_postgresql
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}_old" WITH (FORCE)'))


def _held(url: str) -> str:
    """Return all rows of all tables as text, the record of who did what included."""
    with closing(open_store(url)) as store, store.reading() as connection:
        question = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE '%VIRTUAL%'"
            if store.is_sqlite
            else "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'"
        )
        names = connection.exec_driver_sql(question).scalars().all()
        return "\n".join(
            f"{name}: {row}"
            for name in names
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()  # noqa: S608
        )


CHANCE = re.compile(r"[0-9a-f]{16,}|\b\d{10}\b")
"""Digests and moments, which hold four digits in a row by chance."""


def _left(url: str) -> list[str]:
    lines = (CHANCE.sub("", line) for line in _held(url).splitlines())
    return [line[:160] for line in lines if any(gone in line for gone in GONE)]


def test_nothing_of_the_erased_is_left_and_statistics_stay(ombud: Ombud, database_url: str) -> None:
    assert len(_left(database_url)) > len(PERSON)
    assert ombud("customer", "erase", "0007", "--reason", "asked").code == 0
    assert _left(database_url) == []
    assert ombud("customer", "find", "欧阳", "--json").document["customers"] == []
    assert ombud("customer", "find", "13973510007", "--json").document["customers"] == []
    assert ombud("customer", "reveal", "0007", "phone", "--reason", "try").code != 0
    assert ombud("customer", "export", "0007", "--output", "never.json").code != 0
    kept = _held(database_url)
    assert [kept.count(f"{name}: (") for name in ("customers", "points_entries", "campaign_calls", "contacts")] == [
        1,
        1,
        1,
        2,
    ]


def test_an_earlier_copy_is_erased_again_by_the_first_command(
    ombud: Ombud, restored: Callable[[bool], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(True)
    assert ombud("customer", "erase", "0007", "--reason", "asked").code == 0
    url = restored(False)
    monkeypatch.setenv("OMBUD_DATABASE", url)
    assert len(_left(url)) > len(PERSON)
    first = ombud("customer", "find", "欧阳", "--json")
    assert first.document["customers"] == []
    assert "1 customers who were erased" in first.err
    assert _left(url) == []
    entries = [line for line in ombud("audit", "log", "--json").out.splitlines() if "replayed_from" in line]
    assert entries
    assert ombud("customer", "find", "欧阳", "--json").err == ""
    assert ombud("customer", "erasures", "--replay", "--json").document == {"entries": 1, "erased": []}


def test_the_console_erases_again_too(
    ombud: Ombud, restored: Callable[[bool], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(True)
    assert ombud("customer", "erase", "0007", "--reason", "asked").code == 0
    url = restored(False)
    with closing(ServiceData(url)):
        assert _left(url) == []


def test_another_database_and_a_later_customer_are_left_alone(ombud: Ombud, outside: Path) -> None:
    ledger = outside / "erasures.jsonl"
    line = {"at": "2020-01-01T00:00:00+00:00", "actor": "an", "customer": "0007", "reason": "asked"}
    ledger.write_text(json.dumps({**line, "database": "another"}) + "\n", "utf-8")
    assert len(ombud("customer", "find", "欧阳", "--json").document["customers"]) == 1
    ledger.write_text("damaged\n", "utf-8")
    found = ombud("customer", "find", "欧阳", "--json")
    assert len(found.document["customers"]) == 1
    assert "damaged" in found.err
