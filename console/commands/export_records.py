"""``ombud export customers`` and the other kinds of customers' records, which all take the same options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from console.commands.database import Database, caller, opened
from console.commands.output import leave_closed_pipe, narrate

Format = Annotated[
    str | None,
    typer.Option("--format", metavar="csv|jsonl|xlsx|parquet", help="Else by the output's ending, or csv."),
]
Output = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="- is stdout.")]
Columns = Annotated[str | None, typer.Option("--columns", metavar="A,B", help="Only these columns, in this order.")]
Customer = Annotated[str, typer.Option("--customer", metavar="NUMBER", help="Only what belongs to this customer.")]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Sealed fields in clear; each value goes on the record before it is written.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why something is revealed.")]

KINDS = ("customers", "accounts", "meters", "contracts", "consumption", "bills", "payments", "contacts")


def _command(kind: str) -> Callable[..., None]:
    def write(
        format_: Format = None,
        output: Output = "-",
        columns: Columns = None,
        customer: Customer = "",
        reveal: Reveal = False,
        reason: Reason = "",
        database: Database = None,
    ) -> None:
        import sys

        from console.errors import UsageError
        from console.transfer import record_kinds
        from console.transfer.export import chosen_format
        from console.transfer.record_export import export_records

        path = None if output == "-" else Path(output)
        form = chosen_format(format_, path)
        if path is None and form in ("xlsx", "parquet") and sys.stdout.isatty():
            raise UsageError(f"{form} is not for a terminal.", "Name a file: --output FILE")
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
                    reveal=reveal,
                    reason=reason,
                )
        except BrokenPipeError:
            leave_closed_pipe()
            return
        if path is not None:
            narrate(f"{report.rows:,} {kind} to {path}")

    write.__doc__ = f"Write {kind} as CSV, JSON Lines, XLSX or Parquet; ombud import {kind} reads them back."
    return write


COMMANDS = {kind: _command(kind) for kind in KINDS}
"""The command of each kind, by its name."""
