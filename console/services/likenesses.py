"""Which earlier cases a case may repeat or double: the rows that ``rules.repeats`` compares (requirement B8)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, RowMapping, Table, or_, select

from console.codes import CasePhase
from console.models import Case, CaseText, Category, ServiceAccount
from console.models.base import table_of
from console.rules.repeats import CaseLikeness, RepeatRules, cut_text

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
CATEGORIES: Table = table_of(Category)
ACCOUNTS: Table = table_of(ServiceAccount)

COMPARED = 500
"""The most recent cases of the same person, place or region that one is compared with."""
COMPARED_CHARACTERS = 2000

_LIKE = (
    select(
        CASES.c.id,
        CASES.c.reference,
        CASES.c.received_at,
        CASES.c.kind,
        CASES.c.phase,
        CASES.c.merged_into_id,
        CASES.c.area,
        CASES.c.region,
        CASES.c.subject,
        CASES.c.customer_id,
        CASES.c.account_id,
        CATEGORIES.c.code.label("category"),
        ACCOUNTS.c.meter_number,
        ACCOUNTS.c.premise,
        TEXTS.c.narrative,
    )
    .select_from(CASES)
    .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
    .join(ACCOUNTS, ACCOUNTS.c.id == CASES.c.account_id, isouter=True)
    .join(TEXTS, TEXTS.c.case_id == CASES.c.id, isouter=True)
)


def _likeness(row: RowMapping) -> CaseLikeness:
    return CaseLikeness(
        reference=row["reference"],
        received_at=row["received_at"],
        kind=row["kind"],
        category=row["category"] or "",
        customer=str(row["customer_id"] or ""),
        account=str(row["account_id"] or ""),
        premise=row["premise"] or "",
        meter=row["meter_number"] or "",
        area=row["area"],
        region=row["region"],
        is_open=row["phase"] != CasePhase.CLOSED.value,
        is_merged=row["merged_into_id"] is not None,
        segments=cut_text(f"{row['subject']}\n{(row['narrative'] or '')[:COMPARED_CHARACTERS]}"),
    )


def likeness_of(connection: Connection, case_id: int) -> CaseLikeness:
    """Return what of a case counts when it is compared with others."""
    return _likeness(connection.execute(_LIKE.where(CASES.c.id == case_id)).mappings().one())


def neighbours(connection: Connection, rules: RepeatRules, like: CaseLikeness) -> list[CaseLikeness]:
    """Return the newest cases that share person, account, meter, premise or, without those, the region with one.

    Only the time in which the rules look for repeats and duplicates is searched.
    """
    near = []
    if like.customer:
        near.append(CASES.c.customer_id == int(like.customer))
    if like.account:
        near.append(CASES.c.account_id.in_(_accounts(connection, like)))
    days = max(rules.window_days, rules.duplicate_days) if near else rules.duplicate_days
    if not near:
        near.append(CASES.c.region == like.region)
    found = (
        _LIKE.where(
            or_(*near),
            CASES.c.reference != like.reference,
            CASES.c.received_at >= like.received_at - timedelta(days=days),
            CASES.c.received_at <= like.received_at + timedelta(days=rules.duplicate_days),
        )
        .order_by(CASES.c.received_at.desc(), CASES.c.id.desc())
        .limit(COMPARED)
    )
    return [_likeness(row) for row in connection.execute(found).mappings()]


def _accounts(connection: Connection, like: CaseLikeness) -> list[int]:
    """Return the account itself and those at the same meter or premise: looked up first, so that cases are found by index."""
    same = [ACCOUNTS.c.id == int(like.account)]
    if like.meter:
        same.append(ACCOUNTS.c.meter_number == like.meter)
    if like.premise:
        same.append(ACCOUNTS.c.premise == like.premise)
    return sorted(connection.execute(select(ACCOUNTS.c.id).where(or_(*same)).limit(COMPARED)).scalars())
