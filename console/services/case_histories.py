"""What the clocks of a case are computed from: its traits, and its events as the clocks see them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, bindparam, case, select

from console.codes import CasePhase
from console.models import Case, CaseEvent, Category, Clock
from console.models.base import table_of
from console.rules.clocks import Happening
from console.rules.policy_conditions import CaseTraits
from console.services.policies import PolicyBook

CASES = table_of(Case)
EVENTS = table_of(CaseEvent)
CATEGORIES = table_of(Category)
CLOCKS = table_of(Clock)
CHUNK = 500
IMPORTED = "imported"
"""The verb of what an import did to a case."""
SOURCE_CLOCK = "source"
"""The promise that came with an imported case: its due time is the source's, not the policy's."""


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """What the clocks of a case are computed from; ``source_due_at`` is the promise that came with an imported case."""

    id: int
    reference: str
    phase: str
    policy_id: int | None
    received_at: datetime
    due_at: datetime | None
    source_due_at: datetime | None
    traits: CaseTraits
    happenings: tuple[Happening, ...]


TRAIT_COLUMNS = (
    CASES.c.id,
    CASES.c.reference,
    CASES.c.kind,
    CASES.c.phase,
    CASES.c.severity,
    CASES.c.channel,
    CASES.c.authority,
    CASES.c.area,
    CASES.c.region,
    CASES.c.subject,
    CASES.c.source,
    CASES.c.policy_id,
    CASES.c.received_at,
    CASES.c.due_at,
    CASES.c.closed_at,
    CASES.c.is_raised_by_staff,
    CATEGORIES.c.code.label("category"),
)


def traits_of(row: RowMapping | Mapping[str, Any], zone: str) -> CaseTraits:
    """Return what the rules look at in a case; the day of receipt is that of the policy's zone."""
    received_at: datetime = row["received_at"]
    return CaseTraits(
        kind=row["kind"],
        category=row["category"] or "",
        severity=row["severity"],
        channel=row["channel"],
        authority=row["authority"],
        area=row["area"],
        region=row["region"],
        text=row["subject"],
        received_on=received_at.astimezone(ZoneInfo(zone)).date(),
        is_raised_by_staff=row["is_raised_by_staff"],
    )


_HAPPENINGS = (
    select(
        EVENTS.c.case_id,
        EVENTS.c.at,
        EVENTS.c.verb,
        EVENTS.c.state,
        EVENTS.c.phase,
        EVENTS.c.origin,
        EVENTS.c.is_public,
        case((EVENTS.c.verb == IMPORTED, EVENTS.c.after), else_=""),
    )
    .where(
        EVENTS.c.case_id.in_(bindparam("cases", expanding=True)),
        EVENTS.c.phase != "",
        EVENTS.c.verb != "undo",
        EVENTS.c.is_undone.is_(False),
    )
    .order_by(EVENTS.c.case_id, EVENTS.c.at, EVENTS.c.id)
)
"""Put together once: every action on a case asks it, and that takes longer than the database takes to answer."""


def happenings_of(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Happening]]:
    """Return the events of cases as the clocks see them, oldest first; what was undone never happened."""
    found: dict[int, list[Happening]] = defaultdict(list)
    rows = connection.execute(_HAPPENINGS, {"cases": list(case_ids)})
    before: dict[int, str] = {}
    for case_id, at, verb, state, phase, origin, is_public, told in rows:
        happening = Happening(at, verb, phase, origin, before.get(case_id, ""), is_public)
        if told and phase == CasePhase.CLOSED.value:
            happening = _closed_elsewhere(happening, told, found[case_id])
        found[case_id].append(happening)
        before[case_id] = state
    return found


def _closed_elsewhere(imported: Happening, told: str, earlier: list[Happening]) -> Happening:
    """Return a closing as of the time at which the source closed the case, which is before the import that tells of it.

    What imports said between the two is left out of ``earlier``; what was done here since stands, and the closing after it.
    """
    closed_at = json.loads(told).get("closed_at")
    if not closed_at:
        return imported
    at = min(imported.at, datetime.fromisoformat(closed_at))
    while earlier and earlier[-1].verb == IMPORTED and earlier[-1].at > at:
        earlier.pop()
    return replace(imported, at=max(at, earlier[-1].at) if earlier else at)


