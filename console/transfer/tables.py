"""Small tables of figures written to files: the same formats as the exports, numbers as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from console.rules.column_types import Types
from console.transfer.new_file import Hashed, NewFile
from console.transfer.writers import open_writer


def write_table(rows: Sequence[Mapping[str, Any]], output: Path | BinaryIO, kind: str, types: Types) -> int:
    """Write records with the same keys as one table and return how many; a file takes its place only when it is complete.

    ``types`` declares the columns that hold something else than texts. Raises UsageError and OmbudError as the writers do.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    file = NewFile(output) if isinstance(output, Path) else None
    try:
        stream = file.stream if file is not None else output
        if isinstance(stream, Path):
            raise TypeError("a path has no stream")
        target = Hashed(stream)
        writer = open_writer(kind, target, names, len(rows), types, sheet="figures")
        writer.write([[row.get(name) for name in names] for row in rows])
        writer.close()
        target.flush()
        if file is not None:
            file.keep()
    except BaseException:
        if file is not None:
            file.drop()
        raise
    return len(rows)
