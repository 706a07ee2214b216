"""Writing what people answered: responses with their answers, and in the same transaction the cells that add them up.

Imports, interviews from the console and the callback of a case all come through here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from console.codes import SampleState
from console.errors import ConflictError, NotFoundError, OmbudError
from console.models import Answer, AnswerText, Indicator, Response, SampleMember, Survey
from console.models.base import table_of
from console.rules.answer_quality import Judge
from console.services.answer_cells import SEGMENT, Tally, keep
from console.services.answer_judging import judge_of
from console.storage.bulk import insert_rows
from console.storage.unit import Work

ANSWERS: Table = table_of(Answer)
ANSWER_TEXTS: Table = table_of(AnswerText)
RESPONSES: Table = table_of(Response)
SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)
MEMBERS: Table = table_of(SampleMember)

FACTS = (
    *SEGMENT, "interviewer", "language", "weight", "design_weight", "customer_id", "case_id", "answered_at", "seconds",
)  # fmt: skip
"""What is known of a response beside its answers."""
UNSAID = ("design_weight", "answered_at", "seconds")
"""Of these, what no digest covers as such."""
COLUMNS = ("survey_id", "number", *FACTS, "month", "digest", "is_double", "excluded", "batch_id")

Scored = tuple[int | None, str | None]
"""A score, or the reason why there is none."""


class UnknownItemError(OmbudError):
    """An answer to something the survey does not ask."""


class OffScaleError(OmbudError):
    """A score that the scale of its item does not have."""


@dataclass(frozen=True, slots=True)
class Said:
    """One response as it is to be written. ``answers`` and ``texts`` are by indicator id; the time is aware.

    ``design_weight`` is given only where ``weight`` is one to known totals that took its place.
    """

    number: str
    answered_at: datetime
    answers: Mapping[int, Scored]
    texts: Mapping[int, str] = field(default_factory=dict)
    region: str = ""
    kind: str = ""
    supply: str = ""
    channel: str = ""
    department: str = ""
    interviewer: str = ""
    language: str = ""
    weight: float = 1.0
    design_weight: float | None = None
    customer_id: int | None = None
    case_id: int | None = None
    is_double: bool = False
    seconds: int | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over all that was said and where, but for number and duration: equal digests say the same."""
        facts = [getattr(self, name) for name in FACTS if name not in UNSAID]
        answers = sorted((key, *value) for key, value in self.answers.items())
        at = self.answered_at.astimezone(UTC).isoformat()
        said = json.dumps([facts, at, answers, sorted(self.texts.items())], ensure_ascii=False)
        return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()


def month_of(answered_at: datetime, zone: str = "") -> str:
    """Return the month of a moment in a zone (UTC without one) as cells are counted by: ``2026-11``."""
    return answered_at.astimezone(ZoneInfo(zone) if zone else UTC).strftime("%Y-%m")


def write_responses(
    work: Work, survey_id: int, said: Sequence[Said], *, batch_id: int | None = None, zone: str = ""
) -> list[int]:
    """Write new responses of one survey with answers and cells; return their ids. Numbers must be free.

    The caller enters the change on the record. ``zone`` is the one months begin in. Raises ConflictError for a survey that is
    closed.
    """
    if not said:
        return []
    connection = work.connection
    refuse_closed(connection, connection.execute(select(SURVEYS.c.code).where(SURVEYS.c.id == survey_id)).scalar_one())
    judge = judge_of(connection, survey_id)
    reasons = [reason_of(judge, one) for one in said]
    rows = [
        (
            survey_id,
            one.number,
            *(getattr(one, name) for name in FACTS),
            month_of(one.answered_at, zone),
            one.digest,
            one.is_double,
            reason,
            batch_id,
        )
        for one, reason in zip(said, reasons, strict=True)
    ]
    insert_rows(connection, RESPONSES, COLUMNS, rows)
    _count_responses(connection, {survey_id: len(rows)})
    ids = ids_of(connection, survey_id, [one.number for one in said])
    tally = Tally()
    answers: list[tuple[Any, ...]] = []
    texts: list[tuple[Any, ...]] = []
    for one, reason in zip(said, reasons, strict=True):
        id_ = ids[one.number]
        answers.extend((id_, indicator, score, missing) for indicator, (score, missing) in one.answers.items())
        texts.extend((id_, indicator, content) for indicator, content in one.texts.items())
        if not reason:
            tally.count(_place(one, zone), one.weight, one.answers)
    insert_rows(connection, ANSWERS, ("response_id", "indicator_id", "score", "missing"), answers)
    insert_rows(connection, ANSWER_TEXTS, ("response_id", "indicator_id", "content"), texts)
    keep(connection, tally)
    _complete_members(connection, survey_id, [one.customer_id for one in said if one.customer_id is not None])
    return [ids[one.number] for one in said]


