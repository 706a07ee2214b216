"""``ombud report trend|ageing|scorecard``: the figures of the console's quality screens, for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.database import AsJson, Database, caller, opened
from console.commands.disclosed import closed_behind, disclosed, disclosed_ageing
from console.commands.moments import period_given, policy_zone
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.commands.table_files import Format, Output, exported
from console.rules.months import month_of

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path

    from console.measures.results import Measure
    from console.services.quality_views import Card
    from console.storage.engine import Store

Filter = Annotated[str, typer.Argument(metavar="[FILTER]", help="A filter of cases, such as region:east.")]


def trend(
    filter_text: Filter = "",
    month: Annotated[
        str, typer.Option("--month", metavar="M", help="Take this month apart, not the last complete one.")
    ] = "",
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Report complaints by month with control limits, where the rise came from, new words and complaints alike."""
    from console.services.complaint_trends import complaint_trend
    from console.services.quality_tables import TYPES, trend_rows

    with opened(database) as store:
        zone = policy_zone(store)
        found = complaint_trend(store, filter_text, zone=zone, zone_name=_name(zone), viewer=caller(), month=month)
    if exported(trend_rows(found), None, format_, output, TYPES):
        return
    if as_json:
        emit_json({"report": "trend", **disclosed(found)})
        return
    unit = "per 1,000 customers" if found.unit == "per_1000" else "a month"
    centre = "-" if found.centre is None else f"{found.centre:.3f}"
    emit(f"Complaints {unit}  {found.filter}".rstrip())
    emit(
        f"Centre {centre}  spread {'-' if found.spread is None else f'{found.spread:.2f}'}{' (Laney)' if found.is_laney else ''}"
    )
    emit()
    emit_table(
        ("Month", "Complaints", "Rate", "Lower", "Upper", "z", ""),
        [
            (
                point.month + ("" if point.part >= 1 else f" ({100 * point.part:.0f} %)"),
                str(point.count),
                _figure(point.value),
                _figure(point.lower),
                _figure(point.upper),
                _figure(point.z, 2),
                "outside" if point.is_outside else "baseline" if point.is_baseline else "",
            )
            for point in found.points
        ],
        numeric=(1, 2, 3, 4, 5),
    )
    emit()
    for name, sources in found.sources:
        parts = [f"{source.value} {source.added:+.0f}" for source in sources if abs(source.added) >= 0.5]
        emit(f"{found.focus} by {name}: {', '.join(parts) or 'as expected'}")
    if found.change is not None:
        change = found.change
        emit(f"Change of level from {change.month}: {change.before:.3f} to {change.after:.3f}, p {change.p:.3f}")
    if found.last_year is not None:
        last = found.last_year
        emit(f"{last.month}: {last.count}; ratio {last.ratio:.2f} [{last.low:.2f}, {last.high:.2f}]")
    for event in found.events:
        emit(f"Known: {event.starts_on}..{event.ends_on} {event.note}")
    for word in found.words:
        emit(f"New word: {word.word} in {word.now} complaints of this week, {word.before} in four weeks before")
    for alike in found.alike:
        emit(f"Alike: {', '.join(alike.references)}: {alike.subject}")
    for text in found.notes:
        narrate(text)


