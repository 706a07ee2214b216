"""A survey at a glance: headline numbers, the indicator tree with its changes, weak points, segments, mix and rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, select

from console.codes import IndicatorKind
from console.errors import OmbudError
from console.measures.cells import cell_mean
from console.measures.disclosure import RESPONSE_NEEDED
from console.measures.discoveries import benjamini_hochberg
from console.measures.distributions import t_two_sided
from console.measures.means import WeightedMean
from console.measures.trends import SHORTEST_SERIES, change_point
from console.rules.filters import Filter, Operator, Term, Value
from console.services.answer_counts import (
    Levels,
    SurveyFrame,
    chosen_items,
    counted,
    frames,
    one_frame,
    sums_of,
    top_figure,
    values_of,
)
from console.services.answer_filtering import RESPONSES, SURVEY_FIELDS, SURVEYS, AnswerQuestion, asked
from console.services.answering import Item
from console.services.comparisons import PROVEN, difference, top_difference
from console.services.drivers import overall_item
from console.services.indicator_trees import tree
from console.services.overview_views import Headline, Overview, Segment, Split, SurveyChoice, TreeRow, WeakPoint
from console.services.satisfaction import figures, item_weights
from console.services.satisfaction_views import Figure, NodeFigure, SurveyFigures, TreeFigures
from console.services.segment_indices import at, index_figure, is_enough, joined, places_of, split_of
from console.storage.engine import Store

DEFAULT_TARGET = 80.0
DRILLED = ("region", "channel", "kind", "supply", "department")
MONTHS = 12
LEAST = 30


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the counts of one slice say: the rated items, their weights, and the answers by each dimension."""

    frame: SurveyFrame
    question: AnswerQuestion
    items: tuple[Item, ...]
    weights: tuple[float, ...]
    version: str
    by: Mapping[str, dict[int, dict[tuple[str, ...], Levels]]]

    def index(self, levels: Mapping[int, Levels], term: str = "") -> Figure:
        """The index of one place."""
        filter_text = " ".join(
            part for part in (self.question.on_survey(self.frame.code), term, str(self.question.filter)) if part
        )
        return index_figure(self.frame, self.items, self.weights, levels, version=self.version, filter_text=filter_text)


def surveys(store: Store) -> list[SurveyChoice]:
    """Return the surveys there are, the last answered first."""
    last = func.max(RESPONSES.c.answered_at, type_=RESPONSES.c.answered_at.type)
    question = (
        select(
            SURVEYS.c.code, SURVEYS.c.title, SURVEYS.c.title_zh, SURVEYS.c.series, SURVEYS.c.wave, SURVEYS.c.assessor,
            func.count(RESPONSES.c.id), last,
        )
        .join_from(SURVEYS, RESPONSES, RESPONSES.c.survey_id == SURVEYS.c.id, isouter=True)
        .group_by(SURVEYS.c.id)
        .order_by(last.desc().nulls_last(), SURVEYS.c.id.desc())
    )  # fmt: skip
    with store.reading() as connection:
        return [SurveyChoice(*row) for row in connection.execute(question)]


def overview(
    store: Store, filter_text: str = "", *, tree_name: str | None = None, target: float | None = None, zone: str = ""
) -> Overview:
    """Return the overview of the one survey a filter chooses (the newest answered one where it names none).

    The last wave is the survey before it in its series; under a month, the month before. ``target`` is on 0–100. Raises
    FilterError and NotFoundError.
    """
    question = asked(filter_text, zone=zone)
    with store.reading() as connection:
        frame = one_frame(connection, question)
        before_filter, before_survey = _before(connection, frame, question)
    chosen = _one(question.filter, frame.code)
    (survey,) = figures(store, chosen, zone=zone)
    rolled = tree(store, chosen, name=tree_name, target=target, zone=zone)
    aim = target if target is not None else (rolled.nodes[0].target or DEFAULT_TARGET)
    before = earlier = None
    notes: list[str] = []
    if before_filter:
        try:
            (before,) = figures(store, before_filter, zone=zone)
            earlier = tree(store, before_filter, name=tree_name, target=target, zone=zone)
            before = before if before.index.n else None
        except OmbudError as error:
            notes.append(error.message)
    with store.reading() as connection:
        now = _counted(connection, asked(chosen, zone=zone))
        past = _counted(connection, asked(before_filter, zone=zone)) if before is not None else None
    weak, tested = _weak_points(now, rolled, aim)
    splits = _splits(past, now) if past is not None else ()
    months = _months(now)
    at_month, p_month = _change_month(months)
    headlines = _headlines(frame, survey, before, now, past)
    is_mix = bool(splits) and splits[0].is_mostly_mix
    rate = survey.response_rate
    return Overview(
        survey=survey,
        tree=rolled,
        headlines=headlines,
        rows=_rows(rolled, earlier, weak, is_mix=is_mix),
        target=aim,
        weak_points=weak,
        tested=tested,
        drill=_drill(now),
        months=months,
        change_month=at_month,
        change_month_p=p_month,
        before_filter=before_filter if before is not None else "",
        before_survey=before_survey if before is not None else "",
        splits=splits,
        is_self_selected=rate is not None and rate.value is not None and rate.value < RESPONSE_NEEDED,
        notes=tuple(notes),
    )


