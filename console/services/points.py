"""Loyalty points (积分, requirement A8): a ledger with reasons. Nothing is deleted; a wrong entry is answered by its opposite."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, Table, func, insert, select, update

from console.errors import ConflictError, NotFoundError, UsageError
from console.models import Customer, PointsEntry
from console.models.base import table_of
from console.services.care_views import PointsBalance, PointsRow
from console.services.known_customers import known
from console.services.staffing import HANDLERS, SUPERVISORS, required
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean_line

ENTRIES: Table = table_of(PointsEntry)
CUSTOMERS: Table = table_of(Customer)

MOST = 1_000_000
"""Points in one entry."""

LONGEST_REASON = 200


def add(store: Store, number: str, points: int, reason: str, actor: str, key: str = "") -> PointsRow:
    """Give a customer points, or use them (below zero), with the reason; under a ``key`` once, however often it is asked for.

    Raises UsageError for no points, too many or no reason, ConflictError where the balance would fall below zero or the key was
    used for another entry, NotFoundError for a customer who is not there, NotAllowedError for who may not.
    """
    why = clean_line(reason)
    if not why or len(why) > LONGEST_REASON:
        raise UsageError("Points need a reason.", f"Say why in 1 to {LONGEST_REASON} characters: --reason TEXT")
    if points == 0 or abs(points) > MOST:
        raise UsageError(f"{points} points cannot be entered.", f"Give 1 to {MOST:,}, or as many to be used.")

    def act(work: Work) -> int:
        connection = work.connection
        required(connection, actor, HANDLERS, "enter points")
        customer = known(connection, number)
        earlier = _under(connection, key) if key else None
        if earlier is not None:
            if (earlier.customer_id, earlier.points) != (customer.id, points):
                raise ConflictError(f"The key {key} was used for another entry.", "Use another key.")
            work.abandon()
            return int(earlier.id)
        return _enter(work, customer.id, customer.number, points, why, key=key)

    return _entry(store, store.write(actor, act))


def _under(connection: Connection, key: str) -> Any:
    question = select(ENTRIES.c.id, ENTRIES.c.customer_id, ENTRIES.c.points).where(ENTRIES.c.idempotency_key == key)
    return connection.execute(question).first()


def _enter(
    work: Work, customer_id: int, number: str, points: int, reason: str, *, key: str = "", reverses: int | None = None
) -> int:
    connection = work.connection
    # Whoever enters points holds the customer until his commit, so that two entries never use the same points.
    connection.execute(select(CUSTOMERS.c.id).where(CUSTOMERS.c.id == customer_id).with_for_update())
    held = balance_of(connection, customer_id)
    if held + points < 0:
        raise ConflictError(f"Customer {number} has {held} points; {-points} cannot be taken.", f"Take at most {held}.")
    made = connection.execute(
        insert(ENTRIES)
        .values(
            customer_id=customer_id,
            at=work.at,
            points=points,
            reason=reason,
            actor=work.actor,
            reverses_id=reverses,
            idempotency_key=key or None,
        )
        .returning(ENTRIES.c.id)
    ).scalar_one()
    work.record("points", "customer", number, {"entry": int(made), "points": points, "reverses": reverses})
    return int(made)


def balance_of(connection: Connection, customer_id: int) -> int:
    """Return how many points the customer with an id has."""
    question = select(func.coalesce(func.sum(ENTRIES.c.points), 0)).where(ENTRIES.c.customer_id == customer_id)
    return int(connection.execute(question).scalar_one())


def reverse(store: Store, entry: int, reason: str, actor: str) -> PointsRow:
    """Enter the opposite of an entry, once; both stay.

    Raises NotFoundError for an entry that is not there, ConflictError for one that was reversed, is a reversal itself, or whose
    points were used since, UsageError without a reason, NotAllowedError for who may not.
    """
    why = clean_line(reason)
    if not why or len(why) > LONGEST_REASON:
        raise UsageError("A reversal needs a reason.", f"Say why in 1 to {LONGEST_REASON} characters: --reason TEXT")

    def act(work: Work) -> int:
        connection = work.connection
        required(connection, actor, SUPERVISORS, "reverse points")
        held = connection.execute(select(ENTRIES).where(ENTRIES.c.id == entry)).mappings().first()
        if held is None:
            raise NotFoundError(f"There is no entry {entry} of points.", "See: ombud points list NUMBER")
        if held["reverses_id"] is not None:
            raise ConflictError(f"Entry {entry} is a reversal itself.", "Enter the points anew.")
        again = connection.execute(select(ENTRIES.c.id).where(ENTRIES.c.reverses_id == entry)).scalar()
        if again is not None:
            raise ConflictError(
                f"Entry {entry} was reversed already, by entry {again}.", "See: ombud points list NUMBER"
            )
        number = connection.execute(
            select(CUSTOMERS.c.number).where(CUSTOMERS.c.id == held["customer_id"])
        ).scalar_one()
        return _enter(work, held["customer_id"], number, -held["points"], why, reverses=entry)

    return _entry(store, store.write(actor, act))


def _entry(store: Store, entry: int) -> PointsRow:
    with store.reading() as connection:
        return PointsRow(*connection.execute(ledger().where(ENTRIES.c.id == entry)).one())


def ledger() -> Select[Any]:
    """Return the question for entries of the ledger, as ``PointsRow`` holds them."""
    return select(
        ENTRIES.c.id,
        ENTRIES.c.at,
        CUSTOMERS.c.number,
        ENTRIES.c.points,
        ENTRIES.c.reason,
        ENTRIES.c.actor,
        ENTRIES.c.reverses_id,
    ).join_from(ENTRIES, CUSTOMERS, CUSTOMERS.c.id == ENTRIES.c.customer_id)


def entries(store: Store, number: str, limit: int = 200) -> list[PointsRow]:
    """Return the ledger of one customer, the newest first. Raises NotFoundError."""
    with store.reading() as connection:
        customer = known(connection, number)
        question = ledger().where(ENTRIES.c.customer_id == customer.id).order_by(ENTRIES.c.id.desc()).limit(limit)
        return [PointsRow(*row) for row in connection.execute(question)]


def balance(store: Store, number: str) -> PointsBalance:
    """Return how many points a customer has, was given and has used. Raises NotFoundError."""
    with store.reading() as connection:
        customer = known(connection, number)
        points = list(
            connection.execute(select(ENTRIES.c.points).where(ENTRIES.c.customer_id == customer.id)).scalars()
        )
    given = sum(entry for entry in points if entry > 0)
    return PointsBalance(customer.number, customer.name, sum(points), given, given - sum(points))


def forget_reasons(connection: Connection, customer_id: int, instead: str) -> None:
    """Put another word in the place of the reasons of a customer who is erased; the points stay counted."""
    connection.execute(update(ENTRIES).where(ENTRIES.c.customer_id == customer_id).values(reason=instead))
