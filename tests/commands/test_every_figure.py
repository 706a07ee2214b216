"""Every figure in every table and format has what it is judged by, and is hidden where too few stand behind it."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from complaint_data import complain, complain_each
from office import furnish
from python_calamine import CalamineWorkbook
from survey_files import mixed, profile_file, row, written

from console import clock
from console.commands.main import run
from console.rules.column_types import ColumnType, Types
from console.rules.months import month_of, month_start, shifted
from console.services import alerts, improvements
from console.services.alert_runs import run as watch
from console.services.figure_tables import ANSWER_TYPES, TYPES
from console.services.quality_tables import TYPES as QUALITY_TYPES
from console.storage.engine import Store

FIGURE = {"value", "unit", "scale", "n", "low", "high", "interval", "coverage", "weights_version", "disclosure"}
LEFT_OUT = {"excluded", "quality_rule"}
BOTH = {
    f"{side}_{name}"
    for side in ("first", "second")
    for name in ("survey", "n", "low", "high", "disclosure", "excluded")
}
LAST = shifted(month_of(clock.now(), UTC), -1)
TABLES: tuple[tuple[list[str], set[str], Types], ...] = (
    (["satisfaction", "summary"], FIGURE | LEFT_OUT, TYPES),
    (["satisfaction", "overview", "survey:hall"], FIGURE | LEFT_OUT, TYPES),
    (["satisfaction", "tree", "--survey", "hall"], FIGURE | LEFT_OUT, TYPES),
    (["satisfaction", "drivers", "survey:hall", "--replicates", "20"], FIGURE | LEFT_OUT, TYPES),
    *(
        (["satisfaction", "pivot", "region", "month", "--where", f"survey:hall{more}", "--measure", measure],
         FIGURE | LEFT_OUT, TYPES)
        for measure, more in (("index", ""), ("score", ""), ("mean", " indicator:speed"), ("top2", " indicator:speed"),
                              ("nps", " indicator:tell"), ("n", ""))
    ),
    (["satisfaction", "compare", "region:east", "region:west", "--by", "month"], FIGURE | BOTH, TYPES),
    (["satisfaction", "plan", "hall"], FIGURE | LEFT_OUT, TYPES),
    (["satisfaction", "cells"], FIGURE | LEFT_OUT | {"count", "level"}, TYPES),
    (["satisfaction", "weights", "hall"], {"survey", "weights_version", "node", "weight"}, TYPES),
    (["satisfaction", "answers", "survey:hall"], {"survey", "number", "scale", "weight", "excluded"}, ANSWER_TYPES),
    (["report", "trend"], FIGURE | {"lower_limit", "upper_limit"}, QUALITY_TYPES),
    (["report", "scorecard", "--period", LAST], FIGURE | {"before", "peers", "target"}, QUALITY_TYPES),
    (["report", "scorecard", "--period", LAST, "--history"], FIGURE | {"month", "target", "is_missed"}, QUALITY_TYPES),
    (["report", "ageing"], {"days", "size", "overdue", "as_of"}, QUALITY_TYPES),
    (["alerts", "list"], FIGURE | {"limit", "q", "state"}, QUALITY_TYPES),
    (["improvement", "list"], {"number", "indicator", "starts_on", "registered_at"}, QUALITY_TYPES),
    (["improvement", "measure", "M-001"], FIGURE | {"evidence", "finding"}, QUALITY_TYPES),
)  # fmt: skip


@pytest.fixture
def office(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    """A survey with a place of three answers, a bad month with its alerts, and an improvement."""
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
    furnish(store)
    path = written(tmp_path / "answers.csv", [*mixed(80), *(row(900 + place, area="south") for place in range(3))])
    assert run(["import", "responses", str(path), "--profile", profile_file(tmp_path)]) == 0
    weights = tmp_path / "w.toml"
    weights.write_text('name = "v"\nmethod = "points"\n[groups.service]\nweights = { speed = 3, staff = 1 }\n', "utf-8")
    assert run(["satisfaction", "weights", "hall", str(weights), "--apply"]) == 0
    months = [shifted(LAST, by) for by in range(-13, 0)]
    complain_each(store, months, [30] * 13, department="marketing", category="billing / wrong", opinion="satisfied")
    complain(store, LAST, 99, department="operations", category="supply / outage", opinion="dissatisfied")
    complain(store, LAST, 3, department="metering", category="meter", opinion="satisfied")
    for month in (*months, LAST):
        alerts.enter_customers(store, month, 60_000, actor="root")
    assert watch(store, actor="root", zone=UTC).new
    improvements.register(
        store, "Ring back", indicator="satisfied", treated="team:operations", control="team:marketing",
        starts_on=month_start(LAST, UTC).date(), minimum_effect=5, actor="root", zone=UTC,
    )  # fmt: skip
    return store


def records(capsys: pytest.CaptureFixture[str], command: list[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert run([*command, "--format", "jsonl"]) == 0, command
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def fits(value: object, kind: ColumnType) -> bool:
    """Whether a value of a JSON document is of a type."""
    if value is None:
        return True
    if kind is ColumnType.MOMENT:
        return isinstance(value, str) and datetime.fromisoformat(value).utcoffset() is not None
    if kind is ColumnType.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    python = {ColumnType.WHOLE: int, ColumnType.FLAG: bool}.get(kind, str)
    return type(value) is python


def test_every_table_has_what_judges_its_figures_and_the_types_it_declares(
    office: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, needed, types in TABLES:
        found = records(capsys, command)
        assert found, command
        for record in found:
            assert needed <= record.keys(), (command, needed - record.keys())
            for name, value in record.items():
                assert fits(value, types.get(name, ColumnType.TEXT)), (command, name, value)
            if record.keys() >= FIGURE and record["value"] is not None:
                assert record["scale"] or record["unit"] == "answers", (command, record)
                assert record["weights_version"], (command, record)


def test_figures_of_fewer_than_five_are_hidden_and_of_fewer_than_thirty_marked_in_every_table(
    office: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = set()
    for command, needed, _types in TABLES:
        if "disclosure" not in needed:
            continue
        for record in records(capsys, command):
            if record["disclosure"] == "hidden" and record["unit"] != "answers":
                hidden.add(command[1])
                assert (record["value"], record["low"], record["high"]) == (None, None, None), (command, record)
            elif (
                record["unit"] in ("level", "0-100", "share", "nps") and command[1] != "plan" and command[0] != "alerts"
            ):
                assert record["disclosure"] == ("marked" if record["n"] < 30 else "normal"), (command, record)
    assert hidden >= {"overview", "pivot", "cells", "scorecard"}


def test_every_table_is_the_same_in_every_format(
    office: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrow = {
        ColumnType.WHOLE: pyarrow.int64(), ColumnType.NUMBER: pyarrow.float64(), ColumnType.FLAG: pyarrow.bool_(),
        ColumnType.MOMENT: pyarrow.timestamp("ms", tz="UTC"), ColumnType.TEXT: pyarrow.string(),
    }  # fmt: skip
    for number, (command, _needed, types) in enumerate(TABLES):
        found = records(capsys, command)
        paths = {kind: tmp_path / f"{number}.{kind}" for kind in ("csv", "xlsx", "parquet")}
        for path in paths.values():
            assert run([*command, "--output", str(path)]) == 0, command
        table = pyarrow.parquet.read_table(paths["parquet"])
        assert {field.name: field.type for field in table.schema} == {
            name: arrow[types.get(name, ColumnType.TEXT)] for name in found[0]
        }
        with paths["csv"].open(encoding="utf-8", newline="") as stream:
            lines = list(csv.DictReader(stream))
        sheet = CalamineWorkbook.from_path(str(paths["xlsx"])).get_sheet_by_index(0).to_python()
        assert sheet[0] == list(found[0])
        assert len(lines) == table.num_rows == len(sheet) - 1 == len(found), command
        for record, line, parquet in zip(found, lines, table.to_pylist(), strict=True):
            for name, value in record.items():
                kind = types.get(name, ColumnType.TEXT)
                moment = kind is ColumnType.MOMENT and value is not None
                if moment:
                    assert name == "as_of" or parquet[name] == datetime.fromisoformat(value), (command, name)
                elif isinstance(value, float):
                    # Each run divides the running month by the days that are gone.
                    assert float(line[name]) == pytest.approx(value, 1e-3), (command, name)
                    assert parquet[name] == pytest.approx(value, 1e-3), (command, name)
                else:
                    assert (line[name] in (plain(value), f"'{value}"), parquet[name]) == (True, value), (command, name)


def plain(value: object) -> str:
    """What CSV says for a value of a JSON document."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def test_every_printed_table_says_on_what_it_stands(office: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("summary", "overview", "tree", "drivers", "pivot region month --measure index", "compare a b"):
        words = command.split()
        arguments = (
            ["compare", "survey:hall region:east", "survey:hall region:west"] if words[0] == "compare" else words
        )
        capsys.readouterr()
        assert run(["satisfaction", *arguments]) == 0
        out = capsys.readouterr().out
        for needed in ("95 % interval", "0-100", "overage", "weights", "n"):
            assert needed in out, (command, needed)


def test_a_month_that_is_none_is_told_before_a_file_is_made(office: Store, tmp_path: Path) -> None:
    path = tmp_path / "cards.xlsx"
    assert run(["report", "scorecard", "--period", "soon", "--output", str(path)]) == 2
    assert not path.exists()
    assert date.fromisoformat(f"{LAST}-01")
