"""Those who are served: customers and their service accounts. Numbers are texts, leading zeros and all.

What is sensitive stands here masked only (``phone_masked`` and so on); the values are sealed in ``models.sealed``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import String, false
from sqlmodel import Field, SQLModel

from console.codes import AccountState, CustomerKind, Relationship, SupplyCategory, Utility
from console.models.base import UtcTime, not_blank, one_of, positive_version

NUMBER = String(64).with_variant(String(64, collation="C"), "postgresql")
"""A number is compared byte by byte on both engines, so that what begins with some digits is one stretch of the index."""


class Customer(SQLModel, table=True):
    """A person or an organisation.

    ``verified_at`` is when somebody last saw that the facts are true; ``merged_into_id`` is the customer that goes on for a
    double of him.
    """

    __tablename__ = "customers"
    __table_args__ = (
        not_blank("number"),
        one_of("kind", CustomerKind),
        one_of("relationship", Relationship),
        one_of("supply_category", SupplyCategory, optional=True),
        positive_version(),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(sa_type=NUMBER, unique=True)
    name: str = Field(max_length=200)
    kind: str = Field(default=CustomerKind.INDIVIDUAL.value, max_length=20)
    relationship: str = Field(default=Relationship.LONG_TERM.value, max_length=20)
    supply_category: str | None = Field(default=None, max_length=20)
    size: str = Field(default="", max_length=10)
    credit_grade: str = Field(default="", max_length=2)
    phone_masked: str = Field(default="", max_length=64)
    email_masked: str = Field(default="", max_length=200)
    identity_masked: str = Field(default="", max_length=64)
    address_masked: str = Field(default="", max_length=500)
    bank_masked: str = Field(default="", max_length=64)
    region: str = Field(default="", max_length=100, index=True)
    is_vulnerable: bool = False
    has_life_support: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    verified_at: datetime | None = Field(default=None, sa_type=UtcTime)
    verified_by: str = Field(default="", max_length=64)
    merged_into_id: int | None = Field(default=None, foreign_key="customers.id", index=True)
    created_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcTime)
    version: int = 1


class ServiceAccount(SQLModel, table=True):
    """What is supplied to a customer at one place; ``premise`` is the keyed digest of its address, to see that two are one."""

    __tablename__ = "service_accounts"
    __table_args__ = (
        not_blank("number"),
        one_of("utility", Utility),
        one_of("state", AccountState),
        one_of("supply_category", SupplyCategory),
        positive_version(),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(sa_type=NUMBER, unique=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    utility: str = Field(max_length=20)
    supply_category: str = Field(default=SupplyCategory.RESIDENTIAL.value, max_length=20)
    state: str = Field(default=AccountState.ACTIVE.value, max_length=20)
    meter_number: str = Field(default="", sa_type=NUMBER, index=True)
    address_masked: str = Field(default="", max_length=500)
    premise: str = Field(default="", max_length=32, index=True)
    region: str = Field(default="", max_length=100)
    opened_on: date | None = None
    closed_on: date | None = None
    version: int = 1
