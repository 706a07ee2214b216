"""What is shown of one customer; importable without the data layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.services.views import CaseRow


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One line of a customer search."""

    id: int
    number: str
    name: str
    kind: str
    region: str
    phone_masked: str
    accounts: int
    open_cases: int


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One service account of a customer."""

    number: str
    utility: str
    supply_category: str
    state: str
    address: str
    region: str


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer of a customer to a survey, whose title and indicator may have Chinese names too."""

    answered_at: datetime
    survey: str
    indicator: str
    score: int
    survey_zh: str = ""
    indicator_zh: str = ""


@dataclass(frozen=True, slots=True)
class CustomerDetail:
    """Who a customer is: facts, accounts, cases and answers, newest first; phone and e-mail masked."""

    row: CustomerRow
    address: str
    email_masked: str
    relationship: str
    supply_category: str
    size: str
    credit_grade: str
    is_vulnerable: bool
    accounts: tuple[AccountRow, ...] = ()
    cases: tuple[CaseRow, ...] = ()
    answers: tuple[AnswerRow, ...] = ()
