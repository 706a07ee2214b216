"""``ombud policy``: rules that a supervisor changes without code."""

from __future__ import annotations

from pathlib import Path

import pytest
from commanding import Ombud

from console.rules.policies import load_pack, ready_packs


def strict(folder: Path) -> Path:
    """The default policy with two hours instead of four days for the reply to a complaint."""
    path = folder / "strict.toml"
    before, rule, after = load_pack("cn-95598").partition('rule = "complaint reply"\n')
    path.write_text(before + rule + after.replace('target = "4d"', 'target = "2ch"', 1), "utf-8")
    return path


def test_every_fault_is_told_with_its_line(ombud: Ombud, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(load_pack("iso-10002").replace('to = "archived"', 'to = "archive"', 1) + "\n[colour]\n", "utf-8")
    checked = ombud("policy", "check", str(path))
    assert checked.code == 1
    assert len(checked.lines) >= 2
    assert all(line.startswith(f"{path}:") and " — " in line for line in checked.lines)
    document = ombud("policy", "check", str(path), "--json").document
    assert document["is_valid"] is False
    assert set(document["faults"][0]) == {"line", "path", "message", "remedy"}
    applied = ombud("policy", "apply", str(path))
    assert (applied.code, applied.out) == (1, "")
    assert f"{path}:" in applied.err
    assert len(ombud("policy", "history", "--jsonl").lines) == 1


@pytest.mark.parametrize("name", ready_packs())
def test_the_ready_policies_are_without_fault(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    from console.commands.main import run

    assert run(["policy", "check", name]) == 0
    assert capsys.readouterr().out == f"{name}: no faults\n"


def test_a_policy_is_tried_before_it_is_applied(ombud: Ombud, tmp_path: Path) -> None:
    path = strict(tmp_path)
    ombud("case", "new", "--subject", "a", "--category", "billing", "--detail", "contact=1", "--severity", "1")
    ombud("case", "triage", "C-000001")
    ombud("case", "dispatch", "C-000001")
    ombud("case", "contact", "C-000001", "--note", "called")
    before = ombud("case", "show", "C-000001", "--json").document
    tried = ombud("policy", "what-if", str(path), "--json").document
    assert (tried["cases"], tried["changed"], tried["breaches"]) == (1, 1, 0)
    assert tried["changes"][0]["due_before"] == before["due_at"]
    assert tried["changes"][0]["due_after"] < before["due_at"]
    assert ombud("case", "show", "C-000001", "--json").document["due_at"] == before["due_at"]
    assert [line[0] for line in ombud("policy", "diff", str(path)).lines] == ["~"]
    applied = ombud("policy", "apply", str(path), "--from", "2022-01-01", "--json")
    assert applied.document["valid_from"] == "2021-12-31T16:00:00Z"
    after = ombud("case", "show", "C-000001", "--json").document
    assert after["due_at"] == tried["changes"][0]["due_after"]
    assert ombud("policy", "recompute", "--json").document["cases"] == 1
    assert ombud("case", "show", "C-000001", "--json").document["due_at"] == after["due_at"]
    history = ombud("policy", "history", "--json").document["versions"]
    assert [version["id"] for version in history] == [2, 1]
    assert ombud("policy", "show").out == path.read_text("utf-8")
    assert ombud("policy", "show", "--version", "1").out == load_pack("cn-95598")
    assert ombud("policy", "show", "--version", "9").code == 2


def test_the_way_of_a_case_is_drawn(ombud: Ombud) -> None:
    drawn = ombud("policy", "show", "--diagram")
    assert drawn.lines[0].startswith("( ) open")
    assert any("--> | ( ) Received" in line for line in drawn.lines)
    chinese = ombud("policy", "show", "--diagram", "--lang", "zh_CN")
    assert any("已接收" in line for line in chinese.lines)


def test_what_is_no_policy_is_refused(ombud: Ombud, tmp_path: Path) -> None:
    missing = ombud("policy", "check", "cn-95589")
    assert missing.code == 2
    assert "Did you mean cn-95598?" in missing.err
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert ombud("policy", "check", str(binary)).code == 2
    assert ombud("policy", "apply", "cn-95598", "--from", "soon").code == 2
    assert [pack["name"] for pack in ombud("policy", "packs", "--json").document["packs"]] == list(ready_packs())
