"""Samples: how many, of whom, drawn again alike, and who is left out and why."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from survey_people import NOW, customers, staff

from console.errors import ConflictError, NotAllowedError, NotFoundError, OmbudError, UsageError
from console.measures.results import MeasureError
from console.models import Customer, Survey
from console.models.base import table_of
from console.rules.filters import FilterError
from console.rules.indicator_trees import load_tree
from console.services import surveys
from console.services.answer_entry import answer_whole
from console.services.fieldwork import invite, members, record_contact, set_refusal
from console.services.fieldwork_progress import silent_bounds
from console.services.samples import draw_sample
from console.services.survey_plans import PlanWish, plan_of, plan_survey
from console.storage.engine import Store

CUSTOMERS = table_of(Customer)


def planned(store: Store, code: str = "year", **wish: object) -> None:
    plan_survey(store, PlanWish(code=code, **{"margin": 0.1, **wish}), actor="anna", now=lambda: NOW)  # type: ignore[arg-type]


def drawn(store: Store, code: str = "year", seed: int = 7, **options: int) -> list[str]:
    draw_sample(store, code, seed, actor="anna", now=lambda: NOW, **options)
    return [member.customer for member in members(store, code)]


def test_the_plan_keeps_what_was_decided(store: Store) -> None:
    staff(store)
    customers(store, 400)
    planned(
        store, purpose="Yearly look", owner="anna", budget="5000 CNY", trigger="event", regions=("east",), rest_days=30,
        tree="five-criteria", assessor="third_party", stratify_by="region,kind", minimum=30, wave="2026",
    )  # fmt: skip
    plan = plan_of(store, "year")
    assert (plan.purpose, plan.owner, plan.budget, plan.trigger) == ("Yearly look", "anna", "5000 CNY", "event")
    assert (plan.population, plan.frame, plan.frame_on) == (300, {"region": ["east"]}, "2026-11-02")
    assert (plan.assessor, plan.rest_days, plan.state, plan.tree) == ("third_party", 30, "planned", "five-criteria")
    # n0 = 96.04, corrected for 300: 72.96 and so 73; 20 enterprises are fewer than 30, so that all of them are asked.
    assert (plan.needed, plan.seed) == (73, None)
    with pytest.raises(NotAllowedError, match="plan a survey"):
        plan_survey(store, PlanWish(code="mine"), actor="ben")
    drawn(store)
    strata = {one.name: (one.population, one.needed, one.drawn) for one in plan_of(store, "year").strata}
    assert strata == {"east / enterprise": (20, 20, 20), "east / individual": (280, 53, 53)}


def test_the_least_number_of_each_stratum_raises_the_whole(store: Store) -> None:
    staff(store)
    customers(store, 400, regions=("a", "b", "c", "d", "e"))
    planned(store, stratify_by="region", margin=0.2, minimum=30)
    assert plan_of(store, "year").needed == 150


def test_the_same_seed_draws_the_same_people(store: Store) -> None:
    staff(store)
    customers(store, 300)
    for code in ("one", "two", "three"):
        planned(store, code, stratify_by="region")
    first = drawn(store, "one", 42)
    with store.writing("anna") as work:
        # As if the first had never been drawn: nobody is left out for it.
        work.connection.exec_driver_sql("DELETE FROM sample_members")
        work.record("forget", "survey", "one")
    assert drawn(store, "two", 42) == first
    with store.writing("anna") as work:
        work.connection.exec_driver_sql("DELETE FROM sample_members")
        work.record("forget", "survey", "two")
    assert drawn(store, "three", 43) != first


def test_who_may_not_be_asked_is_left_out_and_counted(store: Store) -> None:
    staff(store)
    numbers = customers(store, 200)
    set_refusal(store, numbers[0], is_refusing=True, actor="ben")
    with store.writing("anna") as work:
        work.connection.execute(update(CUSTOMERS).where(CUSTOMERS.c.number == numbers[1]).values(erased_at=NOW))
        work.connection.execute(update(CUSTOMERS).where(CUSTOMERS.c.number == numbers[2]).values(phone_masked=""))
        work.record("change", "customer", "some")
    planned(store, "before", margin=0.3)
    asked = set(drawn(store, "before", size=20))
    planned(store, "now", channel="telephone")
    found = draw_sample(store, "now", 1, actor="anna", now=lambda: NOW + timedelta(days=89), size=170)
    left_out = 20 + len({*numbers[:3]} - asked)
    assert sum(found.exclusions.values()) == left_out
    assert found.exclusions["erased"] == 1
    assert not {member.customer for member in members(store, "now")} & {*asked, *numbers[:3]}
    planned(store, "later")
    later = draw_sample(store, "later", 1, actor="anna", now=lambda: NOW + timedelta(days=90))
    # The first were asked 90 days ago and may be asked again; the others were asked yesterday.
    assert later.exclusions["asked_lately"] == 170
    assert set_refusal(store, numbers[0], is_refusing=False, actor="ben")
    assert not set_refusal(store, numbers[0], is_refusing=False, actor="ben")


def test_the_population_is_that_of_a_filter_of_customers(store: Store) -> None:
    staff(store)
    customers(store, 80)
    planned(store, where="region:west kind:individual")
    assert plan_of(store, "year").population == 16
    assert plan_of(store, "year").frame == {"filter": ["region:west kind:individual"]}
    drawn(store, size=10)
    assert {member.region for member in members(store, "year")} == {"west"}
    with pytest.raises(FilterError):
        planned(store, "wrong", where="regoin:west")
    with pytest.raises(OmbudError, match="no segment"):
        planned(store, "wrong", where="segment:none-such")


def test_what_cannot_be_drawn_is_said(store: Store) -> None:
    staff(store)
    with pytest.raises(UsageError, match="Nobody is in the population"):
        planned(store)
    numbers = customers(store, 40)
    planned(store)
    with pytest.raises(UsageError, match="41 cannot be drawn"):
        drawn(store, size=41)
    with pytest.raises(NotFoundError, match="no survey none"):
        drawn(store, "none")
    drawn(store, size=40)
    with pytest.raises(ConflictError, match="drawn already"):
        drawn(store)
    with pytest.raises(ConflictError, match="drawn already"):
        planned(store)
    planned(store, "again")
    with pytest.raises(OmbudError, match="Nobody is left to draw for again: 40 customers, asked_lately 40"):
        drawn(store, "again")
    for wrong in (
        {"stratify_by": "regoin"}, {"stratify_by": "region,region"}, {"kinds": ("cat",)}, {"allocation": "even"},
        {"trigger": "x"}, {"attempts": 0}, {"code": "a b"}, {"assessor": "me"}, {"allocation": "neyman"},
        {"allocation": "neyman", "stratify_by": "region", "deviations": {"north": 0.4}},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            planned(store, **{"code": "wrong", **wrong})  # type: ignore[arg-type]
    for impossible in ({"margin": 0.0}, {"share": 1.5}, {"response_rate": 0.0}, {"deff": -1.0}):
        with pytest.raises(MeasureError):
            planned(store, "wrong", **impossible)
    assert [row.code for row in surveys.surveys(store)] == ["again", "year"]
    assert len(numbers) == 40


def test_neyman_gives_more_to_where_answers_differ(store: Store) -> None:
    staff(store)
    customers(store, 400, regions=("east", "west"))
    planned(store, stratify_by="region", allocation="neyman", deviations={"east": 0.1, "west": 0.4})
    # 200 of each: the sizes stand as 0.1 to 0.4. 78 answers: 15.6 and 62.4.
    assert [one["needed"] for one in _strata(store)] == [16, 62]


def _strata(store: Store) -> list[dict[str, int]]:
    with store.reading() as connection:
        plan = json.loads(connection.execute(select(table_of(Survey).c.plan)).scalar_one())
    return [plan["strata"][name] for name in sorted(plan["strata"])]


def test_progress_is_counted_by_stratum_and_forecast(store: Store) -> None:
    staff(store)
    customers(store, 400)
    planned(store, stratify_by="region", response_rate=0.5)
    chosen = drawn(store)
    assert len(chosen) == 156
    assert len(invite(store, "year", actor="ben", stratum="west", now=lambda: NOW)) == 39
    east = [member.customer for member in members(store, "year", stratum="east")]
    for number in east[:10]:
        record_contact(store, "year", number, "complete", actor="ben", now=lambda: NOW)
    for number in east[10:15]:
        record_contact(store, "year", number, "refused", actor="ben", note="no time", now=lambda: NOW)
    record_contact(store, "year", east[15], "ineligible", actor="ben", now=lambda: NOW)
    for _attempt in range(3):
        record_contact(store, "year", east[16], "no_answer", actor="ben", now=lambda: NOW)
    record_contact(store, "year", east[17], "busy", actor="ben", call_after=NOW + timedelta(hours=1), now=lambda: NOW)
    plan = plan_of(store, "year")
    one = next(stratum for stratum in plan.strata if stratum.name == "east")
    assert (one.drawn, one.complete, one.refused, one.ineligible, one.not_reached) == (117, 10, 5, 1, 2)
    # 16 of 116 eligible are settled, 10 of them complete: 100 pending bring 62.5 more.
    assert one.pending == 100
    assert one.expected == pytest.approx(72.5)
    assert one.meets is True
    assert one.needed == 59
    assert one.rr1 == pytest.approx(10 / 116)
    total = plan.total
    assert total is not None
    assert (total.drawn, total.invited, total.pending) == (156, 39 + 18, 139)
    assert total.half_width is not None
    with pytest.raises(ConflictError, match="answered year already"):
        record_contact(store, "year", east[0], "refused", actor="ben")
    with pytest.raises(UsageError, match="lies in the past"):
        record_contact(store, "year", east[20], "busy", actor="ben", call_after=NOW, now=lambda: NOW)
    with pytest.raises(UsageError, match="After refused"):
        record_contact(store, "year", east[20], "refused", actor="ben", call_after=NOW + timedelta(days=1))
    with pytest.raises(NotFoundError, match="not in the sample"):
        record_contact(store, "year", "K-0", "busy", actor="ben")
    with pytest.raises(NotAllowedError):
        record_contact(store, "year", east[20], "busy", actor="aud")


def test_the_silent_bound_what_was_answered(store: Store) -> None:
    staff(store)
    customers(store, 40)
    planned(store, tree="seven-topics")
    chosen = drawn(store, size=40)
    topics = [leaf.id for leaf in load_tree("seven-topics").leaves]
    for place, number in enumerate(chosen[:10]):
        answer_whole(
            store,
            "year",
            dict.fromkeys(topics, "5" if place < 5 else "2"),
            actor="ben",
            customer=number,
            answered_at=NOW + timedelta(hours=place),
            now=lambda: NOW + timedelta(days=1),
        )
    record_contact(store, "year", chosen[10], "refused", actor="ben")
    found = silent_bounds(store, "year")
    assert found.counts == {"complete": 10, "refused": 1, "drawn": 29}
    assert found.rates["rr1"] == pytest.approx(0.25)
    assert found.rates["rr5"] == pytest.approx(10 / 11)
    assert found.share == 0.5
    assert [found.low, found.high] == pytest.approx([0.125, 0.875])
    assert (found.early.good, found.late.good, found.difference) == (5, 0, -1.0)
    # If the silent were like the late answers, of whom none is satisfied: 0.75 times 0.5 too high.
    assert found.bias == pytest.approx(0.375)
    assert silent_bounds(store, "year", eligible_share=0.5).rates["rr3"] == pytest.approx(10 / (11 + 14.5))
    with pytest.raises(MeasureError):
        silent_bounds(store, "year", eligible_share=2)
    with pytest.raises(UsageError, match="does not ask warmth"):
        silent_bounds(store, "year", indicator="warmth")
