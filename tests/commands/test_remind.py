"""``ombud remind`` and ``ombud notices``, as cron and a person run them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest
from commanding import Ombud

from console.services.access import caller


def late_case(ombud: Ombud, number: int = 1) -> None:
    ombud("case", "new", "--subject", f"late {number}", "--received", "2024-03-04T09:00", "--key", f"late-{number}")


def test_each_step_is_told_once(ombud: Ombud) -> None:
    late_case(ombud)
    tried = ombud("remind", "--dry-run", "--json").document
    assert tried["told"] == 4
    assert ombud("notices", "--json").document["notices"] == []
    told = ombud("remind")
    assert told.code == 0
    assert told.lines[0] == f"C-000001 escalation dispatch to lead ({caller().login}): due"
    assert told.err == "4 told, 4 raised\n"
    again = ombud("remind")
    assert (again.code, again.out, again.err) == (0, "", "")
    waiting = ombud("notices", "--for", "me", "--json").document["notices"]
    assert len(waiting) == 4
    assert set(waiting[0]) == {
        *("reference", "kind", "to", "recipient", "text", "created_at", "not_before", "sent_at"),
    }
    history = ombud("case", "show", "C-000001", "--json").document["events"]
    assert Counter(event["verb"] for event in history) == {"new": 1, "escalation": 4}
    ombud("case", "urge", "C-000001", "--note", "still dark")
    assert any(line["kind"] == "urging" for line in ombud("notices", "--all", "--json").document["notices"])
    assert ombud("notices", "--for", "stranger").code == 1
    assert ombud("notices", "--limit", "2", "--jsonl").out.count("\n") == 2


def test_two_runs_at_once_tell_nothing_twice_and_lose_nothing(ombud: Ombud, database_url: str) -> None:
    for number in range(6):
        late_case(ombud, number)
    environment = {**os.environ, "OMBUD_DATABASE": database_url}
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "console", "remind", "--jsonl"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [run.communicate(timeout=60) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ended
    told = [line for out, _err in ended for line in out.splitlines()]
    assert len(told) == len(set(told)) == 24
    notices = ombud("notices", "--all", "--json").document["notices"]
    assert len(notices) == 24
    assert ombud("remind").out == ""


@pytest.mark.parametrize("option", ["--json", "--jsonl"])
def test_nothing_to_tell_is_told_as_such(ombud: Ombud, option: str) -> None:
    ended = ombud("remind", option)
    assert ended.code == 0
    assert ended.out in ("", '{"is_dry_run": false, "told": 0, "raised": 0, "notices": [], "tasks": []}\n')
