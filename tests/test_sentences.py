"""Sentences of measures and services in the language chosen: every one that a screen of figures may show is known."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import console
from console.i18n import choose_language, further_catalogue
from console.rules.filters import FilterError, parse
from console.sentences import said, told

PACKAGE = Path(console.__file__).parent
HOLE = re.compile(r"\{[a-z]+\}")
SHOWN = (
    "measures/disclosure.py", "measures/composites.py", "measures/drivers.py", "measures/quadrants.py",
    "services/satisfaction.py", "services/overview.py", "services/drivers.py", "services/comparisons.py",
    "services/answer_counts.py", "services/alert_runs.py", "services/complaint_trends.py",
)  # fmt: skip
"""Where the notes come from that screens of satisfaction and quality show."""
NAMES = frozenset({"warnings", "notes"})
ELSEWHERE = frozenset({"A 1 does not share out what is explained: not for ranking."})
"""Said only of methods that no screen offers."""


def filled(node: ast.expr) -> Iterator[str]:
    """The sentences in an expression, each hole filled with 1."""
    inner = {id(part) for one in ast.walk(node) if isinstance(one, ast.JoinedStr) for part in ast.walk(one)} - {
        id(one) for one in ast.walk(node) if isinstance(one, ast.JoinedStr)
    }
    for one in ast.walk(node):
        if id(one) in inner:
            continue
        text = ""
        if isinstance(one, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in one.values)
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            text = one.value
        if " " in text and text.rstrip()[-1:] == ".":
            yield text


def notes_of(source: str) -> set[str]:
    """The sentences that a module adds to warnings and notes."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg in NAMES:
            found |= set(filled(node.value))
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id in NAMES:
                found |= set(filled(node.value))
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in NAMES
        ):
            for argument in node.args:
                found |= set(filled(argument))
    return found


@pytest.mark.parametrize("module", SHOWN)
def test_every_note_that_a_screen_shows_is_said_in_chinese(module: str) -> None:
    choose_language("zh_CN")
    for text in notes_of((PACKAGE / module).read_text("utf-8")) - ELSEWHERE:
        assert said(text) != text, text


def test_what_a_sentence_names_is_kept_and_another_language_leaves_it() -> None:
    text = "Coverage 0.60 is below 0.70: not publishable."
    assert said(text) == text
    choose_language("zh_CN")
    assert said(text) == "覆盖率 0.60 低于 0.70：不可发布。"
    assert said("Under a [b] {c}: The weights added up to 1.010000 and were normalised.") == (
        "a [b] {c} 之下：权重之和为 1.010000，已归一化。"
    )
    assert said("Something nobody knows.") == "Something nobody knows."


def test_no_sentence_takes_what_another_means() -> None:
    choose_language("zh_CN")
    for sentence, (translation,) in further_catalogue("zh_CN", "sentences").items():
        assert said(HOLE.sub("7", sentence)) == HOLE.sub("7", translation), sentence


LAYERS = ("rules", "services", "storage", "transfer", "commands")
"""Where errors come from that a screen or a command may tell; measurements of the program are told in English."""
BUILT_IN = frozenset(name for name in dir(builtins) if name.endswith("Error"))
HINTS = frozenset({"hint", "meant"})


def told_of(source: str) -> set[str]:
    """The messages and hints of the errors that a module raises, and what it narrates, each hole filled with 1."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name == "narrate" or (name.endswith("Error") and name not in BUILT_IN):
                for argument in [*node.args, *(one.value for one in node.keywords if one.arg in ("message", "hint"))]:
                    found |= set(pieces(argument))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in HINTS:
            found |= set(pieces(node.value))
    return found


def pieces(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may be, each hole filled with 1; both of a choice."""
    if isinstance(node, ast.IfExp):
        yield from pieces(node.body)
        yield from pieces(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


@pytest.mark.parametrize(
    "module",
    sorted(
        str(path.relative_to(PACKAGE))
        for layer in LAYERS
        for path in (PACKAGE / layer).rglob("*.py")
        if not path.stem.startswith("bench")
    ),
)
def test_every_error_and_what_is_narrated_is_said_in_chinese(module: str) -> None:
    choose_language("zh_CN")
    texts = {text for text in told_of((PACKAGE / module).read_text("utf-8")) if any(char.isalpha() for char in text)}
    assert sorted(text for text in texts if said(text) == text) == []


OF_THE_LIBRARY = (
    "No such option: {name}", "No such option: {name} Did you mean {names}?", "No such command {name}.",
    "No such command {name}. Did you mean {names}?", "Missing argument {name}.", "Missing option {name}.", "Missing command.",
    "Invalid value for {name}: {text}", "Input should be a valid integer, unable to parse string as an integer",
    "Input should be a valid number, unable to parse string as a number", "Input should be greater than or equal to {least}",
    "Input should be less than or equal to {most}", "Input should be {list}", "Got unexpected extra argument(s) ({text})",
    "Option {name} requires an argument.", "Option {name} does not take a value.",
)  # fmt: skip
"""What the library says that reads the command line."""


def test_no_sentence_says_next_to_nothing() -> None:
    """A template with hardly a word of its own would take what others mean."""
    letters = re.compile("[A-Za-z]")
    assert [
        text for text in further_catalogue("zh_CN", "sentences") if len(letters.findall(HOLE.sub("", text))) < 3
    ] == []


def test_no_sentence_is_left_over() -> None:
    source = [text for path in PACKAGE.rglob("*.py") for text in texts_in(path.read_text("utf-8"))]
    said_somewhere = "\n".join(source)
    left_over = {text for text in further_catalogue("zh_CN", "sentences") if longest_part(text) not in said_somewhere}
    assert left_over == set(OF_THE_LIBRARY)


def texts_in(source: str) -> Iterator[str]:
    """Every text of a module, a break where another is put into it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield "\n".join(str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def longest_part(text: str) -> str:
    """The longest part of a sentence between two holes."""
    return max(HOLE.split(text), key=len)


WRONG = (
    "stat:open", "colour:red", "kind:complant", "kind:xyzzy", "severity:9", "severity:none", "due:<x", "due:soonish",
    "age:>a", "\"open", "\"\"", "-sort:due", "sort:nothing", "sort:", "kind:>complaint", "severity:3..1", "severity:..",
    "received:>2026-01..2026-02", "kind:a\"b\"", "severity:>1,2", "kind:", "kind:complaint,", "text:\"a\"b", "received:2026..<4h",
    "due:<overdue", "age:3d", "a\u200bb", "x" * 2001, "a " * 65, "OR",
)  # fmt: skip
"""Filters that are refused, each for another reason."""


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_a_filter_is_said_in_chinese(text: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse(text)
    choose_language("zh_CN")
    said_in_chinese = told(refused.value)
    assert [one for one in said_in_chinese if not any(ord(char) > 0x2E7F for char in one)] == []
    assert "(at character" not in said_in_chinese[0]
    assert re.search(r"）。.", said_in_chinese[0]) is None
    assert " or " not in said_in_chinese[-1]
