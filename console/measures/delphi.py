"""Delphi rounds: experts' points and ranks, how far they agree, and when to stop asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, complete, floats, matrix
from console.measures.distributions import chi_square_upper
from console.measures.results import Measure, MeasureError

AGREEMENT_NEEDED = 0.7
VARIATION_ALLOWED = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Concordance(Measure):
    """Kendall's W (0 none, 1 full agreement) with its tests; below seven items read ``p_permutation``."""

    rank_sums: tuple[float, ...]
    chi_square: float
    p_chi_square: float
    p_permutation: float | None

    @property
    def p(self) -> float:
        """The p value to report: by permutation below seven items, by chi-square from there on."""
        return self.p_chi_square if self.p_permutation is None else self.p_permutation


@dataclass(frozen=True, slots=True, kw_only=True)
class DelphiRound(Measure):
    """One round; ``value`` is Kendall's W. ``means``, ``sds`` and ``iqrs`` are in points, ``weights`` sum to 1."""

    means: tuple[float, ...]
    sds: tuple[float, ...]
    variations: tuple[float, ...]
    iqrs: tuple[float, ...]
    weights: tuple[float, ...]
    concordance: Concordance
    is_agreed: bool


def average_ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1 for the smallest, ties sharing their mean rank, shape (n,)."""
    _, inverse, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    return np.asarray((last - (sizes - 1) / 2)[inverse], dtype=np.float64)


def concordance(ranks: ArrayLike, permutations: int = 2000, seed: int = 1) -> Concordance:
    """Kendall's W of m experts (rows) ranking n items (columns), shape (m, n), with the correction for ties.

    W = 12S/(m²(n³−n) − mΣ(t³−t)); χ² = m(n−1)W with n−1 degrees of freedom, and below seven items a permutation test.
    Rows are re-ranked, so points may be given. Raises MeasureError below two experts or items, on gaps, and when every
    expert ties all items. Source: Kendall and Babington Smith (1939).
    """
    given = complete(matrix(ranks, "ranks"), "ranks")
    m, n = given.shape
    if m < 2 or n < 2:
        raise MeasureError("Agreement needs at least two experts and two items.")
    table = np.array([average_ranks(row) for row in given])
    ties = sum(float((t**3 - t).sum()) for t in (np.unique(row, return_counts=True)[1] for row in table))
    scale = m**2 * (n**3 - n) - m * ties
    if scale <= 0:
        raise MeasureError("Every expert gave all items the same rank.", "Ask for an order.")
    sums = table.sum(axis=0)
    w = _w(sums, scale)
    p_permutation = None
    if n < 7:
        random = np.random.default_rng(seed)
        shuffled = random.permuted(np.broadcast_to(table, (permutations, m, n)), axis=2).sum(axis=1)
        spread = ((shuffled - shuffled.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        observed = ((sums - sums.mean()) ** 2).sum()
        p_permutation = float((1 + (spread >= observed - 1e-9).sum()) / (permutations + 1))
    chi_square = m * (n - 1) * w
    return Concordance(
        value=w,
        n=m,
        method="Kendall's W",
        rank_sums=floats(sums),
        chi_square=chi_square,
        p_chi_square=chi_square_upper(chi_square, n - 1),
        p_permutation=p_permutation,
        warnings=("Fewer than 7 items: the p value comes from permutations.",) if n < 7 else (),
    )


def delphi_round(points: ArrayLike) -> DelphiRound:
    """Summary of one round of points (1–10, high is important), shape (experts, items); weights = mean / Σ means.

    A round agrees when W ≥ 0.7 and no coefficient of variation exceeds 0.25. Raises MeasureError on gaps, points that
    are not positive, and fewer than two experts or items.
    """
    table = complete(matrix(points, "points"), "points")
    if (table <= 0).any():
        raise MeasureError("Points must be above 0.", "Experts give 1 to 10 points.")
    agreement = concordance(-table)
    means, sds = table.mean(axis=0), table.std(axis=0, ddof=1)
    quarter = np.quantile(table, [0.25, 0.75], axis=0)
    variations = sds / means
    w = agreement.value or 0.0
    return DelphiRound(
        value=w,
        n=table.shape[0],
        method="Delphi points",
        means=floats(means),
        sds=floats(sds),
        variations=floats(variations),
        iqrs=floats(quarter[1] - quarter[0]),
        weights=floats(means / means.sum()),
        concordance=agreement,
        is_agreed=bool(w >= AGREEMENT_NEEDED and (variations <= VARIATION_ALLOWED).all()),
        warnings=agreement.warnings,
    )


def may_stop(rounds: Sequence[DelphiRound]) -> bool:
    """Whether the last two rounds both agreed, so that no further round is needed."""
    return len(rounds) >= 2 and rounds[-1].is_agreed and rounds[-2].is_agreed


def _w(sums: FloatArray, scale: float) -> float:
    return float(12 * ((sums - sums.mean()) ** 2).sum() / scale)
