"""What a dossier answers: frozen rows beside those of ``views``, importable without the data layer.

Money is in minor units of its currency, quantities in thousandths of their unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from console.services.care_views import CampaignTurn, ContactRow, MergedDouble, PointsRow, PostRow, StandingRow
from console.services.customer_views import CustomerDetail

Flag = Literal["vulnerable", "life_support", "key_customer", "repeat_complainant", "overdue"]
"""What whoever speaks with a customer has to know first."""


@dataclass(frozen=True, slots=True)
class MeterRow:
    """A meter at an account; one that only the account names has no days."""

    number: str
    account: str
    kind: str
    installed_on: date | None
    removed_on: date | None


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract and how it is kept; ``account`` is empty where it is for all."""

    number: str
    account: str
    state: str
    performance: str
    terms: str
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class MonthRow:
    """What an account used in a month (``YYYY-MM``)."""

    month: str
    account: str
    meter: str
    quantity_milli: int
    unit: str
    reading_milli: int | None


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill, what was paid on it, and whether its day has gone by with something left to pay."""

    number: str
    account: str
    state: str
    amount_minor: int
    paid_minor: int
    currency: str
    starts_on: date | None
    ends_on: date | None
    issued_on: date | None
    due_on: date | None
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """Money that came in; below zero it was given back. ``bill`` is empty where it is not known."""

    number: str
    account: str
    bill: str
    paid_at: datetime
    amount_minor: int
    currency: str
    method: str


@dataclass(frozen=True, slots=True)
class Line:
    """Sums month by month (``YYYY-MM``), the oldest first, of one unit or currency; 0 where there was nothing."""

    unit: str
    months: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Year:
    """The last twelve months of a customer.

    ``billed`` and ``paid`` are (currency, minor units); ``satisfaction`` is the mean of his ``answers`` as a share of each scale,
    0 to 1, None where he was not asked.
    """

    billed: tuple[tuple[str, int], ...] = ()
    paid: tuple[tuple[str, int], ...] = ()
    cases: int = 0
    complaints: int = 0
    satisfaction: float | None = None
    answers: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """How many there are of each sort, however many of them are listed; ``points`` is the balance of points."""

    accounts: int = 0
    meters: int = 0
    contracts: int = 0
    months: int = 0
    bills: int = 0
    overdue: int = 0
    payments: int = 0
    cases: int = 0
    open_cases: int = 0
    contacts: int = 0
    answers: int = 0
    managers: int = 0
    campaigns: int = 0
    points: int = 0
    merged: int = 0


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of a customer, the newest first; ``masked`` are the sealed fields he has, as (field, mask).

    ``manager`` is the name of who manages him today, himself or by area; ``merged`` are the dossiers that went into his.
    """

    detail: CustomerDetail
    flags: tuple[Flag, ...]
    totals: Totals
    year: Year
    since: date | None
    masked: tuple[tuple[str, str], ...]
    meters: tuple[MeterRow, ...] = ()
    contracts: tuple[ContractRow, ...] = ()
    months: tuple[MonthRow, ...] = ()
    bills: tuple[BillRow, ...] = ()
    payments: tuple[PaymentRow, ...] = ()
    contacts: tuple[ContactRow, ...] = ()
    consumption: tuple[Line, ...] = ()
    paid: tuple[Line, ...] = ()
    standing: StandingRow | None = None
    segments: tuple[str, ...] = ()
    manager: str = ""
    managers: tuple[PostRow, ...] = ()
    campaigns: tuple[CampaignTurn, ...] = ()
    points: tuple[PointsRow, ...] = ()
    merged: tuple[MergedDouble, ...] = ()
