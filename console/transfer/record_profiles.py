"""Profiles for customers' records: TOML files that say how the columns of a file become customers, accounts, bills and so on.

One row may make several records: those of the profile's own kind and, under ``also``, of others. A profile is checked as a whole
when it is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.errors import OmbudError, UsageError, nearest
from console.text import fold
from console.transfer.dates import ISO
from console.transfer.profiles import (
    DATE_KEYS,
    FILE_KEYS,
    ProfileReader,
    column_key,
    read_content,
    ready_profiles,
)
from console.transfer.record_kinds import KINDS, Field, RecordKind, Sort
from console.transfer.source_rows import SourceOptions

READY = Path(__file__).parent / "profiles" / "records"
OWN = "ombud"
"""The name of the profile that reads what the export of a kind wrote, and files whose columns bear the same or usual names."""

KEYS = (
    "kind", "title", "source", "missing", "ignored", "guarded", "clears", "currency", "decimal", "file", "dates", "aliases",
    "fields", "also",
)  # fmt: skip
ALSO_KEYS = ("needs", "fields")
RULE_KEYS = (
    "column", "columns", "separator", "labelled", "prefix", "value", "values", "unknown", "default", "required", "formats",
    "decimal",
)  # fmt: skip
DEFAULT_FORMS = (ISO, "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日", "%Y%m%d")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_CURRENCY = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """How one field is made.

    ``columns`` that are filled are joined by ``separator``, each with its name before it where ``labelled``; ``prefix`` comes
    before what is not empty; ``value`` is a constant; ``values`` maps words (folded) to values, ``unknown`` stands for any other
    word, None refuses it; ``default`` stands for an empty value.
    """

    field: Field
    columns: tuple[str, ...] = ()
    separator: str = " "
    labelled: bool = False
    prefix: str = ""
    value: str | None = None
    values: Mapping[str, str] | None = None
    unknown: str | None = None
    default: str = ""
    is_required: bool = False
    formats: tuple[str, ...] = DEFAULT_FORMS
    decimal: str = "."


@dataclass(frozen=True, slots=True)
class RecordPart:
    """The records of one kind that a file makes; a row where a column that it ``needs`` is empty makes none."""

    kind: RecordKind
    rules: tuple[ColumnRule, ...]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordProfile:
    """A checked profile; ``parts`` are in the order in which their records hang on one another, ``main`` is its own kind."""

    name: str
    title: str
    main: RecordKind
    parts: tuple[RecordPart, ...]
    source: str = OWN
    missing: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()
    guarded: bool = False
    clears: frozenset[str] = frozenset()
    currency: str = ""
    zone: str = "UTC"
    options: SourceOptions = field(default_factory=SourceOptions)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def places_of(self, present: Sequence[str], file_name: str) -> RecordPlaces:
        """Return where each column of this profile stands in a file, and which columns are not used.

        Raises OmbudError naming a column that is needed and not there.
        """
        loose: dict[str, int] = {}
        exact = {name: position for position, name in reversed(list(enumerate(present)))}
        for position, name in enumerate(present):
            loose.setdefault(column_key(name), position)
        places: dict[str, int] = {}
        named = dict.fromkeys(
            [column for part in self.parts for rule in part.rules for column in rule.columns]
            + [column for part in self.parts for column in part.needs]
        )
        for column in named:
            for spelling in (column, *self.aliases.get(column, ())):
                place = exact.get(spelling, loose.get(column_key(spelling)))
                if place is not None:
                    places[column] = place
                    break
        for part in self.parts:
            self._check(part, places, present, file_name)
        taken = set(places.values())
        ignored = {column_key(name) for name in self.ignored}
        unused = [name for place, name in enumerate(present) if place not in taken and column_key(name) not in ignored]
        return RecordPlaces(places, tuple(unused))

    def _check(self, part: RecordPart, places: Mapping[str, int], present: Sequence[str], file_name: str) -> None:
        for column in part.needs:
            if column not in places:
                raise self._absent(column, present, file_name)
        filled = set()
        for rule in part.rules:
            is_there = rule.value is not None or bool(rule.default) or any(column in places for column in rule.columns)
            if is_there:
                filled.add(rule.field.name)
            elif rule.is_required:
                raise self._absent(rule.columns[0], present, file_name)
        if part.kind.any_of and not filled.intersection(part.kind.any_of):
            first = next(rule.columns[0] for rule in part.rules if rule.field.name in part.kind.any_of and rule.columns)
            raise self._absent(first, present, file_name)

    def _absent(self, column: str, present: Sequence[str], file_name: str) -> OmbudError:
        close = nearest(column, list(present))
        listed = ", ".join(present[:12]) + (", …" if len(present) > 12 else "")
        hint = f"The nearest column is {close}. " if close else ""
        return OmbudError(
            f"{file_name} has no column {column}, which the profile {self.name} for {self.main.name} needs.",
            f"{hint}The file has: {listed}. Choose another --profile, or write one.",
        )


@dataclass(frozen=True, slots=True)
class RecordPlaces:
    """Where the columns of a profile stand in a file, and the names of those nothing is made of."""

    places: Mapping[str, int]
    unused: tuple[str, ...]


def own_profile(kind: RecordKind) -> RecordProfile:
    """Return the profile for what the export of a kind writes: each field from the column of its name, or a usual one."""
    rules = tuple(
        ColumnRule(
            item,
            (item.name,),
            default=OWN if item.name == "source" else "",
            is_required=item.is_required,
        )
        for item in kind.fields
    )
    return RecordProfile(
        name=OWN,
        title=f"{kind.name} as Ombud exports them",
        main=kind,
        parts=(RecordPart(kind, rules),),
        guarded=True,
        ignored=("updated_at", "created_at"),
        aliases=_unclaimed(kind),
    )


def _unclaimed(kind: RecordKind) -> dict[str, tuple[str, ...]]:
    """The usual names of columns, without those that are the proper name of another field."""
    return {item.name: tuple(name for name in item.aliases if name not in kind.names) for item in kind.fields}


def ready_record_profiles() -> tuple[str, ...]:
    """Return the names of the profiles that ship with the program, that for each kind's own export apart."""
    return ready_profiles(READY)


