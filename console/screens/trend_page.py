"""How the trend of complaints is drawn: the control chart, its alerts, where a rise came from, and what the texts say."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.cells import cell_len

from console.i18n import N_, _, ngettext
from console.labels import label
from console.services.alert_views import AlertRow
from console.services.quality_views import ComplaintTrend, Source, TrendPoint
from console.signs import is_ascii, sign
from console.widgets.board import BoardLine, Spot
from console.widgets.content import cut
from console.widgets.plots.canvas import Line
from console.widgets.plots.lines import ChartPoint, control_chart
from console.widgets.reading import Grid, lay_out

DIMENSIONS = {
    "category": N_("Category"),
    "region": N_("Region"),
    "channel": N_("Channel"),
    "team": N_("Team"),
    "person": N_("Person"),
}
"""The dimensions of complaints in words."""

UNITS = {"per_1000": N_("complaints a month per 1,000 customers"), "per_month": N_("complaints a month")}
CHART_ROWS = 12
SHORT_ROWS = 9
LEVEL_SIGNS = {"high": "!!", "medium": "!", "low": "-"}
MONTHS_SHOWN = 36


def rule(title: str, width: int) -> BoardLine:
    """Return the line that begins a part."""
    return (Spot(title, "heading"), Spot(" " + sign("line") * max(0, width - cell_len(title) - 1), "quiet"))


def cell(text: str, cells: int, style: str = "", key: str = "", *, is_right: bool = False) -> BoardLine:
    """Return a text in so many cells, its padding apart: what stands beside wide characters keeps its place."""
    short = cut(text, cells)
    gap = Spot(" " * (cells - cell_len(short)))
    return (gap, Spot(short, style, key)) if is_right else (Spot(short, style, key), gap)


def cells_of(values: Sequence[str], sizes: Sequence[int], style: str = "") -> BoardLine:
    """Return values side by side, each set to the right of its cells."""
    return tuple(
        spot for value, size in zip(values, sizes, strict=True) for spot in cell(value, size, style, is_right=True)
    )


def drawn(lines: tuple[Line, ...]) -> list[BoardLine]:
    """Return the lines of a plot for a board."""
    return [tuple(Spot(piece.text, piece.style) for piece in line) for line in lines]


def table_lines(grid: Grid, width: int) -> list[BoardLine]:
    """Return a table for a board."""
    return drawn(tuple(lay_out([grid], width)))


LABELLED = {"channel": "channel", "category": "category", "team": "department", "department": "department"}
"""The dimensions whose values have labels, and their groups."""


def value_name(dimension: str, value: str) -> str:
    """Return a value of a dimension in words."""
    if value in ("", "none"):
        return _("(none)")
    return label(value, LABELLED[dimension]) if dimension in LABELLED else value


def figure(unit: str, value: float) -> str:
    """Return a figure of an alert in its unit."""
    if unit == "share":
        return f"{100 * value:.1f}%"
    return f"{value:.3f}" if unit == "per_1000" else f"{value:.1f}"


def month_key(point: TrendPoint) -> str:
    """Return the key of a month's figure: its definition and its rows."""
    return f"rate|rows:{point.rows}"


def trend_lines(found: ComplaintTrend, width: int, *, is_table: bool = False) -> list[BoardLine]:
    """Return the page in so many cells."""
    lines = _head(found, width)
    lines += _chart(found, width, is_table=is_table)
    lines += [rule(_("Alerts"), width), *_alerts(found, width)]
    lines += [rule(_("Where it came from: {month}").format(month=found.focus), width), *_sources(found, width)]
    lines += _context(found, width)
    if found.words or found.alike:
        lines += [rule(_("What this week's complaints say"), width), *_texts(found, width)]
    return lines


