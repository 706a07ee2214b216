"""Delimited text comes in row by row, and what cannot be read is refused with its line."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import sys
from pathlib import Path

import pytest

from console.errors import ExitCode, OmbudError, UsageError
from console.transfer.source_lines import LINE_LIMIT
from console.transfer.sources import (
    BadRow,
    EmptySourceError,
    Source,
    SourceError,
    SourceOptions,
    SourceRow,
    open_source,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def read(
    path: Path, content: bytes | str, options: SourceOptions | None = None
) -> tuple[Source, list[SourceRow | BadRow]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with open_source(path, options or SourceOptions()) as source:
        return source, list(source)


def values(rows: list[SourceRow | BadRow]) -> list[tuple[str, ...]]:
    return [row.values for row in rows if isinstance(row, SourceRow)]


def refused(rows: list[SourceRow | BadRow]) -> list[BadRow]:
    return [row for row in rows if isinstance(row, BadRow)]


def test_a_plain_file(path: Path) -> None:
    source, rows = read(path, "number,text\n007,停电\n008,\n")
    assert source.columns == ("number", "text")
    assert (source.format, source.encoding, source.delimiter, source.header_line) == ("csv", "utf-8", ",", 1)
    assert rows == [SourceRow(2, ("007", "停电")), SourceRow(3, ("008", ""))]
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.size == path.stat().st_size
    assert source.progress == 1.0


@pytest.mark.parametrize(
    ("content", "delimiter", "kind"),
    [
        ("a;b;c\n1,5;2,5;3\n4,5;5,5;6\n", ";", "csv"),
        ("a|b|c\n1, 5|2|3\n4|5|6\n", "|", "csv"),
        ("a\tb\tc\n1,5\t2;5\t3\n4\t5\t6\n", "\t", "tsv"),
        ('a,b,c\n"x;y","p|q",3\n"x;y;z",5,6\n', ",", "csv"),
        ("sep=;\na;b;c\n1;2;3\n", ";", "csv"),
        ("a, b, c\n1, 2, 3\n", ",", "csv"),
    ],
)
def test_the_delimiter_is_found(path: Path, content: str, delimiter: str, kind: str) -> None:
    source, rows = read(path, content)
    assert (source.delimiter, source.format) == (delimiter, kind)
    assert source.columns == ("a", "b", "c")
    assert not refused(rows)


def test_a_named_delimiter_wins(path: Path) -> None:
    source, rows = read(path, "a,b^c\n1,2^3\n", SourceOptions(delimiter="^"))
    assert source.columns == ("a,b", "c")
    assert values(rows) == [("1,2", "3")]
    assert read(path, "a;b\tc\n1;2\t3\n", SourceOptions(delimiter="tab"))[0].columns == ("a;b", "c")
    with pytest.raises(UsageError):
        read(path, "a,b\n1,2\n", SourceOptions(delimiter=",,"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_and_line_breaks_in_fields(path: Path, end: str) -> None:
    _, rows = read(path, end.join(["a,b", '1,"first', 'second, ""third"""', "", "2,x", ""]))
    assert rows == [SourceRow(2, ("1", f'first{end}second, "third"')), SourceRow(5, ("2", "x"))]


def test_other_unicode_line_separators_do_not_end_a_record(path: Path) -> None:
    assert values(read(path, "a,b\n1,x\u2028y\u0085z\x0bq\n")[1]) == [("1", "x\u2028y\u0085z\x0bq")]


def test_a_file_cut_inside_a_quoted_field_loses_only_its_last_record(path: Path) -> None:
    _, rows = read(path, 'a,b,c\n1,2,3\n4,"five\nstill five",6\n7,"eight\nand it ends')
    assert values(rows) == [("1", "2", "3"), ("4", "five\nstill five", "6")]
    assert refused(rows) == [BadRow(5, None, "the file ends inside a quoted field", '7,"eight\nand it ends')]


