"""What a person is given of himself: all of it, with what care wrote down, and the dossiers merged into his."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from care_data import enter, opened_office
from sqlalchemy import insert, select

from console.models import AnswerText, ImportBatch, Indicator, RefusedRow, Response, ResponseChange, Survey
from console.models.base import table_of
from console.services import (
    audit,
    campaigns,
    contacts,
    customer_merges,
    dossiers,
    managers,
    person_exports,
    points,
    privacy,
    segments,
    standings,
    visits,
)
from console.services.customer_duplicates import DISTINCT, say_distinct
from console.services.customer_records import CUSTOMERS as CUSTOMER_TABLE
from console.services.forgetting import MERGES
from console.storage.engine import Store

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CUSTOMERS: tuple[dict[str, Any], ...] = (
    {"number": "1", "name": "曾国强", "phone": "13800138000", "region": "north"},
    {"number": "2", "name": "曾國強", "email": "zeng@example.org", "bank": "6222020200112233445"},
    {"number": "3", "name": "Zoe"},
)
ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"number": "A-1", "customer": "1", "meter_number": "M-1", "address": "人民路7号"},
    {"number": "A-2", "customer": "2", "meter_number": "M-2", "address": "人民路9号"},
)


@pytest.fixture
def office(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("OMBUD_ERASURES", str(tmp_path / "outside" / "erasures.jsonl"))
    opened_office(store, tmp_path)
    enter(store, CUSTOMERS, ACCOUNTS)
    return store


def _cared_for(store: Store) -> None:
    """Let care do with the first customer all that it does, and merge the second into him."""
    points.add(store, "1", 50, "ten years with us", "lin")
    managers.appoint(store, "an", "lin", customer="1", from_on=date(2026, 1, 5))
    managers.appoint(store, "lin", "lin", region="north", from_on=date(2026, 1, 5))
    visits.made(store, "1", "an", content="all well", at=AT)
    segments.save(store, "northern", "region:north", "lin")
    campaigns.new(store, "Greetings", "number:1", "lin", rest_days=0)
    standings.refresh(store, "root")
    customer_merges.merge(store, "2", "1", "lin", "the same person")


def _answered(store: Store) -> None:
    """Let the first customer answer a survey, with an open answer that an import has changed."""
    with store.writing("root") as work:
        connection = work.connection
        survey = connection.execute(
            insert(table_of(Survey)).values(code="S", title="Survey").returning(table_of(Survey).c.id)
        ).scalar_one()
        indicator = connection.execute(
            insert(table_of(Indicator))
            .values(survey_id=survey, code="why", label="Why?", kind="text")
            .returning(table_of(Indicator).c.id)
        ).scalar_one()
        customer = connection.execute(select(CUSTOMER_TABLE.c.id).where(CUSTOMER_TABLE.c.number == "1")).scalar_one()
        response = connection.execute(
            insert(table_of(Response))
            .values(survey_id=survey, number="R1", customer_id=customer, answered_at=AT)
            .returning(table_of(Response).c.id)
        ).scalar_one()
        connection.execute(
            insert(table_of(AnswerText)).values(
                response_id=response, indicator_id=indicator, content="the man was friendly"
            )
        )
        batch = connection.execute(
            insert(table_of(ImportBatch))
            .values(kind="responses", profile="x", file_name="x.csv", actor="root", started_at=AT)
            .returning(table_of(ImportBatch).c.id)
        ).scalar_one()
        said = json.dumps({"texts": {"why": "the man was rude"}})
        connection.execute(
            insert(table_of(ResponseChange)).values(response_id=response, batch_id=batch, before=said, after=said)
        )
        for content in (
            json.dumps({"number": "1", "name": "someone"}),
            json.dumps({"客户": "曾国强", "phone": "x"}, ensure_ascii=False),
            json.dumps({"account": "A-2"}),
            json.dumps({"meter": ["M-1"]}),
            '{"name": "曾国强", "no',
            json.dumps({"number": "3", "name": "Zoe"}),
            json.dumps({"number": "11", "name": "曾国强的邻居"}),
        ):
            connection.execute(
                insert(table_of(RefusedRow)).values(batch_id=batch, line=2, reason="refused", content=content)
            )
        work.record("fill", "database", "answers")


def test_all_that_is_kept_is_given(office: Store) -> None:
    _cared_for(office)
    _answered(office)
    opened, before = office.safe.opened, len([row for row in audit.log(office, limit=1000) if row.action == "reveal"])
    document = person_exports.export_person(office, "1", "lin")
    payload = document["payload"]
    assert [(item["points"], item["reason"]) for item in payload["points"]] == [(50, "ten years with us")]
    assert [item["login"] for item in payload["managers"]] == ["an"]
    assert [item["title"] for item in payload["campaigns"]] == ["Greetings"]
    assert [(item["purpose"], item["content"]) for item in payload["contacts"]] == [("visit", "all well")]
    assert payload["standing"]["stage"]
    assert payload["segments"] == ["northern"]
    assert [item["text"] for item in payload["answers"]] == ["the man was friendly"]
    (double,) = payload["merged"]
    assert (double["number"], double["name"], double["reason"]) == ("2", "曾國強", "the same person")
    assert (double["email"], double["bank"]) == ("zeng@example.org", "6222020200112233445")
    assert {account["address"] for account in payload["accounts"]} == {"人民路7号", "人民路9号"}
    revealed = [row for row in audit.log(office, limit=1000) if row.action == "reveal"]
    # His telephone, and e-mail and bank account that came with the merge; the same two of the double; two addresses.
    assert office.safe.opened - opened == len(revealed) - before == 7
    assert person_exports.verify_export(office, document) == "1"


def test_the_dossier_tells_what_care_holds(office: Store) -> None:
    _cared_for(office)
    found = dossiers.dossier_of_number(office, "1")
    assert found.manager == "an"
    assert [(post.login, post.region) for post in found.managers] == [("an", ""), ("lin", "north")]
    assert (found.totals.points, found.totals.managers, found.totals.campaigns, found.totals.merged) == (50, 2, 1, 1)
    assert found.standing is not None
    assert found.segments == ("northern",)
    assert [(double.number, double.reason) for double in found.merged] == [("2", "the same person")]
    record = dossiers.record_of(found)
    assert json.loads(json.dumps(record, default=str))["merged"][0]["number"] == "2"
    assert "id" not in record["managers"][0]


def test_nobody_is_named_in_notes_after_he_was_erased(office: Store) -> None:
    say_distinct(office, "1", "3", "lin", "曾国强 is not Zoe")
    _cared_for(office)
    _answered(office)
    privacy.erase(office, "1", "asked", "lin")
    with office.reading() as connection:
        kept = list(
            connection.execute(select(table_of(RefusedRow).c.content).order_by(table_of(RefusedRow).c.id)).scalars()
        )
        assert kept[:5] == [""] * 5
        assert [json.loads(content)["number"] for content in kept[5:]] == ["3", "11"]
        assert connection.execute(select(table_of(ResponseChange).c.id)).first() is None
        assert connection.execute(select(table_of(AnswerText).c.content)).first() is None
        assert connection.execute(select(MERGES.c.reason, MERGES.c.before)).all() == [("", "{}")]
        assert connection.execute(select(DISTINCT.c.reason)).scalars().all() == [""]
    assert contacts.contacts(office, customer="3") == []
