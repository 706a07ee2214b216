"""The words of the policy in the database: kept when it is applied, and read by the faces that show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, column, delete, insert, select, table, tuple_

from console import clock
from console.models.base import UtcTime
from console.storage.engine import Store
from console.words import Word, use_words
from console.zone import use_zone

if TYPE_CHECKING:
    from console.rules.policies import Policy
    from console.rules.policy_reading import Label

WORDS = table("policy_words", column("subject"), column("code"), column("text"), column("text_zh"))
DEPARTMENTS = table("departments", column("code"), column("name"))
POLICIES = table("policies", column("id"), column("zone"), column("valid_from", UtcTime))
"""Named here rather than as models, since every start reads them and a model costs more to define than this question."""


def words_of(policy: Policy) -> list[Word]:
    """Return what a policy calls its states, clocks, categories, departments, areas and authorities."""
    return list({(word.subject, word.code): word for word in _words(policy)}.values())


def _words(policy: Policy) -> Iterator[Word]:
    def word(subject: str, code: str, label: Label) -> Iterator[Word]:
        if label.en:
            yield Word(subject, code, label.en, label.zh)

    for state in policy.workflow.states:
        yield from word("state", state.name, state.label)
    for rule in policy.clocks:
        yield from word("clock", rule.clock, rule.label)
    for category in policy.categories:
        yield from word("category", category.code, category.label)
    for department in policy.departments:
        yield from word("department", department.code, department.label)
    for area in policy.areas:
        yield from word("area", area.code, area.label)
    for authority in policy.authorities:
        yield from word("authority", authority.code, authority.label)


def keep_words(connection: Connection, words: Iterable[Word]) -> None:
    """Write words in place of older ones for the same codes; those of codes that are no longer used stay for older cases."""
    rows = list(words)
    if not rows:
        return
    keys = [(word.subject, word.code) for word in rows]
    connection.execute(delete(WORDS).where(tuple_(WORDS.c.subject, WORDS.c.code).in_(keys)))
    connection.execute(insert(WORDS), [word._asdict() for word in rows])


def known_words(connection: Connection) -> list[Word]:
    """Return all words; a department goes by its code and its name, and has none where the utility gave it another name."""
    is_department = and_(WORDS.c.subject == "department", DEPARTMENTS.c.code == WORDS.c.code)
    rows = connection.execute(
        select(WORDS.c.subject, WORDS.c.code, WORDS.c.text, WORDS.c.text_zh, DEPARTMENTS.c.name).select_from(
            WORDS.outerjoin(DEPARTMENTS, is_department)
        )
    )
    found: list[Word] = []
    for subject, code, text, text_zh, name in rows:
        if subject != "department" or name == text:
            found.append(Word(subject, code, text, text_zh))
        if name == text:
            found.append(Word(subject, name, text, text_zh))
    return found


def zone_of_policy(connection: Connection, now: datetime) -> str:
    """Return the name of the zone of the policy in force, before the first one of that; empty where there is none."""
    zones = select(POLICIES.c.zone)
    latest_first = (POLICIES.c.valid_from.desc(), POLICIES.c.id.desc())
    found = connection.execute(zones.where(POLICIES.c.valid_from <= now).order_by(*latest_first).limit(1)).scalar()
    if found is None:
        found = connection.execute(zones.order_by(POLICIES.c.valid_from, POLICIES.c.id).limit(1)).scalar()
    return str(found or "")


def take_words(store: Store, zone: str = "") -> None:
    """Let this process call the codes of the rules what the database calls them, and tell times in the utility's zone.

    ``zone`` names another zone than that of the policy in force.
    """
    with store.reading() as connection:
        use_words(known_words(connection))
        use_zone(zone or zone_of_policy(connection, clock.now()))
