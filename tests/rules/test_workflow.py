"""The way of a case: who may do what when, and that nothing is closed unanswered."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from console.codes import CasePhase, Role
from console.rules.policies import load_pack, parse_policy
from console.rules.policy_lines import line_numbers
from console.rules.policy_reading import Faults, Label, Section
from console.rules.workflow import (
    GUARDS,
    VERBS,
    ActorFacts,
    CaseFacts,
    Permission,
    State,
    Transition,
    Workflow,
    read_workflow,
)

STANDARD = parse_policy(load_pack("cn-95598"), name="cn-95598").workflow
LEAD = ActorFacts("lead", "any")


def read(states: list[dict[str, object]], transitions: list[dict[str, object]]) -> tuple[Workflow, list[str]]:
    faults = Faults(line_numbers(""))
    workflow = read_workflow(Section({"states": states, "transitions": transitions}, (), faults))
    return workflow, [f"{fault.path}: {fault.message}" for fault in faults.found]


def state(name: str, phase: str = "open", **more: object) -> dict[str, object]:
    return {"name": name, "label": {"en": name, "zh": name}, "phase": phase, **more}


def step(verb: str, sources: list[str], target: str = "", **more: object) -> dict[str, object]:
    return {"verb": verb, "from": sources, **({"to": target} if target else {}), "who": ["agent:any"], **more}


A, Z = state("a", initial=True), state("z", "closed", final=True)
CLOSE = step("archive", ["a"], "z", guards=["has_reply"])


def test_a_case_travels_the_whole_way() -> None:
    case = CaseFacts(
        "received", frozenset({"category", "severity", "department", "assignee", "reply", "outcome", "opinion"})
    )
    for verb, expected in [
        ("triage", "reviewed"),
        ("dispatch", "dispatched"),
        ("assign", "investigating"),
        ("reply", "replied"),
        ("callback", "replied"),
    ]:
        decision = STANDARD.may(verb, case, LEAD)
        assert decision.allowed, decision.reason
        assert decision.target == expected
        case = CaseFacts(
            decision.target, case.filled, has_reply=verb == "reply" or case.has_reply, has_callback=verb == "callback"
        )
    assert STANDARD.may("archive", case, LEAD).target == "archived"


def test_an_impossible_verb_is_refused_with_what_is_possible() -> None:
    decision = STANDARD.may("dispatch", CaseFacts("received"), LEAD)
    assert not decision.allowed
    assert "triage" in decision.reason


def test_missing_fields_are_named() -> None:
    decision = STANDARD.may("triage", CaseFacts("received", frozenset({"category"})), LEAD)
    assert decision.missing == ("severity",)
    assert "severity" in decision.reason


def test_who_may_depends_on_role_and_relation() -> None:
    case = CaseFacts("investigating", frozenset({"reply", "outcome"}))
    assert STANDARD.may("reply", case, ActorFacts("agent", "own")).allowed
    assert STANDARD.may("reply", case, ActorFacts("agent", "team")).allowed
    assert not STANDARD.may("reply", case, ActorFacts("agent", "any")).allowed
    assert not STANDARD.may("reply", case, ActorFacts("auditor", "own")).allowed
    assert "auditor" in STANDARD.may("reply", case, ActorFacts("auditor", "own")).reason


def test_the_archive_takes_a_reply_or_a_stated_reason() -> None:
    assert not STANDARD.may("archive", CaseFacts("investigating"), LEAD).allowed
    assert STANDARD.may("archive", CaseFacts("investigating", frozenset({"reason"})), LEAD).allowed
    assert STANDARD.may("archive", CaseFacts("replied", has_reply=True, has_callback=True), LEAD).allowed
    assert not STANDARD.may(
        "archive", CaseFacts("replied", has_reply=True, has_callback=True, open_remedies=1), LEAD
    ).allowed


def test_a_supervised_case_is_closed_by_its_supervisor_only() -> None:
    case = CaseFacts("replied", has_reply=True, has_callback=True, is_supervised=True)
    assert not STANDARD.may("archive", case, LEAD).allowed
    assert "supervise" in STANDARD.may("archive", case, LEAD).reason
    assert STANDARD.may("archive", case, ActorFacts("lead", "any", is_supervisor=True)).allowed


def test_an_assigned_case_cannot_be_taken() -> None:
    assert not STANDARD.may("take", CaseFacts("dispatched", is_assigned=True), LEAD).allowed
    assert STANDARD.may("take", CaseFacts("dispatched"), LEAD).allowed


@pytest.mark.parametrize(
    ("states", "transitions", "said"),
    [
        ([A, state("b"), Z], [CLOSE, step("resume", ["b"], "z", required=["reason"])], 'No way leads to the state "b"'),
        ([A, state("b"), Z], [CLOSE, step("dispatch", ["a"], "b")], 'No way leads out of the state "b"'),
        (
            [A, state("b"), state("c"), Z],
            [CLOSE, step("dispatch", ["a"], "b"), step("assign", ["b"], "c"), step("return", ["c"], "b")],
            'From the state "b" no final state can be reached',
        ),
        ([state("a"), Z], [CLOSE], "No state is the initial one"),
        (
            [A, state("b", initial=True), Z],
            [CLOSE, step("take", ["a"], "b"), step("return", ["b"], "a")],
            "second initial",
        ),
        ([A, state("z", "closed")], [CLOSE], "No state is final"),
        ([A, state("z", "open", final=True)], [CLOSE], "is not closed"),
        ([A, A, Z], [CLOSE], "defined twice"),
        ([A, Z], [CLOSE, step("archive", ["a"], "z", guards=["has_reason"])], "a second time"),
        ([A, Z], [step("archive", ["a"], "z")], "could be archived without"),
        ([A, Z], [step("archive", ["a"], "z", guards=["not_supervised"])], "could be archived without"),
        ([A, Z], [step("archive", ["a"])], "could be archived without"),
        ([A, Z], [CLOSE, step("withdraw", ["a"], "z")], "closes a case"),
        ([A, Z], [CLOSE, step("resume", ["y"], "a")], '"y" is not known'),
        ([A, Z], [CLOSE, step("resume", ["a"], "y")], '"y" is not known'),
        ([], [CLOSE], '"states" is an empty list'),
    ],
)
def test_faults_of_the_state_machine(
    states: list[dict[str, object]], transitions: list[dict[str, object]], said: str
) -> None:
    _, faults = read(states, transitions)
    assert any(said in fault for fault in faults), faults


def test_a_merge_closes_a_case_because_the_other_one_answers() -> None:
    assert read([A, Z], [CLOSE, step("merge", ["a"], "z", required=["merged_into"])])[1] == []


names = st.sampled_from(["a", "b", "c", "d", "e"])
drawn_states = st.lists(
    st.builds(
        lambda name, phase, initial, final: state(name, phase, initial=initial, final=final),
        names,
        st.sampled_from([str(phase) for phase in CasePhase]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
)
drawn_steps = st.lists(
    st.builds(
        lambda verb, sources, target, guards, required: step(verb, sources, target, guards=guards, required=required),
        st.sampled_from(sorted(VERBS)),
        st.lists(st.one_of(names, st.just("*"), st.just("@open")), min_size=1, max_size=3, unique=True),
        st.one_of(names, st.just("")),
        st.lists(st.sampled_from(sorted(GUARDS)), max_size=2, unique=True),
        st.lists(st.sampled_from(["reason", "reply", "note", "merged_into"]), max_size=2, unique=True),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(drawn_states, drawn_steps, st.lists(st.tuples(st.sampled_from(sorted(VERBS)), st.booleans()), max_size=12))
def test_whatever_is_drawn_is_judged_and_what_passes_never_closes_unanswered(
    states: list[dict[str, object]], steps: list[dict[str, object]], verbs: list[tuple[str, bool]]
) -> None:
    workflow, faults = read(states, steps)
    if faults:
        return
    at, has_reply, was_reasoned = workflow.initial.name, False, False
    for verb, gives_reason in verbs:
        filled = frozenset({"reason", "note", "merged_into"} if gives_reason else {"note"}) | (
            {"reply"} if verb == "reply" else set()
        )
        case = CaseFacts(at, filled, has_reply=has_reply, has_callback=True)
        decision = workflow.may(verb, case, ActorFacts("agent", "own"))
        if not decision.allowed:
            continue
        has_reply = has_reply or verb == "reply"
        was_reasoned = was_reasoned or gives_reason
        at = decision.target
        if workflow.phase(at) == CasePhase.CLOSED:
            assert workflow.initial.phase == CasePhase.CLOSED or has_reply or was_reasoned


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(VERBS)), st.booleans(), st.sampled_from(sorted(Role))), max_size=25))
def test_no_walk_through_the_standard_workflow_archives_without_reply_or_reason(
    walk: list[tuple[str, bool, Role]],
) -> None:
    at, has_reply = "received", False
    given_always = {"category", "severity", "department", "assignee", "outcome", "opinion", "note", "reply"}
    for verb, gives_reason, role in walk:
        case = CaseFacts(
            at,
            frozenset(given_always | ({"reason"} if gives_reason else set())),
            has_reply=has_reply,
            has_callback=True,
        )
        decision = STANDARD.may(verb, case, ActorFacts(role, "own"))
        if not decision.allowed:
            continue
        at = decision.target
        has_reply = verb == "reply" or (has_reply and verb not in ("return", "reopen"))
        if at == "archived" and verb == "archive":
            assert has_reply or gives_reason
        assert STANDARD.state(at) is not None


def columns(text: str) -> int:
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text if not unicodedata.combining(char)
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_diagram_shows_every_state_and_stays_narrow_and_aligned(language: str) -> None:
    drawn = STANDARD.diagram(language)
    lines = drawn.splitlines()
    assert max(columns(line) for line in lines) <= 78
    assert all(item.label.text(language) in drawn for item in STANDARD.states)
    assert len({columns(line) for line in lines if "+---" in line}) == 1
    assert {columns(line) for line in lines if line.endswith(" |") and "(" in line} == {
        columns(next(line for line in lines if "+---" in line))
    }
    assert ("triage" if language == "en" else "审核") in drawn


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=120), min_size=2, max_size=4)
)
def test_a_diagram_of_any_names_is_at_most_78_columns_wide(labels: list[str]) -> None:
    assume(all(label.strip() for label in labels))
    states = tuple(State(f"s{number}", Label(label, label), "open", number == 0) for number, label in enumerate(labels))
    every = tuple(item.name for item in states)
    steps = tuple(Transition(verb, every, "s1", who=(Permission("agent", "any"),)) for verb in VERBS)
    drawn = Workflow(states, (*steps, Transition("note", every, ""))).diagram("zh")
    assert max(columns(line) for line in drawn.splitlines()) <= 78
