"""The way of a case: what each verb does, who may, what is refused and then leaves everything as it was."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from office import COMPLAINT, START, after, case_of, clocks_of, contents, done, furnish, received, tried, verbs_of
from sqlalchemy import update

from console.errors import NotAllowedError, OmbudError, UsageError
from console.models import whole_schema
from console.services import promises
from console.services.claims import free_claims, renew
from console.services.handling import PART, perform
from console.services.intake import NewCase, take_in
from console.services.undoing import undo
from console.storage.engine import Store

TABLES = whole_schema().tables
ANSWER = {"reply": "{customer}您好，{reference}已更正。", "outcome": "solved"}


@pytest.fixture(autouse=True)
def _office(store: Store) -> None:
    furnish(store)


def replied(store: Store, **over: object) -> int:
    """Bring a complaint to its reply and return its id."""
    case = received(store, replace(COMPLAINT, **over))  # type: ignore[arg-type]
    done(store, "triage", case, "an", after(minutes=5), severity="2")
    done(store, "dispatch", case, "an", after(minutes=10))
    done(store, "take", case, "bo", after(minutes=15))
    done(store, "reply", case, "bo", after(minutes=30), **ANSWER)
    return case.id


def test_a_complaint_travels_from_receipt_to_archive(store: Store) -> None:
    case = replied(store)
    done(store, "callback", case, "an", after(hours=3), opinion="satisfied")
    done(store, "archive", case, "bo", after(hours=4))
    row = case_of(store, case)
    assert (row["state"], row["phase"], row["closed_at"]) == ("archived", "closed", after(hours=4))
    assert (row["opinion"], row["due_at"], row["claimed_until"]) == ("satisfied", None, None)
    assert verbs_of(store, case) == ["new", "triage", "dispatch", "take", "reply", "callback", "archive"]
    standings = {name: clock["standing"] for name, clock in clocks_of(store, case).items()}
    assert {name: standings[name] for name in ("dispatch", "reply", "callback", "archive")} == dict.fromkeys(
        ("dispatch", "reply", "callback", "archive"), "met"
    )


def test_a_reply_is_filled_in_for_its_case(store: Store) -> None:
    case = replied(store)
    texts = {row[0]: row for row in contents(store, "case_texts")["case_texts"]}
    assert f"Customer 1您好，{case_of(store, case)['reference']}已更正。" in texts[case]


def test_nothing_is_archived_without_a_reply_or_a_stated_reason(store: Store) -> None:
    case = received(store)
    done(store, "triage", case, "an", after(minutes=5), severity="1")
    before = contents(store)
    report = tried(store, "archive", case, "root", after(minutes=6))
    assert "reply first" in report.skipped[0].text
    assert report.operation is None
    assert contents(store) == before
    done(store, "archive", case, "root", after(minutes=7), reason="sent twice by the same fax")
    assert case_of(store, case)["state"] == "archived"


def test_intake_must_be_complete_before_a_case_leaves_it(store: Store) -> None:
    case = received(store, NewCase("账单错误", category="billing / wrong"))
    report = tried(store, "triage", case, "an", after(minutes=1), severity="1")
    assert "contact" in report.skipped[0].text
    done(store, "triage", case, "an", after(minutes=2), severity="1", contact="13800138000")


REFUSED: tuple[tuple[str, dict[str, str], str], ...] = (
    ("archive", {}, "not possible in the state"),
    ("triage", {"severity": "2"}, ""),
    ("dispatch", {"department": "marketing"}, "not possible in the state"),
    ("note", {}, "Still to be filled in: note"),
    ("escalate", {}, "Still to be filled in: reason"),
    ("merge", {}, "Still to be filled in: merged_into"),
    ("resume", {}, "not possible in the state"),
)


def test_what_the_workflow_refuses_changes_nothing(store: Store) -> None:
    case = received(store, replace(COMPLAINT, category=""))
    before = contents(store)
    for verb, given, said in REFUSED:
        report = perform(store, verb, [case.id, 4711], given, actor="root", now=after(minutes=1))
        assert report.operation is None
        assert not report.done
        assert said in report.skipped[0].text
        assert "no such case" in report.skipped[1].text
    assert contents(store) == before


MEANINGLESS: tuple[tuple[str, dict[str, str], str], ...] = (
    ("triage", {"category": "billing / wrnog"}, "Did you mean billing / wrong?"),
    ("triage", {"severity": "9"}, "severity cannot be 9"),
    ("triage", {"kind": "complain"}, "Did you mean complaint?"),
    ("dispatch", {"department": "markting"}, "Did you mean marketing?"),
    ("assign", {"assignee": "nobody-here"}, "is not on the staff"),
    ("remedy", {"remedy": "refund", "owner": "bo", "amount": "12.345", "currency": "CNY"}, "is not an amount"),
    ("remedy", {"remedy": "refund", "owner": "bo", "amount": "12.50"}, "has no currency"),
    ("merge", {"merged_into": "C-999999"}, "No case has the reference"),
    ("link", {"linked_to": "C-999999"}, "No case has the reference"),
    ("rectify", {"action": "R-99999"}, "There is no corrective action"),
    ("callback", {"opinion": "satisfied", "reached": "no"}, "no opinion"),
    ("callback", {"opinion": "dissatisfied"}, "is not said"),
    ("triage", {"region": "x" * 101}, "101 characters"),
    ("note", {"reply": "text"}, "note does not take reply"),
    ("arcive", {}, "Did you mean archive?"),
)


def test_words_that_mean_nothing_are_refused_before_anything_is_done(store: Store) -> None:
    case = received(store)
    before = contents(store)
    for verb, given, said in MEANINGLESS:
        for is_dry_run in (False, True):
            with pytest.raises(UsageError, match=re.escape(said)):
                perform(store, verb, [case.id], given, actor="root", now=after(minutes=1), is_dry_run=is_dry_run)
    assert contents(store) == before


def test_who_is_not_on_the_staff_or_has_not_the_role_does_nothing(store: Store) -> None:
    case = received(store)
    before = contents(store)
    with pytest.raises(NotAllowedError):
        perform(store, "note", [case.id], {"note": "x"}, actor="stranger")
    assert "may not" in tried(store, "note", case, "aud", after(minutes=1), note="x").skipped[0].text
    assert contents(store) == before


def test_an_area_that_the_policy_does_not_know_is_refused(store: Store) -> None:
    case = received(store)
    report = tried(store, "triage", case, "root", after(minutes=1), severity="1", area="ubran")
    assert "urban" in report.skipped[0].text


def test_a_dry_run_says_what_would_happen_and_leaves_no_trace(store: Store) -> None:
    one, two = received(store), received(store, at=after(minutes=1))
    for case in (one, two):
        done(store, "triage", case, "an", after(minutes=5), severity="2")
    before = contents(store)
    ids = [one.id, two.id]
    report = perform(store, "dispatch", ids, {}, actor="an", now=after(minutes=6), is_dry_run=True, key="dry")
    assert [outcome.text for outcome in report.done] == [
        'marketing: No rule applies; the category "billing" names it.'
    ] * 2
    assert report.operation is None
    assert contents(store) == before


def test_a_retry_under_the_same_key_returns_the_first_report(store: Store) -> None:
    case = received(store)
    first = perform(store, "note", [case.id], {"note": "once"}, actor="an", now=after(minutes=1), key="k1")
    before = contents(store)
    again = perform(store, "note", [case.id], {"note": "once"}, actor="an", now=after(minutes=2), key="k1")
    assert again == first
    assert contents(store) == before
    with pytest.raises(UsageError, match="was used for note by an"):
        perform(store, "urge", [case.id], {}, actor="an", key="k1")


def test_an_operation_broken_off_is_finished_by_a_retry_and_no_case_is_done_twice(store: Store) -> None:
    ids = many(store, 2 * PART + 30)

    class CrashError(Exception):
        pass

    def crash(come_to: int, total: int) -> bool:
        assert total == len(ids)
        if come_to == 2 * PART:
            raise CrashError
        return True

    note = {"note": "told"}
    with pytest.raises(CrashError):
        perform(store, "note", ids, note, actor="an", now=after(hours=1), key="k2", progress=crash)
    assert {case_of(store, ids[0])["version"], case_of(store, ids[-1])["version"]} == {1, 2}
    report = perform(store, "note", ids, note, actor="an", now=after(hours=2), key="k2")
    assert len(report.done) == len(ids)
    events = contents(store, "case_events")["case_events"]
    assert len(events) == 2 * len(ids)
    assert perform(store, "note", ids, note, actor="an", now=after(hours=3), key="k2") == report
    assert len(undo(store, report.operation or 0, actor="an", now=after(hours=4)).done) == len(ids)


def test_who_stops_an_operation_keeps_what_was_done_and_is_told_what_is_left(store: Store) -> None:
    ids = many(store, PART + 5)
    report = perform(
        store, "note", ids, {"note": "n"}, actor="an", now=after(hours=1), key="k3", progress=lambda *_: False
    )
    assert (len(report.done), report.left) == (PART, 5)
    report = perform(store, "note", ids, {"note": "n"}, actor="an", now=after(hours=2), key="k3")
    assert (len(report.done), report.left) == (PART + 5, 0)


def many(store: Store, count: int) -> list[int]:
    """Take many cases in at once, all alike."""
    first = received(store)
    table = TABLES["cases"]
    row = case_of(store, first)
    with store.writing("root") as work:
        numbers = range(first.id + 1, first.id + count)
        work.connection.execute(
            table.insert(), [{**row, "id": number, "reference": f"C-{number:06d}"} for number in numbers]
        )
        born = dict(
            zip(
                (column.name for column in TABLES["case_events"].c),
                contents(store, "case_events")["case_events"][0],
                strict=True,
            )
        )
        del born["id"]
        work.connection.execute(TABLES["case_events"].insert(), [{**born, "case_id": number} for number in numbers])
        promises.recompute(work.connection, list(numbers))
        work.record("fill", "database", "office")
    return [first.id, *numbers]


def test_a_change_by_somebody_else_is_told_and_not_overwritten(store: Store) -> None:
    case = received(store)
    done(store, "note", case, "lin", after(minutes=1), note="first")
    report = perform(
        store, "note", [case.id], {"note": "mine"}, actor="an", now=after(minutes=2), versions={case.id: 1}
    )
    assert "changed meanwhile: note by lin" in report.skipped[0].text


def test_work_within_one_dispatch_is_shared_out(store: Store) -> None:
    fault = replace(
        COMPLAINT, kind="fault", subject="线路着火", category="outage / fault", details={"address": "1 Road"}
    )
    ids = [received(store, fault, at=after(seconds=number)).id for number in range(4)]
    perform(store, "triage", ids, {"severity": "4"}, actor="root", now=after(minutes=1))
    perform(store, "dispatch", ids, {}, actor="root", now=after(minutes=2))
    owners = [case_of(store, case_id)["assignee_id"] for case_id in ids]
    assert None not in owners
    assert sorted(owners.count(owner) for owner in set(owners)) == [2, 2]


# ---------------------------------------------------------------- Claims


def test_a_case_is_taken_by_one_person_until_the_lease_runs_out(store: Store) -> None:
    case = received(store)
    done(store, "take", case, "an", START)
    assert "has the case already" in tried(store, "take", case, "lin", after(minutes=9)).skipped[0].text
    assert renew(store, [case.id], "an", after(minutes=4)) == (case.id,)
    assert case_of(store, case)["claimed_until"] == after(minutes=10)
    assert renew(store, [case.id], "an", after(minutes=8)) == (case.id,)
    assert case_of(store, case)["claimed_until"] == after(minutes=18)
    assert tried(store, "take", case, "lin", after(minutes=17)).skipped
    done(store, "take", case, "lin", after(minutes=19))
    assert renew(store, [case.id], "an", after(minutes=20)) == ()


def test_working_on_a_case_keeps_it(store: Store) -> None:
    case = received(store)
    done(store, "take", case, "an", START)
    done(store, "note", case, "an", after(minutes=8), note="called")
    assert case_of(store, case)["claimed_until"] == after(minutes=18)


def test_a_case_that_somebody_was_given_does_not_lapse(store: Store) -> None:
    case = received(store)
    done(store, "assign", case, "lin", START, assignee="bo")
    assert tried(store, "take", case, "an", after(days=9)).skipped
    assert "yours already" in tried(store, "take", case, "bo", after(days=9)).skipped[0].text
    assert free_claims(store, "bo", actor="lin", now=after(days=9)).outcomes == ()


def test_who_was_given_a_case_by_dispatch_takes_it_up(store: Store) -> None:
    case = received(store)
    done(store, "triage", case, "an", after(minutes=1), severity="1")
    done(store, "dispatch", case, "an", after(minutes=2), department="marketing", assignee="bo")
    done(store, "take", case, "bo", after(minutes=3))
    assert (case_of(store, case)["state"], case_of(store, case)["claimed_until"]) == ("investigating", None)


def test_all_that_a_person_took_is_set_free_at_once(store: Store) -> None:
    cases = [received(store, at=after(seconds=number)) for number in range(3)]
    for case in cases:
        done(store, "take", case, "an", after(minutes=1))
    assert len(free_claims(store, "an", actor="lin", now=after(minutes=2)).done) == 3
    assert all(case_of(store, case)["assignee_id"] is None for case in cases)
    with pytest.raises(UsageError):
        free_claims(store, "nobody", actor="lin")


# ---------------------------------------------------------------- Callback


def test_a_dissatisfied_customer_opens_the_case_again(store: Store) -> None:
    case = replied(store)
    done(store, "callback", case, "an", after(hours=2), opinion="dissatisfied", opinion_reason="still wrong")
    row = case_of(store, case)
    assert (row["state"], row["times_reopened"], row["opinion"]) == ("investigating", 1, "dissatisfied")
    assert verbs_of(store, case)[-2:] == ["callback", "reopen"]
    reply = clocks_of(store, case)["reply"]
    assert (reply["standing"], reply["started_at"]) == ("running", after(hours=2))
    assert "reply first" in tried(store, "archive", case, "ma", after(hours=3)).skipped[0].text


def test_a_customer_not_reached_is_called_as_often_as_the_policy_says(store: Store) -> None:
    case = replied(store)
    assert tried(store, "archive", case, "bo", after(hours=1)).skipped
    for number in (1, 2):
        done(store, "callback", case, "an", after(hours=number), reached="no")
        refused = tried(store, "archive", case, "bo", after(hours=number), reason="not reached")
        assert f"{number} of 3 attempts" in refused.skipped[0].text
    done(store, "callback", case, "an", after(hours=3), reached="no")
    assert clocks_of(store, case)["callback"]["standing"] == "running"
    assert tried(store, "archive", case, "bo", after(hours=4)).skipped
    done(store, "archive", case, "bo", after(hours=4), reason="not reached in three attempts")
    assert case_of(store, case)["callback_attempts"] == 3


def test_a_returned_reply_no_longer_counts(store: Store) -> None:
    case = replied(store)
    done(store, "callback", case, "an", after(hours=1), opinion="neutral")
    done(store, "return", case, "ma", after(hours=2), reason="wrong figures")
    assert clocks_of(store, case)["reply"]["standing"] == "running"
    assert tried(store, "archive", case, "bo", after(hours=3)).skipped


# ---------------------------------------------------------------- Supervision


def test_a_supervised_case_is_closed_by_its_supervisor_only(store: Store) -> None:
    case = replied(store)
    done(store, "callback", case, "an", after(hours=1), opinion="satisfied")
    done(store, "supervise", case, "lin", after(hours=2), reason="mayor's letter")
    assert "supervised" in tried(store, "archive", case, "ma", after(hours=3)).skipped[0].text
    assert (
        "supervised by somebody else"
        in tried(store, "supervise", case, "ma", after(hours=3), reason="mine").skipped[0].text
    )
    off = tried(store, "supervise", case, "ma", after(hours=3), reason="enough", off="yes")
    assert "Only the supervisor" in off.skipped[0].text
    done(store, "archive", case, "lin", after(hours=4))


# ---------------------------------------------------------------- Merging, linking, splitting


def test_a_merged_case_stops_its_clocks_and_what_is_said_goes_to_the_other(store: Store) -> None:
    """R13 and R16 of the reference."""
    one, two = received(store), received(store, at=after(minutes=1))
    done(store, "merge", one, "root", after(minutes=2), merged_into=two.reference)
    assert case_of(store, one)["due_at"] is None
    assert {clock["standing"] for clock in clocks_of(store, one).values()} <= {"stopped", "pending", "met", "missed"}
    report = done(store, "contact", one, "an", after(minutes=3), note="asks again", direction="in")
    assert [outcome.reference for outcome in report.done] == [two.reference, one.reference]
    assert verbs_of(store, two) == ["new", "contact"]
    assert verbs_of(store, one) == ["new", "merge"]
    both = perform(store, "urge", [one.id, two.id], {}, actor="an", now=after(minutes=4))
    assert len(both.done) == 2
    assert case_of(store, two)["times_urged"] == 1


def test_merges_never_go_round_in_a_circle(store: Store) -> None:
    one, two, three = (received(store, at=after(seconds=number)) for number in range(3))
    done(store, "merge", one, "root", after(minutes=1), merged_into=two.reference)
    assert (
        "into itself" in tried(store, "merge", two, "root", after(minutes=2), merged_into=one.reference).skipped[0].text
    )
    assert (
        "into itself" in tried(store, "merge", two, "root", after(minutes=2), merged_into=two.reference).skipped[0].text
    )
    done(store, "merge", two, "root", after(minutes=3), merged_into=three.reference)
    assert (
        "into itself"
        in tried(store, "merge", three, "root", after(minutes=4), merged_into=one.reference).skipped[0].text
    )
    report = done(store, "contact", one, "an", after(minutes=5), note="?")
    assert report.done[0].reference == three.reference


def test_a_case_is_not_merged_into_one_that_nobody_will_answer(store: Store) -> None:
    one, two = received(store), received(store, at=after(minutes=1))
    done(store, "withdraw", two, "root", after(minutes=2), reason="customer called")
    assert (
        "Reopen it first"
        in tried(store, "merge", one, "root", after(minutes=3), merged_into=two.reference).skipped[0].text
    )


def test_a_merge_is_taken_back_by_undo_and_by_reopening(store: Store) -> None:
    one, two = received(store), received(store, at=after(minutes=1))
    before = clocks_of(store, one)["reply"]["due_at"]
    report = done(store, "merge", one, "root", after(minutes=2), merged_into=two.reference)
    undo(store, report.operation or 0, actor="root", now=after(minutes=3))
    assert case_of(store, one)["merged_into_id"] is None
    assert clocks_of(store, one)["reply"]["due_at"] == before
    done(store, "merge", one, "root", after(minutes=4), merged_into=two.reference)
    done(store, "reopen", one, "lin", after(minutes=5), reason="another matter")
    assert (case_of(store, one)["state"], case_of(store, one)["merged_into_id"]) == ("reviewed", None)


def test_two_cases_are_linked_once(store: Store) -> None:
    one, two = received(store), received(store, at=after(minutes=1))
    done(store, "link", one, "an", after(minutes=2), linked_to=two.reference)
    before = contents(store)
    assert (
        "linked already" in tried(store, "link", two, "an", after(minutes=3), linked_to=one.reference).skipped[0].text
    )
    assert "to itself" in tried(store, "link", one, "an", after(minutes=3), linked_to=one.reference).skipped[0].text
    assert contents(store) == before


def test_a_second_matter_becomes_a_case_received_when_the_first_was(store: Store) -> None:
    case = received(store)
    report = done(store, "split", case, "root", after(days=1), summary="电表不准", category="business / metering")
    with store.reading() as connection:
        cases = TABLES["cases"]
        other = connection.execute(cases.select().where(cases.c.reference == report.done[0].text)).mappings().one()
    assert (other["received_at"], other["state"], other["subject"]) == (START, "received", "电表不准")
    assert clocks_of(store, other["id"])["reply"]["started_at"] == START


# ---------------------------------------------------------------- Remedies and rectification


def test_a_case_with_an_open_remedy_is_not_archived(store: Store) -> None:
    case = replied(store)
    done(store, "callback", case, "an", after(hours=1), opinion="satisfied")
    done(store, "remedy", case, "bo", after(hours=2), remedy="refund", owner="ma", amount="12.5", currency="cny")
    assert "Remedies are still open" in tried(store, "archive", case, "bo", after(hours=3)).skipped[0].text
    (remedy,) = contents(store, "remedies")["remedies"]
    assert {1250, "CNY"} <= set(remedy)


def test_one_corrective_action_serves_all_cases_of_an_operation(store: Store) -> None:
    cases = [received(store, at=after(seconds=number)) for number in range(3)]
    plan = {"measures": "new readers", "owner": "ma", "due_on": "2026-06-30", "cause": "reading"}
    report = perform(store, "rectify", [case.id for case in cases[:2]], plan, actor="ma", now=after(hours=1))
    assert len(report.done) == 2
    (action,) = contents(store, "corrective_actions")["corrective_actions"]
    number = next(value for value in action if str(value).startswith("R-"))
    done(store, "rectify", cases[2], "ma", after(hours=2), action=number)
    assert "already" in tried(store, "rectify", cases[2], "ma", after(hours=3), action=number).skipped[0].text
    assert len(contents(store, "corrective_action_cases")["corrective_action_cases"]) == 3
    assert len(contents(store, "corrective_actions")["corrective_actions"]) == 1


# ---------------------------------------------------------------- Figures of the reference


def test_a_query_that_becomes_a_complaint_keeps_its_time_of_receipt(store: Store) -> None:
    """T7: the clocks of the complaint run from when the customer first turned to the utility."""
    case = received(store, replace(COMPLAINT, kind="inquiry"))
    assert clocks_of(store, case)["reply"]["target"] == "2d"
    done(store, "triage", case, "an", after(days=1), severity="1", kind="complaint")
    reply = clocks_of(store, case)["reply"]
    assert (reply["started_at"], reply["target"]) == (START, "4d")
    assert case_of(store, case)["received_at"] == START


def test_the_line_of_the_regulator_overrides_the_limit_of_the_kind(store: Store) -> None:
    """T10."""
    assert clocks_of(store, received(store))["reply"]["rule"] == "complaint reply"
    passed_on = received(store, replace(COMPLAINT, authority="12398"), at=after(minutes=1))
    assert (clocks_of(store, passed_on)["reply"]["rule"], clocks_of(store, passed_on)["reply"]["target"]) == (
        "12398 reply",
        "10d",
    )


def test_a_pause_for_the_customer_moves_the_reply_and_owes_nothing_meanwhile(store: Store) -> None:
    case = received(store)
    done(store, "triage", case, "root", after(minutes=1), severity="1")
    done(store, "dispatch", case, "root", after(minutes=2))
    due = clocks_of(store, case)["reply"]["due_at"]
    done(store, "contact", case, "root", after(minutes=3), note="asked for the bill", direction="out")
    done(store, "await-customer", case, "root", after(minutes=4), reason="copy of the bill")
    assert clocks_of(store, case)["reply"]["standing"] == "paused"
    done(store, "resume", case, "root", after(days=2, minutes=4))
    assert clocks_of(store, case)["reply"]["due_at"] == due + timedelta(days=4)


def test_an_imported_case_can_be_worked_on(store: Store) -> None:
    case = received(store)
    imported = {"source": "old", "external_reference": "X-1", "due_at": after(days=3), "policy_id": None}
    with store.writing("root") as work:
        connection = work.connection
        connection.execute(TABLES["case_events"].delete())
        connection.execute(TABLES["clocks"].delete())
        connection.execute(update(TABLES["cases"]).values(**imported))
        work.record("import", "case", case.reference)
    done(store, "triage", case, "an", after(hours=1), severity="2")
    clocks = clocks_of(store, case)
    assert (clocks["source"]["due_at"], clocks["source"]["standing"]) == (after(days=3), "running")
    assert clocks["reply"]["started_at"] == START
    done(store, "reply", case, "root", after(hours=2), **ANSWER)
    assert clocks_of(store, case)["source"]["standing"] == "met"
    with store.reading() as connection:
        assert promises.disagreements(connection, [case.id]) == ()


def test_an_imported_case_that_was_closed_is_opened_again_without_having_been_late_meanwhile(store: Store) -> None:
    case = received(store)
    closed = {"source": "old", "external_reference": "X-1", "state": "archived", "phase": "closed"}
    with store.writing("root") as work:
        connection = work.connection
        connection.execute(TABLES["case_events"].delete())
        connection.execute(TABLES["clocks"].delete())
        connection.execute(update(TABLES["cases"]).values(**closed, closed_at=after(minutes=10), due_at=None))
        work.record("import", "case", case.reference)
    done(store, "reopen", case, "an", after(days=30), reason="again")
    reply = clocks_of(store, case)["reply"]
    assert (reply["standing"], reply["started_at"]) == ("running", after(days=30))
    assert clocks_of(store, case)["dispatch"]["standing"] == "running"


def test_times_never_run_backwards_in_a_history(store: Store) -> None:
    case = received(store)
    done(store, "note", case, "an", after(hours=2), note="later clock")
    done(store, "note", case, "an", after(hours=1), note="earlier clock")
    events = contents(store, "case_events")["case_events"]
    times = [
        next(value for value in row if isinstance(value, datetime)) for row in sorted(events, key=lambda row: row[0])
    ]
    assert times == sorted(times)


def test_a_case_received_in_another_zone_is_kept_in_utc(store: Store) -> None:
    case = take_in(
        store, replace(COMPLAINT, received_at=datetime(2026, 3, 2, 0, 30, 1, 999, tzinfo=UTC)), actor="an", now=START
    )
    assert case_of(store, case)["received_at"] == datetime(2026, 3, 2, 0, 30, 1, tzinfo=UTC)
    with pytest.raises(OmbudError, match="no zone"):
        take_in(store, replace(COMPLAINT, received_at=datetime(2026, 3, 2)), actor="an", now=START)
