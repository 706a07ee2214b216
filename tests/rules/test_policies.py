"""A policy is checked as a whole: every fault at once, each with its line and a remedy."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.errors import OmbudError, UsageError
from console.rules.policies import Policy, PolicyErrors, PolicyFault, diff, load_pack, parse_policy, ready_packs
from console.rules.policy_conditions import CaseTraits
from console.rules.policy_lines import Path, line_numbers, line_of
from console.rules.policy_promises import missing_at_intake, missing_steps
from console.rules.workflow import ActorFacts, CaseFacts

SMALL = """\
code = "small"
title = { en = "Small", zh = "小" }
zone = "Asia/Shanghai"
calendar = "work"
department = "desk"

[calendars.work]
zone = "Asia/Shanghai"
hours = { mon = ["09:00-17:00"] }

[[departments]]
code = "desk"
label = { en = "Desk", zh = "前台" }

[[categories]]
code = "billing"
label = { en = "Billing", zh = "账单" }

[[states]]
name = "received"
label = { en = "Received", zh = "接收" }
phase = "open"
initial = true

[[states]]
name = "archived"
label = { en = "Archived", zh = "归档" }
phase = "closed"
final = true

[[transitions]]
verb = "reply"
from = ["received"]
required = ["reply"]
who = ["agent:team"]

[[transitions]]
verb = "archive"
from = ["received"]
to = "archived"
guards = ["has_reply_or_reason"]
who = ["agent:team"]

[severity]
impacts = ["low", "high"]
urgencies = ["low", "high"]
[severity.matrix]
low = { low = 1, high = 2 }
high = { low = 2, high = 4 }

[[clocks]]
rule = "reply"
clock = "reply"
target = "4d"
met_by = ["reply"]

[[escalations]]
step = "due"
clock = "reply"
at = "due"
to = "lead"
kind = "escalate"

