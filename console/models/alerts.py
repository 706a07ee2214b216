"""What watches over complaints and answers: alerts with their baselines, known events, customer numbers, improvements."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from console.codes import AlertState, ImprovementState
from console.models.base import UtcTime, not_blank, one_of, partial_index, positive_version


class Alert(SQLModel, table=True):
    """One cell beyond chance: which rule it broke in which month, and what people make of it.

    ``cell`` is the filter that its rows answer to; no cell has two alerts that are not closed. ``value``, ``expected`` and
    ``limit`` are in the ``unit`` of the chart, ``count`` and ``exposure`` what they were computed from. ``months_repeated``
    counts later months in which the cell broke a rule again while the alert was open.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        not_blank("number"),
        not_blank("cell"),
        one_of("state", AlertState),
        positive_version(),
        partial_index("uq_alerts_open_cell", "cell", unique=True, where="state <> 'closed'"),
        Index("ix_alerts_state", "state", "first_seen_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=64, unique=True)
    cell: str = Field(max_length=500)
    subject: str = Field(max_length=20)
    rule: str = Field(max_length=20)
    level: str = Field(max_length=10)
    month: str = Field(max_length=7)
    latest_month: str = Field(max_length=7)
    unit: str = Field(max_length=20)
    value: float
    expected: float
    limit: float
    count: float
    exposure: float
    z: float
    p: float
    q: float
    spread: float = 1.0
    began: str = Field(default="", max_length=7)
    is_provisional: bool = False
    months_repeated: int = 0
    state: str = Field(default=AlertState.OPEN.value, max_length=20)
    owner_id: int | None = Field(default=None, foreign_key="staff.id", index=True)
    note: str = Field(default="", sa_type=Text)
    cause: str = Field(default="", max_length=200)
    first_seen_at: datetime = Field(sa_type=UtcTime)
    last_seen_at: datetime = Field(sa_type=UtcTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    previous_id: int | None = Field(default=None, foreign_key="alerts.id")
    version: int = 1


class AlertBaseline(SQLModel, table=True):
    """The months by which a cell is measured, frozen until a person chooses others; the newest row of a cell counts.

    A cell without a row of its own has that of its root, ``kind:complaint`` or its survey.
    """

    __tablename__ = "alert_baselines"
    __table_args__ = (
        not_blank("cell"),
        not_blank("reason"),
        CheckConstraint("first_month <= last_month", name="in_order"),
        Index("ix_alert_baselines_cell", "cell", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    cell: str = Field(max_length=500)
    first_month: str = Field(max_length=7)
    last_month: str = Field(max_length=7)
    months: int
    reason: str = Field(sa_type=Text)
    actor: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcTime)


class AlertRun(SQLModel, table=True):
    """One run over the cube; ``day`` also says how deep it looked.

    Without an entry of the record after ``seen_entry`` nothing has changed since.
    """

    __tablename__ = "alert_runs"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    day: str = Field(max_length=20)
    seen_entry: int = 0
    cells: int
    tests: int
    found: int


class KnownEvent(SQLModel, table=True):
    """Something that explains a month: a tariff change, a storm; marked on charts and named beside alerts of its cells."""

    __tablename__ = "known_events"
    __table_args__ = (
        not_blank("note"),
        CheckConstraint("starts_on <= ends_on", name="in_order"),
        Index("ix_known_events_starts", "starts_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    starts_on: date
    ends_on: date
    cell: str = Field(default="", max_length=500)
    note: str = Field(max_length=500)
    actor: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcTime)


class CustomerCount(SQLModel, table=True):
    """How many customers were served in a month, in one region or (empty) in all: what complaints are divided by."""

    __tablename__ = "customer_counts"
    __table_args__ = (
        UniqueConstraint("month", "region"),
        CheckConstraint("customers > 0", name="customers_positive"),
    )

    id: int | None = Field(default=None, primary_key=True)
    month: str = Field(max_length=7)
    region: str = Field(default="", max_length=100)
    customers: int
    actor: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcTime)


class Improvement(SQLModel, table=True):
    """A measure taken so that an indicator gets better, with all that was written down before anybody looked.

    ``treated`` and ``control`` are filters of cases, or of answers where ``indicator`` begins with ``survey:``. ``looked_before``
    says why it counts as looked at before it was recorded. ``result`` is the JSON of what was found when it was closed.
    """

    __tablename__ = "improvements"
    __table_args__ = (
        not_blank("number"),
        not_blank("title"),
        one_of("state", ImprovementState),
        positive_version(),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    indicator: str = Field(max_length=200)
    unit: str = Field(max_length=20)
    is_rise_good: bool = True
    treated: str = Field(max_length=500)
    control: str = Field(default="", max_length=500)
    starts_on: date
    months_before: int
    months_after: int
    minimum_effect: float
    is_randomised: bool = False
    owner_id: int | None = Field(default=None, foreign_key="staff.id")
    alert_id: int | None = Field(default=None, foreign_key="alerts.id", index=True)
    action_id: int | None = Field(default=None, foreign_key="corrective_actions.id", index=True)
    state: str = Field(default=ImprovementState.OPEN.value, max_length=20)
    looked_before: str = Field(default="", max_length=300)
    verdict: str = Field(default="", max_length=20)
    conclusion: str = Field(default="", sa_type=Text)
    result: str = Field(default="{}", sa_type=Text)
    actor: str = Field(max_length=64)
    registered_at: datetime = Field(sa_type=UtcTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    version: int = 1
