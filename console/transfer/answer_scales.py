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
HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
JOINTS = " /|-–—·,，、;；:：()（）[]【】"
"""What stands between or around an answer in two languages."""
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
            # Where a tick is an answer, so is its absence; a profile says so by naming the empty word.
            return (self.words[""], None) if "" in self.words else (None, NOT_ANSWERED)
        reason = self.missing.get(written)
        if reason is not None:
            return None, reason
        level = self.words.get(written)
        if level is None:
            level = self.words.get(word_key(written))
        if level is not None:
            return level, None
        both = self._in_two_languages(written)
        if both is not None:
            return both
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

    def _in_two_languages(self, written: str) -> Scored | None:
        """What a cell says in Chinese and in another language at once (``满意 Satisfied``), None where it does not.

        Raises ValueError where the two say different things.
        """
        han = "".join(HAN.findall(written))
        other = HAN.sub(" ", written).strip(JOINTS)
        if not han or not other:
            return None
        said = [self._word(word) for word in (han, other)]
        if said[0] is None or said[1] is None:
            return None
        if said[0] != said[1]:
            raise ValueError(f"says two things: {han} is not {other} on the scale {self.name}")
        return said[0]

    def _word(self, word: str) -> Scored | None:
        level = self.words.get(word, self.words.get(word_key(word)))
        if level is not None:
            return level, None
        reason = self.missing.get(canonical(word))
        return None if reason is None else (None, reason)

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
