"""``ombud satisfaction``: every command on a small survey, as tables and as JSON."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from survey_files import mixed, profile_file, row, written

from console.commands.main import run


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
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
