"""Many invented customers with two accounts each, for measuring: the same ones for the same running numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from console.models import Case, Contact, ServiceAccount
from console.models.base import table_of
from console.services.customer_records import write_accounts, write_customers
from console.services.supply_records import BILLS, CONSUMPTION, PAYMENTS
from console.storage.bulk import insert_rows
from console.storage.engine import Store, analyse

ACCOUNTS: Table = table_of(ServiceAccount)
CASES: Table = table_of(Case)
CONTACTS: Table = table_of(Contact)

PART = 5_000
PARTS_AT_ONCE = 10
"""Parts in one transaction: each transaction writes every page of the indexes over digests, which lie at random."""

FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志文斌宇浩晨欣怡佳琪瑞雪梅春燕飞鹏"
STREETS = ("人民路", "解放大道", "中山街", "建设路", "和平里", "光明巷", "长江路", "滨河西路", "科技大道", "青年街")
DISTRICTS = ("城中区", "江北区", "河西区", "高新区", "临港区", "东山区", "南湖区", "新城区")
SUPPLIES = ((1, "electricity", "E"), (2, "water", "W"))
"""The two accounts of each customer: first digit of the number, utility, letter of the meter."""

LINKED = (("months", 120), ("bills", 120), ("payments", 120), ("cases", 80), ("contacts", 60))
"""What ``link_records`` gives a customer, 500 rows in all."""


def customer_number(number: int) -> str:
    """Return the customer number of a running number."""
    return f"{number:010d}"


def meter_number(number: int) -> str:
    """Return the number of the electricity meter of the customer with a running number."""
    return f"E{number * 3:08d}"


def name(number: int) -> str:
    """Return the name of the customer with a running number: of two characters in one case of four, else of three."""
    first = FAMILY[number % len(FAMILY)]
    second = GIVEN[number // len(FAMILY) % len(GIVEN)]
    third = GIVEN[number // (len(FAMILY) * len(GIVEN)) % len(GIVEN)]
    return first + second + (third if number % 4 else "")


def phone(number: int) -> str:
    """Return the telephone of the customer with a running number."""
    return f"1{('38', '39', '50', '59', '86', '77')[number % 6]}{number * 7_919 % 100_000_000:08d}"


def street_and_house(number: int) -> str:
    """Return street, house and building of an address."""
    return f"{STREETS[number // 8 % len(STREETS)]}{number % 997 + 1}号{number % 31 + 1}栋"


def address(number: int) -> str:
    """Return a whole address."""
    return f"临澜市{DISTRICTS[number % len(DISTRICTS)]}{street_and_house(number)}{number % 1800 + 101}室"


def generate_customers(
    store: Store,
    count: int,
    *,
    now: datetime,
    start: int = 0,
    is_sealed: bool = True,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Add the customers with the running numbers from ``start`` up to ``count``, with two accounts each.

    They are written as imports write them, by the same functions, but 50,000 in a transaction. Without ``is_sealed`` they have
    no telephone, e-mail, identity number or address, so that nothing is sealed.
    """
    for first in range(start, count, PART * PARTS_AT_ONCE):
        last = min(first + PART * PARTS_AT_ONCE, count)
        with store.writing("bench") as work:
            for part in range(first, last, PART):
                _write(work.connection, range(part, min(part + PART, last)), now, is_sealed=is_sealed)
            work.record("generate", "customer", f"{last - first} customers")
        if progress is not None:
            progress(last)
    analyse(store)


def _write(connection: Connection, numbers: Sequence[int], now: datetime, *, is_sealed: bool) -> None:
    rows: list[dict[str, Any]] = []
    for number in numbers:
        row = {"number": customer_number(number), "name": name(number), "created_at": now, "updated_at": now}
        if is_sealed:
            row |= {
                "phone": phone(number),
                "email": f"c{number}@example.org",
                "identity": f"11010119{number:010d}",
                "address": address(number),
            }
        rows.append(row)
    ids = write_customers(connection, rows)
    write_accounts(
        connection,
        [
            {
                "number": f"{kind}{number:09d}",
                "customer_id": ids[customer_number(number)],
                "utility": utility,
                "supply_category": "residential",
                "state": "active",
                "meter_number": f"{letter}{number * 3:08d}",
                "address": address(number + kind) if is_sealed else "",
                "region": "",
            }
            for number in numbers
            for kind, utility, letter in SUPPLIES
        ],
    )


def link_records(store: Store, customer_id: int, now: datetime) -> int:
    """Give a customer with two accounts ``LINKED`` rows of what a dossier shows, and return how many."""
    counts = dict(LINKED)
    with store.writing("bench") as work:
        connection = work.connection
        accounts = list(
            connection.execute(select(ACCOUNTS.c.id).where(ACCOUNTS.c.customer_id == customer_id).limit(2)).scalars()
        )
        insert_rows(
            connection,
            CONSUMPTION,
            ("account_id", "month", "quantity_milli", "unit"),
            [
                (accounts[at % 2], _month(now, at // 2), 100_000 + at * 1_000, "kWh" if at % 2 == 0 else "m3")
                for at in range(counts["months"])
            ],
        )
        insert_rows(
            connection,
            BILLS,
            ("number", "account_id", "state", "amount_minor", "currency", "issued_on", "due_on"),
            [
                (
                    f"B{customer_id}-{at}",
                    accounts[at % 2],
                    "paid",
                    8_000 + at,
                    "CNY",
                    issued,
                    issued + timedelta(days=20),
                )
                for at in range(counts["bills"])
                for issued in [(now - timedelta(days=15 * at)).date()]
            ],
        )
        insert_rows(
            connection,
            PAYMENTS,
            ("number", "account_id", "paid_at", "amount_minor", "currency", "method"),
            [
                (f"P{customer_id}-{at}", accounts[at % 2], now - timedelta(days=15 * at), 8_000 + at, "CNY", "bank")
                for at in range(counts["payments"])
            ],
        )
        connection.execute(insert(CASES), [_case(customer_id, at, now) for at in range(counts["cases"])])
        connection.execute(
            insert(CONTACTS),
            [
                {"customer_id": customer_id, "at": now - timedelta(days=at), "who": "bench", "content": "账单咨询"}
                for at in range(counts["contacts"])
            ],
        )
        work.record("generate", "customer", "linked records", counts)
    analyse(store)
    return sum(counts.values())


def _month(now: datetime, back: int) -> str:
    months = now.year * 12 + now.month - 1 - back
    return f"{months // 12:04d}-{months % 12 + 1:02d}"


def _case(customer_id: int, at: int, now: datetime) -> dict[str, Any]:
    return {
        "reference": f"B{customer_id}-{at}",
        "kind": "complaint" if at % 2 else "inquiry",
        "state": "received",
        "phase": "open",
        "channel": "telephone",
        "severity": 1,
        "subject": "账单翻倍",
        "customer_id": customer_id,
        "received_at": now - timedelta(days=at),
        "updated_at": now,
        "region": "",
        "responsible": "",
        "source_digest": "",
        "version": 1,
    }