def _one(asked_for: Filter, code: str) -> str:
    """The same filter, for one survey only."""
    others = tuple(term for term in asked_for.terms if term.field not in SURVEY_FIELDS)
    return str(Filter((Term("survey", (Value(code),)), *others), asked_for.sorts))


def _before(connection: Connection, frame: SurveyFrame, question: AnswerQuestion) -> tuple[str, str]:
    """The filter of the last wave and the survey it is of; empty where there is none."""
    months = [term for term in question.filter.terms if term.field == "month"]
    if len(months) == 1 and not months[0].is_negated and months[0].operator is Operator.EQUAL:
        previous = _month_before(months[0].texts[0]) if len(months[0].texts) == 1 else ""
        if not previous:
            return "", ""
        others = tuple(
            Term("month", (Value(previous),)) if term.field == "month" else term for term in question.filter.terms
        )
        return _one(Filter(others), frame.code), frame.code
    if not frame.series:
        return "", ""
    first = func.min(RESPONSES.c.answered_at, type_=RESPONSES.c.answered_at.type)
    began = {
        row[0]: (row[1], row[2])
        for row in connection.execute(
            select(SURVEYS.c.id, SURVEYS.c.code, first)
            .join_from(SURVEYS, RESPONSES, RESPONSES.c.survey_id == SURVEYS.c.id)
            .where(SURVEYS.c.series == frame.series, SURVEYS.c.assessor == frame.assessor)
            .group_by(SURVEYS.c.id)
        )
    }
    if frame.id not in began:
        return "", ""
    own = began[frame.id][1]
    earlier = [(at_, code) for id_, (code, at_) in began.items() if id_ != frame.id and at_ < own]
    if not earlier:
        return "", ""
    code = max(earlier)[1]
    return _one(question.filter, code), code


def _month_before(month: str) -> str:
    year, dash, number = month.partition("-")
    if not (dash and year.isdigit() and number.isdigit() and 1 <= int(number) <= 12):
        return ""
    return f"{int(year) - 1:04d}-12" if int(number) == 1 else f"{int(year):04d}-{int(number) - 1:02d}"


def _counted(connection: Connection, question: AnswerQuestion) -> _Counted:
    frame = frames(connection, question)[0]
    chosen = chosen_items(connection, frame, question)
    items = [item for item in chosen.values() if item.code in frame.scored]
    weights, version = item_weights(frame, items) if items else ([], "")
    by = {name: counted(connection, frame, items, question, (name,))[0] for name in (*DRILLED, "month")}
    return _Counted(frame, question, tuple(items), tuple(weights), version, by)


def _headlines(
    frame: SurveyFrame, survey: SurveyFigures, before: SurveyFigures | None, now: _Counted, past: _Counted | None
) -> tuple[Headline, ...]:
    found = [_headline("index", "", "", "", survey.index, before.index if before else None)]
    overall = overall_item(frame)
    if overall is not None and any(item.code == overall.code for item in survey.items):
        own = next(item for item in survey.items if item.code == overall.code)
        old = next((item for item in before.items if item.code == overall.code), None) if before else None
        for kind, figure, last in (
            ("top_two", own.top_two, old.top_two if old else None),
            ("top_box", own.top_box, old.top_box if old else None),
        ):
            found.append(_headline(kind, own.code, own.label, own.label_zh, figure, last))
    elif now.items:
        for kind, levels in (("top_two", 2), ("top_box", 1)):
            last = _pooled_top(past, levels) if past is not None else None
            found.append(_headline(kind, "", "", "", _pooled_top(now, levels), last))
    for item in survey.items:
        if item.special is not None:
            old = next((one for one in before.items if one.code == item.code), None) if before else None
            kind = "nps" if item.kind == IndicatorKind.NPS else "effort"
            found.append(
                _headline(kind, item.code, item.label, item.label_zh, item.special, old.special if old else None)
            )
    return tuple(found)


