"""Reading a policy so that every fault is found at once, each with its line and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from console.errors import OmbudError, nearest
from console.rules.policy_lines import Path, line_of

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """One thing wrong in a policy file: where it stands, what it is, and how to mend it."""

    line: int
    path: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path}: {self.message} {self.remedy}".replace(": : ", ": ")


class PolicyErrors(OmbudError):  # noqa: N818 - it stands for many
    """A policy that cannot be used, with all its faults in the order of their lines."""

    def __init__(self, name: str, faults: Collection[PolicyFault]) -> None:
        self.name = name
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line, fault.path, fault.message)))
        number = len(self.faults)
        listed = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(
            f"The policy {name} has {number} fault{'' if number == 1 else 's'}:\n{listed}\n",
            "Mend the lines named and check again; nothing was changed.",
        )


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a thing in both languages."""

    en: str
    zh: str

    def text(self, language: str) -> str:
        """Return the label in ``zh`` or any ``zh_*`` language, else in English."""
        return self.zh if language.lower().startswith("zh") else self.en


NAMELESS = Label("", "")


BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
"""A key that TOML takes without quotation marks."""


def dotted(path: Path) -> str:
    """Write a path as a person reads it: ``clocks[3].target``, elements counted from 1."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part + 1}]"
        else:
            name = part if BARE_KEY.fullmatch(part) else f'"{part}"'
            written += f".{name}" if written else name
    return written


@dataclass(slots=True)
class Faults:
    """Collects what is wrong while the reading goes on."""

    lines: Mapping[Path, int]
    found: dict[PolicyFault, None] = field(default_factory=dict)

    def add(self, path: Path, message: str, remedy: str) -> None:
        """Record one fault at a path of the file."""
        self.found[PolicyFault(line_of(path, self.lines), dotted(path), message, remedy)] = None


def one_of(words: Collection[str], wrong: str = "") -> str:
    """Say which words are allowed, the closest first where one is close."""
    ordered = sorted(words)
    if not ordered:
        return "None is defined in this file."
    close = nearest(wrong, ordered) if wrong else None
    listed = ", ".join(ordered[:24]) + (" …" if len(ordered) > 24 else "")
    return (f'Did you mean "{close}"? ' if close else "") + f"Allowed: {listed}."


class Section:
    """One table of the file, read key by key; what nobody asked for is a fault."""

    def __init__(self, table: Mapping[str, object], path: Path, faults: Faults) -> None:
        self.table = table
        self.path = path
        self.faults = faults
        self.asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.table

    def fault(self, key: str | None, message: str, remedy: str) -> None:
        """Record a fault of this table or of one of its keys."""
        self.faults.add(self.path if key is None else (*self.path, key), message, remedy)

    def raw(self, key: str) -> object:
        """Return the value of a key as TOML gave it, or None."""
        self.asked.add(key)
        return self.table.get(key)

    def _wrong_type(self, key: str, wanted: str, example: str) -> None:
        self.fault(key, f'"{key}" is not {wanted}.', f"Write {example}.")

    def _missing(self, key: str, example: str) -> None:
        self.fault(None, f'"{key}" is missing.', f"Add {example}.")

    def text(self, key: str, *, default: str | None = None, most: int = 400) -> str:
        """Return a text of at most so many characters; without a default it must be there and not be empty."""
        value = self.raw(key)
        if value is None:
            if default is None:
                self._missing(key, f'{key} = "…"')
            return default or ""
        if not isinstance(value, str):
            self._wrong_type(key, "a text", f'{key} = "…"')
            return default or ""
        if not value.strip() and default is None:
            self.fault(key, f'"{key}" is empty.', "Fill it in.")
        elif len(value) > most:
            self.fault(key, f'"{key}" has {len(value)} characters.', f"Shorten it to {most}.")
        elif not value.isprintable():
            self.fault(key, f'"{key}" holds a line end or another control character.', "Write it in one line.")
        return value.strip()

    def choice(self, key: str, allowed: Collection[str], *, default: str | None = None) -> str:
        """Return one of the allowed words."""
        value = self.text(key, default=default)
        if value and value not in allowed and value != default:
            self.fault(key, f'"{value}" is not known.', one_of(allowed, value))
            return default or ""
        return value

    def texts(self, key: str, *, allowed: Collection[str] | None = None, is_required: bool = False) -> tuple[str, ...]:
        """Return a list of texts (a single text counts as a list of one), each of them allowed."""
        value = self.raw(key)
        if value is None:
            if is_required:
                self._missing(key, f'{key} = ["…"]')
            return ()
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            self._wrong_type(key, "a list of texts", f'{key} = ["…", "…"]')
            return ()
        if is_required and not values:
            self.fault(key, f'"{key}" is an empty list.', "Name at least one.")
        kept = []
        for number, item in enumerate(values):
            where: Path = (*self.path, key) if isinstance(value, str) else (*self.path, key, number)
            if allowed is not None and item not in allowed:
                self.faults.add(where, f'"{item}" is not known.', one_of(allowed, item))
            elif item in kept:
                self.faults.add(where, f'"{item}" is named twice.', "Remove one of them.")
            else:
                kept.append(item)
        return tuple(kept)

    def integer(self, key: str, *, default: int | None = None, least: int = 0, most: int = 1_000_000_000) -> int:
        """Return a whole number within bounds."""
        value = self.raw(key)
        if value is None:
            if default is None:
                self._missing(key, f"{key} = {least}")
            return least if default is None else default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._wrong_type(key, f"a whole number from {least} to {most}", f"{key} = {default or least}")
            return least if default is None else default
        return value

    def number(self, key: str, *, default: float, least: float, most: float) -> float:
        """Return a number within bounds."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self._wrong_type(key, f"a number from {least} to {most}", f"{key} = {default}")
            return default
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self._wrong_type(key, "true or false", f"{key} = {str(default).lower()}")
            return default
        return value

    def day(self, key: str) -> date | None:
        """Return a date, or None where there is none."""
        value = self.raw(key)
        if value is None:
            return None
        if type(value) is not date:
            self._wrong_type(key, "a date", f"{key} = 2026-01-31, without quotes")
            return None
        return value

    def label(self, key: str = "label", *, is_required: bool = True) -> Label:
        """Return the name of a thing in English and Chinese."""
        value = self.raw(key)
        example = f'{key} = {{ en = "…", zh = "…" }}'
        if value is None:
            if is_required:
                self._missing(key, example)
            return NAMELESS
        if not isinstance(value, dict):
            self._wrong_type(key, "a pair of texts", example)
            return NAMELESS
        section = Section(value, (*self.path, key), self.faults)
        label = Label(section.text("en"), section.text("zh"))
        section.finish()
        return label

    def section(self, key: str, *, is_required: bool = False) -> Section | None:
        """Return a table within this one."""
        value = self.raw(key)
        if value is None:
            if is_required:
                self._missing(key, f"a table [{dotted((*self.path, key))}]")
            return None
        if not isinstance(value, dict):
            self._wrong_type(key, "a table", f"[{dotted((*self.path, key))}]")
            return None
        return Section(value, (*self.path, key), self.faults)

    def sections(self, key: str, *, is_required: bool = False) -> list[Section]:
        """Return the tables of an array of tables."""
        value = self.raw(key)
        name = dotted((*self.path, key))
        if value is None:
            if is_required:
                self._missing(key, f"tables [[{name}]]")
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._wrong_type(key, "a list of tables", f"[[{name}]]")
            return []
        if is_required and not value:
            self.fault(key, f'"{key}" is an empty list.', f"Add tables [[{name}]].")
        return [Section(item, (*self.path, key, number), self.faults) for number, item in enumerate(value)]

    def finish(self) -> None:
        """Report the keys that nobody asked for: a misspelt key would otherwise be a silent default."""
        for key in self.table:
            if key not in self.asked:
                self.fault(key, f'"{key}" is not a key of this table.', one_of(self.asked, key))
