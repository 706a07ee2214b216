"""The help of all commands in the language chosen: looked up as it is printed, so that commands write theirs in English alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from typer.main import get_command

from console.i18n import further_catalogue
from console.wrapping import wrap

ENGLISH_USAGE = "Usage: "
_EXTRAS = re.compile(r"(?P<help>.*?)  \[(?P<extras>[^\[\]]*)\]$", re.DOTALL)
"""What the library puts behind the help of an option: its default, its range, that it is required."""
_SENTENCE_END = "。"


def worded_command(app: typer.Typer, language: str) -> Any:
    """Return the whole command of an application, every help in a language that is not English."""
    words = further_catalogue(language, "help")
    return _word(get_command(app), {text: forms[0] for text, forms in words.items()})


def _word(command: Any, words: Mapping[str, str]) -> Any:
    """Give a command and those below it their help, and what draws it; return it."""
    base: Any = command.context_class
    command.context_class = type(base.__name__, (base,), {"formatter_class": _formatter(base.formatter_class, words)})
    said = words.get((command.help or "").strip())
    if said is not None:
        command.help = said
        command.short_help = said.partition(_SENTENCE_END)[0]
    for below in getattr(command, "commands", {}).values():
        _word(below, words)
    add = getattr(command, "add_command", None)
    if add is not None:
        # Verbs of cases become commands when they are asked for.
        command.add_command = lambda below, name=None: add(_word(below, words), name)
    return command


def _formatter(base: Any, words: Mapping[str, str]) -> type:
    """Return a formatter that says headings and options in other words, and measures wide characters as two cells."""

    def write_usage(self: Any, prog: str, args: str = "", prefix: str | None = None) -> None:
        base.write_usage(self, prog, args, words.get(ENGLISH_USAGE, prefix) if prefix is None else prefix)

    def write_heading(self: Any, heading: str) -> None:
        self.write(f"{' ' * self.current_indent}{words.get(heading, heading)}：\n")

    def write_text(self: Any, text: str) -> None:
        indent = " " * self.current_indent
        for line in wrap(text, self.width - self.current_indent):
            self.write(f"{indent}{line}\n")

    def write_dl(self: Any, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        indent = " " * self.current_indent
        column = min(max(len(first) for first, _second in rows), col_max) + col_spacing
        for first, second in rows:
            lines = wrap(help_in(second, words), max(self.width - column - self.current_indent, 10))
            if len(first) > column - col_spacing:
                self.write(f"{indent}{first}\n")
                first = ""
            for number, line in enumerate(lines):
                self.write(f"{indent}{first if number == 0 else '':<{column}}{line}\n".rstrip(" "))

    names = {"write_usage": write_usage, "write_heading": write_heading, "write_text": write_text, "write_dl": write_dl}
    return type(base.__name__, (base,), names)


def help_in(text: str, words: Mapping[str, str]) -> str:
    """Return the help of an option or a command in other words, with what the library put behind it."""
    if text in words:
        return words[text]
    found = _EXTRAS.match(text)
    if found is None:
        return text
    extras = [_extra(part, words) for part in found["extras"].split("; ")]
    return f"{help_in(found['help'], words)}  [{'; '.join(extras)}]"


def _extra(text: str, words: Mapping[str, str]) -> str:
    name, colon, value = text.partition(": ")
    return f"{words.get(name, name)}{colon}{value}"