def histories(
    connection: Connection,
    case_ids: Sequence[int],
    book: PolicyBook,
    *,
    clocks: Iterable[tuple[int, str, datetime | None]] | None = None,
) -> list[CaseHistory]:
    """Return what the clocks of cases are computed from, in the order of their ids.

    ``clocks`` are case, name and due time of the clocks stored, where they are known already.
    """
    rows = (
        connection.execute(
            select(*TRAIT_COLUMNS)
            .select_from(CASES)
            .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
            .where(CASES.c.id.in_(list(case_ids)))
            .order_by(CASES.c.id)
        )
        .mappings()
        .all()
    )
    events = happenings_of(connection, case_ids)
    brought = _source_due_times(connection, rows, clocks)
    begun_elsewhere = [row for row in rows if not (own := events.get(row["id"])) or own[0].verb != "new"]
    starts = _starts(connection, begun_elsewhere) if begun_elsewhere else {}
    return [
        CaseHistory(
            row["id"],
            row["reference"],
            row["phase"],
            row["policy_id"],
            row["received_at"],
            row["due_at"],
            brought.get(row["id"]),
            traits_of(row, book.of(row["policy_id"], row["received_at"]).policy.zone),
            (*starts[row["id"]], *_not_before(row["received_at"], events.get(row["id"], ())))
            if row["id"] in starts
            else tuple(events.get(row["id"], ())),
        )
        for row in rows
    ]


def _not_before(received_at: datetime, events: Iterable[Happening]) -> Iterator[Happening]:
    """Some sources close cases before they received them: that counts as at once."""
    return (event if event.at >= received_at else replace(event, at=received_at) for event in events)


def _starts(connection: Connection, rows: Sequence[RowMapping]) -> dict[int, tuple[Happening, ...]]:
    """Return how cases that were begun elsewhere came here: received, and perhaps waiting or closed already.

    What they were like before the first step that changed it stands in the event of that step.
    """
    before: dict[int, dict[str, Any]] = defaultdict(dict)
    for case_id, values in connection.execute(
        select(EVENTS.c.case_id, EVENTS.c.before)
        .where(
            EVENTS.c.case_id.in_([row["id"] for row in rows]),
            EVENTS.c.phase != "",
            EVENTS.c.verb != "undo",
            EVENTS.c.is_undone.is_(False),
            EVENTS.c.before != "{}",
        )
        .order_by(EVENTS.c.id)
    ):
        for name, value in json.loads(values).items():
            before[case_id].setdefault(name, value)
    starts: dict[int, tuple[Happening, ...]] = {}
    for row in rows:
        first = Happening(row["received_at"], "new", CasePhase.OPEN.value, "customer")
        came = before.get(row["id"], {})
        phase = came.get("phase", row["phase"])
        closed_at = came.get("closed_at", row["closed_at"])
        if isinstance(closed_at, str):
            closed_at = datetime.fromisoformat(closed_at)
        if phase == CasePhase.OPEN.value:
            starts[row["id"]] = (first,)
        else:
            at = max(closed_at or row["received_at"], row["received_at"])
            starts[row["id"]] = (first, Happening(at, "import", phase, "system"))
    return starts


def _source_due_times(
    connection: Connection, rows: Sequence[RowMapping], known: Iterable[tuple[int, str, datetime | None]] | None
) -> dict[int, datetime]:
    """Return the promises that came with imported cases: kept as a clock, or still the only due time that a case has."""
    due_times = {row["id"]: row["due_at"] for row in rows if row["source"] is not None and row["due_at"] is not None}
    clocks: Iterable[Any] = (
        known
        if known is not None
        else connection.execute(
            select(CLOCKS.c.case_id, CLOCKS.c.name, CLOCKS.c.due_at).where(
                CLOCKS.c.case_id.in_([row["id"] for row in rows])
            )
        ).all()
    )
    clocks = list(clocks)
    for case_id in {case_id for case_id, _, _ in clocks}:
        due_times.pop(case_id, None)
    kept = {case_id: due_at for case_id, name, due_at in clocks if name == SOURCE_CLOCK and due_at is not None}
    return due_times | kept


def all_histories(connection: Connection, case_ids: Sequence[int], book: PolicyBook) -> Iterator[CaseHistory]:
    """Yield what the clocks of many cases are computed from, read part by part."""
    for start in range(0, len(case_ids), CHUNK):
        yield from histories(connection, case_ids[start : start + CHUNK], book)


def open_case_ids(connection: Connection, *, received_since: datetime | None = None) -> list[int]:
    """Return the ids of the cases that are not closed, in order."""
    question = select(CASES.c.id).where(CASES.c.phase != CasePhase.CLOSED.value).order_by(CASES.c.id)
    if received_since is not None:
        question = question.where(CASES.c.received_at >= received_since)
    return list(connection.execute(question).scalars())


def hold(connection: Connection, case_ids: Sequence[int]) -> None:
    """Keep others from working on cases until the transaction ends; on SQLite its one write lock does that already."""
    connection.execute(select(CASES.c.id).where(CASES.c.id.in_(list(case_ids))).order_by(CASES.c.id).with_for_update())
