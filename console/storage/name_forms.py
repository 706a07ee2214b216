"""The forms under which a name is found: its words, its Han characters in simplified script, pinyin and initials."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

from console.search_words import QueryToken, query_segments, segments
from console.text import fold

PART = "n"
BEGIN = "b"
"""The letters before a word of the index: a part of a name from its start on, and the whole name from its very beginning."""

LONGEST = 40
MOST_SYLLABLES = 24
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003fffd]+")
_BETWEEN = re.compile(r"[\W_]+")

SURNAMES = {
    "单": "shan", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "曾": "zeng", "盖": "ge", "乐": "yue", "洗": "xian",
    "折": "she", "种": "chong", "缪": "miao", "朴": "piao", "翟": "zhai", "任": "ren", "华": "hua", "纪": "ji", "燕": "yan",
    "覃": "qin", "召": "shao", "黑": "he", "员": "yun", "秘": "bi", "繁": "po", "逄": "pang", "尹": "yin", "葛": "ge",
    "宁": "ning", "佴": "nai", "郇": "xun", "隗": "wei", "令": "ling", "尉迟": "yuchi", "万俟": "moqi", "长孙": "zhangsun",
}  # fmt: skip
"""Readings of surnames that differ from, or are less common than, the reading of the same characters elsewhere."""


@lru_cache(maxsize=1)
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def simplified(text: str) -> str:
    """Return a text with traditional characters in their simplified form; other text as it is."""
    if text.isascii() or not _HAN.search(text):
        return text
    return str(_converter().convert(text))


@lru_cache(maxsize=50_000)
def _syllable(char: str) -> str:
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(char)[0])


@lru_cache(maxsize=50_000)
def _readings(run: str) -> tuple[tuple[str, ...], ...]:
    """The ways a run of Han characters is read, in syllables without tones; the first character also as a surname."""
    if len(run) <= 3:
        # A person's name: its characters say nothing about one another, and one by one they are read fifty times faster.
        common = tuple(_syllable(char) for char in run)
    else:
        from pypinyin import lazy_pinyin

        common = tuple(str(syllable) for syllable in lazy_pinyin(run[:MOST_SYLLABLES]))
    ways = [common]
    for length in (2, 1):
        surname = SURNAMES.get(run[:length]) if len(run) > length else None
        if surname is not None:
            head = (surname,) if length == 1 else (surname, "")
            ways.append((*head, *common[length:]))
            break
    # ü is typed as v, as u, and in passports as yu.
    ways += [
        tuple(part.replace("v", other) for part in way) for way in ways if "v" in "".join(way) for other in ("u", "yu")
    ]
    return tuple(dict.fromkeys(ways))


def _joined(text: str) -> str:
    return _BETWEEN.sub("", fold(text))[:LONGEST]


def name_words(name: str) -> list[str]:
    """Return the words of the index for a name, in order: those of phrases first, single ones behind."""
    name = simplified(name)
    words = [PART + segment for segment in segments(name)]
    single: dict[str, None] = {}
    whole = _joined(name)
    if whole:
        single[BEGIN + whole] = None
    for run in _HAN.finditer(name):
        for way in _readings(run.group()):
            syllables = [part for part in way if part]
            initials = "".join(part[0] for part in syllables)
            for at in range(len(syllables)):
                single[PART + "".join(syllables[at:])[:LONGEST]] = None
                single[PART + initials[at:]] = None
            if run.start() == 0:
                single[BEGIN + "".join(syllables)[:LONGEST]] = None
                single[BEGIN + initials] = None
    return [*words, "", *single] if single else words


def part_tokens(word: str) -> list[QueryToken]:
    """Return the tokens that must follow one another in a name that holds a word, its last one as far as it is typed."""
    return [
        QueryToken(PART + token.text, token.is_prefix) for token in query_segments(simplified(word), is_prefix=True)
    ]


def begin_tokens(text: str) -> list[QueryToken]:
    """Return the token of names that begin with a text."""
    whole = _joined(simplified(unicodedata.normalize("NFC", text)))
    return [QueryToken(BEGIN + whole, is_prefix=True)] if whole else []
