"""The composite index of segments, from counts alone, and what a change of it is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from console.measures.cells import CellSums, mean_and_error
from console.measures.decomposition import mix_and_rate
from console.measures.disclosure import is_publishable, sample_warnings
from console.measures.distributions import mean_quantile
from console.measures.results import Interval, Measure
from console.services.answer_counts import Levels, SurveyFrame, figure_of, sums_of, values_of
from console.services.answering import Item
from console.services.overview_views import Split
from console.services.satisfaction_views import Figure

Counts = Mapping[int, Mapping[tuple[str, ...], Levels]]
"""By indicator and place, as ``answer_counts.counted`` returns them."""
METHOD = "weighted mean of item scores"
INTERVAL = "item totals, at most so wide"


def index_figure(
    frame: SurveyFrame,
    items: Sequence[Item],
    weights: Sequence[float],
    levels: Mapping[int, Levels],
    *,
    version: str = "",
    filter_text: str = "",
) -> Figure:
    """Return the composite of items on 0–100 from the counts of one place, by the weights of the items."""
    sums = {
        item.id: sums_of(levels[item.id], item, values_of(item, frame)[0])
        for item, weight in zip(items, weights, strict=True)
        if item.id in levels and weight > 0
    }
    return index_of_sums(frame, items, weights, sums, version=version, filter_text=filter_text)


def index_of_sums(
    frame: SurveyFrame,
    items: Sequence[Item],
    weights: Sequence[float],
    sums: Mapping[int, CellSums],
    *,
    version: str = "",
    filter_text: str = "",
) -> Figure:
    """Return the composite of items on 0–100 from the sums of one place, by the weights of the items.

    Σ K_i s_i with the weights of unanswered items given to the others. Which answers came from the same person is not known
    from sums: the standard error is Σ K_i SE_i, as if each person answered all items alike, so the interval is never too
    narrow. ``n`` is the largest number of answers to one item.
    """
    scale = values_of(items[0], frame)[1] if items else "0-100"
    declared = sum(weights)
    parts = []
    n = 0
    for item, weight in zip(items, weights, strict=True):
        own = sums.get(item.id)
        found = mean_and_error(own) if own is not None and weight > 0 else None
        if own is not None and found is not None:
            parts.append((weight, *found))
            n = max(n, own.n)
    total = sum(part[0] for part in parts)
    coverage = total / declared if declared else 0.0
    value = sum(weight * mean for weight, mean, _se, _deff in parts) / total if total else None
    interval = None
    errors = [weight / total * se for weight, _mean, se, _deff in parts if se is not None]
    if value is not None and len(errors) == len(parts):
        half = mean_quantile(max(1, n - 1)) * sum(errors)
        interval = Interval(value - half, value + half, INTERVAL).clipped(0, 100)
    made = Measure(
        value=value,
        n=n,
        method=METHOD,
        coverage=coverage,
        interval=interval,
        warnings=sample_warnings(n, coverage) if n else (),
    )
    deff = max((part[3] for part in parts), default=1.0)
    return figure_of(made, "0-100", scale, deff=deff, weights_version=version, filter_text=filter_text)


def places_of(counts: Counts) -> list[tuple[str, ...]]:
    """Return every place that has answers, in order, what has no name last."""
    found = {place for own in counts.values() for place in own}
    return sorted(found, key=lambda place: [(value == "", value) for value in place])


def at(counts: Counts, place: tuple[str, ...]) -> dict[int, Levels]:
    """Return the counts of one place by indicator."""
    return {indicator: own[place] for indicator, own in counts.items() if place in own}


def joined(counts: Counts, but: tuple[str, ...] | None = None) -> dict[int, Levels]:
    """Return the counts of all places together by indicator, ``but`` one left out."""
    found: dict[int, Levels] = {}
    for indicator, own in counts.items():
        total = Levels()
        for place, levels in own.items():
            if place != but:
                total.join(levels)
        found[indicator] = total
    return found


def split_of(
    frames: tuple[SurveyFrame, SurveyFrame],
    pairs: Sequence[tuple[Item, Item]],
    weights: Sequence[float],
    counts: tuple[Counts, Counts],
    dimension: str,
) -> Split | None:
    """Split the change of an index, second wave minus first, over a dimension into mix and rate (Kitagawa, item by item).

    ``pairs`` are the items of both waves. None where a wave has no answers or only one segment stands in both.
    """
    mixed = rated = declared = 0.0
    shares: dict[str, list[float]] = {}
    for (first, second), weight in zip(pairs, weights, strict=True):
        own = (counts[0].get(first.id, {}), counts[1].get(second.id, {}))
        names = sorted({place[0] for places in own for place in places})
        sides = []
        for frame, item, places in zip(frames, (first, second), own, strict=True):
            values = values_of(item, frame)[0]
            sums = [sums_of(places.get((name,), Levels()), item, values) for name in names]
            sides.append((sum(one.weight for one in sums), sums))
        if weight <= 0 or any(total <= 0 for total, _sums in sides):
            continue
        own_shares = [[one.weight / total for one in sums] for total, sums in sides]
        scores = [[one.value / one.weight if one.weight else math.nan for one in sums] for _total, sums in sides]
        parts = mix_and_rate(own_shares[0], scores[0], own_shares[1], scores[1])
        mixed, rated, declared = mixed + weight * parts.mix_total, rated + weight * parts.rate_total, declared + weight
        for place, name in enumerate(names):
            held = shares.setdefault(name, [0.0, 0.0])
            for side in (0, 1):
                held[side] += weight * own_shares[side][place]
    if not declared or len(shares) < 2:
        return None
    moved = max(sorted(shares), key=lambda name: abs(shares[name][1] - shares[name][0]))
    mix, rate = mixed / declared, rated / declared
    return Split(
        dimension=dimension,
        change=mix + rate,
        mix=mix,
        rate=rate,
        is_mostly_mix=abs(mix) > abs(rate),
        segment=moved,
        share_before=shares[moved][0] / declared,
        share_after=shares[moved][1] / declared,
    )


def is_enough(figure: Figure) -> bool:
    """Return whether a figure may be ranked and tested: 30 answers or more, and enough of the weight with data."""
    return figure.value is not None and figure.disclosure == "normal" and is_publishable(figure.coverage)
