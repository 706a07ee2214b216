"""``ombud task``: listed, done, checked and cancelled from the command line."""

from __future__ import annotations

from commanding import Ombud


def test_a_letter_due_already_when_a_case_is_taken_down_is_listed_and_done(ombud: Ombud) -> None:
    assert ombud("policy", "apply", "gb-energy", "--from", "2020-01-01").code == 0
    ombud("case", "new", "--subject", "The bill is wrong", "--received", "2026-01-05T10:00", "--key", "one")
    (task,) = ombud("task", "list", "--kind", "letter", "--json").document["tasks"]
    assert (task["case"], task["state"], task["clock"]) == ("C-000001", "open", "ombudsman")
    assert task["due_on"] == "2026-03-02"
    assert ombud("remind", "--json").document["tasks"] == []
    assert ombud("task", "list", "--due-by", "2026-03-01", "--jsonl").out == ""
    assert "ombudsman letter" in ombud("case", "show", "C-000001").out
    ended = ombud("task", "done", str(task["number"]), "--note", "posted")
    assert ended.lines == [f"Task {task['number']} of C-000001 is done."]
    assert ombud("task", "check", str(task["number"])).code == 5
    assert ombud("task", "list", "--state", "done", "--owner", "me", "--json").code == 0


def test_what_means_nothing_is_refused(ombud: Ombud) -> None:
    for arguments, code in (
        (("list", "--kind", "gift"), 2),
        (("list", "--state", "lost"), 2),
        (("list", "--due-by", "soon"), 2),
        (("done", "99"), 1),
        (("cancel", "99"), 2),
    ):
        ended = ombud("task", *arguments)
        assert (ended.code, ended.out) == (code, "")
        assert ended.err


def test_a_case_that_moves_to_another_policy_gets_its_tasks(ombud: Ombud) -> None:
    ombud("case", "new", "--subject", "The bill is wrong", "--received", "2026-01-05T10:00", "--key", "one")
    assert ombud("policy", "apply", "gb-energy", "--from", "2020-01-01").code == 0
    assert [task["rule"] for task in ombud("task", "list", "--json").document["tasks"]] == ["ombudsman letter"]
