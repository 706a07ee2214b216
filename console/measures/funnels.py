"""The strategy funnel: all customers, those of value, those of high value, and what is critical to their satisfaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import BoolArray, complete, counts, floats, vector
from console.measures.means import WeightedMean, weighted_mean
from console.measures.quadrants import STABILITY_NEEDED
from console.measures.results import Measure, MeasureError

HEAD_SHARE = 0.80


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoHead(Measure):
    """The fewest units that make up a share of the total; ``value`` is their number.

    ``members`` are positions from the largest, ``cumulative`` the running share of all units in that order.
    """

    members: tuple[int, ...]
    order: tuple[int, ...]
    cumulative: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FunnelStage:
    """One stage: its customers, their share of all, and what is known about them."""

    name: str
    customers: int
    share: float
    index: WeightedMean | None
    complaint_rate: float | None
    measures_in_progress: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyFunnel(Measure):
    """Stages from all to high value; ``value`` is the number of high-value customers, ``critical`` their drivers."""

    stages: tuple[FunnelStage, ...]
    critical: tuple[int, ...]


def pareto_head(contributions: ArrayLike, share: float = HEAD_SHARE) -> ParetoHead:
    """The fewest units, largest first, whose contributions reach a share of the positive total, shape (units,).

    Raises MeasureError for missing values, a share outside 0–1, or no positive contribution.
    """
    value = complete(vector(contributions, "contributions"), "contributions")
    positive = np.maximum(value, 0.0)
    if not 0 < share <= 1:
        raise MeasureError(f"A share of {share:g} is impossible.")
    if positive.sum() <= 0:
        raise MeasureError("No unit contributes anything.")
    order = np.argsort(-value, kind="stable")
    running = np.cumsum(positive[order]) / positive.sum()
    size = int(np.argmax(running >= share - 1e-12)) + 1
    return ParetoHead(
        value=float(size),
        n=value.size,
        coverage=float(running[size - 1]),
        method=f"Pareto head of {share:.0%}",
        members=tuple(int(i) for i in order[:size]),
        order=tuple(int(i) for i in order),
        cumulative=floats(running),
    )


def critical_drivers(
    importances: ArrayLike, stabilities: Sequence[float] | None = None, share: float = HEAD_SHARE
) -> tuple[int, ...]:
    """Drivers, most important first, whose cumulative importance reaches a share (CTS), unstable ones taken out.

    ``stabilities`` are the probabilities of their quadrants, at least 0.60 needed. Raises MeasureError as
    ``pareto_head``.
    """
    head = pareto_head(importances, share).members
    if stabilities is None:
        return head
    if len(stabilities) != np.size(importances):
        raise MeasureError("Every driver needs its stability.")
    return tuple(i for i in head if stabilities[i] >= STABILITY_NEEDED)


def strategy_funnel(
    contributions: ArrayLike,
    scores: ArrayLike | None = None,
    complaints: ArrayLike | None = None,
    critical: Sequence[int] = (),
    share: float = HEAD_SHARE,
) -> StrategyFunnel:
    """All customers → value (contribution > 0) → high value (those who make up ``share`` of it), shape (customers,).

    ``scores`` are index scores with NaN for not asked, ``complaints`` numbers of complaints in the period; the rate
    is per 1000 customers. The target for all customers stays a constraint whatever the funnel says. Raises
    MeasureError.
    """
    value = complete(vector(contributions, "contributions"), "contributions")
    head = pareto_head(value, share)
    high = np.zeros(value.size, dtype=bool)
    high[list(head.members)] = True
    y = None if scores is None else vector(scores, "scores", value.size)
    c = None if complaints is None else counts(vector(complaints, "complaints", value.size), "complaints")

    def stage(name: str, members: BoolArray) -> FunnelStage:
        size = int(members.sum())
        return FunnelStage(
            name=name,
            customers=size,
            share=size / value.size,
            index=None if y is None else weighted_mean(y[members]),
            complaint_rate=None if c is None or size == 0 else float(1000 * c[members].sum() / size),
        )

    stages = (stage("all", np.ones(value.size, dtype=bool)), stage("value", value > 0), stage("high value", high))
    return StrategyFunnel(
        value=float(stages[-1].customers),
        n=value.size,
        method=head.method,
        warnings=("The universal service floor holds for all customers.",),
        stages=stages,
        critical=tuple(critical),
    )


def return_on_improvement(effect: float, value_per_point: float, cost: float) -> float:
    """(effect × value − cost) / cost of a measure whose effect is proven by a comparison group; raises MeasureError."""
    if cost <= 0:
        raise MeasureError("A measure without cost has no return on it.")
    return (effect * value_per_point - cost) / cost
