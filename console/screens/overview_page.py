"""How the overview of a survey is drawn: headline, tree, weak points, segments, mix and rate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rich.cells import cell_len

from console.i18n import N_, _, ngettext
from console.labels import label
from console.rules.answer_quality import NOTHING
from console.screens.figures import interval, label_of, scale_of, shown, weights_of
from console.sentences import said
from console.services.overview_views import Headline, Overview, Segment, Split, TreeRow, WeakPoint
from console.services.satisfaction_views import Figure
from console.signs import is_ascii, sign
from console.widgets.board import BoardLine, Spot
from console.widgets.content import cut, fit, number
from console.widgets.plots.bars import bar
from console.widgets.plots.sparkline import sparkline

DIMENSIONS = {
    "region": N_("Region"),
    "channel": N_("Channel"),
    "kind": N_("Kind of customer"),
    "supply": N_("Supply category"),
    "department": N_("Department"),
    "month": N_("Month"),
    "indicator": N_("Indicator"),
}
"""The dimensions of a pivot in words."""

HEADLINES = {"index": N_("Index"), "top_two": "T2B", "top_box": N_("Top box"), "nps": "NPS", "effort": "CES"}
LABEL_GROUPS = {"kind": "customer_kind", "supply": "supply", "channel": "channel", "department": "department"}
LEAST_BAR = 8
LOWER_FROM = 3
"""Months in a row, each lower than the one before, from which on that is said."""
MOST_BAR = 24
LEAST_NAME = 10
MOST_STATUS = 14
WEAK_SHOWN = 8
SEGMENTS_SHOWN = 12
ROOM_FOR_SAMPLES = 100
"""Columns from which on the segments carry their intervals and samples; below, their table does (`t`)."""


def dimension_name(name: str) -> str:
    """Return a dimension in words; nested ones with a sign between."""
    return f" {sign('right')} ".join(_(DIMENSIONS[part]) if part in DIMENSIONS else part for part in name.split(","))


def value_name(dimension: str, value: str) -> str:
    """Return a value of a dimension in words."""
    if not value:
        return _("(none)")
    group = LABEL_GROUPS.get(dimension)
    return label(value, group) if group else value


def headline_name(headline: Headline) -> str:
    """Return what a headline number is called."""
    name = HEADLINES[headline.kind]
    return _(name) if headline.kind in ("index", "top_box") else name


def overview_lines(found: Overview, width: int, folded: Collection[str], *, is_table: bool = False) -> list[BoardLine]:
    """Return the page in so many cells; ``folded`` are nodes whose children are not shown."""
    lines = _head(found, width)
    lines += [_rule(_("Indicator tree"), width), *_tree(found, width, folded, is_table=is_table)]
    lines += [_rule(_("Weak points"), width), *_weak(found, width)]
    lines += [_rule(_("By segment"), width), *_segments(found, width, is_table=is_table)]
    lines += [_rule(_("Change since the last wave"), width), *_change(found, width)]
    lines += _small_print(found, width)
    return lines


def _rule(title: str, width: int) -> BoardLine:
    return (Spot(title, "heading"), Spot(" " + sign("line") * max(0, width - cell_len(title) - 1), "quiet"))


def _flowed(spots: Sequence[Sequence[Spot]], width: int, indent: int = 0) -> list[BoardLine]:
    """Set groups of spots side by side, as many to a line as fit."""
    lines: list[list[Spot]] = [[]]
    used = 0
    for group in spots:
        cells = sum(cell_len(spot.text) for spot in group)
        gap = 3 if lines[-1] else 0
        if lines[-1] and used + gap + cells > width:
            lines.append([Spot(" " * indent)] if indent else [])
            used, gap = indent, 0
        if gap:
            lines[-1].append(Spot(" " * gap))
        lines[-1].extend(group)
        used += gap + cells
    return [tuple(line) for line in lines if line]


def _head(found: Overview, width: int) -> list[BoardLine]:
    survey, index = found.survey, found.survey.index
    groups: list[list[Spot]] = []
    for place, headline in enumerate(found.headlines):
        text = f"{shown(headline.figure)} {interval(headline.figure)}".strip()
        group = [Spot(f"{headline_name(headline)} ", "label"), Spot(text, "heading", f"head:{place}")]
        if headline.change is not None and headline.change.value is not None:
            group.append(
                Spot(f" {_arrow(headline.change.value, headline.change_p)}{shown(headline.change, has_sign=True)}")
            )
        groups.append(group)
    if index.value is not None:
        gap = index.value - found.target
        groups.insert(
            1, [Spot(_("target {target} gap {gap}").format(target=f"{found.target:.1f}", gap=f"{gap:+.1f}"), "label")]
        )
    facts = [
        [Spot(_("answered {count}").format(count=number(survey.responses)), "label")],
        [Spot(_("scale {scale}").format(scale=scale_of(index.scale)), "label")],
        [Spot(_("weights {version}").format(version=weights_of(index.weights_version)), "label")],
        [Spot(_("coverage {share}").format(share=f"{100 * index.coverage:.0f}%"), "label")],
        [Spot(f"n {number(index.n)}", "label")],
    ]
    if index.deff > 1.005:
        worth = number(round(index.n / index.deff))
        facts.append([Spot(f"deff {index.deff:.2f} n_eff {worth}", "label")])
    if survey.quality_rule != NOTHING:
        rule = ", ".join(label(check, "quality_check") for check in survey.quality_rule.split(","))
        text = _("left out {count} ({rule})").format(count=number(survey.excluded), rule=rule)
        facts.append([Spot(text, "soon" if survey.excluded else "label")])
    rate = survey.response_rate
    if rate is not None:
        group = [Spot(_("response rate "), "label"), Spot(shown(rate), "", "rate")]
        if found.is_self_selected:
            group.append(Spot(" " + _("! self-selected"), "soon"))
        facts.append(group)
    months = [figure.value for _month, figure in found.months]
    if len(months) > 1:
        name = ngettext("{count} month", "{count} months", len(months)).format(count=len(months))
        group = [Spot(f"{name} ", "label"), Spot(sparkline(months, is_ascii=is_ascii()), "bar", "months")]
        falling = months_lower([figure for _month, figure in found.months])
        if falling >= LOWER_FROM:
            group.append(Spot(" " + _("lower {count} months in a row").format(count=falling), "soon"))
        if found.change_month:
            text = _("another level from {month} on, p {p}").format(
                month=found.change_month, p=f"{found.change_month_p:.3f}"
            )
            group.append(Spot(f" {text}", "soon"))
        facts.append(group)
    return [*_flowed(groups, width), *_flowed(facts, width)]


def months_lower(figures: Sequence[Figure]) -> int:
    """Return how many of the last months were each lower than the one before; a month of few answers ends the row."""
    count = 0
    for before, after in zip(reversed(figures[:-1]), reversed(figures[1:]), strict=True):
        if before.value is None or after.value is None or {before.disclosure, after.disclosure} != {"normal"}:
            break
        if after.value >= before.value:
            break
        count += 1
    return count


def _arrow(change: float, p: float | None) -> str:
    if p is None or p >= 0.05:
        return ""
    return sign("up") if change > 0 else sign("down")


def _tree(found: Overview, width: int, folded: Collection[str], *, is_table: bool) -> list[BoardLine]:
    parents: Mapping[str, str | None] = {row.node.id: row.node.parent for row in found.rows}
    inner = set(parents.values())
    rows = [row for row in found.rows if row.node.depth > 0 and not _is_hidden(row.node.id, parents, folded)]
    if not rows:
        return [(Spot(_("No rating indicator is chosen."), "quiet"),)]
    has_change = bool(found.before_filter)
    names = [_node_name(row, row.node.id in inner, row.node.id in folded) for row in rows]
    wanted = max(cell_len(name) for name in names) + 1
    fixed = 7 + 7 + 12 + (7 if has_change else 0) + 8
    status = max(cell_len(_status(row, found)) for row in rows) + 1
    if is_table:
        fixed, bars = fixed + 8 + 6, 0
    else:
        # A long name is cut before the bar is given up: bars are what is compared at a glance.
        room = width - fixed - min(max(status, 6), MOST_STATUS) - 1
        bars = min(MOST_BAR, max(LEAST_BAR, room - min(wanted, 22)))
        bars = bars if room - bars >= LEAST_NAME else 0
    name_cells = max(LEAST_NAME, min(wanted, width - fixed - bars - min(status, MOST_STATUS) - (1 if bars else 0)))
    heads = [
        Spot(fit(_("Indicator"), name_cells), "label"),
        Spot(fit(_("Weight"), 7, is_right=True), "label"),
        Spot(fit(_("Score"), 7, is_right=True), "label"),
        Spot(fit(_("95%"), 12, is_right=True), "label"),
    ]
    if is_table:
        heads += [Spot(fit("n", 8, is_right=True), "label"), Spot(fit(_("Cover"), 6, is_right=True), "label")]
    elif bars:
        heads.append(Spot(" " + fit("0", bars - 3) + "100", "quiet"))
    if has_change:
        heads.append(Spot(fit(_("Change"), 7, is_right=True), "label"))
    heads.append(Spot(fit(_("Costs"), 7, is_right=True) + " ", "label"))
    lines: list[BoardLine] = [tuple(heads)]
    for row, name in zip(rows, names, strict=True):
        lines.append(_tree_line(row, found, fit(name, name_cells), bars, has_change=has_change, is_table=is_table))
    if found.tree.unplaced:
        codes = ", ".join(found.tree.unplaced)
        lines.append((Spot(_("in no leaf of this tree: {codes}").format(codes=codes), "quiet"),))
    return lines


def _is_hidden(node_id: str, parents: Mapping[str, str | None], folded: Collection[str]) -> bool:
    above = parents[node_id]
    while above is not None:
        if above in folded:
            return True
        above = parents[above]
    return False


def _node_name(row: TreeRow, is_inner: bool, is_folded: bool) -> str:
    mark = ("+" if is_folded else "-") if is_inner else " "
    return f"{'  ' * (row.node.depth - 1)}{mark} {label_of(row.node.label, row.node.label_zh, row.node.id)}"


def _tree_line(row: TreeRow, found: Overview, name: str, bars: int, *, has_change: bool, is_table: bool) -> BoardLine:
    node, figure = row.node, row.node.figure
    spots = [
        Spot(name, "heading" if node.depth == 1 and not name.startswith(" ") else ""),
        Spot(f"{100 * node.weight:6.0f}%", "quiet"),
        Spot(fit(shown(figure), 7, is_right=True), "", f"node:{node.id}"),
        Spot(fit(interval(figure, is_bare=True) or f"n {number(figure.n)}", 12, is_right=True), "quiet"),
    ]
    if is_table:
        spots += [
            Spot(fit(number(figure.n), 8, is_right=True)),
            Spot(fit(f"{100 * figure.coverage:.0f}%", 6, is_right=True), "quiet"),
        ]
    elif bars:
        spots.append(Spot(" " + bar(figure.value, bars - 1, is_ascii=is_ascii()) + " ", "bar"))
    if has_change:
        change = row.change.value if row.change is not None else None
        text = "-" if change is None else f"{_arrow(change, row.change_p)}{change:+.1f}"
        spots.append(Spot(fit(text, 7, is_right=True), "soon" if row.has_fallen else "", f"change:{node.id}"))
    costs = "" if node.shortfall is None else f"{node.shortfall:+.2f}"
    spots.append(Spot(fit(costs, 7, is_right=True) + " ", "", f"costs:{node.id}"))
    status = _status(row, found)
    spots.append(Spot(status, "overdue" if row.weak else "soon" if row.is_below else "quiet"))
    return tuple(spots)


def _status(row: TreeRow, found: Overview) -> str:
    node = row.node
    del found
    if node.figure.coverage == 0 or (node.figure.value is None and node.figure.n == 0):
        return _("no data, weight given away")
    words = []
    if row.weak:
        words.append(_("weak point {rank}").format(rank=row.weak))
    if row.has_fallen:
        words.append(_("fell !"))
    if row.is_below and not row.weak:
        words.append(_("below target"))
    if not node.is_publishable:
        words.append(_("not publishable"))
    return ", ".join(words)


def _weak(found: Overview, width: int) -> list[BoardLine]:
    if not found.weak_points:
        text = (
            _("Of {count} cells with 30 answers or more none scores below the rest beyond chance.").format(
                count=found.tested
            )
            if found.tested
            else _("No cell has 30 answers or more beside 30 others: nothing is ranked.")
        )
        return [(Spot(text, "quiet"),)]
    lines: list[BoardLine] = []
    for point in found.weak_points[:WEAK_SHOWN]:
        lines += _weak_line(point, width)
    rest = len(found.weak_points) - WEAK_SHOWN
    if rest > 0:
        lines.append((Spot(ngettext("and {count} more", "and {count} more", rest).format(count=rest), "quiet"),))
    return lines


def _weak_line(point: WeakPoint, width: int) -> list[BoardLine]:
    name = f"{label_of(point.label, point.label_zh, point.indicator)} {sign('times')} {value_name(point.dimension, point.value)}"
    q = "q <0.001" if point.q < 0.001 else f"q {point.q:.3f}"
    facts = _("n {n}  score {score}  the rest {rest}  {q}  gain {gain}").format(
        n=number(point.figure.n),
        score=f"{shown(point.figure)} {interval(point.figure)}".rstrip(),
        rest=f"{point.rest:.1f}",
        q=q,
        gain=f"{point.gain:+.2f}",
    )
    room = width - cell_len(facts) - 5
    head = Spot(f"{point.rank:2d} ", "overdue")
    if room >= cell_len(name):
        return [(head, Spot(fit(name, room)), Spot("  "), Spot(facts, "", f"weak:{point.rank}"))]
    return [(head, Spot(cut(name, width - 3))), (Spot("   "), Spot(facts, "", f"weak:{point.rank}"))]


def _segments(found: Overview, width: int, *, is_table: bool) -> list[BoardLine]:
    lines: list[BoardLine] = []
    widest = max((cell_len(dimension_name(dimension)) for dimension, _segments_ in found.drill), default=0)
    for dimension, segments in found.drill:
        name = dimension_name(dimension)
        if is_table:
            lines.append((Spot(name, "label"),))
            lines += [_segment_row(dimension, segment, width) for segment in segments]
            continue
        chosen = segments[:SEGMENTS_SHOWN]
        groups = [[Spot(fit(name, widest), "label")]]
        for segment in chosen:
            text = shown(segment.figure) + (f" {sign('down')}" if segment.is_low else "")
            key = f"segment:{dimension}:{segment.value}"
            group = [
                Spot(f"{value_name(dimension, segment.value)} "),
                Spot(text, "soon" if segment.is_low else "", key),
            ]
            if width >= ROOM_FOR_SAMPLES:
                group.append(Spot(_sample(segment.figure), "quiet"))
            groups.append(group)
        if len(segments) > len(chosen):
            groups.append([Spot(_("and {count} more").format(count=len(segments) - len(chosen)), "quiet")])
        lines += _flowed(groups, width, indent=widest + 3)
    return lines or [(Spot(_("The answers bear no region, channel or kind of customer."), "quiet"),)]


def _sample(figure: Figure) -> str:
    """Return the interval of a segment's figure and how many answers it is of, where they may be told."""
    told = interval(figure)
    return f" {told} n {number(figure.n)}" if told else ""