def _pooled_top(counts: _Counted, levels: int) -> Figure:
    """The share of the best levels over the answers to all rating items, each item by its own best levels."""
    first = counts.items[0]
    pooled = Levels()
    totals = joined(counts.by["month"])
    for item in counts.items:
        own = totals.get(item.id, Levels())
        for level, sums in own.levels.items():
            distance = level - item.low if item.is_reversed else item.high - level
            pooled.add(first.low + distance if first.is_reversed else first.high - distance, "", *sums)
        for reason, n in own.missing.items():
            pooled.add(0, reason, n, 0.0, 0.0)
    return top_figure(pooled, first, levels=levels, filter_text=str(counts.question.filter))


def _headline(kind: str, indicator: str, label: str, label_zh: str, figure: Figure, last: Figure | None) -> Headline:
    change, p = None, None
    if last is not None and last.scale == figure.scale:
        change, p = top_difference(last, figure) if figure.unit == "share" else difference(last, figure, figure.scale)
    return Headline(
        kind=kind, indicator=indicator, label=label, label_zh=label_zh, figure=figure, change=change, change_p=p
    )


def _rows(
    rolled: TreeFigures, earlier: TreeFigures | None, weak: Sequence[WeakPoint], *, is_mix: bool
) -> tuple[TreeRow, ...]:
    old = {node.id: node for node in earlier.nodes} if earlier is not None else {}
    ranks: dict[str, int] = {}
    for point in reversed(weak):
        ranks[point.indicator] = point.rank
    rows = []
    for node in rolled.nodes:
        last = old.get(node.id)
        change, p = None, None
        if last is not None and last.figure.scale == node.figure.scale:
            change, p = difference(last.figure, node.figure, node.figure.scale)
        is_proven = p is not None and p < PROVEN and change is not None and (change.value or 0.0) < 0
        rows.append(
            TreeRow(
                node=node,
                change=change,
                change_p=p,
                weak=ranks.get(node.id.rpartition("/")[2], 0),
                is_below=_is_below(node),
                has_fallen=is_proven and not is_mix,
            )
        )
    return tuple(rows)


def _is_below(node: NodeFigure) -> bool:
    figure = node.figure
    return (
        figure.high is not None
        and node.target is not None
        and figure.disclosure == "normal"
        and figure.high < node.target
    )


def _path_weights(rolled: TreeFigures) -> dict[str, float]:
    """The weight of each node within the whole tree, after silent siblings gave theirs up."""
    found: dict[str, float] = {}
    for node in rolled.nodes:
        above = 1.0 if node.parent is None else found.get(node.parent, 0.0)
        found[node.id] = above * (1.0 if node.parent is None else node.used_weight or 0.0)
    return found


def _weak_points(now: _Counted, rolled: TreeFigures, target: float) -> tuple[tuple[WeakPoint, ...], int]:
    """Cells of indicator × segment below the rest of the answers to it (Welch, one-sided, Benjamini–Hochberg over all)."""
    shares = {id_.rpartition("/")[2]: weight for id_, weight in _path_weights(rolled).items()}
    cells = []
    for item in now.items:
        if not shares.get(item.code):
            continue
        values, scale = values_of(item, now.frame)
        for name in DRILLED:
            own = now.by[name].get(item.id, {})
            total = sum(levels.n for levels in own.values())
            for place, levels in own.items():
                if not place[0] or levels.n < LEAST or total - levels.n < LEAST:
                    continue
                here = cell_mean(sums_of(levels, item, values))
                rest_levels = joined({item.id: own}, place)[item.id]
                rest = cell_mean(sums_of(rest_levels, item, values))
                if here.value is None or rest.value is None:
                    continue
                weight = sum(sums[1] for sums in levels.levels.values())
                everything = weight + sum(sums[1] for sums in rest_levels.levels.values())
                gain = shares[item.code] * weight / everything * (target - here.value)
                cells.append((item, name, place[0], here, rest, scale, gain))
    if not cells:
        return (), 0
    q = benjamini_hochberg([_lower_p(cell[3], cell[4]) for cell in cells]).q
    low = [
        (cell, value)
        for cell, value in zip(cells, q, strict=True)
        if value < PROVEN and cell[3].value is not None and cell[3].value < target
    ]
    low.sort(key=lambda pair: -pair[0][6])
    from console.services.answer_counts import mean_figure

    points = []
    for rank, ((item, name, value, _here, rest, scale, gain), chance) in enumerate(low, 1):
        narrowed = (
            Term("survey", (Value(now.frame.code),)),
            Term("indicator", (Value(item.code),)),
            Term(name, (Value(value),)),
        )
        others = tuple(term for term in now.question.filter.terms if term.field not in ("survey", "indicator"))
        values = values_of(item, now.frame)[0]
        levels = now.by[name][item.id][(value,)]
        figure = mean_figure(levels, item, values, scale=scale, filter_text=str(Filter((*narrowed, *others))))
        points.append(
            WeakPoint(
                rank=rank,
                indicator=item.code,
                label=item.label,
                label_zh=item.label_zh,
                dimension=name,
                value=value,
                figure=figure,
                rest=rest.value or 0.0,
                q=chance,
                gain=gain,
            )
        )
    return tuple(points), len(cells)


