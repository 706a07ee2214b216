"""``ombud export responses``: survey answers to files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.commands.database import Database, opened
from console.commands.output import leave_closed_pipe, narrate
from console.i18n import _
from console.zone import zone_name


def responses(
    filter_text: Annotated[
        str | None,
        typer.Argument(metavar="[FILTER]", help="Such as: survey:callback month:2026-11; all answers without one."),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", metavar="csv|jsonl|xlsx|parquet", help="Else by the output's ending, or csv."),
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="- is stdout.")] = "-",
    database: Database = None,
) -> None:
    """Write survey answers as CSV, JSON Lines, XLSX or Parquet, one a row with its scale; the profile ombud reads them back."""
    import sys

    from console.errors import UsageError
    from console.transfer.export import chosen_format
    from console.transfer.response_export import export_responses

    path = None if output == "-" else Path(output)
    kind = chosen_format(format_, path)
    if path is None and kind in ("xlsx", "parquet") and sys.stdout.isatty():
        raise UsageError(f"{kind} is not for a terminal.", "Name a file: --output FILE")
    try:
        with opened(database) as store:
            report = export_responses(
                store,
                filter_text or "",
                output=path or sys.stdout.buffer,
                format=kind,
                zone=zone_name(),
            )
    except BrokenPipeError:
        leave_closed_pipe()
        return
    if path is not None:
        narrate(_("{count} rows to {path}").format(count=report.rows, path=path))
