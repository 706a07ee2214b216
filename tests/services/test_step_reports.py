"""Every closed complaint shows each step of ISO 10002, or says why not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from office import WHOLE, after, done, furnish, received

from console.models import whole_schema
from console.services.intake import NewCase, take_in
from console.services.step_reports import StepReport, standard_steps, step_report
from console.services.undoing import undo
from console.storage.engine import Store


def report(store: Store) -> StepReport:
    """Return the report of the week."""
    return step_report(store, after(), after(days=7))


def test_the_standard_has_eight_steps() -> None:
    names = [step.name for step in standard_steps()]
    assert names[0] == "receipt"
    assert names[-1] == "closing"
    assert len(names) == len(set(names)) == 8


def test_a_complaint_shows_its_steps_or_the_reason(store: Store) -> None:
    furnish(store)
    assert report(store) == StepReport(0, 0, 0, (), ())
    whole, withdrawn = received(store), received(store)
    received(store, NewCase("Where is the office?", kind="inquiry", customer="K-2"))
    for number, (verb, fields) in enumerate(
        (
            ("triage", {"severity": "1", "category": "billing / wrong"}),
            ("dispatch", {}),
            ("assign", {"assignee": "bo"}),
            ("contact", {"direction": "out", "note": "called"}),
            ("reply", {"reply": "Corrected.", "outcome": "solved", "measures": "refund"}),
            ("callback", {"opinion": "satisfied"}),
            ("archive", {}),
        ),
        start=1,
    ):
        closing = done(store, verb, whole, "root", after(hours=number), **fields)
    done(store, "withdraw", withdrawn, "root", after(hours=9), reason="settled by a neighbour")
    found = report(store)
    assert (found.closed, found.complete, found.excused) == (2, 1, 1)
    (gap,) = found.gaps
    assert (gap.reference, gap.reason) == (withdrawn.reference, "settled by a neighbour")
    assert "response" in gap.missing
    assert found.missing == ()
    undo(store, closing.operation or 0, actor="root", now=after(hours=10))
    assert report(store).closed == 1


@pytest.mark.parametrize("pack", ["iso-10002", "gb-energy"])
def test_a_step_neither_shown_nor_excused_is_counted(store: Store, pack: str) -> None:
    furnish(store, pack)
    case = take_in(store, NewCase("The bill is wrong", category="billing", details=WHOLE), actor="root", now=after())
    events = whole_schema().tables["case_events"]
    cases = whole_schema().tables["cases"]
    at = after(hours=1)
    with store.writing("root") as work:
        values = {"phase": "closed", "state": "archived", "closed_at": at}
        work.connection.execute(cases.update().where(cases.c.id == case.id).values(values))
        work.connection.execute(
            events.insert().values(
                case_id=case.id, at=at, actor="root", verb="archive", state="archived", phase="closed"
            )
        )
        work.record("close", "case", case.reference)
    found = step_report(store, after(), at + timedelta(seconds=1))
    assert (found.closed, found.complete, found.excused) == (1, 0, 0)
    assert dict(found.missing)["response"] == 1
    assert step_report(store, after(), at).closed == 0
