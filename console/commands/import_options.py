"""What every kind of import shares on the command line: its options, its narration, its report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.output import emit_table, is_watched, narrate
from console.i18n import _
from console.sentences import said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from console.transfer.run import ImportReport, Progress

SHOWN_EVERY = 1.0
"""Seconds between two lines of progress."""

Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="CSV, TSV, XLSX, JSON, JSON Lines, also .gz; - is stdin.")
]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile", metavar="NAME|FILE", help="How the columns become fields: a ready profile, or a TOML file."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and compare only; write nothing.")]
Rejects = Annotated[Path | None, typer.Option("--rejects", metavar="FILE", help="Write refused rows to this CSV file.")]
OnError = Annotated[
    str, typer.Option("--on-error", metavar="skip|stop", help="Go on behind a refused row, or stop at it.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where an import of the same file broke off.")]
Watched = Annotated[bool, typer.Option("--progress", help="Show progress also when nobody watches.")]


def teller(*, is_wanted: bool) -> Callable[[Progress], None] | None:
    """Return what tells of progress, at most once a second; None where nobody watches and it is not wanted."""
    if not (is_wanted or is_watched()):
        return None
    last = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= SHOWN_EVERY:
            last = time.monotonic()
            narrate(f"{progress.file}: {progress.read:,} rows, {progress.share:.0%}")

    return tell


def narrate_import(report: ImportReport, rejects: Path | None) -> None:
    """Tell what an import refused and how it ended."""
    if report.resumed_at:
        narrate(f"Went on behind row {report.resumed_at:,}.")
    for refusal in report.refusals:
        where = f"{refusal.file}:{refusal.line}"
        shown = f"{where}: {refusal.column}" if refusal.column else where
        narrate(f"refused: {shown}: {said(refusal.reason)}")
    left = report.counts.rejected - len(report.refusals)
    if left > 0:
        narrate(
            f"refused: and {left:,} more rows."
            if rejects
            else f"refused: and {left:,} more rows; --rejects FILE writes them all."
        )
    if report.is_dry_run:
        narrate("Dry run: nothing was written.")
    if report.stopped is not None:
        narrate(
            f"error: The import stopped at {report.stopped.file}:{report.stopped.line}; what came before it is saved."
        )
        narrate(
            f"hint: Mend the row and import the file again, or take it back: ombud import undo {report.batch}."
            if report.batch
            else "hint: Mend the row and try again."
        )


def narrate_unused(unused: Sequence[str]) -> None:
    """Tell of columns that nothing was made of."""
    if unused:
        narrate(_("Columns not used: {columns}.").format(columns=", ".join(unused)))


def import_record(report: ImportReport, profile: str) -> dict[str, Any]:
    """Return the report of an import as a record."""
    counts = report.counts
    return {
        "read": counts.read,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
        "batch": report.batch,
        "seconds": report.seconds,
        "profile": profile,
        "dry_run": report.is_dry_run,
        "stopped": report.stopped is not None,
        "batches": list(report.batches),
        "changed": dict(report.changes),
        "refused": [
            {"file": refusal.file, "line": refusal.line, "column": refusal.column, "reason": refusal.reason}
            for refusal in report.refusals
        ],
    }


def emit_counts(report: ImportReport, further: Sequence[tuple[str, int]] = ()) -> None:
    """Print what became of the rows, with what a kind counts beside it."""
    counts = report.counts
    told = (
        ("read", str(counts.read)),
        ("created", str(counts.created)),
        ("updated", str(counts.updated)),
        ("unchanged", str(counts.unchanged)),
        ("rejected", str(counts.rejected)),
        *((name, str(value)) for name, value in further),
        ("batch", ",".join(map(str, report.batches)) or "-"),
        ("seconds", f"{report.seconds:.1f}"),
    )
    emit_table([name for name, _value in told], [[value for _name, value in told]], numeric=range(len(told)))


def leave(report: ImportReport) -> None:
    """End the command as the import ended: failed where it stopped, otherwise with what was refused."""
    from console.errors import ExitCode

    if report.stopped is not None:
        raise typer.Exit(ExitCode.FAILED)
    if report.counts.rejected:
        raise typer.Exit(ExitCode.REFUSED)
