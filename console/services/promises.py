"""The promises on cases: clocks computed from the history of a case under its policy, written beside it.

Nothing else ever sets a clock: after every step it is computed again from the events, so that a stored clock and its
recomputation cannot disagree.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, or_, select, update

from console.codes import CasePhase
from console.models import Case, CaseEvent, Category, Clock
from console.models.base import table_of
from console.rules.clocks import ClockRule, ClockState, Happening, Standing, clock_state, clocks_for, next_due
from console.rules.policies import Policy
from console.rules.policy_conditions import CaseTraits
from console.services.policies import PolicyBook, policy_book
from console.storage.engine import Store
from console.storage.unit import Work

CASES = table_of(Case)
EVENTS = table_of(CaseEvent)
CATEGORIES = table_of(Category)
CLOCKS = table_of(Clock)
CHUNK = 500
CLOCK_COLUMNS = (
    "case_id", "name", "rule", "target", "standing", "started_at", "due_at", "met_at", "stopped_at", "misses",
)  # fmt: skip
ClockRow = tuple[Any, ...]
"""One stored clock, in the order of ``CLOCK_COLUMNS``."""
SOURCE_CLOCK = "source"
"""The promise that came with an imported case: its due time is the source's, not the policy's."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One clock of a case: the rule behind it, and how it stands."""

    name: str
    rule: str
    target: str
    calendar: str
    state: ClockState


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


