"""Figures as rows of a table: what every export carries, from the command line and from the console alike.

Each row has scale, n, interval, coverage and weights version, and how many responses of its survey the rule leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import groupby
from typing import Any

from sqlalchemy import select

from console.measures.cells import CellSums, cell_top_two
from console.measures.disclosure import Disclosure, disclosure
from console.rules.answer_quality import read_rule
from console.rules.column_types import ColumnType, Types
from console.services.answer_cells import SEGMENT
from console.services.answer_filtering import SURVEYS
from console.services.answer_judging import excluded_of
from console.services.overview_views import Overview
from console.services.satisfaction_views import (
    Comparison,
    DriverTable,
    Figure,
    PivotTable,
    StratumProgress,
    SurveyFigures,
    SurveyPlan,
    TreeFigures,
    WeightVersion,
)
from console.storage.engine import Store

Row = dict[str, Any]
NO_WEIGHTS = "none"
"""The weights version of a figure into which no weights of indicators enter."""


_WHOLE = (
    "n", "n_missing", "first_n", "second_n", "excluded", "first_excluded", "second_excluded", "count", "level", "score",
    "population", "population_all", "needed", "needed_all", "planned", "drawn", "invited", "complete", "partial", "refused",
    "not_reached", "other", "delivered", "started", "ineligible", "pending", "seed", "excluded_from_draw", "received", "backlog",
    "overdue", "total", "signals", "months_repeated",
)  # fmt: skip
_NUMBER = (
    "value", "low", "high", "coverage", "deff", "weight", "weight_squared", "used_weight", "shortfall", "share", "priority",
    "probability", "stated", "r_squared", "first", "first_low", "first_high", "second", "second_low", "second_high", "p", "q",
    "z", "mix", "rate", "change", "costs", "gain", "margin", "expected", "half_width", "consistency", "target", "before", "peers",
)  # fmt: skip
TYPES: Types = {
    **dict.fromkeys(_WHOLE, ColumnType.WHOLE),
    **dict.fromkeys(_NUMBER, ColumnType.NUMBER),
    **dict.fromkeys(("is_in_use", "meets"), ColumnType.FLAG),
    "made_at": ColumnType.MOMENT,
}
"""What the columns of tables of figures hold that are no texts; a name means the same in all of them."""
ANSWER_TYPES: Types = {
    "score": ColumnType.WHOLE,
    "answered_at": ColumnType.MOMENT,
    "weight": ColumnType.NUMBER,
    "is_double": ColumnType.FLAG,
}
"""What the columns of single answers hold that are no texts."""


def figure_cells(figure: Figure) -> Row:
    """Return a figure as the columns that every export of it carries."""
    return {
        "value": figure.value,
        "unit": figure.unit,
        "scale": figure.scale,
        "n": figure.n,
        "n_missing": figure.n_missing,
        "low": figure.low,
        "high": figure.high,
        "interval": figure.interval,
        "coverage": figure.coverage,
        "weights_version": figure.weights_version or NO_WEIGHTS,
        "disclosure": figure.disclosure,
        "deff": figure.deff,
    }


def exclusions(store: Store, codes: Iterable[str]) -> dict[str, Row]:
    """Return, for surveys by code, how many responses are left out of their figures and by which rule."""
    with store.reading() as connection:
        rows = connection.execute(
            select(SURVEYS.c.id, SURVEYS.c.code, SURVEYS.c.quality_rule).where(SURVEYS.c.code.in_(sorted(set(codes))))
        ).all()
        return {
            code: {"excluded": sum(excluded_of(connection, id_).values()), "quality_rule": read_rule(text).name}
            for id_, code, text in rows
        }


def with_exclusions(store: Store, rows: Iterable[Row]) -> list[Row]:
    """Return rows with what the rule of their survey leaves out."""
    listed = list(rows)
    known = exclusions(store, {row["survey"] for row in listed})
    return [{**row, **known.get(row["survey"], {})} for row in listed]


def summary_rows(found: Iterable[SurveyFigures]) -> list[Row]:
    """Return surveys with their indicators as rows: the index, then each measure of each indicator."""
    rows: list[Row] = []
    for survey in found:
        rows.append(
            {"survey": survey.code, "indicator": "", "label": "", "measure": "index", **figure_cells(survey.index)}
        )
        for item in survey.items:
            for name in ("mean", "score", "top_two", "special"):
                figure = getattr(item, name)
                if figure is not None:
                    key = {"survey": survey.code, "indicator": item.code, "label": item.label, "measure": name}
                    rows.append({**key, **figure_cells(figure)})
    return rows


def tree_rows(found: TreeFigures) -> list[Row]:
    """Return the nodes of a tree as rows."""
    return [
        {
            "survey": found.survey,
            "tree": found.tree,
            "node": node.id,
            "parent": node.parent or "",
            "label": node.label,
            "weight": node.weight,
            "used_weight": node.used_weight,
            "shortfall": node.shortfall,
            **figure_cells(node.figure),
        }
        for node in found.nodes
    ]


def pivot_rows(table: PivotTable) -> list[Row]:
    """Return the cells of a pivot as rows."""
    return [
        {
            "survey": table.survey,
            table.row_dimension: cell.row,
            table.column_dimension or "all": cell.column,
            "measure": table.measure,
            **figure_cells(cell.figure),
        }
        for cell in table.cells
    ]


def driver_rows(found: DriverTable) -> list[Row]:
    """Return drivers as rows; the figure is their performance."""
    return [
        {
            "survey": found.survey,
            "driver": row.code,
            "share": row.share,
            "priority": row.priority,
            "quadrant": row.quadrant,
            "probability": row.probability,
            "stated": row.stated.value if row.stated else None,
            "r_squared": found.r_squared,
            "method": found.method,
            **figure_cells(row.performance),
        }
        for row in found.drivers
    ]


def comparison_rows(store: Store, found: Iterable[Comparison]) -> list[Row]:
    """Return comparisons as rows; the figure is the difference, beside both figures with their intervals."""
    listed = list(found)
    known = exclusions(store, {code for one in listed for code in (one.first_survey, one.second_survey)})
    return [
        {
            "indicator": one.indicator,
            "label": one.label,
            **_side("first", one.first, one.first_survey, one.first_filter, known),
            **_side("second", one.second, one.second_survey, one.second_filter, known),
            "p": one.p,
            "split_by": one.split_by,
            "mix": one.mix,
            "rate": one.rate,
            "verdict": one.verdict,
            **figure_cells(one.difference),
        }
        for one in listed
    ]


def _side(name: str, figure: Figure, survey: str, filter_text: str, known: Mapping[str, Row]) -> Row:
    own = {
        "survey": survey,
        "filter": filter_text,
        "n": figure.n,
        "low": figure.low,
        "high": figure.high,
        "disclosure": figure.disclosure,
        **known.get(survey, {}),
    }
    return {name: figure.value, **{f"{name}_{key}": value for key, value in own.items()}}


def overview_rows(found: Overview) -> list[Row]:
    """Return every figure of an overview as a row."""
    rows: list[Row] = []

    def add(part: str, name: str, value: str, figure: Figure, **more: float | None) -> None:
        rows.append(
            {
                "survey": found.survey.code,
                "part": part,
                "name": name,
                "segment": value,
                **{key: more.get(key) for key in ("change", "p", "q", "costs", "gain")},
                **figure_cells(figure),
            }
        )

    for headline in found.headlines:
        change = headline.change.value if headline.change is not None else None
        add("headline", headline.kind, headline.indicator, headline.figure, change=change, p=headline.change_p)
    for line in found.rows:
        change = line.change.value if line.change is not None else None
        add("tree", line.node.id, "", line.node.figure, change=change, p=line.change_p, costs=line.node.shortfall)
    for point in found.weak_points:
        where = f"{point.dimension}:{point.value}"
        add("weak point", point.indicator, where, point.figure, q=point.q, gain=point.gain)
    for dimension, segments in found.drill:
        for segment in segments:
            add("segment", dimension, segment.value, segment.figure)
    for month, figure in found.months:
        add("month", month, "", figure)
    return rows


def plan_rows(found: SurveyPlan) -> list[Row]:
    """Return the strata of a plan as rows, each with what the plan as a whole says; the figure is the response rate."""
    whole = {
        "survey": found.code,
        "assessor": found.assessor,
        "survey_scale": found.scale,
        "population_all": found.population,
        "needed_all": found.needed,
        "margin": found.margin,
        "seed": found.seed,
        "excluded_from_draw": found.excluded,
    }
    strata = found.strata or (found.total or EMPTY_STRATUM,)
    return [{**whole, **_stratum_row(stratum)} for stratum in strata]


def _stratum_row(stratum: StratumProgress) -> Row:
    counts = asdict(stratum)
    rate = {name: counts.pop(name) for name in ("name", "rr1", "low", "high")}
    return {
        "stratum": rate["name"],
        **counts,
        "value": rate["rr1"],
        "unit": "share",
        "scale": "0-1",
        "n": stratum.complete,
        "low": rate["low"],
        "high": rate["high"],
        "interval": "Wilson" if rate["low"] is not None else "",
        "method": "response rate (AAPOR RR1)",
        "coverage": stratum.complete / stratum.needed if stratum.needed else None,
        "weights_version": NO_WEIGHTS,
        "disclosure": Disclosure.NORMAL.value,
    }


EMPTY_STRATUM = StratumProgress(
    name="", population=0, planned=0, drawn=0, invited=0, complete=0, partial=0, refused=0, not_reached=0, other=0,
    expected=None, half_width=None, meets=None,
)  # fmt: skip
"""Stands for the fieldwork of a survey that was never planned."""
CELL_KEY: tuple[str, ...] = ("survey", "indicator", *SEGMENT, "month")


def cell_rows(cells: Iterable[Row]) -> list[Row]:
    """Return answer cells as rows: the figure is the share that a level has of the answers given in one place.

    ``n`` counts the answers of the place, ``count`` those of the row. A place with fewer than five says no more than that.
    """
    rows: list[Row] = []
    for _key, group in groupby(cells, key=lambda cell: tuple(cell[name] for name in CELL_KEY)):
        rows += _place_rows(list(group))
    return rows


def _place_rows(cells: list[Row]) -> list[Row]:
    scored = [cell for cell in cells if not cell["missing"]]
    n, n_missing = sum(cell["n"] for cell in scored), sum(cell["n"] for cell in cells if cell["missing"])
    place = {name: cells[0][name] for name in CELL_KEY}
    common = {"scale": cells[0]["scale"], "n": n, "n_missing": n_missing, "coverage": 1.0}
    common |= {"weights_version": NO_WEIGHTS, "disclosure": disclosure(n).value}
    nothing = dict.fromkeys(("level", "missing", "count", "weight", "weight_squared", "value", "low", "high"))
    if disclosure(n) is Disclosure.HIDDEN:
        return [{**place, **nothing, "unit": "share", "interval": "", **common}]
    weight, squared = sum(cell["weight"] for cell in scored), sum(cell["weight_squared"] for cell in scored)
    rows = []
    for cell in cells:
        own = {"count": cell["n"], **{name: cell[name] for name in ("level", "missing", "weight", "weight_squared")}}
        share = None if cell["missing"] else cell_top_two(CellSums(n, weight, squared, weight_top=cell["weight"]))
        interval = share.interval if share is not None else None
        if share is not None and interval is not None:
            own |= {"value": share.value, "low": interval.low, "high": interval.high, "interval": interval.method}
        rows.append({**place, **nothing, "unit": "share", "interval": "", **common, **own})
    return rows


def weight_rows(survey: str, found: Iterable[WeightVersion]) -> list[Row]:
    """Return the weights of every version as rows."""
    return [
        {
            "survey": survey,
            "weights_version": version.name,
            "tree": version.tree,
            "method": version.method,
            "consistency": version.consistency,
            "is_in_use": version.is_active,
            "node": node,
            "weight": weight,
            "by": version.actor,
            "made_at": version.made_at,
            "note": version.note,
        }
        for version in found
        for node, weight in version.weights.items()
    ]
