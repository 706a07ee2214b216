"""The file of refused rows that an import leaves behind for whoever mends them."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Self

from console.transfer.batches import Refusal
from console.transfer.formulas import guarded
from console.transfer.new_file import NewFile

HEADER = ("file", "line", "column", "reason", "content")


class RejectsFile:
    """A CSV of refused rows, readable by its owner only, that takes its place when the import has ended.

    An import that broke off before it refused anything leaves none."""

    def __init__(self, path: Path) -> None:
        self._file = NewFile(path)
        self._text = self._file.text()
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow(HEADER)
        self._rows = 0

    def write(self, refusal: Refusal) -> None:
        """Add one row."""
        self._rows += 1
        texts = (refusal.column, refusal.reason, refusal.content)
        self._writer.writerow([guarded(refusal.file), refusal.line, *map(guarded, texts)])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._text.flush()
        if error is None or self._rows:
            self._file.keep()
        else:
            self._file.drop()
