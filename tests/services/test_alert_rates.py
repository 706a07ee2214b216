"""How often a run tells of what is not there: whole runs over cubes whose true rates are known."""

from __future__ import annotations

import numpy as np
import pytest

from console.rules.months import months_between
from console.services.alert_signals import Examined, Signal, examine_complaints, settle
from console.services.complaint_cube import ROOT, Coded, Cube, Exposure, count_cells

RUNS = 60
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
    examine_complaints(tests, cube, MONTHS[-2:], BASELINE)
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
