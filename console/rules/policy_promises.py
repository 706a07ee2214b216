"""What a policy asks besides times: fields at intake, callbacks, steps that must be recorded, payments for lateness."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from console.codes import CaseKind, Opinion
from console.errors import OmbudError
from console.rules.clocks import ClockState, Standing
from console.rules.deadline_targets import Target
from console.rules.policy_conditions import CaseTraits, Condition, Vocabulary, read_condition
from console.rules.policy_reading import Label, Section
from console.rules.workflow import FIELDS, VERBS


@dataclass(frozen=True, slots=True)
class IntakeRule:
    """The fields that must be filled before cases of some sort may leave the initial state."""

    when: Condition
    required: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """Which kinds are called back, how often it is tried, and which answers open the case again or raise it."""

    kinds: tuple[str, ...] = ()
    attempts: int = 3
    reopen_on: tuple[str, ...] = (Opinion.DISSATISFIED.value,)
    escalate_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """A step of handling that every closed case must show, by one of its verbs or by a stated reason for leaving it out."""

    name: str
    label: Label
    verbs: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class PaymentRule:
    """What is owed to the customer when a promise is broken, in minor units of the currency.

    ``within`` is the target for paying it, counted from the time the promise was due; empty sets no day.
    """

    name: str
    clock: str
    when: Condition
    amount_minor: int
    currency: str
    valid_from: date | None = None
    valid_until: date | None = None
    source: str = ""
    within: str = ""


@dataclass(frozen=True, slots=True)
class PaymentDue:
    """One payment owed, and the promise it is owed for; ``times`` counts the missed rounds of the clock."""

    rule: str
    clock: str
    amount_minor: int
    currency: str
    times: int = 1


def missing_at_intake(rules: Iterable[IntakeRule], case: CaseTraits, filled: Collection[str]) -> tuple[str, ...]:
    """Return the fields that the intake of a case still wants, in the order of the policy."""
    wanted = [name for rule in rules if rule.when.holds(case) for name in rule.required]
    return tuple(dict.fromkeys(name for name in wanted if name not in filled))


def missing_steps(
    steps: Iterable[RecordedStep], verbs_done: Collection[str], excused: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the names of the steps that a case has neither recorded nor given a reason for skipping."""
    return tuple(step.name for step in steps if not set(step.verbs) & set(verbs_done) and step.name not in excused)


def payments_due(
    rules: Iterable[PaymentRule], case: CaseTraits, states: Iterable[tuple[str, ClockState]]
) -> tuple[PaymentDue, ...]:
    """Return what is owed for the broken promises of a case, given (clock name, state) pairs; the latest valid rule counts."""
    applying = [
        rule
        for rule in rules
        if rule.when.holds(case)
        and (rule.valid_from is None or rule.valid_from <= case.received_on)
        and (rule.valid_until is None or case.received_on <= rule.valid_until)
    ]
    owed = []
    for clock, state in states:
        times = state.misses + (state.state is Standing.MISSED)
        matching = [rule for rule in applying if rule.clock == clock]
        if times and matching:
            rule = max(matching, key=lambda item: (item.when.specificity(case), item.valid_from or date.min))
            owed.append(PaymentDue(rule.name, clock, rule.amount_minor, rule.currency, times))
    return tuple(owed)


def read_intake(root: Section, words: Vocabulary) -> tuple[IntakeRule, ...]:
    """Read ``[[intake]]``."""
    rules = []
    for section in root.sections("intake"):
        when = read_condition(section.section("when"), words)
        required = section.texts("required", allowed=FIELDS, is_required=True)
        rules.append(IntakeRule(when, required, section.text("source", default="")))
        section.finish()
    return tuple(rules)


def read_callback(root: Section) -> CallbackRules:
    """Read ``[callback]``; a policy without it calls nobody back."""
    section = root.section("callback")
    if section is None:
        return CallbackRules()
    opinions = [str(opinion) for opinion in Opinion]
    rules = CallbackRules(
        kinds=section.texts("kinds", allowed=[str(kind) for kind in CaseKind], is_required=True),
        attempts=section.integer("attempts", default=3, least=1, most=20),
        reopen_on=section.texts("reopen_on", allowed=opinions),
        escalate_on=section.texts("escalate_on", allowed=opinions),
    )
    section.finish()
    return rules


def read_steps(root: Section) -> tuple[RecordedStep, ...]:
    """Read ``[[steps]]``."""
    steps: list[RecordedStep] = []
    for section in root.sections("steps"):
        name = section.text("name")
        if name in {step.name for step in steps}:
            section.fault("name", f'The step "{name}" is defined twice.', "Rename one of them.")
        verbs = section.texts("verbs", allowed=VERBS, is_required=True)
        steps.append(RecordedStep(name, section.label(), verbs, section.text("source", default="")))
        section.finish()
    return tuple(steps)


def read_payments(root: Section, words: Vocabulary, clocks: Collection[str]) -> tuple[PaymentRule, ...]:
    """Read ``[[payments]]``; each must name a clock that the policy has."""
    rules: list[PaymentRule] = []
    for section in root.sections("payments"):
        rule = PaymentRule(
            name=section.text("rule", most=100),
            clock=section.choice("clock", clocks),
            when=read_condition(section.section("when"), words),
            amount_minor=section.integer("amount_minor", least=1),
            currency=section.text("currency"),
            valid_from=section.day("valid_from"),
            valid_until=section.day("valid_until"),
            source=section.text("source", default=""),
            within=read_within(section),
        )
        section.finish()
        if rule.currency and not (len(rule.currency) == 3 and rule.currency.isascii() and rule.currency.isupper()):
            section.fault(
                "currency", f'"{rule.currency}" is not a currency code.', 'Write three letters, such as "GBP".'
            )
        rules.append(rule)
    return tuple(rules)


def read_within(section: Section) -> str:
    """Read ``within``, the target for doing something; empty where none is given."""
    text = section.text("within", default="")
    try:
        Target.parse(text)
    except OmbudError as error:
        section.fault("within", error.message, error.hint)
        return ""
    return text
