"""One transaction of changes, which cannot be committed without its entry on the record."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text

from console import clock

GENESIS = "0" * 64
AUDIT_LOCK = 7_203_114


def audit_digest(
    at: datetime, actor: str, action: str, object_kind: str, object_number: str, detail: str, previous: str
) -> str:
    """Return the SHA-256 that binds an audit entry to the one before it, as 64 hexadecimal digits."""
    fields = [at.astimezone(UTC).isoformat(), actor, action, object_kind, object_number, detail, previous]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


@dataclass(slots=True)
class Work:
    """The changes of one action by one actor."""

    connection: Connection
    actor: str
    at: datetime = field(default_factory=clock.now)
    is_abandoned: bool = False
    _is_recorded: bool = False

    def record(self, action: str, object_kind: str, object_number: str, detail: dict[str, Any] | None = None) -> None:
        """Write the audit entry of this action: what was done to which object; ``detail`` holds no sensitive value."""
        from console.models import AuditEntry
        from console.models.base import table_of

        entries = table_of(AuditEntry)
        if self.connection.dialect.name == "postgresql":
            # The chain has one end: whoever writes the next link holds it until his commit.
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": AUDIT_LOCK})
        newest = select(entries.c.digest).order_by(entries.c.id.desc()).limit(1)
        previous = self.connection.execute(newest).scalar() or GENESIS
        written = json.dumps(detail or {}, ensure_ascii=False, sort_keys=True, default=str)
        digest = audit_digest(self.at, self.actor, action, object_kind, object_number, written, previous)
        self.connection.execute(
            insert(entries).values(
                at=self.at,
                actor=self.actor,
                action=action,
                object_kind=object_kind,
                object_number=object_number,
                detail=written,
                previous_digest=previous,
                digest=digest,
            )
        )
        self._is_recorded = True

    def abandon(self) -> None:
        """Let this transaction change nothing after all."""
        self.is_abandoned = True

    def seal(self) -> None:
        """Refuse changes that nobody could account for."""
        if not (self._is_recorded or self.is_abandoned):
            raise RuntimeError("a transaction of changes ended without its audit entry")
