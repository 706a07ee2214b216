"""Policy as data: a TOML text that says how cases travel, what is promised and who is told.

A policy is checked as a whole, and every fault is reported at once with its line. Nothing here reads a clock or a database:
the same text always gives the same decisions, and a case keeps the text it was received under.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from importlib import resources
from zoneinfo import ZoneInfo

from console.codes import CasePhase
from console.errors import OmbudError, UsageError, nearest
from console.rules.calendars import Calendar, load_calendar, ready_calendars
from console.rules.clocks import RECEIVED, ClockRule, pattern_parts
from console.rules.escalations import EscalationRule, QuietHours, read_escalations, read_quiet_hours
from console.rules.policy_clocks import read_clocks
from console.rules.policy_conditions import SEPARATOR, CaseTraits, Vocabulary, level
from console.rules.policy_customers import CustomerRules, read_customers
from console.rules.policy_lines import line_numbers
from console.rules.policy_promises import (
    CallbackRules,
    IntakeRule,
    PaymentRule,
    RecordedStep,
    missing_at_intake,
    read_callback,
    read_intake,
    read_payments,
    read_steps,
)
from console.rules.policy_reading import Faults, Label, PolicyErrors, PolicyFault, Section, one_of
from console.rules.policy_tasks import TaskRule, read_tasks
from console.rules.repeats import RepeatRules, read_repeats
from console.rules.routing import Routing, read_routing
from console.rules.severity import SeverityMatrix, read_severity
from console.rules.workflow import ActorFacts, CaseFacts, Decision, Workflow, read_workflow

__all__ = [
    "Category",
    "Named",
    "Policy",
    "PolicyErrors",
    "PolicyFault",
    "diff",
    "load_pack",
    "parse_policy",
    "ready_packs",
]

_PACKS = "packs"
_DEEPEST = 3
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
LARGEST = 500_000
"""Characters of a policy text; the ready packs have a twentieth of it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A code with its name in both languages."""

    code: str
    label: Label


@dataclass(frozen=True, slots=True)
class Category:
    """What a case may be about, up to three levels; ``department`` is empty where the level above decides."""

    code: str
    label: Label
    department: str = ""

    @property
    def parent(self) -> str:
        """The code of the level above, empty for a top level."""
        return self.code.rpartition(SEPARATOR)[0]


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules of a utility at one time."""

    code: str
    title: Label
    zone: str
    workflow: Workflow
    calendar: str
    calendars: Mapping[str, Calendar]
    department: str
    departments: tuple[Named, ...]
    categories: tuple[Category, ...]
    severity: SeverityMatrix
    clocks: tuple[ClockRule, ...]
    escalations: tuple[EscalationRule, ...] = ()
    quiet_hours: QuietHours | None = None
    routing: Routing = field(default_factory=Routing)
    repeats: RepeatRules = field(default_factory=RepeatRules)
    intake: tuple[IntakeRule, ...] = ()
    callback: CallbackRules = field(default_factory=CallbackRules)
    steps: tuple[RecordedStep, ...] = ()
    payments: tuple[PaymentRule, ...] = ()
    tasks: tuple[TaskRule, ...] = ()
    areas: tuple[Named, ...] = ()
    authorities: tuple[Named, ...] = ()
    regions: tuple[Named, ...] = ()
    customers: CustomerRules = field(default_factory=CustomerRules)
    source: str = ""
    valid_from: date | None = None

    def category(self, code: str) -> Category | None:
        """Return a category by its code, or None."""
        return next((category for category in self.categories if category.code == code), None)

    def may(self, verb: str, case: CaseFacts, actor: ActorFacts, traits: CaseTraits) -> Decision:
        """Decide as ``Workflow.may`` does, and hold a case in its initial state until its intake is complete.

        Withdrawing, rejecting and merging remain possible: they close a case that can never be completed. Kinds that are not
        called back owe no callback.
        """
        if traits.kind not in self.callback.kinds:
            case = replace(case, has_callback=True)
        decision = self.workflow.may(verb, case, actor)
        is_leaving = case.state == self.workflow.initial.name and decision.target not in ("", case.state)
        if not is_leaving or self.workflow.phase(decision.target) == CasePhase.CLOSED:
            return decision
        missing = tuple(
            name for name in missing_at_intake(self.intake, traits, case.filled) if name not in decision.missing
        )
        if not missing:
            return decision
        reason = f"{decision.reason} The intake still wants: {', '.join(missing)}.".strip()
        return Decision(False, reason, decision.missing + missing, decision.target)


