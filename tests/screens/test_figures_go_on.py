"""From a figure onwards by keys: into a file, by other weights, into an improvement."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from complaint_data import complain_each
from driving import console, press, shown
from office import furnish
from survey_files import brought, mixed, row
from textual.pilot import Pilot

from console import clock
from console.app import ConsoleApp
from console.i18n import choose_language, chosen_language
from console.rules.months import month_of, shifted
from console.screens.data import ServiceData
from console.screens.overview_page import months_lower
from console.screens.quality_definitions import AlertPage
from console.services.alert_runs import run as watch
from console.services.alert_views import AlertDetail
from console.services.improvements import improvements
from console.services.satisfaction_views import Figure
from console.services.weighting import apply_weights
from console.storage.engine import Store
from console.widgets.board import Board
from console.widgets.form import Form


@pytest.fixture(autouse=True)
def language_kept() -> Iterator[None]:
    before = chosen_language()
    choose_language("en")
    yield
    choose_language(before)


@pytest.fixture
def data(store: Store, database_url: str, tmp_path: Path) -> ServiceData:
    furnish(store)
    rows = mixed(150)
    rows += [row(1000 + place, area="west", scores=(1, 1, 1 + place % 2), tell=2) for place in range(40)]
    brought(store, tmp_path, rows)
    last = shifted(month_of(clock.now(), UTC), -1)
    complain_each(store, [shifted(last, -1), last], [30, 40], department="marketing", opinion="satisfied")
    return ServiceData(database_url, viewer="ana")


async def fill(app: ConsoleApp, pilot: Pilot[int], values: dict[str, str]) -> None:
    """Fill in a form and save it."""
    app.screen.query_one(Form).put(values)
    await press(pilot, "f2")


async def go_to(app: ConsoleApp, pilot: Pilot[int], kind: str) -> None:
    """Move the cursor down to the first figure of a kind."""
    board = app.screen.query_one(Board)
    for _step in range(200):
        if board.key.startswith(kind):
            return
        await press(pilot, "j")
    raise AssertionError(f"no figure of the kind {kind}")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("keys", "columns"),
    [
        (("3",), {"value", "n", "low", "high", "scale", "coverage", "weights_version", "excluded", "part"}),
        (("3", "v"), {"value", "n", "low", "high", "scale", "coverage", "weights_version", "excluded", "region"}),
        (("3", "i"), {"value", "n", "low", "high", "scale", "coverage", "weights_version", "excluded", "driver"}),
        (("3", "enter"), {"survey", "number", "indicator", "score", "scale"}),
        (("4",), {"value", "n", "low", "high", "month", "lower_limit"}),
        (("4", "right_square_bracket"), {"value", "n", "low", "high", "measure", "target"}),
        (("4", "right_square_bracket", "right_square_bracket"), {"days", "size", "overdue"}),
    ],
)
async def test_what_is_shown_goes_into_a_file_with_the_columns_of_the_commands(
    data: ServiceData, tmp_path: Path, keys: tuple[str, ...], columns: set[str]
) -> None:
    path = tmp_path / "shown.csv"
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, *keys)
        await press(pilot, "E")
        await fill(app, pilot, {"path": str(path)})
        assert "written to" in shown(app)
    found = rows_of(path)
    assert found
    assert columns <= found[0].keys()


async def test_a_file_that_is_there_is_never_written_over_and_what_was_typed_stays(
    data: ServiceData, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.csv"
    kept.write_text("mine", "utf-8")
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "3", "E")
        await fill(app, pilot, {"path": str(kept)})
        assert "already" in shown(app)
        assert kept.read_text("utf-8") == "mine"
        assert app.screen.query_one(Form).values["path"] == str(kept)
        await fill(app, pilot, {"path": str(tmp_path / "none" / "x.csv")})
        assert "There is no folder" in shown(app)
        await fill(app, pilot, {"path": str(tmp_path / "picture.png")})
        assert "End the name in" in shown(app)
        await fill(app, pilot, {"path": str(tmp_path / "new.xlsx")})
        assert "written to" in shown(app)
    assert [path.name for path in tmp_path.glob("*.xlsx")] == ["new.xlsx"]


async def test_another_version_of_the_weights_is_chosen_for_the_figures(
    data: ServiceData, store: Store, tmp_path: Path
) -> None:
    for name, share in (("spring", 0.9), ("autumn", 0.5)):
        path = tmp_path / f"{name}.toml"
        path.write_text(
            f'name = "{name}"\nmethod = "shares"\n[groups.service]\nweights = {{ speed = {share}, staff = {1 - share:g} }}\n',
            "utf-8",
        )
        apply_weights(store, "hall", path, actor="root")
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "3")
        assert "weights autumn" in shown(app)
        await press(pilot, "w")
        assert "spring" in shown(app)
        await press(pilot, *"spring", "enter")
        assert "weights spring" in shown(app)
        assert "weights:spring" in shown(app)
        await press(pilot, "v")
        assert "weights spring" in shown(app)
        await press(pilot, "q", "w", *"autumn", "enter")
        assert "weights autumn" in shown(app)
        assert "weights:" not in shown(app)


async def test_an_improvement_starts_from_a_weak_point_and_from_a_driver(data: ServiceData, store: Store) -> None:
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "3", "n")
        assert "Put the cursor on a weak point" in shown(app)
        await go_to(app, pilot, "weak:")
        await press(pilot, "n")
        values = app.screen.query_one(Form).values
        assert values["indicator"].startswith("survey:hall/")
        assert values["treated"] == "region:west"
        await fill(app, pilot, {"starts_on": "2030-01-01", "effect": "5", "control": "region:east"})
        assert "M-001 was saved" in shown(app)
        await press(pilot, "i")
        await go_to(app, pilot, "driver:")
        await press(pilot, "n")
        assert app.screen.query_one(Form).values["indicator"].startswith("survey:hall/")
    (kept,) = improvements(store)
    assert (kept.treated, kept.control, kept.owner) == ("region:west", "region:east", "ana")


async def test_the_overview_says_what_is_complained_of_meanwhile(data: ServiceData) -> None:
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "3")
        month = shifted(month_of(clock.now(), UTC), -1)
        assert f"{month}: 40.0 complaints a month" in shown(app)


def test_only_months_of_enough_answers_fall_in_a_row() -> None:
    def month(value: float, disclosure: str = "normal") -> Figure:
        return Figure(value=value, unit="0-100", scale="0-100", n=40, disclosure=disclosure)

    assert months_lower([month(80), month(79), month(78), month(77)]) == 3
    assert months_lower([month(80), month(79), month(79.5), month(77)]) == 1
    assert months_lower([month(80), month(79, "marked"), month(78), month(77)]) == 1
    assert months_lower([month(80)]) == 0


async def test_an_alert_opens_the_answers_or_the_cases_that_were_counted(data: ServiceData, store: Store) -> None:
    last = shifted(month_of(clock.now(), UTC), -1)
    complain_each(store, [shifted(last, by) for by in range(-13, -1)], [30] * 12, department="marketing")
    complain_each(store, [last], [90], department="marketing")
    (row, *_others) = watch(store, actor="root", zone=UTC).new
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "4")
        app.push_screen(AlertPage(AlertDetail(row, None)))
        await press(pilot, "o")
        assert type(app.screen).__name__ == "QueueScreen"
        assert f"received:{last}" in shown(app)
        of_answers = replace(row, subject="answers", unit="share", rows="survey:hall region:west month:2026-03")
        app.push_screen(AlertPage(AlertDetail(of_answers, None)))
        await press(pilot, "o")
        assert type(app.screen).__name__ == "AnswersScreen"
        assert "region:west" in shown(app)
