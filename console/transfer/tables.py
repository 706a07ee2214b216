"""Small tables of figures written to files: the same formats as the exports, numbers as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from console.transfer.new_file import Hashed, NewFile
from console.transfer.writers import open_writer


def write_table(rows: Sequence[Mapping[str, Any]], output: Path | BinaryIO, kind: str) -> int:
    """Write records with the same keys as one table and return how many; a file takes its place only when it is complete.

    Columns that hold numbers keep them as numbers in every format. Raises UsageError and OmbudError as the writers do.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    types = {name: kind_ for name in names if (kind_ := _kind([row.get(name) for row in rows]))}
    file = NewFile(output) if isinstance(output, Path) else None
    try:
        stream = file.stream if file is not None else output
        if isinstance(stream, Path):
            raise TypeError("a path has no stream")
        target = Hashed(stream)
        writer = open_writer(kind, target, names, len(rows), types)
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


def _kind(values: Sequence[Any]) -> str:
    """Whether a column holds numbers: ``float``, ``int``, or nothing for all else."""
    known = [value for value in values if value is not None]
    if not known or any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in known):
        return ""
    return "float" if any(isinstance(value, float) for value in known) else "int"
