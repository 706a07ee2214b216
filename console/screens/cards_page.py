"""How score cards and ageing are drawn: departments side by side without ranks, open complaints by age."""

from __future__ import annotations

from rich.cells import cell_len

from console.i18n import N_, _
from console.labels import label
from console.measures.disclosure import HIDDEN_BELOW, as_allowed, hidden_reason
from console.measures.results import Measure
from console.screens.card_history_page import history_lines
from console.screens.card_words import MEASURE_NAMES, share, target_text
from console.screens.trend_page import DIMENSIONS, cell, cells_of, rule, value_name
from console.services.quality_views import (
    MEASURES,
    Ageing,
    AgeRow,
    Card,
    CardHistory,
    OldCase,
    ScoreCard,
    is_missed,
)
from console.signs import is_ascii, sign
from console.widgets.board import BoardLine, Spot
from console.widgets.content import cut, fit, number
from console.widgets.plots.bars import bar
from console.widgets.plots.sparkline import sparkline

FUNNEL = {
    "inside": N_("inside"),
    "below_95": N_("below 95%"),
    "above_95": N_("above 95%"),
    "below_998": N_("below 99.8%"),
    "above_998": N_("above 99.8%"),
    "too_small": N_("too few"),
}
NAME_CELLS = 22
WHOLE = "*"
"""Stands for all departments together where a card is named."""


ORDERS = {
    "name": N_("name"),
    "satisfied": N_("satisfied when called back, shrunk towards all"),
    "on_time": N_("on time at the mix of cases of all"),
    "overdue": N_("most overdue"),
    "received": N_("most taken in"),
}
"""By what cards are sorted. Never by a plain share: small departments would come first and last by chance."""


def in_order(found: ScoreCard, order: str) -> list[Card]:
    """Return the cards as they are sorted, the worst first; those about which nothing is known come last, by name."""

    def key(card: Card) -> tuple[bool, float, str]:
        name = card_name(found.by, card)
        if order == "name":
            return False, 0.0, name
        value = {
            "satisfied": card.shrunk if not hidden_reason(card.satisfied.n) else None,
            "on_time": card.adjusted if not hidden_reason(card.on_time.n) else None,
            "overdue": -float(card.overdue),
            "received": -float(card.received),
        }[order]
        return value is None, value or 0.0, name

    return sorted(found.cards, key=key)


def card_lines(
    found: ScoreCard,
    width: int,
    chosen: str,
    *,
    is_table: bool = False,
    order: str = "name",
    history: CardHistory | None = None,
) -> list[BoardLine]:
    """Return the score card in so many cells; ``chosen`` is the card that is compared below, or told by month with a history."""
    wide = width >= 100
    heads = [_("Taken in"), _("On time"), _("At once"), _("Reopen"), _("Repeat"), "P50/P90", _("Open/late")]
    heads += [_("Satisfied"), _("Funnel")] if wide else [_("Funnel")]
    cells = [8, 8, 8, 8, 8, 10, 10, 16, 14] if wide else [6, 7, 7, 7, 7, 9, 10, 11]
    name_cells = max(10, min(NAME_CELLS, width - sum(cells) - 1))
    lines: list[BoardLine] = [(*cell(_(DIMENSIONS[found.by]), name_cells, "label"), *cells_of(heads, cells, "label"))]
    for card in in_order(found, order):
        lines.append(_card_line(found.by, card, card.name, name_cells, cells, wide=wide))
    lines.append(_card_line(found.by, found.whole, WHOLE, name_cells, cells, wide=wide))
    card = next((one for one in found.cards if one.name == chosen), found.whole)
    name = _("All together") if card is found.whole else card_name(found.by, card)
    if history is None:
        title = _("{name}: against target, the quarter before and the peers").format(name=name)
        lines += [rule(title, width), *_compared(found, card, width, is_table=is_table)]
    else:
        lines += history_lines(history, None if card is found.whole else card.name, name, width, is_table=is_table)
    lines += [rule(_("How it is counted"), width)]
    for text in (
        _("On time = answered by due / all that are due, open ones counting as late."),
        _("Funnel = satisfied callbacks against limits of 95% and 99.8% around all; under 30 nobody is placed."),
        _("~ fewer than 30 cases. No ranks; sorted by: {order}.").format(order=_(ORDERS[order])),
    ):
        lines.append((Spot(cut(text, width), "quiet"),))
    return lines


