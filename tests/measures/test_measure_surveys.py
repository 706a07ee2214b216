"""Composites, headlines, samples, weights and answer tables behave as an analyst expects."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from console.measures.acsi import acsi_index, acsi_of_means
from console.measures.answers import contradicting, hasty, straight_lined
from console.measures.cells import CellSums, cell_mean, cell_top_two, pooled_cells
from console.measures.composites import composite_from_answers, composite_from_counts
from console.measures.disclosure import Disclosure, disclosure, displayed, response_warnings, sample_warnings
from console.measures.gaps import GapForm, Zone, service_gap, tolerance_zone
from console.measures.headlines import customer_effort, net_promoter, top_levels, top_levels_from_counts
from console.measures.means import bootstrap_interval, design_effect, weighted_mean
from console.measures.raking import adjusted_for_response, rake
from console.measures.responses import (
    Dispositions,
    fieldwork_forecast,
    late_against_early,
    non_response,
    response_rates,
)
from console.measures.results import MeasureError
from console.measures.sampling import Allocation, allocate, drawn_sample, share_of_finite, size_for_share
from console.measures.scales import FIVE, LEVEL_SCORES, TEN, Scale, level_of, rescale, value_score
from console.measures.strata import stratified_mean, stratified_share, stratum_weights
from console.measures.trees import Indicator, LeafScore, averaged_units, path_weights, pooled_units, roll_up


def test_missing_answers_leave_the_denominator() -> None:
    found = weighted_mean([5, np.nan, 3, np.nan, 4])
    assert (found.value, found.n, found.n_missing) == (4.0, 3, 2)
    assert found.warnings[0] == "Only 3 answers: not to be shown."


def test_the_respondent_interval_is_wider_than_that_of_item_totals_when_items_go_together() -> None:
    random = np.random.default_rng(5)
    mood = random.normal(0, 1, (250, 1))
    answers = np.clip(np.round(3.5 + mood + random.normal(0, 0.5, (250, 7))), 1, 5)
    table = [[int((answers[:, i] == level).sum()) for level in range(1, 6)] for i in range(7)]
    weights = [1 / 7] * 7
    people, totals = composite_from_answers(answers, weights), composite_from_counts(table, weights, [1, 2, 3, 4, 5])
    assert people.value == pytest.approx(totals.value)
    assert people.se is not None
    assert totals.se is not None
    assert people.se > 2 * totals.se
    assert any("too narrow" in warning for warning in totals.warnings)


def test_linearised_and_bootstrap_intervals_agree() -> None:
    random = np.random.default_rng(6)
    answers = np.clip(np.round(random.normal(7, 2, (300, 4))), 1, 10)
    answers[random.uniform(size=answers.shape) < 0.1] = np.nan
    survey, strata = random.uniform(0.3, 3, 300), random.integers(0, 4, 300)
    weights = [0.4, 0.3, 0.2, 0.1]
    one = composite_from_answers(answers, weights, survey, strata)
    other = composite_from_answers(answers, weights, survey, strata, bootstrap=500, seed=3)
    assert one.interval is not None
    assert other.interval is not None
    assert other.interval.half_width == pytest.approx(one.interval.half_width, rel=0.15)
    assert "seed 3" in other.interval.method
    assert other.value is not None
    assert other.value in other.interval
    assert one.deff > 1
    assert one.n_effective < one.n
    assert [item.n for item in one.items] == list(one.item_counts)


def test_the_bootstrap_repeats_with_its_seed() -> None:
    values = np.arange(30.0)
    first = bootstrap_interval(lambda rows: float(values[rows].mean()), 30, replicates=50, seed=9)
    again = bootstrap_interval(lambda rows: float(values[rows].mean()), 30, replicates=50, seed=9)
    assert first == again


def test_a_stratum_of_one_respondent_is_joined_with_its_neighbour() -> None:
    found = weighted_mean([1, 2, 3, 4, 5.0], strata=["a", "a", "b", "c", "c"])
    assert found.warnings[-1] == "1 strata of one answer were joined with their neighbours."
    assert found.se is not None
    shares = stratified_share([100, 50, 100], [10, 1, 10], [7, 1, 5])
    assert shares.value == pytest.approx((0.7 * 100 + 1.0 * 50 + 0.5 * 100) / 250)
    assert shares.se is not None


def test_a_stratum_without_answers_lowers_coverage() -> None:
    found = stratified_mean([100, 100], [20, 0], [70.0, np.nan], [25.0, np.nan])
    assert (found.value, found.coverage) == (70.0, 0.5)
    assert found.strata == (70.0, None)
    assert stratum_weights([100, 50], [20, 0]) == (5.0, 0.0)


def test_small_cells_are_hidden_or_marked() -> None:
    assert [disclosure(n) for n in (4, 5, 29, 30)] == [
        Disclosure.HIDDEN,
        Disclosure.MARKED,
        Disclosure.MARKED,
        Disclosure.NORMAL,
    ]
    assert sample_warnings(30, 0.7) == ()
    assert sample_warnings(12, 0.69) == (
        "Only 12 answers: not to be ranked or alerted on.",
        "Coverage 0.69 is below 0.70: not publishable.",
    )
    assert response_warnings(0.149) == ("Response rate 14.9%: self-selected.",)
    assert response_warnings(0.15) == ()


def test_display_rounds_half_up() -> None:
    assert displayed(0.125, 2) == Decimal("0.13")
    assert displayed(2.5, 0) == Decimal(3)
    assert displayed(-0.125, 2) == Decimal("-0.13")
    assert displayed(None, 2) is None


def test_scales_go_to_a_hundred_and_operational_figures_too() -> None:
    assert rescale([1, 3, 5], FIVE) == pytest.approx([0, 50, 100])
    assert rescale([1, 7], Scale("effort", 1, 7, is_reversed=True)) == pytest.approx([100, 0])
    assert rescale(0.687, Scale("levels", 0.2, 1.0)) == pytest.approx(60.875)
    assert value_score([400, 200, 120, 60, 30], 300, 120, 60) == pytest.approx((0, 80 * 100 / 180, 80, 100, 100))
    assert [level_of(index) for index in (1.0, 0.8, 0.799, 0.687, 0.1)] == [0, 1, 2, 2, 4]
    assert LEVEL_SCORES[level_of(0.687)] == 0.6


def test_top_box_stands_beside_top_two() -> None:
    answers = [5, 5, 4, 3, 1, np.nan]
    assert top_levels(answers, FIVE).value == pytest.approx(0.6)
    assert top_levels(answers, FIVE, 1).value == pytest.approx(0.4)
    assert top_levels_from_counts([2, 1, 1, 0, 1]).value == pytest.approx(0.6)
    assert top_levels(answers, Scale("worst-high", 1, 5, is_reversed=True)).value == pytest.approx(0.2)


def test_weights_move_a_share_and_widen_its_interval() -> None:
    answers, weights = np.repeat([10.0, 3.0], 50), np.repeat([3.0, 1.0], 50)
    plain, weighted = net_promoter(answers), net_promoter(answers, weights)
    assert (plain.value, weighted.value) == (0.0, 50.0)
    assert weighted.deff == pytest.approx(design_effect(weights))
    assert weighted.deff == pytest.approx(1.25)
    share = top_levels(answers, TEN, 1, weights)
    assert share.value == pytest.approx(0.75)
    assert share.interval is not None
    plain_share = top_levels(np.repeat([10.0, 3.0], [75, 25]), TEN, 1).interval
    assert plain_share is not None
    assert share.interval.half_width > plain_share.half_width


def test_effort_is_a_mean_and_a_share() -> None:
    found = customer_effort([7, 6, 5, 2, np.nan])
    assert (found.value, found.easy.value, found.n_missing) == (5.0, 0.75, 1)


def test_acsi_takes_two_of_three_items() -> None:
    answers = np.array([[8, 7, 9], [10, np.nan, 10], [np.nan, np.nan, 4], [6, 6, 6.0]])
    found = acsi_index(answers, [0.4, 0.3, 0.3])
    assert (found.n, found.n_missing) == (3, 1)
    by_hand = np.mean([(0.4 * 7 + 0.3 * 6 + 0.3 * 8) / 9, 1.0, 5 / 9]) * 100
    assert found.value == pytest.approx(by_hand)
    assert acsi_of_means([7.0], [1.0]).value == pytest.approx(6 / 9 * 100)


def test_gaps_pair_people_and_count_who_was_not_paired() -> None:
    perceived = np.array([[5, 6], [4, np.nan], [3, 5], [np.nan, 4.0]])
    expected = np.array([[6, 6], [6, 6], [5, np.nan], [6, 6.0]])
    found = service_gap(perceived, expected, [0.5, 0.5])
    assert found.gaps == pytest.approx((-5 / 3, -1.0))
    assert [dimension.n_missing for dimension in found.dimensions] == [1, 2]
    assert found.value == pytest.approx(-4 / 3)
    ratio = service_gap(perceived, expected, [0.5, 0.5], GapForm.RATIO)
    assert ratio.value is not None
    assert ratio.value < 1
    assert ratio.interval is None


def test_the_zone_of_tolerance_drops_who_desires_less_than_they_accept() -> None:
    found = tolerance_zone([5, 6, 5, np.nan], [4, 5, 6, 4], [8, 7, 5, 8])
    assert (found.n, found.n_inverted, found.n_missing) == (2, 1, 2)
    assert found.value == pytest.approx((0.25 + 0.5) / 2)
    assert found.zone is Zone.TOLERATED
    assert tolerance_zone([3], [4], [8]).zone is Zone.ALARM
    assert tolerance_zone([9], [4], [8]).zone is Zone.DELIGHT


def test_organisations_pool_people_unless_the_plan_weighs_units_alike() -> None:
    n = [100, 300]
    assert pooled_units(n, [100 * 60, 300 * 80], n).value == pytest.approx(75)
    assert averaged_units([60, 80], n).value == pytest.approx(70)
    assert averaged_units([60, np.nan], n).coverage == 0.5


def test_a_tree_carries_errors_upwards_and_uses_each_parents_target() -> None:
    indicators = [
        Indicator("root", None, target=90),
        Indicator("a", "root", 0.5, target=70),
        Indicator("b", "root", 0.5),
        Indicator("a1", "a", 1.0),
    ]
    leaves = {"a1": LeafScore(60, 100, 3.0), "b": LeafScore(80, 50, 4.0)}
    found = roll_up(indicators, leaves, target=50)
    assert found.value == pytest.approx(70)
    assert found.interval is not None
    assert found.interval.half_width == pytest.approx(1.959964 * 2.5, rel=1e-6)
    assert found.node("a1").shortfall == pytest.approx(10)
    assert found.node("a").shortfall == pytest.approx(15)
    assert [node.depth for node in found.nodes] == [0, 1, 2, 1]
    missing = roll_up(indicators, {"b": LeafScore(80, 50)}, target=50)
    assert (missing.value, missing.coverage) == (80, 0.5)
    assert not missing.node("root").is_publishable
    assert missing.interval is None


def test_path_weights_give_a_node_the_interval_of_its_respondents() -> None:
    indicators = [
        Indicator("root", None),
        Indicator("a", "root", 0.6),
        Indicator("b", "root", 0.4),
        Indicator("a1", "a", 0.5),
        Indicator("a2", "a", 0.5),
    ]
    weights = path_weights(indicators)
    assert weights == pytest.approx({"a1": 0.3, "a2": 0.3, "b": 0.4})
    assert path_weights(indicators, "a") == pytest.approx({"a1": 0.5, "a2": 0.5})
    answers = np.random.default_rng(15).uniform(40, 90, (60, 3))
    rolled = roll_up(indicators, {leaf: LeafScore(answers[:, i].mean(), 60) for i, leaf in enumerate(weights)})
    people = composite_from_answers(answers, list(weights.values()))
    assert people.value == pytest.approx(rolled.value)
    assert people.interval is not None
    with pytest.raises(MeasureError, match="no indicator x"):
        path_weights(indicators, "x")


def test_allocations_fill_small_strata_and_keep_minimums() -> None:
    found = allocate(1200, [600000, 45000, 9000, 1000], Allocation.PROPORTIONAL, minimum=30)
    assert found.exact == pytest.approx((1099.24, 82.44, 16.49, 1.83), abs=0.01)
    assert min(found.sizes) == 30
    assert sum(found.sizes) == 1200
    root = allocate(1200, [600000, 45000, 9000, 1000], Allocation.SQUARE_ROOT)
    assert root.exact == pytest.approx((835.0, 228.7, 102.3, 34.1), abs=0.05)
    assert allocate(90, [1000, 20], minimum=30).sizes == (70, 20)


def test_the_whole_of_a_small_population_leaves_no_error() -> None:
    found = share_of_finite(8, 10, 10)
    assert found.se == 0
    assert size_for_share(0.05, population=10, deff=3).warnings == ("The whole population is needed.",)


def test_trimmed_weights_say_what_trimming_cost() -> None:
    codes = [[0] * 2 + [1] * 98]
    plain, trimmed = rake(codes, [[0.4, 0.6]]), rake(codes, [[0.4, 0.6]], trim_at=5)
    assert max(plain.weights) > 5 * np.median(plain.weights)
    assert max(trimmed.weights) <= 5 * np.median(trimmed.weights) * (1 + 1e-9)
    assert trimmed.n_trimmed == 2
    assert trimmed.max_error > 0.01
    assert trimmed.value is not None
    assert plain.value is not None
    assert trimmed.value < plain.value


def test_those_who_answered_carry_those_who_did_not() -> None:
    weights = adjusted_for_response([1, 1, 1, 1, 2], [0, 0, 0, 1, 1], [1, 0, 1, 0, 1])
    assert weights == pytest.approx((1.5, 0, 1.5, 0, 3.0))


def test_response_rates_and_what_silence_could_hide() -> None:
    found = response_rates(Dispositions(complete=10, refused=90))
    assert found.value == 0.1
    assert "self-selected" in found.warnings[0]
    assert response_rates(Dispositions(0)).value is None
    bounds = non_response(0.8, 0.25)
    assert bounds.bias is None
    assert bounds.interval is not None
    assert bounds.interval.high == pytest.approx(0.95)
    assert late_against_early(80, 100, 70, 100).value == pytest.approx(-0.1)


def test_fieldwork_tells_early_whether_it_will_be_precise_enough() -> None:
    found = fieldwork_forecast(complete=60, settled=300, invited=1000, target=0.07)
    assert found.value == pytest.approx(200)
    assert (found.pending, found.meets) == (700, True)
    assert found.half_width == pytest.approx(0.0686, abs=5e-4)
    assert fieldwork_forecast(60, 300, 1000, target=0.05).meets is False
    assert fieldwork_forecast(0, 0, 1000).value is None
    assert fieldwork_forecast(0, 50, 1000).half_width is None


def test_a_drawn_sample_repeats_with_its_seed_and_spares_who_was_asked() -> None:
    strata = np.repeat([0, 1], [80, 20])
    asked = np.arange(100) % 2
    first = drawn_sample(strata, [10, 10], 7, asked)
    assert first == drawn_sample(strata, [10, 10], 7, asked)
    assert first != drawn_sample(strata, [10, 10], 8, asked)
    assert len(set(first)) == 20
    assert all(i % 2 == 0 for i in first)
    assert sum(i >= 80 for i in first) == 10
    with pytest.raises(MeasureError, match="Stratum 2 has 10 contacts left"):
        drawn_sample(strata, [10, 11], 7, asked)


def test_suspicious_respondents_are_flagged_not_removed() -> None:
    straight = np.full((1, 8), 4.0)
    varied = np.array([[4, 4, 4, 4, 4, 4, 4, 5.0]])
    few = np.where(np.arange(8) < 7, 4.0, np.nan)[None]
    assert straight_lined(np.vstack([straight, varied, few])) == (True, False, False)
    assert hasty([300, 310, 290, 95, np.nan]) == (False, False, False, True, False)
    assert contradicting(np.array([[90, 10], [90, 80], [90, np.nan]]), [(0, 1)], 50) == (True, False, False)


def test_cells_add_up_to_any_pivot() -> None:
    one = CellSums(n=40, weight=40, weight_squared=40, value=160, value_squared=660, weight_top=30, n_missing=2)
    two = CellSums(n=20, weight=40, weight_squared=90, value=120, value_squared=380, weight_top=10, n_missing=1)
    both = pooled_cells([one, two])
    assert (both.n, both.n_missing) == (60, 3)
    assert cell_mean(both).value == pytest.approx(3.5)
    assert cell_top_two(both).value == pytest.approx(0.5)
    assert cell_mean(both).deff == pytest.approx(60 * 130 / 6400)
    assert cell_mean(CellSums()).value is None
    assert cell_top_two(CellSums()).value is None