def test_a_stray_quotation_mark_does_not_swallow_the_rest_of_the_file(path: Path) -> None:
    many = "".join(f"{number},{number},x\n" for number in range(3, 3000))
    _, rows = read(path, f'a,b,c\n1,1,x\n2,"oops,x\n{many}')
    assert len(values(rows)) == 2998
    assert [row.line for row in refused(rows)] == [3]
    _, rows = read(path, f'a,b,c\n{many}2,"oops,x\n{many}9,9,"y"\n')
    assert len(values(rows)) == 2 * 2997 + 1
    assert [row.line for row in refused(rows)] == [2999]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("1,2", "expected 3 columns, found 2"),
        ("1,2,3,4", "expected 3 columns, found 4"),
        ('1,"Hey, I missed " it",3', "not doubled"),
        ('1,"never closed,3', "ends inside a quoted field"),
    ],
)
def test_a_malformed_record_is_refused(path: Path, record: str, reason: str) -> None:
    _, rows = read(path, f"foo,bar,baz\n1,2,3\n{record}")
    assert values(rows) == [("1", "2", "3")]
    (bad,) = refused(rows)
    assert (bad.line, bad.raw) == (3, record)
    assert reason in bad.reason


def test_what_can_be_read_without_doubt_is_read(path: Path) -> None:
    _, rows = read(path, 'foo,bar,baz\n1,This "quotes" is plain,3,,\n,,\n 4 ,"",6\n')
    assert values(rows) == [("1", 'This "quotes" is plain', "3"), (" 4 ", "", "6")]


def test_backslashes_before_quotes_are_understood_where_the_file_uses_them(path: Path) -> None:
    assert values(read(path, 'a,b\n1,"say \\"no, no\\" now"\n2,"x"\n')[1]) == [("1", 'say "no, no" now'), ("2", "x")]
    assert values(read(path, 'a,b\n1,"C:\\path"\n')[1]) == [("1", "C:\\path")]


def test_spaces_before_quotes_belong_to_the_delimiter(path: Path) -> None:
    assert values(read(path, 'a, b\n1, "6,000,000"\n')[1]) == [("1", "6,000,000")]


def test_a_record_with_undecodable_bytes_is_refused_and_the_rest_is_read(path: Path) -> None:
    content = "号,名\n".encode() + "1,停电\n".encode() * 20 + b"2,\xff\xfe\n" + "3,停水\n".encode()
    _, rows = read(path, content)
    assert len(values(rows)) == 21
    assert refused(rows) == [BadRow(22, "名", "bytes that are not UTF-8", "2,\\xff\\xfe")]


def test_nul_and_control_characters_are_kept(path: Path) -> None:
    assert values(read(path, b"a,b\n1,x\x00y\n2,\x1b[31m\n")[1]) == [("1", "x\x00y"), ("2", "\x1b[31m")]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_field_without_end_is_refused_and_the_file_goes_on(path: Path, quote: str) -> None:
    long = quote + "x" * (LINE_LIMIT + 1000) + quote
    _, rows = read(path, f"a,b\n1,2\n3,{long}\n5,6\n")
    assert values(rows) == [("1", "2"), ("5", "6")]
    (bad,) = refused(rows)
    assert bad.line == 3
    assert "longer" in bad.reason
    assert len(bad.raw) < 100_000


def test_a_long_field_is_read(path: Path) -> None:
    assert values(read(path, "a,b\n1," + "x" * 1_000_000 + "\n")[1]) == [("1", "x" * 1_000_000)]


def test_column_names_are_made_unique(path: Path) -> None:
    source, _ = read(path, "name,,name, Two\u3000 words ,name_2,\n1,2,3,4,5,6\n")
    assert source.columns == ("name", "column_2", "name_3", "Two words", "name_2", "column_6")


def test_title_lines_above_the_header_are_passed_over(path: Path) -> None:
    source, rows = read(path, "Complaints 2026,,,\nprinted on Monday,,,\n\nid,date,text,state\n1,2,3,4\n5,6,7,8\n")
    assert (source.columns, source.header_line) == (("id", "date", "text", "state"), 4)
    assert rows == [SourceRow(5, ("1", "2", "3", "4")), SourceRow(6, ("5", "6", "7", "8"))]


def test_the_header_row_can_be_named(path: Path) -> None:
    content = "x,y\n1,2\nid,date\n3,4\n"
    source, rows = read(path, content, SourceOptions(header_row=3))
    assert (source.columns, values(rows)) == (("id", "date"), [("3", "4")])
    source, rows = read(path, content, SourceOptions(header_row=0))
    assert source.columns == ("column_1", "column_2")
    assert [row.line for row in rows] == [1, 2, 3, 4]
    with pytest.raises(UsageError):
        read(path, content, SourceOptions(header_row=9))
    with pytest.raises(UsageError):
        read(path, content, SourceOptions(header_row=-1))


