"""The tasks that promises make: written where a promise asks for them, taken away where it no longer does.

What a person has worked on stays as it is. The same question asked twice finds nothing left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    Table,
    and_,
    cast,
    delete,
    exists,
    extract,
    insert,
    literal,
    select,
    type_coerce,
    update,
)

from console.codes import TaskState
from console.models import Case, CaseTask, Clock
from console.models.base import table_of
from console.rules.clocks import Standing
from console.rules.policies import Policy
from console.rules.policy_conditions import CaseTraits
from console.rules.policy_tasks import OwedClock, TaskDue, TaskRule, task_name, tasks_due

CASES: Table = table_of(Case)
CLOCKS: Table = table_of(Clock)
TASKS: Table = table_of(CaseTask)

LONGEST_LEAD = timedelta(days=366)
"""How long before a promise is due a task that stands before it is looked for."""


@dataclass(frozen=True, slots=True)
class Owing:
    """What the tasks of one case follow from."""

    case_id: int
    reference: str
    policy: Policy
    traits: CaseTraits
    clocks: tuple[OwedClock, ...]


@dataclass(frozen=True, slots=True)
class MadeTask:
    """One task that was made; ``amount_minor`` is in minor units of the currency."""

    reference: str
    kind: str
    rule: str
    clock: str
    due_on: date | None
    amount_minor: int | None
    currency: str


def settle(connection: Connection, owing: Sequence[Owing], now: datetime) -> tuple[MadeTask, ...]:
    """Make the tasks that cases ask for and take away those that they no longer ask for; return those that were made.

    The cases are held against others by who calls this. A task that somebody has worked on is neither changed nor taken away.
    """
    if not owing:
        return ()
    stored = _stored(connection, [item.case_id for item in owing])
    made: list[MadeTask] = []
    rows: list[dict[str, Any]] = []
    gone: list[int] = []
    for item in owing:
        wanted = {task.occasion: task for task in tasks_due(item.policy, item.traits, item.clocks, now)}
        kept = stored.get(item.case_id, {})
        gone.extend(task.id for occasion, task in kept.items() if occasion not in wanted and task.is_untouched)
        for occasion, task in wanted.items():
            if occasion not in kept:
                rows.append(_row(item.case_id, task, now))
                made.append(
                    MadeTask(
                        item.reference,
                        task.kind,
                        task.rule,
                        task.clock,
                        task.due_on,
                        task.amount_minor,
                        task.currency,
                    )
                )
            elif kept[occasion].differs_from(task):
                _follow(connection, kept[occasion].id, task)
    if gone:
        connection.execute(delete(TASKS).where(TASKS.c.id.in_(gone)))
    if rows:
        owners: dict[int, int | None] = dict(
            connection.execute(
                select(CASES.c.id, CASES.c.assignee_id).where(CASES.c.id.in_({row["case_id"] for row in rows}))
            ).all()
        )
        connection.execute(insert(TASKS), [{**row, "owner_id": owners[row["case_id"]]} for row in rows])
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A task as it is kept."""

    id: int
    is_untouched: bool
    rule: str
    due_on: date | None
    amount_minor: int | None
    currency: str

    def differs_from(self, task: TaskDue) -> bool:
        """Say whether nobody worked on it yet and the policy now asks for something else."""
        due_on = task.due_on or self.due_on
        asked = (task.rule, due_on, task.amount_minor, task.currency)
        return self.is_untouched and asked != (self.rule, self.due_on, self.amount_minor, self.currency)


def _stored(connection: Connection, case_ids: Sequence[int]) -> dict[int, dict[str, _Stored]]:
    found: dict[int, dict[str, _Stored]] = {}
    rows = connection.execute(
        select(
            TASKS.c.case_id,
            TASKS.c.occasion,
            TASKS.c.id,
            TASKS.c.state,
            TASKS.c.version,
            TASKS.c.rule,
            TASKS.c.due_on,
            TASKS.c.amount_minor,
            TASKS.c.currency,
        ).where(TASKS.c.case_id.in_(list(case_ids)))
    )
    for case_id, occasion, id_, state, version, *told in rows:
        is_untouched = state == TaskState.OPEN.value and version == 1
        found.setdefault(case_id, {})[occasion] = _Stored(id_, is_untouched, *told)
    return found


