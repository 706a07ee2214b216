"""Whether two dossiers may be one customer's: a score from what they share, with the reasons (requirement A5).

What is sensitive is compared by keyed digests only. Points for what is alike are added: an identity number 0.6, the name 0.35
(0.25 where it is only similar), the telephone 0.35, a bank account, e-mail or postal address 0.3, a similar address 0.15, up to
1. Two different identity numbers take 0.6 away. Without a name that is alike only an identity number speaks for one person:
families and neighbours share the rest. Similarity is that of Dice (1945) over pairs of characters, and of Jaccard (1901) over
words of addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SIMILAR_NAME = 0.70
SIMILAR_ADDRESS = 0.60
WHOLE_PHONE = 5
"""Groups of four digits in the shortest number (eight digits) that may be a longer one without its area code."""


class Reason(StrEnum):
    """What two dossiers share, or what speaks against their being one."""

    SAME_IDENTITY = "same_identity"
    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"
    SAME_PHONE = "same_phone"
    SAME_EMAIL = "same_email"
    SAME_BANK = "same_bank"
    SAME_ADDRESS = "same_address"
    SIMILAR_ADDRESS = "similar_address"
    OTHER_IDENTITY = "other_identity"


POINTS = {
    Reason.SAME_IDENTITY: 0.60,
    Reason.SAME_NAME: 0.35,
    Reason.SIMILAR_NAME: 0.25,
    Reason.SAME_PHONE: 0.35,
    Reason.SAME_EMAIL: 0.30,
    Reason.SAME_BANK: 0.30,
    Reason.SAME_ADDRESS: 0.30,
    Reason.SIMILAR_ADDRESS: 0.15,
    Reason.OTHER_IDENTITY: -0.60,
}


@dataclass(frozen=True, slots=True)
class Traits:
    """What of one dossier is compared: the name in its plain form, digests of the rest; empty where there is none.

    ``phone`` are the digests of overlapping groups of four digits in their order, ``address`` those of the words of the postal
    address in theirs, ``premises`` those of whole addresses that are supplied.
    """

    name: str
    phone: tuple[str, ...] = ()
    email: str = ""
    identity: str = ""
    bank: str = ""
    address: tuple[str, ...] = ()
    premises: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far two dossiers may be one customer's, 0 to 1, and why."""

    score: float
    reasons: tuple[Reason, ...]


def name_likeness(one: str, other: str) -> float:
    """Return how alike two names are, 0 to 1: the share of common pairs of neighbouring characters (Dice 1945)."""
    if one == other:
        return 1.0 if one else 0.0
    first, second = _pairs(one), _pairs(other)
    if not first or not second:
        return 0.0
    rest = list(second)
    common = 0
    for pair in first:
        if pair in rest:
            rest.remove(pair)
            common += 1
    return 2 * common / (len(first) + len(second))


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(len(text) - 1)]


def same_phone(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two numbers are one, with or without country and area code."""
    short, long = sorted((tuple(one), tuple(other)), key=len)
    if not short:
        return False
    if len(short) < WHOLE_PHONE:
        return short == long
    return long[-len(short) :] == short


def address_likeness(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of common words among all of two addresses (Jaccard 1901), 0 to 1."""
    first, second = frozenset(one), frozenset(other)
    return len(first & second) / len(first | second) if first and second else 0.0


def verdict(one: Traits, other: Traits) -> Verdict:
    """Score how far two dossiers may be one customer's."""
    reasons: list[Reason] = []
    if one.identity and other.identity:
        reasons.append(Reason.SAME_IDENTITY if one.identity == other.identity else Reason.OTHER_IDENTITY)
    alike = name_likeness(one.name, other.name)
    if alike == 1.0:
        reasons.append(Reason.SAME_NAME)
    elif alike >= SIMILAR_NAME:
        reasons.append(Reason.SIMILAR_NAME)
    if same_phone(one.phone, other.phone):
        reasons.append(Reason.SAME_PHONE)
    if one.email and one.email == other.email:
        reasons.append(Reason.SAME_EMAIL)
    if one.bank and one.bank == other.bank:
        reasons.append(Reason.SAME_BANK)
    if (one.address and one.address == other.address) or one.premises & other.premises:
        reasons.append(Reason.SAME_ADDRESS)
    elif address_likeness(one.address, other.address) >= SIMILAR_ADDRESS:
        reasons.append(Reason.SIMILAR_ADDRESS)
    score = min(1.0, max(0.0, sum(POINTS[reason] for reason in reasons)))
    if not {Reason.SAME_IDENTITY, Reason.SAME_NAME, Reason.SIMILAR_NAME} & set(reasons):
        score = 0.0
    return Verdict(round(score, 2), tuple(reasons))
