"""``ombud export``: what is in the database to files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.commands import export_records, export_responses
from console.commands.database import Database, caller, opened
from console.commands.manifests import Manifest, write_manifest
from console.commands.output import leave_closed_pipe, narrate
from console.i18n import _
from console.zone import zone_name

app = typer.Typer(no_args_is_help=True)


@app.callback()
def export() -> None:
    """Write what is in the database to files."""


@app.command("cases")
def cases(
    filter_text: Annotated[
        str | None,
        typer.Argument(metavar="[FILTER]", help="Such as: state:open received:2026-11; all cases without one."),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", metavar="csv|jsonl|xlsx|parquet", help="Else by the output's ending, or csv."),
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="- is stdout.")] = "-",
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B", help="Only these columns, in this order.")
    ] = None,
    view: Annotated[
        str | None, typer.Option("--view", metavar="NAME", help="The cases of a view, in its order, with its columns.")
    ] = None,
    manifest: Manifest = None,
    database: Database = None,
) -> None:
    """Write cases as CSV, JSON Lines, XLSX or Parquet, all of them or those a filter finds."""
    import sys

    from console import clock
    from console.errors import UsageError
    from console.rules.case_columns import export_columns, known_layout
    from console.services import saved_views
    from console.transfer.export import chosen_columns, chosen_format, export_cases

    path = None if output == "-" else Path(output)
    names = chosen_columns([name.strip() for name in columns.split(",") if name.strip()] if columns else None)
    kind = chosen_format(format_, path)
    if path is None and kind in ("xlsx", "parquet") and sys.stdout.isatty():
        raise UsageError(f"{kind} is not for a terminal.", "Name a file: --output FILE")
    now = clock.now()
    try:
        with opened(database) as store:
            asked = filter_text or ""
            if view is not None:
                chosen = saved_views.find(store, view, caller())
                asked = f"{asked} {chosen.filter}".strip()
                names = names if columns else tuple(export_columns(known_layout(chosen.columns))) or names
            report = export_cases(
                store,
                asked,
                output=path or sys.stdout.buffer,
                format=kind,
                columns=names,
                now=now,
                viewer=caller(),
                zone=zone_name(),
            )
    except BrokenPipeError:
        # Whoever reads our stdout has read enough: `ombud export cases | head` is no failure.
        leave_closed_pipe()
        return
    if report.shortened:
        narrate(
            f"{report.shortened:,} texts were longer than a cell can be and were cut; csv and jsonl keep them whole."
        )
    if path is not None:
        narrate(_("{count} {kind} to {path}").format(count=f"{report.rows:,}", kind="cases", path=path))
    if manifest is not None:
        write_manifest(manifest, "cases", report, asked, path, now)


for kind, command in export_records.COMMANDS.items():
    app.command(kind)(command)
app.command("responses")(export_responses.responses)
