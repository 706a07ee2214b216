"""Lists narrowed by what is typed, what is most likely meant first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from console.text import fold

T = TypeVar("T")
_WORD_START = r"(?<![^\W_])"
_LABEL_END = re.compile("[:：]")


def narrowed(items: Iterable[T], typed: str, texts: Callable[[T], tuple[str, str]]) -> list[T]:
    """Return the items that hold every word typed; ``texts`` gives name and code of one, empty what nobody types.

    First what is or begins with what was typed, the shorter label first (what stands before a colon), then what has a word that
    begins so, then what only holds it; among equals the order stays.
    """
    words = fold(typed).split()
    if not words:
        return list(items)
    starts = [re.compile(_WORD_START + re.escape(word)) for word in words]
    ranked: list[tuple[tuple[int, int], T]] = []
    for item in items:
        name, code = map(fold, texts(item))
        if all(word in name or word in code for word in words):
            ranked.append((_rank(name, code, words, starts), item))
    ranked.sort(key=lambda held: held[0])
    return [item for _place, item in ranked]


def _rank(name: str, code: str, words: list[str], starts: list[re.Pattern[str]]) -> tuple[int, int]:
    whole = " ".join(words)
    if whole in (name, code):
        return 0, 0
    if name.startswith(whole):
        return 1, len(_LABEL_END.split(name, maxsplit=1)[0])
    if code.startswith(whole):
        return 2, 0
    # The furthest of the words decides: who types two means both.
    furthest = max(name.find(word) if word in name else len(name) for word in words)
    return (3 if all(start.search(name) for start in starts) else 4), furthest
