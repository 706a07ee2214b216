"""Responses weighted to known totals: the weights, the cells that follow them, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from survey_files import HEADER, PROFILE, brought, row
from survey_people import staff

from console.errors import ConflictError, NotAllowedError, UsageError
from console.models import AuditEntry, Response, Survey
from console.models.base import table_of
from console.services import answer_cells
from console.services.answer_exclusion import choose_rule
from console.services.pivots import pivot
from console.services.satisfaction import figures
from console.services.survey_weighting import weight_survey
from console.storage.engine import Store
from console.transfer.undo import undo_batch

RESPONSES, SURVEYS = table_of(Response), table_of(Survey)
TOTALS = {"region": {"town": 4_000, "country": 6_000}, "channel": {"web": 55, "telephone": 45}}


def taken(store: Store, folder: Path) -> None:
    """The sample of golden case G24: 60, 40, 150 and 250 answers in two by two segments."""
    staff(store)
    rows, number = [], 0
    for area, scores in (("town", (60, 40)), ("country", (150, 250))):
        for channel, count in zip(("web", "telephone"), scores, strict=True):
            for _ in range(count):
                number += 1
                rows.append((*row(number, area=area, scores=(5 if channel == "web" else 3, 3, 3)), channel))
    text = PROFILE.replace("[weight]", '[facts.channel]\ncolumn = "how"\n[weight]')
    brought(store, folder, rows, text, header=(*HEADER, "how"))


def test_weights_bring_every_dimension_to_its_totals(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path)
    shown = weight_survey(store, "hall", TOTALS, reason="", actor="anna", is_dry=True)
    with store.reading() as connection:
        assert set(connection.execute(select(RESPONSES.c.weight)).scalars()) == {1.0}
    found = weight_survey(store, "hall", TOTALS, reason="customer statistics of March", actor="anna")
    assert found.values == shown.values
    assert found.deff == pytest.approx(1.286991, abs=1e-5)
    assert found.n_effective == pytest.approx(500 / 1.286991, abs=0.01)
    for one in found.values:
        assert one.weighted == pytest.approx(one.known, abs=1e-6)
    assert {(one.value, one.known, one.answered) for one in found.values if one.dimension == "region"} == {
        ("town", 0.4, 0.2),
        ("country", 0.6, 0.8),
    }
    with store.reading() as connection:
        by_place = {
            (row[0], row[1]): row[2]
            for row in connection.execute(
                select(RESPONSES.c.region, RESPONSES.c.channel, func.max(RESPONSES.c.weight)).group_by(
                    RESPONSES.c.region, RESPONSES.c.channel
                )
            )
        }
        assert answer_cells.check(connection).is_sound
        detail = connection.execute(
            select(table_of(AuditEntry).c.detail).where(table_of(AuditEntry).c.action == "weight_responses")
        ).scalar_one()
    expected = {
        ("town", "web"): 2.273799,
        ("town", "telephone"): 1.589302,
        ("country", "web"): 0.923814,
        ("country", "telephone"): 0.645712,
    }
    assert by_place == pytest.approx(expected, abs=1e-5)
    assert json.loads(detail)["reason"] == "customer statistics of March"
    (survey,) = figures(store, "survey:hall indicator:all")
    assert survey.items[0].mean.value == pytest.approx(0.55 * 5 + 0.45 * 3)
    assert survey.items[0].plain_mean.value == pytest.approx((210 * 5 + 290 * 3) / 500)
    assert survey.items[0].mean.deff == pytest.approx(found.deff, abs=1e-6)
    assert pivot(store, "region", "", "survey:hall indicator:all", measure="mean").total.value == pytest.approx(4.1)


def test_weights_that_are_there_are_lost_only_when_that_is_said(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path)
    weight_survey(store, "hall", TOTALS, reason="r", actor="anna")
    with pytest.raises(ConflictError, match="weighted to totals already"):
        weight_survey(store, "hall", {"region": {"town": 1, "country": 1}}, reason="r", actor="anna")
    again = weight_survey(store, "hall", {"region": {"town": 1, "country": 1}}, reason="r", actor="anna", replaces=True)
    assert (again.lowest, again.highest) == pytest.approx((0.625, 2.5))


def designed(store: Store, folder: Path) -> None:
    """Four responses of weights 1, 3, 2 and 2, of which two come from the town."""
    staff(store)
    rows = [
        row(place, area=area, weight=weight, scores=(score, 3, 3))
        for place, (area, weight, score) in enumerate(
            (("town", 1, 1), ("town", 3, 5), ("country", 2, 2), ("country", 2, 4)), start=1
        )
    ]
    brought(store, folder, rows)


def kept(store: Store) -> dict[str, tuple[float, float | None]]:
    with store.reading() as connection:
        columns = (RESPONSES.c.number, RESPONSES.c.weight, RESPONSES.c.design_weight)
        return {row[0]: (row[1], row[2]) for row in connection.execute(select(*columns))}


def test_weights_that_came_with_the_answers_are_what_it_begins_with(store: Store, tmp_path: Path) -> None:
    designed(store, tmp_path)
    totals = {"region": {"town": 3, "country": 1}}
    found = weight_survey(store, "hall", totals, reason="r", actor="anna")
    # The town has 3 of 4 parts of the weight 4, in the proportion 1 to 3 that it came in; the country shares one part.
    assert {number: one[0] for number, one in kept(store).items()} == pytest.approx(
        {"1": 0.75, "2": 2.25, "3": 0.5, "4": 0.5}
    )
    assert {number: one[1] for number, one in kept(store).items()} == {"1": 1, "2": 3, "3": 2, "4": 2}
    assert found.start == "design"
    assert found.start_deff == pytest.approx(4 * 18 / 64)
    assert found.deff == pytest.approx(4 * (0.75**2 + 2.25**2 + 0.5) / 16)
    # Weighted anew it begins from what came, not from what the first weighting made of it.
    again = weight_survey(store, "hall", {"region": {"town": 1, "country": 1}}, reason="r", actor="anna", replaces=True)
    assert {number: one[0] for number, one in kept(store).items()} == pytest.approx(
        {"1": 0.5, "2": 1.5, "3": 1.0, "4": 1.0}
    )
    assert again.start_deff == found.start_deff
    plain = weight_survey(store, "hall", totals, reason="r", actor="anna", replaces=True, from_one=True)
    assert (plain.start, plain.start_deff) == ("one", 1.0)
    assert {number: one[0] for number, one in kept(store).items()} == pytest.approx(
        {"1": 1.5, "2": 1.5, "3": 0.5, "4": 0.5}
    )
    assert kept(store)["2"][1] == 3
    with store.reading() as connection:
        assert answer_cells.check(connection).is_sound


def test_an_import_brings_the_weight_of_its_file_and_its_undo_the_one_to_totals(store: Store, tmp_path: Path) -> None:
    designed(store, tmp_path)
    weight_survey(store, "hall", {"region": {"town": 3, "country": 1}}, reason="r", actor="anna")
    report = brought(store, tmp_path, [row(1, area="town", weight=5, scores=(2, 3, 3))])
    assert kept(store)["1"] == (5, None)
    undo_batch(store, report.batches[0], "anna")
    assert kept(store)["1"] == (0.75, 1)


def test_responses_left_out_keep_what_their_design_says_of_them(store: Store, tmp_path: Path) -> None:
    designed(store, tmp_path)
    with store.writing("anna") as work:
        work.connection.execute(update(RESPONSES).where(RESPONSES.c.number == "1").values(excluded="double"))
        answer_cells.recount(work.connection, work.connection.execute(select(SURVEYS.c.id)).scalar_one())
        work.record("leave_out", "survey", "hall")
    found = weight_survey(store, "hall", {"region": {"town": 1, "country": 1}}, reason="r", actor="anna")
    assert found.n == 3
    weights = {number: one[0] for number, one in kept(store).items()}
    assert weights == pytest.approx({"1": 0.5, "2": 1.5, "3": 0.75, "4": 0.75})


def test_pairs_and_responses_left_out_follow(store: Store, tmp_path: Path) -> None:
    taken(store, tmp_path)
    with store.writing("anna") as work:
        work.connection.execute(update(SURVEYS).values(is_paired=True))
        answer_cells.recount(work.connection, work.connection.execute(select(SURVEYS.c.id)).scalar_one())
        work.record("pair", "survey", "hall")
    weight_survey(store, "hall", TOTALS, reason="r", actor="anna")
    choose_rule(
        store, "hall", ["contradiction"], reason="r", actor="anna", contradictions=[("all", "speed")], tolerance=25
    )
    with store.reading() as connection:
        check = answer_cells.check(connection)
    assert check.is_sound
    assert check.pairs > 0
    left = weight_survey(store, "hall", {"region": TOTALS["region"]}, reason="r", actor="anna", replaces=True)
    assert left.n == 290
    with store.reading() as connection:
        assert answer_cells.check(connection).is_sound


@pytest.mark.parametrize(
    ("totals", "told"),
    [
        ({}, "No totals"),
        ({"regoin": {"town": 1}}, "not weighted by regoin"),
        ({"region": {"town": 1}}, "no total for: country"),
        ({"region": {"town": 1, "country": 1, "sea": 1}}, "Nobody of region sea"),
        ({"region": {"town": 1, "country": 0}}, "not above 0"),
    ],
)
def test_totals_that_do_not_fit_are_refused_and_change_nothing(
    store: Store, tmp_path: Path, totals: dict[str, dict[str, float]], told: str
) -> None:
    taken(store, tmp_path)
    with pytest.raises(UsageError, match=told):
        weight_survey(store, "hall", totals, reason="r", actor="anna")
    with pytest.raises(UsageError, match="where the totals come from"):
        weight_survey(store, "hall", TOTALS, reason=" ", actor="anna")
    with pytest.raises(NotAllowedError):
        weight_survey(store, "hall", TOTALS, reason="r", actor="ben")
    with store.reading() as connection:
        assert set(connection.execute(select(RESPONSES.c.weight)).scalars()) == {1.0}
