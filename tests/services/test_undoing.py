"""Taking operations back: exactly what they did, never what somebody else did since."""

from __future__ import annotations

import pytest
from office import COMPLAINT, after, case_of, contents, done, furnish, received, tried, verbs_of

from console.errors import NotAllowedError, NotFoundError, OmbudError
from console.models import whole_schema
from console.services.handling import perform
from console.services.undoing import undo
from console.storage.engine import Store

TABLES = whole_schema().tables


@pytest.fixture(autouse=True)
def _office(store: Store) -> None:
    furnish(store)


def test_undo_puts_everything_back(store: Store) -> None:
    case = received(store)
    done(store, "triage", case, "an", after(minutes=5), severity="2")
    kept = ("case_texts", "case_links", "remedies", "notices")
    before, row = contents(store, *kept), case_of(store, case)
    report = done(store, "reply", case, "root", after(minutes=6), reply="done", outcome="solved", cause="reading")
    taken = undo(store, report.operation or 0, actor="root", now=after(minutes=7))
    assert [outcome.text for outcome in taken.done] == ["reviewed"]
    assert contents(store, *kept) == before
    changing = {"version": 4, "updated_at": after(minutes=7)}
    assert case_of(store, case) == {**row, **changing}
    assert verbs_of(store, case) == ["new", "triage", "reply", "undo"]


def test_one_step_after_the_other_is_taken_back(store: Store) -> None:
    case = received(store)
    reports = [
        done(store, "triage", case, "an", after(minutes=5), severity="2"),
        done(store, "dispatch", case, "an", after(minutes=6)),
        done(store, "note", case, "an", after(minutes=7), note="n"),
    ]
    for report in reversed(reports):
        assert undo(store, report.operation or 0, actor="an", now=after(minutes=9)).done
    assert (case_of(store, case)["state"], case_of(store, case)["severity"]) == ("received", 1)


def test_both_steps_of_a_dissatisfied_callback_go_together(store: Store) -> None:
    case = received(store)
    done(store, "reply", case, "root", after(minutes=6), reply="done", outcome="solved")
    before = case_of(store, case)
    report = done(store, "callback", case, "an", after(hours=1), opinion="dissatisfied", opinion_reason="too slow")
    undo(store, report.operation or 0, actor="an", now=after(hours=2))
    row = case_of(store, case)
    assert {name for name in row if row[name] != before[name]} == {"version", "updated_at"}


def test_what_somebody_changed_since_is_left_alone(store: Store) -> None:
    one, two = received(store), received(store, at=after(minutes=1))
    report = perform(store, "note", [one.id, two.id], {"note": "n"}, actor="an", now=after(minutes=2))
    done(store, "note", two, "lin", after(minutes=3), note="mine")
    taken = undo(store, report.operation or 0, actor="an", now=after(minutes=4))
    assert [(outcome.reference, outcome.is_done) for outcome in taken.outcomes] == [
        (one.reference, True),
        (two.reference, False),
    ]
    assert verbs_of(store, two) == ["new", "note", "note"]
    before = contents(store)
    with pytest.raises(OmbudError, match="taken back already"):
        undo(store, report.operation or 0, actor="an")
    assert contents(store) == before


def test_undo_asks_who_and_what(store: Store) -> None:
    case = received(store)
    report = done(store, "note", case, "an", after(minutes=1), note="n")
    before = contents(store)
    with pytest.raises(NotFoundError):
        undo(store, 4711, actor="an")
    with pytest.raises(NotAllowedError):
        undo(store, report.operation or 0, actor="bo")
    with pytest.raises(NotAllowedError):
        undo(store, report.operation or 0, actor="stranger")
    assert contents(store) == before
    taken = undo(store, report.operation or 0, actor="lin", now=after(minutes=2))
    with pytest.raises(OmbudError, match="took another one back"):
        undo(store, taken.operation or 0, actor="lin")


def test_a_case_taken_in_by_mistake_is_removed_whole(store: Store) -> None:
    kept = ("cases", "case_texts", "case_events", "clocks")
    before = contents(store, *kept)
    case = received(store)
    undo(store, case.operation, actor="an", now=after(minutes=1))
    assert contents(store, *kept) == before


def test_a_case_that_others_lead_to_is_not_removed(store: Store) -> None:
    one, two = received(store), received(store, at=after(minutes=1))
    done(store, "merge", one, "root", after(minutes=2), merged_into=two.reference)
    taken = undo(store, two.operation, actor="an", now=after(minutes=3))
    assert "merged into it" in taken.skipped[0].text
    assert case_of(store, one)["merged_into_id"] == two.id


