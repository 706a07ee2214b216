"""What ``ombud customer`` does to one dossier: verify it, merge it with its double, take that back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant
from console.i18n import _

if TYPE_CHECKING:
    from console.services.care_views import MergeRow

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The customer's number.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it goes on the record.")]


def merge_record(row: MergeRow) -> dict[str, Any]:
    """Return a merge as a record."""
    return {**asdict(row), "moved": dict(row.moved)}


def _moved(row: MergeRow) -> str:
    return ", ".join(f"{count} {name}" for name, count in row.moved) or _("nothing")


def merge(
    number: Number,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The number that goes on.")],
    reason: Reason = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Merge a customer into another: accounts, cases, contacts and answers become the other's; unmerge takes it back."""
    from console.services import customer_merges

    with opened(database) as store:
        row = customer_merges.merge(store, number, into, caller(), reason)
    if as_json:
        emit_json(merge_record(row))
        return
    emit(
        _("Customer {number} goes on as {into}; moved: {moved}.").format(
            number=row.merged, into=row.into, moved=_moved(row)
        )
    )


def unmerge(number: Number, as_json: AsJson = False, database: Database = None) -> None:
    """Take the merge of a customer back: what was moved goes back, except what somebody has moved since."""
    from console.services import customer_merges

    with opened(database) as store:
        row = customer_merges.unmerge(store, number, caller())
    if as_json:
        emit_json(merge_record(row))
        return
    emit(_("Customer {number} stands for himself again, apart from {into}.").format(number=row.merged, into=row.into))


def merges(as_json: AsJson = False, database: Database = None) -> None:
    """List merges, the newest first."""
    from console.services import customer_merges

    with opened(database) as store:
        rows = customer_merges.merges(store)
    if as_json:
        emit_json({"merges": [merge_record(row) for row in rows]})
        return
    emit_table(
        ("At", "By", "Number", "Into", "Moved", "Taken back"),
        ((instant(row.at), row.actor, row.merged, row.into, _moved(row), instant(row.undone_at)) for row in rows),
    )


def distinct(
    number: Number,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The other's number.")],
    reason: Reason = "",
    database: Database = None,
) -> None:
    """Say that two customers who look alike are two, so that they are not proposed again."""
    from console.services import customer_duplicates

    with opened(database) as store:
        customer_duplicates.say_distinct(store, number, other, caller(), reason)
    emit(_("{number} and {other} are two customers.").format(number=number, other=other))


def verify_dossier(number: Number, database: Database = None) -> None:
    """Write down that the facts of a complete dossier were seen to be true, today."""
    from console.services import completeness

    with opened(database) as store:
        at = completeness.verify(store, number, caller())
    emit(_("The dossier of customer {number} is verified as of {at}.").format(number=number, at=instant(at)))
