"""The columns of a queue and the orders it can be put in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from console.i18n import N_
from console.labels import label
from console.services.views import CaseRow
from console.widgets.content import Piece, due, severity
from console.widgets.window_table import Column

SORTS: tuple[tuple[str, str], ...] = (
    ("due", N_("due, earliest first")),
    ("-received", N_("received, newest first")),
    ("received", N_("received, oldest first")),
    ("-severity", N_("severity, highest first")),
    ("reference", N_("reference")),
    ("-updated", N_("changed, latest first")),
)
"""The orders offered, by their name in the filter language."""


def queue_columns(now: Callable[[], datetime]) -> tuple[Column[CaseRow], ...]:
    """Return the columns of a queue; ``now`` is asked each time a due time is drawn."""

    def due_cell(row: CaseRow) -> Piece:
        return due(row.due_at, now(), is_closed=row.phase == "closed")

    def severity_cell(row: CaseRow) -> Piece:
        return severity(row.severity, is_supervised=row.is_supervised, is_vulnerable=row.is_vulnerable)

    return (
        Column("severity", N_("Sev"), 4, severity_cell, rank=9, sort="severity"),
        Column("due", N_("Due"), 16, due_cell, rank=10, sort="due"),
        Column("reference", N_("Reference"), 14, lambda row: Piece(row.reference), rank=8, sort="reference"),
        Column("subject", N_("Subject"), 0, lambda row: Piece(row.subject or row.category)),
        Column("customer", N_("Customer"), 14, lambda row: Piece(row.customer), rank=6),
        Column("region", N_("Region"), 10, lambda row: Piece(row.region), rank=5),
        Column("state", N_("State"), 13, lambda row: Piece(label(row.state, "state")), rank=7),
        Column("assignee", N_("Assigned to"), 12, lambda row: Piece(row.assignee), rank=4),
        Column("category", N_("Category"), 16, lambda row: Piece(row.category), rank=3),
        Column("kind", N_("Kind"), 12, lambda row: Piece(label(row.kind, "kind")), rank=2),
        Column("channel", N_("Channel"), 10, lambda row: Piece(label(row.channel, "channel")), rank=1),
    )
