"""Care for customers: campaigns and their calls, account managers, points."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from console.codes import CallState, CampaignState, Channel, ContactOutcome, ContactPurpose
from console.models.base import UtcTime, not_blank, one_of, positive_version


class Campaign(SQLModel, table=True):
    """A care campaign: who is chosen (a filter over customers), why, which way, what to say.

    ``rest_days`` is how long a customer is left in peace after a contact of care; ``left_out`` says as a JSON object how
    many the filter found that were not taken, by reason.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        not_blank("number"),
        one_of("purpose", ContactPurpose),
        one_of("channel", Channel),
        one_of("state", CampaignState),
        CheckConstraint("rest_days >= 0", name="rest_days_not_negative"),
        positive_version(),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=20, unique=True)
    title: str = Field(max_length=200)
    purpose: str = Field(default=ContactPurpose.CARE.value, max_length=20)
    channel: str = Field(default=Channel.TELEPHONE.value, max_length=20)
    filter: str = Field(default="", sa_type=Text)
    script: str = Field(default="", sa_type=Text)
    rest_days: int = 90
    state: str = Field(default=CampaignState.OPEN.value, max_length=10)
    left_out: str = Field(default="{}", sa_type=Text)
    due_on: date | None = None
    created_by: str = Field(default="", max_length=64)
    created_at: datetime = Field(sa_type=UtcTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    version: int = 1


class CampaignCall(SQLModel, table=True):
    """One customer on the list of a campaign, and what became of it."""

    __tablename__ = "campaign_calls"
    __table_args__ = (
        UniqueConstraint("campaign_id", "customer_id"),
        one_of("state", CallState),
        one_of("outcome", ContactOutcome, optional=True),
        Index("ix_campaign_calls_state", "campaign_id", "state", "position"),
    )

    id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(sa_column=Column(Integer, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False))
    customer_id: int = Field(foreign_key="customers.id", index=True)
    position: int
    state: str = Field(default=CallState.PLANNED.value, max_length=10)
    outcome: str | None = Field(default=None, max_length=20)
    attempts: int = 0
    contact_id: int | None = Field(default=None, foreign_key="contacts.id")
    at: datetime | None = Field(default=None, sa_type=UtcTime)
    actor: str = Field(default="", max_length=64)


class ManagerPost(SQLModel, table=True):
    """Who manages one customer, or one area, from a day to a day (both included); without a last day he still does."""

    __tablename__ = "customer_managers"
    __table_args__ = (
        CheckConstraint("(customer_id IS NULL) = (length(region) > 0)", name="customer_or_region"),
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="ends_after_its_begin"),
        Index("ix_customer_managers_region", "region", "from_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    customer_id: int | None = Field(default=None, foreign_key="customers.id", index=True)
    region: str = Field(default="", max_length=100)
    from_on: date
    to_on: date | None = None
    at: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)


class PointsEntry(SQLModel, table=True):
    """Points given or used, with the reason; an entry that was wrong is answered by its opposite, never deleted."""

    __tablename__ = "points_entries"
    __table_args__ = (CheckConstraint("points <> 0", name="points_given"), not_blank("reason"))

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    at: datetime = Field(sa_type=UtcTime)
    points: int
    reason: str = Field(max_length=200)
    actor: str = Field(max_length=64)
    reverses_id: int | None = Field(default=None, foreign_key="points_entries.id", unique=True)
    idempotency_key: str | None = Field(default=None, max_length=100, unique=True)
