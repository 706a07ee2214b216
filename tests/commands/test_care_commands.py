"""``ombud campaign``, ``manager``, ``visits`` and ``points``."""

from __future__ import annotations

from pathlib import Path

import pytest
from care_data import enter
from commanding import Ombud

from console.services.access import caller
from console.storage.engine import open_store


@pytest.fixture
def filled(ombud: Ombud, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ombud:
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    store = open_store(database_url)
    enter(
        store,
        [
            {"number": "1", "name": "王伟", "phone": "13800138001", "region": "north"},
            {"number": "2", "name": "Mill", "kind": "enterprise", "size": "large", "phone": "13800138002"},
            {"number": "3", "name": "Nobody reaches him"},
        ],
    )
    store.close()
    return ombud


def test_a_campaign_from_its_beginning_to_its_end(filled: Ombud) -> None:
    made = filled(
        "campaign", "new", "问候", "sort:number", "--script", "您好", "--due", "2026-12-31", "--json"
    ).document
    assert (made["number"], made["customers"], made["left_out"]["unreachable"]) == ("CP-0001", 2, 1)
    assert made["due_on"] == "2026-12-31"
    assert [row["customer"] for row in filled("campaign", "calls", "CP-0001", "--json").document["calls"]] == ["1", "2"]
    assert "138****8001" in filled("campaign", "calls", "CP-0001").out
    assert filled("campaign", "record", "CP-0001", "1", "--outcome", "reached", "--content", "好").code == 0
    assert filled("campaign", "record", "CP-0001", "1", "--outcome", "reached").code == 1
    assert filled("campaign", "record", "CP-0001", "2", "--outcome", "pleased").code == 2
    assert "1 of 2 done, 1 reached" in filled("campaign", "progress", "CP-0001").out
    assert filled("campaign", "close", "CP-0001", "--json").document["dropped"] == 1
    assert filled("campaign", "list", "--json").document["campaigns"] == []
    assert len(filled("campaign", "list", "--all", "--jsonl").lines) == 1
    assert filled("campaign", "progress", "CP-9").code == 1
    assert filled("campaign", "new", "x", "kind:firm").code == 2


def test_managers_and_visits(filled: Ombud) -> None:
    me = caller().login
    assert filled("manager", "set", me, "--region", "north", "--from", "2026-01-01").code == 0
    assert filled("manager", "set", me).code == 2
    assert filled("manager", "list", "--json").document["managers"][0]["region"] == "north"
    assert filled("customers", "list", "manager:me", "--count").lines == ["1"]
    assert [row["number"] for row in filled("visits", "due", "--json").document["visits"]] == ["2"]
    assert filled("visits", "made", "2", "--content", "all well").code == 0
    assert filled("visits", "due").out.count("\n") == 1
    assert filled("visits", "made", "--json").document["visits"][0]["customer"] == "2"
    (figure,) = [row for row in filled("visits", "coverage", "--json").document["coverage"] if row["kind"] == "all"]
    assert (figure["customers"], figure["covered"], figure["share"]) == (1, 1, 1.0)
    assert filled("manager", "end", "--region", "north").code == 0


def test_points(filled: Ombud) -> None:
    assert filled("points", "add", "1", "50", "--reason", "paid on time").code == 0
    assert filled("points", "add", "1", "--reason", "gift", "--", "-60").code == 1
    assert filled("points", "add", "1", "--reason", "gift", "--", "-20").code == 0
    assert filled("points", "balance", "1").out == "30 points: 50 given, 20 used\n"
    entry = filled("points", "list", "1", "--json").document["entries"][0]["entry"]
    assert filled("points", "reverse", str(entry), "--reason", "not handed over").code == 0
    assert filled("points", "balance", "1", "--json").document["balance"] == 50
    assert filled("points", "add", "1", "5").code == 2