@dataclass(frozen=True, slots=True)
class DueChange:
    """How the next due time of a case changes."""

    reference: str
    before: datetime | None
    after: datetime | None
    is_new_breach: bool


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another policy would do to the open cases."""

    cases: int
    changes: tuple[DueChange, ...] = field(default_factory=tuple)

    @property
    def breaches(self) -> tuple[DueChange, ...]:
        """The cases that would be overdue and are not."""
        return tuple(change for change in self.changes if change.is_new_breach)


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


def happenings_of(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Happening]]:
    """Return the events of cases as the clocks see them, oldest first; what was undone never happened."""
    found: dict[int, list[Happening]] = defaultdict(list)
    rows = connection.execute(
        select(
            EVENTS.c.case_id,
            EVENTS.c.at,
            EVENTS.c.verb,
            EVENTS.c.state,
            EVENTS.c.phase,
            EVENTS.c.origin,
            EVENTS.c.is_public,
        )
        .where(
            EVENTS.c.case_id.in_(list(case_ids)),
            EVENTS.c.phase != "",
            EVENTS.c.verb != "undo",
            EVENTS.c.is_undone.is_(False),
        )
        .order_by(EVENTS.c.case_id, EVENTS.c.at, EVENTS.c.id)
    )
    before: dict[int, str] = {}
    for case_id, at, verb, state, phase, origin, is_public in rows:
        found[case_id].append(Happening(at, verb, phase, origin, before.get(case_id, ""), is_public))
        before[case_id] = state
    return found


def histories(connection: Connection, case_ids: Sequence[int], book: PolicyBook) -> list[CaseHistory]:
    """Return what the clocks of cases are computed from, in the order of their ids."""
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
    brought = _source_due_times(connection, rows)
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
            (*starts.get(row["id"], ()), *events.get(row["id"], ())),
        )
        for row in rows
    ]


def _starts(connection: Connection, rows: Sequence[RowMapping]) -> dict[int, tuple[Happening, ...]]:
    """Return how cases that were begun elsewhere came here: received, and perhaps waiting or closed already.

    What they were like before the first step taken here stands in the event of that step.
    """
    ids = [row["id"] for row in rows]
    firsts = (
        select(func.min(EVENTS.c.id))
        .where(EVENTS.c.case_id.in_(ids), EVENTS.c.phase != "", EVENTS.c.verb != "undo", EVENTS.c.is_undone.is_(False))
        .group_by(EVENTS.c.case_id)
    )
    before: dict[int, dict[str, Any]] = {
        case_id: json.loads(values)
        for case_id, values in connection.execute(
            select(EVENTS.c.case_id, EVENTS.c.before).where(EVENTS.c.id.in_(firsts))
        )
    }
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


def _source_due_times(connection: Connection, rows: Sequence[RowMapping]) -> dict[int, datetime]:
    """Return the promises that came with imported cases: kept as a clock, or still the only due time that a case has."""
    imported = {row["id"]: row["due_at"] for row in rows if row["source"] is not None}
    if not imported:
        return {}
    clocks = connection.execute(
        select(CLOCKS.c.case_id, CLOCKS.c.name, CLOCKS.c.due_at).where(CLOCKS.c.case_id.in_(list(imported)))
    ).all()
    found = {case_id: due_at for case_id, due_at in imported.items() if due_at is not None}
    for case_id in {case_id for case_id, _, _ in clocks}:
        found.pop(case_id, None)
    found.update({case_id: due_at for case_id, name, due_at in clocks if name == SOURCE_CLOCK and due_at is not None})
    return found


@dataclass(slots=True)
class RuleMemory:
    """Which rules decide on cases alike, remembered while many are computed."""

    _known: dict[tuple[int, CaseTraits], tuple[ClockRule, ...]] = field(default_factory=dict)
    _policies: dict[int, tuple[Policy, bool]] = field(default_factory=dict)

    def rules(self, policy: Policy, traits: CaseTraits) -> tuple[ClockRule, ...]:
        """Return what ``clocks_for`` does; the words of a case make a difference only where a rule looks at them."""
        if id(policy) not in self._policies:
            self._policies[id(policy)] = policy, any(rule.when.keywords for rule in policy.clocks)
        if not self._policies[id(policy)][1]:
            traits = replace(traits, text="")
        key = (id(policy), traits)
        if key not in self._known:
            self._known[key] = clocks_for(policy, traits)
        return self._known[key]


def promises_of(
    policy: Policy, history: CaseHistory, *, now: datetime | None = None, memory: RuleMemory | None = None
) -> tuple[Promise, ...]:
    """Return the promises on a case as they stood after its last event, or as they stand at ``now``."""
    made = tuple(
        Promise(rule.clock, rule.name, rule.target, rule.calendar, _state(policy, rule, history, now))
        for rule in (memory.rules(policy, history.traits) if memory else clocks_for(policy, history.traits))
    )
    if history.source_due_at is None:
        return made
    return (*made, _source_promise(history, history.source_due_at, now))


def _state(policy: Policy, rule: ClockRule, history: CaseHistory, now: datetime | None) -> ClockState:
    return clock_state(rule, history.happenings, policy.calendars[rule.calendar], now=now)


def recompute(connection: Connection, case_ids: Sequence[int], book: PolicyBook | None = None) -> None:
    """Compute the clocks of cases again from their events, and write them and the next due times where they differ."""
    book = book or policy_book(connection)
    memory = RuleMemory()
    for start in range(0, len(case_ids), CHUNK):
        part = list(case_ids[start : start + CHUNK])
        kept: dict[int, set[ClockRow]] = defaultdict(set)
        for row in _stored(connection, part):
            kept[row[0]].add(row)
        stale: list[ClockRow] = []
        written: list[ClockRow] = []
        due_times: list[dict[str, Any]] = []
        for history in histories(connection, part, book):
            clocks, due_at = _computed(history, book, memory)
            stale.extend(kept[history.id].difference(clocks))
            written.extend(clock for clock in clocks if clock not in kept[history.id])
            if due_at != history.due_at:
                due_times.append({"case": history.id, "due": due_at})
        if stale:
            connection.execute(
                delete(CLOCKS).where(CLOCKS.c.case_id == bindparam("case"), CLOCKS.c.name == bindparam("clock")),
                [{"case": row[0], "clock": row[1]} for row in stale],
            )
        if written:
            connection.execute(insert(CLOCKS), [dict(zip(CLOCK_COLUMNS, row, strict=True)) for row in written])
        if due_times:
            connection.execute(
                update(CASES).where(CASES.c.id == bindparam("case")).values(due_at=bindparam("due")), due_times
            )


def _stored(connection: Connection, case_ids: Sequence[int]) -> Iterator[ClockRow]:
    columns = (CLOCKS.c[name] for name in CLOCK_COLUMNS)
    for row in connection.execute(select(*columns).where(CLOCKS.c.case_id.in_(list(case_ids)))):
        yield tuple(row)


def _computed(history: CaseHistory, book: PolicyBook, memory: RuleMemory) -> tuple[list[ClockRow], datetime | None]:
    """Return the clocks of a case as they are to be stored, and the earliest time still owed."""
    policy = book.of(history.policy_id, history.received_at).policy
    promises = promises_of(policy, history, memory=memory)
    return [_clock_row(history.id, promise) for promise in promises], next_due(item.state for item in promises)


def disagreements(connection: Connection, case_ids: Sequence[int], book: PolicyBook | None = None) -> tuple[str, ...]:
    """Return the references of the cases whose stored clocks or due time are not what their events amount to."""
    book = book or policy_book(connection)
    memory = RuleMemory()
    found = []
    for start in range(0, len(case_ids), CHUNK):
        part = case_ids[start : start + CHUNK]
        kept: dict[int, set[ClockRow]] = defaultdict(set)
        for row in _stored(connection, part):
            kept[row[0]].add(row)
        for history in histories(connection, part, book):
            clocks, due_at = _computed(history, book, memory)
            if set(clocks) != kept[history.id] or due_at != history.due_at:
                found.append(history.reference)
    return tuple(found)


def _source_promise(history: CaseHistory, due_at: datetime, now: datetime | None) -> Promise:
    """Return the promise that an imported case brought with it: met by a reply, stopped by closing."""
    events = [event for event in history.happenings if now is None or event.at <= now]
    replied = next((event.at for event in events if event.verb == "reply"), None)
    closed = next((event.at for event in events if event.phase == CasePhase.CLOSED.value), None)
    ended = replied or closed
    if ended is None:
        standing = Standing.MISSED if now is not None and now > due_at else Standing.RUNNING
    elif ended > due_at:
        standing = Standing.MISSED
    else:
        standing = Standing.MET if replied else Standing.STOPPED
    state = ClockState(standing, history.received_at, due_at, replied, closed if replied is None else None)
    return Promise(SOURCE_CLOCK, SOURCE_CLOCK, "", "", state)


def _clock_row(case_id: int, promise: Promise) -> ClockRow:
    state = promise.state
    return (
        case_id,
        promise.name,
        promise.rule,
        promise.target,
        state.state.value,
        state.started_at,
        state.due_at,
        state.met_at,
        state.stopped_at,
        state.misses,
    )


def open_case_ids(connection: Connection, *, received_since: datetime | None = None) -> list[int]:
    """Return the ids of the cases that are not closed, in order."""
    question = select(CASES.c.id).where(CASES.c.phase != CasePhase.CLOSED.value).order_by(CASES.c.id)
    if received_since is not None:
        question = question.where(CASES.c.received_at >= received_since)
    return list(connection.execute(question).scalars())


def recompute_open(store: Store, *, actor: str, progress: Callable[[int, int], None] | None = None) -> int:
    """Compute the clocks of all open cases again, part by part, and return how many cases that were."""
    with store.reading() as connection:
        case_ids = open_case_ids(connection)
        book = policy_book(connection)
    for start in range(0, len(case_ids), CHUNK):
        part = case_ids[start : start + CHUNK]

        def compute(work: Work, part: Sequence[int] = part) -> None:
            hold(work.connection, part)
            recompute(work.connection, part, book)
            work.record("recompute", "clocks", f"{len(part)} cases")

        store.write(actor, compute)
        if progress is not None:
            progress(start + len(part), len(case_ids))
    return len(case_ids)


def hold(connection: Connection, case_ids: Sequence[int]) -> None:
    """Keep others from working on cases until the transaction ends; on SQLite its one write lock does that already."""
    connection.execute(select(CASES.c.id).where(CASES.c.id.in_(list(case_ids))).order_by(CASES.c.id).with_for_update())


def misplaced_case_ids(connection: Connection, book: PolicyBook) -> list[int]:
    """Return the open cases that are under another version of the policy than the one in force when they were received.

    Those in a state that this version does not know stay where they are, since no way would lead on from there.
    """
    found: list[int] = []
    for number, edition in enumerate(book.editions):
        following = book.editions[number + 1].valid_from if number + 1 < len(book.editions) else None
        question = select(CASES.c.id).where(
            CASES.c.phase != CasePhase.CLOSED.value,
            or_(CASES.c.policy_id.is_(None), CASES.c.policy_id != edition.id),
            CASES.c.state.in_([state.name for state in edition.policy.workflow.states]),
        )
        if number:
            question = question.where(CASES.c.received_at >= edition.valid_from)
        if following is not None:
            question = question.where(CASES.c.received_at < following)
        found.extend(connection.execute(question.order_by(CASES.c.id)).scalars())
    return sorted(found)


def move_to_policy(store: Store, *, actor: str, progress: Callable[[int, int], None] | None = None) -> int:
    """Put the open cases under the version in force when they were received, part by part; what was paused stays so.

    Broken off and called again it goes on where it was. Returns how many cases were moved.
    """
    with store.reading() as connection:
        book = policy_book(connection)
        moved = misplaced_case_ids(connection, book)
    for start in range(0, len(moved), CHUNK):
        part = moved[start : start + CHUNK]

        def move(work: Work, part: Sequence[int] = part) -> None:
            hold(work.connection, part)
            received = work.connection.execute(select(CASES.c.id, CASES.c.received_at).where(CASES.c.id.in_(part)))
            under: dict[int, list[int]] = defaultdict(list)
            for case_id, received_at in received:
                under[book.at(received_at).id].append(case_id)
            for policy_id, case_ids in under.items():
                work.connection.execute(update(CASES).where(CASES.c.id.in_(case_ids)).values(policy_id=policy_id))
            recompute(work.connection, part, book)
            work.record("move to policy", "clocks", f"{len(part)} cases")

        store.write(actor, move)
        if progress is not None:
            progress(start + len(part), len(moved))
    return len(moved)


def what_if(store: Store, policy: Policy, *, now: datetime, received_since: datetime | None = None) -> WhatIf:
    """Return how the due times of the open cases would change under another policy; nothing is saved."""
    changes: list[DueChange] = []
    total = 0
    with store.reading() as connection:
        book = policy_book(connection)
        memory = RuleMemory()
        case_ids = open_case_ids(connection, received_since=received_since)
        for history in _all_histories(connection, case_ids, book):
            total += 1
            before = history.due_at
            after = next_due(promise.state for promise in promises_of(policy, history, memory=memory))
            if before == after:
                continue
            is_breach = after is not None and after < now and (before is None or before >= now)
            changes.append(DueChange(history.reference, before, after, is_breach))
    return WhatIf(total, tuple(changes))


def _all_histories(connection: Connection, case_ids: Sequence[int], book: PolicyBook) -> Iterator[CaseHistory]:
    for start in range(0, len(case_ids), CHUNK):
        yield from histories(connection, case_ids[start : start + CHUNK], book)
