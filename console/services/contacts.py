"""The contact log (运行记录, requirement A4): what was said to and by customers, with channel, purpose, cost and outcome.

Contacts about a case stand in the history of the case; the log lists both, so that nothing is written down twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, Table, case, delete, func, insert, literal, select, union_all, update

from console.codes import Channel, ContactOutcome, ContactPurpose, Direction
from console.errors import ConflictError, NotFoundError, UsageError, nearest
from console.models import Case, CaseEvent, Contact, Customer, ImportChange, ServiceAccount
from console.models.base import table_of
from console.services.care_views import ContactRow
from console.services.known_customers import known
from console.services.staffing import HANDLERS, required
from console.storage.bulk import insert_rows
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean, clean_line

CONTACTS: Table = table_of(Contact)
CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
CASES: Table = table_of(Case)
EVENTS: Table = table_of(CaseEvent)
CHANGES: Table = table_of(ImportChange)

LISTED = 200
LONGEST = 20_000
"""Characters of what was said in one contact."""

LONGEST_PLACE = 200
MOST_MINOR = 10**12
OWN_SOURCE = "ombud"
"""The source of contacts entered here under a key of a script."""

AHEAD = timedelta(minutes=5)
"""How far the clocks of two computers may differ: a contact later than that has not happened."""

CODES: Mapping[str, tuple[str, ...]] = {
    "channel": tuple(Channel),
    "direction": tuple(Direction),
    "purpose": tuple(ContactPurpose),
    "outcome": tuple(ContactOutcome),
}


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to be written down; ``cost_minor`` is in minor units. Empty texts are unknown, ``at`` is now without one."""

    customer: str
    content: str = ""
    channel: str = Channel.TELEPHONE.value
    direction: str = Direction.OUT.value
    purpose: str = ContactPurpose.SERVICE.value
    outcome: str = ""
    place: str = ""
    cost_minor: int = 0
    currency: str = ""
    account: str = ""
    case: str = ""
    at: datetime | None = None


def checked(new: NewContact) -> dict[str, Any]:
    """Return the columns of a contact that need no look into the database, cleaned.

    Raises UsageError for a code that is none, a cost without currency or below nothing, or text without end.
    """
    codes = {name: clean_line(getattr(new, name)) for name in CODES}
    for name, value in codes.items():
        if (value or name != "outcome") and value not in CODES[name]:
            close = nearest(value, CODES[name])
            hint = f"Did you mean {close}?" if close else f"Known: {', '.join(CODES[name])}."
            raise UsageError(f"The {name} of a contact cannot be {value or 'empty'}.", hint)
    content, place, currency = clean(new.content).strip(), clean_line(new.place), clean_line(new.currency).upper()
    if len(content) > LONGEST:
        raise UsageError(f"What was said has {len(content):,} characters.", f"Keep it within {LONGEST:,}.")
    if len(place) > LONGEST_PLACE:
        raise UsageError(f"The place has {len(place)} characters.", f"Keep it within {LONGEST_PLACE}.")
    if not 0 <= new.cost_minor <= MOST_MINOR:
        raise UsageError(f"A contact cannot cost {new.cost_minor / 100:.2f}.", "Write the cost as 12.50.")
    if new.cost_minor and not currency:
        raise UsageError("The cost has no currency.", "Write its three letters, such as CNY.")
    if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise UsageError(f"{currency} is not a currency.", "Write its three letters, such as CNY.")
    return {
        **codes,
        "outcome": codes["outcome"] or None,
        "content": content,
        "place": place,
        "cost_minor": new.cost_minor,
        "currency": currency if new.cost_minor else "",
    }


def log(store: Store, new: NewContact, actor: str, key: str = "") -> ContactRow:
    """Write a contact down and return its line; under a ``key`` it is written once, however often it is asked for.

    Raises UsageError for a value that is none, NotFoundError for a customer, account or case that is not there, ConflictError
    where the account or case is another customer's or the key was used for another contact, NotAllowedError for who may not.
    """

    def act(work: Work) -> int:
        required(work.connection, actor, HANDLERS, "write contacts down")
        return log_in(work, new, key=key)

    made = store.write(actor, act)
    with store.reading() as connection:
        return _rows(connection, _plain().where(CONTACTS.c.id == made), 1)[0]


