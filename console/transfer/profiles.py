"""Profiles: TOML files that say how the columns of a foreign file become the fields of a case.

A profile is checked as a whole when it is loaded, so that a misspelt key, field or code is found before a row is read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from console.codes import CaseKind, CasePhase, CaseState, Channel, Opinion, Outcome
from console.errors import OmbudError, UsageError, nearest
from console.text import fold
from console.transfer.dates import ISO, TOKENS, form_pattern
from console.transfer.source_rows import SourceOptions

READY = Path(__file__).parent / "profiles"
KINDS = ("cases",)
KEYS = (
    "kind",
    "title",
    "source",
    "key",
    "missing",
    "extras",
    "ignored",
    "guarded",
    "file",
    "dates",
    "aliases",
    "fields",
)
FILE_KEYS = ("encoding", "delimiter", "sheet", "header_row", "rows_under_header", "format")
DATE_KEYS = ("zone", "formats")
RULE_KEYS = (
    "column", "columns", "separator", "split", "value", "values", "unknown", "default", "given", "keep", "required",
    "trim", "formats", "zone",
)  # fmt: skip

DATES = ("received_at", "due_at", "closed_at")
FLAGS = ("is_supervised", "is_vulnerable", "is_raised_by_staff")
CODES: Mapping[str, tuple[str, ...]] = {
    "kind": tuple(CaseKind),
    "phase": tuple(CasePhase),
    "channel": tuple(Channel),
    "outcome": tuple(Outcome),
    "severity": ("1", "2", "3", "4"),
    "is_supervised": ("yes", "no"),
    "is_vulnerable": ("yes", "no"),
    "is_raised_by_staff": ("yes", "no"),
    "opinion": tuple(Opinion),
}
FIELDS = (
    "reference", "source", "external_reference", "kind", "state", "phase", "category", "channel", "severity", "region",
    "department", "department_name", "assignee", "customer", "customer_name", "account", "subject", "narrative",
    "findings", "measures", "reply", "follow_up", "cause", "outcome", "opinion", "validity", "authority", "area", "location",
    "responsible", *DATES, *FLAGS, "extras",
)  # fmt: skip
MAY_BE_EMPTY = ("outcome", "opinion")
DESCRIBING = ("subject", "category", "narrative")
CATEGORY_LEVELS = 3
MOST_UNDER_HEADER = 10
_STATE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field is made.

    ``columns`` are joined by ``separator`` (for ``category`` they are its levels; ``split`` cuts one column into levels);
    ``value`` is a constant; ``values`` maps words (folded) to codes, ``unknown`` is the code of any other word, None refuses
    it; ``default`` stands for an empty value, ``given`` for any other; ``keep`` puts the original words into the extras.
    """

    name: str
    columns: tuple[str, ...] = ()
    separator: str = " "
    split: str | None = None
    value: str | None = None
    values: Mapping[str, str] | None = None
    unknown: str | None = None
    default: str = ""
    given: str | None = None
    keep: bool = False
    required: bool = False
    trim: bool = True
    formats: tuple[str, ...] = ()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Profile:
    """A checked profile. ``key`` says by which reference a case is known again: the source's or our own."""

    name: str
    kind: str
    source: str
    title: str
    fields: tuple[FieldRule, ...]
    key: str = "external_reference"
    missing: frozenset[str] = frozenset()
    keeps_all_extras: bool = False
    extras: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    guarded: bool = False
    options: SourceOptions = field(default_factory=SourceOptions)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def rule(self, name: str) -> FieldRule | None:
        """Return the rule of a field, or None where the profile does not fill it."""
        return next((rule for rule in self.fields if rule.name == name), None)

    def columns_of(self, present: Sequence[str], file_name: str) -> Columns:
        """Return where each column of this profile stands in a file.

        Raises OmbudError naming a column that is needed and not there.
        """
        exact = {name: position for position, name in reversed(list(enumerate(present)))}
        loose: dict[str, int] = {}
        for position, name in enumerate(present):
            loose.setdefault(column_key(name), position)
        places: dict[str, int] = {}
        for column in self._named():
            spellings = (column, *self.aliases.get(column, ()))
            for spelling in spellings:
                place = exact.get(spelling, loose.get(column_key(spelling)))
                if place is not None and place not in places.values():
                    places[column] = place
                    break
        for rule in self.fields:
            if rule.required and rule.columns and not any(column in places for column in rule.columns):
                raise self._absent(rule.columns[0], present, file_name)
        described = [rule for rule in self.fields if rule.name in DESCRIBING and rule.columns]
        if described and not any(column in places for rule in described for column in rule.columns):
            raise self._absent(described[0].columns[0], present, file_name)
        taken = set(places.values())
        ignored = {column_key(name) for name in self.ignored}
        kept = [(place, column) for column, place in places.items() if column in self.extras]
        if self.keeps_all_extras:
            kept += [
                (place, name)
                for place, name in enumerate(present)
                if place not in taken and column_key(name) not in ignored
            ]
        return Columns(places, tuple(sorted(kept)))

    def _named(self) -> list[str]:
        named = dict.fromkeys(column for rule in self.fields for column in rule.columns)
        return [*named, *(column for column in self.extras if column not in named)]

    def _absent(self, column: str, present: Sequence[str], file_name: str) -> OmbudError:
        close = nearest(column, list(present))
        listed = ", ".join(present[:12]) + (", …" if len(present) > 12 else "")
        hint = f"The nearest column is {close}. " if close else ""
        return OmbudError(
            f"{file_name} has no column {column}, which the profile {self.name} needs.",
            f"{hint}The file has: {listed}. Choose another --profile, or write one.",
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns of a profile stand in a file, and which others are kept as extras: (position, name)."""

    places: Mapping[str, int]
    extras: tuple[tuple[int, str], ...]


def column_key(name: str) -> str:
    """Return a column name for comparison: letters and digits only, folded, so that ``Date received`` is ``date_received``."""
    folded = fold(name)
    return "".join(char for char in folded if char.isalnum()) or folded.strip()


def ready_profiles(folder: Path = READY) -> tuple[str, ...]:
    """Return the names of the profiles that ship with the program."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_profile(name_or_path: str | Path) -> Profile:
    """Return a ready profile by name, or one's own from a file.

    Raises UsageError when there is no such profile, the file is not TOML, or anything in it is unknown or out of place.
    """
    path, content = read_content(name_or_path, READY)
    return ProfileReader(path.stem[:64], str(path)).profile(content)


def read_content(name_or_path: str | Path, folder: Path) -> tuple[Path, dict[str, object]]:
    """Return where a profile stands, ready in ``folder`` or a file of one's own, and what it says. Raises UsageError."""
    text = str(name_or_path)
    ready = ready_profiles(folder)
    if text in ready:
        path = folder / f"{text}.toml"
    else:
        path = Path(text)
        if not (text.endswith(".toml") or "/" in text or path.is_file()):
            close = nearest(text, ready)
            known = f"Ready profiles: {', '.join(ready)}; or name a TOML file."
            raise UsageError(f"There is no profile {text}.", f"Did you mean {close}? {known}" if close else known)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"There is no profile file {path}.", f"Ready profiles: {', '.join(ready)}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"The profile {path} cannot be read: {error}.", "It must be a TOML file in UTF-8.") from error
    return path, content


class ProfileReader:
    """Turns the tables of a TOML file into a profile, refusing everything it does not know."""

    def __init__(self, name: str, where: str) -> None:
        self.name = name
        self.where = where
        self.zone = "UTC"
        self.formats: tuple[str, ...] = (ISO,)

    def wrong(self, message: str, hint: str = "") -> UsageError:
        return UsageError(f"The profile {self.where} is wrong: {message}.", hint)

    def known(self, name: str, names: Sequence[str], what: str) -> None:
        if name not in names:
            close = nearest(name, list(names))
            hint = f"Did you mean {close}?" if close else f"Known: {', '.join(names)}."
            raise self.wrong(f"unknown {what} {name}", hint)

    def text(self, value: object, where: str) -> str:
        if not isinstance(value, str):
            raise self.wrong(f"{where} must be a quoted text")
        return value

    def flag(self, value: object, where: str) -> bool:
        if not isinstance(value, bool):
            raise self.wrong(f"{where} must be true or false")
        return value

    def texts(self, value: object, where: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.wrong(f"{where} must be a list of quoted texts")
        return tuple(value)

    def table(self, value: object, where: str, keys: Sequence[str] | None = None) -> dict[str, object]:
        if not isinstance(value, dict):
            raise self.wrong(f"{where} must be a table")
        for key in value if keys is not None else ():
            self.known(key, keys or (), f"key in {where}:" if where else "key")
        return value

    def profile(self, content: dict[str, object]) -> Profile:
        self.table(content, "", KEYS)
        kind = self.text(content.get("kind"), "kind")
        self.known(kind, KINDS, "kind")
        source = self.text(content.get("source", self.name), "source")
        if not _SOURCE.fullmatch(source):
            raise self.wrong(f"the source {source} must be small letters, digits, dot, dash, at most 64")
        self._dates(self.table(content.get("dates", {}), "dates", DATE_KEYS))
        tables = self.table(content.get("fields", {}), "fields")
        for name in tables:
            self.known(name, FIELDS, "field")
        rules = tuple(
            self.rule(name, self.table(tables[name], f"fields.{name}", RULE_KEYS)) for name in FIELDS if name in tables
        )
        extras = content.get("extras", False)
        profile = Profile(
            name=self.name,
            kind=kind,
            source=source,
            title=self.text(content.get("title", self.name), "title"),
            fields=rules,
            key=self.text(content.get("key", "external_reference"), "key"),
            missing=frozenset(fold(word.strip()) for word in self.texts(content.get("missing", []), "missing")),
            keeps_all_extras=extras is True,
            extras=() if isinstance(extras, bool) else self.texts(extras, "extras"),
            ignored=self.texts(content.get("ignored", []), "ignored"),
            guarded=self.flag(content.get("guarded", False), "guarded"),
            options=self._options(self.table(content.get("file", {}), "file", FILE_KEYS)),
            aliases={
                column: self.texts(others, f"aliases.{column}")
                for column, others in self.table(content.get("aliases", {}), "aliases").items()
            },
        )
        self._whole(profile)
        return profile

    def _whole(self, profile: Profile) -> None:
        self.known(profile.key, ("external_reference", "reference"), "key")
        needed = (profile.key, "received_at")
        for name in needed:
            rule = profile.rule(name)
            if rule is None or not rule.columns:
                raise self.wrong(f"it does not say from which column {name} comes", f"Add [fields.{name}].")
        if not any(profile.rule(name) for name in DESCRIBING):
            raise self.wrong("it fills neither subject nor category nor narrative", "Add [fields.subject].")
        named = [column for rule in profile.fields for column in rule.columns] + list(profile.extras)
        for column in profile.aliases:
            self.known(column, named, "column in aliases:")
        state, phase = profile.rule("state"), profile.rule("phase")
        if state is not None and phase is None:
            for code in (*(state.values or {}).values(), state.unknown, state.default, state.given, state.value):
                if code:
                    self.known(code, tuple(CaseState), "state")

    def _dates(self, table: dict[str, object]) -> None:
        if "zone" in table:
            self.zone = self._zone(table["zone"], "dates.zone")
        if "formats" in table:
            self.formats = self._formats(table["formats"], "dates.formats")

    def _zone(self, value: object, where: str) -> str:
        zone = self.text(value, where)
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise self.wrong(f"unknown time zone {zone}", "Use a name such as Asia/Shanghai.") from error
        return zone

    def _formats(self, value: object, where: str) -> tuple[str, ...]:
        formats = self.texts(value, where)
        for form in formats:
            try:
                if form not in TOKENS:
                    form_pattern(form)
            except ValueError as error:
                hint = "Use iso, excel, unix, or %Y %y %m %d %b %B %H %I %M %S %p: a year, a month, a day; %I with %p."
                raise self.wrong(f"{form} in {where} is no form of a date ({error})", hint) from error
        return formats

    def _options(self, table: dict[str, object]) -> SourceOptions:
        header = table.get("header_row")
        if header is not None and (not isinstance(header, int) or isinstance(header, bool) or header < 1):
            raise self.wrong("file.header_row must be a line number from 1")
        under = table.get("rows_under_header", 0)
        if not isinstance(under, int) or isinstance(under, bool) or not 0 <= under <= MOST_UNDER_HEADER:
            raise self.wrong(f"file.rows_under_header must be a number of rows from 0 to {MOST_UNDER_HEADER}")
        numbers = ("header_row", "rows_under_header")
        texts = {key: self.text(table[key], f"file.{key}") for key in table if key not in numbers}
        return SourceOptions(header_row=header, under_header=under, **texts)

    def rule(self, name: str, table: dict[str, object]) -> FieldRule:
        where = f"fields.{name}"
        if sum(key in table for key in ("column", "columns", "value")) != 1:
            raise self.wrong(f"{where} needs one of column, columns and value")
        columns: tuple[str, ...] = (self.text(table["column"], where),) if "column" in table else ()
        if "columns" in table:
            columns = self.texts(table["columns"], f"{where}.columns")
        if name == "category" and len(columns) > CATEGORY_LEVELS:
            raise self.wrong(f"a category has at most {CATEGORY_LEVELS} levels")
        values: dict[str, str] | None = None
        if "values" in table:
            given = self.table(table["values"], f"{where}.values")
            values = {fold(word.strip()): self._code(name, self.text(code, where)) for word, code in given.items()}
        codes = {
            key: self._code(name, self.text(table[key], f"{where}.{key}"))
            for key in ("value", "unknown", "default", "given")
            if key in table
        }
        if "unknown" in codes and values is None:
            raise self.wrong(f"{where}.unknown has no meaning without {where}.values")
        return FieldRule(
            name,
            columns,
            separator=self.text(table.get("separator", " "), where),
            split=self.text(table["split"], where) if "split" in table else None,
            value=codes.get("value"),
            values=values,
            unknown=codes.get("unknown"),
            default=codes.get("default", ""),
            given=codes.get("given"),
            keep=self.flag(table.get("keep", False), f"{where}.keep"),
            required=self.flag(table.get("required", False), f"{where}.required"),
            trim=self.flag(table.get("trim", True), f"{where}.trim"),
            formats=self._formats(table["formats"], f"{where}.formats") if "formats" in table else self.formats,
            zone=self._zone(table["zone"], f"{where}.zone") if "zone" in table else self.zone,
        )

    def _code(self, name: str, code: str) -> str:
        if name in CODES and not (code == "" and name in MAY_BE_EMPTY):
            self.known(code, CODES[name], f"{name} in fields.{name}:")
        if name == "state" and not _STATE.fullmatch(code):
            raise self.wrong(f"{code!r} is no name of a state")
        return code
