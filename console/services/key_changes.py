"""The master key of a database: how things stand, and changing it while people work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Table, bindparam, func, select, text, update

from console.models import CustomerKey, MasterKey
from console.models.base import table_of
from console.services.staffing import ADMINISTRATORS, required
from console.storage import sealing
from console.storage.engine import Store
from console.storage.file_encryption import change_file_key, is_encrypted_file, key_of
from console.storage.keys import Key, new_key, write_keys
from console.storage.unit import Work

MASTERS: Table = table_of(MasterKey)
DATA_KEYS: Table = table_of(CustomerKey)
PART = 5_000
"""Data keys wrapped anew in one transaction: about 30 ms, so that nobody waits for it."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One master key that the database knows; ``is_at_hand`` whether the key place holds it."""

    number: int
    created_at: datetime
    retired_at: datetime | None
    data_keys: int
    is_at_hand: bool


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """Where the master key is, what is under which one, and whether the file is encrypted as a whole."""

    place: str
    keys: tuple[KeyRow, ...]
    is_file_encrypted: bool

    @property
    def is_settled(self) -> bool:
        """Whether no change of keys is half done."""
        return sum(key.retired_at is None for key in self.keys) <= 1


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a change of keys did."""

    number: int
    rewrapped: int
    is_file_changed: bool
    forgotten: int


def status(store: Store) -> KeyStatus:
    """Return how the keys stand. Raises KeyMissingError where the place holds none."""
    keys = store.safe.keys()
    with store.reading() as connection:
        counted: dict[int, int] = dict(
            connection.execute(select(DATA_KEYS.c.master_id, func.count()).group_by(DATA_KEYS.c.master_id)).all()
        )
        rows = connection.execute(select(MASTERS).order_by(MASTERS.c.id)).mappings().all()
    return KeyStatus(
        store.safe.place(),
        tuple(
            KeyRow(
                row["id"],
                row["created_at"],
                row["retired_at"],
                counted.get(row["id"], 0),
                _holder(keys, row["salt"], row["fingerprint"]) is not None,
            )
            for row in rows
        ),
        _is_encrypted(store),
    )


def _holder(keys: tuple[Key, ...], salt: bytes, fingerprint: bytes) -> Key | None:
    return next((key for key in keys if key.fingerprint(salt) == fingerprint), None)


def _path(store: Store) -> Path:
    return Path(store.engine.url.database or "")


def _is_encrypted(store: Store) -> bool:
    return store.is_sqlite and is_encrypted_file(_path(store))


def rotate(
    store: Store, actor: str, *, forget_old: bool = False, progress: Callable[[int], None] = lambda done: None
) -> Rotation:
    """Change the master key: a new one is made, and every data key is wrapped by it in parts, while others go on working.

    Where an earlier change was broken off, it is carried on; where the key place holds a newer key than the database uses (as
    with a place Ombud cannot write to), that one is taken. The old key stays in its place, for backups made under it;
    ``forget_old`` takes keys away that nothing in this database uses. ``progress`` is told how many data keys are done.

    Raises NotAllowedError for who may not, WrongKeyError where the database's own key is not at hand, UsageError where no new key
    can be written.
    """
    with store.reading() as connection:
        required(connection, actor, ADMINISTRATORS, "change the master key")
    store.write(actor, lambda work: work.record("rotate", "keys", store.name, {"step": "begin"}))
    target = _target(store, actor)
    done = 0
    while True:
        moved = store.write(actor, lambda work: _part(work, target))
        done += moved
        progress(done)
        if moved < PART and store.write(actor, lambda work: _retire(work, target)):
            break
    store.safe.forget()
    is_changed = False
    if _is_encrypted(store):
        store.close()
        is_changed = change_file_key(_path(store), store.safe.keys())
        store.safe.forget()
    forgotten = _forget(store, actor) if forget_old else 0
    return Rotation(target, done, is_changed, forgotten)


def _target(store: Store, actor: str) -> int:
    """Return the number of the key everything is to be under, a new one where no change is going on."""
    keys = store.safe.keys()

    def choose(work: Work) -> int:
        vault = store.safe.vault(work.connection, again=True)
        question = select(MASTERS).where(MASTERS.c.retired_at.is_(None)).order_by(MASTERS.c.id)
        rows = work.connection.execute(question).mappings().all()
        held = keys
        if len(rows) > 1:
            work.abandon()
            return vault.current
        if _holder(held, rows[-1]["salt"], rows[-1]["fingerprint"]) == held[-1]:
            if _is_encrypted(store) and key_of(_path(store), held) != held[-1]:
                # Only the file as a whole was left behind, since somebody was using it.
                work.abandon()
                return vault.current
            held = (*held, new_key())
            # The key is safe in its place before anything is under it.
            write_keys(store.safe.place(), held)
        number = sealing.register(work.connection, held[-1], work.at, vault.secret_to_rewrap())
        work.record("rotate", "keys", store.name, {"step": "new key", "number": number})
        return number

    number = store.write(actor, choose)
    store.safe.forget()
    return number


def _part(work: Work, target: int) -> int:
    connection = work.connection
    vault = sealing.sealing_vault(connection)
    question = (
        select(DATA_KEYS.c.customer_id, DATA_KEYS.c.master_id, DATA_KEYS.c.wrapped)
        .where(DATA_KEYS.c.master_id != target)
        .order_by(DATA_KEYS.c.customer_id)
        .limit(PART)
        .with_for_update()
    )
    rows = connection.execute(question).all()
    if not rows:
        work.abandon()
        return 0
    connection.execute(
        update(DATA_KEYS).where(DATA_KEYS.c.customer_id == bindparam("owner")),
        [
            {
                "owner": customer_id,
                "master_id": target,
                "wrapped": vault.wrap(customer_id, vault.unwrap(customer_id, master_id, wrapped).secret, target),
            }
            for customer_id, master_id, wrapped in rows
        ],
    )
    work.record("rotate", "keys", _name(work), {"step": "wrapped", "number": target, "data_keys": len(rows)})
    return len(rows)


def _name(work: Work) -> str:
    return Path(work.connection.engine.url.database or "").name


def _retire(work: Work, target: int) -> bool:
    """Retire the other keys once nothing is under them; return whether that is so."""
    connection = work.connection
    if connection.dialect.name == "postgresql":
        # Who seals with the old key at this moment has not committed: he is waited for, and counted.
        connection.execute(text("LOCK TABLE customer_keys IN SHARE MODE"))
    if connection.execute(select(DATA_KEYS.c.customer_id).where(DATA_KEYS.c.master_id != target).limit(1)).first():
        work.abandon()
        return False
    connection.execute(
        update(MASTERS).where(MASTERS.c.id != target, MASTERS.c.retired_at.is_(None)).values(retired_at=work.at)
    )
    work.record("rotate", "keys", _name(work), {"step": "done", "number": target})
    return True


def _forget(store: Store, actor: str) -> int:
    """Take keys out of the key file that this database does not use; return how many."""
    keys = store.safe.keys()
    with store.reading() as connection:
        question = select(MASTERS.c.salt, MASTERS.c.fingerprint).where(MASTERS.c.retired_at.is_(None))
        used = {_holder(keys, salt, fingerprint) for salt, fingerprint in connection.execute(question)}
    kept = tuple(key for key in keys if key in used)
    if len(kept) == len(keys) or not kept:
        return 0
    write_keys(store.safe.place(), kept)
    store.write(
        actor, lambda work: work.record("rotate", "keys", store.name, {"step": "forgot", "keys": len(keys) - len(kept)})
    )
    return len(keys) - len(kept)