def load_record_profile(name_or_path: str | Path, kind: RecordKind) -> RecordProfile:
    """Return a ready profile by name, or one's own from a file, for records of a kind.

    Raises UsageError when there is no such profile, it is for another kind, or anything in it is unknown or out of
    place.
    """
    if str(name_or_path) == OWN:
        return own_profile(kind)
    path, content = read_content(name_or_path, READY)
    profile = RecordProfileReader(path.stem[:64], str(path)).record_profile(content)
    if profile.main is not kind:
        raise UsageError(
            f"The profile {profile.name} is for {profile.main.name}, not for {kind.name}.",
            f"Use: ombud import {profile.main.name} --profile {name_or_path}",
        )
    return profile


class RecordProfileReader(ProfileReader):
    """Turns the tables of a TOML file into a profile for records, refusing everything it does not know."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(name, where)
        self.formats = DEFAULT_FORMS
        self.decimal = "."

    def record_profile(self, content: dict[str, object]) -> RecordProfile:
        """Return the profile of a file's content. Raises UsageError."""
        self.table(content, "", KEYS)
        name = self.text(content.get("kind"), "kind")
        self.known(name, tuple(KINDS), "kind")
        source = self.text(content.get("source", self.name), "source")
        if not _SOURCE.fullmatch(source):
            raise self.wrong(f"the source {source} must be small letters, digits, dot, dash, at most 64")
        currency = self.text(content.get("currency", ""), "currency")
        if currency and not _CURRENCY.fullmatch(currency):
            raise self.wrong(f"the currency {currency} is no code of three capital letters", "Such as CNY, USD, GBP.")
        self.decimal = self._decimal(content.get("decimal", "."), "decimal")
        self._dates(self.table(content.get("dates", {}), "dates", DATE_KEYS))
        parts = {name: self._part(KINDS[name], {"fields": content.get("fields", {})}, "")}
        for other, table in self.table(content.get("also", {}), "also", tuple(KINDS)).items():
            if other == name:
                raise self.wrong(f"also.{other} is the profile's own kind")
            parts[other] = self._part(KINDS[other], self.table(table, f"also.{other}", ALSO_KEYS), f"also.{other}.")
        clears = self.texts(content.get("clears", []), "clears")
        for cleared in clears:
            self.known(cleared, KINDS[name].names, "field in clears:")
        profile = RecordProfile(
            name=self.name,
            title=self.text(content.get("title", self.name), "title"),
            main=KINDS[name],
            parts=tuple(parts[other] for other in KINDS if other in parts),
            source=source,
            missing=frozenset(fold(word.strip()) for word in self.texts(content.get("missing", []), "missing")),
            ignored=self.texts(content.get("ignored", []), "ignored"),
            guarded=self.flag(content.get("guarded", False), "guarded"),
            clears=frozenset(clears),
            currency=currency,
            zone=self.zone,
            options=self._options(self.table(content.get("file", {}), "file", FILE_KEYS)),
            aliases={
                column: self.texts(others, f"aliases.{column}")
                for column, others in self.table(content.get("aliases", {}), "aliases").items()
            },
        )
        named = [column for part in profile.parts for rule in part.rules for column in rule.columns]
        for column in profile.aliases:
            self.known(column, named, "column in aliases:")
        return profile

    def _part(self, kind: RecordKind, table: dict[str, object], where: str) -> RecordPart:
        tables = self.table(table.get("fields", {}), f"{where}fields")
        for name in tables:
            self.known(name, kind.names, f"field of {kind.name}")
        rules = tuple(
            self._rule(item, self.table(tables[item.name], f"{where}fields.{item.name}", RULE_KEYS), where)
            for item in kind.fields
            if item.name in tables
        )
        filled = {rule.field.name for rule in rules}
        for item in kind.fields:
            if item.is_required and item.name not in filled:
                raise self.wrong(
                    f"it does not say where {item.name} of {kind.name} comes from", f"Add [{where}fields.{item.name}]."
                )
        if kind.any_of and not filled.intersection(kind.any_of):
            options = " or ".join(kind.any_of)
            raise self.wrong(
                f"it does not say which {options} {kind.name} belong to", f"Add [{where}fields.{kind.any_of[0]}]."
            )
        return RecordPart(kind, rules, self.texts(table.get("needs", []), f"{where}needs"))

    def _rule(self, item: Field, table: dict[str, object], part: str) -> ColumnRule:
        where = f"{part}fields.{item.name}"
        if sum(key in table for key in ("column", "columns", "value")) != 1:
            raise self.wrong(f"{where} needs one of column, columns and value")
        columns: tuple[str, ...] = (self.text(table["column"], where),) if "column" in table else ()
        if "columns" in table:
            columns = self.texts(table["columns"], f"{where}.columns")
        values: dict[str, str] | None = None
        if "values" in table:
            given = self.table(table["values"], f"{where}.values")
            values = {
                fold(word.strip()): self._checked(item, self.text(to, where), where) for word, to in given.items()
            }
        constants = {
            key: self._checked(item, self.text(table[key], f"{where}.{key}"), where)
            for key in ("value", "unknown", "default")
            if key in table
        }
        if "unknown" in constants and values is None:
            raise self.wrong(f"{where}.unknown has no meaning without {where}.values")
        return ColumnRule(
            item,
            columns,
            separator=self.text(table.get("separator", " "), where),
            labelled=self.flag(table.get("labelled", False), f"{where}.labelled"),
            prefix=self.text(table.get("prefix", ""), f"{where}.prefix"),
            value=constants.get("value"),
            values=values,
            unknown=constants.get("unknown"),
            default=constants.get("default", ""),
            is_required=item.is_required or self.flag(table.get("required", False), f"{where}.required"),
            formats=self._formats(table["formats"], f"{where}.formats") if "formats" in table else self.formats,
            decimal=self._decimal(table["decimal"], f"{where}.decimal") if "decimal" in table else self.decimal,
        )

    def _checked(self, item: Field, value: str, where: str) -> str:
        if item.codes is not None and value:
            self.known(value, tuple(item.codes), f"{item.name} in {where}:")
        if item.sort is Sort.FLAG and value:
            self.known(value, ("yes", "no"), f"{item.name} in {where}:")
        return value

    def _decimal(self, value: object, where: str) -> str:
        mark = self.text(value, where)
        self.known(mark, (".", ","), f"mark in {where}")
        return mark
