"""The one-line bars where there is little room: what one is at, the way back and the help stay in sight."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from console.widgets.bars import Bar, KeyBar

LISTS = tuple((name, f"List {name}", "") for name in "abcdef")
KEYS = (("table.open", "Enter", "Open"), ("x.do", "a", "Do it"), ("x.back", "Esc", "Back"), ("app.help", "?", "Help"))


class Bars(App[None]):
    """A bar of lists and one of keys."""

    def compose(self) -> ComposeResult:
        yield Bar("lists")
        yield KeyBar(lambda: KEYS)


def drawn(bar: Bar) -> str:
    return bar.render().plain.strip()


@pytest.mark.parametrize(
    ("width", "current", "expected"),
    [
        (60, "f", "List a  List b  List c  List d  List e  List f"),
        (40, "a", "List a  List b  List c  List d  List e"),
        (40, "e", "List a  List b  List c  List d  List e"),
        (40, "f", "<  List c  List d  List e  List f"),
        (12, "c", "<  List c"),
    ],
)
async def test_those_before_make_room_for_the_one_that_is_shown(width: int, current: str, expected: str) -> None:
    app = Bars()
    async with app.run_test(size=(width, 4)):
        bar = app.query_one("#lists", Bar)
        bar.show(LISTS, current=current)
        assert drawn(bar) == expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (60, "Enter Open  a Do it  Esc Back  ? Help"),
        (34, "Enter Open  Esc Back  ? Help"),
        (20, "Esc Back  ? Help"),
    ],
)
async def test_the_way_back_and_the_help_are_left_out_last(width: int, expected: str) -> None:
    app = Bars()
    async with app.run_test(size=(width, 4)):
        bar = app.query_one(KeyBar)
        bar.renew()
        assert drawn(bar) == expected
