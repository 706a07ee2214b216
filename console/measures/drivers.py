"""Derived importance: what moves overall satisfaction, by LMG (Shapley), Johnson weights, correlation or β."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, floats, matrix, survey_weights, vector
from console.measures.disclosure import sample_warnings
from console.measures.results import Measure, MeasureError

MOST_FOR_LMG = 12
SUBSETS_AT_ONCE = 2**17
R_SQUARED_NEEDED = 0.10


class Importance(StrEnum):
    """The method of importance, printed with every result."""

    LMG = "LMG (Shapley)"
    JOHNSON = "Johnson relative weights"
    CORRELATION = "correlation"
    BETA = "standardised beta"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverImportance(Measure):
    """Importance of every driver; ``value`` is R².

    For LMG and Johnson ``importances`` sum to R². ``shares`` sum to 1 (by absolute value for correlation and β, which
    must not rank). A driver without variance has importance 0 and is in ``dropped``.
    """

    importances: tuple[float, ...]
    shares: tuple[float, ...]
    correlations: tuple[float, ...]
    betas: tuple[float, ...]
    dropped: tuple[int, ...]
    importance: Importance
    is_publishable: bool


def driver_importance(
    overall: ArrayLike, drivers: ArrayLike, importance: Importance | None = None, weights: ArrayLike | None = None
) -> DriverImportance:
    """Importance of drivers, shape (respondents, drivers), for overall satisfaction, shape (respondents,).

    Complete cases only, the rest is counted. Without a choice LMG is taken up to 12 drivers, Johnson above. Below ten
    respondents per driver the result is not publishable; below R² 0.10 the drivers explain too little. Raises
    MeasureError when nothing varies, fewer respondents than drivers + 2 remain, or LMG is asked for more than 12
    drivers. Source: Lindeman, Merenda and Gold (1980); Johnson (2000).
    """
    y = vector(overall, "overall satisfaction")
    x = matrix(drivers, "drivers")
    if x.shape[0] != y.size:
        raise MeasureError("Drivers and overall satisfaction come from different numbers of respondents.")
    g = survey_weights(weights, y.size)
    whole = ~(np.isnan(y) | np.isnan(x).any(axis=1)) & (g > 0)
    p, n = x.shape[1], int(whole.sum())
    if n < p + 2:
        raise MeasureError(f"{n} complete answers are too few for {p} drivers.", "Ask for fewer drivers.")
    covariance = weighted_covariance(np.column_stack([y, x])[whole], g[whole])
    # Weighted centring leaves 1e-16 of the size of the answers behind where nothing varies.
    spread = np.diag(covariance) / np.maximum(1.0, np.abs(np.column_stack([y, x])[whole]).max(axis=0) ** 2)
    if spread[0] <= 1e-12:
        raise MeasureError("Overall satisfaction does not vary.", "Importance needs answers that differ.")
    varies = np.flatnonzero(spread[1:] > 1e-12)
    if varies.size == 0:
        raise MeasureError("No driver varies.", "Importance needs answers that differ.")
    method = importance or (Importance.LMG if varies.size <= MOST_FOR_LMG else Importance.JOHNSON)
    if method is Importance.LMG and varies.size > MOST_FOR_LMG:
        raise MeasureError(f"LMG is for up to {MOST_FOR_LMG} drivers, not {varies.size}.", "Take Johnson weights.")
    r = correlation_matrix(covariance[np.ix_([0, *varies + 1], [0, *varies + 1])])
    betas: FloatArray = np.asarray(np.linalg.lstsq(r[1:, 1:], r[1:, 0], rcond=1e-10)[0], dtype=np.float64)
    found = _importances(method, r, betas)
    every = [np.zeros(p) for _ in range(3)]
    for column, values in zip(every, (found, r[1:, 0], betas), strict=True):
        column[varies] = values
    r_squared = float(betas @ r[1:, 0])
    total = float(np.abs(every[0]).sum())
    dropped = tuple(int(i) for i in range(p) if i not in set(varies.tolist()))
    warnings = [f"Driver {i + 1} does not vary and was left out." for i in dropped]
    if n < 10 * p:
        warnings.append(f"{n} answers for {p} drivers: fewer than ten each, not publishable.")
    if r_squared < R_SQUARED_NEEDED:
        warnings.append(f"The drivers explain too little (R² {r_squared:.2f}).")
    if method in (Importance.CORRELATION, Importance.BETA):
        warnings.append(f"A {method} does not share out what is explained: not for ranking.")
    return DriverImportance(
        value=r_squared,
        n=n,
        n_missing=int(y.size - n),
        method=str(method),
        warnings=sample_warnings(n) + tuple(warnings),
        importances=floats(every[0]),
        shares=floats(np.abs(every[0]) / total if total > 0 else every[0]),
        correlations=floats(every[1]),
        betas=floats(every[2]),
        dropped=dropped,
        importance=method,
        is_publishable=n >= 10 * p,
    )


def weighted_covariance(table: FloatArray, weights: FloatArray) -> FloatArray:
    """The weighted covariance of columns, shape (columns, columns); its scale does not matter for importance."""
    g = weights / weights.sum()
    centred = table - g @ table
    return np.asarray((centred * g[:, None]).T @ centred, dtype=np.float64)


def correlation_matrix(covariance: FloatArray) -> FloatArray:
    """Correlations from a covariance matrix of columns that all vary."""
    spread = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(spread, spread), dtype=np.float64)


def lmg(correlations: FloatArray) -> FloatArray:
    """LMG importances of correlation matrices (outcome first), shape (sets, p+1, p+1), to shape (sets, p).

    Each is the mean rise of R² when the driver enters, over all orders; they sum to R². Subsets are enumerated, as many
    sets at a time as fit a few ten megabytes.
    """
    sets, p = correlations.shape[0], correlations.shape[1] - 1
    at_once = max(1, SUBSETS_AT_ONCE >> p)
    return np.concatenate([_lmg(correlations[i : i + at_once]) for i in range(0, sets, at_once)])


def _lmg(correlations: FloatArray) -> FloatArray:
    sets, p = correlations.shape[0], correlations.shape[1] - 1
    explained = np.zeros((sets, 2**p))
    sizes = np.array([bin(subset).count("1") for subset in range(2**p)])
    for size in range(1, p + 1):
        subsets = np.flatnonzero(sizes == size)
        members = np.array([[i for i in range(p) if subset >> i & 1] for subset in subsets]) + 1
        inner = correlations[:, members[:, :, None], members[:, None, :]]
        outcome = correlations[:, members, 0]
        # pinv keeps perfectly collinear drivers apart from an error: they share what they explain.
        try:
            solved = np.linalg.solve(inner, outcome[..., None])[..., 0]
            if not np.isfinite(solved).all() or np.abs(solved).max() > 1e6:
                raise np.linalg.LinAlgError
        except np.linalg.LinAlgError:
            solved = (np.linalg.pinv(inner, rcond=1e-10, hermitian=True) @ outcome[..., None])[..., 0]
        explained[:, subsets] = (solved * outcome).sum(axis=-1)
    result = np.zeros((sets, p))
    everything = np.arange(2**p)
    for i in range(p):
        without = everything[(everything >> i & 1) == 0]
        shares = np.array([_order_share(int(sizes[subset]), p) for subset in without])
        result[:, i] = (explained[:, without | 1 << i] - explained[:, without]) @ shares
    return result


def johnson(correlations: FloatArray) -> FloatArray:
    """Johnson's relative weights of one correlation matrix (outcome first), shape (p+1, p+1), to shape (p,).

    With R = VΔV', Λ = VΔ^½V' and β = Λ⁻¹r, ε_i = Σ_k Λ²_ik β²_k; they sum to R².
    """
    values, vectors = np.linalg.eigh(correlations[1:, 1:])
    kept = np.where(values > 1e-10 * values.max(), values, 0.0)
    root = np.sqrt(kept)
    links = vectors * root @ vectors.T
    inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
    beta = (vectors * inverse @ vectors.T) @ correlations[1:, 0]
    return np.asarray(links**2 @ beta**2, dtype=np.float64)


def _importances(method: Importance, r: FloatArray, betas: FloatArray) -> FloatArray:
    if method is Importance.LMG:
        return np.asarray(lmg(r[None])[0], dtype=np.float64)
    if method is Importance.JOHNSON:
        return johnson(r)
    return betas if method is Importance.BETA else r[1:, 0]


def _order_share(size: int, p: int) -> float:
    return math.factorial(size) * math.factorial(p - size - 1) / math.factorial(p)
