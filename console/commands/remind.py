"""``ombud remind`` and ``ombud notices``: who is told now, and what waits to be read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import day_text, emit, emit_json, emit_table, instant, narrate
from console.i18n import _


def remind(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who would be told.")] = False,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Write the reminders and escalations due now and make the tasks that promises ask for; safe each minute from cron."""
    from console.commands.outcomes import stoppable
    from console.services import case_tasks, reminders

    with opened(database) as store, stoppable() as progress:
        told = reminders.remind(store, actor=caller(), is_dry_run=dry_run, progress=progress)
        made = case_tasks.make_due(store, actor=caller(), is_dry_run=dry_run, progress=progress)
    raised = sum(item.level > 0 for item in told)
    if as_json:
        emit_json(
            {
                "is_dry_run": dry_run,
                "told": len(told),
                "raised": raised,
                "notices": [asdict(item) for item in told],
                "tasks": [asdict(item) for item in made],
            }
        )
    elif as_json_lines:
        for record in (*map(asdict, told), *map(asdict, made)):
            emit_json(record)
    else:
        for item in told:
            meant = ", ".join(item.recipients) or "-"
            emit(f"{item.reference} {item.kind} {item.clock} to {item.to} ({meant}): {item.step}")
        for task in made:
            emit(f"{task.reference} task {task.kind}: {task.rule} {day_text(task.due_on)}".rstrip())
    if told or dry_run:
        said = (
            _("{told} would be told, {raised} cases would be raised; nothing was changed")
            if dry_run
            else _("{told} told, {raised} raised")
        )
        narrate(said.format(told=len(told), raised=raised))
    if made:
        narrate((_("{count} tasks would be made") if dry_run else _("{count} tasks made")).format(count=len(made)))


def notices(
    recipient: Annotated[
        str, typer.Option("--for", metavar="LOGIN|me", help="Only those for one person, by name or by place.")
    ] = "",
    is_all: Annotated[bool, typer.Option("--all", help="Also those that were sent or are held back.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List the notices that wait to be read, the newest first."""
    from console.services import reminders

    login = caller() if recipient == "me" else recipient
    with opened(database) as store:
        lines = reminders.outbox(store, login=login, is_all=is_all, limit=limit)
    if as_json:
        emit_json({"for": login, "notices": [asdict(line) for line in lines]})
    elif as_json_lines:
        for line in lines:
            emit_json(asdict(line))
    else:
        emit_table(
            ("When", "Kind", "To", "Recipient", "What"),
            ((instant(line.not_before), line.kind, line.to, line.recipient or "-", line.text) for line in lines),
        )
        narrate(_("{count} notices").format(count=len(lines)))
