"""``ombud improvement``: what is to get better, written down before anybody looks, and whether it did."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.moments import policy_zone
from console.commands.output import emit, emit_json, emit_table, instant
from console.commands.table_files import Format, Output, exported
from console.errors import UsageError
from console.i18n import _

if TYPE_CHECKING:
    from console.services.improvement_views import Compared, Effect, ImprovementRow, Side

app = typer.Typer(no_args_is_help=True)
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the improvement, such as M-001.")]

EVIDENCE = {
    1: "before and after only: anything else that changed meanwhile may have done it",
    2: "beyond the control limits of the time before, without a comparison group",
    3: "beyond what a comparison group did that had moved alike before",
    4: "beyond a comparison group chosen by lot",
}
FINDINGS = {
    "not_begun": "It has not begun yet.",
    "too_few": "Too few to judge: each group takes 30 in each window.",
    "better": "It got better, beyond what the comparison group did.",
    "worse": "It got worse.",
    "unclear": "Not proven: the interval holds 0.",
    "before_after_only": "It got better, but without a comparison group nobody knows why.",
}


@app.callback()
def improvement() -> None:
    """What is to get better, and whether it did."""


@app.command("new")
def new(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What is done, in one line.")],
    indicator: Annotated[
        str,
        typer.Option(
            "--indicator",
            metavar="NAME",
            help="satisfied, on_time, reopened, repeats, complaints, or survey:CODE/ITEM.",
        ),
    ],
    treated: Annotated[str, typer.Option("--treated", metavar="FILTER", help="With whom, such as region:east.")],
    starts: Annotated[str, typer.Option("--starts", metavar="DAY", help="The day it starts.")],
    effect: Annotated[float, typer.Option("--effect", metavar="X", help="Smallest effect worth having, in points.")],
    control: Annotated[str, typer.Option("--control", metavar="FILTER", help="The comparison group.")] = "",
    before: Annotated[int, typer.Option("--before", metavar="N", help="Months before.")] = 3,
    after: Annotated[int, typer.Option("--after", metavar="N", help="Months after.")] = 3,
    randomised: Annotated[bool, typer.Option("--randomised", help="The groups were chosen by lot.")] = False,
    owner: Annotated[str, typer.Option("--owner", metavar="LOGIN", help="Who answers for it; else you.")] = "",
    alert: Annotated[str, typer.Option("--alert", metavar="NUMBER", help="The alert it answers.")] = "",
    action: Annotated[str, typer.Option("--action", metavar="NUMBER", help="The corrective action it is.")] = "",
    database: Database = None,
) -> None:
    """Write an improvement down before anybody looks at its effect."""
    from console.services import improvements as service

    with opened(database) as store:
        row = service.register(
            store,
            title,
            indicator=indicator,
            treated=treated,
            starts_on=_day(starts),
            minimum_effect=effect,
            actor=caller(),
            zone=policy_zone(store),
            control=control,
            months_before=before,
            months_after=after,
            is_randomised=randomised,
            owner=owner,
            alert=alert,
            action=action,
        )
    emit(f"{row.number}: {row.title}{f' ({row.looked_before})' if row.looked_before else ''}")


@app.command("list")
def list_improvements(
    state: Annotated[str, typer.Option("--state", metavar="S", help="open or closed.")] = "",
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List improvements, the newest first; what did not work is among them."""
    from console.services import improvements as service
    from console.services.quality_tables import TYPES, improvement_rows

    with opened(database) as store:
        rows = service.improvements(store, state=state)
    if exported(improvement_rows(rows), None, format_, output, TYPES):
        return
    if as_json:
        emit_json([_record(row) for row in rows])
        return
    if as_json_lines:
        for row in rows:
            emit_json(_record(row))
        return
    emit_table(
        ("Number", "State", "Result", "Indicator", "Treated", "Compared with", "Starts", "Owner", "Title"),
        [
            (
                row.number,
                row.state,
                row.verdict or "-",
                row.indicator,
                row.treated,
                row.control or "-",
                str(row.starts_on),
                row.owner,
                row.title,
            )
            for row in rows
        ],
    )


@app.command("show")
def show(number: Number, as_json: AsJson = False, database: Database = None) -> None:
    """Show what was written down about an improvement."""
    from console.services import improvements as service

    with opened(database) as store:
        row = service.improvement(store, number)
    if as_json:
        emit_json(_record(row))
        return
    emit_table(("", ""), _facts(row))


