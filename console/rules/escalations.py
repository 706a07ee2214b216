"""Reminders before a promise is due and escalation after it, to the person, the lead and the head (requirement B7)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from console.rules.calendar_timeline import moment_of, seconds_of
from console.rules.clocks import ClockRule, ClockState, Standing, target_of
from console.rules.deadlines import Target, due_at_share, measure_of
from console.rules.policy_conditions import ALWAYS, CaseTraits, Condition, Vocabulary, read_condition
from console.rules.policy_reading import Section

if TYPE_CHECKING:
    from console.rules.calendars import Calendar
    from console.rules.policies import Policy

RECIPIENTS = ("person", "lead", "head")
KINDS = ("remind", "escalate")
EVERY_CLOCK = "*"

_POINT = re.compile(
    r"(?P<sign>[+-])(?P<amount>[0-9]{1,5})(?P<unit>[mhd])|(?P<percent>[0-9]{1,3})%|(?P<due>due)", re.ASCII
)
_SECONDS = {"m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Point:
    """A moment relative to a promise: so much working time from its due time, or a share of it in per cent.

    ``d`` counts working days and keeps the time of day; ``amount`` is negative before due.
    """

    amount: int
    unit: Literal["m", "h", "d", "%"]

    @classmethod
    def parse(cls, text: str) -> Point:
        """Read ``-2h``, ``+1d``, ``due`` or ``75%``; raises ``ValueError`` with what is wrong."""
        match = _POINT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'"{text}" is not a point in time.')
        if match["percent"]:
            if not 1 <= int(match["percent"]) <= 999:
                raise ValueError(f'"{text}" is not from 1% to 999%.')
            return cls(int(match["percent"]), "%")
        if match["due"]:
            return cls(0, "m")
        amount = int(match["sign"] + match["amount"])
        unit: Literal["m", "h", "d"] = "d" if match["unit"] == "d" else "h" if match["unit"] == "h" else "m"
        return cls(amount, unit)

    @property
    def is_before_due(self) -> bool:
        """Whether the point lies before the due time."""
        return self.amount < 100 if self.unit == "%" else self.amount < 0

    def at(self, calendar: Calendar, target: Target, state: ClockState) -> datetime | None:
        """Return the moment in UTC, on the measure of the promise: working time, or every hour for calendar targets.

        A share counts the time that ran, without the pauses. None where the clock has no due time, and where the point would
        lie at or before the start: a promise of twenty minutes has no "two hours before".
        """
        if state.started_at is None or state.due_at is None:
            return None
        moment: datetime | None
        if self.unit == "%":
            moment = due_at_share(calendar, state.started_at, target, Fraction(self.amount, 100), state.pauses)
        elif self.amount == 0:
            moment = state.due_at
        elif self.unit == "d":
            moment = _days_from(calendar, state.due_at, self.amount)
        else:
            measure = measure_of(calendar, target)
            reached = measure.moment_at(measure.position(seconds_of(state.due_at)) + self.amount * _SECONDS[self.unit])
            moment = None if reached is None else moment_of(reached)
        return None if moment is None or moment <= state.started_at else moment


def _days_from(calendar: Calendar, due_at: datetime, days: int) -> datetime | None:
    """Return the same time of day so many working days away."""
    local = due_at.astimezone(calendar.zone)
    on, left = local.date(), abs(days)
    for _ in range(3660 + 7 * left):
        if left == 0:
            return datetime.combine(on, local.time(), calendar.zone).astimezone(due_at.tzinfo)
        on += timedelta(days=1 if days > 0 else -1)
        left -= bool(calendar.day(on).blocks)
    return None


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """One step: for which clock and cases, at which point, to whom, and whether it reminds or escalates."""

    name: str
    clock: str
    point: Point
    to: str
    kind: str
    when: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of the wall clock in which nobody is told anything, save of cases from a severity on."""

    begins: time
    ends: time
    zone: str
    except_severity: int = 5

    def shifted(self, moment: datetime, severity: int) -> datetime:
        """Return the moment itself, or the end of the quiet hours it falls into."""
        if severity >= self.except_severity:
            return moment
        zone = ZoneInfo(self.zone)
        local = moment.astimezone(zone)
        clock = local.time()
        if self.begins < self.ends:
            is_quiet, days = self.begins <= clock < self.ends, 0
        else:
            is_quiet, days = clock >= self.begins or clock < self.ends, int(clock >= self.begins)
        if not is_quiet:
            return moment
        end = datetime.combine(local.date() + timedelta(days=days), self.ends, zone)
        return max(moment, end.astimezone(moment.tzinfo))


