"""The README is true: its commands run, its keys are the keys, what it names exists, and nothing is left out."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

from console.actions import ACTIONS
from console.commands import main
from console.errors import ExitCode
from console.rules.filter_fields import CASE_FIELDS
from console.services.views import QUEUE_VIEWS
from console.settings import NAMES
from console.transfer.profiles import ready_profiles
from console.widgets.bindings import key_name

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SERVER = "OMBUD_TEST_POSTGRESQL"
KEYS = re.compile(r"(<!-- keys -->\n)(.*?)(<!-- /keys -->)", re.DOTALL)

NOT_RUN = {
    "python3 -m venv": "installs, and would do so again in every test run",
    "uv ": "installs",
    ". .venv/bin/activate": "changes the shell it is typed in",
    "pg_dump": "needs a server of one's own",
}
"""How the lines begin that are only looked at, and why; a bare ``ombud`` is another, since it opens the console."""

PLACES = {
    "app": "everywhere",
    "table": "lists",
    "queues": "queues",
    "filter": "filter line",
    "views": "list of queues",
    "columns": "columns",
    "find": "search line",
    "reading": "texts",
    "case": "a case",
    "board": "figures",
    "customers": "customers",
    "dossier": "a dossier",
    "satisfaction": "satisfaction",
    "quality": "quality",
    "surveys": "surveys",
    "care": "work lists of customer care",
    "interview": "an interview",
    "quadrants": "quadrants",
    "pivot": "pivot",
    "answers": "answers",
    "help": "help",
    "chooser": "menus",
    "work": "working on cases",
    "form": "forms",
    "intake": "a new case",
    "confirm": "questions",
    "progress": "work under way",
    "page": "pages",
}
"""What the contexts of the registry are called in the README."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of shell in the README, and the exit code that it promises."""

    text: str
    number: int
    code: int = 0

    @property
    def opens_the_console(self) -> bool:
        """Whether it is the bare command."""
        return self.text.split() in (["ombud"], [".venv/bin/ombud"])

    @property
    def is_run(self) -> bool:
        """Whether the tests run it."""
        return not self.opens_the_console and not self.text.startswith(tuple(NOT_RUN))


def readme() -> str:
    """Return the README."""
    return README.read_text("utf-8")


def blocks(language: str) -> Iterator[tuple[int, str]]:
    """Yield the fenced blocks in a language, each with the number of its first line."""
    text = readme()
    for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        yield text[: found.start(1)].count("\n") + 1, found[1]


def shell_lines() -> list[Line]:
    """Return the lines of shell in their order; one that goes on behind a backslash is one line."""
    lines = []
    for first, block in blocks("sh"):
        number = first
        for text in block.replace("\\\n", "\0").splitlines():
            command = text.replace("\0", " ").strip()
            code = re.search(r"#.*exit code (\d+)", command)
            if command and not command.startswith("#"):
                lines.append(Line(re.sub(r"\s+#\s.*$", "", command), number, int(code[1]) if code else 0))
            number += 1 + text.count("\0")
    return lines


def cron_lines() -> list[Line]:
    """Return the commands of the lines for cron."""
    return [
        Line(text.split(maxsplit=5)[5].replace("\\%", "%"), first)
        for first, block in blocks("crontab")
        for text in block.splitlines()
        if re.match(r"[\d*]", text)
    ]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a fresh clone, with an empty home and ``ombud`` on the path."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("home/in", "home/out", "bin", "clone/tests"):
        (folder / name).mkdir(parents=True)
    (folder / "clone/tests/samples").symlink_to(ROOT / "tests/samples")
    program = folder / "bin/ombud"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m console "$@"\n', "utf-8")
    program.chmod(0o755)
    return folder


