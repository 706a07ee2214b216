"""``ombud bench console`` measures a console that really runs, and Textual's own table beside it."""

from __future__ import annotations

import json
import os
import sys

import pytest

from console.commands import bench_console
from console.commands.bench_console import LABELS
from console.commands.bench_terminal import WatchedProgram
from console.commands.main import run
from console.errors import OmbudError


def test_every_figure_is_measured_on_both(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("TABLE_ROWS", 500), ("STARTS", 1), ("SCROLLED_PAGES", 2)):
        monkeypatch.setattr(bench_console, name, value)
    assert run(["bench", "console", "--cases", "1000", "--moves", "5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    table, cases = told["figures"]["DataTable, 500 rows"], told["figures"]["console, 1,000 cases"]
    assert set(cases) == set(LABELS)
    assert set(table) == set(LABELS) - {"view_ms", "filter_ms"}
    assert all(value > 0 for figures in (table, cases) for value in figures.values())
    assert cases["first_screen_ms"] < cases["first_rows_ms"]
    assert cases["cursor_bytes"] < cases["page_bytes"]


ECHO = "import os, tty; tty.setraw(0); os.write(1, b'ready'); [os.write(1, os.read(0, 9) * 3) for _ in range(2)]"


def test_the_bytes_of_one_key_are_counted() -> None:
    program = WatchedProgram([sys.executable, "-c", ECHO], os.environ)
    try:
        program.seconds_until("ready")
        assert program.press("a").bytes == 3
        assert program.press_until("bc", "bcbcbc").bytes == 6
    finally:
        program.close()


def test_a_program_that_shows_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.commands.bench_terminal.PATIENCE", 0.2)
    program = WatchedProgram([sys.executable, "-c", "input()"], os.environ)
    try:
        with pytest.raises(OmbudError, match="did not show"):
            program.seconds_until("never")
    finally:
        program.close()
