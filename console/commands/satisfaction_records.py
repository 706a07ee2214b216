"""The figures of satisfaction as plain records for JSON and as cells of a printed table."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.services.satisfaction_views import Figure, ItemFigures, PivotTable, SurveyFigures


def survey_record(survey: SurveyFigures) -> dict[str, Any]:
    """Return a survey with its figures as one record; each indicator bears the plain mean and share beside all the rest."""
    record = asdict(survey)
    low, high = survey.scale.split("-", 1) if not survey.scale.startswith("-") else ("", "")
    record["scale_low"], record["scale_high"] = (int(low), int(high)) if low else (None, None)
    record["indicators"] = [_indicator(item) for item in survey.items]
    del record["items"]
    return record


def _indicator(item: ItemFigures) -> dict[str, Any]:
    return {
        "survey": item.survey,
        "indicator": item.code,
        "label": item.label,
        "label_zh": item.label_zh,
        "kind": item.kind,
        "scale": item.mean.scale,
        "n": item.mean.n,
        "n_missing": item.mean.n_missing,
        "disclosure": item.mean.disclosure,
        "mean": item.plain_mean.value,
        "weighted_mean": item.mean.value,
        "top_share": item.plain_top_two.value,
        "low": item.plain_top_two.low,
        "high": item.plain_top_two.high,
        "weighted_top_share": item.top_two.value,
        "top_box_share": item.top_box.value,
        "nps": item.plain_special.value if item.plain_special and item.kind == "nps" else None,
        "weighted_nps": item.special.value if item.special and item.kind == "nps" else None,
        "deff": item.mean.deff,
        "levels": None if item.levels is None else {str(level): n for level, n in item.levels.items()},
        "missing": item.missing,
        "figures": {
            "mean": asdict(item.mean),
            "score": asdict(item.score),
            "top_two": asdict(item.top_two),
            "top_box": asdict(item.top_box),
            "special": None if item.special is None else asdict(item.special),
        },
    }


def pivot_record(table: PivotTable) -> dict[str, Any]:
    """Return a pivot as one record."""
    return asdict(table)


def shown(figure: Figure | None, *, digits: int | None = None) -> str:
    """Return a figure for a table: its value with the mark of few answers, ``<5`` where it is hidden."""
    if figure is None:
        return ""
    if figure.disclosure == "hidden":
        return "<5" if figure.n else ""
    if figure.value is None:
        return ""
    if figure.unit == "share":
        return f"{100 * figure.value:.1f}{figure.mark}"
    if figure.unit == "answers":
        return f"{figure.n}{figure.mark}"
    return (
        f"{figure.value:.{2 if figure.unit == 'level' else 1}f}{figure.mark}"
        if digits is None
        else f"{figure.value:.{digits}f}{figure.mark}"
    )


def limits(figure: Figure | None) -> str:
    """Return the 95 % interval of a figure for a table."""
    if figure is None or figure.low is None or figure.high is None:
        return ""
    factor, digits = (100, 1) if figure.unit == "share" else (1, 2 if figure.unit == "level" else 1)
    return f"{factor * figure.low:.{digits}f}..{factor * figure.high:.{digits}f}"
