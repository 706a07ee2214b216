"""Tasks that promises make

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

from console.models.base import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "case_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("occasion", sa.String(length=120), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("clock", sa.String(length=40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("amount_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("done_by", sa.String(length=64), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.Column("checked_by", sa.String(length=64), nullable=False),
        sa.Column("checked_at", UtcTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('letter', 'payment', 'call', 'visit', 'report')", name=op.f("ck_case_tasks_kind")),
        sa.CheckConstraint("state IN ('open', 'done', 'checked', 'cancelled')", name=op.f("ck_case_tasks_state")),
        sa.CheckConstraint("amount_minor IS NULL OR amount_minor >= 0", name=op.f("ck_case_tasks_amount_not_negative")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_case_tasks_version_positive")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_tasks_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_case_tasks_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_tasks")),
        sa.UniqueConstraint("case_id", "occasion", name=op.f("uq_case_tasks_case_id_occasion")),
    )
    with op.batch_alter_table("case_tasks", schema=None) as batch_op:
        batch_op.create_index("ix_case_tasks_state", ["state", "due_on", "id"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("case_tasks", schema=None) as batch_op:
        batch_op.drop_index("ix_case_tasks_state")

    op.drop_table("case_tasks")
