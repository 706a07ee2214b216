"""Exports of cases: bytes as promised, safe in a spreadsheet, and back again without a loss."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from sqlalchemy import delete, insert, select

from console.errors import OmbudError, UsageError
from console.models import Case, CaseText, Category, Customer, Department
from console.models.base import table_of
from console.rules.filters import FilterError
from console.storage.engine import Store
from console.transfer.batches import Counts
from console.transfer.cases import import_cases
from console.transfer.export import COLUMNS, ExportReport, export_cases
from console.transfer.profiles import load_profile
from console.transfer.sources import open_source

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CASES = table_of(Case)
TEXTS = table_of(CaseText)
HOSTILE = [
    ("=cmd|' /C calc'!A0", "line\n=2+3\n\n'@x'"),
    ("＝1", '"=1", she said'),
    ("'quoted'", "-5 degrees\n+86 10 1234"),
    ("小区停水三天", "  leading and trailing  \n"),
    ("007", "a,b;c\td"),
]


@pytest.fixture
def filled(store: Store) -> Store:
    with store.writing("anna") as work:
        connection = work.connection
        connection.execute(insert(table_of(Department)).values(id=1, code="DEP", name="=Water"))
        connection.execute(insert(table_of(Category)).values(id=1, code="Water", name="Water"))
        connection.execute(insert(table_of(Category)).values(id=2, code="Water / Leak", name="Leak", parent_id=1))
        customer = {"id": 1, "number": "0007", "name": "王芳", "created_at": AT, "updated_at": AT}
        connection.execute(insert(table_of(Customer)).values(**customer))
        for number, (subject, narrative) in enumerate(HOSTILE, start=1):
            connection.execute(
                insert(CASES).values(
                    id=number,
                    reference=f"C-{number:06d}",
                    source="town" if number == 1 else None,
                    external_reference="-1" if number == 1 else None,
                    state="archived" if number == 2 else "received",
                    phase="closed" if number == 2 else "open",
                    category_id=2,
                    department_id=1,
                    customer_id=1,
                    severity=number % 4 + 1,
                    subject=subject,
                    received_at=AT,
                    due_at=AT if number == 3 else None,
                    updated_at=AT,
                    is_supervised=number == 4,
                )
            )
            texts = {"narrative": narrative, "outcome": "partly" if number == 2 else None, "extras": '{"+k": "=v"}'}
            connection.execute(insert(TEXTS).values(case_id=number, **texts))
        work.record("new", "case", "all")
    return store


def everything(store: Store) -> list[tuple[Any, ...]]:
    columns = [column for column in CASES.columns if column.name.endswith(("_id", "updated_at", "digest")) is False]
    question = select(*columns, *TEXTS.columns).join(TEXTS, TEXTS.c.case_id == CASES.c.id).order_by(CASES.c.id)
    with store.reading() as connection:
        return [tuple(row) for row in connection.execute(question)]


def exported(store: Store, filter_text: str = "", **options: Any) -> tuple[bytes, ExportReport]:
    stream = io.BytesIO()
    report = export_cases(store, filter_text, output=stream, now=AT, **options)
    return stream.getvalue(), report


def test_csv_is_rfc_4180_in_utf_8_with_guarded_texts(filled: Store) -> None:
    content, report = exported(
        filled, columns=["reference", "external_reference", "severity", "subject", "narrative", "received_at"]
    )
    assert content.decode() == (
        "reference,external_reference,severity,subject,narrative,received_at\r\n"
        "C-000001,'-1,2,'=cmd|' /C calc'!A0,\"line\n'=2+3\n\n''@x'\",2026-03-02T09:00:00Z\r\n"
        'C-000002,,3,\'＝1,"\'""=1"", she said",2026-03-02T09:00:00Z\r\n'
        "C-000003,,4,'quoted',\"'-5 degrees\n'+86 10 1234\",2026-03-02T09:00:00Z\r\n"
        'C-000004,,1,小区停水三天,"  leading and trailing  \n",2026-03-02T09:00:00Z\r\n'
        'C-000005,,2,007,"a,b;c\td",2026-03-02T09:00:00Z\r\n'
    )
    assert (report.rows, report.size, report.sha256) == (5, len(content), hashlib.sha256(content).hexdigest())


def test_json_lines_keep_texts_types_and_escape_controls(filled: Store) -> None:
    content, _ = exported(filled, format="jsonl", columns=["reference", "due_at", "is_supervised", "extras"])
    assert content.decode().splitlines()[0] == (
        '{"reference": "C-000001", "due_at": null, "is_supervised": false, "extras": {"+k": "=v"}}'
    )
    texts, _ = exported(filled, format="jsonl", columns=["narrative"])
    assert b"\\n" in texts
    assert json.loads(texts.splitlines()[4])["narrative"] == "a,b;c\td"


def test_a_filter_chooses_and_orders(filled: Store) -> None:
    content, report = exported(filled, "state:open sort:-severity", columns=["reference"])
    assert report.rows == 4
    assert content.split()[1] == b"C-000003"
    with pytest.raises(FilterError):
        exported(filled, "stat:open")


@pytest.mark.parametrize("format_", ["csv", "jsonl", "xlsx"])
def test_an_export_comes_back_as_it_was(filled: Store, tmp_path: Path, format_: str) -> None:
    path = tmp_path / f"all.{format_}"
    export_cases(filled, output=path, now=AT)
    before = everything(filled)
    profile = load_profile("ombud")
    assert import_cases(filled, path, profile, actor="bob").counts == Counts(read=5, unchanged=5)
    with filled.writing("anna") as work:
        work.connection.execute(delete(TEXTS))
        work.connection.execute(delete(CASES))
        work.record("clear", "case", "all")
    assert import_cases(filled, path, profile, actor="bob").counts == Counts(read=5, created=5)
    assert [without_ids(row) for row in everything(filled)] == [without_ids(row) for row in before]


def without_ids(row: tuple[Any, ...]) -> list[Any]:
    return [value for value in row if not (isinstance(value, int) and not isinstance(value, bool))]


def test_an_edited_export_updates_and_a_strange_one_is_refused(filled: Store, tmp_path: Path) -> None:
    content, _ = exported(filled)
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    rows[2]["region"] = "North"
    rows[3]["received_at"] = "2020-01-01T00:00:00Z"
    with (tmp_path / "edited.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    report = import_cases(filled, tmp_path / "edited.csv", load_profile("ombud"), actor="bob")
    assert report.counts == Counts(read=5, updated=1, unchanged=3, rejected=1)
    assert "another case in this database" in report.refusals[0].reason


def test_a_workbook_holds_texts_as_texts_and_times_as_times(filled: Store, tmp_path: Path) -> None:
    from python_calamine import CalamineWorkbook

    export_cases(filled, output=tmp_path / "a.xlsx", now=AT, columns=["subject", "received_at", "severity"])
    header, *rows = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0).to_python()
    assert header == ["subject", "received_at", "severity"]
    assert rows[0] == ["=cmd|' /C calc'!A0", AT.replace(tzinfo=None), 2.0]
    assert rows[4][0] == "007"


def test_parquet_is_read_back(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    export_cases(filled, output=path, now=AT)
    table = parquet.read_table(path).to_pylist()
    assert [row["subject"] for row in table] == [subject for subject, _ in HOSTILE]
    assert table[0]["received_at"] == AT


def test_parquet_without_its_library_is_explained(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="Parquet needs its library"):
        export_cases(filled, output=tmp_path / "a.parquet", now=AT)
    assert list(tmp_path.glob("a.*")) == []


def test_the_file_takes_its_place_only_when_it_is_complete(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("before")
    with pytest.raises(FilterError):
        export_cases(filled, "stat:open", output=path, now=AT)
    with pytest.raises(UsageError, match="no column referense"):
        export_cases(filled, output=path, now=AT, columns=["referense"])
    assert path.read_text() == "before"
    export_cases(filled, output=path, now=AT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []
    with open_source(path) as source:
        assert source.columns == COLUMNS


def test_a_link_in_the_place_of_the_file_is_replaced_not_followed(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "a.csv").symlink_to(tmp_path / "precious")
    export_cases(filled, output=tmp_path / "a.csv", now=AT)
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "a.csv").is_symlink()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "cvs"}, "no export format cvs"),
        ({"columns": ["subject", "subject"]}, "stands twice"),
    ],
)
def test_wrong_options_are_named(filled: Store, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        exported(filled, **options)


def test_a_folder_that_is_not_there_is_named(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(OmbudError, match="no folder"):
        export_cases(filled, output=tmp_path / "no" / "a.csv", now=AT)
    with pytest.raises(OmbudError, match="is a folder"):
        export_cases(filled, output=tmp_path, now=AT)
