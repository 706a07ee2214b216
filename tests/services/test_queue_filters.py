"""Filters that ask about the way of a case and about whoever asks, on both engines."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest
from office import COMPLAINT, after, done, furnish, received, tried

from console.services import queues
from console.services.cases import detail
from console.services.undoing import undo
from console.services.views import IdList
from console.storage.engine import Store


@pytest.fixture(autouse=True)
def office(store: Store) -> None:
    furnish(store)


def found(store: Store, text: str, viewer: str = "an") -> list[int]:
    return list(queues.ids(store, text, now=after(days=2), viewer=viewer).ids)


def replied(store: Store, kind: str = "complaint") -> int:
    case = received(store, replace(COMPLAINT, kind=kind)).id
    done(store, "reply", case, "an", after(hours=3), reply="更正了", outcome="solved")
    return case


def test_the_beginning_of_a_list_is_that_of_the_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [received(store).id for _number in range(3)]

    def beginning(text: str) -> IdList:
        return queues.first_ids(store, text, now=after(days=2), viewer="an")

    assert beginning("sort:reference") == IdList(array("q", cases), 3)
    monkeypatch.setattr(queues, "FIRST", 2)
    assert beginning("sort:reference") == IdList(array("q", cases[:2]), 2, is_capped=True)
    assert beginning("sort:-reference").ids == array("q", reversed(cases[1:]))
    assert beginning("opinion:satisfied") == IdList(array("q"), 0)


def test_a_callback_is_owed_after_the_reply_until_the_customer_was_heard(store: Store) -> None:
    case = received(store).id
    assert found(store, "callback:yes") == []
    done(store, "reply", case, "an", after(hours=3), reply="更正了", outcome="solved")
    assert found(store, "callback:yes") == [case]
    done(store, "callback", case, "an", after(hours=4), reached="no")
    assert found(store, "callback:yes") == [case]
    done(store, "callback", case, "an", after(hours=5), opinion="satisfied")
    assert found(store, "callback:yes") == []
    assert found(store, "callback:no") == [case]
    assert found(store, "opinion:satisfied") == [case]


def test_a_reply_that_was_returned_or_taken_back_owes_no_callback(store: Store) -> None:
    returned, undone = replied(store), replied(store)
    assert found(store, "callback:yes sort:reference") == [returned, undone]
    report = done(store, "return", returned, "lin", after(hours=4), reason="more work")
    assert found(store, "callback:yes") == [undone]
    assert report.operation is not None
    undo(store, report.operation, actor="lin", now=after(hours=5))
    assert set(found(store, "callback:yes")) == {returned, undone}


def test_kinds_the_policy_does_not_call_back_owe_none(store: Store) -> None:
    inquiry = replied(store, "inquiry")
    assert detail(store, inquiry).row.state == "replied"
    assert found(store, "callback:yes") == []
    closed = replied(store)
    assert tried(store, "archive", closed, "lin", after(hours=4), reason="nobody answers").done
    assert found(store, "callback:yes") == []


def test_opinions_are_asked_for_as_codes_and_none(store: Store) -> None:
    silent, heard = replied(store), replied(store)
    done(store, "callback", heard, "an", after(hours=5), opinion="neutral")
    assert found(store, "opinion:none") == [silent]
    assert found(store, "-opinion:neutral") == [silent]
    assert found(store, "opinion:neutral,none sort:reference") == [silent, heard]
    assert found(store, "-opinion:none") == [heard]


def test_my_team_is_the_department_of_whoever_asks(store: Store) -> None:
    case, other = received(store).id, received(store).id
    for number, department in ((case, "marketing"), (other, "operations")):
        done(store, "triage", number, "lin", after(minutes=30), severity="2")
        done(store, "dispatch", number, "lin", after(hours=1), department=department)
    assert found(store, "team:mine", "ma") == [case]
    assert found(store, "部门:本部门", "dong") == [other]
    assert found(store, "-team:mine", "dong") == [case]
    assert found(store, "team:mine,marketing sort:reference", "dong") == [case, other]
    assert found(store, "team:mine", "nobody") == []
    assert found(store, "times_repeated:>0") == [other]


def test_the_lines_tell_what_the_columns_show(store: Store) -> None:
    case = received(store, replace(COMPLAINT, account="A-1", area="rural")).id
    row = queues.rows(store, [case])[0]
    assert (row.customer_number, row.account, row.area, row.external_reference) == ("K-1", "A-1", "rural", "")
    assert row.updated_at is not None
    assert (row.closed_at, row.incident, row.opinion, row.times_repeated) == (None, "", "", 0)
