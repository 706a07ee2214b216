"""Alarms over a whole cube of cells: one-sided p values, false-discovery control, and which alarms are new."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import complete, counts, floats, vector
from console.measures.controlcharts import RARE_BELOW, rare_alarm_at
from console.measures.disclosure import MARKED_BELOW
from console.measures.distributions import normal_upper, poisson_upper
from console.measures.results import Measure, MeasureError

FALSE_DISCOVERY = 0.05


class AlarmRule(StrEnum):
    """Which rule a cell broke."""

    COUNT_RISE = "more complaints than expected"
    SCORE_FALL = "lower score than the baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discoveries(Measure):
    """Adjusted p values; ``value`` is the number of rejections."""

    q: tuple[float, ...]
    rejected: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One cell beyond chance: its figure, what was expected, the limit, and how surprising it is.

    ``is_repeat`` marks a cell whose alarm is still open: it counts up there and does not alert again.
    """

    rule: AlarmRule
    cell: str
    value: float
    expected: float
    limit: float
    z: float
    p: float
    q: float
    is_repeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms(Measure):
    """The alarms of one run over ``n`` cells, most surprising first; ``value`` is the number of new ones."""

    alarms: tuple[Alarm, ...]
    n_too_small: int


def benjamini_hochberg(p_values: ArrayLike, level: float = FALSE_DISCOVERY) -> Discoveries:
    """q values and rejections at a false-discovery rate, shape (tests,); raises MeasureError outside 0–1.

    Source: Benjamini and Hochberg (1995).
    """
    p = complete(vector(p_values, "p values"), "p values")
    if p.size and (p.min() < 0 or p.max() > 1):
        raise MeasureError("A p value lies outside 0 to 1.")
    order = np.argsort(p, kind="stable")
    scaled = p[order] * p.size / np.arange(1, p.size + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    rejected = tuple(int(i) for i in np.flatnonzero(q <= level + 1e-15))
    return Discoveries(
        value=float(len(rejected)), n=p.size, method=f"Benjamini-Hochberg at {level:g}", q=floats(q), rejected=rejected
    )


def complaint_alarms(
    cells: Sequence[str],
    observed: ArrayLike,
    expected: ArrayLike,
    open_cells: Collection[str] = (),
    level: float = FALSE_DISCOVERY,
) -> Alarms:
    """Cells with more complaints than their baseline expects, exact one-sided Poisson p, FDR over all cells of the run.

    Shapes (cells,). The limit is the three-sigma one, or the exact count where fewer than 5 are expected. A cell that
    expects nothing is tested against half a complaint. Raises MeasureError.
    """
    x = counts(vector(observed, "observed", len(cells)), "observed")
    mu = counts(vector(expected, "expected", len(cells)), "expected")
    mu = np.where(mu > 0, mu, 0.5)
    p = [poisson_upper(count, mean) for count, mean in zip(x, mu, strict=True)]
    limits = [
        float(rare_alarm_at(mean)) if mean < RARE_BELOW else float(mean + 3 * math.sqrt(mean)) for mean in mu.tolist()
    ]
    z = (x - mu) / np.sqrt(mu)
    return _alarms(AlarmRule.COUNT_RISE, cells, floats(x), floats(mu), limits, floats(z), p, open_cells, level, 0)


def score_alarms(
    cells: Sequence[str],
    scores: ArrayLike,
    baselines: ArrayLike,
    standard_errors: ArrayLike,
    n: ArrayLike,
    open_cells: Collection[str] = (),
    level: float = FALSE_DISCOVERY,
) -> Alarms:
    """Cells whose score fell below its baseline, one-sided normal p, FDR over all tested cells of the run.

    Shapes (cells,); ``standard_errors`` are those of score − baseline. Cells under 30 answers, without a score or
    without an error are never alerted on and are counted. Raises MeasureError.
    """
    y, base = vector(scores, "scores", len(cells)), vector(baselines, "baselines", len(cells))
    se = vector(standard_errors, "standard errors", len(cells))
    answers = counts(vector(n, "n", len(cells)), "n")
    tested = (answers >= MARKED_BELOW) & ~np.isnan(y) & ~np.isnan(base) & (np.nan_to_num(se) > 0)
    kept = np.flatnonzero(tested)
    y, base, se = y[kept], base[kept], se[kept]
    z = (y - base) / se
    p = [normal_upper(-value) for value in z.tolist()]
    return _alarms(
        AlarmRule.SCORE_FALL,
        [cells[i] for i in kept.tolist()],
        floats(y),
        floats(base),
        floats(base - 3 * se),
        floats(z),
        p,
        open_cells,
        level,
        len(cells) - kept.size,
    )


def _alarms(
    rule: AlarmRule,
    cells: Sequence[str],
    values: Sequence[float],
    expected: Sequence[float],
    limits: Sequence[float],
    z: Sequence[float],
    p: Sequence[float],
    open_cells: Collection[str],
    level: float,
    n_too_small: int,
) -> Alarms:
    found = benjamini_hochberg(list(p), level)
    alarms = sorted(
        (
            Alarm(rule, cells[i], values[i], expected[i], limits[i], z[i], p[i], found.q[i], cells[i] in open_cells)
            for i in found.rejected
        ),
        key=lambda alarm: (alarm.p, alarm.cell),
    )
    return Alarms(
        value=float(sum(not alarm.is_repeat for alarm in alarms)),
        n=len(cells),
        n_missing=n_too_small,
        coverage=len(cells) / (len(cells) + n_too_small) if cells else 0.0,
        method=f"{rule}, {found.method}",
        alarms=tuple(alarms),
        n_too_small=n_too_small,
    )
