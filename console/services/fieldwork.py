"""Fieldwork: each attempt to ask a member of a sample, how far asking has come, and what the silent could change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, case, delete, func, insert, select, update

from console import clock
from console.codes import AttemptOutcome, InterviewState, Role, SampleState
from console.errors import ConflictError, NotFoundError, UsageError, nearest
from console.models import Customer, Interview, SampleContact, SampleMember, SurveyRefusal
from console.models.base import table_of
from console.services.answering import ANSWER_TEXTS, RESPONSES, SURVEYS, refuse_closed, survey_of
from console.services.staffing import required
from console.services.survey_views import MemberRow
from console.storage.bulk import insert_rows
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean_line

MEMBERS: Table = table_of(SampleMember)
CONTACTS: Table = table_of(SampleContact)
CUSTOMERS: Table = table_of(Customer)
INTERVIEWS: Table = table_of(Interview)
REFUSALS: Table = table_of(SurveyRefusal)

INTERVIEWERS = frozenset({Role.AGENT.value, Role.LEAD.value, Role.ANALYST.value, Role.ADMINISTRATOR.value})
"""The roles that ask customers."""
ENDS: Mapping[AttemptOutcome, SampleState] = {
    AttemptOutcome.INVITED: SampleState.INVITED,
    AttemptOutcome.DELIVERED: SampleState.DELIVERED,
    AttemptOutcome.STARTED: SampleState.STARTED,
    AttemptOutcome.COMPLETE: SampleState.COMPLETE,
    AttemptOutcome.PARTIAL: SampleState.PARTIAL,
    AttemptOutcome.REFUSED: SampleState.REFUSED,
    AttemptOutcome.NEVER: SampleState.REFUSED,
    AttemptOutcome.NO_ANSWER: SampleState.NOT_REACHED,
    AttemptOutcome.BUSY: SampleState.NOT_REACHED,
    AttemptOutcome.CALL_BACK: SampleState.NOT_REACHED,
    AttemptOutcome.MACHINE: SampleState.NOT_REACHED,
    AttemptOutcome.LANGUAGE: SampleState.OTHER,
    AttemptOutcome.WRONG_NUMBER: SampleState.UNKNOWN,
    AttemptOutcome.BOUNCED: SampleState.UNKNOWN,
    AttemptOutcome.INELIGIBLE: SampleState.INELIGIBLE,
}
"""What the state of a member is after an attempt that ended so."""
NO_ATTEMPT = frozenset(
    {AttemptOutcome.INVITED, AttemptOutcome.DELIVERED, AttemptOutcome.COMPLETE, AttemptOutcome.PARTIAL}
)
"""Outcomes that are no attempt of their own."""
TRIED_AGAIN = frozenset(
    {AttemptOutcome.NO_ANSWER, AttemptOutcome.BUSY, AttemptOutcome.CALL_BACK, AttemptOutcome.MACHINE}
)
"""Outcomes after which somebody may be tried again, at a time that may be given."""
HELD_MINUTES = 30
"""So long a member of a sample is kept for whoever has his card open; each answer begins it anew."""
LONGEST_NOTE = 500


def record_contact(
    store: Store,
    code: str,
    customer: str,
    outcome: str,
    *,
    actor: str,
    note: str = "",
    call_after: datetime | None = None,
    now: clock.Now = clock.now,
) -> MemberRow:
    """Note how an attempt to ask a member of a sample ended; return how he stands.

    ``call_after`` is when to try again. Raises UsageError for an unknown outcome or a time in the past, NotFoundError for a
    survey or a customer not in its sample, ConflictError for a closed survey or one who has answered, NotAllowedError.
    """
    ended = checked_outcome(outcome)
    if call_after is not None and ended not in TRIED_AGAIN:
        raise UsageError(
            f"After {ended} nobody is tried again.", f"A time goes with: {', '.join(sorted(TRIED_AGAIN))}."
        )
    if call_after is not None and call_after <= now():
        raise UsageError("The time to try again lies in the past.")

    def act(work: Work) -> None:
        connection = work.connection
        required(connection, actor, INTERVIEWERS, "ask customers")
        survey = survey_of(connection, code)
        member = member_of(connection, survey.id, code, customer)
        if member["state"] == SampleState.COMPLETE and ended is not AttemptOutcome.COMPLETE:
            raise ConflictError(f"{customer} has answered {code} already.", "The answers stay as they are.")
        note_contact(connection, member["id"], ended, actor=actor, at=now(), note=note, call_after=call_after)
        work.record("contact", "survey", code, {"customer": customer, "outcome": ended.value})

    store.write(actor, act)
    return next(row for row in members(store, code, customer=customer))


def checked_outcome(outcome: str) -> AttemptOutcome:
    """Return an outcome by its code. Raises UsageError naming the nearest."""
    if outcome not in tuple(AttemptOutcome):
        close = nearest(outcome, tuple(AttemptOutcome))
        hint = f"Did you mean {close}? " if close else ""
        raise UsageError(f"An attempt does not end as {outcome}.", f"{hint}Known: {', '.join(AttemptOutcome)}.")
    return AttemptOutcome(outcome)


def member_of(connection: Connection, survey_id: int, code: str, customer: str) -> Mapping[str, Any]:
    """Return the row of a member by the customer's number. Raises NotFoundError, ConflictError for a closed survey."""
    refuse_closed(connection, code)
    row = (
        connection.execute(
            select(MEMBERS)
            .join_from(MEMBERS, CUSTOMERS, CUSTOMERS.c.id == MEMBERS.c.customer_id)
            .where(MEMBERS.c.survey_id == survey_id, CUSTOMERS.c.number == customer)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError(f"The customer {customer} is not in the sample of {code}.", "See: ombud survey sample CODE")
    return dict(row)


def note_contact(
    connection: Connection,
    member_id: int,
    outcome: AttemptOutcome,
    *,
    actor: str,
    at: datetime,
    note: str = "",
    call_after: datetime | None = None,
) -> None:
    """Write one attempt and what the member's state is after it; nobody holds him any longer but by an interview begun."""
    cleaned = clean_line(note)
    if len(cleaned) > LONGEST_NOTE:
        raise UsageError(f"The note is longer than {LONGEST_NOTE} characters.")
    connection.execute(
        insert(CONTACTS).values(member_id=member_id, at=at, actor=actor, outcome=outcome.value, note=cleaned)
    )
    values: dict[str, Any] = {"state": ENDS[outcome].value, "updated_at": at, "call_after": call_after}
    if outcome not in NO_ATTEMPT:
        values["attempts"] = MEMBERS.c.attempts + 1
    if outcome is not AttemptOutcome.STARTED:
        values.update(held_by="", held_until=None)
    connection.execute(update(MEMBERS).where(MEMBERS.c.id == member_id).values(**values))
    if outcome is AttemptOutcome.NEVER:
        customer_id = connection.execute(select(MEMBERS.c.customer_id).where(MEMBERS.c.id == member_id)).scalar_one()
        refuse_for_good(connection, customer_id, at=at, actor=actor, reason=cleaned[:200])


def refuse_for_good(connection: Connection, customer_id: int, *, at: datetime, actor: str, reason: str = "") -> bool:
    """Keep that a customer does not wish to be asked in any survey; return whether that is new."""
    if connection.execute(select(REFUSALS.c.customer_id).where(REFUSALS.c.customer_id == customer_id)).first():
        return False
    connection.execute(insert(REFUSALS).values(customer_id=customer_id, at=at, actor=actor, reason=reason))
    return True


def set_refusal(
    store: Store, customer: str, *, is_refusing: bool, reason: str = "", actor: str, now: clock.Now = clock.now
) -> bool:
    """Note that a customer does not wish to be asked, or does again; return whether that changed anything.

    Raises NotFoundError, NotAllowedError.
    """

    def act(work: Work) -> bool:
        required(work.connection, actor, INTERVIEWERS, "note who is not to be asked")
        found = work.connection.execute(select(CUSTOMERS.c.id).where(CUSTOMERS.c.number == customer)).scalar()
        if found is None:
            raise NotFoundError(f"No customer has the number {customer}.", "Search: ombud customer find TEXT")
        if is_refusing:
            is_new = refuse_for_good(
                work.connection, int(found), at=now(), actor=actor, reason=clean_line(reason)[:200]
            )
        else:
            gone = delete(REFUSALS).where(REFUSALS.c.customer_id == found)
            is_new = bool(work.connection.execute(gone).rowcount)
        work.record("survey_refusal" if is_refusing else "survey_consent", "customer", customer, {"is_new": is_new})
        return is_new

    return store.write(actor, act)


def invite(
    store: Store,
    code: str,
    *,
    actor: str,
    limit: int | None = None,
    stratum: str | None = None,
    now: clock.Now = clock.now,
) -> list[MemberRow]:
    """Note that members who were only drawn are invited now; return them for the letter, message or call list.

    Raises NotFoundError, ConflictError for a closed survey, NotAllowedError.
    """
    moment = now()

    def act(work: Work) -> list[str]:
        connection = work.connection
        required(connection, actor, INTERVIEWERS, "invite customers")
        survey = survey_of(connection, code)
        refuse_closed(connection, code)
        question = (
            select(MEMBERS.c.id, CUSTOMERS.c.number)
            .join_from(MEMBERS, CUSTOMERS, CUSTOMERS.c.id == MEMBERS.c.customer_id)
            .where(
                MEMBERS.c.survey_id == survey.id,
                MEMBERS.c.state == SampleState.DRAWN.value,
                CUSTOMERS.c.erased_at.is_(None),
                CUSTOMERS.c.id.not_in(select(REFUSALS.c.customer_id)),
            )
            .order_by(MEMBERS.c.stratum, CUSTOMERS.c.number)
            .limit(limit)
        )
        if stratum is not None:
            question = question.where(MEMBERS.c.stratum == stratum)
        chosen = connection.execute(question).all()
        if chosen:
            insert_rows(
                connection,
                CONTACTS,
                ("member_id", "at", "actor", "outcome"),
                [(id_, moment, actor, AttemptOutcome.INVITED.value) for id_, _number in chosen],
            )
            connection.execute(
                update(MEMBERS)
                .where(MEMBERS.c.id.in_([id_ for id_, _number in chosen]))
                .values(state=SampleState.INVITED.value, updated_at=moment)
            )
        work.record("invite", "survey", code, {"invited": len(chosen)})
        return [number for _id, number in chosen]

    numbers = set(store.write(actor, act))
    return [row for row in members(store, code) if row.customer in numbers]


def members(
    store: Store, code: str, *, state: str | None = None, stratum: str | None = None, customer: str | None = None
) -> list[MemberRow]:
    """Return the members of a sample by stratum and number. Raises NotFoundError, UsageError for an unknown state."""
    if state is not None and state not in tuple(SampleState):
        raise UsageError(f"There is no state {state} of a member of a sample.", f"Known: {', '.join(SampleState)}.")
    newest = select(CONTACTS.c.member_id, func.max(CONTACTS.c.id).label("id")).group_by(CONTACTS.c.member_id).subquery()
    names = ("number", "name", "phone_masked", "region")
    with store.reading() as connection:
        survey = survey_of(connection, code)
        question = (
            select(
                *(CUSTOMERS.c[name] for name in names),
                MEMBERS.c.stratum,
                MEMBERS.c.state,
                MEMBERS.c.attempts,
                func.coalesce(CONTACTS.c.outcome, ""),
                MEMBERS.c.call_after,
                func.coalesce(CONTACTS.c.note, ""),
                MEMBERS.c.held_by,
            )
            .join_from(MEMBERS, CUSTOMERS, CUSTOMERS.c.id == MEMBERS.c.customer_id)
            .join(newest, newest.c.member_id == MEMBERS.c.id, isouter=True)
            .join(CONTACTS, CONTACTS.c.id == newest.c.id, isouter=True)
            .where(MEMBERS.c.survey_id == survey.id)
            .order_by(MEMBERS.c.stratum, CUSTOMERS.c.number)
        )
        for column, value in ((MEMBERS.c.state, state), (MEMBERS.c.stratum, stratum), (CUSTOMERS.c.number, customer)):
            if value is not None:
                question = question.where(column == value)
        fields = tuple(MemberRow.__dataclass_fields__)
        return [MemberRow(**dict(zip(fields, row, strict=True))) for row in connection.execute(question)]


def sample(store: Store, code: str, *, state: str | None = None) -> list[tuple[str, str, str, str, int]]:
    """Return the members of a sample to be asked: number, name, stratum, state, attempts. Raises NotFoundError."""
    return [(row.customer, row.name, row.stratum, row.state, row.attempts) for row in members(store, code, state=state)]


def attempts_of(connection: Connection, customer_id: int) -> list[dict[str, Any]]:
    """Return every attempt to ask a customer in a survey, for the export of what is kept about a person."""
    question = (
        select(SURVEYS.c.code.label("survey"), CONTACTS.c.at, CONTACTS.c.actor, CONTACTS.c.outcome, CONTACTS.c.note)
        .join_from(CONTACTS, MEMBERS, MEMBERS.c.id == CONTACTS.c.member_id)
        .join(SURVEYS, SURVEYS.c.id == MEMBERS.c.survey_id)
        .where(MEMBERS.c.customer_id == customer_id)
        .order_by(CONTACTS.c.id)
    )
    return [dict(row) for row in connection.execute(question).mappings()]


def forget_attempts(connection: Connection, customer_id: int) -> None:
    """Empty what was written about a customer who is erased: notes, open answers, answers of interviews under way.

    Levels stay, since statistics count them and nobody is known by them.
    """
    mine = select(MEMBERS.c.id).where(MEMBERS.c.customer_id == customer_id)
    connection.execute(update(CONTACTS).where(CONTACTS.c.member_id.in_(mine)).values(note=""))
    connection.execute(
        update(INTERVIEWS)
        .where(INTERVIEWS.c.customer_id == customer_id)
        .values(
            answers="{}",
            state=case((INTERVIEWS.c.state == "open", InterviewState.BROKEN.value), else_=INTERVIEWS.c.state),
        )
    )
    connection.execute(update(REFUSALS).where(REFUSALS.c.customer_id == customer_id).values(reason=""))
    said = select(RESPONSES.c.id).where(RESPONSES.c.customer_id == customer_id)
    connection.execute(delete(ANSWER_TEXTS).where(ANSWER_TEXTS.c.response_id.in_(said)))
