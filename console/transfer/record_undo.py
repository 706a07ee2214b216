"""Taking an import of customers' records back: what it made is deleted, what it changed says again what it said."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, func, select, update

from console.codes import BatchState
from console.services import customer_records
from console.services.customer_records import ACCOUNT_SECRETS, ACCOUNTS, CUSTOMERS, SECRETS
from console.storage import sealing
from console.storage.engine import Store
from console.storage.numbers import hold_imports
from console.storage.unit import Work
from console.transfer.batches import OBJECT, close_batch
from console.transfer.record_kinds import KINDS, RecordKind
from console.transfer.record_tables import CHANGES, before_back
from console.transfer.undo import references_to

PART = 200


def undo_records(store: Store, batch_id: int, actor: str) -> tuple[int, int, tuple[str, ...]]:
    """Take back what an import of records did: return how many were deleted and restored, and the names of those kept.

    The newest change goes first, so that what hangs on something goes before it. A record that somebody or a later import has
    changed since, or that something else refers to, is kept. Killed midway, it can be run again. A sealed value is opened only to
    be put back into the index, with its entry on the record. Raises WrongKeyError where that needs a key that is not at hand.
    """
    deleted = restored = 0
    kept: list[str] = []
    while True:
        with store.writing(actor) as work:
            hold_imports(work.connection)
            changes = _changes(work.connection, batch_id)
            if not changes:
                close_batch(work, batch_id, BatchState.UNDONE)
                work.record(
                    "import_undo", OBJECT, str(batch_id), {"deleted": deleted, "restored": restored, "kept": len(kept)}
                )
                return deleted, restored, tuple(dict.fromkeys(kept))
            part: list[str] = []
            gone = back = 0
            for name, run in groupby(changes, key=lambda change: change["kind"]):
                one = _Undoing(work, KINDS[name], list(run))
                gone += one.delete()
                back += one.restore()
                part += one.kept
            work.connection.execute(delete(CHANGES).where(CHANGES.c.id.in_([change["id"] for change in changes])))
            deleted, restored = deleted + gone, restored + back
            kept += part
            work.record(
                "import_undo_part", OBJECT, str(batch_id), {"deleted": gone, "restored": back, "kept": len(part)}
            )


def _changes(connection: Connection, batch_id: int) -> Sequence[RowMapping]:
    """The newest changes of a batch, none of them to a record that another of them is to."""
    question = select(CHANGES).where(CHANGES.c.batch_id == batch_id).order_by(CHANGES.c.id.desc()).limit(PART)
    found: dict[tuple[str, int], RowMapping] = {}
    for change in connection.execute(question).mappings():
        if (change["kind"], change["row_id"]) in found:
            break
        found[change["kind"], change["row_id"]] = change
    return list(found.values())


class _Undoing:
    """The taking back of some changes to records of one kind, the newest first."""

    def __init__(self, work: Work, kind: RecordKind, changes: Sequence[RowMapping]) -> None:
        self._work = work
        self._connection = work.connection
        self._kind = kind
        self._changes = changes
        self.kept: list[str] = []
        ids = [change["row_id"] for change in changes]
        table = kind.table
        self._stored = {
            row["id"]: row for row in self._connection.execute(select(table).where(table.c.id.in_(ids))).mappings()
        }
        newest = (
            select(CHANGES.c.row_id, func.max(CHANGES.c.id))
            .where(CHANGES.c.kind == kind.name, CHANGES.c.row_id.in_(ids))
            .group_by(CHANGES.c.row_id)
        )
        self._newest: dict[int, int] = {row[0]: row[1] for row in self._connection.execute(newest)}

    def _untouched(self, *, is_made: bool) -> Iterator[RowMapping]:
        """Yield the changes whose record is still as they left it; name the others."""
        for change in self._changes:
            stored = self._stored.get(change["row_id"])
            if stored is None or (change["before"] == "") != is_made:
                continue
            version = int(stored.get("version", change["version"]))
            if self._newest[change["row_id"]] != change["id"] or version != change["version"]:
                self.kept.append(self._named(stored))
            else:
                yield change

    def _named(self, row: RowMapping) -> str:
        key = [str(row[self._kind.field(name).column]) for name in self._kind.key]
        return " ".join((self._kind.noun, *(piece for piece in key if piece)))

    def delete(self) -> int:
        """Delete what was made and nothing refers to."""
        table = self._kind.table
        ids = [change["row_id"] for change in self._untouched(is_made=True)]
        if not ids:
            return 0
        referred: set[int] = set()
        for condition in references_to(table):
            referred.update(
                self._connection.execute(select(table.c.id).where(table.c.id.in_(ids), condition)).scalars()
            )
        self.kept += [self._named(self._stored[row_id]) for row_id in ids if row_id in referred]
        gone = [row_id for row_id in ids if row_id not in referred]
        self._connection.execute(delete(table).where(table.c.id.in_(gone)))
        if table is CUSTOMERS:
            customer_records.forget_customers(self._connection, gone)
        elif table is ACCOUNTS:
            customer_records.forget_accounts(self._connection, gone)
        return len(gone)

    def restore(self) -> int:
        """Give back what was changed."""
        count = 0
        for change in self._untouched(is_made=False):
            row_id, before = change["row_id"], before_back(change["before"])
            secrets = {name: before.pop(name) for name in self._kind.secrets if name in before}
            self._restore(row_id, before, secrets)
            self._follow(change)
            count += 1
        return count

    def _restore(self, row_id: int, before: dict[str, Any], sealed: dict[str, str | None]) -> None:
        table = self._kind.table
        opened = {name: self._open(row_id, name, value) for name, value in sealed.items()}
        is_versioned = False
        if table is CUSTOMERS:
            own = {**({"name": before.pop("name")} if "name" in before else {}), **opened}
            if own:
                customer_records.change_customer(self._connection, row_id, own)
                is_versioned = True
            before["updated_at"] = self._work.at
        elif table is ACCOUNTS and opened:
            customer_records.change_account(self._connection, row_id, opened["address"])
            is_versioned = True
        if "version" in table.c and not is_versioned:
            before["version"] = table.c.version + 1
        if before:
            self._connection.execute(update(table).where(table.c.id == row_id).values(before))

    def _open(self, row_id: int, name: str, sealed: str | None) -> str:
        """Open a value as it was, after its entry on the record: the index is made of what is in clear."""
        if sealed is None:
            return ""
        stored = self._stored[row_id]
        is_customer = self._kind.table is CUSTOMERS
        detail = {"field": name, "purpose": "import undo"}
        self._work.record("reveal", self._kind.noun, stored["number"], detail)
        owner = row_id if is_customer else stored["customer_id"]
        key = sealing.data_keys(self._connection, [owner])[owner]
        place: Table = SECRETS if is_customer else ACCOUNT_SECRETS
        vault = sealing.vault_of(self._connection)
        return vault.open_field(key, place.name, name, row_id, base64.b64decode(sealed))

    def _follow(self, change: RowMapping) -> None:
        """Let the change before this one know the version that the record has now, as what it left."""
        if "version" not in self._kind.table.c:
            return
        earlier = (
            select(func.max(CHANGES.c.id))
            .where(CHANGES.c.kind == change["kind"], CHANGES.c.row_id == change["row_id"], CHANGES.c.id < change["id"])
            .scalar_subquery()
        )
        self._connection.execute(
            update(CHANGES)
            .where(CHANGES.c.id == earlier, CHANGES.c.version == change["version"] - 1)
            .values(version=change["version"] + 1)
        )
