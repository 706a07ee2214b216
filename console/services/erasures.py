"""The ledger of erasures: a file outside the database and its backups that says who must stay erased."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from console.errors import OmbudError, UnavailableError
from console.settings import load_settings, state_directory


@dataclass(frozen=True, slots=True)
class Erasure:
    """One line of the ledger of erasures: which customer of which database, when, by whom and why."""

    at: datetime
    actor: str
    database: str
    customer: str
    reason: str


def ledger_path() -> Path:
    """Return the file that lists erasures, which must outlive any restore: the one set, or one in the state directory."""
    named = load_settings().erasures
    return Path(named).expanduser() if named else state_directory() / "erasures.jsonl"


def is_any(path: Path | None = None) -> bool:
    """Return whether there is a ledger at all."""
    return (path or ledger_path()).exists()


def append(path: Path, erasure: Erasure) -> None:
    """Add a line and see it on the disk. Raises UnavailableError where that fails."""
    line = json.dumps(
        {
            "at": erasure.at.astimezone(UTC).isoformat(),
            "actor": erasure.actor,
            "database": erasure.database,
            "customer": erasure.customer,
            "reason": erasure.reason,
        },
        ensure_ascii=False,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UnavailableError(
            f"The ledger of erasures {path} cannot be written: {error.strerror}; nothing was erased.",
            "Name another file: OMBUD_ERASURES=FILE",
        ) from error


def erasures(path: Path | None = None) -> tuple[Erasure, ...]:
    """Return the ledger, oldest first; empty where there is none. Raises OmbudError for a line that is not understood."""
    path = path or ledger_path()
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise UnavailableError(f"The ledger {path} cannot be read: {error.strerror}.", "Check its rights.") from error
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            held = json.loads(line)
            found.append(
                Erasure(
                    datetime.fromisoformat(held["at"]),
                    held["actor"],
                    held["database"],
                    held["customer"],
                    held["reason"],
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise OmbudError(f"Line {number} of the ledger {path} is damaged.", "Mend or remove that line.") from error
    return tuple(found)
