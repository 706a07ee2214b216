"""Filters of customers as SQL: ``kind:enterprise stage:at_risk segment:"shops in the east" -complete:yes``.

The same language as for cases, with the fields of ``rules.customer_fields``. Who was erased or merged is never found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, String, Table, and_, cast, exists, func, not_, or_, select

from console.codes import CasePhase
from console.errors import UsageError
from console.models import (
    Case,
    Contact,
    Customer,
    ManagerPost,
    Segment,
    SegmentMember,
    ServiceAccount,
    Staff,
    Standing,
)
from console.models.base import table_of
from console.rules.customer_fields import CUSTOMER_FIELDS, parse_customers
from console.rules.filters import ME, Filter, Term, spans
from console.rules.policy_customers import CustomerRules
from console.services.filter_conditions import Condition, any_of, compared, given, same, within
from console.services.lookups import nearest_hint
from console.storage import customer_search

CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
CASES: Table = table_of(Case)
CONTACTS: Table = table_of(Contact)
STANDINGS: Table = table_of(Standing)
SEGMENTS: Table = table_of(Segment)
MEMBERS: Table = table_of(SegmentMember)
POSTS: Table = table_of(ManagerPost)
STAFF: Table = table_of(Staff)

MONTH_DAYS = 30.4375
"""Mean length of a month in days."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a filter of customers is read against: engine, moment, zone in which days begin, who asks, and the rules."""

    dialect: str
    now: datetime
    rules: CustomerRules
    viewer: str = ""
    zone: str = ""

    @property
    def tz(self) -> tzinfo:
        """The zone in which days begin."""
        return ZoneInfo(self.zone) if self.zone else UTC

    @property
    def today(self) -> date:
        """The day it is there."""
        return self.now.astimezone(self.tz).date()

    @property
    def verified_since(self) -> datetime:
        """Since when a verification still holds."""
        return self.now - timedelta(days=self.rules.verified_months * MONTH_DAYS)


def present() -> Condition:
    """Return the condition that a customer is there: neither erased nor merged into another."""
    return and_(CUSTOMERS.c.erased_at.is_(None), CUSTOMERS.c.merged_into_id.is_(None))


def conditions(filter_text: str, asking: Asking) -> tuple[Condition, ...]:
    """Return the SQL conditions of a filter text, with that of being there. Raises FilterError."""
    return conditions_of(parse_customers(filter_text), asking)


def conditions_of(asked: Filter, asking: Asking) -> tuple[Condition, ...]:
    """Return the SQL conditions of a parsed filter, with that of being there."""
    return (present(), *(_condition(term, asking) for term in asked.terms))


def order_of(asked: Filter) -> tuple[ColumnElement[Any], ...]:
    """Return the order that a filter asks for, by number where it names none; the id makes it complete."""
    order: list[ColumnElement[Any]] = []
    for sort in asked.sorts:
        column = _SORTS[sort.field]
        order.append(column.desc().nulls_last() if sort.is_descending else column.asc().nulls_last())
    return (*(order or [CUSTOMERS.c.number]), CUSTOMERS.c.id)


def ids_found(filter_text: str, asking: Asking) -> Select[int]:
    """Return the question for the ids of the customers that a filter finds. Raises FilterError."""
    return select(CUSTOMERS.c.id).where(*conditions(filter_text, asking))


def check_names(connection: Connection, asked: Filter) -> None:
    """Refuse a segment that there is none of, naming the nearest. Raises UsageError."""
    wanted = [text for term in asked.terms if term.field == "segment" for text in given(term)]
    check_segments(connection, wanted)


def check_segments(connection: Connection, wanted: Iterable[str]) -> None:
    """Refuse names of which there is no segment, naming the nearest; one that ends in ``*`` may find none. Raises UsageError."""
    names = [name for name in wanted if not name.endswith("*")]
    if not names:
        return
    known = list(connection.execute(select(SEGMENTS.c.name)).scalars())
    folded = {name.casefold() for name in known}
    for name in names:
        if name.casefold() not in folded:
            raise UsageError(f"There is no segment {name}.", nearest_hint(name, known))


def in_segments(column: ColumnElement[Any], term: Term) -> Condition:
    """Return the condition that a column names a customer of one of the segments of a term, or of none."""
    parts: list[Condition] = []
    names = given(term)
    if names:
        found = select(MEMBERS.c.customer_id).join(SEGMENTS, SEGMENTS.c.id == MEMBERS.c.segment_id)
        members = found.where(any_of([same(SEGMENTS.c.name, name) for name in names]))
        # A case without a customer is in no segment: turned round, the term must find it.
        parts.append(and_(column.is_not(None), column.in_(members)))
    if term.asks_for_absence:
        parts.append(or_(column.is_(None), column.not_in(select(MEMBERS.c.customer_id))))
    return any_of(parts)


