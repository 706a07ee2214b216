"""The languages of the program: ``_`` translates when it is called, into the language chosen by then.

Catalogues are read from their gettext sources (``locale/<language>/LC_MESSAGES/*.po``, one a subject) and not from compiled
``.mo`` files: a compiled copy in the repository could be stale without anybody seeing it, and reading 600 entries
costs 3 ms, once, and only in a language that is not English.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from pathlib import Path

from console.errors import UsageError
from console.signs import worded

LANGUAGES: Mapping[str, str] = {"en": "English", "zh_CN": "简体中文"}
"""The languages spoken, by code, each with its own name for itself."""

_CONTEXT = "\x04"
_SIMPLIFIED = frozenset({"zh", "zh_cn", "zh_sg", "zh_hans", "zh_hans_cn", "zh_hans_sg"})

Catalogue = Mapping[str, tuple[str, ...]]
"""Translations by message (after its context and U+0004, if it has one); several where there are plural forms."""


def N_(message: str) -> str:  # noqa: N802 - the name gettext tools look for
    """Mark a text for translation where it is defined; ``_`` translates it where it is shown."""
    return message


def language_named(code: str) -> str | None:
    """Return the language that a locale name such as ``zh-Hans``, ``zh_CN.UTF-8`` or ``en_GB`` asks for, or None."""
    plain = code.partition(".")[0].partition("@")[0].strip().replace("-", "_").lower()
    if plain in _SIMPLIFIED:
        return "zh_CN"
    return "en" if plain.partition("_")[0] in ("en", "c", "posix") else None


def system_language(environment: Mapping[str, str] | None = None) -> str:
    """Return the language that ``LC_ALL``, else ``LC_MESSAGES``, else ``LANG`` names; English if it is not ours."""
    environment = os.environ if environment is None else environment
    named = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "en")
    return language_named(named) or "en"


def read_catalogue(text: str) -> Catalogue:
    """Return the translations in the text of a gettext source file.

    Entries without a translation and entries marked fuzzy are left out, so that English shows in their place.
    Raises ValueError, naming the line, for what is not gettext.
    """
    catalogue: dict[str, tuple[str, ...]] = {}
    entry: dict[str, str] = {}
    part = ""
    is_fuzzy = False

    def keep() -> None:
        forms = tuple(value for name, value in entry.items() if name.startswith("msgstr"))
        if entry.get("msgid") and not is_fuzzy and all(forms):
            context = entry["msgctxt"] + _CONTEXT if "msgctxt" in entry else ""
            catalogue[context + entry["msgid"]] = forms

    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith('"'):
            quoted = line
        elif line.startswith("msg"):
            name, _space, quoted = line.partition(" ")
            if name == "msgctxt" or (name == "msgid" and part != "msgctxt"):
                keep()
                entry, is_fuzzy = {}, is_fuzzy and not part
            part = name
            entry[part] = ""
        elif not line or line.startswith("#"):
            if part.startswith("msgstr"):
                keep()
                entry, part, is_fuzzy = {}, "", False
            is_fuzzy = is_fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        else:
            raise ValueError(f"line {number} is not gettext: {line[:40]}")
        if not part or len(quoted) < 2 or quoted[-1] != '"':
            raise ValueError(f"line {number} is not gettext: {line[:40]}")
        entry[part] += ast.literal_eval(quoted) if "\\" in quoted else quoted[1:-1]
    keep()
    return catalogue


def catalogue_of(language: str) -> Catalogue:
    """Return all translations into a language: one source file a subject."""
    folder = Path(__file__).parent / "locale" / language / "LC_MESSAGES"
    catalogue: dict[str, tuple[str, ...]] = {}
    for source in sorted(folder.glob("*.po")):
        catalogue.update(read_catalogue(source.read_text(encoding="utf-8")))
    return catalogue


def further_catalogue(language: str, subject: str) -> Catalogue:
    """Return a catalogue that is read only when it is needed: ``sentences`` of services, or the ``help`` of commands."""
    source = Path(__file__).parent / "locale" / language / f"{subject}.po"
    return read_catalogue(source.read_text(encoding="utf-8")) if source.exists() else {}


class _Speaker:
    """The language of this process, one for all threads, and the catalogues read so far."""

    def __init__(self) -> None:
        self.language: str | None = None
        self.catalogues: dict[str, Catalogue] = {"en": {}}

    def catalogue(self) -> Catalogue:
        if self.language is None:
            self.language = system_language()
        if self.language not in self.catalogues:
            self.catalogues[self.language] = catalogue_of(self.language)
        return self.catalogues[self.language]


_speaker = _Speaker()


def choose_language(code: str | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Choose the language of this process and return its code: the one named, or the system's where none is.

    Raises UsageError when the named language is not spoken; a system set to one gets English.
    """
    language = language_named(code) if code else system_language(environment)
    if language is None:
        known = ", ".join(f"{known} ({name})" for known, name in LANGUAGES.items())
        raise UsageError(f"Unknown language {code}.", f"Known: {known}.")
    _speaker.language = language
    return language


def chosen_language() -> str:
    """Return the code of the language in use."""
    _speaker.catalogue()
    return _speaker.language or "en"


def in_language(text: str, text_zh: str) -> str:
    """Return what stands in the database in both languages in the one chosen, or in English where Chinese is lacking."""
    return text_zh if text_zh and chosen_language().startswith("zh") else text


def _(message: str) -> str:
    """Return a message in the language chosen."""
    forms = _speaker.catalogue().get(message)
    return worded(forms[0] if forms else message)


def pgettext(context: str, message: str) -> str:
    """Return a message in the language chosen where the same English word has several meanings."""
    forms = _speaker.catalogue().get(f"{context}{_CONTEXT}{message}")
    return worded(forms[0] if forms else message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of a message that fits a number, in the language chosen; the number is not put in."""
    forms = _speaker.catalogue().get(singular)
    if forms is None:
        return worded(singular if count == 1 else plural)
    return worded(forms[0] if count == 1 else forms[-1])
