"""Alerts

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

from console.models.base import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "alert_baselines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cell", sa.String(length=500), nullable=False),
        sa.Column("first_month", sa.String(length=7), nullable=False),
        sa.Column("last_month", sa.String(length=7), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.CheckConstraint("first_month <= last_month", name=op.f("ck_alert_baselines_in_order")),
        sa.CheckConstraint("length(cell) > 0", name=op.f("ck_alert_baselines_cell_given")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_alert_baselines_reason_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_baselines")),
    )
    with op.batch_alter_table("alert_baselines", schema=None) as batch_op:
        batch_op.create_index("ix_alert_baselines_cell", ["cell", "id"], unique=False)

    op.create_table(
        "alert_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("day", sa.String(length=20), nullable=False),
        sa.Column("seen_entry", sa.Integer(), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("tests", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_runs")),
    )
    op.create_table(
        "customer_counts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.CheckConstraint("customers > 0", name=op.f("ck_customer_counts_customers_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_counts")),
        sa.UniqueConstraint("month", "region", name=op.f("uq_customer_counts_month_region")),
    )
    op.create_table(
        "known_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("cell", sa.String(length=500), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.CheckConstraint("length(note) > 0", name=op.f("ck_known_events_note_given")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_known_events_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_events")),
    )
    with op.batch_alter_table("known_events", schema=None) as batch_op:
        batch_op.create_index("ix_known_events_starts", ["starts_on"], unique=False)

    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("cell", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("latest_month", sa.String(length=7), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("limit", sa.Float(), nullable=False),
        sa.Column("count", sa.Float(), nullable=False),
        sa.Column("exposure", sa.Float(), nullable=False),
        sa.Column("z", sa.Float(), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("q", sa.Float(), nullable=False),
        sa.Column("spread", sa.Float(), nullable=False),
        sa.Column("began", sa.String(length=7), nullable=False),
        sa.Column("is_provisional", sa.Boolean(), nullable=False),
        sa.Column("months_repeated", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("first_seen_at", UtcTime(), nullable=False),
        sa.Column("last_seen_at", UtcTime(), nullable=False),
        sa.Column("acknowledged_at", UtcTime(), nullable=True),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("previous_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'closed')", name=op.f("ck_alerts_state")),
        sa.CheckConstraint("length(cell) > 0", name=op.f("ck_alerts_cell_given")),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_alerts_number_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_alerts_version_positive")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_alerts_owner_id")),
        sa.ForeignKeyConstraint(["previous_id"], ["alerts.id"], name=op.f("fk_alerts_previous_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("number", name=op.f("uq_alerts_number")),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alerts_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_alerts_state", ["state", "first_seen_at"], unique=False)
        batch_op.create_index(
            "uq_alerts_open_cell",
            ["cell"],
            unique=True,
            sqlite_where=sa.text("state <> 'closed'"),
            postgresql_where=sa.text("state <> 'closed'"),
        )

    op.create_table(
        "improvements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("indicator", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("is_rise_good", sa.Boolean(), nullable=False),
        sa.Column("treated", sa.String(length=500), nullable=False),
        sa.Column("control", sa.String(length=500), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("months_before", sa.Integer(), nullable=False),
        sa.Column("months_after", sa.Integer(), nullable=False),
        sa.Column("minimum_effect", sa.Float(), nullable=False),
        sa.Column("is_randomised", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("alert_id", sa.Integer(), nullable=True),
        sa.Column("action_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("looked_before", sa.String(length=300), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("registered_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_improvements_state")),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_improvements_number_given")),
        sa.CheckConstraint("length(title) > 0", name=op.f("ck_improvements_title_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_improvements_version_positive")),
        sa.ForeignKeyConstraint(["action_id"], ["corrective_actions.id"], name=op.f("fk_improvements_action_id")),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_improvements_alert_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_improvements_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_improvements")),
        sa.UniqueConstraint("number", name=op.f("uq_improvements_number")),
    )
    with op.batch_alter_table("improvements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_improvements_action_id"), ["action_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_improvements_alert_id"), ["alert_id"], unique=False)

    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("alert_id", sa.Integer(), nullable=True))
        batch_op.alter_column("case_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.drop_constraint(batch_op.f("ck_notices_kind"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_notices_kind"), "kind IN ('reminder', 'escalation', 'urging', 'alert')"
        )
        batch_op.create_check_constraint(batch_op.f("ck_notices_about_one"), "(case_id IS NULL) <> (alert_id IS NULL)")
        batch_op.create_index(batch_op.f("ix_notices_alert_id"), ["alert_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_notices_alert_id"), "alerts", ["alert_id"], ["id"])
