"""Queues people keep, columns they choose and filters that complete themselves, by the keyboard on a real database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from driving import lines, press, settle, shown, write
from sqlalchemy import update
from working import CASES, LOGIN, copied, make_demonstration, office

from console.app import ConsoleApp
from console.clock import now
from console.models import SavedView
from console.models.base import table_of
from console.screens.queue_questions import QueueQuestions
from console.screens.queues import QueueScreen
from console.services import saved_views
from console.services.staffing import members
from console.services.views import QUEUE_VIEWS, NewView
from console.storage.engine import open_store


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demonstration(tmp_path_factory.mktemp("demonstration"))


@pytest.fixture
def url(demonstration: Path, tmp_path: Path) -> str:
    return copied(demonstration, tmp_path)


def heads(app: ConsoleApp) -> list[str]:
    return lines(app)[2].split()


async def test_the_console_opens_on_ones_own_work_the_most_urgent_first(url: str) -> None:
    async with office(url, view="mine") as (app, _pilot, data):
        assert f"[1/{len(QUEUE_VIEWS)} Mine" in shown(app)
        screen = app.screen
        assert isinstance(screen, QueueScreen)
        rows = data.rows(screen.table.ids.tolist())
        assert rows
        dues = [row.due_at for row in rows if row.due_at is not None]
        assert dues == sorted(dues)


async def test_columns_are_chosen_ordered_widened_and_sorted_by_and_kept_as_a_queue(url: str) -> None:
    async with office(url) as (app, pilot, data):
        await press(pilot, "C", "space", "j", "j", "K", "+", "+", "o", "o", "enter")
        assert heads(app)[:2] == ["Reference", "v"]
        assert lines(app)[2].index("Due") == 2 + 18 + 1
        await press(pilot, "s")
        await write(pilot, "我的队列")
        await press(pilot, "f2")
        assert "我的队列" in lines(app)[1]
        kept = data.part(QueueQuestions).views()[-1]
        assert (kept.filter, kept.columns.split()[0]) == ("state:open sort:-reference", "reference:18")
        await press(pilot, *"[" * 5)
        assert heads(app)[0] != "Reference"
        await press(pilot, "V")
        await write(pilot, "我的")
        await press(pilot, "enter")
        assert heads(app)[:2] == ["Reference", "v"]
        await press(pilot, "ctrl+r")
        await write(pilot, " 二")
        await press(pilot, "f2", "S")
        shared = data.part(QueueQuestions).views()[-1]
        assert (shared.label, shared.is_shared) == ("我的队列 二", True)
        await press(pilot, "D", "enter", "y")
        assert len(data.part(QueueQuestions).views()) == len(QUEUE_VIEWS)
        assert "[1/11 Mine" in shown(app)


async def test_a_queue_of_ones_own_that_was_changed_says_so_until_it_is_kept_again(url: str) -> None:
    async with office(url) as (app, pilot, data):
        await press(pilot, "s")
        await write(pilot, "Own")
        await press(pilot, "f2")
        assert "s keeps it" not in shown(app)
        await press(pilot, "C", "space", "enter")
        assert "changed: s keeps it" in shown(app)
        await press(pilot, "s", "f2")
        assert "s keeps it" not in shown(app)
        assert not data.part(QueueQuestions).views()[-1].columns.startswith("severity")
        await press(pilot, "o", "down", "enter")
        assert "changed: s keeps it" in shown(app)


async def test_a_colleagues_shared_queue_appears_and_its_end_is_told(url: str) -> None:
    async with office(url, size=(120, 30)) as (app, pilot, _data):
        app.poll()
        await settle(pilot)
        with closing(open_store(url)) as store:
            lead = next(member.login for member in members(store) if member.role == "lead" and member.login != LOGIN)
            view = saved_views.save(store, NewView("[/red] East", "region:east sort:-received"), actor=lead)
            saved_views.share(store, view.number, actor=lead)
            app.poll()
            await settle(pilot)
            await settle(pilot)
            assert "[/red] East" in shown(app)
            assert "@ " in next(line for line in lines(app) if "[/red] East" in line)
            await press(pilot, "shift+tab")
            await press(pilot, *["down"] * 12, "enter")
            await press(pilot, "[", "]", "D", "y")
            assert "somebody else's view" in shown(app)
            saved_views.remove(store, view.number, actor=lead)
            app.poll()
            await settle(pilot)
            await settle(pilot)
            assert "is no longer there" in shown(app)


async def test_a_queue_whose_filter_cannot_be_read_is_mended_in_place(url: str) -> None:
    with closing(open_store(url)) as store:
        saved_views.save(store, NewView("Broken", "severity:3"), actor=LOGIN)
        with store.writing(LOGIN) as work:
            work.connection.execute(update(table_of(SavedView)).values(filter="severity:3 colour:red"))
            work.record("break", "view", "Broken")
    async with office(url) as (app, pilot, data):
        await press(pilot, "V")
        await write(pilot, "Broken")
        await press(pilot, "enter")
        assert "cannot be read" in shown(app)
        assert lines(app)[-3].startswith(" / severity:3 colour:red")
        assert lines(app)[-2].index("^") == lines(app)[-3].index("colour")
        await press(pilot, "/", *["backspace"] * len(" colour:red"), "enter", "s", "f2")
        assert data.part(QueueQuestions).views()[-1].filter == "severity:3"
        assert "cannot be read" not in shown(app)


async def test_proposals_come_from_the_language_and_from_the_database(url: str) -> None:
    async with office(url) as (app, pilot, _data):
        await press(pilot, "/")
        await write(pilot, "tea")
        assert any("team:" in line and "Team" in line for line in lines(app)[-8:-3])
        await press(pilot, "tab")
        await settle(pilot)
        await write(pilot, "构")
        await press(pilot, "backspace")
        assert any("mine" in line and "My own team" in line for line in lines(app)[-10:-3])
        await write(pilot, "tec")
        await settle(pilot)
        await press(pilot, "backspace", "backspace", "backspace")
        await press(pilot, "down", "down", "enter")
        assert lines(app)[-3].startswith(" / team:none")
        await press(pilot, "enter")
        assert not any("My own team" in line for line in lines(app))


async def test_a_case_that_a_colleague_closes_stays_under_the_cursor_and_new_ones_are_counted(url: str) -> None:
    async with office(url) as (app, pilot, data):
        app.poll()
        await settle(pilot)
        await press(pilot, "j", "j")
        screen = app.screen
        assert isinstance(screen, QueueScreen)
        held, following = screen.table.ids[2], screen.table.ids[3]
        closed = next(iter(data.ids("state:closed", now()).ids))
        with closing(open_store(url)) as store, store.writing("ma") as work:
            cases = work.connection
            cases.execute(update(CASES).where(CASES.c.id == held).values(phase="closed", state="archived"))
            cases.execute(update(CASES).where(CASES.c.id == closed).values(phase="open", state="received", due_at=None))
            work.record("elsewhere", "case", "x")
        app.poll()
        await settle(pilot)
        await settle(pilot)
        assert screen.table.cursor_id == held
        assert "1 new" in shown(app)
        assert screen.table.has_left
        await press(pilot, "j")
        assert screen.table.cursor_id == following
        assert held not in screen.table.ids
        await press(pilot, "r")
        assert "1 new" not in shown(app)