def parse_policy(text: str, *, name: str) -> Policy:
    """Return the policy of a TOML text; ``name`` is how errors call it.

    Raises ``PolicyErrors`` with every fault, each with its line in the text and a remedy.
    """
    if len(text) > LARGEST:
        fault = PolicyFault(1, "", f"The text has {len(text):,} characters.", f"Keep it under {LARGEST:,}.")
        raise PolicyErrors(name, [fault])
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise PolicyErrors(name, [_syntax_fault(text, error)]) from None
    faults = Faults(line_numbers(text))
    policy = _read(Section(document, (), faults))
    if faults.found:
        raise PolicyErrors(name, faults.found)
    return policy


def _syntax_fault(text: str, error: Exception) -> PolicyFault:
    said = str(error) if not isinstance(error, RecursionError) else "It is nested too deeply."
    match = _AT_LINE.search(said)
    line = int(match[1]) if match else max(1, text.count("\n") + (not text.endswith("\n")))
    what = _AT_LINE.sub("", said).replace("(at end of document)", "at the end of the text").strip().rstrip(".")
    return PolicyFault(
        line, "", f"This is not valid TOML: {what}.", "Mend the line; texts stand in straight double quotes."
    )


def _read(root: Section) -> Policy:
    code = root.text("code")
    title = root.label("title")
    zone = _zone(root)
    departments = _named(root, "departments", is_required=True)
    areas, authorities, regions = _named(root, "areas"), _named(root, "authorities"), _named(root, "regions")
    calendars, calendar_names = _calendars(root)
    calendar = root.choice("calendar", calendar_names)
    department_codes = [item.code for item in departments]
    department = root.choice("department", department_codes)
    categories = _categories(root, department_codes)
    workflow = read_workflow(root)
    words = Vocabulary(
        categories=frozenset(category.code for category in categories),
        departments=frozenset(department_codes),
        calendars=frozenset(calendar_names),
        states=frozenset(state.name for state in workflow.states),
        areas=frozenset(item.code for item in areas),
        regions=frozenset(item.code for item in regions),
        authorities=frozenset(item.code for item in authorities),
    )
    clocks = read_clocks(root, words, calendar)
    clock_names = list(dict.fromkeys(rule.clock for rule in clocks))
    policy = Policy(
        code=code,
        title=title,
        zone=zone,
        workflow=workflow,
        calendar=calendar,
        calendars=calendars,
        department=department,
        departments=departments,
        categories=categories,
        severity=read_severity(root),
        clocks=clocks,
        escalations=read_escalations(root, words, clock_names),
        quiet_hours=read_quiet_hours(root, zone),
        routing=read_routing(root, words),
        repeats=read_repeats(root),
        intake=read_intake(root, words),
        callback=read_callback(root),
        steps=read_steps(root),
        payments=read_payments(root, words, clock_names),
        tasks=read_tasks(root, words, clock_names),
        areas=areas,
        authorities=authorities,
        regions=regions,
        customers=read_customers(root),
        source=root.text("source", default=""),
        valid_from=root.day("valid_from"),
    )
    root.finish()
    _check_verbs(policy, root)
    return policy


def _zone(root: Section) -> str:
    zone = root.text("zone")
    if not zone:
        return "UTC"
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        root.fault("zone", f'The time zone "{zone}" is not known.', 'Write a name such as "Asia/Shanghai".')
        return "UTC"
    return zone


