"""The dossier on the screen, over a real database: figures open their rows, sensitive fields one at a time, with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from disclosures import watch
from dossier_data import supplied
from driving import console, lines, press, settle, shown, write
from sqlalchemy import select
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from console.models import AuditEntry
from console.models.base import table_of
from console.screens.care import CareScreen
from console.screens.case import CaseScreen
from console.screens.customer_dossier import DossierRows, DossierScreen
from console.screens.data import ServiceData
from console.services import contacts, managers, points, standings
from console.signs import choose_signs
from console.storage.engine import Store
from console.widgets.board import Board

ENTRIES = table_of(AuditEntry)


def reveals(store: Store) -> list[str]:
    with store.reading() as connection:
        question = select(ENTRIES.c.detail).where(ENTRIES.c.action == "reveal").order_by(ENTRIES.c.id)
        return list(connection.execute(question).scalars())


def is_on(app: App[int], kind: type[Screen[Any]]) -> bool:
    """Whether a screen of a kind is shown."""
    return isinstance(app.screen, kind)


async def opened(pilot: Pilot[int], key: str) -> Board:
    """Open the dossier of the second customer and stand on a figure of it."""
    await press(pilot, "2", "enter", "j", "enter")
    assert is_on(pilot.app, DossierScreen)
    board = pilot.app.screen.query_one(Board)
    board.go_to(key)
    await settle(pilot)
    return board


async def test_a_figure_opens_its_rows_and_a_case_the_case(store: Store, database_url: str) -> None:
    supplied(store)
    async with console(ServiceData(database_url, viewer="an"), size=(100, 40)) as (app, pilot):
        await opened(pilot, "section:bills")
        assert "life-support equipment" in shown(app)
        assert "! 2 overdue" in shown(app)
        await press(pilot, "enter")
        assert is_on(app, DossierRows)
        assert "!! overdue" in shown(app)
        await press(pilot, "escape")
        assert is_on(app, DossierScreen)
        app.screen.query_one(Board).go_to("section:cases")
        await press(pilot, "enter", "j", "enter")
        assert is_on(app, CaseScreen)
        assert "C-2" in shown(app)
        await press(pilot, "escape", "escape", "escape")
        assert app.current_mode == "customers"


async def test_a_field_is_shown_with_a_reason_copied_masked_and_gone_on_leaving(
    store: Store, database_url: str
) -> None:
    supplied(store)
    async with console(ServiceData(database_url, viewer="an"), size=(100, 40)) as (app, pilot):
        await opened(pilot, "secret:phone")
        assert "139****5678" in shown(app)
        assert "13912345678" not in shown(app)
        await press(pilot, "enter")
        await write(pilot, "calls back")
        await press(pilot, "enter")
        assert "13912345678" in shown(app)
        assert [("calls back" in detail, "phone" in detail) for detail in reveals(store)] == [(True, True)]
        await press(pilot, "y")
        assert app.copied[-1] == "139****5678"
        await press(pilot, "Y")
        assert list(app.copied)[-2:] == ["139****5678"] * 2
        assert is_on(app, DossierScreen)
        app.screen.query_one(Board).go_to("section:bills")
        await press(pilot, "enter", "escape")
        assert "13912345678" not in shown(app)


async def test_what_care_holds_is_shown_and_a_contact_written_down(store: Store, database_url: str) -> None:
    supplied(store)
    points.add(store, "0002", 30, "ten years with us", "lin")
    managers.appoint(store, "an", "lin", customer="0002")
    standings.refresh(store, "root")
    async with console(ServiceData(database_url, viewer="an"), size=(100, 40)) as (app, pilot):
        await opened(pilot, "section:points")
        assert any("Points" in line and "30" in line for line in lines(app))
        assert any("Managers" in line and line.rstrip().endswith("an") for line in lines(app))
        assert "Merged dossiers" not in shown(app)
        await press(pilot, "enter")
        assert "ten years with us" in shown(app)
        await press(pilot, "escape")
        app.screen.query_one(Board).go_to("section:standing")
        await press(pilot, "enter")
        assert "Days overdue" in shown(app)
        await press(pilot, "escape", "c")
        await write(pilot, "asked for a copy of the bill")
        await press(pilot, "f2")
        assert is_on(app, DossierScreen)
        assert "0002: recorded." in shown(app)
        assert next(row.content for row in contacts.contacts(store, customer="0002")) == "asked for a copy of the bill"


async def test_each_figure_says_what_it_counts(store: Store, database_url: str) -> None:
    supplied(store)
    async with console(ServiceData(database_url, viewer="an"), size=(120, 40)) as (app, pilot):
        await opened(pilot, "section:bills")
        await press(pilot, "question_mark")
        assert is_on(app, DossierScreen)
        assert "overdue is an open bill past its day" in shown(app)
        app.screen.query_one(Board).go_to("secret:phone")
        await press(pilot, "question_mark")
        assert "Kept sealed" in shown(app)


async def test_no_screen_of_customers_opens_more_than_it_records(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplied(store)
    seen = watch(monkeypatch, store)
    async with console(ServiceData(database_url, viewer="an"), size=(120, 40)) as (app, pilot):
        await press(pilot, "2")
        for sought in ("13912345678", "5678", "人民路7号", "zgq"):
            await write(pilot, sought)
            await settle(pilot)
            await press(pilot, "ctrl+u")
        await press(pilot, "enter", "l")
        assert is_on(app, CareScreen)
        for _ in range(6):
            await press(pilot, "right_square_bracket", "j", "r")
        await press(pilot, "escape")
        assert seen.opened == seen.committed() == 0
        await press(pilot, "/", "enter", "g", "j", "enter")
        assert is_on(app, DossierScreen)
        board = app.screen.query_one(Board)
        keys: list[str] = []
        await press(pilot, "g")
        while board.key not in keys:
            keys.append(board.key)
            await press(pilot, "j")
        for at, key in enumerate(keys):
            board.go_to(key)
            await press(pilot, "enter")
            if key.startswith("secret:"):
                await write(pilot, f"reason {at}")
                await press(pilot, "enter")
            else:
                await press(pilot, "escape")
        shown_fields = sum(key.startswith("secret:") for key in keys)
        assert shown_fields >= 2
        await press(pilot, "escape", "r", "k", "j")
    assert seen.opened == seen.committed() == shown_fields
    assert seen.unrecorded == seen.uncommitted == []


async def test_without_a_reason_nothing_is_shown_and_nothing_recorded(store: Store, database_url: str) -> None:
    supplied(store)
    async with console(ServiceData(database_url, viewer="an"), size=(100, 40)) as (app, pilot):
        await opened(pilot, "secret:phone")
        await press(pilot, "enter", "escape")
        assert "13912345678" not in shown(app)
        assert reveals(store) == []


async def test_who_may_not_see_it_is_told_so(store: Store, database_url: str) -> None:
    supplied(store)
    async with console(ServiceData(database_url, viewer="ana"), size=(100, 40)) as (app, pilot):
        await opened(pilot, "secret:phone")
        await press(pilot, "enter")
        await write(pilot, "curious")
        await press(pilot, "enter")
        assert "may not see sensitive data" in shown(app)
        assert "13912345678" not in shown(app)


async def test_bars_are_drawn_in_ascii_where_nothing_else_may_be_sent(store: Store, database_url: str) -> None:
    supplied(store)
    choose_signs(is_ascii=True)
    try:
        async with console(ServiceData(database_url, viewer="an"), size=(80, 24)) as (app, pilot):
            await opened(pilot, "section:months")
            line = next(line for line in lines(app) if "Consumption" in line)
            assert line.isascii()
    finally:
        choose_signs(is_ascii=False)
