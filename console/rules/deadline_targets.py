"""How much time a promise allows: working minutes or hours, working days, calendar days or weeks, plain hours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from console.errors import UsageError
from console.rules.calendar_days import DAY, HOUR, MINUTE

LONGEST_DAYS = 73_000

_HINT = (
    "Write 120m, 24h or 1h30m of working time, 4d for the end of the 4th working day, 4d@same for its same time of day, "
    "10cd calendar days, 8w weeks, 24ch hours by the clock."
)
_PART = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]+)", re.ASCII)


class TargetKind(StrEnum):
    """What a target counts."""

    WORKING_TIME = "working_time"
    WORKING_DAYS = "working_days"
    CLOCK_TIME = "clock_time"
    CALENDAR_DAYS = "calendar_days"


_UNITS: dict[str, tuple[TargetKind, int]] = {
    **dict.fromkeys(("s", "sec"), (TargetKind.WORKING_TIME, 1)),
    **dict.fromkeys(("m", "min"), (TargetKind.WORKING_TIME, MINUTE)),
    **dict.fromkeys(("h", "hour", "hours"), (TargetKind.WORKING_TIME, HOUR)),
    "cs": (TargetKind.CLOCK_TIME, 1),
    "cm": (TargetKind.CLOCK_TIME, MINUTE),
    "ch": (TargetKind.CLOCK_TIME, HOUR),
    **dict.fromkeys(("d", "wd", "day", "days"), (TargetKind.WORKING_DAYS, 1)),
    "cd": (TargetKind.CALENDAR_DAYS, 1),
    **dict.fromkeys(("w", "week", "weeks"), (TargetKind.CALENDAR_DAYS, 7)),
}
_TIMES = (TargetKind.WORKING_TIME, TargetKind.CLOCK_TIME)


@dataclass(frozen=True, slots=True)
class Target:
    """A promise's allowance: ``amount`` is seconds for the two kinds of time and days for the two kinds of days.

    An amount of 0 promises nothing. ``is_same_time`` ends a count of days at the time of day of the start, not at
    the end of the last day.
    """

    kind: TargetKind
    amount: int
    is_same_time: bool = False

    @classmethod
    def parse(cls, text: str) -> Target:
        """Return the target that a text such as ``120m``, ``1h30m``, ``PT90M``, ``4d``, ``7d@same`` or ``8w`` names.

        Empty and 0 promise nothing. Raises UsageError for anything else, for parts of a day, and beyond 73 000 days.
        """
        amount_text, at, when = text.strip().lower().partition("@")
        if at and when.strip() not in ("same", "end"):
            raise _refusal(text, f"@{when} is neither @same nor @end.")
        if amount_text.startswith("pt"):
            amount_text = amount_text[2:]
        if amount_text.strip() in ("", "0", "none"):
            return cls(TargetKind.WORKING_TIME, 0)
        kind, amount = _amount(text, amount_text)
        if at and kind in _TIMES:
            raise _refusal(text, f"@{when.strip()} goes with days and weeks only.")
        if amount > LONGEST_DAYS * (DAY if kind in _TIMES else 1):
            raise _refusal(text, "It is longer than 200 years.")
        return cls(kind, amount, when.strip() == "same")

    @property
    def is_absent(self) -> bool:
        """Whether this promises nothing."""
        return self.amount == 0

    def __str__(self) -> str:
        match self.kind:
            case TargetKind.WORKING_TIME | TargetKind.CLOCK_TIME:
                mark = "" if self.kind is TargetKind.WORKING_TIME else "c"
                unit, size = next(
                    (unit, size) for unit, size in (("h", HOUR), ("m", MINUTE), ("s", 1)) if not self.amount % size
                )
                return f"{self.amount // size}{mark}{unit}"
            case TargetKind.WORKING_DAYS:
                count = f"{self.amount}d"
            case TargetKind.CALENDAR_DAYS:
                count = f"{self.amount}cd" if self.amount % 7 else f"{self.amount // 7}w"
        return f"{count}@same" if self.is_same_time else count


def _amount(text: str, amount_text: str) -> tuple[TargetKind, int]:
    """Return the kind and the whole seconds or days of ``1h30m`` and the like."""
    total, kinds, used, end = Fraction(0), set[TargetKind](), set[str](), 0
    for part in _PART.finditer(amount_text):
        number, unit = part.groups()
        if part.start() != end or unit not in _UNITS or unit in used:
            break
        kind, size = _UNITS[unit]
        kinds.add(kind)
        used.add(unit)
        total += Fraction(Decimal(number)) * size
        end = part.end()
    if amount_text[end:].strip() or not used:
        raise _refusal(text)
    if len(kinds) > 1:
        raise _refusal(text, "Working time, days and clock time cannot be added up.")
    if total.denominator != 1:
        raise _refusal(text, "It is no whole number of seconds or days.")
    return kinds.pop(), int(total)


def _refusal(text: str, reason: str = "") -> UsageError:
    return UsageError(f"{text!r} is no target for a deadline. {reason}".strip(), _HINT)
