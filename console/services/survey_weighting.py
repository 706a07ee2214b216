"""Responses of a survey weighted to known totals of its population, so that figures speak for all and not for who answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Column, Connection, Float, MetaData, String, Table, and_, func, insert, select, update

from console.errors import ConflictError, UsageError, nearest
from console.measures.raking import TRIM_AT, rake
from console.measures.results import MeasureError
from console.services.answer_cells import RESPONSES, SEGMENT, recount
from console.services.answering import survey_of
from console.services.staffing import required
from console.services.survey_plans import PLANNERS
from console.storage.engine import Store

Totals = Mapping[str, Mapping[str, float]]
"""How many customers there are of each value, by dimension; any unit, since only the shares count."""
Combination = tuple[str, ...]

PASSING = Table(
    "passing_weights",
    MetaData(),
    *[Column(name, String, primary_key=True) for name in SEGMENT],
    Column("weight", Float),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True)
class WeightedValue:
    """One value of a dimension: its share of the population, of those who answered, and of their weights; 0 to 1."""

    dimension: str
    value: str
    known: float
    answered: float
    weighted: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyWeights:
    """How responses were weighted: ``deff`` is what it costs, ``n_effective`` what it leaves; ``trimmed`` weights were cut."""

    survey: str
    n: int
    deff: float
    n_effective: float
    lowest: float
    highest: float
    trimmed: int
    values: tuple[WeightedValue, ...]
    warnings: tuple[str, ...]
    is_dry: bool


def weight_survey(
    store: Store,
    code: str,
    totals: Totals,
    *,
    reason: str,
    actor: str,
    trim_at: float = TRIM_AT,
    replaces: bool = False,
    is_dry: bool = False,
) -> SurveyWeights:
    """Give every response of a survey the weight that brings region, kind, supply, channel or department to known totals.

    One dimension is post-stratification, several are raked; weights above ``trim_at`` times the median are cut and raked again.
    Cells change in the same transaction. Responses that came with weights keep them unless ``replaces``. Responses left out of
    figures weigh as those like them. Raises UsageError for an unknown dimension, a value nobody or everybody lacks, or no reason;
    ConflictError where weights would be lost; NotFoundError, NotAllowedError.
    """
    for dimension in totals:
        if dimension not in SEGMENT:
            close = nearest(dimension, SEGMENT)
            hint = f"Did you mean {close}?" if close else f"Known: {', '.join(SEGMENT)}."
            raise UsageError(f"Responses are not weighted by {dimension}.", hint)
    if not totals:
        raise UsageError("No totals are given.", "Give some: --total region:east=6000 --total region:west=4000")
    if not reason.strip() and not is_dry:
        raise UsageError("Say where the totals come from.", "Give --reason TEXT.")
    dimensions = tuple(name for name in SEGMENT if name in totals)
    if is_dry:
        with store.reading() as connection:
            return _found(connection, code, dimensions, totals, trim_at, is_dry=True)[0]
    with store.writing(actor) as work:
        required(work.connection, actor, PLANNERS, "weight the responses of a survey")
        survey = survey_of(work.connection, code)
        other = select(RESPONSES.c.id).where(RESPONSES.c.survey_id == survey.id, RESPONSES.c.weight != 1).limit(1)
        if not replaces and work.connection.execute(other).first():
            raise ConflictError(
                f"Responses of {code} have weights already, which would be lost.", "Give --replace to weight them anew."
            )
        found, weights = _found(work.connection, code, dimensions, totals, trim_at, is_dry=False)
        _write(work.connection, survey.id, dimensions, weights)
        recount(work.connection, survey.id)
        work.record(
            "weight_responses",
            "survey",
            code,
            {
                "totals": {name: dict(own) for name, own in totals.items()},
                "trim_at": trim_at,
                "deff": found.deff,
                "reason": reason.strip(),
            },
        )
    return found


def _found(
    connection: Connection, code: str, dimensions: Sequence[str], totals: Totals, trim_at: float, *, is_dry: bool
) -> tuple[SurveyWeights, dict[Combination, float]]:
    survey = survey_of(connection, code)
    columns = [RESPONSES.c[name] for name in dimensions]
    own = RESPONSES.c.survey_id == survey.id
    rows = connection.execute(
        select(*columns, func.count()).where(own, RESPONSES.c.excluded == "").group_by(*columns)
    ).all()
    combinations = [tuple(row[:-1]) for row in rows]
    sizes = np.array([row[-1] for row in rows], dtype=int)
    if not sizes.size:
        raise UsageError(f"The survey {code} has no responses yet.")
    values = {name: list(totals[name]) for name in dimensions}
    _check(code, dimensions, values, combinations)
    codes = [
        np.repeat([values[name].index(combination[place]) for combination in combinations], sizes)
        for place, name in enumerate(dimensions)
    ]
    margins = [_shares(name, totals[name]) for name in dimensions]
    try:
        raked = rake(codes, margins, trim_at=trim_at)
    except MeasureError as error:
        raise UsageError(error.message, error.hint) from error
    first = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    weights = np.array(raked.weights)
    by_combination = {
        combination: float(weights[at]) for combination, at in zip(combinations, first.tolist(), strict=True)
    }
    shown = []
    for name, column, margin in zip(dimensions, codes, margins, strict=True):
        counts = np.bincount(column, minlength=len(margin)) / column.size
        weighted = np.bincount(column, weights=weights, minlength=len(margin)) / weights.sum()
        shown += [
            WeightedValue(name, value, margin[at], float(counts[at]), float(weighted[at]))
            for at, value in enumerate(values[name])
        ]
    found = SurveyWeights(
        survey=code,
        n=raked.n,
        deff=raked.value or 1.0,
        n_effective=raked.n_effective,
        lowest=float(weights.min()),
        highest=float(weights.max()),
        trimmed=raked.n_trimmed,
        values=tuple(shown),
        warnings=raked.warnings,
        is_dry=is_dry,
    )
    return found, by_combination


def _check(
    code: str, dimensions: Sequence[str], values: Mapping[str, list[str]], combinations: Sequence[Combination]
) -> None:
    """Refuse values without a total, and totals nobody stands for."""
    for place, name in enumerate(dimensions):
        there = {combination[place] for combination in combinations}
        lacking = sorted(there - set(values[name]))
        if lacking:
            named = ", ".join(value or "(empty)" for value in lacking[:8])
            raise UsageError(f"{name} has no total for: {named}.", f"Every {name} that answered {code} needs one.")
        silent = [value for value in values[name] if value not in there]
        if silent:
            raise UsageError(
                f"Nobody of {name} {', '.join(silent[:8])} answered {code}.",
                "Nobody can speak for them: leave them out, or give their number to another value.",
            )


def _shares(name: str, totals: Mapping[str, float]) -> list[float]:
    given = list(totals.values())
    if any(not np.isfinite(total) or total <= 0 for total in given):
        raise UsageError(f"A total of {name} is not above 0.")
    return [total / sum(given) for total in given]


def _write(
    connection: Connection, survey_id: int, dimensions: Sequence[str], weights: Mapping[Combination, float]
) -> None:
    PASSING.create(connection, checkfirst=False)
    unused = {name: "" for name in SEGMENT if name not in dimensions}
    connection.execute(
        insert(PASSING),
        [
            {**dict(zip(dimensions, combination, strict=True)), **unused, "weight": weight}
            for combination, weight in weights.items()
        ],
    )
    same = and_(*[PASSING.c[name] == RESPONSES.c[name] for name in dimensions])
    # A combination that only responses left out of figures have was not raked; it weighs one.
    found = func.coalesce(select(PASSING.c.weight).where(same).scalar_subquery(), 1.0)
    connection.execute(update(RESPONSES).where(RESPONSES.c.survey_id == survey_id).values(weight=found))
    PASSING.drop(connection, checkfirst=False)
