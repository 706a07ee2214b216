"""``ombud export``: stdout is data, files come whole, a closed pipe is no failure."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.commands.main import run

ROWS = 30
MANY = 1_200
"""More than the pipe and our buffer hold."""


def fill(folder: Path, count: int) -> None:
    path = folder / f"{count}.csv"
    lines = [f"{number},2026-03-02,Loan,Bill {number}\n" for number in range(count)]
    path.write_text("Complaint ID,Date received,Product,Issue\n" + "".join(lines), "utf-8")
    assert run(["import", "cases", str(path), "--profile", "cfpb"]) == 0


@pytest.fixture
def database(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
    fill(tmp_path, ROWS)
    return database_url


def command(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "console", "export", "cases", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
    )


def test_stdout_is_the_data_and_nothing_else(database: str) -> None:
    process = command("text:bill", "--columns", "reference,subject")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    rows = list(csv.reader(io.StringIO(out.decode(), newline="")))
    assert rows[0] == ["reference", "subject"]
    assert len(rows) == ROWS + 1


def test_a_reader_that_leaves_ends_the_command_quietly(database: str, tmp_path: Path) -> None:
    fill(tmp_path, MANY)
    process = command("--format", "jsonl")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b'{"reference"')
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0


def test_a_file_and_its_manifest_agree(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    path, manifest = tmp_path / "out.jsonl", tmp_path / "out.json"
    assert run(["export", "cases", "--output", str(path), "--manifest", str(manifest)]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{ROWS:,} cases" in captured.err
    told = json.loads(manifest.read_text("utf-8"))
    assert (told["rows"], told["format"], told["filter"]) == (ROWS, "jsonl", "")
    assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--columns", "referense"], 2, "Did you mean reference?"),
        (["--format", "cvs"], 2, "Did you mean csv?"),
        (["stat:open"], 2, "stat"),
        (["--output", "{folder}/no/a.csv"], 2, "no folder"),
    ],
)
def test_what_is_wrong_is_one_clear_line(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, told: str
) -> None:
    capsys.readouterr()
    assert run(["export", "cases", *(argument.format(folder=tmp_path) for argument in arguments)]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert told in captured.err
    assert "Traceback" not in captured.err
