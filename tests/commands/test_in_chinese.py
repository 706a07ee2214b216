"""What commands narrate in Chinese: errors, hints, refused rows. What they print as data knows no language."""

from __future__ import annotations

from pathlib import Path

import pytest
from commanding import Ombud


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["queue", "--nope"], "没有选项 --nope"),
        (["case", "sho", "C-1"], "没有命令 'sho'。是否指 'show'？"),
        (["case", "show"], "缺少参数 'REFERENCE'。"),
        (["queue", "--limit", "x"], "'--limit' 的值无效：须为整数"),
        (["queue", "a", "b"], "多余的参数（b）"),
        (["queue", "--database"], "选项 '--database' 需要一个值。"),
    ],
)
def test_a_command_that_was_typed_wrong_is_told_so_in_chinese(ombud: Ombud, arguments: list[str], words: str) -> None:
    ended = ombud("--lang", "zh_CN", *arguments)
    assert (ended.code, words in ended.err) == (2, True), ended.err


def test_refused_rows_and_their_reasons_are_told_in_chinese(ombud: Ombud, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("number,name,phone\nK1,Anna,+44 20 7946 0958\n,Nobody,1\nK3,Cara,abc\n", "utf-8")
    ended = ombud("--lang", "zh_CN", "import", "customers", str(file))
    assert ended.code == 4
    assert "拒绝：customers.csv:3: number: 为空，而客户不能没有它" in ended.err
    assert "拒绝：customers.csv:4: phone: 不是 5 至 20 位的电话号码" in ended.err
    assert "read  created  updated" in ended.out


def test_an_error_and_its_hint_are_told_in_chinese(ombud: Ombud) -> None:
    ended = ombud("--lang", "zh_CN", "customer", "show", "K77")
    assert (ended.code, ended.err) == (1, "错误：没有编号为 K77 的客户。\n提示：可搜索：ombud customer find TEXT\n")
