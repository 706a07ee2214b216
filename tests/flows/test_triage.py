"""Triage by the keyboard alone at 80 by 24, as a person would do it."""

from __future__ import annotations

from driving import console, lines, press, shown, write
from memory_data import MemoryData

from console.screens.case import CaseScreen
from console.screens.queues import QueueScreen
from console.widgets.window_table import WindowTable


async def test_read_the_most_urgent_find_the_like_mark_them_and_leave() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        assert sum("overdue" in line for line in lines(app)) >= 16
        await press(pilot, "enter")
        assert isinstance(app.screen, CaseScreen)
        assert "!! overdue" in shown(app)
        await press(pilot, "J", "escape", "/")
        await write(pilot, "停水 severity:4")
        await press(pilot, "enter")
        table = app.screen.query_one(WindowTable)
        assert table.cursor == 0
        await press(pilot, "v", "j", "j", "j", "v")
        assert "4 marked" in shown(app)
        marked = table.selected_ids()
        await press(pilot, "r")
        assert table.selected_ids() == marked
        await press(pilot, "g", "n")
        assert table.is_marked(table.cursor)
        await press(pilot, "escape", "escape")
        assert "4,000 of 5,000" in shown(app)
        assert isinstance(app.screen, QueueScreen)
        await pilot.press("q")
        await pilot.pause()
        assert app.return_code == 0


async def test_everything_works_with_arrows_and_the_palette_alone() -> None:
    async with console() as (app, pilot):
        await press(pilot, "down", "down", "enter")
        assert isinstance(app.screen, CaseScreen)
        await press(pilot, "right", "left", "escape", "ctrl+p")
        await write(pilot, "next queue")
        await press(pilot, "enter")
        assert "[2/11 My team" in shown(app)