def reason_of(judge: Judge | None, said: Said) -> str:
    """Return what a response is left out of figures for, empty where it counts."""
    if judge is None:
        return ""
    scores = {indicator: score for indicator, (score, _missing) in said.answers.items()}
    return judge.reason(scores, said.seconds, is_double=said.is_double)


def _complete_members(connection: Connection, survey_id: int, customers: Sequence[int]) -> None:
    """Those of the sample who have answered need not be asked again."""
    if customers:
        connection.execute(
            update(MEMBERS)
            .where(MEMBERS.c.survey_id == survey_id, MEMBERS.c.customer_id.in_(list(customers)))
            .values(state=SampleState.COMPLETE.value, held_by="", held_until=None, call_after=None)
        )


def rewrite_response(work: Work, response_id: int, before: Said, after: Said, zone: str = "", month: str = "") -> str:
    """Make a response say something else; ``before`` is what it says now, as ``read_responses`` gave it.

    ``month`` is what cells count it by, worked out in ``zone`` without it. Returns the month it was counted by before.
    """
    connection = work.connection
    tally = Tally()
    stored, survey_id, old_reason = connection.execute(
        select(RESPONSES.c.month, RESPONSES.c.survey_id, RESPONSES.c.excluded).where(RESPONSES.c.id == response_id)
    ).one()
    reason = reason_of(judge_of(connection, survey_id), after)
    if not old_reason:
        tally.count((*_place(before, zone)[:-1], stored), before.weight, before.answers, sign=-1)
    if not month:
        month = stored if after.answered_at == before.answered_at else month_of(after.answered_at, zone)
    connection.execute(
        update(RESPONSES)
        .where(RESPONSES.c.id == response_id)
        .values(
            **{name: getattr(after, name) for name in FACTS},
            month=month,
            digest=after.digest,
            is_double=after.is_double,
            excluded=reason,
        )
    )
    for table in (ANSWERS, ANSWER_TEXTS):
        connection.execute(delete(table).where(table.c.response_id == response_id))
    rows = [
        {"response_id": response_id, "indicator_id": indicator, "score": score, "missing": missing}
        for indicator, (score, missing) in after.answers.items()
    ]
    if rows:
        connection.execute(insert(ANSWERS), rows)
    if after.texts:
        connection.execute(
            insert(ANSWER_TEXTS),
            [
                {"response_id": response_id, "indicator_id": indicator, "content": content}
                for indicator, content in after.texts.items()
            ],
        )
    if not reason:
        tally.count((*_place(after, zone)[:-1], month), after.weight, after.answers)
    keep(connection, tally)
    return str(stored)


