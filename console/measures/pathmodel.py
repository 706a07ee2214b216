"""PLS path model (ECSI/ACSI shape): latent variables from blocks of items, paths between them, indices on 0–100.

Mode A throughout. The order of the steps is fixed so that two implementations agree to eight digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import BoolArray, FloatArray, floats, matrix, table
from console.measures.reliability import (
    composite_reliability,
    consistent_reliability,
    cronbach_alpha,
    variance_extracted,
)
from console.measures.results import Measure, MeasureError
from console.measures.scales import TEN, Scale

TOLERANCE = 1e-10
ITERATIONS = 500
MISSING_ALLOWED = 0.30


class Scheme(StrEnum):
    """How neighbouring latent variables are joined while weights are sought."""

    CENTROID = "centroid"
    FACTORIAL = "factorial"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class PathModel:
    """Latent variables with their items (column numbers), and paths from cause to effect by name."""

    blocks: Mapping[str, Sequence[int]]
    paths: Sequence[tuple[str, str]]
    scheme: Scheme = Scheme.CENTROID
    is_standardised: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The latent variables in their order."""
        return tuple(self.blocks)

    def links(self) -> FloatArray:
        """Paths as a matrix with a 1 at (effect, cause), shape (variables, variables).

        Raises MeasureError for unknown names, empty blocks, items in two blocks, and paths that run in a circle.
        """
        names = self.names
        used = [item for block in self.blocks.values() for item in block]
        if any(not block for block in self.blocks.values()) or len(used) != len(set(used)):
            raise MeasureError("Every latent variable needs items of its own.")
        links = np.zeros((len(names), len(names)))
        for cause, effect in self.paths:
            if cause not in names or effect not in names:
                raise MeasureError(f"The path {cause} to {effect} names an unknown latent variable.")
            links[names.index(effect), names.index(cause)] = 1.0
        if np.trace(np.linalg.matrix_power(links + np.eye(len(names)), len(names))) > len(names):
            raise MeasureError("The paths run in a circle.", "A cause may not depend on its effect.")
        if not links.any():
            raise MeasureError("The model has no path.")
        linked = (links + links.T).sum(axis=0)
        alone = [name for name, paths in zip(names, linked, strict=True) if paths == 0]
        if alone:
            raise MeasureError(f"No path leads to or from {alone[0]}.", "Link it, or leave it out of the model.")
        return links


@dataclass(frozen=True, slots=True)
class LatentVariable:
    """One latent variable: its items, how well they hang together, and its index on 0–100."""

    name: str
    items: tuple[int, ...]
    outer_weights: tuple[float, ...]
    index_weights: tuple[float, ...]
    loadings: tuple[float, ...]
    index: float | None
    segment_indices: Mapping[str, float]
    r_squared: float | None
    communality: float
    average_variance_extracted: float
    alpha: float | None
    rho_a: float | None
    rho_c: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PathModelFit(Measure):
    """A fitted model; ``value`` is its goodness of fit √(mean communality × mean R²).

    ``paths`` are direct effects by (cause, effect), ``total_effects`` include the indirect ones, ``scores`` have mean 0
    and standard deviation 1, shape (respondents, variables).
    """

    variables: tuple[LatentVariable, ...]
    paths: Mapping[tuple[str, str], float]
    total_effects: Mapping[tuple[str, str], float]
    inflation: Mapping[tuple[str, str], float]
    scores: tuple[tuple[float, ...], ...]
    iterations: int
    dropped_items: tuple[int, ...]
    is_exploratory: bool

    def variable(self, name: str) -> LatentVariable:
        """The latent variable of this name; raises MeasureError when the model has none."""
        for variable in self.variables:
            if variable.name == name:
                return variable
        raise MeasureError(f"The model has no latent variable {name}.")


@dataclass(frozen=True, slots=True)
class Estimate:
    """The bare numbers of one run, used again and again by the bootstrap."""

    weights: tuple[FloatArray, ...]
    loadings: tuple[FloatArray, ...]
    scores: FloatArray
    direct: FloatArray
    r_squared: FloatArray
    iterations: int


