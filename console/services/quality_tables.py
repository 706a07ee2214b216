"""Figures of complaints, alerts and improvements as rows of a table, for the command line and the console alike.

Each row has what judges its figure: scale, n, interval, coverage, and by how many it is hidden or marked. No weights of
indicators enter any of them, which ``weights_version`` says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from console.measures.controlcharts import rate_interval
from console.measures.disclosure import MARKED_BELOW, disclosure, hidden_reason
from console.measures.proportions import wilson
from console.measures.results import Interval, Measure
from console.rules.column_types import ColumnType, Types
from console.services.alert_views import PER_THOUSAND, SCORE, SHARE, AlertRow
from console.services.figure_tables import NO_WEIGHTS, Row
from console.services.improvement_views import Compared, Effect, ImprovementRow, Side
from console.services.quality_views import (
    MEASURES,
    Ageing,
    AgeRow,
    Card,
    CardHistory,
    ComplaintTrend,
    ScoreCard,
    is_missed,
)

SHARES = "0-1"
THOUSAND = 1000.0
_WHOLE = (
    "n", "n_missing", "received", "backlog", "overdue", "size", "n_before", "n_after", "months_repeated", "months_before",
    "months_after", "evidence",
)  # fmt: skip
_NUMBER = (
    "value", "low", "high", "coverage", "exposure", "part", "lower_limit", "upper_limit", "z", "p", "q", "before", "peers",
    "target", "p50", "p90", "adjusted", "shrunk", "expected", "limit", "spread", "count", "minimum_effect", "value_before",
    "value_after",
)  # fmt: skip
TYPES: Types = {
    **dict.fromkeys(_WHOLE, ColumnType.WHOLE),
    **dict.fromkeys(_NUMBER, ColumnType.NUMBER),
    **dict.fromkeys(
        ("is_outside", "is_baseline", "is_provisional", "is_all", "is_missed", "is_rise_good", "is_randomised"),
        ColumnType.FLAG,
    ),
    **dict.fromkeys(("as_of", "first_seen_at", "last_seen_at", "closed_at", "registered_at"), ColumnType.MOMENT),
}
"""What the columns of these tables hold that are no texts; a name means the same in all of them."""


def _cells(
    value: float | None, unit: str, scale: str, n: int, interval: Interval | None, coverage: float, method: str, of: int
) -> Row:
    """A figure as columns; ``of`` are the people or cases behind it, by which it is hidden or marked."""
    is_hidden = hidden_reason(of) is not None
    shown = None if is_hidden else interval
    return {
        "value": None if is_hidden else value,
        "unit": unit,
        "scale": scale,
        "n": n,
        "low": shown.low if shown else None,
        "high": shown.high if shown else None,
        "interval": shown.method if shown else "",
        "method": method,
        "coverage": coverage,
        "weights_version": NO_WEIGHTS,
        "disclosure": disclosure(of).value,
    }


def _share(found: Measure) -> Row:
    cells = _cells(found.value, "share", SHARES, found.n, found.interval, found.coverage, found.method, found.n)
    return {**cells, "n_missing": found.n_missing}


def trend_rows(found: ComplaintTrend) -> list[Row]:
    """Return the months of a trend as rows; the interval is that of the month's own rate, the limits those of the chart."""
    per = THOUSAND if found.unit == PER_THOUSAND else 1.0
    return [
        {
            "filter": found.filter,
            "month": point.month,
            **_cells(
                point.value, found.unit, found.unit, point.count,
                rate_interval(point.count, point.exposure) if point.value is not None and point.exposure > 0 else None,
                point.part, "u chart", round(point.exposure * per) if per > 1 else MARKED_BELOW,  # bare counts are of no people
            ),
            "exposure": point.exposure,
            "lower_limit": point.lower,
            "upper_limit": point.upper,
            "z": point.z,
            "is_outside": point.is_outside,
            "is_baseline": point.is_baseline,
            "rows": point.rows,
        }
        for point in found.points
    ]  # fmt: skip


def card_rows(found: ScoreCard) -> list[Row]:
    """Return a score card as rows: each measure of each department, beside the period before, the peers and the target."""
    before = {card.name: card for card in found.before}
    targets, peers = dict(found.targets), dict(found.medians)
    rows = []
    for card in (*found.cards, found.whole):
        earlier = before.get(card.name) if card is not found.whole else None
        for name in MEASURES:
            own: Measure = getattr(card, name)
            then: Measure | None = getattr(earlier, name) if earlier is not None else None
            rows.append(
                {
                    "by": found.by,
                    "name": card.name,
                    "label": card.label if card is not found.whole else "",
                    "is_all": card is found.whole,
                    "measure": name,
                    **_share(own),
                    "before": None if then is None or hidden_reason(then.n) else then.value,
                    "peers": peers.get(name),
                    "target": targets.get(name),
                    **_of_card(card),
                    "from": f"{found.start:%Y-%m-%d}",
                    "as_of": found.as_of,
                    "filter": found.filter,
                }
            )
    return rows


