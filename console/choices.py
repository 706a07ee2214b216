"""What a person chose in the console and finds again at the next start, kept in a small file of his own."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from console.settings import THEMES, state_directory

LONGEST = 1 << 16
"""Bytes of a file that is read: a larger one is none of ours."""


class Choices:
    """The choices of one person on this machine; a file that cannot be read or written loses them and nothing else."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """Where they are kept."""
        return state_directory() / "choices.json" if self._path is None else self._path

    def theme(self) -> str:
        """Return the theme chosen last, or nothing."""
        theme = self._read().get("theme", "")
        return theme if theme in THEMES else ""

    def keep_theme(self, theme: str) -> bool:
        """Keep a theme for the next start; return whether it could be written."""
        return self._keep("theme", theme)

    def columns(self, view: str) -> str:
        """Return the layout chosen for a ready queue, as ``console.rules.case_columns`` writes it, or nothing."""
        return self._read().get(f"columns.{view}", "")

    def keep_columns(self, view: str, layout: str) -> bool:
        """Keep the layout of a ready queue for the next start; return whether it could be written."""
        return self._keep(f"columns.{view}", layout)

    def _keep(self, name: str, value: str) -> bool:
        kept = {**self._read(), name: value}
        unfinished = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            unfinished.write_text(json.dumps(kept), encoding="utf-8")
            os.chmod(unfinished, 0o600)
            unfinished.replace(self.path)
        except OSError:
            return False
        return True

    def _read(self) -> dict[str, str]:
        with suppress(OSError, ValueError):
            if self.path.stat().st_size <= LONGEST:
                told = json.loads(self.path.read_text(encoding="utf-8"))
                if isinstance(told, dict):
                    return {str(name): str(value) for name, value in told.items()}
        return {}
