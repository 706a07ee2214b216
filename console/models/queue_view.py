"""Queues that people keep: a filter with its order and the columns it is looked at with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from console.models.base import UtcTime, not_blank, partial_index, positive_version


class SavedView(SQLModel, table=True):
    """A queue of somebody's own, which may be shared with everybody.

    ``filter`` holds the order too; ``columns`` is a layout of ``console.rules.case_columns``, empty where none was chosen.
    ``name_key`` is the name folded: a person has a name once, and a name is shared once. ``position`` orders a person's views.
    """

    __tablename__ = "saved_views"
    __table_args__ = (
        not_blank("name"),
        positive_version(),
        UniqueConstraint("owner_id", "name_key"),
        partial_index("ix_saved_views_shared", "name_key", unique=True, where="is_shared"),
    )

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_column=Column(Integer, ForeignKey("staff.id"), nullable=False))
    name: str = Field(max_length=80)
    name_key: str = Field(max_length=320)
    filter: str = Field(default="", sa_type=Text)
    columns: str = Field(default="", sa_type=Text)
    is_shared: bool = False
    position: int = 1
    created_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)
    version: int = 1
