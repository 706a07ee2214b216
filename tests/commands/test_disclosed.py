"""Figures of few cases stay hidden, and those of not many marked, in every form a command gives them in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from commanding import Ombud
from complaint_data import complain

from console.commands.disclosed import disclosed_alert
from console.services.access import caller
from console.services.alert_views import AlertRow
from console.services.improvements import register
from console.services.setup import initialise
from console.storage.engine import Store

SHARES = ("on_time", "first_contact", "reopened", "repeats", "satisfied")


@pytest.fixture
def counted(store: Store, database_url: str) -> Store:
    """Four, five and thirty complaints of three departments in a month, all of them called back."""
    initialise(database_url)
    for team, region, count in (("four", "north", 4), ("five", "west", 5), ("thirty", "east", 30)):
        complain(store, "2025-03", count, department=team, region=region, opinion="satisfied", category=team)
    return store


def cards(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {card["name"]: card for card in document["cards"]}


def test_score_cards_hide_and_mark_shares_in_json_and_text(counted: Store, ombud: Ombud) -> None:
    found = cards(ombud("report", "scorecard", "--period", "2025-03", "--json").document)
    for name in SHARES:
        four, five, thirty = (found[team][name] for team in ("four", "five", "thirty"))
        assert (four["n"], four["value"], four["interval"]) == (4, None, None), name
        assert (four["hidden"], four["is_few"]) == ("fewer than 5", True), name
        assert five["value"] is not None, name
        assert (five["hidden"], five["is_few"]) == (None, True), name
        assert (thirty["hidden"], thirty["is_few"]) == (None, False), name
    assert (found["four"]["received"], found["four"]["p50"], found["four"]["p90"]) == (4, None, None)
    assert (found["four"]["adjusted"], found["four"]["shrunk"], found["four"]["hidden"]) == (None, None, "fewer than 5")
    assert found["five"]["p50"] == pytest.approx(2.0)
    lines = {
        line.split()[0]: line for line in ombud("report", "scorecard", "--period", "2025-03").lines if line.strip()
    }
    assert lines["four"].count("<5") == 7
    assert "100.0" not in lines["four"]
    assert "-100" not in lines["four"]
    assert "100.0~" in lines["five"]
    assert "100.0~" not in lines["thirty"]


def test_complaints_by_group_hide_shares_in_json_and_text(counted: Store, ombud: Ombud) -> None:
    arguments = ("report", "complaints", "--period", "2025-03", "--by", "region")
    groups = {group["name"]: group for group in ombud(*arguments, "--json").document["groups"]}
    for name in ("within_eight_weeks", "repeats", "satisfied"):
        assert groups["north"][name] == {
            "share": None, "n": 4, "low": None, "high": None, "hidden": "fewer than 5", "is_few": True,
        }, name  # fmt: skip
        assert (groups["west"][name]["hidden"], groups["west"][name]["is_few"]) == (None, True)
        assert (groups["east"][name]["hidden"], groups["east"][name]["is_few"]) == (None, False)
    assert groups["north"]["received"] == 4
    lines = {line.split()[0]: line for line in ombud(*arguments).lines if line.strip()}
    assert "<5" in lines["north"]
    assert "100.00" not in lines["north"]
    assert "100.00~" in lines["west"]
    assert "100.00~" not in lines["east"]


def test_ageing_hides_the_days_to_close_of_few(store: Store, database_url: str, ombud: Ombud) -> None:
    initialise(database_url)
    from console import clock
    from console.rules.months import month_of, shifted

    last = shifted(month_of(clock.now(), UTC), -1)
    complain(store, last, 4, region="north")
    complain(store, last, 5, region="west")
    document = ombud("report", "ageing", "region:north", "--json").document
    assert (document["km_n"], document["km_hidden"], document["closed_hidden"]) == (4, "fewer than 5", "fewer than 5")
    assert {days for _at, days in document["km_quantiles"] + document["closed_quantiles"]} == {None}
    assert (document["still_open"]["value"], document["still_open"]["hidden"]) == (None, "fewer than 5")
    assert "P50 <5" in ombud("report", "ageing", "region:north").out
    five = ombud("report", "ageing", "region:west", "--json").document
    assert (five["km_hidden"], five["km_is_few"], five["closed_n"]) == (None, True, 5)
    assert five["closed_quantiles"][0] == [0.5, pytest.approx(2.0)]
    assert "P50 2.0~" in ombud("report", "ageing", "region:west").out


def test_improvements_hide_the_sides_of_few(counted: Store, ombud: Ombud) -> None:
    complain(counted, "2025-04", 6, region="north", opinion="dissatisfied")
    row = register(
        counted,
        "call sooner",
        indicator="satisfied",
        treated="region:north",
        control="region:east",
        starts_on=date(2025, 4, 1),
        minimum_effect=5.0,
        months_before=1,
        months_after=1,
        actor=caller().login,
    )
    document = ombud("improvement", "measure", row.number, "--json").document
    assert document["treated_before"] == {
        "successes": None, "n": 4, "value": None, "hidden": "fewer than 5", "is_few": True,
    }  # fmt: skip
    assert (document["treated_after"]["value"], document["treated_after"]["is_few"]) == (0.0, True)
    assert (document["control_before"]["value"], document["control_before"]["is_few"]) == (100.0, False)
    for name in ("treated", "difference"):
        assert document[name] == {"value": None, "low": None, "high": None, "p": None}, name
    assert document["needed"] is None
    assert {month["month"]: month["treated"] for month in document["months"]} == {"2025-03": None, "2025-04": 0.0}
    treated = next(line for line in ombud("improvement", "measure", row.number).lines if line.startswith("Treated"))
    assert treated.split() == ["Treated", "4", "<5", "6", "0.0~", "-"]


@pytest.mark.parametrize(
    ("unit", "exposure", "hidden", "is_few"),
    [
        ("share", 4.0, "fewer than 5", True),
        ("score", 5.0, None, True),
        ("share", 30.0, None, False),
        ("per_1000", 0.004, "fewer than 5", True),
        ("per_1000", 65.8, None, False),
        ("per_month", 1.0, None, False),
    ],
)
def test_alerts_are_hidden_by_what_they_are_divided_by(
    unit: str, exposure: float, hidden: str | None, is_few: bool
) -> None:
    at = datetime(2025, 4, 1, tzinfo=UTC)
    row = AlertRow(
        number="A-0001", cell="kind:complaint", subject="complaints", rule="limit", level="high", month="2025-03",
        latest_month="2025-03", unit=unit, value=0.5, expected=0.2, limit=0.4, count=2.0, exposure=exposure, z=3.2,
        p=0.001, q=0.01, spread=1.0, began="", is_provisional=False, months_repeated=1, state="open", owner="", note="",
        cause="", first_seen_at=at, last_seen_at=at, closed_at=None, previous="", version=1,
    )  # fmt: skip
    document = disclosed_alert(row)
    assert (document["hidden"], document["is_few"]) == (hidden, is_few)
    assert document["value"] == (None if hidden else 0.5)
