"""Interviews: who is called next, answers kept one by one, an interview gone on with, and what it ends in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from survey_people import NOW, customers, staff

from console.errors import ConflictError, NotAllowedError, NotFoundError, UsageError
from console.models import Answer, AnswerText, Customer, Indicator, Interview, Response
from console.models.base import table_of
from console.rules.questionnaires import Given
from console.services import answer_cells
from console.services.answer_entry import answer_whole
from console.services.answering import Item
from console.services.calls import next_call
from console.services.fieldwork import attempts_of, forget_attempts, members, record_contact, set_refusal
from console.services.interviews import begin, break_off, finish, open_interviews, say, view
from console.services.questionnaires import enter_script, made_of, script_text
from console.services.samples import draw_sample
from console.services.survey_plans import PlanWish, plan_of, plan_survey
from console.services.surveys import close_survey, reopen_survey
from console.storage.engine import Store

CUSTOMERS = table_of(Customer)
SCRIPT = """
[[questions]]
item = "used"
ask = "Did you call us?"
options = ["No", "Yes"]
scale = [0, 1]
skip = { if = "used = 0", to = "overall" }
[[questions]]
item = "speed"
ask = "How quick were we?"
[[questions]]
item = "why"
ask = "Why?"
kind = "text"
only_if = ["speed <= 2"]
[[questions]]
item = "overall"
ask = "All in all?"
"""


def field(store: Store, count: int = 6) -> list[str]:
    """Begin the fieldwork of a survey with everybody in its sample, and return their numbers in the order of the calls."""
    staff(store)
    customers(store, count)
    plan_survey(store, PlanWish(code="tel", channel="telephone", attempts=2), actor="anna", now=lambda: NOW)
    enter_script(store, "tel", SCRIPT, "tel.toml", actor="anna")
    draw_sample(store, "tel", 1, actor="anna", size=count, now=lambda: NOW)
    return [member.customer for member in members(store, "tel")]


def said(store: Store, number: str) -> dict[str, object]:
    """What a response says by the codes of its items."""
    answers, items, responses, texts = (table_of(one) for one in (Answer, Indicator, Response, AnswerText))
    with store.reading() as connection:
        found: dict[str, object] = {
            code: missing or score
            for code, score, missing in connection.execute(
                select(items.c.code, answers.c.score, answers.c.missing)
                .join_from(answers, items, items.c.id == answers.c.indicator_id)
                .join(responses, responses.c.id == answers.c.response_id)
                .where(responses.c.number == number)
            )
        }
        for code, content in connection.execute(
            select(items.c.code, texts.c.content)
            .join_from(texts, items, items.c.id == texts.c.indicator_id)
            .join(responses, responses.c.id == texts.c.response_id)
            .where(responses.c.number == number)
        ):
            found[code] = content
        assert answer_cells.check(connection).is_sound
    return found


def test_an_interview_is_asked_along_its_way_and_becomes_a_response(store: Store) -> None:
    field(store)
    card = next_call(store, "tel", actor="ben", now=lambda: NOW)
    assert card is not None
    assert (card.attempts, card.most_attempts, card.left, card.complete) == (0, 2, 6, 0)
    talk = begin(store, "tel", actor="ben", customer=card.customer, now=lambda: NOW)
    assert talk.at == "used"
    talk = say(store, talk.id, "used", Given(level=1), actor="ben", now=lambda: NOW + timedelta(seconds=10))
    talk = say(store, talk.id, "speed", Given(level=2), actor="ben", now=lambda: NOW + timedelta(seconds=25))
    assert talk.at == "why"
    with pytest.raises(UsageError, match="why has not been asked yet"):
        finish(store, talk.id, actor="ben")
    with pytest.raises(UsageError, match="answered in words"):
        say(store, talk.id, "why", Given(level=2), actor="ben")
    talk = say(
        store, talk.id, "why", Given(text="an hour [b]waiting"), actor="ben", now=lambda: NOW + timedelta(seconds=40)
    )
    # A lost line of an hour is not counted as answering.
    talk = say(store, talk.id, "overall", Given(missing="DK"), actor="ben", now=lambda: NOW + timedelta(hours=1))
    assert (talk.at, talk.seconds) == ("", 40)
    finish(store, talk.id, actor="ben", now=lambda: NOW + timedelta(hours=1))
    assert said(store, talk.number) == {"used": 1, "speed": 2, "why": "an hour [b]waiting", "overall": "DK"}
    with store.reading() as connection:
        row = connection.execute(select(table_of(Response))).mappings().one()
        kept = connection.execute(select(table_of(Interview).c.answers)).scalar_one()
    assert (row["seconds"], row["interviewer"], row["channel"], row["region"]) == (40, "ben", "telephone", card.region)
    # What the customer said stands in the response only.
    assert kept == "{}"
    member = next(one for one in members(store, "tel") if one.customer == card.customer)
    assert (member.state, member.attempts, member.outcome, member.held_by) == ("complete", 1, "complete", "")
    with pytest.raises(ConflictError, match="ended already"):
        say(store, talk.id, "overall", Given(level=3), actor="ben")
    with pytest.raises(ConflictError, match="has answered tel already"):
        begin(store, "tel", actor="ben", customer=card.customer)


def test_going_back_changes_the_way_and_what_no_longer_belongs_is_dropped(store: Store) -> None:
    (first, *_others) = field(store)
    talk = begin(store, "tel", actor="ben", customer=first)
    say(store, talk.id, "used", Given(level=1), actor="ben")
    say(store, talk.id, "speed", Given(level=1), actor="ben")
    say(store, talk.id, "why", Given(text="slow"), actor="ben")
    talk = say(store, talk.id, "used", Given(level=0), actor="ben")
    assert talk.at == "overall"
    with pytest.raises(UsageError, match="not asked after"):
        say(store, talk.id, "speed", Given(level=3), actor="ben")
    say(store, talk.id, "overall", Given(level=5), actor="ben")
    finish(store, talk.id, actor="ben")
    assert said(store, talk.number) == {"used": 0, "speed": "NAP", "overall": 5}


def test_two_interviewers_never_call_the_same_customer(store: Store) -> None:
    field(store, 3)
    ben, cleo = (next_call(store, "tel", actor=login, now=lambda: NOW) for login in ("ben", "cleo"))
    assert ben is not None
    assert cleo is not None
    assert ben.customer != cleo.customer
    with pytest.raises(ConflictError, match="ben is calling"):
        next_call(store, "tel", actor="cleo", customer=ben.customer, now=lambda: NOW)
    again = next_call(store, "tel", actor="ben", now=lambda: NOW)
    assert again is not None
    assert again.customer == ben.customer
    # Whoever forgets a card loses it after half an hour.
    later = next_call(store, "tel", actor="cleo", customer=ben.customer, now=lambda: NOW + timedelta(minutes=31))
    assert later is not None


def test_who_was_not_reached_is_called_again_as_often_as_the_plan_says(store: Store) -> None:
    one, two, three = field(store, 3)
    soon, late = NOW + timedelta(minutes=10), NOW + timedelta(hours=5)
    record_contact(store, "tel", one, "no_answer", actor="ben", now=lambda: NOW)
    record_contact(store, "tel", two, "call_back", actor="ben", call_after=late, note="after work", now=lambda: NOW)
    record_contact(store, "tel", three, "busy", actor="ben", now=lambda: NOW)
    record_contact(store, "tel", three, "busy", actor="ben", now=lambda: NOW)
    card = next_call(store, "tel", actor="ben", now=lambda: soon)
    assert card is not None
    assert (card.customer, card.attempts, card.last_outcome) == (one, 1, "no_answer")
    record_contact(store, "tel", one, "refused", actor="ben", now=lambda: soon)
    assert next_call(store, "tel", actor="ben", now=lambda: soon) is None
    card = next_call(store, "tel", actor="ben", now=lambda: late)
    assert card is not None
    assert (card.customer, card.note) == (two, "after work")
    with pytest.raises(ConflictError, match="tried 2 times"):
        next_call(store, "tel", actor="ben", customer=three)
    with pytest.raises(ConflictError, match="not called any more: refused"):
        next_call(store, "tel", actor="ben", customer=one)
    with pytest.raises(NotFoundError, match="not in the sample"):
        next_call(store, "tel", actor="ben", customer="K-9")
    set_refusal(store, two, is_refusing=True, actor="ben")
    assert next_call(store, "tel", actor="ben", now=lambda: late) is None


def test_never_again_holds_for_every_survey(store: Store) -> None:
    (one, *_others) = field(store, 3)
    record_contact(store, "tel", one, "never", actor="ben", note="angry", now=lambda: NOW)
    plan_survey(store, PlanWish(code="next", rest_days=0), actor="anna", now=lambda: NOW)
    found = draw_sample(store, "next", 1, actor="anna", size=2, now=lambda: NOW)
    assert found.exclusions == {"refused": 1}


def test_a_lost_line_loses_no_answer_and_somebody_else_may_go_on(store: Store) -> None:
    (one, *_others) = field(store)
    talk = begin(store, "tel", actor="ben", customer=one, now=lambda: NOW)
    say(store, talk.id, "used", Given(level=1), actor="ben", now=lambda: NOW)
    assert [(row.customer, row.answered) for row in open_interviews(store, interviewer="ben")] == [(one, 1)]
    again = begin(store, "tel", actor="ben", customer=one, now=lambda: NOW)
    assert (again.id, again.at) == (talk.id, "speed")
    other = begin(store, "tel", actor="cleo", customer=one, now=lambda: NOW + timedelta(hours=1))
    assert (other.id, other.at, other.interviewer) == (talk.id, "speed", "cleo")
    with pytest.raises(ConflictError, match="cleo has gone on"):
        say(store, talk.id, "speed", Given(level=4), actor="ben")
    break_off(
        store,
        talk.id,
        "call_back",
        actor="cleo",
        call_after=NOW + timedelta(hours=3),
        now=lambda: NOW + timedelta(hours=2),
    )
    assert view(store, talk.id).state == "open"
    card = next_call(store, "tel", actor="ben", customer=one, now=lambda: NOW + timedelta(hours=3))
    assert card is not None
    assert (card.open_interview, card.last_outcome, card.attempts) == (talk.id, "call_back", 1)


def test_an_interview_broken_off_keeps_what_was_said(store: Store) -> None:
    one, two, *_others = field(store)
    talk = begin(store, "tel", actor="ben", customer=one)
    say(store, talk.id, "used", Given(level=1), actor="ben")
    response = break_off(store, talk.id, "refused", actor="ben")
    assert response is not None
    assert said(store, talk.number) == {"used": 1, "speed": "NA", "overall": "NA"}
    empty = begin(store, "tel", actor="ben", customer=two)
    assert break_off(store, empty.id, "refused", actor="ben") is None
    states = {member.customer: (member.state, member.attempts) for member in members(store, "tel")}
    assert (states[one], states[two]) == (("partial", 1), ("refused", 1))
    with pytest.raises(UsageError, match="does not end as gone"):
        break_off(store, empty.id, "gone", actor="ben")


def test_an_erased_customer_leaves_levels_and_no_words(store: Store) -> None:
    one, two, *_others = field(store)
    for number in (one, two):
        record_contact(store, "tel", number, "busy", actor="ben", note="asked for his wife", now=lambda: NOW)
    answer_whole(
        store, "tel", {"used": "1", "speed": "1", "why": "my flat is dark", "overall": "2"}, actor="ben", customer=one
    )
    talk = begin(store, "tel", actor="ben", customer=two)
    say(store, talk.id, "used", Given(level=1), actor="ben")
    with store.writing("anna") as work:
        for number in (one, two):
            found = work.connection.execute(select(CUSTOMERS.c.id).where(CUSTOMERS.c.number == number)).scalar_one()
            forget_attempts(work.connection, found)
            assert {entry["note"] for entry in attempts_of(work.connection, found)} == {""}
        assert work.connection.execute(select(table_of(AnswerText))).all() == []
        work.record("erase", "customer", "two")
    assert (view(store, talk.id).answers, view(store, talk.id).state) == ({}, "broken")
    assert plan_of(store, "tel").responses == 1


def test_closing_keeps_what_was_answered_and_takes_no_more(store: Store) -> None:
    one, two, *_others = field(store)
    talk = begin(store, "tel", actor="ben", customer=one)
    say(store, talk.id, "used", Given(level=1), actor="ben")
    begin(store, "tel", actor="cleo", customer=two)
    plan = close_survey(store, "tel", actor="anna")
    assert (plan.state, plan.responses, len(open_interviews(store))) == ("closed", 1, 0)
    for attempt in (
        lambda: next_call(store, "tel", actor="ben"),
        lambda: begin(store, "tel", actor="ben", customer=two),
        lambda: answer_whole(store, "tel", {"used": "0", "overall": "3"}, actor="ben"),
        lambda: record_contact(store, "tel", two, "busy", actor="ben"),
        lambda: close_survey(store, "tel", actor="anna"),
        lambda: draw_sample(store, "tel", 1, actor="anna"),
    ):
        with pytest.raises(ConflictError, match="was closed on"):
            attempt()
    reopen_survey(store, "tel", actor="anna")
    assert answer_whole(store, "tel", {"used": "0", "overall": "3"}, actor="ben", customer=two)
    with pytest.raises(ConflictError, match="not closed"):
        reopen_survey(store, "tel", actor="anna")
    with pytest.raises(NotAllowedError):
        close_survey(store, "tel", actor="ben")
    with pytest.raises(UsageError, match="never closed"):
        close_survey(store, "callback", actor="anna")


def test_a_whole_response_obeys_the_same_rules(store: Store) -> None:
    one, two, *_others = field(store)
    number = answer_whole(
        store, "tel", {"used": "yes", "speed": "2", "why": "slow", "overall": "REF"}, actor="ben", customer=one,
        number="P-1", answered_at=NOW, seconds=55, channel="questionnaire", now=lambda: NOW,
    )  # fmt: skip
    assert said(store, number) == {"used": 1, "speed": 2, "why": "slow", "overall": "REF"}
    assert plan_of(store, "tel").total.complete == 1  # type: ignore[union-attr]
    for wrong, words in (
        ({}, "Nothing was answered"),
        ({"used": "0"}, "Not answered: overall"),
        ({"used": "0", "speed": "3", "overall": "1"}, "speed is not asked after these answers"),
        ({"used": "2"}, "2 is not on the scale"),
        ({"warmth": "2"}, "does not ask warmth"),
        ({"used": "1", "speed": "6", "overall": "1"}, "6 is not on the scale"),
    ):
        with pytest.raises(UsageError, match=words):
            answer_whole(store, "tel", wrong, actor="ben", customer=two)
    with pytest.raises(ConflictError, match="response P-1 already"):
        answer_whole(store, "tel", {"used": "0", "overall": "3"}, actor="ben", number="P-1")
    with pytest.raises(ConflictError, match="has answered tel already"):
        answer_whole(store, "tel", {"used": "0", "overall": "3"}, actor="ben", customer=one)
    with pytest.raises(NotFoundError):
        answer_whole(store, "tel", {"used": "0", "overall": "3"}, actor="ben", customer="nobody")
    with pytest.raises(UsageError, match="in the future"):
        answer_whole(
            store,
            "tel",
            {"used": "0", "overall": "3"},
            actor="ben",
            answered_at=NOW + timedelta(days=1),
            now=lambda: NOW,
        )
    partly = answer_whole(store, "tel", {"used": "1"}, actor="ben", customer=two, is_partial=True)
    assert said(store, partly) == {"used": 1, "speed": "NA", "overall": "NA"}
    assert {member.customer: member.state for member in members(store, "tel")}[two] == "partial"


def test_a_questionnaire_is_a_version_and_an_interview_keeps_its_own(store: Store) -> None:
    one, *_others = field(store)
    assert script_text(store, "tel")[0] == 1
    assert enter_script(store, "tel", SCRIPT, "tel.toml", actor="anna") == 1
    talk = begin(store, "tel", actor="ben", customer=one)
    shorter = '[[questions]]\nitem = "overall"\nask = "All in all?"\n'
    assert enter_script(store, "tel", shorter, "short.toml", actor="anna") == 2
    assert view(store, talk.id).at == "used"
    assert say(store, talk.id, "used", Given(level=1), actor="ben").at == "speed"
    with pytest.raises(UsageError, match="asks overall from 1 to 7; the survey tel has it from 1 to 5"):
        enter_script(store, "tel", shorter + "scale = [1, 7]\n", "long.toml", actor="anna")
    with pytest.raises(UsageError, match="as text; the survey tel has it as score"):
        enter_script(store, "tel", shorter + 'kind = "text"\n', "text.toml", actor="anna")
    with pytest.raises(NotAllowedError):
        enter_script(store, "tel", shorter + "# mine\n", "mine.toml", actor="ben")
    assert script_text(store, "tel") == (2, shorter)


def test_a_survey_of_a_tree_asks_its_leaves_and_the_script_can_be_edited(store: Store) -> None:
    staff(store)
    customers(store, 5)
    plan_survey(store, PlanWish(code="seven", tree="seven-topics"), actor="anna")
    number, text = script_text(store, "seven")
    assert (number, text.count("[[questions]]"), "供电稳定" in text) == (0, 7, True)
    assert enter_script(store, "seven", text, "seven.toml", actor="anna") == 1
    plan_survey(store, PlanWish(code="bare"), actor="anna")
    with pytest.raises(UsageError, match="asks nothing yet"):
        script_text(store, "bare")
    with pytest.raises(UsageError, match="no sample to call"):
        next_call(store, "seven", actor="ben")
    with pytest.raises(NotAllowedError):
        begin(store, "seven", actor="aud", customer="00001")


@pytest.mark.parametrize(
    ("kind", "english", "chinese"),
    [
        ("score", "How satisfied are you with this: Was it solved?", "您对“解决了没有”满意吗？"),
        ("text", "Was it solved: what would you like to tell us?", "解决了没有：您有什么意见或建议？"),
    ],
)
def test_an_indicator_named_by_a_question_is_asked_with_one_mark(kind: str, english: str, chinese: str) -> None:
    item = Item(1, "solved", "Was it solved?", "解决了没有？", kind, 1, 5, False, None, None, None, "", 0)
    (question,) = made_of("tel", {"solved": item}).questions
    assert (question.ask, question.ask_zh) == (english, chinese)