def filled(name: str) -> Condition:
    """Return the condition that a dossier holds something of what it may be required to hold."""
    if name in ("phone", "email", "identity", "address", "bank"):
        return CUSTOMERS.c[f"{name}_masked"] != ""
    if name == "supply":
        return func.coalesce(CUSTOMERS.c.supply_category, "") != ""
    if name in ("account", "meter", "account_address"):
        theirs = ACCOUNTS.c.customer_id == CUSTOMERS.c.id
        if name == "account":
            return exists().where(theirs)
        if name == "meter":
            return exists().where(theirs, ACCOUNTS.c.meter_number != "")
        return and_(exists().where(theirs), ~exists().where(theirs, ACCOUNTS.c.address_masked == ""))
    return CUSTOMERS.c[name] != ""


def is_complete(rules: CustomerRules) -> Condition:
    """Return the condition that a dossier holds all that its kind of customer requires."""
    return or_(*(and_(CUSTOMERS.c.kind == kind, *map(filled, names)) for kind, names in rules.required.items()))


def is_verified(asking: Asking) -> Condition:
    """Return the condition that somebody saw lately that a dossier is true."""
    return func.coalesce(CUSTOMERS.c.verified_at >= asking.verified_since, False)


def is_key(asking: Asking) -> Condition:
    """Return the condition that a customer is a key customer, as the policy says."""
    return and_(*(_condition(term, asking) for term in parse_customers(asking.rules.key).terms))


def managed_by(staff_ids: Select[int] | None, today: date) -> Condition:
    """Return the condition that a customer's manager is one of some people (anybody without them).

    A manager of his own comes before the one of his area.
    """
    own, area = POSTS.alias(), POSTS.alias()
    now_own = and_(own.c.customer_id == CUSTOMERS.c.id, _current(own, today))
    now_area = and_(area.c.region == CUSTOMERS.c.region, area.c.region != "", _current(area, today))
    if staff_ids is None:
        return or_(exists().where(now_own), exists().where(now_area))
    by_own = exists().where(now_own, own.c.staff_id.in_(staff_ids))
    by_area = exists().where(now_area, area.c.staff_id.in_(staff_ids))
    other = POSTS.alias()
    has_own = exists().where(other.c.customer_id == CUSTOMERS.c.id, _current(other, today))
    return or_(by_own, and_(not_(has_own), by_area))


def _current(post: Any, today: date) -> Condition:
    return and_(post.c.from_on <= today, or_(post.c.to_on.is_(None), post.c.to_on >= today))


def _condition(term: Term, asking: Asking) -> Condition:
    condition = _FIELDS[term.field](term, asking)
    return not_(condition) if term.is_negated else condition


Reader = Callable[[Term, Asking], Condition]


def _code(column: str, empty: str | None = None) -> Reader:
    def condition(term: Term, asking: Asking) -> Condition:
        del asking
        parts: list[Condition] = [CUSTOMERS.c[column].in_(given(term))] if given(term) else []
        if term.asks_for_absence:
            parts.append(func.coalesce(CUSTOMERS.c[column], "") == (empty or ""))
        return any_of(parts)

    return condition


def _text(column: str) -> Reader:
    def condition(term: Term, asking: Asking) -> Condition:
        del asking
        parts = [same(CUSTOMERS.c[column], text) for text in given(term)]
        if term.asks_for_absence:
            parts.append(CUSTOMERS.c[column] == "")
        return any_of(parts)

    return condition


def _standing(column: str) -> Reader:
    def condition(term: Term, asking: Asking) -> Condition:
        del asking
        parts: list[Condition] = []
        if given(term):
            found = select(STANDINGS.c.customer_id).where(STANDINGS.c[column].in_(given(term)))
            parts.append(CUSTOMERS.c.id.in_(found))
        if term.asks_for_absence:
            parts.append(CUSTOMERS.c.id.not_in(select(STANDINGS.c.customer_id)))
        return any_of(parts)

    return condition


def _rfm(term: Term, asking: Asking) -> Condition:
    del asking
    digits = [cast(STANDINGS.c[name], String) for name in ("recency", "frequency", "money")]
    code = digits[0].concat(digits[1]).concat(digits[2])
    parts: list[Condition] = []
    if given(term):
        wanted = any_of([same(code, text) for text in given(term)])
        parts.append(CUSTOMERS.c.id.in_(select(STANDINGS.c.customer_id).where(wanted)))
    if term.asks_for_absence:
        has_code = select(STANDINGS.c.customer_id).where(STANDINGS.c.recency.is_not(None))
        parts.append(CUSTOMERS.c.id.not_in(has_code))
    return any_of(parts)


def _utility(term: Term, asking: Asking) -> Condition:
    del asking
    theirs = ACCOUNTS.c.customer_id == CUSTOMERS.c.id
    parts: list[Condition] = []
    if given(term):
        parts.append(exists().where(theirs, ACCOUNTS.c.utility.in_(given(term))))
    if term.asks_for_absence:
        parts.append(~exists().where(theirs))
    return any_of(parts)


def _flag(condition_of: Callable[[Asking], Condition]) -> Reader:
    def condition(term: Term, asking: Asking) -> Condition:
        holds = condition_of(asking)
        return any_of([holds if text == "yes" else not_(holds) for text in term.texts])

    return condition


