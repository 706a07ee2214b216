"""``ombud incident``: one outage or billing run, and the many cases under it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.moments import moment_given, policy_zone
from console.commands.outcomes import DryRun, Key, References, Where, chosen, stoppable, tell
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.errors import UsageError
from console.i18n import _

if TYPE_CHECKING:
    from console.services.incidents import ChildRow, IncidentRow

app = typer.Typer(no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The incident, such as I-00001.")]


@app.callback()
def incident() -> None:
    """Outages and billing runs, and the cases under them."""


@app.command("new")
def new(
    kind: Annotated[str, typer.Option("--kind", help="outage or billing.")],
    title: Annotated[str, typer.Option("--title", help="What happened, in one line.")],
    begins: Annotated[str, typer.Option("--from", metavar="TIME", help="When it began; else now.")] = "",
    ends: Annotated[str, typer.Option("--to", metavar="TIME", help="When it ended, if it has.")] = "",
    region: Annotated[str, typer.Option("--region", help="Where; empty is everywhere.")] = "",
    category: Annotated[str, typer.Option("--category", help="Only cases of this category and below.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Enter an incident; new cases of its place, category and time hang under it by themselves."""
    from console import clock
    from console.services import incidents

    with opened(database) as store:
        zone = policy_zone(store)
        row = incidents.begin(
            store,
            kind=kind,
            title=title,
            region=region,
            category=category,
            started_at=moment_given(begins, zone, "--from") if begins else clock.now(),
            ended_at=moment_given(ends, zone, "--to") if ends else None,
            actor=caller(),
        )
        proposed = len(incidents.found(store, row.number))
    if as_json:
        emit_json({**asdict(row), "proposed": proposed})
        return
    emit(row.number)
    if proposed:
        narrate(
            _("{count} open cases may belong to it: ombud incident find {number}").format(
                count=proposed, number=row.number
            )
        )


