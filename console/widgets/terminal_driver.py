"""Textual's driver for a terminal, without three of its weaknesses.

Textual's own knows UTF-8 only, and ends at a byte that is none; it loses Escape where the next key comes in the same packet, as
on a slow line; and it leaves the window the title of what ran there before.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterable
from functools import partial

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from console.actions import ACTIONS
from console.terminal import has_title
from console.text import clean_line, strip_unsafe

ESCAPE = "\x1b"
KEEP_TITLE, GIVE_TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"
"""XTerm Control Sequences, "XTWINOPS": the title of the window is put on a stack, and taken from it."""
LONGEST_TITLE = 120
INTRODUCERS = frozenset("[]OP")
"""What begins a sequence behind Escape: alone, it is what a broken line left of one."""


class KeyParser(XTermParser):
    """Reads Escape and a character in one packet as two keys, unless an action has that character with Alt."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        # Of a digit behind Escape Textual makes what one keyboard of one maker has there.
        is_pair = sequence[:1] == ESCAPE and isinstance(ANSI_SEQUENCES_KEYS.get(sequence), str)
        character = sequence[1:] if is_pair else sequence
        keys = list(super()._sequence_to_key_events(character, alt or is_pair))
        if not (alt or is_pair) or character in INTRODUCERS or _is_taken(keys[0].key):
            return keys
        return [events.Key("escape", ESCAPE), *super()._sequence_to_key_events(character)]


def _is_taken(key: str) -> bool:
    return key.startswith("alt+") and any(key in action.keys for action in ACTIONS)


class TerminalDriver(LinuxDriver):
    """Reads and writes in the character set of the terminal; a byte that means nothing becomes the sign for that, not the end."""

    encoding = "utf-8"
    _title = ""

    def start_application_mode(self) -> None:
        """Keep the title the window had, where the terminal can."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if has_title(os.environ):
            self.write(KEEP_TITLE)

    def stop_application_mode(self) -> None:
        """Give the window its title back."""
        if has_title(os.environ):
            self.write(GIVE_TITLE_BACK)
        super().stop_application_mode()

    def show_title(self, title: str) -> None:
        """Name the window, where it can be named."""
        if title != self._title and has_title(os.environ):
            self._title = title
            self.write(f"\x1b]2;{strip_unsafe(clean_line(title), keep='')[:LONGEST_TITLE]}\x07")

    def run_input_thread(self) -> None:
        """Read what is typed until the console leaves."""
        # Decoder and parser are made inside Textual's loop and cannot be given to it.
        vars(linux_driver).update(getincrementaldecoder=partial(_lenient, self.encoding), XTermParser=KeyParser)
        super().run_input_thread()


def _lenient(encoding: str, _usual: str) -> partial[codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), "replace")


def speaking(encoding: str) -> type[TerminalDriver]:
    """Return the driver for a terminal of a character set, and let all that is printed be in it."""
    for stream in (sys.__stdout__, sys.__stderr__):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding=encoding, errors="replace")
    return type("TerminalDriver", (TerminalDriver,), {"encoding": encoding})
