"""``ombud undo``: take an operation back."""

from __future__ import annotations

from typing import Annotated

import typer

from console.commands.database import AsJson, AsJsonLines, Database, caller, opened
from console.commands.outcomes import tell


def undo(
    operation: Annotated[int, typer.Argument(metavar="OPERATION", help="The number that the action ended with.")],
    as_json: AsJson = False,
    as_json_lines: AsJsonLines = False,
    database: Database = None,
) -> None:
    """Take an operation back: every case is put as it was, where nobody has changed it since."""
    from console.services import undoing

    with opened(database) as store:
        report = undoing.undo(store, operation, actor=caller())
    tell(report, as_json=as_json, as_json_lines=as_json_lines)
