"""The complaints of a slice month by month: limits, where a rise came from, and what its texts say (requirement B13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

import numpy as np
from sqlalchemy import Connection

from console import clock
from console.codes import AlertState
from console.errors import NotFoundError
from console.measures.arrays import FloatArray
from console.measures.controlcharts import BASELINE_NEEDED, LANEY_FROM, ControlChart, season_ratio, u_chart
from console.measures.trends import SHORTEST_SERIES, change_point
from console.rules.filters import Term, Value, parse
from console.rules.months import shifted
from console.services.alert_records import ALERTS, alert_rows, baselines, events_in, touches
from console.services.alert_runs import LONGEST_BASELINE
from console.services.alert_views import PER_MONTH, PER_THOUSAND, BaselineRow
from console.services.complaint_cube import (
    DIMENSIONS,
    ROOT,
    Coded,
    Exposure,
    coded_complaints,
    exposure_of,
    levelled,
    months_watched,
)
from console.services.complaint_words import alike_complaints, new_words
from console.services.filtering import compiled
from console.services.quality_views import Change, ComplaintTrend, LastYear, Source, TrendPoint
from console.storage.engine import Store

SOURCES_SHOWN = 8
SAME_SEED = 1


def complaint_trend(
    store: Store,
    filter_text: str = "",
    *,
    zone: tzinfo,
    zone_name: str = "",
    viewer: str = "",
    month: str = "",
    has_texts: bool = True,
    now: datetime | None = None,
) -> ComplaintTrend:
    """Return the trend of the complaints that a filter of cases finds; ``month`` is taken apart instead of the last complete one.

    The baseline is that of the slice where it is a cell with one of its own, else that of all complaints, else up to 24 months
    before the month (not frozen by looking). Raises FilterError, and NotFoundError where there is no case.
    """
    moment = now or clock.now()
    with store.reading() as connection:
        asked = compiled(connection, filter_text, now=moment, viewer=viewer, zone=zone_name)
        months = months_watched(connection, zone, moment)
        if not months:
            raise NotFoundError("There is no case yet.", "Take one in with: ombud case new, or import some.")
        frame = exposure_of(connection, months, zone, moment)
        coded = coded_complaints(connection, months, zone, moment, asked.conditions)
        focus = _focus(frame, month)
        counted = np.bincount(coded.month, minlength=len(months)).astype(np.float64)
        exposure = frame.of(_regions(filter_text))
        baseline, own = _baseline(connection, filter_text, frame, focus)
        texts = (
            (
                new_words(connection, asked.conditions, moment, filter_text),
                alike_complaints(connection, asked.conditions, moment),
            )
            if has_texts
            else ((), ())
        )
        alerts = [
            row
            for row in alert_rows(connection, ALERTS.c.state != AlertState.CLOSED.value)
            if not filter_text or (row.cell.startswith(ROOT) and touches(_cell_of(filter_text), row.cell))
        ]
        events = events_in(connection, months[0], months[-1])
    chart, order = _chart(counted, exposure, baseline, months)
    at = months.index(focus)
    return ComplaintTrend(
        filter=filter_text,
        unit=PER_THOUSAND if frame.is_customers else PER_MONTH,
        points=_points(chart, order, counted, exposure, frame, baseline, filter_text),
        centre=None if chart is None else chart.value,
        baseline=own,
        spread=None if chart is None else chart.sigma_z,
        is_laney=chart is not None and chart.method.startswith("Laney"),
        dispersion_p=None if chart is None else chart.dispersion_p,
        focus=focus,
        sources=_sources(coded, exposure, baseline, months, at, filter_text),
        change=_change(counted, exposure, months),
        last_year=_last_year(counted, exposure, months, at),
        alerts=tuple(alerts),
        events=tuple(events),
        words=texts[0],
        alike=texts[1],
        notes=() if chart is not None else (f"Limits take {BASELINE_NEEDED} months before {focus}.",),
    )


def _focus(frame: Exposure, month: str) -> str:
    if month:
        if month not in frame.months:
            raise NotFoundError(f"No month {month} was watched.", f"There are {frame.months[0]} to {frame.months[-1]}.")
        return month
    whole = [name for name, part in zip(frame.months, frame.factors, strict=True) if part > 0]
    complete = [name for name in whole if name != frame.months[-1]]
    return (complete or whole or list(frame.months))[-1]


def _regions(filter_text: str) -> tuple[tuple[str, str], ...]:
    """The region whose customers the slice is divided by, where it names just one."""
    named = [term for term in parse(filter_text).terms if term.field == "region" and not term.is_negated]
    return (("region", named[0].texts[0]),) if len(named) == 1 and len(named[0].texts) == 1 else ()


def _cell_of(filter_text: str) -> str:
    kept = [term for term in parse(filter_text).terms if term.field in DIMENSIONS and not term.is_negated]
    return " ".join([ROOT, *map(str, kept)])


def _baseline(
    connection: Connection, filter_text: str, frame: Exposure, focus: str
) -> tuple[tuple[str, ...], BaselineRow | None]:
    known = baselines(connection)
    row = known.get(_cell_of(filter_text)) or known.get(ROOT)
    watched = [name for name, part in zip(frame.months, frame.factors, strict=True) if part > 0]
    if row is not None:
        return tuple(name for name in watched if row.first_month <= name <= row.last_month), row
    return tuple(name for name in watched if name < focus)[-LONGEST_BASELINE:], None


def _chart(
    counted: FloatArray, exposure: FloatArray, baseline: Sequence[str], months: Sequence[str]
) -> tuple[ControlChart | None, list[int]]:
    """Return the chart with the months of the baseline first, and the order they were put in."""
    first = [place for place, month in enumerate(months) if month in baseline and exposure[place] > 0]
    order = first + [place for place in range(len(months)) if place not in set(first)]
    if len(first) < BASELINE_NEEDED or counted[first].sum() <= 0:
        return None, order
    chart = u_chart(counted[order], exposure[order], len(first))
    if chart.sigma_z is not None and chart.sigma_z > LANEY_FROM:
        chart = u_chart(counted[order], exposure[order], len(first), is_laney=True)
    return chart, order


def _points(
    chart: ControlChart | None,
    order: Sequence[int],
    counted: FloatArray,
    exposure: FloatArray,
    frame: Exposure,
    baseline: Sequence[str],
    filter_text: str,
) -> tuple[TrendPoint, ...]:
    places = {month: place for place, month in enumerate(order)}
    found = []
    for number, month in enumerate(frame.months):
        at = places[number]
        has = exposure[number] > 0
        found.append(
            TrendPoint(
                month=month,
                count=int(counted[number]),
                exposure=float(exposure[number]),
                part=float(min(1.0, frame.factors[number])),
                value=float(counted[number] / exposure[number]) if has else None,
                lower=None if chart is None else chart.lower[at],
                upper=None if chart is None else chart.upper[at],
                z=None if chart is None else chart.z[at],
                is_outside=chart is not None and at in chart.outside,
                is_baseline=month in baseline,
                rows=" ".join(part for part in (ROOT, filter_text, f"received:{month}") if part),
            )
        )
    return tuple(found)


def _sources(
    coded: Coded, exposure: FloatArray, baseline: Sequence[str], months: Sequence[str], at: int, filter_text: str
) -> tuple[tuple[str, tuple[Source, ...]], ...]:
    """Return what each value of each dimension adds to the month, the largest first; categories on their highest level."""
    marks = np.array([month in baseline for month in months]) & (exposure > 0)
    if not marks.any():
        return ()
    part = exposure[at] / exposure[marks].sum()
    found: list[tuple[str, tuple[Source, ...]]] = []
    seen: set[str] = set()
    for name, codes, values in levelled(coded):
        if name in seen:
            continue
        seen.add(name)
        table = np.zeros((len(values) + 1, len(months)))
        np.add.at(table, (codes, coded.month), 1.0)  # −1, none, is the last row
        rows = []
        for place, value in enumerate((*values, "none")):
            count, expected = int(table[place, at]), float(table[place, marks].sum() * part)
            if count or expected >= 0.5:
                term = str(Term(name, (Value(value),)))
                where = " ".join(text for text in (ROOT, filter_text, term, f"received:{months[at]}") if text)
                rows.append(Source(value, count, expected, count - expected, where))
        rows.sort(key=lambda source: (-source.added, source.value))
        found.append((name, tuple(rows[:SOURCES_SHOWN])))
    return tuple(found)


def _change(counted: FloatArray, exposure: FloatArray, months: Sequence[str]) -> Change | None:
    has = np.flatnonzero(exposure > 0)
    if has.size < SHORTEST_SERIES:
        return None
    found = change_point(counted[has] / exposure[has], seed=SAME_SEED, replicates=100)
    split = int(found.value or 0)
    return Change(months[int(has[split])], found.before, found.after, found.p)


def _last_year(counted: FloatArray, exposure: FloatArray, months: Sequence[str], at: int) -> LastYear | None:
    before = shifted(months[at], -12)
    if before not in months:
        return None
    then = list(months).index(before)
    if exposure[at] <= 0 or exposure[then] <= 0:
        return None
    ratio = season_ratio(int(counted[at]), float(exposure[at]), int(counted[then]), float(exposure[then]))
    if ratio.value is None or ratio.interval is None:
        return None
    return LastYear(before, int(counted[then]), ratio.value, ratio.interval.low, ratio.interval.high)
