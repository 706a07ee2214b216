"""``ombud segment``: named filters over customers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant
from console.i18n import _, ngettext

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The segment's name.")]


@app.callback()
def segment() -> None:
    """Named filters over customers: segment:NAME in the filters of customers and of cases."""


@app.command("save")
def save(
    name: Name,
    text: Annotated[str, typer.Argument(metavar="FILTER", help="Such as 'kind:enterprise stage:at_risk'.")],
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Save a filter over customers under a name, in place of the one that bears it, and count its members."""
    from console.services import segments

    with opened(database) as store:
        row = segments.save(store, name, text, caller())
    if as_json:
        emit_json(asdict(row))
        return
    said = ngettext("{name}: {count} customer", "{name}: {count} customers", row.members)
    emit(said.format(name=row.name, count=row.members))


@app.command("list")
def list_(as_json: AsJson = False, as_json_lines: AsJsonLines = False, database: Database = None) -> None:
    """List the segments with the number of their customers, as of when."""
    from console.services import segments

    with opened(database) as store:
        rows = segments.segments(store)
    if as_json:
        emit_json({"segments": [asdict(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(asdict(row))
    else:
        emit_table(
            ("Name", "Customers", "As of", "By", "Filter"),
            ((row.name, str(row.members), instant(row.counted_at), row.created_by, row.filter) for row in rows),
            numeric=(1,),
        )


@app.command("remove")
def remove(name: Name, database: Database = None) -> None:
    """Remove a segment; its customers stay as they are."""
    from console.services import segments

    with opened(database) as store:
        segments.remove(store, name, caller())
    emit(_("The segment {name} is removed.").format(name=name))
