"""The screens of satisfaction by their keys, on a real database: overview, quadrants, pivot, answers, definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import console, lines, press, shown
from rich.cells import cell_len
from survey_files import brought, mixed, row

from console.i18n import choose_language, chosen_language
from console.screens.answers import AnswersScreen
from console.screens.data import ServiceData
from console.screens.figures import FigurePage
from console.screens.satisfaction import SatisfactionScreen
from console.services.satisfaction import figures
from console.services.satisfaction_views import SurveyFigures
from console.signs import choose_signs
from console.storage.engine import Store
from console.widgets.board import Board

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def language_kept() -> Iterator[None]:
    before = chosen_language()
    choose_language("en")
    yield
    choose_language(before)
    choose_signs(is_ascii=False)


@pytest.fixture
def data(store: Store, database_url: str, tmp_path: Path) -> ServiceData:
    rows = mixed(150)
    rows += [row(1000 + place, area="west", scores=(1, 1, 1 + place % 2), tell=2) for place in range(40)]
    brought(store, tmp_path, rows)
    return ServiceData(database_url)


def board(app: object) -> Board:
    from console.app import ConsoleApp

    assert isinstance(app, ConsoleApp)
    return app.screen.query_one(Board)


async def test_the_overview_shows_the_index_with_what_it_needs(data: ServiceData) -> None:
    async with console(data, size=(100, 40)) as (app, pilot):
        await press(pilot, "3")
        text = shown(app)
        (survey,) = [found for found in data_figures(data) if found.code == "hall"]
        assert survey.index.value is not None
        assert f"Index {survey.index.value:.1f} [" in text
        for words in ("target 80.0", "T2B", "Top box", "NPS", "scale 0-100", "coverage 100%", "deff", "weights"):
            assert words in text, words
        assert "weak point 1" in text
        assert "Speed" in text or "speed" in text


def data_figures(data: ServiceData) -> tuple[SurveyFigures, ...]:
    return figures(data._store, "survey:hall")


async def test_every_figure_opens_its_definition_and_its_rows_down_to_the_response(data: ServiceData) -> None:
    async with console(data, size=(100, 40)) as (app, pilot):
        await press(pilot, "3", "question_mark")
        assert isinstance(app.screen, FigurePage)
        for words in ("Formula", "Scale", "Coverage", "Answers", "95% interval", "Filter"):
            assert words in shown(app), words
        await press(pilot, "escape", "enter")
        assert isinstance(app.screen, AnswersScreen)
        assert "answers" in lines(app)[-2]
        await press(pilot, "enter")
        assert "Response" in shown(app)
        assert "(1-5)" in shown(app)
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, SatisfactionScreen)


async def test_every_figure_of_the_overview_can_be_explained(data: ServiceData) -> None:
    async with console(data, size=(120, 60)) as (app, pilot):
        await press(pilot, "3")
        keys = list(dict.fromkeys(spot.key for line in board(app)._lines for spot in line if spot.key))
        assert len(keys) > 15
        for key in keys:
            board(app).go_to(key)
            await press(pilot, "question_mark")
            assert isinstance(app.screen, FigurePage), key
            await press(pilot, "escape")


async def test_the_tree_folds_and_a_segment_is_gone_into_and_out_of_again(data: ServiceData) -> None:
    async with console(data, size=(100, 40)) as (app, pilot):
        await press(pilot, "3")
        board(app).go_to("node:service")
        before = len(board(app).lines)
        await press(pilot, "left")
        assert len(board(app).lines) == before - 2
        await press(pilot, "space")
        assert len(board(app).lines) == before
        board(app).go_to("segment:region:west")
        await press(pilot, "d")
        assert "region:west" in lines(app)[1]
        await press(pilot, "escape")
        assert "region:west" not in lines(app)[1]


async def test_segments_carry_their_interval_and_sample_where_there_is_room(data: ServiceData) -> None:
    told = re.compile(r"west \d+\.\d~?( ↓)? \[\d+\.\d, \d+\.\d\] n \d+")
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "3")
        assert told.search(shown(app))
    async with console(data, size=(80, 60)) as (app, pilot):
        await press(pilot, "3")
        assert not told.search(shown(app))


async def test_the_table_says_what_the_chart_says(data: ServiceData) -> None:
    async with console(data, size=(120, 60)) as (app, pilot):
        await press(pilot, "3")
        chart = {
            spot.key: spot.text.strip() for line in board(app)._lines for spot in line if spot.key.startswith("node:")
        }
        await press(pilot, "t")
        table = {
            spot.key: spot.text.strip() for line in board(app)._lines for spot in line if spot.key.startswith("node:")
        }
        assert chart == table
        assert "Cover" in shown(app)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("size", SIZES)
async def test_no_line_is_wider_than_the_window(data: ServiceData, size: tuple[int, int], language: str) -> None:
    choose_language(language)
    async with console(data, size=size) as (app, pilot):
        await press(pilot, "3")
        for key in ("", "t", "v", "t", "q", "i", "t"):
            if key:
                await press(pilot, key)
            assert board(app).lines
            assert max(cell_len(line) for line in board(app).lines) <= size[0], key


async def test_an_ascii_console_draws_the_figures_with_seven_bits(data: ServiceData) -> None:
    choose_signs(is_ascii=True)
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "3")
        for key in ("t", "v", "t", "q", "i"):
            await press(pilot, key)
            # What respondents' files brought in Chinese stays as it is.
            text = shown(app).replace("营业厅", "").replace("服务", "")
            assert [char for char in text if not char.isascii()] == [], key


async def test_a_pivot_turns_is_gone_into_and_opens_its_answers(data: ServiceData) -> None:
    async with console(data, size=(100, 30)) as (app, pilot):
        await press(pilot, "3", "v")
        assert "Region by Month" in lines(app)[1]
        await press(pilot, "x")
        assert "Month by Region" in lines(app)[1]
        await press(pilot, "x", "j", "d")
        assert "region:" in lines(app)[1]
        await press(pilot, "enter")
        assert isinstance(app.screen, AnswersScreen)
        await press(pilot, "escape", "escape", "q")
        assert isinstance(app.screen, SatisfactionScreen)


async def test_quadrants_say_in_words_what_to_improve_first(data: ServiceData) -> None:
    async with console(data, size=(120, 40)) as (app, pilot):
        await press(pilot, "3", "i")
        text = shown(app)
        assert "Derived importance" in text
        assert "Priority, importance" in text
        await press(pilot, "m")
        assert "crosshair: target" in shown(app)
        await press(pilot, "s")
        assert "does not ask how important" in shown(app)


async def test_a_wrong_filter_is_pointed_at_and_nothing_is_lost(data: ServiceData) -> None:
    async with console(data, size=(100, 30)) as (app, pilot):
        await press(pilot, "3", "slash")
        await press(pilot, *"sevrity:3")
        await press(pilot, "f2")
        assert "sevrity" in shown(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, SatisfactionScreen)


async def test_without_a_survey_the_page_says_how_to_load_one(database_url: str) -> None:
    async with console(ServiceData(database_url)) as (app, pilot):
        await press(pilot, "3")
        assert "ombud import responses FILE" in shown(app)
