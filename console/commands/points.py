"""``ombud points``: the ledger of loyalty points."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant
from console.i18n import _

if TYPE_CHECKING:
    from console.services.care_views import PointsRow

app = typer.Typer(no_args_is_help=True)
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The customer's number.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]


@app.callback()
def points() -> None:
    """Loyalty points: a ledger with reasons; nothing is deleted."""


def _told(row: PointsRow, *, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(row))
        return
    emit(f"{row.entry}  {row.customer}  {row.points:+d}  {row.reason}")


@app.command("add")
def add(
    number: Number,
    amount: Annotated[int, typer.Argument(metavar="POINTS", help="How many; behind -- and below zero they are used.")],
    reason: Reason,
    key: Annotated[str, typer.Option("--key", help="Names this entry: given again, it is written once.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Give a customer points, or use them: ombud points add NUMBER --reason TEXT -- -50."""
    from console.services import points as ledger

    with opened(database) as store:
        row = ledger.add(store, number, amount, reason, caller(), key)
    _told(row, as_json=as_json)


@app.command("reverse")
def reverse(
    entry: Annotated[int, typer.Argument(metavar="ENTRY", help="The number of the entry, as the list shows it.")],
    reason: Reason,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Enter the opposite of an entry that was wrong; both stay."""
    from console.services import points as ledger

    with opened(database) as store:
        row = ledger.reverse(store, entry, reason, caller())
    _told(row, as_json=as_json)


@app.command("list")
def list_(
    number: Number, as_json: AsJson = False, as_json_lines: AsJsonLines = False, database: Database = None
) -> None:
    """List the entries of a customer, the newest first."""
    from console.services import points as ledger

    with opened(database) as store:
        rows = ledger.entries(store, number)
    if as_json:
        emit_json({"entries": [asdict(row) for row in rows]})
    elif as_json_lines:
        for row in rows:
            emit_json(asdict(row))
    else:
        emit_table(
            ("Entry", "At", "Points", "By", "Reverses", "Reason"),
            (
                (str(row.entry), instant(row.at), f"{row.points:+d}", row.actor, str(row.reverses or ""), row.reason)
                for row in rows
            ),
            numeric=(0, 2, 4),
        )


@app.command("balance")
def balance(number: Number, as_json: AsJson = False, database: Database = None) -> None:
    """Say how many points a customer has."""
    from console.services import points as ledger

    with opened(database) as store:
        held = ledger.balance(store, number)
    if as_json:
        emit_json(asdict(held))
        return
    emit(
        _("{balance} points: {given} given, {used} used").format(balance=held.balance, given=held.given, used=held.used)
    )
