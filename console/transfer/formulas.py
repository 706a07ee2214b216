"""Keeping spreadsheet programs from running somebody's text as a formula, reversibly.

A line that a spreadsheet might run gets an apostrophe in front. Whether it might is decided behind any apostrophes, quotation
marks and blanks, so that the mark itself never changes the decision: taking one apostrophe off a line that might be run gives
back exactly what was there, also where the text had apostrophes of its own.

Which beginnings are dangerous follows OWASP, "CSV Injection": = + - @ tab and carriage return, their full-width forms, and the
dynamic data exchange of old (DDE).
"""

from __future__ import annotations

import re

_BLANKS = " \u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff"
_QUOTES = "'\"`´‘’‚‛“”„‟«»＇＂"
_STARTS = "=+\\-@\t\r＝＋－＠﹢﹣﹦﹫−"
_DANGER = rf"[{_BLANKS}{_QUOTES}]*(?:[{_STARTS}]|[dD][dD][eE][{_BLANKS}]*\()"
_GUARD = re.compile(rf"(?:^|(?<=[\n\r]))(?={_DANGER})")
_UNGUARD = re.compile(rf"(?:^|(?<=[\n\r]))'(?={_DANGER})")


def guarded(text: str) -> str:
    """Return a text with an apostrophe before every line that a spreadsheet might run."""
    return _GUARD.sub("'", text)


def unguarded(text: str) -> str:
    """Return the text that ``guarded`` was given."""
    return _UNGUARD.sub("", text)
