"""The contact log (运行记录): every call, visit, letter and greeting with a customer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from console.codes import Channel, ContactOutcome, ContactPurpose, Direction
from console.models.base import UtcTime, one_of


class Contact(SQLModel, table=True):
    """One contact: when, which way, what for, what was said, what it cost, and who was in touch with the customer.

    ``content`` and ``place`` are the customer's own: they are emptied when he is erased. ``source`` and
    ``external_reference`` name the contact where it came from, so that it is entered once.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("direction", Direction),
        one_of("purpose", ContactPurpose),
        one_of("outcome", ContactOutcome, optional=True),
        CheckConstraint("cost_minor >= 0", name="cost_not_negative"),
        CheckConstraint("(external_reference IS NULL) = (source IS NULL)", name="external_pair"),
        UniqueConstraint("source", "external_reference"),
        Index("ix_contacts_customer_at", "customer_id", "at"),
        Index("ix_contacts_at", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id")
    account_id: int | None = Field(default=None, foreign_key="service_accounts.id", index=True)
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True)
    at: datetime = Field(sa_type=UtcTime)
    channel: str = Field(default=Channel.TELEPHONE.value, max_length=20)
    direction: str = Field(default=Direction.OUT.value, max_length=3)
    purpose: str = Field(default=ContactPurpose.SERVICE.value, max_length=20)
    place: str = Field(default="", max_length=200)
    content: str = Field(default="", sa_type=Text)
    cost_minor: int = Field(default=0, sa_type=BigInteger)
    currency: str = Field(default="", max_length=3)
    who: str = Field(default="", max_length=64)
    outcome: str | None = Field(default=None, max_length=20)
    source: str | None = Field(default=None, max_length=64)
    external_reference: str | None = Field(default=None, max_length=200)
    batch_id: int | None = Field(default=None, foreign_key="import_batches.id", index=True)
