"""Drafts: what was typed and not saved yet, kept in files until it is.

They hold what customers said, so the directory is open to its owner only (0700) and so is every file (0600).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.settings import state_directory

ERRAND = "errand"
"""The kind of a form that belongs to no case; its key is its title and what it is about."""

LONGEST_DRAFT = 1 << 21
"""Bytes of a file that is read as a draft: a larger one is none of ours."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed into one form: ``kind`` and ``key`` tell which, ``values`` are by field, ``about`` names its object."""

    kind: str
    key: str
    values: Mapping[str, str]
    at: datetime
    about: str = ""


class Drafts:
    """The drafts of one person on this machine, each bound to the database it was typed for."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory

    @property
    def directory(self) -> Path:
        """Where they are kept."""
        return state_directory() / "drafts" if self._directory is None else self._directory

    def _path(self, database: str, kind: str, key: str) -> Path:
        name = hashlib.sha256("\0".join((database, kind, key)).encode()).hexdigest()[:24]
        return self.directory / f"{name}.json"

    def keep(self, database: str, kind: str, key: str, values: Mapping[str, str], about: str = "") -> bool:
        """Write a draft so that it is whole or not there at all; return whether it could be written."""
        if not any(value.strip() for value in values.values()):
            self.remove(database, kind, key)
            return True
        path = self._path(database, kind, key)
        told = {
            "database": database,
            "kind": kind,
            "key": key,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "values": dict(values),
            "about": about,
        }
        unfinished = path.with_suffix(".part")
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                json.dump(told, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError:
            return False
        return True

    def find(self, database: str, kind: str, key: str) -> Draft | None:
        """Return the draft of one form, or None."""
        draft = self._read(self._path(database, kind, key), database)
        return draft if draft is not None and (draft.kind, draft.key) == (kind, key) else None

    def all(self, database: str, kind: str | None = None) -> list[Draft]:
        """Return the drafts of one kind of form, or of all, the newest first."""
        try:
            paths = sorted(self.directory.glob("*.json"))
        except OSError:
            return []
        found = [self._read(path, database) for path in paths]
        return sorted(
            (draft for draft in found if draft is not None and kind in (None, draft.kind)),
            key=lambda draft: draft.at,
            reverse=True,
        )

    def remove(self, database: str, kind: str, key: str) -> None:
        """Take a draft away."""
        with suppress(OSError):
            self._path(database, kind, key).unlink()

    @staticmethod
    def _read(path: Path, database: str) -> Draft | None:
        try:
            if path.stat().st_size > LONGEST_DRAFT:
                return None
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["database"] != database:
                return None
            values = {str(name): str(value) for name, value in told["values"].items()}
            at = datetime.fromisoformat(told["at"])
            return Draft(str(told["kind"]), str(told["key"]), values, at, str(told.get("about", "")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
