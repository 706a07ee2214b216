"""How the twelve months of one score card are drawn: a line for each measure against its target, or month by month."""

from __future__ import annotations

from console.i18n import _
from console.measures.disclosure import HIDDEN_BELOW
from console.screens.card_words import MEASURE_NAMES, share, target_text
from console.screens.trend_page import cell, cells_of, rule
from console.services.quality_views import MEASURES, Card, CardHistory, is_missed
from console.signs import is_ascii
from console.widgets.board import BoardLine, Spot
from console.widgets.content import number
from console.widgets.plots.sparkline import sparkline

MONTH_CELLS = 9


def history_lines(
    found: CardHistory, of: str | None, name: str, width: int, *, is_table: bool = False
) -> list[BoardLine]:
    """Return the months of one department (None: of all together) in so many cells."""
    title = _("{name}: {first} to {last}").format(name=name, first=found.months[0], last=found.months[-1])
    draw = _months if is_table else _measures
    return [rule(title, width), *draw(found, found.of(of), width)]


def _measures(found: CardHistory, cards: tuple[Card, ...], width: int) -> list[BoardLine]:
    """A line of cells for each measure, one cell a month, with the last month's figure and how often the target was missed."""
    lines: list[BoardLine] = []
    received = _("{count} in 12 months").format(count=number(sum(card.received for card in cards)))
    counts = sparkline([float(card.received) for card in cards], is_ascii=is_ascii())
    lines.append((*cell(_("Taken in"), 28), *cell(counts, 14, "bar"), Spot(received)))
    for name, target in found.targets:
        measures = [getattr(card, name) for card in cards]
        values = [one.value if one.value is not None and one.n >= HIDDEN_BELOW else None for one in measures]
        told = [one for one, value in zip(measures, values, strict=True) if value is not None]
        missed = sum(is_missed(name, one, target) for one in told)
        parts = [target_text(name, target), _("missed in {count} of {of} months").format(count=missed, of=len(told))]
        style = "overdue" if told and is_missed(name, measures[-1], target) else ""
        lines.append(
            (
                *cell(_(MEASURE_NAMES[name]), 28, "", f"{name}|rows:{cards[-1].rows}"),
                *cell(sparkline(values, is_ascii=is_ascii()), 14, "bar"),
                *cell(share(measures[-1], 1), 8, style, is_right=True),
                Spot("  "),
                Spot("  ".join(parts), style),
            )
        )
    return lines


def _months(found: CardHistory, cards: tuple[Card, ...], width: int) -> list[BoardLine]:
    """A line a month, the latest first; what missed its target stands in the colour of what is overdue."""
    targets = dict(found.targets)
    heads = [_("Taken in"), _("On time"), _("At once"), _("Reopen"), _("Repeat"), _("Satisfied"), _("Open/late")]
    sizes = [min(12, max(8, (width - MONTH_CELLS) // len(heads)))] * len(heads)
    lines: list[BoardLine] = [(*cell(_("Month"), MONTH_CELLS, "label"), *cells_of(heads, sizes, "label"))]
    for month, card in reversed(list(zip(found.months, cards, strict=True))):
        spots = [*cell(month, MONTH_CELLS, "", f"card|rows:{card.rows}")]
        spots += cell(number(card.received), sizes[0], is_right=True)
        for name, size in zip(MEASURES, sizes[1:], strict=False):
            measure = getattr(card, name)
            style = "overdue" if is_missed(name, measure, targets[name]) else ""
            spots += cell(share(measure), size, style, is_right=True)
        spots += cell(f"{card.backlog}/{card.overdue}", sizes[-1], is_right=True)
        lines.append(tuple(spots))
    return lines
