"""Two slices or two waves compared: the difference with its test, and how much of it is who answered."""

from __future__ import annotations

import math
from dataclasses import dataclass

from console.errors import OmbudError, UsageError
from console.measures.decomposition import mix_and_rate
from console.measures.disclosure import HIDDEN_BELOW
from console.measures.distributions import mean_quantile, t_two_sided
from console.measures.proportions import two_proportions
from console.services.answer_cells import DIMENSIONS, SEGMENT
from console.services.answer_counts import (
    Levels,
    SurveyFrame,
    chosen_items,
    counted,
    mean_figure,
    one_frame,
    top_figure,
    values_of,
)
from console.services.answer_filtering import AnswerQuestion, asked
from console.services.answering import Item
from console.services.satisfaction_views import Comparison, Figure
from console.storage.engine import Store

PROVEN = 0.05


def compare(store: Store, first: str, second: str, *, split_by: str = "", zone: str = "") -> tuple[Comparison, ...]:
    """Compare two slices, each a filter, indicator by indicator: second minus first on 0–100, Welch's test on survey weights.

    Indicators are matched by code, so that the slices may be two waves, or the utility's own and a third party's survey.
    The change is split into mix and rate over ``split_by`` (region, kind, supply, channel, department), without it over the
    dimension that explains most of it as mix: no change is called a fall before who answered is looked at. Raises
    FilterError, NotFoundError, UsageError, and OmbudError where no indicator is in both or the scales of one differ.
    """
    if split_by and split_by not in DIMENSIONS:
        raise UsageError(f"There is no dimension {split_by}.", f"Known: {', '.join(DIMENSIONS)}.")
    questions = (asked(first, zone=zone), asked(second, zone=zone))
    with store.reading() as connection:
        frames = [one_frame(connection, question) for question in questions]
        items = [chosen_items(connection, frame, question) for frame, question in zip(frames, questions, strict=True)]
        shared = [code for code in items[0] if code in items[1] and items[0][code].kind != "text"]
        if not shared:
            raise OmbudError(
                f"The two slices share no indicator ({frames[0].code}, {frames[1].code}).",
                "Items are matched by their codes.",
            )
        counts = {
            name: tuple(
                counted(connection, frame, [chosen[code] for code in shared], question, (name,))[0]
                for frame, chosen, question in zip(frames, items, questions, strict=True)
            )
            for name in ((split_by,) if split_by else SEGMENT)
        }
    found = []
    for code in shared:
        pair = (items[0][code], items[1][code])
        if pair[0].scale != pair[1].scale or values_of(pair[0], frames[0]) != values_of(pair[1], frames[1]):
            raise OmbudError(
                f"{code} stands on the scale {pair[0].scale} in {frames[0].code} and on {pair[1].scale} in {frames[1].code}.",
                "Numbers of two scales are not compared; choose other indicators.",
            )
        places = {name: (own[0][pair[0].id], own[1][pair[1].id]) for name, own in counts.items()}
        found.append(_comparison(frames, pair, places, questions, is_chosen=bool(split_by)))
    return tuple(found)


Places = tuple[dict[tuple[str, ...], Levels], dict[tuple[str, ...], Levels]]
"""The counts of an item by the values of one dimension, in both slices."""


def _comparison(
    frames: list[SurveyFrame],
    items: tuple[Item, Item],
    places: dict[str, Places],
    questions: tuple[AnswerQuestion, AnswerQuestion],
    *,
    is_chosen: bool,
) -> Comparison:
    pooled = []
    for own in next(iter(places.values())):
        total = Levels()
        for levels in own.values():
            total.join(levels)
        pooled.append(total)
    values, scale = values_of(items[0], frames[0])
    figures = [
        mean_figure(total, item, values, scale=scale, filter_text=str(question.filter))
        for total, item, question in zip(pooled, items, questions, strict=True)
    ]
    tops = [top_figure(total, item) for total, item in zip(pooled, items, strict=True)]
    change, p = difference(figures[0], figures[1], scale)
    top_change, top_p = top_difference(tops[0], tops[1])
    split = _split(places, values, is_chosen=is_chosen) if change.value is not None else None
    return Comparison(
        indicator=items[0].code,
        label=items[0].label,
        label_zh=items[0].label_zh,
        first_survey=frames[0].code,
        second_survey=frames[1].code,
        first_filter=str(questions[0].filter),
        second_filter=str(questions[1].filter),
        first=figures[0],
        second=figures[1],
        difference=change,
        p=p,
        top_two_first=tops[0],
        top_two_second=tops[1],
        top_two_difference=top_change,
        top_two_p=top_p,
        split_by=split.dimension if split else "",
        mix=split.mix if split else None,
        rate=split.rate if split else None,
        segments=split.segments if split else (),
        is_mostly_mix=split is not None and split.is_mostly_mix,
        verdict=_verdict(change, p, is_mostly_mix=split is not None and split.is_mostly_mix),
    )


