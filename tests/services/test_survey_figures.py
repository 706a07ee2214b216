"""Figures of surveys on both engines: what they say, what they hide, and that every source of them agrees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert, select, update
from survey_files import HEADER, PROFILE, brought, mixed, row
from survey_people import staff

from console.errors import ConflictError, NotFoundError, OmbudError, UsageError
from console.measures.results import InconsistentError, MeasureError, WeightError
from console.models import Customer, Survey
from console.models.base import table_of
from console.rules.filters import FilterError
from console.rules.indicator_trees import load_tree, read_tree, ready_trees
from console.services import answer_cells, answer_counts, satisfaction, surveys, weighting
from console.services.answer_lines import answers
from console.services.answering import OffScaleError, UnknownItemError, answer_once
from console.services.comparisons import compare
from console.services.drivers import drivers, path_model
from console.services.fieldwork import record_contact
from console.services.indicator_trees import tree
from console.services.pivots import pivot
from console.storage.engine import Store

SURVEYS = table_of(Survey)
CUSTOMERS = table_of(Customer)


def test_figures_are_those_of_the_answers_weighted_and_plain(store: Store, tmp_path: Path) -> None:
    rows = mixed(60)
    brought(store, tmp_path, rows)
    (found,) = satisfaction.figures(store, "survey:hall")
    item = next(item for item in found.items if item.code == "all")
    levels = np.array([int(line[4]) for line in rows], dtype=float)
    weights = np.array([float(line[3]) for line in rows])
    assert item.mean.n == 60
    assert item.plain_mean.value == pytest.approx(levels.mean())
    assert item.mean.value == pytest.approx(float(weights @ levels / weights.sum()))
    assert item.score.value == pytest.approx(25 * (float(weights @ levels / weights.sum()) - 1))
    assert item.plain_top_two.value == pytest.approx((levels >= 4).mean())
    assert item.mean.deff == pytest.approx(60 * (weights @ weights) / weights.sum() ** 2)
    tell = np.array([int(line[7]) for line in rows if line[7] != "11"])
    nps = next(item for item in found.items if item.code == "tell").plain_special
    assert nps is not None
    assert nps.value == pytest.approx(100 * ((tell >= 9).mean() - (tell <= 6).mean()))
    assert (found.index.unit, found.index.scale, found.index.n) == ("0-100", "0-100", 59)
    assert found.index.low is not None
    # Pairs, cells and the answers themselves say the same of every slice.
    by_cells = pivot(store, "region", "month", "survey:hall indicator:all", measure="mean")
    by_answers = pivot(store, "region", "month", "survey:hall indicator:all language:none", measure="mean")
    with store.writing("anna") as work:
        work.connection.execute(update(SURVEYS).values(is_paired=True))
        work.record("pair", "survey", "hall")
        ids = list(work.connection.execute(select(SURVEYS.c.id)).scalars())
        answer_cells._insert_pairs(work.connection, ids)
    by_pairs = pivot(store, "region", "month", "survey:hall indicator:all", measure="mean")
    assert [table.source for table in (by_cells, by_answers, by_pairs)] == ["cells", "answers", "pairs"]
    for other in (by_answers, by_pairs):
        assert [(cell.row, cell.column, cell.figure.n) for cell in other.cells] == [
            (cell.row, cell.column, cell.figure.n) for cell in by_cells.cells
        ]
        assert [cell.figure.value for cell in other.cells] == pytest.approx(
            [cell.figure.value for cell in by_cells.cells]
        )
    # Pairs are kept as answers come and go.
    brought(store, tmp_path, [row(3, area="east", scores=(1, 1, 1)), row(99, area="new")])
    with store.reading() as connection:
        check = answer_cells.check(connection)
    assert check.is_sound
    assert check.pairs > 0


@pytest.mark.parametrize("where", ["", " language:none"])
def test_pivots_of_every_measure_are_those_of_the_answers_on_every_scale(
    store: Store, tmp_path: Path, where: str
) -> None:
    text = PROFILE.replace(
        "[items.staff]",
        '[items.staff]\nscale = { levels = [1, 5], reversed = true, missing = { "0" = "NA", "9" = "NAP" } }',
    )
    rows = mixed(120)
    brought(store, tmp_path, rows, text)
    weights = np.array([float(line[3]) for line in rows])
    is_east = np.array([line[2] == "east" for line in rows])
    scores = {
        code: np.array([float(line[place]) if line[place] not in ("0", "9") else np.nan for line in rows])
        for code, place in (("all", 4), ("speed", 5), ("staff", 6))
    }
    told = np.array([float(line[7]) if line[7] != "11" else np.nan for line in rows])

    def mean(values: np.ndarray, chosen: np.ndarray) -> float:
        given = chosen & ~np.isnan(values)
        return float(weights[given] @ values[given] / weights[given].sum())

    def east(measure: str, indicator: str) -> float | None:
        table = pivot(store, "region", "", f"survey:hall {indicator}{where}", measure=measure)
        return table.row_totals[table.rows.index("east")].value

    points = {code: 25 * (own - 1) for code, own in scores.items()}
    points["staff"] = 100 - points["staff"]
    assert east("mean", "indicator:staff") == pytest.approx(mean(scores["staff"], is_east))
    assert east("score", "indicator:staff") == pytest.approx(mean(points["staff"], is_east))
    best = np.where(np.isnan(scores["staff"]), np.nan, scores["staff"] <= 2)
    assert east("top2", "indicator:staff") == pytest.approx(mean(best, is_east))
    lead = np.where(np.isnan(told), np.nan, 100.0 * (told >= 9) - 100.0 * (told <= 6))
    assert east("nps", "indicator:tell") == pytest.approx(mean(lead, is_east))
    index = 0.6 * mean(points["speed"], is_east) + 0.4 * mean(points["staff"], is_east)
    assert east("index", "indicator:speed,staff") == pytest.approx(index)
    by_item = pivot(store, "indicator", "region", f"survey:hall{where}", measure="mean")
    staff_east = by_item.cell("staff", "east")
    assert staff_east is not None
    assert staff_east.value == pytest.approx(mean(scores["staff"], is_east))
    # Levels of five and levels of eleven have no mean; their answers are counted all the same.
    assert (by_item.total.value, by_item.total.scale) == (None, "several")
    assert by_item.total.n == sum(int((~np.isnan(own)).sum()) for own in (*scores.values(), told))
    assert by_item.total.warnings == ("Indicators on different scales have no mean level together.",)


@pytest.mark.parametrize("limit", [3, 40])
def test_the_newest_answers_are_the_same_however_they_are_found(store: Store, tmp_path: Path, limit: int) -> None:
    days = ("2026-01-05", "2026-02-11", "2026-02-12", "2026-05-03")
    rows = [
        row(place, day=days[place % 4], area=("east", "west")[place % 5 > 3], scores=(1 + place % 5, 3, 1 + place % 2))
        for place in range(200)
    ]
    brought(store, tmp_path, rows)
    for where in ("", "region:west", "level:1", "level:<=2 region:west", "region:west month:2026-02", "indicator:all level:1",
                  "level:5 month:2026-05", "region:nowhere", "missing:NA", "language:none level:2"):  # fmt: skip
        every = answers(store, f"survey:hall {where} sort:answered", limit=2_000)
        every.sort(key=lambda line: line.answered_at, reverse=True)
        for offset in (0, 7):
            found = answers(store, f"survey:hall {where}", limit=limit, offset=offset)
            times = [line.answered_at for line in every[offset : offset + limit]]
            assert [line.answered_at for line in found] == times
            keys = {(line.number, line.indicator) for line in found}
            assert len(keys) == len(found)
            assert keys <= {(line.number, line.indicator) for line in every}


def test_options_that_are_ticked_are_shares_and_no_part_of_the_index(store: Store, tmp_path: Path) -> None:
    text = PROFILE + '[items.web]\nscale = { values = { "Y" = 1, "" = 0 } }\n'
    text = text.replace("weight = 1.0", "").replace("weight = 0.6", "").replace("weight = 0.4", "")
    rows = [(*row(place, scores=(5, 5, 5)), "Y" if place % 4 == 0 else "") for place in range(40)]
    brought(store, tmp_path, rows, text, header=(*HEADER, "web"))
    (found,) = satisfaction.figures(store, "survey:hall")
    assert found.index.value == pytest.approx(100)
    web = next(item for item in found.items if item.code == "web")
    assert (web.mean.n, web.top_two.value, web.top_two.method) == (40, 0.25, "top box")
    assert pivot(store, "region", "", "survey:hall indicator:web", measure="top2").total.value == 0.25


def test_few_answers_are_hidden_or_marked(store: Store, tmp_path: Path) -> None:
    rows = [
        *(row(place, area="many") for place in range(30)),
        *(row(100 + place, area="some") for place in range(5)),
        *(row(200 + place, area="few") for place in range(4)),
    ]
    brought(store, tmp_path, rows)
    table = pivot(store, "region", "", "survey:hall indicator:speed")
    shown = {place: figure.disclosure for place, figure in zip(table.rows, table.row_totals, strict=True)}
    assert shown == {"many": "normal", "some": "marked", "few": "hidden"}
    few = table.row_totals[table.rows.index("few")]
    assert (few.value, few.low, few.n) == (None, None, 4)
    assert table.total.n == 39
    assert few.filter == "region:few survey:hall indicator:speed"
    assert len(answers(store, few.filter)) == 4
    assert {line.region for line in answers(store, "survey:hall region:some level:>=4", limit=3)} == {"some"}
    with pytest.raises(UsageError, match="no dimension regoin"):
        pivot(store, "regoin")
    with pytest.raises(UsageError, match="indicators at once"):
        pivot(store, "region", "", "survey:hall", measure="mean")
    with pytest.raises(FilterError):
        pivot(store, "region", "", "regoin:east")
    with pytest.raises(NotFoundError):
        pivot(store, "region", "", "survey:none-such")


def test_a_tree_rolls_up_and_gives_the_weight_of_silent_items_away(store: Store, tmp_path: Path) -> None:
    rows = [row(place, scores=(4, 5, 0)) for place in range(40)]
    brought(store, tmp_path, rows)
    found = tree(store, "survey:hall")
    nodes = {node.id: node for node in found.nodes}
    assert nodes["staff"].figure.value is None
    assert nodes["service"].figure.value == 100
    assert nodes["service"].figure.coverage == pytest.approx(0.6)
    assert not nodes["service"].is_publishable
    assert found.unplaced == ("all",)
    assert found.weights_version == "as entered"
    assert any("staff has no data" in note for note in found.warnings)
    ready = tree(store, "survey:hall", name="five-evaluations")
    assert ready.root.coverage == pytest.approx(0.2 * 0.4)
    assert ready.unplaced == ("all", "staff")
    with pytest.raises(NotFoundError, match="no indicator tree fife"):
        tree(store, "survey:hall", name="fife")


def test_ready_trees_have_their_leaves_in_both_languages() -> None:
    sizes = {name: len(load_tree(name).leaves) for name in ready_trees()}
    assert sizes == {"eight-factors": 8, "five-criteria": 5, "five-evaluations": 14, "seven-topics": 7}
    for name in ready_trees():
        assert all(node.label and node.label_zh for node in load_tree(name).nodes)
    with pytest.raises(UsageError, match="does not come before it"):
        read_tree({"nodes": [{"id": "a", "parent": "b"}]}, "x")


WEIGHTS = 'name = "{name}"\nmethod = "{method}"\n[groups.service]\n{rest}\n'


def weights_file(folder: Path, name: str, method: str, rest: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(WEIGHTS.format(name=name, method=method, rest=rest), "utf-8")
    return path


def test_weights_are_versions_that_are_never_overwritten(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, [row(place, scores=(3, 5, 1)) for place in range(40)])
    ahp = weights_file(tmp_path, "ahp-1", "ahp", 'order = ["speed", "staff"]\nupper = ["3/1"]')
    assert weighting.find_weights(store, "hall", ahp).weights == pytest.approx({"speed": 0.75, "staff": 0.25})
    assert weighting.versions(store, "hall") == []
    weighting.apply_weights(store, "hall", ahp, actor="anna")
    assert tree(store, "survey:hall").weights_version == "ahp-1"
    assert tree(store, "survey:hall").root.value == pytest.approx(75)
    (active,) = weighting.versions(store, "hall")
    assert (active.is_active, active.method, active.consistency) == (True, "ahp", 0)
    other = weights_file(tmp_path, "ahp-1", "shares", "weights = { speed = 0.5, staff = 0.5 }")
    with pytest.raises(ConflictError, match="differ"):
        weighting.apply_weights(store, "hall", other, actor="anna")
    wrong = weights_file(tmp_path, "w", "shares", "weights = { speed = 0.5, staff = 0.4 }")
    with pytest.raises(WeightError, match=r"add up to 0\.9"):
        weighting.find_weights(store, "hall", wrong)
    with pytest.raises(UsageError, match="does not stand under"):
        weighting.find_weights(store, "hall", weights_file(tmp_path, "w", "shares", "weights = { sped = 1 }"))


def test_judgements_that_contradict_each_other_are_shown_and_refused(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, [row(1)])
    path = tmp_path / "bad.toml"
    path.write_text(
        'name = "bad"\nmethod = "ahp"\ntree = "five-evaluations"\n[groups.supply_quality]\n'
        'order = ["supply_quality.safety", "supply_quality.reliability", "supply_quality.quality"]\nupper = [5, "1/5", 5]\n',
        "utf-8",
    )
    found = weighting.find_weights(store, "hall", path)
    assert len(found.weights) == 3
    assert "would bring the ratio to" in found.refusal
    assert "supply_quality." in found.refusal
    with pytest.raises(InconsistentError, match="cannot be used"):
        weighting.apply_weights(store, "hall", path, actor="anna")
    assert weighting.versions(store, "hall") == []


def test_a_change_is_tested_and_split_into_mix_and_rate(store: Store, tmp_path: Path) -> None:
    first = [
        row(place, area="town" if place < 80 else "farm", scores=(5 if place < 80 else 2, 3, 3)) for place in range(100)
    ]
    second = [
        row(place, area="town" if place < 40 else "farm", scores=(5 if place < 40 else 2, 3, 3)) for place in range(100)
    ]
    brought(store, tmp_path, first, survey="hall-1")
    brought(store, tmp_path, second, survey="hall-2")
    found = {one.indicator: one for one in compare(store, "survey:hall-1", "survey:hall-2", split_by="region")}
    assert found["all"].difference.value == pytest.approx(-30)
    assert found["all"].p is not None
    assert found["all"].p < 0.001
    assert found["all"].mix == pytest.approx(-30)
    assert found["all"].rate == pytest.approx(0)
    assert "who answered" in found["all"].verdict
    assert found["speed"].verdict == "No proven change."
    # Whoever names no dimension is told of the one that explains the fall all the same; a real fall stays one.
    plain = {one.indicator: one for one in compare(store, "survey:hall-1", "survey:hall-2")}
    assert plain["all"] == found["all"]
    brought(store, tmp_path, [row(place, area="town", scores=(4, 3, 3)) for place in range(80)], survey="hall-3")
    fallen = compare(store, "survey:hall-1 indicator:all region:town", "survey:hall-3 indicator:all")[0]
    assert (fallen.verdict, fallen.split_by) == ("A proven fall.", "")
    brought(store, tmp_path, [row(place, area="abroad", scores=(2, 3, 3)) for place in range(80)], survey="hall-4")
    # Regions that no slice shares say nothing of who answered.
    apart = compare(store, "survey:hall-1 indicator:all region:town", "survey:hall-4 indicator:all")[0]
    assert (apart.verdict, apart.mix) == ("A proven fall.", None)
    with pytest.raises(OmbudError, match="share no indicator"):
        compare(store, "survey:hall-1 indicator:all", "survey:hall-2 indicator:speed")


def test_drivers_and_path_model_come_from_the_answers(store: Store, tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    rows = []
    for place in range(200):
        speed, staff = random.integers(1, 6, 2)
        overall = int(np.clip(round(0.8 * speed + 0.2 * staff + random.normal(0, 0.4)), 1, 5))
        rows.append(row(place, scores=(overall, speed, staff)))
    brought(store, tmp_path, rows)
    found = drivers(store, "survey:hall", replicates=50)
    assert (found.overall, found.n) == ("all", 200)
    assert [driver.code for driver in found.drivers] == ["speed", "staff"]
    assert sum(driver.share for driver in found.drivers) == pytest.approx(1)
    fit = path_model(store, "survey:hall", [("service", "whole")], {"service": ["speed", "staff"], "whole": ["all"]})
    assert fit.paths[0][2] > 0.7
    with pytest.raises(MeasureError, match="circle"):
        path_model(store, "survey:hall", [("a", "b"), ("b", "a")], {"a": ["speed"], "b": ["all"]})
    with pytest.raises(NotFoundError, match="no group x"):
        path_model(store, "survey:hall", [("x", "service")])


NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def customers(store: Store, count: int) -> None:
    with store.writing("anna") as work:
        work.connection.execute(
            insert(CUSTOMERS),
            [
                {
                    "number": f"{place:05d}",
                    "name": f"Customer {place}",
                    "kind": "individual",
                    "relationship": "long_term",
                    "region": "east" if place % 4 else "west",
                    "created_at": NOW,
                    "updated_at": NOW,
                }
                for place in range(count)
            ],
        )
        work.record("customers", "database", "test")


def test_a_sample_is_drawn_by_its_seed_and_nobody_is_asked_twice_in_90_days(store: Store) -> None:
    staff(store)
    customers(store, 400)
    wish = surveys.PlanWish(code="year", margin=0.1, stratify_by="region", tree="seven-topics", response_rate=0.5)
    plan = surveys.plan_survey(store, wish, actor="anna")
    assert (plan.population, plan.needed, plan.invitations) == (400, 78, 156)
    drawn = surveys.draw_sample(store, "year", 42, actor="anna", now=lambda: NOW)
    assert [(one.name, one.population, one.drawn) for one in drawn.strata] == [("east", 300, 117), ("west", 100, 39)]
    assert (drawn.seed, drawn.excluded) == (42, 0)
    with pytest.raises(ConflictError, match="drawn already"):
        surveys.draw_sample(store, "year", 43, actor="anna")
    first = {member[0] for member in surveys.sample(store, "year")}
    surveys.plan_survey(store, surveys.PlanWish(code="again", margin=0.1), actor="anna")
    soon = surveys.draw_sample(store, "again", 42, actor="anna", now=lambda: NOW + timedelta(days=89))
    assert soon.excluded == 156
    assert not first & {member[0] for member in surveys.sample(store, "again")}
    number = min(first)
    record_contact(store, "year", number, "refused", actor="anna")
    with store.writing("anna") as work:
        customer = work.connection.execute(select(CUSTOMERS.c.id).where(CUSTOMERS.c.number == max(first))).scalar_one()
        answer_once(work, "year", "R1", {"communication": 4, "supply_safety": "DK"}, customer_id=customer)
        work.record("answer", "response", "R1")
    progress = surveys.plan_of(store, "year")
    assert sum(one.complete for one in progress.strata) == 1
    assert sum(one.refused for one in progress.strata) == 1
    assert progress.rates["rr1"] == pytest.approx(1 / 156)
    assert satisfaction.figures(store, "survey:year")[0].invited == 2
    with pytest.raises(UsageError, match="does not end as gone"):
        record_contact(store, "year", number, "gone", actor="anna")


def test_an_answer_off_the_scale_or_to_an_unknown_item_is_not_written(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, [row(1)])
    with pytest.raises(UnknownItemError, match="does not ask warmth"), store.writing("anna") as work:
        answer_once(work, "hall", "x", {"warmth": 3})
    with pytest.raises(OffScaleError, match="not on the scale"), store.writing("anna") as work:
        answer_once(work, "hall", "x", {"speed": 6})
    (found,) = satisfaction.figures(store, "survey:hall")
    assert found.responses == 1


def test_level_scores_make_a_scale_of_their_own(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, [row(place, scores=(5, 3, 3)) for place in range(40)])
    with store.writing("anna") as work:
        work.connection.execute(update(SURVEYS).values(level_scores="[0.2, 0.4, 0.6, 0.8, 1.0]"))
        work.record("scores", "survey", "hall")
    (found,) = satisfaction.figures(store, "survey:hall indicator:speed")
    assert found.items[0].score.value == pytest.approx(60)
    assert found.items[0].score.scale == "scores 20/40/60/80/100"
    assert answer_counts.HUNDRED == "0-100"
