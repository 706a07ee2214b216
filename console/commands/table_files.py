"""Tables of figures to files: the options of a command, and what they do."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from console.commands.output import narrate
from console.i18n import _
from console.rules.column_types import Types

Csv = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", help="Write the table as CSV; the same as --format csv --output FILE."),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="csv|jsonl|xlsx|parquet",
        help="Write the table in this format, each row with n, interval, scale, coverage and weights version.",
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Where the table goes; without it, to stdout.")
]


def exported(
    rows: Iterable[Mapping[str, Any]],
    csv: Path | None,
    format_: str | None = None,
    output: Path | None = None,
    types: Types | None = None,
) -> bool:
    """Write records where the options say; return whether stdout took them, so that nothing else may go there.

    ``types`` declares the columns that are no texts: those of the figures of satisfaction where it is not given. Raises
    UsageError for an unknown format, and for a workbook or Parquet on a terminal.
    """
    from console.errors import UsageError
    from console.services.figure_tables import TYPES
    from console.transfer.export import chosen_format
    from console.transfer.tables import write_table

    if csv is not None and (format_ is not None or output is not None):
        raise UsageError("--csv stands for --format csv --output FILE.", "Leave one of them out.")
    if csv is None and format_ is None and output is None:
        return False
    path = csv if csv is not None else output
    path = None if path is None or str(path) == "-" else path
    kind = "csv" if csv is not None else chosen_format(format_, path)
    if path is None and kind in ("xlsx", "parquet") and sys.stdout.isatty():
        raise UsageError(f"{kind} is not for a terminal.", "Name a file: --output FILE")
    count = write_table(list(rows), path if path is not None else sys.stdout.buffer, kind, types or TYPES)
    if path is None:
        return True
    narrate(_("{count} rows to {path}").format(count=count, path=path))
    return False