def fit_path_model(
    answers: ArrayLike, model: PathModel, scales: Scale | Sequence[Scale] = TEN, segments: Sequence[str] | None = None
) -> PathModelFit:
    """Fit a model to answers, shape (respondents, items), NaN for missing.

    Respondents who left more than 30 % of the model's items open are left out; other gaps take the item's mean within
    the segment. Items without variance are dropped. Weights are estimated once on all, and indices of segments use
    the segment's means with them; an item with a negative weight leaves its variable without index. Raises
    MeasureError for an impossible model, a block without usable items, and when 500 iterations do not settle. Source:
    Wold (1982); Lohmöller (1989); index after Fornell et al. (1996).
    """
    y = matrix(answers, "answers")
    links = model.links()
    items = [item for block in model.blocks.values() for item in block]
    if min(items) < 0 or max(items) >= y.shape[1]:
        raise MeasureError(f"The model names item {max(items) + 1} of {y.shape[1]}.")
    each = [scales] * y.shape[1] if isinstance(scales, Scale) else list(scales)
    if len(each) != y.shape[1]:
        raise MeasureError(f"{len(each)} scales are given for {y.shape[1]} items.")
    kept = np.isnan(y[:, items]).mean(axis=1) <= MISSING_ALLOWED
    names = np.array(["all"] * y.shape[0] if segments is None else list(segments))
    if names.size != y.shape[0]:
        raise MeasureError("Segments and answers differ in length.")
    names = names[kept]
    filled, n_filled = _filled(y[kept], items, names)
    n = int(kept.sum())
    if n < 3:
        raise MeasureError("A path model needs respondents who answered most items.")
    flat = tuple(item for item in items if np.ptp(filled[:, item]) <= 0)
    blocks = [[item for item in block if item not in flat] for block in model.blocks.values()]
    if any(not block for block in blocks):
        raise MeasureError("A latent variable has no item whose answers differ.", "Leave it out of the model.")
    run = estimate([filled[:, block] for block in blocks], links, model.scheme, is_standardised=model.is_standardised)
    arrows = int(links.sum(axis=1).max())
    needed = max(10 * arrows, 100)
    warnings = [f"Item {item + 1} has no variance and was dropped." for item in flat]
    if n < needed:
        warnings.append(f"{n} respondents where {needed} are needed: exploratory.")
    if n_filled:
        warnings.append(f"{n_filled} missing answers took the mean of their item.")
    variables, total = [], _total(run.direct)
    for k, (name, block) in enumerate(zip(model.names, blocks, strict=True)):
        r_squared = float(run.r_squared[k]) if links[k].any() else None
        variable = _variable(name, block, k, r_squared, run, filled, each, names, is_standardised=model.is_standardised)
        variables.append(variable)
        if variable.index is None:
            warnings.append(f"{name} has no index: an item has a negative weight, it is reversed or wrong.")
    effects, order = [(c, e) for c, e in model.paths], list(model.names)
    inflation = _inflation(run.scores, links)
    warnings += [
        f"The causes of {effect} overlap (inflation {inflation[order.index(effect), order.index(cause)]:.1f} for {cause})."
        for cause, effect in effects
        if inflation[order.index(effect), order.index(cause)] > 5
    ]
    communality = float(np.mean([v.communality for v in variables]))
    explained = [v.r_squared for v in variables if v.r_squared is not None]
    return PathModelFit(
        value=float(np.sqrt(communality * np.mean(explained))),
        n=n,
        n_missing=int((~kept).sum()),
        coverage=float(kept.mean()),
        method=f"PLS path model, mode A, {model.scheme}, {'standardised' if model.is_standardised else 'raw'}",
        warnings=tuple(warnings),
        variables=tuple(variables),
        paths={(c, e): float(run.direct[order.index(e), order.index(c)]) for c, e in effects},
        total_effects={
            (c, e): float(total[j, i]) for i, c in enumerate(order) for j, e in enumerate(order) if total[j, i] != 0
        },
        inflation={(c, e): float(inflation[order.index(e), order.index(c)]) for c, e in effects},
        scores=table(run.scores),
        iterations=run.iterations,
        dropped_items=flat,
        is_exploratory=n < needed,
    )


def estimate(
    blocks: Sequence[FloatArray],
    links: FloatArray,
    scheme: Scheme,
    *,
    is_standardised: bool,
    tolerance: float = TOLERANCE,
    start: Sequence[FloatArray] | None = None,
) -> Estimate:
    """One run of the algorithm on blocks without gaps, each of shape (respondents, items of the block).

    Raises MeasureError when the weights do not settle in 500 iterations.
    """
    z = [_centred(block, is_standardised=is_standardised) for block in blocks]
    neighbours = (links + links.T) > 0
    weights = [np.ones(block.shape[1]) for block in z] if start is None else list(start)
    weights, y = _scaled(z, weights)
    change, iterations = np.inf, 0
    while change >= tolerance:
        if iterations == ITERATIONS:
            raise MeasureError(
                f"The path model does not settle in {ITERATIONS} iterations.", "Check its items and paths."
            )
        inner = y @ _inner(y, links, neighbours, scheme)
        fresh, y = _scaled(z, [block.T @ inner[:, k] for k, block in enumerate(z)])
        change = max(float(np.abs(new - old).max()) for new, old in zip(fresh, weights, strict=True))
        weights, iterations = fresh, iterations + 1
    loadings = []
    for k, block in enumerate(z):
        load = block.T @ y[:, k] / (y.shape[0] - 1) / block.std(axis=0, ddof=1)
        if (load < 0).sum() * 2 > load.size:
            weights[k], y[:, k], load = -weights[k], -y[:, k], -load
        loadings.append(load)
    direct, r_squared = _regressions(y, links)
    return Estimate(tuple(weights), tuple(loadings), y, direct, r_squared, iterations)


