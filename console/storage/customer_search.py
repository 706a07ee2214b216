"""What customers are found by: the forms of their names, and keyed digests of what is sealed.

Names are kept as words; of telephones, e-mail and addresses only keyed digests of their parts, in their order, so that a longer
part is found as a phrase and nothing has to be opened to see whether it fits. Such an index tells whoever holds it without the
keys which customers share a part, and with many customers how often and beside which others it stands, from which digits may be
guessed in the end; against a stolen file, encrypt the file as a whole too. FTS5 on SQLite, ``tsvector`` on PostgreSQL: both
keep sorted lists of customers by word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Connection, Integer, bindparam, column, delete, func, select, table, text
from sqlalchemy.sql.expression import Select

from console.identifiers import natural_key, normalise_phone
from console.search_words import QueryToken, cut, pieces
from console.storage.name_forms import begin_tokens, name_words, part_tokens, simplified
from console.storage.sealing import Vault
from console.storage.search import fts_phrase, ts_phrase, vector
from console.text import clean_line, fold

NAMES = "customer_names"
BLIND = "customer_index"
SHIFT = 3
KINDS = 1 << SHIFT
GRAM = 4
"""Digits in the shortest part of a telephone number that is found."""
PAIRED = KINDS - 1
"""The entry of nobody, in an index all of whose addresses have pairs of Han characters and their numbers as one word."""


class Part(IntEnum):
    """Which field an entry of the blind index stands for; its number is the owner's id times eight and this."""

    PHONE = 0
    EMAIL = 1
    IDENTITY = 2
    ADDRESS = 3
    BANK = 4
    ACCOUNT_ADDRESS = 5


def _grams(digits: str) -> list[str]:
    return [digits[at : at + GRAM] for at in range(len(digits) - GRAM + 1)]


def blind_words(vault: Vault, part: Part, value: str) -> list[str]:
    """Return the words of the blind index for a value of one field of a customer."""
    if part is Part.PHONE:
        return vault.digests("phone", _grams(normalise_phone(value).lstrip("+")))
    if part is Part.ADDRESS:
        return placed(vault, value).words
    return [vault.digest(part.name.lower(), _whole(value))]


def _whole(value: str) -> str:
    return fold(natural_key(value)).replace(" ", "")


class Placed(NamedTuple):
    """What an address is found by: the digest of the whole, equal for two accounts at one place, and its words in the index."""

    premise: str
    words: list[str]


NOWHERE = Placed("", [])


def placed(vault: Vault, address: str) -> Placed:
    """Return what an address is found by; empty texts for none."""
    found = pieces(simplified(address))
    whole = " ".join(cut(found))
    words = [word for phrase in address_phrases(found, is_paired=True) for word in phrase]
    return Placed(vault.digest("premise", whole) if whole else "", vault.digests("address", words))


def address_phrases(found: Sequence[tuple[str, str]], *, is_paired: bool) -> list[list[str]]:
    """Return the words of an address, or of a part of one, in stretches that stand in the index without a gap.

    These are pairs of Han characters and other words, and between a run of Han characters and the number behind it the last pair
    together with that number: a street has thousands of houses and a town thousands of houses 12, but few are 民路12. A character
    alone between others (as 号 behind a number, which nearly every address has) is left out.
    """
    phrases: list[list[str]] = [[]]
    for (run, word), (_, following) in pairwise([*found, ("", "")]):
        if word:
            phrases[-1].append(word)
            continue
        phrases[-1] += [run[at : at + 2] for at in range(len(run) - 1)]
        if is_paired and following and len(run) > 1:
            phrases[-1].append(run[-2:] + following)
        else:
            phrases.append([])
    return [phrase for phrase in phrases if phrase]


def index_names(connection: Connection, names: Iterable[tuple[int, str]]) -> None:
    """Put customers' names into the index: (customer id, name); none of them may be in it."""
    rows = [(customer_id, name_words(name)) for customer_id, name in names]
    _insert(connection, NAMES, rows)


def index_blind(connection: Connection, entries: Iterable[tuple[Part, int, list[str]]]) -> None:
    """Put digests into the index: (field, id of the customer or account, words); none of them may be in it."""
    rows = [(owner * KINDS + part, words) for part, owner, words in entries if words]
    if rows and newest_entry(connection, is_blind=True) == 0:
        _mark_paired(connection)
    _insert(connection, BLIND, rows)


def _mark_paired(connection: Connection) -> None:
    """Note in an empty index that all its addresses will have the pairs with their numbers."""
    key = _key(connection.dialect.name)
    # Another session may be the first one too.
    also = " ON CONFLICT DO NOTHING" if connection.dialect.name == "postgresql" else ""
    connection.exec_driver_sql(f"INSERT INTO {BLIND} ({key}, words) VALUES ({PAIRED}, ''){also}")  # noqa: S608 - our own names


def is_paired(connection: Connection) -> bool:
    """Return whether all addresses of the index have the pairs with their numbers; one begun by version 0.1 has not."""
    key = _key(connection.dialect.name)
    found = table(BLIND, column(key, Integer))
    return connection.execute(select(found.c[key]).where(found.c[key] == PAIRED)).first() is not None


