"""What hangs together with one case: links, merges, repeats, its incident, remedies, corrective actions."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, or_, select

from console.models import Case, CaseLink, CaseTask, CorrectiveAction, CorrectiveActionCase, Incident, Remedy, Staff
from console.models.base import table_of
from console.services.case_views import CaseTaskRow, RelatedRow, RemedyRow
from console.storage.engine import Store

CASES: Table = table_of(Case)
LINKS: Table = table_of(CaseLink)
INCIDENTS: Table = table_of(Incident)
REMEDIES: Table = table_of(Remedy)
TASKS: Table = table_of(CaseTask)
ACTIONS: Table = table_of(CorrectiveAction)
ACTION_CASES: Table = table_of(CorrectiveActionCase)
STAFF: Table = table_of(Staff)


@dataclass(frozen=True, slots=True)
class Relations:
    """All that hangs together with a case."""

    others: tuple[RelatedRow, ...]
    remedies: tuple[RemedyRow, ...]
    tasks: tuple[CaseTaskRow, ...]


def relations(store: Store, case_id: int) -> Relations:
    """Return what hangs together with a case; nothing for an id that no case has."""
    with store.reading() as connection:
        others = [
            *_pointed_at(connection, case_id),
            *_pointing_here(connection, case_id),
            *_linked(connection, case_id),
            *_parents(connection, case_id),
        ]
        remedies = connection.execute(
            select(
                REMEDIES.c.kind,
                REMEDIES.c.state,
                REMEDIES.c.amount_minor,
                REMEDIES.c.currency,
                REMEDIES.c.due_on,
                STAFF.c.login,
                REMEDIES.c.note,
            )
            .select_from(REMEDIES)
            .join(STAFF, STAFF.c.id == REMEDIES.c.owner_id, isouter=True)
            .where(REMEDIES.c.case_id == case_id)
            .order_by(REMEDIES.c.id)
        ).all()
        tasks = connection.execute(
            select(
                TASKS.c.kind,
                TASKS.c.rule,
                TASKS.c.state,
                TASKS.c.amount_minor,
                TASKS.c.currency,
                TASKS.c.due_on,
                func.coalesce(STAFF.c.login, ""),
                TASKS.c.note,
            )
            .select_from(TASKS)
            .join(STAFF, STAFF.c.id == TASKS.c.owner_id, isouter=True)
            .where(TASKS.c.case_id == case_id)
            .order_by(TASKS.c.due_on.asc().nulls_last(), TASKS.c.id)
        ).all()
    return Relations(
        tuple(others),
        tuple(
            RemedyRow(kind, state, minor, currency, due_on, owner or "", note)
            for kind, state, minor, currency, due_on, owner, note in remedies
        ),
        tuple(CaseTaskRow(*tuple(row)) for row in tasks),
    )


def _pointed_at(connection: Connection, case_id: int) -> list[RelatedRow]:
    other = CASES.alias("other")
    found: list[RelatedRow] = []
    for kind, column in (("merged into", CASES.c.merged_into_id), ("repeats", CASES.c.repeat_of_id)):
        rows = connection.execute(
            select(other.c.reference, other.c.subject).where(CASES.c.id == case_id, other.c.id == column)
        )
        found.extend(RelatedRow(kind, reference, subject) for reference, subject in rows)
    return found


def _pointing_here(connection: Connection, case_id: int) -> list[RelatedRow]:
    found: list[RelatedRow] = []
    for kind, column in (("taken over", CASES.c.merged_into_id), ("repeated by", CASES.c.repeat_of_id)):
        rows = connection.execute(
            select(CASES.c.reference, CASES.c.subject).where(column == case_id).order_by(CASES.c.id)
        )
        found.extend(RelatedRow(kind, reference, subject) for reference, subject in rows)
    return found


def _linked(connection: Connection, case_id: int) -> list[RelatedRow]:
    rows = connection.execute(
        select(LINKS.c.kind, LINKS.c.case_id, CASES.c.reference, CASES.c.subject)
        .join(
            CASES,
            or_(
                (LINKS.c.case_id == case_id) & (CASES.c.id == LINKS.c.other_id),
                (LINKS.c.other_id == case_id) & (CASES.c.id == LINKS.c.case_id),
            ),
        )
        .order_by(LINKS.c.id)
    )
    return [
        RelatedRow("split from" if kind == "split" and owner != case_id else kind, reference, subject)
        for kind, owner, reference, subject in rows
    ]


def _parents(connection: Connection, case_id: int) -> list[RelatedRow]:
    incidents = connection.execute(
        select(INCIDENTS.c.number, INCIDENTS.c.title)
        .join(CASES, CASES.c.incident_id == INCIDENTS.c.id)
        .where(CASES.c.id == case_id)
    )
    actions = connection.execute(
        select(ACTIONS.c.number, ACTIONS.c.title)
        .join(ACTION_CASES, ACTION_CASES.c.action_id == ACTIONS.c.id)
        .where(ACTION_CASES.c.case_id == case_id)
        .order_by(ACTIONS.c.id)
    )
    return [
        *(RelatedRow("incident", number, title) for number, title in incidents),
        *(RelatedRow("corrective action", number, title) for number, title in actions),
    ]
