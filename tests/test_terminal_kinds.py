"""What the environment says of the terminal."""

from __future__ import annotations

import pytest

from console.terminal import encoding_of, has_title, is_plain_locale


@pytest.mark.parametrize(
    ("environment", "encoding"),
    [
        ({}, "utf-8"),
        ({"LANG": "zh_CN.GB18030"}, "gb18030"),
        ({"LANG": "zh_CN.gb18030", "LC_CTYPE": "C.UTF-8"}, "gb18030"),
        ({"LANG": "zh_CN.GBK", "LC_CTYPE": "en_US.UTF-8"}, "utf-8"),
        ({"LC_ALL": "zh_CN.EUC-CN@stroke", "LANG": "en_US.UTF-8"}, "gb18030"),
        ({"LC_ALL": "zh_CN.GB2312", "TERM": "tmux-256color"}, "utf-8"),
        ({"LC_ALL": "zh_CN.GB2312", "TMUX": "/tmp/tmux-0/default,1,0"}, "utf-8"),
        ({"LC_ALL": "zh_TW.Big5"}, "utf-8"),
        ({"LC_ALL": "zh_CN"}, "utf-8"),
        ({"LC_ALL": "C"}, "utf-8"),
    ],
)
def test_the_locale_says_in_which_character_set_the_terminal_is_spoken_to(
    environment: dict[str, str], encoding: str
) -> None:
    assert encoding_of(environment) == encoding


@pytest.mark.parametrize(
    ("environment", "is_plain"),
    [
        ({"LC_ALL": "C"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "C", "LC_CTYPE": "zh_CN.UTF-8"}, False),
        ({}, False),
    ],
)
def test_a_plain_locale_is_known_behind_what_python_makes_of_it(environment: dict[str, str], is_plain: bool) -> None:
    assert is_plain_locale(environment) is is_plain


@pytest.mark.parametrize(
    ("kind", "is_titled"),
    [
        ("xterm-256color", True),
        ("tmux-256color", True),
        ("screen", True),
        ("linux", False),
        ("vt220", False),
        ("", False),
    ],
)
def test_only_a_terminal_with_a_window_is_named(kind: str, is_titled: bool) -> None:
    assert has_title({"TERM": kind}) is is_titled
