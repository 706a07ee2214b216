"""The rules in force and the promises they make: policies, clocks, operations, remedies, rectification, notices."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from console.codes import CaseTaskKind, NoticeKind, RemedyKind, TaskState
from console.models.base import UtcTime, not_blank, one_of, positive_version


class Policy(SQLModel, table=True):
    """One version of the rules: a checked TOML text, in force from ``valid_from`` until the next one."""

    __tablename__ = "policies"
    __table_args__ = (not_blank("code"), Index("ix_policies_valid_from", "valid_from", "id"))

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64)
    title: str = Field(max_length=200)
    content: str = Field(sa_type=Text)
    digest: str = Field(max_length=64)
    zone: str = Field(default="", max_length=64)
    valid_from: datetime = Field(sa_type=UtcTime)
    applied_at: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)


class PolicyWord(SQLModel, table=True):
    """What a code of the rules is called in both languages, as the policy that was applied last says; see ``console.words``."""

    __tablename__ = "policy_words"

    subject: str = Field(max_length=20, primary_key=True)
    code: str = Field(max_length=400, primary_key=True)
    text: str = Field(max_length=200)
    text_zh: str = Field(default="", max_length=200)


class Clock(SQLModel, table=True):
    """One promise on one case, as computed from the case's events under its policy.

    ``standing`` is pending, running, paused, met, missed or stopped, as of the last event; that a running clock has passed
    its due time is seen by comparing, never stored.
    """

    __tablename__ = "clocks"
    __table_args__ = (
        UniqueConstraint("case_id", "name"),
        Index("ix_clocks_due", "standing", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(sa_column=Column(Integer, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False))
    name: str = Field(max_length=40)
    rule: str = Field(max_length=100)
    target: str = Field(max_length=40)
    standing: str = Field(max_length=10)
    started_at: datetime | None = Field(default=None, sa_type=UtcTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    met_at: datetime | None = Field(default=None, sa_type=UtcTime)
    stopped_at: datetime | None = Field(default=None, sa_type=UtcTime)
    misses: int = 0


class Operation(SQLModel, table=True):
    """One action by one person on one case or many: what is undone together. A retry under the same key changes nothing."""

    __tablename__ = "operations"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)
    verb: str = Field(max_length=40)
    idempotency_key: str | None = Field(default=None, max_length=100, unique=True)
    report: str = Field(default="{}", sa_type=Text)
    undone_by_id: int | None = Field(default=None, foreign_key="operations.id")


class Remedy(SQLModel, table=True):
    """Something the customer is given: a task with an amount or a date, an owner, and a check that it happened.

    ``amount_minor`` is in minor units of ``currency``.
    """

    __tablename__ = "remedies"
    __table_args__ = (
        one_of("kind", RemedyKind),
        one_of("state", TaskState),
        CheckConstraint("amount_minor IS NULL OR amount_minor >= 0", name="amount_not_negative"),
        positive_version(),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(
        sa_column=Column(Integer, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    kind: str = Field(max_length=20)
    note: str = Field(default="", max_length=500)
    amount_minor: int | None = None
    currency: str = Field(default="", max_length=3)
    due_on: date | None = None
    owner_id: int | None = Field(default=None, foreign_key="staff.id")
    state: str = Field(default=TaskState.OPEN.value, max_length=10)
    checked_by: str = Field(default="", max_length=64)
    checked_at: datetime | None = Field(default=None, sa_type=UtcTime)
    version: int = 1


class CaseTask(SQLModel, table=True):
    """Something that a promise on a case makes somebody do: the ombudsman's letter, a payment for a late reply.

    ``occasion`` names it within its case, so that it is made once; ``clock`` and ``rule`` say what made it. ``amount_minor`` is
    in minor units of ``currency``; ``due_on`` is a day of the utility's zone.
    """

    __tablename__ = "case_tasks"
    __table_args__ = (
        one_of("kind", CaseTaskKind),
        one_of("state", TaskState),
        CheckConstraint("amount_minor IS NULL OR amount_minor >= 0", name="amount_not_negative"),
        positive_version(),
        UniqueConstraint("case_id", "occasion"),
        Index("ix_case_tasks_state", "state", "due_on", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(sa_column=Column(Integer, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False))
    kind: str = Field(max_length=20)
    occasion: str = Field(max_length=120)
    rule: str = Field(max_length=100)
    clock: str = Field(max_length=40)
    due_on: date | None = None
    amount_minor: int | None = None
    currency: str = Field(default="", max_length=3)
    owner_id: int | None = Field(default=None, foreign_key="staff.id")
    state: str = Field(default=TaskState.OPEN.value, max_length=10)
    note: str = Field(default="", max_length=500)
    made_at: datetime = Field(sa_type=UtcTime)
    done_by: str = Field(default="", max_length=64)
    done_at: datetime | None = Field(default=None, sa_type=UtcTime)
    checked_by: str = Field(default="", max_length=64)
    checked_at: datetime | None = Field(default=None, sa_type=UtcTime)
    version: int = 1


class CorrectiveAction(SQLModel, table=True):
    """What is changed so that a cause of complaints goes away, with its evidence (requirement B11)."""

    __tablename__ = "corrective_actions"
    __table_args__ = (not_blank("number"), one_of("state", TaskState), positive_version())

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    cause: str = Field(default="", max_length=200, index=True)
    evidence: str = Field(default="", sa_type=Text)
    due_on: date | None = None
    owner_id: int | None = Field(default=None, foreign_key="staff.id")
    state: str = Field(default=TaskState.OPEN.value, max_length=10)
    done_at: datetime | None = Field(default=None, sa_type=UtcTime)
    version: int = 1


class CorrectiveActionCase(SQLModel, table=True):
    """A case that shows why a corrective action is needed."""

    __tablename__ = "corrective_action_cases"

    action_id: int = Field(foreign_key="corrective_actions.id", primary_key=True)
    case_id: int = Field(
        sa_column=Column(Integer, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True, index=True)
    )


class Notice(SQLModel, table=True):
    """Something a member of staff is to be told; the outbox from which notices are sent.

    It is about a case or an alert. ``occasion`` names the promise, step and due time it is for, so that the same thing is never
    told twice.
    """

    __tablename__ = "notices"
    __table_args__ = (
        one_of("kind", NoticeKind),
        CheckConstraint("(case_id IS NULL) <> (alert_id IS NULL)", name="about_one"),
        Index("ix_notices_unsent", "sent_at", "not_before"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("cases.id", ondelete="CASCADE"), nullable=True, index=True)
    )
    alert_id: int | None = Field(default=None, foreign_key="alerts.id", index=True)
    kind: str = Field(max_length=20)
    occasion: str = Field(max_length=200, unique=True)
    recipient: str = Field(default="", max_length=20)
    recipient_id: int | None = Field(default=None, foreign_key="staff.id")
    text: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcTime)
    not_before: datetime = Field(sa_type=UtcTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcTime)
