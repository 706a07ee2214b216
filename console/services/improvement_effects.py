"""Whether an improvement worked: before and after, beside what the comparison group did meanwhile (specification 1.15)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, Table, case, func, select

from console import clock
from console.codes import CaseKind, CasePhase, IndicatorKind, Opinion
from console.measures.controlcharts import BASELINE_NEEDED, p_chart, u_chart
from console.measures.decomposition import mix_and_rate
from console.measures.disclosure import HIDDEN_BELOW, MARKED_BELOW, hidden_reason, is_few
from console.measures.distributions import normal_quantile, normal_two_sided
from console.measures.effects import (
    Evidence,
    did_of_means,
    did_of_shares,
    may_regress_to_mean,
    mcnemar,
    parallel_trends,
)
from console.measures.proportions import two_proportions
from console.measures.results import MeasureError
from console.models import Answer, Case, Category, Clock, Indicator, Response, Survey
from console.models.base import table_of
from console.rules.clocks import Standing
from console.rules.months import month_bounds, month_of, months_between, shifted
from console.services.alert_records import events_in
from console.services.answer_filtering import asked as answers_asked
from console.services.complaint_cube import LEVELS
from console.services.filtering import compiled
from console.services.improvement_views import Compared, Effect, ImprovementRow, MixShift, MonthPair, Side
from console.services.improvements import improvement
from console.services.score_cards import CLOSING_CLOCKS
from console.storage.engine import Store

CASES: Table = table_of(Case)
CATEGORIES: Table = table_of(Category)
CLOCKS: Table = table_of(Clock)
ANSWERS: Table = table_of(Answer)
RESPONSES: Table = table_of(Response)
SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)

POWER = 0.8
PARALLEL_MONTHS = 6
MEMORY_MONTHS = 12
ALPHA = 0.05

Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Group:
    """The rows of one group: when, whether good, of what kind, and whose."""

    at: list[datetime]
    is_good: list[bool]
    kind: list[str]
    customer: list[int | None]

    def within(self, window: Window) -> tuple[int, int]:
        """Return how many were good, of how many, in a window."""
        inside = [good for at, good in zip(self.at, self.is_good, strict=True) if window[0] <= at < window[1]]
        return sum(inside), len(inside)


def months_later(day: date, by: int) -> date:
    """Return the same day so many months later, the last of the month where it is shorter."""
    number = day.year * 12 + day.month - 1 + by
    first = date(number // 12, number % 12 + 1, 1)
    following = date((number + 1) // 12, (number + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))


def effect_of(
    store: Store, number: str, *, zone: tzinfo, zone_name: str = "", viewer: str = "", now: datetime | None = None
) -> Effect:
    """Return what an improvement came to by now. Raises NotFoundError."""
    moment = now or clock.now()
    row = improvement(store, number)
    first = months_later(row.starts_on, -max(row.months_before, MEMORY_MONTHS))
    before_on, after_until = (
        months_later(row.starts_on, -row.months_before),
        months_later(row.starts_on, row.months_after),
    )
    start = _moment(row.starts_on, zone)
    before, after = (_moment(before_on, zone), start), (start, min(_moment(after_until, zone), max(moment, start)))
    with store.reading() as connection:
        span = (_moment(first, zone), after[1])
        treated = _group(connection, row, row.treated, span, zone_name, viewer, moment)
        control = _group(connection, row, row.control, span, zone_name, viewer, moment) if row.control else None
        events = events_in(connection, month_of(before[0], zone), month_of(max(after[1], start), zone))
    is_rate = row.indicator == "complaints"
    cells = [treated.within(before), treated.within(after)]
    cells += [control.within(before), control.within(after)] if control is not None else [(0, 0), (0, 0)]
    lengths = [_months(before), _months(after)] * 2
    sides = [_side(cell, length, is_rate=is_rate) for cell, length in zip(cells, lengths, strict=True)]
    used = sides if control is not None else sides[:2]
    compared = _compared(cells, lengths, is_rate=is_rate)
    pairs = _by_month(treated, control, row, zone, before, after, is_rate=is_rate)
    parallel = _parallel(pairs) if control is not None else (None, None, False)
    is_complete = moment >= _moment(after_until, zone)
    has_signal = _has_signal(treated, row, zone, before, after, is_rate=is_rate)
    evidence = _evidence(row, compared, has_signal=has_signal, is_parallel=parallel[2])
    panel = _panel(treated, before, after) if row.indicator.startswith("survey:") else None
    return Effect(
        row=row,
        before=(before_on, row.starts_on),
        after=(row.starts_on, after_until),
        treated_before=sides[0],
        treated_after=sides[1],
        control_before=sides[2],
        control_after=sides[3],
        treated=_shown(compared[0], sides[:2]),
        control=_shown(compared[1], sides[2:]),
        difference=_shown(compared[2], sides),
        evidence=evidence,
        finding=_finding(row, cells, compared, has_control=control is not None, is_begun=moment > start),
        needed=None if any(side.hidden for side in used) else _needed(row, cells, has_control=control is not None),
        parallel_slope=parallel[0],
        parallel_p=parallel[1],
        is_parallel=parallel[2],
        may_regress=_may_regress(pairs, row),
        has_signal=has_signal,
        mix=None if is_rate else _mix(treated, before, after),
        panel=panel,
        panel_p=None if panel is None else mcnemar(*panel).p_exact,
        events=tuple(f"{event.starts_on}: {event.note}" for event in events),
        months=_by_month(treated, control, row, zone, before, after, is_rate=is_rate, is_shown=True),
        is_complete=is_complete,
    )


def _moment(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _months(window: Window) -> float:
    return max((window[1] - window[0]).total_seconds() / (365.25 / 12 * 86_400), 1e-9)


def _group(
    connection: Connection,
    row: ImprovementRow,
    filter_text: str,
    span: Window,
    zone_name: str,
    viewer: str,
    now: datetime,
) -> _Group:
    if row.indicator.startswith("survey:"):
        return _answers(connection, row.indicator, filter_text, span, zone_name)
    asked = compiled(connection, filter_text, now=now, viewer=viewer, zone=zone_name)
    missed = (
        select(func.max(case(((CLOCKS.c.standing == Standing.MISSED.value) | (CLOCKS.c.misses > 0), 1), else_=0)))
        .where(CLOCKS.c.case_id == CASES.c.id, CLOCKS.c.name.in_(CLOSING_CLOCKS))
        .scalar_subquery()
    )
    rows = connection.execute(
        select(
            CASES.c.received_at,
            CASES.c.closed_at,
            CASES.c.due_at,
            CASES.c.phase,
            CASES.c.opinion,
            CASES.c.times_reopened,
            CASES.c.repeat_of_id,
            CASES.c.customer_id,
            func.coalesce(CATEGORIES.c.code, ""),
            missed,
        )
        .select_from(CASES)
        .join(CATEGORIES, CATEGORIES.c.id == CASES.c.category_id, isouter=True)
        .where(
            CASES.c.kind == CaseKind.COMPLAINT.value,
            CASES.c.merged_into_id.is_(None),
            CASES.c.received_at >= span[0],
            CASES.c.received_at < span[1],
            *asked.conditions,
        )
    )
    found = _Group([], [], [], [])
    for received_at, closed_at, due_at, phase, opinion, reopened, repeat_of, customer, category, late in rows:
        is_closed = phase == CasePhase.CLOSED.value and closed_at is not None
        good = _judged(row.indicator, opinion, is_closed, closed_at, due_at, late, reopened, repeat_of, now)
        if good is not None:
            found.at.append(received_at)
            found.is_good.append(good)
            found.kind.append(str(category).split(LEVELS)[0])
            found.customer.append(customer)
    return found


def _judged(
    indicator: str,
    opinion: str | None,
    is_closed: bool,
    closed_at: datetime | None,
    due_at: datetime | None,
    late: int | None,
    reopened: int,
    repeat_of: int | None,
    now: datetime,
) -> bool | None:
    """Return whether a case counts towards an indicator, None where it says nothing about it."""
    if indicator == "satisfied":
        return None if not opinion else opinion == Opinion.SATISFIED.value
    if indicator == "reopened":
        return None if not is_closed and not reopened else reopened > 0
    if indicator == "repeats":
        return repeat_of is not None
    if indicator == "complaints":
        return True
    if late is not None:
        is_overdue = not is_closed and due_at is not None and due_at < now
        return not late and not is_overdue if is_closed or late or is_overdue else None
    if due_at is None or (not is_closed and due_at >= now):
        return None
    return is_closed and closed_at is not None and closed_at <= due_at


def _answers(connection: Connection, indicator: str, filter_text: str, span: Window, zone_name: str) -> _Group:
    survey, _slash, item = indicator.removeprefix("survey:").partition("/")
    question = answers_asked(filter_text, zone=zone_name)
    low = func.coalesce(INDICATORS.c.scale_low, SURVEYS.c.scale_low)
    high = func.coalesce(INDICATORS.c.scale_high, SURVEYS.c.scale_high)
    rows = connection.execute(
        select(
            RESPONSES.c.answered_at, ANSWERS.c.score, INDICATORS.c.is_reversed, INDICATORS.c.kind, low, high,
            RESPONSES.c.region, RESPONSES.c.kind, RESPONSES.c.customer_id,
        )
        .join_from(ANSWERS, RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
        .join(INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(
            SURVEYS.c.code == survey,
            INDICATORS.c.code == item,
            ANSWERS.c.score.is_not(None),
            RESPONSES.c.answered_at >= span[0],
            RESPONSES.c.answered_at < span[1],
            *question.on_answers(),
        )
    )  # fmt: skip
    found = _Group([], [], [], [])
    for answered_at, score, is_reversed, kind, lowest, highest, region, who, customer in rows:
        level = lowest + highest - score if is_reversed else score
        found.at.append(answered_at)
        found.is_good.append(level >= highest - 1 if kind != IndicatorKind.GROUP.value else False)
        found.kind.append(region or who)
        found.customer.append(customer)
    return found


def _side(cell: tuple[int, int], months: float, *, is_rate: bool) -> Side:
    good, n = cell
    if is_rate:
        return Side(good, n, n / months)
    hidden = hidden_reason(n)
    if hidden:
        return Side(None, n, None, hidden, is_few=True)
    return Side(good, n, 100 * good / n, None, is_few(n))


def _shown(found: Compared, sides: Sequence[Side]) -> Compared:
    """Return a difference, or none where a share in it is hidden."""
    return Compared(None, None, None, None) if any(side.hidden for side in sides) else found


def _compared(
    cells: Sequence[tuple[int, int]], lengths: Sequence[float], *, is_rate: bool
) -> tuple[Compared, Compared, Compared]:
    """Return the change of the group treated, of the comparison group, and the difference of both, in points or a month."""
    nothing = Compared(None, None, None, None)
    if is_rate:
        means = [n / months for (_x, n), months in zip(cells, lengths, strict=True)]
        errors = [math.sqrt(n) / months for (_x, n), months in zip(cells, lengths, strict=True)]
        own = [_rate_change(means, errors, cells, at) for at in (0, 2)]
        did = did_of_means(means, errors, [n for _x, n in cells])
        return own[0], own[1], _measured(did.value, did.interval, did.p, 1.0)
    own = []
    for at in (0, 2):
        (x0, n0), (x1, n1) = cells[at], cells[at + 1]
        if not n0 or not n1:
            own.append(nothing)
            continue
        change = two_proportions(x0, n0, x1, n1)
        own.append(_measured(change.value, change.interval, change.p, 100.0))
    shares = did_of_shares(*cells)  # type: ignore[arg-type]
    return own[0], own[1], _measured(shares.value, shares.interval, shares.p, 100.0)


def _rate_change(
    means: Sequence[float], errors: Sequence[float], cells: Sequence[tuple[int, int]], at: int
) -> Compared:
    if not cells[at][1] and not cells[at + 1][1]:
        return Compared(None, None, None, None)
    change, se = means[at + 1] - means[at], math.hypot(errors[at], errors[at + 1])
    half = normal_quantile(1 - ALPHA / 2) * se
    return Compared(change, change - half, change + half, normal_two_sided(change / se) if se > 0 else 1.0)


def _measured(value: float | None, interval: Any, p: float | None, factor: float) -> Compared:
    if value is None:
        return Compared(None, None, None, None)
    low = None if interval is None else factor * interval.low
    high = None if interval is None else factor * interval.high
    return Compared(factor * value, low, high, p)


def _by_month(
    treated: _Group,
    control: _Group | None,
    row: ImprovementRow,
    zone: tzinfo,
    before: Window,
    after: Window,
    *,
    is_rate: bool,
    is_shown: bool = False,
) -> tuple[MonthPair, ...]:
    """Return the months of both groups; to be shown, shares of fewer than 5 are left out."""
    start = month_of(after[0], zone)
    first = shifted(start, -max(row.months_before, PARALLEL_MONTHS, MEMORY_MONTHS))
    last = month_of(max(after[1] - timedelta(seconds=1), after[0]), zone)
    found = []
    least = HIDDEN_BELOW if is_shown else 1
    for month in months_between(first, last):
        window = month_bounds(month, zone)
        values = []
        for group in (treated, control):
            good, n = group.within(window) if group is not None else (0, 0)
            values.append(
                (float(n) if group is not None else None) if is_rate else 100 * good / n if n >= least else None
            )
        found.append(MonthPair(month, values[0], values[1], month >= start))
    while found and found[0].treated in (None, 0.0) and found[0].control in (None, 0.0):
        del found[0]
    return tuple(found)


def _parallel(pairs: Sequence[MonthPair]) -> tuple[float | None, float | None, bool]:
    known = [pair for pair in pairs if not pair.is_after][-PARALLEL_MONTHS:]
    both = [(pair.treated, pair.control) for pair in known if pair.treated is not None and pair.control is not None]
    found = parallel_trends([one for one, _ in both], [other for _, other in both])
    return found.value, found.p, found.is_parallel


def _may_regress(pairs: Sequence[MonthPair], row: ImprovementRow) -> bool:
    values = [pair.treated for pair in pairs if not pair.is_after and pair.treated is not None]
    sign = 1.0 if row.is_rise_good else -1.0
    return may_regress_to_mean([sign * value for value in values])


def _has_signal(
    treated: _Group, row: ImprovementRow, zone: tzinfo, before: Window, after: Window, *, is_rate: bool
) -> bool:
    """Return whether the window after lies beyond the control limits of at least ten months before."""
    start = month_of(after[0], zone)
    cells = [treated.within(month_bounds(shifted(start, -back), zone)) for back in range(MEMORY_MONTHS, 0, -1)]
    known = [cell for cell in cells if cell[1]]
    good, n = treated.within(after)
    if len(known) < BASELINE_NEEDED or not n:
        return False
    try:
        if is_rate:
            counted, sizes = [float(n_) for _x, n_ in known], [1.0] * len(known)
            chart = u_chart([*counted, n], [*sizes, _months(after)], len(known))
        else:
            chart = p_chart([*(x for x, _n in known), good], [*(n_ for _x, n_ in known), n], len(known))
    except MeasureError:
        return False
    z = chart.z[-1]
    return z is not None and abs(z) > 3 and (z > 0) == row.is_rise_good


def _evidence(row: ImprovementRow, compared: Sequence[Compared], *, has_signal: bool, is_parallel: bool) -> int:
    """Return the level: 1 before and after, 2 with a control chart, 3 with a parallel comparison group, 4 randomised."""
    if compared[2].value is not None and row.is_randomised and not row.looked_before:
        return int(Evidence.RANDOMISED)
    if compared[2].value is not None and is_parallel:
        return int(Evidence.COMPARISON_GROUP)
    return int(Evidence.CONTROL_CHART if has_signal else Evidence.BEFORE_AFTER)


def _finding(
    row: ImprovementRow,
    cells: Sequence[tuple[int, int]],
    compared: Sequence[Compared],
    *,
    has_control: bool,
    is_begun: bool,
) -> str:
    if not is_begun:
        return "not_begun"
    used = cells if has_control else cells[:2]
    if min(n for _x, n in used) < MARKED_BELOW:
        return "too_few"
    judged = compared[2] if has_control else compared[0]
    if judged.value is None or judged.low is None or judged.high is None:
        return "too_few"
    if judged.low <= 0 <= judged.high:
        return "unclear"
    if (judged.value > 0) != row.is_rise_good:
        return "worse"
    return "better" if has_control else "before_after_only"


def _needed(row: ImprovementRow, cells: Sequence[tuple[int, int]], *, has_control: bool) -> int | None:
    """Return how many in each group and window would show the minimum effect with 80 % power at 5 %; None for counts."""
    used = cells if has_control else cells[:2]
    if row.indicator == "complaints" or not all(n for _x, n in used):
        return None
    spread = sum(x / n * (1 - x / n) for x, n in used)
    z = normal_quantile(1 - ALPHA / 2) + normal_quantile(POWER)
    return math.ceil(z * z * spread / (row.minimum_effect / 100) ** 2)


def _mix(group: _Group, before: Window, after: Window) -> MixShift | None:
    kinds = sorted(set(group.kind))
    tables: list[tuple[list[float], list[float]]] = []
    for window in (before, after):
        n, good = dict.fromkeys(kinds, 0), dict.fromkeys(kinds, 0)
        for at, is_good, kind in zip(group.at, group.is_good, group.kind, strict=True):
            if window[0] <= at < window[1]:
                n[kind] += 1
                good[kind] += is_good
        total = sum(n.values())
        if total < MARKED_BELOW:
            return None
        tables.append(
            (
                [n[kind] / total for kind in kinds],
                [100 * good[kind] / n[kind] if n[kind] else math.nan for kind in kinds],
            )
        )
    kept = [i for i in range(len(kinds)) if not (math.isnan(tables[0][1][i]) and math.isnan(tables[1][1][i]))]
    if len(kept) < 2:
        return None
    parts = [[column[i] for i in kept] for table in tables for column in table]
    found = mix_and_rate(*parts)
    return MixShift(found.rate_total, found.mix_total, found.is_mostly_mix)


def _panel(group: _Group, before: Window, after: Window) -> tuple[int, int, int, int] | None:
    """Return the fourfold table of customers who answered in both windows, the latest answer of each.

    As ``mcnemar`` takes it; None for fewer than 5 of them.
    """
    seen: list[dict[int, bool]] = [{}, {}]
    for at, good, customer in sorted(zip(group.at, group.is_good, group.customer, strict=True), key=lambda one: one[0]):
        for place, window in enumerate((before, after)):
            if customer is not None and window[0] <= at < window[1]:
                seen[place][customer] = good
    both = [(seen[0][who], seen[1][who]) for who in seen[0] if who in seen[1]]
    if hidden_reason(len(both)):
        return None
    return both.count((True, True)), both.count((True, False)), both.count((False, True)), both.count((False, False))
