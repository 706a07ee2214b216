"""Text cut for search: folded words, and bigrams of the scripts that are written without spaces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from console.text import fold

WORD_LENGTH = 100
"""Longest search word kept, in characters: PostgreSQL refuses lexemes above 2,046 bytes."""

# Scripts written without spaces: ideographs (planes 2 and 3 whole), 々〇〡, bopomofo, kana, Hangul.
_UNSPACED = (
    "\u1100-\u11ff\u3005-\u3007\u3021-\u3029\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uf900-\ufaff"
    "\U00020000-\U0002fffd\U00030000-\U0003fffd"
)
_PIECES = re.compile(f"([{_UNSPACED}]+)|((?:(?![{_UNSPACED}])[^\\W_])+)")
_ASCII_WORDS = re.compile("[a-z0-9]+")


def pieces(text: str) -> list[tuple[str, str]]:
    """Return what a text is made of, in order and folded: each a run of Han (kana, Hangul) characters or a word.

    One half of each pair is empty: (run, "") or ("", word).
    """
    return [(run, word[:WORD_LENGTH]) for run, word in _PIECES.findall(fold(text))]


def segments(text: str) -> list[str]:
    """Return the search segments of a text in order: folded words, and bigrams of Han (kana, Hangul) runs.

    A run c1…cn gives c1c2, c2c3, …, and cn alone at its end. So one character is found as a prefix, two or more as a
    phrase of consecutive bigrams, and no phrase reaches over the end of a run. Linear in the length of the text.
    """
    folded = fold(text)
    if folded.isascii():
        return [word[:WORD_LENGTH] for word in _ASCII_WORDS.findall(folded)]
    return cut(_PIECES.findall(folded))


def cut(found: Sequence[tuple[str, str]]) -> list[str]:
    """Return the ``segments`` of a text of which the ``pieces`` are at hand."""
    cuts: list[str] = []
    for run, word in found:
        if run:
            cuts.extend([run[at : at + 2] for at in range(len(run))])
        else:
            cuts.append(word[:WORD_LENGTH])
    return cuts


class QueryToken(NamedTuple):
    """One segment that a text must hold; ``is_prefix`` when a longer segment beginning so will do."""

    text: str
    is_prefix: bool = False


def query_segments(text: str, *, is_prefix: bool) -> list[QueryToken]:
    """Return the segments that must follow one another in a text with this phrase; none without letter or digit.

    ``is_prefix`` lets the last word be the beginning of a longer one (as a bare word typed in the filter bar). Han runs
    are found wherever they stand, as by a plain scan for the substring: the last run needs its bigrams only, or is a
    prefix when it is one character; a run that something follows must end where the phrase ends it.
    """
    pieces = _PIECES.findall(fold(text))
    tokens: list[QueryToken] = []
    for index, (run, word) in enumerate(pieces):
        is_last = index == len(pieces) - 1
        if word:
            tokens.append(QueryToken(word[:WORD_LENGTH], is_last and is_prefix))
        elif is_last and len(run) == 1:
            tokens.append(QueryToken(run, is_prefix=True))
        else:
            tokens.extend(QueryToken(run[at : at + 2]) for at in range(len(run) - is_last))
    return tokens
