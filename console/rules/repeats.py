"""Repeat complaints, duplicates, and cases of one common cause (requirement B8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.errors import OmbudError
from console.rules.policy_conditions import level, upper
from console.rules.policy_reading import Section

IDENTITIES = ("customer", "account", "premise", "meter")
"""What makes two cases come from the same place, from the person to the thing."""

_PERSON_WEIGHT = 0.4
_PLACE_WEIGHT = 0.2
_TEXT_WEIGHT = 0.4


class MergeCycleError(OmbudError):
    """Merged cases that lead back to themselves."""


@dataclass(frozen=True, slots=True)
class CaseLikeness:
    """What of a case counts when it is compared with others; an empty identity is like none.

    ``segments`` are the words of its text as ``console.search_words.segments`` cuts them.
    """

    reference: str
    received_at: datetime
    kind: str = "complaint"
    category: str = ""
    customer: str = ""
    account: str = ""
    premise: str = ""
    meter: str = ""
    area: str = ""
    region: str = ""
    is_open: bool = True
    is_merged: bool = False
    segments: frozenset[str] = frozenset()

    def identity(self, name: str) -> str:
        """Return one of ``IDENTITIES``."""
        return {"customer": self.customer, "account": self.account, "premise": self.premise, "meter": self.meter}[name]


@dataclass(frozen=True, slots=True)
class RepeatRules:
    """What counts as a repeat: the same identity and category (to a depth, 0 any) again within days of the earlier receipt."""

    window_days: int = 30
    by: tuple[str, ...] = IDENTITIES
    category_depth: int = 1
    kinds: tuple[str, ...] = ("complaint",)
    raise_at: int = 2
    duplicate_days: int = 3
    duplicate_score: float = 0.6
    parent_hours: int = 12


@dataclass(frozen=True, slots=True)
class Repeat:
    """Whether a case repeats earlier ones: which, latest first, how many times now, and whether it is to be raised."""

    is_repeat: bool
    earlier: tuple[str, ...] = ()
    times: int = 1
    is_raised: bool = False
    why: str = ""


def repeat_of(rules: RepeatRules, case: CaseLikeness, others: Iterable[CaseLikeness]) -> Repeat:
    """Decide whether a case is a repeat complaint.

    Each earlier case counts once, however many identities agree; merged ones do not count, since their target does.
    """
    if case.kind not in rules.kinds:
        return Repeat(False, why=f"Repeats are counted for {', '.join(rules.kinds)} only.")
    since = case.received_at - timedelta(days=rules.window_days)
    found: dict[str, tuple[datetime, str]] = {}
    for other in others:
        if (
            other.reference == case.reference
            or other.is_merged
            or other.kind not in rules.kinds
            or not since <= other.received_at <= case.received_at
            or not _same_category(rules.category_depth, case, other)
            or (other.received_at == case.received_at and other.reference > case.reference)
        ):
            continue
        shared = next(
            (name for name in rules.by if case.identity(name) and case.identity(name) == other.identity(name)), None
        )
        if shared:
            found[other.reference] = (other.received_at, shared)
    if not found:
        return Repeat(False, why=f"Nothing alike within {rules.window_days} days.")
    earlier = tuple(sorted(found, key=lambda reference: (found[reference][0], reference), reverse=True))
    times = len(earlier) + 1
    latest = found[earlier[0]]
    why = f"Number {times} within {rules.window_days} days; {earlier[0]} has the same {latest[1]}."
    return Repeat(True, earlier, times, times >= rules.raise_at, why)


def _same_category(depth: int, case: CaseLikeness, other: CaseLikeness) -> bool:
    if depth == 0:
        return True
    shared = min(depth, max(level(case.category), level(other.category)))
    return bool(case.category) and upper(case.category, shared) == upper(other.category, shared)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two cases are, 0 to 1, and what of it."""

    reference: str
    score: float
    why: str


