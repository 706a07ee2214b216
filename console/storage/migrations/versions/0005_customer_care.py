"""Customer care

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

from console.models.base import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("customers", sa.Column("verified_at", UtcTime(), nullable=True))
    op.add_column("customers", sa.Column("verified_by", sa.String(length=64), nullable=False, server_default=""))
    # One column at a time: making the table anew would take everything that hangs on it along.
    op.execute(
        "ALTER TABLE customers ADD COLUMN merged_into_id INTEGER"
        " CONSTRAINT fk_customers_merged_into_id REFERENCES customers (id)"
    )
    op.create_index(op.f("ix_customers_merged_into_id"), "customers", ["merged_into_id"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("external_reference", sa.String(length=200), nullable=True),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('telephone', 'web', 'app', 'email', 'letter', 'visit', 'kiosk', 'sms', 'social', 'regulator', 'leader', 'other')",
            name=op.f("ck_contacts_channel"),
        ),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_contacts_direction")),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('reached', 'not_reached', 'message_left', 'refused', 'wrong_number')",
            name=op.f("ck_contacts_outcome"),
        ),
        sa.CheckConstraint(
            "purpose IN ('service', 'callback', 'care', 'visit', 'notice', 'collection')",
            name=op.f("ck_contacts_purpose"),
        ),
        sa.CheckConstraint("(external_reference IS NULL) = (source IS NULL)", name=op.f("ck_contacts_external_pair")),
        sa.CheckConstraint("cost_minor >= 0", name=op.f("ck_contacts_cost_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["service_accounts.id"], name=op.f("fk_contacts_account_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batches.id"], name=op.f("fk_contacts_batch_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_contacts_case_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_contacts_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("source", "external_reference", name=op.f("uq_contacts_source_external_reference")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_contacts_at", ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_contacts_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contacts_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_contacts_customer_at", ["customer_id", "at"], unique=False)
