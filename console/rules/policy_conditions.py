"""What a rule of a policy looks at in a case, and how specific it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from console.codes import SEVERITIES, CaseKind, Channel
from console.rules.policy_reading import Section
from console.text import fold

SEPARATOR = " / "
"""Between the levels of a category code: ``service / attitude``."""


@dataclass(frozen=True, slots=True)
class CaseTraits:
    """What is known of a case that rules may turn on.

    ``authority`` is who passed the case on (``12398``, ``12345``, ``ombudsman`` …), ``area`` the class of the place (``urban``,
    ``rural``, ``remote``), ``region`` its territory, ``received_on`` the day of receipt in the zone of the policy.
    """

    received_on: date
    kind: str = CaseKind.COMPLAINT
    category: str = ""
    severity: int = 1
    channel: str = Channel.TELEPHONE
    authority: str = ""
    area: str = ""
    region: str = ""
    text: str = ""
    is_raised_by_staff: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """When a rule applies; an empty part does not matter."""

    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    severities: tuple[int, ...] = ()
    channels: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    def holds(self, case: CaseTraits) -> bool:
        """Say whether the rule applies to a case: every part named must hold, any one value of a part is enough."""
        return (
            (not self.kinds or case.kind in self.kinds)
            and (not self.categories or any(is_within(case.category, category) for category in self.categories))
            and (not self.severities or case.severity in self.severities)
            and (not self.channels or case.channel in self.channels)
            and (not self.authorities or case.authority in self.authorities)
            and (not self.areas or case.area in self.areas)
            and (not self.regions or case.region in self.regions)
            and (not self.keywords or _mentions(case.text, self.keywords))
        )

    def specificity(self, case: CaseTraits) -> tuple[int, ...]:
        """Return how narrow the rule is for a case that it holds for; the greater tuple wins.

        The order of the parts is the order of precedence: who passed the case on, the way it came, then category (deeper is
        narrower), severity, area, region, words, kind. A limit set by a regulator for its own line therefore overrides the
        limit of the kind, whatever else that one names.
        """
        depth = max((level(category) for category in self.categories if is_within(case.category, category)), default=0)
        return (
            int(bool(self.authorities)),
            int(bool(self.channels)),
            depth,
            int(bool(self.severities)),
            int(bool(self.areas)),
            int(bool(self.regions)),
            int(bool(self.keywords)),
            int(bool(self.kinds)),
        )

    def collides(self, other: Condition) -> bool:
        """Say whether some case meets both conditions with the same specificity."""
        pairs: tuple[tuple[Collection[object], Collection[object]], ...] = (
            (self.kinds, other.kinds),
            (self.severities, other.severities),
            (self.channels, other.channels),
            (self.authorities, other.authorities),
            (self.areas, other.areas),
            (self.regions, other.regions),
            (self.categories, other.categories),
        )
        if any(bool(mine) != bool(theirs) or (mine and not set(mine) & set(theirs)) for mine, theirs in pairs):
            return False
        return bool(self.keywords) == bool(other.keywords)

    def written(self) -> str:
        """Return the condition in one line, for explanations; empty when it always holds."""
        parts = {
            "authority": self.authorities,
            "channel": self.channels,
            "category": self.categories,
            "severity": tuple(str(value) for value in self.severities),
            "area": self.areas,
            "region": self.regions,
            "keywords": self.keywords,
            "kind": self.kinds,
        }
        return " and ".join(f"{name} {'|'.join(values)}" for name, values in parts.items() if values)


ALWAYS = Condition()
"""Holds for every case."""


@dataclass(frozen=True, slots=True)
class Distinctions:
    """What some conditions tell apart: cases alike in it meet the same of them, each with the same specificity."""

    kinds: frozenset[str]
    severities: frozenset[int]
    channels: frozenset[str]
    authorities: frozenset[str]
    areas: frozenset[str]
    regions: frozenset[str]
    categories: tuple[str, ...]
    keywords: tuple[tuple[str, ...], ...]

    @classmethod
    def made_by(cls, conditions: Iterable[Condition]) -> Distinctions:
        """Return what conditions name."""
        all_of = tuple(conditions)
        return cls(
            frozenset(kind for one in all_of for kind in one.kinds),
            frozenset(severity for one in all_of for severity in one.severities),
            frozenset(channel for one in all_of for channel in one.channels),
            frozenset(authority for one in all_of for authority in one.authorities),
            frozenset(area for one in all_of for area in one.areas),
            frozenset(region for one in all_of for region in one.regions),
            tuple(sorted({category for one in all_of for category in one.categories})),
            tuple(sorted({one.keywords for one in all_of if one.keywords})),
        )

    def of(self, case: CaseTraits) -> tuple[object, ...]:
        """Return what of a case the conditions look at; a value that none of them names is as good as any other such."""
        return (
            case.kind in self.kinds and case.kind,
            case.severity in self.severities and case.severity,
            case.channel in self.channels and case.channel,
            case.authority in self.authorities and case.authority,
            case.area in self.areas and case.area,
            case.region in self.regions and case.region,
            tuple(category for category in self.categories if is_within(case.category, category)),
            tuple(_mentions(case.text, words) for words in self.keywords),
        )


def level(category: str) -> int:
    """Return the depth of a category code: 0 for none, 1 for a top level."""
    return category.count(SEPARATOR) + 1 if category else 0


def is_within(category: str, ancestor: str) -> bool:
    """Say whether a category is another one or lies beneath it."""
    return category == ancestor or category.startswith(ancestor + SEPARATOR)


def upper(category: str, depth: int) -> str:
    """Return a category cut to its first levels."""
    return SEPARATOR.join(category.split(SEPARATOR)[:depth])


def _mentions(text: str, keywords: tuple[str, ...]) -> bool:
    folded = fold(text)
    return any(fold(word) in folded for word in keywords)


def local_day(moment: datetime, zone: str) -> date:
    """Return the day a moment falls on in a zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names a policy defines that its other parts refer to."""

    categories: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    calendars: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    authorities: frozenset[str] = frozenset()


def read_condition(section: Section | None, words: Vocabulary) -> Condition:
    """Read a ``when`` table; unknown kinds, channels, categories, areas and severities are faults."""
    if section is None:
        return Condition()
    condition = Condition(
        kinds=section.texts("kind", allowed=[str(kind) for kind in CaseKind]),
        categories=section.texts("category", allowed=words.categories),
        severities=_severities(section),
        channels=section.texts("channel", allowed=[str(channel) for channel in Channel]),
        authorities=section.texts("authority", allowed=words.authorities),
        areas=section.texts("area", allowed=words.areas),
        regions=section.texts("region", allowed=words.regions or None),
        keywords=section.texts("keywords"),
    )
    section.finish()
    return condition


def _severities(section: Section) -> tuple[int, ...]:
    value = section.raw("severity")
    if value is None:
        return ()
    known = set(SEVERITIES)
    if isinstance(value, int) and not isinstance(value, bool) and value in known:
        return (value,)
    if isinstance(value, list) and value and all(type(item) is int and item in known for item in value):
        return tuple(sorted(set(value)))
    if isinstance(value, str) and value[:2] in (">=", "<=") and value[2:].strip().isdecimal():
        bound = int(value[2:])
        chosen = tuple(item for item in SEVERITIES if (item >= bound if value[0] == ">" else item <= bound))
        if bound in known and chosen:
            return chosen
    section.fault(
        "severity",
        f"{value!r} is not a severity.",
        f'Write one of {", ".join(map(str, SEVERITIES))}, a list of them, or a bound such as ">=3".',
    )
    return ()
