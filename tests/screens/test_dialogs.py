"""Dialogs with help, mouse and drafts; sizes from nothing to enormous."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from driving import console, lines, press, settle, shown, until, write
from memory_data import MemoryData

from console.actions import BY_ID
from console.app import ConsoleApp
from console.i18n import _, choose_language
from console.screens.base import ConsoleDialog
from console.screens.case import CaseScreen
from console.screens.dialogs import Confirm, FormDialog
from console.screens.help import HelpScreen
from console.widgets.bars import KeyBar
from console.widgets.form import FormText


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        (["c"], "form.save"),
        (["space", "space", "m"], "confirm.yes"),
        (["full_stop"], "chooser.take"),
        (["o"], "chooser.take"),
    ],
)
async def test_f1_in_a_dialog_says_what_its_keys_do(keys: list[str], named: str) -> None:
    async with console() as (app, pilot):
        await press(pilot, *keys)
        dialog = app.screen
        await press(pilot, "f1")
        assert isinstance(app.screen, HelpScreen)
        assert BY_ID[named].help in shown(app).replace("\n", " ")
        await press(pilot, "escape")
        assert app.screen is dialog


async def test_the_help_of_a_form_says_how_one_goes_through_its_fields() -> None:
    async with console() as (app, pilot):
        await press(pilot, "t", "f1")
        assert "Tab Enter" in shown(app)
        assert "typing narrows it" in shown(app)


def shows(app: ConsoleApp, kind: type[ConsoleDialog]) -> bool:
    """Return whether a dialog of a kind is on top."""
    return isinstance(app.screen, kind)


async def test_the_footer_of_a_dialog_can_be_clicked() -> None:
    async with console() as (app, pilot):
        await press(pilot, "c")
        assert shows(app, FormDialog)
        await pilot.click(KeyBar, offset=(12, 0))
        await settle(pilot)
        assert not shows(app, FormDialog)
        await press(pilot, "space", "space", "m")
        assert shows(app, Confirm)
        await pilot.click(KeyBar, offset=(17, 0))
        await settle(pilot)
        assert not shows(app, Confirm)


@pytest.mark.parametrize("key", ["c", "t", "R", "e", "d"])
async def test_what_was_typed_into_any_form_is_offered_after_a_lost_line(key: str, tmp_path: Path) -> None:
    async with console(drafts=tmp_path) as (app, pilot):
        await press(pilot, key)
        assert isinstance(app.screen, FormDialog)
        row = app.screen.form.rows[-1]
        row.editor.focus()
        await pilot.pause()
        await write(pilot, "half a sentence")
        await until(pilot, lambda: any("half a sentence" in path.read_text() for path in tmp_path.glob("*.json")))
    async with console(drafts=tmp_path) as (app, pilot):
        assert "not saved is kept" in " ".join(shown(app).split())
        await press(pilot, "colon", *"drafts", "enter")
        assert "half a sentence" in shown(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, FormDialog)
        assert "half a sentence" in app.screen.form.typed.values()


async def test_the_real_cursor_stands_where_one_types_so_that_an_input_method_finds_it() -> None:
    async with console() as (app, pilot):
        await press(pilot, "c")
        area = app.screen.query_one(FormText)
        area.focus()
        await pilot.pause()
        area.insert("停水三天\n第二行")
        await pilot.pause()
        x, y = app.cursor_position
        region = area.content_region
        assert (x - region.x, y - region.y) == (6, 1)
        await press(pilot, "left")
        assert app.cursor_position.x == x - 2


async def test_the_footer_of_a_case_shows_in_brackets_what_cannot_be_done() -> None:
    async with console(MemoryData(50), size=(200, 40)) as (app, pilot):
        await press(pilot, "enter")
        screen = app.screen
        assert isinstance(screen, CaseScreen)
        await settle(pilot)
        screen._reasons = {"work.archive": "It has to be answered first."}
        screen.renew_keys()
        await pilot.pause()
        assert "(x Archive)" in shown(app)
        assert "(m Take)" not in shown(app)


async def test_no_size_stops_it_while_things_load() -> None:
    sizes = random.Random(20261125)
    async with console(MemoryData(3000), size=(80, 24)) as (app, pilot):
        for keys in (["j"], ["enter"], ["c"], ["escape", "escape"], ["ctrl+n"], ["escape"], ["2"], ["3"], ["1"], ["?"]):
            for width, height in (
                (1, 1),
                (1000, 1000) if keys in (["j"], ["enter"]) else (300, 120),
                *[(sizes.randint(1, 300), sizes.randint(1, 120)) for _ in range(3)],
            ):
                await pilot.press(*keys[:1])
                await pilot.resize_terminal(width, height)
                await pilot.pause()
            await pilot.press(*keys[1:])
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert app.is_running
        assert app._exception is None


@pytest.mark.parametrize(("size", "is_small"), [((60, 15), False), ((59, 15), True), ((60, 14), True)])
async def test_a_window_too_small_is_said(size: tuple[int, int], is_small: bool) -> None:
    async with console(size=size) as (app, _pilot):
        assert ("This window is too small" in shown(app)) == is_small


@pytest.mark.parametrize("language", ["en", "zh_CN"])
async def test_the_narrowest_footer_shows_the_way_back_and_to_the_help(language: str) -> None:
    choose_language(language)
    async with console(size=(60, 15)) as (app, pilot):
        assert f"? {_('Help')}" in lines(app)[-1]
        assert lines(app)[-1].lstrip().startswith(_("Enter"))
        await press(pilot, "enter")
        assert f"Esc {_('Back')}" in lines(app)[-1]
        assert f"? {_('Help')}" in lines(app)[-1]
        await press(pilot, "escape", "2", "escape", "l")
        assert f"Esc {_('Back')}" in lines(app)[-1]


async def test_parts_of_the_footer_are_clicked_where_they_stand() -> None:
    async with console(size=(60, 15)) as (app, pilot):
        await pilot.click(KeyBar, offset=(lines(app)[-1].index("? Help"), 0))
        await settle(pilot)
        assert isinstance(app.screen, HelpScreen)
