"""What customers think: surveys, their indicators, samples, responses, single answers, and the cells that add them up."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from console.codes import Assessor, IndicatorKind, MissingCode, SampleState
from console.models.base import UtcTime, not_blank, one_of, partial_index, positive_version

SEGMENTED = ("region", "kind", "supply", "channel", "department")
"""What a segment of respondents is told by."""


class Survey(SQLModel, table=True):
    """A survey, with the lowest and highest level of its scale; one wave of a series is a survey of its own.

    ``level_scores`` is a JSON list of the scores of the levels from the lowest, empty for evenly spaced ones; ``plan`` the JSON
    object of what was planned: size, margin, seed, strata. ``weights_version`` names the weights in use. ``is_paired`` says that
    its cells are many, so that those of two dimensions are kept beside them; ``quality_rule`` is the JSON object of the rule by
    which responses are left out of figures, empty where all count; ``response_count`` counts all of them as they come and go.
    """

    __tablename__ = "surveys"
    __table_args__ = (
        not_blank("code"),
        CheckConstraint("scale_low < scale_high", name="scale_in_order"),
        one_of("assessor", Assessor),
        positive_version(),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64, unique=True)
    title: str = Field(max_length=200)
    title_zh: str = Field(default="", max_length=200)
    series: str = Field(default="", max_length=64, index=True)
    wave: str = Field(default="", max_length=40)
    assessor: str = Field(default=Assessor.SELF.value, max_length=20)
    scale_low: int = 1
    scale_high: int = 5
    level_scores: str = Field(default="", sa_type=Text)
    starts_on: date | None = None
    ends_on: date | None = None
    channel: str = Field(default="", max_length=40)
    population: int | None = None
    plan: str = Field(default="{}", sa_type=Text)
    tree: str = Field(default="", max_length=64)
    weights_version: str = Field(default="", max_length=64)
    is_paired: bool = False
    quality_rule: str = Field(default="", sa_type=Text)
    response_count: int = 0
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    version: int = 1


class Indicator(SQLModel, table=True):
    """One thing that a survey asks about, or a node above such things; ``weight`` counts among those under one parent.

    Scale ends that are not given are those of the survey. ``node`` is the leaf of a ready tree that the item measures, where
    that bears another code.
    """

    __tablename__ = "indicators"
    __table_args__ = (not_blank("code"), UniqueConstraint("survey_id", "code"), one_of("kind", IndicatorKind))

    id: int | None = Field(default=None, primary_key=True)
    survey_id: int = Field(foreign_key="surveys.id")
    code: str = Field(max_length=64)
    label: str = Field(max_length=200)
    label_zh: str = Field(default="", max_length=200)
    position: int = 0
    parent_id: int | None = Field(default=None, foreign_key="indicators.id", index=True)
    weight: float | None = None
    kind: str = Field(default=IndicatorKind.SCORE.value, max_length=20)
    scale_low: int | None = None
    scale_high: int | None = None
    is_reversed: bool = False
    target: float | None = None
    node: str = Field(default="", max_length=64)


class WeightSet(SQLModel, table=True):
    """One version of the weights of a survey's indicators, with how they were found; versions are never overwritten."""

    __tablename__ = "weight_sets"
    __table_args__ = (not_blank("name"), UniqueConstraint("survey_id", "tree", "name"))

    id: int | None = Field(default=None, primary_key=True)
    survey_id: int = Field(foreign_key="surveys.id")
    tree: str = Field(default="", max_length=64)
    name: str = Field(max_length=64)
    method: str = Field(max_length=20)
    weights: str = Field(sa_type=Text)
    consistency: float | None = None
    note: str = Field(default="", sa_type=Text)
    actor: str = Field(default="", max_length=64)
    made_at: datetime = Field(sa_type=UtcTime)


