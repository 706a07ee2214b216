"""Claims: a case that somebody took is held as a lease, renewed while that person works, and free again when it runs out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, select, update

from console import clock
from console.models import Case
from console.models.base import table_of
from console.services.handling import Report, perform
from console.services.lookups import Names
from console.services.verbs import LEASE
from console.services.workers import worker_of
from console.storage.engine import Store
from console.storage.unit import Work

CASES: Table = table_of(Case)


def renew(store: Store, case_ids: Sequence[int], actor: str, now: datetime | None = None) -> tuple[int, ...]:
    """Keep the cases that the actor took for another while, and return those of them that are still his.

    A lease of which more than half is left is not written again, so that this may be called with every keystroke. Cases that
    were given to him have no lease and stay his. Raises NotAllowedError for an actor who is not on the staff.
    """
    moment = (now or clock.now()).replace(microsecond=0)
    with store.reading() as connection:
        worker = worker_of(connection, actor)
        rows = connection.execute(
            select(CASES.c.id, CASES.c.claimed_until).where(
                CASES.c.id.in_(list(case_ids)), CASES.c.assignee_id == worker.id
            )
        ).all()
    kept = {case_id for case_id, _ in rows}
    ending = [case_id for case_id, until in rows if until is not None and until < moment + LEASE / 2]
    if ending:

        def extend(work: Work) -> set[int]:
            renewed = work.connection.execute(
                update(CASES)
                .where(
                    CASES.c.id.in_(ending),
                    CASES.c.assignee_id == worker.id,
                    CASES.c.claimed_until.is_not(None),
                )
                .values(claimed_until=moment + LEASE)
                .returning(CASES.c.id)
            ).scalars()
            held = set(renewed)
            work.record("renew claims", "case", f"{len(held)} cases")
            return held

        kept -= set(ending) - store.write(actor, extend)
    return tuple(case_id for case_id in case_ids if case_id in kept)


def free(store: Store, case_ids: Sequence[int], *, actor: str, now: datetime | None = None) -> Report:
    """Release those of some cases that the actor took and still holds; those that were given to him stay his.

    Raises NotAllowedError for an actor who is not on the staff.
    """
    with store.reading() as connection:
        worker = worker_of(connection, actor)
        held = list(
            connection.execute(
                select(CASES.c.id)
                .where(
                    CASES.c.id.in_(list(case_ids)),
                    CASES.c.assignee_id == worker.id,
                    CASES.c.claimed_until.is_not(None),
                )
                .order_by(CASES.c.id)
            ).scalars()
        )
    return perform(store, "release", held, {}, actor=actor, now=now)


def free_claims(store: Store, person: str, *, actor: str, now: datetime | None = None) -> Report:
    """Release every case that a person took and still holds; those that were given to him stay his.

    Raises UsageError for a person, NotAllowedError for an actor, who is not on the staff.
    """
    with store.reading() as connection:
        holder = Names().person(connection, person)["id"]
        held = list(
            connection.execute(
                select(CASES.c.id)
                .where(CASES.c.assignee_id == holder, CASES.c.claimed_until.is_not(None))
                .order_by(CASES.c.id)
            ).scalars()
        )
    return perform(store, "release", held, {}, actor=actor, now=now)
