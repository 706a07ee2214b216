"""Reading the promises of a policy."""

from __future__ import annotations

from collections.abc import Iterable

from console.errors import OmbudError
from console.rules.clocks import QUALIFIERS, RECEIVED, ClockRule, pattern_parts
from console.rules.deadlines import Target
from console.rules.policy_conditions import Vocabulary, read_condition
from console.rules.policy_reading import Section, one_of
from console.rules.workflow import VERBS


def read_clocks(root: Section, words: Vocabulary, default_calendar: str) -> tuple[ClockRule, ...]:
    """Read ``[[clocks]]``; unreadable targets, unknown calendars and verbs, and rules that tie are faults."""
    rules: list[tuple[ClockRule, Section]] = []
    for section in root.sections("clocks", is_required=True):
        rule = ClockRule(
            name=section.text("rule"),
            clock=section.text("clock", most=40),
            label=section.label(is_required=False),
            when=read_condition(section.section("when"), words),
            target=_target(section),
            calendar=section.choice("calendar", words.calendars, default=default_calendar),
            starts_at=_patterns(section, "starts_at", words, {RECEIVED}) or (RECEIVED,),
            met_by=_patterns(section, "met_by", words, is_required=True),
            stopped_by=_patterns(section, "stopped_by", words),
            restarts_on=_patterns(section, "restarts_on", words),
            revoked_by=_patterns(section, "revoked_by", words),
            is_paused_in_waiting=section.flag("paused_in_waiting", default=True),
            repeats=section.flag("repeats", default=False),
            survives_closing=section.flag("survives_closing", default=False),
            runs_when_raised_by_staff=section.flag("when_raised_by_staff", default=True),
            valid_from=section.day("valid_from"),
            valid_until=section.day("valid_until"),
            source=section.text("source", default=""),
        )
        section.finish()
        if rule.valid_from and rule.valid_until and rule.valid_until < rule.valid_from:
            section.fault("valid_until", "The rule ends before it begins.", "Write a day after valid_from.")
        for other, _ in rules:
            _check_pair(rule, other, section)
        rules.append((rule, section))
    return tuple(rule for rule, _ in rules)


def _check_pair(rule: ClockRule, other: ClockRule, section: Section) -> None:
    if rule.name and rule.name == other.name:
        section.fault("rule", f'The rule "{rule.name}" is defined twice.', "Rename one of them.")
    elif rule.clock == other.clock and rule.valid_from == other.valid_from and rule.when.collides(other.when):
        section.fault(
            "when" if "when" in section else None,
            f'For some cases "{rule.name}" and "{other.name}" decide on the clock "{rule.clock}" with equal right.',
            "Make one of them more specific, or give it another valid_from.",
        )


def _target(section: Section) -> str:
    target = section.text("target", default="")
    if "target" not in section:
        section.fault(
            None, '"target" is missing.', 'Add target = "4d"; an empty one says that there is no such promise.'
        )
    try:
        Target.parse(target)
    except OmbudError as error:
        section.fault("target", error.message, error.hint)
        return ""
    return target


def _patterns(
    section: Section, key: str, words: Vocabulary, more: Iterable[str] = (), *, is_required: bool = False
) -> tuple[str, ...]:
    """Read events such as ``reply``, ``contact:staff`` or ``return@replied``."""
    allowed = [*VERBS, *more]
    kept = []
    for number, text in enumerate(section.texts(key, is_required=is_required)):
        verb, qualifier, state = pattern_parts(text)
        where = (*section.path, key, number) if isinstance(section.table.get(key), list) else (*section.path, key)
        if verb not in allowed:
            section.faults.add(where, f'"{verb}" is not a verb.', one_of(allowed, verb))
        elif ":" in text and qualifier not in QUALIFIERS:
            section.faults.add(where, f'"{qualifier}" does not qualify a verb.', one_of(QUALIFIERS, qualifier))
        elif "@" in text and state not in words.states:
            section.faults.add(where, f'"{state}" is not a state.', one_of(words.states, state))
        else:
            kept.append(text)
    return tuple(kept)
