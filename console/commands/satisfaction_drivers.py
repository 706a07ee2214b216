"""``ombud satisfaction drivers``: what moves overall satisfaction, in quadrants or as a path model."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.database import AsJson, Database, opened
from console.commands.output import emit, emit_json, emit_table
from console.commands.satisfaction_output import FilterText, basis, label_of, tell, zone
from console.commands.table_files import Csv, Format, Output, exported
from console.i18n import _

if TYPE_CHECKING:
    from console.services.satisfaction_views import DriverTable


def drivers(
    filter_text: FilterText = None,
    overall: Annotated[str | None, typer.Option("--overall", metavar="CODE", help="The overall question.")] = None,
    items: Annotated[
        str | None, typer.Option("--items", metavar="A,B", help="The drivers; else all other ratings.")
    ] = None,
    crosshair: Annotated[
        str, typer.Option("--crosshair", metavar="mean|median|target", help="Where quadrants cross.")
    ] = "mean",
    target: Annotated[float, typer.Option("--target", help="Performance at the target crosshair, 0 to 100.")] = 80.0,
    replicates: Annotated[int, typer.Option("--replicates", min=20, max=10_000, help="Bootstrap replicates.")] = 500,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the bootstrap.")] = 1,
    paths: Annotated[
        str | None, typer.Option("--paths", metavar="A>B,C>B", help="Fit a path model between groups instead.")
    ] = None,
    standardised: Annotated[bool, typer.Option("--standardised", help="Standardise items in the path model.")] = False,
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show what moves overall satisfaction: importance, performance, quadrants and how stable they are."""
    from console.errors import UsageError
    from console.measures.quadrants import Crosshair
    from console.services import drivers as questions
    from console.services.figure_tables import driver_rows, exclusions, with_exclusions

    if paths is not None:
        _path_model(filter_text or "", paths, is_standardised=standardised, as_json=as_json, database=database)
        return
    if crosshair not in list(Crosshair):
        raise UsageError(f"There is no crosshair {crosshair}.", "Use mean, median or target.")
    with opened(database) as store:
        found = questions.drivers(
            store,
            filter_text or "",
            overall=overall,
            codes=[code.strip() for code in items.split(",") if code.strip()] if items else (),
            crosshair=Crosshair(crosshair),
            replicates=replicates,
            seed=seed,
            target=target,
            zone=zone(),
        )
        table = with_exclusions(store, driver_rows(found))
        left_out = exclusions(store, [found.survey]).get(found.survey, {})
    if exported(table, csv, format_, output):
        return
    if as_json:
        emit_json({**asdict(found), **left_out})
        return
    _print(found)
    if found.drivers:
        emit(basis(found.drivers[0].performance, found.survey, left_out))
    tell(found.warnings)


def _path_model(filter_text: str, paths: str, *, is_standardised: bool, as_json: bool, database: str | None) -> None:
    from console.errors import UsageError
    from console.services import drivers as questions

    pairs = [tuple(part.strip() for part in pair.split(">")) for pair in paths.split(",")]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise UsageError(f"--paths {paths} is not a list of paths.", "Write CAUSE>EFFECT,CAUSE>EFFECT.")
    with opened(database) as store:
        fit = questions.path_model(
            store,
            filter_text,
            [(pair[0], pair[1]) for pair in pairs],
            is_standardised=is_standardised,
            zone=zone(),
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
    tell(fit.warnings)


def _print(found: DriverTable) -> None:
    from console.commands.satisfaction_records import limits, shown

    emit_table(
        (_("Driver"), _("Importance %"), _("Performance"), _("95 % interval"), _("Priority"), _("Quadrant"), _("Sure")),
        (
            (
                f"{row.code}  {label_of(row.label, row.label_zh)}" if row.code != row.label else row.code,
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
