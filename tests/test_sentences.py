"""Sentences of measures and services in the language chosen: every one that a screen of figures may show is known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import console
from console.i18n import choose_language
from console.rules.filters import FilterError, parse
from console.sentences import SENTENCES, said, told

PACKAGE = Path(console.__file__).parent
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
    choose_language("en")
    for sentence in SENTENCES:
        assert said(sentence.replace("{", "").replace("}", "")) == sentence.replace("{", "").replace("}", "")


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
