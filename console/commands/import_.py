"""``ombud import``: files into the database, the list of what came in, and taking it back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands import import_responses
from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit_json, emit_table, instant, is_watched, narrate

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.transfer.batches import Batch
    from console.transfer.run import ImportReport, Progress

app = typer.Typer(no_args_is_help=True)

SHOWN_EVERY = 1.0
"""Seconds between two lines of progress."""


@app.command("cases")
def cases(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="CSV, TSV, XLSX, JSON, JSON Lines, also .gz; - is stdin.")
    ],
    profile: Annotated[
        str,
        typer.Option(
            "--profile", metavar="NAME|FILE", help="How the columns become fields: a ready profile, or a TOML file."
        ),
    ] = "ombud",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and compare only; write nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", metavar="FILE", help="Write refused rows to this CSV file.")
    ] = None,
    on_error: Annotated[
        str, typer.Option("--on-error", metavar="skip|stop", help="Go on behind a refused row, or stop at it.")
    ] = "skip",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an import of the same file broke off.")] = False,
    progress: Annotated[bool, typer.Option("--progress", help="Show progress also when nobody watches.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Bring cases from files into the database. Run twice, it changes nothing."""
    from console.errors import ExitCode
    from console.transfer.cases import import_cases
    from console.transfer.profiles import load_profile

    mapping = load_profile(profile)
    with opened(database) as store:
        report = import_cases(
            store,
            files,
            mapping,
            actor=caller(),
            dry_run=dry_run,
            on_error=on_error,
            resume=resume,
            rejects=rejects,
            progress=told_of_progress() if progress or is_watched() else None,
        )
    narrate_import(report, rejects)
    if as_json:
        emit_json(import_record(report, mapping.name))
    else:
        counts = report.counts
        emit_table(
            ("read", "created", "updated", "unchanged", "rejected", "batch", "seconds"),
            [
                (
                    str(counts.read),
                    str(counts.created),
                    str(counts.updated),
                    str(counts.unchanged),
                    str(counts.rejected),
                    ",".join(map(str, report.batches)) or "-",
                    f"{report.seconds:.1f}",
                )
            ],
            numeric=range(7),
        )
    if report.stopped is not None:
        raise typer.Exit(ExitCode.FAILED)
    if report.counts.rejected:
        raise typer.Exit(ExitCode.REFUSED)


def told_of_progress() -> Callable[[Progress], None]:
    """Return what tells of progress, at most once a second."""
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
        narrate(f"refused: {where}: {refusal.column + ': ' if refusal.column else ''}{refusal.reason}")
    left = report.counts.rejected - len(report.refusals)
    if left > 0:
        narrate(f"refused: and {left:,} more rows" + ("." if rejects else "; --rejects FILE writes them all."))
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


app.command("responses")(import_responses.responses)


@app.command("undo")
def undo(
    batch: Annotated[int, typer.Argument(metavar="BATCH", help="The number that the import printed.")],
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Take back what an import created or changed, except what somebody has changed since."""
    from console.settings import load_settings
    from console.transfer.undo import undo_batch

    with opened(database) as store:
        report = undo_batch(store, batch, caller(), load_settings().zone)
    for reference in report.kept:
        narrate(f"kept: {reference} was changed since the import")
    if as_json:
        emit_json(
            {"batch": report.batch, "deleted": report.deleted, "restored": report.restored, "kept": list(report.kept)}
        )
    else:
        emit_table(
            ("batch", "deleted", "restored", "kept"),
            [(str(report.batch), str(report.deleted), str(report.restored), str(len(report.kept)))],
            numeric=range(4),
        )


@app.command("list")
def list_imports(as_json: AsJson = False, as_json_lines: AsJsonLines = False, database: Database = None) -> None:
    """List the imports there were, newest first."""
    from console.transfer.batches import list_batches

    with opened(database) as store:
        batches = list_batches(store)
    if as_json:
        emit_json({"batches": [_batch_record(batch) for batch in batches]})
    elif as_json_lines:
        for batch in batches:
            emit_json(_batch_record(batch))
    else:
        emit_table(
            (
                "batch",
                "kind",
                "profile",
                "state",
                "started",
                "read",
                "created",
                "updated",
                "unchanged",
                "rejected",
                "by",
                "file",
            ),
            (
                (
                    str(batch.id),
                    batch.kind,
                    batch.profile,
                    batch.state,
                    instant(batch.started_at),
                    str(batch.counts.read),
                    str(batch.counts.created),
                    str(batch.counts.updated),
                    str(batch.counts.unchanged),
                    str(batch.counts.rejected),
                    batch.actor,
                    batch.file_name,
                )
                for batch in batches
            ),
            numeric=(0, 5, 6, 7, 8, 9),
        )


def _batch_record(batch: Batch) -> dict[str, Any]:
    return {
        "batch": batch.id,
        "kind": batch.kind,
        "profile": batch.profile,
        "file": batch.file_name,
        "sha256": batch.digest,
        "actor": batch.actor,
        "state": batch.state,
        "started_at": batch.started_at,
        "finished_at": batch.finished_at,
        "position": batch.position,
        "read": batch.counts.read,
        "created": batch.counts.created,
        "updated": batch.counts.updated,
        "unchanged": batch.counts.unchanged,
        "rejected": batch.counts.rejected,
    }
