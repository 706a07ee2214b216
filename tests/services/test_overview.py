"""The overview of a survey, on both engines: it agrees with the other figures, and calls nothing a fall that is none."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from survey_files import HEADER, PROFILE, brought, mixed, row

from console.errors import UsageError
from console.measures.quadrants import Crosshair
from console.models import Customer, SampleMember, Survey
from console.models.base import table_of
from console.services.answer_lines import answer_count, answers, months
from console.services.comparisons import compare
from console.services.drivers import drivers
from console.services.indicator_trees import tree
from console.services.overview import overview, surveys
from console.services.pivots import pivot
from console.services.satisfaction import figures
from console.storage.engine import Store

SURVEYS, CUSTOMERS, MEMBERS = table_of(Survey), table_of(Customer), table_of(SampleMember)
AT = datetime(2026, 3, 1, tzinfo=UTC)
SERIES = PROFILE.replace('code = "hall"', 'code = "{code}"\nseries = "halls"\nwave = "{code}"')


def wave(store: Store, folder: Path, code: str, rows: list[tuple[str, ...]]) -> None:
    brought(store, folder, rows, SERIES.replace("{code}", code))


def scored(first: int, count: int, area: str, levels: tuple[int, ...], day: str) -> list[tuple[str, ...]]:
    """Rows of one area whose levels go round."""
    return [
        row(first + place, day=day, area=area, scores=(levels[place % len(levels)],) * 3, tell=9)
        for place in range(count)
    ]


def test_the_overview_says_what_summary_tree_and_pivot_say(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, mixed(90))
    found = overview(store, "survey:hall")
    (survey,) = figures(store, "survey:hall")
    assert found.headlines[0].figure == found.survey.index == survey.index
    assert [headline.kind for headline in found.headlines] == ["index", "top_two", "top_box", "nps"]
    top = next(item for item in survey.items if item.code == "all").top_two
    assert (found.headlines[1].figure.value, found.headlines[1].indicator) == (top.value, "all")
    assert found.tree == tree(store, "survey:hall")
    table = pivot(store, "region", "", "survey:hall", measure="index")
    regions = dict(found.drill)["region"]
    assert [segment.value for segment in regions] == list(table.rows)
    assert [segment.figure.value for segment in regions] == pytest.approx([one.value for one in table.row_totals])
    assert found.headlines[0].figure.value == pytest.approx(table.total.value, abs=1.0)
    for segment in regions:
        assert answer_count(store, segment.figure.filter) == len(answers(store, segment.figure.filter, limit=1000))
    assert (found.before_filter, found.splits) == ("", ())
    assert months(store, "survey:hall") == ["2026-04", "2026-03"]
    assert [choice.code for choice in surveys(store)] == ["hall"]


def test_the_index_of_a_pivot_weighs_indicators_and_is_not_too_sure(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, [row(place, scores=(3, 1 + place % 5, 5)) for place in range(50)])
    table = pivot(store, "region", "", "survey:hall", measure="index")
    # Speed counts 0.6 at a mean of 50, staff 0.4 at 100; the overall question is no part of it.
    assert table.total.value == pytest.approx(0.6 * 50 + 0.4 * 100)
    assert (table.total.coverage, table.total.n) == (1.0, 50)
    (survey,) = figures(store, "survey:hall")
    exact = survey.index
    assert (table.total.low or 0) <= (exact.low or 0) + 1e-9
    assert (table.total.high or 0) >= (exact.high or 0) - 1e-9 > 0


def test_a_weak_point_is_one_beyond_chance_only(store: Store, tmp_path: Path) -> None:
    dice = random.Random(8)
    rows = [
        row(
            place,
            area=("east", "west", "north", "south")[place % 4],
            scores=(4, 4 + dice.choice((0, 1)), 4 + dice.choice((0, 1))),
        )
        for place in range(160)
    ]
    brought(store, tmp_path, rows)
    assert overview(store, "survey:hall").weak_points == ()
    low = [row(1000 + place, area="west", scores=(2, 1 + place % 3, 4 + dice.choice((0, 1)))) for place in range(40)]
    brought(store, tmp_path, low)
    found = overview(store, "survey:hall")
    point = found.weak_points[0]
    assert (point.indicator, point.dimension, point.value, point.figure.n) == ("speed", "region", "west", 80)
    assert point.q < 0.05
    assert found.tested >= 8
    speed = next(node for node in found.tree.nodes if node.id == "speed")
    share = 80 / 200
    assert point.gain == pytest.approx(0.6 * share * (found.target - (point.figure.value or 0)))
    assert next(line for line in found.rows if line.node == speed).weak == 1
    assert len(answers(store, point.figure.filter, limit=500)) == 80
    # The same forty alone are a slice of few: nobody to compare them with, nothing ranked.
    assert overview(store, "survey:hall region:west").weak_points == ()


def test_cells_under_thirty_answers_are_never_ranked(store: Store, tmp_path: Path) -> None:
    rows = [row(place, area="east", scores=(5, 4 + place % 2, 5)) for place in range(100)]
    rows += [row(500 + place, area="west", scores=(1, 1 + place % 2, 1)) for place in range(29)]
    brought(store, tmp_path, rows)
    found = overview(store, "survey:hall")
    assert (found.weak_points, found.tested) == ((), 0)
    west = next(segment for segment in dict(found.drill)["region"] if segment.value == "west")
    assert (west.figure.disclosure, west.is_low) == ("marked", False)


def test_a_change_of_who_answered_is_not_called_a_fall(store: Store, tmp_path: Path) -> None:
    good, bad = (5, 4, 5, 5), (2, 1, 2, 2)
    wave(
        store,
        tmp_path,
        "spring",
        scored(1, 80, "east", good, "2026-03-02") + scored(500, 40, "west", bad, "2026-03-02"),
    )
    wave(
        store,
        tmp_path,
        "autumn",
        scored(1, 40, "east", good, "2026-09-02") + scored(500, 80, "west", bad, "2026-09-02"),
    )
    found = overview(store, "survey:autumn")
    assert found.before_survey == "spring"
    change, p = found.headlines[0].change, found.headlines[0].change_p
    assert change is not None
    assert (change.value or 0) < -20
    assert (p if p is not None else 1) < 0.001
    split = found.splits[0]
    assert (split.dimension, split.is_mostly_mix) == ("region", True)
    assert split.rate == pytest.approx(0, abs=1e-9)
    assert split.mix == pytest.approx(change.value)
    assert {round(split.share_before, 3), round(split.share_after, 3)} == {0.667, 0.333}
    assert not any(line.has_fallen for line in found.rows)
    by_item = {one.indicator: one for one in compare(store, "survey:spring", "survey:autumn", split_by="region")}
    assert by_item["speed"].difference.value == pytest.approx(
        next(line.change.value for line in found.rows if line.node.id == "speed" and line.change)
    )
    # The spring has nothing before it.
    assert overview(store, "survey:spring").before_filter == ""


def test_a_fall_in_every_region_is_called_one(store: Store, tmp_path: Path) -> None:
    dice = random.Random(3)
    for code, day, centre in (("spring", "2026-03-02", 4), ("autumn", "2026-09-02", 3)):
        rows = [
            row(
                place,
                day=day,
                area=("east", "west")[place % 2],
                scores=(centre, centre + dice.choice((-1, 0, 1)), centre),
            )
            for place in range(120)
        ]
        wave(store, tmp_path, code, rows)
    found = overview(store, "survey:autumn")
    assert found.splits
    assert not found.splits[0].is_mostly_mix
    assert {line.node.id for line in found.rows if line.has_fallen} >= {"root", "service", "speed"}


def test_a_month_is_compared_with_the_one_before(store: Store, tmp_path: Path) -> None:
    rows = scored(1, 40, "east", (5, 4), "2026-03-10") + scored(100, 40, "east", (3, 2), "2026-04-10")
    brought(store, tmp_path, rows)
    found = overview(store, "survey:hall month:2026-04")
    assert found.before_filter == "survey:hall month:2026-03"
    change = found.headlines[0].change
    assert change is not None
    assert change.value == pytest.approx(-50)
    assert overview(store, "survey:hall month:2026-03").before_filter == ""


def test_dimensions_nest(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, mixed(60))
    table = pivot(store, "region,month", "indicator", "survey:hall", measure="n")
    assert table.row_dimension == "region,month"
    assert "west / 2026-03" in table.rows
    assert "- / 2026-03" in table.rows
    place = table.rows.index("- / 2026-03")
    assert table.row_totals[place].filter == "region:none month:2026-03 survey:hall"
    assert sum(figure.n for figure in table.row_totals) == table.total.n
    assert answer_count(store, table.row_totals[place].filter) == table.row_totals[place].n + (
        table.row_totals[place].n_missing
    )
    with pytest.raises(UsageError, match="two different"):
        pivot(store, "region,month", "month", "survey:hall")


STATED = """
[items.speed_importance]
[items.staff_importance]
"""


def test_stated_importance_stands_beside_the_derived_one_and_in_no_index(store: Store, tmp_path: Path) -> None:
    dice = random.Random(5)
    rows = []
    for place in range(200):
        speed, staff, lift = (dice.randint(1, 5) for _ in range(3))
        rows.append(
            (
                *row(place, scores=(min(5, max(1, speed + dice.choice((-1, 0, 1)))), speed, staff)),
                str(2 + lift % 2),
                "5",
            )
        )
    header = (*HEADER, "speed_importance", "staff_importance")
    brought(store, tmp_path, rows, PROFILE + STATED, header=header)
    found = drivers(store, "survey:hall", replicates=60, crosshair=Crosshair.TARGET, target=60)
    by_code = {one.code: one for one in found.drivers}
    assert set(by_code) == {"speed", "staff"}
    assert by_code["speed"].share > by_code["staff"].share
    stated = by_code["staff"].stated
    assert stated is not None
    assert stated.value == 100
    assert list(found.cross) == pytest.approx([0.5, 60.0])
    assert set(found.first_by) == {"mean", "median", "target"}
    assert sum(by_code["speed"].chances) == pytest.approx(1)
    plain = pivot(store, "month", "", "survey:hall indicator:speed,staff", measure="index").total.value
    assert overview(store, "survey:hall").headlines[0].figure.value == pytest.approx(plain)
    assert not {node.id for node in tree(store, "survey:hall").nodes} & {"speed_importance", "staff_importance"}


def test_few_answers_of_many_invited_are_called_self_selected(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, mixed(20))
    with store.writing("anna") as work:
        survey = work.connection.execute(select(SURVEYS.c.id)).scalar_one()
        for place in range(20):
            customer = work.connection.execute(
                insert(CUSTOMERS)
                .values(number=f"N{place}", name="N", kind="individual", created_at=AT, updated_at=AT)
                .returning(CUSTOMERS.c.id)
            ).scalar_one()
            work.connection.execute(
                insert(MEMBERS).values(
                    survey_id=survey,
                    customer_id=customer,
                    state="complete" if place < 2 else "invited",
                    drawn_at=AT,
                    updated_at=AT,
                )
            )
        work.record("draw", "survey", "hall")
    found = overview(store, "survey:hall")
    assert found.is_self_selected
    assert found.survey.response_rate is not None
    assert found.survey.response_rate.value == pytest.approx(0.1)
