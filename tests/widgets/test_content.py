"""User text on its way to a widget: cleaned, measured in cells, never markup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.widgets.content import content, cut, due, fit, line, moment, severity
from console.wrapping import wrap

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@given(st.text(max_size=60), st.integers(0, 40))
def test_a_fitted_text_is_exactly_as_wide_as_asked(text: str, cells: int) -> None:
    assert cell_len(fit(text, cells)) == cells
    assert cell_len(cut(text, cells)) <= cells


@given(st.text("[]/=@$()'\"\\ab\x1b\u202e停", max_size=40))
def test_brackets_are_brackets(text: str) -> None:
    assert not content(text).spans
    assert not line(text, 20).spans


def test_what_is_cut_says_so() -> None:
    assert cut("电费账单多收了钱", 8) == "电费账…"
    assert cut("short", 8) == "short"


def test_very_long_text_is_cut_without_reading_all_of_it() -> None:
    assert cut("水" * 2_000_000, 10) == "水水水水…"


@given(st.text("ab 停水\n\t-", max_size=200), st.integers(4, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text: str, cells: int) -> None:
    wrapped = wrap(text, cells)
    assert all(cell_len(part) <= cells for part in wrapped)
    assert "".join("".join(wrapped).split()) == "".join(text.split())


def test_text_breaks_at_spaces_and_between_wide_characters() -> None:
    assert wrap("no water since", 9) == ["no water", "since"]
    assert wrap("停水三天了没有人来", 8) == ["停水三天", "了没有人", "来"]


@pytest.mark.parametrize(
    ("minutes", "text", "style"),
    [
        (-125, "!! overdue 2h05", "overdue"),
        (-3 * 1440, "!! overdue 3d", "overdue"),
        (45, "! 45m", "soon"),
        (24 * 60, "! 1d", "soon"),
        (3 * 1440, "· 3d", "later"),
    ],
)
def test_a_due_time_is_told_by_sign_and_word(minutes: int, text: str, style: str) -> None:
    assert due(NOW + timedelta(minutes=minutes), NOW) == (text, style)


def test_a_closed_case_is_never_overdue() -> None:
    assert due(NOW - timedelta(days=9), NOW, is_closed=True).text == "closed"
    assert due(None, NOW).text == "-"


def test_severity_carries_its_flags() -> None:
    assert severity(4, is_supervised=True, is_vulnerable=True).text == "4SV"


def test_moments_are_shown_in_the_utilitys_zone() -> None:
    assert moment(NOW, ZoneInfo("Asia/Shanghai")) == "2026-11-22 16:00"
    assert moment(None, UTC) == ""
