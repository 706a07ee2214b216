"""How often a run tells of what is not there: whole runs over cubes whose true rates are known."""

from __future__ import annotations

import numpy as np
import pytest

from console.measures.distributions import normal_upper
from console.measures.monitoring import over_looks, watch_rates
from console.rules.months import months_between
from console.services.alert_signals import Examined, Signal, examine_complaints, settle
from console.services.complaint_cube import ROOT, Coded, Cube, Exposure, count_cells

RUNS = 60
FIRST_LOOK = 7 / 31
MONTHS = months_between("2024-11", "2025-12")
BASELINE = {ROOT: (MONTHS[0], MONTHS[-3])}
SIZES = {"category": 12, "region": 5, "channel": 8, "team": 6}


def drawn(chance: np.random.Generator, a_month: int, *, part: float = 1.0, rise: float = 1.0) -> Cube:
    """Return a cube of Poisson counts in cells of unequal size, the last month watched in part and raised as a whole."""
    means = np.full(len(MONTHS), float(a_month))
    means[-1] *= part * rise
    month = np.repeat(np.arange(len(MONTHS)), chance.poisson(means))
    codes, values = {}, {}
    for name, size in SIZES.items():
        weights = 1 / np.arange(1, size + 1)
        codes[name] = chance.choice(size, size=month.size, p=weights / weights.sum()).astype(np.int64)
        values[name] = tuple(f"{name}{i % 3} / {i}" if name == "category" else f"{name}{i}" for i in range(size))
    cells, counts = count_cells(Coded(month, codes, values, np.arange(month.size)), len(MONTHS), 2)
    factors = np.ones(len(MONTHS))
    factors[-1] = part
    frame = Exposure(MONTHS, factors, np.ones(len(MONTHS)), {}, is_customers=False)
    return Cube(tuple(cells), counts, np.stack([frame.of(cell) for cell in cells]), frame)


def told(cube: Cube) -> tuple[Signal, ...]:
    tests = Examined()
    part = float(cube.frame.factors[-1])
    examine_complaints(tests, cube, MONTHS[-2:], BASELINE, {MONTHS[-1]: FIRST_LOOK} if part < 1 else {})
    return settle(tests).signals


@pytest.mark.parametrize(("a_month", "part"), [(60, 1.0), (60, 0.3), (500, 0.5)])
def test_a_run_over_what_has_not_changed_seldom_tells_of_anything(a_month: int, part: float) -> None:
    chance = np.random.default_rng(20_251_231)
    runs = sum(bool(told(drawn(chance, a_month, part=part))) for _ in range(RUNS))
    assert runs / RUNS <= 0.10  # 0.05 are meant; 7 of 60 would come by chance in 3 of 100 such tests


def test_a_rise_of_the_whole_is_told_as_one_and_brings_no_false_cells_with_it() -> None:
    chance = np.random.default_rng(20_251_231)
    shares = []
    for _ in range(RUNS):
        signals = told(drawn(chance, 500, part=0.8, rise=2.0))
        assert (ROOT, MONTHS[-1]) in {(signal.cell, signal.month) for signal in signals}
        shares.append((len(signals) - 1) / len(signals))
    assert np.mean(shares) <= 0.08  # the false-discovery rate is the mean share; 0.05 are meant


@pytest.mark.parametrize("z", [2.0, 3.0, 4.0])
def test_the_p_over_all_looks_is_that_of_the_highest_a_running_month_comes_to(z: float) -> None:
    chance = np.random.default_rng(7)
    looks = 24 * 24
    at = np.linspace(FIRST_LOOK, 1.0, looks)
    steps = chance.normal(size=(20_000, looks)) * np.sqrt(np.diff(at, prepend=0.0))
    highest = (np.cumsum(steps, axis=1) / np.sqrt(at)).max(axis=1)
    p = float(over_looks(np.array([normal_upper(z)]), FIRST_LOOK)[0])
    seen = float((highest >= z).mean())
    assert 0.8 * seen <= p <= max(2.0 * seen, 0.0015)
    assert p > 2 * normal_upper(z)


def test_a_month_that_is_looked_at_every_day_tells_of_nothing_that_is_not_there() -> None:
    chance = np.random.default_rng(11)
    base = np.array([60.0] * (len(MONTHS) - 1))
    alarms, plain = 0, 0
    for _run in range(300):
        before = chance.poisson(base)
        days = np.cumsum(chance.poisson(60 / 31, size=31))
        is_told = is_plain = False
        for day in range(7, 31):
            exposure = np.array([[1.0] * (len(MONTHS) - 1) + [day / 31]])
            counted = np.array([[*before, days[day - 1]]], dtype=float)
            marks = np.array([[True] * (len(MONTHS) - 2) + [False, False]])
            watched = watch_rates(counted, exposure, marks, len(MONTHS) - 1)
            is_plain |= bool(watched.p[0] <= 0.05)
            is_told |= bool(over_looks(watched.p, FIRST_LOOK)[0] <= 0.05)
        alarms, plain = alarms + is_told, plain + is_plain
    assert alarms <= 22 < plain
