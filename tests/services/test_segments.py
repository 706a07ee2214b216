"""Customers by a filter, segments in both languages of filters, complete and verified dossiers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from care_data import enter, opened_office
from office import START

from console import clock
from console.errors import ConflictError, NotAllowedError, NotFoundError, UsageError
from console.rules.customer_fields import CUSTOMER_FIELDS, parse_customers
from console.rules.filters import FilterError
from console.services import completeness, contacts, customer_lists, privacy, queues, segments
from console.services.contacts import NewContact
from console.services.intake import NewCase, take_in
from console.storage.engine import Store

CUSTOMERS: tuple[dict[str, Any], ...] = (
    {"number": "1", "name": "王伟", "region": "north", "phone": "13800138001", "address": "人民路1号"},
    {
        "number": "2",
        "name": "Riverside Mill",
        "kind": "enterprise",
        "region": "north",
        "supply_category": "industrial",
        "size": "large",
        "phone": "13800138002",
        "address": "人民路2号",
        "email": "mill@example.org",
    },
    {"number": "3", "name": "Corner Shop", "kind": "enterprise", "region": "south", "supply_category": "commercial"},
    {"number": "4", "name": "李娜", "relationship": "new", "credit_grade": "B", "is_vulnerable": True},
    {"number": "5", "name": "Town Hall", "kind": "government", "region": "south", "credit_grade": "A"},
)
ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"number": "A-1", "customer": "1", "address": "人民路1号"},
    {"number": "A-2", "customer": "2", "utility": "water"},
    {"number": "A-3", "customer": "2", "utility": "electricity"},
)


@pytest.fixture
def office(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    opened_office(store, tmp_path)
    enter(store, CUSTOMERS, ACCOUNTS)
    return store


def found(store: Store, text: str) -> str:
    return "".join(row.number for row in customer_lists.lines(store, text, viewer="an"))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", "12345"),
        ("kind:enterprise", "23"),
        ("类型:企业 区域:north", "2"),
        ("-kind:enterprise,individual", "5"),
        ("supply:none", "145"),
        ("-supply:none", "23"),
        ("supply:industrial,none kind:enterprise", "2"),
        ("size:large", "2"),
        ("key:yes", "2"),
        ("key:no region:north", "1"),
        ("credit:a,b sort:-credit", "45"),
        ("credit:none", "123"),
        ("relationship:new", "4"),
        ("region:none", "4"),
        ("region:so*", "35"),
        ("vulnerable:yes", "4"),
        ("phone:no", "345"),
        ("email:yes", "2"),
        ("utility:water", "2"),
        ("-utility:water utility:electricity", "1"),
        ("utility:none", "345"),
        ("accounts:>=1", "12"),
        ("accounts:0", "345"),
        ("number:1,3", "13"),
        ("mill", "2"),
        ('"corner shop"', "3"),
        ("王", "1"),
        ("wangwei", "1"),
        ("complete:yes", "12"),
        ("complete:no", "345"),
        ("true:yes", ""),
        ("verified:none", "12345"),
        ("-verified:<30d", "12345"),
        ("contacted:none", "12345"),
        ("stage:none", "12345"),
        ("stage:at_risk", ""),
        ("manager:none", "12345"),
        ("manager:me", ""),
        ("overdue:no", "12345"),
        ("complaints:0", "12345"),
        ("cases:0", "12345"),
        ("rfm:5*", ""),
        ("sort:-number", "54321"),
    ],
)
def test_filters_find_customers(office: Store, text: str, numbers: str) -> None:
    assert found(office, text) == numbers
    assert customer_lists.count(office, text, viewer="an") == len(numbers)


def test_every_field_is_compiled_and_written_again() -> None:
    from console.services.customer_filtering import _FIELDS, _SORTS

    assert set(_FIELDS) == set(CUSTOMER_FIELDS)
    assert set(_SORTS) == {field.name for field in CUSTOMER_FIELDS.values() if field.is_sortable}
    text = 'kind:enterprise -region:north,south accounts:>=2 verified:<30d "corner shop" sort:-value'
    assert str(parse_customers(str(parse_customers(text)))) == str(parse_customers(text))


@pytest.mark.parametrize("text", ["kind:firm", "severity:3", "stage:>new", "sort:phone", '"open'])
def test_a_wrong_filter_is_pointed_at(office: Store, text: str) -> None:
    with pytest.raises(FilterError):
        found(office, text)


def test_contacts_and_cases_count(office: Store) -> None:
    contacts.log(office, NewContact("3", "hello", at=clock.now() - timedelta(days=2)), "an")
    take_in(office, NewCase("no water", kind="fault", customer="4"), actor="an", now=clock.now())
    assert found(office, "contacted:<3d") == "3"
    assert found(office, "contacted:>3d") == ""
    assert found(office, "-contacted:<3d") == "1245"
    assert found(office, "cases:>=1") == "4"


def test_the_erased_are_on_no_list(office: Store) -> None:
    privacy.erase(office, "5", "asked for", "lin")
    assert found(office, "") == "1234"


def test_a_segment_is_counted_and_usable_in_both_languages(office: Store) -> None:
    row = segments.save(office, "mills", "kind:enterprise region:north", "lin")
    assert (row.members, row.filter) == (1, "kind:enterprise region:north")
    assert found(office, "segment:mills") == "2"
    assert found(office, "-segment:mills") == "1345"
    assert found(office, "segment:none") == "1345"
    case = take_in(office, NewCase("low pressure", kind="complaint", customer="2"), actor="an", now=START)
    other = take_in(office, NewCase("noise", kind="complaint"), actor="an", now=START)
    assert list(queues.ids(office, "segment:Mills", now=START).ids) == [case.id]
    assert list(queues.ids(office, "-segment:mills", now=START).ids) == [other.id]
    assert segments.save(office, "mills", "kind:enterprise", "lin").members == 2
    assert [item.name for item in segments.segments(office)] == ["mills"]


def test_segments_may_ask_of_segments_but_not_in_a_circle(office: Store) -> None:
    segments.save(office, "firms", "kind:enterprise", "lin")
    assert segments.save(office, "northern firms", "segment:firms region:north", "lin").members == 1
    with pytest.raises(ConflictError, match="itself"):
        segments.save(office, "firms", 'segment:"northern firms"', "lin")
    with pytest.raises(ConflictError, match="itself"):
        segments.save(office, "firms", "segment:firms", "lin")
    with pytest.raises(ConflictError, match="asks of"):
        segments.remove(office, "firms", "lin")
    segments.remove(office, "northern firms", "lin")
    segments.remove(office, "firms", "lin")
    assert segments.segments(office) == []


@pytest.mark.parametrize(
    ("name", "text", "actor", "error"),
    [
        ("", "kind:enterprise", "lin", UsageError),
        ("none", "kind:enterprise", "lin", UsageError),
        ("a,b", "kind:enterprise", "lin", UsageError),
        ("x" * 65, "kind:enterprise", "lin", UsageError),
        ("firms", "", "lin", UsageError),
        ("firms", "kind:enterprise sort:number", "lin", UsageError),
        ("firms", "segment:nothing", "lin", UsageError),
        ("firms", "kind:enterprise", "an", NotAllowedError),
    ],
)
def test_segments_that_cannot_be(office: Store, name: str, text: str, actor: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        segments.save(office, name, text, actor)
    assert segments.segments(office) == []


def test_a_segment_that_is_not_there_is_named_with_the_nearest(office: Store) -> None:
    segments.save(office, "mills", "kind:enterprise", "lin")
    with pytest.raises(UsageError, match="milks"):
        found(office, "segment:milks")
    with pytest.raises(NotFoundError):
        segments.segment(office, "shops")


def test_complete_and_verified_dossiers_are_counted_residents_apart(office: Store) -> None:
    with pytest.raises(ConflictError, match="lacks"):
        completeness.verify(office, "3", "an")
    completeness.verify(office, "1", "an")
    residents, others, every = completeness.figures(office)
    # Residents: 1 and 4 (persons without another supply); 1 is complete and verified.
    assert (residents.customers, residents.complete, residents.verified, residents.both) == (2, 1, 1, 1)
    # Others: 2, 3 and 5; 2 is complete.
    assert (others.customers, others.complete, others.verified, others.both) == (3, 1, 0, 0)
    assert (every.customers, every.complete, every.both, every.share_both) == (5, 2, 1, 0.2)
    assert found(office, "true:yes") == "1"
    later = clock.now() + timedelta(days=366)
    assert completeness.figures(office, now=later)[2].both == 0


def test_the_work_list_names_what_is_missing(office: Store) -> None:
    completeness.verify(office, "1", "an")
    rows = {row.number: row for row in completeness.to_complete(office)}
    assert set(rows) == {"2", "3", "4", "5"}
    assert rows["3"].missing == ("phone", "address", "account")
    assert rows["4"].missing == ("phone", "address", "account")
    assert (rows["2"].missing, rows["2"].is_verified) == ((), False)
    assert [row.number for row in completeness.to_complete(office, "kind:government")] == ["5"]
    assert rows["5"].verified_at is None