@dataclass(frozen=True, slots=True)
class _Split:
    """A change split over one dimension; ``segments`` are name, mix and rate of those with five answers in both slices."""

    dimension: str
    mix: float
    rate: float
    segments: tuple[tuple[str, float, float], ...]
    is_mostly_mix: bool


def _split(places: dict[str, Places], values: dict[int, float], *, is_chosen: bool) -> _Split | None:
    """The split that explains most of a change as mix; over a dimension that was chosen, whatever its values."""
    found = []
    for dimension, own in places.items():
        names = sorted({place[0] for side in own for place in side})
        shares, scores = _segments(names, own, values)
        if not is_chosen and not _is_comparable(shares):
            continue
        parts = mix_and_rate(shares[0], scores[0], shares[1], scores[1])
        segments = tuple(
            (name, mix, rate)
            for name, mix, rate in zip(names, parts.mix, parts.rate, strict=True)
            if all(side.get((name,), Levels()).n >= HIDDEN_BELOW for side in own)
        )
        found.append(_Split(dimension, parts.mix_total, parts.rate_total, segments, parts.is_mostly_mix))
    return max(found, key=lambda split: (split.is_mostly_mix, abs(split.mix)), default=None)


def _is_comparable(shares: list[list[float]]) -> bool:
    """Whether a dimension has several values, and most answers of both slices stand under values that both have."""
    common = [place for place, (first, second) in enumerate(zip(*shares, strict=True)) if first > 0 and second > 0]
    return len(shares[0]) > 1 and all(sum(side[place] for place in common) > 0.5 for side in shares)


def difference(first: Figure, second: Figure, scale: str) -> tuple[Figure, float | None]:
    """Return second minus first with Welch's interval from the standard errors of both, and its p value.

    Survey weights and what they cost are in the standard errors, which are taken back from the intervals of the two means.
    """
    n = first.n + second.n
    ends = [(figure.value, figure.low, figure.high) for figure in (first, second)]
    known = [
        (value, low, high) for value, low, high in ends if value is not None and low is not None and high is not None
    ]
    if len(known) < 2:
        return Figure(
            value=None, unit="points", scale=scale, n=n, disclosure="hidden", warnings=("Too few answers to compare.",)
        ), None
    ns = (first.n, second.n)
    # The wider side of an interval: the other may have been cut at the end of the scale.
    errors = [
        max(high - value, value - low) / mean_quantile(size - 1)
        for (value, low, high), size in zip(known, ns, strict=True)
    ]
    se = math.hypot(*errors)
    change = known[1][0] - known[0][0]
    few = "marked" if min(ns) < 30 else "normal"
    if se == 0:
        return Figure(
            value=change, unit="points", scale=scale, n=n, low=change, high=change, disclosure=few, method="Welch"
        ), 1.0 if change == 0 else 0.0
    df = se**4 / sum(error**4 / (size - 1) for error, size in zip(errors, ns, strict=True))
    half = mean_quantile(max(1, int(df))) * se
    made = Figure(
        value=change,
        unit="points",
        scale=scale,
        n=n,
        low=change - half,
        high=change + half,
        interval="Welch",
        method="difference of means",
        disclosure=few,
    )
    return made, t_two_sided(change / se, max(1, int(df)))


def top_difference(first: Figure, second: Figure) -> tuple[Figure, float | None]:
    """Return the second share minus the first with Newcombe's interval, and its p value."""
    n = first.n + second.n
    if first.value is None or second.value is None:
        return Figure(value=None, unit="share", scale=first.scale, n=n, disclosure="hidden"), None
    # With weights the test takes the answers that the design is worth: n/deff.
    sizes = [max(1, round(figure.n / figure.deff)) for figure in (first, second)]
    hits = [round(share * size) for share, size in zip((first.value, second.value), sizes, strict=True)]
    found = two_proportions(hits[0], sizes[0], hits[1], sizes[1])
    interval = found.interval
    made = Figure(
        value=second.value - first.value,
        unit="share",
        scale=first.scale,
        n=n,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        interval=interval.method if interval else "",
        method=found.method,
        disclosure="marked" if min(first.n, second.n) < 30 else "normal",
        warnings=found.warnings,
    )
    return made, found.p


def _segments(
    names: list[str], places: Places, values: dict[int, float]
) -> tuple[list[list[float]], list[list[float]]]:
    """The share and the mean score of each value of a dimension, in both slices."""
    shares, scores = [], []
    for own in places:
        weights, means = [], []
        for name in names:
            levels = own.get((name,), Levels()).levels
            weight = sum(sums[1] for sums in levels.values())
            weights.append(weight)
            means.append(
                sum(values[level] * sums[1] for level, sums in levels.items()) / weight if weight else math.nan
            )
        total = sum(weights)
        shares.append([weight / total for weight in weights])
        scores.append(means)
    return shares, scores


def _verdict(difference: Figure, p: float | None, *, is_mostly_mix: bool) -> str:
    if difference.value is None or p is None:
        return "Too few answers to compare."
    if p >= PROVEN:
        return "No proven change."
    if is_mostly_mix:
        return "Most of the change comes from who answered, not from how they judged."
    return "A proven rise." if difference.value > 0 else "A proven fall."
