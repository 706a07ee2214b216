"""``ombud survey``: surveys planned, their samples drawn, and their end."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands import survey_answers, survey_fieldwork
from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, narrate
from console.commands.survey_records import emit_plan, emit_progress, plan_record, survey_record
from console.i18n import _, in_language
from console.labels import label

if TYPE_CHECKING:
    from console.services.survey_plans import PlanWish

app = typer.Typer(no_args_is_help=True)

Code = Annotated[str, typer.Argument(metavar="SURVEY", help="The code of the survey.")]
Many = list[str] | None


@app.callback()
def survey() -> None:
    """Surveys: plan, sample, ask, and see how far asking has come."""


def _whole(text: str, option: str) -> tuple[int, int]:
    from console.errors import UsageError

    low, _comma, high = text.partition(",")
    try:
        return int(low), int(high)
    except ValueError:
        raise UsageError(f"{option} {text} does not name two ends.", f"Write {option} 1,5.") from None


def _numbers(text: str, option: str) -> tuple[float, ...]:
    from console.errors import UsageError

    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise UsageError(f"{option} {text} is not a list of numbers.", "Write them with commas between.") from None


def _day(text: str, option: str) -> date | None:
    from console.errors import UsageError

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"{option} {text} is no day.", "Write it as 2026-11-30.") from None


def _pairs(texts: Many, option: str) -> dict[str, float]:
    from console.errors import UsageError

    found = {}
    for text in texts or ():
        name, _equals, number = text.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise UsageError(f"{option} {text} is not NAME=NUMBER.", f"Write {option} east=0.45.") from None
    return found


@app.command("new")
@app.command("plan")
def plan(
    context: typer.Context,
    code: Code,
    title: Annotated[str, typer.Option("--title", help="Its title.")] = "",
    title_zh: Annotated[str, typer.Option("--title-zh", help="Its Chinese title.")] = "",
    tree: Annotated[str, typer.Option("--tree", metavar="NAME", help="Ask the leaves of a ready tree.")] = "",
    margin: Annotated[float, typer.Option("--margin", help="Wanted margin of error, 0.05 for 5 points.")] = 0.05,
    share: Annotated[float, typer.Option("--share", help="Expected share; 0.5 is the safe one.")] = 0.5,
    deff: Annotated[float, typer.Option("--deff", help="Design effect of unequal weights.")] = 1.0,
    response_rate: Annotated[float, typer.Option("--response-rate", help="Expected response rate, 0 to 1.")] = 1.0,
    by: Annotated[
        str, typer.Option("--by", metavar="A,B", help="Strata: region, kind, supply, size, credit, relationship.")
    ] = "",
    allocation: Annotated[
        str, typer.Option("--allocation", metavar="proportional|neyman|'square root'", help="How strata share it.")
    ] = "proportional",
    minimum: Annotated[int, typer.Option("--minimum", min=0, help="Least answers of a stratum; 30 is customary.")] = 0,
    deviation: Annotated[
        Many, typer.Option("--deviation", metavar="STRATUM=SD", help="For Neyman; may be repeated.")
    ] = None,
    deviations_from: Annotated[
        str, typer.Option("--deviations-from", metavar="SURVEY", help="Take them from an earlier survey.")
    ] = "",
    where: Annotated[
        str, typer.Option("--where", metavar="FILTER", help="Only customers of this filter, such as segment:NAME.")
    ] = "",
    region: Annotated[Many, typer.Option("--region", help="Only customers of this region; may be repeated.")] = None,
    kind: Annotated[Many, typer.Option("--kind", help="Only of this kind; may be repeated.")] = None,
    supply: Annotated[Many, typer.Option("--supply", help="Only of this supply category; may be repeated.")] = None,
    size: Annotated[Many, typer.Option("--size", help="Only of this size; may be repeated.")] = None,
    credit: Annotated[Many, typer.Option("--credit", help="Only of this credit grade; may be repeated.")] = None,
    relationship: Annotated[Many, typer.Option("--relationship", help="Else all who are supplied now.")] = None,
    assessor: Annotated[str, typer.Option("--assessor", metavar="self|third_party", help="Who asks.")] = "self",
    channel: Annotated[
        str, typer.Option("--channel", help="telephone, questionnaire, visit, sms, email, device.")
    ] = "",
    mode: Annotated[str, typer.Option("--mode", help="How it is asked, in words.")] = "",
    series: Annotated[str, typer.Option("--series", help="The series of waves it belongs to.")] = "",
    wave: Annotated[str, typer.Option("--wave", help="Which wave it is.")] = "",
    starts: Annotated[str, typer.Option("--starts", metavar="DAY", help="First day of fieldwork.")] = "",
    ends: Annotated[str, typer.Option("--ends", metavar="DAY", help="Last day of fieldwork.")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="What it is to find out.")] = "",
    trigger: Annotated[
        str, typer.Option("--trigger", metavar="relationship|event", help="Asked regularly, or after a service.")
    ] = "relationship",
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it.")] = "",
    budget: Annotated[str, typer.Option("--budget", help="What it may cost.")] = "",
    rest_days: Annotated[int, typer.Option("--rest-days", min=0, help="Leave out who was asked so lately.")] = 90,
    attempts: Annotated[int, typer.Option("--attempts", min=1, help="How often somebody is tried.")] = 3,
    scale: Annotated[str, typer.Option("--scale", metavar="LOW,HIGH", help="Lowest and highest level.")] = "1,5",
    level_scores: Annotated[
        str, typer.Option("--level-scores", metavar="0.2,0.4,…", help="Scores of the levels from the lowest.")
    ] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Plan a survey: whom to ask, how many answers are needed for a margin, and how strata share them."""
    from console.services.survey_plans import PlanWish

    wish = PlanWish(
        code=code,
        title=title,
        title_zh=title_zh,
        tree=tree,
        margin=margin,
        share=share,
        deff=deff,
        response_rate=response_rate,
        stratify_by=by,
        allocation=allocation,
        minimum=minimum,
        deviations=_pairs(deviation, "--deviation"),
        deviations_from=deviations_from,
        where=where,
        regions=tuple(region or ()),
        kinds=tuple(kind or ()),
        supplies=tuple(supply or ()),
        sizes=tuple(size or ()),
        credits=tuple(credit or ()),
        relationships=tuple(relationship or ()),
        assessor=assessor,
        channel=channel,
        mode=mode,
        series=series,
        wave=wave,
        starts_on=_day(starts, "--starts"),
        ends_on=_day(ends, "--ends"),
        purpose=purpose,
        trigger=trigger,
        owner=owner,
        budget=budget,
        rest_days=rest_days,
        attempts=attempts,
        scale=_whole(scale, "--scale"),
        level_scores=_numbers(level_scores, "--level-scores"),
    )
    _enter(wish, database, is_new=context.info_name == "new", as_json=as_json)


