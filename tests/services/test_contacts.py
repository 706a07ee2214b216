"""The contact log: written once, true to the customer, emptied when he is erased."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from customer_data import AT, fill
from office import START, contents, done, furnish, received

from console.errors import ConflictError, NotAllowedError, NotFoundError, UsageError
from console.services import audit, contacts, person_exports, privacy
from console.services.contacts import NewContact
from console.storage.engine import Store
from console.storage.keys import new_key, write_keys


@pytest.fixture
def office(store: Store) -> Store:
    furnish(store)
    return store


def test_a_contact_is_written_with_all_that_is_known_of_it(office: Store) -> None:
    row = contacts.log(
        office,
        NewContact(
            "K-1",
            "读表时间约在周五\x1b[31m",
            channel="visit",
            purpose="visit",
            outcome="reached",
            place="客户家中",
            cost_minor=1250,
            currency="cny",
            account="A-1",
            at=START,
        ),
        "an",
    )
    assert (row.customer, row.account, row.who, row.cost_minor, row.currency) == ("K-1", "A-1", "an", 1250, "CNY")
    assert "\x1b" not in row.content
    assert row.content.startswith("读表时间约在周五")
    assert contacts.contacts(office, customer="K-1") == [row]
    (entry, *_) = audit.log(office, object_number="K-1")
    assert (entry.action, entry.actor) == ("contact", "an")
    assert "周五" not in entry.detail


def test_the_log_is_newest_first_and_holds_what_cases_tell(office: Store) -> None:
    case = received(office)
    done(office, "contact", case, "an", START + timedelta(hours=2), note="we called", direction="out", channel="sms")
    contacts.log(office, NewContact("K-1", "earlier", at=START + timedelta(hours=1), purpose="care"), "an")
    contacts.log(office, NewContact("K-2", "another's", at=START + timedelta(hours=3)), "an")
    rows = contacts.contacts(office, customer="K-1")
    assert [(row.content, row.case, row.direction, row.channel) for row in rows] == [
        ("we called", case.reference, "out", "sms"),
        ("earlier", "", "out", "telephone"),
    ]
    assert [row.customer for row in contacts.contacts(office)] == ["K-2", "K-1", "K-1"]
    assert [row.content for row in contacts.contacts(office, purpose="care")] == ["earlier"]
    between = contacts.contacts(office, since=START + timedelta(hours=1), until=START + timedelta(hours=2))
    assert [row.content for row in between] == ["earlier"]


def test_under_a_key_a_contact_is_written_once(office: Store) -> None:
    first = contacts.log(office, NewContact("K-1", "once", at=START), "an", "call-17")
    assert contacts.log(office, NewContact("K-1", "once", at=START), "an", "call-17") == first
    assert len(contacts.contacts(office)) == 1
    with pytest.raises(ConflictError, match="another contact"):
        contacts.log(office, NewContact("K-2", "once", at=START), "an", "call-17")


@pytest.mark.parametrize(
    ("new", "actor", "error", "said"),
    [
        (NewContact("K-9"), "an", NotFoundError, "K-9"),
        (NewContact("K-1", channel="phone"), "an", UsageError, "channel"),
        (NewContact("K-1", direction=""), "an", UsageError, "empty"),
        (NewContact("K-1", purpose="caer"), "an", UsageError, "caer"),
        (NewContact("K-1", outcome="gone"), "an", UsageError, "outcome"),
        (NewContact("K-1", cost_minor=5), "an", UsageError, "currency"),
        (NewContact("K-1", cost_minor=-1, currency="CNY"), "an", UsageError, "cost"),
        (NewContact("K-1", cost_minor=1, currency="元"), "an", UsageError, "currency"),
        (NewContact("K-1", "x" * 20_001), "an", UsageError, "20,001"),
        (NewContact("K-1", account="A-2"), "an", ConflictError, "A-2"),
        (NewContact("K-1", account="A-9"), "an", NotFoundError, "A-9"),
        (NewContact("K-1", case="C-999999"), "an", NotFoundError, "C-999999"),
        (NewContact("K-1"), "ana", NotAllowedError, "analyst"),
        (NewContact("K-1"), "nobody", NotAllowedError, "nobody"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_written(
    office: Store, new: NewContact, actor: str, error: type[Exception], said: str
) -> None:
    before = contents(office)
    with pytest.raises(error, match=said):
        contacts.log(office, new, actor)
    assert contents(office) == before


def test_a_contact_that_lies_ahead_has_not_happened(office: Store) -> None:
    from console import clock

    with pytest.raises(UsageError, match="ahead"):
        contacts.log(office, NewContact("K-1", at=clock.now() + timedelta(days=1)), "an")


def test_erasing_empties_contacts_and_the_export_holds_them(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    key = f"file:{tmp_path / 'outside' / 'master.key'}"
    write_keys(key, [new_key()])
    store.safe.location = key
    fill(store)
    contacts.log(store, NewContact("0001", "born on the 3rd", place="Hill Road 7", at=AT), "an")
    document = person_exports.export_person(store, "0001", "lin")
    assert [item["content"] for item in document["payload"]["contacts"]] == ["born on the 3rd"]
    privacy.erase(store, "0001", "asked for", "lin")
    (row,) = contacts.contacts(store)
    assert (row.content, row.place, row.at) == ("", "", AT)
    with pytest.raises(NotFoundError, match="erased"):
        contacts.log(store, NewContact("0001"), "an")
