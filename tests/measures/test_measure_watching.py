"""Many cells watched at once agree with the single charts, and raise no more false alarms than they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from console.measures.controlcharts import p_chart, u_chart
from console.measures.discoveries import benjamini_hochberg
from console.measures.distributions import binomial_upper, poisson_upper
from console.measures.monitoring import lasting_rises, season_p, watch_rates, watch_shares
from console.measures.results import MeasureError
from console.measures.shifts import cusum_chart, ewma_chart

COMPLAINTS = [52, 47, 55, 60, 49, 58, 51, 63, 56, 48, 59, 88]
CUSTOMERS = [65.0, 65.1, 65.1, 65.2, 65.3, 65.4, 65.4, 65.5, 65.6, 65.6, 65.7, 65.8]
DISSATISFIED = [30, 41, 35, 44, 38, 45, 36, 30, 41, 35, 71]
ASKED = [180, 210, 195, 240, 205, 220, 190, 180, 210, 195, 230]


def base(rows: int, periods: int, first: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    marks = np.zeros((rows, periods), dtype=bool)
    marks[:, :first] = True
    return marks


def test_a_rate_is_watched_as_its_u_chart_says() -> None:
    found = watch_rates([COMPLAINTS], [CUSTOMERS], base(1, 12, 11), 11)
    chart = u_chart(COMPLAINTS, CUSTOMERS, 11)
    assert found.centre[0] == pytest.approx(chart.value)
    assert found.limit[0] == pytest.approx(1.169133, abs=1e-6)
    assert found.z[0] == pytest.approx(4.496, abs=5e-4)
    assert found.p[0] == pytest.approx(2.14e-5, rel=5e-3)
    assert found.spread[0] == 1.0
    assert found.is_beyond.tolist() == [True]


def test_a_share_is_watched_as_its_p_chart_says() -> None:
    found = watch_shares([DISSATISFIED], [ASKED], base(1, 11, 10), 10, 30)
    chart = p_chart(DISSATISFIED, ASKED, 10)
    assert found.limit[0] == pytest.approx(chart.upper[10])
    assert found.z[0] == pytest.approx(chart.z[10])
    assert found.is_beyond.tolist() == [True]
    few = watch_shares([[x / 10 for x in DISSATISFIED]], [[n / 10 for n in ASKED]], base(1, 11, 10), 10, 30)
    assert not few.is_beyond.any()
    assert few.p.tolist() == [1.0]


def test_overdispersed_counts_get_wider_limits() -> None:
    exposure = [52, 51, 53, 52.5, 54, 53.5, 55, 54.2, 53.8, 52.9, 53]
    counted = [1040, 1173, 954, 1155, 1026, 1231, 1045, 1192, 1022, 1164, 1250]
    plain = u_chart(counted, exposure, 10)
    found = watch_rates([counted], [exposure], base(1, 11, 10), 10)
    assert 10 in plain.outside
    assert found.spread[0] == pytest.approx(plain.sigma_z)
    assert not found.is_beyond.any()


@pytest.mark.parametrize(("mean", "alarm"), [(0.8, 6), (2.3, 9)])
def test_rare_cases_have_exact_limits(mean: float, alarm: int) -> None:
    quiet = [mean] * 20
    for count, is_beyond in ((alarm - 1, False), (alarm, True)):
        found = watch_rates([[*quiet, count]], [[1.0] * 21], base(1, 21, 20), 20)
        assert found.limit[0] == alarm
        assert found.is_beyond.tolist() == [is_beyond]


def test_a_thin_baseline_is_no_certainty() -> None:
    counted = [1, 0, 1, 2, 0, 1, 1, 0, 2, 0, 5]
    found = watch_rates([counted], [[1.0] * 11], base(1, 11, 10), 10)
    assert found.p[0] == pytest.approx(binomial_upper(5, 13, 1 / 11))
    assert found.p[0] > 2 * poisson_upper(5, 0.8)
    nothing = watch_rates([[0] * 10 + [3]], [[1.0] * 11], base(1, 11, 10), 10)
    assert nothing.p[0] == pytest.approx(poisson_upper(3, 0.5))


def test_gaps_and_short_baselines_test_nothing() -> None:
    gap = watch_rates([[5] * 11 + [0]], [[1.0] * 11 + [0.0]], base(1, 12, 11), 11)
    assert np.isnan(gap.value[0])
    assert not gap.is_beyond.any()
    short = watch_rates([[5] * 9 + [50]], [[1.0] * 10], base(1, 10, 9), 9)
    assert not short.is_beyond.any()
    with pytest.raises(MeasureError):
        watch_shares([[5, 9]], [[6, 8]], base(1, 2, 1), 1, 30)


def test_binomial_tails_are_exact() -> None:
    for trials, share, count in ((10, 0.3, 6), (10, 0.3, 2), (40, 0.9, 38), (300, 0.02, 12)):
        direct = sum(math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(count, trials + 1))
        assert binomial_upper(count, trials, share) == pytest.approx(direct, rel=1e-10)
    assert binomial_upper(0, 5, 0.5) == 1.0
    assert binomial_upper(6, 5, 0.5) == 0.0


def test_the_same_month_last_year_is_asked_when_there_are_two_years() -> None:
    counted = np.array([[20.0] * 12 + [20.0] * 11 + [60.0] + [20.0] * 11 + [60.0]])
    exposure = np.ones_like(counted)
    assert season_p(counted, exposure, 35)[0] > 0.4
    assert season_p(counted, exposure, 23).tolist() == pytest.approx([math.nan], nan_ok=True)
    counted[0, 23] = 20.0
    assert season_p(counted, exposure, 35)[0] < 1e-5


def test_lasting_rises_follow_the_single_charts() -> None:
    rng = np.random.default_rng(7)
    z = rng.normal(0, 1, (40, 30))
    z[:20, 18:] += 1.2
    found = lasting_rises(z, 29)
    for row in range(40):
        ewma, cusum = ewma_chart(z[row], 0.0, 1.0), cusum_chart(z[row], 0.0, 1.0)
        assert bool(found.is_ewma[row]) == (ewma.points[-1] > ewma.upper[-1])
        assert bool(found.is_cusum[row]) == (cusum.above[-1] > 5)
    assert found.is_cusum[:20].sum() >= 15
    assert found.is_cusum[20:].sum() <= 1
    assert all(abs(int(t) - 18) <= 4 for t in found.began[:20][found.is_cusum[:20]][:5])


def test_quiet_cubes_seldom_alarm() -> None:
    rng = np.random.default_rng(11)
    false, runs = 0, 60
    for _ in range(runs):
        means = rng.gamma(0.7, 12, 400)[:, None]
        counted = rng.poisson(means, (400, 14)).astype(float)
        found = watch_rates(counted, np.ones_like(counted), base(400, 14, 13), 13)
        rejected = np.array(benjamini_hochberg(found.p).q) <= 0.05
        false += bool((rejected & found.is_beyond).any())
    assert false / runs <= 0.12
