"""``ombud import responses``: survey answers from files into the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, Database, caller, opened
from console.commands.output import emit_json, emit_table, is_watched, narrate
from console.i18n import _

if TYPE_CHECKING:
    from console.transfer.responses import ResponsesReport


def responses(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="CSV, TSV, XLSX, JSON, JSON Lines, also .gz; - is stdin.")
    ],
    profile: Annotated[
        str,
        typer.Option(
            "--profile", metavar="NAME|FILE", help="How the columns become answers: a ready profile, or a TOML file."
        ),
    ] = "ombud",
    survey: Annotated[
        str | None, typer.Option("--survey", metavar="CODE", help="Fill this survey instead of the profile's.")
    ] = None,
    wave: Annotated[
        str | None, typer.Option("--wave", metavar="NAME", help="The wave, where the survey is made.")
    ] = None,
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
    """Bring survey answers from files into the database. Run twice, it changes nothing."""
    from console.commands.import_ import told_of_progress
    from console.errors import ExitCode
    from console.settings import load_settings
    from console.transfer.responses import import_responses
    from console.transfer.survey_profiles import load_survey_profile

    mapping = load_survey_profile(profile).for_survey(survey, wave)
    with opened(database) as store:
        report = import_responses(
            store,
            files,
            mapping,
            actor=caller(),
            dry_run=dry_run,
            on_error=on_error,
            resume=resume,
            rejects=rejects,
            progress=told_of_progress() if progress or is_watched() else None,
            zone=load_settings().zone,
        )
    _narrate(report, rejects)
    if as_json:
        emit_json(_record(report, mapping.name))
    else:
        counts = report.counts
        emit_table(
            ("read", "created", "updated", "unchanged", "rejected", "answers", "doubles", "batch", "seconds"),
            [
                (
                    str(counts.read),
                    str(counts.created),
                    str(counts.updated),
                    str(counts.unchanged),
                    str(counts.rejected),
                    str(report.answers),
                    str(report.doubles),
                    ",".join(map(str, report.batches)) or "-",
                    f"{report.seconds:.1f}",
                )
            ],
            numeric=range(9),
        )
    if report.stopped is not None:
        raise typer.Exit(ExitCode.FAILED)
    if report.counts.rejected:
        raise typer.Exit(ExitCode.REFUSED)


def _narrate(report: ResponsesReport, rejects: Path | None) -> None:
    from console.commands.import_ import narrate_import

    narrate_import(report, rejects)
    for note in report.notes:
        narrate(_("note: {text}").format(text=note))
    for code, count in report.unknown_items:
        narrate(
            _("{count} answers to {item}, which the survey does not ask, were refused.").format(count=count, item=code)
        )
    if report.doubles:
        narrate(
            _("{count} responses say exactly what another says; they are flagged, not left out (double:yes).").format(
                count=report.doubles
            )
        )
    if report.repeated:
        narrate(_("{count} answers were given twice within a response; the last counts.").format(count=report.repeated))
    if report.strangers:
        narrate(
            _("{count} customers or cases are not in this database; their answers stand without.").format(
                count=report.strangers
            )
        )
    if report.unused:
        narrate(_("Columns not used: {columns}.").format(columns=", ".join(report.unused)))


def _record(report: ResponsesReport, profile: str) -> dict[str, Any]:
    from console.commands.import_ import import_record

    return {
        **import_record(report, profile),
        "surveys": list(report.surveys),
        "answers": report.answers,
        "doubles": report.doubles,
        "repeated": report.repeated,
        "unknown_items": dict(report.unknown_items),
        "strangers": report.strangers,
        "unused_columns": list(report.unused),
        "notes": list(report.notes),
    }
