"""Promises under the ready policies of other countries, and clocks that always agree with the events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from office import WHOLE, clocks_of, done, furnish, received
from sqlalchemy import select

from console.models import whole_schema
from console.rules.policies import ready_packs
from console.services import promises
from console.services.handling import perform
from console.services.intake import NewCase, Taken, take_in
from console.services.policies import policy_book
from console.services.policy_changes import recompute_open
from console.storage.engine import Store

JANUARY = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def complaint(store: Store, pack: str, at: datetime = JANUARY, **over: str) -> Taken:
    """Take a complaint in under a ready policy, with all that an intake may want."""
    furnish(store, pack)
    with store.reading() as connection:
        policy = policy_book(connection).at(at).policy
    category = next(item.code for item in policy.categories if item.parent)
    new = NewCase("The bill is wrong", category=category, customer="K-1", account="A-1", details={**WHOLE, **over})
    return take_in(store, new, actor="root", now=at)


def test_eight_weeks_after_the_fifth_of_january_is_the_second_of_march(store: Store) -> None:
    """T2: the day on which the customer may turn to the ombudsman."""
    case = complaint(store, "gb-energy")
    dues = {clock["due_at"].date().isoformat() for clock in clocks_of(store, case).values() if clock["due_at"]}
    assert "2026-03-02" in dues


def test_a_complaint_without_what_regulation_four_wants_does_not_leave_intake(store: Store) -> None:
    """T5."""
    furnish(store, "gb-energy")
    with store.reading() as connection:
        policy = policy_book(connection).at(JANUARY).policy
    case = take_in(store, NewCase("The bill is wrong"), actor="root", now=JANUARY)
    given = {"severity": "1", "category": policy.categories[0].code}
    report = perform(store, "triage", [case.id], given, actor="root", now=JANUARY)
    assert "intake still wants" in report.skipped[0].text


def test_the_second_stage_has_ten_working_days_of_its_own(store: Store) -> None:
    """T8."""
    case = complaint(store, "ew-water")
    assert clocks_of(store, case)["second_reply"]["standing"] == "pending"
    at = JANUARY + timedelta(days=2)
    perform(store, "triage", [case.id], {"severity": "1"}, actor="root", now=at)
    done(store, "reply", case, "root", at, reply="No.", outcome="unsolved")
    first = clocks_of(store, case)["reply"]
    again = at + timedelta(days=5)
    done(store, "reopen", case, "root", again, reason="not content")
    second = clocks_of(store, case)["second_reply"]
    assert (second["standing"], second["started_at"], second["target"]) == ("running", again, "10d")
    assert clocks_of(store, case)["reply"] == {**clocks_of(store, case)["reply"], "met_at": first["met_at"]}


@pytest.mark.parametrize("pack", ready_packs())
def test_every_ready_policy_leads_from_receipt_to_archive(store: Store, pack: str) -> None:
    case = complaint(store, pack)
    steps: list[tuple[str, dict[str, str]]] = [
        ("triage", {"severity": "1", "validity": "valid", "justified": "yes"}),
        ("dispatch", {}),
        ("assign", {"assignee": "bo"}),
        ("contact", {"note": "called", "direction": "out"}),
        (
            "reply",
            {
                "reply": "Mended.",
                "outcome": "solved",
                "measures": "bill corrected",
                "findings": "misread",
                "follow_up": "none",
                "cause": "reading",
                "signed_by": "An",
                "medium": "written",
                "basis": "tariff",
                "advice": "none",
                "remedy_sought": "refund",
                "agreed_contact": "letter",
                "justified": "yes",
            },
        ),
        ("callback", {"opinion": "satisfied"}),
        ("archive", {"reason": "answered"}),
    ]
    for number, (verb, fields) in enumerate(steps, start=1):
        done(store, verb, case, "root", JANUARY + timedelta(hours=number), **fields)
        with store.reading() as connection:
            assert promises.disagreements(connection, [case.id]) == ()
    cases = whole_schema().tables["cases"]
    with store.reading() as connection:
        row = connection.execute(select(cases).where(cases.c.id == case.id)).mappings().one()
    assert (row["phase"], row["due_at"]) == ("closed", None)


def test_a_clock_that_was_tampered_with_is_found_and_mended(store: Store) -> None:
    furnish(store)
    case = received(store)
    clocks = whole_schema().tables["clocks"]
    with store.writing("root") as work:
        work.connection.execute(clocks.update().where(clocks.c.name == "reply").values(standing="met"))
        work.record("tamper", "case", case.reference)
    with store.reading() as connection:
        assert promises.disagreements(connection, [case.id]) == (case.reference,)
    assert recompute_open(store, actor="root") == 1
    with store.reading() as connection:
        assert promises.disagreements(connection, [case.id]) == ()
