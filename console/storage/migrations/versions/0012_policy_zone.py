"""The time zone of each policy beside its text

Revision: 0012
"""

import tomllib

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and read it out of the policies applied so far."""
    op.add_column("policies", sa.Column("zone", sa.String(length=64), nullable=False, server_default=""))
    policies = sa.table("policies", sa.column("id"), sa.column("content"), sa.column("zone"))
    connection = op.get_bind()
    for id_, content in connection.execute(sa.select(policies.c.id, policies.c.content)).all():
        zone = tomllib.loads(content).get("zone", "")
        connection.execute(sa.update(policies).where(policies.c.id == id_).values(zone=zone))