def delete_responses(work: Work, response_ids: Sequence[int]) -> int:
    """Delete responses with their answers and take them out of the cells; return how many there were."""
    connection = work.connection
    found = read_responses(connection, response_ids)
    counting = connection.execute(
        select(RESPONSES.c.id, RESPONSES.c.month).where(RESPONSES.c.id.in_(list(found)), RESPONSES.c.excluded == "")
    )
    of_survey = select(RESPONSES.c.survey_id, func.count()).where(RESPONSES.c.id.in_(list(found)))
    gone = {row[0]: int(row[1]) for row in connection.execute(of_survey.group_by(RESPONSES.c.survey_id))}
    tally = Tally()
    for id_, month in counting:
        said = found[id_]
        tally.count((*_place(said, "")[:-1], month), said.weight, said.answers, sign=-1)
    for table, key in ((ANSWERS, "response_id"), (ANSWER_TEXTS, "response_id"), (RESPONSES, "id")):
        connection.execute(delete(table).where(table.c[key].in_(list(found))))
    keep(connection, tally)
    _count_responses(connection, {survey_id: -count for survey_id, count in gone.items()})
    return len(found)


def _count_responses(connection: Connection, more: Mapping[int, int]) -> None:
    for survey_id, count in sorted(more.items()):
        counted = SURVEYS.c.response_count + count
        connection.execute(update(SURVEYS).where(SURVEYS.c.id == survey_id).values(response_count=counted))


def _place(said: Said, zone: str) -> tuple[str, ...]:
    return (said.region, said.kind, said.supply, said.channel, said.department, month_of(said.answered_at, zone))


def ids_of(connection: Connection, survey_id: int, numbers: Iterable[str]) -> dict[str, int]:
    """Return the ids of the responses of a survey by number."""
    question = select(RESPONSES.c.number, RESPONSES.c.id).where(
        RESPONSES.c.survey_id == survey_id, RESPONSES.c.number.in_(list(numbers))
    )
    return {number: int(id_) for number, id_ in connection.execute(question)}


def read_responses(connection: Connection, response_ids: Iterable[int]) -> dict[int, Said]:
    """Return responses whole, by id."""
    wanted = list(response_ids)
    answers: dict[int, dict[int, Scored]] = {id_: {} for id_ in wanted}
    texts: dict[int, dict[int, str]] = {id_: {} for id_ in wanted}
    for id_, indicator, score, missing in connection.execute(select(ANSWERS).where(ANSWERS.c.response_id.in_(wanted))):
        answers[id_][indicator] = (score, missing)
    for id_, indicator, content in connection.execute(
        select(ANSWER_TEXTS).where(ANSWER_TEXTS.c.response_id.in_(wanted))
    ):
        texts[id_][indicator] = content
    columns = [RESPONSES.c[name] for name in FACTS]
    rows = connection.execute(
        select(RESPONSES.c.id, RESPONSES.c.number, RESPONSES.c.is_double, *columns).where(RESPONSES.c.id.in_(wanted))
    )
    return {
        row[0]: Said(
            number=row[1],
            is_double=row[2],
            answers=answers[row[0]],
            texts=texts[row[0]],
            **dict(zip(FACTS, row[3:], strict=True)),
        )
        for row in rows
    }


def answer_once(
    work: Work,
    survey_code: str,
    number: str,
    scores: Mapping[str, int | str | None],
    *,
    answered_at: datetime | None = None,
    zone: str = "",
    texts: Mapping[str, str] | None = None,
    **facts: Any,
) -> int:
    """Write one response by the codes of survey and indicators, or make the one with this number say this; return its id.

    A score is a level, a missing code (``NA``, ``DK``, ``NAP``, ``REF``), or None for not answered. ``facts`` are region,
    kind, supply, channel, department, interviewer, language, weight, customer_id and case_id. The caller enters the change on
    the record. Raises OmbudError for an unknown survey, UnknownItemError and OffScaleError.
    """
    survey = survey_of(work.connection, survey_code)
    items = items_of(work.connection, survey.id)
    answers: dict[int, Scored] = {}
    for code, value in scores.items():
        item = items.get(code)
        if item is None:
            raise UnknownItemError(
                f"The survey {survey_code} does not ask {code}.", f"It asks: {', '.join(items) or 'nothing yet'}."
            )
        answers[item.id] = item.checked(value)
    spoken: dict[int, str] = {}
    for code, content in (texts or {}).items():
        if code not in items:
            raise UnknownItemError(f"The survey {survey_code} does not ask {code}.", f"It asks: {', '.join(items)}.")
        spoken[items[code].id] = content
    said = Said(number, answered_at or work.at, answers, spoken, **facts)
    there = ids_of(work.connection, survey.id, [number])
    if number in there:
        before = read_responses(work.connection, [there[number]])[there[number]]
        rewrite_response(work, there[number], before, said, zone)
        return there[number]
    return write_responses(work, survey.id, [said], zone=zone)[0]


