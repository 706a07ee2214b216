"""Physical lines of a text file, with their numbers, and what is wrong with them."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable
from typing import BinaryIO

from console.transfer.encodings import MARK, MARKED

LINE_LIMIT = 16 * 1024**2
"""Most characters in one record; what is longer is refused."""
_SHOWN = 1000


class RecordTooLongError(Exception):
    """A line, or a record of several lines, is longer than LINE_LIMIT; ``shown`` is its beginning."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.shown = shown


class Lines:
    """Iterates over lines, their ends kept (LF, CRLF or CR); those of the present record are remembered.

    ``number`` is the line read last. ``is_marked`` tells whether the present record holds an undecodable byte.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._text = io.TextIOWrapper(stream, encoding=encoding, errors=MARK, newline="")
        self._waiting: deque[str] = deque()
        self.number = 0
        self.record: list[str] = []
        self.is_marked = False
        self._length = 0

    def begin_record(self) -> None:
        """Forget the lines of the record before."""
        self.record.clear()
        self.is_marked = False
        self._length = 0

    def put_back(self, lines: Iterable[str]) -> None:
        """Let lines of the present record be read again, as the beginning of what follows."""
        again = list(lines)
        self._waiting.extendleft(reversed(again))
        self.number -= len(again)

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._text.readline(LINE_LIMIT)
        if not line:
            raise StopIteration
        self.number += 1
        if self.number == 1 and line[0] == "\ufeff":
            line = line[1:] or "\n"
        if len(line) >= LINE_LIMIT:
            self._skip_rest()
            raise RecordTooLongError(line[:_SHOWN])
        self.record.append(line)
        self._length += len(line)
        if self._length > LINE_LIMIT:
            raise RecordTooLongError("".join(self.record)[:_SHOWN])
        if not line.isascii() and MARKED.search(line):
            self.is_marked = True
        return line

    def _skip_rest(self) -> None:
        while rest := self._text.readline(LINE_LIMIT):
            if rest.endswith(("\n", "\r")):
                return

    def close(self) -> None:
        """Close the stream beneath."""
        self._text.close()
