"""Textual's driver for a terminal, without two of its weaknesses.

A byte that is not UTF-8 stopped the program; and Escape was lost where the next key came in the same packet, as on a slow line.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable
from functools import partial

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from console.actions import ACTIONS

ESCAPE = "\x1b"
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
    """Reads what is typed leniently: a byte that means nothing becomes the sign for that instead of the end."""

    def run_input_thread(self) -> None:
        """Read what is typed until the console leaves."""
        # Decoder and parser are made inside Textual's loop and cannot be given to it.
        vars(linux_driver).update(getincrementaldecoder=_lenient, XTermParser=KeyParser)
        super().run_input_thread()


def _lenient(encoding: str) -> partial[codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), "replace")


def speak_utf8() -> None:
    """Draw in UTF-8 whatever the locale says: the characters of a case are not those of one locale."""
    for stream in (sys.__stdout__, sys.__stderr__):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
