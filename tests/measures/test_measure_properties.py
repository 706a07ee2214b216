"""Laws every measure keeps whatever the numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from console.measures.ahp import ahp_weights, comparison_matrix, joint_judgements
from console.measures.anp import limit_priorities
from console.measures.arrays import FloatArray
from console.measures.cells import CellSums, cell_mean, pooled_cells
from console.measures.composites import composite_from_answers, composite_from_counts
from console.measures.decomposition import mix_and_rate
from console.measures.discoveries import benjamini_hochberg
from console.measures.drivers import Importance, driver_importance
from console.measures.fuzzy import fuzzy_evaluation, membership
from console.measures.headlines import net_promoter_from_counts
from console.measures.means import weighted_mean
from console.measures.proportions import newcombe, wilson
from console.measures.raking import rake
from console.measures.sampling import Allocation, allocate
from console.measures.scales import Scale, rescale
from console.measures.setpairs import set_pair
from console.measures.survival import kaplan_meier
from console.measures.weights import WeightKind, entropy_weights

fast = settings(max_examples=40, deadline=None)

levels = st.integers(1, 5)
answer_tables = st.integers(2, 6).flatmap(
    lambda items: arrays(np.float64, st.tuples(st.integers(5, 25), st.just(items)), elements=levels.map(float))
)
seeds = st.integers(0, 10_000)


def points(seed: int, size: int) -> FloatArray:
    return np.random.default_rng(seed).uniform(0.1, 5.0, size)


@fast
@given(answer_tables, seeds)
def test_the_order_of_items_does_not_matter(answers: FloatArray, seed: int) -> None:
    weights = points(seed, answers.shape[1])
    order = np.random.default_rng(seed).permutation(answers.shape[1])
    one = composite_from_answers(answers, weights, kind=WeightKind.POINTS)
    other = composite_from_answers(answers[:, order], weights[order], kind=WeightKind.POINTS)
    assert one.value == pytest.approx(other.value, abs=1e-12)
    assert one.se == pytest.approx(other.se, abs=1e-12)


@fast
@given(answer_tables, seeds)
def test_reversing_a_scale_mirrors_the_index(answers: FloatArray, seed: int) -> None:
    weights = points(seed, answers.shape[1])
    straight = rescale(answers, Scale("a", 1, 5))
    mirrored = rescale(6 - answers, Scale("b", 1, 5, is_reversed=True))
    assert np.allclose(straight, mirrored)
    backwards = rescale(answers, Scale("b", 1, 5, is_reversed=True))
    one = composite_from_answers(straight, weights, kind=WeightKind.POINTS)
    other = composite_from_answers(backwards, weights, kind=WeightKind.POINTS)
    assert one.value is not None
    assert other.value == pytest.approx(100 - one.value, abs=1e-9)
    assert one.se == pytest.approx(other.se, abs=1e-9)


@fast
@given(answer_tables, seeds)
def test_an_empty_item_changes_coverage_and_nothing_else(answers: FloatArray, seed: int) -> None:
    weights = points(seed, answers.shape[1])
    full = composite_from_answers(answers, weights, kind=WeightKind.POINTS)
    empty = np.full((answers.shape[0], 1), np.nan)
    wider = composite_from_answers(
        np.hstack([answers, empty]), np.append(weights, weights.sum() / 4), kind=WeightKind.POINTS
    )
    assert wider.value == pytest.approx(full.value, abs=1e-12)
    assert wider.se == pytest.approx(full.se, abs=1e-12)
    assert full.coverage == pytest.approx(1.0)
    assert wider.coverage == pytest.approx(0.8)


@fast
@given(answer_tables, seeds)
def test_duplicating_the_sample_halves_the_variance(answers: FloatArray, seed: int) -> None:
    weights = points(seed, answers.shape[1])
    once = composite_from_answers(answers, weights, kind=WeightKind.POINTS)
    twice = composite_from_answers(np.vstack([answers, answers]), weights, kind=WeightKind.POINTS)
    n = answers.shape[0]
    assert once.se is not None
    assert twice.se is not None
    assert twice.value == pytest.approx(once.value, abs=1e-12)
    # The estimator divides by n − 1, so the half is exact only after that factor.
    assert twice.se**2 * (2 * n - 1) == pytest.approx(once.se**2 * (n - 1), abs=1e-12)


@fast
@given(answer_tables, seeds)
def test_answers_and_counts_give_the_same_index_when_nothing_is_missing(answers: FloatArray, seed: int) -> None:
    weights = points(seed, answers.shape[1])
    table = [[int((answers[:, i] == level).sum()) for level in range(1, 6)] for i in range(answers.shape[1])]
    one = composite_from_answers(answers, weights, kind=WeightKind.POINTS)
    other = composite_from_counts(table, weights, [1, 2, 3, 4, 5], kind=WeightKind.POINTS)
    evaluated = fuzzy_evaluation(weights, membership(table), [1, 2, 3, 4, 5], kind=WeightKind.POINTS)
    assert one.value == pytest.approx(other.value, abs=1e-9)
    assert evaluated.value == pytest.approx(other.value, abs=1e-9)


@fast
@given(answer_tables, seeds)
def test_shortfalls_sum_to_the_distance_from_the_target(answers: FloatArray, seed: int) -> None:
    table = [[int((answers[:, i] == level).sum()) for level in range(1, 6)] for i in range(answers.shape[1])]
    found = composite_from_counts(
        table, points(seed, answers.shape[1]), [1, 2, 3, 4, 5], target=4.2, kind=WeightKind.POINTS
    )
    assert found.value is not None
    assert sum(cost for cost in found.shortfalls if cost is not None) == pytest.approx(4.2 - found.value, abs=1e-9)


@fast
@given(st.integers(0, 400), st.integers(1, 400))
def test_wilson_stays_inside_and_around_the_share(successes: int, n: int) -> None:
    successes = min(successes, n)
    interval = wilson(successes, n)
    assert interval is not None
    assert 0 <= interval.low <= successes / n <= interval.high <= 1
    mirrored = wilson(n - successes, n)
    assert mirrored is not None
    assert mirrored.low == pytest.approx(1 - interval.high, abs=1e-12)


@fast
@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
def test_newcombe_contains_the_difference_and_mirrors(a: int, n: int, b: int, m: int) -> None:
    a, b = min(a, n), min(b, m)
    there, back = newcombe(a, n, b, m), newcombe(b, m, a, n)
    assert -1 <= there.low <= b / m - a / n <= there.high <= 1
    assert there.low == pytest.approx(-back.high, abs=1e-12)


@fast
@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_nps_stays_within_a_hundred(promoters: int, passives: int, detractors: int) -> None:
    found = net_promoter_from_counts(promoters, passives, detractors)
    if promoters + passives + detractors == 0:
        assert found.value is None
        return
    assert found.interval is not None
    assert -100 <= found.interval.low <= found.interval.high <= 100


@fast
@given(seeds, st.integers(1, 6), st.integers(40, 90))
def test_importance_sums_to_what_is_explained(seed: int, p: int, n: int) -> None:
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, p)) + random.normal(size=(n, 1))
    y = x @ random.normal(size=p) + random.normal(size=n)
    for method in (Importance.LMG, Importance.JOHNSON):
        found = driver_importance(y, x, method)
        assert sum(found.importances) == pytest.approx(found.value, abs=1e-9)
        assert sum(found.shares) == pytest.approx(1.0)
        assert min(found.importances) >= -1e-12


@fast
@given(seeds, st.integers(60, 200))
def test_raking_hits_every_margin(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    codes = [np.concatenate([np.arange(k), random.integers(0, k, n - k)]) for k in (2, 3)]
    codes[1] = random.permutation(codes[1])
    margins = [random.dirichlet(np.full(k, 8.0)) for k in (2, 3)]
    weights = np.array(rake(codes, margins).weights)
    assert weights.mean() == pytest.approx(1.0)
    for column, margin in zip(codes, margins, strict=True):
        shares = np.bincount(column, weights=weights) / weights.sum()
        assert np.abs(shares - margin).max() < 1e-6


@fast
@given(arrays(np.float64, st.integers(1, 40), elements=st.integers(0, 20).map(float)))
def test_kaplan_meier_without_open_cases_is_the_empirical_curve(durations: FloatArray) -> None:
    curve = kaplan_meier(durations, np.ones(durations.size))
    for time, share in zip(curve.times, curve.shares, strict=True):
        assert share == pytest.approx(float((durations > time).mean()), abs=1e-12)
    assert curve.n_missing == 0


@fast
@given(arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 1)))
def test_false_discovery_values_keep_the_order_and_exceed_their_p(p: FloatArray) -> None:
    q = np.array(benjamini_hochberg(p).q)
    assert (q >= p - 1e-12).all()
    assert (np.diff(q[np.argsort(p, kind="stable")]) >= -1e-12).all()


@fast
@given(seeds, st.integers(2, 6))
def test_mix_and_rate_sum_to_the_change(seed: int, segments: int) -> None:
    random = np.random.default_rng(seed)
    s0, s1 = random.dirichlet(np.ones(segments)), random.dirichlet(np.ones(segments))
    r0, r1 = random.uniform(0, 100, segments), random.uniform(0, 100, segments)
    found = mix_and_rate(s0, r0, s1, r1)
    assert found.rate_total + found.mix_total == pytest.approx(found.value, abs=1e-9)
    assert found.value == pytest.approx(float(s1 @ r1 - s0 @ r0), abs=1e-9)


@fast
@given(seeds, st.integers(2, 8))
def test_judgements_made_from_weights_give_them_back(seed: int, n: int) -> None:
    weights = np.random.default_rng(seed).uniform(1, 3, n)
    weights /= weights.sum()
    judgements = weights[:, None] / weights[None, :]
    found = ahp_weights(judgements)
    assert found.weights == pytest.approx(weights)
    assert found.geometric_weights == pytest.approx(weights)
    assert found.consistency_ratio == pytest.approx(0.0, abs=1e-9)
    assert found.is_usable
    assert found.repairs == ()
    assert joint_judgements([judgements, judgements]) == pytest.approx(judgements)


@fast
@given(seeds, st.integers(3, 8))
def test_the_proposed_repair_never_makes_a_matrix_less_consistent(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    upper = random.choice([1 / 9, 1 / 5, 1 / 3, 1, 3, 5, 9], n * (n - 1) // 2)
    found = ahp_weights(comparison_matrix(upper))
    assert sum(found.weights) == pytest.approx(1.0)
    assert found.consistency_ratio >= 0
    for repair in found.repairs:
        assert repair.ratio <= found.consistency_ratio + 1e-9


@fast
@given(seeds, st.integers(2, 7))
def test_the_limit_of_a_network_no_longer_moves(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    w = random.uniform(0.05, 1.0, (n, n))
    w /= w.sum(axis=0)
    priorities = np.array(limit_priorities(w).priorities)
    assert w @ priorities == pytest.approx(priorities, abs=1e-9)
    assert priorities.sum() == pytest.approx(1.0)


@fast
@given(arrays(np.float64, st.tuples(st.integers(2, 8), st.integers(1, 5)), elements=st.integers(0, 9).map(float)))
def test_entropy_weights_sum_to_one_and_spare_what_does_not_vary(figures: FloatArray) -> None:
    if (np.ptp(figures, axis=0) > 0).any():
        found = entropy_weights(figures)
        assert sum(found.weights) == pytest.approx(1.0)
        assert min(found.weights) >= -1e-12
        assert all(w == 0 for w, flat in zip(found.weights, np.ptp(figures, axis=0) == 0, strict=True) if flat)


@fast
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_connection_degree_lies_in_its_range(a: int, b: int, c: int) -> None:
    found = set_pair(a, b, c)
    if found.value is None:
        assert a + b + c == 0
        return
    assert found.interval is not None
    assert found.interval.low - 1e-12 <= found.value <= found.interval.high + 1e-12
    assert found.at(1.0) == pytest.approx(found.interval.high)
    assert found.at(-1.0) == pytest.approx(found.interval.low)


@fast
@given(arrays(np.float64, st.integers(2, 60), elements=levels.map(float)), st.integers(1, 5))
def test_adding_cells_gives_what_the_answers_give(answers: FloatArray, parts: int) -> None:
    cells = [
        CellSums(
            n=part.size,
            weight=float(part.size),
            weight_squared=float(part.size),
            value=float(part.sum()),
            value_squared=float((part**2).sum()),
            weight_top=float((part >= 4).sum()),
        )
        for part in np.array_split(answers, parts)
    ]
    pooled, direct = cell_mean(pooled_cells(cells)), weighted_mean(answers)
    assert pooled.value == pytest.approx(direct.value)
    assert pooled.se == pytest.approx(direct.se, abs=1e-9)
    assert pooled.interval is not None
    assert direct.interval is not None
    assert pooled.interval.low == pytest.approx(direct.interval.low, abs=1e-9)


@fast
@given(seeds, st.integers(1, 6), st.integers(0, 300), st.sampled_from(list(Allocation)))
def test_an_allocation_keeps_the_total_and_never_exceeds_a_stratum(
    seed: int, strata: int, n: int, allocation: Allocation
) -> None:
    random = np.random.default_rng(seed)
    populations = random.integers(1, 400, strata)
    n = min(n, int(populations.sum()))
    found = allocate(n, populations, allocation, random.uniform(0.1, 1, strata))
    assert sum(found.sizes) == n
    assert all(0 <= size <= population for size, population in zip(found.sizes, populations, strict=True))


@fast
@given(arrays(np.float64, st.integers(2, 40), elements=st.floats(-50, 50)), seeds)
def test_scaling_all_weights_changes_nothing(values: FloatArray, seed: int) -> None:
    weights = points(seed, values.size)
    one, other = weighted_mean(values, weights), weighted_mean(values, weights * 7.5)
    assert one.value == pytest.approx(other.value, abs=1e-9)
    assert one.se == pytest.approx(other.se, abs=1e-9)
    assert one.deff >= 1 - 1e-12
    assert math.isclose(one.n_effective, other.n_effective)
