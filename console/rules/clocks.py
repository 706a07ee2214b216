"""Which promises a case gets, and how each of them stands (requirement B6).

Several clocks run side by side on one case: first response, dispatch, investigation, reply, archive, callback, regulator … For
each of them the most specific rule of the policy wins. How a clock stands is computed from the events of the case alone, so a
change of policy keeps what was paused, and any figure can be computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from console.codes import CasePhase
from console.rules.deadlines import Target, due_at
from console.rules.policy_conditions import ALWAYS, CaseTraits, Condition
from console.rules.policy_reading import NAMELESS, Label

if TYPE_CHECKING:
    from console.rules.calendars import Calendar
    from console.rules.policies import Policy

RECEIVED = "received"
"""The start of clocks that run from receipt: the first event of a case, whatever its verb."""

QUALIFIERS = ("customer", "staff", "system", "public", "internal")
"""What may follow a verb after a colon, to say whose contact or what kind of note is meant; ``@state`` says from where."""

Pause = tuple[datetime, datetime]


class Standing(StrEnum):
    """How a clock stands. ``MISSED`` means that the promise was broken, whether it was kept later or not."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a case as the clocks see it; ``source`` is the state before it, ``phase`` the phase of the case after it.

    ``by`` is ``customer``, ``staff`` or ``system``. A customer who handles the case himself (an employee's own complaint) is not
    a waiting customer: ``is_by_assignee`` makes him count as staff.
    """

    at: datetime
    verb: str
    phase: str = CasePhase.OPEN
    by: str = "staff"
    source: str = ""
    is_public: bool = True
    is_by_assignee: bool = False

    def is_like(self, patterns: Iterable[str]) -> bool:
        """Say whether the event is one of ``verb``, ``verb:qualifier``, ``verb@state``."""
        for pattern in patterns:
            if pattern == self.verb:
                return True
            if not pattern.startswith(self.verb):
                continue
            verb, qualifier, state = pattern_parts(pattern)
            author = "staff" if self.is_by_assignee else self.by
            kinds = ("", author, "public" if self.is_public else "internal")
            if verb == self.verb and qualifier in kinds and state in ("", self.source):
                return True
        return False


@lru_cache(maxsize=1024)
def target_of(text: str) -> Target:
    """Return the target a text names; the same few texts are read for every case."""
    return Target.parse(text)


@lru_cache(maxsize=1024)
def pattern_parts(pattern: str) -> tuple[str, str, str]:
    """Return verb, qualifier and state before of ``verb:qualifier@state``, empty where they are not given."""
    event, _, state = pattern.partition("@")
    verb, _, qualifier = event.partition(":")
    return verb, qualifier, state


@dataclass(frozen=True, slots=True)
class ClockRule:
    """One promise: for which cases, how long, and what starts, meets, stops, renews and takes back.

    ``target`` is text that ``deadlines.Target`` reads; empty or ``0`` says that the clock is not wanted for these cases, which
    overrides less specific rules. ``restarts_on`` begins the clock anew (a reopened case, each contact of a keep-in-touch
    promise); ``revoked_by`` takes a fulfilment back as if it had never been (a reply that is returned). Either begins a clock
    that had not begun. ``repeats`` lets a clock that was met or stopped start again with the next starting event (an answer for
    every message of the customer).
    """

    name: str
    clock: str
    target: str
    calendar: str
    when: Condition = ALWAYS
    label: Label = NAMELESS
    starts_at: tuple[str, ...] = (RECEIVED,)
    met_by: tuple[str, ...] = ()
    stopped_by: tuple[str, ...] = ()
    restarts_on: tuple[str, ...] = ()
    revoked_by: tuple[str, ...] = ()
    is_paused_in_waiting: bool = True
    repeats: bool = False
    survives_closing: bool = False
    runs_when_raised_by_staff: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    source: str = ""
    beginning_verbs: frozenset[str] = field(init=False, repr=False, compare=False)
    """The verbs without which the clock cannot begin."""

    def __post_init__(self) -> None:
        """Note what can begin the clock: most clocks of most cases have not begun, and are passed over by it."""
        patterns = (*self.starts_at, *self.restarts_on, *self.revoked_by)
        object.__setattr__(self, "beginning_verbs", frozenset(pattern_parts(pattern)[0] for pattern in patterns))

    @property
    def has_target(self) -> bool:
        """Whether the rule promises anything."""
        return not target_of(self.target).is_absent

    def is_valid_on(self, day: date) -> bool:
        """Say whether the rule is in force on a day, ``valid_until`` included."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class ClockChoice:
    """The rule that decides on one clock of a case, why it won, and the rules it won over."""

    rule: ClockRule
    why: str
    beaten: tuple[str, ...] = ()


def clock_choices(policy: Policy, case: CaseTraits) -> tuple[ClockChoice, ...]:
    """Return the deciding rule of every clock that has one for this case, those that cancel a clock included.

    Of the rules that hold on the day of receipt the most specific wins (``Condition.specificity``), then the one in force
    later, then the one that stands first.
    """
    choices = []
    for rules in _applying(policy, case).values():
        ranked = sorted(rules, key=lambda rule: _rank(rule, case), reverse=True)
        beaten = tuple(rule.name for rule in ranked[1:])
        choices.append(ClockChoice(ranked[0], _why(ranked[0], ranked[1:], case), beaten))
    return tuple(choices)


def clocks_for(policy: Policy, case: CaseTraits) -> tuple[ClockRule, ...]:
    """Return the clocks that a case gets, one rule for each; clocks without a target are not among them.

    The same choice as ``clock_choices`` without its reasons, for policies tried on many cases.
    """
    deciding = (
        rules[0] if len(rules) == 1 else max(rules, key=lambda rule: _rank(rule, case))
        for rules in _applying(policy, case).values()
    )
    return tuple(rule for rule in deciding if rule.has_target)


def _applying(policy: Policy, case: CaseTraits) -> dict[str, list[ClockRule]]:
    by_clock: dict[str, list[ClockRule]] = {}
    for rule in policy.clocks:
        if (
            rule.when.holds(case)
            and rule.is_valid_on(case.received_on)
            and (rule.runs_when_raised_by_staff or not case.is_raised_by_staff)
        ):
            by_clock.setdefault(rule.clock, []).append(rule)
    return by_clock


def _rank(rule: ClockRule, case: CaseTraits) -> tuple[tuple[int, ...], date]:
    return rule.when.specificity(case), rule.valid_from or date.min


def _why(rule: ClockRule, beaten: Sequence[ClockRule], case: CaseTraits) -> str:
    condition = rule.when.written()
    said = f'Rule "{rule.name}" ({condition or "all cases"}'
    if rule.valid_from:
        said += f", from {rule.valid_from.isoformat()}"
    said += ")"
    said += f" promises {rule.target}" if rule.has_target else " promises nothing"
    if not beaten:
        return said + "; no other rule applies."
    same = [other.name for other in beaten if other.when.specificity(case) == rule.when.specificity(case)]
    wider = [other.name for other in beaten if other.name not in same]
    if wider:
        said += f"; it is more specific than {', '.join(wider)}"
    if same:
        said += f"; it is in force later than {', '.join(same)}"
    return said + "."


@dataclass(frozen=True, slots=True)
class ClockState:
    """How one clock of one case stands.

    ``misses`` counts the earlier rounds of a repeating or restarted clock that were missed.
    """

    state: Standing
    started_at: datetime | None = None
    due_at: datetime | None = None
    met_at: datetime | None = None
    stopped_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    misses: int = 0

    @property
    def is_open(self) -> bool:
        """Whether something is still owed: started, and neither met nor stopped."""
        return self.started_at is not None and self.met_at is None and self.stopped_at is None


NOT_BEGUN = ClockState(Standing.PENDING)


@dataclass(slots=True)
class _Round:
    """One run of a clock while the events go by."""

    started_by: Happening
    met_at: datetime | None = None
    stopped_at: datetime | None = None
    is_stopped_by_closing: bool = False

    @property
    def started_at(self) -> datetime:
        return self.started_by.at

    @property
    def is_open(self) -> bool:
        return self.met_at is None and self.stopped_at is None


@dataclass(frozen=True, slots=True)
class Course:
    """What happened to a case up to a moment, in order, put together once for all of its clocks.

    ``end`` is that moment, ``waits`` the times in which the case waited for the customer, ``verbs`` what was done; the
    first event counts as the receipt too, whatever it was.
    """

    events: tuple[Happening, ...]
    end: datetime | None
    waits: tuple[Pause, ...]
    verbs: frozenset[str]


def course_of(events: Iterable[Happening], *, now: datetime | None = None) -> Course:
    """Return the course that events make up to ``now``, without it up to the last of them. Later events are not looked at."""
    ordered = tuple(sorted((event for event in events if now is None or event.at <= now), key=lambda event: event.at))
    if not ordered:
        return Course((), now, (), frozenset())
    end = now or ordered[-1].at
    return Course(ordered, end, tuple(_waits(ordered, end)), frozenset((RECEIVED, *(event.verb for event in ordered))))


def clock_state(
    rule: ClockRule, events: Iterable[Happening], calendar: Calendar, *, now: datetime | None = None
) -> ClockState:
    """Return how a clock stands after the events of a case, as ``clock_after`` does after their course up to ``now``."""
    return clock_after(rule, course_of(events, now=now), calendar)


def clock_after(rule: ClockRule, course: Course, calendar: Calendar) -> ClockState:
    """Return how a clock stands after the course of a case.

    Its end decides whether an open promise is broken already, and ends a pause that still lasts. On a closed case no clock
    runs, unless the rule survives closing: closing stops it where the closing verb does not meet it, and a case opened again
    goes on where it was, the closed time not counted. Time after due is never made good by a pause.
    """
    ordered, end = course.events, course.end
    if not ordered or end is None or rule.beginning_verbs.isdisjoint(course.verbs):
        return NOT_BEGUN
    waits = [*course.waits] if rule.is_paused_in_waiting else []
    closings: list[Pause] = []
    current: _Round | None = None
    misses = 0
    for number, event in enumerate(ordered):
        starts = (number == 0 and RECEIVED in rule.starts_at) or event.is_like(rule.starts_at)
        if current is None:
            # A case answered before the clock began, and then opened again or its reply returned, would else owe nothing.
            if not (starts or event.is_like((*rule.restarts_on, *rule.revoked_by))):
                continue
            current = _Round(event)
        elif (rule.restarts_on and event.is_like(rule.restarts_on)) or (
            rule.repeats and starts and not current.is_open
        ):
            misses += _evaluated(rule, current, waits + closings, calendar, event.at).state is Standing.MISSED
            current = _Round(event)
        elif current.met_at is not None and event.is_like(rule.revoked_by):
            current.met_at = None
        _advance(rule, current, event, closings)
    if current is None:
        return NOT_BEGUN
    state = _evaluated(rule, current, waits + closings, calendar, end)
    if state.state is Standing.RUNNING and ordered[-1].phase == CasePhase.WAITING and rule.is_paused_in_waiting:
        state = replace(state, state=Standing.PAUSED)
    return replace(state, misses=misses) if misses else state


def _advance(rule: ClockRule, current: _Round, event: Happening, closings: list[Pause]) -> None:
    """Let one event meet, stop or take up again a round."""
    if current.met_at is not None:
        return
    if current.stopped_at is not None:
        if current.is_stopped_by_closing and event.phase != CasePhase.CLOSED:
            closings.append((current.stopped_at, event.at))
            current.stopped_at = None
        return
    is_closing = event.phase == CasePhase.CLOSED and not rule.survives_closing
    if current.started_by is not event and event.is_like(rule.met_by):
        current.met_at = event.at
    elif event.is_like(rule.stopped_by) or is_closing:
        current.stopped_at = event.at
        current.is_stopped_by_closing = is_closing


def _waits(ordered: Sequence[Happening], end: datetime) -> list[Pause]:
    """Return the times in which the case waited for the customer."""
    waits: list[Pause] = []
    began: datetime | None = None
    for event in ordered:
        if event.phase == CasePhase.WAITING:
            began = began or event.at
        elif began is not None:
            waits.append((began, event.at))
            began = None
    if began is not None:
        waits.append((began, end))
    return [wait for wait in waits if wait[0] < wait[1]]


def _evaluated(
    rule: ClockRule, current: _Round, pauses: Sequence[Pause], calendar: Calendar, end: datetime
) -> ClockState:
    last = current.met_at or current.stopped_at or end
    counted = tuple(
        sorted(
            (max(begin, current.started_at), min(finish, last))
            for begin, finish in pauses
            if finish > current.started_at and begin < last
        )
    )
    due = due_at(calendar, current.started_at, target_of(rule.target), counted)
    is_late = due is not None and last > due
    if is_late:
        standing = Standing.MISSED
    elif current.met_at is not None:
        standing = Standing.MET
    elif current.stopped_at is not None:
        standing = Standing.STOPPED
    else:
        standing = Standing.RUNNING
    return ClockState(standing, current.started_at, due, current.met_at, current.stopped_at, counted)


def next_due(states: Iterable[ClockState]) -> datetime | None:
    """Return the earliest time still owed by clocks that run or were missed; paused, met and stopped ones owe none."""
    return min(
        (
            state.due_at
            for state in states
            if state.is_open and state.due_at is not None and state.state is not Standing.PAUSED
        ),
        default=None,
    )


@dataclass(frozen=True, slots=True)
class ClockChange:
    """What becomes of one clock when the traits of a case or its policy change; None where there is no rule."""

    clock: str
    before: ClockRule | None
    after: ClockRule | None


def changed_clocks(before: Iterable[ClockRule], after: Iterable[ClockRule]) -> tuple[ClockChange, ...]:
    """Return the clocks that begin, end, or follow another rule; a clock whose rule is gone loses its due time."""
    old = {rule.clock: rule for rule in before}
    new = {rule.clock: rule for rule in after}
    names = [*old, *(name for name in new if name not in old)]
    return tuple(ClockChange(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))
