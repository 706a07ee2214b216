"""``ombud campaign``: care campaigns, their call lists and outcomes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.moments import moment_given, policy_zone
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.i18n import _

if TYPE_CHECKING:
    from console.services.care_views import CallRow, CampaignRow

app = typer.Typer(no_args_is_help=True)
Number = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Such as CP-0001.")]


@app.callback()
def campaign() -> None:
    """Care campaigns: customers chosen by a filter, a call list, the outcome of each."""


def _record(row: CampaignRow) -> dict[str, Any]:
    due_on = row.due_on.isoformat() if row.due_on else None
    return {**asdict(row), "due_on": due_on, "left_out": dict(row.left_out)}


def _line(row: CampaignRow) -> str:
    return _(
        "{number} {title}: {done} of {customers} done, {reached} reached, {refused} refused, {dropped} given up"
    ).format(
        number=row.number,
        title=row.title,
        done=row.done,
        customers=row.customers,
        reached=row.reached,
        refused=row.refused,
        dropped=row.dropped,
    )


@app.command("new")
def new(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What it is for.")],
    text: Annotated[str, typer.Argument(metavar="FILTER", help="Customers, such as 'segment:mills phone:yes'.")],
    purpose: Annotated[
        str, typer.Option("--purpose", help="care, visit, notice, callback, service or collection.")
    ] = "care",
    channel: Annotated[str, typer.Option("--channel", help="telephone, visit, letter, email, sms …")] = "telephone",
    script: Annotated[str, typer.Option("--script", metavar="TEXT", help="What is to be said.")] = "",
    rest_days: Annotated[
        int | None,
        typer.Option(
            "--rest-days", min=0, help="Leave out who had care in so many days; as the policy says (90) without."
        ),
    ] = None,
    due: Annotated[str, typer.Option("--due", metavar="DAY", help="By when it is to be done.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Begin a campaign and make its call list; who had a contact of care lately, or cannot be reached, is left out."""
    from console.services import campaigns

    with opened(database) as store:
        zone = policy_zone(store)
        row = campaigns.new(
            store,
            title,
            text,
            caller(),
            purpose=purpose,
            channel=channel,
            script=script,
            rest_days=rest_days,
            due_on=moment_given(due, zone, "--due").astimezone(zone).date() if due else None,
        )
    if as_json:
        emit_json(_record(row))
        return
    emit(_("{number} {title}: {customers} customers to contact").format(
        number=row.number, title=row.title, customers=row.customers
    ))  # fmt: skip
    names = {"unreachable": _("cannot be reached"), "rested": _("contacted lately"), "elsewhere": _("on another list")}
    for reason, count in row.left_out:
        if count:
            narrate(f"{count} {names.get(reason, reason)}")


@app.command("list")
def list_(
    is_all: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List campaigns with their progress."""
    from console.services import campaigns

    with opened(database) as store:
        rows = campaigns.campaigns(store, is_all=is_all)
    if as_json:
        emit_json({"campaigns": [_record(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(_record(row))
    else:
        heads = (
            "Number",
            "Title",
            "State",
            "Channel",
            "Customers",
            "To do",
            "Done",
            "Reached",
            "Refused",
            "Given up",
            "Due",
        )
        emit_table(
            heads,
            (
                (
                    row.number, row.title, row.state, row.channel, str(row.customers), str(row.planned), str(row.done),
                    str(row.reached), str(row.refused), str(row.dropped), row.due_on.isoformat() if row.due_on else "",
                )
                for row in rows
            ),
            numeric=(4, 5, 6, 7, 8, 9),
        )  # fmt: skip


@app.command("calls")
def calls(
    number: Number,
    state: Annotated[str, typer.Option("--state", help="planned, done, dropped or all.")] = "planned",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 200,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Give the call list: who is still to be contacted, in order."""
    from console.services import campaigns

    with opened(database) as store:
        rows = campaigns.calls(store, number, state=state, limit=limit)
    if as_json:
        emit_json({"campaign": number, "calls": [asdict(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(asdict(row))
    else:
        emit_table(
            ("Customer", "Name", "Region", "Phone", "State", "Outcome", "Attempts", "At", "By"),
            (_call(row) for row in rows),
            numeric=(6,),
        )


def _call(row: CallRow) -> tuple[str, ...]:
    return (
        row.customer, row.name, row.region, row.phone_masked, row.state, row.outcome, str(row.attempts), instant(row.at),
        row.actor,
    )  # fmt: skip


@app.command("record")
def record(
    number: Number,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's number.")],
    outcome: Annotated[
        str, typer.Option("--outcome", help="reached, not_reached, message_left, refused or wrong_number.")
    ],
    content: Annotated[str, typer.Option("--content", metavar="TEXT", help="What was said.")] = "",
    amount: Annotated[str, typer.Option("--cost", metavar="AMOUNT", help="What it cost us, such as 1.50.")] = "",
    currency: Annotated[str, typer.Option("--currency", help="Three letters, such as CNY.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Record how one contact of a campaign ended; it stands in the contact log too."""
    from console.services import campaigns
    from console.services.fields import minor_units

    with opened(database) as store:
        row = campaigns.record(
            store,
            number,
            customer,
            outcome,
            caller(),
            content=content,
            cost_minor=minor_units(amount) if amount else 0,
            currency=currency,
        )
    if as_json:
        emit_json(asdict(row))
        return
    emit("  ".join(part for part in _call(row) if part))


@app.command("progress")
def progress(number: Number, as_json: AsJson = False, database: Database = None) -> None:
    """Say how far a campaign has come."""
    from console.services import campaigns

    with opened(database) as store:
        row = campaigns.campaign(store, number)
    if as_json:
        emit_json(_record(row))
        return
    emit(_line(row))


@app.command("close")
def close(number: Number, as_json: AsJson = False, database: Database = None) -> None:
    """End a campaign; who was not contacted is given up."""
    from console.services import campaigns

    with opened(database) as store:
        row = campaigns.close(store, number, caller())
    if as_json:
        emit_json(_record(row))
        return
    emit(_line(row))
