"""``ombud alerts``: cells of complaints and answers that left their limits, and what people make of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.disclosed import disclosed_alert
from console.commands.moments import policy_zone
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.commands.table_files import Format, Output, exported
from console.errors import UsageError
from console.i18n import _

if TYPE_CHECKING:
    from console.services.alert_views import AlertRow, BaselineRow, EventNote

app = typer.Typer(no_args_is_help=False)
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the alert, such as A-0001.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="What there is to say about it.")]


@app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context,
    month: Annotated[
        str, typer.Option("--month", metavar="M", help="Test this month, not the last complete and the running one.")
    ] = "",
    depth: Annotated[int, typer.Option("--depth", metavar="N", help="Dimensions of a cell, 1 to 4.")] = 2,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be told.")] = False,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Test every cell of complaints and answers, and print the alerts that are new; meant for cron.

    The same data give the same alerts once. A cell with an alert that is not closed does not alert again.
    """
    if context.invoked_subcommand is not None:
        return
    from console.services.alert_runs import run

    with opened(database) as store:
        found = run(store, actor=caller(), zone=policy_zone(store), month=month, depth=depth, is_dry=dry_run)
    if as_json:
        emit_json(
            {
                "new": [_record(row) for row in found.new],
                "repeated": [_record(row) for row in found.repeated],
                "months": list(found.months),
                "cells": found.cells,
                "tests": found.tests,
                "explained_by_wider_cells": found.explained,
                "as_last_year": found.seasonal,
                "is_unchanged": found.is_unchanged,
                "baselines": [_baseline(row) for row in found.baselines],
                "notes": list(found.notes),
            }
        )
        return
    _emit_alerts(found.new, as_json_lines=as_json_lines)
    for text in found.notes:
        narrate(text)
    if found.is_unchanged:
        narrate(_("Nothing was written since the last run."))
    else:
        text = _("{tests} tests on {cells} cells, months {months}: {new} new, {repeated} still open.")
        narrate(
            text.format(
                tests=found.tests,
                cells=found.cells,
                months=", ".join(found.months) or "-",
                new=len(found.new),
                repeated=len(found.repeated),
            )
        )


