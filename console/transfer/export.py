"""Exporting cases: a filter's cases to a file, streamed, without an upper bound."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Boolean, Connection, Integer, Table, select

from console.errors import UsageError, nearest
from console.models import Case, CaseText, Category, Customer, Department, Incident, ServiceAccount, Staff
from console.models.base import UtcTime, table_of
from console.rules.case_columns import CASE_COLUMNS
from console.rules.column_types import ColumnType, Types
from console.rules.filters import parse
from console.services.filtering import compiled
from console.storage.engine import Store
from console.transfer.new_file import Hashed, NewFile
from console.transfer.writers import FORMATS, Writer, open_writer

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
CATEGORIES: Table = table_of(Category)
DEPARTMENTS: Table = table_of(Department)
STAFF: Table = table_of(Staff)
CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
INCIDENTS: Table = table_of(Incident)

CHUNK = 1_000
SQL: Mapping[str, Any] = {
    "reference": CASES.c.reference,
    "source": CASES.c.source,
    "external_reference": CASES.c.external_reference,
    "kind": CASES.c.kind,
    "state": CASES.c.state,
    "phase": CASES.c.phase,
    "category": CATEGORIES.c.code,
    "channel": CASES.c.channel,
    "severity": CASES.c.severity,
    "region": CASES.c.region,
    "department": DEPARTMENTS.c.code,
    "department_name": DEPARTMENTS.c.name,
    "assignee": STAFF.c.login,
    "customer": CUSTOMERS.c.number,
    "customer_name": CUSTOMERS.c.name,
    "account": ACCOUNTS.c.number,
    "subject": CASES.c.subject,
    "narrative": TEXTS.c.narrative,
    "findings": TEXTS.c.findings,
    "measures": TEXTS.c.measures,
    "reply": TEXTS.c.reply,
    "follow_up": TEXTS.c.follow_up,
    "cause": TEXTS.c.cause,
    "outcome": TEXTS.c.outcome,
    "opinion": CASES.c.opinion,
    "validity": CASES.c.validity,
    "authority": CASES.c.authority,
    "area": CASES.c.area,
    "location": TEXTS.c.location,
    "responsible": CASES.c.responsible,
    "received_at": CASES.c.received_at,
    "due_at": CASES.c.due_at,
    "closed_at": CASES.c.closed_at,
    "updated_at": CASES.c.updated_at,
    "is_supervised": CASES.c.is_supervised,
    "is_vulnerable": CASES.c.is_vulnerable,
    "is_raised_by_staff": CASES.c.is_raised_by_staff,
    "times_repeated": CASES.c.times_repeated,
    "times_urged": CASES.c.times_urged,
    "times_reopened": CASES.c.times_reopened,
    "incident": INCIDENTS.c.number,
    "extras": TEXTS.c.extras,
}
COLUMNS = tuple(SQL)
"""Every column of an export of cases, in its order; times are UTC, ``extras`` is a JSON object."""


def _type_of(column: Any) -> ColumnType:
    for kind, type_ in ((UtcTime, ColumnType.MOMENT), (Boolean, ColumnType.FLAG), (Integer, ColumnType.WHOLE)):
        if isinstance(column.type, kind):
            return type_
    return ColumnType.TEXT


TYPES: Types = {name: _type_of(column) for name, column in SQL.items()}
"""What each column of an export of cases holds."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote; ``shortened`` counts texts that were longer than a cell of a spreadsheet can be."""

    rows: int
    format: str
    columns: tuple[str, ...]
    size: int
    sha256: str
    shortened: int = 0


