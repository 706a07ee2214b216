"""Interviewing by telephone from the console, by keys alone, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from driving import console, hostile, press, settle, shown, write
from sqlalchemy import select, update
from survey_people import customers, staff
from textual.pilot import Pilot

from console import clock
from console.app import ConsoleApp
from console.i18n import choose_language
from console.models import AnswerText, Customer, Indicator, Response
from console.models.base import table_of
from console.screens.data import ServiceData
from console.services.answer_lines import answers
from console.services.fieldwork import members
from console.services.interviews import open_interviews
from console.services.questionnaires import enter_script
from console.services.samples import draw_sample
from console.services.survey_plans import PlanWish, plan_survey
from console.storage.engine import Store

SCRIPT = """
greeting = "Good day, this is your utility."
greeting_zh = "您好,这里是供电公司。"
[[questions]]
item = "used"
ask = "Did you call us?"
ask_zh = "您是否致电过我们?"
options = ["No", "Yes"]
options_zh = ["否", "是"]
scale = [0, 1]
skip = { if = "used = 0", to = "tell" }
[[questions]]
item = "speed"
ask = "How quick were we?"
[[questions]]
item = "why"
ask = "Why?"
kind = "text"
only_if = ["speed <= 2"]
[[questions]]
item = "tell"
ask = "Would you recommend us?"
ask_zh = "您会向他人推荐我们吗?"
kind = "nps"
"""


@asynccontextmanager
async def desk(store: Store, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[ConsoleApp, Pilot[int]]]:
    """The console at the surveys, as ben sees it."""
    url = store.engine.url.set(drivername=store.engine.url.get_backend_name()).render_as_string(hide_password=False)
    data = ServiceData(url, viewer="ben", zone="Asia/Shanghai")
    try:
        async with console(data, size) as (app, pilot):
            await press(pilot, "3", "f")
            yield app, pilot
    finally:
        data.close()


@pytest.fixture
def field(store: Store) -> Store:
    """A survey in the field with four customers in its sample, one of whom has a hostile name."""
    staff(store)
    numbers = customers(store, 4)
    with store.writing("anna") as work:
        names = table_of(Customer)
        work.connection.execute(
            update(names).where(names.c.number == numbers[0]).values(name="[@click=app.quit]王[/]\x1b]0;x\x07")
        )
        work.record("rename", "customer", numbers[0])
    plan_survey(store, PlanWish(code="tel", title="Calls", title_zh="电话访问", channel="telephone"), actor="anna")
    enter_script(store, "tel", SCRIPT, "tel.toml", actor="anna")
    draw_sample(store, "tel", 1, actor="anna", size=4)
    return store


def states(store: Store) -> list[str]:
    return sorted(member.state for member in members(store, "tel"))


def said(store: Store) -> dict[str, str]:
    """What the responses say by item, written answers too."""
    found = {
        line.indicator: str(line.missing if line.score is None else line.score) for line in answers(store, "survey:tel")
    }
    texts, items = table_of(AnswerText), table_of(Indicator)
    with store.reading() as connection:
        question = select(items.c.code, texts.c.content).join_from(texts, items, items.c.id == texts.c.indicator_id)
        return found | {str(row[0]): str(row[1]) for row in connection.execute(question)}


async def test_one_key_an_answer_from_the_card_to_the_next_customer(field: Store) -> None:
    async with desk(field) as (app, pilot):
        assert "Sample drawn" in shown(app)
        await press(pilot, "c")
        assert "0 answered, 4 left to call" in shown(app)
        await press(pilot, "1")
        assert "Question 1 of 3" in shown(app)
        assert "Good day" in shown(app)
        await press(pilot, "1", "2")
        assert "Why?" in shown(app)
        await write(pilot, "an hour 1 3 b")
        await press(pilot, "enter")
        assert "Would you recommend us?" in shown(app)
        await press(pilot, "t")
        assert "4 questions were asked." in shown(app)
        await press(pilot, "enter")
        assert "1 answered, 3 left to call" in shown(app)
        assert hostile(app) == []
        await press(pilot, "escape")
        assert "In the field" in shown(app)
    assert said(field) == {"used": "1", "speed": "2", "why": "an hour 1 3 b", "tell": "10"}
    assert states(field) == ["complete", "drawn", "drawn", "drawn"]


async def test_keys_typed_ahead_are_answers_to_the_questions_they_were_meant_for(field: Store) -> None:
    async with desk(field) as (app, pilot):
        await press(pilot, "c", "1")
        await pilot.press("1", "3", "7", "8", "9")
        await settle(pilot)
        assert "3 questions were asked." in shown(app)
        await press(pilot, "enter")
        assert "1 answered" in shown(app)
    assert said(field) == {
        "used": "1",
        "speed": "3",
        "tell": "7",
    }


async def test_back_and_the_keys_without_a_level(field: Store) -> None:
    async with desk(field) as (app, pilot):
        await press(pilot, "c", "1", "1", "d", "r")
        assert "3 questions were asked." in shown(app)
        assert "Don't know" in shown(app)
        await press(pilot, "b", "b", "b")
        assert "Question 1 of 3" in shown(app)
        await press(pilot, "7")
        assert "7 is not on the scale from 0 to 1." in shown(app)
        await press(pilot, "0")
        assert "2 questions were asked." in shown(app)
        await press(pilot, "enter")
    assert said(field) == {
        "used": "0", "speed": "NAP", "tell": "REF",
    }  # fmt: skip


async def test_a_lost_line_is_gone_on_with(field: Store) -> None:
    async with desk(field) as (app, pilot):
        await press(pilot, "c", "1", "1", "4")
        assert "Would you recommend us?" in shown(app)
    # The console is gone without a word; the next one goes on at the same question.
    assert [one.answered for one in open_interviews(field, interviewer="ben")] == [2]
    async with desk(field) as (app, pilot):
        await press(pilot, "i")
        assert "2 answers" in shown(app)
        await press(pilot, "enter")
        assert "Would you recommend us?" in shown(app)
        await press(pilot, "9", "enter")
    assert said(field) == {
        "used": "1",
        "speed": "4",
        "tell": "9",
    }


async def test_a_call_that_came_to_nothing_is_noted_and_called_back_in_time(field: Store) -> None:
    async with desk(field) as (app, pilot):
        await press(pilot, "c", "2")
        await press(pilot, "3")
        await press(pilot, "4")
        assert "Call again at" in shown(app)
        await write(pilot, "99:99")
        await press(pilot, "f2")
        assert "Write the time as" in shown(app)
        await press(pilot, *["backspace"] * 5)
        await write(pilot, "2099-01-01 09:30")
        await press(pilot, "f2")
        await press(pilot, "9")
        # Nobody is left who was not tried yet: the first two come again.
        assert "2 of 3" in shown(app)
        await press(pilot, "6", "0")
        assert "Nobody of the sample is left to be called now." in shown(app)
        await press(pilot, "enter")
        assert "Surveys and fieldwork" in shown(app)
    found = {member.outcome: member for member in members(field, "tel")}
    assert set(found) == {"refused", "ineligible", "call_back", "never"}
    assert found["call_back"].call_after is not None
    assert found["call_back"].call_after > clock.now() + timedelta(days=365)


async def test_leaving_asks_what_becomes_of_it(field: Store) -> None:
    async with desk(field) as (app, pilot):
        await press(pilot, "c", "1", "1", "escape")
        assert "It ends here; keep what was said" in shown(app)
        await press(pilot, "j", "j", "enter")
        assert "Surveys and fieldwork" in shown(app)
        await press(pilot, "n", "0", "5", "enter")
        assert "Surveys and fieldwork" in shown(app)
    assert states(field) == ["drawn", "drawn", "drawn", "partial"]


async def test_it_speaks_chinese_in_80_columns(field: Store) -> None:
    choose_language("zh_CN")
    try:
        async with desk(field) as (app, pilot):
            await press(pilot, "c")
            assert "无人接听" in shown(app)
            await press(pilot, "1")
            assert "您是否致电过我们?" in shown(app)
            assert "您好,这里是供电公司。" in shown(app)
            await press(pilot, "0", "8", "enter")
            assert "已答 1 户，待拨 3 户" in shown(app)
            assert all(len(line.encode("gb18030")) <= 90 for line in shown(app).splitlines())
    finally:
        choose_language("en")
    with field.reading() as connection:
        assert connection.execute(select(table_of(Response).c.language)).scalar_one() == "zh"


async def test_progress_stands_beside_the_list_where_there_is_room(field: Store) -> None:
    async with desk(field, (120, 40)) as (app, pilot):
        await press(pilot, "enter")
        text = shown(app)
        assert "Response rates" in text
        assert "COOP1" in text
        assert "Progress" in text
