"""Working on cases from the screens: which cases are meant, what is asked before, what is told after."""

from __future__ import annotations

from typing import Any

import pytest
from driving import console, hostile, press, settle, shown, until, write
from memory_data import HOSTILE, MemoryData, case_row
from textual import events
from textual.screen import Screen

from console.actions import actions_of
from console.app import ConsoleApp
from console.errors import ConflictError
from console.screens.case import CaseScreen
from console.screens.dialogs import ActionMenu, Confirm, FormDialog, Progress
from console.screens.queues import QueueScreen
from console.screens.refusals import refusal_text
from console.screens.working import result_text
from console.services.views import ActionResult
from console.widgets.form import Form
from console.widgets.window_table import WindowTable


def shows(app: ConsoleApp, kind: type[Screen[Any]]) -> bool:
    """Return whether a screen of a kind is on top."""
    return isinstance(app.screen, kind)


async def test_an_action_takes_the_row_under_the_cursor_and_goes_to_the_next() -> None:
    data = MemoryData(50)
    async with console(data) as (app, pilot):
        await press(pilot, "m")
        assert data.performed == [("take", (0,), {}, {0: 1})]
        assert "C-2026-00000  Take — u undoes" in shown(app)
        assert app.screen.query_one(WindowTable).cursor == 1


async def test_an_action_takes_the_marked_after_they_were_counted_and_named_and_not_by_enter() -> None:
    data = MemoryData(50)
    async with console(data) as (app, pilot):
        await press(pilot, "space", "space", "m")
        assert isinstance(app.screen, Confirm)
        assert "Take: 2 cases" in shown(app)
        assert "C-2026-00000" in shown(app)
        await press(pilot, "enter", "m")
        assert data.performed == []
        await press(pilot, "n")
        assert data.performed == []
        await press(pilot, "m", "y")
        assert [deed[:2] for deed in data.performed] == [("take", (0, 1))]
        assert "1 skipped" in shown(app)
        assert "marked" not in shown(app)


async def test_all_in_the_filter_are_taken_with_a_star() -> None:
    data = MemoryData(500)
    async with console(data) as (app, pilot):
        await press(pilot, "*", "a")
        await write(pilot, "wang")
        await press(pilot, "enter", "f2")
        assert "Assign: 400 cases" in shown(app)
        assert "and 394 more" in shown(app)
        assert "Person: 王芳" in shown(app)
        await press(pilot, "y")
        verb, ids, given, _versions = data.performed[0]
        assert (verb, len(ids), given) == ("assign", 400, {"assignee": "wang"})


async def test_long_work_is_counted_and_can_be_stopped() -> None:
    data = MemoryData(50)
    async with console(data) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, QueueScreen)
        await press(pilot, "space", "space", "m")
        data.gate.clear()
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Progress) and "Esc Stop" in shown(app))
        assert "Take: 2 cases" in shown(app)
        await pilot.press("escape")
        assert screen.is_halted
        data.gate.set()
        await settle(pilot)
        assert isinstance(app.screen, QueueScreen)


async def test_what_was_typed_is_offered_again_after_a_conflict_and_after_leaving() -> None:
    data = MemoryData(50)
    async with console(data) as (app, pilot):
        await press(pilot, "c")
        await write(pilot, "half a note")
        await press(pilot, "escape", "c")
        assert "half a note" in shown(app)
        assert "it was kept" in shown(app)
        data.failure = ConflictError("C-2026-00000 was changed meanwhile.", "Look at it again, then decide.")
        await pilot.press("f2")
        await until(pilot, lambda: "Look at it again" in shown(app))
        data.failure = None
        await settle(pilot)
        await press(pilot, "c")
        assert "half a note" in shown(app)
        await press(pilot, "f2")
        assert data.performed[-1][2]["note"] == "half a note"
        await press(pilot, "k", "c")
        assert "half a note" not in shown(app)


async def test_undo_takes_the_last_back_and_redo_does_it_again() -> None:
    data = MemoryData(50)
    async with console(data) as (app, pilot):
        await press(pilot, "u")
        assert "Nothing was done" in shown(app)
        await press(pilot, "m", "u")
        assert "undo 1" in data.asked
        assert "Taken back: Take" in shown(app)
        assert app.screen.query_one(WindowTable).cursor == 0
        await press(pilot, "U")
        assert len(data.performed) == 2


async def test_the_menu_says_why_something_cannot_be_done_and_does_not_do_it() -> None:
    data = MemoryData(50)
    async with console(data) as (app, pilot):
        await press(pilot, "enter", ".")
        assert shows(app, ActionMenu)
        await press(pilot, "j")
        assert "Neither a reply is recorded nor a reason stated; reply first." in shown(app)
        await press(pilot, "enter", "x")
        assert shows(app, ActionMenu)
        await press(pilot, "k", "enter")
        assert shows(app, FormDialog)
        await press(pilot, "escape", "x")
        assert "Archive: Neither a reply is recorded" in shown(app)
        assert shows(app, CaseScreen)
        assert data.performed == []


async def test_what_is_typed_before_the_form_stands_goes_into_it_and_acts_on_nothing() -> None:
    data = MemoryData(50)
    async with console(data) as (app, pilot):
        data.gate.clear()
        for key in ("c", "x", "m", "q"):
            app.post_message(events.Key(key, key))
        await pilot.pause()
        data.gate.set()
        await until(pilot, lambda: "xmq" in shown(app))
        assert shows(app, FormDialog)
        assert data.performed == []


