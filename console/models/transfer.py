"""What came in: import batches, the rows they refused, and what they changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, Text
from sqlmodel import Field, SQLModel

from console.codes import BatchState
from console.models.base import UtcTime, one_of


class ImportBatch(SQLModel, table=True):
    """One run of an import over one file; ``position`` counts the records of the file that are behind it."""

    __tablename__ = "import_batches"
    __table_args__ = (one_of("state", BatchState),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=20)
    profile: str = Field(max_length=64)
    file_name: str = Field(max_length=500)
    digest: str = Field(default="", max_length=64)
    actor: str = Field(max_length=64)
    state: str = Field(default=BatchState.RUNNING.value, max_length=10)
    started_at: datetime = Field(sa_type=UtcTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcTime)
    position: int = 0
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


class RefusedRow(SQLModel, table=True):
    """A row that an import did not take, with the reason and what it said."""

    __tablename__ = "refused_rows"

    id: int | None = Field(default=None, primary_key=True)
    batch_id: int = Field(
        sa_column=Column(Integer, ForeignKey("import_batches.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    line: int
    column: str = Field(default="", max_length=200)
    reason: str = Field(sa_type=Text)
    content: str = Field(default="", sa_type=Text)


class ImportChange(SQLModel, table=True):
    """A row that an import made or changed, so that it can be taken back.

    ``before`` is a JSON object of the columns as they were, empty where the row was made; sealed values stay sealed in it.
    ``version`` is the one that the import left the row with.
    """

    __tablename__ = "import_changes"
    __table_args__ = (
        Index("ix_import_changes_batch", "batch_id", "id"),
        Index("ix_import_changes_row", "kind", "row_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    batch_id: int = Field(
        sa_column=Column(Integer, ForeignKey("import_batches.id", ondelete="CASCADE"), nullable=False)
    )
    kind: str = Field(max_length=20)
    row_id: int
    version: int
    before: str = Field(default="", sa_type=Text)