def _segment_row(dimension: str, segment: Segment, width: int) -> BoardLine:
    figure = segment.figure
    key = f"segment:{dimension}:{segment.value}"
    name_cells = max(10, width - 40)
    return (
        Spot("  " + fit(value_name(dimension, segment.value), name_cells - 2)),
        Spot(fit(shown(figure), 8, is_right=True), "", key),
        Spot(fit(interval(figure, is_bare=True), 14, is_right=True), "quiet"),
        Spot(fit(number(figure.n), 9, is_right=True)),
        Spot("  " + (_("low") if segment.is_low else ""), "soon"),
    )


def _change(found: Overview, width: int) -> list[BoardLine]:
    if not found.before_filter:
        return [(Spot(_("There is no earlier wave to compare with: o chooses a month."), "quiet"),)]
    lines: list[BoardLine] = []
    head = found.headlines[0]
    if head.change is not None and head.change.value is not None:
        p = "-" if head.change_p is None else f"{head.change_p:.3f}"
        text = _("Index {change} {interval}, p {p}: ").format(
            change=shown(head.change, has_sign=True), interval=interval(head.change), p=p
        )
        lines += _wrapped(text + _verdict(found), width, "before")
    for split in found.splits[:2]:
        lines += _wrapped(split_words(split), width, f"split:{split.dimension}")
    return lines


