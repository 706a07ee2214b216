"""The dossier of a customer (requirement A1): who this is, what there is, what was paid and said, what to be careful about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select

from console import clock
from console.codes import BillState, CaseKind, CasePhase
from console.errors import NotFoundError
from console.models import Answer, Case, Contact, Indicator, ManagerPost, Response, Survey
from console.models.base import table_of
from console.services import customers
from console.services.care_views import PostRow
from console.services.cared_for import campaigns_of, merged_into, points_of, posts_of, segments_of, standing_of
from console.services.contacts import contacts_of
from console.services.customer_records import ACCOUNTS, CUSTOMERS, SENSITIVE
from console.services.customer_views import CustomerDetail
from console.services.dossier_views import (
    BillRow,
    ContractRow,
    Dossier,
    Flag,
    Line,
    MeterRow,
    MonthRow,
    PaymentRow,
    Totals,
    Year,
)
from console.services.points import balance_of
from console.services.supply_records import BILLS, CONSUMPTION, CONTRACTS, METERS, PAYMENTS
from console.storage.engine import Store

CASES: Table = table_of(Case)
CONTACTS: Table = table_of(Contact)
RESPONSES: Table = table_of(Response)
ANSWERS: Table = table_of(Answer)
INDICATORS: Table = table_of(Indicator)
SURVEYS: Table = table_of(Survey)
POSTS: Table = table_of(ManagerPost)

LARGE = "large"
LISTED = 500
MONTHS = 12
"""Months that are drawn, and that the portrait speaks of."""

REPEATED = 3
"""Complaints within twelve months from which on somebody is called a repeat complainant; one that repeats another also counts."""


def dossier(store: Store, customer_id: int, now: datetime | None = None, zone: str = "") -> Dossier:
    """Return the dossier of a customer, at most 500 rows of each sort, the newest first. ``zone`` is the one days begin in.

    Nothing sealed is opened. Raises NotFoundError for an id that nobody has.
    """
    at = now or clock.now()
    place: tzinfo = ZoneInfo(zone) if zone else UTC
    detail = customers.detail(store, customer_id)
    with store.reading() as connection:
        return _Gathering(connection, customer_id, at, at.astimezone(place).date(), place).run(detail)


def dossier_of_number(store: Store, number: str, now: datetime | None = None, zone: str = "") -> Dossier:
    """Return the dossier of the customer with a number, as ``dossier`` does. Raises NotFoundError."""
    with store.reading() as connection:
        found = connection.execute(select(CUSTOMERS.c.id).where(CUSTOMERS.c.number == number)).scalar()
    if found is None:
        raise NotFoundError(f"No customer has the number {number}.", "Search: ombud customer find TEXT")
    return dossier(store, found, now, zone)


class _Gathering:
    """The questions behind one dossier."""

    def __init__(self, connection: Connection, customer_id: int, now: datetime, today: date, zone: tzinfo) -> None:
        self._connection = connection
        self._id = customer_id
        self._now = now
        self._today = today
        self._zone = zone
        rows = connection.execute(
            select(ACCOUNTS.c.id, ACCOUNTS.c.number, ACCOUNTS.c.meter_number, ACCOUNTS.c.opened_on).where(
                ACCOUNTS.c.customer_id == customer_id
            )
        ).all()
        self._accounts: dict[int, str] = {row.id: row.number for row in rows}
        self._named = [(row.meter_number, row.number) for row in rows if row.meter_number]
        self._opened = [row.opened_on for row in rows if row.opened_on is not None]
        self._drawn = _months_back(today, MONTHS)

    def run(self, detail: CustomerDetail) -> Dossier:
        bills = self._bills()
        payments = self._payments()
        meters = self._meters()
        contracts = self._contracts()
        year = self._year()
        facts = (
            self._connection.execute(
                select(*(CUSTOMERS.c[f"{name}_masked"] for name in SENSITIVE), CUSTOMERS.c.has_life_support).where(
                    CUSTOMERS.c.id == self._id
                )
            )
            .mappings()
            .one()
        )
        overdue = sum(bill.is_overdue for bill in bills)
        managers = posts_of(self._connection, self._id, detail.row.region)
        campaigns = campaigns_of(self._connection, self._id)
        merged = merged_into(self._connection, self._id)
        totals = replace(
            self._totals(detail, len(meters), overdue),
            managers=len(managers),
            campaigns=len(campaigns),
            points=balance_of(self._connection, self._id),
            merged=len(merged),
        )
        since = min(self._opened, default=None)
        return Dossier(
            detail=detail,
            flags=self._flags(detail, year, has_life_support=bool(facts["has_life_support"]), overdue=overdue),
            totals=totals,
            year=year,
            since=since,
            masked=tuple((name, facts[f"{name}_masked"]) for name in SENSITIVE if facts[f"{name}_masked"]),
            meters=meters,
            contracts=contracts,
            months=self._used(),
            bills=bills,
            payments=payments,
            contacts=tuple(contacts_of(self._connection, self._id, LISTED)),
            consumption=self._use_by_month(),
            paid=self._paid_by_month(),
            standing=standing_of(self._connection, self._id),
            segments=segments_of(self._connection, self._id),
            manager=next((post.name for post in managers if _is_held(post, self._today)), ""),
            managers=managers,
            campaigns=campaigns,
            points=points_of(self._connection, self._id, LISTED),
            merged=merged,
        )

    def _of_accounts(self, table: Table) -> ColumnElement[bool]:
        return table.c.account_id.in_(list(self._accounts))

    def _count(self, table: Table, *conditions: ColumnElement[bool]) -> int:
        return int(self._connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())

    def _meters(self) -> tuple[MeterRow, ...]:
        question = (
            select(METERS.c.number, METERS.c.account_id, METERS.c.kind, METERS.c.installed_on, METERS.c.removed_on)
            .where(self._of_accounts(METERS))
            .limit(LISTED)
        )
        rows = [
            MeterRow(number, self._accounts[account], kind, since, until)
            for number, account, kind, since, until in self._connection.execute(question)
        ]
        known = {(row.number, row.account) for row in rows}
        rows += [MeterRow(*pair, "", None, None) for pair in self._named if pair not in known]
        rows.sort(key=lambda row: (row.removed_on is None, row.installed_on or date.min, row.number), reverse=True)
        return tuple(rows)

    def _contracts(self) -> tuple[ContractRow, ...]:
        c = CONTRACTS.c
        question = (
            select(c.number, c.account_id, c.state, c.performance, c.terms, c.starts_on, c.ends_on)
            .where(or_(c.customer_id == self._id, self._of_accounts(CONTRACTS)))
            .order_by(c.starts_on.desc().nulls_last(), c.id.desc())
            .limit(LISTED)
        )
        return tuple(
            ContractRow(number, self._accounts.get(account, ""), state, performance or "", terms, since, until)
            for number, account, state, performance, terms, since, until in self._connection.execute(question)
        )

    def _used(self) -> tuple[MonthRow, ...]:
        c = CONSUMPTION.c
        question = (
            select(c.month, c.account_id, c.meter, c.quantity_milli, c.unit, c.reading_milli)
            .where(self._of_accounts(CONSUMPTION))
            .order_by(c.month.desc(), c.account_id, c.meter)
            .limit(LISTED)
        )
        return tuple(
            MonthRow(row.month, self._accounts[row.account_id], *row[2:]) for row in self._connection.execute(question)
        )

    def _bills(self) -> tuple[BillRow, ...]:
        c = BILLS.c
        question = (
            select(
                c.id, c.number, c.account_id, c.state, c.amount_minor, c.currency, c.starts_on, c.ends_on, c.issued_on,
                c.due_on,
            )
            .where(self._of_accounts(BILLS))
            .order_by(func.coalesce(c.issued_on, c.ends_on, c.due_on).desc().nulls_last(), c.id.desc())
            .limit(LISTED)
        )  # fmt: skip
        rows = self._connection.execute(question).all()
        sums = (
            select(PAYMENTS.c.bill_id, func.sum(PAYMENTS.c.amount_minor))
            .where(PAYMENTS.c.bill_id.in_([row.id for row in rows]))
            .group_by(PAYMENTS.c.bill_id)
        )
        paid = {bill: int(total) for bill, total in self._connection.execute(sums)}
        found = []
        for row in rows:
            had = paid.get(row.id, 0)
            is_overdue = (
                row.state == BillState.OPEN
                and row.due_on is not None
                and row.due_on < self._today
                and had < row.amount_minor
            )
            found.append(
                BillRow(
                    row.number, self._accounts[row.account_id], row.state, row.amount_minor, had, row.currency,
                    row.starts_on, row.ends_on, row.issued_on, row.due_on, is_overdue,
                )
            )  # fmt: skip
        return tuple(found)

    def _payments(self) -> tuple[PaymentRow, ...]:
        c = PAYMENTS.c
        question = (
            select(
                c.number,
                c.account_id,
                func.coalesce(BILLS.c.number, ""),
                c.paid_at,
                c.amount_minor,
                c.currency,
                c.method,
            )
            .join_from(PAYMENTS, BILLS, BILLS.c.id == c.bill_id, isouter=True)
            .where(self._of_accounts(PAYMENTS))
            .order_by(c.paid_at.desc(), c.id.desc())
            .limit(LISTED)
        )
        return tuple(PaymentRow(row[0], self._accounts[row[1]], *row[2:]) for row in self._connection.execute(question))

    def _use_by_month(self) -> tuple[Line, ...]:
        c = CONSUMPTION.c
        question = (
            select(c.unit, c.month, func.sum(c.quantity_milli))
            .where(self._of_accounts(CONSUMPTION), c.month >= self._drawn[0])
            .group_by(c.unit, c.month)
        )
        return self._lines((unit, month, int(total)) for unit, month, total in self._connection.execute(question))

    def _paid_by_month(self) -> tuple[Line, ...]:
        begin = datetime.fromisoformat(f"{self._drawn[0]}-01").replace(tzinfo=self._zone)
        question = select(PAYMENTS.c.currency, PAYMENTS.c.paid_at, PAYMENTS.c.amount_minor).where(
            self._of_accounts(PAYMENTS), PAYMENTS.c.paid_at >= begin
        )
        return self._lines(
            (currency, at.astimezone(self._zone).strftime("%Y-%m"), int(amount))
            for currency, at, amount in self._connection.execute(question)
        )

    def _lines(self, sums: Iterable[tuple[str, str, int]]) -> tuple[Line, ...]:
        by_unit: dict[str, Counter[str]] = {}
        for unit, month, total in sums:
            by_unit.setdefault(unit, Counter())[month] += total
        return tuple(
            Line(unit, tuple((month, found[month]) for month in self._drawn)) for unit, found in sorted(by_unit.items())
        )

    def _year(self) -> Year:
        begin = date.fromisoformat(f"{self._drawn[0]}-01")
        began_at = datetime(begin.year, begin.month, 1, tzinfo=self._zone)
        billed = (
            select(BILLS.c.currency, func.sum(BILLS.c.amount_minor))
            .where(
                self._of_accounts(BILLS),
                BILLS.c.state != BillState.CANCELLED.value,
                func.coalesce(BILLS.c.issued_on, BILLS.c.ends_on, BILLS.c.due_on) >= begin,
            )
            .group_by(BILLS.c.currency)
        )
        paid = (
            select(PAYMENTS.c.currency, func.sum(PAYMENTS.c.amount_minor))
            .where(self._of_accounts(PAYMENTS), PAYMENTS.c.paid_at >= began_at)
            .group_by(PAYMENTS.c.currency)
        )
        cases = select(CASES.c.kind, func.count()).where(
            CASES.c.customer_id == self._id, CASES.c.received_at >= began_at
        )
        kinds = {kind: int(count) for kind, count in self._connection.execute(cases.group_by(CASES.c.kind))}
        satisfaction, answers = self._satisfaction(began_at)
        return Year(
            tuple((currency, int(total)) for currency, total in self._connection.execute(billed)),
            tuple((currency, int(total)) for currency, total in self._connection.execute(paid)),
            sum(kinds.values()),
            kinds.get(CaseKind.COMPLAINT.value, 0),
            satisfaction,
            answers,
        )

    def _satisfaction(self, since: datetime) -> tuple[float | None, int]:
        low = func.coalesce(INDICATORS.c.scale_low, SURVEYS.c.scale_low)
        high = func.coalesce(INDICATORS.c.scale_high, SURVEYS.c.scale_high)
        share = (ANSWERS.c.score - low) * 1.0 / (high - low)
        question = (
            select(func.avg(share), func.count())
            .join_from(ANSWERS, RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
            .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
            .join(SURVEYS, SURVEYS.c.id == RESPONSES.c.survey_id)
            .where(
                RESPONSES.c.customer_id == self._id,
                RESPONSES.c.answered_at >= since,
                ANSWERS.c.score.is_not(None),
                high > low,
            )
        )
        mean, count = self._connection.execute(question).one()
        return (None if mean is None else float(mean)), int(count)

    def _flags(self, detail: CustomerDetail, year: Year, *, has_life_support: bool, overdue: int) -> tuple[Flag, ...]:
        managed = self._count(
            POSTS,
            POSTS.c.customer_id == self._id,
            POSTS.c.from_on <= self._today,
            or_(POSTS.c.to_on.is_(None), POSTS.c.to_on >= self._today),
        )
        began_at = datetime.fromisoformat(f"{self._drawn[0]}-01").replace(tzinfo=self._zone)
        repeats = self._count(
            CASES, CASES.c.customer_id == self._id, CASES.c.received_at >= began_at, CASES.c.times_repeated > 0
        )
        raised: dict[Flag, bool] = {
            "vulnerable": detail.is_vulnerable,
            "life_support": has_life_support,
            "key_customer": managed > 0 or detail.size == LARGE,
            "repeat_complainant": repeats > 0 or year.complaints >= REPEATED,
            "overdue": overdue > 0,
        }
        return tuple(flag for flag, is_raised in raised.items() if is_raised)

    def _totals(self, detail: CustomerDetail, meters: int, overdue: int) -> Totals:
        own_cases = CASES.c.customer_id == self._id
        answers = (
            select(func.count())
            .select_from(ANSWERS.join(RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id))
            .where(RESPONSES.c.customer_id == self._id, ANSWERS.c.score.is_not(None))
        )
        return Totals(
            accounts=len(detail.accounts),
            meters=meters,
            contracts=self._count(CONTRACTS, or_(CONTRACTS.c.customer_id == self._id, self._of_accounts(CONTRACTS))),
            months=self._count(CONSUMPTION, self._of_accounts(CONSUMPTION)),
            bills=self._count(BILLS, self._of_accounts(BILLS)),
            overdue=overdue,
            payments=self._count(PAYMENTS, self._of_accounts(PAYMENTS)),
            cases=self._count(CASES, own_cases),
            open_cases=self._count(CASES, own_cases, CASES.c.phase != CasePhase.CLOSED.value),
            contacts=self._count(CONTACTS, CONTACTS.c.customer_id == self._id),
            answers=int(self._connection.execute(answers).scalar_one()),
        )


def _is_held(post: PostRow, today: date) -> bool:
    return post.from_on <= today and (post.to_on is None or post.to_on >= today)


def _months_back(today: date, count: int) -> Sequence[str]:
    """The last months up to this one, the oldest first."""
    last = today.year * 12 + today.month - 1
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(last - count + 1, last + 1)]


def record_of(found: Dossier) -> dict[str, Any]:
    """Return a dossier as one record for JSON, internal ids left out, days as ISO 8601."""
    from dataclasses import asdict

    record = asdict(found)
    detail = record.pop("detail")
    row = detail.pop("row")
    for one in (row, *detail["cases"], *record["contacts"], *record["managers"], *record["merged"]):
        one.pop("id", None)
    record["masked"] = dict(found.masked)
    for name in ("consumption", "paid"):
        for line, given in zip(record[name], getattr(found, name), strict=True):
            line["months"] = dict(given.months)
    for name in ("billed", "paid"):
        record["year"][name] = dict(getattr(found.year, name))
    plain: dict[str, Any] = _dated({**row, **detail, **record})
    return plain


def _dated(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _dated(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [_dated(held) for held in value]
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value
