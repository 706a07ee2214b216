"""``ombud satisfaction overview``: a survey at a glance, as the console shows it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.database import AsJson, Database, opened
from console.commands.output import emit, emit_json, emit_table
from console.commands.satisfaction_output import FilterText, Weights, label_of, sliced, tell, zone
from console.commands.table_files import Csv, Format, Output, exported
from console.i18n import _

if TYPE_CHECKING:
    from console.services.overview_views import Overview


def overview(
    filter_text: FilterText = None,
    tree: Annotated[str | None, typer.Option("--tree", metavar="NAME", help="A ready tree, or own.")] = None,
    target: Annotated[float | None, typer.Option("--target", help="Target on 0 to 100.")] = None,
    weights: Weights = None,
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show one survey at a glance: index, headline numbers, weak points beyond chance, segments, and the change split."""
    from console.services.figure_tables import overview_rows, with_exclusions
    from console.services.overview import overview as found_by

    with opened(database) as store:
        found = found_by(store, sliced(None, filter_text, weights), tree_name=tree, target=target, zone=zone())
        table = with_exclusions(store, overview_rows(found))
    if exported(table, csv, format_, output):
        return
    if as_json:
        record = asdict(found)
        record["drill"] = [{"dimension": name, "segments": segments} for name, segments in record["drill"]]
        record["months"] = [{"month": month, "index": figure} for month, figure in record["months"]]
        emit_json(record)
        return
    _print(found)
    tell((*found.survey.warnings, *found.survey.index.warnings, *found.notes))


def _print(found: Overview) -> None:
    from console.commands.satisfaction_records import limits, shown

    survey = found.survey
    rate = survey.response_rate
    emit(f"{label_of(survey.title, survey.title_zh)} ({survey.code})")
    emit(
        _(
            "scale {scale}, coverage {coverage:.0%}, weights {version}, target {target:.1f}, response rate {rate}"
        ).format(
            scale=survey.index.scale,
            coverage=survey.index.coverage,
            version=survey.index.weights_version or "-",
            target=found.target,
            rate="-"
            if rate is None
            else f"{shown(rate)}%" + (f" ({_('self-selected')})" if found.is_self_selected else ""),
        )
    )
    if survey.quality_rule != "none":
        emit(
            _("left out of all figures by the rule {rule}: {count} of {responses} responses").format(
                rule=survey.quality_rule, count=survey.excluded, responses=survey.responses
            )
        )
    emit_table(
        (_("Headline"), _("Value"), _("95 % interval"), "n", _("Change"), "p"),
        (
            (
                f"{headline.kind} {headline.indicator}".strip(),
                shown(headline.figure),
                limits(headline.figure),
                str(headline.figure.n),
                shown(headline.change),
                "" if headline.change_p is None else f"{headline.change_p:.3f}",
            )
            for headline in found.headlines
        ),
        numeric=(1, 2, 3, 4, 5),
    )
    emit_table(
        (_("Weak point"), _("Segment"), "n", _("Score"), _("The rest"), "q", _("Gain")),
        (
            (
                f"{point.rank} {label_of(point.label, point.label_zh)}",
                f"{point.dimension}:{point.value}",
                str(point.figure.n),
                shown(point.figure),
                f"{point.rest:.1f}",
                f"{point.q:.4f}",
                f"{point.gain:+.2f}",
            )
            for point in found.weak_points
        ),
        numeric=(2, 3, 4, 5, 6),
    )
    _print_segments(found)


def _print_segments(found: Overview) -> None:
    from console.commands.satisfaction_records import limits, shown

    emit_table(
        (_("Segment"), _("Index"), _("95 % interval"), "n", ""),
        (
            (
                f"{dimension}:{segment.value or 'none'}",
                shown(segment.figure),
                limits(segment.figure),
                str(segment.figure.n),
                _("low") if segment.is_low else "",
            )
            for dimension, segments in found.drill
            for segment in segments
        ),
        numeric=(1, 2, 3),
    )
    if found.splits:
        emit_table(
            (_("Change by"), _("Change"), _("Rate"), _("Mix"), _("Most moved"), _("Share before"), _("Share after")),
            (
                (
                    split.dimension,
                    f"{split.change:+.1f}",
                    f"{split.rate:+.1f}",
                    f"{split.mix:+.1f}",
                    split.segment or "none",
                    f"{100 * split.share_before:.0f}%",
                    f"{100 * split.share_after:.0f}%",
                )
                for split in found.splits
            ),
            numeric=(1, 2, 3, 5, 6),
        )
