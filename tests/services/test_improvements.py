"""Improvements: written down before anybody looks, measured beside a comparison group, closed with a judgement."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from complaint_data import complain
from office import furnish

from console.errors import NotAllowedError, NotFoundError, OmbudError, UsageError
from console.services.improvement_effects import effect_of
from console.services.improvement_views import ImprovementRow
from console.services.improvements import close, compare_with, improvements, register
from console.storage.engine import Store

PLANNED = datetime(2025, 8, 20, tzinfo=UTC)
LATER = datetime(2025, 12, 5, tzinfo=UTC)


def planned(store: Store, **options: Any) -> ImprovementRow:
    given: dict[str, Any] = {
        "indicator": "satisfied",
        "treated": "region:east",
        "control": "region:west,north",
        "starts_on": date(2025, 9, 1),
        "minimum_effect": 5.0,
        "actor": "ana",
        "now": PLANNED,
    }
    return register(store, "second callback 二次回访", **{**given, **options})


def spread(store: Store, region: str, months: tuple[str, ...], good: int, asked: int) -> None:
    """Enter callbacks of a window, as evenly over its months as whole numbers allow."""
    for place, month in enumerate(months):
        for opinion, total in (("satisfied", good), ("dissatisfied", asked - good)):
            part = total * (place + 1) // len(months) - total * place // len(months)
            complain(store, month, part, region=region, opinion=opinion)


BEFORE = ("2025-06", "2025-07", "2025-08")
AFTER = ("2025-09", "2025-10", "2025-11")


def golden_38(store: Store) -> None:
    furnish(store)
    spread(store, "east", BEFORE, 371, 480)
    spread(store, "east", AFTER, 412, 500)
    spread(store, "west", BEFORE, 389, 490)
    spread(store, "west", AFTER, 398, 495)


def test_before_and_after_stand_beside_the_difference_in_differences(store: Store) -> None:
    golden_38(store)
    planned(store)
    found = effect_of(store, "M-001", zone=UTC, now=LATER)
    assert (found.treated_before.successes, found.treated_before.n) == (371, 480)
    assert (found.treated_after.n, found.control_before.n, found.control_after.n) == (500, 490, 495)
    assert found.treated.value == pytest.approx(5.1083, abs=1e-3)
    assert found.treated.p == pytest.approx(0.046072, abs=1e-5)
    assert found.treated.low == pytest.approx(0.0849, abs=1e-3)
    assert found.treated.high == pytest.approx(10.1264, abs=1e-3)
    assert found.control.value == pytest.approx(1.0163, abs=1e-3)
    assert found.difference.value == pytest.approx(4.0920, abs=1e-3)
    assert found.difference.p == pytest.approx(0.257857, abs=1e-5)
    assert found.difference.low == pytest.approx(-2.9963, abs=1e-3)
    assert found.difference.high == pytest.approx(11.1804, abs=1e-3)
    assert found.finding == "unclear"
    assert found.needed == 2015
    assert found.is_complete
    with pytest.raises(OmbudError, match="do not show"):
        close(store, "M-001", verdict="worked", conclusion="it helped", actor="ana", now=LATER)
    closed = close(store, "M-001", verdict="not_worked", conclusion="no more calls", actor="ana", now=LATER)
    assert (closed.state, closed.verdict) == ("closed", "not_worked")
    assert [row.verdict for row in improvements(store)] == ["not_worked"]
    with pytest.raises(OmbudError, match="is closed"):
        close(store, "M-001", verdict="unclear", conclusion="again", actor="ana", now=LATER)


def test_without_a_comparison_group_it_is_before_and_after_only(store: Store) -> None:
    golden_38(store)
    planned(store, control="")
    found = effect_of(store, "M-001", zone=UTC, now=LATER)
    assert (found.finding, found.evidence, found.difference.value) == ("before_after_only", 1, None)


def test_a_clear_effect_with_a_parallel_group_is_evidence_of_the_third_level(store: Store) -> None:
    furnish(store)
    early = ("2025-03", "2025-04", "2025-05")
    for region in ("east", "west"):
        spread(store, region, early, 300, 450)
        spread(store, region, BEFORE, 300, 450)
    spread(store, "east", AFTER, 420, 450)
    spread(store, "west", AFTER, 300, 450)
    planned(store)
    found = effect_of(store, "M-001", zone=UTC, now=LATER)
    assert (found.finding, found.evidence, found.is_parallel) == ("better", 3, True)
    planned(store, is_randomised=True)
    assert effect_of(store, "M-002", zone=UTC, now=LATER).evidence == 4
    assert close(store, "M-001", verdict="worked", conclusion="kept up", actor="ana", now=LATER).verdict == "worked"


def test_fewer_than_thirty_in_a_cell_give_no_difference(store: Store) -> None:
    furnish(store)
    spread(store, "east", BEFORE, 20, 40)
    spread(store, "east", AFTER, 39, 40)
    spread(store, "west", BEFORE, 20, 40)
    spread(store, "west", AFTER, 10, 20)
    planned(store)
    found = effect_of(store, "M-001", zone=UTC, now=LATER)
    assert (found.finding, found.difference.value) == ("too_few", None)


def test_what_is_recorded_after_the_start_says_so(store: Store) -> None:
    golden_38(store)
    assert planned(store).looked_before == ""
    late = planned(store, now=datetime(2025, 9, 11, tzinfo=UTC), is_randomised=True)
    assert late.looked_before == "recorded 10 days after the start"
    assert effect_of(store, late.number, zone=UTC, now=LATER).evidence < 4
    with pytest.raises(UsageError, match="for a reason"):
        compare_with(store, "M-001", "region:west", reason="", actor="ana", now=LATER)
    changed = compare_with(store, "M-001", "region:west", reason="north had a storm", actor="ana", now=LATER)
    assert (changed.control, changed.looked_before) == ("region:west", "comparison group changed after the start")


def test_the_worst_month_before_the_start_is_named(store: Store) -> None:
    furnish(store)
    for month, good in zip(("2025-05", *BEFORE), (80, 82, 81, 40), strict=True):
        spread(store, "east", (month,), good, 100)
        spread(store, "west", (month,), 80, 100)
    spread(store, "east", AFTER, 240, 300)
    spread(store, "west", AFTER, 240, 300)
    planned(store)
    assert effect_of(store, "M-001", zone=UTC, now=LATER).may_regress


def test_a_change_of_the_mix_is_told_apart_from_better_work(store: Store) -> None:
    furnish(store)
    for month, hard, easy in (("2025-08", 80, 20), ("2025-09", 20, 80)):
        for category, count, rate in (("hard", hard, 0.5), ("easy", easy, 0.9)):
            good = round(count * rate)
            complain(store, month, good, category=category, opinion="satisfied")
            complain(store, month, count - good, category=category, opinion="dissatisfied")
    planned(store, control="")
    found = effect_of(store, "M-001", zone=UTC, now=LATER)
    assert found.mix is not None
    assert found.mix.is_mostly_mix
    assert found.mix.mix == pytest.approx(24.0)
    assert found.mix.rate == pytest.approx(0.0)


def test_complaints_a_month_are_compared_as_rates(store: Store) -> None:
    furnish(store)
    for month in BEFORE:
        complain(store, month, 60)
        complain(store, month, 50, region="west")
    for month in AFTER:
        complain(store, month, 30)
        complain(store, month, 50, region="west")
    row = planned(store, indicator="complaints", minimum_effect=10.0)
    assert (row.unit, row.is_rise_good) == ("a_month", False)
    found = effect_of(store, "M-001", zone=UTC, now=LATER)
    assert found.difference.value == pytest.approx(-29.5, abs=1.0)
    assert found.finding == "better"
    assert found.needed is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"indicator": "happy"}, "no indicator"),
        ({"indicator": "survey:callback/none"}, "No survey asks"),
        ({"treated": ""}, "everybody"),
        ({"control": "region:east"}, "group treated"),
        ({"minimum_effect": 0.0}, "impossible"),
        ({"minimum_effect": 120.0}, "impossible"),
        ({"months_after": 0}, "0 months"),
        ({"owner": "nobody"}, "not on the staff"),
        ({"alert": "A-0009"}, "no alert"),
        ({"action": "R-9"}, "no corrective action"),
        ({"treated": "colour:red"}, ""),
        ({"control": "", "is_randomised": True}, "comparison group"),
    ],
)
def test_what_cannot_be_measured_is_refused(store: Store, options: dict[str, Any], message: str) -> None:
    furnish(store)
    with pytest.raises(UsageError, match=message):
        planned(store, **options)
    assert improvements(store) == []


def test_agents_do_not_record_improvements(store: Store) -> None:
    furnish(store)
    with pytest.raises(NotAllowedError):
        planned(store, actor="an")
    with pytest.raises(NotFoundError):
        effect_of(store, "M-404", zone=UTC)
