"""Workbooks are read in a process of their own, and no file can take the program down."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from console.errors import ExitCode, UsageError
from console.transfer.sources import (
    BadRow,
    EmptySourceError,
    Source,
    SourceError,
    SourceOptions,
    SourceRow,
    open_source,
)

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


def write(path: Path, sheets: dict[str, list[list[Any]]], first_row: int = 0) -> None:
    book = xlsxwriter.Workbook(path)
    formats = {
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        time: book.add_format({"num_format": "hh:mm:ss"}),
    }
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows, start=first_row):
            for column, cell in enumerate(row):
                if type(cell) in formats:
                    sheet.write_datetime(number, column, cell, formats[type(cell)])
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write(number, column, cell)
    book.close()


def read(path: Path, options: SourceOptions | None = None) -> tuple[Source, list[SourceRow | BadRow]]:
    with open_source(path, options or SourceOptions()) as source:
        return source, list(source)


def rewrite(path: Path, member: str, content: bytes) -> None:
    """Replace one member of a zip file, or add it."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[member] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_cells_come_as_text(path: Path) -> None:
    header = ["number", "code", "amount", "day", "at", "clock", "yes", "empty", "name"]
    row = [188006, "007", 12.5, date(2026, 3, 1), datetime(2026, 3, 1, 9, 5, 1), time(7, 30), True, None, "停电"]
    write(path, {"Data": [header, row]})
    source, rows = read(path)
    assert (source.format, source.sheet, source.columns) == ("xlsx", "Data", tuple(header))
    assert rows == [
        SourceRow(2, ("188006", "007", "12.5", "2026-03-01", "2026-03-01 09:05:01", "07:30:00", "TRUE", "", "停电"))
    ]


def test_large_and_exact_numbers_keep_their_digits(path: Path) -> None:
    write(path, {"Data": [["a", "b", "c", "d"], [13800138000, 0.1, -3, 123456789012345]]})
    assert read(path)[1] == [SourceRow(2, ("13800138000", "0.1", "-3", "123456789012345"))]


def test_blank_rows_are_passed_over_and_rows_keep_their_numbers(path: Path) -> None:
    write(path, {"Data": [["a", "b"], ["1", "2"], [], ["", None], ["3", "4"]]}, first_row=3)
    source, rows = read(path)
    assert source.header_line == 4
    assert rows == [SourceRow(5, ("1", "2")), SourceRow(8, ("3", "4"))]


def test_the_header_below_titles(path: Path) -> None:
    lines = [["Outages of 2016"], ["by region"], [], ["id", "start", "cause"], ["1", "2", "3"], ["4", "5", "6"]]
    write(path, {"Data": lines})
    source, rows = read(path)
    assert (source.header_line, source.columns, len(rows)) == (4, ("id", "start", "cause"), 2)
    source, rows = read(path, SourceOptions(header_row=5))
    assert (source.columns, len(rows)) == (("1", "2", "3"), 1)
    source, rows = read(path, SourceOptions(header_row=0))
    assert (source.columns, len(rows)) == (("column_1", "column_2", "column_3"), 5)
    with pytest.raises(UsageError):
        read(path, SourceOptions(header_row=99))


def test_the_sheet_is_the_first_with_content_or_the_one_named(path: Path) -> None:
    write(path, {"Empty": [], "First": [["a"], ["1"]], "数据": [["b"], ["2"]]})
    assert read(path)[0].sheet == "First"
    assert read(path, SourceOptions(sheet="数据"))[0].columns == ("b",)
    assert read(path, SourceOptions(sheet="first"))[0].columns == ("a",)
    assert read(path, SourceOptions(sheet="3"))[0].columns == ("b",)
    with pytest.raises(UsageError, match="no such sheet"):
        read(path, SourceOptions(sheet="Third"))


def test_a_value_beside_the_table_is_refused_not_lost(path: Path) -> None:
    rows: list[list[Any]] = [["a", "b"], *[[str(number), "x"] for number in range(150)], ["151", "x", None, "note"]]
    write(path, {"Data": rows})
    found = read(path)[1]
    assert [row for row in found if isinstance(row, BadRow)] == [
        BadRow(152, None, "expected 2 columns, found 4", "151\tx\t\tnote")
    ]


