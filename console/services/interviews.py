"""Interviews: the answers as they are said, kept one by one, an interview gone on with, and its end."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, and_, insert, select, update

from console import clock
from console.codes import AttemptOutcome, InterviewState, SampleState
from console.errors import ConflictError, NotFoundError, UsageError
from console.i18n import chosen_language
from console.models import Customer, Interview, SampleMember
from console.models.base import table_of
from console.rules.questionnaires import Given, QuestionnaireText
from console.services.answering import SURVEYS, Said, Scored, items_of, refuse_closed, survey_of, write_responses
from console.services.fieldwork import HELD_MINUTES, INTERVIEWERS, TRIED_AGAIN, checked_outcome, note_contact
from console.services.questionnaires import script_of, script_version
from console.services.staffing import required
from console.services.survey_views import InterviewView, OpenInterview
from console.storage.engine import Store
from console.storage.unit import Work

INTERVIEWS: Table = table_of(Interview)
MEMBERS: Table = table_of(SampleMember)
CUSTOMERS: Table = table_of(Customer)

LONGEST_PAUSE = 300
"""Seconds between two answers that count as answering; a longer pause is a lost line or a cup of tea."""
TELEPHONE = "telephone"


def begin(
    store: Store,
    code: str,
    *,
    actor: str,
    customer: str | None = None,
    is_of_sample: bool = True,
    now: clock.Now = clock.now,
) -> InterviewView:
    """Begin to interview a customer, or go on with the interview that was begun with him; return it at its question.

    Without ``is_of_sample`` anybody, or nobody named, is interviewed, such as at a counter. Raises NotFoundError, ConflictError
    for a survey that is closed or a customer who has answered, NotAllowedError, UsageError for a survey that asks nothing.
    """
    moment = now()

    def act(work: Work) -> int:
        connection = work.connection
        required(connection, actor, INTERVIEWERS, "ask customers")
        survey = survey_of(connection, code)
        refuse_closed(connection, code)
        version, _script = script_of(connection, survey)
        member_id, customer_id = asked_customer(connection, survey.id, code, customer, is_of_sample=is_of_sample)
        if customer_id is not None:
            same = and_(INTERVIEWS.c.survey_id == survey.id, INTERVIEWS.c.customer_id == customer_id)
            begun = connection.execute(
                select(INTERVIEWS.c.id, INTERVIEWS.c.interviewer).where(same, INTERVIEWS.c.state == "open")
            ).one_or_none()
            if begun is not None:
                _take_over(work, code, begun.id, member_id, customer or "", moment)
                return int(begun.id)
        if member_id is not None:
            note_contact(connection, member_id, AttemptOutcome.STARTED, actor=actor, at=moment)
            _hold(connection, member_id, actor, moment)
        interview = connection.execute(
            insert(INTERVIEWS)
            .values(
                survey_id=survey.id,
                number=f"t-{secrets.token_hex(6)}",
                member_id=member_id,
                customer_id=customer_id,
                interviewer=actor,
                questionnaire=version,
                started_at=moment,
                updated_at=moment,
            )
            .returning(INTERVIEWS.c.id)
        ).scalar_one()
        work.record("interview", "survey", code, {"customer": customer or ""})
        return int(interview)

    return view(store, store.write(actor, act))


def take_on(store: Store, interview: int, *, actor: str, now: clock.Now = clock.now) -> InterviewView:
    """Go on with an interview that was begun, whoever began it. Raises NotFoundError, ConflictError, NotAllowedError."""

    def act(work: Work) -> None:
        required(work.connection, actor, INTERVIEWERS, "ask customers")
        row = _open_row(work.connection, interview)
        _take_over(work, row["code"], interview, row["member_id"], row["customer"] or "", now())

    store.write(actor, act)
    return view(store, interview)


def _take_over(work: Work, code: str, interview: int, member_id: int | None, customer: str, moment: datetime) -> None:
    """Go on with an interview, whoever began it."""
    work.connection.execute(
        update(INTERVIEWS).where(INTERVIEWS.c.id == interview).values(interviewer=work.actor, updated_at=moment)
    )
    if member_id is not None:
        work.connection.execute(
            update(MEMBERS).where(MEMBERS.c.id == member_id).values(state=SampleState.STARTED.value, call_after=None)
        )
        _hold(work.connection, member_id, work.actor, moment)
    work.record("interview", "survey", code, {"customer": customer, "resumed": True})


def _hold(connection: Connection, member_id: int, actor: str, moment: datetime) -> None:
    connection.execute(
        update(MEMBERS)
        .where(MEMBERS.c.id == member_id)
        .values(held_by=actor, held_until=moment + timedelta(minutes=HELD_MINUTES))
    )


def asked_customer(
    connection: Connection, survey_id: int, code: str, customer: str | None, *, is_of_sample: bool
) -> tuple[int | None, int | None]:
    """Return the member and the customer who is asked; both None for nobody named. Raises NotFoundError, ConflictError."""
    if customer is None:
        if is_of_sample:
            raise UsageError("Nobody is named to be interviewed.", "Name the customer, or take the next of the sample.")
        return None, None
    row = connection.execute(
        select(CUSTOMERS.c.id, CUSTOMERS.c.erased_at, MEMBERS.c.id.label("member"), MEMBERS.c.state)
        .join_from(
            CUSTOMERS,
            MEMBERS,
            and_(MEMBERS.c.customer_id == CUSTOMERS.c.id, MEMBERS.c.survey_id == survey_id),
            isouter=True,
        )
        .where(CUSTOMERS.c.number == customer)
    ).one_or_none()
    if row is None or row.erased_at is not None:
        raise NotFoundError(f"No customer has the number {customer}.", "Search: ombud customer find TEXT")
    if row.member is None and is_of_sample:
        raise NotFoundError(
            f"The customer {customer} is not in the sample of {code}.", f"See: ombud survey sample {code}"
        )
    if row.state == SampleState.COMPLETE.value:
        raise ConflictError(f"{customer} has answered {code} already.", "The answers stay as they are.")
    return row.member, int(row.id)


def view(store: Store, interview: int, *, at: str = "") -> InterviewView:
    """Return an interview at one of its questions (the next one without ``at``). Raises NotFoundError."""
    with store.reading() as connection:
        row = interview_row(connection, interview)
        script = _script(connection, row)
    answers = _answers(row)
    if not at:
        following = script.next_question(answers)
        at = following.item if following is not None else ""
    return InterviewView(
        id=interview,
        survey=row["code"],
        title=row["title"],
        title_zh=row["title_zh"],
        number=row["number"],
        customer=row["customer"] or "",
        name=row["name"] or "",
        state=row["state"],
        interviewer=row["interviewer"],
        script=script,
        answers=answers,
        at=at,
        seconds=row["seconds"],
        started_at=row["started_at"],
    )


def interview_row(connection: Connection, interview: int) -> dict[str, Any]:
    row = (
        connection.execute(
            select(
                INTERVIEWS,
                *(SURVEYS.c[name] for name in ("code", "title", "title_zh", "scale_low", "scale_high", "channel")),
                CUSTOMERS.c.number.label("customer"),
                CUSTOMERS.c.name,
                CUSTOMERS.c.region,
                CUSTOMERS.c.kind,
                CUSTOMERS.c.supply_category,
            )
            .join_from(INTERVIEWS, SURVEYS, SURVEYS.c.id == INTERVIEWS.c.survey_id)
            .join(CUSTOMERS, CUSTOMERS.c.id == INTERVIEWS.c.customer_id, isouter=True)
            .where(INTERVIEWS.c.id == interview)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError(f"There is no interview {interview}.", "See: ombud survey interviews")
    return dict(row)


def _script(connection: Connection, row: Mapping[str, Any]) -> QuestionnaireText:
    return script_version(connection, survey_of(connection, row["code"]), row["questionnaire"])


def _answers(row: Mapping[str, Any]) -> dict[str, Given]:
    return {item: Given(*said) for item, said in json.loads(row["answers"]).items()}


def kept_answers(answers: Mapping[str, Given]) -> str:
    """Return answers as an interview keeps them."""
    said = {item: [given.level, given.missing, given.text] for item, given in answers.items()}
    return json.dumps(said, ensure_ascii=False)


def _open_row(connection: Connection, interview: int) -> dict[str, Any]:
    row = interview_row(connection, interview)
    if row["state"] != InterviewState.OPEN.value:
        raise ConflictError(f"The interview {row['number']} has ended already: {row['state']}.")
    refuse_closed(connection, row["code"])
    return row


def say(
    store: Store, interview: int, item: str, given: Given, *, actor: str, now: clock.Now = clock.now
) -> InterviewView:
    """Keep one answer of an interview under way, in the place of an earlier one; return it at its next question.

    Raises NotFoundError, UsageError for an answer that does not fit or a question off the way, ConflictError for an interview
    that has ended or that somebody else has gone on with.
    """
    moment = now()

    def act(work: Work) -> None:
        connection = work.connection
        row = _open_row(connection, interview)
        if row["interviewer"] != actor:
            raise ConflictError(f"{row['interviewer']} has gone on with this interview.", "Take the next one.")
        script, answers = _script(connection, row), _answers(row)
        question = script.question(item)
        if question not in script.route(answers):
            raise UsageError(f"{item} is not asked after what was answered.")
        answers[item] = question.checked(given)
        pause = int((moment - row["updated_at"]).total_seconds())
        connection.execute(
            update(INTERVIEWS)
            .where(INTERVIEWS.c.id == interview)
            .values(
                answers=kept_answers(answers),
                seconds=row["seconds"] + (pause if 0 <= pause <= LONGEST_PAUSE else 0),
                updated_at=moment,
            )
        )
        if row["member_id"] is not None:
            _hold(connection, row["member_id"], actor, moment)
        work.record("answer", "interview", row["number"], {"item": item})

    store.write(actor, act)
    return view(store, interview)


def finish(store: Store, interview: int, *, actor: str, zone: str = "", now: clock.Now = clock.now) -> int:
    """End an interview all of whose questions were asked: write the response; return its id.

    Raises NotFoundError, ConflictError where it has ended, UsageError naming a question that is still to be asked.
    """

    def act(work: Work) -> int:
        row = _open_row(work.connection, interview)
        script, answers = _script(work.connection, row), _answers(row)
        following = script.next_question(answers)
        if following is not None and following.is_required:
            raise UsageError(f"{following.item} has not been asked yet.", "Ask it, or break the interview off.")
        return write_interview(work, row, InterviewState.COMPLETE, now(), zone)

    return store.write(actor, act)


def break_off(
    store: Store,
    interview: int,
    outcome: str,
    *,
    actor: str,
    call_after: datetime | None = None,
    note: str = "",
    zone: str = "",
    now: clock.Now = clock.now,
) -> int | None:
    """End an interview before its end: what was answered is kept as a partial response, whose id is returned.

    With an outcome after which the customer is tried again (``call_back``, ``no_answer`` …) it stays open, to be gone on with.
    Raises NotFoundError, UsageError for an unknown outcome, ConflictError where it has ended.
    """
    ended = checked_outcome(outcome)
    moment = now()
    if call_after is not None and call_after <= moment:
        raise UsageError("The time to try again lies in the past.")

    def act(work: Work) -> int | None:
        connection = work.connection
        row = _open_row(connection, interview)
        if ended in TRIED_AGAIN:
            if row["member_id"] is None:
                raise UsageError("Nobody knows whom to call back: this interview has no member of a sample.")
            _pause(connection, row, ended, actor, moment, note, call_after)
            work.record("pause", "interview", row["number"], {"outcome": ended.value})
            return None
        has_answers = any(given.is_given for given in _answers(row).values())
        if has_answers:
            return write_interview(work, row, InterviewState.PARTIAL, moment, zone, outcome=ended, note=note)
        connection.execute(
            update(INTERVIEWS)
            .where(INTERVIEWS.c.id == interview)
            .values(state=InterviewState.BROKEN.value, answers="{}", updated_at=moment)
        )
        if row["member_id"] is not None:
            note_contact(connection, row["member_id"], ended, actor=actor, at=moment, note=note)
            _uncount(connection, row["member_id"])
        work.record("break_off", "interview", row["number"], {"outcome": ended.value})
        return None

    return store.write(actor, act)


def _pause(
    connection: Connection,
    row: Mapping[str, Any],
    outcome: AttemptOutcome,
    actor: str,
    moment: datetime,
    note: str,
    call_after: datetime | None,
) -> None:
    note_contact(connection, row["member_id"], outcome, actor=actor, at=moment, note=note, call_after=call_after)
    _uncount(connection, row["member_id"])
    connection.execute(update(INTERVIEWS).where(INTERVIEWS.c.id == row["id"]).values(updated_at=moment))


def _uncount(connection: Connection, member_id: int) -> None:
    """The end of an interview is no further attempt: its beginning was counted."""
    connection.execute(
        update(MEMBERS).where(MEMBERS.c.id == member_id, MEMBERS.c.attempts > 1).values(attempts=MEMBERS.c.attempts - 1)
    )


def write_interview(
    work: Work,
    row: Mapping[str, Any],
    state: InterviewState,
    moment: datetime,
    zone: str,
    *,
    outcome: AttemptOutcome | None = None,
    note: str = "",
) -> int:
    """Write the response of an interview and end it."""
    connection = work.connection
    script = _script(connection, row)
    items = items_of(connection, row["survey_id"])
    answers: dict[int, Scored] = {}
    texts: dict[int, str] = {}
    for code, given in script.settled(_answers(row)).items():
        item = items[code]
        if given.text:
            texts[item.id] = given.text
        elif not script.question(code).is_open:
            answers[item.id] = item.checked(given.level if given.level is not None else given.missing)
    said = Said(
        number=row["number"],
        answered_at=moment,
        answers=answers,
        texts=texts,
        region=row["region"] or "",
        kind=row["kind"] or "",
        supply=row["supply_category"] or "",
        channel=row["channel"] or TELEPHONE,
        interviewer=row["interviewer"],
        language=chosen_language().partition("_")[0],
        customer_id=row["customer_id"],
        seconds=row["seconds"],
    )
    (response_id,) = write_responses(work, row["survey_id"], [said], zone=zone)
    connection.execute(
        update(INTERVIEWS)
        .where(INTERVIEWS.c.id == row["id"])
        .values(state=state.value, answers="{}", response_id=response_id, updated_at=moment)
    )
    if row["member_id"] is not None:
        whole = AttemptOutcome.COMPLETE if state is InterviewState.COMPLETE else AttemptOutcome.PARTIAL
        note_contact(connection, row["member_id"], whole, actor=work.actor, at=moment, note=note)
        if outcome in (AttemptOutcome.REFUSED, AttemptOutcome.NEVER):
            note_contact(connection, row["member_id"], outcome, actor=work.actor, at=moment)
            _uncount(connection, row["member_id"])
            connection.execute(
                update(MEMBERS).where(MEMBERS.c.id == row["member_id"]).values(state=SampleState.PARTIAL.value)
            )
    work.record("interviewed", "response", row["number"], {"survey": row["code"], "state": state.value})
    return response_id


def end_open(work: Work, survey_id: int, moment: datetime, zone: str = "") -> int:
    """End all interviews of a survey that are under way, keeping what was answered; return how many there were."""
    ids = list(
        work.connection.execute(
            select(INTERVIEWS.c.id).where(INTERVIEWS.c.survey_id == survey_id, INTERVIEWS.c.state == "open")
        ).scalars()
    )
    for interview in ids:
        row = interview_row(work.connection, interview)
        if any(given.is_given for given in _answers(row).values()):
            write_interview(work, row, InterviewState.PARTIAL, moment, zone)
        else:
            work.connection.execute(
                update(INTERVIEWS).where(INTERVIEWS.c.id == interview).values(state=InterviewState.BROKEN.value)
            )
    return len(ids)


def open_interviews(store: Store, *, interviewer: str | None = None, code: str | None = None) -> list[OpenInterview]:
    """Return the interviews that were begun and not ended, the newest first."""
    with store.reading() as connection:
        question = (
            select(
                INTERVIEWS.c.id, SURVEYS.c.code, INTERVIEWS.c.number, CUSTOMERS.c.number, CUSTOMERS.c.name,
                INTERVIEWS.c.interviewer, INTERVIEWS.c.answers, INTERVIEWS.c.started_at, INTERVIEWS.c.updated_at,
            )
            .join_from(INTERVIEWS, SURVEYS, SURVEYS.c.id == INTERVIEWS.c.survey_id)
            .join(CUSTOMERS, CUSTOMERS.c.id == INTERVIEWS.c.customer_id, isouter=True)
            .where(INTERVIEWS.c.state == InterviewState.OPEN.value)
            .order_by(INTERVIEWS.c.updated_at.desc(), INTERVIEWS.c.id.desc())
        )  # fmt: skip
        if interviewer is not None:
            question = question.where(INTERVIEWS.c.interviewer == interviewer)
        if code is not None:
            question = question.where(SURVEYS.c.code == code)
        return [
            OpenInterview(
                id=row[0],
                survey=row[1],
                number=row[2],
                customer=row[3] or "",
                name=row[4] or "",
                interviewer=row[5],
                answered=len(json.loads(row[6])),
                started_at=row[7],
                updated_at=row[8],
            )
            for row in connection.execute(question)
        ]
