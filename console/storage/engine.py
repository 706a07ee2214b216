"""The database behind one URL: SQLite through the sqlcipher3 wheel, or PostgreSQL through psycopg 3."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError

from console.errors import OmbudError, UnavailableError, UsageError
from console.storage import unit
from console.storage.file_encryption import FileKey
from console.storage.keys import LOOKING, Safe

T = TypeVar("T")
WRITING = "ombud_writing"
BUSY_MILLISECONDS = 10_000
CACHE = 32_000
"""KiB of an SQLite file that each connection keeps at hand."""
ATTEMPTS = 8
WATCHES = 1 << 20
"""More connections than one process ever opens, one after another, to watch for changes."""
GAVE_WAY = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL's states for a transaction that lost to another: serialization failure, deadlock, lock not available."""
FIXED_SQLITE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


class BusyError(UnavailableError):
    """Other writers were in the way; the same again may work."""


def is_safe_sqlite(version: tuple[int, ...]) -> bool:
    """Return whether an SQLite version is free of the WAL-reset corruption (3.7.0 to 3.51.2, mended in three lines).

    Source: sqlite.org, "WAL-mode file format", section on the reset bug.
    """
    newest, *mended = FIXED_SQLITE
    if version >= newest or version < (3, 7, 0):
        return True
    return any(version[:2] == line[:2] and version >= line for line in mended)


