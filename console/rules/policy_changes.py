"""What differs between two policies, for the history and before a new one is put in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from typing import TYPE_CHECKING

from console.rules.policy_conditions import Condition
from console.rules.policy_reading import Label

if TYPE_CHECKING:
    from console.rules.policies import Policy


def difference(old: Policy, new: Policy) -> tuple[str, ...]:
    """Return one line for each thing added (``+``), removed (``-``) or changed (``~``), in the order of the policy."""
    return tuple(line for subject, before, after in _subjects(old, new) for line in _lines(subject, before, after))


def _subjects(old: Policy, new: Policy) -> Iterator[tuple[str, Mapping[str, object], Mapping[str, object]]]:
    for subject in ("code", "title", "zone", "calendar", "department", "source", "valid_from"):
        yield "", {subject: getattr(old, subject)}, {subject: getattr(new, subject)}
    yield "calendar", _calendars(old), _calendars(new)
    for subject, key in (
        ("department", "departments"),
        ("area", "areas"),
        ("authority", "authorities"),
        ("region", "regions"),
    ):
        yield subject, _by("code", getattr(old, key)), _by("code", getattr(new, key))
    yield "category", _by("code", old.categories), _by("code", new.categories)
    yield "state", _by("name", old.workflow.states), _by("name", new.workflow.states)
    yield "transition", _transitions(old), _transitions(new)
    yield "severity", _severities(old), _severities(new)
    yield "clock rule", _by("name", old.clocks), _by("name", new.clocks)
    yield "escalation", _by("name", old.escalations), _by("name", new.escalations)
    yield "", {"quiet hours": old.quiet_hours}, {"quiet hours": new.quiet_hours}
    yield "routing rule", _routing(old), _routing(new)
    yield "", {"repeats": old.repeats}, {"repeats": new.repeats}
    yield "intake rule", _numbered(old.intake), _numbered(new.intake)
    yield "", {"callback": old.callback}, {"callback": new.callback}
    yield "", {"customers": old.customers}, {"customers": new.customers}
    yield "step", _by("name", old.steps), _by("name", new.steps)
    yield "payment", _by("name", old.payments), _by("name", new.payments)
    yield "task", _by("name", old.tasks), _by("name", new.tasks)


def _by(key: str, items: tuple[object, ...]) -> dict[str, object]:
    return {str(getattr(item, key)): item for item in items}


def _numbered(items: tuple[object, ...]) -> dict[str, object]:
    return {str(number): item for number, item in enumerate(items, start=1)}


def _calendars(policy: Policy) -> dict[str, object]:
    return {name: calendar.schedule for name, calendar in policy.calendars.items()}


def _transitions(policy: Policy) -> dict[str, object]:
    return {
        f"{step.verb} from {source}": (step.lands(source), step.required, step.guards, step.who)
        for step in policy.workflow.transitions
        for source in step.sources
    }


def _severities(policy: Policy) -> dict[str, object]:
    return {f"impact {impact}, urgency {urgency}": value for (impact, urgency), value in policy.severity.cells.items()}


def _routing(policy: Policy) -> dict[str, object]:
    return {
        f"{name}/{rule.name}": (number, rule)
        for name, rules in policy.routing.sets.items()
        for number, rule in enumerate(rules, start=1)
    }


def _lines(subject: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    for name in [*before, *(name for name in after if name not in before)]:
        title = f"{subject} {name}".strip()
        if name not in after:
            yield f"- {title}"
        elif name not in before:
            yield f"+ {title}: {_written(after[name])}"
        elif before[name] != after[name]:
            yield f"~ {title}: {_changed(before[name], after[name])}"


def _changed(before: object, after: object) -> str:
    if is_dataclass(before) and type(before) is type(after) and not isinstance(before, Label | Condition):
        parts = []
        for field in fields(before):
            old, new = getattr(before, field.name), getattr(after, field.name)
            if isinstance(old, Mapping) and isinstance(new, Mapping) and old != new:
                parts.append(f"{field.name} {_entries(old, new)}")
            elif old != new:
                parts.append(f"{field.name} {_written(old)} -> {_written(new)}")
        return "; ".join(parts)
    return f"{_written(before)} -> {_written(after)}"


def _entries(before: Mapping[object, object], after: Mapping[object, object]) -> str:
    """Only the entries that differ: a calendar has hundreds of holidays."""
    gone = [f"-{_written(key)}" for key in before if key not in after]
    come = [f"+{_written(key)} {_written(after[key])}" for key in after if key not in before]
    other = [
        f"{_written(key)} {_changed(before[key], after[key])}"
        for key in before
        if key in after and before[key] != after[key]
    ]
    return ", ".join([*gone, *come, *other])


def _written(value: object) -> str:
    if value is None or value == "" or value == ():
        return "(none)"
    if isinstance(value, Label):
        return f"{value.en} / {value.zh}"
    if isinstance(value, Condition):
        return value.written() or "all cases"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(_written(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{_written(key)} {_written(item)}" for key, item in value.items())
    if is_dataclass(value):
        held = ((field.name, getattr(value, field.name)) for field in fields(value))
        return ", ".join(f"{name} {_written(item)}" for name, item in held if item not in (None, "", (), False))
    return str(value)