def run(shell: Path, text: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one line in the clone."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMBUD_", "XDG_"))}
    environment |= {
        "HOME": str(shell / "home"),
        "PATH": f"{shell / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    environment |= {"LC_ALL": "C.UTF-8", **variables}
    return subprocess.run(
        ["/bin/sh", "-c", text],
        cwd=shell / "clone",
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


def run_here(
    shell: Path, text: str, patch: pytest.MonkeyPatch, printed: pytest.CaptureFixture[str], **variables: str
) -> tuple[int, str]:
    """Run one line that only calls the program in this process, which is ten times as fast; return its code and stderr."""
    for name in [name for name in os.environ if name.startswith(("OMBUD_", "XDG_")) and name != SERVER]:
        patch.delenv(name)
    for name, value in {"HOME": str(shell / "home"), "LC_ALL": "C.UTF-8", **variables}.items():
        patch.setenv(name, value)
    patch.chdir(shell / "clone")
    code = main.run(shlex.split(text)[1:])
    return code, printed.readouterr().err


def test_every_line_of_shell_does_what_it_says(
    shell: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    variables: dict[str, str] = {}
    count = 0
    for line in shell_lines():
        if line.text.startswith("export "):
            name, _equals, value = line.text.removeprefix("export ").partition("=")
            variables[name] = value.strip("\"'").replace("$PWD", str(shell / "clone"))
        elif line.is_run:
            if re.match(r"ombud [^|<>$&]*$", re.sub(r"'[^']*'", "", line.text)):
                code, narrated = run_here(shell, line.text, monkeypatch, capfd, **variables)
            else:
                done = run(shell, line.text, **variables)
                code, narrated = done.returncode, done.stderr
            assert code == line.code, f"README.md:{line.number}: {line.text}\n{narrated}"
            assert "Traceback" not in narrated
            count += 1
    assert count >= 25


def test_every_line_for_cron_runs_without_a_terminal(shell: Path) -> None:
    database = str(shell / "home/cron.db")
    assert run(shell, "ombud init", OMBUD_DATABASE=database).returncode == 0
    source = (ROOT / "tests/samples/service_requests.csv").read_bytes()
    (shell / "home/in/requests.csv").write_bytes(source)
    lines = cron_lines()
    assert len(lines) >= 2
    for line in lines:
        done = run(shell, line.text, OMBUD_DATABASE=database)
        assert done.returncode == 0, f"{line.text}\n{done.stderr}"


def test_lines_that_are_not_run_name_commands_that_exist() -> None:
    looked_at = [line for line in shell_lines() if not line.is_run]
    assert {start for start in NOT_RUN if any(line.text.startswith(start) for line in looked_at)} == set(NOT_RUN)


# What is named exists, and what exists is named

Context = typer.Context


def commands() -> dict[tuple[str, ...], Context]:
    """Return the context of every command by its words, groups too."""
    found: dict[tuple[str, ...], Context] = {}

    def walk(words: tuple[str, ...], context: Context) -> None:
        found[words] = context
        group: Any = context.command
        for name in group.list_commands(context) if hasattr(group, "list_commands") else ():
            walk((*words, name), Context(group.get_command(context, name), parent=context, info_name=name))

    walk((), Context(typer.main.get_command(main.app), info_name="ombud"))
    return found


def is_group(context: Context) -> bool:
    """Return whether a command is a group of others."""
    return hasattr(context.command, "list_commands")


def options_of(context: Context) -> set[str]:
    """Return the options of a command."""
    named = {name for parameter in context.command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return named | {"--help", "-h"}


def invocations() -> list[str]:
    """Return every call of the program in the README: in blocks, for cron, and in running text."""
    prose = re.sub(r"^```.*?^```$", "", readme(), flags=re.MULTILINE | re.DOTALL)
    spans = [span for span in re.findall(r"`([^`]+)`", prose) if re.match(r"ombud( |$)", span)]
    lines = [line.text for line in (*shell_lines(), *cron_lines())]
    parts = [part for line in lines for part in re.split(r"\s+(?:\|\|?|&&)\s+", line)]
    return [
        *spans,
        *(re.sub(r"^.*?/bin/ombud", "ombud", part) for part in parts if re.match(r"(\S*/)?ombud( |$)", part)),
    ]


def test_every_command_and_option_named_exists() -> None:
    known = commands()
    for text in invocations():
        words = [word for word in shlex.split(text) if word not in (">", "<")][1:]
        path: tuple[str, ...] = ()
        given: set[str] = set()
        for word in words:
            if word.startswith("-") and word != "-":
                option = word.partition("=")[0]
                assert option in options_of(known[path]), f"{text}: {option}"
                given.add(option)
            elif (*path, word) in known:
                path = (*path, word)
            else:
                assert not is_group(known[path]) or (path == () and given), f"{text}: there is no {word}"


def test_every_option_in_running_text_exists() -> None:
    every = set().union(*(options_of(command) for command in commands().values()))
    prose = re.sub(r"^```.*?^```$", "", readme(), flags=re.MULTILINE | re.DOTALL)
    named = {option for span in re.findall(r"`([^`]+)`", prose) for option in re.findall(r"(?:^|\s)(--[a-z-]+)", span)}
    elsewhere = {"--extra"}
    assert named - every - elsewhere == set()


def test_every_command_is_documented() -> None:
    text = readme()
    top = {words[0] for words in commands() if len(words) == 1}
    assert {name for name in top if not re.search(rf"\bombud {name}\b", text)} == set()


def test_the_keys_are_those_of_the_registry() -> None:
    found = KEYS.search(readme())
    assert found is not None
    if os.environ.get("OMBUD_README"):
        README.write_text(KEYS.sub(lambda kept: kept[1] + key_table() + kept[3], readme()), "utf-8")
        return
    assert found[2] == key_table(), "write the table anew: OMBUD_README=1 pytest tests/test_readme.py"


def key_table() -> str:
    """Return the keys as a table: a row for each place; an action without keys of its own is chosen from all commands."""
    rows: dict[str, list[str]] = {}
    for action in ACTIONS:
        place = PLACES.get(action.context, action.context.replace("-", " "))
        keys = " ".join(f"`{key_name(key)}`" for key in action.keys or (":",))
        said = f"{keys} {action.label.replace('|', chr(92) + '|').lower()}"
        if said not in rows.setdefault(place, []):
            rows[place].append(said)
    lines = [f"| {place} | {' · '.join(said)} |" for place, said in rows.items()]
    return "\n".join(("| where | keys |", "|---|---|", *lines)) + "\n"


def test_the_names_of_profiles_views_settings_and_exit_codes_are_complete() -> None:
    text = readme()
    for name in (*ready_profiles(), *(view.id for view in QUEUE_VIEWS), *(f"OMBUD_{name.upper()}" for name in NAMES)):
        assert f"`{name}`" in text, name
    for field in CASE_FIELDS:
        assert re.search(rf"`-?{field}[:`]", text), field
    for code in ExitCode:
        assert re.search(rf"^\| {code.value} \|", text, flags=re.MULTILINE), code


def test_the_readme_opens_with_one_command_to_try_it_and_one_to_test_it() -> None:
    opening = readme().split("\n## ")[0]
    first, *others = [line.text for line in shell_lines() if line.text in opening.replace("\\\n", " ")]
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install")
    assert first.endswith(".venv/bin/ombud demo")
    tested = re.search(r"<!-- test -->\n```sh\n(.*?)\n", readme())
    assert tested is not None
    assert tested[1] in others
    assert tested[1].startswith("python3 -m venv .venv && ")
    assert tested[1].endswith(".venv/bin/pytest")


def test_the_readme_names_no_place_of_one_machine() -> None:
    assert not re.search(r"/(?:work|tmp|root)/|localhost:\d", readme())
    assert 150 <= len(readme().splitlines()) <= 460


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", readme()):
        assert "://" in target or (ROOT / target).exists(), target
