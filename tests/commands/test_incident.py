"""``ombud incident``: many cases of one outage, answered together."""

from __future__ import annotations

from commanding import Ombud

OUTAGE = ("incident", "new", "--kind", "outage", "--title", "Cable cut", "--region", "east")


def test_the_cases_of_an_outage_are_found_and_answered_together(ombud: Ombud) -> None:
    for region in ("east", "east", "west"):
        ombud("case", "new", "--subject", f"dark in {region}", "--kind", "fault", "--region", region)
    ended = ombud(*OUTAGE, "--from", "2020-01-01", "--to", "2999-01-01")
    assert (ended.code, ended.out) == (0, "I-00001\n")
    assert "2 open cases may belong to it" in ended.err
    found = ombud("incident", "find", "I-00001", "--json").document
    assert [case["reference"] for case in found["cases"]] == ["C-000001", "C-000002"]
    too = ("--subject", "dark too", "--region", "east", "--category", "other", "--detail", "contact=1")
    joined = ombud("case", "new", *too, "--json").document
    assert joined["incident"] == "I-00001"
    attached = ombud("incident", "attach", "I-00001", "--found")
    assert attached.lines == ["C-000001 done under I-00001", "C-000002 done under I-00001"]
    assert ombud("incident", "attach", "I-00001", "C-000001").code == 1
    taken_out = ombud("incident", "detach", "I-00001", "C-000002")
    assert taken_out.lines == ["C-000002 done no longer under I-00001"]
    assert ombud("incident", "find", "I-00001", "--jsonl").out == ""
    ombud("case", "triage", "C-000001", "--category", "fault", "--address", "Main Street 1")
    tried = ombud("incident", "reply", "I-00001", "--reply", "Power is back", "--outcome", "solved", "--dry-run")
    assert tried.lines == ["C-000001 possible replied", "C-000004 possible replied"]
    told = ombud("incident", "reply", "I-00001", "--reply", "{reference}: power is back", "--outcome", "solved")
    assert told.lines == ["C-000001 done replied", "C-000004 done replied"]
    assert ombud("case", "show", "C-000001", "--json").document["reply"] == "C-000001: power is back"
    shown = ombud("incident", "show", "I-00001", "--json").document
    assert [child["reference"] for child in shown["children"]] == ["C-000001", "C-000004"]
    assert [child["reference"] for child in shown["taken_out"]] == ["C-000002"]
    assert (shown["cases"], shown["open_cases"], shown["exceptions"]) == (2, 2, 1)
    assert "Taken out" in ombud("incident", "show", "I-00001").out
    assert ombud("incident", "list", "--json").document["incidents"][0]["number"] == "I-00001"


def test_what_makes_no_sense_is_refused(ombud: Ombud) -> None:
    assert ombud(*OUTAGE, "--from", "2026-02-01", "--to", "2026-01-01").code == 2
    assert ombud(*OUTAGE, "--category", "biling").code == 2
    assert ombud("incident", "new", "--kind", "outrage", "--title", "x").code == 2
    assert ombud("incident", "show", "I-00009").code == 1
    ombud(*OUTAGE, "--from", "2026-01-01")
    assert ombud("incident", "end", "I-00001", "--at", "2025-12-31").code == 2
    assert ombud("incident", "end", "I-00001", "--at", "2026-01-03 10:00").out == "I-00001 ended 2026-01-03T02:00:00Z\n"
    assert ombud("incident", "attach", "I-00001").code == 2
    assert ombud("incident", "attach", "I-00001", "C-1", "--found").code == 2
