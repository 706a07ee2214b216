"""``ombud audit``: the record of who did what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console.commands.database import AsJson, Database, opened
from console.commands.output import emit, emit_json, emit_table, instant

app = typer.Typer(no_args_is_help=True)


@app.command("verify")
def verify(
    head: Annotated[
        str | None, typer.Option("--head", help="A head noted earlier: it must still be on the record.")
    ] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Check that no entry was changed, removed, inserted or exchanged; prints the head of the chain to note elsewhere."""
    from console.errors import OmbudError
    from console.services import audit

    with opened(database) as store:
        check = audit.verify(store)
        is_known = head is None or audit.has_digest(store, head)
    if as_json:
        emit_json({**asdict(check), "head_found": is_known})
    elif check.broken_at is None and is_known:
        emit(f"{check.entries} entries, unbroken; head {check.head}")
    if check.broken_at is not None:
        raise OmbudError(
            f"The record is broken at entry {check.broken_at}; {check.entries} entries before it are sound.",
            "Keep this database as it is, and compare it with a backup.",
        )
    if not is_known:
        raise OmbudError(
            f"The head {head} is no longer on the record: entries were cut off.", "Compare it with a backup."
        )


@app.command("log")
def log(
    actor: Annotated[str, typer.Option("--actor", help="Only what this login did.")] = "",
    about: Annotated[str, typer.Option("--object", help="Only what was done to this number.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many entries.")] = 50,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """List the newest entries."""
    from console.services import audit

    with opened(database) as store:
        rows = audit.log(store, actor=actor, object_number=about, limit=limit)
    if as_json:
        emit_json({"entries": [asdict(row) for row in rows]})
        return
    emit_table(
        ("Entry", "At", "Actor", "Action", "Object", "Detail"),
        ((str(row.id), instant(row.at), row.actor, row.action, row.object_number, row.detail[:60]) for row in rows),
        numeric=(0,),
    )
