"""``ombud satisfaction pivot``, ``compare``, ``answers`` and ``cells``: slices of the answers, down to the single one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.output import emit, emit_json, emit_table, instant, narrate
from console.commands.satisfaction_output import FilterText, Weights, basis, sliced, zone
from console.commands.table_files import Csv, Format, Output, exported
from console.i18n import _
from console.sentences import said


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
        str, typer.Option("--measure", metavar="score|index|mean|top2|nps|n", help="What the cells say.")
    ] = "score",
    weights: Weights = None,
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Put two dimensions against each other; cells under 5 answers are hidden, under 30 marked with ~."""
    from console.commands.satisfaction_records import limits, pivot_record, shown
    from console.services.figure_tables import exclusions, pivot_rows, with_exclusions
    from console.services.pivots import pivot as made

    with opened(database) as store:
        table = made(store, rows, columns, sliced(None, where, weights), measure=measure, zone=zone())
        records = with_exclusions(store, pivot_rows(table))
        left_out = exclusions(store, [table.survey]).get(table.survey, {})
    if exported(records, csv, format_, output):
        return
    if as_json:
        emit_json({**pivot_record(table), **left_out})
        return
    across: Sequence[str] = table.columns if columns else ()
    figures = {(cell.row, cell.column): cell.figure for cell in table.cells}
    emit_table(
        (rows, *(column or "-" for column in across), _("All"), _("95 % interval"), "n"),
        [
            *(
                (
                    row or "-",
                    *(shown(figures.get((row, column))) for column in across),
                    shown(table.row_totals[place]),
                    limits(table.row_totals[place]),
                    str(table.row_totals[place].n),
                )
                for place, row in enumerate(table.rows)
            ),
            (
                _("All"),
                *(shown(figure) for figure in table.column_totals),
                shown(table.total),
                limits(table.total),
                str(table.total.n),
            ),
        ],
        numeric=range(1, len(across) + 4),
    )
    emit(_("{measure} of {indicator}; totals pool answers").format(measure=table.measure, indicator=table.indicator))
    emit(basis(table.total, table.survey, left_out))


def compare(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A filter: one wave or slice.")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="A filter: the other one.")],
    split_by: Annotated[
        str, typer.Option("--by", metavar="DIMENSION", help="Split the change over this; else what explains most.")
    ] = "",
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Compare two waves or slices, second minus first, with a test; a change is split into mix and rate."""
    from console.commands.satisfaction_records import limits, shown
    from console.services.comparisons import compare as compared
    from console.services.figure_tables import comparison_rows, exclusions

    with opened(database) as store:
        found = compared(store, first, second, split_by=split_by, zone=zone())
        table = comparison_rows(store, found)
        left_out = exclusions(store, {code for one in found for code in (one.first_survey, one.second_survey)})
    if exported(table, csv, format_, output):
        return
    if as_json:
        emit_json({"comparisons": [asdict(one) for one in found], "surveys": left_out})
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
            _("Split by"),
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
                one.split_by,
                "" if one.mix is None else f"{one.mix:+.1f}",
                "" if one.rate is None else f"{one.rate:+.1f}",
                said(one.verdict),
            )
            for one in found
        ),
        numeric=(*range(1, 8), 9, 10),
    )
    for figure, survey in ((found[0].first, found[0].first_survey), (found[0].second, found[0].second_survey)):
        emit(basis(figure, survey, left_out.get(survey, {})))


def answers(
    filter_text: FilterText = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many at most.")] = 100,
    offset: Annotated[int, typer.Option("--offset", min=0, help="Pass over so many.")] = 0,
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """List single answers, newest first: what stands behind a figure."""
    from console.services.answer_lines import answers as lines
    from console.services.figure_tables import ANSWER_TYPES

    with opened(database) as store:
        found = lines(store, filter_text or "", limit=limit, offset=offset, zone=zone())
    if exported([asdict(line) for line in found], csv, format_, output, ANSWER_TYPES):
        return
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


def cells(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Count every cell anew.")] = False,
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Check that the answer cells are what the answers say; count them anew."""
    from console.errors import ExitCode
    from console.services import answer_cells
    from console.services.figure_tables import cell_rows, with_exclusions

    wants_file = csv is not None or format_ is not None or output is not None
    with opened(database) as store:
        if rebuild:
            with store.writing(caller()) as work:
                count = answer_cells.rebuild(work.connection)
                work.record("rebuild_cells", "database", store.name, {"cells": count})
        with store.reading() as connection:
            found = answer_cells.check(connection)
            kept = answer_cells.listed(connection) if wants_file else []
        table = with_exclusions(store, cell_rows(kept))
    if wants_file and exported(table, csv, format_, output):
        # The table has taken stdout; whether the cells are sound is said by the exit code.
        pass
    elif as_json:
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