def _overdue(asking: Asking) -> Condition:
    del asking
    return CUSTOMERS.c.id.in_(select(STANDINGS.c.customer_id).where(STANDINGS.c.is_overdue))


def _manager(term: Term, asking: Asking) -> Condition:
    parts: list[Condition] = []
    wanted: list[Condition] = []
    for text in given(term):
        if text == ME:
            wanted.append(STAFF.c.login == asking.viewer)
        else:
            wanted.extend((same(STAFF.c.login, text), same(STAFF.c.name, text)))
    if wanted:
        parts.append(managed_by(select(STAFF.c.id).where(any_of(wanted)), asking.today))
    if term.asks_for_absence:
        parts.append(not_(managed_by(None, asking.today)))
    return any_of(parts)


def _time(name: str, column: ColumnElement[Any]) -> Reader:
    def condition(term: Term, asking: Asking) -> Condition:
        parts = [within(column, span) for span in spans(term, CUSTOMER_FIELDS[name], asking.now, asking.tz)]
        if term.asks_for_absence:
            parts.append(column.is_(None))
        # Without a time nothing can be said of it: turned round, the term must find those customers too.
        return func.coalesce(any_of(parts), False)

    return condition


def _number(column: ColumnElement[Any]) -> Reader:
    def condition(term: Term, asking: Asking) -> Condition:
        del asking
        return compared(func.coalesce(column, 0), term)

    return condition


def _words(term: Term, asking: Asking) -> Condition:
    """Any of the values stands in the name; a number typed as a word finds its customer."""
    parts: list[Condition] = []
    for value in term.values:
        words = [value.text] if value.is_phrase else value.text.split()
        found = customer_search.names_holding(asking.dialect, words)
        if found is None:
            parts.append(CUSTOMERS.c.name.contains(value.text, autoescape=True))
        else:
            parts.append(CUSTOMERS.c.id.in_(found))
        parts.append(CUSTOMERS.c.number == value.text)
    return any_of(parts)


_LAST_CONTACT = (
    select(func.max(CONTACTS.c.at))
    .where(CONTACTS.c.customer_id == CUSTOMERS.c.id)
    .correlate(CUSTOMERS)
    .scalar_subquery()
)
_ACCOUNT_COUNT = (
    select(func.count()).where(ACCOUNTS.c.customer_id == CUSTOMERS.c.id).correlate(CUSTOMERS).scalar_subquery()
)
_OPEN_CASES = (
    select(func.count())
    .where(CASES.c.customer_id == CUSTOMERS.c.id, CASES.c.phase != CasePhase.CLOSED.value)
    .correlate(CUSTOMERS)
    .scalar_subquery()
)


def _of_standing(column: str) -> ColumnElement[Any]:
    return (
        select(STANDINGS.c[column])
        .where(STANDINGS.c.customer_id == CUSTOMERS.c.id)
        .correlate(CUSTOMERS)
        .scalar_subquery()
    )


_FIELDS: Mapping[str, Reader] = {
    "number": _text("number"),
    "text": _words,
    "kind": _code("kind"),
    "relationship": _code("relationship"),
    "supply": _code("supply_category"),
    "size": _code("size"),
    "credit": _code("credit_grade"),
    "region": _text("region"),
    "utility": _utility,
    "stage": _standing("stage"),
    "value": _standing("tier"),
    "rfm": _rfm,
    "segment": lambda term, asking: in_segments(CUSTOMERS.c.id, term),
    "manager": _manager,
    "vulnerable": _flag(lambda asking: CUSTOMERS.c.is_vulnerable),
    "key": _flag(is_key),
    "complete": _flag(lambda asking: is_complete(asking.rules)),
    "true": _flag(lambda asking: and_(is_complete(asking.rules), is_verified(asking))),
    "overdue": _flag(_overdue),
    "verified": _time("verified", CUSTOMERS.c.verified_at),
    "contacted": _time("contacted", _LAST_CONTACT),
    "created": _time("created", CUSTOMERS.c.created_at),
    "accounts": _number(_ACCOUNT_COUNT),
    "cases": _number(_OPEN_CASES),
    "complaints": _number(_of_standing("complaints")),
    "phone": _flag(lambda asking: CUSTOMERS.c.phone_masked != ""),
    "email": _flag(lambda asking: CUSTOMERS.c.email_masked != ""),
}

_SORTS: Mapping[str, ColumnElement[Any]] = {
    "number": CUSTOMERS.c.number,
    "kind": CUSTOMERS.c.kind,
    "relationship": CUSTOMERS.c.relationship,
    "credit": CUSTOMERS.c.credit_grade,
    "region": CUSTOMERS.c.region,
    "verified": CUSTOMERS.c.verified_at,
    "created": CUSTOMERS.c.created_at,
    "value": func.coalesce(_of_standing("revenue_minor") - _of_standing("contact_cost_minor"), 0),
}
