"""Customer value for a utility: RFM scores, credit classes, life cycle, and who leaves by services held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, IntArray, complete, counts, table, vector
from console.measures.delphi import average_ranks
from console.measures.proportions import proportion
from console.measures.results import Measure, MeasureError


class LifeStage(StrEnum):
    """Where a customer stands: not yet supplied, new, growing, stable, at risk, gone."""

    POTENTIAL = "potential"
    NEW = "new"
    GROWING = "growing"
    STABLE = "stable"
    AT_RISK = "at risk"
    LEFT = "left"


LIFE_STAGES = tuple(LifeStage)


@dataclass(frozen=True, slots=True, kw_only=True)
class RfmScores(Measure):
    """Scores 1 to 5 (5 best) per customer for recency, frequency and money; ``value`` is the mean of their sums."""

    recency: tuple[int, ...]
    frequency: tuple[int, ...]
    money: tuple[int, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The three digits of each customer, 555 best."""
        return tuple(f"{r}{f}{m}" for r, f, m in zip(self.recency, self.frequency, self.money, strict=True))


@dataclass(frozen=True, slots=True)
class CreditRule:
    """A grade for everyone who exceeds none of its limits; the limits are policy and dated."""

    grade: str
    max_overdue_days: float
    max_disputes: int
    max_returned_payments: int


@dataclass(frozen=True, slots=True)
class LifeSigns:
    """What decides the stage of one customer; None where it is not known.

    ``usage_change`` compares with the year before (−0.3 is 30 % less), ``index`` is satisfaction on 0–100.
    """

    months_supplied: float | None
    usage_change: float | None = None
    complaints_90_days: int = 0
    index: float | None = None
    is_overdue: bool = False
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class StageLimits:
    """Where the stages begin: months, shares of usage, complaints in 90 days, an index on 0-100, and how many alarms it takes."""

    new_months: float = 12
    usage_drop: float = 0.30
    complaints: int = 2
    index: float = 60.0
    alarms: int = 2


class Alarm(StrEnum):
    """A sign that a customer may leave."""

    USAGE = "usage"
    COMPLAINTS = "complaints"
    INDEX = "satisfaction"
    OVERDUE = "overdue"


USUAL_LIMITS = StageLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTransitions(Measure):
    """Shares of customers by stage before (rows) and after (columns), in the order of ``LIFE_STAGES``.

    ``value`` is the share that kept its stage; rows nobody was in are zeros.
    """

    shares: tuple[tuple[float, ...], ...]
    counts: tuple[tuple[int, ...], ...]


def quintiles(values: ArrayLike) -> IntArray:
    """Scores 1 to 5 by rank, q = ceil(5(rank − ½)/n) with ties at their mean rank, shape (n,); raises MeasureError."""
    array = complete(vector(values, "values"), "values")
    ranks: FloatArray = average_ranks(array)
    return np.clip(np.ceil(5 * (ranks - 0.5) / max(1, array.size) - 1e-12), 1, 5).astype(np.int64)


def rfm_scores(days_since: ArrayLike, on_time_payments: ArrayLike, revenue: ArrayLike) -> RfmScores:
    """Quintile scores of days since the last contact or payment (fewer is better), payments on time in 12 months,
    revenue.

    All of shape (customers,) without gaps. Raises MeasureError.
    """
    r, f, m = quintiles(-vector(days_since, "days since")), quintiles(on_time_payments), quintiles(revenue)
    if not r.size == f.size == m.size:
        raise MeasureError("Recency, frequency and money come from different numbers of customers.")
    return RfmScores(
        value=float((r + f + m).mean()) if r.size else None,
        n=r.size,
        method="RFM quintiles",
        recency=tuple(r.tolist()),
        frequency=tuple(f.tolist()),
        money=tuple(m.tolist()),
    )


def credit_class(
    overdue_days: float, disputes: int, returned_payments: int, rules: Sequence[CreditRule], otherwise: str
) -> str:
    """The grade of the first rule, best first, none of whose limits is exceeded; ``otherwise`` when every rule is."""
    for rule in rules:
        if (
            overdue_days <= rule.max_overdue_days
            and disputes <= rule.max_disputes
            and returned_payments <= rule.max_returned_payments
        ):
            return rule.grade
    return otherwise


def alarms_of(signs: LifeSigns, limits: StageLimits = USUAL_LIMITS) -> tuple[Alarm, ...]:
    """The alarms of one customer: usage −30 %, two complaints in 90 days, index below 60, overdue, with the usual limits."""
    holds = {
        Alarm.USAGE: signs.usage_change is not None and signs.usage_change <= -limits.usage_drop,
        Alarm.COMPLAINTS: signs.complaints_90_days >= limits.complaints,
        Alarm.INDEX: signs.index is not None and signs.index < limits.index,
        Alarm.OVERDUE: signs.is_overdue,
    }
    return tuple(alarm for alarm, is_raised in holds.items() if is_raised)


def life_stage(signs: LifeSigns, growth: float = 0.10, limits: StageLimits = USUAL_LIMITS) -> LifeStage:
    """The stage of one customer.

    Left when closed; potential when not yet supplied; at risk on two of: usage −30 %, two complaints in 90 days, index
    below 60, overdue; new in the first 12 months; growing when usage rose by ``growth``; otherwise stable.
    """
    if signs.is_closed:
        return LifeStage.LEFT
    if signs.months_supplied is None:
        return LifeStage.POTENTIAL
    if len(alarms_of(signs, limits)) >= limits.alarms:
        return LifeStage.AT_RISK
    if signs.months_supplied < limits.new_months:
        return LifeStage.NEW
    if signs.usage_change is not None and signs.usage_change >= growth:
        return LifeStage.GROWING
    return LifeStage.STABLE


def stage_transitions(before: Sequence[LifeStage], after: Sequence[LifeStage]) -> StageTransitions:
    """The transition matrix of a quarter, customers in the same order; raises MeasureError when lengths differ."""
    if len(before) != len(after):
        raise MeasureError("The two quarters name different customers.")
    number = np.zeros((len(LIFE_STAGES), len(LIFE_STAGES)))
    for old, new in zip(before, after, strict=True):
        number[LIFE_STAGES.index(old), LIFE_STAGES.index(new)] += 1
    rows = number.sum(axis=1, keepdims=True)
    total = len(before)
    return StageTransitions(
        value=float(np.trace(number) / total) if total else None,
        n=total,
        method="stage transitions",
        shares=table(number / np.where(rows > 0, rows, 1)),
        counts=tuple(tuple(int(cell) for cell in row) for row in number),
    )


def leaving_by_holdings(services_held: ArrayLike, has_left: ArrayLike) -> dict[int, Measure]:
    """The share that left within 12 months by number of services held, with Wilson intervals, shapes (customers,).

    Raises MeasureError when lengths differ.
    """
    held = counts(vector(services_held, "services held"), "services held").astype(np.int64)
    left = vector(has_left, "left", held.size) > 0
    return {
        int(number): proportion(
            float(left[held == number].sum()), int((held == number).sum()), method="share that left"
        )
        for number in np.unique(held)
    }
