"""The layer behind all widgets: nothing that acts on a terminal is drawn."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from console.widgets.line_filter import SafetyFilter, safe_text

BLACK = Color(0, 0, 0)
DANGEROUS = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def test_no_code_point_of_all_that_acts_on_a_terminal_is_drawn() -> None:
    points = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    assert len(points) == 1_112_064
    for start in range(0, len(points), 4096):
        drawn = SafetyFilter().apply([Segment("".join(points[start : start + 4096]))], BLACK)
        left = {char for segment in drawn for char in segment.text if unicodedata.category(char) in DANGEROUS}
        assert not left


def test_each_code_point_alone_is_drawn_as_itself_or_not_at_all() -> None:
    for code in range(0x110000):
        char = chr(code)
        drawn = safe_text.__wrapped__(char)
        if unicodedata.category(char) in DANGEROUS:
            assert not drawn.strip(), hex(code)
        elif unicodedata.category(char) != "Cn":
            assert drawn == char, hex(code)


def test_a_line_stays_as_wide_as_it_was_laid_out() -> None:
    for text in ("a\x1bb", "停\u200b水", "\u202eab\u202c", "a\ue000b", "x\U000f0000y", "\t|"):
        assert cell_len(safe_text(text)) == cell_len(text)


def test_styles_lose_their_links_and_actions_and_keep_their_looks() -> None:
    style = Style(bold=True, link="http://evil.example") + Style.from_meta({"@click": "app.leave", "offset": (1, 2)})
    (drawn,) = SafetyFilter().apply([Segment("x", style)], BLACK)
    assert drawn.style is not None
    assert drawn.style.bold
    assert drawn.style.link is None
    assert drawn.style.meta == {"offset": (1, 2)}


def test_control_segments_inside_a_widget_go() -> None:
    control = Segment("\x1b[2J", None, [(1, 2)])  # type: ignore[list-item]
    assert SafetyFilter().apply([control, Segment("left")], BLACK) == [Segment("left")]
