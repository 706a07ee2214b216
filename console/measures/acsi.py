"""ACSI-type index: three items on one scale, weighted by their outer weights, as 0–100."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, floats, matrix, vector
from console.measures.composites import composite_from_answers
from console.measures.disclosure import sample_warnings
from console.measures.results import Measure, MeasureError
from console.measures.scales import TEN, Scale, rescale
from console.measures.weights import WeightKind, checked_weights, renormalised


@dataclass(frozen=True, slots=True, kw_only=True)
class AcsiIndex(Measure):
    """The index on 0–100 with the weights it used and its item means on their own scale."""

    weights: tuple[float, ...]
    means: tuple[float, ...]


def acsi_of_means(means: ArrayLike, weights: ArrayLike, scales: Scale | list[Scale] = TEN) -> AcsiIndex:
    """(Σ w x̄ − Σ w min) / Σ w(max − min) × 100 of item means and unstandardised weights, shape (items,).

    Weights are normalised. Raises WeightError for a negative weight (the item is reversed or wrong), ScaleError for a
    mean outside its scale. Source: Fornell et al. (1996).
    """
    x = vector(means, "means")
    each = [scales] * x.size if isinstance(scales, Scale) else scales
    w = np.array(checked_weights(weights, WeightKind.POINTS, x.size).values)
    if len(each) != x.size:
        raise MeasureError(f"{len(each)} scales are given for {x.size} items.")
    value = _index(x, w, each)
    return AcsiIndex(
        value=value,
        n=0,
        n_missing=int(np.isnan(x).sum()),
        method="ACSI index of means",
        warnings=("Made from item means: no interval.",),
        weights=floats(w),
        means=floats(x),
    )


def acsi_index(
    answers: ArrayLike, weights: ArrayLike, scale: Scale = TEN, survey_weights: ArrayLike | None = None
) -> AcsiIndex:
    """The index of respondents' answers, shape (respondents, items), NaN for missing, all items on one scale.

    A respondent enters with at least two thirds of the items (two of three), at renormalised weights; the others
    count as missing. The interval is linearised over respondents. Raises WeightError and ScaleError.
    """
    y = matrix(answers, "answers")
    w = checked_weights(weights, WeightKind.POINTS, y.shape[1])
    present = ~np.isnan(y)
    enough = 3 * present.sum(axis=1) >= 2 * y.shape[1]
    unit = np.where(enough[:, None], rescale(y, scale), np.nan)
    composite = composite_from_answers(unit, w.values, survey_weights)
    low, width = scale.minimum, scale.maximum - scale.minimum
    scores = [np.nan if s is None else s for s in composite.item_scores]
    back = [low + width * (1 - s / 100 if scale.is_reversed else s / 100) for s in scores]
    return AcsiIndex(
        value=composite.value,
        n=composite.n,
        n_missing=composite.n_missing,
        coverage=composite.coverage,
        interval=composite.interval,
        method="ACSI index",
        warnings=sample_warnings(composite.n, composite.coverage),
        weights=composite.weights,
        means=tuple(float(b) for b in back),
    )


def _index(x: FloatArray, w: FloatArray, scales: list[Scale]) -> float | None:
    present = ~np.isnan(x)
    used = renormalised(w, present)
    if not present.any():
        return None
    low = np.array([scale.minimum for scale in scales])
    width = np.array([scale.maximum - scale.minimum for scale in scales])
    is_reversed = np.array([scale.is_reversed for scale in scales])
    above = np.where(is_reversed, low + width - x, x - low)
    for scale, value in zip(scales, x, strict=True):
        rescale(np.array([value]), scale)
    return float(100 * (used[present] @ above[present]) / (used[present] @ width[present]))
