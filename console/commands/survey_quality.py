"""``ombud survey quality``: by which rule responses of a survey are left out of all figures, and how many are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console.commands.database import AsJson, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table
from console.i18n import _
from console.labels import label


def quality(
    code: Annotated[str, typer.Argument(metavar="SURVEY", help="The code of the survey.")],
    rule: Annotated[
        str | None,
        typer.Option(
            "--rule",
            metavar="CHECK,CHECK|none",
            help="Leave out by: double, straight_line, too_fast, contradiction; none counts every response.",
        ),
    ] = None,
    contradiction: Annotated[
        list[str] | None, typer.Option("--contradiction", metavar="A,B", help="Two items that ask the same.")
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option("--tolerance", help="Points from 0 to 100 they may differ.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why the rule is changed; kept in the audit log.")] = "",
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show what each check finds and what no figure counts; choose another rule, with a reason. New surveys count all."""
    from console.errors import UsageError
    from console.services.answer_exclusion import choose_rule, quality_of

    if rule is None and (contradiction or tolerance is not None or reason):
        raise UsageError("These options change a rule.", "Name it: --rule straight_line,too_fast")
    if tolerance is not None and not 0 <= tolerance <= 100:
        raise UsageError("--tolerance lies between 0 and 100.")
    pairs = contradiction_pairs(contradiction)
    with opened(database) as store:
        found = (
            quality_of(store, code)
            if rule is None
            else choose_rule(
                store,
                code,
                rule.split(","),
                reason=reason,
                actor=caller(),
                contradictions=pairs or None,
                tolerance=tolerance,
            )
        )
    if as_json:
        emit_json({**asdict(found), "left_out": found.left_out})
        return
    emit(
        _("rule {rule}: {count} of {responses} responses left out of all figures").format(
            rule=found.rule, count=found.left_out, responses=found.responses
        )
    )
    emit_table(
        (_("Check"), _("Found"), _("Left out")),
        (
            (label(check, "quality_check"), str(count), str(found.excluded.get(check, 0)))
            for check, count in found.found.items()
        ),
        numeric=(1, 2),
    )
    if found.seconds_from is not None:
        emit(_("too fast is under {seconds:.0f} s, a third of the median").format(seconds=found.seconds_from))
    if found.contradictions:
        emit(
            _("items that ask the same: {pairs}; they may differ by {points:g} points").format(
                pairs="; ".join(f"{first}, {second}" for first, second in found.contradictions), points=found.tolerance
            )
        )


def contradiction_pairs(texts: list[str] | None) -> list[tuple[str, str]]:
    """Return the pairs of items named. Raises UsageError for what is no pair."""
    from console.errors import UsageError

    pairs = []
    for text in texts or ():
        first, comma, second = text.partition(",")
        if not comma or not first or not second or first == second:
            raise UsageError(f"--contradiction {text} does not name two items.", "Write --contradiction speed,delay")
        pairs.append((first, second))
    return pairs
