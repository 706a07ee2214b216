"""Exporting customers' records: every field that an import reads, so that what was written comes back unchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, or_, select

from console.errors import UsageError, nearest
from console.identifiers import natural_key
from console.rules.column_types import ColumnType, Types
from console.rules.customer_fields import parse_customers
from console.services.customer_filtering import check_names, conditions_of
from console.services.customer_lists import asking_of
from console.services.customer_records import ACCOUNT_SECRETS, ACCOUNTS, CUSTOMERS, SECRETS
from console.services.staffing import SUPERVISORS, require
from console.storage import sealing
from console.storage.engine import Store
from console.text import clean_line
from console.transfer.export import ExportReport, chosen_format
from console.transfer.new_file import Hashed, NewFile
from console.transfer.record_kinds import LINKED, Field, RecordKind, Sort
from console.transfer.record_values import major_text, milli_text
from console.transfer.writers import Writer, open_writer

CHUNK = 500
HAND_ENTERED = "ombud"
"""The source of contacts that were entered here: with it, and our own number, they are known again."""
TYPED: Mapping[Sort, ColumnType] = {Sort.FLAG: ColumnType.FLAG, Sort.MOMENT: ColumnType.MOMENT}
"""Fields that are no texts: money, quantities, days and months are written as they are read back, digit by digit."""


def record_columns(kind: RecordKind, names: Sequence[str] | None, *, reveal: bool) -> tuple[str, ...]:
    """Return the columns asked for, all that may be written when none is.

    Raises UsageError for one that is unknown, stands twice, or is sealed where nothing is to be revealed.
    """
    every = tuple(item.name for item in kind.fields if item.column and (reveal or item.sort is not Sort.SECRET))
    if not names:
        return every
    for name in names:
        if name in kind.secrets and not reveal:
            raise UsageError(
                f"{name} is kept sealed.", "Add --reveal and --reason TEXT; each value goes on the record."
            )
        if name not in every:
            close = nearest(name, every)
            hint = f"Did you mean {close}?" if close else f"Known: {', '.join(every)}."
            raise UsageError(f"There is no column {name} in an export of {kind.name}.", hint)
    if len(set(names)) != len(names):
        raise UsageError("A column stands twice in --columns.")
    return tuple(names)


def record_types(kind: RecordKind) -> Types:
    """Return which fields of a kind are written as something else than texts."""
    return {item.name: TYPED[item.sort] for item in kind.fields if item.sort in TYPED}


def export_records(
    store: Store,
    kind: RecordKind,
    *,
    output: Path | BinaryIO,
    actor: str,
    format: str | None = None,  # noqa: A002 - the option's own name
    columns: Sequence[str] | None = None,
    customer: str = "",
    filter_text: str = "",
    reveal: bool = False,
    reason: str = "",
) -> ExportReport:
    """Write the records of a kind in the order in which they were entered; of one customer, where his number is given,
    or of those that a filter over customers finds.

    ``reveal`` writes sealed fields in clear, each value after its entry on the record; customers that were erased are left out
    altogether. Money and quantities are plain numbers, days ISO 8601, moments UTC. ``output`` is a file, which takes its place
    only when it is complete, or an open binary stream.

    Raises UsageError for unknown columns or formats or to reveal without a reason, FilterError for the filter, NotAllowedError
    for who may not reveal, NotFoundError for an unknown customer, OmbudError when the output cannot be written.
    """
    path = output if isinstance(output, Path) else None
    form = chosen_format(format, path)
    names = record_columns(kind, columns, reveal=reveal)
    given = clean_line(reason)
    is_opening = any(name in kind.secrets for name in names)
    if is_opening:
        if not given:
            raise UsageError("A reason is required.", "Say why in a few words: --reason TEXT")
        require(store, actor, SUPERVISORS, "export sensitive data")
    file = NewFile(path) if path is not None else None
    try:
        target = Hashed(file.stream if file is not None else _stream(output))
        with store.reading() as connection:
            question = _question(connection, kind, customer)
            if filter_text.strip():
                question = question.where(_of_those_found(connection, kind.table, filter_text, actor))
            count = connection.execute(select(func.count()).select_from(question.subquery())).scalar_one()
        writer = open_writer(form, target, names, count, record_types(kind), sheet=kind.name)
        rows = _write(store, kind, names, question, writer, actor, given if is_opening else "")
        target.flush()
        if file is not None:
            file.keep()
    except BaseException:
        if file is not None:
            file.drop()
        raise
    return ExportReport(rows, form, names, target.size, target.sha256, writer.shortened)


def _stream(output: Path | BinaryIO) -> BinaryIO:
    if isinstance(output, Path):
        raise TypeError("a path has no stream")
    return output


def _question(connection: Connection, kind: RecordKind, customer: str) -> Select[Any]:
    """The records by id, links as the numbers of what they name."""
    table = kind.table
    joined: Any = table
    columns: list[Any] = [table.c.id]
    for item in kind.fields:
        if item.sort is Sort.LINK:
            other, column, _ = LINKED[item.name]
            alias = other.alias(f"{item.name}_named")
            joined = joined.join(alias, alias.c.id == table.c[item.column], isouter=True)
            columns.append(alias.c[column].label(item.name))
        elif item.column and item.sort is not Sort.SECRET:
            columns.append(table.c[item.column].label(item.name))
    if table is ACCOUNTS:
        columns.append(ACCOUNTS.c.customer_id.label("owner"))
    question = select(*columns).select_from(joined)
    if table is CUSTOMERS:
        question = question.where(CUSTOMERS.c.erased_at.is_(None))
    if customer:
        question = question.where(_of_customer(connection, table, customer))
    return question


def _of_customer(connection: Connection, table: Table, customer: str) -> Any:
    from console.errors import NotFoundError

    number = natural_key(customer)
    found = connection.execute(select(CUSTOMERS.c.id).where(CUSTOMERS.c.number == number)).scalar()
    if found is None:
        raise NotFoundError(f"No customer has the number {number}.", "Search: ombud customer find TEXT")
    if table is CUSTOMERS:
        return CUSTOMERS.c.id == found
    return _belonging_to(table, select(CUSTOMERS.c.id).where(CUSTOMERS.c.id == found))


def _of_those_found(connection: Connection, table: Table, filter_text: str, viewer: str) -> ColumnElement[bool]:
    """Return the condition that a record is, or belongs to, a customer whom a filter finds."""
    asked = parse_customers(filter_text)
    if asked.sorts:
        raise UsageError("An export has an order of its own.", "Leave sort: out.")
    check_names(connection, asked)
    found = select(CUSTOMERS.c.id).where(*conditions_of(asked, asking_of(connection, viewer=viewer)))
    return CUSTOMERS.c.id.in_(found) if table is CUSTOMERS else _belonging_to(table, found)


def _belonging_to(table: Table, owners: Select[Any]) -> ColumnElement[bool]:
    conditions = [table.c.customer_id.in_(owners)] if "customer_id" in table.c else []
    if "account_id" in table.c:
        conditions.append(table.c.account_id.in_(select(ACCOUNTS.c.id).where(ACCOUNTS.c.customer_id.in_(owners))))
    return or_(*conditions)


def _write(
    store: Store, kind: RecordKind, names: Sequence[str], question: Select[Any], writer: Writer, actor: str, reason: str
) -> int:
    count = after = 0
    while True:
        part = question.where(and_(kind.table.c.id > after)).order_by(kind.table.c.id).limit(CHUNK)
        with store.reading() as connection:
            rows = [dict(row) for row in connection.execute(part).mappings()]
        if not rows:
            writer.close()
            return count
        after = rows[-1]["id"]
        secrets = _secrets(store, kind, rows, names, actor, reason) if reason else {}
        fields = [kind.field(name) for name in names]
        writer.write([[_cell(item, row, secrets.get(row["id"], {})) for item in fields] for row in rows])
        count += len(rows)


def _cell(item: Field, row: dict[str, Any], secrets: dict[str, str]) -> Any:
    if item.sort is Sort.SECRET:
        return secrets.get(item.name, "")
    value = row[item.name]
    if item.name == "source" and value is None:
        return HAND_ENTERED
    if item.column == "external_reference" and value is None:
        return f"#{row['id']}"
    if value is None:
        return None if item.sort in TYPED else ""
    if item.sort is Sort.MONEY:
        return major_text(value, row["currency"])
    if item.sort is Sort.QUANTITY:
        return milli_text(value)
    if isinstance(value, date) and item.sort is Sort.DAY:
        return value.isoformat()
    return value


def _secrets(
    store: Store, kind: RecordKind, rows: Sequence[dict[str, Any]], names: Sequence[str], actor: str, reason: str
) -> dict[int, dict[str, str]]:
    """The sealed values of some records in clear: first the entry for each on the record, committed, then the values."""
    is_customer = kind.table is CUSTOMERS
    table, owner = (SECRETS, SECRETS.c.customer_id) if is_customer else (ACCOUNT_SECRETS, ACCOUNT_SECRETS.c.account_id)
    wanted = [name for name in names if name in kind.secrets]
    by_id = {row["id"]: row for row in rows}
    with store.reading() as connection:
        question = select(owner.label("row"), *(table.c[name] for name in wanted)).where(owner.in_(list(by_id)))
        held = [
            (int(row["row"]), name, row[name])
            for row in connection.execute(question).mappings()
            for name in wanted
            if row[name] is not None
        ]
    if not held:
        return {}
    with store.writing(actor) as work:
        for row_id, name, _sealed in held:
            detail = {"field": name, "reason": reason, "purpose": "export"}
            work.record("reveal", kind.noun, by_id[row_id]["number"], detail)
    found: dict[int, dict[str, str]] = {}
    with store.reading() as connection:
        vault = sealing.vault_of(connection)
        owners = {row_id: row_id if is_customer else by_id[row_id]["owner"] for row_id, _, _ in held}
        keys = sealing.data_keys(connection, set(owners.values()))
        for row_id, name, sealed in held:
            # Who was erased meanwhile has no key any more.
            key = keys.get(owners[row_id])
            if key is not None:
                found.setdefault(row_id, {})[name] = vault.open_field(key, table.name, name, row_id, sealed)
    return found
