"""Funnel plots: departments at one time against limits that know their size, and shrunk shares for sorted lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import counts, floats, floats_or_none, vector
from console.measures.disclosure import MARKED_BELOW
from console.measures.results import Measure, MeasureError

INNER = 1.96
OUTER = 3.09


class FunnelPosition(StrEnum):
    """Where a unit lies; units under 30 cases are only counted."""

    INSIDE = "inside"
    BELOW_95 = "below the 95 % limit"
    ABOVE_95 = "above the 95 % limit"
    BELOW_998 = "below the 99.8 % limit"
    ABOVE_998 = "above the 99.8 % limit"
    TOO_SMALL = "too few cases"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelPlot(Measure):
    """Shares of units (0 to 1) around their pooled share ``value``, with the limits at each unit's size."""

    shares: tuple[float | None, ...]
    z: tuple[float | None, ...]
    lower_95: tuple[float | None, ...]
    upper_95: tuple[float | None, ...]
    lower_998: tuple[float | None, ...]
    upper_998: tuple[float | None, ...]
    positions: tuple[FunnelPosition, ...]
    shrunk: tuple[float, ...]


def funnel_plot(
    successes: ArrayLike, sizes: ArrayLike, target: float | None = None, prior: float = 100.0
) -> FunnelPlot:
    """p₀ ± 1.96 and ± 3.09 √(p₀q₀/n), shapes (units,); p₀ is the pooled share or a target.

    ``shrunk`` is (x + prior·p₀)/(n + prior), for lists that are sorted. Raises MeasureError without cases or for more
    successes than cases. Source: Spiegelhalter (2005).
    """
    x = counts(vector(successes, "successes"), "successes")
    n = counts(vector(sizes, "sizes", x.size), "sizes")
    if (x > n).any():
        raise MeasureError("A unit has more successes than cases.")
    if n.sum() <= 0:
        raise MeasureError("No unit has any case.")
    p0 = float(x.sum() / n.sum()) if target is None else target
    if not 0 <= p0 <= 1:
        raise MeasureError(f"A target share of {p0:g} is impossible.")
    nothing = np.full_like(x, np.nan)
    shares = np.divide(x, n, out=nothing.copy(), where=n > 0)
    sigma = np.sqrt(np.divide(p0 * (1 - p0), n, out=nothing.copy(), where=n > 0))
    z = np.divide(shares - p0, sigma, out=nothing.copy(), where=sigma > 0)
    limits = {width: (np.maximum(0, p0 - width * sigma), np.minimum(1, p0 + width * sigma)) for width in (INNER, OUTER)}
    return FunnelPlot(
        value=p0,
        n=int(n.sum()),
        n_missing=int((n == 0).sum()),
        coverage=float((n > 0).mean()),
        method="funnel plot",
        shares=floats_or_none(shares),
        z=floats_or_none(z),
        lower_95=floats_or_none(limits[INNER][0]),
        upper_95=floats_or_none(limits[INNER][1]),
        lower_998=floats_or_none(limits[OUTER][0]),
        upper_998=floats_or_none(limits[OUTER][1]),
        positions=tuple(
            _position(score, size) for score, size in zip(np.nan_to_num(z).tolist(), n.tolist(), strict=True)
        ),
        shrunk=floats((x + prior * p0) / (n + prior)),
    )


def _position(z: float, size: float) -> FunnelPosition:
    if size < MARKED_BELOW:
        return FunnelPosition.TOO_SMALL
    if abs(z) <= INNER:
        return FunnelPosition.INSIDE
    if abs(z) <= OUTER:
        return FunnelPosition.ABOVE_95 if z > 0 else FunnelPosition.BELOW_95
    return FunnelPosition.ABOVE_998 if z > 0 else FunnelPosition.BELOW_998
