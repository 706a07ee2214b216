"""The newest answers of a segment from an index alone; responses counted with their survey

Revision: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS = ["survey_id", "answered_at", "id", "region", "kind", "supply", "channel", "department", "month", "excluded"]


def upgrade() -> None:
    """Make the change."""
    op.add_column("surveys", sa.Column("response_count", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE surveys SET response_count = (SELECT count(*) FROM responses WHERE responses.survey_id = surveys.id)"
    )
    op.drop_index("ix_responses_survey_answered", table_name="responses")
    op.create_index("ix_responses_survey_newest", "responses", COLUMNS)
