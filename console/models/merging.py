"""Doubles among the customers: those that were merged, and those that somebody said are two."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Text
from sqlmodel import Field, SQLModel

from console.models.base import UtcTime


class CustomerMerge(SQLModel, table=True):
    """One merge: what of the one customer was moved to the other, and what both held before (JSON objects)."""

    __tablename__ = "customer_merges"

    id: int | None = Field(default=None, primary_key=True)
    from_id: int = Field(foreign_key="customers.id", index=True)
    into_id: int = Field(foreign_key="customers.id", index=True)
    at: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)
    reason: str = Field(default="", max_length=500)
    moved: str = Field(default="{}", sa_type=Text)
    before: str = Field(default="{}", sa_type=Text)
    undone_at: datetime | None = Field(default=None, sa_type=UtcTime)
    undone_by: str = Field(default="", max_length=64)


class DistinctCustomers(SQLModel, table=True):
    """Two customers who look alike and are not the same; the lower id stands first."""

    __tablename__ = "distinct_customers"
    __table_args__ = (CheckConstraint("low_id < high_id", name="in_order"),)

    low_id: int = Field(
        sa_column=Column(Integer, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    high_id: int = Field(
        sa_column=Column(Integer, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    at: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)
    reason: str = Field(default="", max_length=200)
