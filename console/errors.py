"""One hierarchy of errors that a person can act on, and the exit codes of the command line."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended.

    What was *typed* wrong (an unknown option, profile, column, filter, a file that is not there) is ``USAGE``; what a file
    *holds* wrong as a whole is ``FAILED``; what single rows hold wrong is ``REFUSED``.
    """

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNAVAILABLE = 3
    REFUSED = 4
    FORBIDDEN = 5
    INTERRUPTED = 130


class OmbudError(Exception):
    """Something went wrong that a person can be told in one sentence.

    ``message`` says what happened to what; ``hint`` says what to do about it.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(OmbudError):
    """A wrong option, argument, filter, setting or profile."""

    exit_code = ExitCode.USAGE


class PointedError(UsageError):
    """A wrong text of which the wrong place is known."""

    def pointer(self) -> str:
        """Return the text and, beneath it, a mark at the place: two lines."""
        raise NotImplementedError


class UnavailableError(OmbudError):
    """The database cannot be reached now; trying again may help."""

    exit_code = ExitCode.UNAVAILABLE


class NotAllowedError(OmbudError):
    """The actor may not do this."""

    exit_code = ExitCode.FORBIDDEN


class ConflictError(OmbudError):
    """Somebody else changed or took the thing first."""


class NotFoundError(OmbudError):
    """Nothing bears this number or name."""


def nearest(word: str, words: list[str] | tuple[str, ...]) -> str | None:
    """Return the known word closest to a misspelt one, or None when nothing is close."""
    from difflib import get_close_matches

    matches = get_close_matches(word, words, n=1, cutoff=0.5)
    return matches[0] if matches else None
