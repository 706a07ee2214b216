"""The terminal the console runs on: which ones are refused, and how it is left as it was found."""

from __future__ import annotations

import os
import sys
import termios
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from console.clipboard import is_in_tmux
from console.errors import UsageError
from console.text import strip_unsafe

RESET = "\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[?1049l\x1b[?25h\x1b[0m"
SIGNAL_SECONDS = 0.8
"""After a signal the program is gone within a second, even when a thread of it hangs."""

CANNOT_DRAW = frozenset({"", "dumb", "unknown", "network", "ethernet", "emacs"})
"""Values of TERM that name no terminal, or one whose cursor cannot be moved."""


def require_terminal(environment: Mapping[str, str] | None = None) -> None:
    """Refuse a terminal the console cannot draw on. Raises UsageError that names the command for the same job."""
    environment = os.environ if environment is None else environment
    hint = "Use ombud queue, which prints the same list anywhere."
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)):
        raise UsageError("The console needs a terminal for its input and its output.", hint)
    kind = environment.get("TERM", "").strip()
    if kind in CANNOT_DRAW:
        raise UsageError(f"The console cannot draw on a terminal of the kind {kind or 'none'}.", hint)


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream is not None and stream.isatty())
    except ValueError:  # closed
        return False


def attributes() -> list[Any]:
    """Return how the terminal is set now, to be given to ``restore``."""
    return termios.tcgetattr(sys.stdin.fileno())


def restore(kept: list[Any]) -> None:
    """Set the terminal as it was; one that is gone needs nothing."""
    try:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, kept)
    except (OSError, ValueError, termios.error):
        return


def leave_without_fail(code: int) -> None:
    """End the program with a code shortly, whatever a thread of it is doing, unless it has ended by itself."""
    watchdog = threading.Timer(SIGNAL_SECONDS, _abandon, (code,))
    watchdog.daemon = True
    watchdog.start()


def _abandon(code: int) -> None:
    if sys.__stdout__ is not None:
        # A terminal that is gone or stopped must not keep the program from ending.
        os.set_blocking(sys.__stdout__.fileno(), False)
        try:
            os.write(sys.__stdout__.fileno(), RESET.encode("ascii"))
        except OSError:
            os._exit(code)
    os._exit(code)


def leave_behind(texts: Iterable[str]) -> None:
    """Print texts that were copied below the prompt, where they can be selected; no control character among them."""
    for text in texts:
        sys.stderr.write(strip_unsafe(text) + "\n")


GB18030 = frozenset({"gb18030", "gbk", "gb2312", "euccn", "cp936"})
"""Character sets of locales that GB18030 holds, as they are written there without marks."""

TITLED = (
    "xterm",
    "tmux",
    "screen",
    "rxvt",
    "alacritty",
    "kitty",
    "foot",
    "wezterm",
    "ghostty",
    "konsole",
    "gnome",
    "st-",
)
"""Beginnings of TERM for terminals whose window has a title; others may print what sets it."""


COERCED = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})
"""What Python itself puts into LC_CTYPE where the system does not know the locale, or it is C (PEP 538)."""


def _locale(environment: Mapping[str, str]) -> str:
    every, types, named = (environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    return every or (named if named and types in COERCED else types or named)


def encoding_of(environment: Mapping[str, str]) -> str:
    """Return the character set the terminal is spoken to in: GB18030 where the locale says so, else UTF-8.

    Both hold every character of a case; no other set does. tmux speaks UTF-8 to what runs in it whatever the locale says.
    """
    named = _locale(environment).partition("@")[0].partition(".")[2].lower().replace("-", "").replace("_", "")
    return "gb18030" if named in GB18030 and not is_in_tmux(environment) else "utf-8"


def has_title(environment: Mapping[str, str]) -> bool:
    """Return whether the window of the terminal has a title to be set."""
    return environment.get("TERM", "").startswith(TITLED)


def is_plain_locale(environment: Mapping[str, str] | None = None) -> bool:
    """Return whether the locale is C or POSIX, of which no more than ASCII can be expected."""
    environment = os.environ if environment is None else environment
    return _locale(environment) in ("C", "POSIX")
