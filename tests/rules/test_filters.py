"""The filter language: read, written again, refused with the place and the nearest word, resolved, completed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.codes import CaseKind, CasePhase, CaseState, Channel
from console.errors import UsageError
from console.labels import LABELS
from console.rules.filter_completion import Completion, complete
from console.rules.filter_times import WORDS, ValueProblem, duration, resolve
from console.rules.filters import (
    CASE_FIELDS,
    LONGEST,
    MOST_TERMS,
    Fields,
    FieldType,
    Filter,
    FilterError,
    Operator,
    Sort,
    Span,
    Term,
    Value,
    parse,
    spans,
    with_choices,
)
from console.services.views import QUEUE_VIEWS

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 4, 1, 30, tzinfo=UTC)
"""A Wednesday, half past nine in Shanghai."""


def one(text: str) -> Term:
    (term,) = parse(text).terms
    return term


def refusal(text: str, fields: Fields = CASE_FIELDS) -> FilterError:
    with pytest.raises(FilterError) as caught:
        parse(text, fields)
    return caught.value


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# --- reading -------------------------------------------------------------------------------------------------------


def test_the_example_of_the_manual_is_read() -> None:
    text = (
        "kind:complaint state:open team:billing severity:>=3 due:<4h region:east,south -channel:web assignee:me "
        'received:2026-11 "停电" sort:due'
    )
    assert parse(text) == Filter(
        (
            Term("kind", (Value("complaint"),)),
            Term("state", (Value("open"),)),
            Term("team", (Value("billing"),)),
            Term("severity", (Value("3"),), Operator.AT_LEAST),
            Term("due", (Value("4h"),), Operator.LESS),
            Term("region", (Value("east"), Value("south"))),
            Term("channel", (Value("web"),), is_negated=True),
            Term("assignee", (Value("me"),)),
            Term("received", (Value("2026-11"),)),
            Term("text", (Value("停电", is_phrase=True),)),
        ),
        (Sort("due"),),
    )
    assert str(parse(text)) == text


def test_nothing_asks_for_everything() -> None:
    assert parse("  \n") == Filter()
    assert not parse("")
    assert parse("sort:due")


def test_every_queue_everybody_has_is_read() -> None:
    assert [str(parse(view.filter)) for view in QUEUE_VIEWS] == [view.filter for view in QUEUE_VIEWS]


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("KIND:Complaint", "kind:complaint"),
        ("类型：投诉", "kind:complaint"),
        ("kind:faults,报修,praise", "kind:fault,praise"),
        ("区域:东区，南区", "region:东区,南区"),
        ("state:调查处理", "state:investigating"),
        ("级别:≥重要", "severity:>=2"),
        ("severity:2..", "severity:>=2"),
        ("severity:..2", "severity:<=2"),
        ("severity:=3", "severity:3"),
        ("overdue:是 supervised:FALSE", "overdue:yes supervised:no"),
        ("assignee:我 region:无", "assignee:me region:none"),
        ("assignee:NONE", "assignee:none"),
        ("text:停水", "停水"),
        ('text:"no water"', '"no water"'),
        ("“停水了 两天”", '"停水了 两天"'),
        ("text:a text:b,c", "a text:b,c"),
        ('"said ""hello"', '"said " "hello"'),
        (r'"a \"b\" c\\"', r'"a \"b\" c\\"'),
        ('region:"New  York","a,b"', 'region:"New  York","a,b"'),
        ('region:"east"', "region:east"),
        ('region:">x"', 'region:">x"'),
        ("停水，报修", '"停水，报修"'),
        ("12:30", '"12:30"'),
        ("地点：幸福路", '"地点：幸福路"'),
        ("-停水 -", '-停水 "-"'),
        ("--x", '-"-x"'),
        ("received:TODAY", "received:today"),
        ("受理时间:本月", "received:this-month"),
        ("received:2026-11-03t10:00z", "received:2026-11-03T10:00Z"),
        ("due:>-2h due:<+4h", "due:>-2h due:<4h"),
        ("sort:due sort:-受理时间,due", "sort:due,-received"),
        ("sort:due heat", "heat sort:due"),
        ("ref:C-2026-* account:00123", "reference:C-2026-* account:00123"),
    ],
)
def test_what_is_written_many_ways_is_written_again_in_one(written: str, canonical: str) -> None:
    assert str(parse(written)) == canonical
    assert parse(canonical) == parse(written)


def test_words_are_prefixes_and_quotations_phrases() -> None:
    assert one("heat").values == (Value("heat"),)
    assert one('"heat"').values == (Value("heat", is_phrase=True),)
    assert one('subject:heat,"no heat"').values == (Value("heat"), Value("no heat", is_phrase=True))


def test_absence_is_told_apart_from_values() -> None:
    assert one("region:none,east").asks_for_absence
    assert not one("region:east").asks_for_absence


def test_filters_are_joined_and_sorted_anew() -> None:
    joined = parse("state:open sort:due").joined(parse("heat state:open -web sort:-received"))
    assert str(joined) == "state:open heat -web sort:-received"
    assert str(joined.sorted_by(Sort("severity", is_descending=True))) == "state:open heat -web sort:-severity"
    assert joined.searched() == (Value("heat"),)


def test_a_utility_adds_the_states_of_its_own_workflow() -> None:
    fields = with_choices(CASE_FIELDS, "state", {"site-visit": "Site visit", "NEW": "New"})
    assert str(parse('state:site_visit,new,"site visit",open', fields)) == "state:site-visit,NEW,open"
    assert "site-visit" in refusal("state:site-visti", fields).hint


WORD = st.text(st.sampled_from('ab停水:：,，"“”\\-.<>=() éЖ*'), min_size=1, max_size=6)
TIMES = st.sampled_from(
    ["2026", "2026-11", "2026-11-03", "2026-11-03T10:00", "2026-q3", "2026-w45", *WORDS, "last-30d"]
)


def quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


ITEM = st.one_of(
    WORD,
    WORD.map(quoted),
    st.builds("{}:{}".format, st.sampled_from(["region", "text", "subject", "team", "区域"]), WORD),
    st.builds("{}:{},{}".format, st.sampled_from(["region", "text", "subject"]), WORD.map(quoted), WORD),
    st.builds("severity:{}{}".format, st.sampled_from(["", ">", "<=", "=", "≥"]), st.integers(0, 5)),
    st.builds("severity:{}..{}".format, st.integers(1, 4), st.integers(1, 4)),
    st.builds("received:{}{}".format, st.sampled_from(["", ">", "<=", "="]), TIMES),
    st.builds("closed:{}..{}".format, TIMES, TIMES),
    st.builds(
        "{}:{}{}".format, st.sampled_from(["due", "age"]), st.sampled_from(["<", ">="]), st.sampled_from(["4h", "90m"])
    ),
    st.builds("kind:{},{}".format, st.sampled_from(list(CaseKind)), st.sampled_from(list(CaseKind))),
    st.builds("sort:{},-{}".format, st.sampled_from(["due", "received"]), st.sampled_from(["severity", "due"])),
)


@given(st.lists(st.tuples(st.sampled_from(["", "-"]), ITEM).map("".join), max_size=6).map(" ".join))
@example('region:"a"b')
@example("text:<x text:-y -text:-z")
@example('text:":",< text:a,OR')
def test_a_filter_written_again_is_the_same_filter(text: str) -> None:
    try:
        read = parse(text)
    except FilterError:
        return
    assert parse(str(read)) == read
    assert str(parse(str(read))) == str(read)


@given(st.text(st.characters(exclude_categories=()), max_size=40))
@example("kind:")
@example("\ud800\x1b")
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    refused: list[FilterError] = []
    try:
        read = parse(text)
    except FilterError as error:
        refused.append(error)
    else:
        assert parse(str(read)) == read
    assert all(0 <= found.position <= len(text) for found in refused)
    assert all(len(found.pointer().split("\n")[0]) == len(text) for found in refused)


# --- refusing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "position", "said", "hinted"),
    [
        ("heat chanel:web", 5, "Unknown field chanel: (at character 6)", "channel"),
        ("zzz:1", 0, "Unknown field zzz:", "kind, state"),
        ("kind:compaint", 5, "compaint", "complaint"),
        ("kind:fault,xyzzy", 11, "xyzzy", "praise"),
        ("severity:five", 9, "whole number", "severity:1"),
        ("severity:7", 9, "cannot be 7", "from 1 to 4"),
        ("severity:>", 10, "no value after severity:", ""),
        ("severity:4..2", 9, "ends before it begins", "severity:2..4"),
        ("severity:..", 9, "at least one end", ""),
        ("severity:>1..2", 10, "range", ""),
        ("severity:>1,2", 12, "one value", ""),
        ("kind:>fault", 5, "cannot be compared", "kind:value"),
        ("region:>=a", 7, "cannot be compared", ""),
        ("kind:", 5, "no value after kind:", "complaint"),
        ("region:a,,b", 9, "value is missing", ""),
        ('region:""', 7, "nothing between", ""),
        ('region:"a"b', 10, "space or a comma", ""),
        ('region:a"b"', 8, "middle of a value", ""),
        ('heat "no', 5, "not closed", '"'),
        ("received:2026-13", 9, "not a time", "2026-11"),
        ("received:2026-02-30", 9, "not a time", ""),
        ("received:todya", 9, "not a time", "today"),
        ("received:0001-01", 9, "not a time", ""),
        ("received:4h", 9, "which side", "received:<4h"),
        ("received:<99999999999d", 10, "not a time", ""),
        ("received:2026-01..4h", 9, "from a time to a time", ""),
        ("received:none", 9, "not a time", ""),
        ("due:<none", 5, "none cannot be compared", "due:none"),
        ("due:<overdue", 5, "overdue cannot be compared", "due:overdue"),
        ("age:>2026", 5, "not a length of time", "3d"),
        ("overdue:perhaps", 8, "perhaps", "yes, no"),
        ("sort:dew", 5, "sorted by dew", "due"),
        ("sort:text", 5, "sorted by text", ""),
        ("sort:", 5, "no field after sort:", "due"),
        ("-sort:due", 0, "minus", "sort:-due"),
        ("a OR b", 2, "OR", "commas"),
        ("a\u202eb", 1, "U+202E", "Delete"),
        ("\ud800", 0, "U+D800", ""),
    ],
)
def test_a_wrong_filter_is_refused_where_it_is_wrong(text: str, position: int, said: str, hinted: str) -> None:
    error = refusal(text)
    assert isinstance(error, UsageError)
    assert (error.position, error.text) == (position, text)
    assert said in error.message
    assert hinted in error.hint


def test_the_pointer_stands_under_the_character_in_columns() -> None:
    assert refusal("停水 chanel:web").pointer() == "停水 chanel:web\n     ^"
    assert refusal("e\u0301\tchanel:web").pointer() == "e\u0301 chanel:web\n  ^"
    assert refusal("\x1bx").pointer() == "?x\n^"


def test_a_filter_is_bounded() -> None:
    assert len(parse(" ".join(["a"] * MOST_TERMS)).terms) == MOST_TERMS
    assert refusal(" ".join(["a"] * (MOST_TERMS + 1))).position == MOST_TERMS * 2
    assert len(parse("a" * LONGEST).terms) == 1
    assert "2,001" in refusal("a" * (LONGEST + 1)).message


# --- times ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-11", "2026-11-01", "2026-12-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        ("2026-q4", "2026-10-01", "2027-01-01"),
        ("2026-w01", "2025-12-29", "2026-01-05"),
        ("2026-11-03T10", "2026-11-03T10:00", "2026-11-03T11:00"),
        ("2026-11-03T10:30", "2026-11-03T10:30", "2026-11-03T10:31"),
        ("2026-11-03T10:30:05", "2026-11-03T10:30:05", "2026-11-03T10:30:06"),
        ("2026-11-03T02:30Z", "2026-11-03T10:30", "2026-11-03T10:31"),
        ("2026-11-03T04:30+02:00", "2026-11-03T10:30", "2026-11-03T10:31"),
        ("2026-11-02T21:30-0500", "2026-11-03T10:30", "2026-11-03T10:31"),
        ("now", "2026-11-04T09:30", "2026-11-04T09:30:01"),
        ("today", "2026-11-04", "2026-11-05"),
        ("yesterday", "2026-11-03", "2026-11-04"),
        ("tomorrow", "2026-11-05", "2026-11-06"),
        ("this-week", "2026-11-02", "2026-11-09"),
        ("last-week", "2026-10-26", "2026-11-02"),
        ("next-week", "2026-11-09", "2026-11-16"),
        ("this-month", "2026-11-01", "2026-12-01"),
        ("next-month", "2026-12-01", "2027-01-01"),
        ("last-quarter", "2026-07-01", "2026-10-01"),
        ("this-year", "2026-01-01", "2027-01-01"),
        ("last-year", "2025-01-01", "2026-01-01"),
        ("last-30d", "2026-10-05T09:30", "2026-11-04T09:30"),
        ("next-4h", "2026-11-04T09:30", "2026-11-04T13:30"),
        ("4h", "2026-11-04T13:30", "2026-11-04T13:30:01"),
        ("-90m", "2026-11-04T08:00", "2026-11-04T08:00:01"),
        ("1w", "2026-11-11T09:30", "2026-11-11T09:30:01"),
    ],
)
def test_a_written_time_means_instants(written: str, start: str, end: str) -> None:
    assert resolve(written, NOW, SHANGHAI) == Span(at(start), at(end))


def test_days_begin_in_the_zone_even_when_clocks_change() -> None:
    span = resolve("2026-03-29", NOW, ZoneInfo("Europe/London"))
    assert span == Span(datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 23, tzinfo=UTC))
    late = datetime(2026, 11, 3, 17, tzinfo=UTC)
    assert resolve("today", late, SHANGHAI) == Span(at("2026-11-04"), at("2026-11-05"))


@pytest.mark.parametrize(
    "written", ["", "2026-1", "2026-00", "2026-w54", "2026-q5", "25:00", "2026-11-03T24", "last-x", "that-week"]
)
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(ValueProblem):
        resolve(written, NOW, SHANGHAI)


@given(st.sampled_from(WORDS), st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_named_periods_follow_one_another_without_gap(word: str, now: datetime) -> None:
    which, _dash, period = word.partition("-")
    if which == "this":
        last, this, following = (resolve(f"{name}-{period}", now, SHANGHAI) for name in ("last", "this", "next"))
        assert last.end == this.start
        assert this.end == following.start
        assert this.start is not None
        assert this.end is not None
        assert this.start <= now < this.end


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("received:2026-11-03", "2026-11-03", "2026-11-04"),
        ("received:>2026-11-03", "2026-11-04", None),
        ("received:>=2026-11-03", "2026-11-03", None),
        ("received:<2026-11", None, "2026-11-01"),
        ("received:<=2026-11", None, "2026-12-01"),
        ("received:2026-01..2026-03", "2026-01-01", "2026-04-01"),
        ("received:2026-01..", "2026-01-01", None),
        ("received:yesterday..now", "2026-11-03", "2026-11-04T09:30:01"),
        ("due:<4h", None, "2026-11-04T13:30"),
        ("due:<=4h", None, "2026-11-04T13:30:01"),
        ("due:>4h", "2026-11-04T13:30:01", None),
        ("due:1h..4h", "2026-11-04T10:30", "2026-11-04T13:30:01"),
        ("due:overdue", None, "2026-11-04T09:30"),
        ("age:>3d", None, "2026-11-01T09:30"),
        ("age:>=3d", None, "2026-11-01T09:30:01"),
        ("age:<4h", "2026-11-04T05:30:01", None),
        ("age:<=4h", "2026-11-04T05:30", None),
        ("age:1d..3d", "2026-11-01T09:30", "2026-11-03T09:30:01"),
        ("received:<4h", "2026-11-04T05:30:01", None),
    ],
)
def test_a_comparison_means_instants(text: str, start: str | None, end: str | None) -> None:
    term = one(text)
    expected = Span(at(start) if start else None, at(end) if end else None)
    assert spans(term, CASE_FIELDS[term.field], NOW, SHANGHAI) == [expected]


def test_any_of_several_times_will_do_and_none_is_no_time() -> None:
    found = spans(one("due:today,none,2026-12"), CASE_FIELDS["due"], NOW, SHANGHAI)
    assert found == [Span(at("2026-11-04"), at("2026-11-05")), Span(at("2026-12-01"), at("2027-01-01"))]
    assert spans(one("due:none"), CASE_FIELDS["due"], NOW, SHANGHAI) == []


@given(st.integers(0, 36_600), st.sampled_from("mhdw"))
def test_durations_are_read(count: int, unit: str) -> None:
    length = duration(f"{count}{unit}")
    minutes = count * {"m": 1, "h": 60, "d": 1440, "w": 10080}[unit]
    assert length == (timedelta(minutes=minutes) if minutes <= 36_600 * 1440 else None)


# --- fields and completion -----------------------------------------------------------------------------------------


def test_fields_hold_the_codes_and_the_labels_of_the_program() -> None:
    assert set(CASE_FIELDS["kind"].choices) == set(CaseKind)
    assert set(CASE_FIELDS["state"].choices) == set(CaseState) | set(CasePhase)
    assert set(CASE_FIELDS["channel"].choices) == set(Channel)
    assert {name: item.label for name, item in CASE_FIELDS.items()}.items() <= LABELS["field"].items()


def test_no_name_or_synonym_is_ambiguous() -> None:
    names = [name for item in CASE_FIELDS.values() for name in (item.name, *item.aliases)]
    assert len(names) == len(set(names))
    for item in CASE_FIELDS.values():
        known = set(item.choices) if item.type is FieldType.CHOICE else {str(n) for n in range(item.least, 5)}
        assert set(item.synonyms.values()) <= known
        assert not set(item.synonyms) & set(item.choices)


def texts(text: str) -> list[str]:
    return [found.text for found in complete(text, len(text))]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("re", ["region:", "reference:", "received:", "responsible:", "external:"]),
        ("heat -chan", ["channel:"]),
        ("类", ["kind:", "category:"]),
        ("so", ["source:", "sort:"]),
        ("kind:com", ["complaint"]),
        ("类型：投", ["complaint"]),
        ("kind:fault,in", ["inquiry"]),
        ("-channel:we", ["web"]),
        ("severity:>=", ["1", "2", "3", "4"]),
        ("severity:maj", ["3"]),
        ("due:over", ["overdue"]),
        ("received:2026-01..to", ["today", "tomorrow"]),
        ("assignee:", ["me", "none"]),
        ("overdue:", ["yes", "no"]),
        ("sort:-re", ["-region", "-reference", "-received"]),
        ("sort:due,sev", ["severity"]),
        ('"no re', []),
        ("nothing:re", []),
    ],
)
def test_what_may_stand_at_the_cursor_is_offered(text: str, offered: list[str]) -> None:
    assert texts(text) == offered


def test_a_completion_replaces_the_word_under_the_cursor() -> None:
    assert complete("chan:web heat", 2) == [Completion("channel:", 0, 4, "Channel")]
    assert complete("kind:comX,fault", 8) == [Completion("complaint", 5, 9, "Complaint")]


def test_open_sets_are_asked_for_and_quoted() -> None:
    asked: list[tuple[str, str]] = []

    def regions(field: str, typed: str) -> list[str]:
        asked.append((field, typed))
        return ["New Town", "北区"]

    assert [item.text for item in complete("region:ne", 9, CASE_FIELDS, regions)] == ['"New Town"', "北区"]
    assert complete('region:"New To', 14, CASE_FIELDS, regions)[0] == Completion('"New Town"', 7, 14, "")
    assert asked == [("region", "ne"), ("region", "new to")]


@given(ITEM, st.integers(0, 40))
def test_completing_never_fails_and_stays_inside(text: str, cursor: int) -> None:
    for found in complete(text, cursor):
        assert 0 <= found.start <= min(cursor, len(text)) <= found.end <= len(text)


@pytest.mark.parametrize("text", ["kind:", "severity:>", "received:", "due:o", "overdue:", "sort:", "assignee:n"])
def test_whatever_is_offered_is_understood(text: str) -> None:
    written = [text[: found.start] + found.text + text[found.end :] for found in complete(text, len(text))]
    assert written
    assert all(parse(filter_text) for filter_text in written)
