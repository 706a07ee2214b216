"""The judge of a survey's responses: its rule for leaving some out, with the items the rule looks at."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, literal_column, select

from console.codes import IndicatorKind
from console.models import Indicator, Response, Survey
from console.models.base import table_of
from console.rules.answer_quality import Judge, QualityRule, RatedItem, read_rule

SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)
RESPONSES: Table = table_of(Response)
RATED = (IndicatorKind.SCORE.value, IndicatorKind.NPS.value, IndicatorKind.CES.value)


def rule_of(connection: Connection, survey_id: int) -> QualityRule:
    """Return the rule by which a survey leaves responses out."""
    return read_rule(connection.execute(select(SURVEYS.c.quality_rule).where(SURVEYS.c.id == survey_id)).scalar_one())


def judge_of(connection: Connection, survey_id: int) -> Judge | None:
    """Return the judge of a survey, None where every response counts."""
    rule = rule_of(connection, survey_id)
    return Judge(rule, rated_items(connection, survey_id)) if rule.checks else None


def excluded_of(connection: Connection, survey_id: int) -> dict[str, int]:
    """Return how many responses of a survey are left out of figures, by what for; read from an index that holds only these."""
    # The text of the condition is what the index is bound to: only so SQLite reads that index and not all responses.
    question = (
        select(RESPONSES.c.excluded, func.count())
        .where(RESPONSES.c.survey_id == survey_id, literal_column("responses.excluded <> ''"))
        .group_by(RESPONSES.c.excluded)
    )
    return {reason: int(count) for reason, count in connection.execute(question)}


def rated_items(connection: Connection, survey_id: int) -> dict[str, RatedItem]:
    """Return the items of a survey that are answered by a level, by code."""
    columns = (
        INDICATORS.c.code,
        INDICATORS.c.id,
        func.coalesce(INDICATORS.c.scale_low, SURVEYS.c.scale_low),
        func.coalesce(INDICATORS.c.scale_high, SURVEYS.c.scale_high),
        INDICATORS.c.is_reversed,
        INDICATORS.c.kind,
    )
    rows = connection.execute(
        select(*columns)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(INDICATORS.c.survey_id == survey_id, INDICATORS.c.kind.in_(RATED))
        .order_by(INDICATORS.c.position, INDICATORS.c.id)
    )
    return {
        code: RatedItem(id_, low, high, bool(is_reversed), kind == IndicatorKind.SCORE)
        for code, id_, low, high, is_reversed, kind in rows
    }
