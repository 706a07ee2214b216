"""Reading alerts, baselines, known events and customer numbers as they are stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, select

from console.errors import NotFoundError
from console.models import Alert, AlertBaseline, AlertRun, AuditEntry, Improvement, KnownEvent, Staff
from console.models.base import table_of
from console.rules.answer_fields import ANSWER_FIELDS
from console.rules.filters import FilterError, Term, parse
from console.services.alert_views import ANSWERS, AlertDetail, AlertRow, AlertStep, BaselineRow, EventNote
from console.services.complaint_cube import ROOT

ALERTS: Table = table_of(Alert)
BASELINES: Table = table_of(AlertBaseline)
RUNS: Table = table_of(AlertRun)
EVENTS: Table = table_of(KnownEvent)
IMPROVEMENTS: Table = table_of(Improvement)
STAFF: Table = table_of(Staff)
ENTRIES: Table = table_of(AuditEntry)

PREVIOUS = ALERTS.alias("previous")
_ROW = (
    select(
        ALERTS, func.coalesce(STAFF.c.login, "").label("owner"), func.coalesce(PREVIOUS.c.number, "").label("previous")
    )
    .select_from(ALERTS)
    .join(STAFF, STAFF.c.id == ALERTS.c.owner_id, isouter=True)
    .join(PREVIOUS, PREVIOUS.c.id == ALERTS.c.previous_id, isouter=True)
)
_FIELDS = tuple(name for name in AlertRow.__dataclass_fields__ if name != "rows")


def rows_filter(row: RowMapping) -> str:
    """Return the filter that finds the rows behind an alert: its cell in its month."""
    if row["subject"] == ANSWERS:
        return f"{row['cell']} month:{row['latest_month']}"
    return f"{row['cell']} received:{row['latest_month']}"


def alert_row(row: RowMapping) -> AlertRow:
    """Return what a stored alert is shown as."""
    return AlertRow(**{name: row[name] for name in _FIELDS}, rows=rows_filter(row))


def alert_rows(connection: Connection, *conditions: Any) -> list[AlertRow]:
    """Return alerts, the newest first."""
    question = _ROW.where(*conditions).order_by(ALERTS.c.first_seen_at.desc(), ALERTS.c.p, ALERTS.c.id)
    return [alert_row(row) for row in connection.execute(question).mappings()]


def stored_alert(connection: Connection, number: str) -> RowMapping:
    """Return the stored alert with a number, held against other writers. Raises NotFoundError, naming those there are."""
    wanted = number.strip().upper()
    row = connection.execute(select(ALERTS).where(ALERTS.c.number == wanted).with_for_update()).mappings().one_or_none()
    if row is None:
        newest = connection.execute(select(ALERTS.c.number).order_by(ALERTS.c.id.desc()).limit(3)).scalars().all()
        known = f"The newest are {', '.join(newest)}." if newest else "There is none yet: run ombud alerts"
        raise NotFoundError(f"There is no alert {number}.", known)
    return row


def alert_detail(connection: Connection, number: str) -> AlertDetail:
    """Return an alert with its history, its baseline, and what is known of its month. Raises NotFoundError."""
    stored = stored_alert(connection, number)
    row = alert_rows(connection, ALERTS.c.id == stored["id"])[0]
    steps = connection.execute(
        select(ENTRIES.c.at, ENTRIES.c.actor, ENTRIES.c.action, ENTRIES.c.detail)
        .where(ENTRIES.c.object_kind == "alert", ENTRIES.c.object_number == row.number)
        .order_by(ENTRIES.c.id.desc())
    ).all()
    improvements = connection.execute(
        select(IMPROVEMENTS.c.number, IMPROVEMENTS.c.title, IMPROVEMENTS.c.state)
        .where(IMPROVEMENTS.c.alert_id == stored["id"])
        .order_by(IMPROVEMENTS.c.id)
    ).all()
    return AlertDetail(
        row,
        baseline_of(connection, row.cell),
        tuple(AlertStep(*tuple(step)) for step in steps),
        tuple(
            event
            for event in events_in(connection, row.latest_month, row.latest_month)
            if touches(event.cell, row.cell)
        ),
        tuple((number, title, state) for number, title, state in improvements),
    )


def baselines(connection: Connection) -> dict[str, BaselineRow]:
    """Return the baseline in force of every cell that has one of its own."""
    newest = select(func.max(BASELINES.c.id)).group_by(BASELINES.c.cell)
    columns = [BASELINES.c[name] for name in BaselineRow.__dataclass_fields__]
    rows = connection.execute(select(*columns).where(BASELINES.c.id.in_(newest)).order_by(BASELINES.c.cell))
    return {row[0]: BaselineRow(*tuple(row)) for row in rows}


def baseline_of(connection: Connection, cell: str) -> BaselineRow | None:
    """Return the baseline a cell is measured by: its own, else that of its root."""
    known = baselines(connection)
    return known.get(cell) or known.get(root_of(cell))


def root_of(cell: str) -> str:
    """Return the root of a cell: all complaints, or its survey or series."""
    return ROOT if cell.startswith(ROOT) else str(terms_of(cell)[0])


def terms_of(cell: str) -> tuple[Term, ...]:
    """Return the conditions of a cell, whether it is one of cases or of answers. Raises FilterError."""
    try:
        return parse(cell).terms
    except FilterError:
        return parse(cell, ANSWER_FIELDS).terms


def touches(event_cell: str, cell: str) -> bool:
    """Return whether an event of a cell explains another cell: unless both name different values of one dimension.

    A category also holds those below it.
    """
    if not event_cell:
        return True
    known = {term.field: term.texts for term in terms_of(cell)}
    for term in terms_of(event_cell):
        values = known.get(term.field)
        if values is not None and not any(
            value == other or value.startswith(f"{other} / ") for value in values for other in term.texts
        ):
            return False
    return True


def events_in(connection: Connection, first_month: str, last_month: str) -> list[EventNote]:
    """Return the known events that touch some months, the earliest first."""
    from datetime import date

    from console.rules.months import month_number, shifted

    begin, end = month_number(first_month), month_number(shifted(last_month, 1))
    rows = connection.execute(
        select(EVENTS.c.id, EVENTS.c.starts_on, EVENTS.c.ends_on, EVENTS.c.cell, EVENTS.c.note, EVENTS.c.actor)
        .where(
            EVENTS.c.starts_on < date(end // 12, end % 12 + 1, 1),
            EVENTS.c.ends_on >= date(begin // 12, begin % 12 + 1, 1),
        )
        .order_by(EVENTS.c.starts_on, EVENTS.c.id)
    )
    return [EventNote(*tuple(row)) for row in rows]
