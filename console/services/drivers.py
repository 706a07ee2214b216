"""What moves overall satisfaction: drivers with their importance, performance and quadrant, and the path model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from console.codes import IndicatorKind
from console.errors import NotFoundError, UsageError
from console.measures.drivers import driver_importance
from console.measures.quadrants import Crosshair, Quadrant, quadrant_places, quadrant_stability
from console.measures.results import MeasureError
from console.measures.scales import HUNDRED, Scale
from console.services.answer_counts import Levels, SurveyFrame, counted, mean_figure, one_frame, values_of
from console.services.answer_filtering import asked
from console.services.answer_matrix import answer_matrix
from console.services.answering import Item
from console.services.satisfaction_views import DriverRow, DriverTable, Figure, PathFigures
from console.services.segment_indices import Counts
from console.storage.engine import Store

OVERALL_WORDS = ("overall", "all", "总体", "q7all", "satisfaction")
REPLICATES = 500
DEFAULT_TARGET = 80.0


def drivers(
    store: Store,
    filter_text: str = "",
    *,
    overall: str | None = None,
    codes: Sequence[str] = (),
    crosshair: Crosshair = Crosshair.MEAN,
    replicates: int = REPLICATES,
    seed: int = 1,
    target: float = DEFAULT_TARGET,
    zone: str = "",
) -> DriverTable:
    """Return the drivers of the overall question of a survey, most important first, with quadrants and their stability.

    ``overall`` is the code of that question (found by its name otherwise), ``codes`` the drivers (all other rating items
    otherwise). Complete answers only; LMG up to 12 drivers, Johnson above. The target crosshair stands at an equal share and at
    ``target`` (0–100). Raises NotFoundError, FilterError, MeasureError.
    """
    question = asked(filter_text, zone=zone)
    with store.reading() as connection:
        frame = one_frame(connection, question)
        outcome = _overall(frame, overall)
        items = _chosen(frame, codes, outcome)
        table = answer_matrix(connection, [outcome, *items], question)
        asked_for = frame.stated
        found, _ = counted(connection, frame, [*items, *asked_for.values()], question)
    scores = table.scores(frame)
    notes: list[str] = []
    usable, left_out = _complete_enough(scores, items)
    if left_out:
        notes.append(f"Left out, since half of the respondents or more did not answer: {', '.join(left_out)}.")
    items = [items[place] for place in usable]
    x, y = scores[:, [place + 1 for place in usable]], scores[:, 0]
    result = driver_importance(y, x, weights=table.weights)
    performance = [_performance(frame, item, found) for item in items]
    known = [place for place, figure in enumerate(performance) if figure.value is not None]
    if not known:
        raise MeasureError("No driver has five answers or more: nothing can be placed.", "Choose a larger slice.")
    at = ([result.shares[place] for place in known], [performance[place].value or 0.0 for place in known])
    aim = (1 / len(known), target)
    places = quadrant_places(*at, crosshair, aim)
    stability = None
    try:
        stability = quadrant_stability(
            y, x[:, known], HUNDRED, crosshair, aim, replicates=replicates, seed=seed, weights=table.weights
        )
        notes += [note for note in stability.warnings if note not in result.warnings]
    except MeasureError as error:
        notes.append(f"How stable the quadrants are could not be found out: {error.message}")
    rows = [
        DriverRow(
            code=items[place].code,
            label=items[place].label,
            label_zh=items[place].label_zh,
            share=result.shares[place],
            importance=result.importances[place],
            correlation=result.correlations[place],
            performance=performance[place],
            priority=places.priorities[position],
            quadrant=str(places.quadrants[position]),
            is_sure=stability is not None and stability.labels[position] is not None,
            probability=max(stability.probabilities[position]) if stability is not None else None,
            chances=stability.probabilities[position] if stability is not None else (),
            stated=_stated(frame, asked_for.get(items[place].code), found),
        )
        for position, place in enumerate(known)
    ]
    named = [_named(note, items) for note in (*result.warnings, *notes)]
    return DriverTable(
        survey=frame.code,
        overall=outcome.code,
        method=result.method,
        crosshair=str(crosshair),
        r_squared=result.value or 0.0,
        n=result.n,
        n_missing=result.n_missing,
        is_publishable=result.is_publishable,
        drivers=tuple(sorted(rows, key=lambda row: -row.share)),
        filter=str(question.filter),
        seed=seed,
        cross=places.crosshair,
        first_by=_first_by([items[place].code for place in known], at, aim),
        replicates=replicates,
        warnings=tuple(dict.fromkeys(named)),
    )


def _performance(frame: SurveyFrame, item: Item, found: Counts) -> Figure:
    values, scale = values_of(item, frame)
    counts = found[item.id].get((), Levels())
    return mean_figure(counts, item, values, scale=scale, filter_text=f"survey:{frame.code} indicator:{item.code}")


def _first_by(
    codes: Sequence[str], at: tuple[list[float], list[float]], aim: tuple[float, float]
) -> dict[str, tuple[str, ...]]:
    """The drivers to improve first by each rule of the crosshair."""
    placed = {rule: quadrant_places(*at, rule, aim).quadrants for rule in Crosshair}
    return {
        str(rule): tuple(code for code, quadrant in zip(codes, quadrants, strict=True) if quadrant is Quadrant.IMPROVE)
        for rule, quadrants in placed.items()
    }


def _named(note: str, items: Sequence[Item]) -> str:
    for number in range(len(items), 0, -1):
        note = note.replace(f"Driver {number} ", f"{items[number - 1].code} ")
    return note


def _complete_enough(
    scores: np.ndarray[tuple[int, ...], np.dtype[np.float64]], items: Sequence[Item]
) -> tuple[list[int], list[str]]:
    """The drivers at least half of the respondents answered: the rest would leave next to no complete answers."""
    shares = (~np.isnan(scores[:, 1:])).mean(axis=0) if scores.shape[0] else np.zeros(len(items))
    usable = [place for place, share in enumerate(shares) if share > 0.5]
    return usable, [items[place].code for place in range(len(items)) if place not in usable]


def _stated(frame: SurveyFrame, item: Item | None, found: Counts) -> Figure | None:
    return None if item is None else _performance(frame, item, found)


def overall_item(frame: SurveyFrame) -> Item | None:
    """Return the question of a survey that its code or label calls the overall one, if there is one."""
    for item in frame.items.values():
        if item.kind in (IndicatorKind.GROUP, IndicatorKind.TEXT):
            continue
        if any(word in (item.code.casefold(), item.node.casefold()) for word in OVERALL_WORDS) or "总体" in item.label:
            return item
    return None


def _overall(frame: SurveyFrame, code: str | None) -> Item:
    rated = {
        name: item for name, item in frame.items.items() if item.kind not in (IndicatorKind.GROUP, IndicatorKind.TEXT)
    }
    if code is not None:
        if code not in rated:
            raise NotFoundError(
                f"The survey {frame.code} has no indicator {code}.", f"It has: {', '.join(list(rated)[:20])}."
            )
        return rated[code]
    found = overall_item(frame)
    if found is not None:
        return found
    raise UsageError(
        f"The survey {frame.code} does not say which of its questions is the overall one.",
        f"Name it: --overall CODE. It has: {', '.join(list(rated)[:20])}.",
    )


def _chosen(frame: SurveyFrame, codes: Sequence[str], outcome: Item) -> list[Item]:
    if codes:
        for code in codes:
            if code not in frame.items or frame.items[code].kind in (IndicatorKind.GROUP, IndicatorKind.TEXT):
                raise NotFoundError(
                    f"The survey {frame.code} has no indicator {code}.",
                    f"It has: {', '.join(list(frame.scored)[:20])}.",
                )
        return [frame.items[code] for code in codes if code != outcome.code]
    return [item for item in frame.scored.values() if item.id != outcome.id]


def path_model(
    store: Store,
    filter_text: str,
    paths: Sequence[tuple[str, str]],
    blocks: Mapping[str, Sequence[str]] | None = None,
    *,
    scheme: str = "centroid",
    is_standardised: bool = False,
    zone: str = "",
) -> PathFigures:
    """Fit a path model (ECSI shape) to a survey: latent variables are its groups, or ``blocks`` of item codes by name.

    ``paths`` lead from cause to effect. Raises NotFoundError, FilterError, and MeasureError for a model that cannot be.
    """
    from console.measures.pathmodel import PathModel, Scheme, fit_path_model

    question = asked(filter_text, zone=zone)
    names = list(dict.fromkeys(name for path in paths for name in path))
    with store.reading() as connection:
        frame = one_frame(connection, question)
        members = dict(blocks) if blocks else _groups(frame)
        for name in names:
            if name not in members:
                raise NotFoundError(
                    f"The survey {frame.code} has no group {name}.", f"It has: {', '.join(members) or 'none'}."
                )
        codes = list(dict.fromkeys(code for name in names for code in members[name]))
        for code in codes:
            if code not in frame.items:
                raise NotFoundError(f"The survey {frame.code} has no indicator {code}.")
        items = [frame.items[code] for code in codes]
        table = answer_matrix(connection, items, question)
    model = PathModel(
        blocks={name: [codes.index(code) for code in members[name]] for name in names},
        paths=list(paths),
        scheme=Scheme(scheme),
        is_standardised=is_standardised,
    )
    scales = [Scale(item.scale, item.low, item.high, item.is_reversed) for item in items]
    fit = fit_path_model(table.values, model, scales)
    return PathFigures(
        survey=frame.code,
        n=fit.n,
        variables=tuple((variable.name, variable.index, variable.r_squared) for variable in fit.variables),
        paths=tuple((*pair, effect, fit.total_effects.get(pair, effect)) for pair, effect in fit.paths.items()),
        goodness=fit.value,
        scheme=scheme,
        is_standardised=is_standardised,
        iterations=fit.iterations,
        warnings=fit.warnings,
    )


def _groups(frame: SurveyFrame) -> dict[str, list[str]]:
    by_id = {item.id: item for item in frame.items.values()}
    found: dict[str, list[str]] = {}
    for item in frame.scored.values():
        if item.parent_id is not None:
            found.setdefault(by_id[item.parent_id].code, []).append(item.code)
    return found
