"""Where a verb works, and what it does to a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Table

from console.rules.policies import Policy
from console.services.lookups import Names
from console.storage.unit import Work

CaseRow = RowMapping | Mapping[str, Any]
"""A row of a case with category, customer_name, account_number and extras beside it."""

LEASE = timedelta(minutes=10)
"""How long a case stays with whoever took it without a keystroke, before somebody else may take it."""


@dataclass(slots=True)
class Change:
    """What a verb does to one case.

    ``case`` and ``text`` are new values by column; ``rows`` are rows to add, ``created`` names by key those
    that were added already; ``note`` is what the history says;
    ``origin`` and ``is_public`` are what the clocks want to know of the event.
    """

    case: dict[str, Any] = field(default_factory=dict)
    text: dict[str, Any] = field(default_factory=dict)
    rows: list[tuple[Table, dict[str, Any]]] = field(default_factory=list)
    created: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    note: str = ""
    origin: str = "staff"
    is_public: bool = True
    said: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a verb works: the open transaction, the moment, the policy of the case, and who acts.

    ``shared`` is what the cases of one operation have in common: the corrective action they began, who was given how many.
    """

    work: Work
    now: datetime
    policy: Policy
    actor_id: int
    role: str
    operation: int
    names: Names
    shared: dict[str, Any]

    @property
    def connection(self) -> Connection:
        """The connection of the open transaction."""
        return self.work.connection

    @property
    def actor(self) -> str:
        """The login of who acts."""
        return self.work.actor
