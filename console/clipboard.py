"""Copying to the clipboard of the terminal one sits at, also over SSH: OSC 52, wrapped for tmux and GNU screen.

No terminal answers whether it took the text, and many are set not to; so nothing here promises, and what was copied can be shown
to be selected by hand. OSC 52: XTerm Control Sequences, "Manipulate Selection Data"; the wraps: tmux(1) ``allow-passthrough``,
screen(1) "Device Control String".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

LIMIT = 74_994
"""Bytes of text that are sent: with base64 and frame the sequence stays under the 100,000 bytes that terminals take."""

SCREEN_LIMIT = 12_000
"""Bytes of text that are sent through GNU screen, which sends them on in small parts."""

SCREEN_PART = 240
"""Characters between two string ends: GNU screen drops a longer string."""


def is_in_tmux(environment: Mapping[str, str]) -> bool:
    """Return whether tmux stands between here and the terminal; over SSH only TERM tells."""
    return bool(environment.get("TMUX")) or environment.get("TERM", "").startswith("tmux")


def is_in_screen(environment: Mapping[str, str]) -> bool:
    """Return whether GNU screen stands between here and the terminal; its name for TERM is also an older tmux's."""
    return not is_in_tmux(environment) and (
        bool(environment.get("STY")) or environment.get("TERM", "").startswith("screen")
    )


def cut_to_bytes(text: str, limit: int) -> str:
    """Return the beginning of a text that is at most so many bytes long in UTF-8."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= limit else raw[:limit].decode("utf-8", "ignore")


def fitting(text: str, environment: Mapping[str, str]) -> str:
    """Return as much of a text as can be sent."""
    return cut_to_bytes(text, SCREEN_LIMIT if is_in_screen(environment) else LIMIT)


def sequence(text: str, environment: Mapping[str, str]) -> str:
    """Return what tells the terminal to take a text, cut to what fits."""
    payload = base64.b64encode(fitting(text, environment).encode("utf-8", "replace")).decode("ascii")
    plain = f"\x1b]52;c;{payload}\x07"
    if is_in_tmux(environment):
        # With set-clipboard on, tmux takes the plain one; with allow-passthrough on, it hands the wrapped one through.
        inner = plain.replace("\x1b", "\x1b\x1b")
        return f"{plain}\x1bPtmux;{inner}\x1b\\"
    if is_in_screen(environment):
        parts = [plain[start : start + SCREEN_PART] for start in range(0, len(plain), SCREEN_PART)]
        wrapped = "".join(f"\x1bP{part}\x1b\\" for part in parts)
        # Without STY it may be an older tmux, which takes the plain one and drops the other.
        return wrapped if environment.get("STY") else f"{plain}{wrapped}"
    return plain
