"""``ombud task``: what promises on cases make somebody do, until when, and that it was done."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import day_text, emit, emit_json, emit_table, narrate
from console.errors import UsageError
from console.i18n import _

if TYPE_CHECKING:
    from console.services.case_tasks import TaskRow

app = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The task's number, as the list shows it.")]
Note = Annotated[str, typer.Option("--note", help="What is to be said about it.")]


def amount_text(minor: int | None, currency: str) -> str:
    """Return an amount with its currency, or an empty text."""
    return "" if minor is None else f"{minor // 100}.{minor % 100:02d} {currency}".strip()


def task_record(row: TaskRow) -> dict[str, Any]:
    """Return one task as a record."""
    return asdict(row)


@app.command("list")
def list_tasks(
    kind: Annotated[str, typer.Option("--kind", help="letter, payment, call, visit or report; else all.")] = "",
    state: Annotated[str, typer.Option("--state", help="open, done, checked, cancelled, or all.")] = "open",
    owner: Annotated[str, typer.Option("--owner", metavar="LOGIN|me", help="Only what this login is to do.")] = "",
    case: Annotated[str, typer.Option("--case", help="Only those of one case.")] = "",
    due_by: Annotated[str, typer.Option("--due-by", metavar="DATE", help="Only those due on or before a day.")] = "",
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List tasks, the earliest due first; without --state those that are open."""
    from console.services import case_tasks

    day = _day(due_by) if due_by else None
    login = caller() if owner == "me" else owner
    with opened(database) as store:
        rows = case_tasks.tasks(
            store, kind=kind, state="" if state == "all" else state, owner=login, case=case, due_by=day
        )
    if as_json:
        emit_json({"tasks": [task_record(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(task_record(row))
    else:
        emit_table(
            ("Number", "Case", "Task", "State", "Amount", "Due", "Owner", "Rule", "Note"),
            (
                (
                    str(row.number),
                    row.case,
                    row.kind,
                    row.state,
                    amount_text(row.amount_minor, row.currency),
                    day_text(row.due_on),
                    row.owner,
                    row.rule,
                    row.note,
                )
                for row in rows
            ),
            numeric=(0, 4),
        )
        narrate(_("{count} tasks").format(count=len(rows)))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--due-by {text} is not a day.", "Write it as 2026-03-02.") from None


def _settle(number: int, state: str, note: str, database: str | None, *, as_json: bool) -> None:
    from console.services import case_tasks

    with opened(database) as store:
        row = case_tasks.settle_task(store, number, state, actor=caller(), note=note)
    if as_json:
        emit_json(task_record(row))
        return
    emit(_("Task {number} of {case} is {state}.").format(number=row.number, case=row.case, state=row.state))


@app.command("done")
def done(number: Number, note: Note = "", as_json: AsJson = False, database: Database = None) -> None:
    """Say that a task was done: the letter sent, the payment made."""
    _settle(number, "done", note, database, as_json=as_json)


@app.command("check")
def check(number: Number, note: Note = "", as_json: AsJson = False, database: Database = None) -> None:
    """Say that you saw it was done; who did a task cannot check it."""
    _settle(number, "checked", note, database, as_json=as_json)


@app.command("cancel")
def cancel(number: Number, note: Note = "", as_json: AsJson = False, database: Database = None) -> None:
    """Say that a task is not to be done, and why (--note)."""
    _settle(number, "cancelled", note, database, as_json=as_json)
