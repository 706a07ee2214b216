"""Incidents: the cases under them, the exceptions, and taking both back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.errors import NotAllowedError, NotFoundError, UsageError
from console.services import staffing
from console.services.access import caller
from console.services.incident_cases import attach, detach, reply
from console.services.incidents import begin, detail, end, found, listed
from console.services.intake import NewCase, take_in
from console.services.setup import initialise
from console.services.undoing import undo
from console.storage.engine import Store

ME = caller().login
START = datetime(2026, 11, 16, 1, tzinfo=UTC)


@pytest.fixture
def house(store: Store, database_url: str) -> Store:
    """A database with the default policy and its first administrator."""
    initialise(database_url)
    return store


def fault(store: Store, hours: float, *, region: str = "east", category: str = "fault / low-voltage") -> int:
    received = START + timedelta(hours=hours)
    new = NewCase("dark", kind="fault", region=region, category=category, received_at=received)
    return take_in(store, new, actor=ME, now=received).id


def outage(store: Store, ended: float | None = None, category: str = "fault") -> str:
    ended_at = None if ended is None else START + timedelta(hours=ended)
    row = begin(
        store,
        kind="outage",
        title="Cut",
        region="east",
        category=category,
        started_at=START,
        ended_at=ended_at,
        actor=ME,
    )
    return row.number


def test_cases_are_proposed_by_place_category_and_time(house: Store) -> None:
    fault(house, -1)
    inside, after = fault(house, 1), fault(house, 13.9)
    fault(house, 14.1)
    fault(house, 1, region="west")
    fault(house, 1, category="billing / wrong")
    number = outage(house, ended=2)
    assert number == "I-00001"
    assert [child.id for child in found(house, number)] == [inside, after]
    end(house, number, START + timedelta(hours=1), actor=ME)
    assert [child.id for child in found(house, number)] == [inside]
    later = outage(house, category="")
    assert [row.number for row in listed(house)] == [later, number]


def test_what_was_taken_out_stays_out_until_somebody_puts_it_back(house: Store) -> None:
    cases = [fault(house, hours) for hours in (1, 2, 3)]
    number = outage(house)
    first = attach(house, number, cases, actor=ME, key="k")
    assert len(first.done) == 3
    assert attach(house, number, cases, actor=ME, key="k").operation == first.operation
    assert [outcome.is_done for outcome in attach(house, number, cases, actor=ME).outcomes] == [False] * 3
    taken_out = detach(house, number, cases[:1], actor=ME)
    assert taken_out.done
    assert found(house, number) == ()
    assert [child.id for child in detail(house, number).exceptions] == cases[:1]
    assert taken_out.operation is not None
    assert undo(house, taken_out.operation, actor=ME).done
    assert [child.id for child in detail(house, number).children] == cases
    assert detail(house, number).exceptions == ()
    detach(house, number, cases[:1], actor=ME)
    assert attach(house, number, cases[:1], actor=ME).done
    assert listed(house)[0].exceptions == 0


def test_a_case_hangs_under_one_incident_only(house: Store) -> None:
    case = fault(house, 1)
    one, other = outage(house), outage(house)
    attach(house, one, [case], actor=ME)
    assert (
        attach(house, other, [case], actor=ME, is_dry_run=True).skipped[0].text
        == f"it is under {one}; detach it there first"
    )
    assert detach(house, other, [case], actor=ME).skipped[0].text == f"it is not under {other}"


def test_the_cases_are_answered_together_and_the_exceptions_are_not(house: Store) -> None:
    cases = [fault(house, hours) for hours in (1, 2, 3)]
    number = outage(house)
    attach(house, number, cases, actor=ME)
    detach(house, number, cases[2:], actor=ME)
    given = {"reply": "Power is back", "outcome": "solved"}
    tried = reply(house, number, given, actor=ME, is_dry_run=True)
    answered = reply(house, number, given, actor=ME)
    assert [outcome.reference for outcome in answered.outcomes] == ["C-000001", "C-000002"]
    assert [outcome.is_done for outcome in answered.outcomes] == [outcome.is_done for outcome in tried.outcomes]
    assert detail(house, number).exceptions[0].state == "received"


def test_only_those_who_handle_cases_may(house: Store) -> None:
    staffing.add(house, "eyes", {"role": "auditor"}, actor=ME)
    number = outage(house)
    with pytest.raises(NotAllowedError):
        attach(house, number, [fault(house, 1)], actor="eyes")
    with pytest.raises(NotAllowedError):
        begin(house, kind="outage", title="x", started_at=START, actor="eyes")
    with pytest.raises(NotFoundError, match="I-00007"):
        found(house, "I-00007")
    with pytest.raises(UsageError):
        begin(house, kind="outage", title=" ", started_at=START, actor=ME)
