"""Rules that change: from when, for which cases, and what they would change, without saving."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from office import COMPLAINT, START, after, case_of, clocks_of, contents, done, furnish, received

from console.errors import NotAllowedError, NotFoundError, OmbudError
from console.rules.policies import PolicyErrors, load_pack, parse_policy
from console.services import promises
from console.services.case_histories import histories
from console.services.policies import content_of, history, policy_book, policy_in_force
from console.services.policy_changes import apply_policy, changes_since, recompute_open, what_if
from console.storage.engine import Store

PACK = load_pack("cn-95598")
COMPLAINT_REPLY = """rule = "complaint reply"
clock = "reply"
label = { en = "Reply", zh = "答复" }
when = { kind = "complaint" }
target = "4d\""""
SHORTER = PACK.replace(COMPLAINT_REPLY, COMPLAINT_REPLY.replace('"4d"', '"2d"'))


@pytest.fixture(autouse=True)
def _office(store: Store) -> None:
    assert SHORTER != PACK
    furnish(store)


def applied(store: Store, content: str, at: datetime, actor: str = "root") -> int:
    return apply_policy(store, content, name="house", valid_from=at, actor=actor).id


def reply_due(store: Store, case: int) -> datetime:
    due: datetime = clocks_of(store, case)["reply"]["due_at"]
    return due


def test_a_changed_limit_leaves_earlier_cases_on_the_old_one(store: Store) -> None:
    """T4."""
    early = received(store)
    due = reply_due(store, early.id)
    version = applied(store, SHORTER, after(days=1))
    late = received(store, at=after(days=1))
    assert (case_of(store, late)["policy_id"], clocks_of(store, late)["reply"]["target"]) == (version, "2d")
    assert reply_due(store, early.id) == due
    done(store, "note", early, "an", after(days=2), note="still under its own rules")
    assert (clocks_of(store, early)["reply"]["target"], case_of(store, early)["policy_id"]) == ("4d", version - 1)


def test_a_policy_dated_back_moves_the_open_cases_received_since_and_keeps_their_pauses(store: Store) -> None:
    early, late, closed = received(store), received(store, at=after(days=1)), received(store, at=after(days=1))
    done(store, "withdraw", closed, "root", after(days=1), reason="called")
    done(store, "triage", late, "root", after(days=1), severity="1")
    done(store, "await-customer", late, "root", after(days=1, hours=1), reason="bill")
    done(store, "resume", late, "root", after(days=2, hours=1))
    version = applied(store, SHORTER, after(hours=12))
    assert [case_of(store, case)["policy_id"] == version for case in (early, late, closed)] == [False, True, False]
    four, two = parse_policy(PACK, name="old"), parse_policy(SHORTER, name="new")
    assert reply_due(store, late.id) < reply_due(store, early.id) + timedelta(days=1)
    with store.reading() as connection:
        (found,) = histories(connection, [late.id], policy_book(connection))
    pauses = {
        next(item.state.pauses for item in promises.promises_of(policy, found) if item.name == "reply")
        for policy in (four, two)
    }
    assert pauses == {((after(days=1, hours=1), after(days=2, hours=1)),)}


def test_a_policy_dated_back_does_not_reach_into_the_time_of_a_later_one(store: Store) -> None:
    later = applied(store, SHORTER, after(days=2))
    case = received(store, at=after(days=3))
    applied(store, PACK, after(days=1))
    assert case_of(store, case)["policy_id"] == later


def test_the_same_policy_applied_twice_is_one_version(store: Store) -> None:
    first = applied(store, SHORTER, after(days=1))
    before = contents(store)
    assert applied(store, SHORTER, after(days=1)) == first
    assert contents(store) == before
    assert history(store)[0].id == first


def test_a_case_in_a_state_that_the_new_policy_does_not_know_stays_under_its_own(store: Store) -> None:
    other = PACK.replace('"rejected"', '"refused"')
    case = received(store)
    done(store, "reject", case, "root", after(minutes=1), reason="gas, not electricity")
    waiting = received(store, at=after(minutes=2))
    version = applied(store, other, START)
    assert case_of(store, waiting)["policy_id"] == version
    assert case_of(store, case)["policy_id"] != version
    done(store, "reopen", case, "root", after(minutes=5), reason="electricity after all")


FAULTY = (
    "this is no policy",
    PACK.replace("initial = true\n", ""),
    PACK.replace('guards = ["has_reply_or_reason", "callback_or_reason", "remedies_done", "not_supervised"]\n', ""),
    PACK.replace('target = "4d"', 'target = "4 days or so"', 1),
    PACK.replace('ready = "cn"', "hours = {}"),
)


def test_a_policy_with_faults_changes_nothing(store: Store) -> None:
    received(store)
    before = contents(store)
    for content in FAULTY:
        with pytest.raises(PolicyErrors):
            applied(store, content, START)
    assert contents(store) == before


def test_only_leads_and_administrators_change_the_policy(store: Store) -> None:
    before = contents(store)
    for actor in ("an", "aud", "stranger"):
        with pytest.raises(NotAllowedError):
            applied(store, SHORTER, START, actor)
    assert contents(store) == before


def test_what_if_says_which_cases_change_and_which_would_be_late_without_saving(store: Store) -> None:
    cases = [received(store, at=after(minutes=number)) for number in range(3)]
    for case in cases[:2]:
        done(store, "triage", case, "an", after(minutes=4), severity="1")
        done(store, "dispatch", case, "an", after(minutes=5))
        done(store, "contact", case, "an", after(minutes=6), note="called")
    before = contents(store)
    found = what_if(store, parse_policy(SHORTER, name="new"), now=after(days=1))
    assert contents(store) == before
    assert found.cases == 3
    assert {change.reference for change in found.changes} == {case.reference for case in cases[:2]}
    assert len(found.breaches) == 0
    short = SHORTER.replace('target = "3d"\nstarts_at = ["dispatch"]', 'target = "1d"\nstarts_at = ["dispatch"]')
    found = what_if(store, parse_policy(short, name="new"), now=after(days=2, hours=12))
    assert {change.reference for change in found.breaches} == {case.reference for case in cases[:2]}
    assert what_if(store, parse_policy(PACK, name="same"), now=after(days=3)).changes == ()
    since = what_if(store, parse_policy(SHORTER, name="new"), now=after(days=3), received_since=after(minutes=1))
    assert since.cases == 2


def test_computing_all_again_changes_nothing_that_was_right(store: Store) -> None:
    for number in range(3):
        received(store, replace(COMPLAINT, kind=["complaint", "fault", "inquiry"][number]), at=after(minutes=number))
    before = contents(store, "clocks", "cases")
    seen: list[tuple[int, int]] = []
    assert recompute_open(store, actor="root", progress=lambda *step: seen.append(step)) == 3
    assert seen == [(3, 3)]
    assert contents(store, "clocks", "cases") == before


def test_the_history_can_be_read_and_compared(store: Store) -> None:
    version = applied(store, SHORTER, after(days=1))
    assert content_of(store, version) == SHORTER
    assert policy_in_force(store, after(hours=1)).id != version
    assert policy_in_force(store, after(days=1)).id == version
    assert any("complaint reply" in line for line in changes_since(store, SHORTER, name="new", now=START))
    with pytest.raises(NotFoundError):
        content_of(store, 4711)
    with pytest.raises(OmbudError):
        changes_since(store, "code = 1", name="broken", now=START)
