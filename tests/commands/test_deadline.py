"""``ombud deadline`` and ``ombud calendar``: what they print, and how wrong arguments are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.commands import calendar, deadline
from console.errors import OmbudError, UsageError
from console.rules.calendars import load_calendar, ready_calendars

OFFICE = """
zone = "Europe/Berlin"
[hours]
mon-fri = ["09:00-17:00"]
[holidays]
2026-03-09 = "Town feast"
"""


@pytest.fixture
def office(tmp_path: Path) -> str:
    path = tmp_path / "office.toml"
    path.write_text(OFFICE, "utf-8")
    return str(path)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(deadline.app, list(arguments))
    if isinstance(result.exception, OmbudError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def document(*arguments: str) -> dict[str, Any]:
    found = json.loads(run(*arguments, "--json"))
    assert isinstance(found, dict)
    return found


def test_explain_as_json(office: str) -> None:
    found = document("explain", "--calendar", office, "--start", "2026-03-06T16:00:30", "--target", "120m")
    assert found["due_at"] == "2026-03-10T09:00:30Z"
    assert (found["target_seconds"], found["remaining_seconds"], found["status"]) == (7200, 0, "running")
    assert found["segments"][0] == {
        "from": "2026-03-06T15:00:30Z",
        "to": "2026-03-06T16:00:00Z",
        "counted_seconds": 3570,
        "kind": "working",
        "why": "working hours, Friday",
    }
    assert "holiday: Town feast" in [segment["why"] for segment in found["segments"]]
    assert sum(segment["counted_seconds"] for segment in found["segments"]) == 7200


def test_explain_for_a_person(office: str) -> None:
    lines = run("explain", "--calendar", office, "--start", "2026-03-06T16:00:30", "--target", "120m").splitlines()
    assert lines[1] == "Due       Tue 2026-03-10 10:00:30  (2026-03-10T09:00:30Z)"
    assert lines[-1].endswith("1 h 30 s  working hours, Tuesday")
    assert "Mon 2026-03-09 00:00     Tue 2026-03-10 00:00               -  holiday: Town feast" in lines


def test_pauses_and_further_holidays(office: str) -> None:
    found = document(
        *("explain", "--calendar", office, "--start", "2026-03-03T10:00+01:00", "--target", "1d"),
        *("--pause", "2026-03-03T11:00/2026-03-03T12:00", "--pause", "2026-03-03T11:30/2026-03-03T13:00"),
        *("--holiday", "2026-03-04", "--holiday", "--03-06"),
    )
    assert found["due_at"] == "2026-03-10T10:00:00Z"
    assert found["pauses"] == [{"from": "2026-03-03T10:00:00Z", "to": "2026-03-03T12:00:00Z", "counted_seconds": 7200}]


def test_an_open_pause_and_no_target_have_no_due_time(office: str) -> None:
    common = ("explain", "--calendar", office, "--start", "2026-03-03T10:00")
    found = document(*common, "--target", "2h", "--pause", "2026-03-03T11:00/")
    assert (found["due_at"], found["status"], found["remaining_seconds"]) == (None, "paused", 3600)
    assert "Left" in run(*common, "--target", "2h", "--pause", "2026-03-03T11:00/")
    assert document(*common, "--target", "0")["due_at"] is None
    assert "none" in run(*common, "--target", "0")


def test_elapsed(office: str) -> None:
    between = ("elapsed", "--calendar", office, "--from", "2026-03-06T16:00", "--to", "2026-03-10T09:00:03")
    assert document(*between)["elapsed_seconds"] == 3603
    assert run(*between) == "1 h 3 s of working time (3603 s)\n"
    assert document(*between, "--pause", "2026-03-06T16:30/")["elapsed_seconds"] == 1800
    backwards = ("elapsed", "--calendar", office, "--from", "2026-03-10T16:00", "--to", "2026-03-06T09:00")
    assert document(*backwards)["elapsed_seconds"] == 0


def test_one_calendar_of_several(tmp_path: Path) -> None:
    path = tmp_path / "several.json"
    path.write_text(
        json.dumps({"calendars": {name: {"zone": "UTC", "hours": {"mon": "9-17"}} for name in "AB"}}), "utf-8"
    )
    common = ("elapsed", "--from", "2026-03-02T00:00", "--to", "2026-03-03T00:00")
    assert document(*common, "--calendar", f"{path}#A")["elapsed_seconds"] == 8 * 3600
    assert document(*common, "--calendar", str(path), "--calendar-name", "B")["elapsed_seconds"] == 8 * 3600


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"--start": "yesterday"}, "no time"),
        ({"--start": "2026-03-29T02:30"}, "skip"),
        ({"--target": "-5m"}, "target"),
        ({"--pause": "2026-03-03T11:00"}, "no pair"),
        ({"--pause": "2026-03-03T11:00/2026-03-03T10:00"}, "ends before"),
        ({"--pause": "a/b/c"}, "no pair"),
        ({"--holiday": "2026-02-30"}, "2026-02-30"),
        ({"--calendar": "gbb"}, "gb"),
    ],
)
def test_wrong_arguments_are_wrong_usage(office: str, changed: dict[str, str], word: str) -> None:
    options = {"--calendar": office, "--start": "2026-03-03T10:00", "--target": "1d", **changed}
    with pytest.raises(UsageError) as refused:
        run("explain", *(part for option in options.items() for part in option))
    assert word in str(refused.value)
    assert refused.value.hint


@pytest.mark.parametrize("country", ["cn", "gb", "us"])
def test_the_ready_calendars_can_be_made_again(tmp_path: Path, country: str) -> None:
    path = tmp_path / "made.toml"
    result = CliRunner().invoke(calendar.app, ["make", country, "--years", "2024-2026", "--output", str(path)])
    assert result.exit_code == 0
    made, ready = load_calendar(str(path)).schedule, load_calendar(country).schedule
    assert made.holidays == {day: name for day, name in ready.holidays.items() if 2024 <= day.year <= 2026}
    assert made.makeup_days == {day: hours for day, hours in ready.makeup_days.items() if 2024 <= day.year <= 2026}
    assert made.hours == ready.hours


def test_calendars_are_listed_and_made_on_the_screen() -> None:
    assert CliRunner().invoke(calendar.app, ["list"]).stdout.split() == list(ready_calendars())
    assert 'zone = "Europe/London"' in CliRunner().invoke(calendar.app, ["make", "gb", "--years", "2026"]).stdout


@pytest.mark.parametrize(
    "arguments", [["xx", "--years", "2026"], ["gb", "--years", "26"], ["gb", "--years", "2030-2020"]]
)
def test_calendars_that_cannot_be_made(arguments: list[str]) -> None:
    assert isinstance(CliRunner().invoke(calendar.app, ["make", *arguments]).exception, UsageError)
