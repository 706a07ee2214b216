"""A day's work by the keyboard alone at 80 by 24, on a real database with the demonstration in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from driving import press, settle, shown, until, write
from working import copied, make_demonstration, office

from console import clock
from console.screens.case import CaseScreen

NAME = "lindqv"
"""A part of the name of a customer of the demonstration."""


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demonstration(tmp_path_factory.mktemp("demonstration"))


@pytest.fixture
def url(demonstration: Path, tmp_path: Path) -> str:
    return copied(demonstration, tmp_path)


async def test_take_the_most_urgent_case_read_note_reply_call_back_archive_and_undo(url: str) -> None:
    async with office(url) as (app, pilot, data):
        await press(pilot, "/")
        await write(pilot, "assignee:none state:dispatched")
        await press(pilot, "enter")
        await press(pilot, "enter")
        assert isinstance(app.screen, CaseScreen)
        case_id = app.screen.chosen_ids()[0]
        await press(pilot, "m")
        assert data.case(case_id).row.state == "investigating"
        await press(pilot, "c")
        await write(pilot, "Called: no water since noon.")
        await press(pilot, "f2")
        assert data.case(case_id).events[0].verb == "note"
        await press(pilot, "R")
        await write(pilot, "阀门已修好")
        await press(pilot, "tab")
        await write(pilot, "sol")
        await press(pilot, "enter", "f2")
        detail = data.case(case_id)
        assert (detail.reply, detail.outcome, detail.row.state) == ("阀门已修好", "solved", "replied")
        await press(pilot, ".")
        await press(pilot, "escape", "ctrl+p")
        await write(pilot, "callback")
        await press(pilot, "enter")
        await write(pilot, "sat")
        await press(pilot, "enter", "f2")
        assert data.case(case_id).opinion == "satisfied"
        await press(pilot, "x")
        await press(pilot, "enter")
        assert data.case(case_id).row.phase == "open"
        await press(pilot, "f2")
        assert data.case(case_id).row.state == "archived"
        assert app.screen.chosen_ids() != [case_id]
        await press(pilot, "u")
        assert data.case(case_id).row.state == "replied"
        assert app.screen.chosen_ids() == [case_id]


async def test_what_is_typed_while_something_is_being_done_comes_after_it(url: str) -> None:
    async with office(url) as (app, pilot, data):
        await press(pilot, "/")
        await write(pilot, "assignee:none state:dispatched")
        await press(pilot, "enter", "enter")
        case_id = app.screen.chosen_ids()[0]  # type: ignore[attr-defined]
        await pilot.press("m", "c", *"On my way", "f2")
        await settle(pilot)
        assert [event.verb for event in data.case(case_id).events[:2]] == ["note", "take"]
        assert data.case(case_id).events[0].note == "On my way"


async def test_marked_cases_are_assigned_together_once_they_were_counted_and_named(url: str) -> None:
    async with office(url) as (app, pilot, data):
        await press(pilot, "/")
        await write(pilot, "state:received")
        await press(pilot, "enter", "space", "space", "space")
        marked = app.screen.chosen_ids()  # type: ignore[attr-defined]
        assert len(marked) == 3
        await press(pilot, "a")
        await write(pilot, "he.xi")
        await press(pilot, "enter", "f2")
        assert all(data.rows(marked)[index].assignee != "何汐" for index in range(3))
        await press(pilot, "enter")
        assert data.rows(marked)[0].assignee != "何汐"
        await press(pilot, "y")
        assert [row.assignee for row in data.rows(marked)] == ["何汐"] * 3
        assert app.screen.chosen_ids() == [app.screen.table.cursor_id]  # type: ignore[attr-defined]
        await press(pilot, "u")
        assert "何汐" not in [row.assignee for row in data.rows(marked)]


async def test_a_colleague_in_another_process_is_seen_within_two_seconds_and_not_written_over(url: str) -> None:
    async with office(url) as (app, pilot, data):
        await press(pilot, "/")
        await write(pilot, "state:received")
        await press(pilot, "enter")
        case_id, other_id = app.screen.table.ids[:2]  # type: ignore[attr-defined]
        await press(pilot, "t")
        await write(pilot, "wrong")
        colleague(url, "triage", case_id, "category=billing / wrong")
        await press(pilot, "enter", "f2")
        assert "was changed meanwhile by he.xi" in shown(app)
        assert data.case(case_id).events[0].actor == "he.xi"
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen.table.has_left)  # type: ignore[attr-defined]
        assert app.screen.table.cursor_id == case_id  # type: ignore[attr-defined]
        await press(pilot, "j")
        assert app.screen.table.cursor_id == other_id  # type: ignore[attr-defined]
        assert case_id not in app.screen.table.ids  # type: ignore[attr-defined]


def colleague(url: str, verb: str, case_id: int, *fields: str) -> None:
    """Do a verb in another process as somebody else."""
    program = (
        "import sys; from console.storage.engine import open_store; from console.services.handling import perform\n"
        "url, verb, case, *fields = sys.argv[1:]; store = open_store(url)\n"
        "report = perform(store, verb, [int(case)], dict(f.split('=', 1) for f in fields), actor='he.xi')\n"
        "store.close(); sys.exit(len(report.skipped))"
    )
    subprocess.run([sys.executable, "-c", program, url, verb, str(case_id), *fields], check=True, timeout=60)


async def test_what_cannot_be_done_says_why(url: str) -> None:
    async with office(url) as (app, pilot, _data):
        await press(pilot, "/")
        await write(pilot, "state:received")
        await press(pilot, "enter", "x")
        assert "Not possible in the state" in shown(app)
        await press(pilot, ".", "G")
        assert "Not possible in the state “Received”." in shown(app)


async def test_a_case_is_taken_down_and_a_lost_line_loses_nothing(url: str, tmp_path: Path) -> None:
    drafts = tmp_path / "drafts"
    async with office(url, drafts=drafts) as (app, pilot, _data):
        await press(pilot, "ctrl+n")
        await write(pilot, NAME)
        await until(pilot, lambda: "Lindqvorn" in shown(app))
        await press(pilot, "enter", "tab", "tab")
        await write(pilot, "整栋楼停水")
        await until(pilot, lambda: any(drafts.glob("*.json")))
        kept = next(drafts.glob("*.json"))
        await until(pilot, lambda: "整栋楼停水" in kept.read_text())
        assert kept.stat().st_mode & 0o777 == 0o600
    async with office(url, drafts=drafts) as (app, pilot, data):
        assert "not saved is kept" in shown(app)
        await press(pilot, "ctrl+n", "enter")
        assert "整栋楼停水" in shown(app)
        await press(pilot, "f2")
        assert not list(drafts.glob("*.json"))
        newest = data.ids("sort:-received", clock.now()).ids[0]
        assert data.case(newest).row.subject == "整栋楼停水"
