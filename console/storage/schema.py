"""Making and upgrading the tables: Alembic migrations from inside the package, whole or not at all.

Every command asks at which revision a database is, so that question does without Alembic, which takes longer to import than
most commands take to answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from console.errors import UnavailableError
from console.storage.engine import Store

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def revisions() -> tuple[str, ...]:
    """Return every revision this version of the program knows, the oldest first: the numbers their files begin with."""
    return tuple(sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def newest_revision() -> str:
    """Return the revision that this version of the program works with."""
    return revisions()[-1]


def current_revision(store: Store) -> str | None:
    """Return the revision a database is at, or None where nothing has been set up."""
    listed = (
        "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
        if store.is_sqlite
        else "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
    )
    with store.reading() as connection:
        if connection.execute(text(listed)).first() is None:
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def require_newest(store: Store) -> None:
    """Refuse a database that is at another revision than this version of the program. Raises UnavailableError."""
    if current_revision(store) != newest_revision():
        raise UnavailableError(f"The database {store.url} is not set up for this version of Ombud.", "Run: ombud init")


def upgrade(store: Store, revision: str = "head") -> None:
    """Bring the tables to a revision in one transaction: a migration that fails leaves nothing behind."""
    from alembic import command

    with store.migrating() as connection:
        command.upgrade(_config(connection), revision)