def test_a_workbook_without_rows(path: Path) -> None:
    write(path, {"Data": [["a", "b"]]})
    with pytest.raises(EmptySourceError):
        read(path)
    write(path, {"Data": []})
    with pytest.raises(EmptySourceError):
        read(path)


def test_a_compressed_workbook(path: Path, tmp_path: Path) -> None:
    write(path, {"Data": [["a"], ["1"]]})
    packed = tmp_path / "book.xlsx.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(packed)[1] == [SourceRow(2, ("1",))]


def test_an_opendocument_sheet(tmp_path: Path) -> None:
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text")
    )
    cells = [
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in row
        )
        + "</table:table-row>"
        for row in (("编号", "name"), ("007", "停电"))
    ]
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}><office:body><office:spreadsheet>'
        f'<table:table table:name="S">{"".join(cells)}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    path = tmp_path / "book.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    source, rows = read(path)
    assert (source.format, source.columns, rows) == ("ods", ("编号", "name"), [SourceRow(2, ("007", "停电"))])


def sheet_xml(*rows: bytes) -> bytes:
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<?xml version="1.0"?><worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (space, b"".join(rows))


def test_a_bomb_is_refused_before_it_is_unpacked(path: Path) -> None:
    write(path, {"Data": [["a"], ["1"]]})
    rewrite(
        path, SHEET, sheet_xml(b'<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>' % (b"A" * 30_000_000))
    )
    assert path.stat().st_size < 100_000
    with pytest.raises(SourceError, match="not safe to open") as caught:
        read(path)
    assert caught.value.exit_code is ExitCode.FAILED


def test_too_many_members_are_refused_and_pictures_do_not_count(path: Path) -> None:
    write(path, {"Data": [["a"], ["1"]]})
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(250):
            archive.writestr(f"xl/media/image{number}.png", b"x")
    assert len(read(path)[1]) == 1
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(250):
            archive.writestr(f"xl/extra{number}.xml", b"x")
    with pytest.raises(SourceError, match="not safe to open"):
        read(path)


def test_a_sheet_that_claims_all_cells_costs_the_child_its_memory_and_nobody_else(path: Path) -> None:
    write(path, {"Data": [["a"], ["1"]]})
    rewrite(
        path,
        SHEET,
        sheet_xml(b'<row r="1"><c r="A1"><v>1</v></c></row>', b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    )
    with pytest.raises(SourceError, match="too much memory or time"):
        read(path)


def test_entities_are_not_expanded(path: Path) -> None:
    write(path, {"Data": [["a"], ["1"]]})
    document = sheet_xml(
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>&x;</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
    )
    hostile = document.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet')
    rewrite(path, SHEET, hostile)
    with pytest.raises(SourceError):
        read(path)


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_cut_workbook_is_refused(path: Path, part: float) -> None:
    write(path, {"Data": [["a"], *[[f"text {number}"] for number in range(1000)]]})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(SourceError, match="cannot be read as a workbook"):
        read(path)


def test_an_encrypted_workbook_says_so(tmp_path: Path) -> None:
    path = tmp_path / "book.xls"
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000) + "EncryptedPackage".encode("utf-16-le") + bytes(2000)
    )
    with pytest.raises(SourceError, match="password"):
        read(path)


@pytest.mark.parametrize(
    ("member", "words"), [("data.csv", "archive with data.csv"), ("word/document.xml", "Word document")]
)
def test_other_zip_files_are_named(tmp_path: Path, member: str, words: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, b"a,b\n1,2\n")
    path = tmp_path / "file.zip"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(SourceError, match=words):
        read(path)


def test_a_source_may_be_left_before_its_end(path: Path) -> None:
    write(path, {"Data": [["a", "b"], *[[str(number), "x" * 50] for number in range(20_000)]]})
    with open_source(path) as source:
        assert next(source) == SourceRow(2, ("0", "x" * 50))
        assert 0.0 < source.progress < 0.5
    source.close()


def test_the_child_does_not_see_the_environment(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit(9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    write(path, {"Data": [["a"], ["1"]]})
    assert read(path)[1] == [SourceRow(2, ("1",))]
