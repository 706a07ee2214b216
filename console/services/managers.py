"""Account managers (客户经理制, requirement A8): one for each key customer and each area, from a day to a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, func, insert, or_, select, update

from console.errors import ConflictError, NotFoundError, UsageError
from console.models import Customer, ManagerPost, Staff
from console.models.base import table_of
from console.services.care_views import PostRow
from console.services.customer_lists import asking_of
from console.services.known_customers import known
from console.services.lookups import Names
from console.services.staffing import SUPERVISORS, required
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean_line

POSTS: Table = table_of(ManagerPost)
CUSTOMERS: Table = table_of(Customer)
STAFF: Table = table_of(Staff)

LONGEST_REGION = 100


def appoint(
    store: Store, login: str, actor: str, *, customer: str = "", region: str = "", from_on: date | None = None
) -> PostRow:
    """Make somebody the manager of a customer or of an area from a day on, today without one; whoever was it ends the day before.

    Raises UsageError unless one of customer and area is given, or for a login that is none, NotFoundError for a customer who is
    not there, ConflictError for who is the manager already or a day before the last change, NotAllowedError for who may not.
    """
    area = clean_line(region)
    if bool(customer) == bool(area):
        raise UsageError("A manager is for a customer or for an area.", "Give --customer NUMBER or --region NAME.")
    if len(area) > LONGEST_REGION:
        raise UsageError(f"The area has {len(area)} characters.", f"Keep it within {LONGEST_REGION}.")

    def act(work: Work) -> int:
        connection = work.connection
        required(connection, actor, SUPERVISORS, "appoint managers")
        person = Names().person(connection, login)
        begins = from_on or asking_of(connection, now=work.at).today
        who = known(connection, customer) if customer else None
        theirs = POSTS.c.customer_id == who.id if who else POSTS.c.region == area
        held = (
            connection.execute(select(POSTS).where(theirs).order_by(POSTS.c.from_on.desc()).limit(1)).mappings().first()
        )
        if held is not None and held["to_on"] is None:
            if held["staff_id"] == person["id"]:
                raise ConflictError(
                    f"{login} is the manager of {who.number if who else area} already.", "See: ombud manager list"
                )
            if begins <= held["from_on"]:
                raise ConflictError(
                    f"The manager of {who.number if who else area} changed on {held['from_on'].isoformat()}.",
                    "Give a later day: --from",
                )
            connection.execute(update(POSTS).where(POSTS.c.id == held["id"]).values(to_on=begins - timedelta(days=1)))
        elif held is not None and begins <= held["to_on"]:
            raise ConflictError(
                f"{who.number if who else area} had a manager until {held['to_on'].isoformat()}.",
                "Give a later day: --from",
            )
        made = connection.execute(
            insert(POSTS)
            .values(
                staff_id=person["id"],
                customer_id=who.id if who else None,
                region=area,
                from_on=begins,
                to_on=None,
                at=work.at,
                actor=actor,
            )
            .returning(POSTS.c.id)
        ).scalar_one()
        kind, name = ("customer", who.number) if who else ("region", area)
        work.record("appoint manager", kind, name, {"manager": login, "from": begins.isoformat()})
        return int(made)

    made = store.write(actor, act)
    return next(row for row in posts(store, is_all=True) if row.id == made)


def end(store: Store, actor: str, *, customer: str = "", region: str = "", on: date | None = None) -> PostRow:
    """Let the manager of a customer or an area be it until a day, today without one, and nobody after him.

    Raises NotFoundError where nobody is it, ConflictError for a day before he began; otherwise as ``appoint``.
    """
    area = clean_line(region)
    if bool(customer) == bool(area):
        raise UsageError("A manager is for a customer or for an area.", "Give --customer NUMBER or --region NAME.")

    def act(work: Work) -> int:
        connection = work.connection
        required(connection, actor, SUPERVISORS, "appoint managers")
        last = on or asking_of(connection, now=work.at).today
        who = known(connection, customer) if customer else None
        theirs = POSTS.c.customer_id == who.id if who else POSTS.c.region == area
        held = connection.execute(select(POSTS).where(theirs, POSTS.c.to_on.is_(None))).mappings().first()
        if held is None:
            raise NotFoundError(f"{who.number if who else area} has no manager.", "See: ombud manager list")
        if last < held["from_on"]:
            raise ConflictError(f"He began on {held['from_on'].isoformat()}.", "Give that day or a later one: --on")
        connection.execute(update(POSTS).where(POSTS.c.id == held["id"]).values(to_on=last))
        kind, name = ("customer", who.number) if who else ("region", area)
        work.record("end manager", kind, name, {"until": last.isoformat()})
        return int(held["id"])

    ended = store.write(actor, act)
    return next(row for row in posts(store, is_all=True) if row.id == ended)


def posts(store: Store, *, login: str = "", is_all: bool = False) -> list[PostRow]:
    """Return who manages which customer and area now, with those who did before where all are asked for."""
    with store.reading() as connection:
        today = asking_of(connection).today
        question = held().order_by(POSTS.c.region, CUSTOMERS.c.number, POSTS.c.from_on, POSTS.c.id)
        if login:
            question = question.where(STAFF.c.login == login)
        if not is_all:
            question = question.where(current(POSTS, today))
        return [PostRow(*row) for row in connection.execute(question)]


def held() -> Select[Any]:
    """Return the question for posts, as ``PostRow`` holds them."""
    return (
        select(
            POSTS.c.id,
            STAFF.c.login,
            STAFF.c.name,
            func.coalesce(CUSTOMERS.c.number, "").label("customer"),
            func.coalesce(CUSTOMERS.c.name, "").label("customer_name"),
            POSTS.c.region,
            POSTS.c.from_on,
            POSTS.c.to_on,
        )
        .join_from(POSTS, STAFF, STAFF.c.id == POSTS.c.staff_id)
        .join(CUSTOMERS, CUSTOMERS.c.id == POSTS.c.customer_id, isouter=True)
    )


def current(post: Any, today: date) -> Any:
    """Return the condition that a post is held on a day."""
    return and_(post.c.from_on <= today, or_(post.c.to_on.is_(None), post.c.to_on >= today))


def manager_of(connection: Connection, customer_id: int, region: str, today: date) -> str:
    """Return the login of a customer's manager on a day: his own, else that of his area; empty for none."""
    question = (
        select(STAFF.c.login, POSTS.c.customer_id)
        .join_from(POSTS, STAFF, STAFF.c.id == POSTS.c.staff_id)
        .where(
            current(POSTS, today),
            or_(POSTS.c.customer_id == customer_id, and_(POSTS.c.region == region, POSTS.c.region != "")),
        )
        .order_by(POSTS.c.customer_id.is_(None))
        .limit(1)
    )
    row = connection.execute(question).first()
    return str(row.login) if row else ""
