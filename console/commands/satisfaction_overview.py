"""``ombud satisfaction overview``: a survey at a glance, as the console shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson, Database, opened
from console.commands.output import emit, emit_json, emit_table
from console.commands.satisfaction_output import Csv, FilterText, Format, Output, exported, label_of, tell, zone
from console.i18n import _

if TYPE_CHECKING:
    from console.services.overview_views import Overview


def overview(
    filter_text: FilterText = None,
    tree: Annotated[str | None, typer.Option("--tree", metavar="NAME", help="A ready tree, or own.")] = None,
    target: Annotated[float | None, typer.Option("--target", help="Target on 0 to 100.")] = None,
    csv: Csv = None,
    format_: Format = None,
    output: Output = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Show one survey at a glance: index, headline numbers, weak points beyond chance, segments, and the change split."""
    from console.services.overview import overview as found_by

    with opened(database) as store:
        found = found_by(store, filter_text or "", tree_name=tree, target=target, zone=zone())
    if exported(_rows(found), csv, format_, output):
        return
    if as_json:
        record = asdict(found)
        record["drill"] = [{"dimension": name, "segments": segments} for name, segments in record["drill"]]
        record["months"] = [{"month": month, "index": figure} for month, figure in record["months"]]
        emit_json(record)
        return
    _print(found)
    tell((*found.survey.warnings, *found.survey.index.warnings, *found.notes))


def _rows(found: Overview) -> Iterator[dict[str, Any]]:
    """Every figure of the overview as one record, each with scale, n, interval, coverage and weights version."""
    from console.commands.satisfaction_records import figure_cells

    code = found.survey.code

    def row(part: str, name: str, value: str, figure: Any, **more: float | None) -> dict[str, Any]:
        return {
            "survey": code, "part": part, "name": name, "segment": value,
            **{key: more.get(key) for key in ("change", "p", "q", "costs", "gain")},
            **figure_cells(figure),
        }  # fmt: skip

    for headline in found.headlines:
        change = headline.change.value if headline.change is not None else None
        yield row("headline", headline.kind, headline.indicator, headline.figure, change=change, p=headline.change_p)
    for line in found.rows:
        change = line.change.value if line.change is not None else None
        node = line.node
        yield row("tree", node.id, "", node.figure, change=change, p=line.change_p, costs=node.shortfall)
    for point in found.weak_points:
        where = f"{point.dimension}:{point.value}"
        yield row("weak point", point.indicator, where, point.figure, q=point.q, gain=point.gain)
    for dimension, segments in found.drill:
        for segment in segments:
            yield row("segment", dimension, segment.value, segment.figure)
    for month, figure in found.months:
        yield row("month", month, "", figure)


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
