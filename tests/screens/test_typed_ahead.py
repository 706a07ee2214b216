"""Keys that arrive all at once, as on a slow line, do what they would have done one by one."""

from __future__ import annotations

from pathlib import Path

from driving import console, press, settle, shown, until
from memory_data import MemoryData
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from working import copied, make_demonstration, office

from console.app import ConsoleApp
from console.screens.queues import QueueScreen
from console.widgets.window_table import WindowTable


async def burst(app: ConsoleApp, pilot: Pilot[int], *keys: str) -> None:
    """Let keys arrive in one packet."""
    for key in keys:
        is_character = len(key) == 1
        app.post_message(events.Key(_character_to_key(key) if is_character else key, key if is_character else None))
    await settle(pilot)


async def test_letters_behind_the_key_of_the_filter_go_to_the_filter() -> None:
    async with console() as (app, pilot):
        await burst(app, pilot, "/", *"停水 kind:complaint", "enter")
        assert isinstance(app.screen, QueueScreen)
        assert "/ 停水 kind:complaint" in shown(app)
        assert app.focused is app.screen.table


async def test_letters_behind_the_list_of_commands_narrow_it() -> None:
    async with console() as (app, pilot):
        await burst(app, pilot, ":", *"queue: overdue", "enter")
        assert "Overdue" in shown(app).splitlines()[1]


async def test_nobody_confirms_what_he_has_not_seen(tmp_path: Path) -> None:
    url = copied(make_demonstration(tmp_path), _made(tmp_path / "copy"))
    async with office(url) as (app, pilot, data):
        await press(pilot, "space", "space", "space")
        marked = app.screen.chosen_ids()  # type: ignore[attr-defined]
        await burst(app, pilot, "a", *"he.xi", "enter", "f2", "y", "y")
        assert [row.assignee for row in data.rows(marked)].count("何汐") < 3
        await press(pilot, "y")
        assert [row.assignee for row in data.rows(marked)] == ["何汐"] * 3


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def send(app: ConsoleApp, *keys: str) -> None:
    """Let keys arrive in one packet, and do not wait for what they do."""
    for key in keys:
        is_character = len(key) == 1
        app.post_message(events.Key(_character_to_key(key) if is_character else key, key if is_character else None))


async def test_keys_behind_a_filter_are_for_the_cases_it_finds() -> None:
    data = MemoryData(200)
    async with console(data) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, QueueScreen)
        before = screen.table.ids.tolist()
        data.gate.clear()
        send(app, "/", *"停水", "enter", "j", "m")
        await until(pilot, lambda: app.focused is screen.table and "/ 停水" in shown(app))
        await pilot.pause()
        assert screen.table.ids.tolist() == before
        data.gate.set()
        await settle(pilot)
        found = screen.table.ids.tolist()
        assert found != before
        assert [deed[:2] for deed in data.performed] == [("take", (found[1],))]


async def test_keys_behind_a_name_are_for_the_customer_it_finds() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        await press(pilot, "2")
        data.gate.clear()
        send(app, *"阳修", "enter", "y")
        await until(pilot, lambda: isinstance(app.focused, WindowTable))
        await pilot.pause()
        assert not app.copied
        data.gate.set()
        await settle(pilot)
        table = app.screen.query_one(WindowTable)
        assert "欧阳修" in shown(app)
        assert list(app.copied) == [f"{table.cursor_id:06d}"]
