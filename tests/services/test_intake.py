"""Taking a case in: its clocks, its words, what it repeats and doubles, and that it is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from office import COMPLAINT, START, after, case_of, clocks_of, contents, done, furnish, received

from console.errors import NotAllowedError, NotFoundError, UsageError
from console.models import whole_schema
from console.services.intake import NewCase, likely_duplicates, take_in
from console.storage.engine import Store


@pytest.fixture(autouse=True)
def _office(store: Store) -> None:
    furnish(store)


def test_a_new_case_has_its_policy_its_customer_and_its_deadlines(store: Store) -> None:
    taken = received(store, replace(COMPLAINT, customer="", account="A-2"))
    row = case_of(store, taken)
    assert (row["state"], row["phase"], row["region"], row["is_vulnerable"]) == ("received", "open", "east", True)
    assert row["policy_id"] is not None
    assert row["due_at"] == taken.due_at == after(minutes=20)
    assert clocks_of(store, taken)["first_response"]["due_at"] == after(hours=24)


MEANINGLESS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"subject": " "}, "needs a subject"),
    ({"kind": "complain"}, "Did you mean complaint"),
    ({"channel": "phone"}, "channel cannot be phone"),
    ({"severity": 5}, "severity cannot be 5"),
    ({"category": "billing / wrnog"}, "Did you mean billing / wrong"),
    ({"customer": "K-9"}, "No customer has the number K-9"),
    ({"account": "A-9"}, "There is no account A-9"),
    ({"account": "A-2"}, "not one of the customer K-1"),
    ({"department": "nowhere"}, "There is no department nowhere"),
    ({"assignee": "nobody"}, "nobody is not on the staff"),
    ({"authority": "12399"}, "Did you mean 12398"),
    ({"area": "ubran"}, "Did you mean urban"),
    ({"details": {"adress": "x"}}, "Did you mean address"),
    ({"received_at": after(days=1)}, "in the future"),
)


def test_words_that_name_nothing_are_refused_and_nothing_is_made(store: Store) -> None:
    before = contents(store)
    for over, said in MEANINGLESS:
        with pytest.raises(UsageError, match=said):
            take_in(store, replace(COMPLAINT, **over), actor="an", now=START)
    assert contents(store) == before


def test_only_the_staff_takes_cases_in(store: Store) -> None:
    before = contents(store)
    with pytest.raises(NotAllowedError):
        take_in(store, COMPLAINT, actor="stranger", now=START)
    assert contents(store) == before


def test_the_same_key_makes_one_case(store: Store) -> None:
    first = take_in(store, COMPLAINT, actor="an", now=START, key="call-1")
    before = contents(store)
    again = take_in(store, COMPLAINT, actor="an", now=after(minutes=1), key="call-1")
    assert (again.id, again.operation, again.due_at) == (first.id, first.operation, first.due_at)
    assert contents(store) == before
    with pytest.raises(UsageError, match="was used for new by an"):
        take_in(store, COMPLAINT, actor="lin", now=START, key="call-1")


def test_the_same_key_at_the_same_moment_makes_one_case(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: take_in(store, COMPLAINT, actor="an", now=START, key="call-2").id, range(8)))
    assert len(set(made)) == 1
    assert len(contents(store, "cases")["cases"]) == 1


def test_a_repeat_is_linked_to_the_earlier_case_and_counted_once(store: Store) -> None:
    """T6: the same premise and cause within the window."""
    first = received(store, replace(COMPLAINT, account="A-1"))
    assert not first.repeat.is_repeat
    second = received(store, replace(COMPLAINT, account="A-1"), at=after(days=20))
    assert second.repeat.earlier == (first.reference,)
    row = case_of(store, second)
    assert (row["repeat_of_id"], row["times_repeated"]) == (first.id, 1)
    third = received(store, replace(COMPLAINT, account="A-1"), at=after(days=30))
    assert (case_of(store, third)["repeat_of_id"], case_of(store, third)["times_repeated"]) == (second.id, 2)
    other = received(store, replace(COMPLAINT, account="A-1", category="outage / fault"), at=after(days=31))
    assert not other.repeat.is_repeat
    late = received(store, replace(COMPLAINT, account="A-1"), at=after(days=120))
    assert not late.repeat.is_repeat


def test_the_same_meter_is_enough_for_a_repeat(store: Store) -> None:
    first = received(store, replace(COMPLAINT, customer="", account="A-2"))
    second = received(store, replace(COMPLAINT, customer="", account="A-3"), at=after(days=1))
    assert second.repeat.earlier == (first.reference,)


def test_a_category_told_later_makes_a_repeat_as_well(store: Store) -> None:
    first = received(store)
    second = received(store, replace(COMPLAINT, category=""), at=after(days=1))
    assert not second.repeat.is_repeat
    done(store, "triage", second, "an", after(days=1, minutes=5), category="billing/calculation", severity="1")
    assert case_of(store, second)["repeat_of_id"] == first.id
    done(store, "triage", second, "root", after(days=1, minutes=6), category="outage / fault", severity="1")
    assert (case_of(store, second)["repeat_of_id"], case_of(store, second)["times_repeated"]) == (None, 0)


def test_a_duplicate_is_proposed_while_both_are_open(store: Store) -> None:
    first = received(store)
    second = received(store, at=after(hours=2))
    assert [found.reference for found in second.duplicates] == [first.reference]
    assert [found.reference for found in likely_duplicates(store, first.id)] == [second.reference]
    done(store, "withdraw", first, "root", after(hours=3), reason="called")
    assert likely_duplicates(store, second.id) == ()
    with pytest.raises(NotFoundError):
        likely_duplicates(store, 4711)


def test_a_case_belongs_to_the_incident_of_its_place_and_time(store: Store) -> None:
    incidents = whole_schema().tables["incidents"]
    with store.writing("root") as work:
        outage = {"number": "I-1", "kind": "outage", "title": "Feeder 12", "region": "east", "started_at": START}
        work.connection.execute(incidents.insert().values({**outage, "ended_at": after(hours=2), "version": 1}))
        work.record("new", "incident", "I-1")
    assert received(store, at=after(hours=1)).incident == "I-1"
    assert received(store, NewCase("停电", region="west"), at=after(hours=1)).incident == ""
    assert received(store, at=after(days=2)).incident == ""
