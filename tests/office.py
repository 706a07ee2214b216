"""A small office to work in: people of every role, a few customers, a policy in force, and questions about what is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, select

from console.models import Case, Customer, Department, ServiceAccount, Staff, whole_schema
from console.models.base import table_of
from console.rules.policies import load_pack
from console.services.handling import Report, perform
from console.services.intake import NewCase, Taken, take_in
from console.services.policies import BEGINNING, adopt
from console.storage.engine import Store

CASES: Table = table_of(Case)

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday 2 March 2026, nine o'clock in Shanghai."""

PEOPLE = {
    "an": ("agent", "customer-service"),
    "bo": ("agent", "marketing"),
    "cai": ("agent", "marketing"),
    "dong": ("agent", "operations"),
    "er": ("agent", "operations"),
    "lin": ("lead", "customer-service"),
    "ma": ("lead", "marketing"),
    "ana": ("analyst", "customer-service"),
    "aud": ("auditor", "customer-service"),
    "root": ("administrator", "customer-service"),
}
"""Login, role and department."""

COMPLAINT = NewCase(
    "电费账单错误",
    "三月账单金额不对",
    category="billing / wrong",
    customer="K-1",
    details={"contact": "13800138000"},
)

WHOLE = {
    "advice": "none",
    "address": "1 High Street",
    "agreed_contact": "letter",
    "complainant": "A. Person",
    "contact": "01234",
    "medium": "written",
    "object": "the bill",
    "remedy_sought": "refund",
}
"""What the intake of any ready policy may want to know of a complaint."""


def after(**span: float) -> datetime:
    """Return a moment so long after the start."""
    return START + timedelta(**span)


def furnish(store: Store, pack: str = "cn-95598") -> None:
    """Put a ready policy in force since ever, and enter people, customers and their accounts."""
    with store.writing("root") as work:
        adopt(work, load_pack(pack), name=pack, valid_from=BEGINNING)
        connection = work.connection
        codes = table_of(Department)
        departments: dict[str, int] = dict(connection.execute(select(codes.c.code, codes.c.id)).all())
        fallback = next(iter(departments.values()))
        connection.execute(
            insert(table_of(Staff)),
            [
                {
                    "login": login,
                    "name": login.title(),
                    "role": role,
                    "department_id": departments.get(department, fallback),
                    "is_active": True,
                    "created_at": START,
                    "skills": "",
                    "territory": "east" if login == "dong" else "",
                    "version": 1,
                }
                for login, (role, department) in PEOPLE.items()
            ],
        )
        customers: Table = table_of(Customer)
        people = [
            {
                "number": f"K-{number}",
                "name": f"Customer {number}",
                "kind": "individual",
                "relationship": "long_term",
                "region": "east",
                "is_vulnerable": number == 2,
                "created_at": START,
                "updated_at": START,
            }
            for number in (1, 2, 3)
        ]
        connection.execute(insert(customers), [_whole(customers, row) for row in people])
        ids: dict[str, int] = dict(connection.execute(select(customers.c.number, customers.c.id)).all())
        accounts: Table = table_of(ServiceAccount)
        places = [
            {
                "number": f"A-{number}",
                "customer_id": ids[f"K-{number}"],
                "utility": "electricity",
                "supply_category": "residential",
                "state": "active",
                "meter_number": f"M-{min(number, 2)}",
                "premise": f"premise {number}",
                "region": "east",
            }
            for number in (1, 2, 3)
        ]
        connection.execute(insert(accounts), [_whole(accounts, row) for row in places])
        work.record("furnish", "database", "office")


def _whole(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its empty texts and first version filled in."""
    empty = {
        column.name: "" if column.type.python_type is str else False if column.type.python_type is bool else 1
        for column in table.columns
        if not column.nullable and not column.primary_key and column.name not in row
    }
    return {**empty, **row}


def received(store: Store, new: NewCase = COMPLAINT, *, at: datetime = START, actor: str = "an") -> Taken:
    """Take a case in at a moment."""
    return take_in(store, new, actor=actor, now=at)


def done(store: Store, verb: str, case: int | Taken, actor: str, at: datetime, **fields: str) -> Report:
    """Do a verb that must succeed."""
    report = tried(store, verb, case, actor, at, **fields)
    assert report.outcomes
    assert not report.skipped, report.skipped
    return report


def tried(store: Store, verb: str, case: int | Taken, actor: str, at: datetime, **fields: str) -> Report:
    """Do a verb that may be refused."""
    return perform(store, verb, [case if isinstance(case, int) else case.id], fields, actor=actor, now=at)


def case_of(store: Store, case: int | Taken) -> dict[str, Any]:
    """Return the row of a case."""
    with store.reading() as connection:
        wanted = select(CASES).where(CASES.c.id == (case if isinstance(case, int) else case.id))
        return dict(connection.execute(wanted).mappings().one())


def clocks_of(store: Store, case: int | Taken) -> dict[str, dict[str, Any]]:
    """Return the stored clocks of a case by name."""
    table = whole_schema().tables["clocks"]
    with store.reading() as connection:
        wanted = select(table).where(table.c.case_id == (case if isinstance(case, int) else case.id))
        return {row["name"]: dict(row) for row in connection.execute(wanted).mappings()}


def verbs_of(store: Store, case: int | Taken) -> list[str]:
    """Return the verbs in the history of a case, oldest first."""
    table = whole_schema().tables["case_events"]
    with store.reading() as connection:
        wanted = select(table.c.verb).where(table.c.case_id == (case if isinstance(case, int) else case.id))
        return list(connection.execute(wanted.order_by(table.c.id)).scalars())


def contents(store: Store, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the tables named, of all without a name."""
    with store.reading() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in whole_schema().tables.items()
            if not tables or name in tables
        }
