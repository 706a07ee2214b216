"""To whom a case goes: rules in order, the first that applies decides (requirement B5).

Pure and deterministic: the same case and the same candidates give the same answer, so a rule can be tried on past cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.rules.policy_conditions import ALWAYS, CaseTraits, Condition, Vocabulary, level, read_condition, upper
from console.rules.policy_reading import Section

if TYPE_CHECKING:
    from console.rules.policies import Policy

MAIN = "main"
"""The rule set that routing begins with."""

METHODS = ("round_robin", "lightest_load")
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person that a case may be given to; ``assigned_at`` is when the last case was given, ``load`` how many are open."""

    login: str
    department: str
    load: int = 0
    assigned_at: datetime | None = None
    skills: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    is_available: bool = True


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """One rule: when it applies, and the department, person, skill and method, or the rule set to go on with."""

    name: str
    when: Condition = ALWAYS
    department: str = ""
    person: str = ""
    skill: str = ""
    method: str = ""
    by_region: bool = False
    forward: str = ""


@dataclass(frozen=True, slots=True)
class Routing:
    """The named rule sets of a policy."""

    sets: Mapping[str, tuple[RoutingRule, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a case goes, by which rule, and why in a sentence; no assignee means that the department decides."""

    department: str
    assignee: str | None
    rule: str
    why: str


def route(policy: Policy, case: CaseTraits, candidates: Iterable[Candidate] = ()) -> Routed:
    """Return the department and, where the rule says how, the person a case goes to.

    Without a rule that applies the department of the category decides, that of its parent next, then the policy's default.
    """
    way: list[str] = []
    rule = _deciding(policy.routing, case, way)
    if rule is None:
        return _by_category(policy, case)
    condition = rule.when.written()
    why = f'Rule "{rule.name}" applies' + (f" ({condition})" if condition else "")
    if way:
        why += f", reached by {' and '.join(way)}"
    department = rule.department or _by_category(policy, case).department
    if rule.person:
        return Routed(department, *_person(rule, candidates), why + f"; it names {rule.person}.")
    if not (rule.method or rule.skill):
        return Routed(department, None, rule.name, why + ".")
    fitting = [
        person
        for person in candidates
        if person.is_available
        and person.department == department
        and (not rule.skill or rule.skill in person.skills)
        and (not rule.by_region or case.region in person.regions)
    ]
    if not fitting:
        wanted = f' with the skill "{rule.skill}"' if rule.skill else ""
        return Routed(
            department, None, rule.name, why + f"; nobody available{wanted} there, so the department decides."
        )
    chosen = next_person(fitting, rule.method or METHODS[0])
    how = "the fewest open cases" if rule.method == "lightest_load" else "waited longest for a case"
    return Routed(department, chosen.login, rule.name, why + f"; {chosen.login}: {how} of {len(fitting)}.")


def next_person(candidates: Sequence[Candidate], method: str) -> Candidate:
    """Return whose turn it is: ``round_robin`` the one who waited longest, ``lightest_load`` the one with the fewest open cases.

    Ties are broken by the other measure and then by login, so that the order of the candidates does not matter.
    """
    if method == "lightest_load":
        return min(candidates, key=lambda person: (person.load, person.assigned_at or _NEVER, person.login))
    return min(candidates, key=lambda person: (person.assigned_at or _NEVER, person.load, person.login))


def _person(rule: RoutingRule, candidates: Iterable[Candidate]) -> tuple[str | None, str]:
    known = {person.login: person for person in candidates}
    person = known.get(rule.person)
    is_away = person is not None and not person.is_available
    return (None if is_away else rule.person), rule.name


def _deciding(routing: Routing, case: CaseTraits, way: list[str]) -> RoutingRule | None:
    """Return the first rule that holds, following forwards; the number of sets bounds the way, whatever the sets say."""
    name = MAIN
    for _ in range(len(routing.sets)):
        rule = next((rule for rule in routing.sets.get(name, ()) if rule.when.holds(case)), None)
        if rule is None or not rule.forward:
            return rule
        way.append(f'"{rule.name}"')
        name = rule.forward
    return None


def _by_category(policy: Policy, case: CaseTraits) -> Routed:
    departments = {category.code: category.department for category in policy.categories}
    for depth in range(level(case.category), 0, -1):
        code = upper(case.category, depth)
        if departments.get(code):
            return Routed(
                departments[code], None, f"category {code}", f'No rule applies; the category "{code}" names it.'
            )
    return Routed(
        policy.department, None, "default", "No rule applies and the category names none; this is the default."
    )


def read_routing(root: Section, words: Vocabulary) -> Routing:
    """Read ``[[routing.main]]`` and other sets; unknown departments and sets, cycles and unreachable rules are faults."""
    section = root.section("routing")
    if section is None:
        return Routing()
    names = list(section.table)
    sets: dict[str, tuple[RoutingRule, ...]] = {}
    forwards: dict[str, list[tuple[str, Section]]] = {}
    for name in names:
        rules: list[RoutingRule] = []
        forwards[name] = []
        for part in section.sections(name):
            rule = _read_rule(part, words, names)
            if rule.name in {other.name for other in rules}:
                part.fault("rule", f'The rule "{rule.name}" is defined twice in this set.', "Rename one of them.")
            if rules and rules[-1].when == ALWAYS:
                part.fault(
                    "rule",
                    f'"{rule.name}" is never asked: "{rules[-1].name}" before it applies to every case.',
                    f'Move it before "{rules[-1].name}".',
                )
            rules.append(rule)
            if rule.forward:
                forwards[name].append((rule.forward, part))
        sets[name] = tuple(rules)
    section.finish()
    if names and MAIN not in names:
        section.fault(None, f'There is no rule set "{MAIN}".', f"Add [[routing.{MAIN}]]; routing begins there.")
    _check_cycles(forwards)
    return Routing(sets)


def _read_rule(part: Section, words: Vocabulary, names: Sequence[str]) -> RoutingRule:
    rule = RoutingRule(
        name=part.text("rule"),
        when=read_condition(part.section("when"), words),
        department=part.choice("department", words.departments, default=""),
        person=part.text("person", default=""),
        skill=part.text("skill", default=""),
        method=part.choice("method", METHODS, default=""),
        by_region=part.flag("by_region", default=False),
        forward=part.choice("forward", names, default=""),
    )
    part.finish()
    chosen = [key for key in ("department", "person", "skill", "method") if getattr(rule, key)]
    if rule.forward and chosen:
        part.fault("forward", f'A rule that forwards cannot also name "{chosen[0]}".', "Keep one of the two.")
    if not rule.forward and not chosen and "forward" not in part and "department" not in part:
        part.fault(None, "The rule leads nowhere.", 'Add department = "…" or forward = "…".')
    if rule.person and (rule.skill or rule.method):
        part.fault("person", "A rule that names a person needs neither skill nor method.", "Remove the other keys.")
    return rule


def _check_cycles(forwards: Mapping[str, list[tuple[str, Section]]]) -> None:
    """Walk the rule sets in depth; a forward to a set still being walked closes a cycle and is reported where it stands."""
    done: set[str] = set()
    for start in forwards:
        if start in done:
            continue
        walk = [start]
        pending = [iter(forwards[start])]
        while walk:
            step = next(pending[-1], None)
            if step is None:
                done.add(walk.pop())
                pending.pop()
                continue
            target, part = step
            if target in walk:
                cycle = " -> ".join([*walk[walk.index(target) :], target])
                part.fault(
                    "forward",
                    f"The rule sets go round in a circle: {cycle}.",
                    "Forward to another set, or name a department.",
                )
            elif target not in done:
                walk.append(target)
                pending.append(iter(forwards[target]))
