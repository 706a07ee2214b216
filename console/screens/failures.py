"""Faults of ours: written down where an administrator finds them, never shown with somebody's data in them."""

from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime
from pathlib import Path

from console.settings import state_directory

LARGEST_LOG = 1 << 20


def log_path() -> Path:
    """Return the file faults are written to."""
    return state_directory() / "console.log"


def record_failure(error: BaseException) -> Path | None:
    """Append a fault to the log as one JSON line, readable by its owner only; return the file, or None if it cannot be."""
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "error": type(error).__name__,
        "trace": [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ],
        "message": str(error)[:500],
    }
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and path.stat().st_size > LARGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
        path.touch(mode=0o600)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
    except OSError:
        return None
    return path
