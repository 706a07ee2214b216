"""Putting a policy in force: which open cases follow it, what that changes, and what it would change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from console.codes import CasePhase, Role
from console.errors import NotAllowedError
from console.rules.clocks import next_due
from console.rules.policies import Policy, diff, parse_policy
from console.services.case_histories import CASES, CHUNK, all_histories, hold, open_case_ids
from console.services.policies import (
    POLICIES,
    PolicyBook,
    PolicyVersion,
    adopt,
    history,
    policy_book,
    policy_digest,
    policy_in_force,
)
from console.services.promises import RuleMemory, promises_of, recompute
from console.services.workers import worker_of
from console.storage.engine import Store
from console.storage.unit import Work

MAY_APPLY = frozenset({Role.LEAD.value, Role.ADMINISTRATOR.value})


@dataclass(frozen=True, slots=True)
class DueChange:
    """How the next due time of a case changes."""

    reference: str
    before: datetime | None
    after: datetime | None
    is_new_breach: bool


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another policy would do to the open cases."""

    cases: int
    changes: tuple[DueChange, ...] = field(default_factory=tuple)

    @property
    def breaches(self) -> tuple[DueChange, ...]:
        """The cases that would be overdue and are not."""
        return tuple(change for change in self.changes if change.is_new_breach)


def apply_policy(store: Store, content: str, *, name: str, valid_from: datetime, actor: str) -> PolicyVersion:
    """Put a policy in force, and let the open cases received since then follow it, as far as it knows their states.

    The same text from the same moment on is entered once: applied again, what was broken off is finished. Raises PolicyErrors
    with every fault of the text, and NotAllowedError for an actor who is no lead or administrator; then nothing is changed.
    """
    moment = valid_from.replace(microsecond=0)

    def enter(work: Work) -> int:
        if worker_of(work.connection, actor).role not in MAY_APPLY:
            raise NotAllowedError(f"{actor} may not change the policy.", "Ask a lead or an administrator.")
        known = work.connection.execute(
            select(POLICIES.c.id)
            .where(POLICIES.c.digest == policy_digest(content), POLICIES.c.valid_from == moment)
            .order_by(POLICIES.c.id.desc())
        ).scalar()
        newest = select(POLICIES.c.id).where(POLICIES.c.valid_from == moment).order_by(POLICIES.c.id.desc()).limit(1)
        if known is not None and known == work.connection.execute(newest).scalar():
            work.abandon()
            return int(known)
        return adopt(work, content, name=name, valid_from=moment)

    policy_id = store.write(actor, enter)
    move_to_policy(store, actor=actor)
    return next(version for version in history(store) if version.id == policy_id)


def changes_since(store: Store, content: str, *, name: str, now: datetime) -> tuple[str, ...]:
    """Return what a policy text would change against the one in force, a line each. Raises PolicyErrors."""
    return diff(policy_in_force(store, now).policy, parse_policy(content, name=name))


def recompute_open(store: Store, *, actor: str, progress: Callable[[int, int], None] | None = None) -> int:
    """Compute the clocks of all open cases again, part by part, and return how many cases that were."""
    with store.reading() as connection:
        case_ids = open_case_ids(connection)
        book = policy_book(connection)
    memory = RuleMemory()
    for start in range(0, len(case_ids), CHUNK):
        part = case_ids[start : start + CHUNK]

        def compute(work: Work, part: Sequence[int] = part) -> None:
            hold(work.connection, part)
            recompute(work.connection, part, book, memory=memory)
            work.record("recompute", "clocks", f"{len(part)} cases")

        store.write(actor, compute)
        if progress is not None:
            progress(start + len(part), len(case_ids))
    return len(case_ids)


def misplaced_case_ids(connection: Connection, book: PolicyBook) -> list[int]:
    """Return the open cases that are under another version of the policy than the one in force when they were received.

    Those in a state that this version does not know stay where they are, since no way would lead on from there.
    """
    found: list[int] = []
    for number, edition in enumerate(book.editions):
        following = book.editions[number + 1].valid_from if number + 1 < len(book.editions) else None
        question = select(CASES.c.id).where(
            CASES.c.phase != CasePhase.CLOSED.value,
            or_(CASES.c.policy_id.is_(None), CASES.c.policy_id != edition.id),
            CASES.c.state.in_([state.name for state in edition.policy.workflow.states]),
        )
        if number:
            question = question.where(CASES.c.received_at >= edition.valid_from)
        if following is not None:
            question = question.where(CASES.c.received_at < following)
        found.extend(connection.execute(question.order_by(CASES.c.id)).scalars())
    return sorted(found)


def move_to_policy(store: Store, *, actor: str, progress: Callable[[int, int], None] | None = None) -> int:
    """Put the open cases under the version in force when they were received, part by part; what was paused stays so.

    Broken off and called again it goes on where it was. Returns how many cases were moved.
    """
    with store.reading() as connection:
        book = policy_book(connection)
        moved = misplaced_case_ids(connection, book)
    memory = RuleMemory()
    for start in range(0, len(moved), CHUNK):
        part = moved[start : start + CHUNK]

        def move(work: Work, part: Sequence[int] = part) -> None:
            hold(work.connection, part)
            received = work.connection.execute(select(CASES.c.id, CASES.c.received_at).where(CASES.c.id.in_(part)))
            under: dict[int, list[int]] = defaultdict(list)
            for case_id, received_at in received:
                under[book.at(received_at).id].append(case_id)
            for policy_id, case_ids in under.items():
                work.connection.execute(update(CASES).where(CASES.c.id.in_(case_ids)).values(policy_id=policy_id))
            recompute(work.connection, part, book, memory=memory)
            work.record("move to policy", "clocks", f"{len(part)} cases")

        store.write(actor, move)
        if progress is not None:
            progress(start + len(part), len(moved))
    return len(moved)


def what_if(store: Store, policy: Policy, *, now: datetime, received_since: datetime | None = None) -> WhatIf:
    """Return how the due times of the open cases would change under another policy; nothing is saved."""
    changes: list[DueChange] = []
    total = 0
    with store.reading() as connection:
        book = policy_book(connection)
        memory = RuleMemory()
        case_ids = open_case_ids(connection, received_since=received_since)
        for history in all_histories(connection, case_ids, book):
            total += 1
            before = history.due_at
            after = next_due(promise.state for promise in promises_of(policy, history, memory=memory))
            if before == after:
                continue
            is_breach = after is not None and after < now and (before is None or before >= now)
            changes.append(DueChange(history.reference, before, after, is_breach))
    return WhatIf(total, tuple(changes))