@app.command("list")
def list_alerts(
    state: Annotated[str, typer.Option("--state", metavar="S", help="open, acknowledged or closed.")] = "",
    owner: Annotated[str, typer.Option("--owner", metavar="LOGIN", help="Only those of one person.")] = "",
    is_all: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List the alerts that are not closed, the newest first."""
    from console.services import alerts as service
    from console.services.quality_tables import TYPES, alert_rows

    with opened(database) as store:
        rows = service.alerts(store, state=state, owner=owner, is_all=is_all)
    if exported(alert_rows(rows), None, format_, output, TYPES):
        return
    if as_json:
        emit_json([_record(row) for row in rows])
        return
    _emit_alerts(rows, as_json_lines=as_json_lines)


@app.command("show")
def show(number: Number, as_json: AsJson = False, database: Database = None) -> None:
    """Show one alert: its figures, its baseline, known events of its month, and its history."""
    from console.services import alerts as service

    with opened(database) as store:
        found = service.alert(store, number)
    row = found.row
    if as_json:
        emit_json(
            {
                **_record(row),
                "baseline": None if found.baseline is None else _baseline(found.baseline),
                "events": [_event(event) for event in found.events],
                "improvements": [
                    {"number": other, "title": title, "state": state} for other, title, state in found.improvements
                ],
                "history": [
                    {"at": step.at, "actor": step.actor, "action": step.action, "detail": step.detail}
                    for step in found.steps
                ],
            }
        )
        return
    emit(f"{row.number}  {row.level}  {row.state}  {row.owner or '-'}")
    facts = [
        ("Cell", row.cell),
        ("Rule", row.rule),
        ("Month", row.month if row.month == row.latest_month else f"{row.month}, last {row.latest_month}"),
        ("Value", _figure(row, row.value)),
        ("Expected", _figure(row, row.expected)),
        ("Limit", _figure(row, row.limit) + (f" (spread {row.spread:.2f})" if row.spread > 1 else "")),
        ("Counted", f"{row.count:g} of {row.exposure:g}"),
        ("z, p, q", f"{row.z:.2f}, {row.p:.3g}, {row.q:.3g}"),
        ("Since", row.began),
        ("Repeated", f"{row.months_repeated} months" if row.months_repeated else ""),
        ("Rows", row.rows),
        ("Earlier alert", row.previous),
        ("Note", row.note),
        ("Cause", row.cause),
    ]
    emit_table(("", ""), [fact for fact in facts if fact[1]])
    if found.baseline is not None:
        kind = "provisional" if found.baseline.is_provisional else "complete"
        emit(
            f"Baseline {found.baseline.first_month} to {found.baseline.last_month}, {found.baseline.months} months, "
            f"{kind}: {found.baseline.reason} ({found.baseline.actor})"
        )
    for event in found.events:
        emit(f"Known: {event.starts_on}..{event.ends_on} {event.note}")
    for other, title, state in found.improvements:
        emit(f"Improvement {other} ({state}): {title}")
    for step in found.steps:
        emit(f"{instant(step.at)}  {step.actor}  {step.action}  {step.detail if step.detail != '{}' else ''}".rstrip())


@app.command("ack")
def acknowledge(number: Number, note: Note = "", database: Database = None) -> None:
    """Say that an alert was seen; without an owner it becomes yours."""
    from console.services import alerts as service

    with opened(database) as store:
        row = service.acknowledge(store, number, actor=caller(), note=note)
    emit(f"{row.number}: {row.state}, {row.owner}")


@app.command("own")
def own(
    number: Number,
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="Who takes care of it.")],
    database: Database = None,
) -> None:
    """Give an alert to somebody, who gets a notice."""
    from console.services import alerts as service

    with opened(database) as store:
        row = service.own(store, number, login, actor=caller())
    emit(f"{row.number}: {row.state}, {row.owner}")


@app.command("note")
def annotate(
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The note.")],
    database: Database = None,
) -> None:
    """Add a note to an alert."""
    from console.services import alerts as service

    with opened(database) as store:
        row = service.annotate(store, number, text, actor=caller())
    emit(f"{row.number}: {row.state}, {row.owner or '-'}")


@app.command("close")
def close(
    number: Number,
    cause: Annotated[str, typer.Option("--cause", metavar="TEXT", help="What it came from; required.")] = "",
    note: Note = "",
    database: Database = None,
) -> None:
    """Close an alert with its cause."""
    from console.services import alerts as service

    with opened(database) as store:
        row = service.close(store, number, cause=cause, actor=caller(), note=note)
    emit(f"{row.number}: {row.state}, {row.cause}")


@app.command("baselines")
def list_baselines(as_json: AsJson = False, as_json_lines: AsJsonLines = False, database: Database = None) -> None:
    """List the months by which cells are measured, with who chose them and why."""
    from console.services import alerts as service

    with opened(database) as store:
        rows = service.known_baselines(store)
    if as_json:
        emit_json([_baseline(row) for row in rows])
        return
    if as_json_lines:
        for row in rows:
            emit_json(_baseline(row))
        return
    emit_table(
        ("Cell", "From", "To", "Months", "By", "Reason"),
        [(row.cell, row.first_month, row.last_month, str(row.months), row.actor, row.reason) for row in rows],
        numeric=(3,),
    )


@app.command("rebase")
def rebase(
    cell: Annotated[
        str,
        typer.Argument(metavar="CELL", help="A filter such as 'category:billing region:east', or an alert's number."),
    ],
    first: Annotated[str, typer.Option("--from", metavar="M", help="First month, such as 2025-01.")],
    last: Annotated[str, typer.Option("--to", metavar="M", help="Last month.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why these; required.")] = "",
    database: Database = None,
) -> None:
    """Measure a cell by other months from now on; kind:complaint stands for all complaints."""
    from console.services import alerts as service

    with opened(database) as store:
        row = service.rebase(store, cell, first=first, last=last, reason=reason, actor=caller())
    emit(f"{row.cell}: {row.first_month} to {row.last_month}, {row.months} months")


@app.command("event")
def add_event(
    days: Annotated[str, typer.Argument(metavar="DAY[..DAY]", help="2026-12-08, or 2026-12-08..2026-12-10.")],
    note: Annotated[str, typer.Argument(metavar="TEXT", help="What happened.")],
    cell: Annotated[str, typer.Option("--cell", metavar="CELL", help="Only there, such as 'region:east'.")] = "",
    database: Database = None,
) -> None:
    """Name an event that explains some days; charts mark it and alerts name it."""
    from console.services import alerts as service

    first, dots, last = days.partition("..")
    with opened(database) as store:
        event = service.add_event(
            store, _day(first), _day(last) if dots else _day(first), note, actor=caller(), cell=cell
        )
    emit(f"{event.id}: {event.starts_on}..{event.ends_on} {event.note}")


@app.command("events")
def list_events(
    remove: Annotated[int | None, typer.Option("--remove", metavar="N", help="Take this event away.")] = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List the known events."""
    from console.services import alerts as service

    with opened(database) as store:
        if remove is not None:
            service.remove_event(store, remove, actor=caller())
        rows = service.events(store)
    if as_json:
        emit_json([_event(row) for row in rows])
        return
    if as_json_lines:
        for row in rows:
            emit_json(_event(row))
        return
    emit_table(
        ("Number", "From", "To", "Cell", "Event"),
        [(str(row.id), str(row.starts_on), str(row.ends_on), row.cell, row.note) for row in rows],
        numeric=(0,),
    )


@app.command("customers")
def enter_customers(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="Such as 2026-11.")],
    customers: Annotated[int, typer.Argument(metavar="N", help="How many customers were served.")],
    region: Annotated[str, typer.Option("--region", metavar="NAME", help="In this region; else in all.")] = "",
    database: Database = None,
) -> None:
    """Enter how many customers complaints are divided by, where the service accounts do not tell."""
    from console.services import alerts as service

    with opened(database) as store:
        service.enter_customers(store, month, customers, actor=caller(), region=region)
    emit(f"{month}: {customers}{f' in {region}' if region else ''}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(_("{text} is no day.").format(text=text), _("Write it as 2026-11-30.")) from None


def _record(row: AlertRow) -> dict[str, Any]:
    return disclosed_alert(row)


def _figure(row: AlertRow, value: float) -> str:
    from console.measures.disclosure import HIDDEN_BELOW
    from console.services.alert_runs import figure_text

    return f"<{HIDDEN_BELOW}" if disclosed_alert(row)["hidden"] else figure_text(row.unit, value)


def _baseline(row: BaselineRow) -> dict[str, Any]:
    return {**asdict(row), "is_provisional": row.is_provisional}


def _event(event: EventNote) -> dict[str, Any]:
    return {**asdict(event), "starts_on": str(event.starts_on), "ends_on": str(event.ends_on)}


def _emit_alerts(rows: list[AlertRow] | tuple[AlertRow, ...], *, as_json_lines: bool) -> None:
    if as_json_lines:
        for row in rows:
            emit_json(_record(row))
        return
    if not rows:
        return
    emit_table(
        ("Number", "Level", "State", "Month", "Cell", "Rule", "Value", "Limit", "z", "q", "Repeated", "Owner"),
        [
            (
                row.number,
                row.level,
                row.state,
                row.latest_month,
                row.cell,
                row.rule + (" (provisional)" if row.is_provisional else ""),
                _figure(row, row.value),
                _figure(row, row.limit),
                f"{row.z:+.2f}",
                f"{row.q:.2g}",
                str(row.months_repeated),
                row.owner or "-",
            )
            for row in rows
        ],
        numeric=(8, 9, 10),
    )
