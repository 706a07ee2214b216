"""Weighted composite satisfaction (CSD): from respondents' answers, or from imported tables of counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, IntArray, counts, floats, floats_or_none, matrix, survey_weights, vector
from console.measures.disclosure import sample_warnings
from console.measures.distributions import mean_quantile, z_quantile
from console.measures.means import (
    REPLICATES,
    WeightedMean,
    bootstrap_interval,
    design_effect,
    linearised_se,
    weighted_mean,
)
from console.measures.results import LEVEL, Interval, Measure, MeasureError
from console.measures.scales import LEVEL_SCORES
from console.measures.weights import WeightKind, checked_weights, renormalised


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite(Measure):
    """A composite index with its items, in the unit of the level scores or answers.

    ``item_scores`` are None for items without an answer; ``weights`` are the ones used, after absent items gave up
    theirs; ``shortfalls`` are weight × (target − score) and sum to target − value; ``weak_order`` numbers the items
    from the one that costs most.
    """

    item_scores: tuple[float | None, ...]
    item_counts: tuple[int, ...]
    weights: tuple[float, ...]
    se: float | None
    target: float | None = None
    shortfalls: tuple[float | None, ...] = ()
    weak_order: tuple[int, ...] = ()
    deff: float = 1.0
    n_effective: float = 0.0
    items: tuple[WeightedMean, ...] = ()

    @property
    def below(self) -> tuple[int, ...]:
        """The numbers of the items that score below the composite."""
        if self.value is None:
            return ()
        return tuple(i for i, score in enumerate(self.item_scores) if score is not None and score < self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupComposite(Measure):
    """Groups of respondents weighted together, the groups kept side by side."""

    groups: Mapping[str, float | None]
    weights: Mapping[str, float]
    spread: float | None


def composite_from_counts(
    level_counts: ArrayLike,
    item_weights: ArrayLike,
    level_scores: ArrayLike = LEVEL_SCORES,
    target: float | None = None,
    kind: WeightKind = WeightKind.SHARES,
) -> Composite:
    """CSD = Σ K_i s_i with s_i = Σ_j X_j n_ij / Σ_j n_ij from a table of counts, shape (items, levels).

    For imported tables only: the interval comes from item totals and ignores that the same people answered, so it is
    too narrow. ``n`` is the largest item total, ``n_missing`` what the other items fall short of it. Raises
    WeightError and MeasureError (negative counts, wrong shapes).
    """
    x = vector(level_scores, "level scores")
    n_ij = counts(matrix(level_counts, "level counts", x.size), "level counts")
    declared = checked_weights(item_weights, kind, n_ij.shape[0])
    totals = n_ij.sum(axis=1)
    present = totals > 0
    safe = np.where(present, totals, 1.0)
    scores = np.where(present, n_ij @ x / safe, np.nan)
    used = renormalised(np.array(declared.values), present)
    coverage = float(np.array(declared.values)[present].sum())
    n = int(totals.max()) if totals.size else 0
    warnings = declared.warnings + sample_warnings(n, coverage)
    if not present.any():
        return _composite(None, scores, totals, used, None, None, target, 0, 0, 0.0, "item totals", warnings)
    value = float(used[present] @ scores[present])
    spread = np.where(present, n_ij @ x**2 / safe - np.nan_to_num(scores) ** 2, 0.0)
    se = interval = None
    if (totals[present] > 1).all():
        se = math.sqrt(float((used**2 * np.maximum(spread, 0.0) / np.maximum(totals - 1, 1.0)).sum()))
        half = z_quantile() * se
        interval = Interval(value - half, value + half, "item totals, a lower bound of the true width")
        warnings += (
            "The interval comes from item totals and is too narrow: it ignores that the same people answered.",
        )
    n_missing = int((n - totals).sum())
    return _composite(
        value, scores, totals, used, se, interval, target, n, n_missing, coverage, "item totals", warnings
    )


def composite_from_answers(
    answers: ArrayLike,
    item_weights: ArrayLike,
    weights: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    target: float | None = None,
    kind: WeightKind = WeightKind.SHARES,
    bootstrap: int = 0,
    seed: int = 1,
    level: float = LEVEL,
) -> Composite:
    """The default estimator: each respondent's own weighted mean C_r over the items answered, then Σ g_r C_r / Σ g_r.

    ``answers`` has shape (respondents, items), on one scale, NaN where not answered. The error is linearised within
    strata over respondents; ``bootstrap`` replicates (500 is customary) replace the interval when above 0.
    ``n_missing`` counts respondents without any scored answer. Raises WeightError and MeasureError.
    """
    y = matrix(answers, "answers")
    declared = checked_weights(item_weights, kind, y.shape[1])
    k, g = np.array(declared.values), survey_weights(weights, y.shape[0])
    answered = ~np.isnan(y)
    reach = answered @ k
    kept = (reach > 0) & (g > 0)
    items = tuple(weighted_mean(y[:, i], g, strata, level) for i in range(y.shape[1]))
    scores = np.array([np.nan if item.value is None else item.value for item in items])
    totals = answered.sum(axis=0)
    present = totals > 0
    coverage = float(k[present].sum())
    used = renormalised(k, present)
    n, n_missing = int(kept.sum()), int((~kept).sum())
    warnings = declared.warnings + sample_warnings(n, coverage)
    method = "respondent composite"
    if n == 0:
        return _composite(
            None, scores, totals, used, None, None, target, 0, n_missing, 0.0, method, warnings, items=items
        )
    c, g = np.nan_to_num(y[kept]) @ k / reach[kept], g[kept]
    groups = None if strata is None else np.asarray(strata)[kept]
    value = float(g @ c / g.sum())
    se, df, notes = linearised_se(g * (c - value) / g.sum(), groups)
    interval = None
    if bootstrap and n > 1:

        def resampled(rows: IntArray) -> float:
            return float(g[rows] @ c[rows] / g[rows].sum())

        interval = bootstrap_interval(resampled, n, groups, bootstrap or REPLICATES, seed, level)
    elif se is not None:
        half = mean_quantile(df, level) * se
        interval = Interval(value - half, value + half, "linearised over respondents", level)
    if (~answered[kept][:, present]).any() and abs(value - float(used[present] @ scores[present])) > 1e-12:
        notes += ("Some answers are missing: the index differs slightly from the weighted sum of item scores.",)
    return _composite(
        value,
        scores,
        totals,
        used,
        se,
        interval,
        target,
        n,
        n_missing,
        coverage,
        method,
        warnings + notes,
        deff=design_effect(g),
        items=items,
    )


def group_composite(
    scores: Mapping[str, float | None], weights: Mapping[str, float], n: Mapping[str, int]
) -> GroupComposite:
    """Composites of groups of respondents (experts, consumers, staff) weighted together, all on one scale.

    A group without a score gives up its weight. ``spread`` is the largest difference between two groups: show it before
    the total. Raises WeightError; MeasureError when a group lacks a weight.
    """
    if set(scores) != set(weights):
        raise MeasureError("Groups and their weights do not name the same groups.", "Give every group one weight.")
    names = list(scores)
    declared = checked_weights([weights[name] for name in names])
    y = np.array([np.nan if (score := scores[name]) is None else score for name in names])
    present = ~np.isnan(y)
    used = renormalised(np.array(declared.values), present)
    coverage = float(np.array(declared.values)[present].sum())
    total = sum(n.get(name, 0) for name in names)
    return GroupComposite(
        value=float(used[present] @ y[present]) if present.any() else None,
        n=total,
        coverage=coverage,
        method="weighted groups",
        warnings=declared.warnings + sample_warnings(total, coverage),
        groups=dict(zip(names, floats_or_none(y), strict=True)),
        weights=dict(zip(names, floats(used), strict=True)),
        spread=float(np.ptp(y[present])) if present.any() else None,
    )


def shortfalls(scores: Sequence[float | None], weights: Sequence[float], target: float) -> tuple[float | None, ...]:
    """What each item costs against a target: weight × (target − score), None for an item without a score."""
    return tuple(None if s is None else w * (target - s) for s, w in zip(scores, weights, strict=True))


def weak_order(costs: Sequence[float | None]) -> tuple[int, ...]:
    """Item numbers from the largest shortfall to the smallest; items without a score are left out."""
    known = [(-cost, i) for i, cost in enumerate(costs) if cost is not None]
    return tuple(i for _, i in sorted(known))


def _composite(
    value: float | None,
    scores: FloatArray,
    totals: FloatArray | IntArray,
    used: FloatArray,
    se: float | None,
    interval: Interval | None,
    target: float | None,
    n: int,
    n_missing: int,
    coverage: float,
    method: str,
    warnings: tuple[str, ...],
    deff: float = 1.0,
    items: tuple[WeightedMean, ...] = (),
) -> Composite:
    item_scores = floats_or_none(scores)
    costs = () if target is None else shortfalls(item_scores, floats(used), target)
    empty = tuple(f"Item {i + 1} has no answers; its weight went to the others." for i in np.flatnonzero(totals == 0))
    return Composite(
        value=value,
        n=n,
        n_missing=n_missing,
        coverage=coverage,
        interval=interval,
        method=method,
        warnings=warnings + empty,
        item_scores=item_scores,
        item_counts=tuple(int(t) for t in totals),
        weights=floats(used),
        se=se,
        target=target,
        shortfalls=costs,
        weak_order=weak_order(costs),
        deff=deff,
        n_effective=n / deff,
        items=items,
    )
