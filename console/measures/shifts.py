"""Charts for small lasting shifts: EWMA and tabular CUSUM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import complete, floats, vector
from console.measures.results import Measure, MeasureError

EWMA_WEIGHT = 0.2
EWMA_WIDTH = 2.962
CUSUM_SLACK = 0.5
CUSUM_LIMIT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EwmaChart(Measure):
    """Smoothed points with their limits, all in the unit of the values; ``value`` is the last smoothed point."""

    points: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    outside: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CusumChart(Measure):
    """Upper and lower sums in standard deviations; ``value`` is the larger of the last two.

    ``shift_began`` is the number of the first point of the run that raised the first alarm.
    """

    above: tuple[float, ...]
    below: tuple[float, ...]
    outside: tuple[int, ...]
    shift_began: int | None


def ewma_chart(
    values: ArrayLike, centre: float, sigma: float, weight: float = EWMA_WEIGHT, width: float = EWMA_WIDTH
) -> EwmaChart:
    """z_t = λx_t + (1−λ)z_{t−1} from the centre, limits centre ± Lσ√(λ/(2−λ)·(1−(1−λ)^{2t})), shape (periods,).

    ``sigma`` is that of a single value, from the baseline. Raises MeasureError for λ outside 0–1 or sigma not above 0.
    Source: Roberts (1959).
    """
    y = complete(vector(values, "values"), "values")
    if not 0 < weight <= 1 or sigma <= 0 or y.size == 0:
        raise MeasureError("An EWMA needs values, a weight above 0 and up to 1, and a sigma above 0.")
    points, last = np.empty_like(y), centre
    for t, x in enumerate(y):
        last = weight * x + (1 - weight) * last
        points[t] = last
    steps = np.arange(1, y.size + 1)
    half = width * sigma * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * steps)))
    outside = np.abs(points - centre) > half + 1e-12
    return EwmaChart(
        value=float(points[-1]),
        n=y.size,
        method=f"EWMA, weight {weight:g}, width {width:g}",
        points=floats(points),
        lower=floats(centre - half),
        upper=floats(centre + half),
        outside=tuple(int(i) for i in np.flatnonzero(outside)),
    )


def cusum_chart(
    values: ArrayLike, centre: float, sigma: float, slack: float = CUSUM_SLACK, limit: float = CUSUM_LIMIT
) -> CusumChart:
    """C⁺_t = max(0, C⁺_{t−1} + z_t − k), C⁻ alike below, alarm beyond h, all in standard deviations, shape (periods,).

    Raises MeasureError for a sigma that is not above 0. Source: Page (1954), in Montgomery's tabular form.
    """
    y = complete(vector(values, "values"), "values")
    if sigma <= 0 or y.size == 0:
        raise MeasureError("A CUSUM needs values and a sigma above 0.")
    z = (y - centre) / sigma
    above, below = np.zeros_like(z), np.zeros_like(z)
    up = down = 0.0
    for t, x in enumerate(z):
        up, down = max(0.0, up + x - slack), max(0.0, down - x - slack)
        above[t], below[t] = up, down
    outside = np.flatnonzero((above > limit) | (below > limit))
    began = None
    if outside.size:
        first = int(outside[0])
        side = above if above[first] > limit else below
        zeros = np.flatnonzero(side[:first] == 0)
        began = int(zeros[-1]) + 1 if zeros.size else 0
    return CusumChart(
        value=max(up, down),
        n=y.size,
        method=f"CUSUM, slack {slack:g}, limit {limit:g}",
        above=floats(above),
        below=floats(below),
        outside=tuple(int(i) for i in outside),
        shift_began=began,
    )