def _enter(wish: PlanWish, database: str | None, *, is_new: bool, as_json: bool) -> None:
    from console.errors import ConflictError
    from console.services.survey_plans import is_known, plan_survey

    with opened(database) as store:
        if is_new and is_known(store, wish.code):
            raise ConflictError(
                f"There is a survey {wish.code} already.", f"Plan it anew: ombud survey plan {wish.code}"
            )
        found = plan_survey(store, wish, actor=caller())
    emit_json(plan_record(found)) if as_json else emit_plan(found)


@app.command("draw")
def draw(
    code: Code,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Made and recorded without it.")] = None,
    size: Annotated[int | None, typer.Option("--size", min=1, help="Invite so many instead of the planned.")] = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Draw the sample by a recorded seed: the same seed on the same customers draws the same people."""
    import secrets

    from console.services.samples import draw_sample

    with opened(database) as store:
        found = draw_sample(store, code, secrets.randbelow(2**31) if seed is None else seed, actor=caller(), size=size)
    if as_json:
        emit_json(plan_record(found))
        return
    emit_plan(found)
    short = (size or found.invitations or 0) - (found.total.drawn if found.total else 0)
    if short > 0:
        narrate(_("{count} fewer than planned were left to be drawn.").format(count=short))
    for why, count in found.exclusions.items():
        narrate(_("left out: {count} {reason}").format(count=count, reason=label(why, "exclusion")))


@app.command("show")
def show(code: Code, as_json: AsJson = False, database: Database = None) -> None:
    """Show the plan of a survey and how far it has come."""
    from console.services.survey_plans import plan_of

    with opened(database) as store:
        found = plan_of(store, code)
    if as_json:
        emit_json(plan_record(found))
        return
    emit_plan(found)
    emit_progress(found)


@app.command("list")
def list_surveys(as_json: AsJson = False, as_json_lines: AsJsonLines = False, database: Database = None) -> None:
    """List the surveys there are, the newest first."""
    from console.services.surveys import surveys

    with opened(database) as store:
        found = surveys(store)
    if as_json:
        emit_json({"surveys": [survey_record(row) for row in found]})
    elif as_json_lines:
        for row in found:
            emit_json(survey_record(row))
    else:
        emit_table(
            (_("Survey"), _("Title"), _("Wave"), _("Who asks"), _("State"), _("Needed"), _("Drawn"), _("Responses")),
            (
                (
                    row.code,
                    in_language(row.title, row.title_zh),
                    row.wave,
                    label(row.assessor, "assessor"),
                    label(row.state, "survey_state"),
                    "" if row.needed is None else str(row.needed),
                    str(row.drawn or ""),
                    str(row.responses),
                )
                for row in found
            ),
            numeric=(5, 6, 7),
        )


@app.command("close")
def close(code: Code, as_json: AsJson = False, database: Database = None) -> None:
    """End the fieldwork: nothing more is answered; interviews under way are kept as partial ones."""
    from console.services.surveys import close_survey

    with opened(database) as store:
        found = close_survey(store, code, actor=caller())
    emit_json(plan_record(found)) if as_json else emit(
        _("{survey} is closed with {count} responses.").format(survey=code, count=found.responses)
    )


@app.command("reopen")
def reopen(code: Code, as_json: AsJson = False, database: Database = None) -> None:
    """Let a closed survey be answered again."""
    from console.services.surveys import reopen_survey

    with opened(database) as store:
        found = reopen_survey(store, code, actor=caller())
    emit_json(plan_record(found)) if as_json else emit(_("{survey} is open again.").format(survey=code))


@app.command("trees")
def trees(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show the nodes of this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the ready indicator trees, or show one with its weights."""
    from console.rules.indicator_trees import load_tree, ready_trees

    if name is None:
        found = [load_tree(ready) for ready in ready_trees()]
        if as_json:
            emit_json({"trees": [asdict(tree) for tree in found]})
            return
        emit_table(
            (_("Tree"), _("Title"), _("Leaves")),
            ((tree.name, in_language(tree.title, tree.title_zh), str(len(tree.leaves))) for tree in found),
            numeric=(2,),
        )
        return
    tree = load_tree(name)
    if as_json:
        emit_json(asdict(tree))
        return
    depths: dict[str, int] = {}
    for node in tree.nodes:
        depths[node.id] = depths[node.parent] + 1 if node.parent else 0
    emit_table(
        (_("Node"), _("Indicator"), _("Weight")),
        (
            (node.id, "  " * depths[node.id] + in_language(node.label, node.label_zh), f"{node.weight:g}")
            for node in tree.nodes
        ),
        numeric=(2,),
    )


survey_fieldwork.register(app)
survey_answers.register(app)
