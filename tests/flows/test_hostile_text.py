"""Hostile text in every field of every screen: nothing of it reaches the terminal, acts, or ends the program."""

from __future__ import annotations

import pytest
from driving import console, hostile, press, settle, write
from memory_data import HOSTILE, MemoryData, case_row

from console.errors import OmbudError
from console.services.views import CaseRow


def poisoned(number: int) -> CaseRow:
    """Return a case with a hostile text in all its fields."""
    return case_row(number, hostile=HOSTILE[number % len(HOSTILE)])


@pytest.mark.parametrize("size", [(80, 24), (130, 45)])
async def test_no_screen_lets_hostile_text_through(size: tuple[int, int]) -> None:
    async with console(MemoryData(60, build=poisoned), size=size) as (app, pilot):
        assert not hostile(app)
        for keys in (
            ["p", "j", "j"], ["enter"], ["J", "J", "J", "J", "J", "J", "J", "J"], ["pagedown", "G"], ["escape"], ["?"],
            ["escape"], [":"], ["escape"], ["o"], ["escape"], ["y"], ["2"], ["enter"], ["j", "j", "j"], ["j", "enter"],
            ["y"], ["3"], ["1"],
        ):  # fmt: skip
            await press(pilot, *keys)
            assert not hostile(app), keys
            assert app.return_code is None, keys


@pytest.mark.parametrize("text", HOSTILE)
async def test_nothing_typed_found_or_told_acts(text: str) -> None:
    async with console(MemoryData(60, build=poisoned)) as (app, pilot):
        await press(pilot, "/")
        await write(pilot, "x")
        app.screen.query_one("#filter").value = text  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert not hostile(app)
        app.notify(text, title=text, markup=True)
        app.tell(OmbudError(text, text))
        app.copy(text)
        await settle(pilot)
        assert not hostile(app)
        assert app.return_code is None


async def test_no_click_anywhere_runs_an_action_of_the_text() -> None:
    async with console(MemoryData(60, build=poisoned)) as (app, pilot):
        for y in range(3, 20):
            await pilot.click("#table", offset=(26 if y % 2 else 42, y))
        await settle(pilot)
        assert app.return_code is None
        await press(pilot, "escape", "g", "j", "enter")
        for y in range(1, 18):
            await pilot.click("#case", offset=(25, y))
        assert app.return_code is None
        assert not hostile(app)