def _named(root: Section, key: str, *, is_required: bool = False) -> tuple[Named, ...]:
    found: list[Named] = []
    for section in root.sections(key, is_required=is_required):
        item = Named(section.text("code", most=64), section.label())
        section.finish()
        if item.code and item.code in {other.code for other in found}:
            section.fault("code", f'The code "{item.code}" is given twice.', "Remove one of them.")
        found.append(item)
    return tuple(found)


def _calendars(root: Section) -> tuple[dict[str, Calendar], tuple[str, ...]]:
    """Read ``[calendars.NAME]``: ``ready`` names one that ships, otherwise the table is a calendar itself.

    Returns the calendars and all names given: a calendar that is wrong itself is one fault, not one at each place that names it.
    """
    section = root.section("calendars", is_required=True)
    calendars: dict[str, Calendar] = {}
    if section is None:
        return calendars, ()
    for name in section.table:
        part = section.section(name)
        if part is None:
            continue
        try:
            if "ready" in part:
                ready = part.choice("ready", ready_calendars())
                holidays = part.texts("holidays")
                part.finish()
                if ready:
                    calendars[name] = load_calendar(ready).with_holidays(holidays)
            else:
                calendars[name] = Calendar.parse(part.table, name)
        except OmbudError as error:
            key = next((key for key in part.table if re.search(rf"\b{re.escape(key)}\b", error.message)), None)
            part.fault(key, error.message, error.hint)
    if not section.table:
        section.fault(None, "No calendar is given.", 'Add [calendars.work] with ready = "cn".')
    return calendars, tuple(section.table)


def _categories(root: Section, departments: Collection[str]) -> tuple[Category, ...]:
    found: dict[str, Category] = {}
    for section in root.sections("categories", is_required=True):
        category = Category(
            section.text("code"), section.label(), section.choice("department", departments, default="")
        )
        section.finish()
        if not category.code:
            continue
        if category.code in found:
            section.fault("code", f'The category "{category.code}" is defined twice.', "Remove one of them.")
        elif level(category.code) > _DEEPEST:
            section.fault("code", f'"{category.code}" has more than {_DEEPEST} levels.', "Leave out a level.")
        elif any(part != part.strip() or not part for part in category.code.split(SEPARATOR)):
            section.fault("code", f'"{category.code}" has an empty level.', f'Separate levels by "{SEPARATOR}".')
        elif category.parent and category.parent not in found:
            section.fault(
                "code",
                f'The level above, "{category.parent}", is not defined before it.',
                one_of(found, category.parent) if found else "Define the top level first.",
            )
        found[category.code] = category
    return tuple(found.values())


def _check_verbs(policy: Policy, root: Section) -> None:
    """A clock that waits for a verb which no transition has would never be met."""
    known = {step.verb for step in policy.workflow.transitions} | {"new"}
    if len(known) == 1:
        return
    for number, rule in enumerate(policy.clocks):
        for key, patterns in (("met_by", rule.met_by), ("starts_at", rule.starts_at)):
            verbs = [pattern_parts(pattern)[0] for pattern in patterns]
            if verbs and not set(verbs) & (known | {RECEIVED}):
                root.faults.add(
                    ("clocks", number, key),
                    f'No transition has the verb "{verbs[0]}", so the clock "{rule.clock}" would wait for ever.',
                    one_of(known, verbs[0]),
                )


def ready_packs() -> tuple[str, ...]:
    """Return the names of the policies that ship with the product."""
    names = (entry.name for entry in resources.files("console.rules").joinpath(_PACKS).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_pack(name: str) -> str:
    """Return the TOML text of a ready policy; raises ``UsageError`` for a name that is none."""
    if name not in ready_packs():
        known = nearest(name, ready_packs())
        meant = f"Did you mean {known}?" if known else f"The ready ones are {', '.join(ready_packs())}."
        raise UsageError(f"There is no ready policy {name}.", meant)
    return resources.files("console.rules").joinpath(_PACKS, f"{name}.toml").read_text("utf-8")


def diff(old: Policy, new: Policy) -> tuple[str, ...]:
    """Return what differs between two policies, one plain line for each thing added (+), removed (-) or changed (~)."""
    from console.rules.policy_changes import difference

    return difference(old, new)