def _head(found: ComplaintTrend, width: int) -> list[BoardLine]:
    lines: list[BoardLine] = [(Spot(_(UNITS[found.unit]), "label"),)]
    if found.centre is None:
        lines.append((Spot(_("No limits yet: a baseline takes ten months."), "soon"),))
        return lines
    parts = [_("centre {value}").format(value=f"{found.centre:.3f}")]
    focus = next((point for point in found.points if point.month == found.focus), None)
    if focus is not None and focus.lower is not None and focus.upper is not None:
        parts.append(
            _("limits {low} to {high} in {month}").format(
                low=f"{focus.lower:.3f}", high=f"{focus.upper:.3f}", month=found.focus
            )
        )
    if found.spread is not None:
        says = _("widened after Laney") if found.is_laney else _("no correction needed")
        parts.append(_("spread {value}, {says}").format(value=f"{found.spread:.2f}", says=says))
    if found.dispersion_p is not None:
        parts.append(_("dispersion p {value}").format(value=f"{found.dispersion_p:.2f}"))
    months = sum(point.is_baseline for point in found.points)
    kind = _("provisional") if months < 20 else _("complete")
    parts.append(
        ngettext("baseline {count} month, {kind}", "baseline {count} months, {kind}", months).format(
            count=months, kind=kind
        )
    )
    text = ""
    for part in parts:
        if text and cell_len(text) + cell_len(part) + 3 > width:
            lines.append((Spot(text),))
            text = ""
        text = f"{text}   {part}" if text else part
    lines.append((Spot(text),))
    for point in found.points[-1:]:
        if point.part < 1:
            says = _("{month} is not over: compared with {percent}% of a month.")
            lines.append(
                (Spot(cut(says.format(month=point.month, percent=f"{100 * point.part:.0f}"), width), "quiet"),)
            )
    return lines


def _chart(found: ComplaintTrend, width: int, *, is_table: bool) -> list[BoardLine]:
    known = {event.starts_on.strftime("%Y-%m") for event in found.events}
    points = [
        ChartPoint(
            point.month[2:],
            point.value,
            point.lower,
            point.upper,
            is_outside=point.is_outside,
            has_mark=point.month in known,
        )
        for point in found.points[-MONTHS_SHOWN:]
    ]
    heads = (_("Month"), _("Rate"), _("Lower limit"), _("Upper limit"))
    plot = control_chart(
        points, width, CHART_ROWS if width >= 100 else SHORT_ROWS, heads, centre=found.centre, is_ascii=is_ascii()
    )
    if not is_table:
        last = [point for point in found.points if point.value is not None][-6:]
        spots: list[Spot] = [Spot(_("Rows: "), "label")]
        for point in last:
            style = "overdue" if point.is_outside else ""
            part = "" if point.part >= 1 else f" ({100 * point.part:.0f}%)"
            spots += [Spot(f"{point.month[2:]}: {point.count}{part}", style, month_key(point)), Spot("  ")]
        return [*drawn(plot.lines), tuple(spots)]
    sizes = (12,) * 5
    names = (_("Complaints"), _("Rate"), _("Lower limit"), _("Upper limit"), "z")
    lines: list[BoardLine] = [(*cell(_("Month"), 16, "label"), *cells_of(names, sizes, "label"))]
    for point in reversed(found.points):
        name = point.month + ("" if point.part >= 1 else f" ({100 * point.part:.0f}%)")
        values = (
            str(point.count),
            _number(point.value),
            _number(point.lower),
            _number(point.upper),
            _number(point.z, 2),
        )
        style = "overdue" if point.is_outside else ""
        mark = f" {sign('left')} {_('outside')}" if point.is_outside else ""
        lines.append((*cell(name, 16, "", month_key(point)), *cells_of(values, sizes, style), Spot(mark, style)))
    return lines


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def alert_line(row: AlertRow, width: int) -> BoardLine:
    """Return one alert on a line: how urgent, which cell, its figure against the limit, and who has it."""
    state = label(row.state, "alert_state") + (f" {row.owner}" if row.owner else "")
    times = ngettext("repeated {count} month", "repeated {count} months", row.months_repeated).format(
        count=row.months_repeated
    )
    tail = "  ".join(
        part
        for part in (
            f"{figure(row.unit, row.value)} {'<' if row.rule == 'index' else '>'} {figure(row.unit, row.limit)}",
            f"z {row.z:+.1f}",
            f"q {row.q:.2g}",
            times if row.months_repeated else "",
            state,
        )
        if part
    )
    head = f"{LEVEL_SIGNS.get(row.level, ''):<2} {row.number} {row.latest_month} "
    room = max(12, width - cell_len(head) - cell_len(tail) - 2)
    where = row.cell.removeprefix("kind:complaint").strip() or _("all complaints")
    style = "overdue" if row.level == "high" else "soon" if row.level == "medium" else ""
    return (Spot(head, style), *cell(where, room, style, f"alert|alert:{row.number}"), Spot("  "), Spot(tail))


