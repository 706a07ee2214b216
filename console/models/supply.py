"""What an account has, uses, is billed and pays: meters, contracts, monthly consumption, bills, payments.

All of it is personal data that goes when a customer is erased. Money is whole minor units with a currency, quantities are whole
thousandths of their unit.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from console.codes import BillState, ContractState, Performance
from console.models.base import UtcTime, not_blank, one_of, positive_version
from console.models.customer import NUMBER


class Meter(SQLModel, table=True):
    """A meter at an account from one day to another; one that moved on stands at each account it was at."""

    __tablename__ = "meters"
    __table_args__ = (not_blank("number"), UniqueConstraint("account_id", "number"), positive_version())

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="service_accounts.id")
    number: str = Field(sa_type=NUMBER, index=True)
    kind: str = Field(default="", max_length=40)
    installed_on: date | None = None
    removed_on: date | None = None
    version: int = 1


class Contract(SQLModel, table=True):
    """What was agreed with a customer, for one account or for all, and how it is kept."""

    __tablename__ = "contracts"
    __table_args__ = (
        not_blank("number"),
        one_of("state", ContractState),
        one_of("performance", Performance, optional=True),
        positive_version(),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(sa_type=NUMBER, unique=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    account_id: int | None = Field(default=None, foreign_key="service_accounts.id", index=True)
    state: str = Field(default=ContractState.ACTIVE.value, max_length=20)
    performance: str | None = Field(default=None, max_length=20)
    terms: str = Field(default="", sa_type=Text)
    starts_on: date | None = None
    ends_on: date | None = None
    version: int = 1


class Consumption(SQLModel, table=True):
    """What an account used in a month (``YYYY-MM``) by one meter, or in all without ``meter``; and the reading at its end."""

    __tablename__ = "consumption"
    __table_args__ = (
        UniqueConstraint("account_id", "month", "meter"),
        CheckConstraint("quantity_milli >= 0", name="quantity_positive"),
        CheckConstraint("length(month) = 7", name="month_whole"),
        positive_version(),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="service_accounts.id")
    month: str = Field(max_length=7)
    meter: str = Field(default="", sa_type=NUMBER)
    quantity_milli: int = Field(sa_type=BigInteger)
    unit: str = Field(default="", max_length=10)
    reading_milli: int | None = Field(default=None, sa_type=BigInteger)
    version: int = 1


class Bill(SQLModel, table=True):
    """What an account was asked to pay for a stretch of time; *overdue* is computed, never stored."""

    __tablename__ = "bills"
    __table_args__ = (
        not_blank("number"),
        one_of("state", BillState),
        CheckConstraint("amount_minor >= 0", name="amount_positive"),
        positive_version(),
        Index("ix_bills_account_issued", "account_id", "issued_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(sa_type=NUMBER, unique=True)
    account_id: int = Field(foreign_key="service_accounts.id")
    state: str = Field(default=BillState.OPEN.value, max_length=20)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    starts_on: date | None = None
    ends_on: date | None = None
    issued_on: date | None = None
    due_on: date | None = None
    version: int = 1


class Payment(SQLModel, table=True):
    """Money that came in for an account, on a bill where that is known; below zero it was given back."""

    __tablename__ = "payments"
    __table_args__ = (
        not_blank("number"),
        positive_version(),
        Index("ix_payments_account_paid", "account_id", "paid_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(sa_type=NUMBER, unique=True)
    account_id: int = Field(foreign_key="service_accounts.id")
    bill_id: int | None = Field(default=None, foreign_key="bills.id", index=True)
    paid_at: datetime = Field(sa_type=UtcTime)
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    method: str = Field(default="", max_length=40)
    version: int = 1
