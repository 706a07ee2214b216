"""Customers' records into their tables: which are new, which changed and in which fields, and what makes them impossible."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, bindparam, func, select, tuple_, update

from console.models import ImportChange
from console.models.base import table_of
from console.services import customer_records
from console.services.customer_records import ACCOUNT_SECRETS, ACCOUNTS, CUSTOMERS, SECRETS, new_ids
from console.storage import sealing
from console.storage.bulk import insert_rows
from console.storage.unit import Work
from console.transfer.case_rows import ids_by
from console.transfer.record_kinds import KINDS, LINKED, METERS, RecordKind, Sort
from console.transfer.record_profiles import OWN
from console.transfer.record_rows import PartRecord, RowRecord
from console.transfer.run import Place
from console.transfer.validation import RowError

CHANGES: Table = table_of(ImportChange)
METER_ROWS: Table = METERS.table
LOOKED_UP = 500
_OWN_NUMBER = re.compile(r"#\d{1,15}")


@dataclass(slots=True)
class Part:
    """A record of some rows with what it hangs on: ids of other records, below zero for those that are still to be made."""

    record: PartRecord
    columns: dict[str, Any]
    id: int = 0
    version: int = 0
    before: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    is_settled: bool = False

    @property
    def is_new(self) -> bool:
        """Whether neither the database nor, in a dry run, a row before has it yet."""
        return self.id <= 0 and not self.is_settled

    @property
    def is_changed(self) -> bool:
        """Whether the database has it otherwise."""
        return self.id > 0 and bool(self.before)


@dataclass(slots=True)
class Plan:
    """What is to be done for some rows: the parts by kind and key, and the rows that cannot be taken, with the reason."""

    parts: dict[str, dict[str, Part]] = field(default_factory=dict)
    refused: list[tuple[RowRecord, RowError]] = field(default_factory=list)


class Imagined:
    """Ids below zero for records that are still to be made; ``settled`` are those that a dry run would have made by now."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], int] = {}
        self.settled: set[tuple[str, str]] = set()

    def of(self, kind: str, key: str) -> int:
        """Return the id that stands for a record."""
        return self._ids.setdefault((kind, key), -1 - len(self._ids))


def plan_rows(
    connection: Connection, rows: Sequence[RowRecord], given: Mapping[str, frozenset[str]], imagined: Imagined
) -> Plan:
    """Compare what rows say with what the database has; ``given`` names the fields by kind that the file can fill.

    A row of which one record cannot be taken is refused whole.
    """
    refused: list[tuple[RowRecord, RowError]] = []
    left = list(rows)
    while True:
        plan = Plan()
        for kind in KINDS.values():
            of_kind = [(row, part) for row in left for part in row.parts if part.kind is kind]
            if of_kind:
                _Planning(connection, kind, plan, imagined, given[kind.name]).run(of_kind)
        if not plan.refused:
            break
        # What hangs on the records of a refused row has to be judged again without it.
        refused += plan.refused
        gone = {id(row) for row, _ in refused}
        left = [row for row in left if id(row) not in gone]
    seen: set[int] = set()
    for row, error in refused:
        if id(row) not in seen:
            seen.add(id(row))
            plan.refused.append((row, error))
    return plan


