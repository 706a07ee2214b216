"""What the questions about contacts and care answer: frozen rows, importable without the data layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One line of the contact log. ``cost_minor`` is in minor units of ``currency``; ``case`` and ``account`` are numbers."""

    id: int
    at: datetime
    customer: str
    name: str
    channel: str
    direction: str
    purpose: str
    place: str
    content: str
    cost_minor: int
    currency: str
    who: str
    outcome: str
    account: str = ""
    case: str = ""