def _alerts(found: ComplaintTrend, width: int) -> list[BoardLine]:
    if not found.alerts:
        return [(Spot(_("No alert is open. W tests every cell now."), "quiet"),)]
    return [alert_line(row, width) for row in found.alerts]


def _sources(found: ComplaintTrend, width: int) -> list[BoardLine]:
    lines: list[BoardLine] = []
    for name, sources in found.sources:
        spots: list[Spot] = list(cell(_(DIMENSIONS[name]), 10, "label"))
        used = 10
        for source in (one for one in sources if abs(one.added) >= 0.5):
            text = f"{value_name(name, source.value)} {source.added:+.0f}"
            if used + cell_len(text) + 2 > width:
                break
            style = "soon" if _is_much(source) else ""
            spots += [Spot(text, style, f"source|rows:{source.rows}"), Spot("  ")]
            used += cell_len(text) + 2
        if len(spots) == 2:
            spots.append(Spot(_("as expected"), "quiet"))
        lines.append(tuple(spots))
    return lines or [(Spot(_("There is no baseline to compare with."), "quiet"),)]


def _is_much(source: Source) -> bool:
    return source.added > 3 * math.sqrt(max(1.0, source.expected))


def _context(found: ComplaintTrend, width: int) -> list[BoardLine]:
    lines: list[BoardLine] = []
    if found.change is not None:
        change = found.change
        text = _("Level since {month}: {before} before, {after} now, p {p}").format(
            month=change.month, before=f"{change.before:.3f}", after=f"{change.after:.3f}", p=f"{change.p:.3f}"
        )
        if change.p > 0.05:
            text += " " + _("(not proven)")
        lines.append((Spot(text, "", "change|"),))
    if found.last_year is not None:
        last = found.last_year
        text = _("Same month last year {month}: {count}; ratio {ratio} [{low}, {high}]").format(
            month=last.month,
            count=last.count,
            ratio=f"{last.ratio:.2f}",
            low=f"{last.low:.2f}",
            high=f"{last.high:.2f}",
        )
        lines.append((Spot(text, "", "season|"),))
    for event in found.events:
        days = str(event.starts_on) if event.starts_on == event.ends_on else f"{event.starts_on}..{event.ends_on}"
        lines.append((Spot(cut(f"! {days}  {event.note}", width), "soon"),))
    return lines


def _texts(found: ComplaintTrend, width: int) -> list[BoardLine]:
    lines: list[BoardLine] = []
    if found.words:
        spots: list[Spot] = [Spot(_("New words") + "  ", "label")]
        used = cell_len(spots[0].text)
        for word in found.words:
            text = f"{word.word} {word.now}/{word.before}"
            if used + cell_len(text) + 2 > width:
                break
            spots += [Spot(text, "", f"word|rows:{word.rows}"), Spot("  ")]
            used += cell_len(text) + 2
        lines.append(tuple(spots))
    for alike in found.alike:
        count = len(alike.references)
        head = ngettext("{count} complaint alike: ", "{count} complaints alike: ", count).format(count=count)
        where = f"reference:{','.join(alike.references)}"
        lines.append((Spot(cut(head + alike.subject, width), "", f"alike|rows:{where}"),))
    return lines
