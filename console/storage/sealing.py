"""Sealing what is sensitive: a data key for each customer, AES-256-GCM for each field, and digests to look things up by.

A sealed value says in its associated data where it belongs (table, column, row, form), so that one that was moved or exchanged
does not open. Source of the forms: NIST SP 800-38D (GCM), RFC 5869 (HKDF), RFC 2104 (HMAC).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Table, func, insert, select

from console import clock
from console.errors import OmbudError, UnavailableError
from console.models import CustomerKey, MasterKey
from console.models.base import table_of
from console.storage.keys import KEY_BYTES, Key, Safe, derive, safe_of

MASTERS: Table = table_of(MasterKey)
DATA_KEYS: Table = table_of(CustomerKey)
FORM = b"\x01"
NONCE_BYTES = 12
DIGEST_BYTES = 16
CACHED_DIGESTS = 200_000


class SealError(OmbudError):
    """A sealed value does not open: it was changed or moved, or the key is not its own."""


class WrongKeyError(UnavailableError):
    """The master key at hand is not the one this database was made with."""


def _place(table: str, column: str, row: int) -> bytes:
    return f"{table}|{column}|{row}|{FORM[0]}".encode()


def _sealed(cipher: AESGCM, value: bytes, place: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return FORM + nonce + cipher.encrypt(nonce, value, place)


def _unsealed(cipher: AESGCM, sealed: bytes, place: bytes) -> bytes:
    try:
        if sealed[:1] != FORM:
            raise InvalidTag
        return cipher.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], place)
    except (InvalidTag, ValueError) as error:
        table, column, row, _ = place.decode().split("|")
        raise SealError(
            f"The sealed {column} in row {row} of {table} does not open: it was changed or put in another's place.",
            "Restore it from a backup, and see who wrote to the database: ombud audit log",
        ) from error


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """The key under which the fields of one customer are sealed."""

    cipher: AESGCM
    secret: bytes

    def seal(self, table: str, column: str, row: int, value: str) -> bytes:
        """Return a value sealed for one place."""
        return _sealed(self.cipher, value.encode(), _place(table, column, row))


class _Digests(dict[str, str]):
    """Keyed digests of one kind of text, by the text; pieces that come again and again are remembered."""

    def __init__(self, key: bytes) -> None:
        super().__init__()
        self._key = key

    def __missing__(self, piece: str) -> str:
        digest = self.of(piece)
        if len(self) < CACHED_DIGESTS:
            self[piece] = digest
        return digest

    def of(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256")[:DIGEST_BYTES].hex()


@dataclass(slots=True, repr=False)
class Vault:
    """What seals, opens and finds in one database."""

    safe: Safe
    current: int
    _secret: bytes
    _wraps: Mapping[int, AESGCM]
    _digests: dict[str, _Digests] = field(default_factory=dict)

    def digest(self, kind: str, text: str) -> str:
        """Return the keyed digest of a text of one kind of field: HMAC-SHA-256, its first 128 bits in hexadecimal."""
        return self._of_kind(kind).of(text)

    def digests(self, kind: str, pieces: Iterable[str]) -> list[str]:
        """Return the keyed digests of pieces that many texts share, as parts of telephones and addresses are."""
        known = self._of_kind(kind)
        return [known[piece] for piece in pieces]

    def _of_kind(self, kind: str) -> _Digests:
        digests = self._digests.get(kind)
        if digests is None:
            digests = self._digests[kind] = _Digests(derive(self._secret, f"index {kind}"))
        return digests

    def derived(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose that stay when the master key is changed."""
        return derive(self._secret, purpose)

    def secret_to_rewrap(self) -> bytes:
        """Return the database's own secret, to be kept under another master key too."""
        return self._secret

    def database_id(self) -> str:
        """Return what tells this database, and any copy of it, from others: 16 hexadecimal digits."""
        return self.derived("database")[:8].hex()

    def new_data_key(self, customer_id: int) -> tuple[DataKey, bytes]:
        """Return a new data key, and the same wrapped for ``customer_keys``."""
        secret = AESGCM.generate_key(8 * KEY_BYTES)
        return DataKey(AESGCM(secret), secret), self.wrap(customer_id, secret, self.current)

    def wrap(self, customer_id: int, secret: bytes, master_id: int) -> bytes:
        """Return a data key wrapped by one of the master keys."""
        return _sealed(self._wraps[master_id], secret, _place("customer_keys", f"wrapped.{master_id}", customer_id))

    def unwrap(self, customer_id: int, master_id: int, wrapped: bytes) -> DataKey:
        """Return a wrapped data key. Raises WrongKeyError where its master key is not at hand, SealError where it is damaged."""
        if master_id not in self._wraps:
            raise WrongKeyError(
                "A customer's data is under a master key that is not at hand.",
                "Keep the old key in the key file until ombud keys status says that nothing uses it.",
            )
        place = _place("customer_keys", f"wrapped.{master_id}", customer_id)
        secret = _unsealed(self._wraps[master_id], wrapped, place)
        return DataKey(AESGCM(secret), secret)

    def open_field(self, key: DataKey, table: str, column: str, row: int, sealed: bytes) -> str:
        """Return a sealed value in clear, and count it: this is the only way to one. Raises SealError."""
        value = _unsealed(key.cipher, sealed, _place(table, column, row)).decode()
        self.safe.opened += 1
        return value


