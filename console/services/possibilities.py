"""What may be done to a case now and what a form for it offers; what a case being taken down would come to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Table, select

from console import clock
from console.codes import SEVERITIES, CasePhase
from console.errors import NotFoundError, UsageError
from console.models import Category, Department, Staff
from console.models.base import table_of
from console.rules.clocks import Happening, clock_state, clocks_for
from console.rules.policies import Policy
from console.rules.policy_conditions import CaseTraits
from console.rules.policy_promises import missing_at_intake
from console.rules.policy_reading import Label
from console.rules.workflow import Decision
from console.services.errand_cases import Beside, cases_of
from console.services.errands import Errand
from console.services.fields import TAKES
from console.services.form_views import FormBasis, FormChoices, Intake, IntakePreview, Possibility, PromiseRow
from console.services.intake import likely_duplicates
from console.services.lookups import Names
from console.services.policies import policy_book
from console.services.views import Choice
from console.services.workers import worker_of
from console.storage.engine import Store
from console.words import category_name

STAFF: Table = table_of(Staff)
DEPARTMENTS: Table = table_of(Department)
CATEGORIES: Table = table_of(Category)

LIKELY = 8
"""Cases proposed to be merged with or linked to."""
SAID = "…"
"""Stands for whatever a person would fill in, where only that something is filled in matters."""


def possible(store: Store, case_id: int, *, actor: str, now: datetime | None = None) -> tuple[Possibility, ...]:
    """Return for every verb of the case's policy whether it may be done now and, if not, why.

    What a person can fill in with the verb stands in ``required`` and does not stand against it; where a reason has to be
    stated, ``reason`` says what it excuses. Raises NotFoundError for an
    id that no case has, NotAllowedError for an actor who is not on the staff.
    """
    with store.reading() as connection:
        errand, row, beside = _errand(connection, case_id, actor, now)
        used = {step.verb for step in errand.policy_of(row).workflow.transitions}
        return tuple(_possibility(errand, verb, row, beside) for verb in TAKES if verb in used)


def form_basis(
    store: Store, verb: str, case_id: int, *, actor: str, language: str = "en", now: datetime | None = None
) -> FormBasis:
    """Return what a form for a verb on a case is built from. Raises as ``possible`` does, and UsageError for no verb."""
    if verb not in TAKES:
        raise UsageError(f"There is no verb {verb}.")
    with store.reading() as connection:
        errand, row, beside = _errand(connection, case_id, actor, now)
        possibility = _possibility(errand, verb, row, beside)
        policy = errand.policy_of(row)
        choices = _choices(connection, policy, language)
        held = _held(row, beside)
    if {"merged_into", "linked_to"} & set(TAKES[verb]):
        similar = tuple((item.reference, "") for item in likely_duplicates(store, case_id)[:LIKELY])
        choices = replace(choices, similar=similar)
    return FormBasis(possibility, choices, held, row["version"])


def form_choices(store: Store, *, language: str = "en", now: datetime | None = None) -> FormChoices:
    """Return what the forms let one choose from under the policy in force."""
    with store.reading() as connection:
        return _choices(connection, policy_book(connection).at(now or clock.now()).policy, language)


def preview(store: Store, new: Intake, *, now: datetime | None = None) -> IntakePreview:
    """Return the severity that a case being taken down would have, its promises, earliest due first, and what is missing."""
    moment = (now or clock.now()).replace(microsecond=0)
    with store.reading() as connection:
        policy = policy_book(connection).at(moment).policy
    severity = severity_of(policy, new.impact, new.urgency)
    traits = CaseTraits(
        received_on=moment.astimezone(ZoneInfo(policy.zone)).date(),
        kind=new.kind,
        category=new.category,
        severity=severity,
        channel=new.channel,
        area=new.area,
        region=new.region,
        text=new.subject,
    )
    received = (Happening(moment, "new", CasePhase.OPEN.value, "customer"),)
    promises = [
        PromiseRow(
            rule.clock, rule.target, clock_state(rule, received, policy.calendars[rule.calendar], now=moment).due_at
        )
        for rule in clocks_for(policy, traits)
    ]
    promises.sort(key=lambda promise: (promise.due_at is None, promise.due_at or moment, promise.name))
    filled = {name for name, value in asdict(new).items() if value} | {"severity", "received_at"}
    if new.subject:
        filled.add("summary")
    if new.account or new.location:
        filled.add("address")
    if new.customer:
        filled |= {"complainant", "contact"}
    return IntakePreview(severity, tuple(promises), tuple(missing_at_intake(policy.intake, traits, frozenset(filled))))


def severity_of(policy: Policy, impact: str, urgency: str) -> int:
    """Return the severity from 1 to 4 of an impact and an urgency; ordinary where the policy does not know the two."""
    return policy.severity.cells.get((impact, urgency), SEVERITIES[0])


def _errand(
    connection: Connection, case_id: int, actor: str, now: datetime | None
) -> tuple[Errand, RowMapping, Beside]:
    worker = worker_of(connection, actor)
    errand = Errand("note", {}, worker, now or clock.now(), policy_book(connection), Names())
    found = cases_of(connection, [case_id], is_held=False)
    if case_id not in found:
        raise NotFoundError("This case is no longer there.", "Refresh the list.")
    return errand, *found[case_id]


def _possibility(errand: Errand, verb: str, row: RowMapping, beside: Beside) -> Possibility:
    """Ask first with nothing filled in, then with what is missing, then with all that the verb takes."""
    bare = _decided(errand, verb, row, beside, ())
    if bare.allowed:
        return Possibility(verb, True, "", (), bare.target)
    missing = tuple(name for name in bare.missing if name in TAKES[verb])
    decision = _decided(errand, verb, row, beside, missing)
    if decision.allowed:
        return Possibility(verb, True, "", missing, decision.target)
    if "reason" in TAKES[verb]:
        excused = _decided(errand, verb, row, beside, (*missing, "reason"))
        if excused.allowed:
            required = tuple(dict.fromkeys((*missing, "reason")))
            return Possibility(verb, True, decision.reason, required, excused.target)
    told = _decided(errand, verb, row, beside, TAKES[verb])
    return Possibility(verb, told.allowed, "" if told.allowed else told.reason, missing, told.target)


def _decided(errand: Errand, verb: str, row: RowMapping, beside: Beside, filled: tuple[str, ...]) -> Decision:
    errand.verb = verb
    errand.fields = dict.fromkeys(filled, SAID)
    return errand.decision(row, beside)


def _choices(connection: Connection, policy: Policy, language: str) -> FormChoices:
    is_chinese = language.startswith("zh")

    def named(label: Label, code: str) -> str:
        return label.text(language) or label.en or code

    labels: Mapping[str, str] = {item.code: named(item.label, item.code) for item in policy.departments}
    departments = connection.execute(
        select(DEPARTMENTS.c.code, DEPARTMENTS.c.name).where(DEPARTMENTS.c.is_active).order_by(DEPARTMENTS.c.code)
    ).all()
    known = connection.execute(
        select(CATEGORIES.c.code).where(CATEGORIES.c.is_active).order_by(CATEGORIES.c.code)
    ).scalars()
    people = connection.execute(
        select(STAFF.c.login, STAFF.c.name, DEPARTMENTS.c.code)
        .select_from(STAFF)
        .join(DEPARTMENTS, DEPARTMENTS.c.id == STAFF.c.department_id, isouter=True)
        .where(STAFF.c.is_active)
        .order_by(STAFF.c.login)
    ).all()
    return FormChoices(
        people=tuple(
            (login, "  ".join(part for part in (name, login, labels.get(code, code or "")) if part))
            for login, name, code in people
        ),
        departments=tuple((code, f"{labels.get(code, name)}  {code}") for code, name in departments),
        categories=tuple(_category(code, is_chinese=is_chinese) for code in known),
        impacts=policy.severity.impacts,
        urgencies=policy.severity.urgencies,
        areas=tuple((item.code, named(item.label, item.code)) for item in policy.areas),
        regions=tuple((item.code, named(item.label, item.code)) for item in policy.regions),
    )


def _category(code: str, *, is_chinese: bool) -> Choice:
    """Return a category with its name; in Chinese the names of its levels before its code."""
    return code, f"{category_name(code)}  {code}" if is_chinese else code


def _held(row: RowMapping, beside: Beside) -> tuple[Choice, ...]:
    """Return what the case holds already, for the fields that would only be written again."""
    columns = ("category", "kind", "region", "area", "validity")
    texts = ("findings", "measures", "follow_up", "cause", "outcome")
    held = {name: row[name] or "" for name in columns}
    held.update({name: beside.text.get(name) or "" for name in texts})
    held.update({name: str(value) for name, value in json.loads(row["extras"] or "{}").items()})
    return tuple(held.items())
