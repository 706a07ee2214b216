"""Queue views

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

from console.models.base import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sa.String(length=320), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_saved_views_name_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_saved_views_version_positive")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_saved_views_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("owner_id", "name_key", name=op.f("uq_saved_views_owner_id_name_key")),
    )
    op.create_index(
        "ix_saved_views_shared",
        "saved_views",
        ["name_key"],
        unique=True,
        sqlite_where=sa.text("is_shared"),
        postgresql_where=sa.text("is_shared"),
    )
    op.create_index(
        "ix_cases_open_supervised",
        "cases",
        ["due_at", "id"],
        sqlite_where=sa.text("is_supervised IS 1 AND phase = 'open'"),
        postgresql_where=sa.text("is_supervised IS TRUE AND phase = 'open'"),
    )
