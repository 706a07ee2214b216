"""``ombud satisfaction weights``: versions of weights, worked out from experts' judgements."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from console.commands.database import AsJson, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.commands.satisfaction_output import tell
from console.commands.table_files import Csv, Format, Output, exported
from console.i18n import _


def weights(
    survey: Annotated[str, typer.Argument(metavar="SURVEY", help="The code of the survey.")],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A TOML file of shares, points, Delphi rounds or AHP comparisons."),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Enter the weights of the file and use them from now on.")
    ] = False,
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show the versions of a survey's weights; work weights out from experts' judgements, and enter them."""
    from console.errors import UsageError
    from console.services import weighting
    from console.services.figure_tables import weight_rows

    if apply and file is None:
        raise UsageError("There is nothing to apply.", "Name the file of the weights.")
    if file is not None and (csv is not None or format_ is not None or output is not None):
        raise UsageError("Only the versions entered are written as a table.", "Leave out FILE, or take --json.")
    with opened(database) as store:
        if file is None:
            found = weighting.versions(store, survey)
            if exported(weight_rows(survey, found), csv, format_, output):
                return
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
    tell(finding.warnings)
    if finding.refusal:
        narrate(_("these weights cannot be used: {reason}").format(reason=finding.refusal))
