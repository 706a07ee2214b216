"""What decides how customers stand: sums over their accounts, bills, payments, use, complaints, contacts and answers.

Every question is one statement over a stretch of customers (ids from *low* to *high*, both included), one row a customer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, cast, func, or_, select
from sqlalchemy.types import Float, Integer, String

from console.codes import AccountState, BillState, CaseKind, IndicatorKind
from console.models import (
    Answer,
    Bill,
    Case,
    Category,
    Consumption,
    Contact,
    Indicator,
    Payment,
    Response,
    ServiceAccount,
    Survey,
)
from console.models.base import table_of
from console.services.customer_filtering import CUSTOMERS, MONTH_DAYS, Asking, present
from console.storage.days import day_of, days_between

ACCOUNTS: Table = table_of(ServiceAccount)
BILLS: Table = table_of(Bill)
PAYMENTS: Table = table_of(Payment)
USE: Table = table_of(Consumption)
CASES: Table = table_of(Case)
CATEGORIES: Table = table_of(Category)
CONTACTS: Table = table_of(Contact)
ANSWERS: Table = table_of(Answer)
RESPONSES: Table = table_of(Response)
INDICATORS: Table = table_of(Indicator)
SURVEYS: Table = table_of(Survey)

DISPUTED = ("billing", "price")
"""The categories, at the top, of complaints that dispute what is to be paid."""

YEAR = 365
LONG_AGO = 3650
"""Days since the last contact or payment of who never had one."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some customers, and as of when: ids from ``low`` to ``high``, the day it is, and the currency that is added up."""

    low: int
    high: int
    asking: Asking
    currency: str

    @property
    def today(self) -> date:
        """The day it is."""
        return self.asking.today

    @property
    def year_ago(self) -> date:
        """The same day a year before, 28 February for the 29th."""
        try:
            return self.today.replace(year=self.today.year - 1)
        except ValueError:
            return self.today.replace(year=self.today.year - 1, day=28)

    @property
    def moment_a_year_ago(self) -> datetime:
        """The present moment, 365 days before."""
        return self.asking.now - timedelta(days=YEAR)

    @property
    def offset_seconds(self) -> int:
        """How far the zone is ahead of UTC."""
        return int((self.asking.now.astimezone(self.asking.tz).utcoffset() or timedelta()).total_seconds())

    def of(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that a column names one of these customers."""
        return column.between(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Signs:
    """All that is known of one customer; money in minor units, days, shares of 1, None where it is not known."""

    id: int
    relationship: str = ""
    size: str = ""
    credit_grade: str = ""
    accounts: int = 0
    open_accounts: int = 0
    services: int = 0
    months_supplied: float | None = None
    has_bills: bool = False
    billed: int = 0
    revenue: int = 0
    on_time: int = 0
    is_overdue: bool = False
    overdue_days: int = 0
    returned: int = 0
    last_touch_at: datetime | None = None
    contact_cost: int = 0
    complaints_lately: int = 0
    complaints: int = 0
    disputes: int = 0
    satisfaction: float | None = None
    usage_change: float | None = None


@dataclass(slots=True)
class _Found:
    """Signs as they come in, by customer."""

    signs: dict[int, Signs] = field(default_factory=dict)

    def add(self, customer_id: int, **facts: Any) -> None:
        """Take facts over where the customer is one of those asked for."""
        if customer_id in self.signs:
            self.signs[customer_id] = replace(self.signs[customer_id], **facts)


def most_used_currency(connection: Connection) -> str:
    """Return the currency of most bills, empty without bills: others are not added to it."""
    question = select(BILLS.c.currency).group_by(BILLS.c.currency).order_by(func.count().desc(), BILLS.c.currency)
    return str(connection.execute(question.limit(1)).scalar() or "")


def signs_of(connection: Connection, span: Span) -> list[Signs]:
    """Return what is known of some customers, in the order of their ids; who was erased or merged is left out."""
    found = _Found()
    names = ("id", "relationship", "size", "credit_grade")
    question = select(*(CUSTOMERS.c[name] for name in names)).where(span.of(CUSTOMERS.c.id), present())
    for row in connection.execute(question.order_by(CUSTOMERS.c.id)):
        found.signs[row.id] = Signs(row.id, row.relationship, row.size, row.credit_grade)
    if found.signs:
        _add_accounts(connection, span, found)
        _add_bills(connection, span, found)
        _add_touches(connection, span, found)
        _add_complaints(connection, span, found)
        _add_answers(connection, span, found)
        _add_use(connection, span, found)
    return list(found.signs.values())


def _add_accounts(connection: Connection, span: Span, found: _Found) -> None:
    is_open = ACCOUNTS.c.state != AccountState.CLOSED.value
    question = (
        select(
            ACCOUNTS.c.customer_id,
            func.count().label("number"),
            func.sum(case((is_open, 1), else_=0)).label("open"),
            func.count(case((is_open, ACCOUNTS.c.utility)).distinct()).label("services"),
            func.min(case((is_open, ACCOUNTS.c.opened_on))).label("since"),
        )
        .where(span.of(ACCOUNTS.c.customer_id))
        .group_by(ACCOUNTS.c.customer_id)
    )
    new = span.asking.rules.stages.new_months
    for row in connection.execute(question):
        # Supplied since nobody knows when is not new.
        months = (span.today - row.since).days / MONTH_DAYS if row.since else float(new)
        found.add(
            row.customer_id,
            accounts=row.number,
            open_accounts=row.open,
            services=row.services,
            months_supplied=months if months >= 0 else None,
        )


def _paid(span: Span) -> Any:
    """What came in on each bill of these customers."""
    return (
        select(
            PAYMENTS.c.bill_id,
            func.sum(PAYMENTS.c.amount_minor).label("paid"),
            func.max(case((PAYMENTS.c.amount_minor > 0, PAYMENTS.c.paid_at))).label("last_at"),
        )
        .join_from(PAYMENTS, ACCOUNTS, ACCOUNTS.c.id == PAYMENTS.c.account_id)
        .where(span.of(ACCOUNTS.c.customer_id), PAYMENTS.c.bill_id.is_not(None), PAYMENTS.c.paid_at <= span.asking.now)
        .group_by(PAYMENTS.c.bill_id)
        .subquery("paid")
    )


def _add_bills(connection: Connection, span: Span, found: _Found) -> None:
    dialect, today = span.asking.dialect, span.today
    paid = _paid(span)
    is_paid = or_(BILLS.c.state == BillState.PAID.value, func.coalesce(paid.c.paid, 0) >= BILLS.c.amount_minor)
    billed_on = func.coalesce(BILLS.c.issued_on, BILLS.c.ends_on, BILLS.c.due_on, BILLS.c.starts_on)
    # A bill without any date is one of the present year: better than to lose the money.
    is_of_year = or_(billed_on.is_(None), and_(billed_on > span.year_ago, billed_on <= today))
    was_due = and_(BILLS.c.due_on >= span.year_ago, BILLS.c.due_on < today)
    paid_on = day_of(dialect, paid.c.last_at, span.offset_seconds)
    late = case(
        (is_paid, days_between(dialect, paid_on, BILLS.c.due_on)),
        else_=days_between(dialect, today, BILLS.c.due_on),
    )
    is_owing = and_(~is_paid, BILLS.c.due_on < today)
    question = (
        select(
            ACCOUNTS.c.customer_id,
            func.count().label("number"),
            func.sum(case((is_of_year, 1), else_=0)).label("billed"),
            func.sum(case((is_of_year, BILLS.c.amount_minor), else_=0)).label("revenue"),
            func.sum(case((and_(was_due, is_paid, paid_on <= BILLS.c.due_on), 1), else_=0)).label("on_time"),
            func.max(case((is_owing, 1), else_=0)).label("is_overdue"),
            func.max(case((or_(was_due, is_owing), late), else_=0)).label("overdue_days"),
        )
        .join_from(BILLS, ACCOUNTS, ACCOUNTS.c.id == BILLS.c.account_id)
        .join(paid, paid.c.bill_id == BILLS.c.id, isouter=True)
        .where(
            span.of(ACCOUNTS.c.customer_id),
            BILLS.c.state != BillState.CANCELLED.value,
            BILLS.c.currency == span.currency,
        )
        .group_by(ACCOUNTS.c.customer_id)
    )
    for row in connection.execute(question):
        found.add(
            row.customer_id,
            has_bills=True,
            billed=int(row.billed),
            revenue=int(row.revenue),
            on_time=int(row.on_time),
            is_overdue=bool(row.is_overdue),
            overdue_days=max(0, int(row.overdue_days or 0)),
        )


def _add_touches(connection: Connection, span: Span, found: _Found) -> None:
    """The last payment and contact, payments given back on a bill, and what contacts cost."""
    payments = (
        select(
            ACCOUNTS.c.customer_id,
            func.max(case((PAYMENTS.c.amount_minor > 0, PAYMENTS.c.paid_at))).label("last_at"),
            func.sum(
                case(
                    (
                        and_(
                            PAYMENTS.c.amount_minor < 0,
                            PAYMENTS.c.bill_id.is_not(None),
                            PAYMENTS.c.paid_at > span.moment_a_year_ago,
                        ),
                        1,
                    ),
                    else_=0,
                )
            ).label("returned"),
        )
        .join_from(PAYMENTS, ACCOUNTS, ACCOUNTS.c.id == PAYMENTS.c.account_id)
        .where(span.of(ACCOUNTS.c.customer_id), PAYMENTS.c.paid_at <= span.asking.now)
        .group_by(ACCOUNTS.c.customer_id)
    )
    for row in connection.execute(payments):
        found.add(row.customer_id, last_touch_at=row.last_at, returned=int(row.returned))
    counts = and_(CONTACTS.c.currency == span.currency, CONTACTS.c.at > span.moment_a_year_ago)
    contacts = (
        select(
            CONTACTS.c.customer_id,
            func.max(CONTACTS.c.at).label("last_at"),
            func.sum(case((counts, CONTACTS.c.cost_minor), else_=0)).label("cost"),
        )
        .where(span.of(CONTACTS.c.customer_id), CONTACTS.c.at <= span.asking.now)
        .group_by(CONTACTS.c.customer_id)
    )
    for row in connection.execute(contacts):
        known = found.signs.get(row.customer_id)
        earlier = known.last_touch_at if known else None
        last = max(filter(None, (earlier, row.last_at)))
        found.add(row.customer_id, last_touch_at=last, contact_cost=int(row.cost))


def _add_complaints(connection: Connection, span: Span, found: _Found) -> None:
    lately = span.asking.now - timedelta(days=span.asking.rules.stages.complaint_days)
    since = min(lately, span.moment_a_year_ago)
    is_of_year = CASES.c.received_at > span.moment_a_year_ago
    disputes = or_(*(or_(CATEGORIES.c.code == name, CATEGORIES.c.code.startswith(f"{name} / ")) for name in DISPUTED))
    question = (
        select(
            CASES.c.customer_id,
            func.sum(case((CASES.c.received_at > lately, 1), else_=0)).label("lately"),
            func.sum(case((is_of_year, 1), else_=0)).label("year"),
            func.sum(case((and_(is_of_year, disputes), 1), else_=0)).label("disputes"),
        )
        .join_from(CASES, CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
        .where(
            span.of(CASES.c.customer_id),
            CASES.c.kind == CaseKind.COMPLAINT.value,
            CASES.c.merged_into_id.is_(None),
            CASES.c.received_at > since,
            CASES.c.received_at <= span.asking.now,
        )
        .group_by(CASES.c.customer_id)
    )
    for row in connection.execute(question):
        found.add(
            row.customer_id, complaints_lately=int(row.lately), complaints=int(row.year), disputes=int(row.disputes)
        )


def _add_answers(connection: Connection, span: Span, found: _Found) -> None:
    low = func.coalesce(INDICATORS.c.scale_low, SURVEYS.c.scale_low)
    high = func.coalesce(INDICATORS.c.scale_high, SURVEYS.c.scale_high)
    above = case((INDICATORS.c.is_reversed, high - ANSWERS.c.score), else_=ANSWERS.c.score - low)
    question: Select[Any] = (
        select(RESPONSES.c.customer_id, func.avg(100.0 * cast(above, Float) / (high - low)).label("satisfaction"))
        .join_from(ANSWERS, RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
        .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == RESPONSES.c.survey_id)
        .where(
            span.of(RESPONSES.c.customer_id),
            ANSWERS.c.score.is_not(None),
            RESPONSES.c.excluded == "",
            INDICATORS.c.kind == IndicatorKind.SCORE.value,
            RESPONSES.c.answered_at > span.moment_a_year_ago,
            RESPONSES.c.answered_at <= span.asking.now,
            high > low,
        )
        .group_by(RESPONSES.c.customer_id)
    )
    for row in connection.execute(question):
        found.add(row.customer_id, satisfaction=float(row.satisfaction))


def _add_use(connection: Connection, span: Span, found: _Found) -> None:
    """The change of use: the last twelve whole months against the same months the year before, where both are known."""
    now, before = USE.alias("this_year"), USE.alias("year_before")
    first = f"{span.year_ago.year:04d}-{span.year_ago.month:02d}"
    last = f"{span.today.year:04d}-{span.today.month:02d}"
    year = cast(cast(func.substr(now.c.month, 1, 4), Integer) - 1, String)
    question = (
        select(
            ACCOUNTS.c.customer_id,
            func.sum(now.c.quantity_milli).label("now"),
            func.sum(before.c.quantity_milli).label("before"),
        )
        .join_from(now, ACCOUNTS, ACCOUNTS.c.id == now.c.account_id)
        .join(
            before,
            and_(
                before.c.account_id == now.c.account_id,
                before.c.meter == now.c.meter,
                before.c.month == year.concat(func.substr(now.c.month, 5)),
                before.c.unit == now.c.unit,
            ),
        )
        .where(span.of(ACCOUNTS.c.customer_id), now.c.month >= first, now.c.month < last)
        .group_by(ACCOUNTS.c.customer_id)
    )
    for row in connection.execute(question):
        if row.before:
            found.add(row.customer_id, usage_change=float(row.now) / float(row.before) - 1)


def stretches(connection: Connection, size: int, after: int = 0) -> Iterator[tuple[int, int]]:
    """Give stretches of customer ids, each with about so many customers, behind an id."""
    newest = int(connection.execute(select(func.coalesce(func.max(CUSTOMERS.c.id), 0))).scalar_one())
    for low in range(after + 1, newest + 1, size):
        yield low, min(low + size - 1, newest)


def days_since(signs: Signs, now: datetime) -> float:
    """Return the days since the last contact or payment."""
    if signs.last_touch_at is None:
        return float(LONG_AGO)
    return max(0.0, (now - signs.last_touch_at.astimezone(UTC)).total_seconds() / 86_400)
