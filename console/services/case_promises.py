"""The promises on one case as they stand now, each with the rule behind it and why that rule won."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, Table, select

from console import clock
from console.errors import NotFoundError
from console.models import Clock
from console.models.base import table_of
from console.rules.clocks import ClockRule, ClockState, Standing, clock_choices, target_of
from console.rules.deadline_explanations import Explanation, explain
from console.rules.policies import Policy
from console.services import promises
from console.services.case_histories import SOURCE_CLOCK, histories
from console.services.policies import policy_book
from console.services.promises import Promise
from console.storage.engine import Store

CLOCKS: Table = table_of(Clock)


@dataclass(frozen=True, slots=True)
class PromiseStanding:
    """One promise: the target and where it comes from, how it stands, and what makes its due time.

    ``why`` says which rule decided and over which others; ``explanation`` is None for a promise that has not started and for
    one that came with an imported case.
    """

    clock: str
    rule: str
    target: str
    calendar: str
    standing: str
    started_at: datetime | None
    due_at: datetime | None
    met_at: datetime | None
    stopped_at: datetime | None
    misses: int
    why: str
    source: str
    explanation: Explanation | None


def standings(store: Store, case_id: int, *, now: datetime | None = None) -> tuple[PromiseStanding, ...]:
    """Return the promises on a case as they stand, those that the policy cancels for it included.

    Raises NotFoundError for an id that no case has.
    """
    moment = now or clock.now()
    with store.reading() as connection:
        book = policy_book(connection)
        found = histories(connection, [case_id], book)
        if not found:
            raise NotFoundError("This case is no longer there.", "Refresh the list.")
        history = found[0]
        policy = book.of(history.policy_id, history.received_at).policy
        source = source_promises(connection, [case_id]).get(case_id)
    made = {promise.name: promise for promise in promises.promises_of(policy, history, now=moment)}
    listed = []
    for choice in clock_choices(policy, history.traits):
        promise = made.get(choice.rule.clock)
        if promise is None:
            promise = Promise(
                choice.rule.clock, choice.rule.name, "", choice.rule.calendar, ClockState(Standing.PENDING)
            )
        listed.append(_standing(policy, promise, choice.why, choice.rule.source))
    if source is not None:
        why = "The due time came with the case from its source."
        listed.append(_standing(policy, source, why, ""))
    return tuple(listed)


def source_promises(connection: Connection, case_ids: list[int]) -> Mapping[int, Promise]:
    """Return the promises that imported cases brought with them, by the id of the case."""
    rows = connection.execute(
        select(CLOCKS).where(CLOCKS.c.case_id.in_(case_ids), CLOCKS.c.name == SOURCE_CLOCK)
    ).mappings()
    return {row["case_id"]: Promise(SOURCE_CLOCK, SOURCE_CLOCK, "", "", _stored_state(row)) for row in rows}


def source_rule(policy: Policy) -> ClockRule:
    """Return the rule that stands for an imported promise: no target of its own, measured on the policy's calendar."""
    return ClockRule(SOURCE_CLOCK, SOURCE_CLOCK, "", policy.calendar)


def _stored_state(row: RowMapping) -> ClockState:
    return ClockState(
        Standing(row["standing"]),
        row["started_at"],
        row["due_at"],
        row["met_at"],
        row["stopped_at"],
        misses=row["misses"],
    )


def _standing(policy: Policy, promise: Promise, why: str, source: str) -> PromiseStanding:
    state = promise.state
    explanation = None
    if promise.target and state.started_at is not None:
        explanation = explain(
            policy.calendars[promise.calendar], state.started_at, target_of(promise.target), state.pauses
        )
    return PromiseStanding(
        clock=promise.name,
        rule=promise.rule,
        target=promise.target,
        calendar=promise.calendar,
        standing=state.state.value,
        started_at=state.started_at,
        due_at=state.due_at,
        met_at=state.met_at,
        stopped_at=state.stopped_at,
        misses=state.misses,
        why=why,
        source=source,
        explanation=explanation,
    )