@app.command("measure")
def measure(
    number: Number,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Measure an improvement: before and after, the comparison group, the difference of both, and the checks."""
    from console.services.improvement_effects import effect_of
    from console.services.quality_tables import TYPES, effect_rows

    with opened(database) as store:
        effect = effect_of(store, number, zone=policy_zone(store), viewer=caller())
    if exported(effect_rows(effect), None, format_, output, TYPES):
        return
    if as_json:
        document = asdict(effect)
        document["row"] = _record(effect.row)
        document["before"], document["after"] = [list(map(str, span)) for span in (effect.before, effect.after)]
        document["evidence_means"] = EVIDENCE[effect.evidence]
        emit_json(document)
        return
    row = effect.row
    emit(f"{row.number}  {row.title}  ({row.indicator}, {row.unit})")
    emit(f"Before {effect.before[0]} to {effect.before[1]}, after {effect.after[0]} to {effect.after[1]}")
    if row.looked_before:
        emit(f"Looked before recorded: {row.looked_before}.")
    if not effect.is_complete:
        emit("The window after is not over yet.")
    emit()
    emit_table(
        ("", "n before", "Before", "n after", "After", "Change", "95 % interval", "p"),
        [
            _line("Treated", effect.treated_before, effect.treated_after, effect.treated),
            _line("Compared with", effect.control_before, effect.control_after, effect.control),
            ("Difference in differences", "", "", "", "", *_compared(effect.difference)),
        ],
        numeric=(1, 2, 3, 4, 5, 6, 7),
    )
    emit()
    emit(FINDINGS[effect.finding])
    emit(f"Level of evidence {effect.evidence} of 4: {EVIDENCE[effect.evidence]}.")
    for text in checks(effect):
        emit(text)


def checks(effect: Effect) -> list[str]:
    """Return what speaks for and against believing an effect, a sentence each."""
    found = []
    if effect.needed is not None:
        found.append(
            f"{effect.needed:,} in each group and window would show {effect.row.minimum_effect:g} points four times in five."
        )
    if effect.row.control:
        if effect.parallel_p is None:
            found.append("Parallel trends: too few months before the start to check.")
        else:
            says = "passed" if effect.is_parallel else "the groups moved apart before the start"
            found.append(f"Parallel trends: {effect.parallel_slope:+.2f} a month, p {effect.parallel_p:.2f}, {says}.")
    if effect.may_regress:
        found.append(
            "Regression to the mean: the month before the start was the worst, some change was to be expected."
        )
    if effect.mix is not None:
        mostly = "mostly other cases" if effect.mix.is_mostly_mix else "mostly the work"
        found.append(f"Change of the treated: {effect.mix.rate:+.1f} by rate, {effect.mix.mix:+.1f} by mix: {mostly}.")
    if effect.panel is not None and effect.panel_p is not None:
        _good, worse, better, _bad = effect.panel
        found.append(f"Same customers: {worse} worse, {better} better, McNemar exact p {effect.panel_p:.4f}.")
    found += [f"Known event {text}" for text in effect.events]
    return found


@app.command("compare")
def compare(
    number: Number,
    control: Annotated[str, typer.Argument(metavar="FILTER", help="The new comparison group.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; required.")] = "",
    database: Database = None,
) -> None:
    """Choose another comparison group; after the start it is marked as looked at before."""
    from console.services import improvements as service

    with opened(database) as store:
        row = service.compare_with(store, number, control, reason=reason, actor=caller(), zone=policy_zone(store))
    emit(f"{row.number}: {row.control}{f' ({row.looked_before})' if row.looked_before else ''}")


@app.command("close")
def close(
    number: Number,
    verdict: Annotated[str, typer.Option("--verdict", metavar="V", help="worked, not_worked or unclear.")] = "",
    conclusion: Annotated[
        str, typer.Option("--conclusion", metavar="TEXT", help="What follows from it; required.")
    ] = "",
    database: Database = None,
) -> None:
    """Close an improvement with a judgement; what was measured is kept with it."""
    from console.services import improvements as service

    with opened(database) as store:
        row = service.close(
            store, number, verdict=verdict, conclusion=conclusion, actor=caller(), zone=policy_zone(store)
        )
    emit(f"{row.number}: {row.verdict}, {row.conclusion}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(_("{text} is no day.").format(text=text), _("Write it as 2026-11-30.")) from None


def _record(row: ImprovementRow) -> dict[str, Any]:
    return {**asdict(row), "starts_on": str(row.starts_on)}


def _facts(row: ImprovementRow) -> list[tuple[str, str]]:
    facts = [
        ("Number", row.number),
        ("Title", row.title),
        ("State", f"{row.state} {row.verdict}".strip()),
        ("Indicator", f"{row.indicator} ({row.unit}, {'more' if row.is_rise_good else 'less'} is better)"),
        ("Treated", row.treated),
        ("Compared with", row.control or "nobody"),
        ("Starts", str(row.starts_on)),
        ("Windows", f"{row.months_before} months before, {row.months_after} after"),
        ("Smallest effect", f"{row.minimum_effect:g}"),
        ("By lot", "yes" if row.is_randomised else ""),
        ("Owner", row.owner),
        ("Alert", row.alert),
        ("Corrective action", row.action),
        ("Recorded", instant(row.registered_at)),
        ("Looked before", row.looked_before),
        ("Conclusion", row.conclusion),
        ("Closed", instant(row.closed_at)),
    ]
    return [fact for fact in facts if fact[1]]


def _side(side: Side) -> str:
    from console.measures.disclosure import as_allowed

    if side.hidden and side.n:
        return as_allowed("", side.n)
    return "-" if side.value is None else f"{side.value:.1f}{'~' if side.is_few else ''}"


def _compared(compared: Compared) -> tuple[str, str, str]:
    if compared.value is None:
        return "-", "", ""
    interval = "" if compared.low is None else f"[{compared.low:+.1f}, {compared.high:+.1f}]"
    return f"{compared.value:+.1f}", interval, "" if compared.p is None else f"{compared.p:.3f}"


def _line(name: str, before: Side, after: Side, compared: Compared) -> tuple[str, ...]:
    return (name, str(before.n), _side(before), str(after.n), _side(after), *_compared(compared))
