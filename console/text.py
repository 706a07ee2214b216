"""Other people's text: made safe to show, folded for matching, cut for search, masked.

Which characters are dangerous is decided by their Unicode category, never by a list: a hand-made list of format
characters misses some. Two layers use the same decision: ``clean`` at the door makes such characters visible,
``strip_unsafe`` deletes what is left as a line is drawn.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

HOSTILE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
MARKS_PER_BASE = 4
WORD_LENGTH = 100
"""Longest search word kept, in characters: PostgreSQL refuses lexemes above 2,046 bytes."""

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


# Scripts written without spaces: ideographs (planes 2 and 3 whole), 々〇〡, bopomofo, kana, Hangul.
_UNSPACED = (
    "\u1100-\u11ff\u3005-\u3007\u3021-\u3029\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uf900-\ufaff"
    "\U00020000-\U0002fffd\U00030000-\U0003fffd"
)
_PIECES = re.compile(f"([{_UNSPACED}]+)|((?:(?![{_UNSPACED}])[^\\W_])+)")
_ASCII_WORDS = re.compile("[a-z0-9]+")


def segments(text: str) -> list[str]:
    """Return the search segments of a text in order: folded words, and bigrams of Han (kana, Hangul) runs.

    A run c1…cn gives c1c2, c2c3, …, and cn alone at its end. So one character is found as a prefix, two or more as a
    phrase of consecutive bigrams, and no phrase reaches over the end of a run. Linear in the length of the text.
    """
    folded = fold(text)
    if folded.isascii():
        return [word[:WORD_LENGTH] for word in _ASCII_WORDS.findall(folded)]
    found: list[str] = []
    for run, word in _PIECES.findall(folded):
        if run:
            found.extend([run[at : at + 2] for at in range(len(run))])
        else:
            found.append(word[:WORD_LENGTH])
    return found


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


def natural_key(text: str) -> str:
    """Return an identifier (account, meter, customer number) as it is compared: NFKC, trimmed; case and zeros stay."""
    return clean_line(unicodedata.normalize("NFKC", clean(text)))


def normalise_phone(text: str) -> str:
    """Return a telephone number as digits, with ``+`` before a foreign country code; empty when there is no digit.

    Chinese numbers are written as they are dialled at home: +86 138… is 138…, +86 10 … is 010….
    """
    folded = unicodedata.normalize("NFKC", text).strip()
    digits = "".join(str(unicodedata.digit(char)) for char in folded if char.isdecimal())
    is_international = folded.startswith("+") or digits.startswith("00")
    if digits.startswith("00"):
        digits = digits[2:]
    if digits.startswith("86") and (is_international or (len(digits) == 13 and digits[2] == "1")):
        home = digits[2:]
        return home if len(home) == 11 and home.startswith("1") else "0" + home.lstrip("0")
    return "+" + digits if is_international and digits else digits


PHONE_DIGITS = (5, 20)
"""Fewest and most digits of a telephone number: short service numbers have five; E.164 allows 15, and extensions follow."""

_PHONE = re.compile(
    r"(?:(?:tel|phone|mobile|fax|fon)[.:]?|电话[::]?|手机[::]?)?[\s+(]{0,4}\d[\d\s().\-/‐-―−·]*"
    r"(?:(?:ext|extension|x|#|转|分机)[.:]?\s*\d{1,6})?",
    re.IGNORECASE,
)


def is_phone(text: str) -> bool:
    """Return whether a text is one telephone number, in any usual writing: digits, what parts them, an extension."""
    folded = unicodedata.normalize("NFKC", text).strip()
    digits = normalise_phone(folded).lstrip("+")
    return (
        PHONE_DIGITS[0] <= len(digits) <= PHONE_DIGITS[1]
        and bool(digits.strip("0"))
        and _PHONE.fullmatch(folded) is not None
    )


def _masked(text: str, first: int, last: int, stars: int) -> str:
    return text[:first] + "*" * stars + (text[-last:] if last else "")


def mask_phone(text: str) -> str:
    """Return a telephone number for the screen: 138****8000; of a shorter one only the end shows."""
    phone = normalise_phone(text)
    count = len(phone.lstrip("+"))
    if count >= 11:
        return _masked(phone, len(phone) - count + 3, 4, count - 7)
    if count >= 8:
        return _masked(phone, 0, 4, len(phone) - 4)
    return _masked(phone, 0, 2, len(phone) - 2) if count >= 5 else "*" * len(phone)


def mask_email(text: str) -> str:
    """Return an e-mail address with only the first letter of the name and the domain shown: ``w***@example.org``."""
    name, at, domain = clean_line(text).rpartition("@")
    return f"{name[:1]}***@{domain}" if at and name else "***" if domain else ""


def mask_identity(text: str) -> str:
    """Return an identity or bank number with the first three and last four characters shown, nothing below 12."""
    number = natural_key(text)
    return _masked(number, 3, 4, len(number) - 7) if len(number) >= 12 else "*" * len(number)


_DISTRICT = re.compile(
    "^.{0,30}?[\u3400-\u9fff](?:特别行政区|自治区|自治州|自治县|[省市区县旗州盟])"
    "(?:.{0,12}?[区县旗](?![\u3400-\u9fff]{0,1}[路街]))?"
)


def mask_address(text: str) -> str:
    """Return an address with its town or district shown only: ``临澜市城中区****``, ``****, Lindan Center``."""
    address = clean_line(text)
    if not address:
        return ""
    district = _DISTRICT.match(address)
    if district:
        return district.group() + "****"
    _, comma, town = address.rpartition(",")
    return f"****, {town.strip()}" if comma and town.strip() and not any(char.isdigit() for char in town) else "****"
