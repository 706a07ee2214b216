"""To whom a case goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.rules.policies import Policy, load_pack, parse_policy
from console.rules.policy_conditions import CaseTraits, Condition, Vocabulary
from console.rules.policy_reading import Faults, Section
from console.rules.routing import Candidate, Routing, RoutingRule, read_routing, route

CN = parse_policy(load_pack("cn-95598"), name="cn-95598")
DAY = date(2026, 3, 2)


def with_rules(*rules: RoutingRule, **sets: tuple[RoutingRule, ...]) -> Policy:
    return replace(CN, routing=Routing({"main": rules, **sets}))


def person(login: str, load: int = 0, hour: int | None = None, **more: object) -> Candidate:
    assigned = None if hour is None else datetime(2026, 3, 2, hour, tzinfo=UTC)
    return replace(Candidate(login, "operations", load, assigned), **more)  # type: ignore[arg-type]


def test_the_category_decides_where_no_rule_does_and_its_parent_where_it_names_none() -> None:
    routed = route(CN, CaseTraits(DAY, category="outage / fault"))
    assert (routed.department, routed.rule) == ("operations", "category outage")
    assert route(CN, CaseTraits(DAY, category="outage / notice")).department == "dispatching"
    assert route(CN, CaseTraits(DAY)).department == "customer-service"


def test_the_first_rule_that_applies_decides_and_says_why() -> None:
    routed = route(CN, CaseTraits(DAY, kind="inquiry", category="billing / wrong", text="家里冒烟了"))
    assert (routed.department, routed.rule) == ("operations", "danger to life")
    assert "冒烟" in routed.why
    assert route(CN, CaseTraits(DAY, text="ＦＩＲＥ in the meter box")).rule == "danger to life"


def test_a_rule_may_forward_to_another_set() -> None:
    theft = route(CN, CaseTraits(DAY, kind="report", category="misconduct / theft"))
    assert (theft.department, theft.rule, theft.assignee) == ("marketing", "theft of electricity", None)
    assert "misconduct" in theft.why
    assert route(CN, CaseTraits(DAY, kind="report", category="misconduct / staff")).department == "discipline"


def test_round_robin_gives_the_case_to_the_one_who_waited_longest() -> None:
    policy = with_rules(RoutingRule("all", department="operations", method="round_robin"))
    candidates = [person("a", 0, 9), person("b", 9, 8), person("c", 1, 10)]
    assert route(policy, CaseTraits(DAY), candidates).assignee == "b"
    assert route(policy, CaseTraits(DAY), [*candidates, person("d", 50)]).assignee == "d"


def test_lightest_load_gives_the_case_to_the_one_with_the_fewest() -> None:
    policy = with_rules(RoutingRule("all", department="operations", method="lightest_load"))
    assert route(policy, CaseTraits(DAY), [person("a", 2, 8), person("b", 1, 9), person("c", 1, 8)]).assignee == "c"


def test_skill_region_department_and_absence_are_respected() -> None:
    policy = with_rules(
        RoutingRule("all", department="operations", skill="meter", by_region=True, method="lightest_load")
    )
    east, meter = frozenset({"east"}), frozenset({"meter"})
    case = CaseTraits(DAY, region="east")
    fit = person("fit", 5, skills=meter, regions=east)
    others = [
        person("no skill", 0, regions=east),
        person("elsewhere", 0, skills=meter, regions=frozenset({"west"})),
        person("away", 0, skills=meter, regions=east, is_available=False),
        person("other team", 0, skills=meter, regions=east, department="marketing"),
    ]
    assert route(policy, case, [*others, fit]).assignee == "fit"
    nobody = route(policy, case, others)
    assert (nobody.department, nobody.assignee) == ("operations", None)
    assert "nobody" in nobody.why


def test_a_named_person_gets_the_case_unless_away() -> None:
    policy = with_rules(RoutingRule("vip", department="operations", person="zhang"))
    assert route(policy, CaseTraits(DAY)).assignee == "zhang"
    assert route(policy, CaseTraits(DAY), [person("zhang", is_available=False)]).assignee is None


@settings(max_examples=100, deadline=None)
@given(
    st.permutations([person("a", 1, 9), person("b", 1, 9), person("c", 1), person("d", 0, 9)]),
    st.sampled_from(["round_robin", "lightest_load"]),
)
def test_the_order_of_the_candidates_does_not_matter(candidates: list[Candidate], method: str) -> None:
    policy = with_rules(RoutingRule("all", department="operations", method=method))
    expected = {"round_robin": "c", "lightest_load": "d"}[method]
    assert route(policy, CaseTraits(DAY), candidates).assignee == expected


def test_turns_go_round() -> None:
    policy = with_rules(RoutingRule("all", department="operations", method="round_robin"))
    people = [person("a"), person("b"), person("c")]
    given_to = []
    for hour in range(6):
        login = route(policy, CaseTraits(DAY), people).assignee
        given_to.append(login)
        people = [
            replace(item, assigned_at=datetime(2026, 3, 2, hour, tzinfo=UTC)) if item.login == login else item
            for item in people
        ]
    assert given_to == ["a", "b", "c", "a", "b", "c"]


def read(sets: dict[str, list[dict[str, object]]]) -> tuple[Routing, list[str]]:
    faults = Faults({})
    words = Vocabulary(departments=frozenset({"desk"}))
    routing = read_routing(Section({"routing": sets}, (), faults), words)
    return routing, [f"{fault.path}: {fault.message}" for fault in faults.found]


def test_a_cycle_of_rule_sets_is_refused() -> None:
    def forward(target: str) -> list[dict[str, object]]:
        return [{"rule": f"to {target}", "forward": target}]

    _, faults = read({"main": forward("a"), "a": forward("b"), "b": forward("a")})
    assert faults == ["routing.b[1].forward: The rule sets go round in a circle: a -> b -> a."]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{"rule": "a", "department": "desk"}, {"rule": "b", "department": "desk"}], "never asked"),
        ([{"rule": "a", "department": "desk", "forward": "main"}], "cannot also name"),
        ([{"rule": "a", "person": "x", "method": "round_robin"}], "neither skill nor method"),
        ([{"rule": "a", "department": "nowhere"}], "not known"),
        ([{"rule": "a", "method": "dice"}], "not known"),
    ],
)
def test_faults_of_rules(rules: list[dict[str, object]], said: str) -> None:
    assert any(said in fault for fault in read({"main": rules})[1])


sets = st.dictionaries(
    st.sampled_from(["main", "a", "b", "c"]),
    st.lists(
        st.fixed_dictionaries(
            {"rule": st.sampled_from(["x", "y", "z"])}, optional={"forward": st.sampled_from(["main", "a", "b", "c"])}
        ),
        max_size=3,
    ),
)


@settings(max_examples=200, deadline=None)
@given(sets)
def test_any_rule_sets_are_judged_and_routing_always_ends(drawn: dict[str, list[dict[str, object]]]) -> None:
    read(drawn)
    rules = {
        name: tuple(RoutingRule(str(item["rule"]), Condition(), forward=str(item.get("forward", ""))) for item in items)
        for name, items in drawn.items()
    }
    assert route(replace(CN, routing=Routing(rules)), CaseTraits(DAY)).department == "customer-service"
