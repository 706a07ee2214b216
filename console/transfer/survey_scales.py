"""Scales of survey answers as profiles write them: by name, by their ends, or in full."""

from __future__ import annotations

from collections.abc import Mapping

from console.codes import MissingCode
from console.transfer.answer_scales import AnswerScale, canonical, ready_scales, word_key
from console.transfer.profiles import ProfileReader

SCALE_KEYS = ("levels", "words", "from", "values", "missing", "reversed", "numbers")


class ScaleReader(ProfileReader):
    """Reads scales; ``scales`` are those a profile names itself, ``missing`` its codes for no answer everywhere."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(name, where)
        self.missing: dict[str, str] = {}
        self.scales: dict[str, Mapping[str, object]] = {}

    def _missing(self, value: object, where: str) -> dict[str, str]:
        """Codes for no answer: a list of words that mean not answered, or a table of words and reasons."""
        if isinstance(value, list):
            return {canonical(word): "NA" for word in self._words(value, where)}
        table = self.table(value, where)
        found = {}
        for word, reason in table.items():
            code = self.text(reason, f"{where}.{word}")
            self.known(code, tuple(MissingCode), f"reason in {where}:")
            found[canonical(word)] = code
        return found

    def _words(self, value: object, where: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(
            isinstance(item, str | int) and not isinstance(item, bool) for item in value
        ):
            raise self.wrong(f"{where} must be a list of words or whole numbers")
        return tuple(str(item) for item in value)

    def _scale(self, value: object, where: str, missing: Mapping[str, str]) -> AnswerScale:
        """A scale by name, by its two ends, or in full; ``missing`` are codes of the item itself."""
        name = where
        if isinstance(value, str):
            name = value
            table = self.scales.get(value) or ready_scales().get(value)
            if table is None:
                self.known(value, (*self.scales, *ready_scales()), "scale")
            value = table
        elif isinstance(value, list):
            value = {"levels": value}
        given = self.table(value, where, SCALE_KEYS)
        if sum(key in given for key in ("levels", "words", "values")) == 0:
            raise self.wrong(f"the scale {name} needs levels, words or values")
        words: dict[str, int] = {}
        low, high = self._ends(given, name, words)
        codes = {**self.missing, **self._missing(given.get("missing", []), f"{where}.missing"), **missing}
        for code in codes:
            if code in words:
                raise self.wrong(f"{code} is an answer and a code for no answer at once, in the scale {name}")
        return AnswerScale(
            name=name,
            low=low,
            high=high,
            words=words,
            missing=codes,
            takes_numbers=self.flag(given.get("numbers", True), f"{where}.numbers"),
            is_reversed=self.flag(given.get("reversed", False), f"{where}.reversed"),
        )

    def _ends(self, given: Mapping[str, object], name: str, words: dict[str, int]) -> tuple[int, int]:
        levels: list[int] = []
        start = given.get("from", 1)
        if isinstance(start, bool) or not isinstance(start, int):
            raise self.wrong(f"from in the scale {name} must be a whole number")
        if "words" in given:
            rows = given["words"]
            if not isinstance(rows, list) or len(rows) < 2:
                raise self.wrong(f"words in the scale {name} must list two levels or more, from the worst to the best")
            for level, row in enumerate(rows, start):
                levels.append(level)
                for word in (row,) if isinstance(row, str) else self._words(row, f"words of the scale {name}"):
                    self._add_word(words, word, level, name)
        if "values" in given:
            for word, number in self.table(given["values"], f"values of the scale {name}").items():
                if isinstance(number, bool) or not isinstance(number, int):
                    raise self.wrong(f"{word} in the scale {name} must stand for a whole number")
                levels.append(number)
                self._add_word(words, word, number, name)
        if "levels" in given:
            given_ends = given["levels"]
            ends = [end for end in given_ends if type(end) is int] if isinstance(given_ends, list) else []
            if len(ends) != 2 or ends != given_ends:
                raise self.wrong(f"levels in the scale {name} must be its lowest and highest whole number")
            low, high = ends
            if low >= high:
                raise self.wrong(f"the scale {name} must end above where it begins")
            if levels and not (low <= min(levels) and max(levels) <= high):
                raise self.wrong(f"a word of the scale {name} lies outside its levels {low} to {high}")
            levels = [low, high]
        if min(levels) >= max(levels):
            raise self.wrong(f"the scale {name} must end above where it begins")
        return min(levels), max(levels)

    def _add_word(self, words: dict[str, int], word: str, level: int, name: str) -> None:
        for spelling in {canonical(word), word_key(word)}:
            if words.setdefault(spelling, level) != level:
                raise self.wrong(f"{word} stands for two levels of the scale {name}")
