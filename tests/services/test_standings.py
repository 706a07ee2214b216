"""How customers stand: every figure of a small world worked out by hand, on both engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from care_data import NOW, enter, opened_office
from office import contents
from sqlalchemy import Table, insert, select

from console.errors import ConflictError, NotAllowedError, NotFoundError, UsageError
from console.models import (
    Answer,
    Bill,
    Consumption,
    Indicator,
    Payment,
    Response,
    ServiceAccount,
    StageInQuarter,
    Standing,
    Survey,
)
from console.models.base import table_of
from console.rules.policies import load_pack
from console.services import audit, contacts, customer_lists, segments, standing_tables, standings
from console.services.contacts import NewContact
from console.services.customer_filtering import CUSTOMERS
from console.services.intake import NewCase, take_in
from console.storage.engine import Store

BILLS: Table = table_of(Bill)
PAYMENTS: Table = table_of(Payment)
ACCOUNTS: Table = table_of(ServiceAccount)
STANDINGS: Table = table_of(Standing)

TODAY = date(2026, 11, 25)


def put(store: Store, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows, one at a time, and return their ids."""
    with store.writing("root") as work:
        ids = [work.connection.execute(insert(table).values(**row).returning(table.c.id)).scalar_one() for row in rows]
        work.record("fill", "database", table.name)
    return ids


