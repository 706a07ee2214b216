"""The table that holds ids and draws only what is in sight."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from memory_data import HOSTILE, NOW, case_row
from rich.cells import cell_len
from textual import on
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from console.screens.queue_columns import queue_columns
from console.services.views import CaseRow
from console.widgets.columns import lay_out
from console.widgets.window_table import PAGE, WindowTable

COLUMNS = queue_columns(lambda: NOW)


class Wall(App[None]):
    """A table alone, whose pages are answered when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[WindowTable.PageWanted] = []
        self.opened: list[int] = []
        self.sorts: list[str] = []
        self.sized: list[tuple[str, int]] = []
        self.is_answering = True

    def compose(self) -> ComposeResult:
        yield WindowTable[CaseRow](COLUMNS, widget_id="table")

    @property
    def table(self) -> WindowTable[CaseRow]:
        return self.query_one("#table", WindowTable)

    @on(WindowTable.PageWanted)
    def take_page(self, event: WindowTable.PageWanted) -> None:
        self.wanted.append(event)
        if self.is_answering:
            self.answer(event)

    def answer(self, event: WindowTable.PageWanted, rows: Sequence[CaseRow] | None = None) -> None:
        ids = event.table.ids[event.start : event.end]
        event.table.put_rows(event.request, event.start, [case_row(n) for n in ids] if rows is None else rows)

    @on(WindowTable.RowOpened)
    def take_opened(self, event: WindowTable.RowOpened) -> None:
        self.opened.append(event.row_id)

    @on(WindowTable.SortWanted)
    def take_sort(self, event: WindowTable.SortWanted) -> None:
        self.sorts.append(event.sort)

    @on(WindowTable.ColumnSized)
    def take_sized(self, event: WindowTable.ColumnSized) -> None:
        self.sized.append((event.column, event.width))

    def text(self, y: int) -> str:
        return self.table.render_line(y).text.rstrip()


@asynccontextmanager
async def wall(count: int = 1000, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Wall, Pilot[None]]]:
    app = Wall()
    async with app.run_test(size=size) as pilot:
        app.table.focus()
        app.table.show(array("q", range(count)))
        await pilot.pause()
        yield app, pilot


async def test_a_million_rows_ask_for_one_page() -> None:
    async with wall(1_000_000) as (app, pilot):
        assert [(event.start, event.end) for event in app.wanted] == [(0, PAGE)]
        assert "C-2026-00000" in app.text(1)
        await pilot.press("G")
        await pilot.pause()
        assert app.table.cursor == 999_999
        assert "C-2026-999998" in app.text(app.size.height - 2)
        assert len(app.wanted) == 2
        await pilot.press("g")
        assert app.table.cursor == 0
        assert app.table.scroll_offset.y == 0


async def test_the_page_beyond_the_window_is_fetched_before_it_comes_into_sight() -> None:
    async with wall(1_000) as (app, pilot):
        app.table.move_to(80)
        await pilot.pause()
        assert [event.start for event in app.wanted] == [0, PAGE]
        app.table.move_to(PAGE)
        assert "…" not in app.text(app.size.height - 2)[:4]


async def test_rows_that_have_not_come_are_dots_and_late_pages_are_dropped() -> None:
    async with wall(0) as (app, pilot):
        app.is_answering = False
        app.table.show(array("q", range(300)))
        await pilot.pause()
        assert app.text(1) == "> …"
        late = app.wanted[-1]
        app.table.show(array("q", range(300, 600)))
        await pilot.pause()
        app.answer(late, [case_row(n) for n in range(100)])
        assert app.text(1) == "> …"
        app.answer(app.wanted[-1])
        await pilot.pause()
        assert "C-2026-00300" in app.text(1)


async def test_a_row_that_vanished_says_so() -> None:
    async with wall(0) as (app, pilot):
        app.is_answering = False
        app.table.show(array("q", range(5)))
        await pilot.pause()
        app.answer(app.wanted[-1], [case_row(n) for n in (0, 1, 4)])
        assert app.text(3).strip() == "(gone)"


async def test_a_cursor_move_repaints_two_rows() -> None:
    async with wall() as (app, pilot):
        drawn: list[Region] = []
        refresh = app.table.refresh

        def watch(*regions: Region, **options: bool) -> WindowTable[CaseRow]:
            drawn.extend(regions)
            return refresh(*regions, **options)

        app.table.refresh = watch  # type: ignore[method-assign]
        await pilot.press("j")
        assert sorted((region.y, region.height) for region in drawn) == [(1, 1), (2, 1)]


