"""Case records into the tables: which are new, which changed, and in which fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Table, case, insert, select, update

from console.models import Case, CaseEvent, CaseText, Category, Customer, Department, ServiceAccount, Staff
from console.models.base import table_of
from console.services.case_histories import CLOCKS, IMPORTED, SOURCE_CLOCK
from console.services.customer_records import write_customers
from console.services.imported_promises import ImportedPromises, set_source_due_times
from console.storage.bulk import insert_rows
from console.storage.numbers import take_case_numbers
from console.storage.search import index_cases
from console.storage.unit import Work
from console.transfer.validation import LEVEL_SEPARATOR, CaseRecord, as_utc, extras_text

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
EVENTS: Table = table_of(CaseEvent)
CATEGORIES: Table = table_of(Category)
DEPARTMENTS: Table = table_of(Department)
CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
STAFF: Table = table_of(Staff)

ORIGIN = "system"
TEXT_FIELDS = ("narrative", "findings", "measures", "reply", "follow_up", "cause", "outcome", "location", "extras")
PLAIN_FIELDS = (
    "kind", "state", "phase", "channel", "severity", "region", "subject", "responsible", "received_at", "due_at", "closed_at",
    "is_supervised", "is_vulnerable", "is_raised_by_staff", "opinion", "validity", "authority", "area",
)  # fmt: skip
LINKS: Mapping[str, tuple[str, Table, str]] = {
    "category": ("category_id", CATEGORIES, "code"),
    "department": ("department_id", DEPARTMENTS, "code"),
    "assignee": ("assignee_id", STAFF, "login"),
    "customer": ("customer_id", CUSTOMERS, "number"),
    "account": ("account_id", ACCOUNTS, "number"),
}
FIELDS = (*PLAIN_FIELDS, *LINKS, *TEXT_FIELDS)
NEW_CASE = (
    "id", "reference", "source", "external_reference", "updated_at", "source_digest", "version", "policy_id",
    *(column for column, _, _ in LINKS.values()), *PLAIN_FIELDS,
)  # fmt: skip
NEW_TEXT = ("case_id", "extras", *(name for name in TEXT_FIELDS if name != "extras"))
EVENT = (
    "case_id", "at", "actor", "verb", "note", "before", "after", "state", "phase", "origin", "is_public", "is_undone",
    "import_batch_id",
)  # fmt: skip
_plain = attrgetter(*PLAIN_FIELDS)
_DUE = PLAIN_FIELDS.index("due_at")
_texts = attrgetter(*NEW_TEXT[2:])
_linked = attrgetter(*LINKS)
PROGRESS_FIELDS = frozenset({"state", "phase", "closed_at"})
"""What says how far a case has come: once a person has worked on it, the source has no say in it any more."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A case as the database has it, named as in a record: links by code, login or number.

    Its due time is the one its source gave; ``next_due_at`` is the earliest of all its promises.
    """

    id: int
    reference: str
    source: str | None
    external_reference: str | None
    version: int
    digest: str
    values: Mapping[str, Any]
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a record changes in a case: the fields that differ, before and after."""

    record: CaseRecord
    stored: Stored
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(slots=True)
class Sorted:
    """Records by what has to be done with them; ``foreign`` bear a reference that belongs to another case."""

    new: list[CaseRecord] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    foreign: list[CaseRecord] = field(default_factory=list)


@dataclass(slots=True)
class Made:
    """The ids of what an import had to make beside cases: needed to take the import back."""

    categories: list[int] = field(default_factory=list)
    departments: list[int] = field(default_factory=list)
    customers: list[int] = field(default_factory=list)

    def detail(self) -> dict[str, list[int]]:
        """Return the ids by table, without the tables that got nothing."""
        found = {"categories": self.categories, "departments": self.departments, "customers": self.customers}
        return {name: ids for name, ids in found.items() if ids}


