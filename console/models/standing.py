"""How customers stand, as the rules of the policy compute it: stage, credit, value; and the segments they belong to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Text
from sqlmodel import Field, SQLModel

from console.codes import CustomerStage, ValueTier
from console.models.base import UtcTime, not_blank, one_of, positive_version


class Standing(SQLModel, table=True):
    """One customer's figures at the last refresh.

    ``recency``, ``frequency`` and ``money`` are quintiles from 1 to 5 (5 best), None for who was never billed;
    ``usage_change`` compares the last twelve months with those before (-0.3 is 30 % less); ``satisfaction`` is on 0-100;
    ``alarms`` are codes with commas. Money is in minor units of ``currency``, over the months that the policy names.
    """

    __tablename__ = "customer_standings"
    __table_args__ = (one_of("stage", CustomerStage), one_of("tier", ValueTier))

    customer_id: int = Field(
        sa_column=Column(Integer, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    as_of: datetime = Field(sa_type=UtcTime)
    stage: str = Field(max_length=20, index=True)
    tier: str = Field(default=ValueTier.LOW.value, max_length=10, index=True)
    recency: int | None = None
    frequency: int | None = None
    money: int | None = None
    revenue_minor: int = Field(default=0, sa_type=BigInteger)
    contact_cost_minor: int = Field(default=0, sa_type=BigInteger)
    currency: str = Field(default="", max_length=3)
    overdue_days: int = 0
    is_overdue: bool = False
    disputes: int = 0
    returned_payments: int = 0
    complaints: int = 0
    usage_change: float | None = None
    satisfaction: float | None = None
    alarms: str = Field(default="", max_length=100)
    services: int = 0


class StageInQuarter(SQLModel, table=True):
    """The stage of a customer in one quarter (``2026-Q4``): what the matrix of transitions counts."""

    __tablename__ = "customer_stages"
    __table_args__ = (one_of("stage", CustomerStage), Index("ix_customer_stages_quarter", "quarter", "stage"))

    customer_id: int = Field(
        sa_column=Column(Integer, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    quarter: str = Field(max_length=7, primary_key=True)
    stage: str = Field(max_length=20)


class CustomerRefresh(SQLModel, table=True):
    """One run of the rules over all customers; ``position`` is the last customer id behind it, ``report`` a JSON object."""

    __tablename__ = "customer_refreshes"

    id: int | None = Field(default=None, primary_key=True)
    as_of: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)
    started_at: datetime = Field(sa_type=UtcTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcTime)
    position: int = 0
    report: str = Field(default="{}", sa_type=Text)


class Segment(SQLModel, table=True):
    """A named filter over customers; its members are those the filter found when it was last counted."""

    __tablename__ = "customer_segments"
    __table_args__ = (not_blank("name"), positive_version())

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=64, unique=True)
    filter: str = Field(sa_type=Text)
    members: int = 0
    counted_at: datetime | None = Field(default=None, sa_type=UtcTime)
    created_by: str = Field(default="", max_length=64)
    created_at: datetime = Field(sa_type=UtcTime)
    version: int = 1


class SegmentMember(SQLModel, table=True):
    """A customer in a segment."""

    __tablename__ = "customer_segment_members"

    segment_id: int = Field(
        sa_column=Column(
            Integer, ForeignKey("customer_segments.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    customer_id: int = Field(
        sa_column=Column(
            Integer, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
        )
    )
