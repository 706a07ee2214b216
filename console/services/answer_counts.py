"""Answers counted by level under a filter, from the cheapest place that can tell: pairs, cells, or the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Table, func, select

from console.codes import IndicatorKind
from console.errors import NotFoundError
from console.measures.cells import CellSums, cell_mean, cell_top_two
from console.measures.disclosure import Disclosure, disclosure, sample_warnings
from console.measures.results import Measure
from console.models import WeightSet
from console.models.base import table_of
from console.services.answer_filtering import INDICATORS, RESPONSES, SURVEYS, AnswerQuestion
from console.services.answer_sources import source_of
from console.services.answering import Item, items_of
from console.services.satisfaction_views import Figure

SETS: Table = table_of(WeightSet)
TOP_LEVELS = 2
HUNDRED = "0-100"

Sums = tuple[int, float, float]
"""Number of answers, their weight, their squared weight."""


@dataclass(slots=True)
class Levels:
    """The answers of one place: sums by level, and how many have no score for which reason."""

    levels: dict[int, Sums] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)

    def add(self, level: int, missing: str | None, n: int, weight: float, squared: float) -> None:
        """Add a cell."""
        if missing:
            self.missing[missing] = self.missing.get(missing, 0) + n
            return
        old = self.levels.get(level, (0, 0.0, 0.0))
        self.levels[level] = (old[0] + n, old[1] + weight, old[2] + squared)

    def join(self, other: Levels) -> None:
        """Add what another place holds."""
        levels = self.levels
        for level, sums in other.levels.items():
            old = levels.get(level)
            levels[level] = sums if old is None else (old[0] + sums[0], old[1] + sums[1], old[2] + sums[2])
        for reason, n in other.missing.items():
            self.add(0, reason, n, 0.0, 0.0)

    @property
    def n(self) -> int:
        """How many scored."""
        return sum(sums[0] for sums in self.levels.values())

    @property
    def n_missing(self) -> int:
        """How many have no score."""
        return sum(self.missing.values())


@dataclass(frozen=True, slots=True)
class SurveyFrame:
    """A survey as figures need it: its identity, scale, weights version and items."""

    id: int
    code: str
    title: str
    title_zh: str
    series: str
    wave: str
    assessor: str
    low: int
    high: int
    level_scores: tuple[float, ...]
    weights_version: str
    tree: str
    population: int | None
    is_paired: bool
    items: Mapping[str, Item]

    @property
    def scored(self) -> dict[str, Item]:
        """The items that are asked on the survey's way of rating: no groups, texts, recommendation, effort or importance.

        Nor yes and no beside ratings of more levels, such as options that are ticked, unless these bear a weight.
        """
        asked_how_much = {item.id for item in self.stated.values()}
        return {
            code: item
            for code, item in self.items.items()
            if item.kind == IndicatorKind.SCORE and item.id not in asked_how_much and not self._is_tick(item)
        }

    def _is_tick(self, item: Item) -> bool:
        return item.high - item.low == 1 and self.high - self.low > 1 and item.weight is None

    @property
    def stated(self) -> dict[str, Item]:
        """The questions how important something is, by the code of what they ask about.

        They bear its code with ``importance`` before or behind it: ``speed_importance``, ``importance-speed``.
        """
        found = {}
        for code, item in self.items.items():
            for joint in ("_", "-", "."):
                for about in (code.removesuffix(f"{joint}importance"), code.removeprefix(f"importance{joint}")):
                    if about != code and about in self.items and self.items[about].kind == IndicatorKind.SCORE:
                        found[about] = item
        return found


def frames(connection: Connection, question: AnswerQuestion) -> list[SurveyFrame]:
    """Return the surveys that a filter chooses, the newest first. Raises NotFoundError where it chooses none."""
    columns = (
        SURVEYS.c.id, SURVEYS.c.code, SURVEYS.c.title, SURVEYS.c.title_zh, SURVEYS.c.series, SURVEYS.c.wave, SURVEYS.c.assessor,
        SURVEYS.c.scale_low, SURVEYS.c.scale_high, SURVEYS.c.level_scores, SURVEYS.c.weights_version, SURVEYS.c.tree,
        SURVEYS.c.population, SURVEYS.c.is_paired,
    )  # fmt: skip
    rows = connection.execute(select(*columns).where(*question.on_surveys()).order_by(SURVEYS.c.id.desc())).all()
    if not rows:
        known = connection.execute(select(SURVEYS.c.code).order_by(SURVEYS.c.id.desc()).limit(12)).scalars().all()
        hint = f"There are: {', '.join(known)}." if known else "Load answers with: ombud import responses FILE"
        raise NotFoundError("No survey is chosen by this filter." if known else "There is no survey yet.", hint)
    found = [
        SurveyFrame(
            id=row[0],
            code=row[1],
            title=row[2],
            title_zh=row[3],
            series=row[4],
            wave=row[5],
            assessor=row[6],
            low=row[7],
            high=row[8],
            level_scores=tuple(json.loads(row[9] or "[]")),
            weights_version=row[10],
            tree=row[11],
            population=row[12],
            is_paired=row[13],
            items=items_of(connection, row[0]),
        )
        for row in rows
    ]
    return _weighted(connection, found, question.weights) if question.weights else found


def _weighted(connection: Connection, found: Sequence[SurveyFrame], version: str) -> list[SurveyFrame]:
    """The surveys by another version of their weights, of those that have it. Raises NotFoundError where none has."""
    weighted = []
    for frame in found:
        row = connection.execute(
            select(SETS.c.tree, SETS.c.weights).where(SETS.c.survey_id == frame.id, SETS.c.name == version)
        ).first()
        if row is not None:
            own = json.loads(row[1]) if not row[0] else {}
            items = {code: replace(item, weight=own.get(code, item.weight)) for code, item in frame.items.items()}
            weighted.append(replace(frame, weights_version=version, items=items))
    if not weighted:
        known = select(SETS.c.name).where(SETS.c.survey_id.in_([frame.id for frame in found])).distinct().limit(12)
        names = sorted(connection.execute(known).scalars())
        which = found[0].code if len(found) == 1 else "None of these surveys"
        message = (
            f"The survey {which} has no weights {version}." if len(found) == 1 else f"{which} has weights {version}."
        )
        raise NotFoundError(message, f"There are: {', '.join(names)}." if names else "No weights were entered yet.")
    return weighted


def one_frame(connection: Connection, question: AnswerQuestion) -> SurveyFrame:
    """Return the one survey of a filter: the newest answered one where it names none. Raises NotFoundError."""
    found = frames(connection, question)
    if len(found) == 1:
        return found[0]
    newest = connection.execute(
        select(RESPONSES.c.survey_id)
        .where(RESPONSES.c.survey_id.in_([frame.id for frame in found]))
        .order_by(RESPONSES.c.answered_at.desc())
        .limit(1)
    ).scalar()
    return next((frame for frame in found if frame.id == newest), found[0])


def chosen_items(connection: Connection, frame: SurveyFrame, question: AnswerQuestion) -> dict[str, Item]:
    """Return the items of a survey that a filter chooses: all but the groups where it names none."""
    if not any(term.field == "indicator" for term in question.filter.terms):
        return {code: item for code, item in frame.items.items() if item.kind != IndicatorKind.GROUP}
    ids = set(
        connection.execute(
            select(INDICATORS.c.id)
            .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
            .where(SURVEYS.c.id == frame.id, *question.on_indicators())
        ).scalars()
    )
    found = {code: item for code, item in frame.items.items() if item.id in ids}
    if not found:
        raise NotFoundError(
            f"The survey {frame.code} has no such indicator.", f"It has: {', '.join(list(frame.items)[:20])}."
        )
    return found


Place = tuple[str, ...]


def counted(
    connection: Connection,
    frame: SurveyFrame,
    items: Sequence[Item],
    question: AnswerQuestion,
    by: tuple[str, ...] = (),
) -> tuple[dict[int, dict[Place, Levels]], str]:
    """Return the answers to items by the values of up to two dimensions, and what was added up: pairs, cells or answers."""
    ids = [item.id for item in items]
    source = source_of(connection, frame.is_paired, ids, question, by)
    key = (source.indicator, *(source.groups[name] for name in by), source.level, source.missing)
    sums = (func.sum(source.n), func.sum(source.weight), func.sum(source.weight_squared))
    rows = connection.execute(select(*key, *sums).select_from(source.joined).where(*source.where).group_by(*key)).all()
    found: dict[int, dict[Place, Levels]] = {id_: {} for id_ in ids}
    for indicator_id, *place, level, missing, n, weight, squared in rows:
        own, at = found[indicator_id], tuple(place)
        levels = own.get(at)
        if levels is None:
            levels = own[at] = Levels()
        levels.add(level, missing, n, weight, squared)
    return found, source.name


def values_of(item: Item, frame: SurveyFrame) -> tuple[dict[int, float], str]:
    """Return the 0–100 score of each level of an item, and the name of the scale they make.

    Level scores of the survey stand for levels of its own scale; other items are spread evenly.
    """
    levels = range(item.low, item.high + 1)
    own = frame.level_scores
    if own and (item.low, item.high) == (frame.low, frame.high) and len(own) == len(levels):
        values = {level: 100 * own[place] for place, level in enumerate(levels)}
        name = "scores " + "/".join(f"{100 * score:g}" for score in own)
        if item.is_reversed:
            values = {level: values[item.high + item.low - level] for level in levels}
        return values, name
    spread = {level: 100 * (level - item.low) / (item.high - item.low) for level in levels}
    if item.is_reversed:
        spread = {level: 100 - value for level, value in spread.items()}
    return spread, HUNDRED


def sums_of(
    counts: Levels, item: Item, values: Mapping[int, float] | None = None, *, is_plain: bool = False
) -> CellSums:
    """Return the sums of one place for means and top shares: of the levels, or of ``values`` given to them.

    ``is_plain`` leaves survey weights out.
    """
    n, weight, squared, value, value_squared, top = 0, 0.0, 0.0, 0.0, 0.0, 0.0
    for level, (count, w, w2) in counts.levels.items():
        if is_plain:
            w = w2 = float(count)
        x = float(level) if values is None else values[level]
        n, weight, squared = n + count, weight + w, squared + w2
        value, value_squared = value + w * x, value_squared + w * x * x
        is_top = level < item.low + item.best_levels if item.is_reversed else level > item.high - item.best_levels
        top += w if is_top else 0.0
    return CellSums(n, weight, squared, value, value_squared, top, counts.n_missing)


def figure_of(
    measure: Measure,
    unit: str,
    scale: str,
    *,
    deff: float = 1.0,
    weights_version: str = "",
    filter_text: str = "",
    hides: bool = True,
) -> Figure:
    """Return a measure as a figure; below five answers its numbers are left out, below thirty it is marked."""
    shown = disclosure(measure.n)
    if shown is Disclosure.HIDDEN and hides:
        return Figure(
            value=None,
            unit=unit,
            scale=scale,
            n=measure.n,
            n_missing=measure.n_missing,
            method=measure.method,
            coverage=measure.coverage,
            weights_version=weights_version,
            disclosure=shown.value,
            filter=filter_text,
            warnings=("Fewer than 5 answers: not shown.",) if measure.n else ("No answers.",),
        )
    interval = measure.interval
    return Figure(
        value=measure.value,
        unit=unit,
        scale=scale,
        n=measure.n,
        n_missing=measure.n_missing,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        interval=interval.method if interval else "",
        method=measure.method,
        coverage=measure.coverage,
        weights_version=weights_version,
        disclosure=shown.value,
        deff=deff,
        filter=filter_text,
        warnings=measure.warnings,
    )


def sums_figure(sums: CellSums, unit: str, scale: str, *, filter_text: str = "") -> Figure:
    """Return the mean of what answers are worth as a figure, in the unit of that."""
    found = cell_mean(sums)
    return figure_of(found, unit, scale, deff=found.deff, filter_text=filter_text)


def mean_figure(
    counts: Levels,
    item: Item,
    values: Mapping[int, float] | None = None,
    *,
    is_plain: bool = False,
    scale: str = "",
    filter_text: str = "",
) -> Figure:
    """Return the mean level of a place, or its mean score where ``values`` are given, as a figure."""
    sums = sums_of(counts, item, values, is_plain=is_plain)
    return sums_figure(sums, "level" if values is None else "0-100", scale or item.scale, filter_text=filter_text)


def top_two_figure(sums: CellSums, scale: str, *, filter_text: str = "") -> Figure:
    """Return the share of the two best levels as a figure."""
    deff = sums.n * sums.weight_squared / sums.weight**2 if sums.weight > 0 else 1.0
    return figure_of(cell_top_two(sums), "share", scale, deff=deff, filter_text=filter_text)


def top_figure(
    counts: Levels, item: Item, *, levels: int = TOP_LEVELS, is_plain: bool = False, filter_text: str = ""
) -> Figure:
    """Return the share of the best levels of a place as a figure; a scale of two levels has one best."""
    levels = min(levels, item.best_levels)
    sums = sums_of(counts, item, is_plain=is_plain)
    if levels == item.best_levels:
        made = top_two_figure(sums, item.scale, filter_text=filter_text)
        return made if levels == TOP_LEVELS else replace(made, method="top box")
    best = item.low if item.is_reversed else item.high
    count, weight, _ = counts.levels.get(best, (0, 0.0, 0.0))
    boxed = replace(sums, weight_top=float(count) if is_plain else weight)
    return replace(top_two_figure(boxed, item.scale, filter_text=filter_text), method="top box")


def promoting(item: Item) -> dict[int, float]:
    """Return what each level of a recommendation counts for, so that their mean is the NPS: 100 promotes, −100 detracts."""
    from console.measures.headlines import DETRACTOR_TO, PROMOTER_FROM

    return {
        level: 100.0 if level >= PROMOTER_FROM else -100.0 if level <= DETRACTOR_TO else 0.0
        for level in range(item.low, item.high + 1)
    }


def promoters_figure(sums: CellSums, scale: str, *, filter_text: str = "") -> Figure:
    """Return the NPS as a figure from sums of what ``promoting`` gives."""
    from console.measures.headlines import net_promoter_from_counts

    n, weight = sums.n, sums.weight
    said, lead = sums.value_squared / 1e4, sums.value / 1e2
    deff = n * sums.weight_squared / weight**2 if weight > 0 else 1.0
    # Shares of the effective number of answers: the interval of weighted answers is that at n/deff.
    one = n / deff / weight if weight > 0 else 0.0
    sizes = ((said + lead) / 2 * one, max(0.0, weight - said) * one, (said - lead) / 2 * one)
    effective = net_promoter_from_counts(*sizes, sums.n_missing)  # type: ignore[arg-type]
    found = replace(effective, n=n, warnings=sample_warnings(n))
    return figure_of(found, "nps", scale, deff=deff, filter_text=filter_text)


def special_figure(counts: Levels, item: Item, *, is_plain: bool = False, filter_text: str = "") -> Figure | None:
    """Return NPS or effort where the item is asked that way, None otherwise."""
    if item.kind == IndicatorKind.NPS:
        sums = sums_of(counts, item, promoting(item), is_plain=is_plain)
        return promoters_figure(sums, item.scale, filter_text=filter_text)
    if item.kind == IndicatorKind.CES:
        return mean_figure(counts, item, is_plain=is_plain, filter_text=filter_text)
    return None
