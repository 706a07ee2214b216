"""``ombud import responses``: survey answers from files into the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, Database, caller, opened
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
    narrate_unused,
    teller,
)
from console.commands.output import emit_json, narrate
from console.i18n import _
from console.zone import zone_name

if TYPE_CHECKING:
    from console.transfer.responses import ResponsesReport


def responses(
    files: Files,
    profile: ProfileName = "ombud",
    survey: Annotated[
        str | None, typer.Option("--survey", metavar="CODE", help="Fill this survey instead of the profile's.")
    ] = None,
    wave: Annotated[
        str | None, typer.Option("--wave", metavar="NAME", help="The wave, where the survey is made.")
    ] = None,
    dry_run: DryRun = False,
    rejects: Rejects = None,
    on_error: OnError = "skip",
    resume: Resume = False,
    progress: Watched = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Bring survey answers from files into the database. Run twice, it changes nothing."""
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
            progress=teller(is_wanted=progress),
            zone=zone_name(),
        )
    _narrate(report, rejects)
    if as_json:
        emit_json(_record(report, mapping.name))
    else:
        emit_counts(report, (("answers", report.answers), ("doubles", report.doubles)))
    leave(report)


def _narrate(report: ResponsesReport, rejects: Path | None) -> None:
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
    if report.passed:
        narrate(
            _("{count} rows are no responses by the profile ([only]); they were passed over.").format(
                count=report.passed
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
    narrate_unused(report.unused)


def _record(report: ResponsesReport, profile: str) -> dict[str, Any]:
    return {
        **import_record(report, profile),
        "surveys": list(report.surveys),
        "answers": report.answers,
        "doubles": report.doubles,
        "repeated": report.repeated,
        "unknown_items": dict(report.unknown_items),
        "strangers": report.strangers,
        "passed": report.passed,
        "unused_columns": list(report.unused),
        "notes": list(report.notes),
    }
