"""``ombud manager`` and ``ombud visits``: who looks after key customers and areas, and whether they are visited."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.contact import contact_record
from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.moments import moment_given, policy_zone
from console.commands.output import emit, emit_json, emit_table, instant
from console.i18n import _

if TYPE_CHECKING:
    from console.services.care_views import CoverageFigure, PostRow, VisitRow
    from console.storage.engine import Store

app = typer.Typer(no_args_is_help=True)
visits_app = typer.Typer(no_args_is_help=True)

Customer = Annotated[str, typer.Option("--customer", metavar="NUMBER", help="For this customer.")]
Region = Annotated[str, typer.Option("--region", metavar="NAME", help="For this area.")]


@app.callback()
def manager() -> None:
    """Account managers: one for each key customer and each area, from a day to a day."""


def _day(text: str, store: Store, option: str) -> date | None:
    zone = policy_zone(store)
    return moment_given(text, zone, option).astimezone(zone).date() if text else None


def _post(row: PostRow) -> dict[str, Any]:
    record = asdict(row)
    del record["id"]
    return {**record, "from_on": row.from_on.isoformat(), "to_on": row.to_on.isoformat() if row.to_on else None}


def _told(row: PostRow, *, as_json: bool) -> None:
    if as_json:
        emit_json(_post(row))
        return
    until = row.to_on.isoformat() if row.to_on else ""
    emit(f"{row.customer or row.region}  {row.login}  {row.from_on.isoformat()}..{until}")


@app.command("set")
def set_(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="Who it is to be.")],
    customer: Customer = "",
    region: Region = "",
    from_: Annotated[str, typer.Option("--from", metavar="DAY", help="First day; today without it.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Make somebody the manager of a customer or an area; whoever was it ends the day before."""
    from console.services import managers

    with opened(database) as store:
        day = _day(from_, store, "--from")
        row = managers.appoint(store, login, caller(), customer=customer, region=region, from_on=day)
    _told(row, as_json=as_json)


@app.command("end")
def end(
    customer: Customer = "",
    region: Region = "",
    on: Annotated[str, typer.Option("--on", metavar="DAY", help="Last day; today without it.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Let a customer or an area have no manager any more."""
    from console.services import managers

    with opened(database) as store:
        row = managers.end(store, caller(), customer=customer, region=region, on=_day(on, store, "--on"))
    _told(row, as_json=as_json)


@app.command("list")
def list_(
    login: Annotated[str, typer.Option("--login", help="Only what this person manages.")] = "",
    is_all: Annotated[bool, typer.Option("--all", help="Also who was it before, or will be.")] = False,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List who manages which customer and area."""
    from console.services import managers

    with opened(database) as store:
        rows = managers.posts(store, login=login, is_all=is_all)
    if as_json:
        emit_json({"managers": [_post(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(_post(row))
    else:
        emit_table(
            ("Area", "Customer", "Name", "Manager", "From", "To"),
            (
                (
                    row.region, row.customer, row.customer_name, row.login, row.from_on.isoformat(),
                    row.to_on.isoformat() if row.to_on else "",
                )
                for row in rows
            ),
        )  # fmt: skip


@visits_app.callback()
def visits() -> None:
    """Visits to customers: due, made, and how many of those due are covered."""


def _visit(row: VisitRow) -> dict[str, Any]:
    record = asdict(row)
    del record["id"]
    return {**record, "last_on": row.last_on.isoformat() if row.last_on else None, "due_on": row.due_on.isoformat()}


@visits_app.command("due")
def due(
    text: Annotated[str, typer.Argument(metavar="FILTER", help="Only these customers, such as manager:me.")] = "",
    within: Annotated[int, typer.Option("--within", metavar="DAYS", min=0, help="Also due in so many days.")] = 0,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List the customers whose visit is due, the longest overdue first."""
    from console.services import visits as service

    with opened(database) as store:
        rows = service.due(store, text, viewer=caller(), within_days=within)
    if as_json:
        emit_json({"visits": [_visit(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(_visit(row))
    else:
        emit_table(
            ("Due", "Number", "Name", "Region", "Manager", "Every", "Last visit"),
            (
                (
                    row.due_on.isoformat(), row.number, row.name, row.region, row.manager, f"{row.every_days} d",
                    row.last_on.isoformat() if row.last_on else "",
                )
                for row in rows
            ),
            numeric=(5,),
        )  # fmt: skip


@visits_app.command("made")
def made(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Who was visited; without it, list the visits.")] = "",
    content: Annotated[str, typer.Option("--content", metavar="TEXT", help="What was said.")] = "",
    place: Annotated[str, typer.Option("--place", help="Where it was.")] = "",
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="When it was; now without it.")] = "",
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="In the list: from then on.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Write down that a customer was visited, or list the visits made."""
    from console.services import visits as service

    with opened(database) as store:
        zone = policy_zone(store)
        if number:
            moment = moment_given(at, zone, "--at") if at else None
            rows = [service.made(store, number, caller(), content=content, place=place, at=moment)]
        else:
            rows = service.list_made(store, since=moment_given(since, zone, "--since") if since else None)
    if as_json:
        emit_json({"visits": [contact_record(row) for row in rows]})
        return
    emit_table(
        ("At", "Customer", "Name", "By", "What was said"),
        ((instant(row.at), row.customer, row.name, row.who, row.content) for row in rows),
    )


@visits_app.command("coverage")
def coverage(as_json: AsJson = False, database: Database = None) -> None:
    """Say how many of the customers to be visited were visited within their interval: by manager, by area, in all."""
    from console.services import visits as service

    with opened(database) as store:
        figures = service.coverage(store)
    if as_json:
        emit_json({"coverage": [{**asdict(figure), "share": figure.share} for figure in figures]})
        return
    emit_table(
        ("By", "", "Customers", "Visited", "Coverage"),
        ((figure.kind, figure.name or "-", *_covered(figure)) for figure in figures),
        numeric=(2, 3, 4),
    )


def _covered(figure: CoverageFigure) -> tuple[str, str, str]:
    share = "-" if figure.share is None else _("{share} %").format(share=f"{100 * figure.share:.1f}")
    return str(figure.customers), str(figure.covered), share
