"""``ombud queue``: what the console's queue shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, narrate
from console.i18n import _, ngettext
from console.zone import zone_name

if TYPE_CHECKING:
    from datetime import datetime

    from console.services.views import CaseRow


def queue(
    filter_text: Annotated[
        str | None, typer.Argument(metavar="[FILTER]", help="Such as: state:open due:<4h text:停水")
    ] = None,
    view: Annotated[
        str | None, typer.Option("--view", metavar="NAME", help="A ready view, one of your own, or a shared one.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B", help="Print these columns, in this order.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many cases.")] = None,
    count: Annotated[bool, typer.Option("--count", help="Only print how many cases there are.")] = False,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List the cases a filter finds, most urgent first; without a filter, all that are open."""
    from console import clock
    from console.commands.records import case_record
    from console.rules.case_columns import known_layout, read_layout
    from console.services import queues, saved_views

    layout = read_layout(columns or "")
    now = clock.now()
    zone = zone_name()
    with opened(database) as store:
        viewer = caller()
        chosen = saved_views.find(store, view, viewer) if view is not None else None
        asked = _asked(filter_text, chosen.filter if chosen is not None else None)
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
        layout = layout or known_layout(chosen.columns if chosen is not None else "")
        _print(rows, [place.name for place in layout] or list(PRINTED), now)
        narrate(_counted(len(rows), found.total))


def _counted(shown: int, total: int) -> str:
    if shown != total:
        return _("{count} of {total}").format(count=shown, total=total)
    return ngettext("{count} case", "{count} cases", total).format(count=total)


PRINTED = ("due", "reference", "severity", "kind", "state", "team", "assignee", "subject")
"""The columns printed where none are chosen."""


def _print(rows: Sequence[CaseRow], names: Sequence[str], now: datetime) -> None:
    from console.labels import LABELS
    from console.rules.case_columns import CASE_COLUMNS
    from console.services.case_cells import cell_text

    emit_table(
        [LABELS["field"][name] for name in names],
        ([cell_text(row, name, now) for name in names] for row in rows),
        numeric=[index for index, name in enumerate(names) if CASE_COLUMNS[name].is_right],
    )


def _asked(filter_text: str | None, view_filter: str | None) -> str:
    """Return the filter in force: the view's, narrowed by the one that was typed."""
    if view_filter is None:
        return "state:open sort:due" if filter_text is None else filter_text
    return f"{filter_text} {view_filter}" if filter_text else view_filter
