"""Whether items of one topic measure the same thing: alpha, composite reliability, AVE and HTMT."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, complete, matrix, vector
from console.measures.disclosure import sample_warnings
from console.measures.results import Measure, MeasureError

ALPHA_NEEDED = 0.70
HTMT_ALLOWED = 0.90


def cronbach_alpha(answers: ArrayLike) -> Measure:
    """α = k/(k−1)·(1 − Σ item variances / variance of the sum), shape (respondents, items).

    Respondents with a gap are left out and counted. Raises MeasureError below two items, two whole respondents, or when
    the sum does not vary. Source: Cronbach (1951).
    """
    table = matrix(answers, "answers")
    whole = ~np.isnan(table).any(axis=1)
    kept = table[whole]
    k = table.shape[1]
    if k < 2 or kept.shape[0] < 2:
        raise MeasureError("Reliability needs at least two items and two respondents who answered all of them.")
    total = float(kept.sum(axis=1).var(ddof=1))
    if total <= 0:
        raise MeasureError("All respondents have the same total.", "Reliability needs answers that differ.")
    alpha = k / (k - 1) * (1 - float(kept.var(axis=0, ddof=1).sum()) / total)
    low = (f"Alpha {alpha:.2f} is below {ALPHA_NEEDED:.2f}.",) if alpha < ALPHA_NEEDED else ()
    return Measure(
        value=alpha,
        n=int(whole.sum()),
        n_missing=int((~whole).sum()),
        coverage=float(whole.mean()),
        method="Cronbach's alpha",
        warnings=sample_warnings(int(whole.sum())) + low,
    )


def composite_reliability(loadings: ArrayLike) -> float:
    """ρ_C = (Σλ)² / ((Σλ)² + Σ(1−λ²)) of standardised loadings, shape (items,). Source: Dillon and Goldstein; Jöreskog
    (1971).
    """
    load = complete(vector(loadings, "loadings"), "loadings")
    square = float(load.sum()) ** 2
    return square / (square + float((1 - load**2).sum()))


def consistent_reliability(answers: ArrayLike, weights: ArrayLike) -> float:
    """ρ_A = (w'w)²·(w'(S−diag S)w)/(w'(ww'−diag ww')w) with w scaled to unit variance of the score.

    Shapes (respondents, items) without gaps and (items,). Raises MeasureError below two items. Source: Dijkstra and
    Henseler (2015).
    """
    table = complete(matrix(answers, "answers"), "answers")
    w = complete(vector(weights, "weights", table.shape[1]), "weights")
    if w.size < 2:
        raise MeasureError("Reliability needs at least two items.")
    correlations = np.corrcoef(table, rowvar=False)
    w = w / np.sqrt(w @ correlations @ w)
    outer = np.outer(w, w)
    off = correlations - np.diag(np.diag(correlations))
    return float((w @ w) ** 2 * (w @ off @ w) / (w @ (outer - np.diag(np.diag(outer))) @ w))


def variance_extracted(loadings: ArrayLike) -> float:
    """AVE, the mean squared standardised loading, shape (items,). Source: Fornell and Larcker (1981)."""
    load = complete(vector(loadings, "loadings"), "loadings")
    return float((load**2).mean())


def heterotrait_ratio(answers: ArrayLike, blocks: Sequence[Sequence[int]]) -> FloatArray:
    """HTMT of every pair of blocks of columns, shape (blocks, blocks), NaN on the diagonal and for single items.

    Mean absolute correlation between two blocks over the geometric mean of those within; below 0.90 the blocks differ.
    Source: Henseler, Ringle and Sarstedt (2015).
    """
    r = np.abs(np.corrcoef(complete(matrix(answers, "answers"), "answers"), rowvar=False))
    ratios = np.full((len(blocks), len(blocks)), np.nan)
    within = [_mean_off_diagonal(r[np.ix_(block, block)]) for block in blocks]
    for i, first in enumerate(blocks):
        for j, second in enumerate(blocks):
            if i != j and len(first) > 1 and len(second) > 1:
                ratios[i, j] = r[np.ix_(first, second)].mean() / np.sqrt(within[i] * within[j])
    return ratios


def _mean_off_diagonal(r: FloatArray) -> float:
    size = r.shape[0]
    return float((r.sum() - np.trace(r)) / (size * (size - 1))) if size > 1 else float("nan")
