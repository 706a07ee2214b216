"""Every part of the console on every kind of terminal and locale: it stands, in the signs and colours that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from desks import LOGIN
from test_terminal import COLOUR, REAL_PROGRAM, SECONDS, terminal
from working import copied, make_demonstration

KINDS = {
    "C": ({"LC_ALL": "C", "TERM": "linux"}, "utf-8"),
    "no colour": ({"NO_COLOR": "1", "TERM": "xterm"}, "utf-8"),
    "GB18030": ({"LC_ALL": "zh_CN.GB18030", "TERM": "xterm-256color"}, "gb18030"),
    "screen": ({"TERM": "screen"}, "utf-8"),
    "true colour": ({"TERM": "tmux-256color", "COLORTERM": "truecolor", "LC_ALL": "zh_CN.UTF-8"}, "utf-8"),
}
WALK = {
    "en": (
        ("2", "Telephone"), ("\x1b3", "Indicator tree"), ("4", "Score cards"), ("1", "Reference"), ("[\r", "Clocks"), ("c", "F2"),
        ("\x1b", "Clocks"), ("\x1b:", "narrow the list"), ("\x1b\x0e", "F8"),
    ),
    "zh": (
        ("2", "电话"), ("\x1b3", "指标树"), ("4", "部门记分卡"), ("1", "编号"), ("[\r", "承诺时限"), ("c", "F2"),
        ("\x1b", "承诺时限"), ("\x1b:", "输入文字"), ("\x1b\x0e", "F8"),
    ),
}  # fmt: skip
"""Keys, and what stands on the screen then: the modes, a case, a form, the commands, the intake."""


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demonstration(tmp_path_factory.mktemp("demonstration"), LOGIN)


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_stands_on_every_kind_of_terminal(demonstration: Path, tmp_path: Path, kind: str) -> None:
    environment, encoding = KINDS[kind]
    language = "zh" if "zh_CN" in environment.get("LC_ALL", "") else "en"
    with terminal(tmp_path, copied(demonstration, tmp_path), program=REAL_PROGRAM, **environment) as running:
        running.read_until(b"550")
        for keys, words in WALK[language]:
            running.press(keys.encode(), words.encode(encoding))
        running.press(b"\x11", b"\x1b[?1049l")
        running.read_to_end()
        assert running.process.wait(SECONDS) == 0
    sent = running.sent.decode(encoding)
    assert "Traceback" not in sent
    assert "\ufffd" not in sent
    assert (COLOUR.search(running.sent) is None) == (kind == "no colour")
    assert ("38;2;" in sent) == (kind == "true colour")
    if kind == "C":
        assert not set("…│─█▁●◆┌").intersection(re.sub(r"\x1b\[[0-9;]*m", "", sent))
