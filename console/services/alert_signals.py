"""Which cells of complaints and answers left what their baselines let expect, over one run's whole cube (specification 1.14).

A cell is told of when it lies beyond its limit and its p withstands Benjamini-Hochberg at 0.05 over every test of the run. Of a
wider cell and a narrower one the narrower is told only where it rose more than the rest of the wider, and the wider only where
that rest rose as well, the whole always. Where two years are known, a rise that the same month last year saw is the season's.

A true rise of the whole lifts a thousand cells with it. They would count as discoveries and let a twentieth as many false ones
pass, while all but a few are then told as one; so what a narrower cell has beyond its wider ones is put to the same control
again, over the tests of the run.

A change of an indicator as a whole that is mostly mix, more answers from where they were always worse, is none and not told of.

A month that runs is looked at as often as a run is made, perhaps every hour; its p hold for all these looks together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from console.codes import AlertLevel, AlertRule
from console.measures.arrays import BoolArray, FloatArray, IntArray
from console.measures.controlcharts import BASELINE_NEEDED, BASELINE_PREFERRED, RARE_ALPHA, xmr_chart
from console.measures.disclosure import MARKED_BELOW
from console.measures.discoveries import FALSE_DISCOVERY, benjamini_hochberg
from console.measures.distributions import binomial_upper, normal_upper, poisson_upper
from console.measures.monitoring import (
    EXPECTED_AT_LEAST,
    SEASON_ALPHA,
    Lasting,
    Watched,
    lasting_rises,
    over_looks,
    season_p,
    watch_rates,
    watch_shares,
)
from console.services.alert_views import ANSWERS, COMPLAINTS, PER_MONTH, PER_THOUSAND, SCORE, SHARE
from console.services.answer_mix import is_who_answered
from console.services.answer_series import AnswerSeries
from console.services.complaint_cube import ROOT, THOUSAND, Cube, cell_filter, wider_cells

LEAST_CUSTOMERS = MARKED_BELOW / THOUSAND
"""Cells with fewer than 30 customers are never told of."""

ONE_MONTH_MOST = 3.0
"""Sigmas that one month adds at most to EWMA and CUSUM: a single leap is told of by its limit, and is no lasting rise."""

_ORDER = tuple(AlertRule)
_LEVELS = {AlertRule.LIMIT: AlertLevel.HIGH, AlertRule.SHARE: AlertLevel.HIGH, AlertRule.RARE: AlertLevel.LOW}

_SLOW = (AlertRule.SEASON, AlertRule.EWMA, AlertRule.CUSUM)
_FAST = (AlertRule.LIMIT, AlertRule.RARE, AlertRule.SHARE)

Span = tuple[str, str]
"""First and last month of a baseline."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One cell that broke a rule in a month; figures in the unit of its chart, see ``alert_views``."""

    cell: str
    subject: str
    rule: AlertRule
    month: str
    unit: str
    value: float
    expected: float
    limit: float
    count: float
    exposure: float
    z: float
    p: float
    spread: float
    is_provisional: bool
    began: str = ""
    q: float = 1.0
    dimensions: int = 0
    base: float = 0.0
    """How many cases its baseline rests on; 0 where that is not known."""

    @property
    def level(self) -> AlertLevel:
        """How urgent it is: high beyond a control limit, low for rare cases, medium for the rest."""
        return _LEVELS.get(self.rule, AlertLevel.MEDIUM)


@dataclass(slots=True)
class Examined:
    """All tests of a run: the p of every one, and the signals of those that lie beyond their limit, by the number of the test."""

    p: list[float] = field(default_factory=list)
    signals: dict[int, Signal] = field(default_factory=dict)
    wider: dict[int, tuple[tuple[str, ...], Callable[[float], float]]] = field(default_factory=dict)
    cells: int = 0
    seasonal: int = 0

    first_look: float = 1.0
    """The part of the month under test that is gone when it is first looked at; below 1 it is looked at while it runs."""

    def add(self, p: FloatArray) -> int:
        """Add the p of many tests, for all looks at their month together, and return the number of the first."""
        first = len(self.p)
        self.p.extend((over_looks(p, self.first_look) if self.first_look < 1 else p).tolist())
        return first

    def enter(self, number: int, signal: Signal, wider: tuple[str, ...], again: Callable[[float], float]) -> None:
        """Keep the signal of a test, of a month that runs only where it is one for all looks together.

        ``again`` gives the p of the cell if it had risen as ``wider`` cells did.
        """
        first = self.first_look
        if first >= 1:
            self.signals[number] = signal
            self.wider[number] = (wider, again)
        elif self.p[number] <= RARE_ALPHA:
            self.signals[number] = replace(signal, p=self.p[number])
            self.wider[number] = (wider, lambda rise: float(over_looks(np.array([again(rise)]), first)[0]))


