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
        "campaigns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("rest_days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('telephone', 'web', 'app', 'email', 'letter', 'visit', 'kiosk', 'sms', 'social', 'regulator', 'leader', 'other')",
            name=op.f("ck_campaigns_channel"),
        ),
        sa.CheckConstraint(
            "purpose IN ('service', 'callback', 'care', 'visit', 'notice', 'collection')",
            name=op.f("ck_campaigns_purpose"),
        ),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_campaigns_state")),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_campaigns_number_given")),
        sa.CheckConstraint("rest_days >= 0", name=op.f("ck_campaigns_rest_days_not_negative")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_campaigns_version_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("number", name=op.f("uq_campaigns_number")),
    )
    op.create_table(
        "customer_refreshes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("as_of", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_refreshes")),
    )
    op.create_table(
        "customer_segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_customer_segments_name_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_customer_segments_version_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_segments")),
        sa.UniqueConstraint("name", name=op.f("uq_customer_segments_name")),
    )
    op.create_table(
        "customer_merges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("undone_at", UtcTime(), nullable=True),
        sa.Column("undone_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["from_id"], ["customers.id"], name=op.f("fk_customer_merges_from_id")),
        sa.ForeignKeyConstraint(["into_id"], ["customers.id"], name=op.f("fk_customer_merges_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_merges")),
    )
    with op.batch_alter_table("customer_merges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_merges_from_id"), ["from_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_merges_into_id"), ["into_id"], unique=False)

    op.create_table(
        "customer_segment_members",
        sa.Column("segment_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_segment_members_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["customer_segments.id"],
            name=op.f("fk_customer_segment_members_segment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("segment_id", "customer_id", name=op.f("pk_customer_segment_members")),
    )
    with op.batch_alter_table("customer_segment_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_segment_members_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "customer_stages",
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("quarter", sa.String(length=7), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "stage IN ('potential', 'new', 'growing', 'stable', 'at_risk', 'left')",
            name=op.f("ck_customer_stages_stage"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_stages_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "quarter", name=op.f("pk_customer_stages")),
    )
    with op.batch_alter_table("customer_stages", schema=None) as batch_op:
        batch_op.create_index("ix_customer_stages_quarter", ["quarter", "stage"], unique=False)

    op.create_table(
        "customer_standings",
        sa.Column("customer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("as_of", UtcTime(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("recency", sa.Integer(), nullable=True),
        sa.Column("frequency", sa.Integer(), nullable=True),
        sa.Column("money", sa.Integer(), nullable=True),
        sa.Column("revenue_minor", sa.BigInteger(), nullable=False),
        sa.Column("contact_cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("overdue_days", sa.Integer(), nullable=False),
        sa.Column("is_overdue", sa.Boolean(), nullable=False),
        sa.Column("disputes", sa.Integer(), nullable=False),
        sa.Column("returned_payments", sa.Integer(), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.Column("usage_change", sa.Float(), nullable=True),
        sa.Column("satisfaction", sa.Float(), nullable=True),
        sa.Column("alarms", sa.String(length=100), nullable=False),
        sa.Column("services", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('potential', 'new', 'growing', 'stable', 'at_risk', 'left')",
            name=op.f("ck_customer_standings_stage"),
        ),
        sa.CheckConstraint("tier IN ('high', 'some', 'low')", name=op.f("ck_customer_standings_tier")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_standings_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_standings")),
    )
    with op.batch_alter_table("customer_standings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_standings_stage"), ["stage"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_standings_tier"), ["tier"], unique=False)

    op.create_table(
        "distinct_customers",
        sa.Column("low_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("high_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("low_id < high_id", name=op.f("ck_distinct_customers_in_order")),
        sa.ForeignKeyConstraint(
            ["high_id"], ["customers.id"], name=op.f("fk_distinct_customers_high_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["low_id"], ["customers.id"], name=op.f("fk_distinct_customers_low_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("low_id", "high_id", name=op.f("pk_distinct_customers")),
    )
    op.create_table(
        "points_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("reverses_id", sa.Integer(), nullable=True),
        sa.Column("idempotency_key", sa.String(length=100), nullable=True),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_points_entries_reason_given")),
        sa.CheckConstraint("points <> 0", name=op.f("ck_points_entries_points_given")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_points_entries_customer_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["points_entries.id"], name=op.f("fk_points_entries_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_entries")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_points_entries_idempotency_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_points_entries_reverses_id")),
    )
    with op.batch_alter_table("points_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_points_entries_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "customer_managers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "(customer_id IS NULL) = (length(region) > 0)", name=op.f("ck_customer_managers_customer_or_region")
        ),
        sa.CheckConstraint("to_on IS NULL OR to_on >= from_on", name=op.f("ck_customer_managers_ends_after_its_begin")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_managers_customer_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_customer_managers_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_managers")),
    )
    with op.batch_alter_table("customer_managers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_managers_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_customer_managers_region", ["region", "from_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_managers_staff_id"), ["staff_id"], unique=False)

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

    op.create_table(
        "campaign_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcTime(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('reached', 'not_reached', 'message_left', 'refused', 'wrong_number')",
            name=op.f("ck_campaign_calls_outcome"),
        ),
        sa.CheckConstraint("state IN ('planned', 'done', 'dropped')", name=op.f("ck_campaign_calls_state")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_calls_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_campaign_calls_contact_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_campaign_calls_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_calls")),
        sa.UniqueConstraint("campaign_id", "customer_id", name=op.f("uq_campaign_calls_campaign_id_customer_id")),
    )
    with op.batch_alter_table("campaign_calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_calls_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index("ix_campaign_calls_state", ["campaign_id", "state", "position"], unique=False)