async def test_pages_open_from_the_palette_and_close_with_escape() -> None:
    async with console() as (app, pilot):
        for words, title in (("see the states", "The way of a case"), ("reminders", "Notices for you")):
            await press(pilot, "ctrl+p")
            await write(pilot, words)
            await press(pilot, "enter")
            assert title in shown(app)
            assert not hostile(app)
            await press(pilot, "escape")
            assert isinstance(app.screen, QueueScreen)


async def test_working_on_hostile_cases_lets_nothing_through() -> None:
    data = MemoryData(30, build=lambda number: case_row(number, hostile=HOSTILE[number % len(HOSTILE)]))
    async with console(data) as (app, pilot):
        for keys in (
            ["c"], ["escape"], ["t"], ["down", "escape"], ["."], ["j", "escape"], ["j", "x"], ["space", "space", "space"],
            ["m"], ["y"], ["u"], ["j", "enter", "R"], ["escape", "escape"], ["ctrl+n"], ["tab", "tab", "tab", "a", "f2"],
        ):  # fmt: skip
            await press(pilot, *keys)
            assert not hostile(app), keys
            assert app.return_code is None, keys


async def test_intake_tells_what_a_new_case_repeats_and_where_it_belongs() -> None:
    data = MemoryData(30)
    async with console(data, size=(100, 30)) as (app, pilot):
        await press(pilot, "ctrl+n")
        assert "Severity: 2 Important" in shown(app)
        await write(pilot, "李娜")
        await until(pilot, lambda: "customers 李娜" in data.asked)
        await settle(pilot)
        await press(pilot, "enter", "tab", "tab")
        await write(pilot, "停水")
        await press(pilot, "f2")
        assert "take in 停水" in data.asked
        assert "Said 2 times now" in shown(app)
        assert not hostile(app)


@pytest.mark.parametrize("verb", [action.method for action in actions_of(["work"])])
def test_every_action_on_cases_is_on_both_screens(verb: str) -> None:
    for screen in (QueueScreen, CaseScreen):
        assert callable(getattr(screen, f"action_{verb}"))


def test_refusals_of_the_rules_are_said_shorter_and_in_the_language_of_the_person() -> None:
    said = refusal_text('"reply" is not possible in the state "archived"; possible is: note, link.')
    assert said == "Not possible in the state “Archived”."
    assert refusal_text('The role agent may not do "supervise" here; it takes: lead (any).') == (
        "Your role (Agent) may not do this here."
    )
    assert refusal_text("Still to be filled in: reply, outcome.") == "Still to be filled in: Reply, Outcome."
    assert "wang" in refusal_text("C-1 was changed meanwhile: reply by wang at 2026-01-01 10:00:00 UTC.")


def test_results_name_one_and_count_many() -> None:
    one = ActionResult("take", 1, (("C-1", "reviewed"),))
    assert result_text("take", one) == "C-1  Take — u undoes"
    many = ActionResult(
        "assign", 1, tuple((f"C-{number}", "") for number in range(11)), (("C-9", "it was changed since"),)
    )
    assert result_text("assign", many) == "Assign: 11 cases; 1 skipped: it was changed since — u undoes"
    none = ActionResult("archive", None, (), (("C-2", "No reply is recorded; reply first."),))
    assert result_text("archive", none) == "C-2  Archive: No reply is recorded; reply first."


async def test_what_one_of_many_holds_is_not_written_to_the_others() -> None:
    data = MemoryData(50)
    async with console(data) as (app, pilot):
        await press(pilot, "t")
        assert app.screen.query_one(Form).row("category").value == "billing"
        await press(pilot, "escape", "space", "space", "t")
        assert "What is left empty stays with each case as it is." in shown(app)
        assert app.screen.query_one(Form).values == {}
        await press(pilot, "tab")
        await write(pilot, "imp")
        await press(pilot, "tab", "f2")
        assert "Severity: Important" in shown(app)
        await press(pilot, "y")
        assert [deed[:3] for deed in data.performed] == [("triage", (0, 1), {"severity": "2"})]


async def test_another_caller_does_not_keep_the_account_of_the_one_before() -> None:
    data = MemoryData(30)
    async with console(data, size=(100, 30)) as (app, pilot):
        await press(pilot, "ctrl+n")
        await write(pilot, "李娜")
        await until(pilot, lambda: "customers 李娜" in data.asked)
        await settle(pilot)
        await press(pilot, "enter")
        form = app.screen.query_one(Form)
        await until(pilot, lambda: form.values.get("account") == "residential")
        await press(pilot, "shift+tab")
        await write(pilot, "Nobody")
        await until(pilot, lambda: "account" not in form.values)


async def test_a_form_that_was_only_looked_at_leaves_no_draft() -> None:
    async with console(MemoryData(50)) as (app, pilot):
        await press(pilot, "t", "escape")
        assert app.drafts.all(app.database_name) == []
        await press(pilot, "t", "tab")
        await write(pilot, "imp")
        await press(pilot, "tab", "escape")
        assert [draft.kind for draft in app.drafts.all(app.database_name)] == ["triage"]


@pytest.mark.parametrize(("typed", "place"), [("Greta d", "complainant"), ("0555 0123", "contact")])
async def test_a_caller_whom_nobody_knows_does_not_keep_the_case_from_being_saved(typed: str, place: str) -> None:
    data = MemoryData(30)
    async with console(data) as (app, pilot):
        await press(pilot, "ctrl+n")
        await write(pilot, typed)
        await until(pilot, lambda: f"customers {typed}" in data.asked)
        await settle(pilot)
        form = app.screen.query_one(Form)
        form.row("subject").put("停水")
        await press(pilot, "f2")
        assert not any(asked.startswith("take in") for asked in data.asked)
        assert form.values[place] == typed
        assert "customer" not in form.values
        assert "no customer known here" in shown(app)
        await press(pilot, "f2")
        assert "take in 停水" in data.asked
