"""Headline metrics of a single question: top two levels, top box, NPS and CES."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, counts, survey_weights, vector
from console.measures.disclosure import sample_warnings
from console.measures.distributions import mean_quantile, normal_two_sided, z_quantile
from console.measures.means import design_effect
from console.measures.proportions import proportion
from console.measures.results import LEVEL, Interval, Measure, MeasureError
from console.measures.scales import RECOMMENDATION, Scale, rescale

PROMOTER_FROM = 9
DETRACTOR_TO = 6
EASY_FROM = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NetPromoter(Measure):
    """NPS in points from −100 to 100; ``interval`` is the adjusted Wald one, ``wald`` the plain one for comparison."""

    promoters: float
    passives: float
    detractors: float
    se: float | None
    wald: Interval | None
    deff: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NetPromoterChange(Measure):
    """Second NPS minus first in points."""

    se: float
    z: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEffort(Measure):
    """Mean ease on 1–7 (7 easy) with the share that answered 5 to 7."""

    sd: float | None
    easy: Measure


def top_levels(
    answers: ArrayLike, scale: Scale, levels: int = 2, weights: ArrayLike | None = None, level: float = LEVEL
) -> Measure:
    """The share (0 to 1) of the best ``levels`` whole points of a scale, shape (respondents,), NaN for missing.

    Two is T2B, one the top box; show both, since loyalty differs. With weights the Wilson interval takes n/deff. Raises
    ScaleError for answers outside the scale and MeasureError for levels the scale does not have.
    """
    if not 1 <= levels <= scale.maximum - scale.minimum:
        raise MeasureError(f"Scale {scale.id} has no {levels} best levels.")
    y = vector(answers, "answers")
    rescale(y, scale)
    present = ~np.isnan(y)
    y, g = y[present], survey_weights(weights, present.size)[present]
    is_top = y <= scale.minimum + levels - 1 if scale.is_reversed else y >= scale.maximum - levels + 1
    n, total = int(y.size), float(g.sum())
    share = float(g[is_top].sum() / total) if total > 0 else 0.0
    name = "T2B" if levels == 2 else "top box" if levels == 1 else f"top {levels} levels"
    return proportion(share * n, n, int((~present).sum()), design_effect(g) if n else 1.0, name, level)


def top_levels_from_counts(level_counts: ArrayLike, levels: int = 2, n_missing: int = 0) -> Measure:
    """The same from counts per level, best first, shape (levels of the scale,); raises MeasureError."""
    n_j = counts(vector(level_counts, "level counts"), "level counts")
    if not 1 <= levels <= n_j.size:
        raise MeasureError(f"{n_j.size} levels have no {levels} best ones.")
    name = "T2B" if levels == 2 else "top box" if levels == 1 else f"top {levels} levels"
    return proportion(float(n_j[:levels].sum()), int(n_j.sum()), n_missing, 1.0, name)


def net_promoter(answers: ArrayLike, weights: ArrayLike | None = None, level: float = LEVEL) -> NetPromoter:
    """NPS of answers from 0 to 10, shape (respondents,), NaN for missing; raises ScaleError outside 0 to 10.

    With weights the shares are weighted and the intervals take n/deff.
    """
    y = vector(answers, "answers")
    rescale(y, RECOMMENDATION)
    present = ~np.isnan(y)
    g = survey_weights(weights, y.size)[present]
    y = y[present]
    n, total = int(y.size), float(g.sum())
    if n == 0 or total <= 0:
        return net_promoter_from_counts(0, 0, 0, int((~present).sum()), level)
    p = float(g[y >= PROMOTER_FROM].sum() / total)
    d = float(g[y <= DETRACTOR_TO].sum() / total)
    return _net_promoter(p, d, n, int((~present).sum()), design_effect(g), level)


def net_promoter_from_counts(
    promoters: int, passives: int, detractors: int, n_missing: int = 0, level: float = LEVEL
) -> NetPromoter:
    """NPS = 100(p − d) from counts; the interval is adjusted Wald, with 3 answers added, ¾ promoters and ¾ detractors.

    Raises MeasureError for negative counts. Source: Rocks (2016).
    """
    counts([promoters, passives, detractors], "counts")
    n = promoters + passives + detractors
    if n == 0:
        return NetPromoter(
            value=None,
            n=0,
            n_missing=n_missing,
            coverage=0.0,
            method="NPS",
            warnings=sample_warnings(0),
            promoters=0.0,
            passives=0.0,
            detractors=0.0,
            se=None,
            wald=None,
        )
    return _net_promoter(promoters / n, detractors / n, n, n_missing, 1.0, level)


def net_promoter_change(first: NetPromoter, second: NetPromoter, level: float = LEVEL) -> NetPromoterChange:
    """Whether two independent waves differ, second minus first in points; raises MeasureError when one has no answer."""
    if first.value is None or second.value is None or first.se is None or second.se is None:
        raise MeasureError("A wave without answers cannot be compared.")
    change, se = second.value - first.value, math.hypot(first.se, second.se)
    z = change / se if se > 0 else 0.0
    half = z_quantile(level) * se
    p = normal_two_sided(z)
    return NetPromoterChange(
        value=change,
        n=first.n + second.n,
        method="difference of NPS",
        interval=Interval(change - half, change + half, "normal", level),
        warnings=("No proven change.",) if p >= 1 - level else (),
        se=se,
        z=z,
        p=p,
    )


def customer_effort(answers: ArrayLike, level: float = LEVEL) -> CustomerEffort:
    """CES: mean of agreement from 1 to 7 (7 easy) with a t interval, and the share of 5 to 7.

    Shape (respondents,), NaN for missing. Raises ScaleError outside 1 to 7.
    """
    y = vector(answers, "answers")
    rescale(y, Scale("1-7", 1, 7))
    return _effort(y[~np.isnan(y)], int(np.isnan(y).sum()), level)


def customer_effort_from_counts(level_counts: ArrayLike, n_missing: int = 0, level: float = LEVEL) -> CustomerEffort:
    """The same from counts of the answers 1 to 7, shape (7,); raises MeasureError."""
    n_j = counts(vector(level_counts, "level counts", 7), "level counts")
    return _effort(np.repeat(np.arange(1.0, 8.0), n_j.astype(np.int64)), n_missing, level)


def _net_promoter(p: float, d: float, n: int, n_missing: int, deff: float, level: float) -> NetPromoter:
    size, z, score = n / deff, z_quantile(level), 100 * (p - d)
    se = 100 * math.sqrt(max(0.0, p + d - (p - d) ** 2) / size)
    p3, d3 = (p * size + 0.75) / (size + 3), (d * size + 0.75) / (size + 3)
    middle, half = 100 * (p3 - d3), 100 * z * math.sqrt((p3 + d3 - (p3 - d3) ** 2) / (size + 3))
    return NetPromoter(
        value=score,
        n=n,
        n_missing=n_missing,
        method="NPS",
        interval=Interval(middle - half, middle + half, "adjusted Wald", level).clipped(-100, 100),
        warnings=sample_warnings(n),
        promoters=p,
        passives=max(0.0, 1 - p - d),
        detractors=d,
        se=se,
        wald=Interval(score - z * se, score + z * se, "Wald", level),
        deff=deff,
    )


def _effort(y: FloatArray, n_missing: int, level: float) -> CustomerEffort:
    n = int(y.size)
    easy = proportion(float((y >= EASY_FROM).sum()), n, n_missing, 1.0, "share of 5 to 7", level)
    mean = float(y.mean()) if n else None
    sd = interval = None
    if n > 1 and mean is not None:
        sd = float(y.std(ddof=1))
        half = mean_quantile(n - 1, level) * sd / math.sqrt(n)
        interval = Interval(mean - half, mean + half, "t" if n <= 200 else "normal", level)
    return CustomerEffort(
        value=mean,
        n=n,
        n_missing=n_missing,
        coverage=1.0 if n else 0.0,
        interval=interval,
        method="CES",
        warnings=sample_warnings(n),
        sd=sd,
        easy=easy,
    )
