"""An SQLite file encrypted as a whole (SQLCipher), under a key that comes from the same master key."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.errors import UnavailableError
from console.storage.keys import Key, Safe

PLAIN_HEADER = b"SQLite format 3\x00"
PURPOSE = "whole file"


def is_encrypted_file(path: Path) -> bool:
    """Return whether a file exists, holds something, and does not begin as a plain SQLite file does."""
    try:
        with path.open("rb") as file:
            header = file.read(len(PLAIN_HEADER))
    except OSError:
        return False
    return bool(header) and header != PLAIN_HEADER


def unlocking_pragma(key: Key) -> str:
    """Return the statement that must come first on a connection to an encrypted file."""
    return f"PRAGMA key = \"x'{key.derived(PURPOSE).hex()}'\""


def opens(connection: Any, key: Key) -> bool:
    """Give a fresh connection a key, and return whether it can read the file; one that cannot is of no more use."""
    connection.execute("PRAGMA cipher_log = off").fetchall()
    connection.execute(unlocking_pragma(key)).fetchall()
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except Exception as error:
        if "not a database" in str(error):
            return False
        raise
    return True


def key_of(path: Path, keys: Sequence[Key]) -> Key | None:
    """Return which of the keys an encrypted file is under, the newest tried first; None where no one opens it."""
    from sqlcipher3 import dbapi2

    for key in reversed(keys):
        with closing(dbapi2.connect(str(path), isolation_level=None)) as connection:
            if opens(connection, key):
                return key
    return None


@dataclass(slots=True, repr=False)
class FileKey:
    """What opens one SQLite file: nothing for a plain one."""

    path: Path
    safe: Safe
    is_wanted: bool = False

    def unlock(self, connection: Any) -> None:
        """Give a fresh connection its key where the file needs one.

        Raises UnavailableError where no key of the safe opens the file.
        """
        is_empty = not self.path.exists() or self.path.stat().st_size == 0
        if not (is_encrypted_file(self.path) or (self.is_wanted and is_empty)):
            return
        if self.safe.file_key is None:
            keys = self.safe.keys()
            # The file is still under an older key while the keys are being changed.
            self.safe.file_key = keys[-1] if is_empty else key_of(self.path, keys)
        if self.safe.file_key is not None and opens(connection, self.safe.file_key):
            return
        self.safe.file_key = None
        raise UnavailableError(
            f"The file {self.path} is no database, or the master key is not the one it was encrypted with.",
            "Name the place of the right key: OMBUD_KEY=file:PATH",
        )


def change_file_key(path: Path, keys: Sequence[Key]) -> bool:
    """Encrypt a whole file anew under the newest key; return whether that was needed.

    Raises UnavailableError where the file is in use, or no key opens it.
    """
    from sqlcipher3 import dbapi2

    key = key_of(path, keys)
    if key is None:
        raise UnavailableError(f"No master key opens {path}.", "Name the place of the right key: OMBUD_KEY=file:PATH")
    if key == keys[-1]:
        return False
    with closing(dbapi2.connect(str(path), isolation_level=None, timeout=1)) as connection:
        opens(connection, key)
        try:
            # Leaving the mode of a log takes the file for this connection alone.
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
            connection.execute(f"PRAGMA rekey = \"x'{keys[-1].derived(PURPOSE).hex()}'\"").fetchall()
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
        except dbapi2.OperationalError as error:
            raise UnavailableError(
                f"The file {path} is in use; the key of the file as a whole was not changed yet.",
                "End the other sessions, then: ombud keys rotate",
            ) from error
    return True