def _centred(block: FloatArray, *, is_standardised: bool) -> FloatArray:
    z = block - block.mean(axis=0)
    return np.asarray(z / z.std(axis=0, ddof=1) if is_standardised else z, dtype=np.float64)


def _scaled(z: Sequence[FloatArray], weights: Sequence[FloatArray]) -> tuple[list[FloatArray], FloatArray]:
    scores = np.column_stack([block @ w for block, w in zip(z, weights, strict=True)])
    spread = scores.std(axis=0, ddof=1)
    if (spread <= 0).any():
        raise MeasureError(
            "A latent variable does not vary.", "Its items cancel out; reverse the ones that run the other way."
        )
    return [w / s for w, s in zip(weights, spread, strict=True)], scores / spread


def _inner(y: FloatArray, links: FloatArray, neighbours: BoolArray, scheme: Scheme) -> FloatArray:
    r = y.T @ y / (y.shape[0] - 1)
    if scheme is Scheme.CENTROID:
        return np.where(neighbours, np.sign(r), 0.0)
    e = np.where(neighbours, r, 0.0)
    if scheme is Scheme.PATH:
        for k in range(links.shape[0]):
            causes = np.flatnonzero(links[k])
            if causes.size:
                e[causes, k] = np.linalg.lstsq(r[np.ix_(causes, causes)], r[causes, k], rcond=None)[0]
    return e


def _regressions(y: FloatArray, links: FloatArray) -> tuple[FloatArray, FloatArray]:
    r = y.T @ y / (y.shape[0] - 1)
    direct, r_squared = np.zeros_like(links), np.zeros(links.shape[0])
    for k in range(links.shape[0]):
        causes = np.flatnonzero(links[k])
        if causes.size:
            direct[k, causes] = np.linalg.lstsq(r[np.ix_(causes, causes)], r[causes, k], rcond=None)[0]
            r_squared[k] = direct[k, causes] @ r[causes, k]
    return direct, r_squared


def _total(direct: FloatArray) -> FloatArray:
    total, power = direct.copy(), direct.copy()
    for _ in range(direct.shape[0] - 1):
        power = power @ direct
        total += power
    return total


def _inflation(y: FloatArray, links: FloatArray) -> FloatArray:
    """Variance inflation of every cause among the causes of its effect, at (effect, cause)."""
    r = y.T @ y / (y.shape[0] - 1)
    inflation = np.ones_like(links)
    for k in range(links.shape[0]):
        causes = np.flatnonzero(links[k])
        if causes.size > 1:
            inflation[k, causes] = np.diag(np.linalg.pinv(r[np.ix_(causes, causes)]))
    return inflation


def _filled(
    y: FloatArray, items: Sequence[int], names: np.ndarray[tuple[int, ...], np.dtype[np.str_]]
) -> tuple[FloatArray, int]:
    filled, n_filled = y.copy(), 0
    for item in items:
        column = filled[:, item]
        gaps = np.isnan(column)
        if not gaps.any():
            continue
        if gaps.all():
            raise MeasureError(f"Item {item + 1} has no answers.", "Leave it out of the model.")
        overall = float(column[~gaps].mean())
        for name in np.unique(names[gaps]):
            known = column[(names == name) & ~gaps]
            column[(names == name) & gaps] = known.mean() if known.size else overall
        n_filled += int(gaps.sum())
    return filled, n_filled


def _variable(
    name: str,
    block: Sequence[int],
    k: int,
    r_squared: float | None,
    run: Estimate,
    filled: FloatArray,
    scales: Sequence[Scale],
    segments: np.ndarray[tuple[int, ...], np.dtype[np.str_]],
    *,
    is_standardised: bool,
) -> LatentVariable:
    data = filled[:, list(block)]
    raw = run.weights[k] / data.std(axis=0, ddof=1) if is_standardised else run.weights[k]
    low = np.array([scales[item].minimum for item in block])
    width = np.array([scales[item].maximum for item in block]) - low
    index, by_segment = None, {}
    if (raw >= 0).all():
        index = float(100 * (raw @ (data.mean(axis=0) - low)) / (raw @ width))
        by_segment = {
            str(segment): float(100 * (raw @ (data[segments == segment].mean(axis=0) - low)) / (raw @ width))
            for segment in np.unique(segments)
        }
    load = run.loadings[k]
    several = len(block) > 1
    unit_weights = run.weights[k] if is_standardised else run.weights[k] * data.std(axis=0, ddof=1)
    return LatentVariable(
        name=name,
        items=tuple(block),
        outer_weights=floats(run.weights[k]),
        index_weights=floats(raw / raw.sum()),
        loadings=floats(load),
        index=index,
        segment_indices=by_segment,
        r_squared=r_squared,
        communality=float((load**2).mean()),
        average_variance_extracted=variance_extracted(load),
        alpha=cronbach_alpha(data).value if several else None,
        rho_a=consistent_reliability(data, unit_weights) if several else None,
        rho_c=composite_reliability(load),
    )
