"""``ombud case`` and ``ombud undo``: the way of a case from the command line."""

from __future__ import annotations

import io
import json

import pytest
from commanding import Ombud

from console.commands.case_verbs import SAYS, option_of
from console.rules.workflow import VERBS
from console.services.fields import TAKES

NEW = ("case", "new", "--subject", "Meter runs too fast", "--category", "billing/wrong", "--detail", "contact=555-0100")


def test_a_case_goes_from_receipt_to_archive(ombud: Ombud) -> None:
    taken = ombud(*NEW, "--received", "2024-11-18T09:00", "--region", "east", "--json")
    assert taken.code == 0
    assert taken.document["reference"] == "C-000001"
    assert taken.document["due_at"] == "2024-11-18T01:20:00Z"
    assert ombud("case", "triage", "C-000001", "--severity", "2").lines == ["C-000001 done reviewed"]
    dispatched = ombud("case", "dispatch", "C-000001", "--department", "marketing")
    assert dispatched.lines[0].startswith("C-000001 done marketing")
    assert ombud("case", "take", "C-000001").lines == ["C-000001 done investigating"]
    refused = ombud("case", "archive", "C-000001")
    assert refused.code == 1
    assert refused.lines[0].startswith("C-000001 skipped: Neither a reply is recorded nor a reason stated")
    replied = ombud(
        "case", "reply", "C-000001", "--reply", "Changed the meter", "--outcome", "solved", "--follow-up", "a test"
    )
    assert replied.lines == ["C-000001 done replied"]
    assert ombud("case", "callback", "C-000001", "--opinion", "satisfied").code == 0
    assert ombud("case", "archive", "C-000001").lines == ["C-000001 done archived"]
    whole = ombud("case", "show", "C-000001", "--json").document
    assert [event["verb"] for event in reversed(whole["events"])] == [
        *("new", "triage", "dispatch", "take", "reply", "callback", "archive"),
    ]
    assert whole["phase"] == "closed"
    assert {clock["clock"] for clock in whole["clocks"]} >= {"first_response", "dispatch", "reply", "archive"}
    assert "Reply\nChanged the meter" in ombud("case", "show", "C-000001").out


def test_each_promise_says_its_rule_and_what_makes_its_due_time(ombud: Ombud) -> None:
    ombud(*NEW, "--received", "2024-11-18T09:00")
    shown = ombud("case", "clocks", "C-000001", "--explain", "--json").document
    clocks = {clock["clock"]: clock for clock in shown["clocks"]}
    reply = clocks["reply"]
    assert (reply["rule"], reply["target"], reply["due_at"]) == ("complaint reply", "4d", "2024-11-22T09:30:00Z")
    assert reply["why"].startswith('Rule "complaint reply" (kind complaint, from 2021-09-01) promises 4d')
    explained = reply["explanation"]
    assert explained["due_at"] == reply["due_at"]
    assert sum(segment["counted_seconds"] for segment in explained["segments"]) == explained["target_seconds"]
    assert clocks["callback"]["standing"] == "pending"
    assert clocks["callback"]["explanation"] is None
    printed = ombud("case", "clocks", "C-000001", "--explain")
    assert "The end of the 4th working day after the day of receipt." in printed.out


