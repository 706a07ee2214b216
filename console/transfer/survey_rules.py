"""What a profile of survey answers says, once it has been read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase

from console.codes import IndicatorKind
from console.errors import OmbudError, nearest
from console.text import fold
from console.transfer.answer_scales import AnswerScale
from console.transfer.profiles import column_key
from console.transfer.source_rows import SourceOptions

LONGEST_CODE = 64


@dataclass(frozen=True, slots=True)
class ValueRule:
    """How one value is made of columns: joined by ``separator`` behind ``prefix``, or constant; words mapped to codes."""

    name: str
    columns: tuple[str, ...] = ()
    separator: str = " "
    prefix: str = ""
    value: str | None = None
    values: Mapping[str, str] | None = None
    unknown: str | None = None
    default: str = ""
    made: str = ""


@dataclass(frozen=True, slots=True)
class ItemRule:
    """One indicator and the column of its answers; a group has no column."""

    code: str
    column: str
    label: str
    label_zh: str = ""
    kind: str = IndicatorKind.SCORE.value
    scale: AnswerScale | None = None
    parent: str = ""
    weight: float | None = None
    target: float | None = None
    node: str = ""
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Block:
    """Many columns asked alike, by patterns such as ``Q7*``."""

    patterns: tuple[str, ...]
    but: tuple[str, ...]
    kind: str
    scale: AnswerScale
    parent: str


@dataclass(frozen=True, slots=True)
class LongRule:
    """Where a file with one answer a row keeps the item, the score, the reason for none, and the words of an open answer."""

    item: str
    score: str
    missing: str = ""
    text: str = ""
    items: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    kind: str = ""
    scale_low: str = ""
    scale_high: str = ""


@dataclass(frozen=True, slots=True)
class SurveyRule:
    """The survey that is filled, and made where it is not there."""

    code: str
    column: str
    title: str
    title_zh: str
    series: str
    wave: str
    assessor: str
    channel: str
    population: int | None
    scale: AnswerScale
    starts_on: date | None
    ends_on: date | None
    tree: str


@dataclass(frozen=True, slots=True)
class SurveyProfile:
    """A checked profile of responses.

    ``only`` says by column which rows are responses at all: those with one of its values; ``notes`` are what had to be done to
    the profile.
    """

    name: str
    title: str
    layout: str
    survey: SurveyRule
    number: ValueRule
    answered_at: ValueRule
    facts: tuple[ValueRule, ...]
    weight: ValueRule | None
    items: tuple[ItemRule, ...]
    blocks: tuple[Block, ...]
    long: LongRule | None
    makes_items: bool
    formats: tuple[str, ...]
    zone: str
    guarded: bool
    options: SourceOptions
    aliases: Mapping[str, tuple[str, ...]]
    missing: frozenset[str]
    only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def for_survey(self, code: str | None, wave: str | None) -> SurveyProfile:
        """Return the profile for another survey or wave of the same questions."""
        survey = self.survey
        if code:
            survey = replace(survey, code=code, column="", series=survey.series or survey.code)
        if wave:
            survey = replace(survey, wave=wave)
        return replace(self, survey=survey)

    def places_of(self, present: Sequence[str], file_name: str) -> Places:
        """Return where each column stands in a file. Raises OmbudError naming a column that is needed and not there."""
        exact = {name: place for place, name in reversed(list(enumerate(present)))}
        loose: dict[str, int] = {}
        for place, name in enumerate(present):
            loose.setdefault(column_key(name), place)

        def find(column: str) -> int | None:
            for spelling in (column, *self.aliases.get(column, ())):
                found = exact.get(spelling, loose.get(column_key(spelling)))
                if found is not None:
                    return found
            return None

        places: dict[str, int] = {}
        for column in self._named():
            found = find(column)
            if found is not None:
                places[column] = found
        items = list(self.items)
        taken = {places[item.column] for item in items if item.column in places}
        for block in self.blocks:
            for place, name in enumerate(present):
                if place not in taken and _matches(name, block.patterns) and not _matches(name, block.but):
                    taken.add(place)
                    places.setdefault(name, place)
                    items.append(ItemRule(name[:LONGEST_CODE], name, name, "", block.kind, block.scale, block.parent))
        self._check_needed(places, items, present, file_name)
        kept = tuple(item for item in items if not item.column or item.column in places)
        used = set(places.values())
        return Places(places, kept, tuple(name for place, name in enumerate(present) if place not in used))

    def _named(self) -> list[str]:
        rules = [self.number, self.answered_at, *self.facts, *([self.weight] if self.weight else [])]
        named = [column for rule in rules for column in rule.columns]
        named += [item.column for item in self.items if item.column]
        named += self.only
        if self.survey.column:
            named.append(self.survey.column)
        if self.long:
            rule = self.long
            named += [
                column
                for column in (
                    rule.item, rule.score, rule.missing, rule.text, rule.label, rule.kind, rule.scale_low, rule.scale_high,
                )
                if column
            ]  # fmt: skip
        return list(dict.fromkeys(named))

    def _check_needed(
        self, places: Mapping[str, int], items: Sequence[ItemRule], present: Sequence[str], file_name: str
    ) -> None:
        needed = [*self.number.columns[:1], *self.only]
        if self.answered_at.value is None and not self.answered_at.default:
            needed += self.answered_at.columns[:1]
        needed += [item.column for item in self.items if item.column and item.is_required]
        if self.long:
            # A file about one thing need not say what it is about.
            needed += [] if "" in self.long.items else [self.long.item]
            needed.append(self.long.score)
        for column in needed:
            if column not in places:
                close = nearest(column, list(present))
                listed = ", ".join(present[:12]) + (", …" if len(present) > 12 else "")
                raise OmbudError(
                    f"{file_name} has no column {column}, which the profile {self.name} needs.",
                    (f"The nearest column is {close}. " if close else "")
                    + f"The file has: {listed}. Choose another --profile, or write one.",
                )
        if not self.long and not any(item.column for item in items):
            raise OmbudError(
                f"No column of {file_name} is an item of the profile {self.name}.",
                "Check the patterns of its [[blocks]].",
            )


@dataclass(frozen=True, slots=True)
class Places:
    """Where the columns of a profile stand, the items this file has, and the columns nothing is made of."""

    places: Mapping[str, int]
    items: tuple[ItemRule, ...]
    unused: tuple[str, ...]


def _matches(name: str, patterns: Sequence[str]) -> bool:
    folded = fold(name)
    return any(fnmatchcase(folded, fold(pattern)) for pattern in patterns)
