"""Questionnaires: what is asked in which words, with which answers, and what is skipped; and where an interview stands.

A questionnaire is a TOML text. Its questions come in the order in which they are asked; ``only_if`` says under which earlier
answers one is asked at all, ``skip`` where to go on after an answer. A question that the answers lead past is not applicable.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from console.codes import IndicatorKind, MissingCode
from console.errors import UsageError, nearest

END = "end"
LEVELS_BY_KEY = 10
"""A scale of at most so many levels is answered with one key."""
LONGEST_SCALE = 101
KEYS = ("title", "title_zh", "greeting", "greeting_zh", "closing", "closing_zh", "questions")
QUESTION_KEYS = (
    "item",
    "ask",
    "ask_zh",
    "kind",
    "scale",
    "options",
    "options_zh",
    "only_if",
    "skip",
    "required",
    "node",
)
CONDITION = re.compile(r"\s*([^\s<>=!:]+)\s*(<=|>=|!=|<|>|=|:)\s*(\S+)\s*")
REASONS = tuple(code.value for code in MissingCode)


@dataclass(frozen=True, slots=True)
class Given:
    """One answer: a level, the reason why there is none, or the words of an open question."""

    level: int | None = None
    missing: str = ""
    text: str = ""

    @property
    def is_given(self) -> bool:
        """Whether anything was answered."""
        return self.level is not None or bool(self.text)


@dataclass(frozen=True, slots=True)
class Condition:
    """``CODE OP VALUE`` over an earlier answer: a level, a reason such as ``DK``, or ``answered``."""

    item: str
    sign: str
    value: str

    def holds(self, answers: Mapping[str, Given]) -> bool:
        """Return whether the answers so far are so; what was not answered compares with nothing."""
        given = answers.get(self.item, Given())
        if self.value == "answered":
            return given.is_given == (self.sign != "!=")
        if not self.value.lstrip("-").isdigit():
            return (given.missing == self.value) == (self.sign != "!=")
        if given.level is None:
            return False
        level, bound = given.level, int(self.value)
        return {
            "<": level < bound, "<=": level <= bound, ">": level > bound, ">=": level >= bound, "!=": level != bound,
        }.get(self.sign, level == bound)  # fmt: skip

    def __str__(self) -> str:
        return f"{self.item} {self.sign} {self.value}"


@dataclass(frozen=True, slots=True)
class Skip:
    """Where to go on when a condition holds: at a later question, or at the end."""

    condition: Condition
    to: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``options`` are the words of the levels from the lowest, empty where only the number is said."""

    item: str
    ask: str
    ask_zh: str = ""
    kind: str = IndicatorKind.SCORE.value
    low: int = 1
    high: int = 5
    options: tuple[str, ...] = ()
    options_zh: tuple[str, ...] = ()
    only_if: tuple[Condition, ...] = ()
    skips: tuple[Skip, ...] = ()
    is_required: bool = True
    node: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is answered in words."""
        return self.kind == IndicatorKind.TEXT

    @property
    def is_keyed(self) -> bool:
        """Whether one key says a level."""
        return not self.is_open and self.high - self.low < LEVELS_BY_KEY + 1 and self.low >= 0 and self.high <= 10

    def words(self, *, is_chinese: bool) -> tuple[str, ...]:
        """Return the words of the levels in a language, else in the other one."""
        first, second = (self.options_zh, self.options) if is_chinese else (self.options, self.options_zh)
        return first or second

    def said(self, *, is_chinese: bool) -> str:
        """Return the question in a language, else in the other one."""
        return (self.ask_zh or self.ask) if is_chinese else (self.ask or self.ask_zh)

    def key_of(self, level: int) -> str:
        """Return the key that says a level: its digit; ten is ``0`` where the scale begins above it, else ``t``."""
        if level < 10:
            return str(level)
        return "0" if self.low > 0 else "t"

    def level_of(self, key: str) -> int | None:
        """Return the level that a key says, None for one that says none here."""
        return next((level for level in range(self.low, self.high + 1) if self.key_of(level) == key), None)

    def checked(self, given: Given) -> Given:
        """Return an answer that fits. Raises UsageError for a level off the scale, an unknown reason, words for a level."""
        if given.missing:
            if given.missing not in REASONS:
                raise UsageError(f"{given.missing} is no reason for not answering.", f"Known: {', '.join(REASONS)}.")
            return Given(missing=given.missing)
        if self.is_open:
            if not given.text.strip():
                raise UsageError(f"{self.item} is answered in words.", "Write what was said, or a reason such as REF.")
            return Given(text=given.text.strip())
        if given.level is None:
            raise UsageError(
                f"{self.item} is answered with a level from {self.low} to {self.high}, not with “{given.text[:40]}”.",
                f"Without an answer write the reason: {', '.join(REASONS)}.",
            )
        if not self.low <= given.level <= self.high:
            raise UsageError(
                f"{given.level} is not on the scale of {self.item}, {self.low} to {self.high}.",
                f"Without an answer write the reason: {', '.join(REASONS)}.",
            )
        return Given(level=given.level)

    def read(self, written: str) -> Given:
        """Return the answer that a word on the command line says: a level, its words, a reason, or the words said.

        Raises UsageError.
        """
        text = written.strip()
        if text.upper() in REASONS:
            return Given(missing=text.upper())
        if self.is_open:
            return self.checked(Given(text=text))
        if re.fullmatch(r"-?\d{1,9}", text):
            return self.checked(Given(level=int(text)))
        folded = text.casefold()
        for words in (self.options, self.options_zh):
            for place, word in enumerate(words):
                if word.casefold() == folded:
                    return Given(level=self.low + place)
        return self.checked(Given(text=text))


@dataclass(frozen=True, slots=True)
class QuestionnaireText:
    """A checked questionnaire."""

    questions: tuple[Question, ...]
    title: str = ""
    title_zh: str = ""
    greeting: str = ""
    greeting_zh: str = ""
    closing: str = ""
    closing_zh: str = ""
    places: Mapping[str, int] = field(default_factory=dict)

    def question(self, item: str) -> Question:
        """Return the question about an item. Raises UsageError naming the nearest."""
        if item not in self.places:
            close = nearest(item, tuple(self.places))
            known = f"It asks: {', '.join(self.places)}."
            raise UsageError(
                f"The questionnaire does not ask {item}.", f"Did you mean {close}? {known}" if close else known
            )
        return self.questions[self.places[item]]

    def route(self, answers: Mapping[str, Given]) -> tuple[Question, ...]:
        """Return the questions that the answers so far lead to, in their order; behind an unanswered one as if nothing
        were skipped by it."""
        found: list[Question] = []
        place = 0
        while place < len(self.questions):
            question = self.questions[place]
            place += 1
            if not all(condition.holds(answers) for condition in question.only_if):
                continue
            found.append(question)
            if question.item not in answers:
                continue
            for skip in question.skips:
                if skip.condition.holds(answers):
                    place = len(self.questions) if skip.to == END else self.places[skip.to]
                    break
        return tuple(found)

    def next_question(self, answers: Mapping[str, Given]) -> Question | None:
        """Return the first question of the route without an answer, None at the end."""
        return next((question for question in self.route(answers) if question.item not in answers), None)

    def previous_question(self, answers: Mapping[str, Given], item: str) -> Question | None:
        """Return the question before one on the route, None before the first; before the end the last one."""
        route = self.route(answers)
        place = next((at for at, question in enumerate(route) if question.item == item), len(route))
        return route[place - 1] if place > 0 else None

    def settled(self, answers: Mapping[str, Given]) -> dict[str, Given]:
        """Return the answers as they are written down: those off the route are dropped, what was led past is NAP."""
        on_route = {question.item for question in self.route(answers)}
        unasked = Given(missing=MissingCode.NOT_ANSWERED.value)
        led_past = Given(missing=MissingCode.NOT_APPLICABLE.value)
        return {
            question.item: answers.get(question.item, unasked) if question.item in on_route else led_past
            for question in self.questions
        }


def read_questionnaire(text: str, name: str) -> QuestionnaireText:
    """Return a questionnaire from its TOML text. Raises UsageError naming the first thing that is wrong."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The questionnaire {name} is not TOML: {error}.") from error
    return _Reader(name).whole(content)


