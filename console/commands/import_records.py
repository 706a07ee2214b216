"""``ombud import customers`` and the other kinds of customers' records, which all take the same options."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from console.transfer.records import RecordsReport

HELP = {
    "customers": "Bring customers from files into the database; what is sensitive is sealed. Run twice, it changes nothing.",
    "accounts": "Bring service accounts, each of a customer that is there. Run twice, it changes nothing.",
    "meters": "Bring the meters of accounts, with the days they were there. Run twice, it changes nothing.",
    "contracts": "Bring contracts and how they are kept. Run twice, it changes nothing.",
    "consumption": "Bring what accounts used month by month. Run twice, it changes nothing.",
    "bills": "Bring the bills of accounts. Run twice, it changes nothing.",
    "payments": "Bring the payments on bills and accounts. Run twice, it changes nothing.",
    "contacts": "Bring contacts with customers: calls, visits, letters. Run twice, it changes nothing.",
}


def _command(kind: str) -> Callable[..., None]:
    def bring(
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
        from console.transfer.record_kinds import KINDS
        from console.transfer.record_profiles import load_record_profile
        from console.transfer.records import import_records

        mapping = load_record_profile(profile, KINDS[kind])
        with opened(database) as store:
            report = import_records(
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
        narrate_unused(report.unused)
        if as_json:
            emit_json(_record(report, mapping.name))
        else:
            emit_counts(report)
            if len(report.records) > 1:
                for name, created, updated in report.records:
                    narrate(f"{name}: {created:,} created, {updated:,} updated")
        leave(report)

    bring.__doc__ = HELP[kind]
    return bring


COMMANDS = {kind: _command(kind) for kind in HELP}
"""The command of each kind, by its name."""


def _record(report: RecordsReport, profile: str) -> dict[str, Any]:
    return {
        **import_record(report, profile),
        "records": {name: {"created": created, "updated": updated} for name, created, updated in report.records},
        "unused_columns": list(report.unused),
    }
