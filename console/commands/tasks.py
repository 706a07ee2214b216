"""``ombud remedy`` and ``ombud rectification``: what follows from cases, and whether it happened and helped."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.database import AsJson, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant
from console.i18n import _

if TYPE_CHECKING:
    from console.services.tasks import ActionRow, RemedyRow

remedies = typer.Typer(no_args_is_help=True)
rectification = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The remedy's number, as the list shows it.")]
ActionNumber = Annotated[str, typer.Argument(metavar="NUMBER", help="Such as R-00001.")]
Note = Annotated[str, typer.Option("--note", help="What is to be said about it.")]
State = Annotated[str, typer.Option("--state", help="open, done, checked or cancelled; else all.")]


def _amount(row: RemedyRow) -> str:
    return "" if row.amount_minor is None else f"{row.amount_minor / 100:.2f} {row.currency}".strip()


def _day(row: RemedyRow | ActionRow) -> str:
    return row.due_on.isoformat() if row.due_on else ""


@remedies.command("list")
def list_remedies(
    state: State = "open",
    owner: Annotated[str, typer.Option("--owner", help="Only what this login is to do.")] = "",
    case: Annotated[str, typer.Option("--case", help="Only those of one case.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """List remedies, the earliest due first; without --state those that are open."""
    from console.services import tasks

    with opened(database) as store:
        rows = tasks.remedies(store, state="" if state == "all" else state, owner=owner, case=case)
    if as_json:
        emit_json({"remedies": [{**asdict(row), "due_on": _day(row) or None} for row in rows]})
        return
    emit_table(
        ("Number", "Case", "Remedy", "State", "Amount", "Due", "Owner", "Note"),
        ((str(r.number), r.case, r.kind, r.state, _amount(r), _day(r), r.owner, r.note) for r in rows),
        numeric=(0, 4),
    )


def _settle(number: int, state: str, note: str, database: str | None, *, as_json: bool) -> None:
    from console.services import tasks

    with opened(database) as store:
        row = tasks.settle_remedy(store, number, state, actor=caller(), note=note)
    if as_json:
        emit_json({**asdict(row), "due_on": _day(row) or None})
        return
    emit(_("Remedy {number} of {case} is {state}.").format(number=row.number, case=row.case, state=row.state))


@remedies.command("done")
def done(number: Number, note: Note = "", as_json: AsJson = False, database: Database = None) -> None:
    """Say that a remedy was given."""
    _settle(number, "done", note, database, as_json=as_json)


@remedies.command("check")
def check(number: Number, note: Note = "", as_json: AsJson = False, database: Database = None) -> None:
    """Say that you saw it happen; the owner of a remedy cannot check it."""
    _settle(number, "checked", note, database, as_json=as_json)


@remedies.command("cancel")
def cancel(number: Number, note: Note = "", as_json: AsJson = False, database: Database = None) -> None:
    """Say that a remedy is not to happen, and why (--note)."""
    _settle(number, "cancelled", note, database, as_json=as_json)


@rectification.command("list")
def list_actions(state: State = "", as_json: AsJson = False, database: Database = None) -> None:
    """List corrective actions, the earliest due first."""
    from console.services import tasks

    with opened(database) as store:
        rows = tasks.actions(store, state=state)
    if as_json:
        emit_json({"actions": [{**asdict(row), "due_on": _day(row) or None} for row in rows]})
        return
    emit_table(
        ("Number", "Title", "Cause", "State", "Owner", "Due", "Done", "Cases"),
        ((r.number, r.title, r.cause, r.state, r.owner, _day(r), instant(r.done_at), str(r.cases)) for r in rows),
        numeric=(7,),
    )


@rectification.command("done")
def finish(
    number: ActionNumber,
    evidence: Annotated[str, typer.Option("--evidence", help="What shows that it was done.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Say that a corrective action is done, with what shows it."""
    from console.services import tasks

    with opened(database) as store:
        row = tasks.finish_action(store, number, evidence=evidence, actor=caller())
    if as_json:
        emit_json({**asdict(row), "due_on": _day(row) or None})
        return
    emit(_("Corrective action {number} is done.").format(number=row.number))


@rectification.command("effect")
def effect(
    number: ActionNumber,
    days: Annotated[int, typer.Option("--days", min=1, help="How many days before and after are compared.")] = 90,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show whether the share of its cause among complaints changed after a corrective action was done."""
    from console.services import tasks

    with opened(database) as store:
        found = tasks.effect_of(store, number, days=days)
    if as_json:
        emit_json(asdict(found))
        return
    emit(
        _("{cause}: {before} of {all_before} complaints before, {after} of {all_after} after.").format(
            cause=found.cause,
            before=found.before,
            all_before=found.all_before,
            after=found.after,
            all_after=found.all_after,
        )
    )
    change = found.change
    if change is None or change.value is None or change.interval is None:
        emit(_("Too few complaints to compare."))
        return
    emit(
        _("Change {change:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}, p {p:.3f}.").format(
            change=100 * change.value, low=100 * change.interval.low, high=100 * change.interval.high, p=change.p
        )
    )
