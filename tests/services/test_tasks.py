"""Remedies are seen to have happened, and corrective actions are judged by the complaints of their cause."""

from __future__ import annotations

from dataclasses import replace

import pytest
from office import COMPLAINT, after, furnish
from sqlalchemy import update

from console.errors import NotAllowedError, NotFoundError, OmbudError, UsageError
from console.models import CaseText
from console.models.base import table_of
from console.services import tasks
from console.services.handling import perform
from console.services.intake import take_in
from console.storage.engine import Store

TEXTS = table_of(CaseText)


@pytest.fixture
def office(store: Store) -> Store:
    """An office with one complaint on which a refund was promised, to be paid by Bo."""
    furnish(store)
    taken = take_in(store, COMPLAINT, actor="root", now=after())
    given = {"remedy": "refund", "amount": "12.50", "currency": "cny", "owner": "bo", "due_on": "2026-03-10"}
    assert perform(store, "remedy", [taken.id], given, actor="root", now=after(hours=1)).done
    return store


def test_a_remedy_is_done_by_one_and_checked_by_another(office: Store) -> None:
    (promised,) = tasks.remedies(office, state="open")
    assert (promised.kind, promised.amount_minor, promised.currency, promised.owner) == ("refund", 1250, "CNY", "bo")
    assert tasks.settle_remedy(office, promised.number, "done", actor="bo").state == "done"
    with pytest.raises(NotAllowedError):
        tasks.settle_remedy(office, promised.number, "checked", actor="bo")
    checked = tasks.settle_remedy(office, promised.number, "checked", actor="ma", note="paid on the 9th")
    assert (checked.state, checked.checked_by) == ("checked", "ma")
    assert tasks.remedies(office, state="open") == ()


def test_a_step_out_of_order_is_refused_and_changes_nothing(office: Store) -> None:
    (promised,) = tasks.remedies(office)
    with pytest.raises(OmbudError, match="it cannot become checked"):
        tasks.settle_remedy(office, promised.number, "checked", actor="ma")
    with pytest.raises(UsageError, match="for a reason"):
        tasks.settle_remedy(office, promised.number, "cancelled", actor="ma")
    with pytest.raises(NotFoundError):
        tasks.settle_remedy(office, 999, "done", actor="ma")
    assert tasks.remedies(office) == (promised,)


def test_the_effect_of_a_corrective_action_is_measured_on_its_cause(office: Store) -> None:
    before = [
        take_in(office, replace(COMPLAINT, subject=f"账单 {day}"), actor="root", now=after(days=day))
        for day in range(8)
    ]
    given = {"measures": "check every reading", "owner": "bo", "due_on": "2026-04-01", "cause": "wrong reading"}
    assert perform(office, "rectify", [taken.id for taken in before], given, actor="root", now=after(days=9)).done
    (action,) = tasks.actions(office)
    assert action.cases == 8
    with pytest.raises(OmbudError, match="not done yet"):
        tasks.effect_of(office, action.number)
    tasks.finish_action(office, action.number, evidence="audit of 200 readings", actor="bo", now=after(days=10))
    later = [
        take_in(office, replace(COMPLAINT, subject=f"后来 {day}"), actor="root", now=after(days=11 + day))
        for day in range(8)
    ]
    with office.writing("root") as work:
        work.connection.execute(update(TEXTS).where(TEXTS.c.case_id == later[0].id).values(cause="wrong reading"))
        work.record("test", "case", later[0].reference)
    effect = tasks.effect_of(office, action.number, days=30, now=after(days=40))
    assert (effect.before, effect.all_before, effect.after, effect.all_after) == (8, 9, 1, 8)
    assert effect.change is not None
    assert effect.change.value == pytest.approx(1 / 8 - 8 / 9)
    assert effect.change.p < 0.01
    with pytest.raises(OmbudError, match="done already"):
        tasks.finish_action(office, action.number, evidence="again", actor="bo")
