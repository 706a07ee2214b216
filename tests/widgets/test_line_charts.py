"""Control charts in character cells: what lies outside is told by its sign, Chinese labels shift nothing, the table agrees."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from console.widgets.plots.lines import ChartPoint, control_chart

POINTS = [
    *(ChartPoint(f"{month}月", 0.8 + month / 100, 0.5, 1.2) for month in range(1, 12)),
    ChartPoint("12月", 1.34, 0.5, 1.17, is_outside=True, has_mark=True),
]
HEADS = ("月份", "投诉率", "下限", "上限")


@pytest.mark.parametrize("is_ascii", [False, True])
@pytest.mark.parametrize("width", [40, 78, 118])
def test_every_line_is_as_wide_as_was_asked(width: int, is_ascii: bool) -> None:
    plot = control_chart(POINTS, width, 12, HEADS, centre=0.86, is_ascii=is_ascii)
    assert {cell_len(text) for text in plot.texts} == {width}
    sign = "@" if is_ascii else "◆"
    assert sum(text.count(sign) for text in plot.texts) == 1
    if is_ascii:
        assert all(ord(char) < 128 or char == "月" for text in plot.texts for char in text)


def test_what_is_higher_stands_higher() -> None:
    plot = control_chart(POINTS, 100, 12, HEADS, centre=0.86)
    outside = next(number for number, text in enumerate(plot.texts) if "◆" in text)
    inside = max(number for number, text in enumerate(plot.texts) if "●" in text)
    assert outside < inside


def test_gaps_stay_empty_and_the_newest_are_drawn_where_room_is_short() -> None:
    points = [ChartPoint("a", None), *(ChartPoint(str(number), float(number)) for number in range(40))]
    plot = control_chart(points, 30, 8, ("", ""))
    assert sum(text.count("●") for text in plot.texts) == 11
    assert plot.table.rows[0] == ("a", "-")
    assert len(plot.table.rows) == 41
    assert control_chart([], 30, 8, ("", "")).table.rows == ()
