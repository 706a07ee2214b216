"""Bootstrap intervals of a PLS path model, and what a published model implies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import FloatArray, complete, matrix
from console.measures.pathmodel import Estimate, PathModel, estimate
from console.measures.results import LEVEL, Interval, Measure, MeasureError

REPLICATES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PathIntervals(Measure):
    """Intervals of direct paths by (cause, effect); ``value`` is the share of replicates that settled."""

    intervals: Mapping[tuple[str, str], Interval]
    standard_errors: Mapping[tuple[str, str], float]
    n_failed: int
    seed: int


def bootstrap_paths(
    answers: ArrayLike, model: PathModel, replicates: int = REPLICATES, seed: int = 1, level: float = LEVEL
) -> PathIntervals:
    """Percentile intervals of the paths from rows drawn with replacement, answers of shape (respondents, items)
    without gaps.

    Each replicate is sign-aligned to the full sample's loadings, variable by variable. Replicates that do not settle
    are left out and counted. Raises MeasureError as ``fit_path_model`` and when fewer than half settle.
    """
    y = complete(matrix(answers, "answers"), "answers")
    links, names = model.links(), list(model.names)
    columns = [list(block) for block in model.blocks.values()]
    whole = estimate([y[:, block] for block in columns], links, model.scheme, is_standardised=model.is_standardised)
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(replicates):
        rows = random.integers(0, y.shape[0], y.shape[0])
        try:
            run = _replicate(y[rows], columns, links, model, whole)
        except MeasureError:
            continue
        drawn.append(_aligned(run, whole))
    failed = replicates - len(drawn)
    if 2 * len(drawn) < replicates or not drawn:
        raise MeasureError(f"{failed} of {replicates} bootstrap replicates did not settle.", "The sample is too small.")
    stack = np.array(drawn)
    limits = np.quantile(stack, [(1 - level) / 2, (1 + level) / 2], axis=0)
    spread = stack.std(axis=0, ddof=1)
    method = f"bootstrap percentile, {replicates} replicates, seed {seed}"
    places = {(c, e): (names.index(e), names.index(c)) for c, e in model.paths}
    return PathIntervals(
        value=len(drawn) / replicates,
        n=y.shape[0],
        method=method,
        warnings=(f"{failed} replicates did not settle and were left out.",) if failed else (),
        intervals={
            key: Interval(float(limits[0][place]), float(limits[1][place]), method, level)
            for key, place in places.items()
        },
        standard_errors={key: float(spread[place]) for key, place in places.items()},
        n_failed=failed,
        seed=seed,
    )


def indirect_effects(causes: Mapping[str, float], onward: float) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Effects of causes through one mediator, coefficient × onward, and their shares of the sum of absolute effects.

    For published coefficients without data; a dominant cause beside a tiny one is typical of collinear blocks, so ask
    for loadings and inflation before acting on it. Raises MeasureError when every effect is 0.
    """
    effects = {name: coefficient * onward for name, coefficient in causes.items()}
    total = sum(abs(effect) for effect in effects.values())
    if total <= 0:
        raise MeasureError("No cause has an effect.")
    return effects, {name: abs(effect) / total for name, effect in effects.items()}


def _replicate(
    rows: FloatArray, columns: list[list[int]], links: FloatArray, model: PathModel, whole: Estimate
) -> Estimate:
    if (np.ptp(rows[:, [item for block in columns for item in block]], axis=0) <= 0).any():
        raise MeasureError("An item of the replicate does not vary.")
    blocks = [rows[:, block] for block in columns]
    # 1e-7 moves a path by less than its last printed digit and halves the iterations.
    return estimate(
        blocks, links, model.scheme, is_standardised=model.is_standardised, tolerance=1e-7, start=whole.weights
    )


def _aligned(run: Estimate, whole: Estimate) -> FloatArray:
    signs = np.array([1.0 if a @ b >= 0 else -1.0 for a, b in zip(run.loadings, whole.loadings, strict=True)])
    return np.asarray(run.direct * np.outer(signs, signs), dtype=np.float64)
