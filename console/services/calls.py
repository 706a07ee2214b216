"""The calls of a survey by telephone: whom to call next, kept for whoever calls so that nobody is called twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select, update

from console import clock
from console.codes import InterviewState, SampleState
from console.errors import ConflictError, NotFoundError, UsageError
from console.models import Customer, Interview, SampleContact, SampleMember, SurveyRefusal
from console.models.base import table_of
from console.services.answering import SURVEYS, refuse_closed, survey_of
from console.services.fieldwork import HELD_MINUTES, INTERVIEWERS
from console.services.staffing import required
from console.services.survey_views import CallCard
from console.storage.engine import Store
from console.storage.unit import Work

INTERVIEWS: Table = table_of(Interview)
MEMBERS: Table = table_of(SampleMember)
CONTACTS: Table = table_of(SampleContact)
CUSTOMERS: Table = table_of(Customer)
REFUSALS: Table = table_of(SurveyRefusal)

CALLED = (
    SampleState.DRAWN.value,
    SampleState.INVITED.value,
    SampleState.DELIVERED.value,
    SampleState.NOT_REACHED.value,
    SampleState.STARTED.value,
)
"""The states of members who may be called."""


def next_call(
    store: Store, code: str, *, actor: str, customer: str | None = None, now: clock.Now = clock.now
) -> CallCard | None:
    """Return whom to call next and keep him for the actor, or None where nobody is left to be called now.

    First who is to be called back by now, then whoever was tried least; a ``customer`` may be named instead. Left out are those
    held by others, tried as often as the plan says, to be called later, erased, or not wishing to be asked. Raises
    NotFoundError, UsageError for a survey without sample, ConflictError for one closed or a customer held by somebody else,
    NotAllowedError.
    """
    moment = now()

    def act(work: Work) -> CallCard | None:
        connection = work.connection
        required(connection, actor, INTERVIEWERS, "ask customers")
        survey = survey_of(connection, code)
        refuse_closed(connection, code)
        plan = _plan(connection, survey.id)
        if not connection.execute(select(MEMBERS.c.id).where(MEMBERS.c.survey_id == survey.id).limit(1)).first():
            raise UsageError(f"The survey {code} has no sample to call.", f"Draw it: ombud survey draw {code}")
        most = int(plan.get("attempts", 3))
        found = _callable(connection, survey.id, most, actor, moment, customer)
        if found is None:
            work.abandon()
            if customer is not None:
                _say_why_not(connection, survey.id, code, customer, most, actor, moment)
            return None
        connection.execute(
            update(MEMBERS)
            .where(MEMBERS.c.id == found["member_id"])
            .values(held_by=actor, held_until=moment + timedelta(minutes=HELD_MINUTES))
        )
        _let_go(connection, survey.id, actor, found["member_id"])
        work.record("call", "survey", code, {"customer": found["customer"]})
        return _card(connection, survey.id, code, plan, most, found, actor, moment)

    return store.write(actor, act)


def _plan(connection: Connection, survey_id: int) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(
        connection.execute(select(SURVEYS.c.plan).where(SURVEYS.c.id == survey_id)).scalar_one() or "{}"
    )
    return plan


def _open_to(survey_id: int, most: int, actor: str, moment: datetime) -> list[Any]:
    is_mine = MEMBERS.c.held_by == actor
    return [
        MEMBERS.c.survey_id == survey_id,
        MEMBERS.c.state.in_(CALLED),
        or_(MEMBERS.c.attempts < most, MEMBERS.c.state == SampleState.STARTED.value),
        or_(MEMBERS.c.held_until.is_(None), MEMBERS.c.held_until < moment, is_mine),
        CUSTOMERS.c.erased_at.is_(None),
        CUSTOMERS.c.id.not_in(select(REFUSALS.c.customer_id)),
    ]


def _callable(
    connection: Connection, survey_id: int, most: int, actor: str, moment: datetime, customer: str | None
) -> dict[str, Any] | None:
    question = (
        select(
            MEMBERS.c.id.label("member_id"),
            MEMBERS.c.stratum,
            MEMBERS.c.attempts,
            CUSTOMERS.c.id.label("customer_id"),
            CUSTOMERS.c.number.label("customer"),
            *(CUSTOMERS.c[name] for name in ("name", "phone_masked", "region")),
        )
        .join_from(MEMBERS, CUSTOMERS, CUSTOMERS.c.id == MEMBERS.c.customer_id)
        .where(*_open_to(survey_id, most, actor, moment))
        .order_by(
            (MEMBERS.c.held_by == actor).desc(),
            MEMBERS.c.call_after.is_(None),
            MEMBERS.c.call_after,
            MEMBERS.c.attempts,
            MEMBERS.c.id,
        )
        .limit(1)
    )
    if customer is not None:
        question = question.where(CUSTOMERS.c.number == customer)
    else:
        question = question.where(or_(MEMBERS.c.call_after.is_(None), MEMBERS.c.call_after <= moment))
    row = connection.execute(question).mappings().one_or_none()
    return None if row is None else dict(row)


def _say_why_not(
    connection: Connection, survey_id: int, code: str, customer: str, most: int, actor: str, moment: datetime
) -> None:
    """Raise the reason why a customer who was named cannot be called."""
    row = connection.execute(
        select(MEMBERS.c.state, MEMBERS.c.attempts, MEMBERS.c.held_by, MEMBERS.c.held_until)
        .join_from(MEMBERS, CUSTOMERS, CUSTOMERS.c.id == MEMBERS.c.customer_id)
        .where(MEMBERS.c.survey_id == survey_id, CUSTOMERS.c.number == customer)
    ).one_or_none()
    if row is None:
        raise NotFoundError(
            f"The customer {customer} is not in the sample of {code}.", f"See: ombud survey sample {code}"
        )
    if row.held_until is not None and row.held_until >= moment and row.held_by != actor:
        raise ConflictError(f"{row.held_by} is calling {customer} now.", "Take the next one.")
    if row.state not in CALLED:
        raise ConflictError(f"{customer} is not called any more: {row.state}.")
    if row.attempts >= most:
        raise ConflictError(f"{customer} was tried {row.attempts} times already.", "The plan allows no more.")
    raise ConflictError(f"{customer} does not wish to be asked, or was erased.")


def _let_go(connection: Connection, survey_id: int, actor: str, but: int) -> None:
    """Whoever takes a card gives back the others he holds without having begun."""
    connection.execute(
        update(MEMBERS)
        .where(
            MEMBERS.c.survey_id == survey_id,
            MEMBERS.c.held_by == actor,
            MEMBERS.c.id != but,
            MEMBERS.c.state != SampleState.STARTED.value,
        )
        .values(held_by="", held_until=None)
    )


def _card(
    connection: Connection,
    survey_id: int,
    code: str,
    plan: Mapping[str, Any],
    most: int,
    found: Mapping[str, Any],
    actor: str,
    moment: datetime,
) -> CallCard:
    survey = connection.execute(select(SURVEYS.c.title, SURVEYS.c.title_zh).where(SURVEYS.c.id == survey_id)).one()
    last = connection.execute(
        select(CONTACTS.c.outcome, CONTACTS.c.at, CONTACTS.c.note)
        .where(CONTACTS.c.member_id == found["member_id"])
        .order_by(CONTACTS.c.id.desc())
        .limit(1)
    ).one_or_none()
    left = connection.execute(
        select(func.count())
        .select_from(MEMBERS)
        .join(CUSTOMERS, CUSTOMERS.c.id == MEMBERS.c.customer_id)
        .where(*_open_to(survey_id, most, actor, moment))
    ).scalar_one()
    complete = connection.execute(
        select(func.count())
        .select_from(MEMBERS)
        .where(MEMBERS.c.survey_id == survey_id, MEMBERS.c.state == SampleState.COMPLETE.value)
    ).scalar_one()
    begun = connection.execute(
        select(INTERVIEWS.c.id).where(
            INTERVIEWS.c.member_id == found["member_id"], INTERVIEWS.c.state == InterviewState.OPEN.value
        )
    ).scalar()
    return CallCard(
        survey=code,
        title=survey.title,
        title_zh=survey.title_zh,
        most_attempts=most,
        last_outcome=last.outcome if last else "",
        last_at=last.at if last else None,
        note=last.note if last else "",
        left=int(left),
        complete=int(complete),
        needed=plan.get("needed"),
        open_interview=begun,
        **found,
    )
