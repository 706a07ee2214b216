"""Charts, alarms, effects, complaint metrics, regulators' figures and segment search."""

from __future__ import annotations

import numpy as np
import pytest

from console.measures.complaints import backlog, callback_result, on_time, resolution_times, within_promise
from console.measures.controlcharts import c_chart, p_chart, rare_alarm_at, run_rules, season_ratio, u_chart, xmr_chart
from console.measures.decomposition import mix_and_rate, sources_of_change
from console.measures.discoveries import AlarmRule, complaint_alarms, score_alarms
from console.measures.effects import (
    Evidence,
    did_of_means,
    did_of_shares,
    may_regress_to_mean,
    mcnemar,
    parallel_trends,
    two_means,
)
from console.measures.funnelplots import FunnelPosition, funnel_plot
from console.measures.regulators import (
    Part,
    published_check,
    quartile_ranks,
    rate_per_connections,
    regulator_composite,
    share_by_next_working_day,
    share_within_weeks,
)
from console.measures.scales import FIVE, RECOMMENDATION
from console.measures.segments import gini_tree, search_segments
from console.measures.shifts import cusum_chart, ewma_chart
from console.measures.survival import kaplan_meier
from console.measures.trends import change_point, mann_kendall

# Thirty values with mean 10 and standard deviation 1, of which the last ten have moved up by one (Montgomery).
SHIFTED = (
    9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08,
    9.37, 10.62, 10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
)  # fmt: skip


def test_a_period_without_exposure_is_a_gap_not_a_zero() -> None:
    found = u_chart([5, 0, 6, 7], [10, 0, 10, 10])
    assert found.points == (0.5, None, 0.6, 0.7)
    assert (found.lower[1], found.upper[1], found.z[1]) == (None, None, None)
    assert (found.n, found.n_missing) == (3, 1)
    assert found.is_provisional


def test_limits_stay_where_shares_can_be() -> None:
    found = p_chart([1, 0, 2], [20, 20, 20])
    assert set(found.lower) == {0}
    assert set(p_chart([20, 19, 20], [20, 20, 20]).upper) == {1}
    counts = [12, 15, 9, 30, 11, 8]
    chart = c_chart(counts)
    assert chart.value == pytest.approx(np.mean(counts))
    assert chart.outside == (3,)


def test_a_frozen_baseline_judges_what_comes_after() -> None:
    found = p_chart([20] * 20 + [60], [200] * 21, baseline=20)
    assert found.value == pytest.approx(0.1)
    assert found.outside == (20,)
    assert not found.is_provisional
    assert found.sigma_z == 0


def test_few_expected_events_ask_for_exact_limits() -> None:
    assert any("exact Poisson" in warning for warning in u_chart([1, 0, 2], [1, 1, 1]).warnings)
    assert rare_alarm_at(0) == 1
    with pytest.raises(Exception, match="negative"):
        rare_alarm_at(-1)


def test_run_rules_find_runs_and_gaps_break_them() -> None:
    assert run_rules([0.5] * 8) == (7,)
    assert run_rules([0.5] * 4 + [None] + [0.5] * 4) == ()
    assert run_rules([0, 2.1, 2.2]) == (2,)
    assert run_rules([0, -2.1, 2.2]) == ()
    assert run_rules([-1.1, -1.2, 0.3, -1.3, -1.4]) == (4,)
    flat = xmr_chart([78.2, 77.5, 79.1, 78.8, 77.9, 78.4, 79.0, 78.1, 77.2, 78.6] + [79.5] * 8, 10, has_runs=True)
    assert 17 in flat.runs
    assert flat.outside == ()


def test_small_lasting_shifts_are_found() -> None:
    sums = cusum_chart(SHIFTED, 10, 1)
    assert sums.above[28] == pytest.approx(5.28, abs=0.005)
    assert sums.outside == (28, 29)
    assert sums.shift_began == 22
    smooth = ewma_chart(SHIFTED, 10, 1, 0.1, 2.7)
    assert smooth.points[:2] == pytest.approx((9.945, 9.7495))
    assert smooth.outside == (28, 29)
    assert ewma_chart(SHIFTED[:20], 10, 1).outside == ()


def test_seasons_are_compared_with_themselves() -> None:
    found = season_ratio(88, 65.8, 57, 64.0)
    assert found.value == pytest.approx(88 / 65.8 / (57 / 64.0))
    assert found.interval is not None
    assert found.interval.low > 1
    assert season_ratio(3, 10, 0, 10).value == pytest.approx(7.0)


