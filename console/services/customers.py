"""Finding customers, and what is known of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, intersect, or_, select, union

from console.codes import CasePhase
from console.errors import NotFoundError
from console.identifiers import natural_key
from console.models import Answer, Case, Customer, Indicator, Meter, Response, ServiceAccount, Survey
from console.models.base import table_of
from console.services import queues
from console.services.customer_views import AccountRow, AnswerRow, CustomerDetail, CustomerRow
from console.storage import customer_search, sealing
from console.storage.customer_search import Part
from console.storage.engine import Store
from console.storage.sealing import Vault
from console.text import clean_line, fold

CUSTOMERS = table_of(Customer)
ACCOUNTS = table_of(ServiceAccount)
METERS = table_of(Meter)
CASES = table_of(Case)
RESPONSES = table_of(Response)
ANSWERS = table_of(Answer)
INDICATORS = table_of(Indicator)
SURVEYS = table_of(Survey)
LAST_CHARACTER = "\U0010ffff"
SHORTEST_IDENTITY = 8
"""Digits that an identity or bank number has at least."""

LISTED = 200
MERGES_FOLLOWED = 50
"""Merges one after the other that lead from a double to the customer who goes on."""


class Rank(IntEnum):
    """How closely a text points to a customer, the closest first."""

    NUMBER = 0
    BEGINNING_OF_NUMBER = 1
    PHONE = 2
    EXACT_SECRET = 3
    BEGINNING_OF_NAME = 4
    PART_OF_NAME = 5
    ADDRESS = 6
    SEVERAL_FIELDS = 7


def _rows(connection: Connection, condition: ColumnElement[bool], limit: int) -> list[CustomerRow]:
    accounts = (
        select(func.count()).select_from(ACCOUNTS).where(ACCOUNTS.c.customer_id == CUSTOMERS.c.id).scalar_subquery()
    )
    open_cases = (
        select(func.count())
        .select_from(CASES)
        .where(CASES.c.customer_id == CUSTOMERS.c.id, CASES.c.phase != CasePhase.CLOSED.value)
        .scalar_subquery()
    )
    columns = (CUSTOMERS.c.id, CUSTOMERS.c.number, CUSTOMERS.c.name, CUSTOMERS.c.kind, CUSTOMERS.c.region)
    question = select(*columns, CUSTOMERS.c.phone_masked, accounts, open_cases).where(condition)
    return [CustomerRow(*row) for row in connection.execute(question.order_by(CUSTOMERS.c.number).limit(limit))]


def find(store: Store, text: str, limit: int = 100) -> list[CustomerRow]:
    """Return the customers that a text points to, the closest first.

    The text is a customer, account or meter number or its beginning, four digits or more of a telephone number, a whole e-mail
    address, identity or bank number, a part of a name (Latin without accents, Chinese in either script, pinyin or initials), or a
    part of an address; an empty text gives the first customers by number. Several words must all be found. Where more than
    ``limit`` customers fit equally well, which of them are given is not said.

    Nothing sealed is opened. Raises KeyMissingError or WrongKeyError where something is sealed and the key is not at hand.
    """
    sought = clean_line(text)
    with store.reading() as connection:
        if not sought:
            return _rows(connection, CUSTOMERS.c.merged_into_id.is_(None), limit)
        ranks = _led_on(connection, _ranked(connection, sought, limit))
        rows = _rows(connection, CUSTOMERS.c.id.in_(list(ranks)), limit) if ranks else []

    def closeness(row: CustomerRow) -> tuple[int, str, str]:
        rank = ranks[row.id]
        return rank, "" if rank <= Rank.BEGINNING_OF_NUMBER else fold(row.name), row.number

    return sorted(rows, key=closeness)


def _ranked(connection: Connection, sought: str, limit: int) -> dict[int, Rank]:
    """Return the ids of customers a text points to, at most ``limit``, each with its closest rank."""
    ranks: dict[int, Rank] = {}
    for rank, question in questions(connection, sought):
        # Those found before may come again.
        for row in connection.execute(question.limit(limit + len(ranks))):
            if len(ranks) < limit:
                ranks.setdefault(row[0], rank)
        if len(ranks) >= limit or (rank is Rank.NUMBER and ranks):
            break
    return ranks


def _led_on(connection: Connection, ranks: dict[int, Rank]) -> dict[int, Rank]:
    """Return the ranks with those who were merged into another replaced by him; the closer rank counts."""
    question = select(CUSTOMERS.c.id, CUSTOMERS.c.merged_into_id)
    for _ in range(MERGES_FOLLOWED):
        found = question.where(CUSTOMERS.c.id.in_(list(ranks)), CUSTOMERS.c.merged_into_id.is_not(None))
        merged: dict[int, int] = {row.id: row.merged_into_id for row in connection.execute(found)} if ranks else {}
        if not merged:
            break
        led: dict[int, Rank] = {}
        for customer_id, rank in ranks.items():
            target = merged.get(customer_id, customer_id)
            led[target] = min(rank, led.get(target, rank))
        ranks = led
    return ranks


def questions(connection: Connection, sought: str) -> Iterator[tuple[Rank, Select[int]]]:
    """Give the questions for customer ids that a text is looked up by, the closest first; none reads a whole table."""
    dialect = connection.dialect.name
    numbers = (CUSTOMERS.c.number, ACCOUNTS.c.number, ACCOUNTS.c.meter_number, METERS.c.number)
    has_digit = any(char.isdigit() for char in sought)
    # Without a digit it is hardly a number: a customer's own is tried all the same, but nothing else of the kind.
    for column in numbers if has_digit else numbers[:1]:
        yield Rank.NUMBER, _owners_by(column, column.in_(_spellings(sought)))
    vault = sealing.vault_where_sealed(connection)
    if " " not in sought and has_digit:
        for column in numbers:
            yield Rank.BEGINNING_OF_NUMBER, _owners_by(column, or_(*(_begins(column, s) for s in _spellings(sought))))
    if vault is not None:
        yield from _known_secrets(dialect, vault, sought)
    words = sought.split(" ")
    beginning, holding = customer_search.names_beginning(dialect, sought), customer_search.names_holding(dialect, words)
    if beginning is not None:
        yield Rank.BEGINNING_OF_NAME, beginning
    if holding is not None:
        yield Rank.PART_OF_NAME, holding
    for question in _addressed(connection, vault, words):
        yield Rank.ADDRESS, question
    if len(words) == 1:
        return
    fields = [_any_field(connection, vault, word) for word in words]
    if all(fields):
        found = intersect(*(select(union(*questions).subquery()) for questions in fields)).subquery()
        yield Rank.SEVERAL_FIELDS, select(next(iter(found.c)))


def _spellings(sought: str) -> list[str]:
    return list(dict.fromkeys((natural_key(sought), natural_key(sought).upper())))


def _begins(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    return and_(column >= text, column < text + LAST_CHARACTER)


def _owners_by(column: ColumnElement[Any], condition: ColumnElement[bool]) -> Select[int]:
    if column is METERS.c.number:
        # One that was removed still leads to who had it.
        return select(ACCOUNTS.c.customer_id).join(METERS, METERS.c.account_id == ACCOUNTS.c.id).where(condition)
    is_customer = column is CUSTOMERS.c.number
    return select(CUSTOMERS.c.id if is_customer else ACCOUNTS.c.customer_id).where(condition)


def _known_secrets(dialect: str, vault: Vault, sought: str) -> Iterator[tuple[Rank, Select[int]]]:
    phone = customer_search.phone_part(dialect, vault, sought)
    if phone is not None:
        yield Rank.PHONE, phone
    if "@" in sought:
        yield Rank.EXACT_SECRET, customer_search.whole_value(dialect, vault, Part.EMAIL, sought)
    elif sum(char.isdigit() for char in sought) >= SHORTEST_IDENTITY:
        for part in (Part.IDENTITY, Part.BANK):
            yield Rank.EXACT_SECRET, customer_search.whole_value(dialect, vault, part, sought)


def _addressed(connection: Connection, vault: Vault | None, words: Sequence[str]) -> Iterator[Select[int]]:
    if vault is None:
        return
    dialect, is_paired = connection.dialect.name, customer_search.is_paired(connection)
    own = customer_search.address_part(dialect, vault, Part.ADDRESS, words, is_paired=is_paired)
    supplied = customer_search.address_part(dialect, vault, Part.ACCOUNT_ADDRESS, words, is_paired=is_paired)
    if own is not None and supplied is not None:
        yield own
        accounts = supplied.subquery()
        yield select(ACCOUNTS.c.customer_id).join_from(accounts, ACCOUNTS, ACCOUNTS.c.id == accounts.c.owner)


def _any_field(connection: Connection, vault: Vault | None, word: str) -> list[Select[int]]:
    """Return the questions for customers of whom any field holds a word."""
    dialect = connection.dialect.name
    named = customer_search.names_holding(dialect, [word])
    phone = customer_search.phone_part(dialect, vault, word) if vault is not None else None
    columns = (CUSTOMERS.c.number, ACCOUNTS.c.number, ACCOUNTS.c.meter_number)
    return [
        *(question for question in (named, phone) if question is not None),
        *_addressed(connection, vault, [word]),
        *(
            _owners_by(column, or_(*(_begins(column, s) for s in _spellings(word))))
            for column in columns
            if any(char.isdigit() for char in word)
        ),
    ]


def detail(store: Store, customer_id: int) -> CustomerDetail:
    """Return what is known of a customer, newest first. Raises NotFoundError for an id that nobody has."""
    with store.reading() as connection:
        rows = _rows(connection, CUSTOMERS.c.id == customer_id, 1)
        if not rows:
            raise NotFoundError("This customer is no longer there.", "Refresh the list.")
        facts = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.id == customer_id)).mappings().one()
        accounts = connection.execute(
            select(
                ACCOUNTS.c.number,
                ACCOUNTS.c.utility,
                ACCOUNTS.c.supply_category,
                ACCOUNTS.c.state,
                ACCOUNTS.c.address_masked,
                ACCOUNTS.c.region,
            )
            .where(ACCOUNTS.c.customer_id == customer_id)
            .order_by(ACCOUNTS.c.number)
        ).all()
        newest = (
            select(CASES.c.id)
            .where(CASES.c.customer_id == customer_id)
            .order_by(CASES.c.received_at.desc())
            .limit(LISTED)
        )
        cases = queues.rows_on(connection, connection.execute(newest).scalars().all())
        answers = connection.execute(
            select(
                RESPONSES.c.answered_at,
                SURVEYS.c.title,
                INDICATORS.c.label,
                ANSWERS.c.score,
                SURVEYS.c.title_zh,
                INDICATORS.c.label_zh,
            )
            .join_from(ANSWERS, RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
            .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
            .join(SURVEYS, SURVEYS.c.id == RESPONSES.c.survey_id)
            .where(RESPONSES.c.customer_id == customer_id, ANSWERS.c.score.is_not(None))
            .order_by(RESPONSES.c.answered_at.desc(), INDICATORS.c.position)
            .limit(LISTED)
        ).all()
    return CustomerDetail(
        row=rows[0],
        address=facts["address_masked"],
        email_masked=facts["email_masked"],
        relationship=facts["relationship"],
        supply_category=facts["supply_category"] or "",
        size=facts["size"],
        credit_grade=facts["credit_grade"],
        is_vulnerable=facts["is_vulnerable"],
        accounts=tuple(AccountRow(*account) for account in accounts),
        cases=tuple(cases),
        answers=tuple(AnswerRow(*answer) for answer in answers),
    )


def detail_of_number(store: Store, number: str) -> CustomerDetail:
    """Return what is known of the customer with a number. Raises NotFoundError."""
    with store.reading() as connection:
        found = connection.execute(select(CUSTOMERS.c.id).where(CUSTOMERS.c.number == number)).scalar()
    if found is None:
        raise NotFoundError(f"No customer has the number {number}.", "Search: ombud customer find TEXT")
    return detail(store, found)
