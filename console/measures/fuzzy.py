"""Fuzzy comprehensive evaluation: weights composed with a membership matrix, and how far its best level can be
trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import BoolArray, FloatArray, counts, floats, matrix, vector
from console.measures.disclosure import sample_warnings
from console.measures.results import Measure, MeasureError
from console.measures.weights import WeightKind, checked_weights, renormalised


class Operator(StrEnum):
    """How weights and memberships are composed."""

    WEIGHTED_SUM = "weighted sum"
    MIN_MAX = "min-max"
    PRODUCT_MAX = "product-max"
    MIN_BOUNDED_SUM = "min-bounded sum"


class Validity(StrEnum):
    """Whether the level of greatest membership may be named."""

    EFFECTIVE = "effective"
    FAIR = "fair"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzzyEvaluation(Measure):
    """The composed evaluation; ``value`` is the score in the unit of the level scores.

    ``composed`` is what the operator gave, ``distribution`` the same summing to 1; ``level`` is the number of the
    level of greatest membership, None on a tie of the first two (both are in ``best_levels``). A parent's membership
    matrix is the stack of its children's distributions.
    """

    composed: tuple[float, ...]
    distribution: tuple[float, ...]
    level: int | None
    best_levels: tuple[int, ...]
    alpha: float | None
    validity: Validity | None
    operator: Operator


def membership(level_counts: ArrayLike) -> FloatArray:
    """Shares per level, shape (items, levels), rows summing to 1; a row without answers is NaN. Raises MeasureError."""
    table = counts(matrix(level_counts, "level counts"), "level counts")
    totals = table.sum(axis=1, keepdims=True)
    return np.where(totals > 0, table / np.where(totals > 0, totals, 1.0), np.nan)


def fuzzy_evaluation(
    weights: ArrayLike,
    memberships: ArrayLike,
    level_scores: ArrayLike,
    operator: Operator = Operator.WEIGHTED_SUM,
    kind: WeightKind = WeightKind.SHARES,
    n: int = 0,
) -> FuzzyEvaluation:
    """W ∘ R with weights (items,), memberships (items, levels) of rows summing to 1, level scores (levels,).

    Rows that are NaN leave and give up their weight. ``n`` is the number of respondents behind the memberships, where
    known. With the weighted sum the score is the same number as the composite of the counts. Raises WeightError, and
    MeasureError for memberships outside 0–1 or rows that do not sum to 1.
    """
    x = vector(level_scores, "level scores")
    r = matrix(memberships, "memberships", x.size)
    declared = checked_weights(weights, kind, r.shape[0])
    present: BoolArray = np.asarray(~np.isnan(r).any(axis=1))
    coverage = float(np.array(declared.values)[present].sum())
    warnings = declared.warnings + (sample_warnings(n, coverage) if n else ())
    if not present.any() or coverage == 0:
        return FuzzyEvaluation(
            value=None,
            n=0,
            n_missing=r.shape[0],
            coverage=0.0,
            method=f"fuzzy {operator}",
            warnings=warnings,
            composed=(),
            distribution=(),
            level=None,
            best_levels=(),
            alpha=None,
            validity=None,
            operator=operator,
        )
    rows = r[present]
    if (rows < 0).any() or (np.abs(rows.sum(axis=1) - 1) > 1e-6).any():
        raise MeasureError(
            "Every row of memberships must be shares that sum to 1.", "Give counts to membership() first."
        )
    w = renormalised(np.array(declared.values), present)[present][:, None]
    composed = {
        Operator.WEIGHTED_SUM: lambda: (w * rows).sum(axis=0),
        Operator.MIN_MAX: lambda: np.minimum(w, rows).max(axis=0),
        Operator.PRODUCT_MAX: lambda: (w * rows).max(axis=0),
        Operator.MIN_BOUNDED_SUM: lambda: np.minimum(1.0, np.minimum(w, rows).sum(axis=0)),
    }[operator]()
    b = composed / composed.sum()
    best = tuple(int(i) for i in np.flatnonzero(b >= b.max() - 1e-12))
    alpha, validity = _validity(b)
    if len(best) > 1:
        warnings += ("Two levels share the greatest membership: no level is named.",)
    elif validity is Validity.LOW:
        warnings += ("The greatest membership says little: read the score instead of the level.",)
    return FuzzyEvaluation(
        value=float(b @ x),
        n=n,
        n_missing=int((~present).sum()),
        coverage=coverage,
        method=f"fuzzy {operator}",
        warnings=warnings,
        composed=floats(composed),
        distribution=floats(b),
        level=best[0] if len(best) == 1 else None,
        best_levels=best,
        alpha=alpha,
        validity=validity,
        operator=operator,
    )


def _validity(b: FloatArray) -> tuple[float | None, Validity | None]:
    """Validity of maximum membership, α = (kβ−1)/(2γ(k−1)); without a second membership it is effective."""
    k = b.size
    if k < 2:
        return None, None
    second, first = np.sort(b)[-2:]
    if second <= 0:
        return None, Validity.EFFECTIVE
    alpha = float((k * first - 1) / (2 * second * (k - 1)))
    return alpha, Validity.EFFECTIVE if alpha >= 1 else Validity.FAIR if alpha >= 0.5 else Validity.LOW
