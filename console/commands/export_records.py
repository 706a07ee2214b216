"""``ombud export customers`` and the other kinds of customers' records, which all take the same options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from console.commands.database import Database, caller, opened
from console.commands.manifests import Manifest, write_manifest
from console.commands.output import leave_closed_pipe, narrate
from console.i18n import _

Format = Annotated[
    str | None,
    typer.Option("--format", metavar="csv|jsonl|xlsx|parquet", help="Else by the output's ending, or csv."),
]
Output = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="- is stdout.")]
Columns = Annotated[str | None, typer.Option("--columns", metavar="A,B", help="Only these columns, in this order.")]
FilterText = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILTER]", help="Only of the customers that a filter finds, such as: region:north stage:at_risk."
    ),
]
Customer = Annotated[str, typer.Option("--customer", metavar="NUMBER", help="Only what belongs to this customer.")]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Sealed fields in clear; each value goes on the record before it is written.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why something is revealed.")]

KINDS = ("customers", "accounts", "meters", "contracts", "consumption", "bills", "payments", "contacts")


def _command(kind: str) -> Callable[..., None]:
    def write(
        filter_text: FilterText = None,
        format_: Format = None,
        output: Output = "-",
        columns: Columns = None,
        customer: Customer = "",
        reveal: Reveal = False,
        reason: Reason = "",
        manifest: Manifest = None,
        database: Database = None,
    ) -> None:
        import sys

        from console import clock
        from console.errors import UsageError
        from console.transfer import record_kinds
        from console.transfer.export import chosen_format
        from console.transfer.record_export import export_records

        path = None if output == "-" else Path(output)
        form = chosen_format(format_, path)
        if path is None and form in ("xlsx", "parquet") and sys.stdout.isatty():
            raise UsageError(f"{form} is not for a terminal.", "Name a file: --output FILE")
        now = clock.now()
        names = [name.strip() for name in columns.split(",") if name.strip()] if columns else None
        try:
            with opened(database) as store:
                report = export_records(
                    store,
                    record_kinds.KINDS[kind],
                    output=path or sys.stdout.buffer,
                    actor=caller(),
                    format=form,
                    columns=names,
                    customer=customer,
                    filter_text=filter_text or "",
                    reveal=reveal,
                    reason=reason,
                )
        except BrokenPipeError:
            leave_closed_pipe()
            return
        if path is not None:
            narrate(_("{count} {kind} to {path}").format(count=f"{report.rows:,}", kind=kind, path=path))
        if manifest is not None:
            write_manifest(manifest, kind, report, filter_text or "", path, now)

    write.__doc__ = f"Write {kind} as CSV, JSON Lines, XLSX or Parquet; ombud import {kind} reads them back."
    return write


COMMANDS = {kind: _command(kind) for kind in KINDS}
"""The command of each kind, by its name."""
