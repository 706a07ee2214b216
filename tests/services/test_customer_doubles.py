"""Doubles among customers: found by what they share, merged whole, and taken apart again exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from care_data import enter, opened_office
from customer_data import AT
from office import contents

from console.errors import ConflictError, NotAllowedError, NotFoundError
from console.rules.customer_doubles import Traits, address_likeness, name_likeness, same_phone, verdict
from console.services import audit, contacts, customer_duplicates, customer_merges, customers, person_exports, privacy
from console.services.contacts import NewContact
from console.storage.engine import Store

CUSTOMERS: tuple[dict[str, Any], ...] = (
    {"number": "1", "name": "曾国强", "phone": "138 0013 8000", "address": "临澜市江北区人民路7号"},
    {"number": "2", "name": "曾國強", "phone": "+86 13800138000", "region": "north"},
    {"number": "3", "name": "曾太太", "phone": "13800138000", "address": "临澜市江北区人民路7号"},
    {"number": "4", "name": "Müller, Zoë", "email": "zoe@example.org", "identity": "X1234567"},
    {"number": "5", "name": "Zoe Muller", "email": "ZOE@example.org", "identity": "Y7654321"},
    {"number": "6", "name": "Zoe Muller", "email": "zoe@example.org"},
    {"number": "7", "name": "Old Ltd", "identity": "913100001"},
    {"number": "8", "name": "New Company", "identity": "91310000 1"},
)
ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"number": "A-2", "customer": "2", "address": "临澜市江北区人民路7号"},
    {"number": "A-1", "customer": "1", "address": "临澜市高新区科技大道9号"},
)


@pytest.fixture
def office(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    opened_office(store, tmp_path)
    enter(store, CUSTOMERS, ACCOUNTS)
    return store


def pairs(store: Store, text: str = "") -> dict[tuple[str, str], tuple[float, tuple[str, ...]]]:
    report = customer_duplicates.duplicates(store, text)
    return {(double.one.number, double.other.number): (double.score, double.reasons) for double in report.doubles}


def test_pairs_are_proposed_with_their_reasons_and_nothing_is_opened(office: Store) -> None:
    found = pairs(office)
    assert found == {
        ("1", "2"): (0.70, ("same_name", "same_phone")),
        ("4", "6"): (0.65, ("same_name", "same_email")),
        ("5", "6"): (0.65, ("same_name", "same_email")),
        # 0.6 for the identity number alone; another name does not speak against it, companies change theirs.
        ("7", "8"): (0.60, ("same_identity",)),
    }
    assert office.safe.opened == 0


def test_a_filter_asks_for_pairs_of_some_customers(office: Store) -> None:
    assert set(pairs(office, "region:north")) == {("1", "2")}
    assert pairs(office, "region:south") == {}


def test_families_are_not_doubles() -> None:
    home = ("d1", "d2", "d3")
    parent, child = Traits("wang wei", ("p",) * 8, address=home), Traits("li na", ("p",) * 8, address=home)
    assert verdict(parent, child).score == 0


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (("a", "b", "c", "d", "e"), ("x", "a", "b", "c", "d", "e"), True),
        (("a", "b", "c", "d"), ("x", "a", "b", "c", "d"), False),
        (("a", "b", "c", "d"), ("a", "b", "c", "d"), True),
        (("a", "b", "c", "d", "e"), ("a", "b", "c", "d", "e", "x"), False),
        ((), (), False),
    ],
)
def test_telephones_are_compared_from_their_end(one: tuple[str, ...], other: tuple[str, ...], is_same: bool) -> None:
    assert same_phone(one, other) is same_phone(other, one) is is_same


def test_likeness_by_hand() -> None:
    # jo oh hn and jo on: one pair of three and two in common, 2·1/5.
    assert name_likeness("john", "jon") == pytest.approx(0.4)
    assert name_likeness("night", "nacht") == pytest.approx(0.25)
    assert name_likeness("", "") == 0
    assert address_likeness(["a", "b", "c"], ["b", "c", "d"]) == pytest.approx(0.5)


def test_who_is_said_to_be_two_is_not_proposed_again(office: Store) -> None:
    customer_duplicates.say_distinct(office, "2", "1", "an", "father and son")
    assert ("1", "2") not in pairs(office)
    with pytest.raises(ConflictError):
        customer_duplicates.say_distinct(office, "1", "1", "an")
    with pytest.raises(NotFoundError):
        customer_duplicates.say_distinct(office, "1", "99", "an")


def test_a_merge_moves_all_and_its_undo_brings_all_back(office: Store) -> None:
    contacts.log(office, NewContact("2", "called about the meter", at=AT), "an")
    before = contents(office)
    row = customer_merges.merge(office, "2", "1", "lin", "same person")
    assert (row.merged, row.into, dict(row.moved)) == ("2", "1", {"contacts": 1, "service_accounts": 1})
    detail = customers.detail_of_number(office, "1")
    assert [account.number for account in detail.accounts] == ["A-1", "A-2"]
    assert detail.row.region == "north"
    assert [found.number for found in customers.find(office, "138")] == []
    assert [found.number for found in customers.find(office, "8000")] == ["1", "3"]
    assert [found.number for found in customers.find(office, "2")] == ["1"]
    assert ("1", "2") not in pairs(office)
    assert customer_merges.unmerge(office, "2", "lin").undone_by == "lin"
    assert same_but_for_versions(before, contents(office))
    document = person_exports.export_person(office, "2", "lin")["payload"]
    assert document["customer"]["phone"] == "+86 13800138000"
    assert [account["address"] for account in document["accounts"]] == ["临澜市江北区人民路7号"]


def same_but_for_versions(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> bool:
    """Whether two states differ in nothing but the record, the merge itself, versions, and newly sealed forms of a value."""
    new = {"audit_entries", "customer_merges", "customer_keys", "master_keys", "account_secrets", "customer_secrets"}

    def plain(rows: list[Any], name: str) -> list[Any]:
        # The version is the last column of both tables.
        return [row[:-1] if name in ("customers", "service_accounts") else row for row in rows]

    assert {name for name in before if before[name] and name not in new} >= {
        "customers",
        "service_accounts",
        "contacts",
    }
    return all(plain(before[name], name) == plain(after[name], name) for name in before if name not in new)


def test_what_stands_once_stays_or_holds_of_both(office: Store) -> None:
    from sqlalchemy import insert, select

    from console.models import SurveyRefusal
    from console.models.base import table_of

    refusals = table_of(SurveyRefusal)
    with office.reading() as connection:
        numbers = select(customers.CUSTOMERS.c.number, customers.CUSTOMERS.c.id)
        ids: dict[str, int] = dict(connection.execute(numbers).all())
    empty = {column.name: "an" for column in refusals.columns if column.name not in ("customer_id", "at")}
    with office.writing("an") as work:
        work.connection.execute(insert(refusals).values(customer_id=ids["1"], at=AT, **empty))
        work.record("refuse", "customer", "1")

    def refused() -> list[int]:
        with office.reading() as connection:
            return sorted(connection.execute(select(refusals.c.customer_id)).scalars())

    customer_merges.merge(office, "1", "2", "lin")
    assert refused() == sorted([ids["1"], ids["2"]])
    customer_merges.unmerge(office, "1", "lin")
    assert refused() == [ids["1"]]


def test_sealed_values_that_the_other_lacks_go_along_and_come_back(office: Store) -> None:
    customer_merges.merge(office, "4", "6", "lin")
    assert privacy.reveal(office, "6", "identity", "check", "an") == "X1234567"
    reveals = [row for row in audit.log(office, limit=1000) if row.action == "reveal"]
    assert office.safe.opened == len(reveals) == 2
    customer_merges.unmerge(office, "4", "lin")
    with pytest.raises(NotFoundError, match="no identity"):
        privacy.reveal(office, "6", "identity", "check", "an")
    assert privacy.reveal(office, "4", "identity", "check", "an") == "X1234567"


def test_merges_are_taken_back_in_their_order(office: Store) -> None:
    customer_merges.merge(office, "1", "2", "lin")
    customer_merges.merge(office, "2", "3", "lin")
    assert [account.number for account in customers.detail_of_number(office, "3").accounts] == ["A-1", "A-2"]
    assert [found.number for found in customers.find(office, "A-1")] == ["3"]
    with pytest.raises(ConflictError, match="since"):
        customer_merges.unmerge(office, "1", "lin")
    customer_merges.unmerge(office, "2", "lin")
    customer_merges.unmerge(office, "1", "lin")
    assert [account.number for account in customers.detail_of_number(office, "1").accounts] == ["A-1"]
    with pytest.raises(ConflictError, match="not merged"):
        customer_merges.unmerge(office, "1", "lin")


@pytest.mark.parametrize(
    ("number", "into", "actor", "error", "said"),
    [
        ("1", "1", "lin", ConflictError, "one customer"),
        ("1", "99", "lin", NotFoundError, "99"),
        ("99", "1", "lin", NotFoundError, "99"),
        ("1", "2", "an", NotAllowedError, "agent"),
        ("5", "1", "lin", NotFoundError, "erased"),
        ("1", "5", "lin", NotFoundError, "erased"),
    ],
)
def test_merges_that_cannot_be_change_nothing(
    office: Store, number: str, into: str, actor: str, error: type[Exception], said: str
) -> None:
    privacy.erase(office, "5", "asked for", "lin")
    before = contents(office)
    with pytest.raises(error, match=said):
        customer_merges.merge(office, number, into, actor)
    assert contents(office) == before


def test_a_merged_customer_is_not_merged_again_and_contacts_reach_the_other(office: Store) -> None:
    customer_merges.merge(office, "1", "2", "lin")
    with pytest.raises(ConflictError, match="already"):
        customer_merges.merge(office, "1", "3", "lin")
    with pytest.raises(ConflictError, match="one customer"):
        customer_merges.merge(office, "2", "1", "lin")
    assert contacts.log(office, NewContact("1", "hello", at=AT), "an").customer == "2"


def test_erasing_a_customer_erases_his_doubles(office: Store) -> None:
    customer_merges.merge(office, "1", "2", "lin")
    privacy.erase(office, "2", "asked for", "lin")
    assert [found.number for found in customers.find(office, "8000")] == ["3"]
    with pytest.raises(NotFoundError, match="erased"):
        privacy.reveal(office, "1", "phone", "check", "an")
