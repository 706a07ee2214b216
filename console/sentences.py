"""Sentences that measures, rules and services say in English, in the language chosen: for people only.

What computes knows no language, so that JSON, exports and the audit log never depend on one. What it says about figures, and what
went wrong with what to do about it, stands in ``locale/<language>/sentences.po`` with holes for what it names; any other sentence
stays as it is.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from console.errors import OmbudError
from console.i18n import _, chosen_language, further_catalogue
from console.signs import worded

WORDS = frozenset({"action", "ended", "field", "kind", "noun", "otherkind", "otherstate", "outcome", "state", "verb"})
"""Holes in which a word of the program stands, in small letters or as it is shown, and nobody's data."""

_HOLE = re.compile(r"\{[a-z]+\}")
_ESCAPED_HOLE = re.compile(r"\\\{([a-z]+)\\\}")


class _Sentence(NamedTuple):
    """A sentence with holes, what stands before the first and behind the last of them, and how it is said."""

    text: str
    begins: str
    ends: str
    translation: str


def told(error: OmbudError) -> tuple[str, ...]:
    """Return message and hint of an error in the language chosen, an empty hint left out."""
    return tuple(said(text) for text in (error.message, error.hint) if text)


@cache
def _sentences(language: str) -> tuple[_Sentence, ...]:
    known = sorted(further_catalogue(language, "sentences").items(), key=lambda item: _width(item[0]))
    return tuple(_Sentence(text, *_frame(text), forms[0]) for text, forms in known)


def _width(text: str) -> tuple[bool, bool, int]:
    """Sort sentences so that none with a wide hole comes before another that it would swallow."""
    return "{" in text, text.endswith("}"), -len(_HOLE.sub("", text))


def _frame(text: str) -> tuple[str, str]:
    parts = _HOLE.split(text)
    return parts[0], parts[-1]


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_ESCAPED_HOLE.sub(r"(?P<\1>.*?)", re.escape(text)), re.DOTALL)


def said(text: str) -> str:
    """Return a sentence in the language chosen, what it names too where that is one; one that is not known as it is."""
    for sentence in _sentences(chosen_language()):
        if not (text.startswith(sentence.begins) and text.endswith(sentence.ends)):
            continue
        found = _pattern(sentence.text).fullmatch(text)
        if found is not None:
            return worded(sentence.translation).format(
                **{name: _named(name, value) for name, value in found.groupdict().items()}
            )
    return text


def _named(hole: str, value: str) -> str:
    if hole not in WORDS:
        return said(value)
    shown = value.replace("_", " ")
    return next((word for text in (shown, shown.capitalize()) if (word := _(text)) != text), value)
