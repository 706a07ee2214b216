"""Weights of experts, path models, drivers, quadrants, funnel and customer value."""

from __future__ import annotations

import numpy as np
import pytest
from measure_data import synthetic_survey

from console.measures.ahp import RandomIndex, ahp_weights, comparison_matrix, joint_judgements, usable_weights
from console.measures.anp import limit_priorities, local_columns, supermatrix
from console.measures.delphi import concordance, delphi_round, may_stop
from console.measures.drivers import Importance, driver_importance
from console.measures.funnels import critical_drivers, pareto_head, return_on_improvement, strategy_funnel
from console.measures.fuzzy import Operator, Validity, fuzzy_evaluation, membership
from console.measures.pathintervals import bootstrap_paths
from console.measures.pathmodel import PathModel, Scheme, fit_path_model
from console.measures.quadrants import QUADRANTS, Crosshair, Quadrant, quadrant_places, quadrant_stability
from console.measures.reliability import (
    composite_reliability,
    consistent_reliability,
    heterotrait_ratio,
    variance_extracted,
)
from console.measures.scales import FIVE, TEN
from console.measures.value import (
    LIFE_STAGES,
    CreditRule,
    LifeSigns,
    LifeStage,
    credit_class,
    leaving_by_holdings,
    life_stage,
    quintiles,
    stage_transitions,
)
from console.measures.weights import entropy_weights

MODEL = PathModel({"Q": (0, 1, 2), "S": (3, 4, 5), "L": (6, 7)}, (("Q", "S"), ("Q", "L"), ("S", "L")))


def test_delphi_stops_after_two_rounds_that_agree() -> None:
    points = np.array([[9, 8, 6, 4, 7], [9, 8, 6, 5, 7], [8, 7, 5, 4, 6], [9, 8, 5, 4, 7.0]])
    agreed = delphi_round(points)
    assert agreed.is_agreed
    assert sum(agreed.weights) == pytest.approx(1.0)
    assert agreed.weights[0] == max(agreed.weights)
    split = delphi_round(np.array([[9, 2, 5], [2, 9, 5], [5, 2, 9.0]]))
    assert not split.is_agreed
    assert not may_stop([agreed])
    assert not may_stop([agreed, split])
    assert may_stop([split, agreed, agreed])


def test_small_panels_test_agreement_by_permutation() -> None:
    found = concordance([[1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]])
    assert found.value == 1.0
    # One order in six for each of three further experts: (1/6)^3.
    assert found.p == pytest.approx((1 / 6) ** 3, abs=0.004)
    assert found.p == found.p_permutation
    assert concordance(np.tile(np.arange(7), (3, 1))).p_permutation is None


def test_a_group_of_experts_is_joined_by_geometric_means() -> None:
    joint = joint_judgements([comparison_matrix([2, 4, 2]), comparison_matrix([8, 16, 2])])
    assert joint[0] == pytest.approx([1, 4, 8])
    found = ahp_weights(joint, RandomIndex.SIMULATED)
    assert found.is_usable
    assert usable_weights(found) == found.weights


def test_geometric_means_check_the_eigenvector() -> None:
    found = ahp_weights(comparison_matrix([2, 3, 4, 1, 2, 3, 1, 2, 0.5, 1 / 3]))
    assert found.geometric_weights == pytest.approx((0.331908, 0.218978, 0.122842, 0.074732, 0.251540), abs=1e-6)


def test_a_network_weighs_the_blocks_each_column_has() -> None:
    links = {("b", "a"): [[0.5], [0.5]], ("b", "b"): [[0.2, 0.4], [0.8, 0.6]], ("a", "b"): [[1.0, 1.0]]}
    w = supermatrix({"a": 1, "b": 2}, links, {("b", "a"): 0.3, ("b", "b"): 0.5, ("a", "b"): 0.5})
    assert w.sum(axis=0) == pytest.approx([1, 1, 1])
    assert w[:, 0] == pytest.approx([0, 0.5, 0.5])
    found = limit_priorities(w, {"a": 1, "b": 2})
    assert found.period == 1
    assert found.within["a"] == (1.0,)
    assert local_columns([ahp_weights(comparison_matrix([3])), ahp_weights(comparison_matrix([1]))])[
        :, 0
    ] == pytest.approx([0.75, 0.25])


def test_entropy_gives_most_weight_to_what_tells_units_apart() -> None:
    found = entropy_weights(np.array([[1, 5, 9], [1, 5.1, 1], [1, 5.2, 1], [1, 5.3, 1]]))
    assert found.weights[0] == 0
    assert found.weights[2] > found.weights[1]
    assert found.warnings == ("Indicator 1 has no spread and gets no weight.",)
    cost = entropy_weights([[1.0, 4.0], [2.0, 2.0], [9.0, 1.0]], [True, False])
    assert sum(cost.weights) == pytest.approx(1.0)


