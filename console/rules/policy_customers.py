"""What a policy says of customers: classification, credit, stages, value, complete dossiers, care, visits.

The rules are data of the policy, dated with it; the methods behind them are those of ``measures.value`` (RFM by quintiles,
credit by a table of limits, stages of life, value by a Pareto head).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.codes import CustomerKind
from console.rules.customer_fields import COMPUTED, CREDIT_GRADES, parse_customers
from console.rules.filters import FilterError
from console.rules.policy_reading import Section

REQUIRABLE = (
    "name", "phone", "email", "identity", "address", "bank", "region", "supply", "size", "account", "meter",
    "account_address",
)  # fmt: skip
"""What a dossier may be required to hold; *account* and *meter* ask for one at least, *account_address* for that of each."""

_REQUIRED: Mapping[str, tuple[str, ...]] = {
    CustomerKind.INDIVIDUAL.value: ("name", "phone", "address", "account"),
    CustomerKind.INTERMEDIARY.value: ("name", "phone", "address", "region", "account"),
    CustomerKind.ENTERPRISE.value: ("name", "phone", "address", "region", "supply", "account"),
    CustomerKind.GOVERNMENT.value: ("name", "phone", "address", "region", "account"),
}


@dataclass(frozen=True, slots=True)
class CreditLimit:
    """A grade for everyone who exceeds none of its limits: days overdue, disputes and returned payments in a year."""

    grade: str
    overdue_days: int
    disputes: int
    returned_payments: int


@dataclass(frozen=True, slots=True)
class StageRules:
    """What decides the stage of life; shares of 1, months, days, an index on 0-100."""

    new_months: int = 12
    growth: float = 0.10
    usage_drop: float = 0.30
    complaints: int = 2
    complaint_days: int = 90
    satisfaction: float = 60.0
    alarms: int = 2


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """From how much billed in twelve months, in minor units, a customer is large, and medium; 0 leaves sizes as entered."""

    large_minor: int = 0
    medium_minor: int = 0


@dataclass(frozen=True, slots=True)
class VisitRule:
    """How often, in days, customers that a filter finds are visited; the first rule that fits counts."""

    customers: str
    every_days: int


@dataclass(frozen=True, slots=True)
class CustomerRules:
    """The rules for customers.

    ``needs_care_complaints`` complaints in twelve months make a customer one who needs care; ``value_share`` is the share of all
    contributions that the customers of high value make up; ``verified_months`` is how long a verification holds; ``rest_days``
    how long a customer is left in peace after a contact of care; ``key`` is the filter of key customers.
    """

    key: str = "size:large"
    required: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(_REQUIRED))
    verified_months: int = 12
    rest_days: int = 90
    needs_care_complaints: int = 4
    value_share: float = 0.80
    duplicate_score: float = 0.60
    credit: tuple[CreditLimit, ...] = (CreditLimit("A", 0, 1, 0), CreditLimit("B", 30, 3, 1))
    credit_otherwise: str = "C"
    stages: StageRules = field(default_factory=StageRules)
    sizes: SizeLimits = field(default_factory=SizeLimits)
    visits: tuple[VisitRule, ...] = (VisitRule("key:yes", 90),)


def read_customers(root: Section) -> CustomerRules:
    """Read ``[customers]``; a policy without it has the rules that come along."""
    section = root.section("customers")
    usual = CustomerRules()
    if section is None:
        return usual
    rules = CustomerRules(
        key=_filter(section, "key", usual.key, computed=False),
        required=_required(section, usual.required),
        verified_months=section.integer("verified_months", default=usual.verified_months, least=1, most=600),
        rest_days=section.integer("rest_days", default=usual.rest_days, least=0, most=3650),
        needs_care_complaints=section.integer(
            "needs_care_complaints", default=usual.needs_care_complaints, least=1, most=1000
        ),
        value_share=section.number("value_share", default=usual.value_share, least=0.01, most=1),
        duplicate_score=section.number("duplicate_score", default=usual.duplicate_score, least=0.3, most=1),
        credit=_credit(section, usual.credit),
        credit_otherwise=section.choice("credit_otherwise", CREDIT_GRADES, default=usual.credit_otherwise),
        stages=_stages(section, usual.stages),
        sizes=_sizes(section),
        visits=_visits(section, usual.visits),
    )
    section.finish()
    return rules


def _filter(section: Section, key: str, default: str, *, computed: bool) -> str:
    text = section.text(key, default=default, most=2000)
    try:
        asked = parse_customers(text)
    except FilterError as error:
        section.fault(key, f"This is no filter of customers: {error.message}", error.hint or "Mend the filter.")
        return default
    if asked.sorts:
        section.fault(key, "An order says nothing here.", "Leave sort: out.")
    names = sorted({term.field for term in asked.terms} & COMPUTED) if not computed else []
    if names:
        section.fault(key, f'"{names[0]}" cannot stand here: it depends on this rule.', "Ask other fields.")
        return default
    return str(asked)


def _required(section: Section, usual: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    part = section.section("required")
    if part is None:
        return usual
    found = dict(usual)
    for kind in CustomerKind:
        if kind.value in part:
            found[kind.value] = part.texts(kind.value, allowed=REQUIRABLE, is_required=True)
    part.finish()
    return found


def _credit(section: Section, usual: tuple[CreditLimit, ...]) -> tuple[CreditLimit, ...]:
    found: list[CreditLimit] = []
    for part in section.sections("credit"):
        limit = CreditLimit(
            part.choice("grade", CREDIT_GRADES),
            part.integer("overdue_days", most=3650),
            part.integer("disputes", most=1000),
            part.integer("returned_payments", most=1000),
        )
        part.finish()
        if limit.grade and limit.grade in {other.grade for other in found}:
            part.fault("grade", f'The grade "{limit.grade}" is defined twice.', "Remove one of them.")
        if found and _is_narrower(limit, found[-1]):
            part.fault(None, "No customer would get this grade: the one before asks less.", "Put the best grade first.")
        found.append(limit)
    return tuple(found) or usual


def _is_narrower(limit: CreditLimit, before: CreditLimit) -> bool:
    return (
        limit.overdue_days <= before.overdue_days
        and limit.disputes <= before.disputes
        and limit.returned_payments <= before.returned_payments
    )


def _stages(section: Section, usual: StageRules) -> StageRules:
    part = section.section("stages")
    if part is None:
        return usual
    rules = StageRules(
        new_months=part.integer("new_months", default=usual.new_months, least=0, most=600),
        growth=part.number("growth", default=usual.growth, least=0, most=10),
        usage_drop=part.number("usage_drop", default=usual.usage_drop, least=0.01, most=1),
        complaints=part.integer("complaints", default=usual.complaints, least=1, most=1000),
        complaint_days=part.integer("complaint_days", default=usual.complaint_days, least=1, most=3650),
        satisfaction=part.number("satisfaction", default=usual.satisfaction, least=0, most=100),
        alarms=part.integer("alarms", default=usual.alarms, least=1, most=4),
    )
    part.finish()
    return rules


def _sizes(section: Section) -> SizeLimits:
    part = section.section("sizes")
    if part is None:
        return SizeLimits()
    limits = SizeLimits(part.integer("large_minor", most=10**12), part.integer("medium_minor", most=10**12))
    part.finish()
    if limits.medium_minor > limits.large_minor:
        part.fault("medium_minor", "Medium begins above large.", "Write less than large_minor.")
    return limits


def _visits(section: Section, usual: tuple[VisitRule, ...]) -> tuple[VisitRule, ...]:
    found = []
    for part in section.sections("visits"):
        found.append(
            VisitRule(
                _filter(part, "customers", "key:yes", computed=True),
                part.integer("every_days", least=1, most=3650),
            )
        )
        part.finish()
    return tuple(found) or usual
