"""The start without a command: the options that Typer knows, read without it."""

from __future__ import annotations

import os

import pytest
from typer.main import get_command

from console.commands import main, tui
from console.commands.starting import SWITCHES, VALUES, bare_options, start_console


def test_the_options_are_those_of_the_command_line() -> None:
    known = {option: parameter for parameter in get_command(main.app).params for option in parameter.opts}
    told = {name for name in known if name not in ("--version", "-V", "--help", "-h")}
    assert told == {*VALUES, *SWITCHES}
    assert {name for name in told if getattr(known[name], "is_flag", False)} == set(SWITCHES)


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], {}),
        (["--database", "a.db"], {"--database": "a.db"}),
        (["--database=a=b.db", "--lang", "zh_CN"], {"--database": "a=b.db", "--lang": "zh_CN"}),
        (["--theme", "mono", "--theme", "light"], {"--theme": "light"}),
        (["--ascii", "--no-mouse"], {"--ascii": "yes", "--no-mouse": "no"}),
        (["--lang", "queue"], {"--lang": "queue"}),
    ],
    ids=str,
)
def test_options_alone_open_the_console(arguments: list[str], options: dict[str, str]) -> None:
    assert bare_options(arguments) == options


@pytest.mark.parametrize(
    "arguments",
    [
        ["queue"],
        ["--database", "a.db", "queue"],
        ["--help"],
        ["-h"],
        ["--version", "--ascii"],
        ["--database"],
        ["--database", "--ascii"],
        ["--ascii=yes"],
        ["--data", "a.db"],
        ["--nosuch"],
        ["--"],
        [""],
        ["-"],
    ],
    ids=str,
)
def test_anything_else_is_left_to_the_command_line(arguments: list[str]) -> None:
    assert bare_options(arguments) is None


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--database", "one.db", "--theme=mono"],
        ["--lang=zh_CN", "--ascii", "--no-mouse"],
        ["--lang", "tlh"],
        ["--theme", "plaid"],
        ["--database="],
    ],
    ids=str,
)
def test_both_ways_lead_to_the_same_start(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {name: value for name, value in os.environ.items() if not name.startswith("OMBUD_")}
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(tui, "open_console", lambda: seen.append(dict(os.environ)))

    def started(by_typer: bool) -> tuple[int, str]:
        with monkeypatch.context() as patch:
            for name in set(os.environ) - set(before):
                patch.delenv(name)
            options = bare_options(arguments)
            assert options is not None
            # Set through the patch, so that what either way leaves in the environment is taken back.
            for name in ("OMBUD_DATABASE", "OMBUD_LANGUAGE", "OMBUD_THEME", "OMBUD_ASCII", "OMBUD_MOUSE"):
                patch.setenv(name, "")
                del os.environ[name]
            code = main.run(list(arguments)) if by_typer else start_console(options)
            return code, capsys.readouterr().err

    assert started(by_typer=False) == started(by_typer=True)
    assert len(seen) in (0, 2)
    assert seen[:1] == seen[1:]
