"""A PostgreSQL database whose every text is hostile, past what it refuses to store: lists, screens, cases, forms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from driving import console, hostile, press
from poison import offending

from console.commands.main import run
from console.errors import ExitCode
from console.screens.data import ServiceData

COMMANDS = (
    ["queue", "--limit", "200"], ["queue", "--json"], ["customers", "list"], ["view", "list"], ["alerts", "list"],
    ["task", "list"], ["satisfaction", "overview"], ["survey", "list"], ["contact", "list"], ["audit", "log"],
    ["staff", "list"], ["policy", "show"],
)  # fmt: skip
WALK = (
    "1", "]", "j", "enter", "question_mark", "escape", "full_stop", "escape", "c", "escape", "J", "G", "escape", "V", "escape",
    "2", "escape", "enter", "G", "escape", "3", "G", "enter", "escape", "4", "right_square_bracket", "G", "colon", "escape",
)  # fmt: skip


@pytest.fixture
def data(poisoned_database: str) -> Iterator[ServiceData]:
    found = ServiceData(poisoned_database)
    yield found
    found.close()


async def test_no_list_and_no_screen_lets_a_poisoned_server_act(
    data: ServiceData, poisoned_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMBUD_DATABASE", poisoned_database)
    told: list[str] = []
    monkeypatch.setattr("console.app.record_failure", lambda error: told.append(repr(error)))
    wrong: list[str] = []
    for command in COMMANDS:
        code = run(command)
        printed = capsys.readouterr()
        if acting := sorted({*offending(printed.out), *offending(printed.err)}):
            wrong.append(f"{command}: {acting[:5]}")
        # A survey with such a code cannot be asked for by it; that is said like any other refusal.
        if code not in (0, ExitCode.USAGE) or "went wrong" in printed.err:
            wrong.append(f"{command}: {code} {printed.err[:300]}")
    async with console(data) as (app, pilot):
        for key in WALK:
            await press(pilot, key)
            if acting := sorted(set(hostile(app))):
                wrong.append(f"{type(app.screen).__name__} after {key}: {acting[:5]}")
        assert app.return_code is None
    assert wrong == []
    assert told == []
