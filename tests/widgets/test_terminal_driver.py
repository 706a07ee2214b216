"""What is typed at a terminal, as it arrives in packets."""

from __future__ import annotations

import pytest
from textual import events

from console.widgets.terminal_driver import KeyParser


@pytest.mark.parametrize(
    ("packet", "keys"),
    [
        ("\x1b2", ["escape", "2"]),
        ("\x1b/", ["escape", "slash"]),
        ("\x1bJ", ["escape", "J"]),
        ("\x1b停", ["escape", "停"]),
        ("\x1b[A", ["up"]),
        ("\x1bOP", ["f1"]),
        ("2\x1b", ["2", "escape"]),
        ("\x1b[", ["left_square_bracket"]),
    ],
)
def test_escape_and_a_key_in_one_packet_are_two_keys(packet: str, keys: list[str]) -> None:
    parser = KeyParser()
    found = [*parser.feed(packet), *parser.feed("")]
    assert [event.key for event in found if isinstance(event, events.Key)] == keys