class SampleMember(SQLModel, table=True):
    """A customer drawn into the sample of a survey, and how asking him ended.

    ``call_after`` is when to try again; whoever asks him now holds him (``held_by``) until ``held_until``, so that two
    interviewers never call the same customer.
    """

    __tablename__ = "sample_members"
    __table_args__ = (
        UniqueConstraint("survey_id", "customer_id"),
        one_of("state", SampleState),
        Index("ix_sample_members_customer_drawn", "customer_id", "drawn_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    survey_id: int = Field(foreign_key="surveys.id")
    customer_id: int = Field(foreign_key="customers.id")
    stratum: str = Field(default="", max_length=100)
    state: str = Field(default=SampleState.DRAWN.value, max_length=20)
    attempts: int = 0
    drawn_at: datetime = Field(sa_type=UtcTime)
    updated_at: datetime = Field(sa_type=UtcTime)
    call_after: datetime | None = Field(default=None, sa_type=UtcTime)
    held_by: str = Field(default="", max_length=64)
    held_until: datetime | None = Field(default=None, sa_type=UtcTime)


class Response(SQLModel, table=True):
    """One person's answering of one survey, once.

    The index over times holds what segments are told by too, so that the newest answers of a segment are found in it alone.

    ``month`` is that of the answering in the utility's zone, which is what cells are counted by; ``digest`` covers all that
    was said, so that equal digests under two numbers are probably one response entered twice (``is_double``); ``seconds``
    is how long answering took, where that is known; ``excluded`` what the survey's rule leaves it out of all figures for.
    ``weight`` is what figures use; ``design_weight`` the one it came with, once it was weighted to known totals, else NULL.
    """

    __tablename__ = "responses"
    __table_args__ = (
        UniqueConstraint("survey_id", "number"),
        not_blank("number"),
        Index("ix_responses_survey_digest", "survey_id", "digest"),
        Index("ix_responses_survey_newest", "survey_id", "answered_at", "id", *SEGMENTED, "month", "excluded"),
        partial_index("ix_responses_excluded", "survey_id", "excluded", where="excluded <> ''"),
        partial_index("ix_responses_doubles", "survey_id", where="is_double"),
    )

    id: int | None = Field(default=None, primary_key=True)
    survey_id: int = Field(foreign_key="surveys.id")
    number: str = Field(max_length=64)
    customer_id: int | None = Field(default=None, foreign_key="customers.id", index=True)
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True)
    channel: str = Field(default="", max_length=40)
    region: str = Field(default="", max_length=100)
    kind: str = Field(default="", max_length=40)
    supply: str = Field(default="", max_length=40)
    department: str = Field(default="", max_length=100)
    interviewer: str = Field(default="", max_length=64)
    language: str = Field(default="", max_length=20)
    weight: float = 1.0
    design_weight: float | None = None
    month: str = Field(default="", max_length=7)
    digest: str = Field(default="", max_length=64)
    is_double: bool = False
    batch_id: int | None = Field(default=None, foreign_key="import_batches.id", index=True)
    answered_at: datetime = Field(sa_type=UtcTime)
    seconds: int | None = None
    excluded: str = Field(default="", max_length=20)


class Answer(SQLModel, table=True):
    """One answer, in levels of its scale; without a score it says by ``missing`` why there is none."""

    __tablename__ = "answers"
    __table_args__ = (
        Index("ix_answers_indicator_score", "indicator_id", "score"),
        one_of("missing", MissingCode, optional=True),
        CheckConstraint("(score IS NULL) <> (missing IS NULL)", name="score_or_missing"),
        # One tree that holds the answers by their key: half the room, and an answer is found in one search.
        {"sqlite_with_rowid": False},
    )

    response_id: int = Field(foreign_key="responses.id", primary_key=True)
    indicator_id: int = Field(foreign_key="indicators.id", primary_key=True)
    score: int | None = None
    missing: str | None = Field(default=None, max_length=3)


class AnswerText(SQLModel, table=True):
    """What somebody wrote in answer to an open question."""

    __tablename__ = "answer_texts"

    response_id: int = Field(foreign_key="responses.id", primary_key=True)
    indicator_id: int = Field(foreign_key="indicators.id", primary_key=True)
    content: str = Field(sa_type=Text)


class ResponseChange(SQLModel, table=True):
    """What an import changed in a response that was there already: needed to take the import back."""

    __tablename__ = "response_changes"

    id: int | None = Field(default=None, primary_key=True)
    response_id: int = Field(foreign_key="responses.id", index=True)
    batch_id: int = Field(foreign_key="import_batches.id", index=True)
    before: str = Field(sa_type=Text)
    after: str = Field(sa_type=Text)


class AnswerSegment(SQLModel, table=True):
    """A combination of region, kind of customer, supply, channel and department that answers were given in."""

    __tablename__ = "answer_segments"
    __table_args__ = (UniqueConstraint("region", "kind", "supply", "channel", "department"),)

    id: int | None = Field(default=None, primary_key=True)
    region: str = Field(default="", max_length=100)
    kind: str = Field(default="", max_length=40)
    supply: str = Field(default="", max_length=40)
    channel: str = Field(default="", max_length=40)
    department: str = Field(default="", max_length=100)


class AnswerCell(SQLModel, table=True):
    """The answers of one level (or one reason for none) to one indicator, in one segment and month, added up.

    ``n`` counts them, ``weight`` and ``weight_squared`` add the survey weights: every mean and share is an addition of cells.
    """

    __tablename__ = "answer_cells"

    indicator_id: int = Field(foreign_key="indicators.id", primary_key=True)
    segment_id: int = Field(foreign_key="answer_segments.id", primary_key=True)
    month: str = Field(max_length=7, primary_key=True)
    level: int = Field(primary_key=True)
    missing: str = Field(default="", max_length=3, primary_key=True)
    n: int
    weight: float
    weight_squared: float


class AnswerPair(SQLModel, table=True):
    """The same, added up over all but two dimensions: what a pivot of a large survey reads, however many answers there are."""

    __tablename__ = "answer_pairs"

    indicator_id: int = Field(foreign_key="indicators.id", primary_key=True)
    dimensions: int = Field(primary_key=True)
    first: str = Field(max_length=100, primary_key=True)
    second: str = Field(max_length=100, primary_key=True)
    level: int = Field(primary_key=True)
    missing: str = Field(default="", max_length=3, primary_key=True)
    n: int
    weight: float
    weight_squared: float
