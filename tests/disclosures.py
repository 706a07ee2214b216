"""Every opening of a sealed value, watched: which entry on the record stood before it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select

from console.models import AuditEntry
from console.models.base import table_of
from console.storage.engine import Store
from console.storage.sealing import DataKey, Vault
from console.storage.unit import Work

ENTRIES = table_of(AuditEntry)


@dataclass(slots=True)
class Disclosures:
    """How many sealed values were opened, and what was opened without its entry.

    ``recorded`` are the entries of reveals written so far, ``unrecorded`` the places that were opened before theirs,
    ``uncommitted`` those whose entry was written but could still be taken back.
    """

    store: Store
    earlier: int
    opened: int = 0
    recorded: int = 0
    unrecorded: list[str] = field(default_factory=list)
    uncommitted: list[str] = field(default_factory=list)

    def committed(self) -> int:
        """Return the reveals on the record of the database since one began to look on."""
        return _reveals(self.store) - self.earlier

    def saw(self, place: str) -> None:
        """Note that a value is about to be opened."""
        self.opened += 1
        if self.recorded < self.opened:
            self.unrecorded.append(place)
        if self.committed() < self.opened:
            self.uncommitted.append(place)


def _reveals(store: Store) -> int:
    with store.reading() as connection:
        question = select(func.count()).select_from(ENTRIES).where(ENTRIES.c.action == "reveal")
        return int(connection.execute(question).scalar_one())


def watch(monkeypatch: pytest.MonkeyPatch, store: Store) -> Disclosures:
    """Look on while sealed values are opened and entries written; neither is changed."""
    seen = Disclosures(store, _reveals(store))
    opening, recording = Vault.open_field, Work.record

    def open_field(self: Vault, key: DataKey, table: str, column: str, row: int, sealed: bytes) -> str:
        seen.saw(f"{table}.{column}")
        return opening(self, key, table, column, row, sealed)

    def record(
        self: Work, action: str, object_kind: str, object_number: str, detail: dict[str, object] | None = None
    ) -> None:
        recording(self, action, object_kind, object_number, detail)
        seen.recorded += action == "reveal"

    monkeypatch.setattr(Vault, "open_field", open_field)
    monkeypatch.setattr(Work, "record", record)
    return seen