@dataclass(frozen=True, slots=True)
class Item:
    """An indicator of a survey with the scale its answers are on."""

    id: int
    code: str
    label: str
    label_zh: str
    kind: str
    low: int
    high: int
    is_reversed: bool
    parent_id: int | None
    weight: float | None
    target: float | None
    node: str
    position: int

    @property
    def scale(self) -> str:
        """The name of the scale: its lowest and highest level."""
        return f"{self.low}-{self.high}" + (" reversed" if self.is_reversed else "")

    @property
    def best_levels(self) -> int:
        """How many levels are the best ones: two, but one of a scale that has only two."""
        return min(2, self.high - self.low)

    def checked(self, value: int | str | None) -> Scored:
        """Return a value as it is stored. Raises OffScaleError for a score the scale does not have."""
        if value is None:
            return None, "NA"
        if isinstance(value, str):
            return None, value
        if not self.low <= value <= self.high:
            raise OffScaleError(
                f"{value} is not on the scale of {self.code}, {self.low} to {self.high}.",
                "Say which codes mean that there is no answer, or choose the scale the question was asked on.",
            )
        return value, None


@dataclass(frozen=True, slots=True)
class SurveyKey:
    """The identity and the scale of a survey."""

    id: int
    code: str
    scale_low: int
    scale_high: int


def survey_of(connection: Connection, code: str) -> SurveyKey:
    """Return the survey with a code. Raises OmbudError naming those there are."""
    row = connection.execute(
        select(SURVEYS.c.id, SURVEYS.c.code, SURVEYS.c.scale_low, SURVEYS.c.scale_high).where(SURVEYS.c.code == code)
    ).one_or_none()
    if row is None:
        known = connection.execute(select(SURVEYS.c.code).order_by(SURVEYS.c.id.desc()).limit(12)).scalars().all()
        listed = f"There are: {', '.join(known)}." if known else "Load answers with: ombud import responses FILE"
        raise NotFoundError(f"There is no survey {code}.", listed)
    return SurveyKey(*row)


def refuse_closed(connection: Connection, code: str) -> None:
    """Raise ConflictError for a survey that is closed: nothing more is answered or asked then."""
    closed = connection.execute(select(SURVEYS.c.closed_at).where(SURVEYS.c.code == code)).scalar()
    if closed is not None:
        raise ConflictError(
            f"The survey {code} was closed on {closed:%Y-%m-%d}.", f"Open it again: ombud survey reopen {code}"
        )


def items_of(connection: Connection, survey_id: int) -> dict[str, Item]:
    """Return the indicators of a survey by code, in their order."""
    ends = connection.execute(select(SURVEYS.c.scale_low, SURVEYS.c.scale_high).where(SURVEYS.c.id == survey_id)).one()
    rows = connection.execute(
        select(INDICATORS).where(INDICATORS.c.survey_id == survey_id).order_by(INDICATORS.c.position, INDICATORS.c.id)
    ).mappings()
    return {
        row["code"]: Item(
            id=row["id"],
            code=row["code"],
            label=row["label"],
            label_zh=row["label_zh"],
            kind=row["kind"],
            low=ends[0] if row["scale_low"] is None else row["scale_low"],
            high=ends[1] if row["scale_high"] is None else row["scale_high"],
            is_reversed=row["is_reversed"],
            parent_id=row["parent_id"],
            weight=row["weight"],
            target=row["target"],
            node=row["node"],
            position=row["position"],
        )
        for row in rows
    }
