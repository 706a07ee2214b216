"""What customers say of a reply when they are called back, as answers of the standing survey ``callback``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.exc import IntegrityError

from console.codes import Channel, IndicatorKind, Opinion
from console.models import Customer, Department, Indicator, Response, Survey
from console.models.base import table_of
from console.services.answering import Item, Said, items_of, write_responses
from console.storage.unit import Work
from console.zone import zone_name

SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)
RESPONSES: Table = table_of(Response)
CUSTOMERS: Table = table_of(Customer)
DEPARTMENTS: Table = table_of(Department)

STANDING = "callback"
"""The survey that callbacks answer; it is made by the first of them and never closed."""
OPINION = "opinion"
REASON = "reason"
OPINIONS = (Opinion.DISSATISFIED.value, Opinion.NEUTRAL.value, Opinion.SATISFIED.value)
"""The levels of its scale from 1 to 3."""
LONGEST_REASON = 100_000


def write_callback(
    connection: Connection, case: Mapping[str, Any], opinion: str, reason: str, *, actor: str, at: datetime
) -> int:
    """Write what a customer said of the reply to a case as a response of the standing survey; return its id.

    ``case`` is the row of the case; the customer's region, kind and supply and the case's department say in which cell it
    counts. An earlier callback of the same case stays: each is a response of its own.
    """
    survey_id = _survey(connection)
    items = _items(connection, survey_id)
    earlier = connection.execute(
        select(RESPONSES.c.number).where(RESPONSES.c.survey_id == survey_id, RESPONSES.c.case_id == case["id"])
    ).scalars()
    times = max(
        (int(number.rpartition("-")[2]) for number in earlier if number.rpartition("-")[2].isdecimal()), default=0
    )
    customer = (
        connection.execute(
            select(CUSTOMERS.c.region, CUSTOMERS.c.kind, CUSTOMERS.c.supply_category).where(
                CUSTOMERS.c.id == case["customer_id"]
            )
        ).one_or_none()
        if case["customer_id"] is not None
        else None
    )
    department = connection.execute(
        select(DEPARTMENTS.c.code).where(DEPARTMENTS.c.id == case["department_id"])
    ).scalar()
    said = Said(
        number=f"{case['reference']}-{times + 1}",
        answered_at=at,
        answers={items[OPINION].id: (_level(items[OPINION], opinion), None)},
        texts={items[REASON].id: reason[:LONGEST_REASON]} if reason.strip() else {},
        region=(customer.region if customer is not None else "") or case["region"] or "",
        kind=customer.kind if customer is not None else "",
        supply=(customer.supply_category if customer is not None else "") or "",
        channel=Channel.TELEPHONE.value,
        department=department or "",
        interviewer=actor,
        customer_id=case["customer_id"],
        case_id=case["id"],
    )
    (response_id,) = write_responses(Work(connection, actor, at), survey_id, [said], zone=zone_name())
    return response_id


def _level(item: Item, opinion: str) -> int:
    """The level of an opinion: worst, middle and best of the scale, which an import may have made a longer one."""
    place = OPINIONS.index(opinion)
    if item.is_reversed:
        place = 2 - place
    return (item.low, (item.low + item.high) // 2, item.high)[place]


def _survey(connection: Connection) -> int:
    known = select(SURVEYS.c.id).where(SURVEYS.c.code == STANDING)
    found = connection.execute(known).scalar()
    if found is not None:
        return int(found)
    made = (
        insert(SURVEYS)
        .values(
            code=STANDING,
            title="Callback after the reply",
            title_zh="答复后回访",
            series=STANDING,
            scale_low=1,
            scale_high=3,
            channel=Channel.TELEPHONE.value,
        )
        .returning(SURVEYS.c.id)
    )
    try:
        with connection.begin_nested():
            return int(connection.execute(made).scalar_one())
    except IntegrityError:
        # Another first callback was quicker.
        return int(connection.execute(known).scalar_one())


def _items(connection: Connection, survey_id: int) -> dict[str, Item]:
    """Return the two indicators of the survey by code, made where they are lacking."""
    known = items_of(connection, survey_id)
    if OPINION in known and REASON in known:
        return known
    # Whoever makes them holds the survey, so that another callback at the same moment finds them made.
    connection.execute(select(SURVEYS.c.id).where(SURVEYS.c.id == survey_id).with_for_update())
    known = items_of(connection, survey_id)
    wanted = (
        (OPINION, "Opinion of the reply", "对答复的意见", IndicatorKind.SCORE, (1, 3)),
        (REASON, "Why", "原因", IndicatorKind.TEXT, (None, None)),
    )
    rows = [
        {
            "survey_id": survey_id,
            "code": code,
            "label": label,
            "label_zh": label_zh,
            "position": len(known) + place,
            "kind": kind.value,
            "scale_low": scale[0],
            "scale_high": scale[1],
        }
        for place, (code, label, label_zh, kind, scale) in enumerate(wanted, 1)
        if code not in known
    ]
    if rows:
        connection.execute(insert(INDICATORS), rows)
    return items_of(connection, survey_id)
