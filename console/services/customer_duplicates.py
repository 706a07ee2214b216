"""Probable doubles among the customers: put into small groups that share something, then compared pair by pair.

Groups share a telephone, identity or bank number, e-mail, address, supplied premise, or name; only within a group is anybody
compared, so that the work grows with the customers and not with their pairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from console.errors import ConflictError
from console.models import DistinctCustomers
from console.models.base import table_of
from console.rules.customer_doubles import WHOLE_PHONE, Traits, Verdict, verdict
from console.rules.customer_fields import parse_customers
from console.services.care_views import Double, DoubleReport
from console.services.customer_filtering import ACCOUNTS, CUSTOMERS, check_names, conditions_of, present
from console.services.customer_lists import asking_of, lines_on
from console.services.known_customers import known
from console.services.staffing import HANDLERS, required
from console.storage import sealing
from console.storage.customer_digests import digests
from console.storage.customer_search import Part
from console.storage.engine import Store
from console.storage.name_forms import simplified
from console.storage.unit import Work
from console.text import clean_line, fold

DISTINCT: Table = table_of(DistinctCustomers)

LARGEST_GROUP = 40
"""More customers than that share a thing that says nothing of a person: a caretaker's telephone, a common name."""

_BETWEEN = re.compile(r"[\W_]+")
_OWN = (Part.PHONE, Part.EMAIL, Part.IDENTITY, Part.ADDRESS, Part.BANK)


@dataclass(slots=True)
class _Gathered:
    """What of each customer is compared, by his id."""

    names: dict[int, str] = field(default_factory=dict)
    digests: dict[Part, dict[int, tuple[str, ...]]] = field(default_factory=lambda: {part: {} for part in _OWN})
    premises: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def traits(self, customer_id: int) -> Traits:
        """Return what of one customer is compared."""

        def whole(part: Part) -> str:
            return " ".join(self.digests[part].get(customer_id, ()))

        return Traits(
            self.names[customer_id],
            self.digests[Part.PHONE].get(customer_id, ()),
            whole(Part.EMAIL),
            whole(Part.IDENTITY),
            whole(Part.BANK),
            self.digests[Part.ADDRESS].get(customer_id, ()),
            frozenset(self.premises.get(customer_id, ())),
        )


def plain_name(name: str) -> str:
    """Return the form in which names are compared: simplified script, small letters, no accents, words by the alphabet."""
    folded = fold(simplified(unicodedata.normalize("NFC", name)))
    return "".join(sorted(part for part in _BETWEEN.split(folded) if part))


def _gather(connection: Connection) -> _Gathered:
    gathered = _Gathered()
    for row in connection.execute(select(CUSTOMERS.c.id, CUSTOMERS.c.name).where(present())):
        gathered.names[row.id] = plain_name(row.name)
    if sealing.is_registered(connection):
        for part, owner, words in digests(connection, _OWN):
            if owner in gathered.names:
                gathered.digests[part][owner] = words
    supplied = select(ACCOUNTS.c.customer_id, ACCOUNTS.c.premise).where(ACCOUNTS.c.premise != "").distinct()
    for row in connection.execute(supplied):
        if row.customer_id in gathered.names:
            gathered.premises[row.customer_id].add(row.premise)
    return gathered


def _groups(gathered: _Gathered) -> Iterator[list[int]]:
    """Give the groups of customers who share something, the small ones; each is a list of ids."""
    for part in _OWN:
        groups: dict[Any, list[int]] = defaultdict(list)
        for customer_id, words in gathered.digests[part].items():
            # Numbers are compared from their end, so that one without country or area code meets the other.
            groups[words[-WHOLE_PHONE:] if part is Part.PHONE else words].append(customer_id)
        yield from groups.values()
    named: dict[str, list[int]] = defaultdict(list)
    for customer_id, name in gathered.names.items():
        if name:
            named[name].append(customer_id)
    yield from named.values()
    at: dict[str, list[int]] = defaultdict(list)
    for customer_id, premises in gathered.premises.items():
        for premise in premises:
            at[premise].append(customer_id)
    yield from at.values()


def _pairs(gathered: _Gathered) -> tuple[set[tuple[int, int]], int]:
    pairs: set[tuple[int, int]] = set()
    skipped = 0
    for group in _groups(gathered):
        if len(group) > LARGEST_GROUP:
            skipped += 1
        elif len(group) > 1:
            pairs.update(combinations(sorted(group), 2))
    return pairs, skipped


def duplicates(store: Store, filter_text: str = "", *, viewer: str = "", limit: int = 200) -> DoubleReport:
    """Return the pairs of customers that are probably one, the likeliest first, with the reasons.

    A filter asks for pairs of which one at least is found by it. Pairs of which somebody said that they are two are left out.
    Raises FilterError and UsageError for the filter.
    """
    asked = parse_customers(filter_text)
    with store.reading() as connection:
        check_names(connection, asked)
        asking = asking_of(connection, viewer=viewer)
        wanted: set[int] | None = None
        if asked.terms:
            wanted = set(connection.execute(select(CUSTOMERS.c.id).where(*conditions_of(asked, asking))).scalars())
        gathered = _gather(connection)
        pairs, skipped = _pairs(gathered)
        pairs -= {
            (row.low_id, row.high_id) for row in connection.execute(select(DISTINCT.c.low_id, DISTINCT.c.high_id))
        }
        scored = _scored(gathered, pairs, asking.rules.duplicate_score, wanted)
        shown = scored[:limit]
        rows = lines_on(connection, sorted({id_ for one, other, _ in shown for id_ in (one, other)}))
        doubles = tuple(
            Double(rows[one], rows[other], found.score, tuple(map(str, found.reasons))) for one, other, found in shown
        )
    return DoubleReport(doubles, len(scored), len(gathered.names), len(pairs), skipped)


def _scored(
    gathered: _Gathered, pairs: Iterable[tuple[int, int]], least: float, wanted: set[int] | None
) -> list[tuple[int, int, Verdict]]:
    scored = []
    for one, other in pairs:
        if wanted is None or one in wanted or other in wanted:
            found = verdict(gathered.traits(one), gathered.traits(other))
            if found.score >= least:
                scored.append((one, other, found))
    return sorted(scored, key=lambda item: (-item[2].score, item[0], item[1]))


def say_distinct(store: Store, one: str, other: str, actor: str, reason: str = "") -> None:
    """Write down that two customers are two, so that they are not proposed again.

    Raises NotFoundError for a customer who is not there, ConflictError where both are one, NotAllowedError for who may not.
    """

    def act(work: Work) -> None:
        required(work.connection, actor, HANDLERS, "judge doubles")
        first, second = known(work.connection, one), known(work.connection, other)
        if first.id == second.id:
            raise ConflictError(f"{one} and {other} are one customer.", "Name two customers.")
        low, high = sorted((first.id, second.id))
        work.connection.execute(delete(DISTINCT).where(DISTINCT.c.low_id == low, DISTINCT.c.high_id == high))
        work.connection.execute(
            insert(DISTINCT).values(low_id=low, high_id=high, at=work.at, actor=actor, reason=clean_line(reason)[:200])
        )
        work.record("say distinct", "customer", first.number, {"other": second.number})

    store.write(actor, act)
