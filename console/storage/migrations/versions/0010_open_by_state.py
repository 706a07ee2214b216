"""Open cases by state

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change: the callbacks that are owed are counted without a look at every open case."""
    op.create_index(
        "ix_cases_open_state",
        "cases",
        ["state", "kind"],
        sqlite_where=sa.text("phase = 'open'"),
        postgresql_where=sa.text("phase = 'open'"),
    )
