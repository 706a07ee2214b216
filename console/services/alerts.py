"""What people do with alerts: acknowledge, own, note, close with a cause; choose baselines; name events (requirement D2).

Leads, analysts and administrators do all of it; whoever owns an alert may acknowledge, note and close it. A closed alert is not
opened again: the cell gets a new one when it leaves its limits in a later month.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from console import clock
from console.codes import AlertState, Role
from console.errors import NotAllowedError, NotFoundError, OmbudError, UsageError
from console.measures.controlcharts import BASELINE_NEEDED
from console.models import CustomerCount, Notice
from console.models.base import table_of
from console.rules.answer_fields import ANSWER_FIELDS
from console.rules.filters import Filter, Operator, case_fields, parse
from console.rules.months import month_number
from console.services.alert_records import (
    ALERTS,
    BASELINES,
    EVENTS,
    alert_detail,
    alert_rows,
    baselines,
    events_in,
    stored_alert,
)
from console.services.alert_runs import notice
from console.services.alert_views import AlertDetail, AlertRow, BaselineRow, EventNote
from console.services.complaint_cube import DIMENSIONS, ROOT
from console.services.handling import Worker, worker_of
from console.services.lookups import Names
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean, clean_line

NOTICES = table_of(Notice)
CUSTOMER_COUNTS = table_of(CustomerCount)

WATCHERS = frozenset({Role.LEAD.value, Role.ANALYST.value, Role.ADMINISTRATOR.value})
LONGEST_CAUSE = 200
LONGEST_EVENT = 500
ANSWER_DIMENSIONS = ("survey", "series", "indicator", "region", "kind", "supply", "channel", "department")


def alerts(store: Store, *, state: str = "", owner: str = "", is_all: bool = False) -> list[AlertRow]:
    """Return the alerts that are not closed, the newest first; of one state or owner, or all. Raises UsageError for a state."""
    conditions: list[Any] = []
    if state:
        if state not in tuple(AlertState):
            raise UsageError(f"An alert cannot be {state}.", f"It is {', '.join(AlertState)}.")
        conditions.append(ALERTS.c.state == state)
    elif not is_all:
        conditions.append(ALERTS.c.state != AlertState.CLOSED.value)
    with store.reading() as connection:
        rows = alert_rows(connection, *conditions)
    return [row for row in rows if not owner or row.owner == owner]


def alert(store: Store, number: str) -> AlertDetail:
    """Return an alert with its history. Raises NotFoundError."""
    with store.reading() as connection:
        return alert_detail(connection, number)


def _may(connection: Connection, actor: str, row: RowMapping, action: str) -> Worker:
    worker = worker_of(connection, actor)
    if worker.role not in WATCHERS and row["owner_id"] != worker.id:
        raise NotAllowedError(
            f"The role {worker.role} may not {action} alert {row['number']}.",
            f"Its owner may, and: {', '.join(sorted(WATCHERS))}.",
        )
    return worker


def _open(connection: Connection, number: str) -> RowMapping:
    row = stored_alert(connection, number)
    if row["state"] == AlertState.CLOSED.value:
        raise OmbudError(
            f"Alert {row['number']} is closed: {row['cause']}.",
            "If the cell leaves its limits again, it gets a new one.",
        )
    return row


def _changed(work: Work, row: RowMapping, action: str, values: dict[str, Any], detail: dict[str, Any]) -> AlertRow:
    work.connection.execute(update(ALERTS).where(ALERTS.c.id == row["id"]).values(**values, version=row["version"] + 1))
    work.record(action, "alert", row["number"], detail)
    return alert_rows(work.connection, ALERTS.c.id == row["id"])[0]


def _noted(row: RowMapping, said: str) -> dict[str, Any]:
    return {"note": "\n".join(part for part in (row["note"], said) if part)} if said else {}


def acknowledge(store: Store, number: str, *, actor: str, note: str = "", now: datetime | None = None) -> AlertRow:
    """Say that an alert was seen and is being looked at; without an owner it becomes the actor's.

    Raises NotFoundError, OmbudError for one that is closed or acknowledged already, NotAllowedError.
    """
    said = clean(note).strip()

    def act(work: Work) -> AlertRow:
        row = _open(work.connection, number)
        worker = _may(work.connection, actor, row, "acknowledge")
        if row["state"] == AlertState.ACKNOWLEDGED.value:
            raise OmbudError(f"Alert {row['number']} is acknowledged already.", "Add to it with: ombud alerts note")
        values = {
            "state": AlertState.ACKNOWLEDGED.value,
            "acknowledged_at": now or clock.now(),
            "owner_id": row["owner_id"] or worker.id,
            **_noted(row, said),
        }
        return _changed(work, row, "acknowledge", values, {"note": said})

    return store.write(actor, act)


def annotate(store: Store, number: str, note: str, *, actor: str) -> AlertRow:
    """Add a note to an alert, closed or not. Raises UsageError for an empty one, NotFoundError, NotAllowedError."""
    said = clean(note).strip()
    if not said:
        raise UsageError("A note cannot be empty.", "Write it in quotes.")

    def act(work: Work) -> AlertRow:
        row = stored_alert(work.connection, number)
        _may(work.connection, actor, row, "write on")
        return _changed(work, row, "note", _noted(row, said), {"note": said})

    return store.write(actor, act)


def own(store: Store, number: str, login: str, *, actor: str, now: datetime | None = None) -> AlertRow:
    """Give an alert to a member of staff, who gets a notice. Raises as ``acknowledge``, UsageError for a login that is none."""
    moment = now or clock.now()

    def act(work: Work) -> AlertRow:
        connection = work.connection
        row = _open(connection, number)
        _may(connection, actor, row, "give away")
        person = Names().person(connection, login)
        if person["id"] == row["owner_id"]:
            raise OmbudError(f"Alert {row['number']} is {login}'s already.")
        if login != actor:
            occasion = f"own/{login}/{row['version']}"
            text = f"{row['number']} {row['cell']} {row['latest_month']}: yours now, from {actor}"
            connection.execute(
                insert(NOTICES).values(notice(row["id"], row["number"], text, person["id"], occasion, moment))
            )
        return _changed(work, row, "own", {"owner_id": person["id"]}, {"owner": login})

    return store.write(actor, act)


def close(
    store: Store, number: str, *, cause: str, actor: str, note: str = "", now: datetime | None = None
) -> AlertRow:
    """Close an alert for a stated cause. Raises UsageError without one, and as ``acknowledge``."""
    why, said = clean_line(cause).strip(), clean(note).strip()
    if not why:
        raise UsageError("An alert is closed with its cause.", "Say it with --cause.")
    if len(why) > LONGEST_CAUSE:
        raise UsageError(
            f"The cause has {len(why)} characters.", f"Keep it within {LONGEST_CAUSE}; the rest is a note."
        )

    def act(work: Work) -> AlertRow:
        row = _open(work.connection, number)
        _may(work.connection, actor, row, "close")
        values = {
            "state": AlertState.CLOSED.value,
            "cause": why,
            "closed_at": now or clock.now(),
            **_noted(row, said),
        }
        return _changed(work, row, "close", values, {"cause": why, "note": said})

    return store.write(actor, act)


def watched_cell(store: Store, written: str) -> str:
    """Return a cell in its canonical form, from the number of an alert or a filter of equal terms.

    ``kind:complaint`` stands before a cell of complaints whether it is written or not. Raises NotFoundError for a number that is
    none and UsageError for a filter that is no cell.
    """
    text = clean_line(written).strip()
    if text[:2].upper() == "A-" and text[2:].isdecimal():
        with store.reading() as connection:
            return str(stored_alert(connection, text)["cell"])
    is_answers = "survey:" in text or "series:" in text
    found = parse(text, ANSWER_FIELDS if is_answers else case_fields())
    order = ANSWER_DIMENSIONS if is_answers else ("kind", *DIMENSIONS)
    seen: set[str] = set()
    for term in found.terms:
        plain = term.operator is Operator.EQUAL and len(term.values) == 1 and not term.is_negated
        is_other_kind = term.field == "kind" and not is_answers and term.texts != ("complaint",)
        if term.field not in order or not plain or term.field in seen or is_other_kind:
            raise UsageError(
                f"{text} is no cell.", f"Name each of these at most once, with one value: {', '.join(order)}."
            )
        seen.add(term.field)
    kept = (term for term in found.terms if is_answers or term.field != "kind")
    terms = sorted(kept, key=lambda term: order.index(term.field))
    return str(Filter(tuple(terms))) if is_answers else " ".join([ROOT, *map(str, terms)])


def rebase(
    store: Store, cell: str, *, first: str, last: str, reason: str, actor: str, now: datetime | None = None
) -> BaselineRow:
    """Measure a cell (all complaints or a survey: everything in it) by other months from now on, for a stated reason.

    At least ten months are needed. Raises UsageError for months or a cell that are none, a reason that is missing, or too few
    months; NotAllowedError for who is no lead, analyst or administrator.
    """
    why = clean(reason).strip()
    if not why:
        raise UsageError("A baseline is changed for a reason.", "Say it with --reason.")
    months = month_number(last) - month_number(first) + 1
    if months < BASELINE_NEEDED:
        raise UsageError(
            f"From {first} to {last} are {max(0, months)} months.", f"A baseline takes {BASELINE_NEEDED}, better 20."
        )
    named = watched_cell(store, cell)

    def act(work: Work) -> BaselineRow:
        connection = work.connection
        _watcher(connection, actor, "change baselines")
        connection.execute(
            insert(BASELINES).values(
                cell=named,
                first_month=first,
                last_month=last,
                months=months,
                reason=why,
                actor=actor,
                at=now or clock.now(),
            )
        )
        work.record("rebase", "baseline", named[:200], {"from": first, "to": last, "reason": why})
        return baselines(connection)[named]

    return store.write(actor, act)


def known_baselines(store: Store) -> list[BaselineRow]:
    """Return the baselines in force, by cell."""
    with store.reading() as connection:
        return list(baselines(connection).values())


def add_event(
    store: Store, starts_on: date, ends_on: date, note: str, *, actor: str, cell: str = "", now: datetime | None = None
) -> EventNote:
    """Name an event that explains some days, everywhere or in a cell.

    Raises UsageError for an empty note, an end before the beginning or a cell that is none; NotAllowedError.
    """
    said = clean_line(note).strip()
    if not said or len(said) > LONGEST_EVENT:
        raise UsageError(f"The note of an event has 1 to {LONGEST_EVENT} characters.")
    if ends_on < starts_on:
        raise UsageError("The event ends before it begins.", "Write the earlier day first.")
    named = watched_cell(store, cell) if cell else ""

    def act(work: Work) -> EventNote:
        _watcher(work.connection, actor, "name events")
        id_ = work.connection.execute(
            insert(EVENTS)
            .values(starts_on=starts_on, ends_on=ends_on, cell=named, note=said, actor=actor, at=now or clock.now())
            .returning(EVENTS.c.id)
        ).scalar_one()
        work.record("name event", "event", str(id_), {"from": str(starts_on), "to": str(ends_on), "note": said})
        return EventNote(int(id_), starts_on, ends_on, named, said, actor)

    return store.write(actor, act)


def remove_event(store: Store, number: int, *, actor: str) -> None:
    """Take a known event away. Raises NotFoundError, NotAllowedError."""

    def act(work: Work) -> None:
        _watcher(work.connection, actor, "take events away")
        found = work.connection.execute(select(EVENTS.c.note).where(EVENTS.c.id == number)).scalar()
        if found is None:
            raise NotFoundError(f"There is no event {number}.", "See: ombud alerts events")
        work.connection.execute(delete(EVENTS).where(EVENTS.c.id == number))
        work.record("remove event", "event", str(number), {"note": found})

    store.write(actor, act)


def events(store: Store, first_month: str = "1900-01", last_month: str = "9000-12") -> list[EventNote]:
    """Return the known events that touch some months, the earliest first."""
    with store.reading() as connection:
        return events_in(connection, first_month, last_month)


def enter_customers(
    store: Store, month: str, customers: int, *, actor: str, region: str = "", now: datetime | None = None
) -> None:
    """Enter how many customers were served in a month, in a region or in all; entered again, the newer number counts.

    Raises UsageError for a month or number that is none, NotAllowedError.
    """
    month_number(month)
    if not 0 < customers <= 2_000_000_000:
        raise UsageError(f"{customers} is no number of customers.", "Give how many are served, 1 or more.")
    where = clean_line(region).strip()[:100]

    def act(work: Work) -> None:
        _watcher(work.connection, actor, "enter numbers of customers")
        work.connection.execute(
            delete(CUSTOMER_COUNTS).where(CUSTOMER_COUNTS.c.month == month, CUSTOMER_COUNTS.c.region == where)
        )
        work.connection.execute(
            insert(CUSTOMER_COUNTS).values(
                month=month, region=where, customers=customers, actor=actor, at=now or clock.now()
            )
        )
        work.record("enter customers", "customers", month, {"region": where, "customers": customers})

    store.write(actor, act)


def _watcher(connection: Connection, actor: str, action: str) -> Worker:
    worker = worker_of(connection, actor)
    if worker.role not in WATCHERS:
        raise NotAllowedError(f"The role {worker.role} may not {action}.", f"It takes: {', '.join(sorted(WATCHERS))}.")
    return worker
