"""``ombud survey weigh``: responses weighted to known totals of the population."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console.commands.database import AsJson, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, narrate
from console.i18n import _


def weigh(
    code: Annotated[str, typer.Argument(metavar="SURVEY", help="The code of the survey.")],
    total: Annotated[
        list[str] | None,
        typer.Option(
            "--total", metavar="DIMENSION:VALUE=NUMBER", help="How many customers there are; one for each value."
        ),
    ] = None,
    trim: Annotated[float, typer.Option("--trim", min=1, help="Cut weights at so many times the median.")] = 5.0,
    reason: Annotated[str, typer.Option("--reason", help="Where the totals come from; kept in the audit log.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Weight responses anew that have weights.")] = False,
    from_one: Annotated[
        bool, typer.Option("--from-one", help="Leave out of account the weights that came with the answers.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the weights; change nothing.")] = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Weight responses so that region, kind, supply, channel or department stand as in the population.

    Weights that came with the answers (design weights) are what it begins with, and stay known beside the new ones.
    """
    from console.services.survey_weighting import weight_survey

    totals = totals_of(total or [])
    with opened(database) as store:
        found = weight_survey(
            store,
            code,
            totals,
            reason=reason,
            actor=caller(),
            trim_at=trim,
            replaces=replace,
            from_one=from_one,
            is_dry=dry_run,
        )
    if as_json:
        emit_json(asdict(found))
        return
    emit_table(
        (_("Dimension"), _("Value"), _("Population %"), _("Answered %"), _("Weighted %")),
        (
            (
                one.dimension,
                one.value,
                f"{100 * one.known:.1f}",
                f"{100 * one.answered:.1f}",
                f"{100 * one.weighted:.1f}",
            )
            for one in found.values
        ),
        numeric=(2, 3, 4),
    )
    emit(
        _("begun from the weights that came with the answers, of design effect {deff}").format(
            deff=f"{found.start_deff:.2f}"
        )
        if found.start == "design"
        else _("begun from the same weight for each response")
    )
    emit(
        _("{n} responses, weights {low} to {high}, design effect {deff}: worth {effective} responses").format(
            n=found.n,
            low=f"{found.lowest:.2f}",
            high=f"{found.highest:.2f}",
            deff=f"{found.deff:.2f}",
            effective=f"{found.n_effective:.0f}",
        )
    )
    for warning in found.warnings:
        narrate(warning)


def totals_of(texts: list[str]) -> dict[str, dict[str, float]]:
    """Return the totals by dimension and value. Raises UsageError for a text that names none."""
    from console.errors import UsageError

    found: dict[str, dict[str, float]] = {}
    for text in texts:
        dimension, colon, rest = text.partition(":")
        value, equals, number = rest.rpartition("=")
        try:
            if not (colon and equals):
                raise ValueError(text)
            found.setdefault(dimension.strip(), {})[value.strip()] = float(number)
        except ValueError:
            raise UsageError(f"--total {text} names no total.", "Write --total region:east=6000") from None
    return found