@app.command("end")
def end(
    number: Number,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="When it ended; else now.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Enter when an incident ended."""
    from console import clock
    from console.services import incidents

    with opened(database) as store:
        ended_at = moment_given(at, policy_zone(store), "--at") if at else clock.now()
        row = incidents.end(store, number, ended_at, actor=caller())
    if as_json:
        emit_json(asdict(row))
    else:
        emit(f"{row.number} ended {instant(row.ended_at)}")


@app.command("list")
def list_(as_json: AsJson = False, as_json_lines: AsJsonLines = False, database: Database = None) -> None:
    """List the incidents, the newest first, with the number of their cases."""
    from console.services import incidents

    with opened(database) as store:
        rows = incidents.listed(store)
    if as_json:
        emit_json({"incidents": [asdict(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(asdict(row))
    else:
        emit_table(
            ("Number", "Kind", "Began", "Ended", "Region", "Category", "Cases", "Open", "Exceptions", "Title"),
            (_cells(row) for row in rows),
            numeric=(6, 7, 8),
        )


def _cells(row: IncidentRow) -> tuple[str, ...]:
    return (
        row.number,
        row.kind,
        instant(row.started_at),
        instant(row.ended_at),
        row.region,
        row.category,
        str(row.cases),
        str(row.open_cases),
        str(row.exceptions),
        row.title,
    )


@app.command("show")
def show(number: Number, as_json: AsJson = False, database: Database = None) -> None:
    """Show an incident with its cases and the ones taken out of it."""
    from console.services import incidents

    with opened(database) as store:
        detail = incidents.detail(store, number)
    if as_json:
        emit_json(
            {
                **asdict(detail.row),
                "children": [_child_record(child) for child in detail.children],
                "taken_out": [_child_record(child) for child in detail.exceptions],
            }
        )
        return
    row = detail.row
    emit(f"{row.number}  {row.title}")
    facts = {
        "kind": row.kind,
        "began": instant(row.started_at),
        "ended": instant(row.ended_at),
        "region": row.region,
        "category": row.category,
    }
    for name, value in facts.items():
        if value:
            emit(f"{name + ':':<14} {value}")
    if detail.children:
        emit()
        _emit_children(detail.children)
    if detail.exceptions:
        emit()
        emit("Taken out")
        _emit_children(detail.exceptions)


def _child_record(child: ChildRow) -> dict[str, Any]:
    record = asdict(child)
    del record["id"]
    return record


def _emit_children(children: tuple[ChildRow, ...]) -> None:
    emit_table(
        ("Reference", "Received", "State", "Region", "Category", "Subject"),
        (
            (
                child.reference,
                instant(child.received_at),
                child.state,
                child.region,
                child.category,
                child.subject[:60],
            )
            for child in children
        ),
    )


@app.command("find")
def find(
    number: Number, as_json: AsJson = False, as_json_lines: AsJsonLines = False, database: Database = None
) -> None:
    """List the open cases that may belong to an incident by place, category and time; those taken out are not proposed."""
    from console.services import incidents

    with opened(database) as store:
        found = incidents.found(store, number)
    if as_json:
        emit_json({"incident": number, "cases": [_child_record(child) for child in found]})
    elif as_json_lines:
        for child in found:
            emit_json(_child_record(child))
    else:
        _emit_children(found)
        narrate(
            _("{count} proposed; take them with: ombud incident attach {number} --found").format(
                count=len(found), number=number
            )
        )


@app.command("attach")
def attach(
    number: Number,
    references: References = None,
    where: Where = None,
    found: Annotated[bool, typer.Option("--found", help="The cases that `incident find` proposes.")] = False,
    dry_run: DryRun = False,
    key: Key = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Hang cases under an incident."""
    from console.commands.outcomes import Chosen
    from console.services import incident_cases, incidents

    if found and (references or where is not None):
        raise UsageError(_("--found names the cases already."), _("Leave out the references and --where."))
    with opened(database) as store:
        if found:
            cases = Chosen(tuple(child.id for child in incidents.found(store, number)), ())
        else:
            cases = chosen(store, references, where)
        with stoppable() as progress:
            report = incident_cases.attach(
                store, number, cases.ids, actor=caller(), key=key, is_dry_run=dry_run, progress=progress
            )
    tell(report, cases.unknown, is_dry_run=dry_run, as_json=as_json, as_json_lines=as_json_lines)


@app.command("detach")
def detach(
    number: Number,
    references: References = None,
    where: Where = None,
    dry_run: DryRun = False,
    key: Key = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Take cases out from under an incident, to be answered by themselves; they are not proposed again."""
    from console.services import incident_cases

    with opened(database) as store:
        cases = chosen(store, references, where)
        with stoppable() as progress:
            report = incident_cases.detach(
                store, number, cases.ids, actor=caller(), key=key, is_dry_run=dry_run, progress=progress
            )
    tell(report, cases.unknown, is_dry_run=dry_run, as_json=as_json, as_json_lines=as_json_lines)


@app.command("reply")
def reply(
    number: Number,
    text: Annotated[str, typer.Option("--reply", help="The reply; {reference}, {subject}, {customer} are filled in.")],
    outcome: Annotated[str, typer.Option("--outcome", help="solved, partly or unsolved.")],
    measures: Annotated[str, typer.Option("--measures", help="What was or will be done.")] = "",
    follow_up: Annotated[str, typer.Option("--follow-up", help="What follows after the reply.")] = "",
    findings: Annotated[str, typer.Option("--findings", help="What the investigation found.")] = "",
    cause: Annotated[str, typer.Option("--cause", help="Root cause.")] = "",
    category: Annotated[str, typer.Option("--category", help="Of all of them, where it is to change.")] = "",
    dry_run: DryRun = False,
    key: Key = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Answer all open cases under an incident together; those taken out of it are left alone."""
    from console.services import incident_cases

    given = {
        "reply": text,
        "outcome": outcome,
        "measures": measures,
        "follow_up": follow_up,
        "findings": findings,
        "cause": cause,
        "category": category,
    }
    with opened(database) as store, stoppable() as progress:
        report = incident_cases.reply(
            store,
            number,
            {name: value for name, value in given.items() if value},
            actor=caller(),
            key=key,
            is_dry_run=dry_run,
            progress=progress,
        )
    tell(report, is_dry_run=dry_run, as_json=as_json, as_json_lines=as_json_lines)
