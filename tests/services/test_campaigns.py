"""Campaigns: who is chosen and who is left in peace, and how each contact ends."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from care_data import enter, opened_office
from office import contents

from console import clock
from console.errors import ConflictError, NotAllowedError, NotFoundError, UsageError
from console.rules.filters import FilterError
from console.services import campaigns, contacts, privacy
from console.services.contacts import NewContact
from console.storage.engine import Store

CUSTOMERS: tuple[dict[str, Any], ...] = tuple(
    {"number": str(number), "name": f"Customer {number}", "phone": f"1380013800{number}" if number != 4 else ""}
    for number in range(1, 7)
)


@pytest.fixture
def office(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    opened_office(store, tmp_path)
    enter(store, CUSTOMERS)
    return store


def greeted(store: Store, number: str, days_ago: int, **further: Any) -> None:
    at = clock.now() - timedelta(days=days_ago)
    contacts.log(store, NewContact(number, "greeting", purpose="care", at=at, **further), "an")


def listed(store: Store, number: str, state: str = "planned") -> str:
    return "".join(row.customer for row in campaigns.calls(store, number, state=state))


def test_who_was_contacted_lately_or_cannot_be_reached_is_left_out(office: Store) -> None:
    greeted(office, "1", 89)
    greeted(office, "2", 91)
    greeted(office, "3", 5, outcome="not_reached")
    greeted(office, "5", 5, direction="in")
    contacts.log(office, NewContact("6", "called back", purpose="callback", at=clock.now()), "an")
    row = campaigns.new(office, "Mid-autumn greetings", "sort:number", "lin", script="Happy mid-autumn!")
    assert (row.number, row.customers, dict(row.left_out)) == (
        "CP-0001",
        4,
        {"unreachable": 1, "rested": 1, "elsewhere": 0},
    )
    assert listed(office, "cp-0001") == "2356"


def test_the_rest_may_be_another_or_none(office: Store) -> None:
    greeted(office, "1", 5)
    campaigns.new(office, "First", "number:1,2", "lin", rest_days=0)
    # 1 and 2 are on a list already, which counts unless there is no rest at all.
    row = campaigns.new(office, "Second", "number:1,2,3", "lin", rest_days=3)
    assert (row.customers, dict(row.left_out)["elsewhere"]) == (1, 2)
    assert campaigns.new(office, "Third", "number:1,2,3", "lin", rest_days=0).customers == 3


def test_each_contact_ends_and_stands_in_the_log(office: Store) -> None:
    campaigns.new(office, "Greetings", "number:1,2,3,5", "lin")
    call = campaigns.record(office, "CP-0001", "1", "reached", "an", content="thanks", cost_minor=150, currency="CNY")
    assert (call.state, call.outcome, call.content, call.actor) == ("done", "reached", "thanks", "an")
    campaigns.record(office, "CP-0001", "2", "refused", "an")
    campaigns.record(office, "CP-0001", "3", "wrong_number", "an")
    for attempt in (1, 2, 3):
        row = campaigns.record(office, "CP-0001", "5", "not_reached", "an")
        assert (row.attempts, row.state) == (attempt, "planned" if attempt < 3 else "dropped")
    progress = campaigns.campaign(office, "CP-0001")
    assert (progress.planned, progress.done, progress.dropped, progress.reached, progress.refused) == (0, 2, 2, 1, 1)
    logged = contacts.contacts(office, purpose="care")
    assert len(logged) == 6
    assert [(item.cost_minor, item.outcome) for item in logged if item.customer == "1"] == [(150, "reached")]
    with pytest.raises(ConflictError, match="already, by an"):
        campaigns.record(office, "CP-0001", "1", "reached", "an")


def test_who_was_contacted_otherwise_since_is_not_offered(office: Store) -> None:
    campaigns.new(office, "Greetings", "number:1,2,3", "lin")
    contacts.log(office, NewContact("1", "visited", purpose="visit", channel="visit", at=clock.now()), "an")
    privacy.erase(office, "3", "asked for", "lin")
    assert listed(office, "CP-0001") == "2"
    assert listed(office, "CP-0001", "all") == "123"


def test_a_closed_campaign_gives_up_the_rest(office: Store) -> None:
    campaigns.new(office, "Greetings", "number:1,2", "lin")
    campaigns.record(office, "CP-0001", "1", "reached", "an")
    row = campaigns.close(office, "CP-0001", "lin")
    assert (row.state, row.done, row.dropped, row.closed_at is not None) == ("closed", 1, 1, True)
    assert campaigns.campaigns(office) == []
    assert [item.number for item in campaigns.campaigns(office, is_all=True)] == ["CP-0001"]
    for again in (
        lambda: campaigns.close(office, "CP-0001", "lin"),
        lambda: campaigns.record(office, "CP-0001", "2", "reached", "an"),
    ):
        with pytest.raises(ConflictError, match="closed"):
            again()
    # The list that is closed holds nobody back.
    assert dict(campaigns.new(office, "Next", "number:2", "lin").left_out)["elsewhere"] == 0


@pytest.mark.parametrize(
    ("title", "text", "actor", "further", "error"),
    [
        ("", "number:1", "lin", {}, UsageError),
        ("x", "nombre:1", "lin", {}, FilterError),
        ("x", "number:99", "lin", {}, UsageError),
        ("x", "number:4", "lin", {}, UsageError),
        ("x", "segment:none-such", "lin", {}, UsageError),
        ("x", "number:1", "lin", {"purpose": "gossip"}, UsageError),
        ("x", "number:1", "lin", {"channel": "pigeon"}, UsageError),
        ("x", "number:1", "lin", {"rest_days": -1}, UsageError),
        ("x", "number:1", "an", {}, NotAllowedError),
    ],
)
def test_campaigns_that_cannot_be_begin_nothing(
    office: Store, title: str, text: str, actor: str, further: dict[str, Any], error: type[Exception]
) -> None:
    before = contents(office)
    with pytest.raises(error):
        campaigns.new(office, title, text, actor, **further)
    assert contents(office) == before


def test_outcomes_that_cannot_be_are_refused(office: Store) -> None:
    campaigns.new(office, "Greetings", "number:1", "lin")
    before = contents(office)
    for number, customer, outcome, actor, error in (
        ("CP-0002", "1", "reached", "an", NotFoundError),
        ("CP-0001", "2", "reached", "an", NotFoundError),
        ("CP-0001", "99", "reached", "an", NotFoundError),
        ("CP-0001", "1", "happy", "an", UsageError),
        ("CP-0001", "1", "reached", "ana", NotAllowedError),
    ):
        with pytest.raises(error):
            campaigns.record(office, number, customer, outcome, actor)
    assert contents(office) == before