def account_ids(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return {row.number: row.id for row in connection.execute(select(ACCOUNTS.c.number, ACCOUNTS.c.id))}


def standing(store: Store, number: str) -> dict[str, Any]:
    with store.reading() as connection:
        question = select(STANDINGS).join(CUSTOMERS, CUSTOMERS.c.id == STANDINGS.c.customer_id)
        found = connection.execute(question.where(CUSTOMERS.c.number == number)).mappings().one()
        return dict(found)


def line(store: Store, number: str) -> Any:
    (row,) = customer_lists.lines(store, f"number:{number}", now=NOW)
    return row


def bill(account: int, number: str, amount: int, due: date, **further: Any) -> dict[str, Any]:
    issued = due - timedelta(days=20)
    return {
        "number": number, "account_id": account, "state": "open", "amount_minor": amount, "currency": "CNY",
        "issued_on": issued, "due_on": due, **further,
    }  # fmt: skip


def payment(account: int, number: str, bill_id: int | None, amount: int, paid_at: datetime) -> dict[str, Any]:
    return {
        "number": number, "account_id": account, "bill_id": bill_id, "amount_minor": amount, "currency": "CNY",
        "paid_at": paid_at,
    }  # fmt: skip


@pytest.fixture
def office(store: Store, tmp_path: Path) -> Store:
    opened_office(store, tmp_path)
    return store


def one_account_each(store: Store, numbers: Sequence[str], opened_on: date = date(2020, 1, 1)) -> dict[str, int]:
    enter(
        store,
        [{"number": number, "name": f"Customer {number}"} for number in numbers],
        [{"number": f"A-{number}", "customer": number, "opened_on": opened_on} for number in numbers],
    )
    return {number: account_ids(store)[f"A-{number}"] for number in numbers}


def test_rfm_is_that_of_the_golden_case(office: Store) -> None:
    """G17 of the reference: days since the last payment, bills paid on time, revenue of ten customers."""
    world = {
        "A": (5, 12, 9800), "B": (12, 12, 4300), "C": (40, 10, 2100), "D": (75, 9, 1500), "E": (8, 12, 15200),
        "F": (120, 6, 900), "G": (20, 11, 3200), "H": (33, 12, 2600), "I": (200, 4, 700), "J": (15, 12, 6100),
    }  # fmt: skip
    accounts = one_account_each(office, list(world))
    bills, payments = [], []
    for name, (_days, _on_time, revenue) in world.items():
        # Twelve bills a year, the revenue on the first; the last payment so many days ago.
        for month in range(12):
            due = TODAY - timedelta(days=205 + month * 10)
            bills.append(bill(accounts[name], f"{name}{month}", (revenue if month == 0 else 0) * 100, due))
    ids = dict(zip((row["number"] for row in bills), put(office, BILLS, bills), strict=True))
    for name, (days, on_time, revenue) in world.items():
        for month in range(12):
            due = TODAY - timedelta(days=205 + month * 10)
            is_late = month >= on_time
            at = datetime.combine(due + timedelta(days=3 if is_late else -1), datetime.min.time(), UTC)
            amount = revenue * 100 if month == 0 else 1
            payments.append(payment(accounts[name], f"P{name}{month}", ids[f"{name}{month}"], amount, at))
        payments.append(payment(accounts[name], f"L{name}", None, 1, NOW - timedelta(days=days)))
    put(office, PAYMENTS, payments)
    standings.refresh(office, "lin", now=NOW)
    found = {name: line(office, name).rfm for name in world}
    assert found == {
        "A": "545", "B": "444", "C": "222", "D": "222", "E": "545",
        "F": "111", "G": "333", "H": "343", "I": "111", "J": "444",
    }  # fmt: skip
    assert [row.number for row in customer_lists.lines(office, "rfm:54*", now=NOW)] == ["A", "E"]


def test_value_tiers_are_those_of_the_golden_case(office: Store) -> None:
    """G16 of the reference: of ten contributions the first three make up 80 %; a contact's cost is taken off what was billed."""
    worth = (420, 260, 150, 60, 40, 25, 20, 12, 8, 5)
    accounts = one_account_each(office, [str(number) for number in range(1, 11)])
    # Customer 4 was billed 10 more, which a contact cost.
    amounts = {str(number): value + (10 if number == 4 else 0) for number, value in enumerate(worth, start=1)}
    put(
        office,
        BILLS,
        [bill(accounts[n], f"B{n}", amount * 100, date(2026, 10, 1), state="paid") for n, amount in amounts.items()],
    )
    contacts.log(office, NewContact("4", "visit", cost_minor=1000, currency="CNY", at=NOW - timedelta(days=9)), "an")
    contacts.log(
        office, NewContact("5", "abroad", cost_minor=999_999, currency="USD", at=NOW - timedelta(days=9)), "an"
    )
    standings.refresh(office, "lin", now=NOW)
    tiers = [line(office, number).tier for number in amounts]
    assert tiers == ["high"] * 3 + ["some"] * 7
    assert line(office, "4").contribution_minor == 6000
    high, some = standing_tables.value(office)
    assert (high.customers, high.contribution_minor, high.currency) == (3, 83_000, "CNY")
    assert (some.customers, some.revenue_minor, some.contact_cost_minor) == (7, 18_000, 1000)
    assert [row.number for row in customer_lists.lines(office, "value:high sort:-value", now=NOW)] == ["1", "2", "3"]


def test_credit_goes_by_days_overdue_disputes_and_returned_payments(office: Store) -> None:
    names = ["prompt", "late", "owing", "disputing", "returned", "billed-long-ago", "unbilled"]
    accounts = one_account_each(office, names)
    due = date(2026, 10, 1)
    bills = [
        bill(accounts["prompt"], "B1", 1000, due),
        bill(accounts["late"], "B2", 1000, due),
        bill(accounts["owing"], "B3", 1000, due),
        bill(accounts["disputing"], "B4", 1000, due),
        bill(accounts["returned"], "B5", 1000, due),
        bill(accounts["billed-long-ago"], "B6", 1000, date(2025, 1, 1)),
    ]
    ids = put(office, BILLS, bills)
    noon = datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
    put(
        office,
        PAYMENTS,
        [
            # Half past eleven at night in Shanghai is still the day it was due.
            payment(accounts["prompt"], "P1", ids[0], 1000, datetime(2026, 10, 1, 15, 30, tzinfo=UTC)),
            payment(accounts["late"], "P2", ids[1], 1000, noon + timedelta(days=30)),
            payment(accounts["owing"], "P3", ids[2], 999, noon),
            payment(accounts["disputing"], "P4", ids[3], 1000, noon),
            payment(accounts["returned"], "P5", ids[4], 1000, noon - timedelta(days=2)),
            payment(accounts["returned"], "P6", ids[4], -1000, noon - timedelta(days=1)),
            payment(accounts["returned"], "P7", ids[4], 1000, noon),
            payment(accounts["billed-long-ago"], "P8", ids[5], 1000, datetime(2025, 3, 1, tzinfo=UTC)),
        ],
    )
    for number in range(2):
        new = NewCase(f"wrong bill {number}", kind="complaint", category="billing / wrong", customer="disputing")
        take_in(office, new, actor="an", now=NOW - timedelta(days=100 + number))
    standings.refresh(office, "lin", now=NOW)
    facts = {name: standing(office, name) for name in names}
    assert {name: row["overdue_days"] for name, row in facts.items()} == {
        "prompt": 0, "late": 30, "owing": 55, "disputing": 0, "returned": 0, "billed-long-ago": 0, "unbilled": 0,
    }  # fmt: skip
    assert (facts["disputing"]["disputes"], facts["returned"]["returned_payments"]) == (2, 1)
    assert [facts[name]["is_overdue"] for name in names] == [False, False, True, False, False, False, False]
    # A: nothing overdue, one dispute at most, none returned; B: 30 days, three disputes, one returned; else C.
    grades = {name: line(office, name).credit_grade for name in names}
    assert grades == {
        "prompt": "A", "late": "B", "owing": "C", "disputing": "B", "returned": "B", "billed-long-ago": "A", "unbilled": "",
    }  # fmt: skip
    assert [row.number for row in customer_lists.lines(office, "overdue:yes", now=NOW)] == ["owing"]


def test_stages_and_relationships_by_hand(office: Store) -> None:
    enter(
        office,
        [
            {"number": number, "name": number}
            for number in ("bare", "new", "stable", "growing", "alarm", "one-alarm", "left")
        ],
        [
            {"number": "A1", "customer": "new", "opened_on": date(2026, 3, 1), "state": "active"},
            {"number": "A2", "customer": "stable", "opened_on": date(2020, 1, 1), "state": "active"},
            {"number": "A3", "customer": "growing", "opened_on": None, "state": "active"},
            {"number": "A4", "customer": "alarm", "opened_on": date(2020, 1, 1), "state": "active"},
            {"number": "A5", "customer": "one-alarm", "opened_on": date(2020, 1, 1), "state": "active"},
            {"number": "A6", "customer": "left", "opened_on": date(2020, 1, 1), "state": "closed"},
        ],
    )
    accounts = account_ids(office)
    use = []
    for number, before, now in (("A2", 100, 105), ("A3", 100, 110), ("A4", 100, 70), ("A5", 100, 70)):
        for month in ("09", "10"):
            use.append((number, f"2025-{month}", before))
            use.append((number, f"2026-{month}", now))
    # A month that the year before does not know says nothing, however much it is.
    use.append(("A2", "2026-08", 9999))
    put(
        office,
        table_of(Consumption),
        [
            {"account_id": accounts[number], "month": month, "quantity_milli": quantity * 1000, "unit": "kWh"}
            for number, month, quantity in use
        ],
    )
    for customer, times in (("alarm", 2), ("one-alarm", 1)):
        for place in range(times):
            new = NewCase(f"complaint {place}", kind="complaint", category="service", customer=customer)
            take_in(office, new, actor="an", now=NOW - timedelta(days=10 + place))
    report = standings.refresh(office, "lin", now=NOW)
    stages = {row.number: row.stage for row in customer_lists.lines(office, now=NOW)}
    assert stages == {
        "bare": "potential", "new": "new", "stable": "stable", "growing": "growing", "alarm": "at_risk",
        "one-alarm": "stable", "left": "left",
    }  # fmt: skip
    assert line(office, "alarm").alarms == ("usage", "complaints")
    assert standing(office, "alarm")["usage_change"] == pytest.approx(-0.3)
    assert standing(office, "stable")["usage_change"] == pytest.approx(0.05)
    assert (line(office, "new").relationship, line(office, "left").relationship) == ("new", "former")
    assert line(office, "bare").relationship == "long_term"
    changes = dict(report.changes)
    assert report.customers == 7
    assert changes["stage - > stable"] == 2
    assert changes["relationship long_term > new"] == 1
    assert changes["relationship long_term > former"] == 1


def test_satisfaction_is_on_a_hundred_and_reversed_where_it_must(office: Store) -> None:
    one_account_each(office, ["1", "2"])
    (survey,) = put(office, table_of(Survey), [{"code": "S", "title": "S", "scale_low": 1, "scale_high": 5}])
    good, bad = put(
        office,
        table_of(Indicator),
        [
            {"survey_id": survey, "code": "good", "label": "good"},
            {"survey_id": survey, "code": "bad", "label": "bad", "is_reversed": True, "scale_low": 0, "scale_high": 10},
        ],
    )
    with office.reading() as connection:
        ids = {row.number: row.id for row in connection.execute(select(CUSTOMERS.c.number, CUSTOMERS.c.id))}
    first, old = put(
        office,
        table_of(Response),
        [
            {"survey_id": survey, "number": "R1", "customer_id": ids["1"], "answered_at": NOW - timedelta(days=5)},
            {"survey_id": survey, "number": "R2", "customer_id": ids["2"], "answered_at": NOW - timedelta(days=400)},
        ],
    )
    with office.writing("root") as work:
        work.connection.execute(
            insert(table_of(Answer)),
            [
                {"response_id": first, "indicator_id": good, "score": 4},
                {"response_id": first, "indicator_id": bad, "score": 10},
                {"response_id": old, "indicator_id": good, "score": 1},
            ],
        )
        work.record("fill", "database", "answers")
    standings.refresh(office, "lin", now=NOW)
    # 4 of 1-5 is 75, 10 of 0-10 the wrong way round is 0; answers older than a year are not counted.
    assert standing(office, "1")["satisfaction"] == pytest.approx(37.5)
    assert line(office, "1").alarms == ("satisfaction",)
    assert standing(office, "2")["satisfaction"] is None


def test_a_run_that_is_halted_goes_on_and_one_that_changes_nothing_says_so(office: Store) -> None:
    one_account_each(office, [str(number) for number in range(1, 6)])
    seen: list[int] = []

    def two_parts(at: int, last: int) -> bool:
        seen.append(at)
        return len(seen) <= 2

    halted = standings.refresh(office, "lin", now=NOW, progress=two_parts, part=2)
    assert (halted.finished_at, halted.position, halted.customers) == (None, 4, 4)
    done = standings.refresh(office, "lin", now=NOW + timedelta(hours=1), part=2)
    assert (done.run, done.as_of, done.customers, done.finished_at is None) == (halted.run, NOW, 5, False)
    again = standings.refresh(office, "lin", now=NOW + timedelta(hours=2), part=2)
    assert again.run != done.run
    assert again.changes == ()
    actions = [row.action for row in audit.log(office, limit=100) if row.action.startswith("refresh")]
    assert actions.count("refresh done") == 2
    assert actions.count("refresh part") == 6


def test_two_runs_do_not_cross(office: Store) -> None:
    one_account_each(office, [str(number) for number in range(1, 6)])

    def another(at: int, last: int) -> bool:
        if at == 1:
            standings.refresh(office, "root", now=NOW, part=2)
        return True

    with pytest.raises(ConflictError, match="under way"):
        standings.refresh(office, "lin", now=NOW, progress=another, part=2)
    assert customer_lists.count(office, "-stage:none", now=NOW) == 5


def test_only_some_may_refresh(office: Store) -> None:
    before = contents(office)
    with pytest.raises(NotAllowedError):
        standings.refresh(office, "an", now=NOW)
    assert contents(office) == before


def test_segments_are_counted_anew(office: Store) -> None:
    accounts = one_account_each(office, ["1", "2"])
    segments.save(office, "owing", "overdue:yes", "lin")
    put(office, BILLS, [bill(accounts["2"], "B", 100, date(2026, 10, 1))])
    changes = dict(standings.refresh(office, "lin", now=NOW).changes)
    assert changes["segment owing 0 > 1"] == 1
    assert [row.number for row in customer_lists.lines(office, "segment:owing", now=NOW)] == ["2"]


def test_stages_from_quarter_to_quarter(office: Store) -> None:
    ids = one_account_each(office, ["1", "2", "3"])
    with pytest.raises(NotFoundError, match="two quarters"):
        standing_tables.transitions(office)
    standings.refresh(office, "lin", now=datetime(2026, 8, 1, tzinfo=UTC))
    with office.writing("root") as work:
        closed = ACCOUNTS.update().where(ACCOUNTS.c.id == ids["3"]).values(state="closed")
        work.connection.execute(closed)
        work.record("close", "account", "A-3")
    standings.refresh(office, "lin", now=NOW)
    table = standing_tables.transitions(office)
    assert (table.before, table.after, table.customers) == ("2026-Q3", "2026-Q4", 3)
    stable, left = table.stages.index("stable"), table.stages.index("left")
    assert (table.counts[stable][stable], table.counts[stable][left]) == (2, 1)
    assert table.shares[stable][left] == pytest.approx(1 / 3)
    assert table.kept == pytest.approx(2 / 3)
    assert standing_tables.quarters(office) == ["2026-Q3", "2026-Q4"]
    with pytest.raises(UsageError, match="2020-Q1"):
        standing_tables.transitions(office, "2020-Q1", "2026-Q4")
    with office.reading() as connection:
        kept = connection.execute(select(table_of(StageInQuarter).c.quarter)).scalars().all()
    assert sorted(kept) == ["2026-Q3"] * 3 + ["2026-Q4"] * 3


def test_who_leaves_by_services_held(office: Store) -> None:
    held: tuple[tuple[str, str, str, str, date | None, date | None], ...] = (
        ("1a", "1", "water", "closed", None, None),
        ("2a", "2", "water", "active", date(2020, 1, 1), None),
        ("3a", "3", "water", "active", None, None),
        ("3b", "3", "gas", "closed", None, date(2026, 6, 1)),
        # Gone before the year, and come during it: neither was there a year ago.
        ("4a", "4", "gas", "closed", None, date(2025, 6, 1)),
        ("5a", "5", "gas", "active", date(2026, 6, 1), None),
    )
    names = ("number", "customer", "utility", "state", "opened_on", "closed_on")
    enter(
        office,
        [{"number": str(number), "name": str(number)} for number in range(1, 6)],
        [dict(zip(names, row, strict=True)) for row in held],
    )
    one, two = standing_tables.holdings(office, now=NOW)
    assert (one.services, one.customers, one.left, one.share) == (1, 2, 1, 0.5)
    # Wilson for 1 of 2 at 95 %: (0.5 ± …) = 0.0945 … 0.9055.
    assert one.low == pytest.approx(0.0945, abs=1e-4)
    assert one.high == pytest.approx(0.9055, abs=1e-4)
    assert (two.services, two.customers, two.left) == (2, 1, 0)


def test_sizes_and_stages_follow_the_policy(store: Store, tmp_path: Path) -> None:
    policy = load_pack("cn-95598").replace(
        "[customers.stages]\nnew_months = 12",
        "[customers.sizes]\nlarge_minor = 100000\nmedium_minor = 50000\n\n[customers.stages]\nnew_months = 6",
    )
    opened_office(store, tmp_path, policy)
    accounts = one_account_each(store, ["1", "2", "3", "4"], opened_on=date(2026, 3, 1))
    amounts = {"1": 100_000, "2": 50_000, "3": 49_999}
    put(
        store,
        BILLS,
        [bill(accounts[n], f"B{n}", amount, date(2026, 10, 1), state="paid") for n, amount in amounts.items()],
    )
    standings.refresh(store, "lin", now=NOW)
    assert [line(store, number).size for number in "1234"] == ["large", "medium", "small", ""]
    # Eight months are new under twelve, not under six.
    assert line(store, "1").stage == "stable"
