"""Which encoding a file has is found out, and nothing is decoded by guesswork."""

from __future__ import annotations

import io

import pytest

from console.errors import UsageError
from console.transfer.encodings import MARK, detect_encoding, named_encoding, text_encoding
from console.transfer.source_rows import SourceError

SIMPLIFIED = "编号,主题,地址\n1,小区停电三天没有人来修,幸福路12号\n2,水费比上个月多了一倍,人民街3号\n"
TRADITIONAL = "編號,主題,地址\n1,社區停電三天沒有人來修理,幸福路12號\n2,水費比上個月多了一倍,中山路3號\n"
SPANISH = "id,nombre,ciudad\n1,José Núñez,Málaga\n2,Ángela Peña,León\n"
RUSSIAN = "номер,имя,город\n1,Иван Петров,Москва\n2,Мария Сидорова,Саратов\n" * 10
KOREAN = "번호,이름,내용\n1,김철수,정전이 되었습니다 언제 복구되나요\n2,이영희,수도 요금이 너무 많이 나왔습니다\n" * 10


@pytest.mark.parametrize(
    ("text", "written_as", "found"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8-sig"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (SIMPLIFIED, "gbk", "gb18030"),
        (SIMPLIFIED, "utf-16", "utf-16-le"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (TRADITIONAL, "big5", "cp950"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (TRADITIONAL, "utf-8", "utf-8"),
        (SPANISH, "cp1252", "cp1252"),
        (SPANISH, "utf-16-le", "utf-16-le"),
        (RUSSIAN, "utf-8", "utf-8"),
        (RUSSIAN, "cp1251", "cp1251"),
        (KOREAN, "cp949", "cp949"),
        ("id,text\n1,“Grüße” – naïve’s\n", "cp1252", "cp1252"),
        ("a,b\n1,2\n", "ascii", "utf-8"),
    ],
)
def test_the_encoding_is_recognised(text: str, written_as: str, found: str) -> None:
    data = text.encode(written_as)
    assert detect_encoding(data, "file") == found
    assert data.decode(found) == text or data.decode(found) == "\ufeff" + text


@pytest.mark.parametrize("word", ["停电", "水费", "电话", "张伟", "供水公司", "水"])
def test_one_chinese_word_is_enough(word: str) -> None:
    data = f"id,name\n1,{word}\n".encode("gbk")
    assert text_encoding(io.BytesIO(data), "file", None) == "gb18030"


@pytest.mark.parametrize("word", ["Ünïcödé", "Привет", "Ελληνικά", "עברית", "العربية", "Հայերեն", "cafe\u0301"])
def test_words_of_other_scripts_in_utf8_stay_utf8(word: str) -> None:
    data = f"id,name\n1,{word}\n".encode()
    assert text_encoding(io.BytesIO(data), "file", None) == "utf-8"


def test_a_byte_after_a_million_plain_ones_is_not_missed() -> None:
    data = b"id,name\n" + b"1,plain\n" * 150_000 + "2,José\n".encode("cp1252")
    assert text_encoding(io.BytesIO(data), "file", None) == "cp1252"


def test_utf8_with_a_few_broken_bytes_stays_utf8() -> None:
    data = "号,名\n".encode() + "1,停电\n".encode() * 50 + b"2,\xff\n"
    assert text_encoding(io.BytesIO(data), "file", None) == "utf-8"


def test_a_named_encoding_wins() -> None:
    assert text_encoding(io.BytesIO(SIMPLIFIED.encode()), "file", "windows-1252") == "cp1252"
    assert text_encoding(io.BytesIO(b"a"), "file", "UTF_8") == "utf-8-sig"
    assert text_encoding(io.BytesIO("名".encode("utf-16-be")), "file", "utf-16") == "utf-16-le"
    assert text_encoding(io.BytesIO("a,b\n".encode("utf-16-be")), "file", "utf-16") == "utf-16-be"


@pytest.mark.parametrize("name", ["klingon", "rot13", "hex", "base64", "idna", "unicode_escape", ""])
def test_what_is_not_a_text_encoding_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        named_encoding(name)


@pytest.mark.parametrize(("name", "codec"), [("GB2312", "gb18030"), ("gbk", "gb18030"), ("Big5", "cp950")])
def test_old_chinese_names_mean_their_supersets(name: str, codec: str) -> None:
    assert named_encoding(name) == codec


def test_no_guess_is_made_where_nothing_fits() -> None:
    with pytest.raises(SourceError, match="cannot be told"):
        detect_encoding("a,b\n1,Привет\n".encode("koi8-r"), "file")


def test_undecodable_bytes_are_marked_one_by_one() -> None:
    assert b"a\xffb".decode("utf-8", MARK) == "a\udcffb"
    assert b"\xd5\x0ab".decode("gb18030", MARK).endswith("\nb")
