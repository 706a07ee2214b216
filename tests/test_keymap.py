"""The keymap: other keys for actions, refused as a whole when any of it is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from console.actions import ACTIONS, BY_ID, key_name
from console.commands.main import run
from console.errors import UsageError
from console.keymap import Fault, are_together, faults_of, keymap_path, normal_key, read_keymap, template, use_keymap
from console.settings import Settings


def written(folder: Path, text: str) -> Path:
    path = folder / "keymap.toml"
    path.write_text(text, encoding="utf-8")
    return path


def messages(folder: Path, text: str) -> list[str]:
    return [fault.message for fault in read_keymap(written(folder, text))[1]]


def test_the_usual_keys_are_right_and_the_template_holds_them_all(tmp_path: Path) -> None:
    assert faults_of({action.id: action.default_keys for action in ACTIONS}) == []
    text = "\n".join(template({}))
    assert read_keymap(written(tmp_path, text)) == ({}, [])
    whole = "\n".join(line.removeprefix("# ") if " = [" in line else line for line in text.splitlines())
    keys, faults = read_keymap(written(tmp_path, whole))
    assert faults == []
    assert keys == {action.id: action.default_keys for action in ACTIONS}


@pytest.mark.parametrize(
    "text",
    [
        '"queues.refresh" = ["f5", "ctrl+t"]',
        '"queues.refresh" = " f5 , ctrl + T "',
        "queues.refresh = 'f5, ctrl+t'",
        '[queues]\nrefresh = [" F5", "Ctrl+t ", "f5"]',
    ],
)
def test_keys_may_be_written_in_several_ways(tmp_path: Path, text: str) -> None:
    assert read_keymap(written(tmp_path, text)) == ({"queues.refresh": ("f5", "ctrl+t")}, [])


@pytest.mark.parametrize(
    ("text", "key"),
    [("R", "R"), ("Esc", "escape"), ("shift+ctrl+F5", "ctrl+shift+f5"), (",", ","), ("+", "+"), ("ctrl++", "ctrl++"),
     ("PgUp", "pageup"), ("f24", "f24"), ("é", "é")],
)  # fmt: skip
def test_a_key_has_one_name(text: str, key: str) -> None:
    assert normal_key(text) == key


@pytest.mark.parametrize(
    "text",
    ["", "f25", "hyper+p", "escap", "ctrl+", "ctrl+ctrl+p", "shift+a", "ctrl+i", "CTRL+M", "ctrl+h", "\x07", "abc"],
)
def test_what_no_terminal_sends_is_no_key(text: str) -> None:
    assert isinstance(normal_key(text), Fault)


def test_an_unknown_action_is_told_with_the_nearest(tmp_path: Path) -> None:
    (fault,) = read_keymap(written(tmp_path, '"queues.refersh" = "f5"'))[1]
    assert "queues.refersh" in fault.message
    assert "queues.refresh" in fault.hint


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('"queues.sort" = "x"', ["x", "queues.sort", "work.archive"]),
        ('"queues.sort" = "j"', ["j", "queues.sort", "table.down"]),
        ('"case.more" = "ctrl+p"', ["ctrl+p", "case.more", "app.palette"]),
        ('"confirm.yes" = "n"', ["n", "confirm.yes", "confirm.no"]),
        ('"filter.apply" = "z"', ["z", "filter.apply"]),
        ('"filter.give-up" = []', ["filter"]),
        ('"app.leave" = []', ["app"]),
        ('"app.palette" = []', ["commands"]),
        ('"case.back" = ""', ["case"]),
        ('"queues.sort" = 3', ["queues.sort"]),
        ('queues = "x"', ["queues"]),
        ("[queues.sort]\na = 1", ["queues.sort"]),
    ],
)
def test_what_would_be_wrong_is_said(tmp_path: Path, text: str, named: list[str]) -> None:
    found = messages(tmp_path, text)
    assert found
    assert all(any(name in message for message in found) for name in named)


def test_two_actions_may_change_places(tmp_path: Path) -> None:
    assert messages(tmp_path, '"table.down" = "k"\n"table.up" = "j"\n"customers.copy" = "o"') == []


def test_every_default_clash_is_one_that_a_nearer_action_settles() -> None:
    shared = {
        (first.id, second.id)
        for first, second in combinations(ACTIONS, 2)
        if first.context == second.context and set(first.default_keys) & set(second.default_keys)
    }
    assert shared == set()
    assert not are_together(BY_ID["queues.sort"], BY_ID["case.more"])
    assert are_together(BY_ID["queues.sort"], BY_ID["app.help"])


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"a = ", b"x = '" + b"y" * (1 << 19) + b"'", b"[" * 3000])
def test_a_file_that_is_no_keymap_is_refused_in_one_line(
    tmp_path: Path, raw: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "keymap.toml"
    path.write_bytes(raw)
    assert run(["keymap", "check", str(path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 2


def test_a_keymap_that_is_named_has_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert keymap_path(Settings()) is None
    (tmp_path / "ombud").mkdir()
    usual = written(tmp_path / "ombud", "")
    assert keymap_path(Settings()) == usual
    with pytest.raises(UsageError, match=r"nowhere\.toml"):
        use_keymap(Settings(keymap=str(tmp_path / "nowhere.toml")))


def test_check_and_show_print_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMBUD_KEYMAP", str(written(tmp_path, '"queues.sort" = "f5"\n"queues.copy" = "x"')))
    assert run(["keymap", "check", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["changed"] == {"queues.sort": ["f5"], "queues.copy": ["x"]}
    assert len(told["faults"]) == 1
    assert run(["keymap", "show", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["queues.sort"]["keys"] == ["f5"]
    assert rows["queues.sort"]["default"] == ["o"]
    assert len(rows) == len(ACTIONS)


FOLLOWS = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from console.keymap import use_keymap
from console.settings import Settings
use_keymap(Settings(keymap=sys.argv[1]))
from driving import console, press, shown
async def main():
    async with console(size=(120, 40)) as (app, pilot):
        assert "F6 Filter" in shown(app), shown(app)
        await press(pilot, "comma")
        assert app.screen.table.cursor == 1, app.screen.table.cursor
        await press(pilot, "j")
        assert app.screen.table.cursor == 1
        await press(pilot, "f6")
        assert app.focused.id == "filter"
        await press(pilot, "escape", "f7")
        assert "Does" in shown(app)
        await press(pilot, "escape", "colon")
        await press(pilot, *"filter")
        assert "[F6]" in shown(app)
asyncio.run(main())
"""


def test_keys_footer_and_help_follow_the_keymap(tmp_path: Path) -> None:
    path = written(tmp_path, '"table.down" = ","\n"queues.filter" = "f6"\n"app.help" = "f7"')
    done = subprocess.run(
        [sys.executable, "-c", FOLLOWS, str(path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_key_is_named_as_it_is_printed() -> None:
    names = {
        "ctrl+n": "Ctrl+N",
        "f2": "F2",
        "shift+tab": "Shift+Tab",
        "alt+x": "Alt+x",
        "ctrl+enter": "Ctrl+Enter",
        "?": "?",
    }
    assert {key: key_name(key) for key in names} == names