@dataclass(frozen=True, slots=True)
class Found:
    """The signals of a run, one a cell and month, and how many were no more than a wider cell's."""

    signals: tuple[Signal, ...]
    explained: int


def settle(tests: Examined) -> Found:
    """Return the signals that withstand the false-discovery control, the most urgent first."""
    if not tests.p:
        return Found((), 0)
    q = benjamini_hochberg(tests.p, FALSE_DISCOVERY).q
    kept = [number for number in tests.signals if q[number] <= FALSE_DISCOVERY + 1e-15]
    kept.sort(key=lambda number: (tests.signals[number].dimensions, _ORDER.index(tests.signals[number].rule)))
    best, own, explained = _own_rises(tests, kept)
    left = np.ones(len(tests.p))
    for number, p in own.items():
        left[number] = p
    q = benjamini_hochberg(left, FALSE_DISCOVERY).q
    explained += sum(q[number] > FALSE_DISCOVERY + 1e-15 for number in best.values())
    best = {key: number for key, number in best.items() if q[number] <= FALSE_DISCOVERY + 1e-15}
    chosen = {key: replace(tests.signals[number], q=q[number]) for key, number in best.items()}
    for (_cell, month), number in best.items():
        # A wider cell whose rise is all in a narrower one only repeats it; the whole is always told.
        for other in tests.wider[number][0]:
            wide = chosen.get((other, month))
            if wide is not None and wide.dimensions and _is_all_in(wide, tests.signals[number]):
                del chosen[other, month]
                explained += 1
    ordered = sorted(chosen.values(), key=lambda one: (tuple(AlertLevel).index(one.level), one.p, one.cell))
    return Found(tuple(ordered), explained)


def _own_rises(tests: Examined, kept: Sequence[int]) -> tuple[dict[tuple[str, str], int], dict[int, float], int]:
    """Return the best test of each cell and month, the p of what it has beyond its wider cells, and how many had nothing."""
    best: dict[tuple[str, str], int] = {}
    own: dict[int, float] = {}
    explained = 0
    for number in kept:
        signal = tests.signals[number]
        if (signal.cell, signal.month) in best:
            continue
        wider, again = tests.wider[number]
        held = [tests.signals[best[cell, signal.month]] for cell in wider if (cell, signal.month) in best]
        p = max([signal.p, *(1.0 if signal.rule in _SLOW else _beyond(other, signal, again) for other in held)])
        if held and p > RARE_ALPHA:
            explained += 1
            continue
        best[signal.cell, signal.month] = number
        own[number] = p
    return best, own, explained


def _beyond(wide: Signal, narrow: Signal, again: Callable[[float], float]) -> float:
    """Return the p that a cell rose no more than the rest of a wider one.

    Where its baseline is known, the p is the conditional one of two Poisson counts as well (Przyborowski and Wilenski 1940): a
    thin baseline is no certainty, and a rise of the rest makes its error larger.
    """
    rise = _rest_rise(wide, narrow)
    p = again(rise)
    if math.isinf(rise) or narrow.base <= 0 or narrow.spread > 1:
        return p
    mean = narrow.expected * narrow.exposure * rise
    count = int(narrow.count)
    return max(p, binomial_upper(count, count + round(narrow.base), mean / (mean + narrow.base)))


def _rest_rise(wide: Signal, narrow: Signal) -> float:
    """Return by what factor the rest of a wider cell rose, at least 1; infinite where the narrower one is all of it."""
    mean = wide.expected * wide.exposure - narrow.expected * narrow.exposure
    return math.inf if mean < EXPECTED_AT_LEAST else max(1.0, (wide.count - narrow.count) / mean)


def _is_all_in(wide: Signal, narrow: Signal) -> bool:
    if wide.rule not in _FAST or narrow.rule not in _FAST:
        return False
    mean = wide.expected * wide.exposure - narrow.expected * narrow.exposure
    rest = wide.count - narrow.count
    if mean < EXPECTED_AT_LEAST:
        return False
    spread = wide.spread
    p = normal_upper((rest - mean) / mean**0.5 / spread) if spread > 1 else poisson_upper(rest, mean)
    return p > RARE_ALPHA


def baseline_marks(months: Sequence[str], spans: Sequence[Span | None]) -> BoolArray:
    """Return which months are the baseline of each cell, shape (cells, months); none for a cell without one."""
    marks = np.zeros((len(spans), len(months)), dtype=bool)
    known: dict[Span, BoolArray] = {}
    for row, span in enumerate(spans):
        if span is None:
            continue
        if span not in known:
            known[span] = np.array([span[0] <= month <= span[1] for month in months])
        marks[row] = known[span]
    return marks


