"""Textual's driver for a terminal, without one of its weaknesses: a byte that is not UTF-8 stopped the program."""

from __future__ import annotations

import codecs
import sys
from functools import partial

from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Reads what is typed leniently: a byte that means nothing becomes the sign for that instead of the end."""

    def run_input_thread(self) -> None:
        """Read what is typed until the console leaves."""
        # The decoder is made inside Textual's loop and cannot be given to it.
        vars(linux_driver)["getincrementaldecoder"] = _lenient
        super().run_input_thread()


def _lenient(encoding: str) -> partial[codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), "replace")


def speak_utf8() -> None:
    """Draw in UTF-8 whatever the locale says: the characters of a case are not those of one locale."""
    for stream in (sys.__stdout__, sys.__stderr__):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