@dataclass(slots=True)
class _Planning:
    """The comparing of records of one kind."""

    connection: Connection
    kind: RecordKind
    plan: Plan
    imagined: Imagined
    given: frozenset[str]
    links: dict[str, dict[str, int]] = field(default_factory=dict)
    owners: dict[int, int] = field(default_factory=dict)

    def run(self, rows: Sequence[tuple[RowRecord, PartRecord]]) -> None:
        self._find_links([part for _, part in rows])
        parts = self.plan.parts.setdefault(self.kind.name, {})
        for row, record in rows:
            try:
                if record.key not in parts:
                    parts[record.key] = Part(record, self._columns(record))
            except RowError as error:
                self.plan.refused.append((row, error))
        self._find_stored(parts)
        for row, record in rows:
            part = parts.get(record.key)
            if part is not None:
                try:
                    self._check(part)
                except RowError as error:
                    self.plan.refused.append((row, error))

    def _find_links(self, records: Sequence[PartRecord]) -> None:
        for item in self.kind.fields:
            if item.sort is Sort.LINK:
                table, column, kind = LINKED[item.name]
                wanted = {str(record.values[item.name]) for record in records if item.name in record.values}
                found = ids_by(self.connection, table, column, wanted)
                for number in wanted - found.keys():
                    made = self.plan.parts.get(kind, {}).get(number)
                    if made is not None or (kind, number) in self.imagined.settled:
                        found[number] = self.imagined.of(kind, number)
                self.links[item.name] = found
        owned = {
            "contracts": ("account", ACCOUNTS, "customer_id", "accounts", "customer"),
            "payments": ("bill", LINKED["bill"][0], "account_id", "bills", "account"),
        }.get(self.kind.name)
        if owned is not None:
            name, table, column, kind, _ = owned
            ids = [found for found in self.links[name].values() if found > 0]
            question = select(table.c.id, table.c[column]).where(table.c.id.in_(ids))
            self.owners = {row[0]: row[1] for row in self.connection.execute(question)}
            for number, part in self.plan.parts.get(kind, {}).items():
                self.owners[self.imagined.of(kind, number)] = part.columns[column]

    def _columns(self, record: PartRecord) -> dict[str, Any]:
        """The columns a record fills, its links as ids. Raises RowError for a link to what is not there."""
        columns: dict[str, Any] = {}
        for name, value in record.values.items():
            item = self.kind.field(name)
            if item.sort is Sort.LINK and value is not None:
                found = self.links[name].get(str(value))
                if found is None:
                    raise RowError(record.column(name), _absent(name, str(value), self.kind))
                columns[item.column] = found
            elif item.column and item.sort is not Sort.SECRET:
                columns[item.column] = value
        for name, owner in (("account", "customer"), ("bill", "account")):
            linked = columns.get(f"{name}_id")
            if linked is None or linked not in self.owners:
                continue
            expected = self.owners[linked]
            if columns.setdefault(f"{owner}_id", expected) != expected:
                raise RowError(
                    record.column(name),
                    f"{record.values[name]} does not belong to {owner} {record.values.get(owner)}",
                )
        return columns

    def _find_stored(self, parts: Mapping[str, Part]) -> None:
        by_key = {self._key(part.columns): part for part in parts.values()}
        for key, row in self._stored(list(by_key)):
            part = by_key[key]
            part.id, part.version = int(row["id"]), int(row.get("version", 0))
            part.before = {
                column: row[column]
                for column, value in part.columns.items()
                if column in row and row[column] != value and column not in self._key_columns()
            }
            if row.get("erased_at") is not None:
                part.before["erased_at"] = row["erased_at"]
        stored = [part for part in parts.values() if part.id > 0]
        if self.kind.secrets and stored:
            self._compare_secrets(stored)
        for part in parts.values():
            if part.id <= 0:
                part.id = self.imagined.of(self.kind.name, part.record.key)
                part.is_settled = (self.kind.name, part.record.key) in self.imagined.settled
                part.secrets = {name: str(part.record.values[name]) for name in self._secrets(part)}

    def _secrets(self, part: Part) -> list[str]:
        return [name for name in self.kind.secrets if name in part.record.values]

    def _key_columns(self) -> tuple[str, ...]:
        return tuple(self.kind.field(name).column for name in self.kind.key)

    def _key(self, columns: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(columns.get(column, "") for column in self._key_columns())

    def _stored(self, keys: Sequence[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], RowMapping]]:
        table, names = self.kind.table, self._key_columns()
        wanted = [key for key in keys if not any(isinstance(value, int) and value < 0 for value in key)]
        for start in range(0, len(wanted), LOOKED_UP):
            some = wanted[start : start + LOOKED_UP]
            if len(names) == 1:
                condition = table.c[names[0]].in_([key[0] for key in some])
            else:
                condition = tuple_(*(table.c[name] for name in names)).in_(some)
            for row in self.connection.execute(select(table).where(condition)).mappings():
                yield tuple(row[name] for name in names), row
        if self.kind.name == "contacts":
            yield from self._entered_here(wanted)

    def _entered_here(self, keys: Sequence[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], RowMapping]]:
        """Contacts that were entered by hand: an export names them by our own number."""
        table = self.kind.table
        named = {
            int(number[1:]): (source, number)
            for source, number in keys
            if source == OWN and _OWN_NUMBER.fullmatch(number)
        }
        question = select(table).where(table.c.id.in_(list(named)), table.c.external_reference.is_(None))
        for row in self.connection.execute(question).mappings() if named else ():
            yield named[row["id"]], row

    def _compare_secrets(self, parts: Sequence[Part]) -> None:
        """Find by their marks which sensitive values differ: nothing is opened for it."""
        wanted = {part.id: part for part in parts if self._secrets(part)}
        if not wanted:
            return
        is_customer = self.kind.table is CUSTOMERS
        table, owner = (
            (SECRETS, SECRETS.c.customer_id) if is_customer else (ACCOUNT_SECRETS, ACCOUNT_SECRETS.c.account_id)
        )
        vault = sealing.vault_of(self.connection)
        rows = {
            row[owner.name]: row
            for row in self.connection.execute(select(table).where(owner.in_(list(wanted)))).mappings()
        }
        for row_id, part in wanted.items():
            held: Mapping[Any, Any] = rows.get(row_id) or {}
            for name in self._secrets(part):
                value = str(part.record.values[name])
                mark = customer_records.mark(vault, table.name, name, row_id, value)
                if held.get(f"{name}_mark") != mark:
                    sealed = held.get(name)
                    part.before[name] = None if sealed is None else base64.b64encode(sealed).decode()
                    part.secrets[name] = value

    def _check(self, part: Part) -> None:
        """Raise RowError for a change that nobody makes by an import."""
        record = part.record
        if "erased_at" in part.before:
            raise RowError(record.column("number"), f"customer {record.key} was erased; nothing of him may come back")
        if self.kind.table is ACCOUNTS and "customer_id" in part.before:
            owner = self.connection.execute(
                select(CUSTOMERS.c.number).where(CUSTOMERS.c.id == part.before["customer_id"])
            ).scalar()
            raise RowError(
                record.column("customer"),
                f"account {record.key} belongs to customer {owner}, and {record.values['customer']} claims it too",
            )
        if part.is_new and self.kind.table is ACCOUNTS and part.columns.get("utility") is None:
            raise RowError(record.column("utility"), "is empty, and no new account can do without it")