def _wrap_cipher(key: Key, salt: bytes) -> AESGCM:
    return AESGCM(key.derived("wrapping", salt))


def is_registered(connection: Connection) -> bool:
    """Return whether a database has taken a master key on."""
    return connection.execute(select(MASTERS.c.id).limit(1)).first() is not None


def register(connection: Connection, key: Key, at: datetime, secret: bytes | None = None) -> int:
    """Note a master key by its fingerprint, with the database's secret under it, and return its id."""
    salt = secrets.token_bytes(16)
    newest = connection.execute(select(func.coalesce(func.max(MASTERS.c.id), 0))).scalar_one()
    master_id = int(newest) + 1
    secret = secret if secret is not None else secrets.token_bytes(KEY_BYTES)
    connection.execute(
        insert(MASTERS).values(
            id=master_id,
            salt=salt,
            fingerprint=key.fingerprint(salt),
            secret=_sealed(_wrap_cipher(key, salt), secret, _place("master_keys", "secret", master_id)),
            created_at=at,
        )
    )
    return master_id


def open_vault(connection: Connection, safe: Safe) -> Vault:
    """Return what seals and opens fields; a database that has no master key yet takes on the one at hand.

    Raises KeyMissingError without a key, WrongKeyError where the key is not this database's.
    """
    keys = safe.keys()
    if not is_registered(connection):
        register(connection, keys[-1], clock.now())
    question = select(MASTERS.c.id, MASTERS.c.salt, MASTERS.c.fingerprint, MASTERS.c.secret)
    rows = connection.execute(question.where(MASTERS.c.retired_at.is_(None)).order_by(MASTERS.c.id)).all()
    wraps: dict[int, AESGCM] = {}
    secret = b""
    for master_id, salt, fingerprint, wrapped in rows:
        for key in keys:
            if hmac.compare_digest(key.fingerprint(salt), fingerprint):
                wraps[master_id] = _wrap_cipher(key, salt)
                secret = _unsealed(wraps[master_id], wrapped, _place("master_keys", "secret", master_id))
    if not wraps:
        raise WrongKeyError(
            f"The master key at {safe.place()} is not the one this database was made with.",
            "Name the place of the right key: OMBUD_KEY=file:PATH",
        )
    return Vault(safe, max(wraps), secret, wraps)


def vault_of(connection: Connection) -> Vault:
    """Return what seals and opens fields of the database behind a store's connection."""
    return safe_of(connection).vault(connection)


def vault_where_sealed(connection: Connection) -> Vault | None:
    """Return the vault for questions; None for a database in which nothing was ever sealed."""
    safe = safe_of(connection)
    return safe.vault(connection) if safe.is_open or is_registered(connection) else None


def sealing_vault(connection: Connection) -> Vault:
    """Return the vault to seal with in a transaction of changes: under the newest master key, whoever changed it."""
    vault = vault_of(connection)
    newest = connection.execute(select(func.max(MASTERS.c.id))).scalar_one()
    return vault if vault.current == newest else safe_of(connection).vault(connection, again=True)


def data_keys(connection: Connection, customer_ids: Iterable[int]) -> dict[int, DataKey]:
    """Return the data keys of customers, by customer; who has none is left out. Raises as ``Vault.unwrap`` does."""
    wanted = list(customer_ids)
    rows = connection.execute(
        select(DATA_KEYS.c.customer_id, DATA_KEYS.c.master_id, DATA_KEYS.c.wrapped).where(
            DATA_KEYS.c.customer_id.in_(wanted)
        )
    ).all()
    vault = vault_of(connection)
    found = {}
    for customer_id, master_id, wrapped in rows:
        try:
            found[customer_id] = vault.unwrap(customer_id, master_id, wrapped)
        except WrongKeyError:
            # Somebody changed the master key meanwhile.
            vault = safe_of(connection).vault(connection, again=True)
            found[customer_id] = vault.unwrap(customer_id, master_id, wrapped)
    return found
