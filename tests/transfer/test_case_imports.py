"""Imports of cases on both engines: repeatable, resumable, taken back exactly."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from console import clock
from console.errors import ConflictError, NotFoundError, OmbudError, UsageError
from console.models import (
    AuditEntry,
    Case,
    CaseEvent,
    CaseText,
    Category,
    Customer,
    Department,
    ImportBatch,
    RefusedRow,
)
from console.models.base import table_of
from console.storage.engine import Store, open_store
from console.storage.numbers import take_case_numbers
from console.storage.search import matching
from console.transfer.batches import Counts, list_batches
from console.transfer.cases import import_cases
from console.transfer.profiles import load_profile
from console.transfer.run import ImportReport, Progress
from console.transfer.undo import undo_batch

CASES = table_of(Case)
TEXTS = table_of(CaseText)
EVENTS = table_of(CaseEvent)
HEADER = (
    "Unique Key",
    "Created Date",
    "Closed Date",
    "Agency",
    "Agency Name",
    "Complaint Type",
    "Descriptor",
    "Borough",
    "Status",
)


def row(
    key: object, *, kind: str = "WATER", status: str = "Open", day: str = "03/02/2026 09:00:00 AM"
) -> tuple[str, ...]:
    return (str(key), day, "", "DEP", "Environmental Protection", kind, "Leak 停水", "QUEENS", status)


def written(path: Path, rows: Iterable[tuple[str, ...]], header: tuple[str, ...] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def brought(store: Store, path: Path, profile: str = "nyc311", **options: Any) -> ImportReport:
    return import_cases(store, path, load_profile(profile), actor="anna", **options)


MARKS = ("version", "source_digest")
"""What tells that a case was written to, and by what: an import taken back is itself a change."""


def everything(store: Store, *but: str) -> list[tuple[Any, ...]]:
    """Every case with its texts as one comparable list, without what differs by the moment."""
    question = (
        select(*[column for column in CASES.columns if column.name not in ("updated_at", *but)], *TEXTS.columns)
        .join(TEXTS, TEXTS.c.case_id == CASES.c.id)
        .order_by(CASES.c.id)
    )
    with store.reading() as connection:
        return [tuple(found) for found in connection.execute(question)]


def size(store: Store, *models: Any) -> list[int]:
    with store.reading() as connection:
        return [connection.execute(select(func.count()).select_from(table_of(model))).scalar_one() for model in models]


def found_by_text(store: Store, phrase: str) -> int:
    condition = matching(store.engine.dialect.name, phrase, is_prefix=False)
    assert condition is not None
    with store.reading() as connection:
        return connection.execute(select(func.count()).select_from(CASES).where(condition)).scalar_one()


def touched_by_a_person(store: Store, key: str, **values: Any) -> None:
    with store.writing("bob") as work:
        case_id = work.connection.execute(select(CASES.c.id).where(CASES.c.external_reference == key)).scalar_one()
        work.connection.execute(
            update(CASES).where(CASES.c.id == case_id).values(**values, version=CASES.c.version + 1)
        )
        after = json.dumps(values, default=str)
        work.connection.execute(
            insert(EVENTS).values(case_id=case_id, at=work.at, actor="bob", verb="triage", after=after)
        )
        work.record("triage", "case", key)


def test_rows_become_cases_with_all_that_hangs_on_them(store: Store, tmp_path: Path) -> None:
    report = brought(store, written(tmp_path / "a.csv", [row(1), row(2, status="Closed"), row(3, kind="SEWER")]))
    assert report.counts == Counts(read=3, created=3)
    assert size(store, Case, CaseText, CaseEvent, Department, Category) == [3, 3, 3, 1, 4]
    assert found_by_text(store, "停水") == 3
    with store.reading() as connection:
        first = connection.execute(select(CASES).order_by(CASES.c.id).limit(1)).mappings().one()
    assert (first["source"], first["external_reference"], first["subject"]) == ("nyc311", "1", "WATER: Leak 停水")
    assert first["reference"] == f"C-{first['id']:06d}"


def test_the_same_file_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [row(key) for key in range(30)])
    brought(store, path)
    before = everything(store)
    assert brought(store, path).counts == Counts(read=30, unchanged=30)
    assert everything(store) == before


def test_a_changed_row_changes_its_case_and_leaves_a_trace(store: Store, tmp_path: Path) -> None:
    brought(store, written(tmp_path / "a.csv", [row(1), row(2)]))
    report = brought(store, written(tmp_path / "b.csv", [row(1, kind="SEWER"), row(2)]))
    assert report.counts == Counts(read=2, updated=1, unchanged=1)
    assert dict(report.changes) == {"category": 1, "subject": 1}
    assert (found_by_text(store, "sewer"), found_by_text(store, "water")) == (1, 1)
    with store.reading() as connection:
        event = connection.execute(select(EVENTS).order_by(EVENTS.c.id.desc()).limit(1)).mappings().one()
    assert event["verb"] == "imported"
    assert json.loads(event["before"])["subject"] == "WATER: Leak 停水"
    assert json.loads(event["after"])["category"] == "SEWER / Leak 停水"


def test_what_a_person_changed_stays(store: Store, tmp_path: Path) -> None:
    brought(store, written(tmp_path / "a.csv", [row(1)]))
    touched_by_a_person(store, "1", severity=3, region="Nord")
    report = brought(store, written(tmp_path / "b.csv", [row(1, kind="SEWER", status="Closed")]))
    assert report.counts.updated == 1
    with store.reading() as connection:
        case = connection.execute(select(CASES)).mappings().one()
    assert (case["severity"], case["region"], case["state"], case["subject"]) == (
        3,
        "Nord",
        "received",
        "SEWER: Leak 停水",
    )


def test_refused_rows_are_kept_with_line_column_and_reason(store: Store, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    path = written(tmp_path / "a.csv", [row(1), row(2, day="31/31/2026"), row("")])
    report = brought(store, path, rejects=rejects)
    assert report.counts == Counts(read=3, created=1, rejected=2)
    assert [(item.line, item.column) for item in report.refusals] == [(3, "Created Date"), (4, "Unique Key")]
    with store.reading() as connection:
        kept = connection.execute(select(table_of(RefusedRow))).mappings().all()
    assert [item["line"] for item in kept] == [3, 4]
    assert json.loads(kept[0]["content"])["Created Date"] == "31/31/2026"
    assert [line[:2] for line in csv.reader(rejects.open(encoding="utf-8"))][1:] == [["a.csv", "3"], ["a.csv", "4"]]
    assert rejects.stat().st_mode & 0o777 == 0o600


def test_a_reference_that_stands_twice_is_taken_once(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [row(1), row(1), row(1, kind="SEWER")])
    for counts in (Counts(3, created=1, unchanged=1, rejected=1), Counts(3, unchanged=2, rejected=1)):
        report = brought(store, path)
        assert report.counts == counts
        assert "already stands on line 2 with other content" in report.refusals[0].reason


def test_a_dry_run_says_what_would_happen_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    brought(store, written(tmp_path / "a.csv", [row(1), row(2)]))
    before = (everything(store), size(store, ImportBatch, AuditEntry, RefusedRow, Category))
    path = written(tmp_path / "b.csv", [row(1), row(2, kind="SEWER"), row(3), row(4, day="x")])
    report = brought(store, path, dry_run=True)
    assert report.counts == Counts(read=4, created=1, updated=1, unchanged=1, rejected=1)
    assert report.batch is None
    assert (everything(store), size(store, ImportBatch, AuditEntry, RefusedRow, Category)) == before


def test_stopping_at_the_first_refused_row_keeps_what_came_before(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [row(1), row(2), row(3, day="x"), row(4)])
    report = brought(store, path, on_error="stop")
    assert report.stopped is not None
    assert (report.stopped.line, report.counts) == (4, Counts(read=3, created=2, rejected=1))
    assert list_batches(store)[0].state == "failed"
    with pytest.raises(UsageError):
        brought(store, path, on_error="halt")


def broken_off(store: Store, path: Path) -> None:

    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt(progress.file)

    with pytest.raises(KeyboardInterrupt):
        brought(store, path, progress=stop)


def test_an_import_that_broke_off_goes_on_behind_its_checkpoint(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [*(row(key) for key in range(260)), row(5, kind="SEWER"), row(99, day="x")])
    broken_off(store, path)
    batch = list_batches(store)[0]
    assert 0 < batch.position < 260
    assert batch.counts.created == batch.position == size(store, Case)[0]
    report = brought(store, path, resume=True)
    assert report.resumed_at == batch.position
    assert report.batches == (batch.id,)
    assert report.counts == Counts(read=262, created=260, rejected=2)
    assert list_batches(store)[0].state == "done"
    assert brought(store, path, resume=True).counts == Counts(read=262, unchanged=260, rejected=2)


def test_an_import_that_broke_off_can_simply_be_run_again(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [row(key) for key in range(260)])
    broken_off(store, path)
    report = brought(store, path)
    assert report.counts.created + report.counts.unchanged == 260
    assert size(store, Case, CaseText) == [260, 260]


def test_two_imports_of_one_file_at_the_same_time_do_not_double(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.csv", [row(key) for key in range(400)])
    reports: list[ImportReport] = []

    def run() -> None:
        other = open_store(database_url)
        reports.append(brought(other, path))
        other.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.counts.created for report in reports) == 400
    assert sum(report.counts.unchanged for report in reports) == 400
    assert size(store, Case) == [400]


def test_taking_back_leaves_the_database_as_it_was(store: Store, tmp_path: Path) -> None:
    brought(store, written(tmp_path / "a.csv", [row(1), row(2)]))
    before = everything(store, *MARKS)
    counted = size(store, Case, CaseText, Department, Category, Customer)
    report = brought(store, written(tmp_path / "b.csv", [row(1, kind="SEWER"), row(2), row(3, kind="GAS")]))
    undone = undo_batch(store, report.batches[0], "anna")
    assert (undone.deleted, undone.restored, undone.kept) == (1, 1, ())
    assert everything(store, *MARKS) == before
    assert size(store, Case, CaseText, Department, Category, Customer) == counted
    assert (found_by_text(store, "water"), found_by_text(store, "sewer"), found_by_text(store, "gas")) == (2, 0, 0)
    assert list_batches(store)[0].state == "undone"
    assert brought(store, tmp_path / "a.csv").counts == Counts(read=2, unchanged=2)


def test_taking_back_keeps_what_somebody_changed_since(store: Store, tmp_path: Path) -> None:
    report = brought(store, written(tmp_path / "a.csv", [row(1), row(2)]))
    touched_by_a_person(store, "2", severity=4)
    undone = undo_batch(store, report.batches[0], "anna")
    assert (undone.deleted, len(undone.kept)) == (1, 1)
    assert size(store, Case, Department) == [1, 1]
    with pytest.raises(OmbudError, match="taken back already"):
        undo_batch(store, report.batches[0], "anna")
    with pytest.raises(NotFoundError):
        undo_batch(store, 999, "anna")


def test_a_batch_taken_back_cannot_be_gone_on_with(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [row(key) for key in range(900)])
    broken_off(store, path)
    with pytest.raises(ConflictError):
        brought(store, path, resume=True, progress=lambda progress: undo_once(store))
    assert list_batches(store)[0].state == "undone"


def undo_once(store: Store) -> None:
    batch = list_batches(store)[0]
    if batch.state != "undone":
        undo_batch(store, batch.id, "anna")


def test_the_same_messages_from_other_formats_are_the_same_cases(store: Store, tmp_path: Path) -> None:
    import xlsxwriter

    header = ("留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "点赞数")
    rows = [
        (str(188000 + at), f"A{at % 3:05d}", "小区停水", "2019/3/7 9:05:01", f"\n\t\t第{at}天\u00a0没有水\n", "2")
        for at in range(9)
    ]
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = book.add_worksheet()
    for at, line in enumerate([header, *rows]):
        for column, value in enumerate(line):
            if at and column in (0, 5):
                sheet.write_number(at, column, float(value))
            else:
                sheet.write_string(at, column, value)
    book.close()
    text = "\r\n".join(",".join(f'"{value}"' for value in line) for line in [header, *rows])
    (tmp_path / "a.csv").write_bytes(text.encode("gb18030"))
    assert brought(store, tmp_path / "a.xlsx", "tipdm").counts == Counts(read=9, created=9)
    assert brought(store, tmp_path / "a.csv", "tipdm").counts == Counts(read=9, unchanged=9)
    assert size(store, Customer) == [3]


def test_all_files_are_looked_at_before_any_row_is_written(store: Store, tmp_path: Path) -> None:
    good = written(tmp_path / "a.csv", [row(1)])
    bad = written(tmp_path / "b.csv", [("1",)], header=("Unique Key",))
    with pytest.raises(OmbudError, match=r"b\.csv has no column"):
        import_cases(store, [good, bad], load_profile("nyc311"), actor="anna")
    assert size(store, Case, ImportBatch) == [0, 0]


def test_new_numbers_leave_out_references_in_use(store: Store) -> None:
    with store.writing("anna") as work:
        (case_id, reference), *_ = take_case_numbers(work.connection, 1)
        given = {
            "state": "received",
            "phase": "open",
            "subject": "s",
            "received_at": clock.now(),
            "updated_at": clock.now(),
        }
        work.connection.execute(insert(CASES).values(id=case_id, reference=reference, **given))
        work.record("new", "case", reference)
    with store.writing("anna") as work:
        work.connection.execute(update(CASES).values(reference=f"C-{case_id + 1:06d}"))
        taken = [name for _, name in take_case_numbers(work.connection, 3)]
        work.record("new", "case", "")
    assert len(set(taken)) == 3
    assert f"C-{case_id + 1:06d}" not in taken
