"""How the console looks: in ASCII, without colour, in every theme; what it says in none of them depends on colour alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import console, press, settle
from memory_data import MemoryData, case_row

from console.app import ConsoleApp
from console.choices import Choices
from console.i18n import _, choose_language
from console.settings import THEMES, Settings
from console.signs import LEVELS, SIGNS, choose_signs, levels, sign, worded
from console.widgets.content import cut
from console.widgets.themes import starting_theme, textual_name


@pytest.fixture
def ascii_signs() -> Iterator[None]:
    choose_signs(is_ascii=True)
    yield
    choose_signs(is_ascii=False)


def drawn(app: ConsoleApp) -> str:
    """Everything the screen draws, after the filters, with what its colours would be."""
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


def plain_data() -> MemoryData:
    return MemoryData(60, build=lambda number: case_row(number, hostile=f"case number {number}"))


def test_every_sign_has_an_ascii_one_and_a_chart_keeps_its_heights() -> None:
    assert all(plain.isascii() for _usual, plain in SIGNS.values())
    assert [len(signs) for signs in LEVELS] == [8, 8]
    assert LEVELS[1].isascii()
    assert (sign("ellipsis"), levels()[-1]) == ("…", "█")


def test_our_own_sentences_become_ascii_and_chinese_keeps_its_writing(ascii_signs: None) -> None:
    assert cut("a long sentence", 8) == "a lon..."
    choose_language("zh_CN")
    try:
        assert _("Asking the database…") == "正在查询数据库..."
    finally:
        choose_language("en")
    assert worded("“a” — b…") == '"a" - b...'


CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
"""What the invented customers say: data."""

KEYS = (["/"], ["enter"], ["question_mark"], ["colon"], ["ctrl+n"], ["full_stop"], ["c"], ["space", "x"])


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (59, 14)])
@pytest.mark.parametrize("keys", KEYS, ids=" ".join)
async def test_an_ascii_console_draws_seven_bits_apart_from_data(
    ascii_signs: None, keys: list[str], size: tuple[int, int]
) -> None:
    async with console(plain_data(), size=size) as (app, pilot):
        assert app.is_ascii
        await press(pilot, *keys)
        text = CHINESE.sub("", drawn(app))
        assert [line for line in text.splitlines() if not line.isascii()] == []


@pytest.mark.parametrize("keys", KEYS, ids=" ".join)
async def test_the_mono_theme_sends_no_colour(keys: list[str]) -> None:
    async with console(plain_data(), theme="mono") as (app, pilot):
        await press(pilot, *keys)
        styles = [segment.style for strip in app.screen._compositor.render_strips() for segment in strip]
        assert all(style is None or (style.color is None and style.bgcolor is None) for style in styles)
        assert any(style is not None and (style.bold or style.reverse) for style in styles)


@pytest.mark.parametrize("theme", THEMES)
async def test_every_theme_of_the_settings_draws(theme: str) -> None:
    async with console(plain_data(), theme=theme) as (app, pilot):
        await press(pilot, "j", "space")
        assert app.theme == textual_name(theme)
        assert "case number" in drawn(app)


def test_no_color_asks_for_no_colour_unless_a_flag_names_a_theme() -> None:
    choices = Choices()
    plain = Settings(theme="light", sources={"theme": "OMBUD_THEME"})
    assert starting_theme(plain, choices, {"NO_COLOR": "1"}) == "mono"
    assert starting_theme(plain, choices, {"NO_COLOR": ""}) == "light"
    assert starting_theme(Settings(), choices, {}) in THEMES


async def test_a_theme_is_chosen_from_the_commands_and_found_again(tmp_path: Path) -> None:
    choices = Choices(tmp_path / "choices.json")
    app = ConsoleApp(plain_data, choices=choices)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "colon", *"no colour", "enter")
        assert app.theme == "mono"
    assert starting_theme(Settings(), Choices(tmp_path / "choices.json"), {}) == "mono"
    assert starting_theme(Settings(theme="light"), choices, {}) == "light"
    assert (tmp_path / "choices.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "[]", '{"theme": "pink"}', "\x00", '{"theme": 3}'])
def test_choices_that_cannot_be_read_are_forgotten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "choices.json"
    path.write_text(text, encoding="utf-8")
    assert Choices(path).theme() == ""
    assert Choices(path).keep_theme("light")
    assert Choices(path).theme() == "light"
