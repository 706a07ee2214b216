"""``ombud staff``: people and roles, changed by administrators only."""

from __future__ import annotations

from commanding import Ombud

from console.services.access import caller


def test_people_come_change_and_go(ombud: Ombud) -> None:
    added = ombud(
        "staff", "add", "li", "--name", "Li Na", "--role", "lead", "--department", "marketing", "--skills", "b,a"
    )
    assert (added.code, added.lines) == (0, ["li lead marketing"])
    assert ombud("staff", "add", "li").code == 1
    changed = ombud("staff", "change", "li", "--department", "", "--territory", "east", "--json").document
    assert (changed["department"], changed["territory"], changed["skills"]) == ("", "east", "b, a")
    assert ombud("staff", "change", "li").code == 2
    assert ombud("staff", "change", "lee", "--role", "agent").code == 1
    wrong = ombud("staff", "change", "li", "--role", "leed")
    assert wrong.code == 2
    assert "Did you mean lead?" in wrong.err
    assert ombud("staff", "disable", "li").lines == ["li lead - disabled"]
    assert [member["login"] for member in ombud("staff", "list", "--json").document["staff"]] == [caller().login]
    assert len(ombud("staff", "list", "--all", "--jsonl").lines) == 2
    assert ombud("staff", "enable", "li").code == 0
    assert "Li Na" in ombud("staff", "list").out


def test_somebody_always_administers(ombud: Ombud) -> None:
    me = caller().login
    kept = ombud("staff", "disable", me)
    assert kept.code == 1
    assert "last administrator" in kept.err
    assert ombud("staff", "change", me, "--role", "agent").code == 1
    ombud("staff", "add", "boss", "--role", "administrator")
    assert ombud("staff", "change", me, "--role", "agent").code == 0
    assert ombud("staff", "add", "friend").code == 5
    assert ombud("staff", "disable", "boss").code == 5
    assert ombud("policy", "apply", "cn-95598").code == 5
    assert ombud("policy", "recompute").code == 5
