"""Importance-performance quadrants, and how sure each driver's place in them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, complete, matrix, survey_weights, table, vector
from console.measures.disclosure import sample_warnings
from console.measures.drivers import MOST_FOR_LMG, correlation_matrix, johnson, lmg, weighted_covariance
from console.measures.results import Measure, MeasureError
from console.measures.scales import Scale, rescale

STABILITY_NEEDED = 0.60
REPLICATES = 1000


class Crosshair(StrEnum):
    """Where the lines between the quadrants cross."""

    MEAN = "mean"
    MEDIAN = "median"
    TARGET = "target"


class Quadrant(StrEnum):
    """High or low importance with low or high performance."""

    IMPROVE = "improve first"
    KEEP = "keep up"
    MINOR = "minor"
    OVERDONE = "overdone"


QUADRANTS = tuple(Quadrant)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuadrantPlaces(Measure):
    """Drivers in quadrants; ``value`` is the number to improve first.

    ``priorities`` are share × (100 − performance), ``order`` numbers the drivers from the highest.
    """

    quadrants: tuple[Quadrant, ...]
    crosshair: tuple[float, float]
    rule: Crosshair
    priorities: tuple[float, ...]
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuadrantStability(Measure):
    """Probabilities of each quadrant (columns in the order of ``QUADRANTS``) per driver; ``value`` is the least sure
    label.

    ``labels`` are None where no quadrant reaches 60 %.
    """

    probabilities: tuple[tuple[float, ...], ...]
    labels: tuple[Quadrant | None, ...]
    rule: Crosshair
    seed: int


def quadrant_places(
    shares: ArrayLike,
    performances: ArrayLike,
    rule: Crosshair = Crosshair.MEAN,
    target: tuple[float, float] | None = None,
) -> QuadrantPlaces:
    """Quadrants of drivers by importance share (0 to 1) and performance (0–100), both of shape (drivers,).

    Ties with the crosshair go to the high side. Raises MeasureError for missing values and for the target rule
    without a target (share, performance). Source: Martilla and James (1977).
    """
    x = complete(vector(shares, "importance shares"), "importance shares")
    y = complete(vector(performances, "performances", x.size), "performances")
    if x.size == 0:
        raise MeasureError("There are no drivers to place.")
    cross = _crosshair(x[None], y[None], rule, target)
    codes = _codes(x[None], y[None], cross)[0]
    priorities = x * (100 - y)
    return QuadrantPlaces(
        value=float((codes == 0).sum()),
        n=x.size,
        method=f"importance-performance, {rule} crosshair",
        quadrants=tuple(QUADRANTS[code] for code in codes),
        crosshair=(float(cross[0][0]), float(cross[1][0])),
        rule=rule,
        priorities=tuple(float(priority) for priority in priorities),
        order=tuple(int(i) for i in np.argsort(-priorities, kind="stable")),
    )


def quadrant_stability(
    overall: ArrayLike,
    drivers: ArrayLike,
    scale: Scale,
    rule: Crosshair = Crosshair.MEDIAN,
    target: tuple[float, float] | None = None,
    weights: ArrayLike | None = None,
    replicates: int = REPLICATES,
    seed: int = 1,
) -> QuadrantStability:
    """How often each driver falls into each quadrant when respondents are drawn again with replacement.

    Shapes as ``driver_importance``; importance is LMG up to 12 drivers, Johnson above; complete cases only.
    Replicates in which a column does not vary are left out. Raises MeasureError and ScaleError.
    """
    y, x = vector(overall, "overall satisfaction"), matrix(drivers, "drivers")
    if x.shape[0] != y.size:
        raise MeasureError("Drivers and overall satisfaction come from different numbers of respondents.")
    g = survey_weights(weights, y.size)
    whole = ~(np.isnan(y) | np.isnan(x).any(axis=1)) & (g > 0)
    data, g = np.column_stack([y, x])[whole], g[whole]
    scores = rescale(x[whole], scale)
    n, p = data.shape[0], x.shape[1]
    if n < p + 2:
        raise MeasureError(f"{n} complete answers are too few for {p} drivers.")
    random = np.random.default_rng(seed)
    correlations, performances = [], []
    for _ in range(replicates):
        rows = random.integers(0, n, n)
        covariance = weighted_covariance(data[rows], g[rows])
        if np.diag(covariance).min() > 1e-12:
            correlations.append(correlation_matrix(covariance))
            performances.append(g[rows] @ scores[rows] / g[rows].sum())
    if not correlations:
        raise MeasureError("A driver hardly varies: its place cannot be tested.", "Leave it out.")
    stack = np.array(correlations)
    found = lmg(stack) if p <= MOST_FOR_LMG else np.array([johnson(r) for r in stack])
    shares, levels = found / found.sum(axis=1, keepdims=True), np.array(performances)
    codes = _codes(shares, levels, _crosshair(shares, levels, rule, target))
    chances = np.array([(codes == code).mean(axis=0) for code in range(len(QUADRANTS))]).T
    best = chances.argmax(axis=1)
    sure = chances.max(axis=1)
    left_out = replicates - len(correlations)
    return QuadrantStability(
        value=float(sure.min()),
        n=n,
        n_missing=int(y.size - n),
        method=f"quadrant stability, {rule} crosshair, {replicates} replicates, seed {seed}",
        warnings=sample_warnings(n) + ((f"{left_out} replicates were left out.",) if left_out else ()),
        probabilities=table(chances),
        labels=_labels(best.tolist(), sure.tolist()),
        rule=rule,
        seed=seed,
    )


def _labels(best: Sequence[int], sure: Sequence[float]) -> tuple[Quadrant | None, ...]:
    return tuple(
        QUADRANTS[code] if chance >= STABILITY_NEEDED else None for code, chance in zip(best, sure, strict=True)
    )


def _crosshair(
    x: FloatArray, y: FloatArray, rule: Crosshair, target: tuple[float, float] | None
) -> tuple[FloatArray, FloatArray]:
    if rule is Crosshair.MEAN:
        return x.mean(axis=1), y.mean(axis=1)
    if rule is Crosshair.MEDIAN:
        return np.median(x, axis=1), np.median(y, axis=1)
    if target is None:
        raise MeasureError("The target rule needs a target share and a target performance.")
    return np.full(x.shape[0], target[0]), np.full(x.shape[0], target[1])


def _codes(
    x: FloatArray, y: FloatArray, cross: tuple[FloatArray, FloatArray]
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    important, good = x >= cross[0][:, None] - 1e-12, y >= cross[1][:, None] - 1e-9
    return np.where(important, np.where(good, 1, 0), np.where(good, 3, 2)).astype(np.int64)