def examine_complaints(
    tests: Examined, cube: Cube, months: Sequence[str], spans: Mapping[str, Span], looks: Mapping[str, float]
) -> None:
    """Add the tests of all cells of complaints in some months.

    ``looks`` has, for a month that runs, the part of it that is gone when it is first looked at.
    """
    names = [cell_filter(cell) for cell in cube.cells]
    root = spans.get(ROOT)
    marks = baseline_marks(cube.frame.months, [spans.get(name, root) for name in names])
    tests.cells += len(names)
    for month in months:
        at = cube.frame.months.index(month)
        tests.first_look = looks.get(month, 1.0)
        watched = watch_rates(cube.counts, cube.exposure, marks, at)
        seasonal = season_p(cube.counts, cube.exposure, at)
        _add_limits(tests, cube, names, watched, seasonal, at)
        few = [row for row, cell in enumerate(cube.cells) if len(cell) <= 1 and not watched.is_rare[row]]
        if few:
            chosen = np.array(few)
            lasting = lasting_rises(np.minimum(watched.z_all[chosen], ONE_MONTH_MOST), at)
            _add_lasting(tests, cube, names, watched, lasting, seasonal, chosen, at)
            _add_season(tests, cube, names, watched, seasonal, chosen, at)


def _has_customers(cube: Cube, row: int, at: int) -> bool:
    return not cube.frame.is_customers or bool(cube.exposure[row, at] >= LEAST_CUSTOMERS * cube.frame.factors[at])


def _add_limits(
    tests: Examined, cube: Cube, names: Sequence[str], watched: Watched, seasonal: FloatArray, at: int
) -> None:
    first = tests.add(watched.p)
    for row in np.flatnonzero(watched.is_beyond).tolist():
        if not _has_customers(cube, row, at):
            continue
        if seasonal[row] > SEASON_ALPHA:
            tests.seasonal += 1
            continue
        rule = AlertRule.RARE if watched.is_rare[row] else AlertRule.LIMIT
        _enter(tests, cube, names, watched, row, at, first + row, rule, float(watched.p[row]))


def _add_lasting(
    tests: Examined,
    cube: Cube,
    names: Sequence[str],
    watched: Watched,
    lasting: Lasting,
    seasonal: FloatArray,
    rows: IntArray,
    at: int,
) -> None:
    can = np.nan_to_num(watched.z[rows]) > 0
    for rule, p, is_beyond in (
        (AlertRule.CUSUM, lasting.cusum_p, lasting.is_cusum),
        (AlertRule.EWMA, lasting.ewma_p, lasting.is_ewma),
    ):
        first = tests.add(np.where(can, p, 1.0))
        for place in np.flatnonzero(is_beyond & can).tolist():
            row = int(rows[place])
            if seasonal[row] > SEASON_ALPHA:
                tests.seasonal += 1
                continue
            began = cube.frame.months[int(lasting.began[place])]
            _enter(tests, cube, names, watched, row, at, first + place, rule, float(p[place]), began)


def _add_season(
    tests: Examined, cube: Cube, names: Sequence[str], watched: Watched, seasonal: FloatArray, rows: IntArray, at: int
) -> None:
    known = rows[~np.isnan(seasonal[rows])]
    first = tests.add(seasonal[known])
    for place, row in enumerate(known.tolist()):
        if seasonal[row] <= RARE_ALPHA and watched.z[row] > 0:
            _enter(tests, cube, names, watched, row, at, first + place, AlertRule.SEASON, float(seasonal[row]))


def _enter(
    tests: Examined, cube: Cube, names: Sequence[str], watched: Watched, row: int, at: int, number: int, rule: AlertRule,
    p: float, began: str = "",
) -> None:  # fmt: skip
    cell = cube.cells[row]
    count, exposure = float(cube.counts[row, at]), float(cube.exposure[row, at])
    expected = float(watched.centre[row])
    limit = (
        float(cube.counts[row, at - 12] / cube.exposure[row, at - 12])
        if rule is AlertRule.SEASON
        else float(watched.limit[row])
    )
    signal = Signal(
        cell=names[row],
        subject=COMPLAINTS,
        rule=rule,
        month=cube.frame.months[at],
        unit=PER_THOUSAND if cube.frame.is_customers else PER_MONTH,
        value=float(watched.value[row]),
        expected=expected,
        limit=limit,
        count=count,
        exposure=exposure,
        z=float(watched.z[row]),
        p=p,
        spread=float(watched.spread[row]),
        is_provisional=bool(watched.periods[row] < BASELINE_PREFERRED),
        began=began,
        dimensions=len(cell),
        base=expected * exposure / float(cube.frame.factors[at]) * float(watched.periods[row]),
    )
    spread = float(watched.spread[row])

    def again(rise: float) -> float:
        mean = expected * exposure * rise
        if math.isinf(mean):
            return 1.0
        return normal_upper((count - mean) / mean**0.5 / spread) if spread > 1 else poisson_upper(count, mean)

    tests.enter(number, signal, tuple(cell_filter(other) for other in wider_cells(cell)), again)


