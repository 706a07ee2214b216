"""Surveys as a whole: which there are, how far each has come, and their end. Plans and samples stand beside this."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, Table, func, select, update

from console import clock
from console.errors import ConflictError, UsageError
from console.models import Response, SampleMember, Survey
from console.models.base import table_of
from console.services.answering import refuse_closed, survey_of
from console.services.callback_answers import STANDING
from console.services.fieldwork import sample
from console.services.interviews import end_open
from console.services.samples import draw_sample
from console.services.satisfaction_views import SurveyPlan
from console.services.staffing import required
from console.services.survey_plans import PLANNERS, PlanWish, plan_of, plan_survey, state_of
from console.services.survey_views import SurveyRow
from console.storage.engine import Store

SURVEYS: Table = table_of(Survey)
RESPONSES: Table = table_of(Response)
MEMBERS: Table = table_of(SampleMember)


def surveys(store: Store) -> tuple[SurveyRow, ...]:
    """Return the surveys there are, the newest first, with how far each has come."""
    responses = (
        select(RESPONSES.c.survey_id, func.count().label("n"), func.max(RESPONSES.c.answered_at).label("last"))
        .group_by(RESPONSES.c.survey_id)
        .subquery()
    )
    members = select(MEMBERS.c.survey_id, func.count().label("drawn")).group_by(MEMBERS.c.survey_id).subquery()
    with store.reading() as connection:
        rows = connection.execute(
            select(SURVEYS, responses.c.n, responses.c.last, members.c.drawn)
            .join_from(SURVEYS, responses, responses.c.survey_id == SURVEYS.c.id, isouter=True)
            .join(members, members.c.survey_id == SURVEYS.c.id, isouter=True)
            .order_by(SURVEYS.c.id.desc())
        ).mappings()
        return tuple(
            SurveyRow(
                id=row["id"],
                code=row["code"],
                title=row["title"],
                title_zh=row["title_zh"],
                series=row["series"],
                wave=row["wave"],
                assessor=row["assessor"],
                channel=row["channel"],
                state=state_of(row["closed_at"], json.loads(row["plan"] or "{}"), row["drawn"], row["n"]),
                needed=json.loads(row["plan"] or "{}").get("needed"),
                drawn=row["drawn"] or 0,
                responses=row["n"] or 0,
                last_at=row["last"],
            )
            for row in rows
        )


def close_survey(store: Store, code: str, *, actor: str, now: clock.Now = clock.now) -> SurveyPlan:
    """End the fieldwork of a survey: nothing more is answered; interviews under way are kept as partial ones.

    Raises NotFoundError, ConflictError where it is closed already, UsageError for the standing survey of callbacks.
    """
    if code == STANDING:
        raise UsageError(f"The survey {code} is answered by the callbacks of cases and is never closed.")
    with store.writing(actor) as work:
        required(work.connection, actor, PLANNERS, "close a survey")
        survey = survey_of(work.connection, code)
        refuse_closed(work.connection, code)
        kept = end_open(work, survey.id, now())
        _set_closed(work.connection, survey.id, now())
        work.record("close", "survey", code, {"interviews": kept})
    return plan_of(store, code)


def reopen_survey(store: Store, code: str, *, actor: str) -> SurveyPlan:
    """Let a closed survey be answered again. Raises NotFoundError, ConflictError where it is not closed."""
    with store.writing(actor) as work:
        required(work.connection, actor, PLANNERS, "open a survey again")
        survey = survey_of(work.connection, code)
        closed = work.connection.execute(select(SURVEYS.c.closed_at).where(SURVEYS.c.id == survey.id)).scalar()
        if closed is None:
            raise ConflictError(f"The survey {code} is not closed.")
        _set_closed(work.connection, survey.id, None)
        work.record("reopen", "survey", code)
    return plan_of(store, code)


def _set_closed(connection: Connection, survey_id: int, at: datetime | None) -> None:
    connection.execute(
        update(SURVEYS).where(SURVEYS.c.id == survey_id).values(closed_at=at, version=SURVEYS.c.version + 1)
    )


__all__ = [
    "PlanWish",
    "close_survey",
    "draw_sample",
    "plan_of",
    "plan_survey",
    "reopen_survey",
    "sample",
    "surveys",
]
