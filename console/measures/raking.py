"""Survey weights brought to known totals of a population: raking, post-stratification, trimming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, IntArray, complete, counts, floats, survey_weights, table, vector
from console.measures.means import design_effect
from console.measures.results import Measure, MeasureError

ROUNDS = 100
TOLERANCE = 1e-6
TRIM_AT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RakedWeights(Measure):
    """Weights with mean 1; ``value`` is their design effect, ``max_error`` the largest difference from a margin."""

    weights: tuple[float, ...]
    rounds: int
    max_error: float
    n_trimmed: int
    n_effective: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RakedTable(Measure):
    """A raked table: ``cells`` sum to 1, ``cell_weights`` have mean 1 over answers; ``value`` is the design effect."""

    cells: tuple[tuple[float, ...], ...]
    cell_weights: tuple[tuple[float, ...], ...]
    rounds: int
    n_effective: float


def rake(
    codes: Sequence[ArrayLike],
    margins: Sequence[ArrayLike],
    weights: ArrayLike | None = None,
    trim_at: float | None = None,
    tolerance: float = TOLERANCE,
) -> RakedWeights:
    """Weights of respondents whose weighted shares meet every margin.

    ``codes`` holds one array per variable, shape (respondents,), of category numbers from 0; ``margins`` the known
    shares of its categories. One variable is post-stratification. ``trim_at`` (5 is customary) cuts weights at that
    multiple of their median and rakes again, with ``max_error`` telling what cutting cost. Raises MeasureError when a
    margin has people and the sample none (merge categories), when margins do not sum to 1, and when 100 rounds do not
    settle. Source: Deming and Stephan (1940).
    """
    if not codes or len(codes) != len(margins):
        raise MeasureError("Every variable needs its margin.")
    variables = [_categories(column) for column in codes]
    size = variables[0].size
    start = survey_weights(weights, size)
    if size == 0:
        raise MeasureError("There is nobody to weight.")
    targets = [_margin(margin, i) for i, margin in enumerate(margins)]
    for i, (column, target) in enumerate(zip(variables, targets, strict=True)):
        if column.size != size or column.max() >= target.size:
            raise MeasureError(f"Variable {i + 1} does not fit its margin.", "Number its categories from 0.")
        present = np.bincount(column, weights=start, minlength=target.size) > 0
        if (~present & (target > 0)).any():
            missing = int(np.flatnonzero(~present & (target > 0))[0]) + 1
            raise MeasureError(
                f"Nobody answered in category {missing} of variable {i + 1}.", "Merge it with another category."
            )
    raked, rounds, error = _raked(start, variables, targets, tolerance)
    n_trimmed = 0
    if trim_at is not None:
        for _ in range(20):
            cap = trim_at * float(np.median(raked[raked > 0]))
            over = raked > cap * (1 + 1e-9)
            if not over.any():
                break
            n_trimmed = max(n_trimmed, int(over.sum()))
            raked, more, error = _raked(np.minimum(raked, cap), variables, targets, tolerance)
            rounds += more
        cap = trim_at * float(np.median(raked[raked > 0]))
        if (raked > cap).any():
            raked = np.minimum(raked, cap)
            error = _error(raked, variables, targets)
    raked = raked * size / raked.sum()
    deff = design_effect(raked)
    return RakedWeights(
        value=deff,
        n=size,
        method="raking",
        warnings=(f"{n_trimmed} weights were cut at {trim_at:g} times the median.",) if n_trimmed else (),
        weights=floats(raked),
        rounds=rounds,
        max_error=error,
        n_trimmed=n_trimmed,
        n_effective=size / deff,
    )


def rake_table(answers: ArrayLike, rows: ArrayLike, columns: ArrayLike) -> RakedTable:
    """The same for a table of counts, shape (rows, columns), with the known shares of its rows and columns.

    Raises MeasureError as ``rake``.
    """
    n = counts(np.asarray(answers, dtype=np.float64), "answers")
    if n.ndim != 2:
        raise MeasureError("Answers must be a table of rows and columns.")
    i, j = np.nonzero(n)
    raked = rake([i, j], [rows, columns], weights=n[i, j])
    cells = np.zeros_like(n)
    cells[i, j] = np.array(raked.weights) / len(raked.weights)
    total = float(n.sum())
    per_answer = np.divide(cells * total, n, out=np.zeros_like(n), where=n > 0)
    deff = float(total * (n * per_answer**2).sum() / (n * per_answer).sum() ** 2)
    return RakedTable(
        value=deff,
        n=int(total),
        method="raking",
        cells=table(cells),
        cell_weights=table(per_answer),
        rounds=raked.rounds,
        n_effective=total / deff,
    )


def adjusted_for_response(design: ArrayLike, cells: ArrayLike, is_answered: ArrayLike) -> tuple[float, ...]:
    """Design weights with those who did not answer carried by those who did in the same cell, shape (invited,).

    Weights of people without an answer become 0. Raises MeasureError for a cell in which nobody answered.
    """
    codes = _categories(cells)
    answered = np.asarray(is_answered, dtype=bool)
    weights = survey_weights(design, codes.size)
    if answered.size != codes.size:
        raise MeasureError("Answered marks and cells differ in length.")
    invited = np.bincount(codes, weights=weights)
    responded = np.bincount(codes, weights=np.where(answered, weights, 0.0))
    if ((invited > 0) & (responded <= 0)).any():
        raise MeasureError("Nobody answered in one of the cells.", "Merge it with another cell.")
    factor = np.divide(invited, responded, out=np.zeros_like(invited), where=responded > 0)
    return floats(np.where(answered, weights * factor[codes], 0.0))


def _raked(
    start: FloatArray, variables: list[IntArray], targets: list[FloatArray], tolerance: float
) -> tuple[FloatArray, int, float]:
    w = start / start.sum()
    for rounds in range(1, ROUNDS + 1):
        for column, target in zip(variables, targets, strict=True):
            sums = np.bincount(column, weights=w, minlength=target.size)
            w = w * np.divide(target, sums, out=np.zeros_like(target), where=sums > 0)[column]
        error = _error(w, variables, targets)
        if error < tolerance:
            return w, rounds, error
    raise MeasureError(
        f"Raking does not settle in {ROUNDS} rounds.", "The margins contradict the sample; merge categories."
    )


def _error(w: FloatArray, variables: list[IntArray], targets: list[FloatArray]) -> float:
    shares = w / w.sum()
    return max(
        float(np.abs(np.bincount(column, weights=shares, minlength=target.size) - target).max())
        for column, target in zip(variables, targets, strict=True)
    )


def _categories(values: ArrayLike) -> IntArray:
    array = complete(vector(values, "categories"), "categories")
    if (array < 0).any() or (array != np.floor(array)).any():
        raise MeasureError("Categories must be whole numbers from 0.")
    return array.astype(np.int64)


def _margin(values: ArrayLike, i: int) -> FloatArray:
    array = counts(vector(values, f"margin {i + 1}"), f"margin {i + 1}")
    if abs(array.sum() - 1) > 1e-6:
        raise MeasureError(f"Margin {i + 1} sums to {array.sum():.4f}, not to 1.", "Give shares of the population.")
    return np.asarray(array / array.sum(), dtype=np.float64)
