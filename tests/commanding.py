"""What a command that was run left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of data."""
        return self.out.splitlines()

    @property
    def document(self) -> Any:
        """The one JSON document of data."""
        return json.loads(self.out)


Ombud = Callable[..., Ended]
