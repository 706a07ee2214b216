"""The time now, always UTC; tests and explanations pass their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]


def now() -> datetime:
    """Return the present moment in UTC, to the second: the unit in which deadlines are kept."""
    return datetime.now(UTC).replace(microsecond=0)
