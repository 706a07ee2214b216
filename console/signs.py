"""The signs beside the words, in two sets: the usual one, and ASCII for terminals and readers that have no other.

Every sign that the program draws comes from here, so that an ASCII console sends nothing but 7-bit characters apart from data.
"""

from __future__ import annotations

from collections.abc import Mapping

SIGNS: Mapping[str, tuple[str, str]] = {
    "ellipsis": ("…", "..."),
    "dash": ("—", "-"),
    "between": (" · ", " | "),
    "later": ("·", "."),
    "up": ("↑", "^"),
    "down": ("↓", "v"),
    "right": ("→", ">"),
    "left": ("←", "<"),
    "times": ("×", "x"),
    "about": ("±", "+/-"),
    "at-most": ("≤", "<="),
    "at-least": ("≥", ">="),
    "point": ("●", "*"),
    "hollow": ("○", "o"),
    "full": ("█", "#"),
    "half": ("▌", "="),
    "shade": ("░", "."),
    "line": ("─", "-"),
    "upright": ("│", "|"),
    "crossing": ("┼", "+"),
    "branch": ("├", "+"),
    "last-branch": ("└", "+"),
}
"""Signs by what they mean, each as (usual, ASCII)."""

LEVELS = ("▁▂▃▄▅▆▇█", "_.,-=+*#")
"""Eight heights of a small chart, from the lowest."""

_WORDS = str.maketrans(
    {"…": "...", "—": "-", "–": "-", "·": ".", "“": '"', "”": '"', "‘": "'", "’": "'", "×": "x", "→": ">", "←": "<"}
)  # fmt: skip
"""What stands in our own sentences; the full-width marks of Chinese are part of its writing and stay."""


class _Chosen:
    """Which set this process draws with, one for all threads."""

    is_ascii = False


def choose_signs(*, is_ascii: bool) -> None:
    """Choose the set of signs for this process."""
    _Chosen.is_ascii = is_ascii


def is_ascii() -> bool:
    """Return whether the signs drawn are 7-bit."""
    return _Chosen.is_ascii


def sign(name: str) -> str:
    """Return a sign by what it means. Raises KeyError for a name that has none."""
    return SIGNS[name][_Chosen.is_ascii]


def levels() -> str:
    """Return the eight heights of a small chart, from the lowest."""
    return LEVELS[_Chosen.is_ascii]


def worded(text: str) -> str:
    """Return a sentence of ours with its typographic marks in the set chosen."""
    return text.translate(_WORDS) if _Chosen.is_ascii and not text.isascii() else text
