"""Small tables to files: each column is what its table declares, whatever its name or its values would let one guess."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet
from survey_files import brought, mixed

from console.rules.column_types import ColumnType
from console.storage.engine import Store
from console.transfer.response_export import export_responses
from console.transfer.tables import write_table


def test_a_name_says_nothing_of_what_a_column_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    rows: list[dict[str, Any]] = [
        {"is_open": "no", "noted_at": "at once", "when": at, "flag": True, "n": 1, "share": 1, "more": {"a": 1}},
        {"is_open": None, "noted_at": "", "when": None, "flag": None, "n": None, "share": None, "more": True},
    ]
    types = {
        "when": ColumnType.MOMENT,
        "flag": ColumnType.FLAG,
        "n": ColumnType.WHOLE,
        "share": ColumnType.NUMBER,
    }
    assert write_table(rows, path, "parquet", types) == 2
    assert parquet.read_table(path).to_pylist() == [
        {"is_open": "no", "noted_at": "at once", "when": at, "flag": True, "n": 1, "share": 1.0, "more": '{"a": 1}'},
        {"is_open": None, "noted_at": "", "when": None, "flag": None, "n": None, "share": None, "more": "yes"},
    ]


def test_answers_go_out_as_parquet_with_numbers_as_numbers(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, mixed(10))
    path = tmp_path / "answers.parquet"
    assert export_responses(store, "survey:hall", output=path).rows == 40
    table = parquet.read_table(path)
    types = {field.name: field.type for field in table.schema}
    assert (types["score"], types["weight"], types["customer"]) == (
        pyarrow.int64(),
        pyarrow.float64(),
        pyarrow.string(),
    )
    assert {row["score"] for row in table.to_pylist() if row["indicator"] == "all"} == {1, 2, 3, 4, 5}


def test_no_answer_at_all_is_a_table_without_rows(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "answers.parquet"
    assert export_responses(store, output=path).rows == 0
    assert parquet.read_table(path).num_rows == 0
