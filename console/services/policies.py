"""The rules in force: versions of the policy, and which of them a case is under."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from console.errors import NotFoundError, UnavailableError
from console.models import Category, Department
from console.models import Policy as PolicyTable
from console.models.base import table_of
from console.rules.policies import Policy, load_pack, parse_policy
from console.services.policy_words import keep_words, words_of
from console.storage.engine import Store
from console.storage.unit import Work

POLICIES = table_of(PolicyTable)
DEPARTMENTS = table_of(Department)
CATEGORIES = table_of(Category)
DEFAULT_PACK = "cn-95598"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of the policy, as the history lists it; times are UTC."""

    id: int
    code: str
    title: str
    valid_from: datetime
    applied_at: datetime
    actor: str
    digest: str


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of the policy, ready to decide."""

    id: int
    valid_from: datetime
    policy: Policy


_PARSED: dict[str, Policy] = {}
"""Policies by the digest of their text: reading forty kilobytes again for each action would cost more than the action."""
MOST_PARSED = 64


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """All versions, in the order in which they came into force."""

    editions: tuple[Edition, ...]

    def at(self, moment: datetime) -> Edition:
        """Return the version in force at a moment; before the first one, the first."""
        fitting = [edition for edition in self.editions if edition.valid_from <= moment]
        return fitting[-1] if fitting else self.editions[0]

    def of(self, policy_id: int | None, received_at: datetime) -> Edition:
        """Return the version that a case is under: the one it was received under."""
        for edition in self.editions:
            if edition.id == policy_id:
                return edition
        return self.at(received_at)


def policy_book(connection: Connection) -> PolicyBook:
    """Read all versions. Raises UnavailableError where none has been applied."""
    rows = connection.execute(
        select(POLICIES.c.id, POLICIES.c.code, POLICIES.c.digest, POLICIES.c.valid_from).order_by(
            POLICIES.c.valid_from, POLICIES.c.id
        )
    ).all()
    if not rows:
        raise UnavailableError("This database has no policy.", "Run: ombud init, or ombud policy apply FILE")
    parsed = _parsed(connection, {digest: id_ for id_, _, digest, _ in rows})
    return PolicyBook(tuple(Edition(id_, valid_from, parsed[digest]) for id_, _, digest, valid_from in rows))


def _parsed(connection: Connection, ids: Mapping[str, int]) -> dict[str, Policy]:
    """Return policies by their digests; the text of one that was read before is not asked for again."""
    found = {digest: _PARSED[digest] for digest in ids if digest in _PARSED}
    missing = [id_ for digest, id_ in ids.items() if digest not in found]
    if missing:
        texts = connection.execute(
            select(POLICIES.c.code, POLICIES.c.digest, POLICIES.c.content).where(POLICIES.c.id.in_(missing))
        )
        found |= {digest: parse_policy(content, name=code) for code, digest, content in texts}
        if len(_PARSED) + len(missing) > MOST_PARSED:
            _PARSED.clear()
        _PARSED.update(found)
    return found


def policy_digest(content: str) -> str:
    """Return the SHA-256 of a policy text."""
    return hashlib.sha256(content.encode()).hexdigest()


def adopt(work: Work, content: str, *, name: str, valid_from: datetime) -> int:
    """Put a checked policy text in force from a moment on, with its departments and categories, and return its id.

    Raises PolicyErrors with every fault of the text.
    """
    policy = parse_policy(content, name=name)
    result = work.connection.execute(
        insert(POLICIES)
        .values(
            code=policy.code,
            title=policy.title.en,
            content=content,
            digest=policy_digest(content),
            zone=policy.zone,
            valid_from=valid_from,
            applied_at=work.at,
            actor=work.actor,
        )
        .returning(POLICIES.c.id)
    ).scalar_one()
    _enter_departments(work.connection, policy)
    _enter_categories(work.connection, policy)
    keep_words(work.connection, words_of(policy))
    work.record(
        "apply policy", "policy", policy.code, {"valid_from": valid_from.isoformat(), "digest": policy_digest(content)}
    )
    return int(result)


def adopt_default(work: Work) -> bool:
    """Put the ready default policy in force where none is, and say whether that was so."""
    if work.connection.execute(select(POLICIES.c.id).limit(1)).scalar() is not None:
        return False
    adopt(work, load_pack(DEFAULT_PACK), name=DEFAULT_PACK, valid_from=BEGINNING)
    return True


def _enter_departments(connection: Connection, policy: Policy) -> None:
    known = set(connection.execute(select(DEPARTMENTS.c.code)).scalars())
    new = [
        {"code": department.code, "name": department.label.en, "is_active": True, "version": 1}
        for department in policy.departments
        if department.code not in known
    ]
    if new:
        connection.execute(insert(DEPARTMENTS), new)


def _enter_categories(connection: Connection, policy: Policy) -> None:
    known: dict[str, int] = {
        code: id_ for id_, code in connection.execute(select(CATEGORIES.c.id, CATEGORIES.c.code)).all()
    }
    departments: dict[str, int] = {
        code: id_ for id_, code in connection.execute(select(DEPARTMENTS.c.id, DEPARTMENTS.c.code)).all()
    }
    for category in policy.categories:
        department_id = departments.get(category.department)
        if category.code in known:
            if department_id is not None:
                connection.execute(
                    update(CATEGORIES)
                    .where(CATEGORIES.c.id == known[category.code], CATEGORIES.c.department_id.is_(None))
                    .values(department_id=department_id)
                )
            continue
        known[category.code] = connection.execute(
            insert(CATEGORIES)
            .values(
                code=category.code,
                name=category.label.en,
                parent_id=known.get(category.parent),
                department_id=department_id,
                is_active=True,
                version=1,
            )
            .returning(CATEGORIES.c.id)
        ).scalar_one()


def history(store: Store) -> tuple[PolicyVersion, ...]:
    """Return the versions of the policy, the newest first."""
    columns = ("id", "code", "title", "valid_from", "applied_at", "actor", "digest")
    with store.reading() as connection:
        rows: Sequence[Any] = connection.execute(
            select(*(POLICIES.c[column] for column in columns)).order_by(
                POLICIES.c.valid_from.desc(), POLICIES.c.id.desc()
            )
        ).all()
    return tuple(PolicyVersion(*row) for row in rows)


def content_of(store: Store, policy_id: int) -> str:
    """Return the text of a version. Raises NotFoundError where there is none."""
    with store.reading() as connection:
        content = connection.execute(select(POLICIES.c.content).where(POLICIES.c.id == policy_id)).scalar()
    if content is None:
        raise NotFoundError(f"There is no version {policy_id} of the policy.", "See: ombud policy history")
    return str(content)


def policy_in_force(store: Store, moment: datetime) -> Edition:
    """Return the version in force at a moment."""
    with store.reading() as connection:
        return policy_book(connection).at(moment)