def card_name(by: str, card: Card) -> str:
    """Return whose card it is in words: departments by the words of the policy, people by their names."""
    return card.label or _("(none)") if by == "person" else value_name(by, card.name)


def _card_line(by: str, card: Card, name: str, name_cells: int, cells: list[int], *, wide: bool) -> BoardLine:
    label_ = _("All together") if name == WHOLE else card_name(by, card)
    interval = card.satisfied.interval
    satisfied = share(card.satisfied)
    if interval is not None and card.satisfied.n >= HIDDEN_BELOW:
        satisfied += f" [{100 * interval.low:.0f}-{100 * interval.high:.0f}]"
    is_few = card.received < HIDDEN_BELOW
    times = "-" if card.p50 is None or card.p90 is None or is_few else f"{card.p50:.1f}/{card.p90:.1f}"
    values = [number(card.received), share(card.on_time), share(card.first_contact), share(card.reopened)]
    values += [share(card.repeats), times, f"{card.backlog}/{card.overdue}"]
    values += [satisfied, _(FUNNEL[card.funnel])] if wide else [_(FUNNEL[card.funnel])]
    style = "soon" if card.funnel.startswith("below") else ""
    key = f"card|card:{name}|{card.rows}"
    return (*cell(label_, name_cells, "", key), *cells_of(values, cells, style))


def _compared(found: ScoreCard, card: Card, width: int, *, is_table: bool) -> list[BoardLine]:
    before = next((one for one in found.before if one.name == card.name), None)
    targets, medians = dict(found.targets), dict(found.medians)
    bar_cells = max(8, min(30, width - 70))
    lines: list[BoardLine] = []
    for name in MEASURES:
        measure: Measure = getattr(card, name)
        value = measure.value if measure.n >= HIDDEN_BELOW else None
        target = targets[name]
        earlier: Measure | None = None if before is None else getattr(before, name)
        drawn = "" if is_table else bar(None if value is None else 100 * value, bar_cells, is_ascii=is_ascii())
        text = (
            target_text(name, target)
            + "  "
            + _("before {value}").format(value="-" if earlier is None else share(earlier))
            + "  "
            + _("peers {value}").format(value="-" if medians[name] is None else f"{100 * (medians[name] or 0):.0f}%")
        )
        if is_table and measure.interval is not None and value is not None:
            low, high = 100 * measure.interval.low, 100 * measure.interval.high
            text = f"[{low:.1f}, {high:.1f}]  n {number(measure.n)}  {text}"
        style = "overdue" if is_missed(name, measure, target) else ""
        lines.append(
            (
                *cell(_(MEASURE_NAMES[name]), 28, "", f"{name}|rows:{card.rows}"),
                *cell(drawn.rstrip(), 0 if is_table else bar_cells, "bar"),
                *cell(share(measure, 1), 8, style, is_right=True),
                Spot("  "),
                Spot(text, style),
            )
        )
    if card.adjusted is not None:
        text = _("On time at the mix of cases of all: {value}%").format(value=f"{100 * card.adjusted:.0f}")
        lines.append((Spot(text, "", "adjusted|"),))
    return lines


def ageing_lines(found: Ageing, width: int, *, is_table: bool = False) -> list[BoardLine]:
    """Return the ageing in so many cells."""
    total, late = found.whole.total, sum(found.whole.overdue)
    head = _("Open {open}   overdue {late} ({share}%)   oldest {days} days").format(
        open=number(total),
        late=number(late),
        share=f"{100 * late / total:.0f}" if total else "0",
        days="-" if found.oldest_days is None else f"{found.oldest_days:.0f}",
    )
    net = found.inflow - found.outflow
    flow = _("12 weeks {line}   in {inflow} a week, out {outflow} a week, net {net}").format(
        line=sparkline([float(size) for size in found.weeks], is_ascii=is_ascii()),
        inflow=f"{found.inflow:.1f}",
        outflow=f"{found.outflow:.1f}",
        net=f"{net:+.1f}",
    )
    lines: list[BoardLine] = [
        (Spot(head, "", f"backlog|rows:{found.whole.rows}"),),
        (Spot(flow, "soon" if net > 0 else "", "flow|"),),
    ]
    lines += [
        rule(_("Age in calendar days by {group}; ! holds overdue ones").format(group=_(DIMENSIONS[found.by])), width)
    ]
    lines += _bands(found, width)
    if not is_table:
        lines += [rule(_("Distribution"), width), *_bars(found, width)]
    lines += [rule(_("Time to close"), width), *_times(found)]
    lines += [rule(_("Oldest"), width), *[_old_line(old, width) for old in found.oldest]]
    if not found.oldest:
        lines.append((Spot(_("No complaint is open."), "quiet"),))
    return lines


