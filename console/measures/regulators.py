"""Regulator-style figures: composites as weighted parts, complaint rates per 100,000 or 10,000, shares by a working
day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import counts, vector
from console.measures.complaints import complaint_rate, on_time
from console.measures.disclosure import displayed
from console.measures.results import Measure, MeasureError
from console.measures.scales import Scale, common_scale
from console.measures.weights import checked_weights, renormalised

PER_CONNECTIONS = 10_000.0
PER_ACCOUNTS = 100_000.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a composite: its weight (share), its score on its scale, and the answers behind it."""

    name: str
    weight: float
    score: float | None
    scale: Scale
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegulatorComposite(Measure):
    """A composite on the scale its parts share, brought to ``points``; ``contributions`` sum to ``value``."""

    contributions: tuple[float | None, ...]
    scale_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCheck(Measure):
    """A published figure recomputed; ``value`` is ours at the digits of the published one."""

    published: float
    agrees: bool


def regulator_composite(parts: Sequence[Part], points: float = 100.0) -> RegulatorComposite:
    """Weighted mean of parts on one scale, times points per scale maximum (0–10 means × 10 give 0–100).

    A part without a score gives up its weight, and coverage says so. Raises ScaleError for parts on different scales,
    WeightError, MeasureError for a score outside its scale.
    """
    scale_id = common_scale([part.scale.id for part in parts])
    declared = checked_weights([part.weight for part in parts])
    y = np.array([np.nan if part.score is None else part.score for part in parts])
    for part in parts:
        if part.score is not None and not part.scale.minimum <= part.score <= part.scale.maximum:
            raise MeasureError(f"{part.name} scores {part.score:g}, outside scale {scale_id}.")
    present = ~np.isnan(y)
    used = renormalised(np.array(declared.values), present)
    terms = used * np.nan_to_num(y) * points / parts[0].scale.maximum
    missing = tuple(f"{part.name} has no score; its weight went to the others." for part in parts if part.score is None)
    return RegulatorComposite(
        value=float(terms.sum()) if present.any() else None,
        n=sum(part.n for part in parts),
        n_missing=int((~present).sum()),
        coverage=float(np.array(declared.values)[present].sum()),
        method="weighted composite of parts",
        warnings=declared.warnings + missing,
        contributions=tuple(float(t) if ok else None for t, ok in zip(terms, present, strict=True)),
        scale_id=scale_id,
    )


def rate_per_connections(complaints: int, connections: float) -> Measure:
    """Complaints per 10,000 connections, as water companies are compared; raises MeasureError."""
    return complaint_rate(complaints, connections, PER_CONNECTIONS)


def rate_per_accounts(complaints: int, accounts: float) -> Measure:
    """Complaints per 100,000 accounts, as energy suppliers report them; raises MeasureError."""
    return complaint_rate(complaints, accounts, PER_ACCOUNTS)


def share_by_next_working_day(working_days: ArrayLike, ages: ArrayLike) -> Measure:
    """The share resolved by the end of the first working day after receipt, shapes (cases,).

    ``working_days`` counts whole working days after the day of receipt (0 the same day, 1 the next), NaN for open
    cases, whose ``ages`` are counted alike: open past the limit is not resolved in time. Raises MeasureError.
    """
    return share_within(working_days, 1.0, ages, "resolved by the end of the next working day")


def share_within_weeks(days: ArrayLike, ages: ArrayLike, weeks: float = 8.0) -> Measure:
    """The share resolved within so many weeks of receipt, in calendar days, shapes (cases,); raises MeasureError."""
    return share_within(days, 7 * weeks, ages, f"resolved within {weeks:g} weeks")


def share_within(days: ArrayLike, limit: float, ages: ArrayLike, method: str) -> Measure:
    """The share of all due cases resolved within a limit, in the unit of its days; raises MeasureError."""
    elapsed = vector(days, "days")
    due = on_time(elapsed, np.full(elapsed.size, limit), ages)
    return Measure(
        value=due.value,
        n=due.n,
        n_missing=due.n_missing,
        coverage=due.coverage,
        interval=due.interval,
        method=method,
        warnings=due.warnings,
    )


def quartile_ranks(rates: ArrayLike) -> tuple[int, ...]:
    """Quartile of each company among its kind, 1 good (lowest rate) to 4 poor, shape (companies,); raises
    MeasureError.
    """
    rate = counts(vector(rates, "rates"), "rates")
    if rate.size == 0:
        return ()
    bounds = np.quantile(rate, [0.25, 0.5, 0.75])
    return tuple(int(quartile) + 1 for quartile in np.searchsorted(bounds, rate, side="left"))


def published_check(computed: Measure, published: float, digits: int) -> PublishedCheck:
    """Whether our figure, rounded half up, is the published one; a difference is a question about the data.

    Raises MeasureError when there is no figure to compare.
    """
    ours = displayed(computed.value, digits)
    if ours is None:
        raise MeasureError("There is no figure to compare with the published one.")
    agrees = ours == displayed(published, digits)
    return PublishedCheck(
        value=float(ours),
        n=computed.n,
        interval=computed.interval,
        method=computed.method,
        warnings=() if agrees else (f"Published is {published:g}, the arithmetic gives {ours}.",),
        published=published,
        agrees=agrees,
    )
