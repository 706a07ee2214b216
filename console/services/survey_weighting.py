"""Responses of a survey weighted to known totals of its population, so that figures speak for all and not for who answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Column, Connection, Float, MetaData, String, Table, case, func, insert, literal, select, update

from console.errors import ConflictError, UsageError, nearest
from console.measures.arrays import FloatArray, IntArray
from console.measures.means import design_effect
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
CAME = func.coalesce(RESPONSES.c.design_weight, RESPONSES.c.weight)
"""The weight that a response came with."""

PASSING = Table(
    "passing_weights",
    MetaData(),
    *[Column(name, String, primary_key=True) for name in SEGMENT],
    Column("start", Float, primary_key=True),
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
    """How responses were weighted: ``deff`` is what it costs, ``n_effective`` what it leaves; ``trimmed`` weights were cut.

    ``start`` is ``design`` where weights came with the answers and were multiplied, ``one`` where each began as one response;
    ``start_deff`` is the design effect of those alone, ``deff`` that of the product.
    """

    survey: str
    n: int
    start: str
    start_deff: float
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
    from_one: bool = False,
    is_dry: bool = False,
) -> SurveyWeights:
    """Give every response of a survey the weight that brings region, kind, supply, channel or department to known totals.

    One dimension is post-stratification, several are raked; weights above ``trim_at`` times the median are cut and raked again.
    Weights that came with the answers (design weights) are what it begins with, and are kept beside the new ones; ``from_one``
    leaves them out of account. Cells change in the same transaction. Responses left out of figures weigh as those like them.
    Raises UsageError for an unknown dimension, a value nobody or everybody lacks, or no reason; ConflictError for a survey that
    is weighted already, unless ``replaces``; NotFoundError, NotAllowedError.
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
            return _found(connection, code, dimensions, totals, trim_at, from_one=from_one, is_dry=True)[0]
    with store.writing(actor) as work:
        required(work.connection, actor, PLANNERS, "weight the responses of a survey")
        survey = survey_of(work.connection, code)
        weighted = RESPONSES.c.design_weight.is_not(None)
        other = select(RESPONSES.c.id).where(RESPONSES.c.survey_id == survey.id, weighted).limit(1)
        if not replaces and work.connection.execute(other).first():
            raise ConflictError(
                f"Responses of {code} are weighted to totals already.",
                "Give --replace to weight them anew, from the weights they came with.",
            )
        found, weights = _found(work.connection, code, dimensions, totals, trim_at, from_one=from_one, is_dry=False)
        _write(work.connection, survey.id, weights, dimensions=dimensions, from_one=from_one)
        recount(work.connection, survey.id)
        work.record(
            "weight_responses",
            "survey",
            code,
            {
                "totals": {name: dict(own) for name, own in totals.items()},
                "trim_at": trim_at,
                "start": found.start,
                "start_deff": found.start_deff,
                "deff": found.deff,
                "reason": reason.strip(),
            },
        )
    return found


@dataclass(frozen=True, slots=True)
class _Classes:
    """Responses alike in what they are weighted by and in what they began with; one entry a class in every array.

    ``sizes`` are those that figures count, 0 for a class of which all are left out.
    """

    combinations: list[Combination]
    starts: FloatArray
    sizes: IntArray


def _classes(
    connection: Connection, survey_id: int, dimensions: Sequence[str], *, from_one: bool, code: str
) -> _Classes:
    columns = [RESPONSES.c[name] for name in dimensions]
    start = literal(1.0, Float) if from_one else CAME
    counting = func.sum(case((RESPONSES.c.excluded == "", 1), else_=0))
    rows = connection.execute(
        select(*columns, start.label("start"), counting)
        .where(RESPONSES.c.survey_id == survey_id)
        .group_by(*columns, *([] if from_one else [CAME]))
    ).all()
    found = _Classes(
        [tuple(row[:-2]) for row in rows],
        np.array([row[-2] for row in rows], dtype=float),
        np.array([row[-1] for row in rows], dtype=np.int64),
    )
    if not found.sizes.sum():
        raise UsageError(f"The survey {code} has no responses yet.")
    return found


def _found(
    connection: Connection,
    code: str,
    dimensions: Sequence[str],
    totals: Totals,
    trim_at: float,
    *,
    from_one: bool,
    is_dry: bool,
) -> tuple[SurveyWeights, list[dict[str, object]]]:
    """Return how responses are weighted, and the rows by which ``_write`` gives each class its weight."""
    classes = _classes(connection, survey_of(connection, code).id, dimensions, from_one=from_one, code=code)
    counted = np.flatnonzero(classes.sizes)
    combinations = [classes.combinations[at] for at in counted.tolist()]
    sizes = classes.sizes[counted]
    values = {name: list(totals[name]) for name in dimensions}
    _check(code, dimensions, values, combinations)
    codes = [
        np.repeat([values[name].index(combination[place]) for combination in combinations], sizes)
        for place, name in enumerate(dimensions)
    ]
    margins = [_shares(name, totals[name]) for name in dimensions]
    starts = np.repeat(classes.starts[counted], sizes)
    try:
        raked = rake(codes, margins, weights=starts, trim_at=trim_at)
    except MeasureError as error:
        raise UsageError(error.message, error.hint) from error
    first = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    weights = np.array(raked.weights)
    by_class = np.zeros(classes.sizes.size)
    by_class[counted] = weights[first]
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
        start="one" if (starts == starts[0]).all() else "design",
        start_deff=design_effect(starts),
        deff=raked.value or 1.0,
        n_effective=raked.n_effective,
        lowest=float(weights.min()),
        highest=float(weights.max()),
        trimmed=raked.n_trimmed,
        values=tuple(shown),
        warnings=raked.warnings,
        is_dry=is_dry,
    )
    return found, _rows(dimensions, classes, by_class)


def _rows(dimensions: Sequence[str], classes: _Classes, weights: FloatArray) -> list[dict[str, object]]:
    """Return the weight of each class; one of which all are left out has the factor of those counted in its combination."""
    sums: dict[Combination, list[float]] = {}
    for combination, start, size, weight in zip(
        classes.combinations, classes.starts, classes.sizes, weights, strict=True
    ):
        both = sums.setdefault(combination, [0.0, 0.0])
        both[0] += size * start
        both[1] += size * weight
    unused = {name: "" for name in SEGMENT if name not in dimensions}
    rows: list[dict[str, object]] = []
    for combination, start, size, weight in zip(
        classes.combinations, classes.starts, classes.sizes, weights, strict=True
    ):
        before, after = sums[combination]
        given = weight if size else start * (after / before if before else 1.0)
        place = dict(zip(dimensions, combination, strict=True))
        rows.append({**place, **unused, "start": float(start), "weight": float(given)})
    return rows


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
    connection: Connection,
    survey_id: int,
    rows: Sequence[dict[str, object]],
    *,
    dimensions: Sequence[str],
    from_one: bool,
) -> None:
    PASSING.create(connection, checkfirst=False)
    connection.execute(insert(PASSING), rows)
    start = literal(1.0, Float) if from_one else CAME
    # Named in full, the key of the passing table finds the one row of a response.
    same = [PASSING.c[name] == (RESPONSES.c[name] if name in dimensions else "") for name in SEGMENT]
    found = select(PASSING.c.weight).where(*same, PASSING.c.start == start).scalar_subquery()
    connection.execute(
        update(RESPONSES).where(RESPONSES.c.survey_id == survey_id).values(weight=found, design_weight=CAME)
    )
    PASSING.drop(connection, checkfirst=False)
