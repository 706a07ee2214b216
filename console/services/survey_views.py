"""What screens and commands show of surveys and of asking: frozen rows, importable without the data layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from console.rules.questionnaires import Given, QuestionnaireText
from console.services.satisfaction_views import StratumProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyRow:
    """One survey in a list; ``state`` is new, planned, drawn, field or closed."""

    id: int
    code: str
    title: str
    title_zh: str
    series: str
    wave: str
    assessor: str
    channel: str
    state: str
    needed: int | None
    drawn: int
    responses: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProgress:
    """How far asking has come: by stratum and in all, and the response rates by name."""

    drawn: int
    strata: tuple[StratumProgress, ...]
    total: StratumProgress | None = None
    rates: Mapping[str, float | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """One member of a sample: who, of which stratum, how asking him stands, how often tried, when to try again."""

    customer: str
    name: str
    phone_masked: str
    region: str
    stratum: str
    state: str
    attempts: int
    outcome: str
    call_after: datetime | None
    note: str = ""
    held_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveHalf:
    """Early or late answers: how many, and the share in the two highest levels."""

    n: int
    good: int
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentBounds:
    """What those who did not answer could change: rates, early against late answers, and the worst case.

    Shares are from 0 to 1, of answers in the two highest levels of all ratings; ``p`` tests early against late; ``bias`` is what
    the share would be too high by if the silent were like the late answers.
    """

    rates: Mapping[str, float | None]
    counts: Mapping[str, int]
    eligible_share: float
    interval: tuple[float, float] | None
    outcomes: Mapping[str, int]
    share: float | None
    low: float | None
    high: float | None
    early: WaveHalf
    late: WaveHalf
    difference: float | None
    p: float | None
    bias: float | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCard:
    """Whom to ask next, before anybody has said anything."""

    survey: str
    title: str
    title_zh: str
    member_id: int
    customer_id: int
    customer: str
    name: str
    phone_masked: str
    region: str
    stratum: str
    attempts: int
    most_attempts: int
    last_outcome: str
    last_at: datetime | None
    note: str
    left: int
    complete: int
    needed: int | None
    open_interview: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterviewView:
    """An interview as it stands. ``at`` is the item asked now, empty at the end."""

    id: int
    survey: str
    title: str
    title_zh: str
    number: str
    customer: str
    name: str
    state: str
    interviewer: str
    script: QuestionnaireText
    answers: Mapping[str, Given]
    at: str
    seconds: int
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInterview:
    """An interview that was begun and not ended."""

    id: int
    survey: str
    number: str
    customer: str
    name: str
    interviewer: str
    answered: int
    started_at: datetime
    updated_at: datetime