def text_likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of common segments among all (Jaccard 1901), 0 to 1; 0 where a text is empty."""
    if not one or not other:
        return 0.0
    return len(one & other) / len(one | other)


def cut_text(text: str) -> frozenset[str]:
    """Return the segments of a text for ``CaseLikeness``."""
    from console.search_words import segments

    return frozenset(segments(text))


def likeness(case: CaseLikeness, other: CaseLikeness) -> Likeness:
    """Score how far two cases are the same matter: person 0.4, place (account, premise or meter) 0.2, text up to 0.4."""
    same_person = bool(case.customer) and case.customer == other.customer
    places = [name for name in IDENTITIES[1:] if case.identity(name) and case.identity(name) == other.identity(name)]
    text = text_likeness(case.segments, other.segments)
    score = _PERSON_WEIGHT * same_person + _PLACE_WEIGHT * bool(places) + _TEXT_WEIGHT * text
    reasons = ["same customer"] * same_person + [f"same {name}" for name in places[:1]]
    if text:
        reasons.append(f"text {round(100 * text)} % alike")
    return Likeness(other.reference, round(score, 4), ", ".join(reasons) or "nothing in common")


def duplicates_of(rules: RepeatRules, case: CaseLikeness, others: Iterable[CaseLikeness]) -> tuple[Likeness, ...]:
    """Return the cases that may be the same as this one, the likeliest first; closed and merged ones are not proposed."""
    span = timedelta(days=rules.duplicate_days)
    scored = (
        likeness(case, other)
        for other in others
        if other.reference != case.reference
        and other.is_open
        and not other.is_merged
        and abs(other.received_at - case.received_at) <= span
    )
    return tuple(
        sorted(
            (found for found in scored if found.score >= rules.duplicate_score),
            key=lambda found: (-found.score, found.reference),
        )
    )


@dataclass(frozen=True, slots=True)
class ParentEvent:
    """A common cause, such as an outage or a billing run: whom it touches and when; an empty set of places means everywhere."""

    reference: str
    began_at: datetime
    ended_at: datetime | None = None
    areas: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    categories: tuple[str, ...] = ()


def parent_of(rules: RepeatRules, case: CaseLikeness, events: Iterable[ParentEvent]) -> ParentEvent | None:
    """Return the event a case belongs to: same place and category, received from its beginning until some hours after its end.

    Of several the narrower wins, then the one that began last.
    """
    after = timedelta(hours=rules.parent_hours)
    fitting = [
        event
        for event in events
        if event.began_at <= case.received_at
        and (event.ended_at is None or case.received_at <= event.ended_at + after)
        and (not event.areas or case.area in event.areas)
        and (not event.regions or case.region in event.regions)
        and (not event.categories or any(upper(case.category, level(name)) == name for name in event.categories))
    ]
    return max(
        fitting,
        key=lambda event: (
            bool(event.areas),
            bool(event.regions),
            bool(event.categories),
            event.began_at,
            event.reference,
        ),
        default=None,
    )


def merge_target(reference: str, merged_into: Mapping[str, str]) -> str:
    """Return the case that stands for a merged one, at the end of the chain; an unmerged case stands for itself.

    A reply to a merged case goes there. Raises ``MergeCycleError`` where the chain comes back to itself.
    """
    passed = [reference]
    while passed[-1] in merged_into:
        following = merged_into[passed[-1]]
        if following in passed:
            raise MergeCycleError(
                f"The merged cases go round in a circle: {' -> '.join([*passed, following])}.",
                "Take one of the merges back.",
            )
        passed.append(following)
    return passed[-1]


def read_repeats(root: Section) -> RepeatRules:
    """Read ``[repeats]``; a policy without it has the defaults."""
    from console.codes import CaseKind

    section = root.section("repeats")
    if section is None:
        return RepeatRules()
    default = RepeatRules()
    rules = RepeatRules(
        window_days=section.integer("window_days", default=default.window_days, least=1, most=3660),
        by=section.texts("by", allowed=IDENTITIES) or default.by,
        category_depth=section.integer("category_depth", default=default.category_depth, most=3),
        kinds=section.texts("kinds", allowed=[str(kind) for kind in CaseKind]) or default.kinds,
        raise_at=section.integer("raise_at", default=default.raise_at, least=2, most=100),
        duplicate_days=section.integer("duplicate_days", default=default.duplicate_days, least=1, most=366),
        duplicate_score=section.number("duplicate_score", default=default.duplicate_score, least=0.1, most=1.0),
        parent_hours=section.integer("parent_hours", default=default.parent_hours, most=8760),
    )
    section.finish()
    return rules
