"""``ombud keys``: how the master key stands, and changing it."""

from __future__ import annotations

from typing import Annotated

import typer

from console.commands.database import AsJson, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant, is_watched, narrate

app = typer.Typer(no_args_is_help=True)


@app.command("status")
def status(as_json: AsJson = False, database: Database = None) -> None:
    """Show where the master key is kept and how many data keys each of its generations holds."""
    from console.services import key_changes

    with opened(database) as store:
        found = key_changes.status(store)
    if as_json:
        emit_json(
            {
                "place": found.place,
                "is_file_encrypted": found.is_file_encrypted,
                "is_settled": found.is_settled,
                "keys": [
                    {
                        "number": key.number,
                        "created_at": key.created_at,
                        "retired_at": key.retired_at,
                        "data_keys": key.data_keys,
                        "is_at_hand": key.is_at_hand,
                    }
                    for key in found.keys
                ],
            }
        )
        return
    emit(f"place: {found.place}")
    emit(f"whole file encrypted: {'yes' if found.is_file_encrypted else 'no'}")
    emit_table(
        ("Key", "Made", "Retired", "Data keys", "At hand"),
        (
            (
                str(key.number),
                instant(key.created_at),
                instant(key.retired_at),
                f"{key.data_keys:,}",
                "yes" if key.is_at_hand else "no",
            )
            for key in found.keys
        ),
        numeric=(0, 3),
    )
    if not found.is_settled:
        narrate("A change of keys was broken off; carry it on: ombud keys rotate")


@app.command("rotate")
def rotate(
    forget_old: Annotated[
        bool,
        typer.Option(
            "--forget-old", help="Then take keys away that this database does not use; older backups need them."
        ),
    ] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Make a new master key and wrap every data key by it, while others work; a change that was broken off is carried on."""
    from console.services import key_changes

    def told(done: int) -> None:
        if is_watched() and done:
            narrate(f"{done:,} data keys done")

    with opened(database) as store:
        place = store.safe.place()
        done = key_changes.rotate(store, caller(), forget_old=forget_old, progress=told)
    if as_json:
        emit_json(
            {
                "key": done.number,
                "data_keys": done.rewrapped,
                "is_file_changed": done.is_file_changed,
                "forgotten": done.forgotten,
            }
        )
        return
    emit(f"Key {done.number} is in use; {done.rewrapped:,} data keys were wrapped anew.")
    if not done.forgotten:
        narrate(f"The old key stays in {place}, for backups that were made under it.")
