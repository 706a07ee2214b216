"""Sensitive data from the command line: reveal, export, verify, erase, and the master key."""

from __future__ import annotations

import json
import stat
from contextlib import closing
from pathlib import Path

import pytest
from customer_data import put

from console.commands.bench_lookups import PAINTED
from console.commands.main import run
from console.errors import ExitCode
from console.services.access import caller
from console.services.setup import initialise
from console.storage.engine import open_store


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with customers whose administrator is the caller, and its key and ledger outside."""
    monkeypatch.setenv("OMBUD_KEY", f"file:{tmp_path / 'outside' / 'master.key'}")
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    monkeypatch.setenv("OMBUD_DATABASE", f"sqlite:///{tmp_path / 'ombud.db'}")
    initialise(f"sqlite:///{tmp_path / 'ombud.db'}")
    with closing(open_store(f"sqlite:///{tmp_path / 'ombud.db'}")) as store:
        put(store)
    return tmp_path


def test_reveal_needs_a_reason_and_shows_one_field(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["customer", "reveal", "0001", "phone"]) == ExitCode.USAGE
    assert run(["customer", "reveal", "0001", "phone", "--reason", " "]) == ExitCode.USAGE
    assert capsys.readouterr().out == ""
    assert run(["customer", "reveal", "0001", "phone", "--reason", "call back"]) == ExitCode.DONE
    assert capsys.readouterr().out == "+86 138 0013 8000\n"
    assert run(["audit", "log", "--json"]) == ExitCode.DONE
    told = capsys.readouterr().out
    assert "call back" in told
    assert "13800138000" not in told


def test_an_export_is_the_callers_alone_and_can_be_verified(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = office / "person.json"
    assert run(["customer", "export", "0001", "--output", str(file)]) == ExitCode.DONE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text("utf-8"))["payload"]["made_by"] == caller().login
    assert run(["customer", "verify", str(file)]) == ExitCode.DONE
    assert run(["customer", "export", "0001", "--output", str(file)]) == ExitCode.USAGE
    file.write_text(file.read_text("utf-8").replace("小明", "大明"), "utf-8")
    assert run(["customer", "verify", str(file)]) == ExitCode.FAILED
    file.write_text("no JSON", "utf-8")
    assert run(["customer", "verify", str(file)]) == ExitCode.USAGE
    assert "138****8000" not in capsys.readouterr().err


def test_an_export_that_cannot_be_written_opens_nothing(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["customer", "export", "0001", "--output", str(office / "none" / "person.json")]) == ExitCode.USAGE
    assert "There is no folder" in capsys.readouterr().err
    assert run(["audit", "log", "--json"]) == ExitCode.DONE
    assert "reveal" not in capsys.readouterr().out


def test_erase_and_its_ledger(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["customer", "erase", "0001", "--reason", "asked"]) == ExitCode.DONE
    assert run(["customer", "erase", "0001", "--reason", "asked"]) == ExitCode.FAILED
    capsys.readouterr()
    assert run(["customer", "erasures", "--json"]) == ExitCode.DONE
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["customer"], entry["reason"]) == ("0001", "asked")
    assert run(["customer", "erasures", "--replay", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out) == {"entries": 1, "erased": []}


def test_keys_are_changed_and_told(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "rotate", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out) == {
        "key": 2, "data_keys": 5, "is_file_changed": False, "forgotten": 0,
    }  # fmt: skip
    assert run(["keys", "status", "--json"]) == ExitCode.DONE
    told = json.loads(capsys.readouterr().out)
    assert [key["data_keys"] for key in told["keys"]] == [0, 5]
    assert told["is_settled"]
    (office / "outside" / "master.key").chmod(0o644)
    assert run(["customer", "find", "13800138000"]) == ExitCode.FORBIDDEN
    assert "chmod" in capsys.readouterr().err


def test_a_temporary_demonstration_has_a_temporary_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMBUD_KEY", f"file:{tmp_path / 'none' / 'master.key'}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run(["demo", "--json"]) == ExitCode.DONE
    url = json.loads(capsys.readouterr().out)["database"]
    assert Path(url.removeprefix("sqlite:///")).with_name("demo.db.key").exists()
    assert not (tmp_path / "none").exists()
    assert run(["customer", "find", "0149", "--json", "--database", url]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["customers"]


def test_the_bench_of_lookup_tells_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bench", "customers", "--customers", "300", "--compared", "100", "--lookups", "10", "--paints", "1"]
    assert run([*command, "--growth-from", "50", "--care", "--json"]) == ExitCode.DONE
    told = json.loads(capsys.readouterr().out)
    assert set(told["growth"]) == set(told["lookups"])
    assert {"number", "part of a Chinese name", "pinyin initials", "part of an address"} <= set(told["lookups"])
    assert set(told["key_to_paint"]) == set(PAINTED)
    assert all(figures["p50_ms"] > 0 for figures in told["key_to_paint"].values())
    assert told["dossier"]["records"] == 500
    assert len(told["care_seconds"]) == 4
    assert set(told["sealing_ratio"]) == {"import", "lookup by number", "lookup by name"}
    assert all(size > 0 for size in told["index_bytes"].values())
