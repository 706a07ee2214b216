"""The first tables

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

from console.models.base import UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "answer_segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("supply", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_segments")),
        sa.UniqueConstraint(
            "region",
            "kind",
            "supply",
            "channel",
            "department",
            name=op.f("uq_answer_segments_region_kind_supply_channel_department"),
        ),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("object_kind", sa.String(length=40), nullable=False),
        sa.Column("object_number", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("digest", name=op.f("uq_audit_entries_digest")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entries_actor", ["actor", "action", "at"], unique=False)

    op.create_table(
        "customers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "number",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("relationship", sa.String(length=20), nullable=False),
        sa.Column("supply_category", sa.String(length=20), nullable=True),
        sa.Column("size", sa.String(length=10), nullable=False),
        sa.Column("credit_grade", sa.String(length=2), nullable=False),
        sa.Column("phone_masked", sa.String(length=64), nullable=False),
        sa.Column("email_masked", sa.String(length=200), nullable=False),
        sa.Column("identity_masked", sa.String(length=64), nullable=False),
        sa.Column("address_masked", sa.String(length=500), nullable=False),
        sa.Column("bank_masked", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("is_vulnerable", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("erased_at", UtcTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('individual', 'intermediary', 'enterprise', 'government')", name=op.f("ck_customers_kind")
        ),
        sa.CheckConstraint(
            "relationship IN ('potential', 'new', 'long_term', 'former', 'needs_care')",
            name=op.f("ck_customers_relationship"),
        ),
        sa.CheckConstraint(
            "supply_category IS NULL OR supply_category IN ('residential', 'commercial', 'industrial', 'non_industrial', 'agricultural')",
            name=op.f("ck_customers_supply_category"),
        ),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_customers_number_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_customers_version_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("number", name=op.f("uq_customers_number")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_region"), ["region"], unique=False)

    op.create_table(
        "departments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(code) > 0", name=op.f("ck_departments_code_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_departments_version_positive")),
        sa.ForeignKeyConstraint(["parent_id"], ["departments.id"], name=op.f("fk_departments_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
        sa.UniqueConstraint("code", name=op.f("uq_departments_code")),
    )
    op.create_table(
        "import_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=500), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed', 'undone')", name=op.f("ck_import_batches_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batches")),
    )
    op.create_table(
        "master_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_master_keys")),
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("idempotency_key", sa.String(length=100), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["undone_by_id"], ["operations.id"], name=op.f("fk_operations_undone_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_operations_idempotency_key")),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("valid_from", UtcTime(), nullable=False),
        sa.Column("applied_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(code) > 0", name=op.f("ck_policies_code_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.create_index("ix_policies_valid_from", ["valid_from", "id"], unique=False)

    op.create_table(
        "surveys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("title_zh", sa.String(length=200), nullable=False),
        sa.Column("series", sa.String(length=64), nullable=False),
        sa.Column("wave", sa.String(length=40), nullable=False),
        sa.Column("assessor", sa.String(length=20), nullable=False),
        sa.Column("scale_low", sa.Integer(), nullable=False),
        sa.Column("scale_high", sa.Integer(), nullable=False),
        sa.Column("level_scores", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("tree", sa.String(length=64), nullable=False),
        sa.Column("weights_version", sa.String(length=64), nullable=False),
        sa.Column("is_paired", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("assessor IN ('self', 'third_party')", name=op.f("ck_surveys_assessor")),
        sa.CheckConstraint("length(code) > 0", name=op.f("ck_surveys_code_given")),
        sa.CheckConstraint("scale_low < scale_high", name=op.f("ck_surveys_scale_in_order")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_surveys_version_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys")),
        sa.UniqueConstraint("code", name=op.f("uq_surveys_code")),
    )
    with op.batch_alter_table("surveys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_surveys_series"), ["series"], unique=False)

    op.create_table(
        "categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=400), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(code) > 0", name=op.f("ck_categories_code_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_categories_version_positive")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_categories_department_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["categories.id"], name=op.f("fk_categories_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("code", name=op.f("uq_categories_code")),
    )
    with op.batch_alter_table("categories", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_categories_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "customer_keys",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("master_id", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_keys_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["master_id"], ["master_keys.id"], name=op.f("fk_customer_keys_master_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_keys")),
    )
    op.create_table(
        "customer_secrets",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("bank", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_secrets_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_secrets")),
    )
    op.create_table(
        "indicators",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("label_zh", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("weight", sa.Float(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("scale_low", sa.Integer(), nullable=True),
        sa.Column("scale_high", sa.Integer(), nullable=True),
        sa.Column("is_reversed", sa.Boolean(), nullable=False),
        sa.Column("target", sa.Float(), nullable=True),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind IN ('group', 'score', 'nps', 'ces', 'text')", name=op.f("ck_indicators_kind")),
        sa.CheckConstraint("length(code) > 0", name=op.f("ck_indicators_code_given")),
        sa.ForeignKeyConstraint(["parent_id"], ["indicators.id"], name=op.f("fk_indicators_parent_id")),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_indicators_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicators")),
        sa.UniqueConstraint("survey_id", "code", name=op.f("uq_indicators_survey_id_code")),
    )
    with op.batch_alter_table("indicators", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_indicators_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "refused_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batches.id"], name=op.f("fk_refused_rows_batch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_rows")),
    )
    with op.batch_alter_table("refused_rows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refused_rows_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "sample_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("drawn_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('drawn', 'invited', 'complete', 'partial', 'refused', 'not_reached', 'other', 'unknown')",
            name=op.f("ck_sample_members_state"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_sample_members_customer_id")),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_sample_members_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_members")),
        sa.UniqueConstraint("survey_id", "customer_id", name=op.f("uq_sample_members_survey_id_customer_id")),
    )
    with op.batch_alter_table("sample_members", schema=None) as batch_op:
        batch_op.create_index("ix_sample_members_customer_drawn", ["customer_id", "drawn_at"], unique=False)

    op.create_table(
        "service_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "number",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("utility", sa.String(length=20), nullable=False),
        sa.Column("supply_category", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column(
            "meter_number",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("address_masked", sa.String(length=500), nullable=False),
        sa.Column("premise", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'suspended', 'closed')", name=op.f("ck_service_accounts_state")),
        sa.CheckConstraint(
            "supply_category IN ('residential', 'commercial', 'industrial', 'non_industrial', 'agricultural')",
            name=op.f("ck_service_accounts_supply_category"),
        ),
        sa.CheckConstraint(
            "utility IN ('electricity', 'water', 'gas', 'telecom')", name=op.f("ck_service_accounts_utility")
        ),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_service_accounts_number_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_service_accounts_version_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_service_accounts_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_accounts")),
        sa.UniqueConstraint("number", name=op.f("uq_service_accounts_number")),
    )
    with op.batch_alter_table("service_accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_accounts_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_accounts_meter_number"), ["meter_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_accounts_premise"), ["premise"], unique=False)

    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("uid", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("skills", sa.String(length=500), nullable=False),
        sa.Column("territory", sa.String(length=500), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "role IN ('agent', 'lead', 'analyst', 'administrator', 'auditor')", name=op.f("ck_staff_role")
        ),
        sa.CheckConstraint("length(login) > 0", name=op.f("ck_staff_login_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_staff_version_positive")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_staff_department_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_department_id"), ["department_id"], unique=False)

    op.create_table(
        "weight_sets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("tree", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("weights", sa.Text(), nullable=False),
        sa.Column("consistency", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_weight_sets_name_given")),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_weight_sets_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weight_sets")),
        sa.UniqueConstraint("survey_id", "tree", "name", name=op.f("uq_weight_sets_survey_id_tree_name")),
    )
    op.create_table(
        "account_secrets",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["service_accounts.id"], name=op.f("fk_account_secrets_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_secrets")),
    )
    op.create_table(
        "answer_cells",
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("missing", sa.String(length=3), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("weight_squared", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_answer_cells_indicator_id")),
        sa.ForeignKeyConstraint(["segment_id"], ["answer_segments.id"], name=op.f("fk_answer_cells_segment_id")),
        sa.PrimaryKeyConstraint(
            "indicator_id", "segment_id", "month", "level", "missing", name=op.f("pk_answer_cells")
        ),
    )
    op.create_table(
        "answer_pairs",
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("first", sa.String(length=100), nullable=False),
        sa.Column("second", sa.String(length=100), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("missing", sa.String(length=3), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("weight_squared", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_answer_pairs_indicator_id")),
        sa.PrimaryKeyConstraint(
            "indicator_id", "dimensions", "first", "second", "level", "missing", name=op.f("pk_answer_pairs")
        ),
    )
    op.create_table(
        "corrective_actions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'done', 'checked', 'cancelled')", name=op.f("ck_corrective_actions_state")
        ),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_corrective_actions_number_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_corrective_actions_version_positive")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_corrective_actions_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrective_actions")),
        sa.UniqueConstraint("number", name=op.f("uq_corrective_actions_number")),
    )
    with op.batch_alter_table("corrective_actions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_corrective_actions_cause"), ["cause"], unique=False)

    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_incidents_number_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_incidents_version_positive")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_incidents_category_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("number", name=op.f("uq_incidents_number")),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("external_reference", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("responsible", sa.String(length=200), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("is_supervised", sa.Boolean(), nullable=False),
        sa.Column("is_vulnerable", sa.Boolean(), nullable=False),
        sa.Column("is_raised_by_staff", sa.Boolean(), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("area", sa.String(length=20), nullable=False),
        sa.Column("validity", sa.String(length=20), nullable=False),
        sa.Column("opinion", sa.String(length=20), nullable=True),
        sa.Column("policy_id", sa.Integer(), nullable=True),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("repeat_of_id", sa.Integer(), nullable=True),
        sa.Column("supervisor_id", sa.Integer(), nullable=True),
        sa.Column("claimed_until", UtcTime(), nullable=True),
        sa.Column("times_repeated", sa.Integer(), nullable=False),
        sa.Column("times_urged", sa.Integer(), nullable=False),
        sa.Column("times_reopened", sa.Integer(), nullable=False),
        sa.Column("callback_attempts", sa.Integer(), nullable=False),
        sa.Column("escalation_level", sa.Integer(), nullable=False),
        sa.Column("source_digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('telephone', 'web', 'app', 'email', 'letter', 'visit', 'kiosk', 'sms', 'social', 'regulator', 'leader', 'other')",
            name=op.f("ck_cases_channel"),
        ),
        sa.CheckConstraint(
            "kind IN ('complaint', 'fault', 'inquiry', 'suggestion', 'praise', 'report', 'request')",
            name=op.f("ck_cases_kind"),
        ),
        sa.CheckConstraint(
            "opinion IS NULL OR opinion IN ('satisfied', 'neutral', 'dissatisfied')", name=op.f("ck_cases_opinion")
        ),
        sa.CheckConstraint("phase IN ('open', 'waiting', 'closed')", name=op.f("ck_cases_phase")),
        sa.CheckConstraint("(external_reference IS NULL) = (source IS NULL)", name=op.f("ck_cases_external_pair")),
        sa.CheckConstraint("length(reference) > 0", name=op.f("ck_cases_reference_given")),
        sa.CheckConstraint("severity BETWEEN 1 AND 4", name=op.f("ck_cases_severity_in_range")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_cases_version_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["service_accounts.id"], name=op.f("fk_cases_account_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["staff.id"], name=op.f("fk_cases_assignee_id")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_cases_category_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_cases_customer_id")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_cases_department_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_cases_incident_id")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["cases.id"], name=op.f("fk_cases_merged_into_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_cases_policy_id")),
        sa.ForeignKeyConstraint(["repeat_of_id"], ["cases.id"], name=op.f("fk_cases_repeat_of_id")),
        sa.ForeignKeyConstraint(["supervisor_id"], ["staff.id"], name=op.f("fk_cases_supervisor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("reference", name=op.f("uq_cases_reference")),
        sa.UniqueConstraint("source", "external_reference", name=op.f("uq_cases_source_external_reference")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_account", ["account_id", "received_at"], unique=False)
        batch_op.create_index("ix_cases_assignee", ["assignee_id", "phase", "due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_category_id"), ["category_id"], unique=False)
        batch_op.create_index(
            "ix_cases_closed",
            ["closed_at", "id"],
            unique=False,
            sqlite_where=sa.text("phase = 'closed'"),
            postgresql_where=sa.text("phase = 'closed'"),
        )
        batch_op.create_index("ix_cases_customer", ["customer_id", "received_at"], unique=False)
        batch_op.create_index("ix_cases_department", ["department_id", "phase", "due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_incident_id"), ["incident_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_index(
            "ix_cases_open_due",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("phase = 'open'"),
            postgresql_where=sa.text("phase = 'open'"),
        )
        batch_op.create_index("ix_cases_phase_due", ["phase", "due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_policy_id"), ["policy_id"], unique=False)
        batch_op.create_index("ix_cases_received", ["received_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_repeat_of_id"), ["repeat_of_id"], unique=False)

    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_undone", sa.Boolean(), nullable=False),
        sa.Column("import_batch_id", sa.Integer(), nullable=True),
        sa.Column("operation_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_events_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batches.id"], name=op.f("fk_case_events_import_batch_id")
        ),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_case_events_operation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
    )
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.create_index("ix_case_events_case", ["case_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_events_import_batch_id"), ["import_batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_events_operation_id"), ["operation_id"], unique=False)

    op.create_table(
        "case_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind IN ('related', 'duplicate', 'split')", name=op.f("ck_case_links_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_links_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["cases.id"], name=op.f("fk_case_links_other_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
        sa.UniqueConstraint("case_id", "other_id", "kind", name=op.f("uq_case_links_case_id_other_id_kind")),
    )
    with op.batch_alter_table("case_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_links_other_id"), ["other_id"], unique=False)

    op.create_table(
        "case_texts",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("narrative", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("follow_up", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("location", sa.String(length=500), nullable=False),
        sa.Column("extras", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('solved', 'partly', 'unsolved')", name=op.f("ck_case_texts_outcome")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_texts_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_texts")),
    )
    op.create_table(
        "clocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("target", sa.String(length=40), nullable=False),
        sa.Column("standing", sa.String(length=10), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("met_at", UtcTime(), nullable=True),
        sa.Column("stopped_at", UtcTime(), nullable=True),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_clocks_case_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clocks")),
        sa.UniqueConstraint("case_id", "name", name=op.f("uq_clocks_case_id_name")),
    )
    with op.batch_alter_table("clocks", schema=None) as batch_op:
        batch_op.create_index("ix_clocks_due", ["standing", "due_at"], unique=False)

    op.create_table(
        "corrective_action_cases",
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["corrective_actions.id"], name=op.f("fk_corrective_action_cases_action_id")
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_corrective_action_cases_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("action_id", "case_id", name=op.f("pk_corrective_action_cases")),
    )
    with op.batch_alter_table("corrective_action_cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_corrective_action_cases_case_id"), ["case_id"], unique=False)

    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("occasion", sa.String(length=200), nullable=False),
        sa.Column("recipient", sa.String(length=20), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("not_before", UtcTime(), nullable=False),
        sa.Column("sent_at", UtcTime(), nullable=True),
        sa.CheckConstraint("kind IN ('reminder', 'escalation', 'urging')", name=op.f("ck_notices_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_notices_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["recipient_id"], ["staff.id"], name=op.f("fk_notices_recipient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("occasion", name=op.f("uq_notices_occasion")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_notices_unsent", ["sent_at", "not_before"], unique=False)

    op.create_table(
        "remedies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("checked_by", sa.String(length=64), nullable=False),
        sa.Column("checked_at", UtcTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('refund', 'replacement', 'repair_visit', 'apology', 'price_correction')",
            name=op.f("ck_remedies_kind"),
        ),
        sa.CheckConstraint("state IN ('open', 'done', 'checked', 'cancelled')", name=op.f("ck_remedies_state")),
        sa.CheckConstraint("amount_minor IS NULL OR amount_minor >= 0", name=op.f("ck_remedies_amount_not_negative")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_remedies_version_positive")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_remedies_case_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["staff.id"], name=op.f("fk_remedies_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedies")),
    )
    with op.batch_alter_table("remedies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remedies_case_id"), ["case_id"], unique=False)

    op.create_table(
        "responses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("supply", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=100), nullable=False),
        sa.Column("interviewer", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("is_double", sa.Boolean(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=False),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_responses_number_given")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batches.id"], name=op.f("fk_responses_batch_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_responses_case_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_responses_customer_id")),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_responses_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responses")),
        sa.UniqueConstraint("survey_id", "number", name=op.f("uq_responses_survey_id_number")),
    )
    with op.batch_alter_table("responses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_responses_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_responses_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_responses_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_responses_doubles",
            ["survey_id"],
            unique=False,
            sqlite_where=sa.text("is_double"),
            postgresql_where=sa.text("is_double"),
        )
        batch_op.create_index("ix_responses_survey_answered", ["survey_id", "answered_at"], unique=False)
        batch_op.create_index("ix_responses_survey_digest", ["survey_id", "digest"], unique=False)

    op.create_table(
        "answer_texts",
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_answer_texts_indicator_id")),
        sa.ForeignKeyConstraint(["response_id"], ["responses.id"], name=op.f("fk_answer_texts_response_id")),
        sa.PrimaryKeyConstraint("response_id", "indicator_id", name=op.f("pk_answer_texts")),
    )
    op.create_table(
        "answers",
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("missing", sa.String(length=3), nullable=True),
        sa.CheckConstraint("missing IS NULL OR missing IN ('NA', 'DK', 'NAP', 'REF')", name=op.f("ck_answers_missing")),
        sa.CheckConstraint("(score IS NULL) <> (missing IS NULL)", name=op.f("ck_answers_score_or_missing")),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_answers_indicator_id")),
        sa.ForeignKeyConstraint(["response_id"], ["responses.id"], name=op.f("fk_answers_response_id")),
        sa.PrimaryKeyConstraint("response_id", "indicator_id", name=op.f("pk_answers")),
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.create_index("ix_answers_indicator_score", ["indicator_id", "score"], unique=False)

    op.create_table(
        "response_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batches.id"], name=op.f("fk_response_changes_batch_id")),
        sa.ForeignKeyConstraint(["response_id"], ["responses.id"], name=op.f("fk_response_changes_response_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_changes")),
    )
    with op.batch_alter_table("response_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_response_changes_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_response_changes_response_id"), ["response_id"], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE case_search ("
            " case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,"
            " part INTEGER NOT NULL, words tsvector NOT NULL, PRIMARY KEY (case_id, part))"
        )
        op.execute("CREATE INDEX ix_case_search_words ON case_search USING gin (words)")
        for name in ("customer_names", "customer_index"):
            op.execute(f"CREATE TABLE {name} (entry BIGINT PRIMARY KEY, words tsvector NOT NULL)")
            op.execute(f"CREATE INDEX ix_{name}_words ON {name} USING gin (words)")
    else:
        # Text is cut into words before it comes here; this tokenizer splits at spaces and takes every non-ASCII character.
        op.execute(
            "CREATE VIRTUAL TABLE case_search USING fts5("
            "subject, narrative, content='', contentless_delete=1, tokenize='ascii')"
        )
        # Two characters are the letter of the kind and the first one typed: without this index one letter reads every name.
        op.execute(
            "CREATE VIRTUAL TABLE customer_names USING fts5("
            "words, content='', contentless_delete=1, tokenize='ascii', prefix='2 3')"
        )
        op.execute(
            "CREATE VIRTUAL TABLE customer_index USING fts5(words, content='', contentless_delete=1, tokenize='ascii')"
        )


def downgrade() -> None:
    """Take the change back."""
    op.execute("DROP TABLE case_search")
    op.execute("DROP TABLE customer_names")
    op.execute("DROP TABLE customer_index")
    with op.batch_alter_table("response_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_response_changes_response_id"))
        batch_op.drop_index(batch_op.f("ix_response_changes_batch_id"))

    op.drop_table("response_changes")
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_index("ix_answers_indicator_score")

    op.drop_table("answers")
    op.drop_table("answer_texts")
    with op.batch_alter_table("responses", schema=None) as batch_op:
        batch_op.drop_index("ix_responses_survey_digest")
        batch_op.drop_index("ix_responses_survey_answered")
        batch_op.drop_index(
            "ix_responses_doubles", sqlite_where=sa.text("is_double"), postgresql_where=sa.text("is_double")
        )
        batch_op.drop_index(batch_op.f("ix_responses_customer_id"))
        batch_op.drop_index(batch_op.f("ix_responses_case_id"))
        batch_op.drop_index(batch_op.f("ix_responses_batch_id"))

    op.drop_table("responses")
    with op.batch_alter_table("remedies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remedies_case_id"))

    op.drop_table("remedies")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index("ix_notices_unsent")
        batch_op.drop_index(batch_op.f("ix_notices_case_id"))

    op.drop_table("notices")
    with op.batch_alter_table("corrective_action_cases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_corrective_action_cases_case_id"))

    op.drop_table("corrective_action_cases")
    with op.batch_alter_table("clocks", schema=None) as batch_op:
        batch_op.drop_index("ix_clocks_due")

    op.drop_table("clocks")
    op.drop_table("case_texts")
    with op.batch_alter_table("case_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_links_other_id"))

    op.drop_table("case_links")
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_events_operation_id"))
        batch_op.drop_index(batch_op.f("ix_case_events_import_batch_id"))
        batch_op.drop_index("ix_case_events_case")

    op.drop_table("case_events")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cases_repeat_of_id"))
        batch_op.drop_index("ix_cases_received")
        batch_op.drop_index(batch_op.f("ix_cases_policy_id"))
        batch_op.drop_index("ix_cases_phase_due")
        batch_op.drop_index(
            "ix_cases_open_due", sqlite_where=sa.text("phase = 'open'"), postgresql_where=sa.text("phase = 'open'")
        )
        batch_op.drop_index(batch_op.f("ix_cases_merged_into_id"))
        batch_op.drop_index(batch_op.f("ix_cases_incident_id"))
        batch_op.drop_index("ix_cases_department")
        batch_op.drop_index("ix_cases_customer")
        batch_op.drop_index(
            "ix_cases_closed", sqlite_where=sa.text("phase = 'closed'"), postgresql_where=sa.text("phase = 'closed'")
        )
        batch_op.drop_index(batch_op.f("ix_cases_category_id"))
        batch_op.drop_index("ix_cases_assignee")
        batch_op.drop_index("ix_cases_account")

    op.drop_table("cases")
    op.drop_table("incidents")
    with op.batch_alter_table("corrective_actions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_corrective_actions_cause"))

    op.drop_table("corrective_actions")
    op.drop_table("answer_pairs")
    op.drop_table("answer_cells")
    op.drop_table("account_secrets")
    op.drop_table("weight_sets")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_department_id"))

    op.drop_table("staff")
    with op.batch_alter_table("service_accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_accounts_premise"))
        batch_op.drop_index(batch_op.f("ix_service_accounts_meter_number"))
        batch_op.drop_index(batch_op.f("ix_service_accounts_customer_id"))

    op.drop_table("service_accounts")
    with op.batch_alter_table("sample_members", schema=None) as batch_op:
        batch_op.drop_index("ix_sample_members_customer_drawn")

    op.drop_table("sample_members")
    with op.batch_alter_table("refused_rows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refused_rows_batch_id"))

    op.drop_table("refused_rows")
    with op.batch_alter_table("indicators", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_indicators_parent_id"))

    op.drop_table("indicators")
    op.drop_table("customer_secrets")
    op.drop_table("customer_keys")
    with op.batch_alter_table("categories", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_categories_parent_id"))

    op.drop_table("categories")
    with op.batch_alter_table("surveys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_surveys_series"))

    op.drop_table("surveys")
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.drop_index("ix_policies_valid_from")

    op.drop_table("policies")
    op.drop_table("operations")
    op.drop_table("master_keys")
    op.drop_table("import_batches")
    op.drop_table("departments")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_region"))

    op.drop_table("customers")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entries_actor")

    op.drop_table("audit_entries")
    op.drop_table("answer_segments")
