"""Every command on a database whose every text is hostile: nothing a terminal acts on is printed, and no command breaks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from command_walk import COMMANDS, HOSTILE, Known
from poison import MARKUP, offending

from console.commands.help_words import worded_command
from console.commands.main import app, run
from console.storage.engine import open_store

FORMS = {"en": ("", "--json", "--jsonl"), "zh_CN": ("",)}


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_no_command_prints_what_a_terminal_acts_on(
    poisoned_file: Path, tmp_path: Path, lang: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (
        typer.main.get_command(app) if lang == "en" else worded_command(app, lang)
    )  # made once, not for every command
    monkeypatch.setattr("console.commands.main.command_line", lambda given: whole)
    monkeypatch.setenv("OMBUD_LANGUAGE", lang)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / f"{MARKUP[1]}\x1b]52;c;x.csv".replace("/", "")
    file.write_text(f"reference,subject\n{HOSTILE},{HOSTILE}\n", "utf-8")
    url = f"sqlite:///{tmp_path / 'ombud.db'}"
    monkeypatch.setenv("OMBUD_DATABASE", url)
    shutil.copy(poisoned_file, tmp_path / "ombud.db")
    wrong: list[str] = []
    worked = 0
    for name, command in COMMANDS.items():
        options = {option for parameter in command.params for option in parameter.opts}
        forms = [form for form in FORMS[lang] if not form or form in options]
        with_store = open_store(url)
        line = Known(with_store).line(name, command, file)
        with_store.close()
        for form in forms:
            code = run([*line[: len(name.split())], *([form] if form else []), *line[len(name.split()) :]])
            printed = capsys.readouterr()
            worked += code == 0
            out = printed.out.replace("\r\n", "\n") if name.startswith("export ") else printed.out  # lines of CSV
            acting = sorted({*offending(out), *offending(printed.err)})
            if acting:
                wrong.append(f"{name} {form}: {acting[:5]}")
            if code not in range(9) or "Traceback" in printed.err or "went wrong" in printed.err:
                wrong.append(f"{name} {form}: {code} {printed.err[:300]}")
            if form == "--json" and code == 0:
                json.loads(printed.out)
            if form == "--jsonl" and code == 0:
                assert all(json.loads(row) is not None for row in printed.out.splitlines())
    assert wrong == []
    assert worked > 60
