"""What the screens of figures write to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.storage.engine import Store
    from console.transfer.figure_export import Figures


class FileWriting:
    """Writes what is shown; asked from worker threads only. Each answers with the number of rows and the file."""

    def __init__(self, store: Store, viewer: str, zone: str) -> None:
        self._store = store
        self._viewer = viewer
        self._zone = zone

    def figures(self, found: Figures, path: str) -> tuple[int, str]:
        """Write figures. Raises UsageError and OmbudError."""
        from console.transfer.figure_export import write_figures

        target = _absolute(path)
        return write_figures(self._store, found, target), str(target)

    def answers(self, filter_text: str, path: str) -> tuple[int, str]:
        """Write the single answers of a filter. Raises UsageError, FilterError and OmbudError."""
        from console.transfer.figure_export import write_answers

        target = _absolute(path)
        return write_answers(self._store, filter_text, target, zone=self._zone), str(target)


def _absolute(path: str) -> Path:
    return Path(path.strip()).expanduser().absolute()
