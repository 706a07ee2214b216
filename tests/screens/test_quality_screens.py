"""The screens of quality by their keys, on a real database: trend with alerts, score cards, ageing, improvements."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from complaint_data import complain, complain_each
from driving import console, hostile, lines, press, shown, write
from office import furnish
from textual.pilot import Pilot

from console import clock
from console.app import ConsoleApp
from console.i18n import choose_language, chosen_language
from console.rules.months import month_of, shifted
from console.screens.data import ServiceData
from console.screens.quality import QualityScreen
from console.screens.queues import QueueScreen
from console.services import alerts
from console.services.alert_runs import run
from console.services.improvements import improvements, register
from console.signs import choose_signs
from console.storage.engine import Store
from console.widgets.board import Board
from console.widgets.form import Form

SHANGHAI = ZoneInfo("Asia/Shanghai")
SIZES = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def language_kept() -> Iterator[None]:
    before = chosen_language()
    choose_language("en")
    yield
    choose_language(before)
    choose_signs(is_ascii=False)


def last_month() -> str:
    return shifted(month_of(clock.now(), SHANGHAI), -1)


@pytest.fixture
def data(store: Store, database_url: str) -> ServiceData:
    """A quiet year, a month with three times as many complaints in the west, and one of hostile words."""
    furnish(store)
    last = last_month()
    months = [shifted(last, by) for by in range(-13, 0)]
    complain_each(store, months, [30] * 13, department="marketing", category="billing / wrong", opinion="satisfied")
    complain_each(store, months, [30] * 13, department="operations", region="west", category="supply / outage")
    complain(store, last, 30, department="marketing", category="billing / wrong", opinion="dissatisfied")
    complain(store, last, 90, department="operations", region="west", category="supply / outage 停电")
    complain(
        store,
        last,
        1,
        phase="open",
        state="received",
        closed_at=None,
        subject="[@click=app.quit]x[/] \x1b[2J",
        region="[b]",
    )
    run(store, actor="root", zone=SHANGHAI)
    return ServiceData(database_url, viewer="ma")


def name_of(app: ConsoleApp) -> str:
    return type(app.screen).__name__


def board(app: object) -> Board:
    assert isinstance(app, ConsoleApp)
    return app.screen.query_one(Board)


@pytest.mark.parametrize("size", SIZES)
async def test_the_trend_shows_the_chart_its_alerts_and_where_the_rise_came_from(
    data: ServiceData, size: tuple[int, int]
) -> None:
    async with console(data, size=size) as (app, pilot):
        await press(pilot, "4")
        assert name_of(app) == "QualityScreen"
        text = "\n".join(board(app).lines)
        assert "centre" in text
        assert "!! A-0001" in text
        assert "all complaints" in text
        assert re.search(r"west \+\d+", text)
        await press(pilot, "t")
        assert last_month() in shown(app)
        assert hostile(app) == []


async def test_an_alert_is_acknowledged_given_away_and_closed_by_keys(data: ServiceData, store: Store) -> None:
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "4")
        board(app).go_to("alert|alert:A-0001")
        await press(pilot, "a")
        await write(pilot, "looking")
        await press(pilot, "f2")
        row = alerts.alert(store, "A-0001").row
        assert (row.state, row.owner, row.note) == ("acknowledged", "ma", "looking")
        await press(pilot, "enter")
        assert name_of(app) == "AlertPage"
        assert "acknowledge" in shown(app)
        await press(pilot, "escape", "x")
        await write(pilot, "storm")
        await press(pilot, "f2")
        assert alerts.alert(store, "A-0001").row.cause == "storm"
        assert "A-0001" not in "\n".join(board(app).lines)


async def test_figures_open_their_rows_and_their_definition(data: ServiceData) -> None:
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "4", "?")
        assert name_of(app) == "DefinitionPage"
        assert "Laney" in shown(app)
        await press(pilot, "escape")
        key = next(
            spot.key
            for line in board(app)._lines
            for spot in line
            if spot.key.startswith("source|") and "west" in spot.text
        )
        board(app).go_to(key)
        await press(pilot, "enter")
        screen = app.screen
        assert isinstance(screen, QueueScreen)
        assert screen.field.value == key.partition("|rows:")[2]
        assert len(screen.table.ids) in (89, 90)
        await press(pilot, "enter")
        assert name_of(app) == "CaseScreen"


@pytest.mark.parametrize("size", SIZES)
async def test_score_cards_ageing_and_improvements_are_pages_of_it(
    data: ServiceData, store: Store, size: tuple[int, int]
) -> None:
    year, month = (int(part) for part in last_month().split("-"))
    register(
        store, "second callback", indicator="satisfied", treated="region:east", control="region:west",
        starts_on=date(year, month, 1), minimum_effect=5.0, actor="ana",
    )  # fmt: skip
    async with console(data, size=size) as (app, pilot):
        await press(pilot, "4", "]")
        text = "\n".join(board(app).lines)
        assert "On time" in text
        assert "Marketing" in text or "marketing" in text.lower()
        await press(pilot, "]")
        text = "\n".join(board(app).lines)
        assert "Open 1 " in text
        assert "Kaplan-Meier" in text
        await press(pilot, "]")
        assert "M-001" in shown(app)
        await press(pilot, "enter")
        text = "\n".join(board(app).lines)
        assert "Looked at before it was recorded" in text
        assert "Evidence 1 of 4" in text
        await press(pilot, "escape", "]")
        assert "[Complaint trend]" in shown(app)


@pytest.mark.parametrize("size", SIZES)
async def test_the_twelve_months_of_a_score_card_are_a_line_a_measure_or_a_row_a_month(
    data: ServiceData, size: tuple[int, int]
) -> None:
    async with console(data, size=size) as (app, pilot):
        await press(pilot, "4", "H")
        assert "Only score cards are told by month." in shown(app)
        await press(pilot, "]", "H")
        text = "\n".join(board(app).lines)
        assert "All together: " in text
        assert re.search(r"Satisfied when called back .*missed in \d+ of \d+ months", text)
        await press(pilot, "t")
        text = "\n".join(board(app).lines)
        assert re.search(rf"{last_month()} +121 +", text)
        await press(pilot, "g", "j", "enter")
        assert "Marketing and metering: " in "\n".join(board(app).lines)
        assert re.search(rf"{last_month()} +30 +", "\n".join(board(app).lines))
        await press(pilot, "H")
        assert "the peers" in "\n".join(board(app).lines)
        assert hostile(app) == []


@pytest.mark.parametrize("size", SIZES)
async def test_in_chinese_and_in_ascii_every_page_keeps_its_columns(data: ServiceData, size: tuple[int, int]) -> None:
    choose_language("zh_CN")
    choose_signs(is_ascii=True)
    async with console(data, size=size) as (app, pilot):
        await press(pilot, "4")
        for _page in range(4):
            assert hostile(app) == []
            drawn = "".join(board(app).lines)
            odd = {char for char in drawn if ord(char) > 127 and unicodedata.category(char)[0] not in "LP"}
            assert odd <= set("；：，。（）−±√Σ")
            assert all(len(text) <= size[0] for text in lines(app))
            await press(pilot, "]")
        assert "投诉趋势" in shown(app)


async def test_a_slice_is_written_and_taken_away(data: ServiceData) -> None:
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "4", "/")
        await write(pilot, "region:east")
        await press(pilot, "f2")
        screen = app.screen
        assert isinstance(screen, QualityScreen)
        assert screen.filter_text == "region:east"
        assert "west" not in "\n".join(board(app).lines)
        await press(pilot, "escape")
        assert screen.filter_text == ""


async def fill(app: ConsoleApp, pilot: Pilot[int], values: Mapping[str, str]) -> None:
    """Put values into the form that is open, and save it."""
    app.screen.query_one(Form).put(values)
    await press(pilot, "f2")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
async def test_an_improvement_is_recorded_measured_and_closed_by_keys(
    store: Store, database_url: str, data: ServiceData, language: str
) -> None:
    choose_language(language)
    year, month = (int(part) for part in last_month().split("-"))
    plan = {
        "title": "second callback [b]", "indicator": "satisfied", "treated": "region:east", "control": "region:east",
        "starts_on": f"{year}-{month:02d}-01", "before": "3", "after": "1", "effect": "5",
    }  # fmt: skip
    async with console(ServiceData(database_url, viewer="ana"), size=(120, 40)) as (app, pilot):
        await press(pilot, "4", "n")
        assert name_of(app) == "FormDialog"
        await fill(app, pilot, {**plan, "after": "25"})
        assert improvements(store) == []
        await fill(app, pilot, {"after": "1"})
        assert name_of(app) == "FormDialog"
        refused = "comparison group is the group treated" if language == "en" else "对照组与实施组相同"
        assert refused in shown(app)
        assert improvements(store) == []
        await fill(app, pilot, {"control": "region:west"})
        (row,) = improvements(store)
        assert (row.number, row.title, row.indicator, row.treated, row.control, row.months_before, row.months_after) == (
            "M-001", "second callback [b]", "satisfied", "region:east", "region:west", 3, 1,
        )  # fmt: skip
        assert (row.unit, row.minimum_effect, row.is_randomised, row.owner) == ("points", 5.0, False, "ana")
        assert "M-001" in shown(app)
        await press(pilot, "escape", "enter")
        assert row.title in shown(app)
        await press(pilot, "x")
        assert name_of(app) == "FormDialog"
        await fill(app, pilot, {"verdict": "not_worked", "conclusion": "they were as angry"})
        (row,) = improvements(store)
        assert (row.state, row.verdict, row.conclusion) == ("closed", "not_worked", "they were as angry")
        assert "they were as angry" in shown(app)
        assert hostile(app) == []