def test_a_tie_of_levels_names_none() -> None:
    rows = [[0.4, 0.4, 0.2]]
    tied = fuzzy_evaluation([1.0], rows, [3, 2, 1])
    assert (tied.level, tied.best_levels) == (None, (0, 1))
    low = fuzzy_evaluation([1.0], [[0.34, 0.33, 0.33]], [3, 2, 1])
    assert low.validity is Validity.LOW
    assert fuzzy_evaluation([1.0], [[1.0, 0.0, 0.0]], [3, 2, 1]).validity is Validity.EFFECTIVE


def test_rows_without_answers_leave_and_levels_nest() -> None:
    rows = membership([[5, 3, 2], [0, 0, 0], [1, 1, 8]])
    found = fuzzy_evaluation([0.5, 0.2, 0.3], rows, [100, 50, 0])
    assert found.coverage == pytest.approx(0.8)
    assert found.n_missing == 1
    child = fuzzy_evaluation([1.0], rows[:1], [100, 50, 0], Operator.WEIGHTED_SUM)
    parent = fuzzy_evaluation([1.0], np.array([child.distribution]), [100, 50, 0])
    assert parent.value == pytest.approx(child.value)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_schemes_of_a_path_model_tell_one_story(scheme: Scheme) -> None:
    found = fit_path_model(synthetic_survey(), PathModel(MODEL.blocks, MODEL.paths, scheme))
    assert found.paths["Q", "S"] == pytest.approx(0.709, abs=0.005)
    assert np.array(found.scores).std(axis=0, ddof=1) == pytest.approx([1, 1, 1])
    assert found.is_exploratory


def test_a_reversed_item_leaves_no_index_and_flips_nothing_else() -> None:
    data = synthetic_survey()
    data[:, 1] = 11 - data[:, 1]
    found = fit_path_model(data, MODEL)
    assert found.variable("Q").index is None
    assert found.variable("Q").loadings[1] < 0
    assert found.paths["Q", "S"] > 0
    assert any("reversed or wrong" in warning for warning in found.warnings)


def test_gaps_are_filled_by_segment_and_counted() -> None:
    data = synthetic_survey()
    data[0, :4] = np.nan
    data[1, 0] = np.nan
    found = fit_path_model(data, MODEL, TEN, ["east", "west"] * 30)
    assert (found.n, found.n_missing) == (59, 1)
    assert "1 missing answers took the mean of their item." in found.warnings
    quality = found.variable("Q")
    assert quality.index is not None
    low, high = sorted(quality.segment_indices.values())
    assert low < quality.index < high


def test_the_bootstrap_of_paths_surrounds_them() -> None:
    found = bootstrap_paths(synthetic_survey(), MODEL, replicates=60, seed=4)
    paths = fit_path_model(synthetic_survey(), MODEL).paths
    for key, interval in found.intervals.items():
        assert paths[key] in interval
        assert found.standard_errors[key] > 0
    assert found == bootstrap_paths(synthetic_survey(), MODEL, replicates=60, seed=4)


def test_reliabilities_of_a_block() -> None:
    assert composite_reliability([0.8, 0.8, 0.8]) == pytest.approx(5.76 / (5.76 + 1.08))
    assert variance_extracted([0.6, 0.8]) == pytest.approx(0.5)
    data = synthetic_survey()
    fit = fit_path_model(data, MODEL)
    block = fit.variable("Q")
    assert block.rho_a == pytest.approx(consistent_reliability(data[:, :3], block.outer_weights))
    assert block.alpha is not None
    assert block.rho_a is not None
    assert block.alpha < block.rho_c
    assert 0.8 < block.rho_a < 1
    ratios = heterotrait_ratio(data, [(0, 1, 2), (3, 4, 5), (6, 7)])
    assert ratios[0, 1] == pytest.approx(ratios[1, 0])
    assert np.isnan(ratios[0, 0])
    # Identical blocks measure the same thing.
    assert heterotrait_ratio(np.hstack([data[:, :3], data[:, :3]]), [(0, 1, 2), (3, 4, 5)])[0, 1] > 0.99


def test_drivers_say_when_they_may_not_be_published() -> None:
    random = np.random.default_rng(8)
    x = random.normal(size=(35, 4))
    x[:, 3] = 2.0
    y = random.normal(size=35)
    y[0] = np.nan
    found = driver_importance(y, x)
    assert found.dropped == (3,)
    assert found.importances[3] == 0
    assert found.n_missing == 1
    assert not found.is_publishable
    joined = " ".join(found.warnings)
    assert "does not vary" in joined
    assert "not publishable" in joined
    assert driver_importance(y, x, Importance.BETA).warnings[-1].endswith("not for ranking.")


def test_identical_drivers_share_what_they_explain() -> None:
    random = np.random.default_rng(9)
    x = random.normal(size=(100, 1))
    y = x[:, 0] + random.normal(size=100)
    for method in (Importance.LMG, Importance.JOHNSON):
        found = driver_importance(y, np.hstack([x, x]), method)
        assert found.importances[0] == pytest.approx(found.importances[1])
        assert sum(found.importances) == pytest.approx(found.value)


