"""``ombud satisfaction plan``: a survey planned, its sample drawn, and how far fieldwork has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.database import AsJson, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table
from console.commands.satisfaction_output import label_of, tell
from console.commands.table_files import Csv, Format, Output, exported
from console.i18n import _

if TYPE_CHECKING:
    from console.services.satisfaction_views import SurveyPlan


def plan(
    code: Annotated[str, typer.Argument(metavar="SURVEY", help="The code of the survey.")],
    title: Annotated[str, typer.Option("--title", help="Its title.")] = "",
    title_zh: Annotated[str, typer.Option("--title-zh", help="Its Chinese title.")] = "",
    margin: Annotated[
        float | None, typer.Option("--margin", help="Wanted margin of error, 0.05 for 5 points: plans the survey.")
    ] = None,
    share: Annotated[float, typer.Option("--share", help="Expected share; 0.5 is the safe one.")] = 0.5,
    deff: Annotated[float, typer.Option("--deff", help="Design effect of unequal weights.")] = 1.0,
    response_rate: Annotated[float, typer.Option("--response-rate", help="Expected response rate, 0 to 1.")] = 1.0,
    stratify_by: Annotated[str, typer.Option("--by", metavar="region|kind|supply|size", help="Strata.")] = "",
    allocation: Annotated[
        str, typer.Option("--allocation", metavar="proportional|'square root'", help="How strata share the sample.")
    ] = "proportional",
    minimum: Annotated[int, typer.Option("--minimum", min=0, help="Least number of a stratum.")] = 0,
    assessor: Annotated[str, typer.Option("--assessor", metavar="self|third_party", help="Who asks.")] = "self",
    channel: Annotated[str, typer.Option("--channel", help="How: telephone, questionnaire, visit, sms, device.")] = "",
    series: Annotated[str, typer.Option("--series", help="The series of waves it belongs to.")] = "",
    wave: Annotated[str, typer.Option("--wave", help="Which wave it is.")] = "",
    region: Annotated[
        list[str] | None, typer.Option("--region", help="Only customers of this region; may be repeated.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only customers of this kind; may be repeated.")
    ] = None,
    scale: Annotated[str, typer.Option("--scale", metavar="LOW,HIGH", help="Lowest and highest level.")] = "1,5",
    level_scores: Annotated[
        str, typer.Option("--level-scores", metavar="0.2,0.4,…", help="Scores of the levels from the lowest.")
    ] = "",
    ready: Annotated[str, typer.Option("--tree", metavar="NAME", help="Ask the leaves of a ready tree.")] = "",
    draw: Annotated[bool, typer.Option("--draw", help="Draw the sample now.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of the draw; made and recorded without it.")] = None,
    size: Annotated[
        int | None, typer.Option("--size", min=1, help="Invite so many instead of the planned number.")
    ] = None,
    members: Annotated[bool, typer.Option("--members", help="List who was drawn.")] = False,
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Plan a survey, draw its sample by a recorded seed, and show how far fieldwork has come."""
    from console.errors import UsageError
    from console.services import surveys
    from console.services.figure_tables import plan_rows, with_exclusions

    with opened(database) as store:
        if margin is not None:
            ends = _numbers(scale, "--scale", int)
            if len(ends) != 2:
                raise UsageError(f"--scale {scale} does not name two ends.", "Write --scale 1,5.")
            surveys.plan_survey(
                store,
                surveys.PlanWish(
                    code=code,
                    title=title,
                    title_zh=title_zh,
                    series=series,
                    wave=wave,
                    assessor=assessor,
                    channel=channel,
                    scale=(int(ends[0]), int(ends[1])),
                    level_scores=tuple(_numbers(level_scores, "--level-scores", float)) if level_scores else (),
                    margin=margin,
                    share=share,
                    deff=deff,
                    response_rate=response_rate,
                    stratify_by=stratify_by,
                    allocation=allocation,
                    minimum=minimum,
                    regions=tuple(region or ()),
                    kinds=tuple(kind or ()),
                    tree=ready,
                ),
                actor=caller(),
            )
        if draw:
            import secrets

            surveys.draw_sample(
                store, code, secrets.randbelow(2**31) if seed is None else seed, actor=caller(), size=size
            )
        found = surveys.plan_of(store, code)
        table = with_exclusions(store, plan_rows(found))
        listed = surveys.sample(store, code) if members else []
    if exported(table, csv, format_, output):
        return
    _show(found, listed, as_json=as_json)


def _show(found: SurveyPlan, listed: Sequence[tuple[str, str, str, str, int]], *, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                **asdict(found),
                "members": [
                    {"customer": number, "name": name, "stratum": stratum, "state": state, "attempts": attempts}
                    for number, name, stratum, state, attempts in listed
                ],
            }
        )
        return
    emit(f"{label_of(found.title, found.title_zh)} ({found.code}), {found.assessor}")
    emit(
        _(
            "population {population}, needed {needed}, to invite {invitations}, margin {margin}, seed {seed}, "
            "excluded {excluded}, answered {responses}"
        ).format(
            population=found.population or "-",
            needed=found.needed or "-",
            invitations=found.invitations or "-",
            margin="-" if found.margin is None else f"{100 * found.margin:g}",
            seed="-" if found.seed is None else found.seed,
            excluded=found.excluded,
            responses=found.responses,
        )
    )
    if found.strata:
        emit_table(
            (
                _("Stratum"),
                _("Population"),
                _("Drawn"),
                _("Invited"),
                _("Complete"),
                _("Refused"),
                _("Not reached"),
                _("Expected"),
                "±",
            ),
            (
                (
                    one.name or _("All"),
                    str(one.population),
                    str(one.drawn),
                    str(one.invited),
                    str(one.complete),
                    str(one.refused),
                    str(one.not_reached),
                    "" if one.expected is None else f"{one.expected:.0f}",
                    "" if one.half_width is None else f"{100 * one.half_width:.1f}",
                )
                for one in found.strata
            ),
            numeric=range(1, 9),
        )
    for number, name, stratum, state, attempts in listed:
        emit(f"{number}\t{name}\t{stratum}\t{state}\t{attempts}")
    tell(found.warnings)


def _numbers(text: str, option: str, kind: type[int] | type[float]) -> list[float]:
    from console.errors import UsageError

    try:
        return [float(kind(part)) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"{option} {text} is not a list of numbers.", "Write them with commas between: 1,5") from None
