"""Who may be asked: the population of a survey by customer filter, its strata, and those who are left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, case, exists, func, literal, or_, select

from console.codes import CustomerKind, Relationship, SupplyCategory
from console.errors import UsageError, nearest
from console.models import Customer, Response, SampleMember, SurveyRefusal
from console.models.base import table_of
from console.rules.customer_fields import parse_customers
from console.services.customer_filtering import check_names, conditions_of
from console.services.customer_lists import asking_of

CUSTOMERS: Table = table_of(Customer)
MEMBERS: Table = table_of(SampleMember)
RESPONSES: Table = table_of(Response)
REFUSALS: Table = table_of(SurveyRefusal)

REST_DAYS = 90
"""No customer is asked more than once in so many days, unless the plan says otherwise."""
STRATA: Mapping[str, str] = {
    "region": "region",
    "kind": "kind",
    "supply": "supply_category",
    "size": "size",
    "credit": "credit_grade",
    "relationship": "relationship",
}
"""What a sample may be stratified by, with the column of the customer."""
ASKED = (Relationship.NEW.value, Relationship.LONG_TERM.value, Relationship.NEEDS_CARE.value)
"""Those who are supplied now: the population of every survey that names no relationship."""
BETWEEN = " / "
REACHED_BY: Mapping[str, str] = {"telephone": "phone_masked", "sms": "phone_masked", "email": "email_masked"}
"""The value a customer must have to be asked through a channel."""
REASONS = ("erased", "refused", "asked_lately", "unreachable")
"""Why somebody of the population is not drawn, the first that applies."""
CODES: Mapping[str, tuple[str, ...]] = {
    "kind": tuple(CustomerKind),
    "supply": tuple(SupplyCategory),
    "relationship": tuple(Relationship),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Which customers a survey is about: every list given narrows it, an empty one does not; so does a filter of customers."""

    filter: str = ""
    region: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    supply: tuple[str, ...] = ()
    size: tuple[str, ...] = ()
    credit: tuple[str, ...] = ()
    relationship: tuple[str, ...] = ()

    def record(self) -> dict[str, list[str]]:
        """Return it as the plan keeps it."""
        found = {name: list(getattr(self, name)) for name in STRATA if getattr(self, name)}
        return {**found, "filter": [self.filter]} if self.filter else found


@dataclass(frozen=True, slots=True)
class Stratum:
    """One stratum of a population: how many it holds, and how many of them are left out for which reason."""

    name: str
    population: int
    excluded: Mapping[str, int] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """How many can be drawn."""
        return self.population - sum(self.excluded.values())


def population_of(record: Mapping[str, Any]) -> Population:
    """Return the population that a plan has kept."""
    written = record.get("filter") or ("",)
    return Population(filter=written[0], **{name: tuple(record.get(name, ())) for name in STRATA})


def checked_population(wish: Population) -> Population:
    """Return the population. Raises UsageError for a code that there is not."""
    for name, known in CODES.items():
        for code in getattr(wish, name):
            if code not in known:
                close = nearest(code, known)
                hint = f"Did you mean {close}? " if close else ""
                raise UsageError(f"There is no {name} {code} of customers.", f"{hint}Known: {', '.join(known)}.")
    return wish


def checked_strata(text: str) -> tuple[str, ...]:
    """Return the names of ``region,kind``. Raises UsageError for one that no sample is stratified by."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in STRATA:
            close = nearest(name, tuple(STRATA))
            hint = f"Did you mean {close}?" if close else f"Known: {', '.join(STRATA)}."
            raise UsageError(f"A sample is not stratified by {name}.", hint)
    if len(set(names)) < len(names):
        raise UsageError(f"{text} names a stratum twice.")
    return names


def conditions(
    connection: Connection, population: Population, moment: datetime, viewer: str = ""
) -> list[ColumnElement[bool]]:
    """Return the conditions on customers that make the population at a moment, as ``viewer`` sees it.

    Those who were merged into another are no customers of their own. Raises FilterError, and UsageError for a segment that there
    is none of.
    """
    asked = parse_customers(population.filter) if population.filter.strip() else None
    found: list[ColumnElement[bool]] = [CUSTOMERS.c.merged_into_id.is_(None)]
    names_relationship = asked is not None and any(term.field == "relationship" for term in asked.terms)
    if population.relationship or not names_relationship:
        found.append(CUSTOMERS.c.relationship.in_(list(population.relationship or ASKED)))
    for name, column in STRATA.items():
        wanted = getattr(population, name)
        if wanted and name != "relationship":
            found.append(func.coalesce(CUSTOMERS.c[column], "").in_(list(wanted)))
    if asked is not None:
        check_names(connection, asked)
        found += conditions_of(asked, asking_of(connection, viewer=viewer, now=moment))
    return found


def stratum_column(by: Sequence[str]) -> ColumnElement[str]:
    """Return the name of a customer's stratum: its parts joined, empty where nothing is stratified by."""
    if not by:
        return literal("")
    whole: Any = func.coalesce(CUSTOMERS.c[STRATA[by[0]]], "")
    for name in by[1:]:
        whole = whole.op("||")(BETWEEN).op("||")(func.coalesce(CUSTOMERS.c[STRATA[name]], ""))
    named: ColumnElement[str] = whole
    return named


def reason_column(survey_id: int, channel: str, rest_days: int, moment: datetime) -> ColumnElement[str]:
    """Return why a customer is left out: one of ``REASONS``, empty where he may be drawn."""
    since = moment - timedelta(days=rest_days)
    was_asked = or_(
        exists().where(
            and_(MEMBERS.c.customer_id == CUSTOMERS.c.id, MEMBERS.c.drawn_at > since, MEMBERS.c.survey_id != survey_id)
        ),
        exists().where(and_(RESPONSES.c.customer_id == CUSTOMERS.c.id, RESPONSES.c.answered_at > since)),
    )
    reasons: list[tuple[ColumnElement[bool], str]] = [
        (CUSTOMERS.c.erased_at.is_not(None), "erased"),
        (exists().where(REFUSALS.c.customer_id == CUSTOMERS.c.id), "refused"),
        (was_asked, "asked_lately"),
    ]
    needed = REACHED_BY.get(channel)
    if needed is not None:
        reasons.append((CUSTOMERS.c[needed] == "", "unreachable"))
    return case(*reasons, else_="")


def strata_of(
    connection: Connection,
    population: Population,
    by: Sequence[str],
    *,
    survey_id: int = -1,
    channel: str = "",
    rest_days: int = REST_DAYS,
    moment: datetime,
    viewer: str = "",
) -> list[Stratum]:
    """Return the strata of a population by name, with those who may not be drawn at a moment."""
    name, reason = stratum_column(by), reason_column(survey_id, channel, rest_days, moment)
    where = conditions(connection, population, moment, viewer)
    marked = select(name.label("stratum"), reason.label("reason")).where(*where).subquery()
    counts: dict[str, dict[str, int]] = {}
    question = select(marked.c.stratum, marked.c.reason, func.count()).group_by(marked.c.stratum, marked.c.reason)
    for stratum, why, count in connection.execute(question):
        counts.setdefault(stratum, {})[why] = int(count)
    return [
        Stratum(stratum, sum(own.values()), {why: count for why, count in sorted(own.items()) if why})
        for stratum, own in sorted(counts.items())
    ]