def test_many_drivers_take_johnson_weights() -> None:
    random = np.random.default_rng(10)
    x = random.normal(size=(200, 13))
    found = driver_importance(x.sum(axis=1) + random.normal(size=200), x)
    assert found.importance is Importance.JOHNSON


def test_ties_with_the_crosshair_go_to_the_high_side() -> None:
    found = quadrant_places([0.5, 0.5], [80, 80])
    assert found.quadrants == (Quadrant.KEEP, Quadrant.KEEP)
    aimed = quadrant_places([0.6, 0.4], [70, 90], Crosshair.TARGET, (0.5, 80))
    assert aimed.quadrants == (Quadrant.IMPROVE, Quadrant.OVERDONE)
    assert aimed.order == (0, 1)
    assert aimed.value == 1


def test_only_stable_places_are_labelled() -> None:
    random = np.random.default_rng(11)
    x = np.clip(np.round(random.normal([3.0, 4.2, 3.9, 4.0], 0.8, (400, 4))), 1, 5)
    y = np.clip(np.round(0.7 * x[:, 0] + 0.5 * x[:, 1] + random.normal(0, 0.6, 400)), 1, 5)
    found = quadrant_stability(y, x, FIVE, replicates=200, seed=2)
    assert [sum(row) for row in found.probabilities] == pytest.approx([1, 1, 1, 1])
    assert found.labels[0] is Quadrant.IMPROVE
    for row, label in zip(found.probabilities, found.labels, strict=True):
        assert (label is None) == (max(row) < 0.6)
        assert label is None or QUADRANTS[int(np.argmax(row))] is label
    assert found == quadrant_stability(y, x, FIVE, replicates=200, seed=2)


def test_the_funnel_narrows_and_keeps_its_floor() -> None:
    contributions = np.array([420, 260, 150, 60, 40, 25, 20, 12, 8, 5, -30.0])
    scores = np.array([60, 70, 80, 75, 75, 75, np.nan, 80, 80, 80, 50.0])
    found = strategy_funnel(contributions, scores, np.array([2, 1] + [0] * 9), critical=(6,))
    assert [stage.customers for stage in found.stages] == [11, 10, 3]
    high = found.stages[-1]
    assert high.index is not None
    assert high.index.value == 70
    assert high.complaint_rate == 1000
    assert "floor" in found.warnings[0]
    assert pareto_head([5, 5, 5, 5], 0.5).members == (0, 1)
    assert critical_drivers([0.5, 0.3, 0.2], [0.9, 0.4, 0.9]) == (0,)
    assert return_on_improvement(2.0, 600, 1000) == pytest.approx(0.2)


def test_ties_share_their_quintile() -> None:
    assert quintiles([1, 1, 1, 1, 1]).tolist() == [3, 3, 3, 3, 3]
    assert quintiles(range(10)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_credit_follows_the_first_rule_kept() -> None:
    rules = [CreditRule("A", 0, 0, 0), CreditRule("B", 30, 1, 1)]
    assert credit_class(0, 0, 0, rules, "C") == "A"
    assert credit_class(10, 1, 0, rules, "C") == "B"
    assert credit_class(31, 0, 0, rules, "C") == "C"


@pytest.mark.parametrize(
    ("signs", "stage"),
    [
        (LifeSigns(None), LifeStage.POTENTIAL),
        (LifeSigns(3), LifeStage.NEW),
        (LifeSigns(24), LifeStage.STABLE),
        (LifeSigns(24, usage_change=0.2), LifeStage.GROWING),
        (LifeSigns(24, usage_change=-0.3), LifeStage.STABLE),
        (LifeSigns(24, usage_change=-0.3, is_overdue=True), LifeStage.AT_RISK),
        (LifeSigns(24, complaints_90_days=2, index=59.9), LifeStage.AT_RISK),
        (LifeSigns(24, is_closed=True), LifeStage.LEFT),
    ],
)
def test_life_stages(signs: LifeSigns, stage: LifeStage) -> None:
    assert life_stage(signs) is stage


def test_transitions_and_leaving() -> None:
    before = [LifeStage.STABLE, LifeStage.STABLE, LifeStage.NEW]
    after = [LifeStage.STABLE, LifeStage.LEFT, LifeStage.GROWING]
    found = stage_transitions(before, after)
    assert found.value == pytest.approx(1 / 3)
    row = found.shares[LIFE_STAGES.index(LifeStage.STABLE)]
    assert row[LIFE_STAGES.index(LifeStage.LEFT)] == 0.5
    leaving = leaving_by_holdings([1, 1, 2, 2, 2], [1, 0, 0, 0, 0])
    assert leaving[1].value == 0.5
    assert leaving[2].interval is not None
    assert leaving[2].interval.low == 0
