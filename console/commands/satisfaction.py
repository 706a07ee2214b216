"""``ombud satisfaction``: what customers answered, in figures that say how far they can be trusted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands import (
    satisfaction_drivers,
    satisfaction_overview,
    satisfaction_plan,
    satisfaction_slices,
    satisfaction_weights,
)
from console.commands.database import AsJson, Database, opened
from console.commands.output import emit, emit_json, emit_table
from console.commands.satisfaction_output import FilterText, Weights, label_of, sliced, tell, zone
from console.commands.table_files import Csv, Format, Output, exported
from console.i18n import _

if TYPE_CHECKING:
    from console.services.satisfaction_views import SurveyFigures

app = typer.Typer(no_args_is_help=True)


@app.callback()
def satisfaction() -> None:
    """What customers answered in surveys."""


@app.command("summary")
def summary(
    filter_text: FilterText = None,
    weights: Weights = None,
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show each survey's index and indicators: answers, mean level, share of the two highest levels with its interval."""
    from console.commands.satisfaction_records import survey_record
    from console.errors import NotFoundError
    from console.services import satisfaction as questions
    from console.services.figure_tables import summary_rows, with_exclusions

    with opened(database) as store:
        try:
            found = questions.figures(store, sliced(None, filter_text, weights), zone=zone())
        except NotFoundError:
            if filter_text or weights:
                raise
            found = ()
        table = with_exclusions(store, summary_rows(found))
    if exported(table, csv, format_, output):
        return
    if as_json:
        emit_json({"surveys": [survey_record(survey) for survey in found]})
        return
    for survey in found:
        _tell_survey(survey)


def _tell_survey(survey: SurveyFigures) -> None:
    from console.commands.satisfaction_records import limits, shown

    low, _dash, high = survey.scale.partition("-")
    emit(
        _("{title}: {count} responses, levels {low} to {high}").format(
            title=label_of(survey.title, survey.title_zh), count=survey.responses, low=low, high=high
        )
    )
    if survey.quality_rule != "none":
        emit(
            _("left out of all figures by the rule {rule}: {count} of {responses} responses").format(
                rule=survey.quality_rule, count=survey.excluded, responses=survey.responses
            )
        )
    rate = survey.response_rate
    emit(
        _(
            "index {value} [{interval}] on {scale}, n {n}, coverage {coverage:.0%}, weights {version}, response rate {rate}"
        ).format(
            value=shown(survey.index) or "-",
            interval=limits(survey.index) or "-",
            scale=survey.index.scale,
            n=survey.index.n,
            coverage=survey.index.coverage,
            version=survey.index.weights_version or "-",
            rate="-" if rate is None else f"{shown(rate)}%",
        )
    )
    emit_table(
        (_("Indicator"), "n", _("Mean"), _("Weighted"), _("Score"), _("Top two %"), _("95 % interval"), "NPS"),
        (
            (
                f"{item.code}  {label_of(item.label, item.label_zh)}" if item.code != item.label else item.code,
                str(item.mean.n),
                shown(item.plain_mean),
                shown(item.mean),
                shown(item.score),
                shown(item.plain_top_two),
                limits(item.plain_top_two),
                shown(item.plain_special) if item.kind == "nps" else "",
            )
            for item in survey.items
            if item.kind != "text"
        ),
        numeric=(1, 2, 3, 4, 5, 6, 7),
    )
    emit()
    tell((*survey.warnings, *survey.index.warnings))


@app.command("tree")
def tree(
    filter_text: FilterText = None,
    survey: Annotated[str | None, typer.Option("--survey", metavar="CODE", help="The survey; else the newest.")] = None,
    name: Annotated[
        str | None, typer.Option("--tree", metavar="NAME", help="A ready tree, or own; `list` names the ready ones.")
    ] = None,
    target: Annotated[
        float | None, typer.Option("--target", help="Target on 0 to 100 for nodes without their own.")
    ] = None,
    weights: Weights = None,
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Roll the indicator tree up, with coverage and what each node costs against the target."""
    from console.commands.satisfaction_records import limits, shown
    from console.rules.indicator_trees import load_tree, ready_trees
    from console.services.figure_tables import exclusions, tree_rows, with_exclusions
    from console.services.indicator_trees import tree as rolled

    if name == "list":
        trees = [load_tree(ready) for ready in ready_trees()]
        if as_json:
            emit_json({"trees": [asdict(ready) for ready in trees]})
        else:
            emit_table(
                (_("Tree"), _("Title"), _("Leaves")),
                ((ready.name, label_of(ready.title, ready.title_zh), str(len(ready.leaves))) for ready in trees),
                numeric=(2,),
            )
        return
    with opened(database) as store:
        found = rolled(store, sliced(survey, filter_text, weights), name=name, target=target, zone=zone())
        table = with_exclusions(store, tree_rows(found))
        left_out = exclusions(store, [found.survey]).get(found.survey, {})
    if exported(table, csv, format_, output):
        return
    if as_json:
        emit_json({**asdict(found), **left_out})
        return
    emit_table(
        (_("Indicator"), _("Weight"), _("Score"), _("95 % interval"), "n", _("Coverage"), _("Shortfall"), ""),
        (
            (
                "  " * node.depth + label_of(node.label, node.label_zh),
                f"{100 * node.weight:.0f}%",
                shown(node.figure) or "-",
                limits(node.figure),
                str(node.figure.n),
                f"{100 * node.figure.coverage:.0f}%",
                "" if node.shortfall is None else f"{node.shortfall:+.2f}",
                "" if node.is_publishable else _("no data") if node.figure.coverage == 0 else _("not publishable"),
            )
            for node in found.nodes
        ),
        numeric=(1, 2, 3, 4, 5, 6),
    )
    emit(
        _("survey {survey}, tree {tree}, scale {scale}, weights {version}").format(
            survey=found.survey, tree=found.tree, scale=found.root.scale, version=found.weights_version
        )
    )
    if found.unplaced:
        tell([_("in no leaf of this tree: {codes}").format(codes=", ".join(found.unplaced))])
    tell(found.warnings)


app.command("overview")(satisfaction_overview.overview)
app.command("drivers")(satisfaction_drivers.drivers)
app.command("pivot")(satisfaction_slices.pivot)
app.command("compare")(satisfaction_slices.compare)
app.command("plan")(satisfaction_plan.plan)
app.command("weights")(satisfaction_weights.weights)
app.command("answers")(satisfaction_slices.answers)
app.command("cells")(satisfaction_slices.cells)
