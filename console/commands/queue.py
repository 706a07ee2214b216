"""``ombud queue``: what the console's queue shows."""

from __future__ import annotations

from typing import Annotated

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, narrate


def queue(
    filter_text: Annotated[
        str | None, typer.Argument(metavar="[FILTER]", help="Such as: state:open due:<4h text:停水")
    ] = None,
    view: Annotated[str | None, typer.Option("--view", metavar="NAME", help="One of the named queues.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many cases.")] = None,
    count: Annotated[bool, typer.Option("--count", help="Only print how many cases there are.")] = False,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List the cases a filter finds, most urgent first; without a filter, all that are open."""
    from console import clock
    from console.commands.records import case_record
    from console.services import queues
    from console.settings import load_settings

    asked = _asked(filter_text, view)
    now = clock.now()
    zone = load_settings().zone
    with opened(database) as store:
        viewer = caller()
        if count:
            total = queues.count(store, asked, now=now, viewer=viewer, zone=zone)
            if as_json or as_json_lines:
                emit_json({"filter": asked, "total": total})
            else:
                emit(str(total))
            return
        found = queues.ids(store, asked, now=now, viewer=viewer, zone=zone, limit=limit)
        rows = queues.rows(store, found.ids)
    if as_json:
        emit_json({"filter": asked, "total": found.total, "cases": [case_record(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(case_record(row))
    else:
        from console.labels import due_text

        emit_table(
            ("Due", "Reference", "Sev", "Kind", "State", "Department", "Assignee", "Subject"),
            (
                (
                    due_text(row.due_at, now, is_closed=row.phase == "closed")[0],
                    row.reference,
                    str(row.severity),
                    row.kind,
                    row.state,
                    row.department,
                    row.assignee,
                    row.subject[:80],
                )
                for row in rows
            ),
        )
        narrate(f"{len(rows)} of {found.total} cases" if found.total != len(rows) else f"{found.total} cases")


def _asked(filter_text: str | None, view: str | None) -> str:
    """Return the filter in force: the view's, narrowed by the one that was typed."""
    from console.errors import UsageError, nearest
    from console.services.views import QUEUE_VIEWS

    if view is None:
        return "state:open sort:due" if filter_text is None else filter_text
    for known in QUEUE_VIEWS:
        if known.id == view:
            return f"{filter_text} {known.filter}" if filter_text else known.filter
    names = [known.id for known in QUEUE_VIEWS]
    close = nearest(view, names)
    raise UsageError(
        f"There is no view {view}.", f"Did you mean {close}?" if close else f"Known views: {', '.join(names)}."
    )
