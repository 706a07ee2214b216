"""Making a database, and bringing an older one up to date."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from console import clock
from console.errors import OmbudError, UnavailableError, UsageError
from console.services.access import caller, enrol_first_administrator
from console.services.policies import adopt_default
from console.storage import schema, sealing
from console.storage.engine import Store, open_store
from console.storage.file_encryption import is_encrypted_file
from console.storage.keys import make_missing_key


@dataclass(frozen=True, slots=True)
class SetupReport:
    """What ``initialise`` did; ``before`` is None for a new database, ``backup`` empty where none was needed.

    ``key`` is where the master key is, ``is_new_key`` whether it was made now.
    """

    database: str
    before: str | None
    after: str
    administrator: str
    backup: str
    key: str
    is_new_key: bool


def initialise(url: str, *, key: str = "", is_encrypted: bool = False) -> SetupReport:
    """Make the tables of a new database, or upgrade an older one after a copy of it was written beside it.

    The caller becomes the first administrator of a database that knows nobody. The master key is made where the file for it
    (``key``, or the one set) does not exist and the database has taken none on. ``is_encrypted`` encrypts a new SQLite file as a
    whole. Raises UnavailableError where the database cannot be opened or made or its key is missing or wrong, OmbudError where it
    is newer than this program, UsageError where a file that is there already should be encrypted.
    """
    _make_folder(url)
    _refuse_plain_file(url, is_encrypted=is_encrypted)
    store = open_store(url, must_exist=False, key=key, is_encrypted=is_encrypted)
    try:
        is_new_key = _make_key(store, is_encrypted=is_encrypted)
        before = schema.current_revision(store)
        after = schema.newest_revision()
        if before is not None and before not in schema.revisions():
            raise OmbudError(
                f"The database {store.url} is newer than this Ombud (revision {before}).", "Upgrade Ombud."
            )
        backup = _copied(store, before) if before not in (None, after) else ""
        if before != after:
            schema.upgrade(store)
        person = caller()
        with store.reading() as connection:
            is_unstaffed = not connection.exec_driver_sql("SELECT count(*) FROM staff").scalar()
        administrator = ""
        with store.writing(person.login) as work:
            if is_unstaffed and enrol_first_administrator(work, person):
                administrator = person.login
            adopt_default(work)
            sealing.sealing_vault(work.connection)
            work.record("init", "database", store.name, {"revision": after})
        return SetupReport(store.url, before, after, administrator, backup, store.safe.place(), is_new_key)
    finally:
        store.close()


def _make_folder(url: str) -> None:
    parsed = make_url(url) if url.startswith("sqlite:") else None
    if parsed is None or not parsed.database:
        return
    folder = Path(parsed.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnavailableError(
            f"The folder {folder} cannot be made: {error.strerror}.", "Name another place with --database."
        ) from error


def _file_of(url: str) -> Path | None:
    parsed = make_url(url) if url.startswith("sqlite:") else None
    return Path(parsed.database) if parsed is not None and parsed.database else None


def _refuse_plain_file(url: str, *, is_encrypted: bool) -> None:
    path = _file_of(url)
    if is_encrypted and path is not None and path.exists() and path.stat().st_size and not is_encrypted_file(path):
        raise UsageError(
            f"{path} is there already, and is not encrypted as a whole.",
            "Name a new file with --database, and bring the data over by export and import.",
        )


def _make_key(store: Store, *, is_encrypted: bool) -> bool:
    """Make the master key of a database that has none, and return whether that was so; see that another one's is at hand."""
    path = Path(store.engine.url.database or "")
    if store.is_sqlite and is_encrypted_file(path):
        store.safe.keys()
        return False
    is_new = False
    if is_encrypted:
        # The file cannot even be made without it.
        is_new = make_missing_key(store.safe.place())
    if schema.current_revision(store) is not None:
        with store.reading() as connection:
            has_keys = connection.dialect.has_table(connection, "master_keys")
            if has_keys and sealing.is_registered(connection):
                store.safe.vault(connection)
                return False
    return make_missing_key(store.safe.place()) or is_new


def _copied(store: Store, revision: str | None) -> str:
    """Write a copy of an SQLite database beside it by the engine's own means, and return its path.

    A PostgreSQL server has its own backups; there the upgrade is one transaction.
    """
    if not store.is_sqlite:
        return ""
    original = Path(store.engine.url.database or "")
    target = original.with_name(f"{original.name}.{revision}-{clock.now():%Y%m%dT%H%M%SZ}.backup")
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
    return str(target)
