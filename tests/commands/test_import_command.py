"""``ombud import``: its report, its exit codes, and what it says when something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from console.commands.main import run
from console.models import Case
from console.models.base import table_of

HEADER = "Complaint ID,Date received,Product,Issue,Consumer complaint narrative\n"
GOOD = '71,2026-03-02,Loan,Wrong bill,"two\nlines"\n72,2026-03-03,Loan,No answer,\n'


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
    return database_url


def file(folder: Path, content: str, name: str = "a.csv") -> str:
    (folder / name).write_text(content, "utf-8")
    return str(folder / name)


def test_the_report_is_one_json_document_and_refused_rows_make_the_exit_code(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, HEADER + GOOD + '73,2026-03-04,Loan,"cut')
    assert run(["import", "cases", path, "--profile", "cfpb", "--json"]) == 4
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    expected = {"read": 3, "created": 2, "updated": 0, "unchanged": 0, "rejected": 1}
    assert {name: report[name] for name in expected} == expected
    assert report["refused"][0]["file"] == "a.csv"
    assert report["refused"][0]["line"] == 5
    assert "refused: a.csv:5" in captured.err
    assert run(["import", "cases", path, "--profile", "cfpb", "--json"]) == 4
    again = json.loads(capsys.readouterr().out)
    assert (again["created"], again["updated"], again["unchanged"], again["rejected"]) == (0, 0, 2, 1)


def test_without_json_the_report_is_a_table(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "cases", file(tmp_path, HEADER + GOOD), "--profile", "cfpb", "--progress"]) == 0
    header, figures = capsys.readouterr().out.splitlines()
    assert header.split() == ["read", "created", "updated", "unchanged", "rejected", "batch", "seconds"]
    assert figures.split()[:6] == ["2", "2", "0", "0", "0", "1"]


def test_imports_are_listed_and_taken_back(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["import", "cases", file(tmp_path, HEADER + GOOD), "--profile", "cfpb"])
    capsys.readouterr()
    assert run(["import", "undo", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"batch": 1, "deleted": 2, "restored": 0, "kept": []}
    assert run(["import", "list", "--jsonl"]) == 0
    batch = json.loads(capsys.readouterr().out)
    assert (batch["batch"], batch["state"], batch["created"], batch["file"]) == (1, "undone", 2, "a.csv")
    assert run(["import", "undo", "1"]) == 1
    assert "taken back already" in capsys.readouterr().err
    assert run(["import", "undo", "7"]) == 1


def test_stopping_at_a_bad_row_fails_and_says_what_to_do(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, HEADER + "70,someday,Loan,x,\n" + GOOD)
    assert run(["import", "cases", path, "--profile", "cfpb", "--on-error", "stop", "--dry-run", "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["stopped"] is True
    assert "Dry run" in captured.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["none.csv", "--profile", "cfpb"], 2, "none.csv"),
        (["{folder}", "--profile", "cfpb"], 2, "folder"),
        (["{empty}", "--profile", "cfpb"], 1, "empty"),
        (["{zip}", "--profile", "cfpb"], 1, "zip"),
        (["{good}", "--profile", "cfpbb"], 2, "Did you mean cfpb?"),
        (["{good}", "--profile", "comcast"], 1, "has no column Ticket #"),
        (["{good}", "--profile", "cfpb", "--on-error", "halt"], 2, "halt"),
        (["{good}", "--profile", "cfpb", "--database", "sqlite:////nowhere/a.db"], 3, "nowhere"),
    ],
)
def test_what_is_wrong_is_one_clear_line(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, told: str
) -> None:
    places = {
        "folder": str(tmp_path),
        "empty": file(tmp_path, "", "empty.csv"),
        "good": file(tmp_path, HEADER + GOOD),
        "zip": str(tmp_path / "some.zip"),
    }
    (tmp_path / "some.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    assert run(["import", "cases", *(argument.format(**places) for argument in arguments)]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err
    assert captured.err.startswith("error: ")
    assert "Traceback" not in captured.err
    from console.storage.engine import open_store

    store = open_store(database)
    with store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(table_of(Case))).scalar_one() == 0
    store.close()
