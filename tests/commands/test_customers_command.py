"""``ombud customers``, ``ombud segment`` and what ``ombud customer`` does to one dossier."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from care_data import enter
from commanding import Ombud

from console.storage.engine import open_store

CUSTOMERS: tuple[dict[str, Any], ...] = (
    {"number": "1", "name": "曾国强", "phone": "138 0013 8000", "address": "人民路7号", "region": "north"},
    {"number": "2", "name": "曾國強", "phone": "13800138000"},
    {"number": "3", "name": "Mill", "kind": "enterprise"},
)


@pytest.fixture
def filled(ombud: Ombud, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ombud:
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    store = open_store(database_url)
    enter(store, CUSTOMERS, ({"number": "A-1", "customer": "1", "address": "人民路7号"},))
    store.close()
    return ombud


def test_lists_by_a_filter(filled: Ombud) -> None:
    listed = filled("customers", "list", "kind:individual", "--json").document
    assert (listed["total"], [row["number"] for row in listed["customers"]]) == (2, ["1", "2"])
    assert "id" not in listed["customers"][0]
    assert filled("customers", "list", "--count").lines == ["3"]
    assert len(filled("customers", "list", "--jsonl").lines) == 3
    assert "138****8000" in filled("customers", "list").out
    wrong = filled("customers", "list", "kind:firm")
    assert wrong.code == 2
    assert "^" in wrong.err


def test_complete_dossiers(filled: Ombud) -> None:
    document = filled("customers", "completeness", "--json").document
    assert document["figures"][2]["complete"] == 1
    assert document["figures"][2]["share_complete"] == pytest.approx(1 / 3)
    assert "50.0 %" in filled("customers", "completeness").out
    assert "phone, address, supply" not in filled("customers", "completeness").out
    assert "phone, address, region, supply, account" in filled("customers", "completeness", "--list").out.replace(
        "account, region, supply", "region, supply, account"
    )
    assert filled("customer", "confirm", "1").code == 0
    assert filled("customer", "confirm", "3").code == 1


def test_doubles_are_proposed_merged_and_taken_apart(filled: Ombud) -> None:
    (pair,) = filled("customers", "duplicates", "--json").document["pairs"]
    assert (pair["one"]["number"], pair["other"]["number"], pair["score"]) == ("1", "2", 0.7)
    assert "same name, same telephone" in filled("customers", "duplicates").out
    merged = filled("customer", "merge", "1", "2", "--json").document
    assert (merged["merged"], merged["into"], merged["moved"]) == ("1", "2", {"service_accounts": 1})
    assert filled("customer", "merge", "2", "2").code == 1
    assert filled("customer", "merge", "2", "9").code == 1
    assert filled("customers", "duplicates").out.count("\n") == 1
    assert filled("customer", "unmerge", "1").code == 0
    assert filled("customer", "merges", "--json").document["merges"][0]["undone_at"]
    assert filled("customer", "distinct", "1", "2").code == 0
    assert filled("customers", "duplicates", "--json").document["found"] == 0


def test_segments(filled: Ombud) -> None:
    assert filled("segment", "save", "persons", "kind:individual", "--json").document["members"] == 2
    assert filled("customers", "list", "segment:persons", "--count").lines == ["2"]
    assert filled("queue", "segment:persons", "--count").code == 0
    assert filled("segment", "save", "persons", "kind:nobody").code == 2
    wrong = filled("queue", "kind:complaint segment:person", "--count")
    assert wrong.code == 2
    assert "There is no segment person (at character 24)." in wrong.err
    assert "Did you mean persons?" in wrong.err
    assert filled("segment", "list", "--jsonl").document["name"] == "persons"
    assert filled("segment", "remove", "persons").code == 0
    assert filled("segment", "remove", "persons").code == 1


def test_exports_of_some_customers_with_their_manifest(filled: Ombud, tmp_path: Path) -> None:
    file, manifest = tmp_path / "north.csv", tmp_path / "north.json"
    done = filled(
        "export", "customers", "region:north", "-o", str(file), "--columns", "number,name", "--manifest", str(manifest)
    )
    assert done.code == 0
    assert file.read_text("utf-8-sig").splitlines() == ["number,name", "1,曾国强"]
    told = json.loads(manifest.read_text("utf-8"))
    assert (told["kind"], told["filter"], told["rows"], told["columns"]) == (
        "customers", "region:north", 1, ["number", "name"],
    )  # fmt: skip
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert filled("export", "accounts", "kind:individual", "--columns", "number").lines == ["number", "A-1"]
    assert filled("export", "accounts", "kind:enterprise", "--columns", "number").lines == ["number"]
    wrong = filled("export", "bills", "nombre:1")
    assert wrong.code == 2
    assert "^" in wrong.err
    assert filled("export", "customers", "sort:name").code == 2


def test_contacts(filled: Ombud) -> None:
    logged = filled(
        "customer", "contact", "1", "--content", "[bold]hi\x1b[2J", "--cost", "12.50", "--currency", "CNY", "--json"
    ).document
    assert (logged["cost_minor"], logged["who"] != "", "\x1b" in logged["content"]) == (1250, True, False)
    assert filled("customer", "contact", "1", "--cost", "-3").code == 2
    assert filled("customer", "contact", "1", "--channel", "pigeon").code == 2
    assert filled("customer", "contact", "9").code == 1
    assert filled("customer", "contact", "1", "--at", "2999-01-01").code == 2
    assert [row["customer"] for row in filled("contact", "list", "--json").document["contacts"]] == ["1"]
    assert "12.50 CNY" in filled("contact", "list", "--customer", "1").out
    assert filled("contact", "list", "--purpose", "gossip").code == 2


def test_refresh_says_what_changed(filled: Ombud) -> None:
    report = filled("customers", "refresh", "--json").document
    assert (report["customers"], report["finished_at"] is not None) == (3, True)
    assert report["changes"]["stage - > potential"] == 2
    assert filled("customers", "refresh").out == ""
    assert filled("customers", "list", "stage:potential", "--count").lines == ["2"]
    assert filled("customers", "value", "--json").document["tiers"][0]["tier"] == "low"
    assert "No contribution" in filled("customers", "value").out
    (held,) = filled("customers", "holdings", "--json").document["holdings"]
    assert (held["services"], held["customers"], held["left"]) == (1, 1, 0)
    assert "0.0 %" in filled("customers", "holdings").out
    missing = filled("customers", "transitions")
    assert (missing.code, "refresh" in missing.err) == (1, True)