def _verdict(found: Overview) -> str:
    head = found.headlines[0]
    if head.change is None or head.change.value is None or head.change_p is None:
        return _("too few answers to compare.")
    if head.change_p >= 0.05:
        return _("no proven change.")
    if found.splits and found.splits[0].is_mostly_mix:
        return _("most of it comes from who answered: look at the sample before calling it a rise or a fall.")
    return _("a proven rise.") if head.change.value > 0 else _("a proven fall.")


def split_words(split: Split) -> str:
    """Return a split of a change in words."""
    words = _(
        "By {dimension}: how they judged {rate}, who answered {mix} ({segment} {before} {arrow} {after} of the answers)."
    )
    return words.format(
        dimension=dimension_name(split.dimension).lower(),
        rate=f"{split.rate:+.1f}",
        mix=f"{split.mix:+.1f}",
        segment=value_name(split.dimension, split.segment),
        before=f"{100 * split.share_before:.0f}%",
        arrow=sign("right"),
        after=f"{100 * split.share_after:.0f}%",
    )


def _wrapped(text: str, width: int, key: str = "") -> list[BoardLine]:
    from console.wrapping import wrap

    return [(Spot(part, "", key if number_ == 0 else ""),) for number_, part in enumerate(wrap(text, width))]


def _small_print(found: Overview, width: int) -> list[BoardLine]:
    texts = [
        _(
            "~ fewer than 30 answers, <5 hidden. Costs: weight used {times} (target - score), sums to target - tree {tree}."
        ).format(times=sign("times"), tree=shown(found.tree.root))
    ]
    if found.survey.doubles:
        texts.append(
            _("{count} responses say exactly what another says; -double:yes leaves them out.").format(
                count=number(found.survey.doubles)
            )
        )
    texts += [said(note) for note in found.notes]
    return [(Spot(line_[0].text, "quiet"),) for text in texts for line_ in _wrapped(text, width)]
