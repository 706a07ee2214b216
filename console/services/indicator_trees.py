"""Indicator trees rolled up from answers: a survey's own, or a ready one that its items are placed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from console.codes import IndicatorKind
from console.measures.composites import composite_from_answers
from console.measures.trees import Indicator as Node
from console.measures.trees import LeafScore, TreeScore, roll_up
from console.measures.weights import WeightKind, checked_weights
from console.rules.filters import Term, Value
from console.rules.indicator_trees import load_tree
from console.services.answer_counts import (
    Levels,
    SurveyFrame,
    chosen_items,
    counted,
    figure_of,
    mean_figure,
    one_frame,
    values_of,
)
from console.services.answer_filtering import AnswerQuestion, asked
from console.services.answer_matrix import AnswerMatrix, answer_matrix, answers_counted
from console.services.answering import Item
from console.services.satisfaction import MOST_FOR_RESPONDENTS
from console.services.satisfaction_views import Figure, NodeFigure, TreeFigures
from console.services.weighting import active_weights
from console.storage.engine import Store

ROOT = "root"
OWN = "own"
DEFAULT_TARGET = 80.0


@dataclass(frozen=True, slots=True)
class _Placed:
    """A tree with the items of a survey as its leaves: nodes, labels, and the item at each leaf."""

    name: str
    version: str
    nodes: tuple[Node, ...]
    labels: Mapping[str, tuple[str, str]]
    items: Mapping[str, Item]
    unplaced: tuple[str, ...]
    target: float | None


def tree(
    store: Store, filter_text: str = "", *, name: str | None = None, target: float | None = None, zone: str = ""
) -> TreeFigures:
    """Roll up the indicator tree of the survey a filter chooses (the newest answered one where it names none).

    ``name`` is a ready tree, ``own`` the survey's own; without a name the tree planned for the survey, else its own groups.
    Intervals of inner nodes come from respondents. Raises NotFoundError; WeightError where weights do not add up; ScaleError
    where level scores and even scores would be added.
    """
    question = asked(filter_text, zone=zone)
    with store.reading() as connection:
        frame = one_frame(connection, question)
        items = chosen_items(connection, frame, question)
        placed = _placed(connection, frame, items, name)
        found, _ = counted(connection, frame, list(placed.items.values()), question)
        leaves = {id_: _leaf(frame, item, found[item.id].get((), Levels())) for id_, item in placed.items.items()}
        rolled = roll_up(placed.nodes, leaves, target if target is not None else placed.target)
        halves = _half_widths(connection, frame, placed, rolled, question)
    return _shown(frame, placed, rolled, leaves, halves, question, target)


def _leaf(frame: SurveyFrame, item: Item, counts: Levels) -> LeafScore:
    values, scale = values_of(item, frame)
    figure = mean_figure(counts, item, values, scale=scale)
    if figure.value is None:
        return LeafScore(None, counts.n, scale_id=scale)
    half = None if figure.high is None else figure.high - figure.value
    return LeafScore(figure.value, figure.n, None if half is None else half / 1.959963984540054, scale)


def _placed(connection: Connection, frame: SurveyFrame, items: Mapping[str, Item], name: str | None) -> _Placed:
    groups = [item for item in frame.items.values() if item.kind == IndicatorKind.GROUP]
    chosen = name or (frame.tree if frame.tree and not groups else OWN)
    rated = {code: item for code, item in items.items() if code in frame.scored}
    return _own(connection, frame, rated) if chosen == OWN else _ready(connection, frame, rated, chosen)


def _own(connection: Connection, frame: SurveyFrame, rated: Mapping[str, Item]) -> _Placed:
    weights, version = active_weights(connection, frame.id, "", frame.weights_version)
    by_id = {item.id: item for item in frame.items.values()}
    groups = [item for item in frame.items.values() if item.kind == IndicatorKind.GROUP]
    members: dict[int | None, list[Item]] = {}
    for item in (*groups, *rated.values()):
        # An overall question beside the groups is what the tree explains, not a part of it.
        if item.parent_id is None and groups and item.kind != IndicatorKind.GROUP and item.weight is None:
            continue
        members.setdefault(item.parent_id, []).append(item)

    def is_filled(item: Item) -> bool:
        return item.kind != IndicatorKind.GROUP or any(is_filled(child) for child in members.get(item.id, []))

    nodes = [Node(ROOT, None, scale_id=_scale(frame, list(rated.values())))]
    labels: dict[str, tuple[str, str]] = {ROOT: (frame.title, frame.title_zh)}
    leaves: dict[str, Item] = {}
    own = False
    for parent_id, kids in members.items():
        kids = [kid for kid in kids if is_filled(kid)]
        declared = [weights.get(kid.code, kid.weight) for kid in kids]
        is_equal = all(weight is None for weight in declared)
        own = own or not is_equal
        for kid, weight in zip(kids, declared, strict=True):
            share = 1 / len(kids) if is_equal else (weight or 0.0)
            parent = ROOT if parent_id is None else by_id[parent_id].code
            nodes.append(Node(kid.code, parent, share, nodes[0].scale_id, kid.target))
            labels[kid.code] = (kid.label, kid.label_zh)
            if kid.kind != IndicatorKind.GROUP:
                leaves[kid.code] = kid
    unplaced = tuple(code for code in rated if code not in leaves)
    if not version:
        version = "as entered" if own else "equal"
    return _Placed(OWN, version, tuple(nodes), labels, leaves, unplaced, DEFAULT_TARGET)


def _ready(connection: Connection, frame: SurveyFrame, rated: Mapping[str, Item], name: str) -> _Placed:
    ready = load_tree(name)
    weights, version = active_weights(connection, frame.id, name, frame.weights_version)
    scale = _scale(frame, list(rated.values()))
    nodes = [Node(ROOT, None, scale_id=scale, target=ready.target)]
    labels: dict[str, tuple[str, str]] = {ROOT: (ready.title, ready.title_zh)}
    by_parent: dict[str, list[tuple[str, float]]] = {}
    for node in ready.nodes:
        by_parent.setdefault(node.parent, []).append((node.id, weights.get(node.id, node.weight)))
    shares: dict[str, float] = {}
    for pairs in by_parent.values():
        kind = WeightKind.POINTS if ready.has_points else WeightKind.SHARES
        shares.update(zip([id_ for id_, _ in pairs], checked_weights([w for _, w in pairs], kind).values, strict=True))
    for node in ready.nodes:
        nodes.append(Node(node.id, node.parent or ROOT, shares[node.id], scale, node.target))
        labels[node.id] = (node.label, node.label_zh)
    on_leaf: dict[str, list[Item]] = {}
    unplaced: list[str] = []
    for code, item in rated.items():
        leaf = ready.leaf_of(code, item.node)
        if leaf is None:
            unplaced.append(code)
        else:
            on_leaf.setdefault(leaf.id, []).append(item)
    leaves: dict[str, Item] = {}
    for leaf_id, items in on_leaf.items():
        if len(items) == 1:
            leaves[leaf_id] = items[0]
            continue
        for item in items:
            id_ = f"{leaf_id}/{item.code}"
            nodes.append(Node(id_, leaf_id, 1 / len(items), scale))
            labels[id_] = (item.label, item.label_zh)
            leaves[id_] = item
    return _Placed(name, version or f"{name} as shipped", tuple(nodes), labels, leaves, tuple(unplaced), ready.target)


def _scale(frame: SurveyFrame, items: Sequence[Item]) -> str:
    return values_of(items[0], frame)[1] if items else "0-100"


def _half_widths(
    connection: Connection, frame: SurveyFrame, placed: _Placed, rolled: TreeScore, question: AnswerQuestion
) -> dict[str, tuple[float, int]]:
    """Half widths of the 95 % intervals of inner nodes from respondents, with the number of these."""
    items = list(placed.items.items())
    if not items or answers_counted(connection, [item for _, item in items]) > MOST_FOR_RESPONDENTS:
        return {}
    table: AnswerMatrix = answer_matrix(connection, [item for _, item in items], question)
    scores = table.scores(frame)
    parents = {node.id: (node.parent, node.weight) for node in placed.nodes}
    found: dict[str, tuple[float, int]] = {}
    inner = {node.parent for node in placed.nodes if node.parent}
    for node_id in inner:
        columns, weights = [], []
        for column, (leaf_id, _) in enumerate(items):
            weight, at = 1.0, leaf_id
            while at != node_id and parents[at][0] is not None:
                weight *= parents[at][1]
                at = parents[at][0] or ""
            if at == node_id and weight > 0:
                columns.append(column)
                weights.append(weight)
        if not columns or np.isnan(scores[:, columns]).all():
            continue
        composite = composite_from_answers(scores[:, columns], weights, table.weights, kind=WeightKind.POINTS)
        if composite.interval is not None:
            found[node_id] = (composite.interval.half_width, composite.n)
    del rolled
    return found


def _leaves_below(placed: _Placed, node_id: str) -> tuple[str, ...]:
    """The codes of the items that a node is made from."""
    parents = {node.id: node.parent for node in placed.nodes}
    found = []
    for leaf_id, item in placed.items.items():
        at: str | None = leaf_id
        while at is not None and at != node_id:
            at = parents[at]
        if at == node_id:
            found.append(item.code)
    return tuple(found)


def _rows_of(question: AnswerQuestion, frame: SurveyFrame, codes: tuple[str, ...]) -> str:
    chosen = str(Term("indicator", tuple(Value(code) for code in codes)))
    return " ".join(part for part in (question.on_survey(frame.code), chosen, str(question.filter)) if part)


def _shown(
    frame: SurveyFrame,
    placed: _Placed,
    rolled: TreeScore,
    leaves: Mapping[str, LeafScore],
    halves: Mapping[str, tuple[float, int]],
    question: AnswerQuestion,
    target: float | None,
) -> TreeFigures:
    nodes: list[NodeFigure] = []
    targets = {node.id: node.target for node in placed.nodes}
    for node in rolled.nodes:
        figure: Figure = figure_of(node, "0-100", rolled.scale_id, weights_version=placed.version)
        if node.id in leaves:
            figure = replace(figure, n=leaves[node.id].n, method="mean of answers")
        elif node.id in halves and node.value is not None:
            half, n = halves[node.id]
            shown = figure_of(replace(node, n=n), "0-100", rolled.scale_id, weights_version=placed.version)
            figure = replace(
                shown, low=node.value - half, high=node.value + half, interval="linearised over respondents"
            )
            if shown.value is None:
                figure = shown
        item = placed.items.get(node.id)
        if item is not None:
            figure = replace(figure, filter=_rows_of(question, frame, (item.code,)))
        else:
            below = _leaves_below(placed, node.id)
            figure = replace(figure, filter=_rows_of(question, frame, below) if below else "")
        label, label_zh = placed.labels[node.id]
        nodes.append(
            NodeFigure(
                id=node.id,
                parent=node.parent,
                depth=node.depth,
                label=label,
                label_zh=label_zh,
                figure=figure,
                weight=node.weight,
                used_weight=node.used_weight,
                shortfall=None if figure.disclosure == "hidden" else node.shortfall,
                target=targets.get(node.id) if targets.get(node.id) is not None else (target or placed.target),
                is_publishable=node.is_publishable,
            )
        )
    return TreeFigures(
        survey=frame.code,
        tree=placed.name,
        weights_version=placed.version,
        root=nodes[0].figure,
        nodes=tuple(nodes),
        unplaced=placed.unplaced,
        filter=str(question.filter),
        warnings=rolled.warnings,
    )