def history_rows(found: CardHistory) -> list[Row]:
    """Return the months of score cards as rows: each measure of each department and month, beside its target."""
    targets = dict(found.targets)
    return [
        {
            "by": found.by,
            "name": card.name,
            "label": card.label,
            "is_all": cards is found.whole,
            "month": month,
            "measure": name,
            **_share(getattr(card, name)),
            "target": targets.get(name),
            "is_missed": is_missed(name, getattr(card, name), targets[name]),
            **_of_card(card),
            "as_of": found.as_of,
            "filter": found.filter,
        }
        for cards in (*(own for _name, own in found.cards), found.whole)
        for month, card in zip(found.months, cards, strict=True)
        for name in MEASURES
    ]


def _of_card(card: Card) -> Row:
    is_hidden = hidden_reason(card.received) is not None
    return {
        "received": card.received,
        "p50": None if is_hidden else card.p50,
        "p90": None if is_hidden else card.p90,
        "backlog": card.backlog,
        "overdue": card.overdue,
        "funnel": card.funnel,
        "shrunk": None if hidden_reason(card.satisfied.n) else card.shrunk,
        "adjusted": None if hidden_reason(card.on_time.n) else card.adjusted,
        "rows": card.rows,
    }


def ageing_rows(found: Ageing) -> list[Row]:
    """Return open complaints by group and age as rows."""

    def rows_of(row: AgeRow) -> list[Row]:
        return [
            {
                "by": found.by,
                "name": row.name,
                "is_all": row is found.whole,
                "days": band,
                "size": size,
                "overdue": late,
                "as_of": found.as_of,
                "filter": found.filter,
                "rows": row.rows,
            }
            for band, size, late in zip(found.bands, row.sizes, row.overdue, strict=True)
        ]

    return [line for row in (*found.rows, found.whole) for line in rows_of(row)]


def alert_rows(found: Iterable[AlertRow]) -> list[Row]:
    """Return alerts as rows; the interval is that of the cell's own figure in its month."""
    return [_alert_row(row) for row in found]


def _alert_row(row: AlertRow) -> Row:
    n, of, interval = round(row.count), 30, None
    if row.unit == SHARE:
        n = of = round(row.exposure)
        interval = wilson(min(row.count, row.exposure), row.exposure) if row.exposure > 0 else None
    elif row.unit == SCORE:
        n = of = round(row.exposure)
    else:
        of = round(row.exposure * THOUSAND) if row.unit == PER_THOUSAND else of
        interval = rate_interval(round(row.count), row.exposure) if row.exposure > 0 else None
    scale = {SHARE: SHARES, SCORE: "0-100"}.get(row.unit, row.unit)
    cells = _cells(row.value, row.unit, scale, n, interval, 1.0, row.rule, of)
    rest = {name: value for name, value in asdict(row).items() if name not in cells and name not in ("rule", "version")}
    if cells["value"] is None:
        rest |= dict.fromkeys(("expected", "limit", "count", "z", "p", "q"))
    return {"number": row.number, "cell": row.cell, "rule": row.rule, **cells, **rest}


def improvement_rows(found: Iterable[ImprovementRow]) -> list[Row]:
    """Return improvements as rows, as they were written down."""
    return [
        {**{name: value for name, value in asdict(row).items() if name != "version"}, "starts_on": str(row.starts_on)}
        for row in found
    ]


def effect_rows(found: Effect) -> list[Row]:
    """Return what an improvement came to as rows: each group before and after, and the difference of both."""
    row = found.row

    def line(group: str, before: Side | None, after: Side | None, change: Compared) -> Row:
        is_hidden = any(side is not None and side.hidden for side in (before, after))
        has_interval = change.low is not None and not is_hidden
        sides = (before, after) if before and after else (found.treated_before, found.treated_after)
        return {
            "number": row.number,
            "indicator": row.indicator,
            "group": group,
            "value_before": before.value if before is not None else None,
            "value_after": after.value if after is not None else None,
            "n_before": before.n if before is not None else None,
            "n_after": after.n if after is not None else None,
            "value": None if is_hidden else change.value,
            "unit": row.unit,
            "scale": "0-100" if row.unit == "points" else row.unit,
            "n": sum(side.n for side in sides),
            "low": change.low if has_interval else None,
            "high": change.high if has_interval else None,
            "interval": "95%" if has_interval else "",
            "coverage": 1.0,
            "weights_version": NO_WEIGHTS,
            "disclosure": disclosure(min(side.n for side in sides)).value,
            "p": None if is_hidden else change.p,
            "evidence": found.evidence,
            "finding": found.finding,
            "verdict": row.verdict,
        }

    rows = [line("treated", found.treated_before, found.treated_after, found.treated)]
    if row.control:
        rows.append(line("compared with", found.control_before, found.control_after, found.control))
        rows.append(line("difference of both", None, None, found.difference))
    return rows
