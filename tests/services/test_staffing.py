"""Who works here: only administrators say so, one of them always stays, and it is on the record."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import select

from console.errors import ConflictError, NotAllowedError, NotFoundError, OmbudError, UsageError
from console.models import AuditEntry
from console.models.base import table_of
from console.services import staffing
from console.services.access import caller
from console.services.setup import initialise
from console.storage.engine import Store

ENTRIES = table_of(AuditEntry)
ME = caller().login


@pytest.fixture
def house(store: Store, database_url: str) -> Store:
    """A database with the default policy and its first administrator."""
    initialise(database_url)
    return store


def test_a_member_is_added_changed_disabled_and_enabled_on_the_record(house: Store) -> None:
    facts = {"name": "Li\u202eNa", "role": "agent", "department": "marketing", "skills": "inspection, solar,inspection"}
    added = staffing.add(house, "li", facts, actor=ME)
    assert (added.role, added.department, added.skills) == ("agent", "marketing", "inspection, solar")
    assert "\u202e" not in added.name
    assert staffing.change(house, "li", {"role": "lead"}, actor=ME).role == "lead"
    assert staffing.change(house, "li", {"role": "lead"}, actor=ME).role == "lead"
    assert not staffing.disable(house, "li", actor=ME).is_active
    assert [member.login for member in staffing.members(house)] == [ME]
    assert staffing.enable(house, "li", actor=ME).is_active
    with house.reading() as connection:
        rows = connection.execute(
            select(ENTRIES.c.action, ENTRIES.c.detail).where(ENTRIES.c.object_number == "li").order_by(ENTRIES.c.id)
        ).all()
    assert [row.action for row in rows] == ["add staff", "change staff", "disable staff", "enable staff"]
    assert json.loads(rows[1].detail) == {"role": "lead"}


def test_wrong_words_are_refused_and_change_nothing(house: Store) -> None:
    staffing.add(house, "li", {}, actor=ME)
    with pytest.raises(ConflictError):
        staffing.add(house, "li", {}, actor=ME)
    with pytest.raises(UsageError):
        staffing.add(house, "two words", {}, actor=ME)
    with pytest.raises(UsageError):
        staffing.add(house, "x" * 65, {}, actor=ME)
    with pytest.raises(UsageError, match="Did you mean marketing"):
        staffing.change(house, "li", {"department": "marketting"}, actor=ME)
    with pytest.raises(NotFoundError, match="Did you mean li"):
        staffing.change(house, "lii", {"role": "lead"}, actor=ME)
    assert staffing.member(house, "li").role == "agent"


def test_only_an_administrator_may(house: Store) -> None:
    staffing.add(house, "lead", {"role": "lead"}, actor=ME)
    with pytest.raises(NotAllowedError):
        staffing.add(house, "friend", {}, actor="lead")
    with pytest.raises(NotAllowedError):
        staffing.change(house, "lead", {"role": "administrator"}, actor="lead")
    with pytest.raises(NotAllowedError):
        staffing.disable(house, ME, actor="lead")
    with pytest.raises(NotAllowedError):
        staffing.enable(house, ME, actor="stranger")


def test_two_administrators_who_disable_each_other_leave_one(house: Store) -> None:
    staffing.add(house, "other", {"role": "administrator"}, actor=ME)
    refused: list[OmbudError] = []

    def act(actor: str, login: str) -> None:
        try:
            staffing.disable(house, login, actor=actor)
        except OmbudError as error:
            refused.append(error)

    threads = [threading.Thread(target=act, args=pair) for pair in ((ME, "other"), ("other", ME))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert len(staffing.members(house)) == 1