def examine_answers(
    tests: Examined, series: AnswerSeries, months: Sequence[str], spans: Mapping[str, Span], looks: Mapping[str, float]
) -> None:
    """Add the tests of a series of answers in some months: the dissatisfied of each cell, and the index of each indicator."""
    names = [series.filter_of(row) for row in range(len(series.cells))]
    root = spans.get(series.root)
    marks = baseline_marks(series.months, [spans.get(name, root) for name in names])
    tests.cells += len(names)
    for month in months:
        if month not in series.months:
            continue
        at = series.months.index(month)
        tests.first_look = looks.get(month, 1.0)
        watched = watch_shares(series.bad, series.n, marks, at, MARKED_BELOW)
        first = tests.add(watched.p)
        shares = np.divide(series.bad, series.n, out=np.full_like(series.n, np.nan), where=series.n > 0)
        for row in np.flatnonzero(watched.is_beyond).tolist():
            base = np.flatnonzero(marks[row] & (np.arange(len(series.months)) < at))
            if not is_who_answered(series, shares, row, base, at):
                _enter_share(tests, series, names, watched, row, at, first + row)
        for row, (_indicator, place) in enumerate(series.cells):
            if not place:
                _test_index(tests, series, names[row], marks[row], row, at)


def _enter_share(
    tests: Examined, series: AnswerSeries, names: Sequence[str], watched: Watched, row: int, at: int, number: int
) -> None:
    indicator, place = series.cells[row]
    count, n, expected = float(series.bad[row, at]), float(series.n[row, at]), float(watched.centre[row])
    signal = Signal(
        cell=names[row],
        subject=ANSWERS,
        rule=AlertRule.SHARE,
        month=series.months[at],
        unit=SHARE,
        value=float(watched.value[row]),
        expected=expected,
        limit=float(watched.limit[row]),
        count=round(count, 6),
        exposure=round(n, 6),
        z=float(watched.z[row]),
        p=float(watched.p[row]),
        spread=float(watched.spread[row]),
        is_provisional=bool(watched.periods[row] < BASELINE_PREFERRED),
        dimensions=len(place),
    )
    index = dict(zip(series.cells, names, strict=True))
    wider = [tuple(part for at_, part in enumerate(place) if mask >> at_ & 1) for mask in range(2 ** len(place) - 1)]

    def again(rise: float) -> float:
        return binomial_upper(int(count), round(n), min(0.999, expected * rise))

    tests.enter(number, signal, tuple(index[indicator, other] for other in wider if (indicator, other) in index), again)


def _test_index(tests: Examined, series: AnswerSeries, name: str, marks: BoolArray, row: int, at: int) -> None:
    """Watch the mean of an indicator with an XmR chart over the months of the baseline and the month tested."""
    enough = series.answers[row] >= MARKED_BELOW
    base = np.flatnonzero(marks & enough & (np.arange(marks.size) < at))
    if base.size < BASELINE_NEEDED or not enough[at]:
        return
    chart = xmr_chart([*series.means[row, base].tolist(), float(series.means[row, at])], int(base.size))
    sigma = chart.mean_range / 1.128
    if chart.value is None or sigma <= 0:
        return
    value = float(series.means[row, at])
    p = normal_upper((chart.value - value) / sigma)
    number = tests.add(np.array([p]))
    if value < chart.lower and not is_who_answered(series, series.means, row, base, at):
        signal = Signal(
            cell=name,
            subject=ANSWERS,
            rule=AlertRule.INDEX,
            month=series.months[at],
            unit=SCORE,
            value=value,
            expected=chart.value,
            limit=chart.lower,
            count=float(series.answers[row, at]),
            exposure=float(series.n[row, at]),
            z=(value - chart.value) / sigma,
            p=p,
            spread=1.0,
            is_provisional=base.size < BASELINE_PREFERRED,
        )
        tests.enter(number, signal, (), lambda rise: 0.0)