def test_a_removed_case_is_no_longer_counted_as_repeated(store: Store) -> None:
    one = received(store)
    two = received(store, at=after(days=1))
    three = received(store, at=after(days=2))
    undo(store, two.operation, actor="an", now=after(days=3))
    assert (case_of(store, three)["repeat_of_id"], case_of(store, three)["times_repeated"]) == (one.id, 1)


def test_what_was_split_off_goes_unless_somebody_works_on_it(store: Store) -> None:
    case = received(store)
    first = done(store, "split", case, "root", after(minutes=1), summary="another")
    undo(store, first.operation or 0, actor="root", now=after(minutes=2))
    assert len(contents(store, "cases")["cases"]) == 1
    assert contents(store, "case_links")["case_links"] == []
    second = done(store, "split", case, "root", after(minutes=3), summary="another")
    with store.reading() as connection:
        cases = TABLES["cases"]
        other = connection.execute(cases.select().where(cases.c.subject == "another")).mappings().one()["id"]
    done(store, "note", other, "root", after(minutes=4), note="n")
    before = contents(store)
    taken = undo(store, second.operation or 0, actor="root", now=after(minutes=5))
    assert not taken.done
    assert contents(store) == before


def test_a_corrective_action_goes_with_its_operation_unless_others_use_it(store: Store) -> None:
    one, two, three = (received(store, at=after(seconds=number)) for number in range(3))
    plan = {"measures": "new readers", "owner": "ma", "due_on": "2026-06-30"}
    report = perform(store, "rectify", [two.id, one.id], plan, actor="ma", now=after(minutes=1))
    undo(store, report.operation or 0, actor="ma", now=after(minutes=2))
    assert contents(store, "corrective_actions")["corrective_actions"] == []
    report = perform(store, "rectify", [one.id, two.id], plan, actor="ma", now=after(minutes=3))
    number = (report.done[0].text.split())[0]
    done(store, "rectify", three, "ma", after(minutes=4), action=number)
    undo(store, report.operation or 0, actor="ma", now=after(minutes=5))
    assert len(contents(store, "corrective_actions")["corrective_actions"]) == 1
    assert len(contents(store, "corrective_action_cases")["corrective_action_cases"]) == 1


def test_a_remedy_that_was_carried_out_stays(store: Store) -> None:
    case = received(store)
    report = done(store, "remedy", case, "root", after(minutes=1), remedy="refund", owner="bo")
    with store.writing("bo") as work:
        work.connection.execute(TABLES["remedies"].update().values(state="done", version=2))
        work.record("remedy done", "case", case.reference)
    assert not undo(store, report.operation or 0, actor="root", now=after(minutes=2)).done
    assert len(contents(store, "remedies")["remedies"]) == 1


def test_a_refused_verb_leaves_no_operation_to_take_back(store: Store) -> None:
    case = received(store, COMPLAINT)
    assert tried(store, "resume", case, "root", after(minutes=1)).operation is None
    assert len(contents(store, "operations")["operations"]) == 1


@pytest.mark.parametrize("verb", ["withdraw", "reject"])
def test_what_stands_for_merged_cases_is_not_given_up_while_they_are_unanswered(store: Store, verb: str) -> None:
    first, second, third = received(store), received(store), received(store)
    for case in (second, third):
        done(store, "merge", case, "lin", after(hours=1), merged_into=first.reference)
    done(store, "triage", first, "lin", after(hours=2), severity="1", validity="invalid")
    before = contents(store)
    (refused,) = tried(store, verb, first, "lin", after(hours=3), reason="no longer wanted").skipped
    assert refused.text.startswith(f"{second.reference}, {third.reference} went on in {first.reference}")
    assert contents(store) == before
    done(store, "reopen", third, "lin", after(hours=4), reason="to be answered alone")
    again = done(store, "reopen", second, "lin", after(hours=4), reason="to be answered alone")
    done(store, verb, first, "lin", after(hours=5), reason="no longer wanted")
    (kept,) = undo(store, again.operation or 0, actor="lin", now=after(hours=6)).skipped
    assert kept.text == "what it was merged into was closed since"


def test_a_case_that_others_were_merged_into_since_is_not_closed_again_by_undo(store: Store) -> None:
    first, second = received(store), received(store)
    done(store, "withdraw", first, "lin", after(hours=1), reason="settled")
    reopened = done(store, "reopen", first, "lin", after(hours=2), reason="not settled")
    merged = done(store, "merge", second, "lin", after(hours=3), merged_into=first.reference)
    (kept,) = undo(store, reopened.operation or 0, actor="lin", now=after(hours=4)).skipped
    assert "merged into it since" in kept.text
    assert undo(store, merged.operation or 0, actor="lin", now=after(hours=5)).done
    assert undo(store, reopened.operation or 0, actor="lin", now=after(hours=6)).done
    assert case_of(store, first)["phase"] == "closed"
