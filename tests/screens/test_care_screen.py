"""The work lists of customer care, by keys, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from care_data import enter, opened_office
from driving import console, press, settle, shown, write
from textual.pilot import Pilot

from console import clock
from console.app import ConsoleApp
from console.i18n import choose_language
from console.screens.care import CareScreen
from console.screens.data import ServiceData
from console.screens.dialogs import FormDialog
from console.services import campaigns, contacts, customer_merges, visits
from console.services.handling import perform
from console.services.intake import NewCase, take_in
from console.storage.engine import Store, open_store
from console.storage.schema import upgrade


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    choose_language("en")
    store = open_store(f"sqlite:///{tmp_path / 'ombud.db'}", must_exist=False)
    upgrade(store)
    opened_office(store, tmp_path)
    enter(
        store,
        [
            {"number": "1", "name": "曾国强", "phone": "13800138000", "address": "人民路7号", "region": "north"},
            {"number": "2", "name": "曾國強", "phone": "+86 13800138000"},
            {"number": "3", "name": "[red]Mill[/red]", "kind": "enterprise", "size": "large"},
        ],
        [{"number": "A-1", "customer": "1", "address": "人民路7号"}],
    )
    return store


@asynccontextmanager
async def opened(
    store: Store, tmp_path: Path, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[ConsoleApp, Pilot[int]]]:
    monkey = pytest.MonkeyPatch()
    monkey.setenv("OMBUD_KEY", store.safe.location)
    url = f"sqlite:///{tmp_path / 'ombud.db'}"
    data = ServiceData(url, viewer="lin")
    try:
        async with console(data, size=size) as (app, pilot):
            await press(pilot, "2")
            await press(pilot, "enter", "l")
            assert isinstance(app.screen, CareScreen)
            yield app, pilot
    finally:
        monkey.undo()
        data.close()


async def test_a_dossier_is_verified_and_an_incomplete_one_says_what_it_lacks(office: Store, tmp_path: Path) -> None:
    async with opened(office, tmp_path) as (app, pilot):
        text = shown(app)
        assert "Dossiers to complete" in text
        # 3 lacks most and stands first; its name is text and nothing else.
        assert "[red]Mill[/red]" in text
        heads = text.splitlines()[2]
        assert "What" in heads
        assert "Due" not in heads
        await press(pilot, "a")
        assert "3 lacks: Telephone" in shown(app)
        await press(pilot, "G", "a", "y")
        assert contacts.contacts(office) == []
        assert "1 is verified." in shown(app)


async def test_the_lists_speak_chinese(office: Store, tmp_path: Path) -> None:
    choose_language("zh_CN")
    try:
        async with opened(office, tmp_path) as (app, pilot):
            text = shown(app)
            assert "[待完善档案]" in text
            assert "电话" in text
            await press(pilot, "right_square_bracket")
            assert "姓名相同" in shown(app)
    finally:
        choose_language("en")


async def test_doubles_are_judged(office: Store, tmp_path: Path) -> None:
    async with opened(office, tmp_path, (120, 40)) as (app, pilot):
        await press(pilot, "right_square_bracket")
        assert "same name, same telephone" in shown(app)
        assert "For" in shown(app).splitlines()[2]
        await press(pilot, "a")
        assert isinstance(app.screen, FormDialog)
        await press(pilot, "down", "enter", "f2")
        assert isinstance(app.screen, CareScreen)
        (merged,) = customer_merges.merges(office)
        assert {merged.merged, merged.into} == {"1", "2"}
        assert "No two customers look alike." in shown(app)


async def test_a_campaign_is_begun_and_a_call_recorded(office: Store, tmp_path: Path) -> None:
    async with opened(office, tmp_path, (120, 40)) as (app, pilot):
        await press(pilot, "right_square_bracket", "right_square_bracket", "n")
        await write(pilot, "Greetings")
        await press(pilot, "tab")
        await write(pilot, "nombre:1")
        await press(pilot, "f2")
        # What was typed comes again, with what is wrong of it.
        assert isinstance(app.screen, FormDialog)
        assert "Unknown field nombre" in shown(app)
        assert "Greetings" in shown(app)
        await press(pilot, "tab", *["backspace"] * 8)
        await write(pilot, "number:1,2")
        await press(pilot, "f2")
        assert [row.customers for row in campaigns.campaigns(office)] == [2]
        assert "CP-0001" in shown(app)
        # The second outcome is that he was not reached: he stays on the list.
        await press(pilot, "a", "down", "enter")
        await write(pilot, "thanks")
        await press(pilot, "f2")
        assert [(row.customer, row.outcome, row.attempts) for row in campaigns.calls(office, "CP-0001")] == [
            ("2", "", 0),
            ("1", "not_reached", 1),
        ]
        assert [row.content for row in contacts.contacts(office)] == ["thanks"]


async def test_a_campaign_tells_how_far_it_is_and_is_closed(office: Store, tmp_path: Path) -> None:
    number = campaigns.new(office, "Spring greetings", "number:1,2", "lin", rest_days=0).number
    campaigns.record(office, number, "2", "reached", "an")
    async with opened(office, tmp_path, (120, 40)) as (app, pilot):
        await press(pilot, *["right_square_bracket"] * 3)
        assert "1 of 2 done, 1 reached" in shown(app)
        await press(pilot, "a", "escape")
        assert campaigns.campaign(office, number).state == "open"
        await press(pilot, "a", "y")
        assert f"{number} is closed; 1 customer was not contacted." in shown(app)
        assert campaigns.campaign(office, number).state == "closed"
        assert "No campaign is under way" in shown(app)


async def test_a_callback_is_recorded_in_the_case(office: Store, tmp_path: Path) -> None:
    start = clock.now() - timedelta(days=1)
    case = take_in(
        office, NewCase("low pressure", kind="complaint", customer="1", category="quality"), actor="lin", now=start
    )
    steps: tuple[tuple[str, dict[str, str]], ...] = (
        ("triage", {"category": "quality", "severity": "1", "validity": "valid"}),
        ("dispatch", {"department": "operations", "assignee": "lin"}),
        ("take", {}),
        ("reply", {"reply": "mended", "outcome": "solved", "findings": "leak", "measures": "pipe", "cause": "age"}),
    )
    for verb, fields in steps:
        perform(office, verb, [case.id], fields, actor="lin", now=start)
    async with opened(office, tmp_path, (120, 40)) as (app, pilot):
        await press(pilot, *["left_square_bracket"] * 2)
        assert case.reference in shown(app)
        await press(pilot, "a", "tab", "down", "enter", "f2")
        assert "Nobody is to be called back." in shown(app)


async def test_a_visit_and_a_contact_are_written_down(office: Store, tmp_path: Path) -> None:
    async with opened(office, tmp_path) as (app, pilot):
        await press(pilot, "left_square_bracket")
        assert "never visited" in shown(app)
        await press(pilot, "enter")
        await write(pilot, "all well")
        await press(pilot, "f2")
        assert [row.content for row in visits.list_made(office)] == ["all well"]
        assert "No visit is due." in shown(app)
        await press(pilot, "escape", "c")
        await write(pilot, "asked for the bill")
        await press(pilot, "f2")
        await settle(pilot)
        assert "asked for the bill" in [row.content for row in contacts.contacts(office)]


async def test_what_was_typed_and_left_is_offered_again_until_it_is_saved(office: Store, tmp_path: Path) -> None:
    async with opened(office, tmp_path) as (app, pilot):
        await press(pilot, *["right_square_bracket"] * 2, "n", "escape", "n")
        assert "it was kept" not in shown(app)
        await write(pilot, "Greetings")
        await press(pilot, "escape", ":")
        await write(pilot, "drafts")
        await press(pilot, "enter")
        assert "New campaign" in shown(app)
        await press(pilot, "enter")
        assert "Begin “New campaign” again" in shown(app)
        await press(pilot, "n")
        assert "it was kept" in shown(app)
        assert "Greetings" in shown(app)
        await write(pilot, "number:1")
        await press(pilot, "f2")
        assert [row.title for row in campaigns.campaigns(office)] == ["Greetings"]
        await press(pilot, "n")
        assert "it was kept" not in shown(app)


async def test_the_list_one_is_at_shows_at_80_columns_and_an_empty_one_says_why(office: Store, tmp_path: Path) -> None:
    async with opened(office, tmp_path) as (app, pilot):
        await press(pilot, *["right_square_bracket"] * 2, "a")
        assert shown(app).count("No campaign is under way") == 2
        await press(pilot, *["right_square_bracket"] * 3)
        assert "[Visits due]" in shown(app)


async def test_keys_behind_another_list_wait_for_its_lines(office: Store, tmp_path: Path) -> None:
    async with opened(office, tmp_path) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CareScreen)
        screen.action_next_list()
        assert screen.holds("a")
        await settle(pilot)
        assert not screen.holds("a")