def _bands(found: Ageing, width: int) -> list[BoardLine]:
    names = [*found.bands, _("All"), _("Late")]
    cells = 7
    name_cells = max(10, min(24, width - cells * len(names) - 1))
    lines: list[BoardLine] = [
        (*cell(_(DIMENSIONS[found.by]), name_cells, "label"), *cells_of(names, [cells] * len(names), "label"))
    ]
    for row in (*found.rows, found.whole):
        sizes = [f"{size}{'!' if late else ''}" for size, late in zip(row.sizes, row.overdue, strict=True)]
        values = [*sizes, str(row.total), str(sum(row.overdue))]
        name = _("All together") if row is found.whole else value_name(found.by, row.name)
        style = "soon" if sum(row.overdue) else ""
        spots = cells_of(values, [cells] * len(values), style)
        lines.append((*cell(name, name_cells, "", f"band|rows:{row.rows}"), *spots))
    return lines


def _bars(found: Ageing, width: int) -> list[BoardLine]:
    row: AgeRow = found.whole
    most = max(row.sizes, default=0)
    cells = max(10, width - 36)
    lines: list[BoardLine] = []
    for name, size, late in zip(found.bands, row.sizes, row.overdue, strict=True):
        filled = round(size / most * cells) if most else 0
        hatched = round(filled * late / size) if size else 0
        drawn = sign("full") * (filled - hatched) + sign("shade") * hatched
        notes = _("overdue {count}").format(count=late) if late else ""
        lines.append((Spot(fit(name, 8)), *cell(drawn, cells, "bar"), Spot(f" {size:>5}  "), Spot(notes)))
    return lines


def _times(found: Ageing) -> list[BoardLine]:
    def words(quantiles: tuple[tuple[float, float | None], ...], n: int) -> str:
        parts = []
        for at, value in quantiles:
            shown = _("not reached") if value is None else _("{days} days").format(days=f"{value:.1f}")
            parts.append(f"P{100 * at:.0f} {as_allowed(shown, n)}")
        return "   ".join(parts)

    still = share(found.still_open)
    closed = found.still_open.n - round(found.still_open.n * (found.still_open.value or 0.0))
    lines: list[BoardLine] = [
        (
            Spot(
                _("Open ones counted (Kaplan-Meier): {times}; still open {share}").format(
                    times=words(found.km_quantiles, found.still_open.n), share=still
                ),
                "",
                "survival|",
            ),
        ),
        (Spot(_("Closed ones only, too short: {times}").format(times=words(found.closed_quantiles, closed)), "quiet"),),
    ]
    text = _("First response in time {first}   answered in time {reply}").format(
        first=share(found.first_response, 1), reply=share(found.reply, 1)
    )
    return [*lines, (Spot(text, "", "promise|"),)]


def _old_line(old: OldCase, width: int) -> BoardLine:
    age = _("{days} days").format(days=f"{old.age:.0f}")
    late = _("overdue {days} days").format(days=f"{old.overdue_days:.0f}") if old.overdue_days else ""
    extra = " ".join(
        text
        for text in (
            _("urged {count}").format(count=old.times_urged) if old.times_urged else "",
            _("reopened {count}").format(count=old.times_reopened) if old.times_reopened else "",
            label(old.state, "state"),
        )
        if text
    )
    style = "overdue" if old.overdue_days else ""
    tail_cells = 10 + 18 + 2 + cell_len(extra)
    names = (label(old.category, "category"), old.customer, label(old.department, "department"))
    head = "  ".join(part for part in names if part)
    return (
        *cell(old.reference, 12, "", f"case|case:{old.id}"),
        *cell(head, max(10, width - 12 - tail_cells)),
        *cell(age, 10, is_right=True),
        *cell(late, 18, style, is_right=True),
        Spot("  "),
        Spot(extra),
    )
