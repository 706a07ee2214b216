"""The promises on cases: clocks computed from the history of a case under its policy, written beside it.

Nothing else ever sets a clock: after every step it is computed again from the events, so that a stored clock and its
recomputation cannot disagree.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from console import clock
from console.codes import CasePhase
from console.rules.clocks import ClockRule, ClockState, Standing, clock_after, clocks_for, course_of, next_due
from console.rules.policies import Policy
from console.rules.policy_conditions import CaseTraits, Distinctions
from console.rules.policy_tasks import OwedClock, makes_tasks
from console.services import promised_tasks
from console.services.case_histories import CASES, CHUNK, CLOCKS, SOURCE_CLOCK, CaseHistory, histories
from console.services.policies import PolicyBook, policy_book

CLOCK_COLUMNS = (
    "case_id", "name", "rule", "target", "standing", "started_at", "due_at", "met_at", "stopped_at", "misses",
)  # fmt: skip
_DUE = CLOCK_COLUMNS.index("due_at")
ClockRow = tuple[Any, ...]
"""One stored clock, in the order of ``CLOCK_COLUMNS``."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One clock of a case: the rule behind it, and how it stands."""

    name: str
    rule: str
    target: str
    calendar: str
    state: ClockState


@dataclass(frozen=True, slots=True)
class _Remembered:
    """The rules chosen under one policy, by what its rules look at in a case."""

    policy: Policy
    distinctions: Distinctions
    days: tuple[date, ...]
    chosen: dict[tuple[object, ...], tuple[ClockRule, ...]]


@dataclass(slots=True)
class RuleMemory:
    """Which rules decide on cases alike, remembered while many are computed."""

    _policies: dict[int, _Remembered] = field(default_factory=dict)

    def rules(self, policy: Policy, traits: CaseTraits) -> tuple[ClockRule, ...]:
        """Return what ``clocks_for`` does.

        A case makes a difference only in what a rule looks at, its day of receipt only against the days on which rules begin and
        end.
        """
        known = self._policies.get(id(policy))
        if known is None:
            begins = {rule.valid_from for rule in policy.clocks if rule.valid_from}
            ends = {rule.valid_until + timedelta(days=1) for rule in policy.clocks if rule.valid_until}
            distinctions = Distinctions.made_by(rule.when for rule in policy.clocks)
            known = self._policies[id(policy)] = _Remembered(policy, distinctions, tuple(sorted(begins | ends)), {})
        key = (
            bisect_right(known.days, traits.received_on),
            traits.is_raised_by_staff,
            *known.distinctions.of(traits),
        )
        if key not in known.chosen:
            known.chosen[key] = clocks_for(policy, traits)
        return known.chosen[key]


def promises_of(
    policy: Policy, history: CaseHistory, *, now: datetime | None = None, memory: RuleMemory | None = None
) -> tuple[Promise, ...]:
    """Return the promises on a case as they stood after its last event, or as they stand at ``now``."""
    course = course_of(history.happenings, now=now)
    made = tuple(
        Promise(
            rule.clock,
            rule.name,
            rule.target,
            rule.calendar,
            clock_after(rule, course, policy.calendars[rule.calendar]),
        )
        for rule in (memory.rules(policy, history.traits) if memory else clocks_for(policy, history.traits))
    )
    if history.source_due_at is None:
        return made
    return (*made, _source_promise(history, history.source_due_at, now))


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


def recompute(
    connection: Connection,
    case_ids: Sequence[int],
    book: PolicyBook | None = None,
    *,
    now: datetime | None = None,
    memory: RuleMemory | None = None,
) -> None:
    """Compute the clocks of cases again from their events, and write them and the next due times where they differ.

    The tasks that broken promises make are made with them, as of ``now``; ``memory`` spares to choose the rules anew for every
    part of many cases.
    """
    book = book or policy_book(connection)
    memory = memory or RuleMemory()
    moment = now or clock.now()
    for start in range(0, len(case_ids), CHUNK):
        _recompute_part(connection, list(case_ids[start : start + CHUNK]), book, memory, moment)


def _recompute_part(
    connection: Connection, part: Sequence[int], book: PolicyBook, memory: RuleMemory, now: datetime
) -> None:
    kept: dict[int, set[ClockRow]] = defaultdict(set)
    for row in _stored(connection, part):
        kept[row[0]].add(row)
    stale: list[ClockRow] = []
    written: list[ClockRow] = []
    due_times: list[dict[str, Any]] = []
    owing: list[promised_tasks.Owing] = []
    known = [(row[0], row[1], row[_DUE]) for rows in kept.values() for row in rows]
    for history in histories(connection, part, book, clocks=known):
        promises = promises_under(book, history, memory=memory)
        clocks, due_at = [clock_row(history.id, item) for item in promises], next_due(item.state for item in promises)
        stale.extend(kept[history.id].difference(clocks))
        written.extend(row for row in clocks if row not in kept[history.id])
        if due_at != history.due_at:
            due_times.append({"case": history.id, "due": due_at})
        if makes_tasks(book.of(history.policy_id, history.received_at).policy):
            owing.append(owing_of(book, history, promises))
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
    promised_tasks.settle(connection, owing, now)


def promises_under(book: PolicyBook, history: CaseHistory, *, memory: RuleMemory | None = None) -> tuple[Promise, ...]:
    """Return the promises on a case under its own version of the policy, as they stood after its last event."""
    return promises_of(book.of(history.policy_id, history.received_at).policy, history, memory=memory)


def owing_of(book: PolicyBook, history: CaseHistory, promises: Sequence[Promise]) -> promised_tasks.Owing:
    """Return what the tasks of a case follow from."""
    policy = book.of(history.policy_id, history.received_at).policy
    clocks = tuple(
        OwedClock(item.name, item.target, item.calendar, item.state) for item in promises if item.name != SOURCE_CLOCK
    )
    return promised_tasks.Owing(history.id, history.reference, policy, history.traits, clocks)


def _stored(connection: Connection, case_ids: Sequence[int]) -> Iterator[ClockRow]:
    columns = (CLOCKS.c[name] for name in CLOCK_COLUMNS)
    for row in connection.execute(select(*columns).where(CLOCKS.c.case_id.in_(list(case_ids)))):
        yield tuple(row)


def clock_row(case_id: int, promise: Promise) -> ClockRow:
    """Return a promise as it is stored, in the order of ``CLOCK_COLUMNS``."""
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
            promises = promises_under(book, history, memory=memory)
            clocks, due_at = {clock_row(history.id, item) for item in promises}, next_due(i.state for i in promises)
            if clocks != kept[history.id] or due_at != history.due_at:
                found.append(history.reference)
    return tuple(found)
