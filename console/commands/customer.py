"""``ombud customer``: find customers, show what is known of one, and what is done with his sensitive data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.i18n import ngettext
from console.zone import zone_name

app = typer.Typer(no_args_is_help=True)
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The customer's number.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it goes on the record.")]


@app.command("find")
def find(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Part of a name, number, phone or address.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many customers.")] = 50,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Find customers by any part of a name, number, phone (four digits or more) or address."""
    from console.commands.records import customer_record
    from console.services import customers

    with opened(database) as store:
        rows = customers.find(store, text, limit)
    if as_json:
        emit_json({"sought": text, "customers": [customer_record(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(customer_record(row))
    else:
        emit_table(
            ("Number", "Name", "Kind", "Region", "Phone", "Accounts", "Open cases"),
            (
                (row.number, row.name, row.kind, row.region, row.phone_masked, str(row.accounts), str(row.open_cases))
                for row in rows
            ),
            numeric=(5, 6),
        )
        narrate(ngettext("{count} customer", "{count} customers", len(rows)).format(count=len(rows)))


@app.command("show")
def show(
    number: Number,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show a customer's dossier: who this is, what he has, uses and pays, his cases, contacts and answers; newest first."""
    from console.commands.dossier_text import dossier_lines
    from console.portraits import portrait
    from console.services import dossiers

    with opened(database) as store:
        found = dossiers.dossier_of_number(store, number, zone=zone_name())
    if as_json:
        emit_json({**dossiers.record_of(found), "portrait": list(portrait(found))})
        return
    for text in dossier_lines(found):
        emit(text)


@app.command("reveal")
def reveal(
    number: Number,
    field: Annotated[str, typer.Argument(metavar="FIELD", help="phone, email, identity, address or bank.")],
    reason: Reason,
    database: Database = None,
) -> None:
    """Show one sensitive field in clear; who, what and why are on the record before it is shown."""
    from console.services import privacy

    with opened(database) as store:
        emit(privacy.reveal(store, number, field, reason, caller()))


@app.command("export")
def export(
    number: Number,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="The file to write; it must not exist.")],
    reason: Reason = "at the person's request",
    database: Database = None,
) -> None:
    """Write everything kept about a customer, in clear, as signed JSON: for the person himself."""
    import os

    from console.commands.output import json_line
    from console.errors import UsageError
    from console.services import person_exports

    if output.exists():
        raise UsageError(f"{output} is there already.", "Name a new file.")
    if not output.absolute().parent.is_dir():
        # Told before anything is opened, so that nothing is on the record that nobody was given.
        raise UsageError(f"There is no folder {output.parent}.", "Name a file in a folder of yours.")
    with opened(database) as store:
        document = person_exports.export_person(store, number, caller(), reason)
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json_line(document) + "\n")
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written: {error.strerror}.", "Name a file in a folder of yours."
        ) from error
    narrate(f"The data of customer {number} is in {output}, readable by you only.")


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What ombud customer export wrote.")],
    database: Database = None,
) -> None:
    """See that an export was signed by this database and not changed since."""
    import json

    from console.errors import UsageError
    from console.services import person_exports

    try:
        document = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read as JSON.", "Name what ombud customer export wrote.") from error
    with opened(database) as store:
        number = person_exports.verify_export(store, document)
    emit(f"The export of customer {number} is as this database signed it.")


@app.command("erase")
def erase(number: Number, reason: Reason, database: Database = None) -> None:
    """Erase a customer: his data key is destroyed, name and index go, what statistics count stays. Not to be undone."""
    from console.services import privacy
    from console.services.erasures import ledger_path

    with opened(database) as store:
        privacy.erase(store, number, reason, caller())
    emit(f"Customer {number} is erased; the ledger {ledger_path()} holds it for later restores.")


@app.command("erasures")
def erasures(
    replay: Annotated[bool, typer.Option("--replay", help="Erase again what an older backup brought back.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """List the ledger of erasures, or carry it out again after a restore."""
    from console.services import privacy
    from console.services.erasures import erasures as listing

    if replay:
        with opened(database) as store:
            done = privacy.replay_erasures(store, caller())
        if as_json:
            emit_json({"entries": done.entries, "erased": list(done.erased)})
        else:
            emit(f"{len(done.erased)} of {done.entries} customers in the ledger had come back and are erased again.")
        return
    listed = listing()
    if as_json:
        emit_json(
            [{"at": item.at, "actor": item.actor, "customer": item.customer, "reason": item.reason} for item in listed]
        )
        return
    emit_table(
        ("At", "By", "Customer", "Reason"),
        ((instant(item.at), item.actor, item.customer, item.reason) for item in listed),
    )
