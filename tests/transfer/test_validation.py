"""Rows become records, or are refused with the column and the reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from console.transfer.dates import DateReader
from console.transfer.formulas import guarded, unguarded
from console.transfer.profiles import load_profile
from console.transfer.source_rows import SourceRow
from console.transfer.validation import CaseRecord, RowError, RowReader

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def record(profile: str, is_guarded: bool = False, /, **given: str) -> CaseRecord:
    names = {name.replace("_", " "): value for name, value in given.items()} if profile != "ombud" else given
    mapping = load_profile(profile)
    columns = mapping.columns_of(tuple(names), "x.csv")
    reader = RowReader(mapping, columns, is_guarded=is_guarded, now=lambda: NOW)
    return reader.read(SourceRow(7, tuple(names.values())))


def cfpb(**given: str) -> CaseRecord:
    return record("cfpb", **{"Complaint_ID": "71", "Date_received": "2026-03-02", "Issue": "Billing", **given})


def refusal(**given: str) -> RowError:
    with pytest.raises(RowError) as caught:
        cfpb(**given)
    return caught.value


def test_a_day_without_a_zone_is_a_day_of_the_publisher() -> None:
    assert cfpb().received_at == datetime(2026, 3, 2, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["03/02/2026", "2026-03-02T00:00:00-05:00", "2026-03-02T05:00:00Z", "2026-03-02 00:00:00"]
)
def test_other_forms_of_the_same_publisher_say_the_same(text: str) -> None:
    assert cfpb(Date_received=text).digest == cfpb().digest


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-02-30", "no such day"),
        ("yesterday", "not a date of the expected form"),
        ("1492-10-12", "the year is not between"),
        ("2026-11-30", "lies in the future"),
        ("", "is empty"),
        ("20260302", "not a date of the expected form"),
    ],
)
def test_an_impossible_date_is_refused(text: str, reason: str) -> None:
    error = refusal(Date_received=text)
    assert error.column == "Date received"
    assert reason in error.reason


def test_states_and_outcomes_follow_the_words_of_the_source_which_are_kept() -> None:
    closed = cfpb(Company_response_to_consumer="Closed with Monetary Relief", Tags="Older American")
    assert (closed.state, closed.phase, closed.outcome, closed.is_vulnerable) == ("archived", "closed", "solved", True)
    assert json.loads(closed.extras)["Company response to consumer"] == "Closed with Monetary Relief"
    explained = cfpb(Company_response_to_consumer="Closed with explanation")
    assert (explained.phase, explained.outcome) == ("closed", None)


def test_an_unknown_word_falls_back_and_is_not_lost() -> None:
    strange = cfpb(Submitted_via="Carrier pigeon")
    assert strange.channel == "other"
    assert json.loads(strange.extras) == {"Submitted via": "Carrier pigeon"}


def test_levels_subject_and_place_are_joined() -> None:
    full = cfpb(Product="Loan", Sub_product="", Sub_issue="Wrong bill", State="TX", ZIP_code="770XX")
    assert (full.category, full.subject) == ("Loan", "Billing: Wrong bill")
    assert (full.region, full.location) == ("TX", "TX 770XX")


def test_missing_words_are_missing() -> None:
    row = record(
        "nyc311",
        Unique_Key="1",
        Created_Date="12/25/2013 11:59:08 PM",
        Complaint_Type="HEATING",
        Borough="Unspecified",
        Landmark="N/A",
    )
    assert (row.region, row.extras) == ("", "{}")
    assert row.received_at == datetime(2013, 12, 26, 4, 59, 8, tzinfo=UTC)


def test_a_subject_that_is_too_long_is_cut_and_kept_at_the_head_of_the_narrative() -> None:
    long = cfpb(Issue="very " * 150, Consumer_complaint_narrative="the rest")
    assert len(long.subject) <= 500
    assert long.subject.endswith("…")
    assert long.narrative == ("very " * 150).strip() + "\n\nthe rest"


def test_without_a_subject_category_or_text_stand_in_for_it() -> None:
    assert cfpb(Issue="", Product="Loan", Sub_product="Lease").subject == "Lease"
    assert cfpb(Issue="", Consumer_complaint_narrative="\n first line \nsecond").subject == "first line"
    assert "what the case is about" in refusal(Issue=" ").reason


def test_other_texts_that_are_too_long_are_refused() -> None:
    error = refusal(State="x" * 101)
    assert (error.column, error.reason) == ("State", "is longer than 100 characters")


def test_hostile_characters_are_made_visible() -> None:
    shown = cfpb(Issue="a\x1b]52;c;x\x07b\u202ec", Consumer_complaint_narrative="x\x00y\r\nz")
    assert shown.subject == "a␛]52;c;x␇b⟨U+202E⟩c"
    assert shown.narrative == "x␀y\nz"


def test_messages_of_the_platform_have_times_in_two_forms_and_a_customer() -> None:
    given = {
        "留言编号": "88",
        "留言用户": "A0001",
        "留言主题": "停水三天",
        "留言详情": "\n\t\t\t\t整个小区停水\u3000\n",
        "点赞数": "4",
    }
    one = record("tipdm", **given, 留言时间="2019/3/7 9:05:01")
    two = record("tipdm", **given, 留言时间="2019-03-07 09:05:01")
    assert one.digest == two.digest
    assert one.received_at == datetime(2019, 3, 7, 1, 5, 1, tzinfo=UTC)
    assert (one.customer, one.narrative, json.loads(one.extras)) == ("A0001", "整个小区停水", {"点赞数": "4"})


def test_an_answered_message_is_archived() -> None:
    given = {
        "留言编号": "88",
        "留言主题": "停水",
        "留言时间": "2019/3/7 9:05:01",
        "答复意见": "已修复",
        "答复时间": "2019/3/9 10:00:00",
    }
    answered = record("tipdm", **given)
    assert (answered.phase, answered.reply, answered.closed_at) == (
        "closed",
        "已修复",
        datetime(2019, 3, 9, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("day", "time"), [("04-08-2015", "3:53:50 PM"), ("04-08-15", "15:53:50"), ("04-Aug-15", "3:53:50 pm")]
)
def test_day_and_time_of_two_columns_are_one_moment(day: str, time: str) -> None:
    names = ("Ticket #", "Customer Complaint", "Date", "Time")
    mapping = load_profile("comcast")
    reader = RowReader(mapping, mapping.columns_of(names, "x.csv"), now=lambda: NOW)
    row = reader.read(SourceRow(2, ("comcas", "slow", day, time)))
    assert row.external_reference == "comcas"
    assert row.received_at == datetime(2015, 8, 4, 19, 53, 50, tzinfo=UTC)


def test_our_own_columns_are_read_strictly() -> None:
    given = {"reference": "C-000001", "received_at": "2026-01-01T00:00:00Z", "subject": "s"}
    assert record("ombud", **given, severity="3", is_supervised="TRUE").severity == 3
    for column, value in (
        ("severity", "5"),
        ("kind", "rant"),
        ("is_supervised", "perhaps"),
        ("extras", "[1]"),
        ("source", "x"),
    ):
        with pytest.raises(RowError) as caught:
            record("ombud", **given, **{column: value})
        assert caught.value.column == column


def test_the_guard_against_formulas_comes_off_again() -> None:
    given = {"reference": "C-000001", "received_at": "2026-01-01T00:00:00Z", "subject": "'=1+1"}
    assert record("ombud", True, **given).subject == "=1+1"
    assert record("ombud", **given).subject == "'=1+1"


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "＝1",
        "\u00a0=1",
        '"=1',
        "'=1",
        "a\n=1",
        'DDE ("cmd";"/C calc")',
        "''-x",
    ],
)
def test_every_dangerous_text_is_guarded_reversibly(text: str) -> None:
    shown = guarded(text)
    assert shown != text
    assert unguarded(shown) == text
    assert all(line[:1] not in ("=", "+", "-", "@", "\t", "＝") for line in shown.splitlines())


@pytest.mark.parametrize("text", ["", "plain", "'quoted'", "a=b", "停水", "it's", "first\nsecond"])
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text == unguarded(text)


def test_a_time_that_the_clock_showed_twice_is_the_first() -> None:
    reader = DateReader(("iso",), "America/New_York")
    assert reader.read("2025-11-02 01:30") == datetime(2025, 11, 2, 5, 30, tzinfo=UTC)
