"""Tables the golden cases refer to: a generated survey, twelve complaints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from console.measures.arrays import FloatArray

GOLDEN = Path(__file__).with_name("measures") / "golden.jsonl"

# id, customer, class, day received, limit, days to close (None: open), contacts, reopened
COMPLAINTS = (
    ("T01", "C1", "service", 1, 5, 2, 1, 0),
    ("T02", "C2", "billing", 2, 5, 6, 3, 1),
    ("T03", "C3", "quality", 3, 10, 4, 2, 0),
    ("T04", "C1", "service", 9, 5, 1, 1, 0),
    ("T05", "C4", "price", 10, 5, 5, 2, 0),
    ("T06", "C5", "billing", 12, 5, None, 2, 0),
    ("T07", "C6", "service", 15, 5, 0.5, 1, 0),
    ("T08", "C2", "billing", 16, 5, 3, 1, 0),
    ("T09", "C7", "quality", 18, 10, 9, 2, 0),
    ("T10", "C8", "other", 22, 5, 7, 4, 1),
    ("T11", "C9", "service", 24, 5, None, 1, 0),
    ("T12", "C10", "quality", 26, 10, None, 1, 0),
)
AS_OF_DAY = 30
CUSTOMERS = 65_800


def cases() -> list[dict[str, Any]]:
    """The golden cases, one a line of the file."""
    return [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]


def judgement(value: float | str) -> float:
    """A judgement written as a number or as a fraction such as 1/7."""
    return float(Fraction(value)) if isinstance(value, str) else float(value)


def synthetic_survey() -> FloatArray:
    """Sixty respondents on eight 1–10 items: three of quality, three of satisfaction, two of loyalty."""
    uniform = _uniform(42)

    def u() -> float:
        return sum(next(uniform) for _ in range(4)) - 2

    rows = []
    for _ in range(60):
        q = u()
        s = 0.7 * q + 0.6 * u()
        loyalty = 0.5 * s + 0.2 * q + 0.7 * u()
        parts = ((7, 2.2, q, 1.0), (7, 1.8, q, 1.2), (6.5, 2.0, q, 1.1), (7, 2.0, s, 1.0), (6, 1.9, s, 1.1))
        more = ((6.5, 2.1, s, 1.2), (6.5, 2.2, loyalty, 1.1), (7, 2.0, loyalty, 1.2))
        rows.append([min(10, max(1, round(base + slope * x + noise * u()))) for base, slope, x, noise in parts + more])
    return np.array(rows, dtype=np.float64)


def _uniform(seed: int) -> Iterator[float]:
    x = seed
    while True:
        x = (1103515245 * x + 12345) % 2**31
        yield x / 2**31
