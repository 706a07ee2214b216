"""Two slices or two waves compared: the difference with its test, and how much of it is who answered."""

from __future__ import annotations

import math

from console.errors import OmbudError, UsageError
from console.measures.decomposition import mix_and_rate
from console.measures.distributions import mean_quantile, t_two_sided
from console.measures.proportions import two_proportions
from console.services.answer_cells import DIMENSIONS
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
    ``split_by`` (region, kind, supply, channel, department) says what the difference is split over into mix and rate. Raises
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
        by = (split_by,) if split_by else ()
        counts = [
            counted(connection, frame, [chosen[code] for code in shared], question, by)[0]
            for frame, chosen, question in zip(frames, items, questions, strict=True)
        ]
    found = []
    for code in shared:
        pair = (items[0][code], items[1][code])
        if pair[0].scale != pair[1].scale or values_of(pair[0], frames[0]) != values_of(pair[1], frames[1]):
            raise OmbudError(
                f"{code} stands on the scale {pair[0].scale} in {frames[0].code} and on {pair[1].scale} in {frames[1].code}.",
                "Numbers of two scales are not compared; choose other indicators.",
            )
        places = (counts[0][pair[0].id], counts[1][pair[1].id])
        found.append(_comparison(frames, pair, places, questions, split_by))
    return tuple(found)


def _comparison(
    frames: list[SurveyFrame],
    items: tuple[Item, Item],
    places: tuple[dict[tuple[str, ...], Levels], dict[tuple[str, ...], Levels]],
    questions: tuple[AnswerQuestion, AnswerQuestion],
    split_by: str,
) -> Comparison:
    pooled = []
    for own in places:
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
    mix = rate = None
    segments: tuple[tuple[str, float, float], ...] = ()
    is_mostly_mix = False
    if split_by and change.value is not None:
        names = sorted({place[0] for own in places for place in own})
        shares, scores = _segments(names, places, items[0], values)
        parts = mix_and_rate(shares[0], scores[0], shares[1], scores[1])
        mix, rate, is_mostly_mix = parts.mix_total, parts.rate_total, parts.is_mostly_mix
        enough = [min(own.get((name,), Levels()).n for own in places) >= 5 for name in names]
        segments = tuple(
            (name, m, r)
            for name, m, r, is_enough in zip(names, parts.mix, parts.rate, enough, strict=True)
            if is_enough
        )
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
        split_by=split_by,
        mix=mix,
        rate=rate,
        segments=segments,
        is_mostly_mix=is_mostly_mix,
        verdict=_verdict(change, p, is_mostly_mix=is_mostly_mix),
    )


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
    names: list[str],
    places: tuple[dict[tuple[str, ...], Levels], dict[tuple[str, ...], Levels]],
    item: Item,
    values: dict[int, float],
) -> tuple[list[list[float]], list[list[float]]]:
    del item
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
