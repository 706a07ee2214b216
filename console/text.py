"""Other people's text: made safe to show, folded for matching.

Which characters are dangerous is decided by their Unicode category, never by a list: a hand-made list of format
characters misses some. Two layers use the same decision: ``clean`` at the door makes such characters visible,
``strip_unsafe`` deletes what is left as a line is drawn.
"""

from __future__ import annotations

import re
import unicodedata

HOSTILE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
MARKS_PER_BASE = 4

_CACHED_CHARACTERS = 20_000
_FULL_WIDTH_SPACE = "\u3000"
_FILLERS = "\u115f\u1160\u3164\uffa0"
_LINE_ENDS = {0x0D, 0x85, 0x2028, 0x2029}


def is_safe_for_terminal(char: str) -> bool:
    """Return whether one character may be sent to a terminal as it is.

    False for controls (newline and tab too), format and bidirectional characters, surrogates, private use, line and
    paragraph separators, and what is unassigned, except in planes 2 and 3, which are reserved for ideographs.
    """
    category = unicodedata.category(char)
    if category == "Cn":
        code = ord(char)
        return 0x20000 <= code <= 0x3FFFF and code & 0xFFFE != 0xFFFE
    return category not in HOSTILE_CATEGORIES


class _Table(dict[int, int | str | None]):
    """A translation table for ``str.translate`` that decides a character when it first meets it.

    At most 20,000 decisions are kept, so that text made of every character cannot fill the memory.
    """

    def __missing__(self, code: int) -> int | str | None:
        decided = self.decide(code)
        if len(self) < _CACHED_CHARACTERS:
            self[code] = decided
        return decided

    def decide(self, code: int) -> int | str | None:
        raise NotImplementedError


class _Visible(_Table):
    def decide(self, code: int) -> int | str:
        char = chr(code)
        if char in "\n\t" or char == _FULL_WIDTH_SPACE:
            return code
        if code in _LINE_ENDS:
            return "\n"
        if code < 0x20:
            return 0x2400 + code
        if code == 0x7F:
            return 0x2421
        if not is_safe_for_terminal(char) or char in _FILLERS:
            return f"⟨U+{code:04X}⟩"
        return " " if unicodedata.category(char) == "Zs" else code


class _Deleted(_Table):
    def decide(self, code: int) -> int | None:
        return code if is_safe_for_terminal(chr(code)) else None


class _WithoutAccents(_Table):
    # The voicing marks of kana tell letters apart (か, が) and are no accents.
    def decide(self, code: int) -> int | None:
        char = chr(code)
        return None if unicodedata.category(char) == "Mn" and char not in "\u3099\u309a" else code


_VISIBLE = _Visible()
_DELETED = _Deleted()
_WITHOUT_ACCENTS = _WithoutAccents()


def clean(text: str) -> str:
    """Return multi-line text with every control, bidirectional and invisible character made visible.

    Line ends become ``\\n``; tabs stay; ESC becomes ␛, other dangerous characters ⟨U+XXXX⟩; unusual spaces become plain
    ones, except the full-width space of Chinese layout. ``clean(clean(x)) == clean(x)``.
    """
    # str.isprintable is this same decision by category, made in C; Hangul fillers are letters that show nothing.
    if text.isascii() and text.isprintable():
        return text
    bare = text.replace("\n", "").replace("\t", "").replace(_FULL_WIDTH_SPACE, "")
    if bare.isprintable() and (bare.isascii() or not any(char in bare for char in _FILLERS)):
        return text
    return text.replace("\r\n", "\n").translate(_VISIBLE)


def clean_line(text: str) -> str:
    """Return ``clean`` text for a one-line field: blanks run together, NFC, at most 4 marks a letter."""
    line = " ".join(clean(text).split())
    return line if line.isascii() else _MARK_RUN.sub(_cap_run, unicodedata.normalize("NFC", line))


# Latin, Han and Hangul hold no combining marks: only other runs are worth a look, character by character.
_MAY_HOLD_MARKS = re.compile("[^\u0000-\u02ff\u2e80-\u3029\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]")
_MARK_RUN = re.compile(f"{_MAY_HOLD_MARKS.pattern}{{{MARKS_PER_BASE + 1},}}")


def _cap_run(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for char in run.group():
        marks = marks + 1 if unicodedata.category(char).startswith("M") else 0
        if marks <= MARKS_PER_BASE:
            kept.append(char)
    return "".join(kept)


def strip_unsafe(text: str, keep: str = "\n\t") -> str:
    """Return text without any character that is unsafe for a terminal: the second layer, used as a line is drawn.

    ``keep`` names controls that the caller handles itself; a filter that works on pieces of a drawn line passes ``""``.
    """
    if text.isprintable():
        return text
    if not keep:
        return text.translate(_DELETED)
    bare = text
    for char in keep:
        bare = bare.replace(char, "")
    if bare.isprintable():
        return text
    return "".join(
        part if part in keep else part.translate(_DELETED) for part in re.split(f"([{re.escape(keep)}])", text) if part
    )


def fold(text: str) -> str:
    """Return text for matching: compatibility forms unified (NFKC), case and accents folded."""
    if text.isascii():
        return text.lower()
    spread = text if unicodedata.is_normalized("NFKD", text) else unicodedata.normalize("NFKD", text)
    if _MAY_HOLD_MARKS.search(spread):
        spread = spread.translate(_WITHOUT_ACCENTS)
    folded = spread.casefold()
    return folded if unicodedata.is_normalized("NFKC", folded) else unicodedata.normalize("NFKC", folded)
