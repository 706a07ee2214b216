"""``ombud init``: make or upgrade the database."""

from __future__ import annotations

from typing import Annotated

import typer

from console.commands.database import AsJson, Database, url_of
from console.commands.output import emit, emit_json, narrate


def init(
    database: Database = None,
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Encrypt a new SQLite file as a whole.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the database and its master key, or bring it up to date; the caller becomes its first administrator."""
    from console.services import setup

    report = setup.initialise(url_of(database), is_encrypted=encrypt)
    if report.backup:
        narrate(f"Before the upgrade a copy was written to {report.backup}.")
    if report.is_new_key:
        narrate(f"A master key was made: {report.key}. Keep a copy of it apart from the database and its backups:")
        narrate("without it nobody can read telephones, e-mail, addresses, identity and bank numbers again.")
    if as_json:
        emit_json(
            {
                "database": report.database,
                "from_revision": report.before,
                "revision": report.after,
                "administrator": report.administrator,
                "backup": report.backup,
                "key": report.key,
                "is_new_key": report.is_new_key,
            }
        )
        return
    done = "is up to date" if report.before == report.after else "is ready"
    emit(f"The database {report.database} {done} (revision {report.after}).")
    if report.administrator:
        emit(f"{report.administrator} is its first administrator.")
