"""Lists narrowed by what is typed."""

from __future__ import annotations

import pytest

from console.widgets.narrowing import narrowed

CHOICES = [
    ("unsolved", "Not solved"),
    ("solved", "Solved"),
    ("partly", "Partly solved, rest to come"),
    ("he.xi", "何汐 he.xi"),
    ("xi.he", "席何"),
    ("resolve", "Dissolved"),
]


def texts(choice: tuple[str, str]) -> tuple[str, str]:
    return choice[1], choice[0]


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("sol", ["solved", "unsolved", "partly", "resolve"]),
        ("SOLVED", ["solved", "unsolved", "partly", "resolve"]),
        ("par sol", ["partly"]),
        ("rest partly", ["partly"]),
        ("何", ["he.xi", "xi.he"]),
        ("xi", ["xi.he", "he.xi"]),
        ("ｈｅ", ["he.xi", "xi.he"]),
        ("zzz", []),
        ("  ", [code for code, _name in CHOICES]),
    ],
)
def test_what_is_most_likely_meant_comes_first(typed: str, codes: list[str]) -> None:
    assert [code for code, _name in narrowed(CHOICES, typed, texts)] == codes


def test_a_code_that_nobody_types_finds_nothing() -> None:
    assert narrowed(CHOICES, "unsolved", lambda choice: (choice[1], "")) == []


def test_the_shorter_label_comes_first() -> None:
    labels = [
        "Columns before: Go back to the left.",
        "Columns: Choose the columns.",
        "列左移：看左边的列。",
        "列：选择要显示的列。",
    ]
    for typed, best in (("col", labels[1]), ("列", labels[3])):
        assert narrowed(labels, typed, lambda label: (label, ""))[0] == best