def test_a_change_point_comes_with_its_doubt() -> None:
    base = [78.2, 77.5, 79.1, 78.8, 77.9, 78.4, 79.0, 78.1, 77.2, 78.6, 76.0, 75.1]
    found = change_point(base)
    # Of 66 ways to place the two lowest months, only both at the end or both at the start split as well.
    assert found.p == pytest.approx(2 / 66, abs=0.012)
    assert found.interval is not None
    assert found.interval.low <= 10 <= found.interval.high
    assert found.warnings
    assert found == change_point(base)
    noise = change_point([78, 79, 78, 79, 78, 79, 78, 79])
    assert noise.p > 0.3


def test_trends_leave_missing_months_out() -> None:
    found = mann_kendall([70, np.nan, 72, 73, 74.0])
    assert (found.value, found.n, found.n_missing) == (1.0, 4, 1)


def test_alarms_are_held_to_false_discovery_over_the_whole_cube() -> None:
    cells = [f"cell {i}" for i in range(400)]
    expected = np.full(400, 20.0)
    observed = np.random.default_rng(12).poisson(20, 400)
    observed[7], observed[8] = 55, 60
    found = complaint_alarms(cells, observed, expected, open_cells={"cell 8"})
    assert [alarm.cell for alarm in found.alarms] == ["cell 8", "cell 7"]
    assert [alarm.is_repeat for alarm in found.alarms] == [True, False]
    assert found.value == 1
    assert all(alarm.rule is AlarmRule.COUNT_RISE and alarm.q <= 0.05 for alarm in found.alarms)
    nothing_expected = complaint_alarms(["new"], [9], [0.0])
    assert nothing_expected.alarms[0].expected == 0.5


def test_small_cells_never_alert() -> None:
    found = score_alarms(["a", "b", "c"], [60, 60, np.nan], [80, 80, 80], [2, 2, 2], [200, 29, 200])
    assert [alarm.cell for alarm in found.alarms] == ["a"]
    assert found.n_too_small == 2
    assert found.alarms[0].z == pytest.approx(-10)
    assert complaint_alarms([], [], []).alarms == ()


def test_funnels_place_units_and_spare_small_ones() -> None:
    found = funnel_plot([27, 97, 150, 20, 0], [40, 120, 300, 20, 0])
    assert found.positions[2] is FunnelPosition.BELOW_998
    assert found.positions[3] is FunnelPosition.TOO_SMALL
    assert found.shares[4] is None
    assert found.shrunk[4] == pytest.approx(found.value)
    assert funnel_plot([90], [100], target=0.8).positions == (FunnelPosition.ABOVE_95,)


def test_before_and_after_stands_beside_the_comparison_group() -> None:
    found = did_of_shares((371, 480), (412, 500), (389, 490), (398, 495))
    assert found.treated.interval is not None
    assert found.interval is not None
    assert 0 not in found.treated.interval
    assert 0 in found.interval
    assert found.evidence is Evidence.COMPARISON_GROUP
    small = did_of_shares((20, 29), (412, 500), (389, 490), (398, 495))
    assert small.value is None
    assert small.control.value == pytest.approx(398 / 495 - 389 / 490)
    assert "fewer than 30" in small.warnings[0]
    means = did_of_means([70, 75, 72, 73], [1, 1, 1, 1], [90, 90, 90, 90])
    assert means.value == pytest.approx(4)
    assert means.se == pytest.approx(2)


def test_parallel_trends_and_the_worst_month_are_checked() -> None:
    apart = parallel_trends([70, 71, 72, 73.1, 74], [70, 70, 70.1, 70, 70])
    assert not apart.is_parallel
    assert apart.warnings
    assert parallel_trends([70, 72, 71, 70.5], [71, 72.5, 72, 71.4]).is_parallel
    assert parallel_trends([70, 71], [70, 71]).p is None
    assert may_regress_to_mean([80, 79, 81, 74])
    assert not may_regress_to_mean([80, 74, 81, 79])
    assert not may_regress_to_mean([80, 74])


def test_panels_and_waves_are_tested_as_what_they_are() -> None:
    panel = mcnemar(120, 14, 31, 35)
    assert panel.interval is not None
    assert panel.interval.low > 0
    assert "exact" not in " ".join(panel.warnings)
    assert "exact" in " ".join(mcnemar(10, 2, 3, 10).warnings)
    waves = two_means([70, 80, 90, np.nan], [70, 80, 90.0])
    assert (waves.value, waves.p, waves.n_missing) == (0, 1, 1)


def test_a_segment_that_appears_is_all_mix() -> None:
    found = mix_and_rate([1.0, 0.0], [80, np.nan], [0.5, 0.5], [80, 60])
    assert (found.value, found.rate_total, found.mix_total) == (-10, 0, -10)
    assert "who answered" in found.warnings[0]
    assert sources_of_change([40, 20, 10], [59, 29, 13]) == (19, 9, 3)


