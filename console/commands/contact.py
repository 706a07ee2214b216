"""``ombud contact`` and ``ombud customer contact``: the contact log."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.moments import moment_given, policy_zone
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.i18n import ngettext

if TYPE_CHECKING:
    from console.services.care_views import ContactRow, WorkLine

app = typer.Typer(no_args_is_help=True)

Purpose = Annotated[str, typer.Option("--purpose", help="service, callback, care, visit, notice or collection.")]


@app.callback()
def contact() -> None:
    """The contact log: calls, visits, letters, callbacks, greetings."""


def contact_record(row: ContactRow) -> dict[str, Any]:
    """Return a line of the log as a record; the internal id is left out."""
    record = asdict(row)
    del record["id"]
    return record


def cost(row: ContactRow) -> str:
    """Return what a contact cost, or nothing."""
    return f"{row.cost_minor / 100:.2f} {row.currency}" if row.cost_minor else ""


def log(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The customer's number.")],
    content: Annotated[str, typer.Option("--content", metavar="TEXT", help="What was said.")] = "",
    channel: Annotated[
        str, typer.Option("--channel", help="telephone, visit, letter, email, sms, app …")
    ] = "telephone",
    direction: Annotated[str, typer.Option("--direction", help="out: we to the customer; in: he to us.")] = "out",
    purpose: Purpose = "service",
    outcome: Annotated[
        str, typer.Option("--outcome", help="reached, not_reached, message_left, refused or wrong_number.")
    ] = "",
    place: Annotated[str, typer.Option("--place", help="Where it was.")] = "",
    amount: Annotated[str, typer.Option("--cost", metavar="AMOUNT", help="What it cost us, such as 12.50.")] = "",
    currency: Annotated[str, typer.Option("--currency", help="Three letters, such as CNY.")] = "",
    account: Annotated[str, typer.Option("--account", metavar="NUMBER", help="Account it was about.")] = "",
    case: Annotated[str, typer.Option("--case", metavar="REFERENCE", help="Case it was about.")] = "",
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="When it was; now without it.")] = "",
    key: Annotated[str, typer.Option("--key", help="Names this contact: given again, it is written once.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Write down a contact with a customer: which way, what for, what was said, what it cost."""
    from console.services import contacts
    from console.services.fields import minor_units

    with opened(database) as store:
        row = contacts.log(
            store,
            contacts.NewContact(
                number,
                content=content,
                channel=channel,
                direction=direction,
                purpose=purpose,
                outcome=outcome,
                place=place,
                cost_minor=minor_units(amount) if amount else 0,
                currency=currency,
                account=account,
                case=case,
                at=moment_given(at, policy_zone(store), "--at") if at else None,
            ),
            caller(),
            key,
        )
    if as_json:
        emit_json(contact_record(row))
        return
    emit(f"{instant(row.at)}  {row.customer}  {row.channel}  {row.direction}  {row.purpose}  {row.outcome}".rstrip())


@app.command("list")
def list_(
    customer: Annotated[str, typer.Option("--customer", metavar="NUMBER", help="Only one customer's.")] = "",
    purpose: Purpose = "",
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="From then on.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="Before then.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 200,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List contacts, the newest first, with those in the histories of cases."""
    from console.services import contacts

    with opened(database) as store:
        zone = policy_zone(store)
        rows = contacts.contacts(
            store,
            customer=customer,
            purpose=purpose,
            since=moment_given(since, zone, "--since") if since else None,
            until=moment_given(until, zone, "--until") if until else None,
            limit=limit,
        )
    if as_json:
        emit_json({"contacts": [contact_record(row) for row in rows]})
        return
    if as_json_lines:
        for row in rows:
            emit_json(contact_record(row))
        return
    heads = ("At", "Customer", "Name", "Channel", "", "Purpose", "Outcome", "Cost", "Who", "Case", "What was said")
    emit_table(
        heads,
        (
            (
                instant(row.at), row.customer, row.name, row.channel, row.direction, row.purpose, row.outcome, cost(row),
                row.who, row.case, row.content,
            )
            for row in rows
        ),
        numeric=(7,),
    )  # fmt: skip
    narrate(ngettext("{count} contact", "{count} contacts", len(rows)).format(count=len(rows)))


@app.command("due")
def due(as_json: AsJson = False, as_json_lines: AsJsonLines = False, database: Database = None) -> None:
    """List whom to contact: cases to be called back, then the calls of campaigns."""
    from console.services import work_lists

    with opened(database) as store:
        rows = work_lists.to_contact(store, viewer=caller())
    if as_json:
        emit_json({"contacts": [_due_record(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(_due_record(row))
    else:
        emit_table(
            ("What", "For", "Customer", "Name", "Phone", "Due", "About"),
            (
                (
                    row.kind, row.about, row.customer, row.name, row.phone_masked,
                    row.due_on.isoformat() if row.due_on else "", row.said,
                )
                for row in rows
            ),
        )  # fmt: skip


def _due_record(row: WorkLine) -> dict[str, Any]:
    return {
        "what": row.kind,
        "for": row.about,
        "customer": row.customer,
        "name": row.name,
        "phone_masked": row.phone_masked,
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "about": row.said,
    }