class _Reader:
    """Turns the tables of a questionnaire into questions, refusing everything it does not know."""

    def __init__(self, name: str) -> None:
        self.name = name

    def wrong(self, message: str, hint: str = "") -> UsageError:
        return UsageError(f"The questionnaire {self.name} is wrong: {message}.", hint)

    def whole(self, content: Mapping[str, object]) -> QuestionnaireText:
        self._known(content, KEYS, "at the top")
        listed = content.get("questions")
        if not isinstance(listed, list) or not listed:
            raise self.wrong("it asks nothing", "Add [[questions]] with item and ask.")
        questions: list[Question] = []
        for place, entry in enumerate(listed, 1):
            if not isinstance(entry, dict):
                raise self.wrong(f"question {place} is not a table", "Write [[questions]].")
            questions.append(self._question(entry, place, [question.item for question in questions]))
        places = {question.item: place for place, question in enumerate(questions)}
        for place, question in enumerate(questions):
            for skip in question.skips:
                if skip.to != END and places.get(skip.to, -1) <= place:
                    raise self.wrong(
                        f"{question.item} leads to {skip.to}, which does not come after it",
                        f"Name a later question, or {END}.",
                    )
        texts = {key: self._text(content, key, "at the top") for key in KEYS if key != "questions"}
        return QuestionnaireText(tuple(questions), places=places, **texts)

    def _known(self, table: Mapping[str, object], keys: Sequence[str], where: str) -> None:
        for key in table:
            if key not in keys:
                close = nearest(key, list(keys))
                raise self.wrong(f"unknown key {key} {where}", f"Did you mean {close}?" if close else "")

    def _text(self, table: Mapping[str, object], key: str, where: str) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(f"{key} {where} must be a quoted text")
        return value.strip()

    def _texts(self, table: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(f"{key} {where} must be a list of quoted texts")
        return tuple(value)

    def _question(self, table: Mapping[str, object], place: int, before: Sequence[str]) -> Question:
        where = f"in question {place}"
        self._known(table, QUESTION_KEYS, where)
        item = self._text(table, "item", where)
        if not item or len(item) > 64 or re.search(r"[\s<>=!:]", item):
            raise self.wrong(f"question {place} has no item of 1 to 64 characters without blanks")
        if item == END or item in before:
            raise self.wrong(f"question {place} asks {item}, which {'ends it' if item == END else 'is asked before'}")
        where = f"in {item}"
        ask, ask_zh = self._text(table, "ask", where), self._text(table, "ask_zh", where)
        if not ask and not ask_zh:
            raise self.wrong(f"{item} has no words to ask it in", "Add ask, ask_zh, or both.")
        kind = self._text(table, "kind", where) or IndicatorKind.SCORE.value
        kinds = [code.value for code in IndicatorKind if code is not IndicatorKind.GROUP]
        if kind not in kinds:
            raise self.wrong(f"there is no kind {kind} {where}", f"Known: {', '.join(kinds)}.")
        required = table.get("required", True)
        if not isinstance(required, bool):
            raise self.wrong(f"required {where} must be true or false")
        options, options_zh = self._texts(table, "options", where), self._texts(table, "options_zh", where)
        low, high = self._scale(table, kind, options or options_zh, where)
        for words in (options, options_zh):
            if words and len(words) != high - low + 1:
                raise self.wrong(f"{item} has {len(words)} options for the levels {low} to {high}")
        return Question(
            item=item,
            ask=ask,
            ask_zh=ask_zh,
            kind=kind,
            low=low,
            high=high,
            options=options,
            options_zh=options_zh,
            only_if=tuple(self._condition(text, item, before) for text in self._texts(table, "only_if", where)),
            skips=self._skips(table.get("skip", []), item, (*before, item)),
            is_required=required,
            node=self._text(table, "node", where),
        )

    def _scale(self, table: Mapping[str, object], kind: str, options: Sequence[str], where: str) -> tuple[int, int]:
        usual = {"nps": (0, 10), "ces": (1, 7)}.get(kind, (1, max(2, len(options)) if options else 5))
        value = table.get("scale", list(usual))
        ends = [end for end in value if type(end) is int] if isinstance(value, list) else []
        if len(ends) != 2 or ends != value or not 0 < ends[1] - ends[0] < LONGEST_SCALE:
            raise self.wrong(f"scale {where} must be its lowest and highest level, such as [1, 5]")
        if kind in ("nps", "ces") and tuple(ends) != usual:
            raise self.wrong(f"{kind} goes from {usual[0]} to {usual[1]} {where}")
        return ends[0], ends[1]

    def _condition(self, text: object, item: str, before: Sequence[str]) -> Condition:
        found = CONDITION.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise self.wrong(
                f"“{text}” in {item} is no condition", "Write one such as: speed <= 2, used:DK, used:answered"
            )
        if found[1] not in before:
            raise self.wrong(f"{item} looks at {found[1]}, which is not asked before it")
        value = found[3] if found[3] == "answered" else found[3].upper()
        if value != "answered" and value not in REASONS and not re.fullmatch(r"-?\d+", value):
            raise self.wrong(f"{found[3]} in {item} is neither a level nor a reason ({', '.join(REASONS)}, answered)")
        return Condition(found[1], "=" if found[2] == ":" else found[2], value)

    def _skips(self, value: object, item: str, before: Sequence[str]) -> tuple[Skip, ...]:
        entries = [value] if isinstance(value, dict) else value
        if not isinstance(entries, list):
            raise self.wrong(f"skip in {item} must be a table, or a list of them")
        found = []
        for entry in entries:
            if not isinstance(entry, dict) or set(entry) != {"if", "to"}:
                raise self.wrong(f"skip in {item} needs if and to", 'Write: skip = { if = "used <= 1", to = "end" }')
            found.append(Skip(self._condition(entry["if"], item, before), str(entry["to"])))
        return tuple(found)
