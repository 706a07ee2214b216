"""Surveys, plans and progress as commands print them: records for JSON, lines and tables for people."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from console.commands.output import emit, emit_table, narrate
from console.i18n import _, in_language
from console.labels import label

if TYPE_CHECKING:
    from console.services.satisfaction_views import StratumProgress, SurveyPlan
    from console.services.survey_views import MemberRow, SurveyRow


def survey_record(row: SurveyRow) -> dict[str, Any]:
    """Return the line of a survey as a record; the internal id is left out."""
    record = asdict(row)
    del record["id"]
    return record


def plan_record(plan: SurveyPlan) -> dict[str, Any]:
    """Return a plan with its progress as one record."""
    return asdict(plan)


def member_record(row: MemberRow) -> dict[str, Any]:
    """Return a member of a sample as a record."""
    return asdict(row)


def percent(value: float | None) -> str:
    """Return a share from 0 to 1 as a percentage, empty for none."""
    return "" if value is None else f"{100 * value:.1f}%"


def emit_plan(plan: SurveyPlan) -> None:
    """Print a plan: what is wanted, of whom, and how many."""
    emit(f"{in_language(plan.title, plan.title_zh)} ({plan.code}), {label(plan.state, 'survey_state')}")
    frame = "; ".join(f"{name}: {', '.join(values)}" for name, values in plan.frame.items())
    days = " - ".join(day or "…" for day in (plan.starts_on, plan.ends_on)) if plan.starts_on or plan.ends_on else ""
    scripted = str(plan.questionnaire) if plan.questionnaire else _("from the indicators")
    facts = (
        (_("Purpose"), plan.purpose),
        (_("Who asks"), label(plan.assessor, "assessor")),
        (_("Channel"), plan.channel),
        (_("How"), plan.mode),
        (_("Trigger"), label(plan.trigger, "trigger") if plan.trigger else ""),
        (_("Series and wave"), " ".join(part for part in (plan.series, plan.wave) if part)),
        (_("Days"), days),
        (_("Responsible"), plan.owner),
        (_("Budget"), plan.budget),
        (_("Tree"), plan.tree),
        (_("Scale"), plan.scale),
        (_("Questionnaire"), scripted),
        (_("Population"), "" if plan.population is None else f"{plan.population} {frame}".strip()),
        (_("Counted on"), plan.frame_on),
        (_("Margin"), "" if plan.margin is None else f"±{100 * plan.margin:g}"),
        (_("Needed"), "" if plan.needed is None else str(plan.needed)),
        (_("To invite"), "" if plan.invitations is None else str(plan.invitations)),
        (_("Strata"), f"{plan.stratify_by} ({plan.allocation})" if plan.stratify_by else ""),
        (_("Days of rest"), str(plan.rest_days) if plan.needed is not None else ""),
        (_("Drawn"), "" if plan.total is None else str(plan.total.drawn)),
        (_("Seed"), "" if plan.seed is None else str(plan.seed)),
        (_("Left out"), ", ".join(f"{count} {label(why, 'exclusion')}" for why, count in plan.exclusions.items())),
        (_("Responses"), str(plan.responses)),
    )
    for name, value in facts:
        if value:
            emit(f"{name}: {value}")


def emit_progress(plan: SurveyPlan) -> None:
    """Print how far asking has come, by stratum and in all."""
    if plan.total is None:
        return
    emit()
    rows = [_progress_cells(one) for one in plan.strata]
    if len(rows) > 1 or plan.stratify_by:
        rows.append(_progress_cells(plan.total))
    else:
        rows = [_progress_cells(plan.total)]
    emit_table(
        (
            _("Stratum"),
            _("Population"),
            _("Needed"),
            _("Drawn"),
            _("Invited"),
            _("Complete"),
            _("Partial"),
            _("Refused"),
            _("Not reached"),
            _("Other"),
            _("Pending"),
            "RR1",
            _("Expected"),
            "±",
            "",
        ),
        rows,
        numeric=range(1, 14),
    )
    for warning in plan.warnings:
        narrate(_("note: {text}").format(text=warning))


def _progress_cells(one: StratumProgress) -> tuple[str, ...]:
    verdict = "" if one.meets is None else _("will do") if one.meets else _("too few")
    expected = "" if one.expected is None else f"{one.expected:.0f}"
    if one.low is not None and one.high is not None and one.pending:
        expected += f" [{one.low:.0f}-{one.high:.0f}]"
    numbers = (
        one.population, one.needed, one.drawn, one.invited, one.complete, one.partial + one.started, one.refused,
        one.not_reached, one.other, one.pending,
    )  # fmt: skip
    return (
        one.name or _("All"),
        *(str(number) for number in numbers),
        percent(one.rr1),
        expected,
        "" if one.half_width is None else f"{100 * one.half_width:.1f}",
        verdict,
    )
