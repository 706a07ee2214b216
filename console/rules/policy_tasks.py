"""What a promise makes somebody do: a letter when it is about to be broken, a payment when it was."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from console.codes import CaseTaskKind
from console.rules.clocks import ClockState, Standing, target_of
from console.rules.deadlines import due_at
from console.rules.escalations import Point
from console.rules.policy_conditions import CaseTraits, Condition, Vocabulary, read_condition
from console.rules.policy_promises import payments_due, read_within
from console.rules.policy_reading import Section, one_of

if TYPE_CHECKING:
    from console.rules.policies import Policy

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class TaskRule:
    """Something to be done on the day on which a promise comes to a point while it is still owed.

    ``within`` is the target for doing it, counted from that point; empty means on the day itself.
    """

    name: str
    clock: str
    point: Point
    kind: str
    when: Condition
    within: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    source: str = ""

    def applies(self, case: CaseTraits) -> bool:
        """Say whether the rule holds for a case, by its traits and the day of receipt."""
        is_begun = self.valid_from is None or self.valid_from <= case.received_on
        return self.when.holds(case) and is_begun and (self.valid_until is None or case.received_on <= self.valid_until)


@dataclass(frozen=True, slots=True)
class OwedClock:
    """One promise on a case, and how it stood after the last event; ``target`` and ``calendar`` are those of its rule."""

    clock: str
    target: str
    calendar: str
    state: ClockState


@dataclass(frozen=True, slots=True)
class TaskDue:
    """One task that a case asks for; ``occasion`` names it within the case, so that it is made once.

    ``amount_minor`` is in minor units of ``currency``, None for what is no payment; ``due_on`` is a day in the policy's zone.
    """

    occasion: str
    kind: str
    rule: str
    clock: str
    due_on: date | None
    amount_minor: int | None = None
    currency: str = ""


def makes_tasks(policy: Policy) -> bool:
    """Say whether any promise of a policy can make a task."""
    return bool(policy.tasks or policy.payments)


def tasks_due(policy: Policy, case: CaseTraits, clocks: Iterable[OwedClock], now: datetime) -> tuple[TaskDue, ...]:
    """Return the tasks that the promises of a case have made by ``now``.

    A task arises at the beginning of the day, in the zone of the policy, on which its point falls, and is no longer asked for
    where the promise was kept before that point. A payment arises when a promise was missed, one for each missed round.
    """
    standing = [replace(clock, state=_at(clock.state, now)) for clock in clocks]
    return (*_by_rules(policy, case, standing, now), *_payments(policy, case, standing))


def _at(state: ClockState, now: datetime) -> ClockState:
    """Return how a clock stands now, given how it stood after the last event."""
    is_late = state.is_open and state.state is Standing.RUNNING and state.due_at is not None and state.due_at < now
    return replace(state, state=Standing.MISSED) if is_late else state


def _by_rules(policy: Policy, case: CaseTraits, clocks: Iterable[OwedClock], now: datetime) -> Iterable[TaskDue]:
    zone = ZoneInfo(policy.zone)
    applying = [rule for rule in policy.tasks if rule.applies(case)]
    for clock in clocks:
        state = clock.state
        if state.started_at is None or state.state is Standing.PAUSED:
            continue
        ended_at = state.met_at or state.stopped_at
        for rule in applying:
            if rule.clock != clock.clock:
                continue
            point = rule.point.at(policy.calendars[clock.calendar], target_of(clock.target), state)
            if point is None or (ended_at is not None and ended_at <= point):
                continue
            day = point.astimezone(zone).date()
            if now.astimezone(zone).date() < day:
                continue
            yield TaskDue(
                task_occasion(rule.name, state.started_at),
                rule.kind,
                rule.name,
                rule.clock,
                _day_within(policy, rule.within, point) or day,
            )


def _payments(policy: Policy, case: CaseTraits, clocks: Collection[OwedClock]) -> Iterable[TaskDue]:
    rules = {rule.name: rule for rule in policy.payments}
    states = {clock.clock: clock.state for clock in clocks}
    for owed in payments_due(policy.payments, case, list(states.items())):
        state = states[owed.clock]
        for number in range(1, owed.times + 1):
            is_this_round = number > state.misses
            due_on = _day_within(policy, rules[owed.rule].within, state.due_at) if is_this_round else None
            yield TaskDue(
                payment_occasion(owed.clock, number),
                CaseTaskKind.PAYMENT.value,
                owed.rule,
                owed.clock,
                due_on,
                owed.amount_minor,
                owed.currency,
            )


def _day_within(policy: Policy, within: str, since: datetime | None) -> date | None:
    if not within or since is None:
        return None
    due = due_at(policy.calendars[policy.calendar], since, target_of(within))
    return None if due is None else due.astimezone(ZoneInfo(policy.zone)).date()


def task_occasion(rule: str, started_at: datetime) -> str:
    """Return what names the task of a rule in the round of its clock that began at a moment."""
    return f"{task_name(rule)}/{int(started_at.timestamp())}"


def task_name(rule: str) -> str:
    """Return the name of a rule as it stands in an occasion: itself, or a digest where it is long."""
    return rule if len(rule) <= _LONGEST_NAME else hashlib.sha256(rule.encode()).hexdigest()[:40]


def payment_occasion(clock: str, number: int) -> str:
    """Return what names the payment for the n-th missed round of a clock."""
    return f"payment/{clock}/{number}"


def read_tasks(root: Section, words: Vocabulary, clocks: Collection[str]) -> tuple[TaskRule, ...]:
    """Read ``[[tasks]]``; each must name a clock that the policy has, and what is to be done."""
    rules: list[TaskRule] = []
    for section in root.sections("tasks"):
        rule = TaskRule(
            name=section.text("rule", most=100),
            clock=section.choice("clock", clocks),
            point=_point(section),
            kind=_kind(section),
            when=read_condition(section.section("when"), words),
            within=read_within(section),
            valid_from=section.day("valid_from"),
            valid_until=section.day("valid_until"),
            source=section.text("source", default=""),
        )
        section.finish()
        if rule.name and rule.name in {other.name for other in rules}:
            section.fault("rule", f'The task "{rule.name}" is defined twice.', "Rename one of them.")
        if rule.valid_from and rule.valid_until and rule.valid_until < rule.valid_from:
            section.fault("valid_until", "The rule ends before it begins.", "Write a day after valid_from.")
        rules.append(rule)
    return tuple(rules)


def _kind(section: Section) -> str:
    """A payment has an amount, and stands under ``[[payments]]``."""
    allowed = [kind.value for kind in CaseTaskKind if kind is not CaseTaskKind.PAYMENT]
    kind = section.text("kind")
    if kind == CaseTaskKind.PAYMENT.value:
        section.fault("kind", "A payment is no task of this table.", "Write it under [[payments]], with its amount.")
        return ""
    if kind and kind not in allowed:
        section.fault("kind", f'"{kind}" is not a kind of task.', one_of(allowed, kind))
        return ""
    return kind


def _point(section: Section) -> Point:
    text = section.text("at", default="due")
    try:
        return Point.parse(text)
    except ValueError as error:
        section.fault("at", str(error), 'Write "due", "-2d", "+1d" or "75%".')
        return Point(0, "m")
