"""The form of all dialogs: by keys alone, checked as one types, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from driving import console, hostile, lines, press, shown, until, write
from memory_data import HOSTILE
from rich.cells import cell_len
from textual.pilot import Pilot

from console.app import ConsoleApp
from console.i18n import choose_language
from console.screens.dialogs import FormDialog
from console.screens.drafts import Drafts
from console.widgets.form import Form, FormField, FormText, fault_in

PEOPLE = (("wang", "王芳  wang"), ("he.xi", "何汐  he.xi"), ("owen", "Owen Brevin  owen"))
FIELDS = (
    FormField("assignee", "Person", "choice", is_required=True, choices=PEOPLE),
    FormField("due_on", "期限", "date"),
    FormField("note", "Note", "text", lines=3),
    FormField("reason", "Reason"),
)


class Given(list[object]):
    """What a dialog returned."""


@asynccontextmanager
async def form(
    fields: Sequence[FormField] = FIELDS, *, saves_on_enter: bool = True, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], Given]]:
    async with console(size=size) as (app, pilot):
        given = Given()
        dialog = FormDialog("Assign", ["C-1  停水"], fields, saves_on_enter=saves_on_enter)
        app.push_screen(dialog, given.append)
        await until(pilot, lambda: bool(dialog.query(Form)) and app.focused is not None)
        yield app, pilot, given


async def test_a_form_is_filled_by_keys_alone_and_enter_on_the_last_field_saves() -> None:
    async with form() as (_app, pilot, given):
        await write(pilot, "owe")
        await press(pilot, "enter")
        await write(pilot, "2026-12-01")
        await press(pilot, "enter")
        await write(pilot, "one")
        await pilot.press("enter")
        await write(pilot, "two")
        await press(pilot, "tab")
        await write(pilot, "停水")
        await press(pilot, "enter")
        assert given == [{"assignee": "owen", "due_on": "2026-12-01", "note": "one\ntwo", "reason": "停水"}]


async def test_what_is_missing_or_wrong_is_said_at_the_field_and_nothing_is_saved() -> None:
    async with form() as (app, pilot, given):
        await press(pilot, "f2")
        assert "This has to be filled in." in shown(app)
        assert "Look at: Person" in shown(app)
        await write(pilot, "nobody")
        await press(pilot, "tab")
        assert "Choose one of the list." in shown(app)
        await write(pilot, "2026-13-01")
        await press(pilot, "tab")
        assert "Write the day as 2026-11-30." in shown(app)
        assert given == []
        await press(pilot, "shift+tab", "end", *["backspace"] * 5)
        await write(pilot, "11-30")
        assert "Write the day as 2026-11-30." not in shown(app)


async def test_a_choice_is_found_by_any_part_of_its_name_or_walked_to() -> None:
    async with form() as (app, pilot, given):
        assert "何汐" in shown(app)
        await write(pilot, "汐")
        assert "Owen" not in shown(app)
        await press(pilot, "enter", "f2")
        assert given == [{"assignee": "he.xi"}]
    async with form() as (_app, pilot, given):
        await press(pilot, "down", "down", "f2")
        assert given == [{"assignee": "owen"}]


async def test_escape_leaves_and_a_grave_form_is_not_saved_by_enter() -> None:
    async with form(FIELDS[3:], saves_on_enter=False) as (app, pilot, given):
        await press(pilot, "enter")
        assert given == []
        assert "F2 saves." in shown(app)
        await press(pilot, "escape")
        assert given == [None]


async def test_labels_line_up_by_cells_and_no_cursor_blinks() -> None:
    async with form() as (app, _pilot, _given):
        drawn = lines(app)
        person = next(line for line in drawn if "Person*" in line)
        due = next(line for line in drawn if "期限" in line)
        assert cell_len(person[: person.index("Person")]) == cell_len(due[: due.index("期限")])
        assert all(cell_len(line) <= 80 for line in drawn)
        fields = [row.editor for row in app.screen.query_one(Form).rows]
        assert not any(field.cursor_blink for field in fields)
        assert any(isinstance(field, FormText) for field in fields)


@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
async def test_a_form_longer_than_the_window_keeps_its_keys_in_sight(size: tuple[int, int]) -> None:
    fields = [FormField(f"field{number}", f"Field {number}", "text", lines=3) for number in range(8)]
    async with form(fields, size=size) as (app, pilot, _given):
        assert "F2 Save" in shown(app)
        await press(pilot, *["tab"] * 7)
        assert "Field 7" in shown(app)


@pytest.mark.parametrize("text", [HOSTILE[1], HOSTILE[3], HOSTILE[5], HOSTILE[9]])
async def test_hostile_text_in_labels_choices_and_fields_stays_text(text: str) -> None:
    fields = (
        FormField("a", text, "choice", text, choices=((text, text),), hint=text),
        FormField("b", text, "text", text),
        FormField("c", text, value=text, nothing=text),
    )
    async with form(fields) as (app, pilot, _given):
        assert not hostile(app)
        await press(pilot, "down", "tab", "tab", "f2")
        assert not hostile(app)
        assert app.return_code is None


async def test_the_form_speaks_chinese() -> None:
    choose_language("zh_CN")
    try:
        async with form() as (app, pilot, _given):
            await press(pilot, "f2")
            assert "此项必填。" in shown(app)
            assert "F2 保存" in shown(app)
    finally:
        choose_language("en")


@pytest.mark.parametrize(
    ("field", "value", "is_right"),
    [
        (FormField("a", "A", "amount"), "12.50", True),
        (FormField("a", "A", "amount"), "12,50", False),
        (FormField("a", "A", "amount"), "-1", False),
        (FormField("d", "D", "date"), "2026-02-29", False),
        (FormField("d", "D", "date"), "20260228", False),
        (FormField("d", "D", "date"), "", True),
        (FormField("r", "R", is_required=True), "  ", False),
    ],
)
def test_values_are_checked_in_words(field: FormField, value: str, *, is_right: bool) -> None:
    assert (fault_in(field, value) == "") is is_right


def test_drafts_are_for_their_owner_only_and_bound_to_a_database(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "drafts")
    assert drafts.keep("one.db", "intake", "k", {"subject": "停水 \ud800"})
    (file,) = drafts.directory.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert drafts.directory.stat().st_mode & 0o777 == 0o700
    found = drafts.find("one.db", "intake", "k")
    assert found is not None
    assert found.values["subject"].startswith("停水")
    assert drafts.find("two.db", "intake", "k") is None
    assert drafts.all("two.db", "intake") == []
    file.write_text("{broken")
    assert drafts.find("one.db", "intake", "k") is None
    drafts.keep("one.db", "intake", "k", {"subject": " "})
    assert not list(drafts.directory.glob("*.json"))


def test_a_draft_that_cannot_be_written_is_told_and_breaks_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    drafts = Drafts(blocked / "drafts")
    assert not drafts.keep("one.db", "intake", "k", {"subject": "x"})
    assert drafts.all("one.db", "intake") == []


@pytest.mark.parametrize(
    ("field", "typed", "is_hopeless"),
    [
        (FormField("day", "Day", "date"), "2026-1", False),
        (FormField("day", "Day", "date"), "2026-12-01", False),
        (FormField("day", "Day", "date"), "2026-13-01", True),
        (FormField("day", "Day", "date"), "1.12.2026", True),
        (FormField("sum", "Sum", "amount"), "12.", False),
        (FormField("sum", "Sum", "amount"), "12,5", True),
        (FormField("person", "Person", "choice", choices=PEOPLE), "wa", False),
        (FormField("person", "Person", "choice", choices=PEOPLE), "wax", True),
        (FormField("person", "Person", "choice", choices=PEOPLE, is_free=True), "wax", False),
        (FormField("line", "Line", is_required=True), "x", False),
    ],
)
async def test_what_can_no_longer_become_right_is_said_while_it_is_typed(
    field: FormField, typed: str, *, is_hopeless: bool
) -> None:
    async with form([field, FormField("other", "Other")]) as (app, pilot, _given):
        await write(pilot, typed)
        await pilot.pause()
        assert any(line.lstrip().lstrip("│").lstrip().startswith("^ ") for line in lines(app)) == is_hopeless, shown(
            app
        )
