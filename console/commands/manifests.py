"""The manifest of an export: a small JSON file by which whoever receives the export sees that it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.output import instant

if TYPE_CHECKING:
    from datetime import datetime

    from console.transfer.export import ExportReport

Manifest = Annotated[
    Path | None, typer.Option("--manifest", metavar="FILE", help="Write rows, columns, filter and SHA-256 as JSON.")
]


def write_manifest(
    manifest: Path, kind: str, report: ExportReport, filter_text: str, path: Path | None, now: datetime
) -> None:
    """Write beside an export what it holds. Raises OmbudError where that cannot be written."""
    import json

    from console import __version__
    from console.transfer.new_file import NewFile

    content = {
        "file": path.name if path is not None else "-",
        "kind": kind,
        "format": report.format,
        "rows": report.rows,
        "columns": list(report.columns),
        "filter": filter_text,
        "bytes": report.size,
        "sha256": report.sha256,
        "exported_at": instant(now),
        "version": __version__,
    }
    file = NewFile(manifest)
    file.stream.write(json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n")
    file.keep()