def log_in(work: Work, new: NewContact, *, key: str = "") -> int:
    """Write a contact down in a transaction that is open, with its audit entry, and return its id; raises as ``log``."""
    connection = work.connection
    values = checked(new)
    at = new.at or work.at
    if at > work.at + AHEAD:
        raise UsageError(f"The contact lies ahead: {at.isoformat()}.", "Write down what has happened.")
    customer = known(connection, new.customer)
    earlier = _under(connection, key) if key else None
    if earlier is not None:
        if earlier.customer_id != customer.id or earlier.content != values["content"]:
            raise ConflictError(f"The key {key} was used for another contact.", "Use another key.")
        work.abandon()
        return int(earlier.id)
    account = _owned(connection, ACCOUNTS, "number", new.account, customer.id, "account", customer.number)
    about = _owned(connection, CASES, "reference", new.case, customer.id, "case", customer.number)
    made = connection.execute(
        insert(CONTACTS)
        .values(
            **values,
            customer_id=customer.id,
            account_id=account,
            case_id=about,
            at=at,
            who=work.actor,
            source=OWN_SOURCE if key else None,
            external_reference=key or None,
        )
        .returning(CONTACTS.c.id)
    ).scalar_one()
    detail = {name: values[name] for name in ("channel", "direction", "purpose", "outcome")}
    work.record("contact", "customer", customer.number, {"contact": int(made), **detail})
    return int(made)


def _under(connection: Connection, key: str) -> Any:
    question = select(CONTACTS.c.id, CONTACTS.c.customer_id, CONTACTS.c.content)
    return connection.execute(
        question.where(CONTACTS.c.source == OWN_SOURCE, CONTACTS.c.external_reference == key)
    ).first()


def _owned(
    connection: Connection, table: Table, column: str, written: str, customer_id: int, noun: str, number: str
) -> int | None:
    """Return the id of an account or case that is the customer's own; None for none named."""
    name = clean_line(written)
    if not name:
        return None
    row = connection.execute(select(table.c.id, table.c.customer_id).where(table.c[column] == name)).first()
    if row is None:
        raise NotFoundError(f"There is no {noun} {name}.", f"See: ombud customer show {number}")
    if row.customer_id != customer_id:
        raise ConflictError(f"The {noun} {name} is not one of customer {number}.", f"See: ombud customer show {number}")
    return int(row.id)


WRITTEN = (
    "customer_id", "account_id", "case_id", "at", "channel", "direction", "purpose", "place", "content", "cost_minor",
    "currency", "who", "outcome", "source", "external_reference", "batch_id",
)  # fmt: skip
"""The columns that ``write_contacts`` takes, all of them."""


