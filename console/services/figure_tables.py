"""Figures as rows of a table: what every export carries, from the command line and from the console alike.

Each row has scale, n, interval, coverage and weights version, and how many responses of its survey the rule leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from console.rules.answer_quality import read_rule
from console.services.answer_filtering import SURVEYS
from console.services.answer_judging import excluded_of
from console.services.overview_views import Overview
from console.services.satisfaction_views import (
    Comparison,
    DriverTable,
    Figure,
    PivotTable,
    SurveyFigures,
    SurveyPlan,
    TreeFigures,
    WeightVersion,
)
from console.storage.engine import Store

Row = dict[str, Any]


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
        "weights_version": figure.weights_version,
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


def comparison_rows(found: Iterable[Comparison]) -> list[Row]:
    """Return comparisons as rows; the figure is the difference."""
    return [
        {
            "indicator": one.indicator,
            "first_filter": one.first_filter,
            "second_filter": one.second_filter,
            "first": one.first.value,
            "first_n": one.first.n,
            "second": one.second.value,
            "second_n": one.second.n,
            "p": one.p,
            "mix": one.mix,
            "rate": one.rate,
            "verdict": one.verdict,
            **figure_cells(one.difference),
        }
        for one in found
    ]


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
    """Return the strata of a plan as rows, each with what the plan as a whole says."""
    whole = {
        "survey": found.code,
        "assessor": found.assessor,
        "scale": found.scale,
        "weights_version": "",
        "population_all": found.population,
        "needed_all": found.needed,
        "margin": found.margin,
        "seed": found.seed,
    }
    return [{**whole, **_named(asdict(stratum))} for stratum in found.strata] or [whole]


def _named(stratum: Row) -> Row:
    """A stratum with its answers and coverage under the names that figures use."""
    covered = stratum["complete"] / stratum["needed"] if stratum["needed"] else None
    return {"stratum": stratum.pop("name"), **stratum, "n": stratum["complete"], "coverage": covered}


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
