"""Whole responses entered at once: from a script, or from a questionnaire on paper, by the same rules as an interview."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from console import clock
from console.codes import InterviewState
from console.errors import ConflictError, UsageError
from console.rules.questionnaires import Given, QuestionnaireText
from console.services.answering import ids_of, refuse_closed, survey_of
from console.services.fieldwork import INTERVIEWERS
from console.services.interviews import INTERVIEWS, asked_customer, interview_row, kept_answers, write_interview
from console.services.questionnaires import script_of
from console.services.staffing import required
from console.storage.engine import Store
from console.storage.unit import Work

QUESTIONNAIRE = "questionnaire"
AHEAD = timedelta(minutes=5)
"""A clock may be so much ahead of ours."""


def answer_whole(
    store: Store,
    code: str,
    written: Mapping[str, str],
    *,
    actor: str,
    customer: str | None = None,
    number: str | None = None,
    answered_at: datetime | None = None,
    channel: str = "",
    seconds: int | None = None,
    is_partial: bool = False,
    zone: str = "",
    now: clock.Now = clock.now,
) -> str:
    """Write one response from words by item: what a script or a paper questionnaire gives at once; return its number.

    The same skip rules hold as in an interview. An interview begun with the customer is ended by it. Raises UsageError for an
    unknown item, an answer off its scale, an answer to what is skipped or a missing one (unless ``is_partial``),
    ConflictError for a closed survey, a number taken, or a customer of the sample who has answered, NotFoundError.
    """
    moment = answered_at or now()
    if moment > now() + AHEAD:
        raise UsageError("The time of the answers lies in the future.")

    def act(work: Work) -> str:
        connection = work.connection
        required(connection, actor, INTERVIEWERS, "enter answers")
        survey = survey_of(connection, code)
        refuse_closed(connection, code)
        version, script = script_of(connection, survey)
        answers = {item: script.question(item).read(text) for item, text in written.items()}
        _check_whole(script, answers, is_partial=is_partial)
        member_id, customer_id = asked_customer(connection, survey.id, code, customer, is_of_sample=False)
        given = number or f"s-{secrets.token_hex(6)}"
        taken = select(INTERVIEWS.c.id).where(INTERVIEWS.c.survey_id == survey.id, INTERVIEWS.c.number == given)
        if ids_of(connection, survey.id, [given]) or connection.execute(taken).first():
            raise ConflictError(f"The survey {code} has a response {given} already.", "Nothing was changed.")
        interview = connection.execute(
            insert(INTERVIEWS)
            .values(
                survey_id=survey.id,
                number=given,
                member_id=member_id,
                customer_id=customer_id,
                interviewer=actor,
                questionnaire=version,
                answers=kept_answers(answers),
                seconds=seconds or 0,
                started_at=moment,
                updated_at=moment,
            )
            .returning(INTERVIEWS.c.id)
        ).scalar_one()
        row = interview_row(connection, interview)
        row["channel"] = channel or row["channel"] or QUESTIONNAIRE
        row["seconds"] = seconds
        state = InterviewState.PARTIAL if is_partial and script.next_question(answers) else InterviewState.COMPLETE
        write_interview(work, row, state, moment, zone)
        if customer_id is not None:
            _end_begun(connection, survey.id, customer_id, moment)
        return given

    return store.write(actor, act)


def _end_begun(connection: Connection, survey_id: int, customer_id: int, moment: datetime) -> None:
    connection.execute(
        update(INTERVIEWS)
        .where(
            INTERVIEWS.c.survey_id == survey_id, INTERVIEWS.c.customer_id == customer_id, INTERVIEWS.c.state == "open"
        )
        .values(state=InterviewState.BROKEN.value, answers="{}", updated_at=moment)
    )


def _check_whole(script: QuestionnaireText, answers: Mapping[str, Given], *, is_partial: bool) -> None:
    route = {question.item for question in script.route(answers)}
    beside = next((item for item in answers if item not in route), None)
    if beside is not None:
        raise UsageError(f"{beside} is not asked after these answers.", "Leave it out, or check the others.")
    if not answers:
        raise UsageError("Nothing was answered.", "Write ITEM=ANSWER for each question.")
    lacking = [
        question.item for question in script.route(answers) if question.is_required and question.item not in answers
    ]
    if lacking and not is_partial:
        raise UsageError(
            f"Not answered: {', '.join(lacking)}.",
            "Give each a level or a reason (NA, DK, NAP, REF), or say --partial.",
        )