def _insert(connection: Connection, name: str, rows: Sequence[tuple[int, list[str]]]) -> None:
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        # Names of our own tables; words go through the driver.
        with connection.connection.cursor() as cursor, cursor.copy(f"COPY {name} (entry, words) FROM STDIN") as copy:  # type: ignore[attr-defined]
            copy.set_types(["int8", "text"])
            for entry, words in rows:
                copy.write_row((entry, vector(words)))
        return
    connection.exec_driver_sql(
        f"INSERT INTO {name} (rowid, words) VALUES (?, ?)",  # noqa: S608 - a name of our own table
        [(entry, " ".join(word for word in words if word)) for entry, words in rows],
    )


def forget_names(connection: Connection, customer_ids: Sequence[int]) -> None:
    """Take names out of the index."""
    _forget(connection, NAMES, customer_ids)


def forget_blind(connection: Connection, owners: Sequence[int], parts: Iterable[int]) -> None:
    """Take fields of customers, or addresses of accounts, out of the index."""
    _forget(connection, BLIND, [owner * KINDS + part for part in parts for owner in owners])


def _forget(connection: Connection, name: str, entries: Sequence[int]) -> None:
    if not entries:
        return
    key = _key(connection.dialect.name)
    found = table(name, column(key, Integer))
    connection.execute(delete(found).where(found.c[key] == bindparam("gone")), [{"gone": entry} for entry in entries])


def newest_entry(connection: Connection, *, is_blind: bool) -> int:
    """Return the highest number in an index, 0 for an empty one."""
    key = _key(connection.dialect.name)
    found = table(BLIND if is_blind else NAMES, column(key, Integer))
    return int(connection.execute(select(func.coalesce(func.max(found.c[key]), 0))).scalar_one())


def _key(dialect: str) -> str:
    return "entry" if dialect == "postgresql" else "rowid"


def _matching(dialect: str, name: str, phrases: Sequence[Sequence[QueryToken]]) -> Select[int]:
    """The entries of an index that hold every one of the phrases, in the index's own order."""
    key = _key(dialect)
    found = table(name, column(key, Integer), column("words"))
    if dialect == "postgresql":
        question = " & ".join(f"({ts_phrase(phrase)})" for phrase in phrases)
        condition = text(f"{name}.words @@ CAST(:question AS tsquery)")
    else:
        question = " AND ".join(f"({fts_phrase(phrase)})" for phrase in phrases)
        condition = text(f"{name} MATCH :question")
    return select(found.c[key].label("entry")).where(condition.bindparams(bindparam("question", question, unique=True)))


def names_beginning(dialect: str, sought: str) -> Select[int] | None:
    """Return the question for the ids of customers whose name begins with a text; None for one without letter or digit."""
    tokens = begin_tokens(sought)
    return _matching(dialect, NAMES, [tokens]) if tokens else None


def names_holding(dialect: str, words: Sequence[str]) -> Select[int] | None:
    """Return the question for the ids of customers whose name holds every word; None where one has no letter or digit."""
    phrases = [part_tokens(word) for word in words]
    return _matching(dialect, NAMES, phrases) if phrases and all(phrases) else None


def _owners(dialect: str, part: Part, kind: str, vault: Vault, phrases: Sequence[Sequence[str]]) -> Select[int]:
    digested = [[QueryToken(vault.digest(kind, piece)) for piece in phrase] for phrase in phrases]
    entries = _matching(dialect, BLIND, digested)
    entry = entries.selected_columns.entry
    return entries.where(entry.op("&")(KINDS - 1) == int(part)).with_only_columns(entry.op(">>")(SHIFT).label("owner"))


def phone_part(dialect: str, vault: Vault, sought: str) -> Select[int] | None:
    """Return the question for the ids of customers whose telephone holds the digits of a text; None for fewer than four."""
    digits = normalise_phone(sought).lstrip("+")
    if len(digits) < GRAM or any(char.isalpha() or char == "@" for char in sought):
        return None
    return _owners(dialect, Part.PHONE, "phone", vault, [_grams(digits)])


def whole_value(dialect: str, vault: Vault, part: Part, sought: str) -> Select[int]:
    """Return the question for the ids of customers of whom one field (e-mail, identity or bank number) is a text exactly."""
    return _owners(dialect, part, part.name.lower(), vault, [[_whole(clean_line(sought))]])


def address_part(
    dialect: str, vault: Vault, part: Part, words: Sequence[str], *, is_paired: bool = True
) -> Select[int] | None:
    """Return the question for the ids of customers, or of accounts, whose address holds every word or run of Han characters.

    ``part`` is ADDRESS for customers, ACCOUNT_ADDRESS for accounts. What stands on the two sides of a character that is left out
    may stand apart. ``is_paired`` is False for an index made without pairs and their numbers as one word. None where nothing is
    left of a word.
    """
    phrases: list[list[str]] = []
    for word in words:
        parts = address_phrases(pieces(simplified(word)), is_paired=is_paired)
        if not parts:
            return None
        phrases += parts
    return _owners(dialect, part, "address", vault, phrases)
