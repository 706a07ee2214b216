"""What the commands of satisfaction share: options and labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.output import narrate
from console.i18n import _, chosen_language
from console.sentences import said
from console.zone import zone_name

if TYPE_CHECKING:
    from console.services.satisfaction_views import Figure

FilterText = Annotated[
    str | None,
    typer.Argument(metavar="[FILTER]", help="Such as: survey:callback region:east month:2026-11; see the README."),
]
Weights = Annotated[
    str | None,
    typer.Option("--weights", metavar="VERSION", help="Use this version of the weights instead of the one in use."),
]


def zone() -> str:
    """Return the utility's zone."""

    return zone_name()


def label_of(label: str, label_zh: str) -> str:
    """Return a label in the language chosen."""
    return label_zh if label_zh and chosen_language().startswith("zh") else label


def tell(warnings: Iterable[str]) -> None:
    """Narrate what has to be known of the figures."""
    for warning in warnings:
        narrate(_("note: {text}").format(text=said(warning)))


def sliced(survey: str | None, filter_text: str | None, weights: str | None = None) -> str:
    """Return a filter of one survey, by a version of its weights."""
    quoted = (weights or "").replace("\\", "\\\\").replace('"', '\\"')
    parts = [f'survey:"{survey}"' if survey else "", filter_text or "", f'weights:"{quoted}"' if weights else ""]
    return " ".join(part for part in parts if part)


def basis(figure: Figure, survey: str, left_out: Mapping[str, Any]) -> str:
    """Return on what the figures of a table stand: survey, scale, answers, coverage, weights, and what is left out of them."""
    from console.services.figure_tables import NO_WEIGHTS

    return _(
        "survey {survey}, scale {scale}, n {n}, coverage {coverage:.0%}, weights {version}; left out {count} by the rule {rule}"
    ).format(
        survey=survey,
        scale=figure.scale or "-",
        n=figure.n,
        coverage=figure.coverage,
        version=figure.weights_version or NO_WEIGHTS,
        count=left_out.get("excluded", 0),
        rule=left_out.get("quality_rule", "none"),
    )