def test_many_cases_are_worked_at_once_and_taken_back(ombud: Ombud, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        ombud(*NEW, "--key", f"new-{number}")
    assert ombud(*NEW, "--key", "new-2", "--json").document["reference"] == "C-000003"
    ombud("case", "withdraw", "C-000003", "--reason", "mistaken")
    tried = ombud("case", "triage", "C-000001", "C-000002", "C-000003", "--dry-run")
    assert tried.code == 4
    assert tried.lines[:2] == ["C-000001 possible reviewed", "C-000002 possible reviewed"]
    assert "nothing was changed" in tried.err
    assert ombud("queue", "state:received", "--count").out == "2\n"
    worked = ombud("case", "triage", "--where", "kind:complaint", "--key", "tonight", "--json")
    assert worked.code == 4
    told = worked.document
    assert (told["done"], told["skipped"], told["is_dry_run"]) == (2, 1, False)
    assert [case["result"] for case in sorted(told["cases"], key=lambda case: case["reference"])] == [
        *("done", "done", "skipped"),
    ]
    assert f"undo with: ombud undo {told['operation']}" in worked.err
    again = ombud("case", "triage", "--where", "kind:complaint", "--key", "tonight", "--json").document
    assert again["operation"] == told["operation"]
    monkeypatch.setattr("sys.stdin", io.StringIO("C-000001 and more\n\nC-000002\n"))
    noted = ombud("case", "note", "-", "--note", "from a list", "--jsonl")
    assert [json.loads(line)["reference"] for line in noted.lines] == ["C-000001", "C-000002"]
    monkeypatch.setattr("sys.stdin", io.StringIO("a long note\nof two lines"))
    assert ombud("case", "note", "C-000001", "--note", "-").code == 0
    assert ombud("undo", str(told["operation"])).code == 1
    released = ombud("case", "assign", "C-000002", "--assignee", "nobody")
    assert released.code == 2
    assert "nobody is not on the staff" in released.err
    last = ombud("case", "urge", "C-000002", "--json").document
    undone = ombud("undo", str(last["operation"]))
    assert (undone.code, undone.lines) == (0, ["C-000002 done reviewed"])
    assert ombud("undo", str(last["operation"])).code == 1


def test_what_is_meant_must_be_said_once(ombud: Ombud) -> None:
    ombud(*NEW)
    wrong: list[tuple[str, ...]] = [
        (),
        ("C-000001", "--where", "state:open"),
        ("--where", " "),
        ("--where", "stat:open"),
        ("C-000001", "--outcome", "solved"),
        ("-", "--reason", "-"),
    ]
    for arguments in wrong:
        ended = ombud("case", "escalate", *arguments)
        assert (ended.code, ended.out) == (2, ""), arguments
    assert ombud("case", "escalate", "C-77", "--reason", "x").code == 1
    assert ombud("case", "escalate", "C-77", "C-78", "--reason", "x").code == 1
    assert ombud("case", "escalate", "C-000001", "C-77", "--reason", "x").code == 4
    nothing = ombud("case", "escalate", "--where", "region:nowhere", "--reason", "x")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "No case was found.\n")
    wrong = [
        ("--subject", " "),
        ("--subject", "x", "--kind", "complain"),
        ("--subject", "x", "--detail", "contact"),
        ("--subject", "x", "--detail", "contract=1"),
        ("--subject", "x", "--received", "yesterdai"),
        ("--subject", "x", "--received", "2999-01-01"),
    ]
    for arguments in wrong:
        assert ombud("case", "new", *arguments).code == 2, arguments


def test_repeats_and_duplicates_are_told(ombud: Ombud) -> None:
    ombud(*NEW, "--region", "east")
    second = ombud(*NEW, "--region", "east")
    assert second.lines[0].startswith("C-000002 due ")
    listed = ombud("case", "duplicates", "C-000001", "--json").document
    assert listed == {"reference": "C-000001", "duplicates": []}
    merged = ombud("case", "merge", "C-000002", "--into", "C-000001")
    assert merged.code == 0
    assert ("taken over:    C-000002  Meter runs too fast") in ombud("case", "show", "C-000001").lines
    linked = ombud("case", "split", "C-000001", "--summary", "A second matter", "--narrative", "And the gate is open")
    assert linked.lines == ["C-000001 done C-000003"]
    relations = ombud("case", "show", "C-000003", "--json").document["relations"]
    assert {"kind": "split from", "reference": "C-000001", "title": "Meter runs too fast"} in relations


def test_every_verb_is_a_command_with_an_option_for_each_of_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    from console.commands.main import run

    assert set(SAYS) == set(TAKES)
    assert set(TAKES) <= set(VERBS) | {"review", "pay"}
    for verb, fields in TAKES.items():
        assert run(["case", verb, "--help"]) == 0
        shown = capsys.readouterr().out
        assert all(f"{option_of(field)} TEXT" in shown or f"{option_of(field)}, " in shown for field in fields), verb
        assert all(option in shown for option in ("--where", "--dry-run", "--key", "--json", "--jsonl"))
