"""JSON and JSON Lines: every value as it was written, nothing that has two meanings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.errors import UsageError
from console.transfer.sources import (
    BadRow,
    EmptySourceError,
    Source,
    SourceError,
    SourceOptions,
    SourceRow,
    open_source,
)


def read(
    tmp_path: Path, content: bytes | str, options: SourceOptions | None = None, name: str = "file.json"
) -> tuple[Source, list[SourceRow | BadRow]]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with open_source(path, options or SourceOptions()) as source:
        return source, list(source)


def test_an_array_of_objects(tmp_path: Path) -> None:
    first = '{"id": "007", "n": 1.50, "big": 12345678901234567890, "e": 1E400}'
    content = f'[{first},\n {{"id": null, "ok": true, "list": [1, {{"a": "停"}}]}}]'
    source, rows = read(tmp_path, content)
    assert (source.format, source.columns) == ("json", ("id", "n", "big", "e", "ok", "list"))
    assert rows == [
        SourceRow(1, ("007", "1.50", "12345678901234567890", "1E400", "", "")),
        SourceRow(2, ("", "", "", "", "TRUE", '["1",{"a":"停"}]')),
    ]


def test_json_lines_name_the_line(tmp_path: Path) -> None:
    content = '{"id": 1}\n\n{"id": 2, "text": "停电"}\r\n{"id": \n[1]\n{"id": 1, "id": 2}\n{"id": NaN}\n{"id": 3}'
    source, rows = read(tmp_path, content)
    assert (source.format, source.columns) == ("jsonl", ("id", "text"))
    assert [(row.line, row.values) for row in rows if isinstance(row, SourceRow)] == [
        (1, ("1", "")),
        (3, ("2", "停电")),
        (8, ("3", "")),
    ]
    assert [row.line for row in rows if isinstance(row, BadRow)] == [4, 5, 6, 7]


def test_a_single_json_line_is_one_row(tmp_path: Path) -> None:
    assert read(tmp_path, '{"id": 1}\n', name="a.jsonl")[1] == [SourceRow(1, ("1",))]
    assert read(tmp_path, '{"id": 1}\n', name="a.json")[1] == [SourceRow(1, ("1",))]


def test_an_object_that_holds_one_array(tmp_path: Path) -> None:
    content = json.dumps({"meta": {"at": "now"}, "tags": [1, 2], "outages": [{"city": "A"}, {"city": "B"}], "n": 2})
    source, rows = read(tmp_path, content)
    assert (source.sheet, source.columns) == ("outages", ("city",))
    assert rows == [SourceRow(1, ("A",)), SourceRow(2, ("B",))]


def test_an_object_with_several_arrays_asks_which(tmp_path: Path) -> None:
    content = json.dumps({"open": [{"id": 1}], "closed": [{"id": 2, "x": 3}]})
    with pytest.raises(SourceError, match="open, closed"):
        read(tmp_path, content)
    source, rows = read(tmp_path, content, SourceOptions(sheet="closed"))
    assert (source.columns, rows) == (("id", "x"), [SourceRow(1, ("2", "3"))])
    with pytest.raises(UsageError):
        read(tmp_path, content, SourceOptions(sheet="other"))


def test_an_element_with_two_meanings_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    _, rows = read(tmp_path, '[{"a": 1}, {"a": 1, "a": 2}, 5, {"a": "\\ud800"}, {"a": NaN}, {"a": 6}]')
    assert [row.line for row in rows if isinstance(row, SourceRow)] == [1, 6]
    assert [row.line for row in rows if isinstance(row, BadRow)] == [2, 3, 4, 5]
    assert rows[1] == BadRow(2, None, "the name 'a' stands twice in one object", '{"a": 1, "a": 2}')


@pytest.mark.parametrize(
    "cut", ['[{"a": 1}, {"a": 2', '[{"a": 1}', '[{"a": 1} {"a": 2}]', '[{"a": 1}, ]', '[{"a": 1}] x']
)
def test_a_broken_document_gives_what_stands_before_the_break(tmp_path: Path, cut: str) -> None:
    _, rows = read(tmp_path, cut)
    assert rows[0] == SourceRow(1, ("1",))
    assert isinstance(rows[-1], BadRow)
    assert "nothing after this element" in rows[-1].reason


@pytest.mark.parametrize("content", ["[]", "{}", "[1, 2]", '["a"]', '{"a": []}'])
def test_a_document_without_objects_has_no_rows(tmp_path: Path, content: str) -> None:
    with pytest.raises(EmptySourceError):
        read(tmp_path, content)


@pytest.mark.parametrize("content", ["[" * 100_000, '[{"a":' + "[" * 100_000, '{"a": 1', '{"a" 1}'])
def test_a_document_that_cannot_be_read_at_all_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(SourceError):
        read(tmp_path, content)


def test_elements_larger_than_a_chunk_and_other_encodings(tmp_path: Path) -> None:
    objects = [{"id": number, "text": "停电" * 40_000} for number in range(10)]
    for codec in ("utf-8", "utf-8-sig", "utf-16"):
        _, rows = read(tmp_path, json.dumps(objects, ensure_ascii=False, indent=1).encode(codec))
        assert [row.values for row in rows if isinstance(row, SourceRow)] == [
            (str(number), "停电" * 40_000) for number in range(10)
        ]


def test_numbers_at_the_end_of_a_chunk_are_whole(tmp_path: Path) -> None:
    source, rows = read(tmp_path, '{"n": 1, "pad": [' + " " * 262_100 + '{"v": 123456789}], "m": 12345678901234567890}')
    assert (source.sheet, rows) == ("pad", [SourceRow(1, ("123456789",))])


def test_json_lines_with_undecodable_bytes(tmp_path: Path) -> None:
    content = '{"a": "停电"}\n'.encode() * 20 + b'{"a": "\xff"}\n' + b'{"a": "x"}\n'
    _, rows = read(tmp_path, content)
    assert len(rows) == 22
    assert [row for row in rows if isinstance(row, BadRow)] == [
        BadRow(21, None, "bytes that are not UTF-8", '{"a": "\\xff"}')
    ]
