"""The weight that a response came with, kept where it was weighted to known totals

Revision: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was weighted so far began from one."""
    op.add_column("responses", sa.Column("design_weight", sa.Float(), nullable=True))
    op.execute(
        "UPDATE responses SET design_weight = 1.0 WHERE survey_id IN (SELECT surveys.id FROM surveys JOIN audit_entries "
        "ON audit_entries.action = 'weight_responses' AND audit_entries.object_number = surveys.code)"
    )
