"""``ombud view``: queues that people keep under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table
from console.i18n import _
from console.zone import zone_name

if TYPE_CHECKING:
    from console.services.views import QueueView
    from console.storage.engine import Store

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The view's name, as the list shows it.")]


@app.callback()
def view() -> None:
    """Keep a filter with its order and columns under a name, and share it."""


def view_record(shown: QueueView) -> dict[str, Any]:
    """Return a view as a record: its filter without the order, the order, and the columns with their widths in cells."""
    from console.rules.case_columns import READY_LAYOUT, known_layout
    from console.rules.filters import FilterError, parse

    try:
        asked = parse(shown.filter)
        filter_text, order = str(asked.sorted_by()), [str(sort) for sort in asked.sorts]
    except FilterError:
        filter_text, order = shown.filter, []
    return {
        "name": shown.id if shown.is_ready else shown.label,
        "is_ready": shown.is_ready,
        "owner": shown.owner or None,
        "is_own": shown.is_own,
        "is_shared": shown.is_ready or shown.is_shared,
        "filter": filter_text,
        "sort": order,
        "columns": [
            {"name": place.name, "width": place.width} for place in known_layout(shown.columns) or READY_LAYOUT
        ],
        "version": shown.version or None,
        "fault": shown.fault or None,
    }


@app.command("list")
def list_views(
    counts: Annotated[bool, typer.Option("--counts", help="Count the cases of each.")] = False,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List the ready views, your own, and those that others share."""
    from console.services import saved_views

    with opened(database) as store:
        found = saved_views.views(store, caller())
        totals = _counted(store, found) if counts else {}
    records = [{**view_record(item), **({"cases": totals.get(item.id)} if counts else {})} for item in found]
    if as_json:
        emit_json({"views": records})
    elif as_json_lines:
        for record in records:
            emit_json(record)
    else:
        emit_table(
            ("Name", "Owner", "Shared", *(("Cases",) if counts else ()), "Filter", "Fault"),
            (
                (
                    record["name"],
                    record["owner"] or "-",
                    "yes" if record["is_shared"] else "no",
                    *((str(totals.get(item.id, "-")),) if counts else ()),
                    item.filter,
                    item.fault,
                )
                for item, record in zip(found, records, strict=True)
            ),
            numeric=(3,) if counts else (),
        )


def _counted(store: Store, found: tuple[QueueView, ...]) -> dict[str, int]:
    from console import clock
    from console.services import queues

    return dict(queues.counts(store, found, now=clock.now(), viewer=caller(), zone=zone_name()))


@app.command("show")
def show(name: Name, as_json: AsJson = False, database: Database = None) -> None:
    """Show the filter, the order and the columns of a view."""
    from console.services import saved_views

    with opened(database) as store:
        found = saved_views.find(store, name, caller())
    record = view_record(found)
    if as_json:
        emit_json(record)
        return
    emit(f"{_('Queue')}: {record['name']}")
    emit(f"{_('Owner')}: {record['owner'] or '-'}")
    emit(f"{_('Shared')}: {_('yes') if record['is_shared'] else _('no')}")
    emit(f"{_('Filter')}: {record['filter']}")
    emit(f"{_('Order')}: {', '.join(record['sort']) or '-'}")
    columns = " ".join(f"{item['name']}:{item['width']}" for item in record["columns"])
    emit(f"{_('Columns')}: {columns}")
    if found.fault:
        emit(f"{_('Fault')}: {found.fault}")


@app.command("save")
def save(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is to be called.")],
    filter_text: Annotated[
        str, typer.Argument(metavar="[FILTER]", help="Such as: state:open region:east sort:-severity")
    ] = "",
    columns: Annotated[
        str, typer.Option("--columns", metavar="A,B:20", help="Columns in this order, with their widths in cells.")
    ] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of your view of this name.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Keep a filter, with its order and its columns, under a name."""
    from console.services import saved_views
    from console.services.views import NewView

    new = NewView(name, filter_text, columns)
    with opened(database) as store:
        kept = saved_views.save(store, new, actor=caller(), is_replacing=replace)
    _tell(kept, _("Saved: {name}").format(name=kept.label), as_json=as_json)


@app.command("rename")
def rename(
    name: Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Give a view another name."""
    from console.services import saved_views

    with opened(database) as store:
        kept = saved_views.rename(store, _number(store, name), new_name, actor=caller())
    _tell(kept, _("Renamed: {name}").format(name=kept.label), as_json=as_json)


@app.command("share")
def share(
    name: Name,
    off: Annotated[bool, typer.Option("--off", help="Show it to its owner only.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show a view to everybody; leads and administrators may."""
    from console.services import saved_views

    with opened(database) as store:
        kept = saved_views.share(store, _number(store, name), actor=caller(), is_shared=not off)
    text = _("Shared with everybody: {name}") if kept.is_shared else _("No longer shared: {name}")
    _tell(kept, text.format(name=kept.label), as_json=as_json)


@app.command("move")
def move(
    name: Name,
    position: Annotated[int, typer.Argument(metavar="PLACE", min=1, help="From 1, among your own views.")],
    database: Database = None,
) -> None:
    """Put one of your views at another place among them."""
    from console.services import saved_views

    with opened(database) as store:
        order = saved_views.move(store, _number(store, name), position, actor=caller())
    for shown in order:
        if shown.is_own:
            emit(shown.label)


@app.command("delete")
def delete(name: Name, as_json: AsJson = False, database: Database = None) -> None:
    """Delete a view; the cases in it stay as they are."""
    from console.services import saved_views

    with opened(database) as store:
        gone = saved_views.remove(store, _number(store, name), actor=caller())
    if as_json:
        emit_json({"deleted": gone})
    else:
        emit(_("Deleted: {name}").format(name=gone))


def _number(store: Store, name: str) -> int:
    from console.errors import UsageError
    from console.services import saved_views

    found = saved_views.find(store, name, caller())
    if found.is_ready:
        raise UsageError(
            f"{found.id} is a view that everybody has.", "Save one of your own: ombud view save NAME FILTER"
        )
    return found.number


def _tell(kept: QueueView, text: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(view_record(kept))
    else:
        emit(text)