def _absent(name: str, number: str, kind: RecordKind) -> str:
    hint = {
        "customer": "import the customers first",
        "account": "import the accounts first",
        "bill": "import the bills first",
    }
    return f"there is no {name} {number[:64]} for this {kind.noun}" + (f"; {hint[name]}" if name in hint else "")


def write_plan(place: Place, plan: Plan) -> None:
    """Write what a plan says is new or changed, with a note for each by which it can be taken back."""
    ids: dict[int, int] = {}
    for kind in KINDS.values():
        parts = list(plan.parts.get(kind.name, {}).values())
        for part in parts:
            _settle(part, ids)
        new = [part for part in parts if part.is_new]
        changed = [part for part in parts if part.is_changed]
        if new:
            given = _create(place, kind, new)
            ids.update({part.id: given[index] for index, part in enumerate(new)})
            for index, part in enumerate(new):
                part.id = given[index]
            _note(place, kind, [(part.id, _first_version(kind), "") for part in new])
        if changed:
            _change(place.work, kind, changed)
            _note(place, kind, [(part.id, part.version + 1, before_text(part.before)) for part in changed])
        if kind is METERS and (new or changed):
            _set_meters(place, [part.columns["account_id"] for part in (*new, *changed)])


def _settle(part: Part, ids: Mapping[int, int]) -> None:
    for column, value in part.columns.items():
        if column.endswith("_id") and isinstance(value, int) and value in ids:
            part.columns[column] = ids[value]


def _first_version(kind: RecordKind) -> int:
    return 1 if "version" in kind.table.c else 0