def test_open_and_overdue_counts_as_late() -> None:
    found = on_time([2, 5, np.nan, np.nan], [5, 5, 5, 5], [np.nan, np.nan, 6, 5])
    assert (found.n_on_time, found.n_overdue, found.n_not_due) == (2, 1, 1)
    assert found.value == pytest.approx(2 / 3)
    assert found.of_closed.value == 1.0
    assert found.overdue == (2,)
    contact = within_promise([0.5, 2, np.nan], 1, [np.nan, np.nan, 0.5])
    assert contact.value == 0.5


def test_open_cases_lengthen_the_headline_time() -> None:
    found = resolution_times([1, 2, 3, np.nan, np.nan, np.nan], [np.nan] * 3 + [10, 10, 10])
    assert found.quantiles[0] == 2
    assert found.value == pytest.approx(3)
    assert "too short" in found.warnings[-1]
    nothing_closed = resolution_times([np.nan], [3.0])
    assert (nothing_closed.value, nothing_closed.mean) == (None, None)
    assert kaplan_meier([], []).value is None


def test_backlog_bands_are_whole_days() -> None:
    found = backlog([0, 1.9, 2, 3, 4, 7.5, 8, 15, 16, 31], [0] * 9 + [1], received=62, closed=55)
    assert found.sizes == (2, 2, 1, 1, 2, 1, 1)
    assert found.overdue_sizes[-1] == 1
    assert (found.oldest, found.net_inflow) == (31, 7)
    assert backlog([]).mean_age is None


def test_call_backs_carry_their_reach() -> None:
    found = callback_result(45, 50, 400)
    assert (found.value, found.coverage, found.n_missing) == (0.9, 0.125, 350)
    assert "self-selected" in found.warnings[-1]


def test_regulators_composites_keep_to_one_scale() -> None:
    parts = [Part("survey", 0.5, 8.0, RECOMMENDATION, 100), Part("contacts", 0.5, None, RECOMMENDATION)]
    found = regulator_composite(parts)
    assert (found.value, found.coverage) == (80.0, 0.5)
    assert found.contributions == (80.0, None)
    with pytest.raises(Exception, match="different scales"):
        regulator_composite([parts[0], Part("other", 0.5, 4.0, FIVE)])


def test_next_working_day_counts_to_its_end() -> None:
    # Received Friday afternoon: resolved Monday is one working day on, Tuesday two.
    assert share_by_next_working_day([1, 2], [np.nan, np.nan]).value == 0.5
    assert share_by_next_working_day([0, np.nan], [np.nan, 2]).value == 0.5
    assert share_by_next_working_day([0, np.nan], [np.nan, 1]).value == 1.0
    received = 75_856
    resolved = 40_826
    days = np.concatenate([np.ones(resolved), np.full(received - resolved, 9.0)])
    share = share_by_next_working_day(days, np.full(received, np.nan))
    assert share.value is not None
    assert round(100 * share.value, 2) == 53.82
    assert share_within_weeks([56, 57, np.nan], [np.nan, np.nan, 20]).value == 0.5


def test_a_published_figure_that_does_not_follow_is_found() -> None:
    good = published_check(rate_per_connections(8312, 3_082_287), 26.97, 2)
    assert good.agrees
    assert good.warnings == ()
    wrong = published_check(rate_per_connections(5826, 1_498_832), 338.87, 2)
    assert not wrong.agrees
    assert wrong.value == 38.87
    assert quartile_ranks([26.97, 18.81, 51.13, 24.85]) == (3, 1, 4, 2)


def test_segments_found_are_the_ones_hidden_in_the_data() -> None:
    random = np.random.default_rng(13)
    n = 3000
    region = random.choice(["east", "west", "north"], n)
    channel = random.choice(["phone", "web", "desk"], n)
    kind = random.choice(["home", "shop"], n)
    is_hidden = (region == "east") & (channel == "web")
    bad = random.uniform(size=n) < np.where(is_hidden, 0.45, 0.15)
    dimensions = {"region": region.tolist(), "channel": channel.tolist(), "kind": kind.tolist()}
    found = search_segments(dimensions, bad, permutations=200)
    assert found.segments[0].conditions == (("region", "east"), ("channel", "web"))
    assert found.segments[0].lift > 1.8
    assert found.segments[0].fold_lift > 1.2
    assert found.n_tested == 8 + 9 + 6 + 6
    leaves = gini_tree(dimensions, bad)
    assert {(name, value) for name, is_in, value in leaves[0].conditions if is_in} >= {
        ("region", "east"),
        ("channel", "web"),
    }
    assert sum(leaf.n for leaf in leaves) == n
    assert min(leaf.n for leaf in leaves) >= 30


def test_noise_holds_no_segment() -> None:
    random = np.random.default_rng(14)
    dimensions = {name: random.choice(list("abcd"), 1500).tolist() for name in ("one", "two", "three")}
    assert search_segments(dimensions, random.uniform(size=1500) < 0.2, permutations=100).segments == ()
