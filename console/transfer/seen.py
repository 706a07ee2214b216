"""Which references a file has shown so far, kept beside the memory so that a file of any length can be read."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class SeenReferences:
    """The first line and content of every reference of one file, in a temporary database of its own that spills to disk."""

    def __init__(self) -> None:
        from sqlcipher3 import dbapi2

        self._connection = dbapi2.connect("", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute("CREATE TABLE seen (name TEXT PRIMARY KEY, line INTEGER, digest TEXT) WITHOUT ROWID")
        self._connection.execute("BEGIN")

    def first(self, name: str, line: int, digest: str) -> tuple[int, str] | None:
        """Return line and digest of the first row with this reference, or None, and remember it, if this is the first."""
        inserted = self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (name, line, digest))
        if inserted.rowcount:
            return None
        found = self._connection.execute("SELECT line, digest FROM seen WHERE name = ?", (name,)).fetchone()
        return int(found[0]), str(found[1])

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
