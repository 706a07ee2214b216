"""``ombud satisfaction``: what customers answered, in figures that say how far they can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.i18n import _, chosen_language

app = typer.Typer(no_args_is_help=True)

FilterText = Annotated[
    str | None,
    typer.Argument(metavar="[FILTER]", help="Such as: survey:callback region:east month:2026-11; see the README."),
]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", help="Write the table as CSV, with n, interval, scale and coverage."),
]


@app.callback()
def satisfaction() -> None:
    """What customers answered in surveys."""


def _zone() -> str:
    from console.settings import load_settings

    return load_settings().zone


def _label(label: str, label_zh: str) -> str:
    return label_zh if label_zh and chosen_language().startswith("zh") else label


def _write_csv(path: Path | None, rows: Iterable[dict[str, Any]]) -> None:
    """Write records as CSV that no spreadsheet runs."""
    if path is None:
        return
    import csv

    from console.transfer.formulas import guarded
    from console.transfer.new_file import NewFile

    listed = list(rows)
    file = NewFile(path)
    try:
        text = file.text()
        writer = csv.writer(text, lineterminator="\r\n")
        if listed:
            writer.writerow(listed[0])
        for row in listed:
            writer.writerow(
                [guarded(value) if isinstance(value, str) else "" if value is None else value for value in row.values()]
            )
        text.flush()
        file.keep()
    except BaseException:
        file.drop()
        raise
    narrate(_("{count} rows to {path}").format(count=len(listed), path=path))


def _tell(warnings: Iterable[str]) -> None:
    for warning in warnings:
        narrate(_("note: {text}").format(text=warning))


@app.command("summary")
def summary(
    filter_text: FilterText = None, csv: Csv = None, as_json: AsJson = False, database: Database = None
) -> None:
    """Show each survey's index and indicators: answers, mean level, share of the two highest levels with its interval."""
    from console.commands.satisfaction_records import figure_cells, limits, shown, survey_record
    from console.errors import NotFoundError
    from console.services import satisfaction as questions

    with opened(database) as store:
        try:
            found = questions.figures(store, filter_text or "", zone=_zone())
        except NotFoundError:
            if filter_text:
                raise
            found = ()
    _write_csv(
        csv,
        (
            {
                "survey": survey.code,
                "indicator": item.code,
                "label": item.label,
                "measure": name,
                **figure_cells(figure),
            }
            for survey in found
            for item in survey.items
            for name, figure in (
                ("mean", item.mean),
                ("score", item.score),
                ("top_two", item.top_two),
                ("special", item.special),
            )
            if figure is not None
        ),
    )
    if as_json:
        emit_json({"surveys": [survey_record(survey) for survey in found]})
        return
    for survey in found:
        low, _dash, high = survey.scale.partition("-")
        emit(
            _("{title}: {count} responses, levels {low} to {high}").format(
                title=_label(survey.title, survey.title_zh), count=survey.responses, low=low, high=high
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
                    f"{item.code}  {_label(item.label, item.label_zh)}" if item.code != item.label else item.code,
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
        _tell((*survey.warnings, *survey.index.warnings))


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
    csv: Csv = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Roll the indicator tree up, with coverage and what each node costs against the target."""
    from console.commands.satisfaction_records import figure_cells, limits, shown
    from console.rules.indicator_trees import load_tree, ready_trees
    from console.services.indicator_trees import tree as rolled

    if name == "list":
        trees = [load_tree(ready) for ready in ready_trees()]
        if as_json:
            emit_json({"trees": [asdict(ready) for ready in trees]})
        else:
            emit_table(
                (_("Tree"), _("Title"), _("Leaves")),
                ((ready.name, _label(ready.title, ready.title_zh), str(len(ready.leaves))) for ready in trees),
                numeric=(2,),
            )
        return
    with opened(database) as store:
        found = rolled(store, _sliced(survey, filter_text), name=name, target=target, zone=_zone())
    _write_csv(
        csv,
        (
            {
                "survey": found.survey,
                "tree": found.tree,
                "node": node.id,
                "parent": node.parent or "",
                "label": node.label,
                "weight": node.weight,
                "used_weight": node.used_weight,
                "shortfall": node.shortfall,
                **figure_cells(node.figure),
            }
            for node in found.nodes
        ),
    )
    if as_json:
        emit_json(asdict(found))
        return
    emit_table(
        (_("Indicator"), _("Weight"), _("Score"), _("95 % interval"), "n", _("Coverage"), _("Shortfall"), ""),
        (
            (
                "  " * node.depth + _label(node.label, node.label_zh),
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
        _tell([_("in no leaf of this tree: {codes}").format(codes=", ".join(found.unplaced))])
    _tell(found.warnings)


def _sliced(survey: str | None, filter_text: str | None) -> str:
    parts = [f'survey:"{survey}"' if survey else "", filter_text or ""]
    return " ".join(part for part in parts if part)


@app.command("drivers")
def drivers(
    filter_text: FilterText = None,
    overall: Annotated[str | None, typer.Option("--overall", metavar="CODE", help="The overall question.")] = None,
    items: Annotated[
        str | None, typer.Option("--items", metavar="A,B", help="The drivers; else all other ratings.")
    ] = None,
    crosshair: Annotated[
        str, typer.Option("--crosshair", metavar="mean|median", help="Where quadrants cross.")
    ] = "mean",
    replicates: Annotated[int, typer.Option("--replicates", min=20, max=10_000, help="Bootstrap replicates.")] = 500,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the bootstrap.")] = 1,
    paths: Annotated[
        str | None, typer.Option("--paths", metavar="A>B,C>B", help="Fit a path model between groups instead.")
    ] = None,
    standardised: Annotated[bool, typer.Option("--standardised", help="Standardise items in the path model.")] = False,
    csv: Csv = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show what moves overall satisfaction: importance, performance, quadrants and how stable they are."""
    from console.commands.satisfaction_records import figure_cells, limits, shown
    from console.errors import UsageError
    from console.measures.quadrants import Crosshair
    from console.services import drivers as questions

    if paths is not None:
        pairs = [tuple(part.strip() for part in pair.split(">")) for pair in paths.split(",")]
        if any(len(pair) != 2 or not all(pair) for pair in pairs):
            raise UsageError(f"--paths {paths} is not a list of paths.", "Write CAUSE>EFFECT,CAUSE>EFFECT.")
        with opened(database) as store:
            fit = questions.path_model(
                store,
                filter_text or "",
                [(pair[0], pair[1]) for pair in pairs],
                is_standardised=standardised,
                zone=_zone(),
            )
        if as_json:
            emit_json(
                {
                    **asdict(fit),
                    "variables": [{"name": name, "index": index, "r_squared": r} for name, index, r in fit.variables],
                    "paths": [{"cause": a, "effect": b, "direct": d, "total": t} for a, b, d, t in fit.paths],
                }
            )
            return
        emit_table(
            (_("Group"), _("Index"), "R2"),
            (
                (name, "" if index is None else f"{index:.2f}", "" if r is None else f"{r:.6f}")
                for name, index, r in fit.variables
            ),
            numeric=(1, 2),
        )
        emit_table(
            (_("Cause"), _("Effect"), _("Direct"), _("Total")),
            ((a, b, f"{d:.6f}", f"{t:.6f}") for a, b, d, t in fit.paths),
            numeric=(2, 3),
        )
        _tell(fit.warnings)
        return
    if crosshair not in (Crosshair.MEAN, Crosshair.MEDIAN):
        raise UsageError(f"There is no crosshair {crosshair}.", "Use mean or median.")
    with opened(database) as store:
        found = questions.drivers(
            store,
            filter_text or "",
            overall=overall,
            codes=[code.strip() for code in items.split(",") if code.strip()] if items else (),
            crosshair=Crosshair(crosshair),
            replicates=replicates,
            seed=seed,
            zone=_zone(),
        )
    _write_csv(
        csv,
        (
            {
                "survey": found.survey,
                "driver": row.code,
                "share": row.share,
                "priority": row.priority,
                "quadrant": row.quadrant,
                "probability": row.probability,
                **figure_cells(row.performance),
            }
            for row in found.drivers
        ),
    )
    if as_json:
        emit_json(asdict(found))
        return
    emit_table(
        (_("Driver"), _("Importance %"), _("Performance"), _("95 % interval"), _("Priority"), _("Quadrant"), _("Sure")),
        (
            (
                f"{row.code}  {_label(row.label, row.label_zh)}" if row.code != row.label else row.code,
                f"{100 * row.share:.1f}",
                shown(row.performance),
                limits(row.performance),
                "" if row.priority is None else f"{row.priority:.2f}",
                row.quadrant if row.is_sure else f"({row.quadrant})",
                "" if row.probability is None else f"{100 * row.probability:.0f}%",
            )
            for row in found.drivers
        ),
        numeric=(1, 2, 3, 4, 6),
    )
    emit(
        _("{method} for {overall}, R2 {r:.3f}, n {n}, {missing} incomplete, crosshair {crosshair}").format(
            method=found.method,
            overall=found.overall,
            r=found.r_squared,
            n=found.n,
            missing=found.n_missing,
            crosshair=found.crosshair,
        )
    )
    _tell(found.warnings)


@app.command("pivot")
def pivot(
    rows: Annotated[
        str, typer.Argument(metavar="ROWS", help="region, kind, supply, channel, department, month, indicator.")
    ],
    columns: Annotated[
        str, typer.Argument(metavar="[COLUMNS]", help="Another of these; none for a plain breakdown.")
    ] = "",
    where: Annotated[
        str | None, typer.Option("--where", metavar="FILTER", help="Such as: survey:callback month:2026-11.")
    ] = None,
    measure: Annotated[
        str, typer.Option("--measure", metavar="mean|score|top2|nps|n", help="What the cells say.")
    ] = "score",
    csv: Csv = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Put two dimensions against each other; cells under 5 answers are hidden, under 30 marked with ~."""
    from console.commands.satisfaction_records import figure_cells, pivot_record, shown
    from console.services.pivots import pivot as made

    with opened(database) as store:
        table = made(store, rows, columns, where or "", measure=measure, zone=_zone())
    _write_csv(
        csv,
        (
            {
                "survey": table.survey,
                table.row_dimension: cell.row,
                table.column_dimension or "all": cell.column,
                "measure": table.measure,
                **figure_cells(cell.figure),
            }
            for cell in table.cells
        ),
    )
    if as_json:
        emit_json(pivot_record(table))
        return
    across: Sequence[str] = table.columns if columns else ()
    emit_table(
        (rows, *(column or "-" for column in across), _("All"), "n"),
        [
            *(
                (
                    row or "-",
                    *(shown(table.cell(row, column)) for column in across),
                    shown(table.row_totals[place]),
                    str(table.row_totals[place].n),
                )
                for place, row in enumerate(table.rows)
            ),
            (_("All"), *(shown(figure) for figure in table.column_totals), shown(table.total), str(table.total.n)),
        ],
        numeric=range(1, len(across) + 3),
    )
    emit(
        _("{measure} of {indicator} in {survey}, scale {scale}; totals pool answers").format(
            measure=table.measure, indicator=table.indicator, survey=table.survey, scale=table.total.scale or "-"
        )
    )


@app.command("compare")
def compare(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A filter: one wave or slice.")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="A filter: the other one.")],
    split_by: Annotated[
        str, typer.Option("--by", metavar="DIMENSION", help="Split the change into mix and rate over this.")
    ] = "",
    csv: Csv = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Compare two waves or slices, second minus first, with a test; a change is split into mix and rate."""
    from console.commands.satisfaction_records import figure_cells, limits, shown
    from console.services.comparisons import compare as compared

    with opened(database) as store:
        found = compared(store, first, second, split_by=split_by, zone=_zone())
    _write_csv(
        csv,
        (
            {
                "indicator": one.indicator,
                "first": one.first.value,
                "second": one.second.value,
                "p": one.p,
                "mix": one.mix,
                "rate": one.rate,
                "verdict": one.verdict,
                **figure_cells(one.difference),
            }
            for one in found
        ),
    )
    if as_json:
        emit_json({"comparisons": [asdict(one) for one in found]})
        return
    emit_table(
        (
            _("Indicator"),
            "n1",
            _("First"),
            "n2",
            _("Second"),
            _("Change"),
            _("95 % interval"),
            "p",
            _("Mix"),
            _("Rate"),
            _("Verdict"),
        ),
        (
            (
                one.indicator,
                str(one.first.n),
                shown(one.first),
                str(one.second.n),
                shown(one.second),
                "" if one.difference.value is None else f"{one.difference.value:+.1f}{one.difference.mark}",
                limits(one.difference),
                "" if one.p is None else f"{one.p:.3f}",
                "" if one.mix is None else f"{one.mix:+.1f}",
                "" if one.rate is None else f"{one.rate:+.1f}",
                one.verdict,
            )
            for one in found
        ),
        numeric=range(1, 10),
    )


@app.command("plan")
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
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Plan a survey, draw its sample by a recorded seed, and show how far fieldwork has come."""
    from console.errors import UsageError
    from console.services import surveys

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
        listed = surveys.sample(store, code) if members else []
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
    emit(f"{_label(found.title, found.title_zh)} ({found.code}), {found.assessor}")
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
    _tell(found.warnings)


def _numbers(text: str, option: str, kind: type[int] | type[float]) -> list[float]:
    from console.errors import UsageError

    try:
        return [float(kind(part)) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"{option} {text} is not a list of numbers.", "Write them with commas between: 1,5") from None


@app.command("weights")
def weights(
    survey: Annotated[str, typer.Argument(metavar="SURVEY", help="The code of the survey.")],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A TOML file of shares, points, Delphi rounds or AHP comparisons."),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Enter the weights of the file and use them from now on.")
    ] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show the versions of a survey's weights; work weights out from experts' judgements, and enter them."""
    from console.errors import UsageError
    from console.services import weighting

    if apply and file is None:
        raise UsageError("There is nothing to apply.", "Name the file of the weights.")
    with opened(database) as store:
        if file is None:
            found = weighting.versions(store, survey)
            if as_json:
                emit_json({"survey": survey, "versions": [asdict(one) for one in found]})
                return
            emit_table(
                (_("Version"), _("Tree"), _("Method"), "CR", _("In use"), _("By"), _("Made"), _("Weights")),
                (
                    (
                        one.name,
                        one.tree or "own",
                        one.method,
                        "" if one.consistency is None else f"{one.consistency:.3f}",
                        "*" if one.is_active else "",
                        one.actor,
                        instant(one.made_at),
                        ", ".join(f"{code} {weight:.4f}" for code, weight in one.weights.items()),
                    )
                    for one in found
                ),
                numeric=(3,),
            )
            return
        finding = (
            weighting.apply_weights(store, survey, file, actor=caller())
            if apply
            else weighting.find_weights(store, survey, file)
        )
    if as_json:
        emit_json({"survey": survey, **asdict(finding), "is_applied": apply})
    else:
        emit_table(
            (_("Node"), _("Weight")),
            ((code, f"{weight:.6f}") for code, weight in finding.weights.items()),
            numeric=(1,),
        )
        if finding.consistency is not None:
            emit(_("consistency ratio {ratio:.4f}").format(ratio=finding.consistency))
    _tell(finding.warnings)
    if finding.refusal:
        narrate(_("these weights cannot be used: {reason}").format(reason=finding.refusal))


@app.command("answers")
def answers(
    filter_text: FilterText = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many at most.")] = 100,
    offset: Annotated[int, typer.Option("--offset", min=0, help="Pass over so many.")] = 0,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List single answers, newest first: what stands behind a figure."""
    from console.services.pivots import answers as lines

    with opened(database) as store:
        found = lines(store, filter_text or "", limit=limit, offset=offset, zone=_zone())
    if as_json:
        emit_json({"answers": [asdict(line) for line in found]})
    elif as_json_lines:
        for line in found:
            emit_json(asdict(line))
    else:
        emit_table(
            (
                _("Answered"),
                _("Survey"),
                _("Number"),
                _("Indicator"),
                _("Score"),
                _("Region"),
                _("Kind"),
                _("Channel"),
                _("Department"),
                _("Written"),
            ),
            (
                (
                    instant(line.answered_at),
                    line.survey,
                    line.number,
                    line.indicator,
                    line.missing if line.score is None else f"{line.score} ({line.scale})",
                    line.region,
                    line.kind,
                    line.channel,
                    line.department,
                    line.text,
                )
                for line in found
            ),
        )


@app.command("cells")
def cells(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Count every cell anew.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Check that the answer cells are what the answers say; count them anew."""
    from console.errors import ExitCode
    from console.services import answer_cells

    with opened(database) as store:
        if rebuild:
            with store.writing(caller()) as work:
                count = answer_cells.rebuild(work.connection)
                work.record("rebuild_cells", "database", store.name, {"cells": count})
        with store.reading() as connection:
            found = answer_cells.check(connection)
    if as_json:
        emit_json({**asdict(found), "is_sound": found.is_sound})
    else:
        emit_table(
            (_("Cells"), _("Different"), _("Pairs"), _("Different")),
            [(str(found.cells), str(found.different_cells), str(found.pairs), str(found.different_pairs))],
            numeric=range(4),
        )
    if not found.is_sound:
        narrate(_("hint: count them anew: ombud satisfaction cells --rebuild"))
        raise typer.Exit(ExitCode.FAILED)