[[routing.main]]
rule = "all"
department = "desk"
"""


ESCALATIONS = "[[escalations]]"


def task(kind: str = "letter", at: str = "due", within: str = "1d") -> str:
    """Return a task of a policy."""
    return f'[[tasks]]\nrule = "letter"\nclock = "reply"\nat = "{at}"\nkind = "{kind}"\nwithin = "{within}"\n'


def faults_of(text: str) -> tuple[PolicyFault, ...]:
    with pytest.raises(PolicyErrors) as caught:
        parse_policy(text, name="test")
    return caught.value.faults


def line_with(text: str, piece: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if piece in line)


@pytest.mark.parametrize("name", ["cn-95598", "ew-water", "gb-energy", "iso-10002", "us-tx"])
def test_ready_packs_are_valid(name: str) -> None:
    policy = parse_policy(load_pack(name), name=name)
    assert policy.code == name
    assert name in ready_packs()
    departments = {department.code for department in policy.departments}
    assert {category.department for category in policy.categories} <= departments | {""}
    assert all(rule.source for rule in policy.clocks)
    top = {category.code for category in policy.categories}
    assert {"service", "quality", "price", "billing", "other"} <= top


def test_the_default_pack_has_the_five_complaint_classes_of_95598() -> None:
    policy = parse_policy(load_pack("cn-95598"), name="cn-95598")
    labels = {category.label.zh for category in policy.categories if not category.parent}
    assert {"服务", "营业", "停送电", "供电质量", "电网建设"} <= labels
    assert max(category.code.count(" / ") for category in policy.categories) == 2


def test_a_pack_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        load_pack("cn-95589")
    assert "cn-95598" in caught.value.hint


def test_the_small_policy_is_valid() -> None:
    assert parse_policy(SMALL, name="small").category("billing") is not None


@pytest.mark.parametrize(
    ("old", "new", "piece", "said", "remedy"),
    [
        ('zone = "Asia/Shanghai"\ncal', 'zone = "Asia/Shanghia"\ncal', "Shanghia", "time zone", "Asia/Shanghai"),
        ('calendar = "work"', 'calendar = "works"', '"works"', "not known", '"work"'),
        ('department = "desk"\n\n', 'department = "dsk"\n\n', '"dsk"', "not known", '"desk"'),
        ("[calendars.work]\nzone", '[calendars.work]\nready = "de"\nx', "ready =", "not known", "cn"),
        ('mon = ["09:00-17:00"]', 'mon = ["09:00-25:00"]', "25:00", "25:00", ""),
        ('hours = { mon = ["09:00-17:00"] }', "", "[calendars.work]", "no working time", "hours"),
        ('code = "billing"', 'code = "billing / wrong"', "billing / wrong", "level above", "top level"),
        ('code = "billing"', 'code = ""', 'code = ""', "empty", "Fill it in"),
        ('phase = "open"', 'phase = "opn"', '"opn"', "not known", '"open"'),
        ("initial = true", "", "[[states]]", "initial", "initial = true"),
        ("final = true", "", "[[states]]", "No state is final", "final = true"),
        ('to = "archived"', 'to = "archivd"', '"archivd"', "not known", '"archived"'),
        (
            'guards = ["has_reply_or_reason"]\n',
            "",
            'verb = "archive"',
            "could be archived without",
            "has_reply_or_reason",
        ),
        ('guards = ["has_reply_or_reason"]', 'guards = ["has_rely"]', "has_rely", "not known", "has_reply"),
        ('required = ["reply"]', 'required = ["replly"]', "replly", "not known", '"reply"'),
        ('who = ["agent:team"]', 'who = ["agnt:team"]', "agnt", "role", "agent"),
        ('who = ["agent:team"]', 'who = ["agent:tem"]', "agent:tem", "relation", "team"),
        ('verb = "reply"', 'verb = "replay"', "replay", "not known", "reply"),
        ("high = { low = 2, high = 4 }", "high = { low = 2 }", "high = { low = 2 }", "no severity", "high = 1"),
        ("high = { low = 2, high = 4 }", "high = { low = 2, high = 5 }", "high = 5", "not a severity", "1, 2, 3, 4"),
        (
            "low = { low = 1, high = 2 }",
            "low = { low = 2, high = 1 }",
            "low = 2, high = 1",
            "lower severity",
            "2 or more",
        ),
        ('target = "4d"', 'target = "4x"', '"4x"', "no target", "120m"),
        ('target = "4d"\n', "", "[[clocks]]", '"target" is missing', 'target = "4d"'),
        ('met_by = ["reply"]', 'met_by = ["callback"]', "callback", "wait for ever", "reply"),
        ('met_by = ["reply"]', 'met_by = ["reply:nobody"]', "nobody", "does not qualify", "customer"),
        ('met_by = ["reply"]', 'met_by = ["reply@gone"]', "gone", "not a state", "received"),
        (
            'met_by = ["reply"]',
            'met_by = ["reply"]\nwhen = { category = "biling" }',
            "biling",
            "not known",
            '"billing"',
        ),
        ('met_by = ["reply"]', 'met_by = ["reply"]\nwhen = { severity = ">=9" }', ">=9", "not a severity", ">=3"),
        ('met_by = ["reply"]', 'met_by = ["reply"]\nwhen = { chanel = "web" }', "chanel", "not a key", "channel"),
        (
            'met_by = ["reply"]',
            'met_by = ["reply"]\nvalid_from = "2026-01-01"',
            "valid_from",
            "not a date",
            "without quotes",
        ),
        (
            'met_by = ["reply"]',
            'met_by = ["reply"]\nvalid_from = 2026-02-01\nvalid_until = 2026-01-01',
            "valid_until",
            "ends before",
            "after",
        ),
        ('at = "due"', 'at = "soon"', '"soon"', "not a point in time", "75%"),
        ('to = "lead"\n', 'to = "boss"\n', '"boss"', "not known", "head"),
        ('clock = "reply"\nat', 'clock = "replie"\nat', '"replie"', "not known", '"reply"'),
        ('rule = "all"\ndepartment = "desk"', 'rule = "all"', 'rule = "all"', "leads nowhere", "forward"),
        ('rule = "all"\ndepartment = "desk"', 'rule = "all"\nforward = "mian"', "mian", "not known", '"main"'),
        (
            'rule = "all"\ndepartment = "desk"',
            'rule = "all"\nforward = "main"',
            "forward",
            "circle: main -> main",
            "another",
        ),
        ("[[routing.main]]", "[[routing.first]]", "routing.first", 'no rule set "main"', "[[routing.main]]"),
        ('code = "small"\n', 'code = "small"\ncolour = "red"\n', "colour", "not a key", "code"),
        ('code = "small"', "code = 5", "code = 5", "not a text", "code ="),
        ('name = "received"', f'name = "{"r" * 41}"', "rrr", "41 characters", "40"),
        ('code = "small"', 'code = "sm\\nall"', "all", "control character", "one line"),
        ('en = "Small", ', "", "title", '"en" is missing', "en ="),
        (ESCALATIONS, f"{task()}\n{ESCALATIONS}".replace('"reply"', '"replie"', 1), "replie", "not known", '"reply"'),
        (ESCALATIONS, f"{task(kind='leter')}\n{ESCALATIONS}", "leter", "not a kind of task", "letter"),
        (ESCALATIONS, f"{task(kind='payment')}\n{ESCALATIONS}", "payment", "no task of this table", "[[payments]]"),
        (ESCALATIONS, f"{task(at='soon')}\n{ESCALATIONS}", '"soon"', "not a point in time", "75%"),
        (ESCALATIONS, f"{task(within='4x')}\n{ESCALATIONS}", '"4x"', "no target", "120m"),
        (ESCALATIONS, f"{task()}\n{task()}\n{ESCALATIONS}", 'rule = "letter"', "defined twice", "Rename"),
    ],
)
def test_each_fault_has_its_line_and_a_remedy(old: str, new: str, piece: str, said: str, remedy: str) -> None:
    assert old in SMALL
    text = SMALL.replace(old, new, 1)
    found = faults_of(text)
    fitting = [fault for fault in found if said in fault.message]
    assert fitting, [str(fault) for fault in found]
    assert remedy in fitting[0].remedy
    assert all(fault.remedy for fault in found)
    line = fitting[0].line
    window = "\n".join(text.splitlines()[max(0, line - 1) : line + 1])
    assert piece in window, (line, window)


def test_all_faults_are_told_at_once_in_the_order_of_lines() -> None:
    text = (
        SMALL.replace('"4d"', '"4x"').replace('phase = "open"', 'phase = "opn"').replace('to = "lead"', 'to = "boss"')
    )
    found = faults_of(text)
    assert len(found) >= 3
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)
    for piece in ('"opn"', '"4x"', '"boss"'):
        assert line_with(text, piece) in [fault.line for fault in found]


def test_a_doubled_category_state_rule_and_step_are_told() -> None:
    text = SMALL + SMALL[SMALL.index("[[clocks]]") : SMALL.index("[[routing")]
    text += '\n[[categories]]\ncode = "billing"\nlabel = { en = "B", zh = "B" }\n'
    said = " ".join(fault.message for fault in faults_of(text))
    assert 'rule "reply" is defined twice' in said
    assert 'step "due" is defined twice' in said
    assert 'category "billing" is defined twice' in said


def test_two_rules_with_equal_right_are_refused() -> None:
    extra = '\n[[clocks]]\nrule = "again"\nclock = "reply"\ntarget = "5d"\nmet_by = ["reply"]\n'
    (fault,) = faults_of(SMALL + extra)
    assert "equal right" in fault.message
    dated = extra + "valid_from = 2026-01-01\n"
    assert parse_policy(SMALL + dated, name="dated").clocks[1].valid_from == date(2026, 1, 1)


def test_broken_toml_is_told_with_its_line() -> None:
    text = SMALL.replace('zone = "Asia/Shanghai"\ncal', 'zone = "Asia/Shanghai\ncal')
    (fault,) = faults_of(text)
    assert fault.line == line_with(text, 'zone = "Asia')
    assert "not valid TOML" in fault.message


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_policy_is_refused_or_read_but_never_breaks(data: st.DataObject) -> None:
    lines = SMALL.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    kind = data.draw(st.sampled_from(["drop", "double", "cut", "number", "list"]))
    line = lines[at]
    key = line.split("=")[0]
    changed = {
        "drop": [],
        "double": [line, line],
        "cut": [line[: len(line) // 2]],
        "number": [f"{key}= 7"],
        "list": [f"{key}= [[]]"],
    }
    text = "\n".join([*lines[:at], *changed[kind], *lines[at + 1 :]])
    faults: tuple[PolicyFault, ...] = ()
    try:
        parse_policy(text, name="damaged")
    except PolicyErrors as error:
        faults = error.faults
    assert all(1 <= fault.line <= text.count("\n") + 2 and fault.message and fault.remedy for fault in faults)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_refused_as_a_policy(text: str) -> None:
    with pytest.raises(OmbudError):
        parse_policy(text, name="any")


def paths_of(value: object, path: Path = ()) -> list[Path]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths_of(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            found += paths_of(item, (*path, number))
    return found


@pytest.mark.parametrize("name", ["cn-95598", "ew-water", "gb-energy", "iso-10002", "us-tx"])
def test_every_value_of_a_pack_has_its_line(name: str) -> None:
    text = load_pack(name)
    lines = line_numbers(text)
    written = text.splitlines()
    for path in paths_of(tomllib.loads(text)):
        assert path in lines, path
        key = next(part for part in reversed(path) if isinstance(part, str))
        assert str(key) in "\n".join(written[max(0, lines[path] - 1) : lines[path]]) or isinstance(path[-1], int)


def test_lines_are_found_in_quoted_dotted_long_and_nested_values() -> None:
    text = (
        'a.b = 1\n"c # [d]" = """x\n]\n"""\n[t]\nlist = [ # one\n  "]",\n  { k = 2 },\n]\n'
        "'e f'.g = '''\n'''\n[[u]]\nv = 1\n[[u]]\nv = 2\n[u.w]\nx = 1979-05-27T07:32:00Z\n"
    )
    lines = line_numbers(text)
    for path in paths_of(tomllib.loads(text)):
        assert path in lines, path
    assert lines["c # [d]",] == 2
    assert lines["t", "list", 1, "k"] == 8
    assert lines["t", "e f", "g"] == 10
    assert lines["u", 1, "v"] == 15
    assert lines["u", 1, "w", "x"] == 17
    assert line_of(("u", 1, "missing"), lines) == 14
    assert line_of(("nothing",), lines) == 1


def gb() -> Policy:
    return parse_policy(load_pack("gb-energy"), name="gb-energy")


def test_t5_a_complaint_without_the_fields_of_regulation_4_does_not_leave_the_intake() -> None:
    policy = gb()
    traits = CaseTraits(date(2026, 1, 5), kind="complaint")
    agent = ActorFacts("agent", "any")
    filled = frozenset({"category", "severity", "summary"})
    refused = policy.may("triage", CaseFacts("received", filled), agent, traits)
    assert not refused.allowed
    assert {"received_at", "medium", "account", "agreed_contact"} <= set(refused.missing)
    whole = filled | set(missing_at_intake(policy.intake, traits, filled))
    assert policy.may("triage", CaseFacts("received", whole), agent, traits).allowed
    assert policy.may(
        "triage", CaseFacts("received", filled), agent, CaseTraits(date(2026, 1, 5), kind="inquiry")
    ).allowed
    assert policy.may("withdraw", CaseFacts("received", filled | {"reason"}), ActorFacts("lead"), traits).allowed


def test_a_kind_that_is_not_called_back_needs_no_callback_to_be_archived() -> None:
    policy = parse_policy(load_pack("cn-95598"), name="cn-95598")
    case = CaseFacts("replied", has_reply=True)
    lead, day = ActorFacts("lead"), date(2026, 3, 2)
    assert not policy.may("archive", case, lead, CaseTraits(day, kind="complaint")).allowed
    assert policy.may("archive", case, lead, CaseTraits(day, kind="praise")).allowed


def test_the_steps_of_iso_10002_that_a_case_lacks_are_named() -> None:
    policy = parse_policy(load_pack("iso-10002"), name="iso-10002")
    assert missing_steps(policy.steps, {"new", "triage", "assign", "contact", "reply", "archive"}) == ()
    assert missing_steps(policy.steps, {"new", "archive"}, excused={"tracking"}) == (
        "acknowledgement",
        "assessment",
        "investigation",
        "response",
        "decision",
    )


def test_the_difference_of_two_policies_is_told_in_plain_lines() -> None:
    old = parse_policy(SMALL, name="old")
    text = SMALL.replace('target = "4d"', 'target = "5d"').replace("high = 4", "high = 3")
    text += '\n[[categories]]\ncode = "other"\nlabel = { en = "Other", zh = "其他" }\n'
    lines = diff(old, parse_policy(text, name="new"))
    assert "~ clock rule reply: target 4d -> 5d" in lines
    assert "~ severity impact high, urgency high: 4 -> 3" in lines
    assert any(line.startswith("+ category other") for line in lines)
    assert len(lines) == 3
    assert diff(old, old) == ()


def test_only_the_holidays_that_differ_are_told() -> None:
    text = load_pack("cn-95598")
    more = text.replace('ready = "cn"', 'ready = "cn"\nholidays = ["2026-12-31"]')
    (line,) = diff(parse_policy(text, name="old"), parse_policy(more, name="new"))
    assert line.startswith("~ calendar work: holidays +2026-12-31")


@pytest.mark.parametrize("make", [lambda: gb(), lambda: parse_policy(SMALL, name="small")])
def test_reading_twice_gives_the_same_policy(make: Callable[[], Policy]) -> None:
    assert diff(make(), make()) == ()
