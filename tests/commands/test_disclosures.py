"""As many sealed values are opened as reveals are on the record, by whatever command, and the entry stands first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import typer
from command_walk import COMMANDS, Known
from customer_data import put
from disclosures import Disclosures, watch

from console import clock
from console.commands.main import app, run
from console.services.access import caller
from console.services.setup import initialise
from console.storage.engine import Store, open_store
from console.storage.keys import make_missing_key
from console.transfer.demo import load_demo

OPENING = (
    ("customer", "reveal", "0001", "phone", "--reason", "calls back"),
    ("customer", "reveal", "0001", "address", "--reason", "a visit"),
    ("export", "customers", "--reveal", "--reason", "move", "--output"),
    ("export", "accounts", "--reveal", "--reason", "move", "--output"),
    ("customer", "export", "0002", "--output"),
    ("customer", "merge", "0002", "0003", "--reason", "one person"),
    ("customer", "unmerge", "0002"),
)
"""What opens sealed values; a file's name is put behind ``--output``."""
OPENED_BY = frozenset({"customer reveal", "customer export", "customer merge", "import undo"})
RESEALING = ("merge", "unmerge", "undo")
"""Values that go from one dossier to another, or back, are opened in the transaction of their entry, and shown to nobody."""


@pytest.fixture
def demo_store(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The demonstration with some customers more, whose administrator is the caller."""
    monkeypatch.setenv("OMBUD_KEY", f"file:{tmp_path / 'master.key'}")
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "erasures.jsonl"))
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    make_missing_key(f"file:{tmp_path / 'master.key'}")
    initialise(database_url)
    with closing(open_store(database_url)) as store:
        load_demo(store, clock.now(), caller().login)
        put(store)
        yield store


def _agree(seen: Disclosures) -> None:
    assert seen.unrecorded == []
    assert seen.opened == seen.recorded == seen.committed()


def test_what_opens_values_says_so_first(
    demo_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = watch(monkeypatch, demo_store)
    changed = tmp_path / "changed.csv"
    changed.write_text("number,name,phone\n0001,欧阳小明,13800138001\n0002,曾國強,13912345679\n", "utf-8")
    lines = [(*line, str(tmp_path / f"out{at}")) if line[-1] == "--output" else line for at, line in enumerate(OPENING)]
    lines += [("import", "customers", str(changed)), ("import", "undo", "1")]
    for line in lines:
        before, seen.uncommitted = seen.opened, []
        assert run(list(line)) == 0, capsys.readouterr().err
        if line[1] not in RESEALING:
            assert seen.uncommitted == [], line
        assert (seen.opened > before) == (line[:2] != ("import", "customers")), line
        _agree(seen)
    assert run(["customer", "erase", "0002", "--reason", "asked"]) == 0
    assert run(["customer", "reveal", "0002", "phone", "--reason", "curious"]) != 0
    _agree(seen)


def test_no_other_command_opens_any(
    poisoned_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = typer.main.get_command(app)  # made once, not for every command
    monkeypatch.setattr("console.commands.main.command_line", lambda given: whole)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("OMBUD_DATABASE", f"sqlite:///{tmp_path / 'ombud.db'}")
    shutil.copy(poisoned_file, tmp_path / "ombud.db")
    file = tmp_path / "file.csv"
    file.write_text("number,name,phone\nN1,Zoe,13800138001\n", "utf-8")
    with closing(open_store(f"sqlite:///{tmp_path / 'ombud.db'}")) as store:
        seen = watch(monkeypatch, store)
        known = Known(store)
        worked = 0
        for name, command in COMMANDS.items():
            before = seen.opened
            worked += run(known.line(name, command, file)) == 0
            capsys.readouterr()
            assert seen.opened == before or name in OPENED_BY, name
            _agree(seen)
    assert worked > 60
