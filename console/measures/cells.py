"""Means and shares from cell sums, so that any pivot is an addition of cells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from console.measures.disclosure import sample_warnings
from console.measures.distributions import mean_quantile
from console.measures.means import WeightedMean
from console.measures.proportions import proportion
from console.measures.results import LEVEL, Interval, Measure, MeasureError


@dataclass(frozen=True, slots=True)
class CellSums:
    """The sums of one cell of answers: number, weights, weights squared, weighted values and squares, top two, missing.

    ``weight_top`` is the weight of the answers in the top two levels, ``n_missing`` the answers with a missing code.
    """

    n: int = 0
    weight: float = 0.0
    weight_squared: float = 0.0
    value: float = 0.0
    value_squared: float = 0.0
    weight_top: float = 0.0
    n_missing: int = 0

    def __add__(self, other: CellSums) -> CellSums:
        return CellSums(
            self.n + other.n,
            self.weight + other.weight,
            self.weight_squared + other.weight_squared,
            self.value + other.value,
            self.value_squared + other.value_squared,
            self.weight_top + other.weight_top,
            self.n_missing + other.n_missing,
        )


def pooled_cells(cells: Iterable[CellSums]) -> CellSums:
    """The sums of several cells together; averages of cells are never averaged."""
    total = CellSums()
    for cell in cells:
        total = total + cell
    return total


def cell_mean(cell: CellSums, level: float = LEVEL) -> WeightedMean:
    """The weighted mean of a cell in the unit of its values, with the interval at n/deff; raises MeasureError.

    With equal weights it is the same interval as from the answers; with unequal ones the linearised interval of
    ``weighted_mean`` is exact and this one takes Kish's design effect.
    """
    _check(cell)
    if cell.n == 0 or cell.weight <= 0:
        return WeightedMean(
            value=None,
            n=cell.n,
            n_missing=cell.n_missing,
            coverage=0.0,
            method="pooled cells",
            warnings=sample_warnings(cell.n),
            se=None,
            sd=None,
            deff=1.0,
            n_effective=0.0,
        )
    mean, sd, se, deff = _spread(cell)
    interval = None
    if se is not None:
        half = mean_quantile(cell.n - 1, level) * se
        interval = Interval(mean - half, mean + half, "pooled cells at n/deff", level)
    return WeightedMean(
        value=mean,
        n=cell.n,
        n_missing=cell.n_missing,
        interval=interval,
        method="pooled cells",
        warnings=sample_warnings(cell.n),
        se=se,
        sd=sd,
        deff=deff,
        n_effective=cell.n / deff,
    )


def mean_and_error(cell: CellSums) -> tuple[float, float | None, float] | None:
    """Return the mean of a cell, its standard error (None for a single answer) and its design effect; None without answers.

    What ``cell_mean`` returns, without an interval: for composites over many cells. Raises MeasureError.
    """
    _check(cell)
    if cell.n == 0 or cell.weight <= 0:
        return None
    mean, _sd, se, deff = _spread(cell)
    return mean, se, deff


def _spread(cell: CellSums) -> tuple[float, float | None, float | None, float]:
    """Mean, standard deviation, standard error and design effect of a cell with answers."""
    mean = cell.value / cell.weight
    deff = cell.n * cell.weight_squared / cell.weight**2
    if cell.n < 2:
        return mean, None, None, deff
    # Two sums of 10 million squares cancel to about 1e-9 of their size; a spread below that is none.
    spread = cell.value_squared / cell.weight - mean * mean
    spread = 0.0 if spread < 1e-12 * mean * mean else spread
    sd = math.sqrt(spread * cell.n / (cell.n - 1))
    return mean, sd, sd * math.sqrt(deff / cell.n), deff


def cell_top_two(cell: CellSums, level: float = LEVEL) -> Measure:
    """The weighted share of the top two levels of a cell with its Wilson interval at n/deff; raises MeasureError."""
    _check(cell)
    if cell.n == 0 or cell.weight <= 0:
        return proportion(0, 0, cell.n_missing, method="T2B")
    share = min(1.0, cell.weight_top / cell.weight)
    return proportion(
        share * cell.n, cell.n, cell.n_missing, cell.n * cell.weight_squared / cell.weight**2, "T2B", level
    )


def _check(cell: CellSums) -> None:
    if cell.n < 0 or cell.weight < 0 or cell.weight_top > cell.weight * (1 + 1e-9) + 1e-9:
        raise MeasureError("The sums of a cell contradict each other.", "Rebuild the answer cells.")
