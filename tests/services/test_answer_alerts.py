"""Alerts on answers: the share of dissatisfied and the index of an indicator, in the cells that the answers were added up in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from office import furnish
from sqlalchemy import insert

from console.models import AnswerCell, AnswerSegment, Indicator, Survey
from console.models.base import table_of
from console.rules.months import months_between
from console.services.alert_runs import run
from console.services.alert_views import AlertRow
from console.storage.engine import Store

MONTHS = months_between("2025-01", "2025-12")
NOW = datetime(2025, 12, 31, 15, tzinfo=UTC)


def answered(store: Store, last: dict[str, tuple[int, int]], asked: int = 100, often_bad: str = "") -> None:
    """Enter twelve months of one indicator in two regions: a fifth dissatisfied, and ``last`` (bad, asked) at the end.

    In the region ``often_bad`` four fifths are.
    """
    furnish(store)
    with store.writing("test") as work:
        connection = work.connection
        survey = table_of(Survey)
        survey_id = connection.execute(
            insert(survey).values(
                code="after", title="After the reply", title_zh="", series="", wave="", assessor="self", scale_low=1,
                scale_high=5, level_scores="", channel="", plan="{}", tree="", weights_version="", is_paired=False, version=1,
            ).returning(survey.c.id)
        ).scalar_one()  # fmt: skip
        indicators, segments = table_of(Indicator), table_of(AnswerSegment)
        indicator_id = connection.execute(
            insert(indicators).values(
                survey_id=survey_id, code="speed", label="Speed", label_zh="", position=0, kind="score",
                is_reversed=False, node="",
            ).returning(indicators.c.id)
        ).scalar_one()  # fmt: skip
        for region in ("east", "west"):
            segment_id = connection.execute(
                insert(segments)
                .values(region=region, kind="", supply="", channel="", department="")
                .returning(segments.c.id)
            ).scalar_one()
            for place, month in enumerate(MONTHS):
                usual = asked * 4 // 5 if region == often_bad else asked // 5
                bad, n = (usual + (place % 3) - 1, asked)
                if month == MONTHS[-1]:
                    bad, n = last.get(region, (bad, n))
                for level, count in ((2, bad), (5, n - bad)):
                    connection.execute(
                        insert(table_of(AnswerCell)).values(
                            indicator_id=indicator_id, segment_id=segment_id, month=month, level=level, missing="",
                            n=count, weight=float(count), weight_squared=float(count),
                        )
                    )  # fmt: skip
        work.record("test", "survey", "after")


def found(store: Store) -> list[AlertRow]:
    return list(run(store, actor="root", zone=UTC, now=NOW, month="2025-12").new)


def test_more_dissatisfied_in_one_region_are_told_of_that_region(store: Store) -> None:
    answered(store, {"west": (55, 100)})
    rows = {row.cell: row for row in found(store)}
    west = rows["survey:after indicator:speed region:west"]
    assert (west.rule, west.unit, west.count, west.exposure) == ("share", "share", 55.0, 100.0)
    assert west.value == pytest.approx(0.55)
    assert west.rows == "survey:after indicator:speed region:west month:2025-12"
    assert west.is_provisional
    assert "survey:after indicator:speed region:east" not in rows


def test_more_answers_from_where_they_were_always_worse_are_no_fall(store: Store) -> None:
    answered(store, {"west": (20, 100), "east": (320, 400)}, often_bad="east")
    assert found(store) == []


def test_a_fall_everywhere_is_told_of_the_whole(store: Store) -> None:
    answered(store, {"west": (55, 100), "east": (95, 100)}, often_bad="east")
    assert "survey:after indicator:speed" in {row.cell for row in found(store)}


def test_a_quiet_month_and_few_answers_are_not_told(store: Store) -> None:
    answered(store, {"west": (20, 25)}, asked=25)
    assert [row.cell for row in found(store) if "region" in row.cell] == []
