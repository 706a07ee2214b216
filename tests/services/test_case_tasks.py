"""Tasks that promises make: the ombudsman's letter (T2) and the payments for what came late (T9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from office import WHOLE, contents, done, furnish

from console.errors import NotAllowedError, NotFoundError, OmbudError, UsageError
from console.services import case_tasks, cases
from console.services.handling import perform
from console.services.intake import NewCase, Taken, take_in
from console.services.policy_changes import recompute_open
from console.services.undoing import undo
from console.storage.engine import Store

JANUARY = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
EIGHT_WEEKS = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def complaint(store: Store, at: datetime = JANUARY, kind: str = "complaint") -> Taken:
    """Take a case in with all that an intake may want."""
    new = NewCase("The bill is wrong", kind=kind, category="billing", customer="K-1", account="A-1", details=WHOLE)
    return take_in(store, new, actor="root", now=at)


def made(store: Store, at: datetime) -> list[tuple[str, str, str]]:
    """Make the tasks due at a moment."""
    found = case_tasks.make_due(store, actor="root", now=at)
    return [(task.kind, task.rule, str(task.due_on)) for task in found]


@pytest.fixture
def energy(store: Store) -> Store:
    """An office under the policy of energy supply in Great Britain."""
    furnish(store, "gb-energy")
    return store


@pytest.fixture
def water(store: Store) -> Store:
    """An office under the policy of water supply in England and Wales."""
    furnish(store, "ew-water")
    return store


def test_a_complaint_open_at_eight_weeks_asks_for_the_ombudsmans_letter_once(energy: Store) -> None:
    """T2."""
    case = complaint(energy)
    complaint(energy, kind="inquiry")
    assert made(energy, datetime(2026, 3, 1, 23, 59, tzinfo=UTC)) == []
    before = contents(energy)
    would = case_tasks.make_due(energy, actor="root", now=EIGHT_WEEKS, is_dry_run=True)
    assert [task.kind for task in would] == ["letter"]
    assert contents(energy) == before
    assert made(energy, datetime(2026, 3, 2, 0, 0, tzinfo=UTC)) == [("letter", "ombudsman letter", "2026-03-02")]
    assert made(energy, EIGHT_WEEKS + timedelta(days=30)) == []
    (task,) = case_tasks.tasks(energy, state="open")
    assert (task.case, task.clock, task.due_on, task.amount_minor) == (
        case.reference,
        "ombudsman",
        date(2026, 3, 2),
        None,
    )
    assert [item.rule for item in cases.detail(energy, case.id).tasks] == ["ombudsman letter"]


def test_no_letter_where_the_complaint_was_closed_before(energy: Store) -> None:
    case = complaint(energy)
    done(energy, "withdraw", case, "root", JANUARY + timedelta(days=3), reason="settled")
    assert made(energy, EIGHT_WEEKS) == []


def test_undoing_what_closed_a_complaint_makes_its_letter_due_again(energy: Store) -> None:
    case = complaint(energy)
    closing = done(energy, "withdraw", case, "root", JANUARY + timedelta(days=3), reason="settled")
    assert closing.operation is not None
    undo(energy, closing.operation, actor="root", now=EIGHT_WEEKS + timedelta(days=1))
    assert [task.kind for task in case_tasks.tasks(energy, state="open")] == ["letter"]
    assert made(energy, EIGHT_WEEKS + timedelta(days=1)) == []


def answered(store: Store, case: Taken, at: datetime) -> int:
    """Sort and answer a complaint; return the operation of the answer."""
    perform(store, "triage", [case.id], {"severity": "1"}, actor="root", now=at - timedelta(minutes=1))
    report = done(store, "reply", case, "root", at, reply="Corrected.", outcome="solved", measures="refund")
    assert report.operation is not None
    return report.operation


def test_a_late_reply_is_paid_for(water: Store) -> None:
    """T9: the payments due for promises that were broken, found while the reply is still owed."""
    case = complaint(water)
    assert made(water, JANUARY + timedelta(days=14)) == []
    assert made(water, JANUARY + timedelta(days=15)) == [("payment", "late reply", "2026-02-02")]
    assert made(water, JANUARY + timedelta(days=16)) == []
    (due,) = case_tasks.tasks(water, kind="payment")
    assert (due.case, due.amount_minor, due.currency, due.clock) == (case.reference, 4000, "GBP", "reply")
    answered(water, case, JANUARY + timedelta(days=17))
    assert len(case_tasks.tasks(water, kind="payment")) == 1


def test_a_reply_in_time_owes_nothing_and_a_late_one_does_without_a_reminder_run(water: Store) -> None:
    in_time, late = complaint(water), complaint(water, JANUARY + timedelta(hours=1))
    answered(water, in_time, JANUARY + timedelta(days=2))
    operation = answered(water, late, JANUARY + timedelta(days=20))
    assert [task.case for task in case_tasks.tasks(water)] == [late.reference]
    undo(water, operation, actor="root", now=JANUARY + timedelta(days=21))
    assert [task.case for task in case_tasks.tasks(water)] == [late.reference]


def test_before_july_2025_the_smaller_amount_is_owed(water: Store) -> None:
    complaint(water, datetime(2025, 6, 2, 10, 0, tzinfo=UTC))
    case_tasks.make_due(water, actor="root", now=JANUARY)
    assert [task.amount_minor for task in case_tasks.tasks(water)] == [2000]


def test_each_stage_that_is_late_owes_its_own_payment(water: Store) -> None:
    case = complaint(water)
    answered(water, case, JANUARY + timedelta(days=20))
    done(water, "reopen", case, "root", JANUARY + timedelta(days=25), reason="not content")
    case_tasks.make_due(water, actor="root", now=JANUARY + timedelta(days=60))
    assert {task.clock for task in case_tasks.tasks(water)} == {"reply", "second_reply"}


def test_what_is_no_longer_asked_for_goes_unless_somebody_worked_on_it(water: Store) -> None:
    touched, untouched = complaint(water), complaint(water, JANUARY + timedelta(hours=1))
    late = JANUARY + timedelta(days=20)
    case_tasks.make_due(water, actor="root", now=late)
    first = next(task for task in case_tasks.tasks(water) if task.case == touched.reference)
    case_tasks.settle_task(water, first.number, "done", actor="bo", now=late)
    for case in (touched, untouched):
        perform(water, "triage", [case.id], {"severity": "1", "kind": "inquiry"}, actor="root", now=late)
    assert [(task.case, task.state) for task in case_tasks.tasks(water)] == [(touched.reference, "done")]


def test_a_policy_recomputed_makes_what_is_due(water: Store) -> None:
    complaint(water)
    recompute_open(water, actor="root")
    assert [task.kind for task in case_tasks.tasks(water)] == ["payment"]


def test_a_task_is_done_then_checked_by_somebody_else(water: Store) -> None:
    case = complaint(water)
    case_tasks.make_due(water, actor="root", now=JANUARY + timedelta(days=20))
    number = case_tasks.tasks(water)[0].number
    with pytest.raises(OmbudError, match="cannot become checked"):
        case_tasks.settle_task(water, number, "checked", actor="an")
    case_tasks.settle_task(water, number, "done", actor="bo", note="cheque 12")
    with pytest.raises(NotAllowedError, match="done by you"):
        case_tasks.settle_task(water, number, "checked", actor="bo")
    row = case_tasks.settle_task(water, number, "checked", actor="an")
    assert (row.state, row.done_by, row.checked_by, row.note) == ("checked", "bo", "an", "cheque 12")
    assert [event.verb for event in cases.detail(water, case.id).events][:2] == ["task checked", "task done"]
    for given, error in (
        ((number, "cancelled"), UsageError),
        ((number, "open"), UsageError),
        ((999, "done"), NotFoundError),
    ):
        with pytest.raises(error):
            case_tasks.settle_task(water, *given, actor="an")
    with pytest.raises(NotAllowedError):
        case_tasks.settle_task(water, number, "done", actor="nobody")
    with pytest.raises(UsageError, match="no kind gift"):
        case_tasks.tasks(water, kind="gift")


def test_a_cancelled_task_is_not_made_again(water: Store) -> None:
    complaint(water)
    late = JANUARY + timedelta(days=20)
    case_tasks.make_due(water, actor="root", now=late)
    number = case_tasks.tasks(water)[0].number
    case_tasks.settle_task(water, number, "cancelled", actor="an", note="waived by the customer")
    assert made(water, late + timedelta(days=1)) == []
    assert [task.state for task in case_tasks.tasks(water)] == ["cancelled"]
