"""Weights of items, children and criteria: what is accepted, what is normalised, what is refused; entropy weights."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import BoolArray, FloatArray, complete, floats, matrix, vector
from console.measures.results import Measure, MeasureError, WeightError

EXACT = 1e-6
TOLERATED = 0.02


class WeightKind(StrEnum):
    """How a set of weights was declared: points of any size, or shares that should sum to 1."""

    POINTS = "points"
    SHARES = "shares"


@dataclass(frozen=True, slots=True)
class WeightSet:
    """Weights that sum to 1, with what had to be done to them."""

    values: tuple[float, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntropyWeights(Measure):
    """Entropy weights; ``entropies`` are 0 to 1, 1 meaning that the indicator tells the units apart not at all."""

    weights: tuple[float, ...]
    entropies: tuple[float, ...]


def checked_weights(values: ArrayLike, kind: WeightKind = WeightKind.SHARES, size: int | None = None) -> WeightSet:
    """Weights, shape (m,), as a set that sums to 1.

    Points are normalised. Shares within 1e-6 of 1 are accepted, within 0.02 normalised with a warning. Raises
    WeightError for a negative, missing or all-zero set, and for shares further off.
    """
    array = vector(values, "weights", size)
    if array.size == 0 or np.isnan(array).any():
        raise WeightError("A weight is missing.", "Give every item a weight.")
    if (array < 0).any():
        raise WeightError("A weight is negative.", "Weights are 0 or more; reverse the item instead.")
    total = float(array.sum())
    if total <= 0:
        raise WeightError("All weights are zero.", "Give at least one item a weight.")
    warnings: tuple[str, ...] = ()
    if kind is WeightKind.SHARES and abs(total - 1) > EXACT:
        # Decimal shares such as .98 carry a rounding error of 1e-16 that must not decide.
        if abs(total - 1) > TOLERATED + 1e-12:
            raise WeightError(
                f"The weights add up to {total:.4f}, not to 1.",
                "Correct them, or declare them as points so that they are normalised.",
            )
        warnings = (f"The weights added up to {total:.6f} and were normalised.",)
    return WeightSet(floats(array / total), warnings)


def renormalised(weights: FloatArray, present: BoolArray) -> FloatArray:
    """The weights with those of absent items spread over the present ones in proportion; all zero when none is
    present.
    """
    kept = np.where(present, weights, 0.0)
    total = kept.sum()
    return kept / total if total > 0 else kept


def entropy_weights(figures: ArrayLike, is_benefit: ArrayLike | None = None) -> EntropyWeights:
    """Objective weights of indicators (columns) from their spread over units (rows), shape (units, indicators).

    Each column is brought to 0–1 between its extremes (reversed where ``is_benefit`` is false), turned into shares p,
    and weighted by 1 − e with e = −Σ p ln p / ln(units). A column without spread has weight 0. ``value`` is the mean
    entropy. Raises MeasureError below two units, on missing figures, and when no column has any spread. Source:
    Shannon entropy weighting as in Hwang and Yoon (1981).
    """
    table = complete(matrix(figures, "figures"), "figures")
    units, indicators = table.shape
    if units < 2 or indicators < 1:
        raise MeasureError("Entropy weights need at least two units.", "Add units, or use expert weights.")
    benefit = np.ones(indicators, dtype=bool) if is_benefit is None else np.asarray(is_benefit, dtype=bool)
    low, high = table.min(axis=0), table.max(axis=0)
    spread = high - low
    flat = spread <= 0
    unit = np.where(benefit, table - low, high - table) / np.where(flat, 1.0, spread)
    shares = unit / np.where(flat, 1.0, unit.sum(axis=0))
    logs = np.log(np.where(shares > 0, shares, 1.0))
    entropies = np.where(flat, 1.0, -(shares * logs).sum(axis=0) / np.log(units))
    gains = 1.0 - entropies
    if flat.all() or gains.sum() <= 0:
        raise WeightError("No indicator differs between the units.", "Use expert weights.")
    warnings = tuple(f"Indicator {i + 1} has no spread and gets no weight." for i in np.flatnonzero(flat))
    return EntropyWeights(
        value=float(entropies.mean()),
        n=units,
        method="entropy",
        weights=floats(gains / gains.sum()),
        entropies=floats(entropies),
        warnings=warnings,
    )
