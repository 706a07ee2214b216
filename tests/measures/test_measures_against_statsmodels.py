"""Random inputs agree with statsmodels and SciPy where they have the method."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.contingency_tables import mcnemar as oracle_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.outliers_influence import variance_inflation_factor
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_confint,
    proportion_effectsize,
    proportions_ztest,
)
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from console.measures import distributions
from console.measures.delphi import concordance
from console.measures.discoveries import benjamini_hochberg
from console.measures.drivers import driver_importance
from console.measures.effects import mcnemar, parallel_trends, two_means
from console.measures.means import weighted_mean
from console.measures.pathmodel import PathModel, fit_path_model
from console.measures.proportions import exact_interval, newcombe, two_proportions, wilson, wilson_corrected
from console.measures.segments import association
from console.measures.survival import kaplan_meier
from console.measures.trends import mann_kendall

RANDOM = np.random.default_rng(20241201)


def test_closed_forms_agree_with_scipy() -> None:
    for df in (*range(1, 60), 99, 150, 199, 500):
        assert distributions.t_quantile(df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-11)
        for x in (0.01, 0.7, 3.2, 20.0, 80.0):
            assert distributions.chi_square_upper(x, df) == pytest.approx(special.chdtrc(df, x), rel=1e-9)
            assert distributions.t_two_sided(x, df) == pytest.approx(2 * stats.t.sf(x, df), rel=1e-7, abs=1e-14)
    for mean in (0.05, 0.8, 5.0, 54.7, 900.0, 52_000.0):
        for z in (-4, -1, 0, 1, 3, 6):
            k = max(0, round(mean + z * math.sqrt(mean)))
            assert distributions.poisson_upper(k, mean) == pytest.approx(stats.poisson.sf(k - 1, mean), rel=1e-7)
            assert distributions.poisson_lower(k, mean) == pytest.approx(stats.poisson.cdf(k, mean), rel=1e-7)
    for count in (0, 1, 12, 598, 75_856):
        low, high = distributions.poisson_interval(count)
        assert low == pytest.approx(stats.gamma.ppf(0.025, count) if count else 0.0, rel=1e-8)
        assert high == pytest.approx(stats.gamma.ppf(0.975, count + 1), rel=1e-8)
    for successes, trials in ((0, 0), (3, 9), (14, 45), (480, 1000), (980, 2100)):
        expected = stats.binomtest(successes, trials).pvalue if trials else 1.0
        assert distributions.binomial_half_two_sided(successes, trials) == pytest.approx(expected, rel=1e-9)


def test_share_intervals() -> None:
    for n in RANDOM.integers(1, 2000, 40).tolist():
        x = int(RANDOM.integers(0, n + 1))
        ours, exact = wilson(x, n), exact_interval(x, n)
        assert ours is not None
        assert exact is not None
        assert (ours.low, ours.high) == pytest.approx(proportion_confint(x, n, method="wilson"), abs=1e-12)
        assert (exact.low, exact.high) == pytest.approx(proportion_confint(x, n, method="beta"), abs=1e-10)
        corrected = wilson_corrected(x, n)
        assert corrected is not None
        theirs = stats.binomtest(x, n).proportion_ci(method="wilsoncc")
        assert (corrected.low, corrected.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_two_proportions() -> None:
    for _ in range(40):
        n, m = RANDOM.integers(5, 800, 2).tolist()
        a, b = int(RANDOM.integers(1, n)), int(RANDOM.integers(1, m))
        ours = two_proportions(a, n, b, m)
        z, p = proportions_ztest([b, a], [m, n])
        assert (ours.z, ours.p) == pytest.approx((z, p), abs=1e-12)
        assert ours.effect_h == pytest.approx(proportion_effectsize(b / m, a / n), abs=1e-12)
        interval = newcombe(a, n, b, m)
        theirs = confint_proportions_2indep(b, m, a, n, method="newcomb")
        assert (interval.low, interval.high) == pytest.approx(theirs, abs=1e-12)


def test_means_and_their_difference() -> None:
    for _ in range(20):
        x, y = RANDOM.normal(70, 12, RANDOM.integers(8, 150)), RANDOM.normal(72, 9, RANDOM.integers(8, 150))
        weights = RANDOM.uniform(0.2, 4, x.size)
        assert weighted_mean(x, weights).value == pytest.approx(DescrStatsW(x, weights).mean)
        plain = weighted_mean(x)
        assert plain.interval is not None
        assert (plain.interval.low, plain.interval.high) == pytest.approx(DescrStatsW(x).tconfint_mean())
        ours = two_means(x, y)
        t, _, df = CompareMeans(DescrStatsW(y), DescrStatsW(x)).ttest_ind(usevar="unequal")
        assert ours.t == pytest.approx(t)
        assert ours.df == math.floor(df)


def test_weighted_error_is_that_of_the_ratio_estimator() -> None:
    y, w = RANDOM.normal(70, 12, 90), RANDOM.uniform(0.2, 4, 90)
    mean = float(w @ y / w.sum())
    by_hand = math.sqrt(90 / 89 * float((w**2 * (y - mean) ** 2).sum())) / float(w.sum())
    assert weighted_mean(y, w).se == pytest.approx(by_hand)


def test_mcnemar_tests() -> None:
    for _ in range(20):
        stayed, worse, better, bad = RANDOM.integers(1, 60, 4).tolist()
        ours = mcnemar(stayed, worse, better, bad)
        table = [[stayed, worse], [better, bad]]
        assert ours.p_exact == pytest.approx(oracle_mcnemar(table, exact=True).pvalue)
        assert ours.p == pytest.approx(oracle_mcnemar(table, exact=False, correction=False).pvalue)
        corrected = oracle_mcnemar(table, exact=False, correction=True)
        if worse != better:
            assert ours.chi_square_corrected == pytest.approx(corrected.statistic)


def test_false_discovery_rates() -> None:
    for n in (1, 7, 40):
        p = RANDOM.uniform(0, 1, n) ** 3
        rejected, q, *_ = multipletests(p, 0.05, "fdr_bh")
        ours = benjamini_hochberg(p)
        assert ours.q == pytest.approx(q)
        assert ours.rejected == tuple(np.flatnonzero(rejected))


def test_survival_with_open_cases() -> None:
    for n in (5, 40, 200):
        times, closed = RANDOM.integers(1, 15, n).astype(float), RANDOM.uniform(size=n) < 0.7
        ours, theirs = kaplan_meier(times, closed), SurvfuncRight(times, closed)
        assert ours.times == tuple(theirs.surv_times)
        assert ours.shares == pytest.approx(theirs.surv_prob)
        assert ours.at_risk == tuple(theirs.n_risk)


def test_trends() -> None:
    for n in (10, 12, 36):
        y = np.round(RANDOM.normal(75, 3, n) + 0.2 * np.arange(n), 1)
        ours = mann_kendall(y)
        assert ours.value == pytest.approx(stats.theilslopes(y, np.arange(n)).slope)
        if np.unique(y).size == n:
            assert ours.tau == pytest.approx(stats.kendalltau(np.arange(n), y).statistic)


def test_concordance_is_friedman_with_ties() -> None:
    for experts, items in ((4, 3), (6, 8), (12, 7)):
        points = RANDOM.integers(1, 6, (experts, items))
        ours = concordance(points)
        assert ours.chi_square == pytest.approx(stats.friedmanchisquare(*points.T).statistic)


def test_association_of_a_table() -> None:
    for _ in range(10):
        table = RANDOM.integers(1, 60, (RANDOM.integers(2, 5), RANDOM.integers(2, 4)))
        ours = association(table)
        theirs = stats.chi2_contingency(table, correction=False)
        assert (ours.chi_square, ours.p, ours.df) == pytest.approx((theirs.statistic, theirs.pvalue, theirs.dof))
        assert ours.value == pytest.approx(stats.contingency.association(table, method="cramer"))


def test_parallel_trends_is_the_slope_of_the_difference() -> None:
    treated, control = RANDOM.normal(75, 2, 9), RANDOM.normal(74, 2, 9)
    ours, theirs = parallel_trends(treated, control), stats.linregress(np.arange(9), treated - control)
    assert (ours.value, ours.se, ours.p) == pytest.approx((theirs.slope, theirs.stderr, theirs.pvalue))


def test_drivers_explain_what_a_regression_explains() -> None:
    x = RANDOM.normal(size=(120, 5)) + RANDOM.normal(size=(120, 1))
    y = x @ np.array([0.5, 0.3, 0.1, 0.0, -0.2]) + RANDOM.normal(size=120)
    design = np.column_stack([np.ones(120), x])
    rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    assert driver_importance(y, x).value == pytest.approx(1 - float(rest @ rest) / float(((y - y.mean()) ** 2).sum()))


def test_inflation_of_overlapping_causes() -> None:
    base = RANDOM.normal(size=(150, 1))
    data = np.clip(np.round(6 + 1.5 * base + RANDOM.normal(size=(150, 6))), 1, 10)
    model = PathModel({"A": (0, 1), "B": (2, 3), "Y": (4, 5)}, (("A", "Y"), ("B", "Y")))
    found = fit_path_model(data, model)
    scores = np.array(found.scores)
    expected = variance_inflation_factor(np.column_stack([np.ones(150), scores[:, :2]]), 1)
    assert found.inflation["A", "Y"] == pytest.approx(expected)
