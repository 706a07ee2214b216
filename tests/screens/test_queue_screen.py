"""The queue screen, by its keys."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime
from typing import cast

import pytest
from driving import console, hostile, lines, press, settle, shown, until, write
from memory_data import FIRST, MemoryData, MemoryQueues, case_row
from rich.cells import cell_len

from console.app import ConsoleApp
from console.errors import UnavailableError
from console.i18n import choose_language
from console.rules.case_columns import READY_LAYOUT
from console.rules.filters import FilterError, parse
from console.screens.data import PartType
from console.screens.filter_bar import FilterField, is_unfinished
from console.screens.queue_columns import SORTS
from console.screens.queue_listing import queue_filter, sort_of
from console.screens.queue_questions import QueueQuestions
from console.screens.queues import QueueScreen
from console.services.views import QUEUE_VIEWS, CaseRow, IdList
from console.widgets.reading import Reading
from console.widgets.window_table import WindowTable


def test_a_queue_and_what_was_typed_join_and_the_later_order_counts() -> None:
    assert str(queue_filter("state:open sort:due", "leak")) == "state:open leak sort:due"
    assert str(queue_filter("state:open sort:due", "", "-severity")) == "state:open sort:-severity"
    assert sort_of(queue_filter("state:open sort:due", "sort:-received", "-severity")) == "-received"
    assert sort_of(parse("")) == "due"
    with pytest.raises(FilterError) as caught:
        queue_filter("state:open", "colour:red")
    assert caught.value.position == 0


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("sev", True),
        ("severity:", True),
        ("sort:", True),
        ("sevrity:", False),
        ("leak -re", True),
        ("severity:3", False),
        ("severity ", False),
        ("leak", False),
    ],
)
def test_a_word_that_may_become_a_field_is_not_searched_for_yet(typed: str, *, expected: bool) -> None:
    assert is_unfinished(typed) is expected


@pytest.mark.parametrize("text", [*(view.filter for view in QUEUE_VIEWS), *(f"sort:{name}" for name, _words in SORTS)])
def test_queues_and_orders_are_written_in_the_filter_language(text: str) -> None:
    assert parse(text)


@pytest.mark.parametrize(("size", "rows"), [((80, 24), 16), ((120, 40), 30), ((100, 28), 20), ((60, 15), 8)])
async def test_enough_rows_show_at_every_size(size: tuple[int, int], rows: int) -> None:
    async with console(size=size) as (app, _pilot):
        visible = [
            line for line in lines(app) if "!! overdue" in line or "! " in line or "·" in line or "closed" in line
        ]
        assert len(visible) >= rows
        assert all(len(line) <= size[0] for line in visible)


async def test_the_list_of_queues_and_the_preview_come_with_the_width() -> None:
    async with console(size=(80, 24)) as (app, pilot):
        screen = app.screen
        for size, has_list, has_preview in (
            ((80, 24), False, False),
            ((80, 32), False, True),
            ((104, 24), True, False),
            ((130, 24), True, True),
        ):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert screen.query_one("#views").display is has_list, size
            assert screen.query_one("#strip").display is not has_list, size
            assert screen.query_one("#preview").display is has_preview, size


async def test_the_status_tells_exact_counts_marks_and_order() -> None:
    async with console() as (app, pilot):
        assert "4,000 of 5,000 · sorted by due, earliest first" in shown(app)
        await press(pilot, "space", "space")
        assert "4,000 of 5,000 · 2 marked · sorted by" in shown(app)
        await press(pilot, "escape")
        assert "marked" not in lines(app)[-2]


async def test_brackets_go_through_the_queues() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        await press(pilot, "[")
        assert "[11/11 All 5,000]" in shown(app)
        assert data.asked[-2].startswith("ids sort:-received") or "ids sort:-received" in data.asked
        await press(pilot, "]", "]")
        assert "[2/11 My team" in shown(app)


async def test_an_empty_queue_says_why_and_which_key_helps() -> None:
    async with console() as (app, pilot):
        await press(pilot, *"[[[[[")
        assert "Nothing is waiting in the queue “Awaiting customer”." in shown(app)
        assert "] shows the next queue." in shown(app)
    async with console(MemoryData(0)) as (app, pilot):
        await press(pilot, "r")
        assert "There are no cases in this database yet." in shown(app)
        assert "ombud import cases" in shown(app)


async def test_a_filter_is_used_at_enter_and_taken_away_by_escape() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        await press(pilot, "/")
        await write(pilot, "停水")
        await press(pilot, "enter")
        assert "ids state:open assignee:me 停水 sort:due" in data.asked
        assert "858 of 5,000" in shown(app)
        await press(pilot, "escape")
        assert "4,000 of 5,000" in shown(app)


async def test_a_filter_is_used_while_typing_once_the_fingers_rest() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        await press(pilot, "/")
        await write(pilot, "meter")
        await until(pilot, lambda: "ids state:open assignee:me meter sort:due" in data.asked)
        await settle(pilot)
        assert " of 5,000" in lines(app)[-2]
        assert not [asked for asked in data.asked if asked == "ids state:open assignee:me m sort:due"]


async def test_escape_in_the_filter_bar_gives_up_what_was_written() -> None:
    async with console() as (app, pilot):
        await press(pilot, "/")
        await write(pilot, "停水")
        await press(pilot, "enter", "/")
        await write(pilot, "xyz")
        await press(pilot, "escape")
        assert "858 of 5,000" in shown(app)
        assert isinstance(app.focused, WindowTable)


async def test_a_wrong_filter_is_pointed_at_and_the_rows_stay() -> None:
    async with console(size=(120, 30)) as (app, pilot):
        await press(pilot, "/")
        await write(pilot, "停水")
        await press(pilot, "enter", "/")
        await write(pilot, " closed:red")
        await press(pilot, "enter")
        filter_line, status = lines(app)[-3:-1]
        assert status.index("^") == filter_line.index("red") + 2  # two wide characters stand before it
        assert "red is not a time" in status
        assert any("C-2026" in line for line in lines(app))


async def test_a_mistake_in_the_filter_names_the_nearest_word_at_80_columns_and_one_stays_in_the_line() -> None:
    async with console() as (app, pilot):
        await press(pilot, "/")
        await write(pilot, "停水 severty:3")
        await press(pilot, "enter")
        assert "^ Unknown field severty: Did you mean severity?" in shown(app)
        assert isinstance(app.focused, FilterField)
        await press(pilot, *["backspace"] * 4)
        await write(pilot, "ity:3")
        await press(pilot, "enter")
        assert isinstance(app.focused, WindowTable)
        assert "Unknown field" not in shown(app)


async def test_what_is_wrong_with_a_filter_is_said_in_chinese_under_its_place() -> None:
    choose_language("zh_CN")
    async with console() as (app, pilot):
        await press(pilot, "/")
        await write(pilot, "抄表 stat:open")
        await press(pilot, "enter")
        place = next(number for number, text in enumerate(lines(app)) if "没有字段 stat:" in text)
        typed, told = lines(app)[place - 1], lines(app)[place]
        assert cell_len(told[: told.index("^")]) == cell_len(typed[: typed.index("stat:")])


async def test_the_order_is_chosen_from_a_menu_and_shown_in_the_head() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        await press(pilot, "o", "j", "j", "j", "enter")
        assert "ids state:open assignee:me sort:-severity" in data.asked
        assert "Sev v" in shown(app) or "severity, highest first" in shown(app)


async def test_the_preview_follows_the_cursor_once_it_rests() -> None:
    data = MemoryData()
    async with console(data, size=(130, 40)) as (app, pilot):
        await pilot.press("j", "j", "j", "j")
        await until(pilot, lambda: "case 5" in data.asked)
        await settle(pilot)
        preview = "\n".join(app.screen.query_one("#preview", Reading).lines)
        assert "C-2026-00005" in preview
        assert "The caller says" in preview


async def test_p_shows_and_hides_the_preview() -> None:
    async with console() as (app, pilot):
        await press(pilot, "p")
        assert app.screen.query_one("#preview").display
        await press(pilot, "p")
        assert not app.screen.query_one("#preview").display


async def test_others_changes_appear_and_the_cursor_stays_with_its_case() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        app.poll()
        await settle(pilot)
        await press(pilot, "j", "j", "j", "j")
        table = app.screen.query_one(WindowTable)
        held = table.cursor_id
        data.removed = {0, 1}
        data.version += 1
        app.poll()
        await settle(pilot)
        await settle(pilot)
        assert table.cursor_id == held
        assert table.cursor == 2
        assert "3,998 of 4,998" in shown(app)


async def test_a_change_made_before_the_first_look_for_changes_appears() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        data.removed = {0, 1}
        data.version += 1
        app.poll()
        await settle(pilot)
        await settle(pilot)
        assert "3,998 of 4,998" in shown(app)


@pytest.mark.parametrize("keys", [("enter", "escape"), ("2", "escape", "1")])
async def test_a_change_seen_on_another_screen_appears_on_coming_back(keys: tuple[str, ...]) -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        await press(pilot, *keys[:-1]) if len(keys) > 2 else await press(pilot, keys[0])
        data.removed = {0, 1}
        data.version += 1
        app.poll()
        await settle(pilot)
        await settle(pilot)
        await press(pilot, keys[-1])
        assert "3,998 of 4,998" in shown(app)
        asked = len(data.asked)
        app.poll()
        await settle(pilot)
        assert len(data.asked) == asked


async def test_questions_are_asked_in_threads_only_and_late_answers_are_dropped() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        data.gate.clear()
        await pilot.press("]")
        await pilot.press("]")
        assert data.interrupted or not data.gate.is_set()
        data.gate.set()
        await settle(pilot)
        assert "[3/11 Unassigned" in shown(app)
        assert threading.get_ident() not in data.threads


async def test_a_database_that_fails_is_told_with_its_hint_and_the_screen_stays() -> None:
    data = MemoryData()
    async with console(data) as (app, pilot):
        data.failure = UnavailableError("The database is busy [/].", "Try again in a moment.")
        await press(pilot, "r")
        assert "The database is busy [/]." in shown(app)
        assert "Try again in a moment." in shown(app)
        data.failure = None
        await press(pilot, "r", "j")
        assert isinstance(app.screen, QueueScreen)


async def test_a_fault_of_ours_is_written_down_and_the_screen_stays(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("console.screens.failures.state_directory", lambda: tmp_path / "state")
    data = MemoryData()
    async with console(data) as (app, pilot):
        data.failure = ZeroDivisionError("[/secret]")
        await press(pilot, "r")
        assert "Something went wrong in the program" in shown(app)
        assert "ZeroDivisionError" in (tmp_path / "state" / "console.log").read_text()
        assert (tmp_path / "state" / "console.log").stat().st_mode & 0o077 == 0


async def test_a_window_too_small_says_so_and_recovers() -> None:
    async with console() as (app, pilot):
        for size in ((59, 24), (80, 14), (1, 1)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert "overdue" not in shown(app)
        await pilot.resize_terminal(59, 14)
        await settle(pilot)
        assert "too small" in shown(app)
        await pilot.resize_terminal(1000, 300)
        await settle(pilot)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "C-2026-00000" in shown(app)


async def test_copying_sends_a_clean_reference() -> None:
    async with console() as (app, pilot):
        await press(pilot, "j", "y")
        assert app.clipboard == "C-2026-00001"
        table = app.screen.query_one(WindowTable)
        table.move_to_id(24)
        await press(pilot, "y")
        assert "\x1b" not in app.clipboard
        assert not hostile(app)


async def test_copying_a_row_sends_every_column_with_tabs_between_and_nothing_that_a_spreadsheet_runs() -> None:
    def build(number: int) -> CaseRow:
        return replace(case_row(number), subject="=cmd|' /C calc'!A0\tx\n\x1b[2Jy", customer="@SUM(1)")

    async with console(MemoryData(3, build=build)) as (app, pilot):
        await press(pilot, "j", "Y")
        cells = app.clipboard.split("\t")
        assert len(cells) == len(READY_LAYOUT)
        assert cells[2] == "C-2026-00001"
        assert cells[3] == "'=cmd|' /C calc'!A0 x ␛[2Jy"
        assert cells[4] == "'@SUM(1)"
        assert app.copied[-1] == app.clipboard
        await press(pilot, "enter", "Y")
        assert app.copied[-1] == app.copied[-2]
        await press(pilot, "escape", "2", "enter", "Y")
        assert app.clipboard.split("\t")[0].isdigit()


async def test_a_width_that_was_dragged_is_kept_with_the_queue() -> None:
    async with console() as (app, pilot):
        await pilot.mouse_down("#table", offset=(23, 0))
        await pilot.hover("#table", offset=(26, 0))
        await pilot.mouse_up("#table", offset=(26, 0))
        await settle(pilot)
        heads = lines(app)[2]
        assert heads.index("Reference") == lines(app)[2].index("Due") + 20
        assert "State" in heads
        await press(pilot, "]")
        assert lines(app)[2].index("Reference") == lines(app)[2].index("Due") + 17
        await press(pilot, "[")
        assert lines(app)[2] == heads
        assert "due:19" in app.choices.columns(QUEUE_VIEWS[0].id)


async def test_the_first_rows_are_asked_for_before_the_counts() -> None:
    data = MemoryData()
    async with console(data) as (app, _pilot):
        first, second, *_rest = data.asked
        assert first.startswith("ids ")
        assert second.startswith("rows ")
        assert isinstance(app.screen, QueueScreen)
        assert app.screen._counts["all"] == data.count


async def test_a_first_queue_without_rows_is_counted_too() -> None:
    data = MemoryData(0)
    async with console(data) as (app, _pilot):
        assert isinstance(app.screen, QueueScreen)
        assert app.screen._counts == dict.fromkeys((view.id for view in QUEUE_VIEWS), 0)


class Slow(MemoryData):
    """Cases whose whole list is held back until the test lets it go; their beginning comes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = threading.Event()

    def ids(self, filter_text: str, now: datetime) -> IdList:
        self.whole.wait(10)
        return super().ids(filter_text, now)

    def part(self, kind: type[PartType]) -> PartType:
        return cast("PartType", Beginnings(self)) if issubclass(kind, QueueQuestions) else super().part(kind)


