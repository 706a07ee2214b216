"""A run over the cube: every cell tested, new alerts written and told, open ones counted up (requirement D2).

Run each hour from cron, twice at once, or after a week of silence: the same data give the same alerts once. A cell with an alert
that is not closed never gets a second one; after closing, only a later month can bring a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from console import clock
from console.codes import AlertState, NoticeKind
from console.errors import UsageError
from console.measures.controlcharts import BASELINE_NEEDED, BASELINE_PREFERRED
from console.models import Department, Notice
from console.models.base import table_of
from console.rules.months import month_bounds, month_number, month_of, month_start
from console.services.alert_records import ALERTS, ENTRIES, RUNS, alert_rows, baselines, terms_of
from console.services.alert_signals import Examined, Found, Signal, Span, examine_answers, examine_complaints, settle
from console.services.alert_views import AlertRow, BaselineRow, RunReport
from console.services.answer_series import answer_series
from console.services.complaint_cube import ROOT, Cube, complaint_cube
from console.services.recipients import chart
from console.storage.engine import Store
from console.storage.unit import Work

DEPARTMENTS = table_of(Department)
NOTICES = table_of(Notice)

LONGEST_BASELINE = 24
MONTHS_TESTED = 2
"""The last complete month and the running one."""
RUNNING_FROM_DAYS = 7
"""The running month is tested, by the part of it that is gone, once each day of the week was in it."""
LAST_HOUR = timedelta(hours=1)
DEEPEST = 4
RUN_LOCK = 7_203_117
SYSTEM = "system"
FIRST_RUN = "first run"


@dataclass(slots=True)
class _Seen:
    """What one look at the data came to."""

    found: Found
    tests: Examined
    months: tuple[str, ...]
    new_baselines: list[BaselineRow]
    known: dict[str, BaselineRow]
    notes: list[str]
    entry: int


def run(
    store: Store,
    *,
    actor: str,
    zone: tzinfo,
    now: datetime | None = None,
    month: str = "",
    depth: int = 2,
    is_dry: bool = False,
) -> RunReport:
    """Test every cell of complaints and answers, and write what is new.

    ``month`` is tested instead of the last complete and the running one; ``depth`` is the number of dimensions of a cell, 1 to
    4. With ``is_dry`` nothing is written. Raises UsageError for a month that is none or lies ahead.
    """
    moment = (now or clock.now()).replace(microsecond=0)
    if not 1 <= depth <= DEEPEST:
        raise UsageError(f"A cell has 1 to {DEEPEST} dimensions, not {depth}.")
    if month and month_number(month) > month_number(month_of(moment, zone)):
        raise UsageError(f"The month {month} has not begun.", "Name one that has.")
    day = moment.astimezone(zone).strftime("%Y-%m-%d")
    with store.reading() as connection:
        if not month and not is_dry and _is_unchanged(connection, day, depth):
            return RunReport(is_unchanged=True, baselines=tuple(baselines(connection).values()))
        seen = _look(connection, zone, moment, month, depth)
        if is_dry:
            return _dry(connection, seen, moment)
    return store.write(actor, lambda work: _written(work, seen, moment, f"{day}/{depth}"))


def _is_unchanged(connection: Connection, day: str, depth: int) -> bool:
    last = connection.execute(select(RUNS.c.day, RUNS.c.seen_entry).order_by(RUNS.c.id.desc()).limit(1)).one_or_none()
    return last is not None and last.day == f"{day}/{depth}" and last.seen_entry == _newest_entry(connection)


def _newest_entry(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(ENTRIES.c.id), 0))).scalar_one())


def _look(connection: Connection, zone: tzinfo, now: datetime, month: str, depth: int) -> _Seen:
    known = baselines(connection)
    tests, notes, new = Examined(), [], []
    entry = _newest_entry(connection)
    cube = complaint_cube(connection, zone, now, depth)
    tested: tuple[str, ...] = ()
    looks = _looks(zone, now)
    if cube is None:
        notes.append("There is no case yet.")
    else:
        watched = [name for name, factor in zip(cube.frame.months, cube.frame.factors, strict=True) if factor > 0]
        running = month_of(now, zone)
        gone = (now - month_start(running, zone)).days
        if not month and gone < RUNNING_FROM_DAYS and watched[-1:] == [running]:
            watched.pop()
            notes.append(f"{running} is not tested yet: it is from the {RUNNING_FROM_DAYS + 1}th day on.")
        tested = (month,) if month else tuple(watched[-MONTHS_TESTED:])
        tested = tuple(name for name in tested if name in watched)
        if month and not tested:
            notes.append(f"No case was received in {month}.")
        if tested:
            row = known.get(ROOT) or _first_baseline(ROOT, watched, tested[0], now, notes, "complaints")
            if row is not None:
                new += [row] if ROOT not in known else []
                known.setdefault(ROOT, row)
                examine_complaints(tests, cube, tested, _spans(known), looks)
                notes += _provisional(row, cube, tested[0])
                if running in tested:
                    notes.append(f"{running} is not over: its counts stand against {gone} days, not the whole month.")
    last = month or month_of(now, zone)
    for series in answer_series(connection, last, min(depth, 2)):
        answered = [name for name, n in zip(series.months, series.answers.sum(axis=0), strict=True) if n > 0]
        wanted = (month,) if month else tuple(answered[-MONTHS_TESTED:])
        row = known.get(series.root) or _first_baseline(series.root, answered, wanted[0], now, notes, series.root)
        if row is None:
            continue
        new += [row] if series.root not in known else []
        known.setdefault(series.root, row)
        examine_answers(tests, series, wanted, _spans(known), looks)
        tested = tuple(sorted({*tested, *(name for name in wanted if name in answered)}))
    return _Seen(settle(tests), tests, tested, new, known, notes, entry)


def _looks(zone: tzinfo, now: datetime) -> dict[str, float]:
    """The running month with the part of it that is gone when it is first looked at; one that is over but for an hour is over."""
    running = month_of(now, zone)
    start, end = month_bounds(running, zone)
    return {running: timedelta(days=RUNNING_FROM_DAYS) / (end - start)} if end - now > LAST_HOUR else {}


def _spans(known: Mapping[str, BaselineRow]) -> dict[str, Span]:
    return {cell: (row.first_month, row.last_month) for cell, row in known.items()}


def _first_baseline(
    root: str, watched: Sequence[str], tested: str, now: datetime, notes: list[str], what: str
) -> BaselineRow | None:
    before = [name for name in watched if name < tested][-LONGEST_BASELINE:]
    if len(before) < BASELINE_NEEDED:
        notes.append(
            f"{what}: {len(before)} months before {tested}; a baseline takes {BASELINE_NEEDED}, better {BASELINE_PREFERRED}."
        )
        return None
    return BaselineRow(root, before[0], before[-1], len(before), FIRST_RUN, SYSTEM, now)


def _provisional(row: BaselineRow, cube: Cube, tested: str) -> list[str]:
    if not row.is_provisional:
        return []
    known = sum(1 for name, f in zip(cube.frame.months, cube.frame.factors, strict=True) if f > 0 and name < tested)
    hint = " More months are there now: ombud alerts rebase." if known >= BASELINE_PREFERRED else ""
    return [f"complaints: limits from {row.months} months are provisional.{hint}"]


def _dry(connection: Connection, seen: _Seen, now: datetime) -> RunReport:
    """Return what a run would do, in the form of alerts without numbers."""
    new, repeated = [], []
    for signal in seen.found.signals:
        held = _held(connection, signal)
        row = AlertRow(**_values(signal, now), number="", owner="", previous="", note="", cause="", closed_at=None,
            version=1, state=AlertState.OPEN.value, months_repeated=0)  # fmt: skip
        if held is None:
            new.append(row)
        elif held["state"] != AlertState.CLOSED.value:
            repeated.append(row)
    return _report(seen, tuple(new), tuple(repeated))


def _report(seen: _Seen, new: tuple[AlertRow, ...], repeated: tuple[AlertRow, ...]) -> RunReport:
    roots = tuple(row for cell, row in seen.known.items())
    return RunReport(
        new=new,
        repeated=repeated,
        months=seen.months,
        baselines=roots,
        cells=seen.tests.cells,
        tests=len(seen.tests.p),
        explained=seen.found.explained,
        seasonal=seen.tests.seasonal,
        notes=tuple(seen.notes),
    )


def _written(work: Work, seen: _Seen, now: datetime, day: str) -> RunReport:
    from console.services.alert_records import BASELINES

    connection = work.connection
    if connection.dialect.name == "postgresql":
        # Two runs at once would both find a cell without an alert.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": RUN_LOCK})
    roots = set(connection.execute(select(BASELINES.c.cell)).scalars())
    for row in seen.new_baselines:
        if row.cell not in roots:
            connection.execute(
                insert(BASELINES).values({name: getattr(row, name) for name in row.__dataclass_fields__})
            )
    new: list[int] = []
    repeated: list[int] = []
    told: list[dict[str, Any]] = []
    for signal in sorted(seen.found.signals, key=lambda one: one.month):
        held = _held(connection, signal)
        if held is None:
            id_, notices = _opened(work, signal, now)
            new.append(id_)
            told += notices
        elif held["state"] != AlertState.CLOSED.value:
            _counted_up(connection, held, signal, now)
            if held["id"] not in new:
                repeated.append(held["id"])
    if told:
        connection.execute(insert(NOTICES), told)
    numbers = list(connection.execute(select(ALERTS.c.number).where(ALERTS.c.id.in_(new))).scalars())
    for number in numbers:
        work.record("alert", "alert", number, {})
    counted = {"cells": seen.tests.cells, "tests": len(seen.tests.p), "new": len(new)}
    work.record("watch", "alerts", ", ".join(seen.months), counted)
    connection.execute(
        insert(RUNS).values(
            at=now,
            day=day,
            # What others wrote since the data were read has to be looked at again.
            seen_entry=_newest_entry(connection) if _is_ours(connection, seen.entry, len(numbers) + 1) else seen.entry,
            cells=seen.tests.cells,
            tests=len(seen.tests.p),
            found=len(seen.found.signals),
        )
    )
    rows = {row.number: row for row in alert_rows(connection, ALERTS.c.id.in_([*new, *repeated]))}
    ids = dict(connection.execute(select(ALERTS.c.id, ALERTS.c.number).where(ALERTS.c.id.in_([*new, *repeated]))).all())
    return _report(
        seen,
        tuple(rows[ids[id_]] for id_ in new),
        tuple(rows[ids[id_]] for id_ in dict.fromkeys(repeated)),
    )


def _is_ours(connection: Connection, seen_entry: int, written: int) -> bool:
    after = connection.execute(select(func.count()).where(ENTRIES.c.id > seen_entry)).scalar_one()
    return int(after) == written


def _held(connection: Connection, signal: Signal) -> Any:
    """Return the alert that stands for a signal: that of its cell which is not closed, or was closed for this month or later."""
    question = (
        select(ALERTS)
        .where(ALERTS.c.cell == signal.cell)
        .where((ALERTS.c.state != AlertState.CLOSED.value) | (ALERTS.c.latest_month >= signal.month))
        .order_by((ALERTS.c.state == AlertState.CLOSED.value), ALERTS.c.id.desc())
        .limit(1)
    )
    return connection.execute(question).mappings().one_or_none()


def _values(signal: Signal, now: datetime) -> dict[str, Any]:
    return {
        "cell": signal.cell,
        "subject": signal.subject,
        "rule": signal.rule.value,
        "level": signal.level.value,
        "month": signal.month,
        "latest_month": signal.month,
        "unit": signal.unit,
        "value": signal.value,
        "expected": signal.expected,
        "limit": signal.limit,
        "count": signal.count,
        "exposure": signal.exposure,
        "z": signal.z,
        "p": signal.p,
        "q": signal.q,
        "spread": signal.spread,
        "began": signal.began,
        "is_provisional": signal.is_provisional,
        "first_seen_at": now,
        "last_seen_at": now,
    }


def _opened(work: Work, signal: Signal, now: datetime) -> tuple[int, list[dict[str, Any]]]:
    connection = work.connection
    previous = connection.execute(
        select(ALERTS.c.id).where(ALERTS.c.cell == signal.cell).order_by(ALERTS.c.id.desc()).limit(1)
    ).scalar()
    newest = int(connection.execute(select(func.coalesce(func.max(ALERTS.c.id), 0))).scalar_one())
    number = f"A-{newest + 1:04d}"
    department_id = _department(connection, signal.cell)
    chart_ = chart(connection)
    leads = chart_.leads.get(department_id, []) if department_id is not None else []
    owner_id = leads[0] if leads else None
    id_ = connection.execute(
        insert(ALERTS)
        .values(
            **_values(signal, now),
            number=number,
            months_repeated=0,
            state=AlertState.OPEN.value,
            owner_id=owner_id,
            note="",
            cause="",
            previous_id=previous,
            version=1,
        )
        .returning(ALERTS.c.id)
    ).scalar_one()
    recipients: Sequence[int | None] = (owner_id,)
    if owner_id is None:
        recipients = chart_.recipients("lead", None, department_id) or (None,)
    value, expected = figure_text(signal.unit, signal.value), figure_text(signal.unit, signal.expected)
    text_ = f"{number} {signal.cell} {signal.month}: {value}, {expected} expected"
    return int(id_), [
        notice(int(id_), number, text_, recipient, f"opened/{place}", now)
        for place, recipient in enumerate(recipients, 1)
    ]


def notice(
    alert_id: int, number: str, text_: str, recipient: int | None, occasion: str, now: datetime
) -> dict[str, Any]:
    """Return a notice of an alert for the outbox."""
    return {
        "case_id": None,
        "alert_id": alert_id,
        "kind": NoticeKind.ALERT.value,
        "occasion": f"{number}/{occasion}",
        "recipient": "person" if recipient is not None else "head",
        "recipient_id": recipient,
        "text": text_,
        "created_at": now,
        "not_before": now,
        "sent_at": None,
    }


def figure_text(unit: str, value: float) -> str:
    """Return a figure in its unit in plain English, for notices and the command line."""
    if unit == "per_1000":
        return f"{value:.3f} per 1,000 customers"
    if unit == "share":
        return f"{100 * value:.1f} % dissatisfied"
    return f"{value:.1f} of 100" if unit == "score" else f"{value:.1f} a month"


def _department(connection: Connection, cell: str) -> int | None:
    named = [term.texts[0] for term in terms_of(cell) if term.field in ("team", "department")]
    if not named:
        return None
    question = select(DEPARTMENTS.c.id).where((DEPARTMENTS.c.code == named[0]) | (DEPARTMENTS.c.name == named[0]))
    found: int | None = connection.execute(question.limit(1)).scalar()
    return found


def _counted_up(connection: Connection, held: Mapping[str, Any], signal: Signal, now: datetime) -> None:
    """Bring an open alert up to date: a later month counts as a repetition, the same one only brings newer figures."""
    if signal.month < held["latest_month"]:
        return
    values = _values(signal, now)
    for name in ("cell", "subject", "month", "first_seen_at"):
        del values[name]
    later = signal.month > held["latest_month"]
    connection.execute(
        update(ALERTS)
        .where(ALERTS.c.id == held["id"])
        .values(**values, months_repeated=held["months_repeated"] + later, version=held["version"] + 1)
    )
