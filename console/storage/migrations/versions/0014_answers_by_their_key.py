"""Answers stand in the order of their key: in SQLite one tree holds them, where two did

Revision: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Copy the answers into a table without numbers of its rows. PostgreSQL has no such tables."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.create_table(
        "answers_by_key",
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("missing", sa.String(length=3), nullable=True),
        sa.PrimaryKeyConstraint("response_id", "indicator_id", name="pk_answers"),
        sa.CheckConstraint("missing IS NULL OR missing IN ('NA', 'DK', 'NAP', 'REF')", name="ck_answers_missing"),
        sa.CheckConstraint("(score IS NULL) <> (missing IS NULL)", name="ck_answers_score_or_missing"),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name="fk_answers_indicator_id"),
        sa.ForeignKeyConstraint(["response_id"], ["responses.id"], name="fk_answers_response_id"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO answers_by_key (response_id, indicator_id, score, missing) "
        "SELECT response_id, indicator_id, score, missing FROM answers ORDER BY response_id, indicator_id"
    )
    op.drop_table("answers")
    op.rename_table("answers_by_key", "answers")
    op.create_index("ix_answers_indicator_score", "answers", ["indicator_id", "score"])
