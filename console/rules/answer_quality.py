"""Which responses are left out of all figures: the rule a survey has chosen, and what it says of one response.

A new survey counts every response. A check only finds what should be looked at: satisfied people do answer eight questions
alike (146 of the 2,831 of the SFO survey of 2017 do), and figures published from a file are those of all its rows. Who leaves
responses out chooses the rule by name and says why; how many each check finds is shown beside how many it leaves out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

STRAIGHT_LINE, TOO_FAST, CONTRADICTION, DOUBLE = "straight_line", "too_fast", "contradiction", "double"
CHECKS = (DOUBLE, STRAIGHT_LINE, TOO_FAST, CONTRADICTION)
"""What a response can be left out for; of several the first is the one kept with it."""
NOTHING = "none"
FEWEST_FOR_STRAIGHT_LINE = 8
HASTY_SHARE = 1 / 3
TOLERANCE = 50.0
"""Points from 0 to 100 by which two answers to the same thing may differ."""


@dataclass(frozen=True, slots=True)
class QualityRule:
    """The checks a survey leaves responses out by, in the order of ``CHECKS``; without any, every response counts.

    ``contradictions`` are pairs of items that ask the same and ``tolerance`` the points of 0 to 100 they may differ by;
    ``seconds_from`` is the least time a response may have taken, a third of the median when it was last worked out.
    """

    checks: tuple[str, ...] = ()
    contradictions: tuple[tuple[str, str], ...] = ()
    tolerance: float = TOLERANCE
    seconds_from: float | None = None

    @property
    def name(self) -> str:
        """The checks with commas between, ``none`` without any."""
        return ",".join(self.checks) or NOTHING

    def text(self) -> str:
        """Return it as it is kept with the survey."""
        if not self.checks and not self.contradictions:
            return ""
        return json.dumps(
            {
                "checks": self.checks,
                "contradictions": self.contradictions,
                "tolerance": self.tolerance,
                "seconds_from": self.seconds_from,
            }
        )


def read_rule(text: str) -> QualityRule:
    """Return the rule kept with a survey."""
    if not text:
        return QualityRule()
    found = json.loads(text)
    return QualityRule(
        tuple(found["checks"]),
        tuple((first, second) for first, second in found["contradictions"]),
        found["tolerance"],
        found["seconds_from"],
    )


def hasty_below(durations: Mapping[int, int]) -> float | None:
    """Return the seconds under which a response took less than a third of the median; None where no duration is known.

    ``durations`` says how many responses took so many seconds.
    """
    ordered, total = sorted(durations), sum(durations.values())
    if not total:
        return None

    def at(place: int) -> int:
        reached = 0
        for seconds in ordered:
            reached += durations[seconds]
            if reached > place:
                return seconds
        return ordered[-1]

    return HASTY_SHARE * ((at((total - 1) // 2) + at(total // 2)) / 2)


@dataclass(frozen=True, slots=True)
class RatedItem:
    """An item as the checks need it: its identity, its scale, and whether it is asked as a plain rating."""

    id: int
    low: int
    high: int
    is_reversed: bool
    is_rating: bool

    def points(self, level: int) -> float:
        """Return a level as points of 0 to 100, 100 good."""
        found = 100 * (level - self.low) / (self.high - self.low)
        return 100 - found if self.is_reversed else found


@dataclass(frozen=True, slots=True)
class Judge:
    """A rule with the items of its survey."""

    rule: QualityRule
    items: Mapping[str, RatedItem]

    def reason(self, scores: Mapping[int, int | None], seconds: int | None, *, is_double: bool) -> str:
        """Return what a response is left out for, empty where it counts; ``scores`` are levels by indicator id."""
        for check in self.rule.checks:
            if self.finds(check, scores, seconds, is_double=is_double):
                return check
        return ""

    def finds(self, check: str, scores: Mapping[int, int | None], seconds: int | None, *, is_double: bool) -> bool:
        """Return whether one check finds something wrong with a response."""
        if check == DOUBLE:
            return is_double
        if check == TOO_FAST:
            return seconds is not None and self.rule.seconds_from is not None and seconds < self.rule.seconds_from
        if check == STRAIGHT_LINE:
            given = [scores.get(item.id) for item in self.items.values() if item.is_rating]
            levels = [level for level in given if level is not None]
            return len(levels) >= FEWEST_FOR_STRAIGHT_LINE and len(set(levels)) == 1
        return any(self._differs(scores, first, second) for first, second in self.rule.contradictions)

    def _differs(self, scores: Mapping[int, int | None], first: str, second: str) -> bool:
        points = []
        for code in (first, second):
            item = self.items.get(code)
            level = scores.get(item.id) if item is not None else None
            if item is None or level is None:
                return False
            points.append(item.points(level))
        return abs(points[0] - points[1]) > self.rule.tolerance
