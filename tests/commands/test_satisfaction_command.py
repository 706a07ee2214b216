"""``ombud satisfaction``: every command on a small survey, as tables and as JSON."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from survey_files import PROFILE, mixed, profile_file, row, written

from console.commands.main import run
from console.services.setup import initialise


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
    initialise(database_url)
    path = written(tmp_path / "answers.csv", [*mixed(60), row(70, scores=(7, 1, 1))])
    assert run(["import", "responses", str(path), "--profile", profile_file(tmp_path)]) == 4
    return database_url


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_every_command_answers_as_table_and_as_json(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "weights.toml"
    weights.write_text(
        'name = "v2"\nmethod = "points"\n[groups.service]\nweights = { speed = 3, staff = 1 }\n', "utf-8"
    )
    for arguments in (
        ["summary"],
        ["summary", "survey:hall region:east"],
        ["tree", "--survey", "hall"],
        ["tree", "--tree", "list"],
        ["pivot", "region", "month", "--where", "indicator:all"],
        ["drivers", "survey:hall", "--replicates", "20"],
        ["compare", "region:east indicator:all", "region:west indicator:all", "--by", "month"],
        ["plan", "hall"],
        ["weights", "hall"],
        ["weights", "hall", str(weights), "--apply"],
        ["answers", "survey:hall level:1", "--limit", "2"],
        ["cells", "--rebuild"],
    ):
        assert run(["satisfaction", *arguments]) == 0
        assert capsys.readouterr().out
        document(capsys, "satisfaction", *arguments)
    assert document(capsys, "satisfaction", "tree", "--survey", "hall")["weights_version"] == "v2"
    (survey,) = document(capsys, "satisfaction", "summary", "survey:hall")["surveys"]
    assert (survey["code"], survey["responses"], survey["scale_low"], survey["scale_high"]) == ("hall", 60, 1, 5)
    speed = next(item for item in survey["indicators"] if item["indicator"] == "speed")
    assert speed["n"] == 50
    assert speed["missing"] == {"NA": 10}
    table = tmp_path / "pivot.csv"
    assert run(["satisfaction", "pivot", "region", "--where", "indicator:all", "--csv", str(table)]) == 0
    with table.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert {"n", "low", "high", "scale", "coverage", "weights_version", "disclosure"} <= set(lines[0])
    assert sum(int(line["n"]) for line in lines) == 60


WRONG = (
    (["summary", "survey:none"], "No survey is chosen"),
    (["pivot", "color"], "no dimension color"),
    (["pivot", "region", "--where", "colour:red"], "Unknown field colour:"),
    (["tree", "--tree", "seven-topic"], "Did you mean seven-topics?"),
    (["plan", "none"], "There is no survey none"),
    (["weights", "hall", "--apply"], "nothing to apply"),
    (["drivers", "--paths", "a-b"], "not a list of paths"),
)


def test_what_cannot_be_answered_is_one_line_and_a_hint(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, told in WRONG:
        capsys.readouterr()
        assert run(["satisfaction", *arguments]) in (1, 2)
        captured = capsys.readouterr()
        assert told in captured.err
        assert captured.out == ""


def test_every_table_goes_out_in_every_format_with_what_a_figure_needs(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow.parquet
    from python_calamine import CalamineWorkbook

    needed = {"n", "low", "high", "scale", "coverage", "weights_version", "disclosure", "value"}
    commands = (
        ["summary"],
        ["overview", "survey:hall"],
        ["tree", "--survey", "hall"],
        ["drivers", "survey:hall", "--replicates", "20"],
        ["pivot", "region", "month", "--where", "survey:hall", "--measure", "index"],
        ["compare", "region:east", "region:west"],
    )
    for number, arguments in enumerate(commands):
        capsys.readouterr()
        assert run(["satisfaction", *arguments, "--format", "jsonl"]) == 0
        records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert needed <= records[0].keys(), arguments
        paths = {kind: tmp_path / f"{number}.{kind}" for kind in ("csv", "xlsx", "parquet")}
        for path in paths.values():
            assert run(["satisfaction", *arguments, "--output", str(path)]) == 0
        with paths["csv"].open(encoding="utf-8", newline="") as stream:
            lines = list(csv.DictReader(stream))
        table = pyarrow.parquet.read_table(paths["parquet"]).to_pylist()
        sheet = CalamineWorkbook.from_path(str(paths["xlsx"])).get_sheet_by_index(0).to_python()
        assert len(lines) == len(table) == len(sheet) - 1 == len(records), arguments
        for record, line, parquet in zip(records, lines, table, strict=True):
            assert record["n"] == int(line["n"]) == parquet["n"]
            assert parquet["value"] == record["value"]
            assert line["value"] == ("" if record["value"] is None else repr(record["value"]))


def test_a_table_that_cannot_be_written_is_refused_before_anything_is_asked(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["satisfaction", "summary", "--format", "exel"]) == 2
    assert "There is no export format exel" in capsys.readouterr().err
    assert run(["satisfaction", "summary", "--csv", "a.csv", "--output", "b.csv"]) == 2
    assert run(["satisfaction", "summary", "--output", str(tmp_path / "none" / "x.csv")]) == 2
    assert list(tmp_path.glob("*.part")) == []


def test_weights_that_do_not_add_up_are_refused(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "round.toml"
    text = 'name = "a"\nmethod = "ahp"\n[groups.service]\norder = ["speed", "staff"]\nupper = ["1/3"]\n'
    path.write_text(text, "utf-8")
    assert document(capsys, "satisfaction", "weights", "hall", str(path))["consistency"] == 0
    path.write_text(
        text.replace('upper = ["1/3"]', "weights = { speed = 0.5, staff = 0.4 }").replace("ahp", "shares"), "utf-8"
    )
    capsys.readouterr()
    assert run(["satisfaction", "weights", "hall", str(path), "--apply"]) in (1, 2)
    assert "0.9" in capsys.readouterr().err


def test_the_overview_says_on_the_command_line_what_the_console_shows(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = document(capsys, "satisfaction", "overview", "survey:hall")
    (summary,) = document(capsys, "satisfaction", "summary", "survey:hall")["surveys"]
    assert found["headlines"][0]["figure"] == summary["index"]
    assert found["survey"]["index"] == summary["index"]
    assert {"weak_points", "drill", "months", "splits", "target"} <= found.keys()
    assert run(["satisfaction", "overview", "survey:hall"]) == 0
    assert "top_two all" in capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    capsys.readouterr()
    assert run(list(arguments)) == code
    return capsys.readouterr().err


def test_weights_that_cannot_be_used_are_shown_with_the_repair_and_never_entered(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cycle.toml"
    head = 'name = "cycle"\nmethod = "ahp"\ntree = "five-criteria"\n[groups.top]\n'
    topics = ["technical", "staff", "image"]
    path.write_text(f'{head}order = {json.dumps(topics)}\nupper = [3, "1/3", 3]\n', "utf-8")
    found = document(capsys, "satisfaction", "weights", "hall", str(path))
    assert found["consistency"] == pytest.approx(1.149425, abs=1e-6)
    assert list(found["weights"].values()) == pytest.approx([1 / 3] * 3)
    assert "Ask again about" in found["refusal"]
    assert "would bring the ratio to" in found["refusal"]
    assert not found["is_applied"]
    told = refused(capsys, 1, "satisfaction", "weights", "hall", str(path), "--apply")
    assert "cannot be used" in told
    assert "Ask again about" in told
    assert document(capsys, "satisfaction", "weights", "hall")["versions"] == []
    refused(capsys, 1, "satisfaction", "overview", "survey:hall", "--weights", "cycle")


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ("{ speed = 0.5, staff = 0.4 }", "0.9"),
        ("{ speed = -0.5, staff = 1.5 }", "negative"),
        ("{ speed = 0, staff = 0 }", "zero"),
        ("{ speed = nan, staff = 1 }", "missing"),
        ("{ sped = 0.5, staff = 0.5 }", "Did you mean speed?"),
    ],
)
def test_shares_that_are_no_weights_are_refused_and_change_nothing(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], weights: str, words: str
) -> None:
    path = tmp_path / "w.toml"
    path.write_text(f'name = "w"\nmethod = "shares"\n[groups.service]\nweights = {weights}\n', "utf-8")
    capsys.readouterr()
    assert run(["satisfaction", "weights", "hall", str(path), "--apply"]) in (1, 2)
    told = capsys.readouterr().err
    assert words in told, told
    assert document(capsys, "satisfaction", "weights", "hall")["versions"] == []


def test_shares_a_little_off_are_set_right_and_that_is_said(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.toml"
    path.write_text(
        'name = "w"\nmethod = "shares"\n[groups.service]\nweights = { speed = 0.6, staff = 0.41 }\n', "utf-8"
    )
    found = document(capsys, "satisfaction", "weights", "hall", str(path), "--apply")
    assert sum(found["weights"].values()) == pytest.approx(1)
    assert found["weights"]["speed"] == pytest.approx(0.6 / 1.01)
    assert found["warnings"]


def test_a_version_of_the_weights_is_chosen_for_one_look(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.toml"
    for name, speed in (("fast", 9), ("even", 1)):
        path.write_text(
            f'name = "{name}"\nmethod = "points"\n[groups.service]\nweights = {{ speed = {speed}, staff = 1 }}\n',
            "utf-8",
        )
        assert run(["satisfaction", "weights", "hall", str(path), "--apply"]) == 0
    by_version = {}
    for name in ("fast", "even"):
        found = document(capsys, "satisfaction", "overview", "survey:hall", "--weights", name)
        (summary,) = document(capsys, "satisfaction", "summary", "survey:hall", "--weights", name)["surveys"]
        tree = document(capsys, "satisfaction", "tree", "--survey", "hall", "--weights", name)
        pivot = document(
            capsys, "satisfaction", "pivot", "region", "--where", "survey:hall", "--measure", "index", "--weights", name
        )
        assert found["survey"]["index"]["weights_version"] == summary["index"]["weights_version"] == name
        assert tree["weights_version"] == pivot["total"]["weights_version"] == name
        by_version[name] = (summary["index"]["value"], {node["id"]: node["weight"] for node in tree["nodes"]})
    assert by_version["fast"][0] != pytest.approx(by_version["even"][0])
    assert by_version["fast"][1]["speed"] == pytest.approx(0.9)
    assert (
        document(capsys, "satisfaction", "summary", "survey:hall")["surveys"][0]["index"]["weights_version"] == "even"
    )
    assert "There are: even, fast." in refused(capsys, 1, "satisfaction", "summary", "survey:hall", "--weights", "none")


def test_the_rule_that_leaves_responses_out_is_chosen_and_shown_beside_n(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (before,) = document(capsys, "satisfaction", "summary", "survey:hall")["surveys"]
    assert (before["excluded"], before["quality_rule"]) == (0, "none")
    assert "--reason" in refused(capsys, 2, "survey", "quality", "hall", "--rule", "double")
    assert "change a rule" in refused(capsys, 2, "survey", "quality", "hall", "--reason", "x")
    found = document(
        capsys, "survey", "quality", "hall", "--rule", "contradiction", "--contradiction", "all,speed", "--tolerance", "30",
        "--reason", "asked twice",
    )  # fmt: skip
    assert found["left_out"] == found["excluded"]["contradiction"] > 0
    (after,) = document(capsys, "satisfaction", "summary", "survey:hall")["surveys"]
    overview = document(capsys, "satisfaction", "overview", "survey:hall")
    assert after["excluded"] == overview["survey"]["excluded"] == found["left_out"]
    assert after["index"]["n"] < before["index"]["n"]
    assert document(capsys, "satisfaction", "cells")["is_sound"]
    table = tmp_path / "t.jsonl"
    for command in (
        ["summary"], ["overview"], ["tree", "--survey", "hall"], ["pivot", "region"], ["drivers", "survey:hall"],
    ):  # fmt: skip
        assert run(["satisfaction", *command, "--output", str(table)]) == 0
        rows = [json.loads(text) for text in table.read_text("utf-8").splitlines()]
        assert {(row["excluded"], row["quality_rule"]) for row in rows} == {(found["left_out"], "contradiction")}
    capsys.readouterr()
    assert run(["satisfaction", "overview", "survey:hall"]) == 0
    assert f"contradiction: {found['left_out']} of 60" in capsys.readouterr().out


def test_responses_are_weighted_to_totals(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, 2, "survey", "weigh", "hall", "--total", "region=east")
    assert "names no total" in told
    totals = ["--total", "region:east=50", "--total", "region:west=30", "--total", "region:=20"]
    shown = document(capsys, "survey", "weigh", "hall", *totals, "--dry-run")
    found = document(capsys, "survey", "weigh", "hall", *totals, "--reason", "register")
    assert found == {**shown, "is_dry": False}
    assert found["start"] == "design"
    assert "--replace" in refused(capsys, 1, "survey", "weigh", "hall", *totals, "--reason", "register")
    assert document(capsys, "survey", "weigh", "hall", *totals, "--replace", "--reason", "register") == found
    assert {one["value"]: one["weighted"] for one in found["values"]} == pytest.approx(
        {"east": 0.5, "west": 0.3, "": 0.2}
    )
    assert run(["survey", "weigh", "hall", *totals, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert f"design effect {found['deff']:.2f}" in out
    assert f"came with the answers, of design effect {found['start_deff']:.2f}" in out
    assert run(["survey", "weigh", "hall", *totals, "--dry-run", "--from-one"]) == 0
    assert "the same weight for each" in capsys.readouterr().out
    assert document(capsys, "satisfaction", "cells")["is_sound"]


def test_plans_weights_answers_and_cells_are_tables_in_every_format(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.toml"
    path.write_text('name = "v"\nmethod = "points"\n[groups.service]\nweights = { speed = 3, staff = 1 }\n', "utf-8")
    assert run(["satisfaction", "weights", "hall", str(path), "--apply"]) == 0
    for command, columns in (
        (["plan", "hall"], {"survey", "scale", "weights_version"}),
        (["weights", "hall"], {"survey", "weights_version", "node", "weight", "consistency"}),
        (["answers", "survey:hall"], {"survey", "number", "indicator", "score", "scale", "weight", "excluded"}),
        (["cells"], {"survey", "indicator", "region", "month", "level", "n", "scale", "weights_version"}),
        (["compare", "region:east", "region:west"], {"scale", "n", "low", "high", "coverage", "weights_version"}),
    ):
        counts = set()
        for kind in ("csv", "xlsx", "jsonl", "parquet"):
            target = tmp_path / f"{command[0]}.{kind}"
            assert run(["satisfaction", *command, "--output", str(target)]) == 0
            if kind == "csv":
                with target.open(encoding="utf-8-sig", newline="") as stream:
                    rows = list(csv.DictReader(stream))
                assert columns <= rows[0].keys()
                counts.add(len(rows))
            elif kind == "jsonl":
                counts.add(len(target.read_text("utf-8").splitlines()))
            else:
                assert target.stat().st_size > 0
        assert len(counts) == 1
    assert document(capsys, "satisfaction", "cells")["is_sound"]
    assert "--json" in refused(
        capsys, 2, "satisfaction", "weights", "hall", str(path), "--csv", str(tmp_path / "x.csv")
    )


def test_answers_to_unknown_items_and_off_the_scale_are_refused_and_an_item_without_answers_is_said(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "does not ask sped" in refused(capsys, 2, "survey", "answer", "hall", "sped=3")
    assert "1 to 5" in refused(capsys, 2, "survey", "answer", "hall", "speed=9")
    other = PROFILE.replace("levels = [1, 5]", "levels = [1, 7]")
    path = written(tmp_path / "seven.csv", [row(900, scores=(7, 7, 7))])
    told = refused(capsys, 1, "import", "responses", str(path), "--profile", profile_file(tmp_path, other, "seven"))
    assert "scale" in told
    empty = written(tmp_path / "empty.csv", [row(place, scores=(4, 5, 0)) for place in range(40)])
    text = PROFILE.replace('code = "hall"', 'code = "quiet"')
    assert run(["import", "responses", str(empty), "--profile", profile_file(tmp_path, text, "quiet")]) == 0
    tree = document(capsys, "satisfaction", "tree", "--survey", "quiet")
    nodes = {node["id"]: node for node in tree["nodes"]}
    assert (nodes["staff"]["figure"]["value"], nodes["staff"]["figure"]["n"]) == (None, 0)
    assert nodes["service"]["figure"]["coverage"] == pytest.approx(0.6)
    assert not nodes["service"]["is_publishable"]
