"""``ombud import``: files into the database, the list of what came in, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands import import_records, import_responses
from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.import_options import (
    DryRun,
    Files,
    OnError,
    ProfileName,
    Rejects,
    Resume,
    Watched,
    emit_counts,
    import_record,
    leave,
    narrate_import,
    teller,
)
from console.commands.output import emit_json, emit_table, instant, narrate
from console.zone import zone_name

if TYPE_CHECKING:
    from console.transfer.batches import Batch

app = typer.Typer(no_args_is_help=True)


@app.command("cases")
def cases(
    files: Files,
    profile: ProfileName = "ombud",
    dry_run: DryRun = False,
    rejects: Rejects = None,
    on_error: OnError = "skip",
    resume: Resume = False,
    progress: Watched = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Bring cases from files into the database. Run twice, it changes nothing."""
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
            progress=teller(is_wanted=progress),
        )
    narrate_import(report, rejects)
    if as_json:
        emit_json(import_record(report, mapping.name))
    else:
        emit_counts(report)
    leave(report)


for kind, command in import_records.COMMANDS.items():
    app.command(kind)(command)
app.command("responses")(import_responses.responses)


@app.command("undo")
def undo(
    batch: Annotated[int, typer.Argument(metavar="BATCH", help="The number that the import printed.")],
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Take back what an import created or changed, except what somebody has changed since."""
    from console.transfer.undo import undo_batch

    with opened(database) as store:
        report = undo_batch(store, batch, caller(), zone_name())
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
