"""Change points and trends of a series: best split, Pettitt, Mann–Kendall with Sen's slope."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, IntArray, complete, vector
from console.measures.distributions import normal_two_sided
from console.measures.results import LEVEL, Interval, Measure, MeasureError

SHORTEST_SERIES = 8
SHORTEST_SEGMENT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint(Measure):
    """The best single split; ``value`` is how many points lie before it.

    ``sse`` is what remains of ``sst`` after it; ``p`` comes from permutations with a recorded seed; the interval is
    that of the split by bootstrap of residuals.
    """

    before: float
    after: float
    sse: float
    sst: float
    p: float
    pettitt_k: int
    pettitt_at: int
    pettitt_p: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonotoneTrend(Measure):
    """Mann–Kendall; ``value`` is Sen's slope in units per period."""

    s: int
    variance: float
    z: float
    p: float
    tau: float


def change_point(
    values: ArrayLike, permutations: int = 2000, seed: int = 1, level: float = LEVEL, replicates: int = 500
) -> ChangePoint:
    """The split with the smallest sum of squares about two means, shape (periods,), segments of at least 2.

    Raises MeasureError below eight values. Sources: Pettitt (1979); permutation of the largest gain.
    """
    y = complete(vector(values, "values"), "values")
    if y.size < SHORTEST_SERIES:
        raise MeasureError(f"{y.size} values are too few for a change point.", f"Wait for {SHORTEST_SERIES}.")
    random = np.random.default_rng(seed)
    k, sse = _best_splits(y[None])
    split = int(k[0])
    shuffled = random.permuted(np.broadcast_to(y, (permutations, y.size)), axis=1)
    slack = 1e-9 * float(((y - y.mean()) ** 2).sum())
    p = (1 + int((_best_splits(shuffled)[1] <= sse[0] + slack).sum())) / (permutations + 1)
    before, after = float(y[:split].mean()), float(y[split:].mean())
    fitted = np.where(np.arange(y.size) < split, before, after)
    left, right = y[:split] - before, y[split:] - after
    drawn = np.concatenate(
        [random.choice(left, (replicates, left.size)), random.choice(right, (replicates, right.size))], axis=1
    )
    splits = _best_splits(fitted + drawn)[0]
    low, high = np.quantile(splits, [(1 - level) / 2, (1 + level) / 2], method="nearest")
    pettitt_k, pettitt_at = _pettitt(y)
    n = y.size
    return ChangePoint(
        value=float(split),
        n=n,
        method=f"single split, {permutations} permutations, seed {seed}",
        interval=Interval(float(low), float(high), f"bootstrap of residuals, {replicates} replicates", level),
        warnings=("A single point at an end does not prove a lasting change.",)
        if min(split, n - split) <= SHORTEST_SEGMENT
        else (),
        before=before,
        after=after,
        sse=float(sse[0]),
        sst=float(((y - y.mean()) ** 2).sum()),
        p=p,
        pettitt_k=pettitt_k,
        pettitt_at=pettitt_at,
        pettitt_p=min(1.0, 2 * math.exp(-6 * pettitt_k**2 / (n**3 + n**2))),
        seed=seed,
    )


def mann_kendall(values: ArrayLike) -> MonotoneTrend:
    """S = Σ sign(y_j − y_i), normal test with correction for ties and continuity, Sen's median slope, shape (periods,).

    Missing periods are left out and counted. Raises MeasureError below three values. Sources: Mann (1945), Sen (1968).
    """
    given = vector(values, "values")
    times = np.flatnonzero(~np.isnan(given))
    y = given[times]
    n = y.size
    if n < 3:
        raise MeasureError(f"{n} values have no trend to speak of.")
    i, j = np.triu_indices(n, 1)
    signs = np.sign(y[j] - y[i])
    s = int(signs.sum())
    ties = np.unique(y, return_counts=True)[1].astype(np.float64)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    z = 0.0 if s == 0 or variance <= 0 else (s - math.copysign(1, s)) / math.sqrt(variance)
    slopes = (y[j] - y[i]) / (times[j] - times[i])
    return MonotoneTrend(
        value=float(np.median(slopes)),
        n=n,
        n_missing=int(given.size - n),
        coverage=n / given.size,
        method="Mann-Kendall, Sen's slope",
        warnings=(f"{n} values: the test is approximate below 10.",) if n < 10 else (),
        s=s,
        variance=variance,
        z=z,
        p=normal_two_sided(z),
        tau=2 * s / (n * (n - 1)),
    )


def _best_splits(rows: FloatArray) -> tuple[IntArray, FloatArray]:
    """The best split of each row and the sum of squares it leaves, shapes (rows,)."""
    n = rows.shape[1]
    centred = rows - rows.mean(axis=1, keepdims=True)
    total = (centred**2).sum(axis=1)
    ks = np.arange(SHORTEST_SEGMENT, n - SHORTEST_SEGMENT + 1)
    sums = np.cumsum(centred, axis=1)[:, ks - 1]
    gain = sums**2 * (1 / ks + 1 / (n - ks))
    best = gain.argmax(axis=1)
    return ks[best].astype(np.int64), total - gain[np.arange(rows.shape[0]), best]


def _pettitt(y: FloatArray) -> tuple[int, int]:
    signs = np.sign(y[:, None] - y[None, :])
    u = np.array([signs[:t, t:].sum() for t in range(1, y.size)])
    at = int(np.abs(u).argmax())
    return int(abs(u[at])), at + 1