@dataclass(slots=True)
class Store:
    """An open database.

    One connection serves one thread at a time. Reading sees one state of the database throughout; writing holds the write
    lock from the start, so that what a write read cannot have changed under it.
    """

    engine: Engine
    safe: Safe = field(default_factory=Safe)
    _active: dict[int, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _watch: Connection | None = None
    _watches: int = 0
    _watching: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded engine is behind this store."""
        return self.engine.dialect.name == "sqlite"

    @property
    def url(self) -> str:
        """The URL without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @property
    def name(self) -> str:
        """The file's or the database's own name, to show a person where he is."""
        database = self.engine.url.database or ""
        return Path(database).name if self.is_sqlite else database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for questions; nothing is written."""
        with self._connected(is_writing=False) as connection:
            yield connection

    @contextmanager
    def writing(self, actor: str) -> Iterator[unit.Work]:
        """Give one transaction of changes; it is committed at the end, or undone whole if anything is raised.

        Raises RuntimeError when the changes come without an audit entry.
        """
        is_kept = False
        try:
            with self._connected(is_writing=True) as connection:
                work = unit.Work(connection, actor)
                yield work
                work.seal()
                if work.is_abandoned:
                    connection.get_transaction().rollback()  # type: ignore[union-attr]
                is_kept = not work.is_abandoned
        finally:
            if not is_kept:
                # The master key may have been taken on in this very transaction.
                self.safe.forget()

    def write(self, actor: str, act: Callable[[unit.Work], T]) -> T:
        """Do changes in one transaction and return what ``act`` returns.

        Where the engine made this transaction give way to another one, ``act`` is done again from the start on what is there
        then. Raises BusyError where that goes on.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.writing(actor) as work:
                    return act(work)
            except BusyError:
                if attempt == ATTEMPTS:
                    raise
                # Those who gave way must not meet again at the same moment.
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        raise AssertionError("unreachable")

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Give one transaction for changes of the tables themselves."""
        with self._connected(is_writing=True) as connection:
            yield connection

    @contextmanager
    def _connected(self, *, is_writing: bool) -> Iterator[Connection]:
        thread = threading.get_ident()
        try:
            with self.engine.connect() as plain:
                connection = plain.execution_options(**{WRITING: is_writing, LOOKING: self.safe})
                with connection.begin() as transaction:
                    with self._lock:
                        self._active[thread] = connection.connection.dbapi_connection
                    try:
                        yield connection
                    finally:
                        with self._lock:
                            self._active.pop(thread, None)
                    if not is_writing:
                        transaction.rollback()
        except DBAPIError as error:
            raise _told(error, self.url) from error

    def interrupt(self, thread: int | None = None) -> None:
        """Stop the question that another thread is asking (all of them without ``thread``); it ends with an error there."""
        with self._lock:
            running = [held for ident, held in self._active.items() if thread in (None, ident)]
        for held in running:
            (held.interrupt if self.is_sqlite else held.cancel)()

    def data_version(self) -> int:
        """Return a number that differs after another connection has committed a change, or after the one that watches broke.

        Raises UnavailableError where the database does not answer; the next call connects anew.
        """
        # Every change leaves an entry on the record of PostgreSQL, so its newest number tells of any.
        question = "PRAGMA data_version" if self.is_sqlite else "SELECT coalesce(max(id), 0) FROM audit_entries"
        with self._watching:
            try:
                if self._watch is None:
                    self._watch = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                    self._watches += 1
                number = int(self._watch.exec_driver_sql(question).scalar_one())
            except DBAPIError as error:
                if self._watch is not None:
                    self._watch.close()
                    self._watch = None
                raise _told(error, self.url) from error
        # SQLite counts for each connection by itself: the numbers of two of them say nothing about one another.
        return number * WATCHES + self._watches % WATCHES

    def close(self) -> None:
        """Give every connection back."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self.engine.dispose()


def _told(error: DBAPIError, url: str) -> Exception:
    """Return the error a person can act on, or the error itself where it is a fault of ours."""
    reason = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
    lowered = reason.lower()
    if "interrupt" in lowered or "canceling statement" in lowered:
        return InterruptedError(reason)
    if "no such table" in lowered or type(error.orig).__name__ == "UndefinedTable":
        return UnavailableError(f"The database {url} is not set up.", "Run: ombud init")
    if "locked" in lowered or "busy" in lowered or getattr(error.orig, "sqlstate", None) in GAVE_WAY:
        return BusyError("The database is busy.", "Try again in a moment.")
    if "readonly" in lowered or "read-only" in lowered:
        return UnavailableError(
            f"The database {url} cannot be written.", "Check the rights on the file and its folder."
        )
    if "full" in lowered and "disk" in lowered:
        return UnavailableError("The disk is full; nothing of this was saved.", "Free some space and try again.")
    if "column" in lowered or "syntax error" in lowered:
        return error
    if isinstance(error, OperationalError) or "not a database" in lowered or error.connection_invalidated:
        return UnavailableError(
            f"The database {url} cannot be opened: {reason}.", "Check --database, or that the server runs."
        )
    return error


def open_store(
    url: str, *, must_exist: bool = True, key: str = "", is_encrypted: bool = False, cache: int = CACHE
) -> Store:
    """Open the database behind a URL.

    ``sqlite:///FILE`` is the embedded engine, ``postgresql://…`` the server. ``key`` says where the master key is, instead of the
    settings; ``is_encrypted`` makes a new file encrypted as a whole (one that is so already is opened without a word); ``cache``
    is how much of an SQLite file each connection keeps at hand, in KiB.

    Raises UsageError for a URL that is none, UnavailableError for a database that cannot be opened.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError(f"{url} is not a database URL.", "Use sqlite:///FILE or postgresql://HOST/NAME.") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        safe = Safe(parsed.database or "", key)
        return Store(_sqlite(parsed, safe, must_exist=must_exist, is_encrypted=is_encrypted, cache=cache), safe)
    if backend in ("postgresql", "postgres"):
        if is_encrypted:
            raise UsageError("Only an SQLite file is encrypted as a whole.", "Encrypt the disk of the server instead.")
        return Store(_postgresql(parsed), Safe(location=key))
    raise UsageError(f"Ombud keeps no data in {backend}.", "Use sqlite:///FILE or postgresql://HOST/NAME.")


def _sqlite(url: URL, safe: Safe, *, must_exist: bool, is_encrypted: bool, cache: int) -> Engine:
    from sqlcipher3 import dbapi2

    if not is_safe_sqlite(dbapi2.sqlite_version_info):
        raise OmbudError(
            f"SQLite {dbapi2.sqlite_version} can damage a database that several processes share.",
            "Install sqlcipher3 0.6.4 or newer.",
        )
    path = Path(url.database or "")
    if not url.database or url.database == ":memory:":
        raise UsageError("A database in memory would be lost at once.", "Name a file: sqlite:///FILE")
    if must_exist and not path.exists():
        raise UnavailableError(f"There is no database at {path}.", "Run: ombud init")
    if path.is_dir():
        raise UnavailableError(f"{path} is a directory, not a database.", "Name a file.")
    if not path.exists():
        _make_private(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=dbapi2,
        hide_parameters=True,
        pool_size=8,
        max_overflow=24,
        connect_args={"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False, "isolation_level": None},
    )
    file = FileKey(path, safe, is_wanted=is_encrypted)
    event.listen(engine, "connect", lambda connection, record: _prepare_sqlite(connection, file, cache))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Make an empty file that only its owner may read: SQLite itself would make one for everybody."""
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise UnavailableError(
            f"The database {path} cannot be made: {error.strerror}.", "Check the folder and your rights on it."
        ) from error


def _prepare_sqlite(connection: Any, file: FileKey, cache: int) -> None:
    file.unlock(connection)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "secure_delete=ON",
        "temp_store=MEMORY",
        f"cache_size=-{cache}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin_sqlite(connection: Connection) -> None:
    # The driver begins nothing by itself (isolation_level None): a write takes the lock before it reads what it will change.
    is_writing = connection.get_execution_options().get(WRITING, False)
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=24,
            connect_args={"options": "-c timezone=UTC -c synchronous_commit=on", "connect_timeout": 10},
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError("PostgreSQL needs its driver.", "Install it: pip install 'ombud[postgresql]'") from error
    except SQLAlchemyError as error:
        raise UsageError(f"The database URL cannot be used: {error}.", "Use postgresql://USER@HOST/NAME.") from error


def analyse(store: Store) -> None:
    """Let the engine count what its planner needs to know, as after a large load."""
    with store.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