@dataclass(frozen=True, slots=True)
class RunningClock:
    """A clock of one case as the steps need it."""

    rule: ClockRule
    state: ClockState
    case: CaseTraits


@dataclass(frozen=True, slots=True)
class Step:
    """One reminder or escalation: when it falls, when it may be told, and to whom.

    ``key`` names it within the case, with the round of the clock, so that what was done is not done again.
    """

    key: str
    rule: str
    clock: str
    kind: str
    to: str
    falls_at: datetime
    tell_at: datetime


def steps_of(policy: Policy, running: RunningClock) -> tuple[Step, ...]:
    """Return all steps of one clock in the order in which they are told; none for one that is pending, paused, met or stopped."""
    state = running.state
    if not state.is_open or state.due_at is None or state.started_at is None or state.state is Standing.PAUSED:
        return ()
    calendar, target = policy.calendars[running.rule.calendar], target_of(running.rule.target)
    steps = []
    for rule in policy.escalations:
        if rule.clock not in (EVERY_CLOCK, running.rule.clock) or not rule.when.holds(running.case):
            continue
        falls_at = rule.point.at(calendar, target, state)
        if falls_at is None:
            continue
        tell_at = policy.quiet_hours.shifted(falls_at, running.case.severity) if policy.quiet_hours else falls_at
        key = f"{running.rule.clock}/{rule.name}/{state.started_at.isoformat()}"
        steps.append(Step(key, rule.name, running.rule.clock, rule.kind, rule.to, falls_at, tell_at))
    return tuple(sorted(steps, key=lambda step: (step.tell_at, step.falls_at, step.rule)))


def steps_due(policy: Policy, running: RunningClock, now: datetime, done: Collection[str] = ()) -> tuple[Step, ...]:
    """Return the steps to be told now and not done yet (``done`` holds keys); asked twice it answers the same.

    A reminder of what was still to come is left out once the promise is broken: the later step says more.
    """
    due = running.state.due_at
    return tuple(
        step
        for step in steps_of(policy, running)
        if step.tell_at <= now
        and step.key not in done
        and not (step.kind == "remind" and due is not None and step.falls_at < due < now)
    )


def next_step_at(policy: Policy, running: RunningClock, done: Collection[str] = ()) -> datetime | None:
    """Return when the next step of a clock is told, or None where none is left."""
    return next((step.tell_at for step in steps_of(policy, running) if step.key not in done), None)


def read_escalations(root: Section, words: Vocabulary, clocks: Collection[str]) -> tuple[EscalationRule, ...]:
    """Read ``[[escalations]]``; unknown clocks, unreadable points and doubled names are faults."""
    rules: list[EscalationRule] = []
    for section in root.sections("escalations"):
        name = section.text("step")
        if name and name in {rule.name for rule in rules}:
            section.fault("step", f'The step "{name}" is defined twice.', "Rename one of them.")
        text = section.text("at")
        point = Point(0, "m")
        if text:
            try:
                point = Point.parse(text)
            except ValueError as error:
                section.fault("at", str(error), 'Write "-2h", "+30m", "+1d", "due" or "75%".')
        rules.append(
            EscalationRule(
                name=name,
                clock=section.choice("clock", [*clocks, EVERY_CLOCK], default=EVERY_CLOCK),
                point=point,
                to=section.choice("to", RECIPIENTS),
                kind=section.choice("kind", KINDS),
                when=read_condition(section.section("when"), words),
            )
        )
        section.finish()
    return tuple(rules)


def read_quiet_hours(root: Section, zone: str) -> QuietHours | None:
    """Read ``[quiet_hours]``; a policy without it may tell at any hour."""
    section = root.section("quiet_hours")
    if section is None:
        return None
    hours: dict[str, time] = {}
    for key in ("from", "to"):
        text = section.text(key)
        try:
            hours[key] = time.fromisoformat(text) if text else time()
        except ValueError:
            section.fault(key, f'"{text}" is not a time of day.', f'Write {key} = "22:00".')
            hours[key] = time()
    except_severity = section.integer("except_severity", default=5, least=1, most=5)
    section.finish()
    if hours["from"] == hours["to"]:
        section.fault("to", "The quiet hours end when they begin.", "Write two different times.")
        return None
    return QuietHours(hours["from"], hours["to"], zone, except_severity)