def _lower_p(here: WeightedMean, rest: WeightedMean) -> float:
    """How often a cell would score so far below the rest by chance (Welch, one-sided)."""
    errors = (here.se or 0.0, rest.se or 0.0)
    gap = (here.value or 0.0) - (rest.value or 0.0)
    se = math.hypot(*errors)
    if se == 0:
        return 0.0 if gap < 0 else 1.0
    sizes = (here.n, rest.n)
    df = se**4 / sum(error**4 / (size - 1) for error, size in zip(errors, sizes, strict=True))
    both = t_two_sided(gap / se, max(1, int(df)))
    return both / 2 if gap < 0 else 1 - both / 2


def _drill(now: _Counted) -> tuple[tuple[str, tuple[Segment, ...]], ...]:
    lines: list[tuple[str, list[Segment]]] = []
    tests: list[tuple[int, int, float]] = []
    for name in DRILLED:
        counts = now.by[name]
        places = places_of(counts)
        if not any(place[0] for place in places):
            continue
        segments = []
        for place in places:
            term = str(Term(name, (Value(place[0] or "none"),)))
            figure = now.index(at(counts, place), term)
            segments.append(Segment(value=place[0], figure=figure))
            rest = now.index(joined(counts, place))
            if place[0] and is_enough(figure) and is_enough(rest):
                tests.append((len(lines), len(segments) - 1, _below_p(figure, rest)))
        lines.append((name, segments))
    if tests:
        q = benjamini_hochberg([p for _line, _place, p in tests]).q
        for (line, number, _p), chance in zip(tests, q, strict=True):
            own = lines[line][1]
            own[number] = replace(own[number], is_low=chance < PROVEN)
    return tuple((name, tuple(segments)) for name, segments in lines)


def _below_p(figure: Figure, rest: Figure) -> float:
    found, p = difference(rest, figure, figure.scale)
    if p is None or found.value is None:
        return 1.0
    return p / 2 if found.value < 0 else 1 - p / 2


def _months(now: _Counted) -> tuple[tuple[str, Figure], ...]:
    counts = now.by["month"]
    places = [place for place in places_of(counts) if place[0]][-MONTHS:]
    return tuple((place[0], now.index(at(counts, place), f"month:{place[0]}")) for place in places)


def _change_month(months: Sequence[tuple[str, Figure]]) -> tuple[str, float | None]:
    """The month from which the index stands on another level, if any is beyond chance."""
    known = [(month, figure.value) for month, figure in months if figure.value is not None]
    if len(known) < SHORTEST_SERIES:
        return "", None
    found = change_point([value for _month, value in known])
    if found.value is None or found.p is None or found.p >= PROVEN:
        return "", None
    return known[int(found.value)][0], found.p


def _splits(past: _Counted, now: _Counted) -> tuple[Split, ...]:
    """The change split over each dimension, the one with the largest part of mix first."""
    old = {item.code: item for item in past.items}
    pairs, weights = [], []
    for item, weight in zip(now.items, now.weights, strict=True):
        same = old.get(item.code)
        if same is not None and values_of(same, past.frame) == values_of(item, now.frame):
            pairs.append((same, item))
            weights.append(weight)
    if not pairs:
        return ()
    found = []
    for name in DRILLED:
        split = split_of((past.frame, now.frame), pairs, weights, (past.by[name], now.by[name]), name)
        if split is not None:
            found.append(split)
    return tuple(sorted(found, key=lambda split: -abs(split.mix)))


def rated(store: Store, filter_text: str = "", *, zone: str = "") -> list[tuple[str, str, str]]:
    """Return the indicators that may be rated in the survey a filter chooses: code, label, Chinese label."""
    question = asked(filter_text, zone=zone)
    with store.reading() as connection:
        frame = one_frame(connection, question)
    return [
        (item.code, item.label, item.label_zh)
        for item in frame.items.values()
        if item.kind not in (IndicatorKind.GROUP, IndicatorKind.TEXT)
    ]
