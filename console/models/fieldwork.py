"""Asking people: questionnaires, each attempt to reach a member of a sample, interviews under way, and who is never asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from console.codes import AttemptOutcome, InterviewState
from console.models.base import UtcTime, not_blank, one_of


class Questionnaire(SQLModel, table=True):
    """One version of the script by which a survey is asked, as its TOML text; versions are never overwritten."""

    __tablename__ = "questionnaires"
    __table_args__ = (UniqueConstraint("survey_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    survey_id: int = Field(foreign_key="surveys.id")
    number: int
    content: str = Field(sa_type=Text)
    actor: str = Field(default="", max_length=64)
    made_at: datetime = Field(sa_type=UtcTime)


class SampleContact(SQLModel, table=True):
    """One attempt to ask a member of a sample, by whom, and how it ended."""

    __tablename__ = "sample_contacts"
    __table_args__ = (one_of("outcome", AttemptOutcome),)

    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="sample_members.id", index=True)
    at: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)
    outcome: str = Field(max_length=20)
    note: str = Field(default="", sa_type=Text)


class Interview(SQLModel, table=True):
    """One interview: what was answered so far, saved answer by answer, so that a lost line loses nothing.

    ``answers`` is a JSON object of item codes; ``number`` becomes the number of the response; ``questionnaire`` is the version
    of the script, 0 for the one made of the survey's indicators. ``seconds`` counts the time spent at it.
    """

    __tablename__ = "interviews"
    __table_args__ = (
        not_blank("number"),
        UniqueConstraint("survey_id", "number"),
        one_of("state", InterviewState),
        Index("ix_interviews_interviewer_state", "interviewer", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    survey_id: int = Field(foreign_key="surveys.id")
    number: str = Field(max_length=64)
    member_id: int | None = Field(default=None, foreign_key="sample_members.id", index=True)
    customer_id: int | None = Field(default=None, foreign_key="customers.id", index=True)
    interviewer: str = Field(max_length=64)
    questionnaire: int = 0
    state: str = Field(default=InterviewState.OPEN.value, max_length=20)
    answers: str = Field(default="{}", sa_type=Text)
    seconds: int = 0
    started_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)
    response_id: int | None = Field(default=None, foreign_key="responses.id", index=True)


class SurveyRefusal(SQLModel, table=True):
    """A customer who does not wish to be asked in any survey, since when and by whose word."""

    __tablename__ = "survey_refusals"

    customer_id: int = Field(foreign_key="customers.id", primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    actor: str = Field(max_length=64)
    reason: str = Field(default="", max_length=200)