def sort_records(
    connection: Connection, records: Sequence[CaseRecord], mapped: frozenset[str], *, for_update: bool
) -> Sorted:
    """Compare records with the cases that bear their references.

    A case is known by the source's reference, or else by our own where the record has one. A record from a source whose own
    reference (ours) belongs to another case gets a new one. Only ``mapped`` fields are compared, and
    of those none that a person has changed since.
    """
    found = _known(connection, records)
    result = Sorted()
    differing: list[tuple[CaseRecord, int]] = []
    for record in records:
        case_id, digest = _match(record, found)
        if case_id is None:
            result.new.append(record)
        elif digest == record.digest:
            result.unchanged += 1
        else:
            differing.append((record, case_id))
    if not differing:
        return result
    stored = read_stored(connection, [case_id for _, case_id in differing], for_update=for_update)
    kept = _kept_fields(connection, list(stored))
    known = {
        "assignee": ids_by(connection, STAFF, "login", (record.assignee for record, _ in differing)),
        "account": ids_by(connection, ACCOUNTS, "number", (record.account for record, _ in differing)),
    }
    for record, case_id in differing:
        case = stored[case_id]
        if record.reference and case.reference == record.reference and not _is_same_case(record, case):
            if record.external_reference:
                result.new.append(replace(record, reference=""))
            else:
                result.foreign.append(record)
            continue
        strange = {name for name, ids in known.items() if getattr(record, name) and getattr(record, name) not in ids}
        change = _difference(record, case, mapped - kept.get(case_id, frozenset()) - strange)
        if change is None:
            result.unchanged += 1
        else:
            result.changed.append(change)
    return result


def _is_same_case(record: CaseRecord, case: Stored) -> bool:
    theirs = (record.source, record.external_reference, record.received_at)
    return theirs == (case.source, case.external_reference, case.values["received_at"])


Key = tuple[str, str]


def _known(connection: Connection, records: Sequence[CaseRecord]) -> dict[Key, tuple[int, str]]:
    """Ids and digests of the cases that bear the references of the records: by (source, reference), ours with source ''."""
    found: dict[Key, tuple[int, str]] = {}
    by_source: dict[str, list[str]] = {}
    for record in records:
        if record.source and record.external_reference:
            by_source.setdefault(record.source, []).append(record.external_reference)
    for source, references in by_source.items():
        question = select(CASES.c.external_reference, CASES.c.id, CASES.c.source_digest).where(
            CASES.c.source == source, CASES.c.external_reference.in_(references)
        )
        found.update(((source, name), (case_id, digest)) for name, case_id, digest in connection.execute(question))
    ours = [record.reference for record in records if record.reference]
    if ours:
        question = select(CASES.c.reference, CASES.c.id, CASES.c.source_digest).where(CASES.c.reference.in_(ours))
        found.update((("", name), (case_id, digest)) for name, case_id, digest in connection.execute(question))
    return found


def _match(record: CaseRecord, found: Mapping[Key, tuple[int, str]]) -> tuple[int | None, str]:
    if record.source and record.external_reference:
        theirs = found.get((record.source, record.external_reference))
        if theirs is not None:
            return theirs
    return found.get(("", record.reference), (None, "")) if record.reference else (None, "")


def read_stored(connection: Connection, case_ids: Sequence[int], *, for_update: bool = False) -> dict[int, Stored]:
    """Return cases whole, by id. ``for_update`` holds them until the transaction ends."""
    if for_update and connection.dialect.name == "postgresql":
        connection.execute(
            select(CASES.c.id).where(CASES.c.id.in_(list(case_ids))).order_by(CASES.c.id).with_for_update()
        )
    question = (
        select(
            CASES.c.id,
            CASES.c.reference,
            CASES.c.source,
            CASES.c.external_reference,
            CASES.c.version,
            CASES.c.source_digest,
            CASES.c.due_at.label("next_due_at"),
            *[_source_due() if name == "due_at" else CASES.c[name] for name in PLAIN_FIELDS],
            *[table.c[key].label(name) for name, (_, table, key) in LINKS.items()],
            *[TEXTS.c[name] for name in TEXT_FIELDS],
        )
        .select_from(_joined())
        .where(CASES.c.id.in_(list(case_ids)))
    )
    found: dict[int, Stored] = {}
    for row in connection.execute(question):
        case_id, reference, source, external_reference, version, digest, due, *values = row
        named = dict(zip(FIELDS, values, strict=True))
        found[case_id] = Stored(case_id, reference, source, external_reference, version, digest, named, due)
    return found