class Beginnings(MemoryQueues):
    """The beginning of the cases held back."""

    def first_ids(self, filter_text: str, now: datetime) -> IdList:
        found = MemoryData().ids(filter_text, now)
        return IdList(found.ids[:FIRST], FIRST, is_capped=True)


async def test_the_beginning_of_a_long_list_shows_before_the_rest_is_counted() -> None:
    data = Slow()
    held = ConsoleApp(lambda: data, user="wang")
    async with held.run_test(size=(80, 24), notifications=True) as pilot:
        try:
            await until(pilot, lambda: "C-2026-00000" in shown(held) and "counting…" in shown(held))
            await pilot.press("j", "G")
            await pilot.pause()
            screen = held.screen
            assert isinstance(screen, QueueScreen)
            assert (screen.table.cursor, len(screen.table.ids)) == (1, FIRST)
        finally:
            data.whole.set()
        await until(pilot, lambda: screen.table.cursor == 3999 and "4,000 of 5,000 · sorted by" in shown(held))


async def test_a_mark_on_all_of_a_beginning_waits_for_the_whole_list() -> None:
    data = Slow()
    held = ConsoleApp(lambda: data, user="wang")
    async with held.run_test(size=(80, 24), notifications=True) as pilot:
        try:
            await until(pilot, lambda: "counting…" in shown(held))
            screen = held.screen
            assert isinstance(screen, QueueScreen)
            await pilot.press("*")
            await pilot.pause()
            assert screen.table.mark_count == 0
        finally:
            data.whole.set()
        await until(pilot, lambda: screen.table.mark_count == 4000)


async def test_a_list_whose_rest_could_not_be_had_says_how_much_of_it_is_there() -> None:
    data = Slow()
    held = ConsoleApp(lambda: data, user="wang")
    async with held.run_test(size=(80, 24), notifications=True) as pilot:
        try:
            await until(pilot, lambda: "counting…" in shown(held))
            data.failure = UnavailableError("The database is busy.", "Try again.")
        finally:
            data.whole.set()
        await until(pilot, lambda: "the first 500 are listed" in shown(held))
        assert "500 of" not in shown(held)
        await pilot.press("G")
        await until(pilot, lambda: cast("QueueScreen", held.screen).table.cursor == FIRST - 1)
