"""What of a number may be shown: small cells, coverage, response, and display rounding."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

HIDDEN_BELOW = 5
MARKED_BELOW = 30
COVERAGE_NEEDED = 0.70
RESPONSE_NEEDED = 0.15


class Disclosure(StrEnum):
    """How a cell of this many answers may be shown."""

    HIDDEN = "hidden"
    MARKED = "marked"
    NORMAL = "normal"


def disclosure(n: int) -> Disclosure:
    """Fewer than 5 answers are hidden for privacy; fewer than 30 are marked, never ranked and never alerted."""
    if n < HIDDEN_BELOW:
        return Disclosure.HIDDEN
    return Disclosure.MARKED if n < MARKED_BELOW else Disclosure.NORMAL


def hidden_reason(n: int) -> str | None:
    """Why a figure of this many is not given, for scripts; None where it is."""
    return f"fewer than {HIDDEN_BELOW}" if disclosure(n) is Disclosure.HIDDEN else None


def is_few(n: int) -> bool:
    """Whether a figure of this many is hidden or marked: it is not to be ranked or alerted on."""
    return disclosure(n) is not Disclosure.NORMAL


def as_allowed(text: str, n: int) -> str:
    """Return a figure of this many as it may be shown: ``<5`` instead of it, or with ``~`` behind it where it is marked."""
    if disclosure(n) is Disclosure.HIDDEN:
        return f"<{HIDDEN_BELOW}"
    return f"{text}~" if is_few(n) else text


def is_publishable(coverage: float, needed: float = COVERAGE_NEEDED) -> bool:
    """Whether enough of the declared weight had data; the margin of 1e-9 forgives sums of decimal weights."""
    return coverage >= needed - 1e-9


def sample_warnings(n: int, coverage: float = 1.0, needed: float = COVERAGE_NEEDED) -> tuple[str, ...]:
    """The sentences that must stand beside a number with this sample and coverage."""
    warnings = []
    if n < HIDDEN_BELOW:
        warnings.append(f"Only {n} answers: not to be shown.")
    elif n < MARKED_BELOW:
        warnings.append(f"Only {n} answers: not to be ranked or alerted on.")
    if not is_publishable(coverage, needed):
        warnings.append(f"Coverage {coverage:.2f} is below {needed:.2f}: not publishable.")
    return tuple(warnings)


def response_warnings(response_rate: float, needed: float = RESPONSE_NEEDED) -> tuple[str, ...]:
    """The label of a headline whose response rate (0 to 1) is too low to speak for those who did not answer."""
    return (f"Response rate {response_rate:.1%}: self-selected.",) if response_rate < needed else ()


def displayed(value: float | None, digits: int) -> Decimal | None:
    """The value rounded half up for display; what is stored stays unrounded."""
    if value is None:
        return None
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
