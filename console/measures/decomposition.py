"""A change of an index split into what segments did (rate) and what the sample did (mix)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, complete, floats, vector
from console.measures.results import Measure, MeasureError
from console.measures.weights import checked_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class MixAndRate(Measure):
    """The change of an index, second minus first; ``rate`` and ``mix`` by segment sum to it.

    ``is_mostly_mix`` must be said before the change is called a rise or a fall.
    """

    first: float
    second: float
    rate: tuple[float, ...]
    mix: tuple[float, ...]
    rate_total: float
    mix_total: float
    is_mostly_mix: bool


def mix_and_rate(
    shares_first: ArrayLike, scores_first: ArrayLike, shares_second: ArrayLike, scores_second: ArrayLike
) -> MixAndRate:
    """rate_i = s̄_i Δr_i and mix_i = Δs_i r̄_i over segments, all of shape (segments,), shares summing to 1.

    A segment absent in one wave (share 0) may have NaN for its score there and takes the other wave's, so that it is
    all mix. Raises WeightError for shares and MeasureError for a segment with a share but no score. Source: Kitagawa
    (1955).
    """
    s0 = np.array(checked_weights(shares_first).values)
    s1 = np.array(checked_weights(shares_second, size=s0.size).values)
    r0, r1 = _scores(scores_first, s0, "first"), _scores(scores_second, s1, "second")
    r0, r1 = np.where(np.isnan(r0), r1, r0), np.where(np.isnan(r1), r0, r1)
    rate, mix = (s0 + s1) / 2 * (r1 - r0), (s1 - s0) * (np.nan_to_num(r0) + np.nan_to_num(r1)) / 2
    rate = np.nan_to_num(rate)
    first, second = float(s0 @ np.nan_to_num(r0)), float(s1 @ np.nan_to_num(r1))
    change = second - first
    mostly = abs(float(mix.sum())) > abs(float(rate.sum()))
    return MixAndRate(
        value=change,
        n=s0.size,
        method="mix and rate (Kitagawa)",
        warnings=("Most of the change comes from who answered, not from how they judged.",)
        if mostly and abs(change) > 1e-12
        else (),
        first=first,
        second=second,
        rate=floats(rate),
        mix=floats(mix),
        rate_total=float(rate.sum()),
        mix_total=float(mix.sum()),
        is_mostly_mix=mostly,
    )


def _scores(values: ArrayLike, shares: FloatArray, name: str) -> FloatArray:
    r = vector(values, f"{name} scores", shares.size)
    complete(r[shares > 0], f"{name} scores of segments with a share")
    return r


def sources_of_change(first: ArrayLike, second: ArrayLike) -> tuple[float, ...]:
    """What each source (type, region, channel) adds to a change of a count, second minus first, shapes (sources,).

    Raises MeasureError on gaps or lengths that differ.
    """
    a = complete(vector(first, "first"), "first")
    b = complete(vector(second, "second", a.size), "second")
    if a.size == 0:
        raise MeasureError("There are no sources to compare.")
    return floats(b - a)