def _create(place: Place, kind: RecordKind, parts: Sequence[Part]) -> list[int]:
    connection = place.work.connection
    at = place.work.at
    if kind.table is CUSTOMERS:
        rows = [
            {
                "name": part.columns["number"],
                **{name: value for name, value in part.columns.items() if value is not None},
                **part.secrets,
                "created_at": at,
                "updated_at": at,
            }
            for part in parts
        ]
        made = customer_records.write_customers(connection, rows)
        return [made[part.columns["number"]] for part in parts]
    defaults = {item.column: item.default for item in kind.fields if item.column and item.sort is not Sort.SECRET}
    if kind.table is ACCOUNTS:
        rows = [{**defaults, **part.columns, "address": part.secrets.get("address", "")} for part in parts]
        made = customer_records.write_accounts(connection, rows)
        return [made[part.columns["number"]] for part in parts]
    if kind.name == "contacts":
        defaults["batch_id"] = place.batch_id
    given = new_ids(connection, kind.table, len(parts))
    names = ("id", *defaults)
    insert_rows(
        connection,
        kind.table,
        names,
        [
            (row_id, *({**defaults, **part.columns}[name] for name in defaults))
            for row_id, part in zip(given, parts, strict=True)
        ],
    )
    return given


def _change(work: Work, kind: RecordKind, parts: Sequence[Part]) -> None:
    connection, table = work.connection, kind.table
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for part in parts:
        plain = {name: part.columns[name] for name in part.before if name in part.columns}
        is_versioned = False
        if table is CUSTOMERS:
            own = {**({"name": plain.pop("name")} if "name" in plain else {}), **part.secrets}
            if own:
                customer_records.change_customer(connection, part.id, own)
                is_versioned = True
            plain["updated_at"] = work.at
        elif table is ACCOUNTS and part.secrets:
            customer_records.change_account(connection, part.id, part.secrets["address"])
            is_versioned = True
        if plain:
            by_columns.setdefault((str(is_versioned), *plain), []).append({"row": part.id, **plain})
    for (versioned, *names), rows in by_columns.items():
        values: dict[str, Any] = {name: bindparam(name) for name in names}
        if "version" in table.c and versioned == "False":
            values["version"] = table.c.version + 1
        connection.execute(update(table).where(table.c.id == bindparam("row")).values(values), rows)


def _note(place: Place, kind: RecordKind, notes: Sequence[tuple[int, int, str]]) -> None:
    insert_rows(
        place.work.connection,
        CHANGES,
        ("batch_id", "kind", "row_id", "version", "before"),
        [(place.batch_id, kind.name, *note) for note in notes],
    )


def _set_meters(place: Place, account_ids: Iterable[int]) -> None:
    """Let accounts name the meter that is there now, by which people look them up: the newest that was not removed."""
    connection = place.work.connection
    wanted = sorted(set(account_ids))
    order = (func.coalesce(METER_ROWS.c.installed_on, date.min), METER_ROWS.c.id)
    question = (
        select(METER_ROWS.c.account_id, METER_ROWS.c.number)
        .where(METER_ROWS.c.account_id.in_(wanted), METER_ROWS.c.removed_on.is_(None))
        .order_by(*order)
    )
    current = {row[0]: row[1] for row in connection.execute(question)}
    held = connection.execute(
        select(ACCOUNTS.c.id, ACCOUNTS.c.meter_number, ACCOUNTS.c.version).where(ACCOUNTS.c.id.in_(list(current)))
    ).all()
    differing = [row for row in held if row.meter_number != current[row.id]]
    for row in differing:
        connection.execute(
            update(ACCOUNTS)
            .where(ACCOUNTS.c.id == row.id)
            .values(meter_number=current[row.id], version=ACCOUNTS.c.version + 1)
        )
    notes = [(row.id, row.version + 1, before_text({"meter_number": row.meter_number})) for row in differing]
    _note(place, KINDS["accounts"], notes)


def before_text(before: Mapping[str, Any]) -> str:
    """Return columns as they were as the JSON object that an undo reads back."""
    plain = {
        name: {"at": value.isoformat()}
        if isinstance(value, datetime)
        else {"day": value.isoformat()}
        if isinstance(value, date)
        else value
        for name, value in before.items()
    }
    return json.dumps(plain, ensure_ascii=False)


def before_back(text: str) -> dict[str, Any]:
    """Return the columns that ``before_text`` was given."""
    values: dict[str, Any] = json.loads(text)
    for name, value in values.items():
        if isinstance(value, dict):
            values[name] = datetime.fromisoformat(value["at"]) if "at" in value else date.fromisoformat(value["day"])
    return values
