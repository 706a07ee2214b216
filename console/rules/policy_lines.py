"""On which line of a TOML text each table, key and array element stands.

``tomllib`` reads values but forgets where they stood; a fault without its line cannot be mended in a file of six hundred lines.
"""

from __future__ import annotations

from collections.abc import Mapping

Path = tuple[str | int, ...]
"""The way to a value from the top of the file: keys, and numbers of array elements from 0."""

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


def line_numbers(text: str) -> Mapping[Path, int]:
    """Return the line (from 1) of every path of a TOML text that ``tomllib`` accepts.

    A text it does not accept gives the lines up to where the scanner lost its way.
    """
    scanner = _Scanner(text)
    try:
        scanner.document()
    except IndexError:
        return scanner.lines
    return scanner.lines


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """Return the line of a path, or of the nearest part of the way to it that stands in the file; 1 at worst."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


class _Scanner:
    """Walks once over the text, keeping the line and the path it is on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}

    def document(self) -> None:
        base: Path = ()
        while True:
            self.skip(newlines=True)
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                base = self.header()
            else:
                self.pair(base)

    def header(self) -> Path:
        line = self.line
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        keys = self.dotted_key()
        self.at += 2 if is_array else 1
        path: Path = ()
        for key in keys[:-1]:
            path = self.inside((*path, key))
            self.lines.setdefault(path, line)
        path = (*path, keys[-1])
        if not is_array:
            path = self.inside(path)
            self.lines.setdefault(path, line)
            return path
        self.lines.setdefault(path, line)
        number = self.counts.get(path, 0)
        self.counts[path] = number + 1
        self.lines[(*path, number)] = line
        return (*path, number)

    def inside(self, path: Path) -> Path:
        """A header that goes through an array of tables means its last element."""
        return (*path, self.counts[path] - 1) if path in self.counts else path

    def pair(self, base: Path) -> None:
        line = self.line
        keys = self.dotted_key()
        path = base
        for key in keys:
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.skip(newlines=False)
        self.at += 1
        self.skip(newlines=False)
        self.value(path)

    def value(self, path: Path) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self.string()
        elif first == "[":
            self.at += 1
            number = 0
            while True:
                self.skip(newlines=True, commas=True)
                if self.text[self.at] == "]":
                    self.at += 1
                    return
                self.lines[(*path, number)] = self.line
                self.value((*path, number))
                number += 1
        elif first == "{":
            self.at += 1
            while True:
                self.skip(newlines=True, commas=True)
                if self.text[self.at] == "}":
                    self.at += 1
                    return
                self.pair(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\r\n":
                self.at += 1

    def dotted_key(self) -> list[str]:
        keys = []
        while True:
            self.skip(newlines=False)
            if self.text[self.at] in "\"'":
                keys.append(self.string())
            else:
                begin = self.at
                while self.text[self.at] in _BARE:
                    self.at += 1
                if self.at == begin:
                    raise IndexError
                keys.append(self.text[begin : self.at])
            self.skip(newlines=False)
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def string(self) -> str:
        quote = self.text[self.at]
        is_long = self.text.startswith(quote * 3, self.at)
        self.at += 3 if is_long else 1
        found: list[str] = []
        while True:
            if is_long and self.text.startswith(quote * 3, self.at):
                self.at += 3
                while self.at < len(self.text) and self.text[self.at] == quote:
                    self.at += 1
                return "".join(found)
            character = self.text[self.at]
            if character == quote and not is_long:
                self.at += 1
                return "".join(found)
            if character == "\\" and quote == '"':
                self.at += 1
                character = _ESCAPES.get(self.text[self.at], self.text[self.at])
            if self.text[self.at] == "\n":
                self.line += 1
            found.append(character)
            self.at += 1

    def skip(self, *, newlines: bool, commas: bool = False) -> None:
        """Pass over blanks and comments, and over line ends and commas where they separate."""
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == "#":
                while self.at < len(self.text) and self.text[self.at] != "\n":
                    self.at += 1
            elif character == "\n" and newlines:
                self.line += 1
                self.at += 1
            elif character in " \t\r" or (character == "," and commas):
                self.at += 1
            else:
                return
