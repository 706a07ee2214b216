"""Segments (细分, requirement A6): named filters over customers, counted when they are saved and at each refresh.

Members are kept, so that ``segment:…`` costs a look into an index in the filters of customers and of cases; ``counted_at``
says as of when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, RowMapping, Table, delete, func, insert, literal, select, update

from console.codes import Role
from console.errors import ConflictError, NotFoundError, UsageError
from console.models import Segment, SegmentMember
from console.models.base import table_of
from console.rules.customer_fields import parse_customers
from console.rules.filters import Filter
from console.services.care_views import SegmentRow
from console.services.customer_filtering import CUSTOMERS, Asking, check_segments, conditions_of
from console.services.customer_lists import asking_of
from console.services.filter_conditions import given
from console.services.lookups import nearest_hint
from console.services.staffing import required
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean_line

SEGMENTS: Table = table_of(Segment)
MEMBERS: Table = table_of(SegmentMember)

LONGEST_NAME = 64
MAY_SAVE = frozenset({Role.LEAD.value, Role.ANALYST.value, Role.ADMINISTRATOR.value})
_NOT_IN_NAMES = frozenset('*,，"“”:')


def _name(written: str) -> str:
    name = clean_line(written)
    if not name or len(name) > LONGEST_NAME:
        raise UsageError(f"A segment has a name of 1 to {LONGEST_NAME} characters.", "Name it: ombud segment save NAME")
    if name.casefold() == "none" or name == "无" or set(name) & _NOT_IN_NAMES:
        raise UsageError(f"{name} cannot be the name of a segment.", "Use letters, digits, blanks and hyphens.")
    return name


def named(asked: Filter) -> set[str]:
    """Return the segments that a filter asks of, in small letters."""
    return {text.casefold() for term in asked.terms if term.field == "segment" for text in given(term)}


def save(store: Store, written: str, filter_text: str, actor: str) -> SegmentRow:
    """Save a filter over customers under a name, a new one or in place of the one that bears it, and count its members.

    Raises FilterError for a filter that is none, UsageError for a name that is none, an order, or a segment that is not there,
    ConflictError for segments that would ask of each other in a circle, NotAllowedError for who may not.
    """
    name = _name(written)
    asked = parse_customers(filter_text)
    if asked.sorts:
        raise UsageError("A segment has no order.", "Leave sort: out.")
    if not asked.terms:
        raise UsageError("This segment would hold every customer.", "Write a filter, such as stage:at_risk")

    def act(work: Work) -> None:
        connection = work.connection
        required(connection, actor, MAY_SAVE, "save segments")
        held = _all(connection)
        check_segments(connection, [text for text in named(asked) if text != name.casefold()])
        _refuse_circle(name, asked, held)
        old = held.get(name.casefold())
        if old is None:
            made = connection.execute(
                insert(SEGMENTS)
                .values(name=name, filter=str(asked), created_by=actor, created_at=work.at, members=0, version=1)
                .returning(SEGMENTS.c.id)
            ).scalar_one()
        else:
            made = old["id"]
            connection.execute(
                update(SEGMENTS)
                .where(SEGMENTS.c.id == made)
                .values(name=name, filter=str(asked), version=SEGMENTS.c.version + 1)
            )
        found = count_members(connection, int(made), str(asked), asking_of(connection, viewer=actor, now=work.at))
        work.record("save segment", "segment", name, {"filter": str(asked), "members": found})

    store.write(actor, act)
    return segment(store, name)


def _all(connection: Connection) -> dict[str, RowMapping]:
    rows = connection.execute(select(SEGMENTS).order_by(SEGMENTS.c.name)).mappings()
    return {row["name"].casefold(): row for row in rows}


def _refuse_circle(name: str, asked: Filter, held: Mapping[str, RowMapping]) -> None:
    own = name.casefold()
    ahead, seen = list(named(asked)), set[str]()
    while ahead:
        other = ahead.pop()
        if other == own:
            raise ConflictError(
                f"The segment {name} would ask of itself.", "Write the conditions of the other segment instead."
            )
        if other not in seen and other in held:
            seen.add(other)
            ahead.extend(named(parse_customers(held[other]["filter"])))


def count_members(connection: Connection, segment_id: int, filter_text: str, asking: Asking) -> int:
    """Find the members of a segment anew, in one statement, and return how many there are."""
    connection.execute(delete(MEMBERS).where(MEMBERS.c.segment_id == segment_id))
    wanted = conditions_of(parse_customers(filter_text), asking)
    found = select(literal(segment_id), CUSTOMERS.c.id).where(*wanted)
    connection.execute(insert(MEMBERS).from_select(["segment_id", "customer_id"], found))
    number = int(
        connection.execute(
            select(func.count()).select_from(MEMBERS).where(MEMBERS.c.segment_id == segment_id)
        ).scalar_one()
    )
    connection.execute(
        update(SEGMENTS).where(SEGMENTS.c.id == segment_id).values(members=number, counted_at=asking.now)
    )
    return number


def recount(connection: Connection, asking: Asking) -> dict[str, tuple[int, int]]:
    """Find the members of every segment anew, those first that others ask of; return (before, now) by name."""
    held = _all(connection)
    found: dict[str, tuple[int, int]] = {}
    for name in _in_order(held):
        row = held[name]
        found[row["name"]] = (row["members"], count_members(connection, row["id"], row["filter"], asking))
    return found


def _in_order(held: Mapping[str, RowMapping]) -> Iterable[str]:
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in done or name not in held:
            return
        for other in sorted(named(parse_customers(held[name]["filter"]))):
            visit(other)
        done[name] = None

    for name in held:
        visit(name)
    return done


def segments(store: Store) -> list[SegmentRow]:
    """Return the segments by name."""
    with store.reading() as connection:
        return [_row(row) for row in _all(connection).values()]


def _row(row: RowMapping) -> SegmentRow:
    return SegmentRow(row["name"], row["filter"], row["members"], row["counted_at"], row["created_by"])


def segment(store: Store, written: str) -> SegmentRow:
    """Return one segment. Raises NotFoundError, naming the nearest."""
    name = clean_line(written)
    with store.reading() as connection:
        held = _all(connection)
    row = held.get(name.casefold())
    if row is None:
        raise NotFoundError(
            f"There is no segment {name}.", nearest_hint(name, [str(item["name"]) for item in held.values()])
        )
    return _row(row)


def remove(store: Store, written: str, actor: str) -> None:
    """Remove a segment; customers stay as they are.

    Raises NotFoundError for one that is not there, ConflictError where another asks of it, NotAllowedError for who may not.
    """
    name = segment(store, written).name

    def act(work: Work) -> None:
        required(work.connection, actor, MAY_SAVE, "remove segments")
        for other in _all(work.connection).values():
            if other["name"] != name and name.casefold() in named(parse_customers(other["filter"])):
                raise ConflictError(f"The segment {other['name']} asks of {name}.", "Change that one first.")
        work.connection.execute(delete(SEGMENTS).where(SEGMENTS.c.name == name))
        work.record("remove segment", "segment", name)

    store.write(actor, act)