def _source_due() -> Any:
    """The due time that the source gave: a promise of its own, or all that a case without promises has."""
    promised = select(CLOCKS.c.id).where(CLOCKS.c.case_id == CASES.c.id).exists()
    given = select(CLOCKS.c.due_at).where(CLOCKS.c.case_id == CASES.c.id, CLOCKS.c.name == SOURCE_CLOCK)
    return case((promised, given.scalar_subquery()), else_=CASES.c.due_at).label("due_at")


def _joined() -> Any:
    joined: Any = CASES
    for column, table, _ in LINKS.values():
        joined = joined.join(table, table.c.id == CASES.c[column], isouter=True)
    return joined.join(TEXTS, TEXTS.c.case_id == CASES.c.id, isouter=True)


def _kept_fields(connection: Connection, case_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """Fields that people have changed, by case: those their events name, and progress as soon as there is one event."""
    question = select(EVENTS.c.case_id, EVENTS.c.after).where(
        EVENTS.c.case_id.in_(list(case_ids)), EVENTS.c.import_batch_id.is_(None), EVENTS.c.is_undone.is_(False)
    )
    kept: dict[int, frozenset[str]] = {}
    for case_id, after in connection.execute(question):
        named = frozenset(name.removesuffix("_id") for name in json.loads(after or "{}"))
        kept[case_id] = kept.get(case_id, PROGRESS_FIELDS) | named
    return kept


def _difference(record: CaseRecord, case: Stored, fields: frozenset[str]) -> Change | None:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name in FIELDS:
        if name not in fields:
            continue
        new = getattr(record, name)
        old = case.values[name]
        if name in LINKS or name in TEXT_FIELDS:
            old, new = old or "", new or ""
        if name == "extras" and json.loads(old or "{}") == json.loads(new or "{}"):
            continue
        if name == "due_at" and new == case.next_due_at:
            continue  # an export gives the earliest promise: brought back, it is no other one
        if old != new:
            before[name], after[name] = old, new
    return Change(record, case, before, after) if after else None


def written(values: Mapping[str, Any]) -> str:
    """Return values as the JSON object that history keeps: times as ISO 8601 UTC, extras as an object."""
    plain = {
        name: as_utc(value) if isinstance(value, datetime) else json.loads(value or "{}") if name == "extras" else value
        for name, value in values.items()
    }
    return json.dumps(plain, ensure_ascii=False)


def read_back(text: str) -> dict[str, Any]:
    """Return the values that ``written`` was given."""
    values: dict[str, Any] = json.loads(text or "{}")
    for name in ("received_at", "due_at", "closed_at"):
        if values.get(name):
            values[name] = datetime.fromisoformat(values[name])
    if "extras" in values:
        values["extras"] = extras_text(values["extras"])
    return values


def write_records(work: Work, batch_id: int, file_name: str, found: Sorted) -> Made:
    """Write new and changed cases with their texts, history and search index. Returns what else had to be made."""
    made = Made()
    connection = work.connection
    links = _Links(work, made, [*found.new, *(change.record for change in found.changed)])
    promises = ImportedPromises.on(connection, work.at)
    if found.new:
        _create(work, batch_id, file_name, found.new, links, promises)
    for change in found.changed:
        update_case(
            connection,
            change.stored.id,
            change.after,
            dict(zip(LINKS, links.ids_of(change.record), strict=True)),
            work.at,
            change.record.digest,
        )
    if found.changed:
        connection.execute(insert(EVENTS), [_event(work, batch_id, file_name, change) for change in found.changed])
        renew_promises(connection, promises, {change.stored.id: change.after for change in found.changed})
    index_cases(
        connection, [_searched(change) for change in found.changed if change.after.keys() & {"subject", "narrative"}]
    )
    return made


def renew_promises(
    connection: Connection, promises: ImportedPromises, changed: Mapping[int, Mapping[str, Any]]
) -> None:
    """Compute the promises on cases again, given the fields that an import has changed or put back in each."""
    set_source_due_times(
        connection, [(case_id, values["due_at"]) for case_id, values in changed.items() if "due_at" in values]
    )
    promises.renew(connection, list(changed))


def _searched(change: Change) -> tuple[int, str, str]:
    values = {**change.stored.values, **change.after}
    return change.stored.id, values["subject"], values["narrative"] or ""


def event_row(work: Work, batch_id: int, verb: str, case_id: int, note: str, state: str, phase: str) -> dict[str, Any]:
    """Return an entry of a case's history that an import writes: nobody of the staff did it, no customer heard of it."""
    return {
        "case_id": case_id,
        "at": work.at,
        "actor": work.actor,
        "verb": verb,
        "note": note,
        "before": "{}",
        "after": "{}",
        "state": state,
        "phase": phase,
        "origin": ORIGIN,
        "is_public": False,
        "is_undone": False,
        "import_batch_id": batch_id,
    }


def _event(work: Work, batch_id: int, file_name: str, change: Change) -> dict[str, Any]:
    now = {**change.stored.values, **change.after}
    note = f"{file_name}:{change.record.line}"
    return {
        **event_row(work, batch_id, IMPORTED, change.stored.id, note, now["state"], now["phase"]),
        "before": written(change.before),
        "after": written(change.after),
    }


def update_case(
    connection: Connection,
    case_id: int,
    after: Mapping[str, Any],
    ids: Mapping[str, int | None],
    at: datetime,
    digest: str,
) -> None:
    """Set fields of one case; ``ids`` gives the id behind each linked field."""
    columns: dict[str, Any] = {name: after[name] for name in PLAIN_FIELDS if name in after}
    columns.update({LINKS[name][0]: ids.get(name) for name in LINKS if name in after})
    connection.execute(
        update(CASES)
        .where(CASES.c.id == case_id)
        .values(**columns, updated_at=at, source_digest=digest, version=CASES.c.version + 1)
    )
    texts = {name: after[name] or (None if name == "outcome" else "") for name in TEXT_FIELDS if name in after}
    if texts:
        connection.execute(update(TEXTS).where(TEXTS.c.case_id == case_id).values(**texts))


def _create(
    work: Work,
    batch_id: int,
    file_name: str,
    records: Sequence[CaseRecord],
    links: _Links,
    promises: ImportedPromises,
) -> None:
    numbers = take_case_numbers(work.connection, len(records))
    cases: list[tuple[Any, ...]] = []
    texts: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    for (case_id, reference), record in zip(numbers, records, strict=True):
        policy_id, due_at = promises.give(case_id, record)
        plain = list(_plain(record))
        plain[_DUE] = due_at
        cases.append(
            (
                case_id,
                record.reference or reference,
                record.source,
                record.external_reference,
                work.at,
                record.digest,
                1,
                policy_id,
                *links.ids_of(record),
                *plain,
            )
        )
        texts.append((case_id, links.extras_of(record), *_texts(record)))
        note = f"{file_name}:{record.line}"
        events.append((*event_row(work, batch_id, IMPORTED, case_id, note, record.state, record.phase).values(),))
    insert_rows(work.connection, CASES, NEW_CASE, cases)
    insert_rows(work.connection, TEXTS, NEW_TEXT, texts)
    insert_rows(work.connection, EVENTS, EVENT, events)
    promises.write(work.connection)
    index_cases(
        work.connection,
        [(number[0], record.subject, record.narrative) for number, record in zip(numbers, records, strict=True)],
    )


def ids_by(connection: Connection, table: Table, column: str, values: Iterable[str]) -> dict[str, int]:
    """Return the ids of the rows whose column holds one of the values."""
    wanted = sorted({value for value in values if value})
    if not wanted:
        return {}
    question = select(table.c[column], table.c.id).where(table.c[column].in_(wanted))
    return {str(value): int(found) for value, found in connection.execute(question)}


def _insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that another session may be inserting at the same moment."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_or_leave
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_or_leave  # type: ignore[assignment]
    connection.execute(insert_or_leave(table).on_conflict_do_nothing(), rows)


class _Links:
    """The ids of what records refer to; categories, departments and customers are made where they are missing."""

    def __init__(self, work: Work, made: Made, records: Sequence[CaseRecord]) -> None:
        connection = work.connection
        self._found: dict[str, dict[str, int]] = {
            "category": _categories(connection, made, {record.category for record in records}),
            "department": _departments(connection, made, records),
            "customer": _customers(work, made, records),
            "assignee": ids_by(connection, STAFF, "login", (record.assignee for record in records)),
            "account": ids_by(connection, ACCOUNTS, "number", (record.account for record in records)),
        }
        self._maps = [self._found[name] for name in LINKS]

    def ids_of(self, record: CaseRecord) -> tuple[int | None, ...]:
        """The id behind each linked field of a record, in the order of ``LINKS``."""
        return tuple(found.get(value) for found, value in zip(self._maps, _linked(record), strict=True))

    def extras_of(self, record: CaseRecord) -> str:
        """The extras of a record, with the staff and account that this database does not have."""
        lost = {
            name: getattr(record, name)
            for name in ("assignee", "account")
            if getattr(record, name) and getattr(record, name) not in self._found[name]
        }
        return extras_text({**json.loads(record.extras), **lost}) if lost else record.extras


def _made(
    connection: Connection, table: Table, column: str, rows: list[dict[str, Any]], made: list[int]
) -> dict[str, int]:
    before = ids_by(connection, table, column, (row[column] for row in rows))
    _insert_missing(connection, table, [row for row in rows if row[column] not in before])
    found = ids_by(connection, table, column, (row[column] for row in rows))
    made.extend(sorted(found[name] for name in found if name not in before))
    return found


def _categories(connection: Connection, made: Made, paths: set[str]) -> dict[str, int]:
    found = ids_by(connection, CATEGORIES, "code", paths)
    missing = {path for path in paths if path and path not in found}
    levels: dict[int, set[str]] = {}
    for path in missing:
        names = path.split(LEVEL_SEPARATOR)
        for depth in range(1, len(names) + 1):
            levels.setdefault(depth, set()).add(LEVEL_SEPARATOR.join(names[:depth]))
    known = dict(found)
    for depth in sorted(levels):
        rows = []
        for path in sorted(levels[depth]):
            above, _, name = path.rpartition(LEVEL_SEPARATOR)
            rows.append({"code": path, "name": name, "parent_id": known.get(above), "is_active": True, "version": 1})
        known.update(_made(connection, CATEGORIES, "code", rows, made.categories))
    return known


def _departments(connection: Connection, made: Made, records: Sequence[CaseRecord]) -> dict[str, int]:
    names = {record.department: record.department_name for record in records if record.department}
    found = ids_by(connection, DEPARTMENTS, "code", names)
    rows = [
        {"code": code, "name": names[code] or code, "is_active": True, "version": 1}
        for code in sorted(names)
        if code not in found
    ]
    return {**found, **_made(connection, DEPARTMENTS, "code", rows, made.departments)} if rows else found


def _customers(work: Work, made: Made, records: Sequence[CaseRecord]) -> dict[str, int]:
    names: dict[str, str] = {}
    for record in records:
        if record.customer:
            names[record.customer] = record.customer_name or names.get(record.customer, "")
    found = ids_by(work.connection, CUSTOMERS, "number", names)
    rows: list[dict[str, Any]] = [
        {"number": number, "name": names[number] or number, "created_at": work.at, "updated_at": work.at}
        for number in sorted(names)
        if number not in found
    ]
    if not rows:
        return found
    entered = write_customers(work.connection, rows, may_exist=True)
    made.customers.extend(sorted(entered.values()))
    return {**found, **ids_by(work.connection, CUSTOMERS, "number", (row["number"] for row in rows))}
