"""What the commands of satisfaction share: options, labels, and tables written to files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from console.commands.output import narrate
from console.i18n import _, chosen_language

FilterText = Annotated[
    str | None,
    typer.Argument(metavar="[FILTER]", help="Such as: survey:callback region:east month:2026-11; see the README."),
]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", help="Write the table as CSV; the same as --format csv --output FILE."),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="csv|jsonl|xlsx|parquet",
        help="Write the table in this format, each row with n, interval, scale, coverage and weights version.",
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Where the table goes; without it, to stdout.")
]

Weights = Annotated[
    str | None,
    typer.Option("--weights", metavar="VERSION", help="Use this version of the weights instead of the one in use."),
]


def zone() -> str:
    """Return the utility's zone."""
    from console.settings import load_settings

    return load_settings().zone


def label_of(label: str, label_zh: str) -> str:
    """Return a label in the language chosen."""
    return label_zh if label_zh and chosen_language().startswith("zh") else label


def tell(warnings: Iterable[str]) -> None:
    """Narrate what has to be known of the figures."""
    for warning in warnings:
        narrate(_("note: {text}").format(text=warning))


def sliced(survey: str | None, filter_text: str | None, weights: str | None = None) -> str:
    """Return a filter of one survey, by a version of its weights."""
    quoted = (weights or "").replace("\\", "\\\\").replace('"', '\\"')
    parts = [f'survey:"{survey}"' if survey else "", filter_text or "", f'weights:"{quoted}"' if weights else ""]
    return " ".join(part for part in parts if part)


def exported(
    rows: Iterable[Mapping[str, Any]], csv: Path | None, format_: str | None = None, output: Path | None = None
) -> bool:
    """Write records where the options say; return whether stdout took them, so that nothing else may go there.

    Raises UsageError for an unknown format, and for a workbook or Parquet on a terminal.
    """
    from console.errors import UsageError
    from console.transfer.export import chosen_format
    from console.transfer.tables import write_table

    if csv is not None and (format_ is not None or output is not None):
        raise UsageError("--csv stands for --format csv --output FILE.", "Leave one of them out.")
    if csv is None and format_ is None and output is None:
        return False
    path = csv if csv is not None else output
    path = None if path is None or str(path) == "-" else path
    kind = "csv" if csv is not None else chosen_format(format_, path)
    if path is None and kind in ("xlsx", "parquet") and sys.stdout.isatty():
        raise UsageError(f"{kind} is not for a terminal.", "Name a file: --output FILE")
    count = write_table(list(rows), path if path is not None else sys.stdout.buffer, kind)
    if path is None:
        return True
    narrate(_("{count} rows to {path}").format(count=count, path=path))
    return False
