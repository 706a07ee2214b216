"""The record of who did what: append-only, each entry bound to the one before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from console.models.base import UtcTime


class AuditEntry(SQLModel, table=True):
    """One entry; ``digest`` covers the entry and the digest before it."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_actor", "actor", "action", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)
    action: str = Field(max_length=40)
    object_kind: str = Field(max_length=40)
    object_number: str = Field(max_length=200)
    detail: str = Field(default="{}", sa_type=Text)
    previous_digest: str = Field(max_length=64)
    digest: str = Field(max_length=64, unique=True)
