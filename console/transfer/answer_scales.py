"""The scales on which answers stand in files: numbers, codes or words, and the codes that are no answer."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from console.text import clean_line, fold

READY_SCALES = Path(__file__).parent / "answer_scales.toml"
NOT_ANSWERED = "NA"
WHOLE = re.compile(r"([+-]?\d+)(?:[.,]0+)?", re.ASCII)
LABELLED = re.compile(r"[(\[]?([+-]?\d{1,4})[)\]]?\s*(?:[-–—:=.,、,:)]\s*|\s+|(?=[(\u4e00-\u9fff]))(\D.*)", re.ASCII)
"""A level with its words: ``5 - Very satisfied``, ``(5) Very satisfied``, ``5分``."""
BEHIND = re.compile(r"(\D*\S)\s*[(\[]\s*([+-]?\d{1,4})\s*[)\]]", re.ASCII)
"""The same with the level behind: ``Very satisfied (5)``."""
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)
REMEMBERED = 5_000

Scored = tuple[int | None, str | None]
"""A level, or the reason why there is none."""


@dataclass(slots=True)
class AnswerScale:
    """One scale as a file writes it; ``words`` and ``missing`` are by their canonical spelling."""

    name: str
    low: int
    high: int
    words: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    takes_numbers: bool = True
    is_reversed: bool = False
    _known: dict[str, Scored] = field(default_factory=dict)

    def read(self, text: str) -> Scored:
        """Return what a cell says. Raises ValueError with a sentence for what is neither level nor missing code."""
        found = self._known.get(text)
        if found is None:
            found = self._read(text)
            if len(self._known) < REMEMBERED:
                self._known[text] = found
        return found

    def _read(self, text: str) -> Scored:
        written = canonical(text)
        if not written:
            return None, NOT_ANSWERED
        reason = self.missing.get(written)
        if reason is not None:
            return None, reason
        level = self.words.get(written)
        if level is None:
            level = self.words.get(word_key(written))
        if level is not None:
            return level, None
        if self.takes_numbers:
            if written.endswith("%") and (self.low, self.high) == (0, 100):
                written = written[:-1].strip()
            found = WHOLE.fullmatch(written)
            if found is not None:
                number = int(found[1])
                if self.low <= number <= self.high:
                    return number, None
                raise ValueError(f"is not on the scale from {self.low} to {self.high}, nor a code for no answer")
            if NUMBER.fullmatch(written):
                raise ValueError(f"is between two levels of the scale from {self.low} to {self.high}")
            labelled = self._labelled(written)
            if labelled is not None:
                return labelled
        raise ValueError(f"is neither an answer of the scale {self.name} nor a code for no answer")

    def _labelled(self, written: str) -> Scored | None:
        """What a number says that stands with its words, None where there is none.

        Raises ValueError where the number is off the scale, or number and words say two levels.
        """
        found, behind = LABELLED.fullmatch(written), BEHIND.fullmatch(written)
        number, words = (found[1], found[2]) if found else (behind[2], behind[1]) if behind else ("", "")
        if not number:
            return None
        reason = self.missing.get(canonical(number))
        if reason is not None:
            return None, reason
        if not self.low <= int(number) <= self.high:
            raise ValueError(f"is not on the scale from {self.low} to {self.high}, nor a code for no answer")
        said = self.words.get(words.strip(), self.words.get(word_key(words)))
        if said is not None and said != int(number):
            raise ValueError(f"says {number}, but its words are level {said} of the scale {self.name}")
        return int(number), None


def canonical(text: str) -> str:
    """Return an answer for comparison: folded, in one line, whole numbers without decimals."""
    written = text if text.isascii() and text.isalnum() else clean_line(text)
    folded = fold(written).strip()
    found = WHOLE.fullmatch(folded)
    return str(int(found[1])) if found else folded


def word_key(text: str) -> str:
    """Return a word of a scale for comparison: letters and digits only, so that blanks and punctuation do not matter."""
    folded = fold(text)
    return "".join(char for char in folded if char.isalnum()) or folded


@lru_cache(maxsize=1)
def ready_scales() -> Mapping[str, Mapping[str, object]]:
    """Return the scales that ship with the program, as their file writes them."""
    return tomllib.loads(READY_SCALES.read_text(encoding="utf-8"))
