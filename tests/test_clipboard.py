"""Copying over SSH: what is sent, in which wrap, and how much of it."""

from __future__ import annotations

import base64
import re

import pytest
from driving import console, press, shown

from console.clipboard import LIMIT, SCREEN_LIMIT, SCREEN_PART, fitting, sequence

PLAIN = {"TERM": "xterm-256color"}
TMUX = {"TERM": "tmux-256color", "TMUX": "/run/tmux,1,0"}
SCREEN = {"TERM": "screen", "STY": "1.pts"}


def decoded(sent: str) -> str:
    payload = re.search(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", sent)
    assert payload is not None
    return base64.b64decode(payload[1]).decode("utf-8")


def test_a_terminal_gets_one_sequence() -> None:
    sent = sequence("C-2026-1 李娜", PLAIN)
    assert sent.startswith("\x1b]52;c;")
    assert sent.endswith("\x07")
    assert decoded(sent) == "C-2026-1 李娜"


@pytest.mark.parametrize("environment", [TMUX, {"TERM": "tmux-256color"}, {"TERM": "screen", "TMUX": "x"}])
def test_tmux_gets_it_for_itself_and_wrapped_to_hand_through(environment: dict[str, str]) -> None:
    sent = sequence("C-1", environment)
    plain, inner = sent.split("\x1bPtmux;")
    assert decoded(plain) == "C-1"
    assert inner.endswith("\x1b\\")
    assert inner.removesuffix("\x1b\\").replace("\x1b\x1b", "\x1b") == plain


def test_screen_gets_it_in_parts_it_does_not_drop() -> None:
    text = "字" * 2000
    sent = sequence(text, SCREEN)
    parts = sent.removesuffix("\x1b\\").split("\x1b\\")
    assert all(part.startswith("\x1bP") and len(part) <= SCREEN_PART + 2 for part in parts)
    assert decoded("".join(part.removeprefix("\x1bP") for part in parts)) == text


@pytest.mark.parametrize(("environment", "limit"), [(PLAIN, LIMIT), (TMUX, LIMIT), (SCREEN, SCREEN_LIMIT)])
def test_a_long_text_is_cut_between_two_characters(environment: dict[str, str], limit: int) -> None:
    sent = fitting("好" * 50_000, environment)
    assert set(sent) == {"好"}
    assert limit - 3 < len(sent.encode()) <= limit
    assert len(sequence("好" * 50_000, PLAIN)) <= 100_000


def test_a_lone_surrogate_is_sent_as_a_question_mark() -> None:
    assert decoded(sequence("a\ud800b", PLAIN)) == "a?b"


async def test_what_was_copied_is_told_without_a_promise_and_can_be_seen_again() -> None:
    async with console() as (app, pilot):
        await press(pilot, "y")
        reference = app.copied[-1]
        assert "Sent to the terminal's clipboard" in shown(app)
        assert "Copied texts" in shown(app)
        await press(pilot, "colon", *"copied", "enter")
        assert reference in shown(app)
        await press(pilot, "escape")


async def test_a_cut_is_said() -> None:
    async with console(size=(120, 40)) as (app, pilot):
        app.copy("x" * (LIMIT + 5))
        await pilot.pause()
        assert "cut to 74,994 characters" in shown(app)
        assert len(app.copied[-1]) == LIMIT + 5