async def test_all_the_moving_keys_move() -> None:
    async with wall() as (app, pilot):
        table = app.table
        body = table.size.height - 1
        for key, place in (
            ("j", 1), ("down", 2), ("k", 1), ("up", 0), ("pagedown", body), ("pageup", 0), ("ctrl+d", body // 2),
            ("ctrl+u", 0), ("end", 999), ("j", 999), ("home", 0), ("k", 0),
        ):  # fmt: skip
            await pilot.press(key)
            assert table.cursor == place, key
            assert table.scroll_offset.y <= table.cursor < table.scroll_offset.y + body


async def test_space_marks_and_goes_down_and_v_marks_a_range() -> None:
    async with wall() as (app, pilot):
        await pilot.press("space", "space", "j", "v", "j", "j", "v")
        assert app.table.selected_ids() == [0, 1, 3, 4, 5]
        assert app.text(1).startswith(" *")
        await pilot.press("g", "space")
        assert app.table.selected_ids() == [1, 3, 4, 5]
        assert app.table.clear_marks()
        assert app.table.selected_ids() == [1]


async def test_star_marks_all_of_a_million_without_listing_them() -> None:
    async with wall(1_000_000) as (app, pilot):
        await pilot.press("*")
        assert app.table.mark_count == 1_000_000
        await pilot.press("space")
        assert app.table.mark_count == 999_999
        await pilot.press("*", "*")
        assert app.table.mark_count == 0


async def test_a_refresh_keeps_cursor_scroll_and_marks_with_their_rows() -> None:
    async with wall() as (app, pilot):
        table = app.table
        table.move_to(500)
        await pilot.press("space", "j")
        held, line = table.cursor_id, table.cursor - table.scroll_offset.y
        table.show(array("q", [*range(2000, 2007), *range(1000)]), keep=True)
        await pilot.pause()
        assert table.cursor_id == held
        assert table.cursor - table.scroll_offset.y == line
        assert table.selected_ids() == [500]


async def test_a_row_under_the_cursor_that_left_the_list_stays_until_the_cursor_goes_on() -> None:
    async with wall() as (app, pilot):
        table = app.table
        table.move_to(10)
        table.show(array("q", [number for number in range(1000) if number not in (3, 10, 11)]), keep=True)
        await pilot.pause()
        assert (table.cursor_id, table.has_left, list(table.ids[7:12])) == (10, True, [8, 9, 10, 12, 13])
        assert app.text(table.cursor + 1).startswith(">-")
        await pilot.press("j")
        assert (table.cursor_id, table.has_left, list(table.ids[7:12])) == (12, False, [8, 9, 12, 13, 14])
        table.show(array("q", range(500)), keep=True)
        table.show(array("q", [number for number in range(500) if number != 12]), keep=True)
        await pilot.press("k")
        assert (table.cursor_id, len(table.ids)) == (11, 499)


async def test_a_row_that_one_sent_away_oneself_goes_at_once() -> None:
    async with wall() as (app, _pilot):
        app.table.move_to(10)
        left = array("q", [number for number in range(1000) if number not in (3, 10, 11)])
        app.table.show(left, keep=True, gone=frozenset({10}))
        assert (app.table.cursor_id, app.table.has_left) == (12, False)


async def test_when_all_rows_leave_the_one_under_the_cursor_is_the_last() -> None:
    async with wall(3) as (app, pilot):
        await pilot.press("G", "space")
        app.table.show(array("q"), keep=True)
        assert (app.table.selected_ids(), app.table.mark_count) == ([2], 0)
        await pilot.press("j", "space", "v", "v", "*")
        app.table.show(array("q"), keep=True, gone=frozenset({2}))
        assert app.table.cursor_id is None


async def test_new_rows_are_marked_as_such() -> None:
    async with wall(0) as (app, pilot):
        app.table.show(array("q", [1, 2, 5]), new=frozenset({2}))
        await pilot.pause()
        assert app.text(2).startswith(" +")
        assert not app.text(3).startswith(" +")


async def test_wide_shows_every_column_in_full_one_after_another() -> None:
    async with wall(3) as (app, pilot):
        table = app.table
        assert table.hidden_count == 6
        await pilot.press("w")
        assert table.is_wide
        await pilot.press("right", "right")
        assert "Customer name" in app.text(0)
        assert "Channel" not in app.text(0)
        await pilot.press(*["right"] * 20)
        assert app.text(0).rstrip().endswith("Channel")
        await pilot.press("left", "w")
        assert table.hidden_count == 6
        await pilot.press("left", "right")
        assert table.is_wide
        await pilot.resize_terminal(33, 9)
        await pilot.press("right", "right")
        assert all(cell_len(table.render_line(y).text) == table.scrollable_content_region.width for y in range(5))


async def test_chosen_columns_are_drawn_in_their_order_and_width() -> None:
    async with wall(3) as (app, pilot):
        chosen = {column.id: column for column in COLUMNS}
        app.table.set_columns([replace(chosen["region"], width=6), chosen["reference"]])
        await pilot.pause()
        assert app.text(0) == "  Region Reference"
        assert app.text(2) == "  城西   C-2026-00001"
        app.table.set_columns([replace(chosen["region"], width=500)])
        await pilot.pause()
        assert cell_len(app.table.render_line(2).text) == app.table.scrollable_content_region.width


async def test_marks_of_rows_that_left_the_list_are_gone() -> None:
    async with wall() as (app, pilot):
        await pilot.press("*")
        app.table.show(array("q", range(500, 1500)), keep=True)
        assert app.table.mark_count == 500
        assert not app.table.is_marked(1000)


async def test_an_empty_list_gives_its_reason_and_bears_every_key() -> None:
    async with wall(0) as (app, pilot):
        app.table.empty = "Nothing is waiting."
        await pilot.press("j", "k", "G", "g", "space", "v", "*", "enter", "pagedown")
        assert app.text(2).strip() == "Nothing is waiting."
        assert app.table.selected_ids() == []
        assert app.opened == []


async def test_the_mouse_moves_opens_and_sorts() -> None:
    async with wall() as (app, pilot):
        await pilot.click("#table", offset=(10, 4))
        assert app.table.cursor == 3
        await pilot.click("#table", offset=(10, 4), times=2)
        assert app.opened == [3]
        await pilot.click("#table", offset=(7, 0))
        app.table.show_sort("due")
        await pilot.click("#table", offset=(7, 0))
        assert app.sorts == ["due", "-due"]
        assert "Due ^" in app.text(0)


async def drag(pilot: Pilot[None], start: int, end: int) -> None:
    """Drag from one cell of the line of heads to another one."""
    await pilot.mouse_down("#table", offset=(start, 0))
    await pilot.hover("#table", offset=((start + end) // 2, 0))
    await pilot.hover("#table", offset=(end, 0))
    await pilot.mouse_up("#table", offset=(end, 0))
    await pilot.pause()


async def test_the_edge_of_a_column_is_dragged_and_sorts_nothing() -> None:
    async with wall() as (app, pilot):
        before = app.text(0)
        assert before.index("Reference") == 24
        await drag(pilot, 23, 26)
        assert app.sized == [("due", 19)]
        assert app.text(0).index("Reference") == 27
        await drag(pilot, 26, 0)
        assert app.sized[-1] == ("due", 3)
        await drag(pilot, 10, 24)
        assert app.sized[-1] == ("due", 17)
        assert app.sorts == []
        await pilot.click("#table", offset=(9, 0))
        assert app.sorts == ["due"]


async def test_the_edge_behind_what_takes_the_rest_moves_the_next_column_and_pushes_itself_out_never() -> None:
    async with wall() as (app, pilot):
        edge = app.text(0).index("State") - 1
        await drag(pilot, edge, edge - 4)
        assert app.sized == [("state", 17)]
        assert app.text(0).index("State") == edge - 3
        await drag(pilot, 23, 79)
        assert app.sized[-1][0] == "due"
        assert "Due" in app.text(0)
        assert "Sev" in app.text(0)
        for y in range(app.table.size.height):
            assert cell_len(app.table.render_line(y).text) == app.table.scrollable_content_region.width


async def test_every_line_is_as_wide_as_the_table_whatever_is_in_it() -> None:
    async with wall(0) as (app, pilot):
        app.is_answering = False
        app.table.show(array("q", range(len(HOSTILE))))
        await pilot.pause()
        app.answer(app.wanted[-1], [case_row(number, hostile=text) for number, text in enumerate(HOSTILE)])
        for size in ((80, 24), (61, 20), (200, 30), (33, 9)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            for y in range(app.table.size.height):
                assert cell_len(app.table.render_line(y).text) == app.table.scrollable_content_region.width


def test_columns_give_way_by_rank_and_the_flexible_one_stays() -> None:
    names = [column.id for column, _width in lay_out(COLUMNS, 79)]
    assert names == ["severity", "due", "reference", "subject", "state"]
    assert [column.id for column, _width in lay_out(COLUMNS, 30)] == ["subject"]
    assert {column.id for column, _width in lay_out(COLUMNS, 250)} == {column.id for column in COLUMNS}


async def test_only_so_many_rows_are_held() -> None:
    async with wall(5_000) as (app, pilot):
        for place in range(0, 5_000, PAGE):
            app.table.move_to(place)
            await pilot.pause()
        assert len(app.table._rows) <= 40 * PAGE


async def test_the_rest_of_a_list_comes_behind_its_beginning_and_nothing_in_sight_is_asked_for_again() -> None:
    async with wall(300) as (app, pilot):
        await pilot.press("j", "space", "j")
        asked = len(app.wanted)
        app.table.extend(array("q", range(5000)))
        await pilot.pause()
        assert len(app.wanted) == asked
        assert (app.table.cursor, app.table.mark_count) == (3, 1)
        await pilot.press("G")
        await pilot.pause()
        assert app.table.cursor == 4999
        assert "C-2026-04999" in app.text(app.table.size.height - 1)


async def test_a_beginning_that_holds_no_longer_gives_way_and_the_cursor_stays_with_its_case() -> None:
    async with wall(300) as (app, pilot):
        await pilot.press("j", "j")
        app.table.extend(array("q", [7000, *range(1, 400)]))
        await pilot.pause()
        assert app.table.cursor_id == 2
        assert "C-2026-07000" in app.text(1)


async def test_who_marked_all_of_a_beginning_has_marked_all_of_the_list() -> None:
    async with wall(300) as (app, pilot):
        await pilot.press("*")
        app.table.extend(array("q", range(900)))
        assert app.table.mark_count == 900
        await pilot.press("*")
        app.table.extend(array("q", [901, *range(900)]))
        assert app.table.mark_count == 0
