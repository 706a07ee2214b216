"""What the utility's own rules call their states, promises, categories, departments and places, in both languages.

Other than ``console.labels``, which names the codes of the program, these words are data: a supervisor brings them with the
policy, and the database keeps them. They are one set for the process, as the language is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from console.i18n import in_language

LEVELS = " / "
"""Stands between the levels of a category."""


class Word(NamedTuple):
    """What one code of a subject (``state``, ``clock``, ``category``, ``department``, ``area``, ``authority``) is called."""

    subject: str
    code: str
    text: str
    text_zh: str


class _Known:
    words: Mapping[str, Mapping[str, Word]]

    def __init__(self) -> None:
        self.words = {}


_known = _Known()


def use_words(words: Iterable[Word]) -> None:
    """Take these words in place of those known before."""
    found: dict[str, dict[str, Word]] = {}
    for word in words:
        found.setdefault(word.subject, {})[word.code] = word
    _known.words = found


def words_for(subject: str) -> Mapping[str, Word]:
    """Return the words of a subject by their codes."""
    return _known.words.get(subject, {})


def called(subject: str, code: str) -> str | None:
    """Return what a code is called in the language chosen; None where the utility has no word for it."""
    word = words_for(subject).get(code)
    return in_language(word.text, word.text_zh) if word is not None else None


def category_name(code: str) -> str:
    """Return a category as it is shown: in Chinese by the names of its levels, in English by its code, which is English."""
    known = words_for("category")
    levels = code.split(LEVELS)
    paths = (LEVELS.join(levels[: depth + 1]) for depth in range(len(levels)))
    words = [
        known[path] if path in known else Word("category", path, level, "")
        for path, level in zip(paths, levels, strict=True)
    ]
    return LEVELS.join(in_language(level, word.text_zh) for level, word in zip(levels, words, strict=True))


def codes_called(subject: str, text: str) -> list[str]:
    """Return the codes that a text names in either language, capital letters aside; a category also by its whole path."""
    wanted = text.casefold()
    path = LEVELS.join(part.strip() for part in wanted.split("/"))
    return [
        code
        for code, word in words_for(subject).items()
        if wanted in (word.text.casefold(), word.text_zh.casefold())
        or (subject == "category" and path in (named.casefold() for named in _paths(code)))
    ]


def _paths(code: str) -> tuple[str, str]:
    known = words_for("category")
    levels = code.split(LEVELS)
    words = [known.get(LEVELS.join(levels[: depth + 1])) for depth in range(len(levels))]
    return (
        LEVELS.join(word.text if word else level for word, level in zip(words, levels, strict=True)),
        LEVELS.join((word.text_zh or word.text) if word else level for word, level in zip(words, levels, strict=True)),
    )
