"""``ombud alerts``: from cron, twice; read, owned and closed from the command line."""

from __future__ import annotations

import json

import pytest
from commanding import Ombud
from complaint_data import complain, complain_each

from console import clock
from console.rules.months import month_of, shifted
from console.services.setup import initialise
from console.storage.engine import Store


def quiet_year_and_a_rise(store: Store, database_url: str) -> str:
    """Thirty complaints a month and, in the last complete one, a hundred; returns that month."""
    from zoneinfo import ZoneInfo

    initialise(database_url)
    last = shifted(month_of(clock.now(), ZoneInfo("Asia/Shanghai")), -1)
    complain_each(store, [shifted(last, by) for by in range(-12, 0)], [30] * 12)
    complain(store, last, 100)
    return last


def test_alerts_are_found_once_and_followed_to_their_end(store: Store, database_url: str, ombud: Ombud) -> None:
    month = quiet_year_and_a_rise(store, database_url)
    tried = ombud("alerts", "--dry-run", "--json", "--month", month)
    assert tried.code == 0
    assert [row["cell"] for row in tried.document["new"]] == ["kind:complaint"]
    first = ombud("alerts", "--jsonl")
    assert first.code == 0
    assert [json.loads(line)["number"] for line in first.lines] == ["A-0001"]
    again = ombud("alerts")
    assert (again.code, again.out) == (0, "")
    assert "Nothing was written" in again.err
    listed = ombud("alerts", "list")
    assert "A-0001" in listed.out
    assert "kind:complaint" in listed.out
    assert ombud("alerts", "ack", "A-0001", "--note", "looking").code == 0
    shown = ombud("alerts", "show", "A-0001", "--json").document
    assert (shown["state"], shown["note"], shown["month"]) == ("acknowledged", "looking", month)
    assert shown["baseline"]["is_provisional"] is True
    assert [step["action"] for step in shown["history"]] == ["acknowledge", "alert"]
    assert ombud("alerts", "close", "A-0001").code == 2
    assert ombud("alerts", "close", "A-0001", "--cause", "tariff").out == "A-0001: closed, tariff\n"
    assert ombud("alerts", "list", "--json").document == []
    assert [row["cause"] for row in ombud("alerts", "list", "--all", "--json").document] == ["tariff"]


def test_baselines_events_and_customers(store: Store, database_url: str, ombud: Ombud) -> None:
    month = quiet_year_and_a_rise(store, database_url)
    assert ombud("alerts", "customers", month, "65800").code == 0
    assert ombud("alerts", "event", f"{month}-08", "new tariff").code == 0
    assert "new tariff" in ombud("alerts", "events").out
    assert ombud("alerts").code == 0
    assert "new tariff" in ombud("alerts", "show", "A-0001").out
    early, late = shifted(month, -12), shifted(month, -2)
    done = ombud("alerts", "rebase", "A-0001", "--from", early, "--to", late, "--reason", "new tariff")
    assert done.out == f"kind:complaint: {early} to {late}, 11 months\n"
    assert [row["reason"] for row in ombud("alerts", "baselines", "--json").document] == ["new tariff"]
    assert ombud("alerts", "events", "--remove", "1", "--json").document == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("alerts", "show", "A-7"), 1),
        (("alerts", "ack", "A-7"), 1),
        (("alerts", "--month", "2026-13"), 2),
        (("alerts", "--depth", "9"), 2),
        (("alerts", "list", "--state", "opened"), 2),
        (("alerts", "rebase", "colour:red", "--from", "2025-01", "--to", "2025-12", "--reason", "x"), 2),
        (("alerts", "rebase", "region:east", "--from", "2025-01", "--to", "2025-12"), 2),
        (("alerts", "event", "yesterday", "storm"), 2),
        (("alerts", "events", "--remove", "4"), 1),
        (("alerts", "customers", "2025-01", "0"), 2),
        (("alerts", "customers", "1", "10"), 2),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(
    store: Store, database_url: str, ombud: Ombud, arguments: tuple[str, ...], code: int
) -> None:
    initialise(database_url)
    ended = ombud(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("error: ")
