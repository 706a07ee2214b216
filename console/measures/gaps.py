"""Expectation against perception (SERVQUAL), paired respondents, and the zone of tolerance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import complete, floats, floats_or_none, matrix, vector
from console.measures.disclosure import sample_warnings
from console.measures.distributions import mean_quantile, t_two_sided
from console.measures.results import Interval, Measure, MeasureError
from console.measures.weights import checked_weights, renormalised


class GapForm(StrEnum):
    """Perception minus expectation, or perception over expectation."""

    DIFFERENCE = "difference"
    RATIO = "ratio"


class Zone(StrEnum):
    """Where perception lies between the acceptable and the desired."""

    ALARM = "alarm"
    TOLERATED = "tolerated"
    DELIGHT = "delight"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedGap(Measure):
    """The mean difference of pairs in scale points with its t test; ``n_missing`` counts incomplete pairs."""

    sd: float | None
    se: float | None
    t: float | None
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceGap(Measure):
    """Gaps by dimension; ``value`` is the weighted one, ``unweighted`` their plain mean."""

    gaps: tuple[float | None, ...]
    unweighted: float | None
    form: GapForm
    dimensions: tuple[PairedGap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToleranceZone(Measure):
    """Adequacy P−A, superiority P−D and the position (P−A)/(D−A); ``n_missing`` counts pairs dropped or incomplete."""

    adequacy: float | None
    superiority: float | None
    zone: Zone | None
    n_inverted: int


def paired_gap(perception: ArrayLike, expectation: ArrayLike) -> PairedGap:
    """Mean of perception − expectation over respondents who gave both, shapes (respondents,), NaN for missing.

    Interval and p are Student's with n−1 degrees of freedom. Raises MeasureError when lengths differ.
    """
    p = vector(perception, "perception")
    e = vector(expectation, "expectation", p.size)
    d = (p - e)[~np.isnan(p - e)]
    n, n_missing = int(d.size), int(p.size - d.size)
    if n == 0:
        return PairedGap(
            value=None, n=0, n_missing=n_missing, coverage=0.0, method="paired gap", sd=None, se=None, t=None, p=None
        )
    mean = float(d.mean())
    sd = se = t = chance = interval = None
    if n > 1:
        sd = float(d.std(ddof=1))
        se = sd / math.sqrt(n)
        half = mean_quantile(n - 1) * se
        interval = Interval(mean - half, mean + half, "paired t")
        t = mean / se if se > 0 else math.copysign(math.inf, mean) if mean else 0.0
        chance = t_two_sided(t, n - 1)
    return PairedGap(
        value=mean,
        n=n,
        n_missing=n_missing,
        method="paired gap",
        interval=interval,
        warnings=sample_warnings(n),
        sd=sd,
        se=se,
        t=t,
        p=chance,
    )


def service_gap(
    perceptions: ArrayLike, expectations: ArrayLike, weights: ArrayLike, form: GapForm = GapForm.DIFFERENCE
) -> ServiceGap:
    """Gaps of respondents' answers, shapes (respondents, dimensions); pairs are formed per dimension.

    The interval of the weighted gap comes from respondents who gave every pair (difference form only). Raises
    WeightError and MeasureError.
    """
    p = matrix(perceptions, "perceptions")
    e = matrix(expectations, "expectations", p.shape[1])
    if e.shape != p.shape:
        raise MeasureError("Perceptions and expectations come from different numbers of respondents.")
    dimensions = tuple(paired_gap(p[:, i], e[:, i]) for i in range(p.shape[1]))
    paired = ~np.isnan(p - e)
    sums_p, sums_e = np.where(paired, p, 0.0).sum(axis=0), np.where(paired, e, 0.0).sum(axis=0)
    n = paired.sum(axis=0)
    means_p, means_e = (np.where(n > 0, s / np.where(n > 0, n, 1), np.nan) for s in (sums_p, sums_e))
    plain = service_gap_of_means(means_p, means_e, weights, form)
    whole = paired.all(axis=1)
    used = renormalised(np.array(checked_weights(weights).values), n > 0)
    interval = paired_gap(p[whole] @ used, e[whole] @ used).interval if form is GapForm.DIFFERENCE else None
    respondents = int(paired.any(axis=1).sum())
    return ServiceGap(
        value=plain.value,
        n=respondents,
        n_missing=int(p.shape[0] - respondents),
        coverage=plain.coverage,
        interval=interval,
        method=plain.method,
        warnings=sample_warnings(respondents, plain.coverage),
        gaps=plain.gaps,
        unweighted=plain.unweighted,
        form=form,
        dimensions=dimensions,
    )


def service_gap_of_means(
    perceptions: ArrayLike, expectations: ArrayLike, weights: ArrayLike, form: GapForm = GapForm.DIFFERENCE
) -> ServiceGap:
    """Gaps of dimension means, shapes (dimensions,), for imported tables; no interval.

    Raises WeightError; MeasureError for an expectation of 0 or less in the ratio form. Source: Parasuraman, Zeithaml
    and Berry (1988).
    """
    p = vector(perceptions, "perceptions")
    e = vector(expectations, "expectations", p.size)
    declared = checked_weights(weights, size=p.size)
    present = ~np.isnan(p - e)
    if form is GapForm.RATIO and (e[present] <= 0).any():
        raise MeasureError("The ratio form needs expectations above 0.", "Use the difference.")
    gaps = p - e if form is GapForm.DIFFERENCE else p / e
    used = renormalised(np.array(declared.values), present)
    return ServiceGap(
        value=float(used[present] @ gaps[present]) if present.any() else None,
        n=int(present.sum()),
        n_missing=int((~present).sum()),
        coverage=float(np.array(declared.values)[present].sum()),
        method=f"expectation gap, {form}",
        warnings=declared.warnings,
        gaps=floats_or_none(gaps),
        unweighted=float(gaps[present].mean()) if present.any() else None,
        form=form,
    )


def tolerance_zone(perception: ArrayLike, acceptable: ArrayLike, desired: ArrayLike) -> ToleranceZone:
    """The mean position of perception between acceptable and desired, shapes (respondents,), NaN for missing.

    A respondent whose desired level is not above the acceptable one is dropped and counted. Raises MeasureError.
    """
    p = vector(perception, "perception")
    a, d = vector(acceptable, "acceptable", p.size), vector(desired, "desired", p.size)
    whole = ~np.isnan(p + a + d)
    inverted = whole & (np.nan_to_num(d) <= np.nan_to_num(a))
    kept = whole & ~inverted
    n, n_inverted = int(kept.sum()), int(inverted.sum())
    notes = (f"{n_inverted} respondents desire no more than they accept and were left out.",) if n_inverted else ()
    if n == 0:
        return ToleranceZone(
            value=None,
            n=0,
            n_missing=p.size,
            coverage=0.0,
            method="tolerance zone",
            warnings=notes,
            adequacy=None,
            superiority=None,
            zone=None,
            n_inverted=n_inverted,
        )
    position = positions(p[kept], a[kept], d[kept])
    mean = float(np.mean(position))
    spread = paired_gap(position, np.zeros(n))
    return ToleranceZone(
        value=mean,
        n=n,
        n_missing=int(p.size - n),
        interval=spread.interval,
        method="tolerance zone",
        warnings=sample_warnings(n) + notes,
        adequacy=float((p - a)[kept].mean()),
        superiority=float((p - d)[kept].mean()),
        zone=zone_of(mean),
        n_inverted=n_inverted,
    )


def positions(perception: ArrayLike, acceptable: ArrayLike, desired: ArrayLike) -> tuple[float, ...]:
    """(P−A)/(D−A) element by element; raises MeasureError where desired is not above acceptable or a value is missing."""
    p = complete(vector(perception, "perception"), "perception")
    a, d = vector(acceptable, "acceptable", p.size), vector(desired, "desired", p.size)
    if not (d > a).all():
        raise MeasureError("A desired level is not above the acceptable one.", "Leave these pairs out and count them.")
    return floats((p - a) / (d - a))


def zone_of(position: float) -> Zone:
    """Below 0 alarm, 0 to 1 tolerated, above 1 delight."""
    return Zone.ALARM if position < 0 else Zone.DELIGHT if position > 1 else Zone.TOLERATED
