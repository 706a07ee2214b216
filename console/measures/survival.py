"""Kaplan–Meier: how long complaints stay open, those still open included."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import complete, counts, floats, vector
from console.measures.disclosure import sample_warnings
from console.measures.distributions import z_quantile
from console.measures.results import LEVEL, Interval, Measure, MeasureError


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalCurve(Measure):
    """The share still open after each time at which one was closed; ``value`` is the median time, None when not
    reached.

    ``n_missing`` counts the cases still open (censored). Bands are Greenwood's on the log scale.
    """

    times: tuple[float, ...]
    shares: tuple[float, ...]
    at_risk: tuple[int, ...]
    closed: tuple[int, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def quantile(self, share_closed: float) -> float | None:
        """The time by which this share (0 to 1) is closed, None when it is not reached.

        Where the curve stays exactly at the level, the middle of that step, as is customary for the median.
        """
        return _crossing(self.times, self.shares, 1 - share_closed)


def kaplan_meier(durations: ArrayLike, is_closed: ArrayLike, level: float = LEVEL) -> SurvivalCurve:
    """The product-limit curve of durations (any unit), shape (cases,), with a mark per case whether it is closed.

    An open case counts at its age so far; at equal times closed ones go first. Raises MeasureError for negative or
    missing durations. Source: Kaplan and Meier (1958).
    """
    t = counts(vector(durations, "durations"), "durations")
    closed = complete(vector(is_closed, "closed marks", t.size), "closed marks") > 0
    if t.size == 0:
        return SurvivalCurve(
            value=None,
            n=0,
            coverage=0.0,
            method="Kaplan-Meier",
            times=(),
            shares=(),
            at_risk=(),
            closed=(),
            lower=(),
            upper=(),
        )
    times = np.unique(t[closed])
    at_risk = t.size - np.searchsorted(np.sort(t), times, side="left")
    events = (
        np.bincount(np.searchsorted(times, t[closed]), minlength=times.size) if times.size else np.zeros(0, dtype=int)
    )
    shares = np.asarray(np.cumprod(1 - events / at_risk), dtype=np.float64)
    left = at_risk - events
    terms = np.divide(events, at_risk * left, out=np.full(times.size, np.inf), where=left > 0)
    half = z_quantile(level) * np.sqrt(np.cumsum(terms))
    lower = np.where(shares > 0, shares * np.exp(-half), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        upper = np.where(shares > 0, np.minimum(1.0, shares * np.exp(half)), 0.0)
    median = _crossing(floats(times), floats(shares), 0.5)
    low, high = _crossing(floats(times), floats(lower), 0.5), _crossing(floats(times), floats(upper), 0.5)
    interval = None
    if median is not None and low is not None:
        interval = Interval(low, math.inf if high is None else high, "Greenwood, log scale", level)
    n_open = int((~closed).sum())
    return SurvivalCurve(
        value=median,
        n=int(t.size),
        n_missing=n_open,
        interval=interval,
        method="Kaplan-Meier",
        warnings=sample_warnings(int(t.size)) + (() if median is not None else ("The median is not reached.",)),
        times=floats(times),
        shares=floats(shares),
        at_risk=tuple(int(x) for x in at_risk),
        closed=tuple(int(x) for x in events),
        lower=floats(lower),
        upper=floats(upper),
    )


def _crossing(times: tuple[float, ...], shares: tuple[float, ...], target: float) -> float | None:
    if target < -1e-12:
        raise MeasureError("A share lies between 0 and 1.")
    for i, share in enumerate(shares):
        if abs(share - target) <= 1e-9 and i + 1 < len(times):
            return (times[i] + times[i + 1]) / 2
        if share <= target + 1e-9:
            return times[i]
    return None
