"""``ombud survey`` from planning to closing, as scripts use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commanding import Ombud
from survey_people import customers

from console.storage.engine import Store


@pytest.fixture
def people(store: Store, ombud: Ombud) -> list[str]:
    del ombud  # whoever runs the tests is enrolled first
    return customers(store, 60)


def test_a_survey_from_its_plan_to_its_end(ombud: Ombud, people: list[str], tmp_path: Path) -> None:
    del people
    made = ombud(
        "survey", "new", "q4", "--tree", "seven-topics", "--margin", "0.2", "--by", "region", "--channel", "telephone",
        "--purpose", "季度", "--json",
    )  # fmt: skip
    assert (made.code, made.document["population"], made.document["needed"], made.document["purpose"]) == (
        0,
        60,
        18,
        "季度",
    )
    assert ombud("survey", "new", "q4").code == 1
    assert ombud("survey", "plan", "q4", "--tree", "seven-topics", "--margin", "0.15").code == 0
    drawn = ombud("survey", "draw", "q4", "--seed", "5", "--json").document
    assert (drawn["seed"], drawn["state"], drawn["total"]["drawn"]) == (5, "drawn", 26)
    invited = ombud("survey", "invite", "q4", "--limit", "3", "--csv", str(tmp_path / "calls.csv"), "--json").document
    assert len(invited["members"]) == 3
    assert (tmp_path / "calls.csv").read_text("utf-8").count("\n") == 4
    first = ombud("survey", "call", "q4", "--json").document["call"]["customer"]
    assert ombud("survey", "record", "q4", first, "no_answer", "--note", "evening").code == 0
    chosen = [json.loads(line)["customer"] for line in ombud("survey", "sample", "q4", "--jsonl").lines]
    answers = [
        f"{topic}={place % 5 + 1}"
        for place, topic in enumerate(
            ("supply_stability", "supply_safety", "metering_payment", "business_handling", "service_channels",
             "communication", "problem_solving")
        )
    ]  # fmt: skip
    entered = ombud("survey", "answer", "q4", *answers, "--customer", chosen[1], "--number", "P-1")
    assert (entered.code, entered.lines) == (0, ["P-1"])
    refused = ombud("survey", "answer", "q4", "supply_safety=9")
    assert (refused.code, "9 is not on the scale" in refused.err) == (2, True)
    lines = [
        json.dumps({"customer": chosen[2], "answers": dict(pair.split("=") for pair in answers)}),
        json.dumps({"answers": {"supply_safety": 4}}),
        "not json",
        json.dumps({"answers": {"supply_safety": None}, "partial": True}),
    ]
    (tmp_path / "answers.jsonl").write_text("\n".join(lines), "utf-8")
    many = ombud("survey", "answer", "q4", "--file", str(tmp_path / "answers.jsonl"), "--json")
    assert (many.code, len(many.document["entered"])) == (4, 1)
    assert [fault["line"] for fault in many.document["refused"]] == [2, 3, 4]
    progress = ombud("survey", "progress", "q4", "--json").document
    assert (progress["total"]["complete"], progress["responses"]) == (2, 2)
    assert ombud("survey", "rates", "q4", "--json").document["rates"]["rr1"] == pytest.approx(2 / 26)
    assert ombud("survey", "flags", "q4", "--contradiction", "supply_stability,supply_safety", "--json").code == 0
    assert ombud("survey", "doubles", "q4", "--json").document == {"doubles": []}
    assert ombud("survey", "refuse", first, "--reason", "asked to").code == 0
    assert ombud("survey", "close", "q4").code == 0
    assert ombud("survey", "answer", "q4", *answers).code == 1
    assert ombud("survey", "reopen", "q4").code == 0
    listed = ombud("survey", "list", "--json").document["surveys"]
    assert [(row["code"], row["state"], row["responses"]) for row in listed] == [("q4", "field", 2)]
    assert "fewer" not in ombud("survey", "show", "q4").out


def test_a_questionnaire_is_printed_checked_and_entered(ombud: Ombud, people: list[str], tmp_path: Path) -> None:
    del people
    assert ombud("survey", "new", "mine").code == 0
    assert ombud("survey", "script", "mine").code == 2
    path = tmp_path / "mine.toml"
    path.write_text('[[questions]]\nitem = "overall"\nask = "All in all?"\n', "utf-8")
    assert ombud("survey", "script", "mine", str(path), "--check").code == 0
    assert ombud("survey", "script", "mine", str(path)).lines[0].startswith("Version 1 of the questionnaire")
    assert ombud("survey", "script", "mine").out == path.read_text("utf-8")
    path.write_text("[[questions]\n", "utf-8")
    assert ombud("survey", "script", "mine", str(path)).code == 2
    assert ombud("survey", "script", "mine", "none.toml").code == 2
    assert ombud("survey", "answer", "mine", "overall=4", "overall=3").code == 2
    assert ombud("survey", "answer", "mine", "overall").code == 2
    assert ombud("survey", "answer", "mine").code == 2


def test_self_assessment_stands_beside_the_third_party(ombud: Ombud, people: list[str]) -> None:
    del people
    for code, assessor, level in (("own", "self", 5), ("outside", "third_party", 3)):
        assert (
            ombud("survey", "new", code, "--assessor", assessor, "--series", "yearly", "--tree", "five-criteria").code
            == 0
        )
        for place in range(30):
            values = [f"{item}={level - place % 2}" for item in ("technical", "staff", "image", "service", "billing")]
            assert ombud("survey", "answer", code, *values).code == 0
    found = ombud("survey", "compare", "yearly", "--json").document
    assert (found["own"], found["third"], len(found["rows"])) == ("own", "outside", 5)
    row = found["rows"][0]
    assert (row["first"]["value"], row["second"]["value"], row["difference"]["value"]) == (87.5, 37.5, -50)
    assert ombud("survey", "compare", "own", "outside").code == 0
    assert ombud("survey", "compare", "own", "own").code == 2
    assert ombud("survey", "compare", "weekly").code == 1


def test_what_is_wrong_with_an_option_is_said(ombud: Ombud, people: list[str]) -> None:
    del people
    for wrong in (
        ["--scale", "5"], ["--starts", "tomorrow"], ["--deviation", "east"], ["--by", "colour"], ["--margin", "0"],
        ["--tree", "oak"], ["--kind", "cat"], ["--level-scores", "a"], ["--starts", "2026-02-02", "--ends", "2026-02-01"],
    ):  # fmt: skip
        ended = ombud("survey", "new", "x", *wrong)
        assert ended.code in (1, 2), wrong
        assert ended.err.startswith("error: "), wrong
    assert ombud("survey", "list", "--json").document == {"surveys": []}
    assert [tree["name"] for tree in ombud("survey", "trees", "--json").document["trees"]] == [
        "eight-factors", "five-criteria", "five-evaluations", "seven-topics",
    ]  # fmt: skip
    assert ombud("survey", "trees", "five-evaluations").code == 0