def _row(case_id: int, task: TaskDue, now: datetime) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "kind": task.kind,
        "occasion": task.occasion,
        "rule": task.rule,
        "clock": task.clock,
        "due_on": task.due_on,
        "amount_minor": task.amount_minor,
        "currency": task.currency,
        "state": TaskState.OPEN.value,
        "note": "",
        "made_at": now.replace(microsecond=0),
        "done_by": "",
        "checked_by": "",
        "version": 1,
    }


def _follow(connection: Connection, task_id: int, task: TaskDue) -> None:
    values: dict[str, Any] = {"rule": task.rule, "amount_minor": task.amount_minor, "currency": task.currency}
    if task.due_on is not None:
        values["due_on"] = task.due_on
    connection.execute(update(TASKS).where(TASKS.c.id == task_id).values(values))


def case_ids_due(
    connection: Connection, policies: Sequence[Policy], now: datetime, *, is_under: Callable[[int], ColumnElement[bool]]
) -> list[int]:
    """Return the ids of the cases on which a task may have arisen that was not made yet, in order.

    Only clocks still owed are looked at: what an event did to a clock made its tasks in the transaction of that event.
    ``is_under(n)`` is the condition that a case is under the n-th policy.
    """
    found: set[int] = set()
    for number, policy in enumerate(policies):
        for condition in _conditions(connection.dialect.name, policy, now):
            question = (
                select(CASES.c.id)
                .join_from(CLOCKS, CASES, CASES.c.id == CLOCKS.c.case_id)
                .where(
                    CLOCKS.c.standing.in_((Standing.RUNNING.value, Standing.MISSED.value)),
                    CLOCKS.c.met_at.is_(None),
                    CLOCKS.c.stopped_at.is_(None),
                    condition,
                    is_under(number),
                )
            )
            found.update(connection.execute(question).scalars())
    return sorted(found)


def _conditions(dialect: str, policy: Policy, now: datetime) -> Iterator[ColumnElement[bool]]:
    """Yield, for each clock that pays and each rule of a task, which clocks may have something to make."""
    for clock in dict.fromkeys(rule.clock for rule in policy.payments):
        number = cast(CLOCKS.c.misses + 1, String)
        yield and_(
            CLOCKS.c.name == clock, CLOCKS.c.due_at < now, ~_is_made(literal(f"payment/{clock}/").concat(number))
        )
    for rule in policy.tasks:
        started: ColumnElement[Any] = type_coerce(CLOCKS.c.started_at, BigInteger)
        if dialect == "postgresql":
            started = cast(extract("epoch", CLOCKS.c.started_at), BigInteger)
        occasion = literal(f"{task_name(rule.name)}/").concat(cast(started, String))
        yield and_(
            CLOCKS.c.name == rule.clock, CLOCKS.c.due_at <= _latest(rule, now), ~_is_made(occasion), *_when(rule)
        )


def _latest(rule: TaskRule, now: datetime) -> datetime:
    """A task arises when its day begins; one that stands before the due time may arise long before that."""
    return now + (LONGEST_LEAD if rule.point.is_before_due else timedelta(days=1))


def _when(rule: TaskRule) -> Iterator[ColumnElement[bool]]:
    """Yield what of a rule's condition the columns of a case decide; the rest is asked of its traits."""
    parts = (
        (CASES.c.kind, rule.when.kinds),
        (CASES.c.severity, rule.when.severities),
        (CASES.c.channel, rule.when.channels),
        (CASES.c.authority, rule.when.authorities),
        (CASES.c.area, rule.when.areas),
        (CASES.c.region, rule.when.regions),
    )
    for column, wanted in parts:
        if wanted:
            yield column.in_(wanted)


def _is_made(occasion: ColumnElement[str]) -> ColumnElement[bool]:
    return exists(select(literal(1)).where(TASKS.c.case_id == CLOCKS.c.case_id, TASKS.c.occasion == occasion))
