"""``ombud view``, and views where cases are listed and exported."""

from __future__ import annotations

from commanding import Ombud

from console.services.views import QUEUE_VIEWS


def save(ombud: Ombud, *more: str) -> None:
    ended = ombud("view", "save", "Leaks", "region:east sort:-severity", "--columns", "due:20,reference,age", *more)
    assert (ended.code, ended.out) == (0, "Saved: Leaks\n")


def test_a_view_goes_through_its_life(ombud: Ombud) -> None:
    save(ombud)
    shown = ombud("view", "show", "leaks", "--json").document
    assert shown == {
        "name": "Leaks", "is_ready": False, "owner": shown["owner"], "is_own": True, "is_shared": False,
        "filter": "region:east", "sort": ["-severity"],
        "columns": [{"name": "due", "width": 20}, {"name": "reference", "width": 14}, {"name": "age", "width": 6}],
        "version": 1, "fault": None,
    }  # fmt: skip
    assert ombud("view", "share", "Leaks").out == "Shared with everybody: Leaks\n"
    assert ombud("view", "rename", "Leaks", "East leaks", "--json").document["version"] == 3
    assert ombud("view", "share", "East leaks", "--off").out == "No longer shared: East leaks\n"
    save(ombud)
    assert ombud("view", "move", "Leaks", "1").lines == ["Leaks", "East leaks"]
    assert ombud("view", "delete", "Leaks").out == "Deleted: Leaks\n"
    assert ombud("view", "delete", "Leaks").code == 2


def test_the_list_has_the_ready_views_and_ones_own(ombud: Ombud) -> None:
    save(ombud)
    names = [view["name"] for view in ombud("view", "list", "--json").document["views"]]
    assert names == [*(view.id for view in QUEUE_VIEWS), "Leaks"]
    counted = ombud("view", "list", "--counts", "--jsonl")
    assert len(counted.lines) == len(QUEUE_VIEWS) + 1
    assert '"cases":' in counted.lines[-1].replace(" ", "")
    assert ombud("view", "list", "--counts").lines[-1].split()[0] == "Leaks"


def test_a_view_chooses_cases_order_and_columns(ombud: Ombud) -> None:
    for summary, region in (("Dry tap", "east"), ("Dark lamp", "west")):
        assert ombud("case", "new", "--subject", summary, "--region", region).code == 0
    save(ombud)
    listed = ombud("queue", "--view", "LEAKS")
    assert listed.code == 0
    assert listed.lines[0].split() == ["Due", "Reference", "Age"]
    assert len(listed.lines) == 2
    assert ombud("queue", "kind:fault", "--view", "Leaks", "--count").out == "0\n"
    exported = ombud("export", "cases", "--view", "Leaks")
    assert exported.lines[0] == "due_at,reference"
    assert len(exported.lines) == 2
    chosen = ombud("export", "cases", "--view", "Leaks", "--columns", "reference,due,region")
    assert chosen.lines[0] == "reference,due_at,region"
    assert chosen.lines[1].endswith(",east")
    assert ombud("queue", "--columns", "region,subject").lines[0].split() == ["Region", "Subject"]


def test_wrong_views_are_one_sentence_and_the_right_code(ombud: Ombud) -> None:
    save(ombud)
    for arguments, code, told in (
        (("view", "save", "Leaks", "x"), 1, "You have a view Leaks already."),
        (("view", "save", "mine", "x"), 2, "is the name of a queue that everybody has"),
        (("view", "save", "B", "colour:red"), 2, "Unknown field colour:"),
        (("view", "save", "B", "x", "--columns", "duee"), 2, "Did you mean due?"),
        (("view", "share", "open"), 2, "open is a view that everybody has."),
        (("queue", "--view", "Leakz"), 2, "Did you mean Leaks?"),
        (("export", "cases", "--view", "Leakz"), 2, "There is no view Leakz."),
        (("queue", "--columns", "due,due"), 2, "stands twice"),
    ):
        ended = ombud(*arguments)
        assert (ended.code, ended.out) == (code, ""), arguments
        assert told in ended.err, arguments
    assert ombud("view", "save", "Leaks", "x", "--replace").code == 0
