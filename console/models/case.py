"""The central noun: cases, with their categories, texts and history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from console.codes import CaseKind, CasePhase, Channel, LinkKind, Opinion, Outcome
from console.models.base import UtcTime, not_blank, one_of, partial_index, positive_version


class Category(SQLModel, table=True):
    """What a case is about, up to three levels deep; ``code`` is the path of names from the top, joined by `` / ``."""

    __tablename__ = "categories"
    __table_args__ = (not_blank("code"), positive_version())

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=400, unique=True)
    name: str = Field(max_length=200)
    parent_id: int | None = Field(default=None, foreign_key="categories.id", index=True)
    department_id: int | None = Field(default=None, foreign_key="departments.id")
    is_active: bool = True
    version: int = 1


class Case(SQLModel, table=True):
    """A complaint, fault report, inquiry, suggestion, praise, report or request: the narrow row that queues read.

    ``state`` is a name of the workflow's; ``phase`` says whether that state is open, waiting for the customer, or closed.
    ``due_at`` repeats the earliest open promise. Whether a case is overdue is computed, never stored. ``authority`` is who
    passed the case on, ``area`` the class of the place (urban, rural, remote); ``claimed_until`` ends the lease of whoever
    took the case. The policy in force at receipt stays with the case.
    """

    __tablename__ = "cases"
    __table_args__ = (
        not_blank("reference"),
        one_of("kind", CaseKind),
        one_of("phase", CasePhase),
        one_of("channel", Channel),
        one_of("opinion", Opinion, optional=True),
        CheckConstraint("severity BETWEEN 1 AND 4", name="severity_in_range"),
        CheckConstraint("(external_reference IS NULL) = (source IS NULL)", name="external_pair"),
        positive_version(),
        UniqueConstraint("source", "external_reference"),
        partial_index("ix_cases_open_due", "due_at", "id", where="phase = 'open'"),
        partial_index("ix_cases_open_state", "state", "kind", where="phase = 'open'"),
        partial_index(
            "ix_cases_open_supervised",
            "due_at",
            "id",
            where="is_supervised IS TRUE AND phase = 'open'",
            where_on_sqlite="is_supervised IS 1 AND phase = 'open'",
        ),
        Index("ix_cases_phase_due", "phase", "due_at", "id"),
        Index("ix_cases_received", "received_at", "id"),
        partial_index("ix_cases_closed", "closed_at", "id", where="phase = 'closed'"),
        Index("ix_cases_assignee", "assignee_id", "phase", "due_at", "id"),
        Index("ix_cases_department", "department_id", "phase", "due_at", "id"),
        Index("ix_cases_customer", "customer_id", "received_at"),
        Index("ix_cases_account", "account_id", "received_at"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(max_length=64, unique=True)
    source: str | None = Field(default=None, max_length=64)
    external_reference: str | None = Field(default=None, max_length=200)
    kind: str = Field(default=CaseKind.COMPLAINT.value, max_length=20)
    state: str = Field(max_length=40)
    phase: str = Field(max_length=10)
    category_id: int | None = Field(default=None, foreign_key="categories.id", index=True)
    channel: str = Field(default=Channel.OTHER.value, max_length=20)
    severity: int = 1
    region: str = Field(default="", max_length=100)
    department_id: int | None = Field(default=None, foreign_key="departments.id")
    assignee_id: int | None = Field(default=None, foreign_key="staff.id")
    customer_id: int | None = Field(default=None, foreign_key="customers.id")
    account_id: int | None = Field(default=None, foreign_key="service_accounts.id")
    subject: str = Field(max_length=500)
    responsible: str = Field(default="", max_length=200)
    received_at: datetime = Field(sa_type=UtcTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)
    is_supervised: bool = False
    is_vulnerable: bool = False
    is_raised_by_staff: bool = False
    authority: str = Field(default="", max_length=40)
    area: str = Field(default="", max_length=20)
    validity: str = Field(default="", max_length=20)
    opinion: str | None = Field(default=None, max_length=20)
    policy_id: int | None = Field(default=None, foreign_key="policies.id", index=True)
    incident_id: int | None = Field(default=None, foreign_key="incidents.id", index=True)
    merged_into_id: int | None = Field(default=None, foreign_key="cases.id", index=True)
    repeat_of_id: int | None = Field(default=None, foreign_key="cases.id", index=True)
    supervisor_id: int | None = Field(default=None, foreign_key="staff.id")
    claimed_until: datetime | None = Field(default=None, sa_type=UtcTime)
    times_repeated: int = 0
    times_urged: int = 0
    times_reopened: int = 0
    callback_attempts: int = 0
    escalation_level: int = 0
    source_digest: str = Field(default="", max_length=64)
    version: int = 1


class CaseText(SQLModel, table=True):
    """The long texts of a case; ``extras`` is a JSON object of what the source said beyond our fields."""

    __tablename__ = "case_texts"

    case_id: int = Field(
        sa_column=Column(Integer, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    narrative: str = Field(default="", sa_type=Text)
    findings: str = Field(default="", sa_type=Text)
    measures: str = Field(default="", sa_type=Text)
    reply: str = Field(default="", sa_type=Text)
    follow_up: str = Field(default="", sa_type=Text)
    cause: str = Field(default="", max_length=200)
    outcome: str | None = Field(default=None, max_length=20)
    location: str = Field(default="", max_length=500)
    extras: str = Field(default="{}", sa_type=Text)

    __table_args__ = (one_of("outcome", Outcome, optional=True),)


class CaseEvent(SQLModel, table=True):
    """One step in a case's history: who, when, what, and the values before and after (JSON objects).

    ``state`` and ``phase`` are those the case was in afterwards, ``origin`` is customer, staff or system, ``is_public`` says
    whether the customer heard of it: from the events alone, those left out that were taken back (``is_undone``), the clocks of
    a case can be computed again.
    """

    __tablename__ = "case_events"
    __table_args__ = (Index("ix_case_events_case", "case_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(sa_column=Column(Integer, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False))
    at: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)
    verb: str = Field(max_length=40)
    note: str = Field(default="", sa_type=Text)
    before: str = Field(default="{}", sa_type=Text)
    after: str = Field(default="{}", sa_type=Text)
    state: str = Field(default="", max_length=40)
    phase: str = Field(default="", max_length=10)
    origin: str = Field(default="staff", max_length=10)
    is_public: bool = True
    is_undone: bool = False
    import_batch_id: int | None = Field(default=None, foreign_key="import_batches.id", index=True)
    operation_id: int | None = Field(default=None, foreign_key="operations.id", index=True)


class CaseLink(SQLModel, table=True):
    """Two cases that belong together: related, duplicate, or split one from the other."""

    __tablename__ = "case_links"
    __table_args__ = (one_of("kind", LinkKind), UniqueConstraint("case_id", "other_id", "kind"))

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(sa_column=Column(Integer, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False))
    other_id: int = Field(
        sa_column=Column(Integer, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    kind: str = Field(max_length=20)
    at: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)


class Incident(SQLModel, table=True):
    """A parent event under which many cases hang: an outage, a billing run."""

    __tablename__ = "incidents"
    __table_args__ = (not_blank("number"), positive_version())

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=64, unique=True)
    kind: str = Field(max_length=20)
    title: str = Field(max_length=200)
    region: str = Field(default="", max_length=100)
    category_id: int | None = Field(default=None, foreign_key="categories.id")
    started_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    version: int = 1
