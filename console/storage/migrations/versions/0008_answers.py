"""Responses left out of figures

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("surveys", sa.Column("quality_rule", sa.Text(), nullable=False, server_default=""))
    op.add_column("responses", sa.Column("excluded", sa.String(length=20), nullable=False, server_default=""))
    op.create_index(
        "ix_responses_excluded",
        "responses",
        ["survey_id", "excluded"],
        sqlite_where=sa.text("excluded <> ''"),
        postgresql_where=sa.text("excluded <> ''"),
    )