def chosen_columns(names: Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns asked for, all of them when none is. Raises UsageError for one that is unknown or stands twice."""
    if not names:
        return COLUMNS
    names = [_exported(name) for name in names]
    for name in names:
        if name not in SQL:
            close = nearest(name, COLUMNS)
            hint = f"Did you mean {close}?" if close else f"Known: {', '.join(COLUMNS)}."
            raise UsageError(f"There is no column {name} in an export of cases.", hint)
    if len(set(names)) != len(names):
        raise UsageError("A column stands twice in --columns.")
    return tuple(names)


def _exported(name: str) -> str:
    """Return the export's name of a column that a list of cases calls otherwise, such as ``due`` for ``due_at``."""
    column = CASE_COLUMNS.get(name)
    return name if name in SQL or column is None or not column.export else column.export


def chosen_format(name: str | None, output: Path | None) -> str:
    """Return the format asked for, or the one the output's name ends in, or csv. Raises UsageError for an unknown one."""
    if name is None:
        ending = output.suffix.lower().removeprefix(".") if output is not None else ""
        return ending if ending in FORMATS else "csv"
    if name not in FORMATS:
        close = nearest(name, FORMATS)
        known = f"Known: {', '.join(FORMATS)}."
        raise UsageError(f"There is no export format {name}.", f"Did you mean {close}? {known}" if close else known)
    return name


def export_cases(
    store: Store,
    filter_text: str = "",
    *,
    output: Path | BinaryIO,
    format: str | None = None,  # noqa: A002 - the option's own name
    columns: Sequence[str] | None = None,
    now: datetime,
    viewer: str = "",
    zone: str = "",
) -> ExportReport:
    """Write the cases that a filter finds, in its order (by id without a filter), all as of one moment.

    ``output`` is a file, which takes its place only when it is complete, or an open binary stream. CSV has CRLF ends and texts
    that no spreadsheet runs; XLSX has texts as texts and times as times. Raises UsageError for unknown columns or formats,
    FilterError, OmbudError when the output cannot be written or a workbook cannot hold so many rows.
    """
    path = output if isinstance(output, Path) else None
    kind = chosen_format(format, path)
    names = chosen_columns(columns)
    parse(filter_text)  # a wrong filter is told before there is a file
    file = NewFile(path) if path is not None else None
    try:
        target = Hashed(file.stream if file is not None else _stream(output))
        with store.reading() as connection:
            question = compiled(connection, filter_text, now=now, viewer=viewer, zone=zone)
            order = question.order if filter_text.strip() else (CASES.c.id,)
            ids = array(
                "q", connection.execute(select(CASES.c.id).where(*question.conditions).order_by(*order)).scalars()
            )
            writer = open_writer(kind, target, names, len(ids), TYPES)
            rows = _write(connection, ids, names, writer)
        target.flush()
        if file is not None:
            file.keep()
    except BaseException:
        if file is not None:
            file.drop()
        raise
    return ExportReport(rows, kind, names, target.size, target.sha256, writer.shortened)


def _stream(output: Path | BinaryIO) -> BinaryIO:
    if isinstance(output, Path):
        raise TypeError("a path has no stream")
    return output


def _write(connection: Connection, ids: array[int], names: Sequence[str], writer: Writer) -> int:
    count = 0
    for rows in _chunks(connection, ids, names):
        writer.write(rows)
        count += len(rows)
    writer.close()
    return count


def _chunks(connection: Connection, ids: array[int], names: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of the ids in their order, a thousand at a time."""
    question = select(CASES.c.id, *[SQL[name] for name in names]).select_from(_joined(names))
    extras = names.index("extras") if "extras" in names else None
    for start in range(0, len(ids), CHUNK):
        part = list(ids[start : start + CHUNK])
        found = {row[0]: tuple(row[1:]) for row in connection.execute(question.where(CASES.c.id.in_(part)))}
        rows = [found[case_id] for case_id in part if case_id in found]
        if extras is not None:
            rows = [(*row[:extras], json.loads(row[extras] or "{}"), *row[extras + 1 :]) for row in rows]
        yield rows


def _joined(names: Sequence[str]) -> Any:
    joined: Any = CASES
    needed = {SQL[name].table for name in names}
    for table, condition in (
        (TEXTS, TEXTS.c.case_id == CASES.c.id),
        (CATEGORIES, CATEGORIES.c.id == CASES.c.category_id),
        (DEPARTMENTS, DEPARTMENTS.c.id == CASES.c.department_id),
        (STAFF, STAFF.c.id == CASES.c.assignee_id),
        (CUSTOMERS, CUSTOMERS.c.id == CASES.c.customer_id),
        (ACCOUNTS, ACCOUNTS.c.id == CASES.c.account_id),
        (INCIDENTS, INCIDENTS.c.id == CASES.c.incident_id),
    ):
        if table in needed:
            joined = joined.join(table, condition, isouter=True)
    return joined
