"""Plots: every line as wide as asked for whatever the labels, nothing beyond 7 bits where that is asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.widgets.plots.bars import BarRow, bar, bar_chart
from console.widgets.plots.canvas import Canvas
from console.widgets.plots.scatter import Point, scatter
from console.widgets.plots.sparkline import sparkline, sparkline_plot

LABELS = st.text(st.sampled_from("aZ 供电质量\x1b[‮é"), max_size=12)
CORNERS = ("过度投入", "保持优势", "次要", "优先改进")


def test_a_bar_is_exact_to_the_eighth_of_a_cell() -> None:
    assert bar(50, 10) == "█████     "
    assert bar(56.25, 10) == "█████▋    "
    assert bar(100, 10) == "█" * 10
    assert bar(250, 4) == "████"
    assert bar(-3, 4) == bar(None, 4) == "    "
    assert bar(56.25, 10, is_ascii=True) == "######    "


def test_a_sparkline_has_one_cell_a_figure_and_a_gap_for_none() -> None:
    assert sparkline([1, None, 8, 4.5]) == "▁ █▅"
    assert sparkline([3, 3]) == "▅▅"
    assert sparkline([]) == ""
    assert sparkline([1, 2], is_ascii=True) == "_#"
    plot = sparkline_plot([("2026-01", 71.25), ("2026-02", None)], ("Month", "Index"))
    assert plot.table.rows == (("2026-01", "71.2"), ("2026-02", "-"))


@given(
    st.lists(st.tuples(LABELS, st.none() | st.floats(-10, 200), LABELS), max_size=6),
    st.integers(30, 120),
    st.booleans(),
)
def test_bars_stay_in_their_columns(rows: list[tuple[str, float | None, str]], width: int, is_ascii: bool) -> None:
    chart = bar_chart(
        [BarRow(label, value, note[:4]) for label, value, note in rows], width, ("Region", "Score"), is_ascii=is_ascii
    )
    assert {cell_len(text) for text in chart.texts} <= {width}
    assert len(chart.table.rows) == len(rows)


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), LABELS), max_size=30),
    st.integers(0, 100),
    st.integers(0, 30),
    st.booleans(),
)
def test_every_line_of_a_scatter_is_as_wide_as_asked_for(
    points: list[tuple[float, float, str]], width: int, height: int, is_ascii: bool
) -> None:
    given_points = [Point(x, y, str(number), label) for number, (x, y, label) in enumerate(points, 1)]
    plot = scatter(given_points, (50, 50), CORNERS, ("指标", "x", "y"), width, height, is_ascii=is_ascii)
    assert len(plot.lines) == height
    assert {cell_len(text) for text in plot.texts} <= {width}
    assert len(plot.table.rows) == len(points)


def test_marks_that_would_cover_one_another_move_apart() -> None:
    points = [Point(10, 70, str(number), "") for number in range(1, 6)]
    plot = scatter([*points, Point(30, 60, "9", "")], (20, 65), ("", "", "", ""), ("", "", ""), 60, 16)
    drawn = "".join(text[7:] for text in plot.texts[:14])
    assert sorted(char for char in drawn if char.isdigit()) == ["1", "2", "3", "4", "5", "9"]


def test_a_plain_scatter_is_seven_bits_apart_from_its_words() -> None:
    points = [Point(1, 2, "1", "a"), Point(3, 1, "2", "b")]
    plot = scatter(points, (2, 1.5), ("a", "b", "c", "d"), ("", "", ""), 60, 12, is_ascii=True)
    assert all(text.isascii() for text in plot.texts)


def test_a_wide_character_cut_in_half_leaves_a_space() -> None:
    canvas = Canvas(6, 1)
    canvas.put(0, 0, "供电量")
    canvas.put(1, 0, "x")
    canvas.put(4, 0, "y")
    canvas.put(5, 0, "量")
    canvas.put(-1, 0, "量")
    (line,) = canvas.lines()
    text = "".join(piece.text for piece in line)
    assert (text, cell_len(text)) == (" x电y ", 6)
