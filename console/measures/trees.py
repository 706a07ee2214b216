"""Indicator trees: scores rolled up from leaves to the root, with coverage and what drags the parent down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import counts, vector
from console.measures.disclosure import COVERAGE_NEEDED, is_publishable, sample_warnings
from console.measures.results import Interval, Measure, MeasureError, WeightError
from console.measures.scales import common_scale
from console.measures.weights import WeightKind, checked_weights


@dataclass(frozen=True, slots=True)
class Indicator:
    """A node of an indicator tree; ``weight`` counts within its parent, ``scale_id`` is that of its score."""

    id: str
    parent: str | None
    weight: float = 1.0
    scale_id: str = "0-100"
    target: float | None = None


@dataclass(frozen=True, slots=True)
class LeafScore:
    """The score of one leaf, with its standard error where it is known and the answers behind it."""

    score: float | None
    n: int = 0
    se: float | None = None
    scale_id: str = "0-100"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorScore(Measure):
    """One node rolled up.

    ``coverage`` is the share of its leaf weight with data, ``child_coverage`` that of its direct children with a
    score; ``weight`` is the declared one, ``used_weight`` the one after siblings without a score gave theirs up;
    ``shortfall`` is used weight × (parent's target − score).
    """

    id: str
    parent: str | None
    depth: int
    weight: float
    used_weight: float | None
    child_coverage: float
    shortfall: float | None
    is_publishable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeScore(Measure):
    """The root of a tree and all its nodes, parents before children."""

    nodes: tuple[IndicatorScore, ...]
    scale_id: str

    def node(self, node_id: str) -> IndicatorScore:
        """The node of this id; raises MeasureError when the tree has none."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise MeasureError(f"The tree has no indicator {node_id}.")


@dataclass(frozen=True, slots=True)
class _Rolled:
    score: float | None
    variance: float | None
    n: int
    coverage: float
    child_coverage: float


def roll_up(
    indicators: Sequence[Indicator],
    leaves: Mapping[str, LeafScore],
    target: float | None = None,
    kind: WeightKind = WeightKind.SHARES,
    coverage_needed: float = COVERAGE_NEEDED,
) -> TreeScore:
    """score(node) = Σ w_c score(c) / Σ w_c over children with a score; one root.

    Leaves without a score leave the roll-up and give up their weight. Intervals treat leaves as independent, so prefer
    ``composite_from_answers`` for surveys. ``target`` is for every node without one of its own. Scores for unknown or
    inner nodes are ignored with a warning. Raises MeasureError (no single root, unknown parent, cycle, double id),
    WeightError, ScaleError (a leaf on another scale).
    """
    order, children = _ordered(indicators)
    by_id = {node.id: node for node in order}
    leaf_ids = {node.id for node in order if not children[node.id]}
    scale_id = common_scale(
        [node.scale_id for node in order] + [leaf.scale_id for key, leaf in leaves.items() if key in leaf_ids]
    )
    warnings = [f"Scores for {key} were ignored: not a leaf of this tree." for key in leaves if key not in leaf_ids]
    declared, notes = _declared(order, children, kind)
    warnings += notes
    rolled: dict[str, _Rolled] = {}
    for node in reversed(order):
        kids = children[node.id]
        rolled[node.id] = _inner(kids, declared, rolled) if kids else _leaf(leaves.get(node.id))
    nodes, depth = [], {order[0].id: 0}
    for node in order:
        r = rolled[node.id]
        used = shortfall = None
        if node.parent is not None:
            depth[node.id] = depth[node.parent] + 1
            aim = by_id[node.parent].target if by_id[node.parent].target is not None else target
            if r.score is not None and rolled[node.parent].child_coverage > 0:
                used = declared[node.id] / rolled[node.parent].child_coverage
                shortfall = None if aim is None else used * (aim - r.score)
        nodes.append(
            IndicatorScore(
                value=r.score,
                n=r.n,
                coverage=r.coverage,
                interval=_interval(r),
                method="tree roll-up",
                warnings=sample_warnings(r.n, r.coverage, coverage_needed) if r.n else (),
                id=node.id,
                parent=node.parent,
                depth=depth[node.id],
                weight=declared[node.id],
                used_weight=used,
                child_coverage=r.child_coverage,
                shortfall=shortfall,
                is_publishable=is_publishable(r.coverage, coverage_needed),
            )
        )
    root = nodes[0]
    empty = [f"{node.id} has no data; its weight went to its siblings." for node in nodes[1:] if node.value is None]
    missing = sum(1 for leaf in leaf_ids if rolled[leaf].score is None)
    if not root.is_publishable:
        warnings.append(f"Coverage {root.coverage:.2f} is below {coverage_needed:.2f}: not publishable.")
    return TreeScore(
        value=root.value,
        n=root.n,
        n_missing=missing,
        coverage=root.coverage,
        interval=root.interval,
        method="tree roll-up",
        warnings=tuple(warnings + empty),
        nodes=tuple(nodes),
        scale_id=scale_id,
    )


def path_weights(
    indicators: Sequence[Indicator], below: str | None = None, kind: WeightKind = WeightKind.SHARES
) -> dict[str, float]:
    """The weight of every leaf below a node (the root by default), the product of weights along its path; they sum to
    1.

    With them ``composite_from_answers`` gives a node the interval of its respondents, which ``roll_up`` cannot know.
    Raises MeasureError and WeightError as ``roll_up``, and for an unknown node.
    """
    order, children = _ordered(indicators)
    declared, _ = _declared(order, children, kind)
    top = order[0].id if below is None else below
    if top not in children:
        raise MeasureError(f"The tree has no indicator {top}.")
    weights, waiting = {}, [(top, 1.0)]
    while waiting:
        node_id, weight = waiting.pop(0)
        if not children[node_id]:
            weights[node_id] = weight
        waiting = [(kid, weight * declared[kid]) for kid in children[node_id]] + waiting
    return weights


def pooled_units(sum_weights: ArrayLike, weighted_sums: ArrayLike, n: ArrayLike) -> Measure:
    """Units rolled up to their organisation by pooling respondents: Σ(Σwx) / Σ(Σw), shapes (units,).

    Averages of averages are not taken; ``averaged_units`` is there for plans that say so. Raises MeasureError.
    """
    sw = counts(vector(sum_weights, "sums of weights"), "sums of weights")
    swx = vector(weighted_sums, "weighted sums", sw.size)
    total, answers = float(sw.sum()), int(counts(vector(n, "n", sw.size), "n").sum())
    value = float(swx[sw > 0].sum() / total) if total > 0 else None
    return Measure(
        value=value,
        n=answers,
        n_missing=int((sw == 0).sum()),
        coverage=float((sw > 0).mean()) if sw.size else 0.0,
        method="pooled respondents",
        warnings=sample_warnings(answers),
    )


def averaged_units(scores: ArrayLike, n: ArrayLike) -> Measure:
    """Units rolled up with equal weight per unit, for plans that declare it; NaN marks a unit without answers."""
    y = vector(scores, "scores")
    present = ~np.isnan(y)
    answers = int(counts(vector(n, "n", y.size), "n")[present].sum())
    return Measure(
        value=float(y[present].mean()) if present.any() else None,
        n=answers,
        n_missing=int((~present).sum()),
        coverage=float(present.mean()) if y.size else 0.0,
        method="equal weight per unit",
        warnings=(*sample_warnings(answers), "Units count alike whatever their size."),
    )


def _ordered(indicators: Sequence[Indicator]) -> tuple[list[Indicator], dict[str, list[str]]]:
    by_id = {node.id: node for node in indicators}
    if len(by_id) != len(indicators):
        raise MeasureError("Two indicators of the tree bear the same id.", "Give each its own.")
    roots = [node for node in indicators if node.parent is None]
    if len(roots) != 1:
        raise MeasureError(f"The tree has {len(roots)} roots.", "Give every indicator but one a parent.")
    children: dict[str, list[str]] = {node.id: [] for node in indicators}
    for node in indicators:
        if node.parent is not None:
            if node.parent not in by_id:
                raise MeasureError(f"Indicator {node.id} names an unknown parent {node.parent}.")
            children[node.parent].append(node.id)
    order, waiting = [], [roots[0].id]
    while waiting:
        node_id = waiting.pop(0)
        order.append(by_id[node_id])
        waiting = children[node_id] + waiting
    if len(order) != len(indicators):
        raise MeasureError("The tree has a cycle.", "An indicator may not stand below itself.")
    return order, children


def _declared(
    order: Sequence[Indicator], children: Mapping[str, list[str]], kind: WeightKind
) -> tuple[dict[str, float], list[str]]:
    """The checked weight of every node within its parent, and what had to be done to them."""
    by_id = {node.id: node for node in order}
    declared, notes = {order[0].id: 1.0}, []
    for parent, kids in children.items():
        if kids:
            try:
                checked = checked_weights([by_id[kid].weight for kid in kids], kind)
            except WeightError as error:
                raise WeightError(f"Under {parent}: {error.message}", error.hint) from error
            notes += [f"Under {parent}: {note}" for note in checked.warnings]
            declared.update(zip(kids, checked.values, strict=True))
    return declared, notes


def _leaf(leaf: LeafScore | None) -> _Rolled:
    if leaf is None or leaf.score is None or math.isnan(leaf.score):
        return _Rolled(None, None, 0, 0.0, 0.0)
    return _Rolled(leaf.score, None if leaf.se is None else leaf.se**2, leaf.n, 1.0, 1.0)


def _inner(kids: list[str], declared: Mapping[str, float], rolled: Mapping[str, _Rolled]) -> _Rolled:
    coverage = sum(declared[kid] * rolled[kid].coverage for kid in kids)
    scored = [kid for kid in kids if rolled[kid].score is not None and declared[kid] > 0]
    weight = sum(declared[kid] for kid in scored)
    n = max((rolled[kid].n for kid in kids), default=0)
    if not scored:
        return _Rolled(None, None, n, coverage, 0.0)
    score, variance = 0.0, 0.0
    has_variance = True
    for kid in scored:
        share, r = declared[kid] / weight, rolled[kid]
        score += share * (r.score or 0.0)
        if r.variance is None:
            has_variance = False
        else:
            variance += share**2 * r.variance
    return _Rolled(score, variance if has_variance else None, n, coverage, weight)


def _interval(r: _Rolled) -> Interval | None:
    if r.score is None or r.variance is None:
        return None
    from console.measures.distributions import z_quantile

    half = z_quantile() * math.sqrt(r.variance)
    return Interval(r.score - half, r.score + half, "leaves taken as independent")
