"""Managers of key customers and areas, the visits they owe, and the ledger of points."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from care_data import enter, opened_office
from customer_data import AT
from office import contents

from console import clock
from console.errors import ConflictError, NotAllowedError, NotFoundError, UsageError
from console.services import customer_lists, customer_merges, managers, points, visits
from console.storage.engine import Store

CUSTOMERS: tuple[dict[str, Any], ...] = (
    {"number": "1", "name": "Mill", "kind": "enterprise", "size": "large", "region": "north"},
    {"number": "2", "name": "Works", "kind": "enterprise", "size": "large", "region": "north"},
    {"number": "3", "name": "Foundry", "kind": "enterprise", "size": "large", "region": "south"},
    {"number": "4", "name": "Home", "region": "north"},
)


@pytest.fixture
def office(store: Store, tmp_path: Path) -> Store:
    opened_office(store, tmp_path)
    enter(store, CUSTOMERS)
    return store


def mine(store: Store, viewer: str) -> str:
    return "".join(row.number for row in customer_lists.lines(store, "manager:me", viewer=viewer))


def test_a_manager_of_ones_own_comes_before_that_of_the_area(office: Store) -> None:
    managers.appoint(office, "an", "lin", region="north")
    managers.appoint(office, "ana", "lin", customer="2")
    assert (mine(office, "an"), mine(office, "ana")) == ("14", "2")
    assert "".join(row.number for row in customer_lists.lines(office, "manager:none")) == "3"


def test_a_new_manager_ends_the_one_before(office: Store) -> None:
    managers.appoint(office, "an", "lin", customer="1", from_on=date(2026, 1, 1))
    managers.appoint(office, "ana", "lin", customer="1", from_on=date(2026, 3, 1))
    before, after = managers.posts(office, is_all=True)
    assert (before.login, before.from_on, before.to_on) == ("an", date(2026, 1, 1), date(2026, 2, 28))
    assert (after.login, after.from_on, after.to_on) == ("ana", date(2026, 3, 1), None)
    assert [row.login for row in managers.posts(office)] == ["ana"]
    with pytest.raises(ConflictError, match="already"):
        managers.appoint(office, "ana", "lin", customer="1")
    with pytest.raises(ConflictError, match="2026-03-01"):
        managers.appoint(office, "an", "lin", customer="1", from_on=date(2026, 2, 1))
    assert managers.end(office, "lin", customer="1", on=date(2026, 4, 30)).to_on == date(2026, 4, 30)
    assert managers.posts(office) == []
    with pytest.raises(ConflictError, match="until 2026-04-30"):
        managers.appoint(office, "an", "lin", customer="1", from_on=date(2026, 4, 30))
    with pytest.raises(NotFoundError, match="no manager"):
        managers.end(office, "lin", customer="1")


@pytest.mark.parametrize(
    ("login", "actor", "where", "error"),
    [
        ("an", "lin", {}, UsageError),
        ("an", "lin", {"customer": "1", "region": "north"}, UsageError),
        ("nobody", "lin", {"customer": "1"}, UsageError),
        ("an", "lin", {"customer": "9"}, NotFoundError),
        ("an", "an", {"customer": "1"}, NotAllowedError),
    ],
)
def test_managers_that_cannot_be(
    office: Store, login: str, actor: str, where: dict[str, Any], error: type[Exception]
) -> None:
    before = contents(office)
    with pytest.raises(error):
        managers.appoint(office, login, actor, **where)
    assert contents(office) == before


def test_visits_are_due_by_the_interval_of_the_policy(office: Store) -> None:
    # Key customers are the large ones, visited every 90 days; who never was is due since he was entered (2 March).
    now = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
    visits.made(office, "1", "an", content="all well", at=now - timedelta(days=90))
    visits.made(office, "2", "an", at=now - timedelta(days=80))
    assert [(row.number, row.due_on) for row in visits.due(office, now=now)] == [
        ("3", AT.date()),
        ("1", date(2026, 11, 25)),
    ]
    assert [row.number for row in visits.due(office, now=now, within_days=10)] == ["3", "1", "2"]
    assert [row.number for row in visits.due(office, "region:south", now=now)] == ["3"]
    assert [(row.customer, row.content) for row in visits.list_made(office)] == [("2", ""), ("1", "all well")]


def test_coverage_counts_who_was_visited_within_the_interval(office: Store) -> None:
    now = clock.now()
    managers.appoint(office, "an", "lin", region="north", from_on=date(2026, 1, 1))
    visits.made(office, "1", "an", at=now - timedelta(days=89))
    visits.made(office, "2", "an", at=now - timedelta(days=91))
    found = {(figure.kind, figure.name): (figure.customers, figure.covered) for figure in visits.coverage(office)}
    assert found == {
        ("manager", ""): (1, 0),
        ("manager", "an"): (2, 1),
        ("region", "north"): (2, 1),
        ("region", "south"): (1, 0),
        ("all", ""): (3, 1),
    }


def test_points_are_a_ledger(office: Store) -> None:
    first = points.add(office, "1", 100, "paid on time", "an")
    points.add(office, "1", -30, "gift", "an")
    held = points.balance(office, "1")
    assert (held.balance, held.given, held.used) == (70, 100, 30)
    with pytest.raises(ConflictError, match="has 70 points; 71 cannot"):
        points.add(office, "1", -71, "gift", "an")
    with pytest.raises(ConflictError, match="100 cannot be taken"):
        points.reverse(office, first.entry, "entered twice", "lin")
    points.add(office, "1", 30, "returned", "an")
    undone = points.reverse(office, first.entry, "entered twice", "lin")
    assert (undone.points, undone.reverses) == (-100, first.entry)
    assert points.balance(office, "1").balance == 0
    assert [row.points for row in points.entries(office, "1")] == [-100, 30, -30, 100]
    with pytest.raises(ConflictError, match="reversed already"):
        points.reverse(office, first.entry, "again", "lin")
    with pytest.raises(ConflictError, match="reversal itself"):
        points.reverse(office, undone.entry, "again", "lin")


def test_points_under_a_key_are_entered_once(office: Store) -> None:
    entry = points.add(office, "1", 10, "survey", "an", "s-1")
    assert points.add(office, "1", 10, "survey", "an", "s-1") == entry
    assert points.balance(office, "1").balance == 10
    with pytest.raises(ConflictError):
        points.add(office, "2", 10, "survey", "an", "s-1")


@pytest.mark.parametrize(
    ("number", "amount", "reason", "actor", "error"),
    [
        ("1", 0, "x", "an", UsageError),
        ("1", 1_000_001, "x", "an", UsageError),
        ("1", 5, " ", "an", UsageError),
        ("1", 5, "x" * 201, "an", UsageError),
        ("9", 5, "x", "an", NotFoundError),
        ("1", -5, "x", "an", ConflictError),
        ("1", 5, "x", "ana", NotAllowedError),
    ],
)
def test_points_that_cannot_be(
    office: Store, number: str, amount: int, reason: str, actor: str, error: type[Exception]
) -> None:
    before = contents(office)
    with pytest.raises(error):
        points.add(office, number, amount, reason, actor)
    assert contents(office) == before


def test_points_used_since_a_merge_stand_in_the_way_of_its_undo(office: Store) -> None:
    points.add(office, "1", 100, "paid on time", "an")
    customer_merges.merge(office, "1", "2", "lin")
    assert points.balance(office, "2").balance == 100
    points.add(office, "2", -40, "gift", "an")
    before = contents(office, "points_entries", "customers")
    with pytest.raises(ConflictError, match="used since"):
        customer_merges.unmerge(office, "1", "lin")
    assert contents(office, "points_entries", "customers") == before
