"""The case, customers, satisfaction, help and the palette, by their keys."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from driving import console, lines, press, settle, shown, until, write
from memory_data import MemoryData
from textual.screen import Screen

from console.screens.case import CaseScreen
from console.screens.chooser import Chooser
from console.screens.customers import FindField
from console.screens.dossier import CHUNK
from console.screens.help import HelpScreen
from console.screens.queues import QueueScreen
from console.services.customer_views import CustomerRow
from console.widgets.reading import Reading
from console.widgets.window_table import WindowTable


async def test_enter_opens_the_case_and_escape_goes_back_to_it() -> None:
    async with console() as (app, pilot):
        await press(pilot, "j", "enter")
        assert isinstance(app.screen, CaseScreen)
        assert "C-2026-00001" in shown(app)
        assert "2 of 4,000" in shown(app)
        await press(pilot, "J", "K", "J", "escape")
        assert isinstance(app.screen, QueueScreen)
        assert app.screen.query_one(WindowTable).cursor == 2


async def test_the_ends_of_the_list_are_told() -> None:
    async with console(MemoryData(2)) as (app, pilot):
        await press(pilot, "enter", "K")
        assert "This is the first case." in shown(app)
        await press(pilot, "J", "J")
        assert "This is the last case of the list." in shown(app)


async def test_words_of_the_filter_are_found_in_the_case() -> None:
    async with console() as (app, pilot):
        await press(pilot, "/")
        await write(pilot, "停水")
        await press(pilot, "enter", "enter", "n")
        reading = app.screen.query_one("#case", Reading)
        assert "停水" in reading.lines[reading.scroll_offset.y] or reading.max_scroll_y == 0
        await press(pilot, "n", "n", "n", "n")
        assert "No further match in this case." in shown(app)


async def test_words_are_looked_for_in_the_case_as_one_looks_for_them_in_a_pager() -> None:
    data = MemoryData()
    data.narratives[0] = "\n".join(f"line {number}" for number in range(100))
    async with console(data) as (app, pilot):
        await press(pilot, "enter", "/")
        await write(pilot, "Line 77")
        await press(pilot, "enter")
        reading = app.screen.query_one("#case", Reading)
        assert reading.lines[reading.scroll_offset.y].strip() == "line 77"
        assert "1 line with it; n goes on." in shown(app)
        await press(pilot, "n")
        assert "No further match in this case." in shown(app)
        await press(pilot, "/")
        await write(pilot, "nowhere[/]")
        await press(pilot, "enter")
        assert "“nowhere[/]” is not in this case." in shown(app)
        await press(pilot, "/", "escape", "escape")
        assert isinstance(app.screen, QueueScreen)


async def test_a_last_match_that_cannot_come_to_the_top_ends_the_search() -> None:
    data = MemoryData()
    data.narratives[0] = "\n".join(f"line {number}" for number in range(100))
    async with console(data) as (app, pilot):
        await press(pilot, "enter")
        reading = app.screen.query_one("#case", Reading)
        last = next(text.strip() for text in reversed(reading.lines) if text.strip())
        await press(pilot, "/")
        await write(pilot, last)
        await press(pilot, "enter")
        assert reading.scroll_offset.y == reading.max_scroll_y
        await press(pilot, "n")
        assert "No further match in this case." in shown(app)


async def test_two_megabytes_open_at_their_beginning_and_plus_shows_more() -> None:
    data = MemoryData()
    data.narratives[0] = "水" * 1_000_000 + "\n" * 200_000
    async with console(data) as (app, pilot):
        await press(pilot, "enter")
        reading = app.screen.query_one("#case", Reading)
        assert sum(line.count("水") for line in reading.lines) <= CHUNK + 10
        assert any("+ shows more." in line for line in reading.lines)
        before = len(reading.lines)
        await press(pilot, "+")
        assert len(reading.lines) > before


async def test_a_case_that_is_gone_says_so_and_escape_still_leaves() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        data.removed = {0}
        await press(pilot, "enter")
        assert "There is no case 0." in shown(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, QueueScreen)


async def test_customers_are_found_while_typing_by_part_of_a_chinese_name() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        await press(pilot, "2")
        await write(pilot, "阳修")
        await until(pilot, lambda: "customers 阳修" in data.asked)
        await settle(pilot)
        assert "欧阳修" in shown(app)
        assert "Mary Smith" not in shown(app)
        await press(pilot, "enter", "j")
        await until(pilot, lambda: any(asked.startswith("customer ") for asked in data.asked))
        await settle(pilot)
        assert "Accounts" in app.screen.query_one("#detail", Reading).lines
        await press(pilot, "tab")
        assert app.focused is app.screen.query_one("#detail")
        await press(pilot, "/")
        await write(pilot, "zzz")
        await until(pilot, lambda: "No customer fits" in shown(app))


async def test_the_help_tells_the_keys_of_the_screen() -> None:
    async with console(size=(100, 110)) as (app, pilot):
        await press(pilot, "?")
        assert isinstance(app.screen, HelpScreen)
        assert "Mark the row" in shown(app)
        assert "severe and due within four hours" in shown(app)
        await press(pilot, "?")
        assert isinstance(app.screen, QueueScreen)


async def test_the_palette_does_what_the_keys_do() -> None:
    async with console() as (app, pilot):
        await press(pilot, ":")
        await write(pilot, "customers find a")
        await press(pilot, "enter")
        assert app.current_mode == "customers"
        await press(pilot, "ctrl+p")
        await write(pilot, "queue: over")
        await press(pilot, "enter")
        assert "[5/11 Overdue" in shown(app)
        await press(pilot, ":")
        await write(pilot, "mark all")
        await press(pilot, "enter")
        assert "4,000 marked" in shown(app)
        await press(pilot, ":", "escape")
        assert isinstance(app.screen, QueueScreen)


async def test_the_palette_finds_an_action_by_the_words_of_its_name() -> None:
    async with console() as (app, pilot):
        await press(pilot, ":")
        await write(pilot, "save view")
        assert "Keep as a queue: Keep filter, order and columns under a name." in shown(app)


async def test_the_palette_says_that_nothing_fits_and_enter_does_nothing_then() -> None:
    async with console() as (app, pilot):
        await press(pilot, ":")
        await write(pilot, "zzz")
        assert "Nothing in this list fits what was typed." in shown(app)
        await press(pilot, "down", "enter")
        assert isinstance(app.screen, Chooser)
        await press(pilot, *["backspace"] * 3)
        await write(pilot, "notices")
        await press(pilot, "enter")
        assert "Notices" in lines(app)[1]


async def test_the_palette_offers_nothing_of_textuals_own() -> None:
    async with console(size=(100, 50)) as (app, pilot):
        await press(pilot, ":")
        for word in ("screenshot", "theme", "maximize", "quit"):
            assert word not in shown(app).casefold()


async def test_the_modes_are_a_key_and_a_click_away() -> None:
    async with console() as (app, pilot):
        await press(pilot, "3")
        assert app.current_mode == "satisfaction"
        await pilot.click("#top", offset=(10, 0))
        await settle(pilot)
        assert app.current_mode == "queues"


async def test_q_leaves_and_so_does_ctrl_q_while_typing() -> None:
    async with console() as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert app.return_code == 0
    async with console() as (app, pilot):
        await press(pilot, "/")
        await write(pilot, "q")
        assert app.return_code is None
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app.return_code == 0


class Leaving(MemoryData):
    """Customers of whom the first are found no longer after a while."""

    first = 0

    def customers(self, text: str) -> Sequence[CustomerRow]:
        return super().customers(text)[self.first :]


async def test_a_customer_under_the_cursor_who_is_found_no_longer_stays_until_the_cursor_goes_on() -> None:
    data = Leaving()
    async with console(data) as (app, pilot):
        await press(pilot, "2", "escape")
        table = app.screen.query_one(WindowTable)
        held = table.cursor_row
        assert held is not None
        data.first = 3
        await press(pilot, "r")
        assert (table.has_left, table.cursor_row) == (True, held)
        await press(pilot, "j")
        assert table.cursor_row != held
        assert app.return_code is None


async def test_the_line_of_customers_takes_no_slash_typed_out_of_habit_and_is_written_over_or_cleared() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        await press(pilot, "2", "/")
        field = app.screen.query_one("#find", FindField)
        assert field.value == ""
        await write(pilot, "阳修")
        await press(pilot, "enter", "/")
        await write(pilot, "李/")
        assert field.value == "李/"
        await press(pilot, "escape")
        assert isinstance(app.focused, WindowTable)
        await press(pilot, "escape")
        await until(pilot, lambda: field.value == "" and "Mary Smith" in shown(app))


@pytest.mark.parametrize(("key", "kind"), [("?", HelpScreen), (":", Chooser), ("f1", HelpScreen)])
async def test_help_and_commands_open_from_the_empty_line_of_customers(key: str, kind: type[Screen[object]]) -> None:
    async with console() as (app, pilot):
        await press(pilot, "2")
        assert "F1 Help" in lines(app)[-1]
        await press(pilot, key)
        assert isinstance(app.screen, kind)
