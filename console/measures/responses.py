"""Response rates of a survey and what those who did not answer could change."""

from __future__ import annotations

from dataclasses import dataclass

from console.measures.disclosure import response_warnings
from console.measures.proportions import TwoProportions, proportion, two_proportions, wilson
from console.measures.results import Interval, Measure, MeasureError


@dataclass(frozen=True, slots=True)
class Dispositions:
    """How every drawn contact ended, after AAPOR: complete, partial, refused, not reached, other, unknown eligibility."""

    complete: int
    partial: int = 0
    refused: int = 0
    not_reached: int = 0
    other: int = 0
    unknown_household: int = 0
    unknown_other: int = 0

    @property
    def known(self) -> int:
        """Contacts known to be eligible."""
        return self.complete + self.partial + self.refused + self.not_reached + self.other

    @property
    def unknown(self) -> int:
        """Contacts whose eligibility nobody knows."""
        return self.unknown_household + self.unknown_other


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRates(Measure):
    """AAPOR rates, 0 to 1; ``value`` is RR1, the strictest. A rate without a denominator is None."""

    rr1: float | None
    rr2: float | None
    rr3: float | None
    rr4: float | None
    rr5: float | None
    rr6: float | None
    cooperation: float | None
    refusal: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldworkForecast(Measure):
    """How many answers a wave will have; ``value`` is their number, ``half_width`` the Wilson margin at the share so
    far.

    ``meets`` says whether that margin is within the target, None without a target.
    """

    pending: int
    half_width: float | None
    meets: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NonResponse(Measure):
    """A share as answered, its worst-case bounds, and its bias if those silent differed by a stated amount."""

    response_rate: float
    bias: float | None


def response_rates(ended: Dispositions, eligible_share: float = 1.0) -> ResponseRates:
    """RR1–RR6, COOP1 and REF1; ``eligible_share`` is e, the part of unknown contacts thought eligible (0 to 1).

    Raises MeasureError for negative counts or a share outside 0–1. Source: AAPOR Standard Definitions.
    """
    parts = (ended.complete, ended.partial, ended.refused, ended.not_reached, ended.other)
    if min(*parts, ended.unknown_household, ended.unknown_other) < 0:
        raise MeasureError("A count of contacts is negative.")
    if not 0 <= eligible_share <= 1:
        raise MeasureError(f"An eligible share of {eligible_share:g} is impossible.")
    full, either = ended.complete, ended.complete + ended.partial
    everyone, likely = ended.known + ended.unknown, ended.known + eligible_share * ended.unknown
    rr1 = _ratio(full, everyone)
    return ResponseRates(
        value=rr1,
        n=everyone,
        method="AAPOR RR1",
        interval=proportion(full, everyone).interval,
        warnings=response_warnings(rr1) if rr1 is not None else (),
        rr1=rr1,
        rr2=_ratio(either, everyone),
        rr3=_ratio(full, likely),
        rr4=_ratio(either, likely),
        rr5=_ratio(full, ended.known),
        rr6=_ratio(either, ended.known),
        cooperation=_ratio(full, either + ended.refused + ended.other),
        refusal=_ratio(ended.refused, everyone),
    )


def non_response(share: float, response_rate: float, silent_share: float | None = None, n: int = 0) -> NonResponse:
    """Bounds of a share if all silent said no or yes, [rr·p, rr·p + 1 − rr], and the bias (1−rr)(p − p_silent).

    All shares 0 to 1; ``silent_share`` is an assumption or a follow-up's result. Raises MeasureError outside 0–1.
    """
    if not (0 <= share <= 1 and 0 <= response_rate <= 1 and (silent_share is None or 0 <= silent_share <= 1)):
        raise MeasureError("Shares and response rates lie between 0 and 1.")
    low = response_rate * share
    return NonResponse(
        value=share,
        n=n,
        coverage=response_rate,
        interval=Interval(low, low + 1 - response_rate, "worst case of non-response", 1.0),
        method="non-response bounds",
        warnings=response_warnings(response_rate),
        response_rate=response_rate,
        bias=None if silent_share is None else (1 - response_rate) * (share - silent_share),
    )


def fieldwork_forecast(
    complete: int, settled: int, invited: int, share: float = 0.5, target: float | None = None
) -> FieldworkForecast:
    """The final number of answers of a stratum if those still pending answer as often as those settled.

    ``settled`` are invitations with an outcome (complete ones included), ``share`` the share measured so far,
    ``target`` the wanted half-width (both 0 to 1). Raises MeasureError unless complete ≤ settled ≤ invited.
    """
    if not 0 <= complete <= settled <= invited:
        raise MeasureError("Complete answers cannot exceed settled invitations, nor these the invited.")
    rate = proportion(complete, settled)
    pending = invited - settled
    expected = complete + pending * (rate.value or 0.0)
    margin = wilson(share * expected, expected) if expected > 0 else None
    interval = None
    if rate.interval is not None:
        low, high = complete + pending * rate.interval.low, complete + pending * rate.interval.high
        interval = Interval(low, high, "Wilson of the response rate so far")
    half = None if margin is None else margin.half_width
    return FieldworkForecast(
        value=expected if settled else None,
        n=complete,
        n_missing=settled - complete,
        coverage=settled / invited if invited else 0.0,
        interval=interval,
        method="fieldwork forecast",
        warnings=response_warnings(rate.value) if rate.value is not None else (),
        pending=pending,
        half_width=half,
        meets=None if target is None else half is not None and half <= target + 1e-12,
    )


def late_against_early(early: int, n_early: int, late: int, n_late: int) -> TwoProportions:
    """Late answers minus early ones: late answerers resemble the silent more; raises MeasureError when one is empty."""
    return two_proportions(early, n_early, late, n_late)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