def ageing(
    filter_text: Filter = "",
    by: Annotated[str, typer.Option("--by", metavar="GROUP", help="category, team, region or channel.")] = "category",
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Report open complaints by age, how the backlog moves, how long closing takes, and the oldest."""
    from console.services.ageing import ageing as ageing_of
    from console.services.quality_tables import TYPES, ageing_rows

    with opened(database) as store:
        found = ageing_of(store, filter_text, by=by, zone_name=_name(policy_zone(store)), viewer=caller())
    if exported(ageing_rows(found), None, format_, output, TYPES):
        return
    if as_json:
        emit_json({"report": "ageing", **disclosed_ageing(found)})
        return
    overdue = sum(found.whole.overdue)
    emit(f"Open {found.whole.total}, overdue {overdue}, as of {instant(found.as_of)}")
    emit(
        f"In {found.inflow:.1f} a week, out {found.outflow:.1f} a week; open at the end of each week: {_spaced(found.weeks)}"
    )
    emit()
    emit_table(
        (by, *found.bands, "All", "Overdue"),
        [
            (row.name or "(none)" if row is not found.whole else "(all)", *_sizes(row.sizes, row.overdue), str(row.total),
             str(sum(row.overdue)))
            for row in (*found.rows, found.whole)
        ],
        numeric=range(1, len(found.bounds) + 4),
    )  # fmt: skip
    emit()
    emit("Days to close, open cases included: " + _quantiles(found.km_quantiles, found.still_open.n))
    emit("Days to close, closed cases only (too short): " + _quantiles(found.closed_quantiles, closed_behind(found)))
    emit(f"Answered in time {_percent(found.reply)}, first response in time {_percent(found.first_response)}")
    emit()
    emit_table(
        ("Reference", "Age", "Overdue", "Category", "Department", "State", "Urged", "Reopened"),
        [
            (
                old.reference,
                f"{old.age:.0f}",
                f"{old.overdue_days:.0f}" if old.overdue_days else "-",
                old.category,
                old.department,
                old.state,
                str(old.times_urged),
                str(old.times_reopened),
            )
            for old in found.oldest
        ],
        numeric=(1, 2, 6, 7),
    )


def score_card(
    period: Annotated[str, typer.Option("--period", metavar="P", help="2026-11, 2026-Q4, 2026, or A..B.")],
    filter_text: Filter = "",
    by: Annotated[str, typer.Option("--by", metavar="GROUP", help="team, region or person.")] = "team",
    history: Annotated[
        bool, typer.Option("--history", help="The twelve months up to the end of the period, month by month.")
    ] = False,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Report departments side by side with intervals and funnel limits; people to themselves and their leads."""
    from console.services.quality_tables import TYPES, card_rows
    from console.services.score_cards import score_card as card_of

    with opened(database) as store:
        zone = policy_zone(store)
        start, end = period_given(period, zone, "--period")
        if history:
            _history(store, month_of(end - timedelta(seconds=1), zone), zone, filter_text, by, format_, output, as_json)
            return
        found = card_of(store, start, end, filter_text, by=by, viewer=caller(), zone_name=_name(zone))
    if exported(card_rows(found), None, format_, output, TYPES):
        return
    if as_json:
        emit_json({"report": "scorecard", "period": period, **disclosed(found)})
        return
    emit(f"Score card {period} by {by}, as of {instant(found.as_of)}")
    emit()
    emit_table(
        (by, "Received", "On time %", "First %", "Reopened %", "Repeat %", "P50", "P90", "Open", "Overdue", "Satisfied %",
         "Interval", "Funnel"),
        [_card(card) for card in (*found.cards, found.whole)],
        numeric=range(1, 12),
    )  # fmt: skip
    emit()
    targets, medians = dict(found.targets), dict(found.medians)
    for name, target in targets.items():
        middle = medians.get(name)
        emit(f"{name}: target {100 * target:.0f} %, median of those with 30 or more {_share(middle)}")


def _history(
    store: Store,
    last: str,
    zone: tzinfo,
    filter_text: str,
    by: str,
    format_: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    from console.services.quality_tables import TYPES, history_rows
    from console.services.score_cards import card_history

    found = card_history(store, last, filter_text, by=by, viewer=caller(), zone=zone)
    if exported(history_rows(found), None, format_, output, TYPES):
        return
    if as_json:
        emit_json({"report": "scorecard history", **disclosed(found)})
        return
    emit(f"Score cards by {by}, {found.months[0]} to {found.months[-1]}, as of {instant(found.as_of)}")
    emit()
    emit_table(
        (
            by,
            "Month",
            "Received",
            "On time %",
            "First %",
            "Reopened %",
            "Repeat %",
            "Satisfied %",
            "Interval",
            "Missed",
        ),
        [
            _month_of_card(card, month, found.targets)
            for cards in (*(own for _name, own in found.cards), found.whole)
            for month, card in zip(found.months, cards, strict=True)
        ],
        numeric=range(2, 8),
    )


def _month_of_card(card: Card, month: str, targets: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    from console.services.quality_views import is_missed

    shares = (card.on_time, card.first_contact, card.reopened, card.repeats, card.satisfied)
    missed = [name for name, target in targets if is_missed(name, getattr(card, name), target)]
    own = _card(card)
    return (own[0], month, own[1], *(_cell(one) for one in shares), own[11], ", ".join(missed))


def _name(zone: tzinfo) -> str:
    return str(getattr(zone, "key", ""))


def _figure(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _spaced(values: Sequence[int]) -> str:
    return " ".join(map(str, values))


def _sizes(sizes: Sequence[int], overdue: Sequence[int]) -> list[str]:
    return [f"{size}{'!' if late else ''}" for size, late in zip(sizes, overdue, strict=True)]


def _quantiles(found: Sequence[tuple[float, float | None]], n: int) -> str:
    from console.measures.disclosure import as_allowed

    return ", ".join(
        f"P{100 * share:.0f} {as_allowed('not reached' if value is None else f'{value:.1f}', n)}"
        for share, value in found
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _percent(measure: Measure) -> str:
    from console.measures.disclosure import as_allowed

    shown = "-" if measure.value is None else as_allowed(_share(measure.value), measure.n)
    return f"{shown} (n {measure.n})"


def _cell(measure: Measure) -> str:
    from console.measures.disclosure import as_allowed

    return "-" if measure.value is None else as_allowed(f"{100 * measure.value:.1f}", measure.n)


def _card(card: Card) -> tuple[str, ...]:
    from console.measures.disclosure import as_allowed, hidden_reason

    interval = None if hidden_reason(card.satisfied.n) else card.satisfied.interval
    times = ["-" if days is None else as_allowed(f"{days:.1f}", card.received) for days in (card.p50, card.p90)]
    return (
        card.label or card.name or "(all)",
        str(card.received),
        _cell(card.on_time),
        _cell(card.first_contact),
        _cell(card.reopened),
        _cell(card.repeats),
        *times,
        str(card.backlog),
        str(card.overdue),
        _cell(card.satisfied),
        "" if interval is None else f"{100 * interval.low:.0f}-{100 * interval.high:.0f}",
        card.funnel.replace("_", " "),
    )


def add_to(app: typer.Typer) -> None:
    """Add these reports to the group of reports."""
    app.command("trend")(trend)
    app.command("ageing")(ageing)
    app.command("scorecard")(score_card)
