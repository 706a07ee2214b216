"""Care campaigns (客户关怀, requirement A4): customers chosen by a filter, a call list, the outcome of each, how far it has come.

Who had a contact of care within the rest of the campaign, who stands on the list of another one that is under way, and who
cannot be reached the way it goes is left out when the list is made; who was reached otherwise since is not offered either.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Table,
    and_,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from console.codes import CallState, CampaignState, Channel, ContactOutcome, ContactPurpose, Direction, Role
from console.errors import ConflictError, NotFoundError, UsageError, nearest
from console.models import Campaign, CampaignCall, Contact, Customer
from console.models.base import table_of
from console.rules.customer_fields import parse_customers
from console.services.care_views import CallRow, CampaignRow
from console.services.contacts import LONGEST, NewContact, log_in
from console.services.customer_filtering import check_names, conditions_of, order_of
from console.services.customer_lists import asking_of
from console.services.filter_conditions import Condition
from console.services.known_customers import known
from console.services.lookups import nearest_hint
from console.services.staffing import HANDLERS, required
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean, clean_line

CAMPAIGNS: Table = table_of(Campaign)
CALLS: Table = table_of(CampaignCall)
CONTACTS: Table = table_of(Contact)
CUSTOMERS: Table = table_of(Customer)

MAY_PLAN = frozenset({Role.LEAD.value, Role.ANALYST.value, Role.ADMINISTRATOR.value})
MOST_ATTEMPTS = 3
"""Attempts after which nobody tries any more."""

LARGEST = 100_000
LONGEST_TITLE = 200
LONGEST_REST = 3650
CARE = (ContactPurpose.CARE.value, ContactPurpose.VISIT.value)
"""Contacts after which a customer is left in peace; a callback or a notice is owed to him all the same."""

REACHED_BY = {
    Channel.TELEPHONE.value: "phone_masked",
    Channel.SMS.value: "phone_masked",
    Channel.EMAIL.value: "email_masked",
    Channel.LETTER.value: "address_masked",
    Channel.VISIT.value: "address_masked",
}
ENDED = {
    ContactOutcome.REACHED.value: CallState.DONE.value,
    ContactOutcome.MESSAGE_LEFT.value: CallState.DONE.value,
    ContactOutcome.REFUSED.value: CallState.DONE.value,
    ContactOutcome.WRONG_NUMBER.value: CallState.DROPPED.value,
}
"""How a call ends by its outcome; who was not reached is tried again."""


def _choice(name: str, written: str, allowed: Sequence[str]) -> str:
    value = clean_line(written)
    if value not in allowed:
        close = nearest(value, tuple(allowed))
        hint = f"Did you mean {close}?" if close else f"Known: {', '.join(allowed)}."
        raise UsageError(f"The {name} of a campaign cannot be {value or 'empty'}.", hint)
    return value


def new(
    store: Store,
    title: str,
    filter_text: str,
    actor: str,
    *,
    purpose: str = ContactPurpose.CARE.value,
    channel: str = Channel.TELEPHONE.value,
    script: str = "",
    rest_days: int | None = None,
    due_on: date | None = None,
    now: datetime | None = None,
) -> CampaignRow:
    """Begin a campaign for the customers that a filter finds, in its order, and return it with whom it left out and why.

    ``rest_days`` is how long a customer is left in peace after a contact of care: as the policy says without it, 0 for no rest.
    Raises FilterError, UsageError for a value that is none or a filter that finds nobody to be contacted, NotAllowedError.
    """
    name = clean_line(title)
    if not name or len(name) > LONGEST_TITLE:
        raise UsageError(f"A campaign has a title of 1 to {LONGEST_TITLE} characters.", "Say what it is for.")
    if rest_days is not None and not 0 <= rest_days <= LONGEST_REST:
        raise UsageError(f"A rest of {rest_days} days cannot be kept.", f"Give 0 to {LONGEST_REST} days.")
    told = clean(script).strip()
    if len(told) > LONGEST:
        raise UsageError(f"What is to be said has {len(told):,} characters.", f"Keep it within {LONGEST:,}.")
    values = {
        "purpose": _choice("purpose", purpose, tuple(ContactPurpose)),
        "channel": _choice("channel", channel, tuple(Channel)),
    }
    asked = parse_customers(filter_text)

    def act(work: Work) -> str:
        connection = work.connection
        required(connection, actor, MAY_PLAN, "plan campaigns")
        check_names(connection, asked)
        asking = asking_of(connection, viewer=actor, now=now or work.at)
        rest = asking.rules.rest_days if rest_days is None else rest_days
        reason = _left_out(values["channel"], asking.now - timedelta(days=rest) if rest else None)
        found = connection.execute(
            select(CUSTOMERS.c.id, reason)
            .where(*conditions_of(asked, asking))
            .order_by(*order_of(asked))
            .limit(LARGEST + 1)
        ).all()
        chosen = [row.id for row in found if not row.reason]
        left_out = {name: sum(row.reason == name for row in found) for name in ("unreachable", "rested", "elsewhere")}
        if len(chosen) > LARGEST:
            raise UsageError(f"The filter finds more than {LARGEST:,} customers.", "Make several campaigns of it.")
        if not chosen:
            told_why = ", ".join(f"{count} {name}" for name, count in left_out.items() if count)
            raise UsageError(
                f"There is nobody to contact{': ' + told_why if told_why else ''}.",
                "Change the filter, or the rest: --rest-days 0",
            )
        number = _next_number(connection)
        made = connection.execute(
            insert(CAMPAIGNS)
            .values(
                number=number, title=name, filter=str(asked), script=told, rest_days=rest, due_on=due_on,
                state=CampaignState.OPEN.value, left_out=json.dumps(left_out), created_by=actor, created_at=asking.now,
                version=1, **values,
            )
            .returning(CAMPAIGNS.c.id)
        ).scalar_one()  # fmt: skip
        connection.execute(
            insert(CALLS),
            [
                {
                    "campaign_id": made,
                    "customer_id": customer_id,
                    "position": position,
                    "state": CallState.PLANNED.value,
                    "attempts": 0,
                    "actor": "",
                }
                for position, customer_id in enumerate(chosen, start=1)
            ],
        )
        work.record(
            "new campaign", "campaign", number, {"filter": str(asked), "customers": len(chosen), "left_out": left_out}
        )
        return number

    return campaign(store, store.write(actor, act))


def _left_out(channel: str, since: datetime | None) -> ColumnElement[Any]:
    """The reason why a customer is left out of a campaign, empty for who is chosen."""
    field = REACHED_BY.get(channel)
    whens: list[tuple[Condition, str]] = []
    if field is not None:
        whens.append((CUSTOMERS.c[field] == "", "unreachable"))
    if since is not None:
        whens.append((_contacted(CUSTOMERS.c.id, since), "rested"))
        listed = (
            exists()
            .where(CALLS.c.customer_id == CUSTOMERS.c.id, CALLS.c.state == CallState.PLANNED.value)
            .where(CALLS.c.campaign_id == CAMPAIGNS.c.id, CAMPAIGNS.c.state == CampaignState.OPEN.value)
        )
        whens.append((listed, "elsewhere"))
    return (case(*whens, else_="") if whens else func.trim("")).label("reason")


def _contacted(customer_id: Any, since: Any) -> Condition:
    """Whether a customer had a contact of care, from us, since a moment; who was not reached had none."""
    contact = CONTACTS.alias("earlier_contact")
    return exists().where(
        contact.c.customer_id == customer_id,
        contact.c.direction == Direction.OUT.value,
        contact.c.purpose.in_(CARE),
        contact.c.at >= since,
        or_(
            contact.c.outcome.is_(None),
            contact.c.outcome.not_in((ContactOutcome.NOT_REACHED.value, ContactOutcome.WRONG_NUMBER.value)),
        ),
    )


def _next_number(connection: Connection) -> str:
    newest = connection.execute(select(func.coalesce(func.max(CAMPAIGNS.c.id), 0))).scalar_one()
    return f"CP-{int(newest) + 1:04d}"


_COUNTS = (
    select(
        CALLS.c.campaign_id,
        func.count().label("customers"),
        *(
            func.sum(case((CALLS.c.state == state.value, 1), else_=0)).label(state.value)
            for state in (CallState.PLANNED, CallState.DONE, CallState.DROPPED)
        ),
        func.sum(case((CALLS.c.outcome == ContactOutcome.REACHED.value, 1), else_=0)).label("reached"),
        func.sum(case((CALLS.c.outcome == ContactOutcome.REFUSED.value, 1), else_=0)).label("refused"),
    )
    .group_by(CALLS.c.campaign_id)
    .subquery()
)


def campaigns(store: Store, *, is_all: bool = False) -> list[CampaignRow]:
    """Return the campaigns under way, with those that are closed where all are asked for; the newest first."""
    question = select(CAMPAIGNS, _COUNTS).join(_COUNTS, _COUNTS.c.campaign_id == CAMPAIGNS.c.id)
    if not is_all:
        question = question.where(CAMPAIGNS.c.state == CampaignState.OPEN.value)
    with store.reading() as connection:
        return [_row(row) for row in connection.execute(question.order_by(CAMPAIGNS.c.id.desc())).mappings()]


def campaign(store: Store, number: str) -> CampaignRow:
    """Return one campaign with its progress. Raises NotFoundError, naming the nearest."""
    with store.reading() as connection:
        held = _held(connection, number)
        question = select(CAMPAIGNS, _COUNTS).join(_COUNTS, _COUNTS.c.campaign_id == CAMPAIGNS.c.id)
        return _row(connection.execute(question.where(CAMPAIGNS.c.id == held["id"])).mappings().one())


def _held(connection: Connection, written: str) -> RowMapping:
    number = clean_line(written).upper()
    row = connection.execute(select(CAMPAIGNS).where(CAMPAIGNS.c.number == number)).mappings().first()
    if row is None:
        known_numbers = list(connection.execute(select(CAMPAIGNS.c.number)).scalars())
        raise NotFoundError(f"There is no campaign {number}.", nearest_hint(number, known_numbers))
    return row


def _row(row: RowMapping) -> CampaignRow:
    names = ("number", "title", "purpose", "channel", "filter", "script", "rest_days", "state", "due_on", "created_by")
    counts = ("customers", "planned", "done", "dropped", "reached", "refused")
    facts: dict[str, Any] = {**{name: row[name] for name in names}, **{name: int(row[name]) for name in counts}}
    return CampaignRow(
        **facts,
        created_at=row["created_at"],
        closed_at=row["closed_at"],
        left_out=tuple(json.loads(row["left_out"]).items()),
    )


def calls(store: Store, number: str, *, state: str = CallState.PLANNED.value, limit: int = 200) -> list[CallRow]:
    """Return the list of a campaign in its order: who is still to be contacted, or those in another state (all: ``all``).

    Who had another contact of care since the list was made, and who was erased or merged, is not offered any more. Raises
    NotFoundError, UsageError for a state that is none.
    """
    if state not in (*CallState, "all"):
        raise UsageError(f"A call cannot be {state}.", f"Known: {', '.join(CallState)}, all.")
    with store.reading() as connection:
        held = _held(connection, number)
        question = _listed(held).order_by(CALLS.c.attempts, CALLS.c.position).limit(limit)
        if state != "all":
            question = question.where(CALLS.c.state == state)
        if state == CallState.PLANNED.value:
            question = question.where(CUSTOMERS.c.erased_at.is_(None), CUSTOMERS.c.merged_into_id.is_(None))
            if held["rest_days"]:
                # Contacts of this very list do not stand in its way: who was not reached is tried again.
                question = question.where(~_contacted(CALLS.c.customer_id, held["created_at"]))
        return [CallRow(held["number"], *row) for row in connection.execute(question)]


def _listed(held: RowMapping) -> Select[Any]:
    """Return the question for the customers on the list of a campaign, as ``CallRow`` holds them behind its number."""
    return (
        select(
            CUSTOMERS.c.number,
            CUSTOMERS.c.name,
            CUSTOMERS.c.region,
            CUSTOMERS.c.phone_masked,
            CUSTOMERS.c.is_vulnerable,
            CALLS.c.state,
            func.coalesce(CALLS.c.outcome, "").label("outcome"),
            CALLS.c.attempts,
            CALLS.c.at,
            CALLS.c.actor,
            func.coalesce(CONTACTS.c.content, "").label("content"),
        )
        .join_from(CALLS, CUSTOMERS, CUSTOMERS.c.id == CALLS.c.customer_id)
        .join(CONTACTS, CONTACTS.c.id == CALLS.c.contact_id, isouter=True)
        .where(CALLS.c.campaign_id == held["id"])
    )


def record(
    store: Store,
    number: str,
    customer: str,
    outcome: str,
    actor: str,
    *,
    content: str = "",
    cost_minor: int = 0,
    currency: str = "",
    at: datetime | None = None,
) -> CallRow:
    """Write down how the contact with one customer of a campaign ended: a line of the contact log, and his state on the list.

    Who was not reached stays on the list, three times at most. Raises NotFoundError for a campaign, or a customer not on its
    list, ConflictError for one that is closed or done, UsageError for an outcome that is none, NotAllowedError for who may not.
    """

    def act(work: Work) -> int:
        connection = work.connection
        required(connection, actor, HANDLERS, "record calls")
        ended = _choice("outcome", outcome, tuple(ContactOutcome))
        held = _held(connection, number)
        if held["state"] != CampaignState.OPEN.value:
            raise ConflictError(f"The campaign {held['number']} is closed.", "Write the contact down by itself.")
        person = known(connection, customer)
        mine = and_(CALLS.c.campaign_id == held["id"], CALLS.c.customer_id == person.id)
        call = connection.execute(select(CALLS).where(mine)).mappings().first()
        if call is None:
            raise NotFoundError(
                f"Customer {person.number} is not on the list of {held['number']}.",
                f"See: ombud campaign calls {held['number']}",
            )
        if call["state"] != CallState.PLANNED.value:
            raise ConflictError(
                f"Customer {person.number} was contacted for {held['number']} already, by {call['actor']}.",
                f"See: ombud campaign calls {held['number']} --state all",
            )
        attempts = call["attempts"] + 1
        is_last = attempts >= MOST_ATTEMPTS
        state = ENDED.get(ended, (CallState.DROPPED if is_last else CallState.PLANNED).value)
        made = log_in(
            work,
            NewContact(
                person.number, content=content, channel=held["channel"], purpose=held["purpose"], outcome=ended,
                cost_minor=cost_minor, currency=currency, at=at,
            ),
        )  # fmt: skip
        changed = connection.execute(
            update(CALLS)
            .where(CALLS.c.id == call["id"], CALLS.c.state == CallState.PLANNED.value)
            .values(state=state, outcome=ended, attempts=attempts, contact_id=made, at=at or work.at, actor=actor)
        )
        if changed.rowcount != 1:
            raise ConflictError(f"Somebody else recorded customer {person.number} just now.", "Take the next one.")
        work.record("record call", "campaign", held["number"], {"customer": person.number, "outcome": ended})
        return int(call["customer_id"])

    customer_id = store.write(actor, act)
    with store.reading() as connection:
        held = _held(connection, number)
        question = _listed(held).where(CALLS.c.customer_id == customer_id)
        return CallRow(held["number"], *connection.execute(question).one())


def close(store: Store, number: str, actor: str) -> CampaignRow:
    """End a campaign: nobody more is contacted for it.

    Raises NotFoundError, ConflictError where it is closed already, NotAllowedError for who may not.
    """

    def act(work: Work) -> None:
        required(work.connection, actor, MAY_PLAN, "close campaigns")
        held = _held(work.connection, number)
        if held["state"] != CampaignState.OPEN.value:
            raise ConflictError(f"The campaign {held['number']} is closed already.", "See: ombud campaign list --all")
        left = work.connection.execute(
            update(CALLS)
            .where(CALLS.c.campaign_id == held["id"], CALLS.c.state == CallState.PLANNED.value)
            .values(state=CallState.DROPPED.value)
        ).rowcount
        work.connection.execute(
            update(CAMPAIGNS)
            .where(CAMPAIGNS.c.id == held["id"])
            .values(state=CampaignState.CLOSED.value, closed_at=work.at, version=CAMPAIGNS.c.version + 1)
        )
        work.record("close campaign", "campaign", held["number"], {"not_contacted": left})

    store.write(actor, act)
    return campaign(store, number)
