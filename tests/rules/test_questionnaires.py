"""Questionnaires: what is asked after which answers, and what is wrong with one is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.errors import UsageError
from console.rules.questionnaires import Given, QuestionnaireText, read_questionnaire

TEXT = """
greeting = "Good day."
greeting_zh = "您好。"
[[questions]]
item = "used"
ask = "Did you use the hall?"
ask_zh = "您去过营业厅吗?"
options = ["No", "Yes"]
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
required = false
[[questions]]
item = "tell"
ask = "Would you recommend us?"
kind = "nps"
[[questions]]
item = "effort"
ask_zh = "办理方便吗?"
kind = "ces"
only_if = ["tell:answered", "used = 1"]
"""


def script() -> QuestionnaireText:
    return read_questionnaire(TEXT, "hall")


def items(**levels: int | str) -> list[str]:
    answers = {
        item: Given(missing=level) if isinstance(level, str) else Given(level=level) for item, level in levels.items()
    }
    return [question.item for question in script().route(answers)]


def test_the_way_follows_the_answers() -> None:
    assert items() == ["used", "speed", "tell"]
    assert items(used=0) == ["used", "tell"]
    assert items(used=1, speed=2) == ["used", "speed", "why", "tell"]
    assert items(used=1, speed=3, tell=9) == ["used", "speed", "tell", "effort"]
    assert items(used=1, speed=3, tell="REF") == ["used", "speed", "tell"]
    assert items(used="DK", speed=5) == ["used", "speed", "tell"]


def test_what_was_led_past_is_not_applicable_and_an_answer_off_the_way_is_dropped() -> None:
    answers = {"used": Given(level=1), "speed": Given(level=1), "why": Given(text="slow"), "tell": Given(level=2)}
    assert script().settled(answers)["why"] == Given(text="slow")
    answers["used"] = Given(level=0)
    settled = script().settled(answers)
    assert settled["speed"] == settled["why"] == settled["effort"] == Given(missing="NAP")
    assert settled["tell"] == Given(level=2)
    assert script().settled({})["speed"] == Given(missing="NA")


def test_one_goes_forward_and_back_along_the_way() -> None:
    whole = script()
    answers = {"used": Given(level=0)}
    following = whole.next_question(answers)
    assert following is not None
    assert following.item == "tell"
    back = whole.previous_question(answers, "tell")
    assert back is not None
    assert back.item == "used"
    assert whole.previous_question(answers, "used") is None
    answers["tell"] = Given(level=5)
    assert whole.next_question(answers) is None


def test_keys_and_words_say_levels() -> None:
    whole = script()
    tell, used = whole.question("tell"), whole.question("used")
    assert [tell.level_of(key) for key in ("0", "9", "t", "x")] == [0, 9, 10, None]
    assert used.read("yes") == Given(level=1)
    assert used.read(" dk ") == Given(missing="DK")
    assert whole.question("why").read("太慢") == Given(text="太慢")
    ten = read_questionnaire('[[questions]]\nitem = "a"\nask = "A?"\nscale = [1, 10]', "ten").question("a")
    assert (ten.key_of(10), ten.level_of("0"), ten.is_keyed) == ("0", 10, True)
    for wrong in ("7", "maybe", "", "1.5"):
        with pytest.raises(UsageError):
            used.read(wrong)
    with pytest.raises(UsageError, match="Did you mean speed"):
        whole.question("sped")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "asks nothing"),
        ("questions = 3", "asks nothing"),
        ("[[questions]]", "has no item"),
        ('[[questions]]\nitem = "a b"\nask = "?"', "has no item"),
        ('[[questions]]\nitem = "a"', "no words to ask it in"),
        ('[[questions]]\nitem = "end"\nask = "?"', "ends it"),
        ('[[questions]]\nitem = "a"\nask = "?"\n[[questions]]\nitem = "a"\nask = "?"', "asked before"),
        ('[[questions]]\nitem = "a"\nask = "?"\nscale = [5, 1]', "lowest and highest"),
        ('[[questions]]\nitem = "a"\nask = "?"\nkind = "nps"\nscale = [1, 10]', "goes from 0 to 10"),
        ('[[questions]]\nitem = "a"\nask = "?"\nkind = "rank"', "no kind rank"),
        ('[[questions]]\nitem = "a"\nask = "?"\noptions = ["x"]\nscale = [1, 3]', "1 options"),
        ('[[questions]]\nitem = "a"\nask = "?"\nonly_if = ["b > 1"]', "not asked before"),
        ('[[questions]]\nitem = "a"\nask = "?"\nonly_if = ["b"]', "no condition"),
        ('[[questions]]\nitem = "a"\nask = "?"\nskip = { if = "a > 1", to = "a" }', "does not come after"),
        ('[[questions]]\nitem = "a"\nask = "?"\nskip = { if = "a > 1", to = "b" }', "does not come after"),
        ('[[questions]]\nitem = "a"\nask = "?"\nskip = { to = "b" }', "needs if and to"),
        ('[[questions]]\nitem = "a"\nask = "?"\nskip = { if = "a = x", to = "end" }', "neither a level nor a reason"),
        ('[[questions]]\nitem = "a"\naks = "?"', "Did you mean ask"),
        ("[[questions]", "not TOML"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_questionnaire(text, "mine")
    assert said in str(error.value)


@given(some.dictionaries(some.sampled_from(["used", "speed", "tell", "effort"]), some.integers(0, 10)))
def test_every_way_comes_to_an_end(levels: dict[str, int]) -> None:
    whole = script()
    answers: dict[str, Given] = {}
    for _step in range(20):
        question = whole.next_question(answers)
        if question is None:
            break
        level = levels.get(question.item, 1)
        answers[question.item] = (
            Given(text="x") if question.is_open else Given(level=max(question.low, min(question.high, level)))
        )
    assert whole.next_question(answers) is None
    assert set(whole.settled(answers)) == {question.item for question in whole.questions}
