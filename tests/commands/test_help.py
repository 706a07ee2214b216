"""The help of every command in Chinese: nothing is missing, nothing left over, and no line is wider than the window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from commanding import Ombud
from rich.cells import cell_len
from typer.main import get_command

from console.commands.help_words import help_in
from console.commands.main import app
from console.i18n import further_catalogue

OF_THE_LIBRARY = {
    "Usage: ", "Options", "Arguments", "Commands", "default", "required", "env var", "Show this message and exit.",
}  # fmt: skip
MEASUREMENTS = "bench"
"""Measurements of the program are told in English."""


def helps(command: Any) -> Iterator[str]:
    """Every help of a command, of its options and of the commands below it."""
    yield (command.help or "").strip()
    yield from (option.help.strip() for option in command.params if getattr(option, "help", None))
    for name in command.list_commands(None) if hasattr(command, "list_commands") else []:
        if name != MEASUREMENTS:
            yield from helps(command.get_command(None, name))


def test_every_help_has_a_chinese_one_and_none_is_left_over() -> None:
    used = {text for text in helps(get_command(app)) if text}
    known = set(further_catalogue("zh_CN", "help"))
    assert sorted(used - known) == []
    assert known - used == OF_THE_LIBRARY


@pytest.mark.parametrize(
    "command", [[], ["queue"], ["import", "cases"], ["case"], ["case", "reply"], ["survey", "new"]]
)
def test_help_is_chinese_from_its_first_line_to_its_last(ombud: Ombud, command: list[str]) -> None:
    told = ombud("--lang", "zh_CN", *command, "--help").lines
    assert told[0].startswith("用法：ombud ")
    assert "选项：" in told
    assert any(line.endswith("显示本说明并退出。") for line in told)
    assert [line for line in told if cell_len(line) > 80] == []
    assert [line for line in told if line.startswith(("Usage", "Options", "Commands", "Arguments"))] == []


def test_the_language_of_the_settings_and_an_unknown_one(ombud: Ombud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ombud("queue", "--help").lines[0].startswith("Usage: ombud queue")
    assert ombud("--lang", "xx", "queue", "--help").code == 2
    monkeypatch.setenv("OMBUD_LANGUAGE", "zh_CN")
    assert ombud("queue", "--help").lines[0].startswith("用法：ombud queue")


def test_what_the_library_puts_behind_a_help_is_said_too() -> None:
    words = {"How many.": "多少。", "default": "默认", "required": "必填"}
    assert help_in("How many.  [default: 30; x>=1; required]", words) == "多少。  [默认: 30; x>=1; 必填]"
    assert help_in("Something else.", words) == "Something else."