def write_contacts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Enter many contacts at once, as an import does; a row holds the columns of ``WRITTEN``, checked by ``checked``."""
    insert_rows(connection, CONTACTS, WRITTEN, [tuple(row.get(name) for name in WRITTEN) for row in rows])


def _plain() -> Select[Any]:
    return (
        select(
            CONTACTS.c.id,
            CONTACTS.c.at,
            CUSTOMERS.c.number,
            CUSTOMERS.c.name,
            CONTACTS.c.channel,
            CONTACTS.c.direction,
            CONTACTS.c.purpose,
            CONTACTS.c.place,
            CONTACTS.c.content,
            CONTACTS.c.cost_minor,
            CONTACTS.c.currency,
            CONTACTS.c.who,
            func.coalesce(CONTACTS.c.outcome, "").label("outcome"),
            func.coalesce(ACCOUNTS.c.number, "").label("account"),
            func.coalesce(CASES.c.reference, "").label("case"),
        )
        .join_from(CONTACTS, CUSTOMERS, CUSTOMERS.c.id == CONTACTS.c.customer_id)
        .join(ACCOUNTS, ACCOUNTS.c.id == CONTACTS.c.account_id, isouter=True)
        .join(CASES, CASES.c.id == CONTACTS.c.case_id, isouter=True)
    )


def _about_cases() -> Select[Any]:
    """The contacts and callbacks in the histories of cases, as lines of the log; their ids are below nothing."""
    is_callback = EVENTS.c.verb == "callback"
    return (
        select(
            (-EVENTS.c.id).label("id"),
            EVENTS.c.at,
            CUSTOMERS.c.number,
            CUSTOMERS.c.name,
            literal("").label("channel"),
            case((EVENTS.c.origin == "customer", Direction.IN.value), else_=Direction.OUT.value).label("direction"),
            case((is_callback, ContactPurpose.CALLBACK.value), else_=ContactPurpose.SERVICE.value).label("purpose"),
            literal("").label("place"),
            EVENTS.c.note.label("content"),
            literal(0).label("cost_minor"),
            literal("").label("currency"),
            EVENTS.c.actor.label("who"),
            literal("").label("outcome"),
            literal("").label("account"),
            CASES.c.reference.label("case"),
        )
        .join_from(EVENTS, CASES, CASES.c.id == EVENTS.c.case_id)
        .join(CUSTOMERS, CUSTOMERS.c.id == CASES.c.customer_id)
        .where(EVENTS.c.verb.in_(("contact", "callback")), EVENTS.c.is_undone.is_(False))
    )


def _rows(connection: Connection, question: Select[Any], limit: int) -> list[ContactRow]:
    order = (CONTACTS.c.at.desc(), CONTACTS.c.id.desc())
    return [ContactRow(*row) for row in connection.execute(question.order_by(*order).limit(limit))]


def contacts_of(connection: Connection, customer_id: int, limit: int = LISTED) -> list[ContactRow]:
    """Return the contacts with one customer that stand in the log itself, the newest first."""
    return _rows(connection, _plain().where(CONTACTS.c.customer_id == customer_id), limit)


def contacts(
    store: Store,
    *,
    customer: str = "",
    purpose: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = LISTED,
) -> list[ContactRow]:
    """Return the log, the newest first, with what the histories of cases hold: of one customer, purpose, span of time.

    ``until`` is not included. Raises NotFoundError for a customer who is not there, UsageError for a purpose that is none.
    """
    if purpose and purpose not in CODES["purpose"]:
        close = nearest(purpose, CODES["purpose"])
        hint = f"Did you mean {close}?" if close else f"Known: {', '.join(CODES['purpose'])}."
        raise UsageError(f"There is no purpose {purpose}.", hint)
    with store.reading() as connection:
        sides = []
        customer_id = known(connection, customer).id if customer else None
        for question, owner, at in (
            (_plain(), CONTACTS.c.customer_id, CONTACTS.c.at),
            (_about_cases(), CASES.c.customer_id, EVENTS.c.at),
        ):
            if customer_id is not None:
                question = question.where(owner == customer_id)
            if since is not None:
                question = question.where(at >= since)
            if until is not None:
                question = question.where(at < until)
            sides.append(question)
        both = union_all(*sides).subquery()
        listed = select(both).order_by(both.c.at.desc(), both.c.id.desc()).limit(limit)
        if purpose:
            listed = listed.where(both.c.purpose == purpose)
        return [_named(ContactRow(*row)) for row in connection.execute(listed)]


def _named(row: ContactRow) -> ContactRow:
    """Return a line with the channel that the history of a case writes before what was said."""
    channel, colon, said = row.content.partition(": ")
    return replace(row, channel=channel, content=said) if row.id < 0 and colon and channel in CODES["channel"] else row


def forget_contacts(connection: Connection, customer_id: int) -> None:
    """Empty what was said, and where, in the contacts with a customer who is erased, also in what imports noted of them.

    That they were stays counted.
    """
    his = select(CONTACTS.c.id).where(CONTACTS.c.customer_id == customer_id)
    connection.execute(delete(CHANGES).where(CHANGES.c.kind == "contacts", CHANGES.c.row_id.in_(his)))
    connection.execute(update(CONTACTS).where(CONTACTS.c.customer_id == customer_id).values(content="", place=""))


def remove_batch(connection: Connection, batch_id: int) -> int:
    """Delete the contacts that an import batch made, and return how many there were."""
    return connection.execute(delete(CONTACTS).where(CONTACTS.c.batch_id == batch_id)).rowcount
