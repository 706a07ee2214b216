"""The files of the demonstration utility: made again to the byte, whole, varied, and as their README says."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console import codes
from console.text import strip_unsafe
from console.transfer.demo import seeds_directory

SEEDS = seeds_directory()
MADE = (
    "about.json",
    "departments.csv",
    "staff.csv",
    "categories.csv",
    "customers.csv",
    "service_accounts.csv",
    "meters.csv",
    "contracts.csv",
    "consumption.csv",
    "bills.csv",
    "payments.csv",
    "incidents.csv",
    "cases.jsonl",
    "surveys.csv",
    "indicators.csv",
    "responses.csv",
    "answers.csv",
)
MOST_BYTES = 1_700_000


def table(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SEEDS / "cases.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def anchor() -> datetime:
    return datetime.fromisoformat(json.loads((SEEDS / "about.json").read_text("utf-8"))["anchor"])


def test_made_again_the_files_are_the_same_to_the_byte(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-B", str(SEEDS / "make.py"), str(tmp_path)], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(MADE)
    for name in MADE:
        assert (tmp_path / name).read_bytes() == (SEEDS / name).read_bytes(), name


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in SEEDS.iterdir() if path.is_file()) < MOST_BYTES


def test_no_raw_control_character_is_in_the_files() -> None:
    for name in MADE:
        text = (SEEDS / name).read_text("utf-8")
        assert strip_unsafe(text, keep="\n\t") == text, name


@pytest.mark.parametrize(
    ("file", "column", "allowed"),
    [
        ("customers", "kind", codes.CustomerKind),
        ("customers", "relationship", codes.Relationship),
        ("customers", "supply_category", codes.SupplyCategory),
        ("service_accounts", "utility", codes.Utility),
        ("service_accounts", "state", codes.AccountState),
    ],
)
def test_each_code_of_the_tables_is_used_and_no_other(file: str, column: str, allowed: Any) -> None:
    assert {row[column] for row in table(file)} == {str(code) for code in allowed}


@pytest.mark.parametrize(
    ("field", "allowed"),
    [
        ("kind", {str(code) for code in codes.CaseKind}),
        ("state", {str(code) for code in codes.CaseState}),
        ("phase", {str(code) for code in codes.CasePhase}),
        ("channel", {str(code) for code in codes.Channel} - {"other"}),
        ("severity", set(codes.SEVERITIES)),
        ("region", {"east", "south", "west", "north", "center"}),
    ],
)
def test_each_code_of_the_cases_is_used_and_no_other(
    cases: list[dict[str, Any]], field: str, allowed: set[Any]
) -> None:
    assert {case[field] for case in cases} == allowed


def test_staff_hold_known_roles_and_departments() -> None:
    departments = {row["code"] for row in table("departments")}
    staff = table("staff")
    assert {row["role"] for row in staff} <= {str(role) for role in codes.Role}
    assert {row["department"] for row in staff} == departments
    assert len({row["login"] for row in staff}) == len(staff) == 25


def test_there_are_as_many_as_the_readme_says(cases: list[dict[str, Any]]) -> None:
    readme = (SEEDS / "README.md").read_text("utf-8")
    assert f"{len(cases)} cases" in readme
    words = {"customers": "customers", "service_accounts": "accounts", "responses": "people asked"}
    for name, word in {**words, **{same: same for same in ("meters", "contracts", "bills", "payments")}}.items():
        assert f"{len(table(name))} {word}" in readme
    assert f"{len(table('answers'))} answers" in readme
    for name in MADE:
        assert f"`{name}`" in readme


def test_every_awkward_mark_is_explained_in_the_readme(cases: list[dict[str, Any]]) -> None:
    readme = (SEEDS / "README.md").read_text("utf-8")
    marks = {case["extras"]["awkward"] for case in cases if "awkward" in case.get("extras", {})}
    assert len(marks) == 20
    assert {mark for mark in marks if f"`{mark}`" not in readme} == set()


def test_the_awkward_characters_are_really_there(cases: list[dict[str, Any]]) -> None:
    texts = {
        case["extras"]["awkward"]: case["subject"] + case["narrative"]
        for case in cases
        if "awkward" in case.get("extras", {})
    }
    assert "[/foo]" in texts["closing tag"]
    assert "[@click=app.quit]press[/]" in texts["action tags"]
    assert "\x1b[2J" in texts["escape sequences"]
    assert "\x1b]52;c;" in texts["clipboard"]
    assert {"\x9b", "\x00", "\x7f"} <= set(texts["eight-bit controls"])
    assert {"\u202e", "\u2066"} <= set(texts["direction"])
    assert {"\u200b", "\ud800", "\ufeff", "\U000e0041", "\u3164"} <= set(texts["invisible"])
    assert texts["formulas"].startswith("=1+1")
    assert len(texts["very long"].encode()) > 50_000
    assert "👨‍👩‍👧‍👦" in texts["emoji"]
    assert "e\u0301" in texts["combining marks"]
    assert {"\r", "\t", "\u2028"} <= set(texts["line breaks"])
    assert "الكهرباء" in texts["right to left"]
    assert "０１２３" in texts["full width"]


def test_names_come_in_both_scripts_and_awkward_forms() -> None:
    names = [row["name"] for row in table("customers")]
    two = [name for name in names if re.fullmatch(r"[\u4e00-\u9fff]{2}", name)]
    assert len(two) >= 20
    assert sum(name.isascii() for name in names) >= 80
    assert any("O'Brien" in name for name in names)
    assert any("[bold]" in name for name in names)
    assert all(row["number"].startswith(("0", "8")) for row in table("customers"))


def test_the_cases_span_twelve_months_and_stop_at_the_anchor(cases: list[dict[str, Any]], anchor: datetime) -> None:
    received = [datetime.fromisoformat(case["received_at"]) for case in cases]
    assert received == sorted(received)
    assert anchor - received[0] >= timedelta(days=360)
    assert timedelta(0) < anchor - received[-1] < timedelta(hours=1)
    assert min(Counter((moment.year, moment.month) for moment in received).values()) >= 15


def test_a_history_begins_with_the_case_and_ends_in_its_state(cases: list[dict[str, Any]], anchor: datetime) -> None:
    for case in cases:
        events = case["events"]
        times = [event["at"] for event in events]
        states = [event["after"]["state"] for event in events if "state" in event.get("after", {})]
        assert times == sorted(times), case["reference"]
        assert times[0] == case["received_at"]
        assert times[-1] == case["updated_at"]
        assert datetime.fromisoformat(times[-1]) <= anchor
        assert states[-1] == case["state"]
        assert ("closed_at" in case) == (case["phase"] == "closed")
        assert ("due_at" in case) == (case["phase"] != "closed")


def test_nothing_is_archived_without_a_reply(cases: list[dict[str, Any]]) -> None:
    archived = [case for case in cases if case["state"] == "archived"]
    assert all(case["reply"] and case["findings"] and case["outcome"] for case in archived)


def test_no_phrase_kept_a_gap(cases: list[dict[str, Any]]) -> None:
    ordinary = [case for case in cases if "awkward" not in case.get("extras", {})]
    for case in ordinary:
        for name in ("subject", "narrative", "findings", "reply"):
            assert not re.search(r"[{}]", case.get(name, "")), case["reference"]


def test_complaints_are_not_all_alike(cases: list[dict[str, Any]]) -> None:
    narratives = [case["narrative"] for case in cases]
    assert len(set(narratives)) > 0.9 * len(narratives)
    chinese = sum(bool(re.search(r"[\u4e00-\u9fff]", case["narrative"])) for case in cases)
    assert 0.35 < chinese / len(cases) < 0.7


def test_scores_lie_on_the_scale_and_regions_differ() -> None:
    responses = {(row["survey"], row["number"]): row for row in table("responses")}
    scores: dict[tuple[str, str], list[int]] = {}
    for answer in table("answers"):
        score = int(answer["score"])
        assert 1 <= score <= 5
        region = responses[answer["survey"], answer["response"]]["region"]
        scores.setdefault((answer["indicator"], region), []).append(score)
    means = {key: sum(values) / len(values) for key, values in scores.items()}
    assert means["supply_stability", "west"] < means["supply_stability", "center"] - 0.5
    assert means["metering_payment", "east"] < means["metering_payment", "south"]
