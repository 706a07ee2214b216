"""The cases of one part of an errand, with what stands beside each: texts, events, remedies, merged cases."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, select

from console.codes import TaskState
from console.models import Case, CaseEvent, CaseText, Category, Customer, Remedy, ServiceAccount
from console.models.base import table_of
from console.services.case_histories import hold

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
EVENTS: Table = table_of(CaseEvent)
CATEGORIES: Table = table_of(Category)
CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
REMEDIES: Table = table_of(Remedy)

_ON_ROW: Mapping[str, tuple[str, ...]] = {
    "category": ("category",),
    "customer_id": ("customer", "complainant", "contact"),
    "account_number": ("account", "address"),
    "department_id": ("department",),
    "assignee_id": ("assignee",),
    "region": ("region",),
    "subject": ("summary",),
    "validity": ("validity",),
}
_ON_TEXT = ("findings", "measures", "follow_up", "cause")
_TOLD_ANEW: Mapping[str, tuple[str, ...]] = {
    "assign": ("assignee",),
    "rectify": ("measures",),
    "split": ("summary",),
}
"""What a case may hold already and the verb must be told all the same."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the row of a case: its texts, and what its events and remedies amount to.

    ``text`` is without the narrative, which may be long and is changed by no verb; ``stands_for`` are the references of the
    cases merged into it.
    """

    text: Mapping[str, Any]
    has_reply: bool
    has_callback: bool
    open_remedies: int
    last_at: datetime
    stands_for: tuple[str, ...] = ()


def cases_of(
    connection: Connection, case_ids: Sequence[int], *, is_held: bool = True, has_merged: bool = True
) -> dict[int, tuple[RowMapping, Beside]]:
    """Return cases by id with what stands beside them, held against others until the transaction ends.

    With ``has_merged`` the cases that went on in them are asked for too.
    """
    wanted = list(case_ids)
    if is_held:
        hold(connection, wanted)
    rows = connection.execute(
        select(
            CASES,
            CATEGORIES.c.code.label("category"),
            CUSTOMERS.c.name.label("customer_name"),
            ACCOUNTS.c.number.label("account_number"),
            TEXTS.c.extras,
        )
        .select_from(CASES)
        .join(TEXTS, TEXTS.c.case_id == CASES.c.id, isouter=True)
        .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
        .join(CUSTOMERS, CUSTOMERS.c.id == CASES.c.customer_id, isouter=True)
        .join(ACCOUNTS, ACCOUNTS.c.id == CASES.c.account_id, isouter=True)
        .where(CASES.c.id.in_(wanted))
    ).mappings()
    texts = {
        row["case_id"]: dict(row)
        for row in connection.execute(
            select(*(column for column in TEXTS.c if column.name != "narrative")).where(TEXTS.c.case_id.in_(wanted))
        ).mappings()
    }
    remedies: dict[int, int] = dict(
        connection.execute(
            select(REMEDIES.c.case_id, func.count())
            .where(REMEDIES.c.case_id.in_(wanted), REMEDIES.c.state == TaskState.OPEN.value)
            .group_by(REMEDIES.c.case_id)
        ).all()
    )
    merged = _merged(connection, wanted) if has_merged else {}
    heard, newest = _heard(connection, wanted)
    found = {}
    for row in rows:
        case_id = row["id"]
        text = texts.get(case_id, {})
        has_reply, has_callback = _answered(heard.get(case_id, ()), has_imported_reply=bool(text.get("reply")))
        last_at = max(newest.get(case_id, row["received_at"]), row["received_at"])
        stands_for = tuple(merged.get(case_id, ()))
        beside = Beside(text, has_reply, has_callback, remedies.get(case_id, 0), last_at, stands_for)
        found[case_id] = row, beside
    return found


def _merged(connection: Connection, case_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Return the references of the cases that were merged into some, by the id of the one that stands for them."""
    found: dict[int, list[str]] = defaultdict(list)
    for target, reference in connection.execute(
        select(CASES.c.merged_into_id, CASES.c.reference)
        .where(CASES.c.merged_into_id.in_(list(case_ids)))
        .order_by(CASES.c.id)
    ):
        found[target].append(reference)
    return found


def _heard(
    connection: Connection, case_ids: Sequence[int]
) -> tuple[Mapping[int, Sequence[tuple[str, bool]]], Mapping[int, datetime]]:
    """Return by case the verbs that stand, each with whether the customer heard of it, and when its last event was."""
    verbs: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    newest: dict[int, datetime] = {}
    rows = connection.execute(
        select(EVENTS.c.case_id, EVENTS.c.at, EVENTS.c.verb, EVENTS.c.phase, EVENTS.c.is_public, EVENTS.c.is_undone)
        .where(EVENTS.c.case_id.in_(list(case_ids)))
        .order_by(EVENTS.c.case_id, EVENTS.c.at, EVENTS.c.id)
    )
    for case_id, at, verb, phase, is_public, is_undone in rows:
        newest[case_id] = at
        if phase and verb != "undo" and not is_undone:
            verbs[case_id].append((verb, is_public))
    return verbs, newest


def _answered(verbs: Sequence[tuple[str, bool]], *, has_imported_reply: bool) -> tuple[bool, bool]:
    """Return whether a reply stands that was not returned since, and whether the customer was reached after it.

    ``verbs`` come with whether the customer heard of them. A reply that came with an imported case stands until it is returned.
    """
    has_reply = has_imported_reply and not any(verb == "reply" for verb, _ in verbs)
    has_callback = False
    for verb, is_heard in verbs:
        if verb == "reply":
            has_reply, has_callback = True, False
        elif verb in ("return", "reopen"):
            has_reply = has_callback = False
        elif verb == "callback" and is_heard:
            has_callback = has_reply
    return has_reply, has_callback


def filled_fields(verb: str, fields: Mapping[str, str], row: RowMapping, beside: Beside) -> frozenset[str]:
    """Return the names of the fields that hold something: given with the verb, or on the case already.

    What a verb must be told anew (a reason, a reply, an opinion) does not count as told by an earlier one.
    """
    filled = {"severity", "channel", "received_at"}
    filled |= {name for column, names in _ON_ROW.items() if row[column] not in (None, "") for name in names}
    filled |= {name for name in _ON_TEXT if beside.text.get(name)}
    filled |= {name for name, value in json.loads(row["extras"] or "{}").items() if value}
    filled -= set(_TOLD_ANEW.get(verb, ()))
    filled |= set(fields)
    if verb == "dispatch":
        filled.add("department")  # the routing of the policy names one where nobody did
    if verb == "callback" and fields.get("reached") == "no":
        filled.add("opinion")
    if verb == "rectify" and "action" in fields:
        filled |= {"measures", "owner", "due_on"}  # the action has them
    return frozenset(filled)
