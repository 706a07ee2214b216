"""The work lists of customer care: dossiers to complete, doubles to judge, calls, campaigns, callbacks owed, visits due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from console import clock
from console.errors import UsageError, nearest
from console.models import Case, Customer
from console.models.base import table_of
from console.services import campaigns, completeness, customer_duplicates, queues, visits
from console.services.care_views import WorkLine
from console.services.customer_lists import asking_of
from console.storage.engine import Store

CASES = table_of(Case)
CUSTOMERS = table_of(Customer)
LISTED = 500

CALLBACKS = "callback:yes sort:due"
"""The filter of cases that are to be called back."""


def _to_complete(store: Store, viewer: str, now: datetime) -> list[WorkLine]:
    return [
        WorkLine(
            row.id, "complete", row.number, row.name, row.region, "", "", "",
            (*row.missing, *(() if row.is_verified else ("verification",))),
        )
        for row in completeness.to_complete(store, viewer=viewer, now=now, limit=LISTED)
    ]  # fmt: skip


def _doubles(store: Store, viewer: str, now: datetime) -> list[WorkLine]:
    del now
    found = customer_duplicates.duplicates(store, viewer=viewer, limit=LISTED).doubles
    return [
        WorkLine(
            0, "doubles", double.one.number, double.one.name, double.one.region, double.one.phone_masked,
            double.other.number, double.other.name, double.reasons,
        )
        for double in found
    ]  # fmt: skip


def _calls(store: Store, viewer: str, now: datetime) -> list[WorkLine]:
    del viewer, now
    return [
        WorkLine(
            0, "calls", call.customer, call.name, call.region, call.phone_masked, row.number, row.script or row.title,
            (call.outcome,) if call.outcome else (), row.due_on,
        )
        for row in campaigns.campaigns(store)
        for call in campaigns.calls(store, row.number, limit=LISTED)
    ][:LISTED]  # fmt: skip


def _campaigns(store: Store, viewer: str, now: datetime) -> list[WorkLine]:
    """The campaigns under way; the notes are how many are on the list, done, reached, refused and given up."""
    del viewer, now
    return [
        WorkLine(
            0, "campaigns", "", row.title, "", "", row.number, row.script,
            tuple(map(str, (row.customers, row.done, row.reached, row.refused, row.dropped))), row.due_on, row.created_by,
        )
        for row in campaigns.campaigns(store)
    ]  # fmt: skip


def _callbacks(store: Store, viewer: str, now: datetime) -> list[WorkLine]:
    with store.reading() as connection:
        asking = asking_of(connection, viewer=viewer, now=now)
    ids = list(queues.ids(store, CALLBACKS, now=now, viewer=viewer, zone=asking.zone).ids[:LISTED])
    question = (
        select(
            CASES.c.id,
            CASES.c.reference,
            CASES.c.subject,
            CASES.c.region,
            CASES.c.due_at,
            CASES.c.version,
            CUSTOMERS.c.number,
            CUSTOMERS.c.name,
            CUSTOMERS.c.phone_masked,
        )
        .join_from(CASES, CUSTOMERS, CUSTOMERS.c.id == CASES.c.customer_id, isouter=True)
        .where(CASES.c.id.in_(ids))
    )
    with store.reading() as connection:
        rows = {row.id: row for row in connection.execute(question)} if ids else {}
    return [
        WorkLine(
            0, "callbacks", row.number or "", row.name or "", row.region, row.phone_masked or "", row.reference, row.subject,
            (), row.due_at.astimezone(asking.tz).date() if row.due_at else None, "", row.id, row.version,
        )
        for row in (rows[case_id] for case_id in ids if case_id in rows)
    ]  # fmt: skip


def _visits(store: Store, viewer: str, now: datetime) -> list[WorkLine]:
    return [
        WorkLine(
            row.id, "visits", row.number, row.name, row.region, "", "", row.last_on.isoformat() if row.last_on else "",
            (), row.due_on, row.manager,
        )
        for row in visits.due(store, viewer=viewer, now=now)[:LISTED]
    ]  # fmt: skip


_LISTS: Mapping[str, Callable[[Store, str, datetime], list[WorkLine]]] = {
    "complete": _to_complete,
    "doubles": _doubles,
    "calls": _calls,
    "campaigns": _campaigns,
    "callbacks": _callbacks,
    "visits": _visits,
}
KINDS = tuple(_LISTS)
"""The lists, in the order in which they are offered."""


def work_list(store: Store, kind: str, *, viewer: str = "", now: datetime | None = None) -> list[WorkLine]:
    """Return one of the work lists, at most 500 lines, the most urgent first; lines are numbered from 1.

    Raises UsageError for a list that is none.
    """
    if kind not in _LISTS:
        close = nearest(kind, KINDS)
        raise UsageError(
            f"There is no work list {kind}.", f"Did you mean {close}?" if close else f"Known: {', '.join(KINDS)}."
        )
    found = _LISTS[kind](store, viewer, now or clock.now())
    return [replace(line, id=place) for place, line in enumerate(found, start=1)]


def to_contact(store: Store, *, viewer: str = "", now: datetime | None = None) -> list[WorkLine]:
    """Return whom to contact: callbacks owed, then the calls of campaigns, lines numbered from 1."""
    found = [line for kind in ("callbacks", "calls") for line in work_list(store, kind, viewer=viewer, now=now)]
    return [replace(line, id=place) for place, line in enumerate(found, start=1)]
