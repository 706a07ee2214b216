"""Whether a change of a watched indicator comes from who answered: split into mix and rate over every dimension."""

from __future__ import annotations

import numpy as np

from console.measures.arrays import FloatArray, IntArray
from console.measures.decomposition import mix_and_rate
from console.services.answer_series import DIMENSIONS, AnswerSeries


def is_who_answered(series: AnswerSeries, rates: FloatArray, row: int, base: IntArray, at: int) -> bool:
    """Return whether an indicator as a whole changed mostly by mix over some dimension; never of a narrower cell.

    ``rates`` has shape (cells, months): the mean, or the share of dissatisfied, of each cell, NaN without answers. The months
    ``base`` pooled are compared with the month ``at``. Dimensions whose values stand for less than half of the answers of either
    side, or that have one value, tell nothing.
    """
    indicator, place = series.cells[row]
    if place or not base.size:
        return False
    for name in DIMENSIONS:
        rows = [
            number
            for number, (code, own) in enumerate(series.cells)
            if code == indicator and len(own) == 1 and own[0][0] == name
        ]
        before, after = series.n[rows][:, base], series.n[rows, at]
        n = before.sum(axis=1)
        both = (n > 0) & (after > 0)
        sides = ((n, series.n[row, base].sum()), (after, series.n[row, at]))
        if both.sum() < 2 or any(side[both].sum() <= whole / 2 for side, whole in sides):
            continue
        pooled = np.nansum(before * rates[rows][:, base], axis=1) / np.where(n > 0, n, 1.0)
        parts = mix_and_rate(
            n / n.sum(),
            np.where(n > 0, pooled, np.nan),
            after / after.sum(),
            np.where(after > 0, rates[rows, at], np.nan),
        )
        if parts.is_mostly_mix:
            return True
    return False
