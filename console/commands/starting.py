"""The options before a command, and the start of the console without one, which needs no command line and so no Typer.

Typer describes the same options (``console.commands.main``); it and the commands take half as long to import as the screens.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress

from console.errors import OmbudError

VALUES: Mapping[str, str] = {"--database": "OMBUD_DATABASE", "--lang": "OMBUD_LANGUAGE", "--theme": "OMBUD_THEME"}
"""Options that take a value, with the variable that each command looks at next."""

SWITCHES: Mapping[str, tuple[str, str]] = {"--ascii": ("OMBUD_ASCII", "yes"), "--no-mouse": ("OMBUD_MOUSE", "no")}
"""Options without a value, with their variable and what it is then."""


def bare_options(arguments: Sequence[str]) -> dict[str, str] | None:
    """Return the options of a command line that only opens the console, by name.

    None for anything else, mistakes too: a command, help, an option or a value that is not plainly one. Typer reads those.
    """
    given: dict[str, str] = {}
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name in VALUES:
            value = value if equals else next(words, "-")
            if value.startswith("-"):
                return None
            given[name] = value
        elif word in SWITCHES:
            given[word] = SWITCHES[word][1]
        else:
            return None
    return given


def use_options(given: Mapping[str, str]) -> None:
    """Let options hold for all that follows: the environment is where each command looks. Raises UsageError."""
    from console.i18n import choose_language
    from console.settings import load_settings

    for name, value in given.items():
        os.environ[VALUES[name] if name in VALUES else SWITCHES[name][0]] = value
    choose_language(load_settings().language)


def language_asked(words: Sequence[str]) -> str:
    """Return the language that a command line will be answered in, English where it asks for one that is not spoken."""
    from console.i18n import language_named, system_language
    from console.settings import load_settings

    given = ""
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == "--lang":
            given = value if equals else next(iter(words[place + 1 : place + 2]), "")
    if not given:
        with suppress(OmbudError):
            given = load_settings().language or ""
    return (language_named(given) or "en") if given else system_language()


def start_console(given: Mapping[str, str]) -> int:
    """Open the console with some options and return the exit code."""
    from console.commands.ending import ended
    from console.commands.tui import open_console

    def start() -> int:
        use_options(given)
        open_console()
        return 0

    return ended(start)