@pytest.mark.parametrize("codec", ["gb18030", "utf-16", "utf-8-sig"])
def test_chinese_files_of_every_usual_encoding_read_the_same(path: Path, codec: str) -> None:
    text = '编号,主题\r\n1,"小区停电，\r\n三天没有人来修"\r\n2,水费太高\r\n'
    source, rows = read(path, text.encode(codec))
    assert source.columns == ("编号", "主题")
    assert rows == [SourceRow(2, ("1", "小区停电，\r\n三天没有人来修")), SourceRow(4, ("2", "水费太高"))]


def test_a_compressed_file_reads_like_the_file_itself(path: Path) -> None:
    source, rows = read(path, gzip.compress("编号,主题\n1,停电\n".encode("gbk")))
    assert (source.format, values(rows)) == ("csv", [("1", "停电")])


def test_a_compressed_file_that_is_cut_gives_what_it_holds_and_says_so(path: Path) -> None:
    whole = b"a,b\n" + b"".join(b"%d,%d\n" % (number, number * 7919 % 10007) for number in range(50_000))
    compressed = gzip.compress(whole)
    _, rows = read(path, compressed[: len(compressed) // 2])
    good = values(rows)
    assert 10_000 < len(good) < 40_000
    assert good == [tuple(line.split(",")) for line in whole.decode().splitlines()[1 : len(good) + 1]]
    assert any("ends too early" in row.reason for row in refused(rows))


def test_a_gzip_bomb_is_refused(path: Path) -> None:
    squeezed = gzip.compress(b"a,b\n" + b"0,0\n" * 20_000_000, compresslevel=9)
    with pytest.raises(SourceError, match="unpacks to far more"):
        read(path, squeezed)


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("a,b\n1,停\n".encode())))
    with open_source("-") as source:
        assert source.name == "standard input"
        assert values(list(source)) == [("1", "停")]


def test_a_pipe_is_read(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"a,b\n1,2\n")
    os.close(writing)
    try:
        with open_source(f"/dev/fd/{reading}") as source:
            assert values(list(source)) == [("1", "2")]
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PNG, "PNG picture"),
        (PDF, "PDF document"),
        (b"<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>", "web page"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (bytes((7 * number * number + number // 3) % 256 for number in range(5000)), "unknown kind"),
        (b"SQLite format 3\x00" + bytes(100), "SQLite"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n", mtime=0), mtime=0), "compressed twice"),
        (gzip.compress(b"x" * 257 + b"ustar\x00" + b"x" * 300, mtime=0), "archive"),
    ],
)
def test_another_kind_of_file_is_refused_in_one_sentence(path: Path, content: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        read(path, content)
    assert caught.value.exit_code is ExitCode.FAILED
    assert caught.value.hint


@pytest.mark.parametrize(
    "content", [b"", b"\n\n \n", b",,\n,,\n", b"a,b\n", b"a,b", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)]
)
def test_a_file_without_rows_is_refused(path: Path, content: bytes) -> None:
    with pytest.raises(EmptySourceError) as caught:
        read(path, content)
    assert caught.value.exit_code is ExitCode.FAILED


def test_a_file_that_is_not_there_is_a_wrong_argument(tmp_path: Path) -> None:
    for wrong in (tmp_path / "nothing.csv", tmp_path, "a\0b", tmp_path / ("x" * 300)):
        with pytest.raises(UsageError) as caught:
            open_source(wrong)
        assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_wrong_argument(path: Path) -> None:
    path.write_text("a\n1\n")
    path.chmod(0)
    with pytest.raises(UsageError, match="may not be read"):
        open_source(path)


def test_a_header_in_another_encoding_names_what_to_do(path: Path) -> None:
    with pytest.raises(SourceError, match="column names"):
        read(path, "编号,主题\n1,停电\n".encode("gbk"), SourceOptions(encoding="utf-8"))


def test_an_unknown_or_contradicted_format_is_refused(path: Path) -> None:
    with pytest.raises(UsageError):
        read(path, "a,b\n1,2\n", SourceOptions(format="docx"))
    with pytest.raises(OmbudError):
        read(path, "a,b\n1,2\n", SourceOptions(format="xlsx"))
    assert read(path, '{"a": 1}\n{"a": 2}\n', SourceOptions(format="csv"))[0].format == "csv"
