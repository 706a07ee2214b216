"""How improvements are drawn: the list with what did not work in it, and one beside its comparison group."""

from __future__ import annotations

from collections.abc import Sequence

from console.actions import key_of
from console.i18n import N_, _, ngettext
from console.labels import label
from console.measures.disclosure import as_allowed
from console.screens.trend_page import cell, cells_of, drawn, rule, table_lines
from console.services.improvement_views import Compared, Effect, ImprovementRow, Side
from console.signs import is_ascii
from console.widgets.board import BoardLine, Spot
from console.widgets.content import number
from console.widgets.plots.lines import ChartPoint, control_chart
from console.wrapping import wrap

INDICATOR_NAMES = {
    "satisfied": N_("satisfied when called back"),
    "on_time": N_("answered on time"),
    "reopened": N_("reopened"),
    "repeats": N_("repeated"),
    "complaints": N_("complaints a month"),
}
EVIDENCE = {
    1: N_("before and after only: anything else that changed meanwhile may have done it"),
    2: N_("beyond the control limits of the time before, without a comparison group"),
    3: N_("beyond what a comparison group did that had moved alike before"),
    4: N_("beyond a comparison group chosen by lot"),
}
FINDINGS = {
    "not_begun": N_("It has not begun yet."),
    "too_few": N_("Too few to judge: each group takes 30 in each window."),
    "better": N_("It got better, beyond what the comparison group did."),
    "worse": N_("It got worse."),
    "unclear": N_("Not proven: the interval holds 0."),
    "before_after_only": N_("It got better, but without a comparison group nobody knows why."),
}


def indicator_name(indicator: str) -> str:
    """Return what an indicator is called."""
    return _(INDICATOR_NAMES[indicator]) if indicator in INDICATOR_NAMES else indicator


def list_lines(rows: Sequence[ImprovementRow], width: int) -> list[BoardLine]:
    """Return the list in so many cells."""
    if not rows:
        return [
            (Spot(_("No improvement has been recorded yet."), "quiet"),),
            (Spot(_("{key} records one, before anybody looks.").format(key=key_of("quality.record")), "quiet"),),
        ]
    lines: list[BoardLine] = []
    for row in rows:
        state = label(row.verdict, "verdict") if row.verdict else label(row.state, "improvement_state")
        wide = width >= 90
        room = max(20, width - 12 - 18 - (26 if wide else 0) - 8)
        lines.append(
            (
                *cell(row.number, 8, "", f"improvement|improvement:{row.number}"),
                *cell(row.title, room),
                *cell(str(row.starts_on), 12),
                *(cell(indicator_name(row.indicator), 26) if wide else ()),
                *cell(state, 18, "soon" if row.verdict == "not_worked" else ""),
            )
        )
    return lines


def effect_lines(found: Effect, width: int, *, is_table: bool = False) -> list[BoardLine]:
    """Return one improvement in so many cells."""
    row = found.row
    design = (
        _("before and after beside {control}").format(control=row.control) if row.control else _("before and after")
    )
    facts = [
        f"{row.number}  {row.title}",
        _("{design}; {indicator}, {treated}; starts {day}").format(
            design=design, indicator=indicator_name(row.indicator), treated=row.treated, day=row.starts_on
        ),
        _("recorded {day}; smallest effect worth having {effect}").format(
            day=row.registered_at.date(), effect=f"{row.minimum_effect:g}"
        ),
    ]
    lines: list[BoardLine] = [(Spot(text, "heading" if place == 0 else ""),) for place, text in enumerate(facts)]
    if row.looked_before:
        lines.append(
            (Spot(_("Looked at before it was recorded: {why}").format(why=_why(row.looked_before)), "overdue"),)
        )
    if not found.is_complete:
        lines.append((Spot(_("The window after is not over yet."), "soon"),))
    lines += [rule(_("Result"), width), *_result(found, width)]
    lines += [rule(_("Checks"), width), *_checks(found, width)]
    lines += [rule(_("By month"), width), *_months(found, width, is_table=is_table)]
    if row.verdict:
        lines += [rule(_("Conclusion"), width), (Spot(label(row.verdict, "verdict"), "heading"),)]
        lines += [(Spot(text),) for text in wrap(row.conclusion, width)]
    return lines


def _why(looked_before: str) -> str:
    """Return why it counts as looked at before, in the language chosen."""
    reasons = []
    for text in looked_before.split("; "):
        days = "".join(char for char in text if char.isdecimal())
        if days:
            count = int(days)
            said = ngettext("recorded {count} day after the start", "recorded {count} days after the start", count)
            reasons.append(said.format(count=count))
        else:
            reasons.append(_("comparison group changed after the start"))
    return ", ".join(reasons)


