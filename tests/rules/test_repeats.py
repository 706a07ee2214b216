"""Repeat complaints, duplicates, and cases of one common cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.rules.repeats import (
    CaseLikeness,
    MergeCycleError,
    ParentEvent,
    RepeatRules,
    cut_text,
    duplicates_of,
    likeness,
    merge_target,
    parent_of,
    repeat_of,
    text_likeness,
)

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
RULES = RepeatRules()
CASE = CaseLikeness("C9", NOW, category="billing / wrong", customer="u1", account="a1", premise="p1", meter="m1")


def earlier(days: float, reference: str = "C1", **more: object) -> CaseLikeness:
    return replace(CASE, reference=reference, received_at=NOW - timedelta(days=days), **more)  # type: ignore[arg-type]


def test_t6_the_same_place_and_cause_within_the_window_is_one_repeat() -> None:
    found = repeat_of(RULES, CASE, [earlier(10)])
    assert (found.is_repeat, found.earlier, found.times, found.is_raised) == (True, ("C1",), 2, True)
    assert "customer" in found.why


@pytest.mark.parametrize("identity", ["customer", "account", "premise", "meter"])
def test_any_one_identity_is_enough(identity: str) -> None:
    others = {name: "" for name in ("customer", "account", "premise", "meter") if name != identity}
    assert repeat_of(RULES, CASE, [earlier(10, **others)]).is_repeat
    assert not repeat_of(RULES, CASE, [earlier(10, **others, **{identity: "else"})]).is_repeat


def test_empty_identities_are_like_none() -> None:
    nobody = replace(CASE, customer="", account="", premise="", meter="")
    assert not repeat_of(
        RULES, nobody, [replace(nobody, reference="C1", received_at=NOW - timedelta(days=1))]
    ).is_repeat


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (earlier(30), True),
        (earlier(30.01), False),
        (earlier(-1), False),
        (earlier(1, category="billing / calculation"), True),
        (earlier(1, category="quality"), False),
        (earlier(1, category="billings"), False),
        (earlier(1, kind="inquiry"), False),
        (earlier(1, is_merged=True), False),
        (earlier(1, is_open=False), True),
        (earlier(1, reference="C9"), False),
    ],
)
def test_what_counts_as_a_repeat(other: CaseLikeness, expected: bool) -> None:
    assert repeat_of(RULES, CASE, [other]).is_repeat is expected


def test_depth_narrows_the_cause_and_depth_zero_drops_it() -> None:
    other = earlier(1, category="billing / calculation")
    assert not repeat_of(replace(RULES, category_depth=2), CASE, [other]).is_repeat
    assert repeat_of(replace(RULES, category_depth=0), CASE, [earlier(1, category="quality")]).is_repeat
    assert not repeat_of(RULES, replace(CASE, category=""), [earlier(1, category="")]).is_repeat


def test_repeats_are_counted_once_each_latest_first() -> None:
    others = [earlier(20, "C1"), earlier(5, "C2"), earlier(5, "C2"), earlier(12, "C3")]
    found = repeat_of(replace(RULES, raise_at=5), CASE, others)
    assert (found.earlier, found.times, found.is_raised) == (("C2", "C3", "C1"), 4, False)


def test_of_two_cases_received_in_the_same_second_one_is_the_repeat() -> None:
    twin = earlier(0, "C1")
    assert repeat_of(RULES, CASE, [twin]).is_repeat
    assert not repeat_of(RULES, twin, [CASE]).is_repeat


def test_duplicates_are_scored_by_person_place_and_text() -> None:
    case = replace(CASE, segments=cut_text("家里停电两个小时了"))
    same = earlier(0.1, "C1", segments=cut_text("家里停电两小时了"))
    stranger = earlier(0.1, "C2", customer="u2", account="", premise="", meter="", segments=cut_text("账单金额不对"))
    found = duplicates_of(RULES, case, [stranger, same])
    assert [item.reference for item in found] == ["C1"]
    assert found[0].score > 0.6
    assert "same customer" in found[0].why
    assert duplicates_of(RULES, case, [replace(same, is_open=False)]) == ()
    assert duplicates_of(RULES, case, [replace(same, received_at=NOW - timedelta(days=4))]) == ()


texts = st.frozensets(st.sampled_from(["停电", "电了", "bill", "wrong", "meter"]))


@given(texts, texts)
def test_text_likeness_is_symmetric_and_one_only_for_the_same(one: frozenset[str], other: frozenset[str]) -> None:
    score = text_likeness(one, other)
    assert score == text_likeness(other, one)
    assert 0 <= score <= 1
    assert (score == 1) == (one == other and bool(one))


@given(texts, texts, st.booleans(), st.booleans())
def test_likeness_is_symmetric_and_at_most_one(
    one: frozenset[str], other: frozenset[str], person: bool, place: bool
) -> None:
    a = replace(CASE, segments=one)
    b = replace(CASE, reference="C1", segments=other, customer="u1" if person else "u2")
    if not place:
        b = replace(b, account="", premise="", meter="")
    assert likeness(a, b).score == likeness(b, a).score <= 1


def test_a_case_belongs_to_the_outage_of_its_area_and_time() -> None:
    outage = ParentEvent("P1", NOW - timedelta(hours=2), None, areas=frozenset({"feeder 7"}), categories=("outage",))
    case = replace(CASE, category="outage / fault", area="feeder 7")
    assert parent_of(RULES, case, [outage]) == outage
    assert parent_of(RULES, replace(case, area="feeder 8"), [outage]) is None
    assert parent_of(RULES, replace(case, category="billing"), [outage]) is None
    assert parent_of(RULES, replace(case, received_at=NOW - timedelta(hours=3)), [outage]) is None
    assert parent_of(RULES, case, [replace(outage, ended_at=NOW - timedelta(hours=1))]) is not None
    assert parent_of(replace(RULES, parent_hours=0), case, [replace(outage, ended_at=NOW - timedelta(hours=1))]) is None


def test_the_narrower_of_two_events_wins_then_the_later() -> None:
    wide = ParentEvent("P1", NOW - timedelta(hours=1))
    narrow = ParentEvent("P2", NOW - timedelta(hours=5), areas=frozenset({"feeder 7"}))
    late = replace(narrow, reference="P3", began_at=NOW - timedelta(hours=2))
    case = replace(CASE, area="feeder 7")
    assert parent_of(RULES, case, [wide, narrow]) == narrow
    assert parent_of(RULES, case, [late, wide, narrow]) == late


def test_r16_a_reply_to_a_merged_case_goes_to_its_target_and_cycles_are_refused() -> None:
    assert merge_target("a", {"a": "b", "b": "c"}) == "c"
    assert merge_target("c", {"a": "b", "b": "c"}) == "c"
    with pytest.raises(MergeCycleError) as caught:
        merge_target("a", {"a": "b", "b": "c", "c": "b"})
    assert "a -> b -> c -> b" in caught.value.message


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef")))
def test_any_chain_of_merges_ends_or_is_refused(merged: dict[str, str]) -> None:
    for reference in "abcdef":
        try:
            assert merge_target(reference, merged) not in merged
        except MergeCycleError:
            continue