def _result(found: Effect, width: int) -> list[BoardLine]:
    cells = (8, 7, 8, 7, 8, 18, 7)
    heads = (_("n before"), _("Before"), _("n after"), _("After"), _("Change"), _("95% interval"), "p")
    name_cells = max(8, min(24, width - sum(cells)))

    def line(name: str, values: Sequence[str], style: str = "", key: str = "") -> BoardLine:
        return (*cell(name, name_cells, "" if key else "label", key), *cells_of(values, cells, style))

    lines = [line("", heads, "label")]
    lines.append(
        line(
            _("Treated"),
            [*_side(found.treated_before), *_side(found.treated_after), *_change(found.treated)],
            key="change|",
        )
    )
    if found.row.control:
        values = [*_side(found.control_before), *_side(found.control_after), *_change(found.control)]
        lines.append(line(_("Compared with"), values, key="compared|control"))
        values = ["", "", "", "", *_change(found.difference)]
        lines.append(line(_("Difference of both"), values, key="did|"))
    lines.append(())
    style = {"better": "", "worse": "overdue"}.get(found.finding, "soon")
    lines += [(Spot(text, style),) for text in wrap(_(FINDINGS[found.finding]), width)]
    text = _("Evidence {level} of 4: {meaning}.").format(level=found.evidence, meaning=_(EVIDENCE[found.evidence]))
    lines += [(Spot(part, "", "evidence|" if place == 0 else ""),) for place, part in enumerate(wrap(text, width))]
    if found.needed is not None:
        text = _("{n} in each group and window would show {effect} points four times in five.").format(
            n=number(found.needed), effect=f"{found.row.minimum_effect:g}"
        )
        lines += [(Spot(part),) for part in wrap(text, width)]
    return lines


def _side(side: Side) -> tuple[str, str]:
    if side.hidden and side.n:
        return number(side.n), as_allowed("", side.n)
    mark = "~" if side.is_few else ""
    return number(side.n), "-" if side.value is None else f"{side.value:.1f}{mark}"


def _change(compared: Compared) -> tuple[str, str, str]:
    if compared.value is None:
        return "-", "", ""
    interval = "" if compared.low is None else f"[{compared.low:+.1f}, {compared.high:+.1f}]"
    return f"{compared.value:+.1f}", interval, "" if compared.p is None else f"{compared.p:.3f}"


def _checks(found: Effect, width: int) -> list[BoardLine]:
    texts: list[tuple[str, str]] = []
    if found.row.control:
        if found.parallel_p is None:
            texts.append((_("Parallel trends: too few months before the start to check."), "soon"))
        else:
            says = _("passed") if found.is_parallel else _("the groups moved apart before the start")
            text = _("Parallel trends: slopes differ by {slope} a month, p {p}: {says}").format(
                slope=f"{found.parallel_slope:+.2f}", p=f"{found.parallel_p:.2f}", says=says
            )
            texts.append((text, "" if found.is_parallel else "soon"))
    if found.may_regress:
        texts.append(
            (_("Regression to the mean: the month before was the worst; some change was to be expected."), "soon")
        )
    if found.mix is not None:
        says = _("mostly other cases, not better work") if found.mix.is_mostly_mix else _("mostly the work itself")
        text = _("Mix of cases: {rate} by work, {mix} by mix: {says}").format(
            rate=f"{found.mix.rate:+.1f}", mix=f"{found.mix.mix:+.1f}", says=says
        )
        texts.append((text, "soon" if found.mix.is_mostly_mix else ""))
    if found.panel is not None and found.panel_p is not None:
        _good, worse, better, _bad = found.panel
        text = ngettext(
            "Same customers: {worse} worse, {better} better of {count}, McNemar exact p {p}",
            "Same customers: {worse} worse, {better} better of {count}, McNemar exact p {p}",
            sum(found.panel),
        ).format(worse=worse, better=better, count=sum(found.panel), p=f"{found.panel_p:.4f}")
        texts.append((text, ""))
    texts += [(_("Known event {text}").format(text=text), "soon") for text in found.events]
    if not texts:
        texts.append((_("Nothing speaks against it, and nothing for it."), "quiet"))
    return [(Spot(part, style),) for text, style in texts for part in wrap(text, width)]


def _months(found: Effect, width: int, *, is_table: bool) -> list[BoardLine]:
    start = found.row.starts_on.strftime("%Y-%m")
    points = [
        ChartPoint(pair.month[2:], pair.treated, second=pair.control, has_mark=pair.month == start)
        for pair in found.months
    ]
    heads = (_("Month"), _("Treated"), _("Lower limit"), _("Upper limit"), _("Compared with"))
    plot = control_chart(points, width, 10, heads, digits=1, is_ascii=is_ascii())
    if is_table:
        return table_lines(plot.table, width)
    legend = _("{point} treated   {hollow} compared with   ! start").format(
        point="o" if is_ascii() else "●", hollow="x" if is_ascii() else "○"
    )
    return [*drawn(plot.lines), (Spot(legend, "quiet"),)]
