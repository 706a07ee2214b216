"""Customers: what accounts have, use, are billed and pay; marks of sealed values; what imports changed.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

from console.models.base import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")
MARKS = ("phone_mark", "email_mark", "identity_mark", "address_mark", "bank_mark")


def upgrade() -> None:
    """Make the change."""
    for table, marks in (("customer_secrets", MARKS), ("account_secrets", ("address_mark",))):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for mark in marks:
                batch_op.add_column(sa.Column(mark, sa.String(length=32), nullable=True))
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("has_life_support", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "import_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batches.id"], name=op.f("fk_import_changes_batch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_changes")),
    )
    op.create_index("ix_import_changes_batch", "import_changes", ["batch_id", "id"], unique=False)
    op.create_index("ix_import_changes_row", "import_changes", ["kind", "row_id"], unique=False)
    _meters_and_contracts()
    _consumption()
    _bills_and_payments()


def _meters_and_contracts() -> None:
    op.create_table(
        "meters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("installed_on", sa.Date(), nullable=True),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_meters_number_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_meters_version_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["service_accounts.id"], name=op.f("fk_meters_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meters")),
        sa.UniqueConstraint("account_id", "number", name=op.f("uq_meters_account_id_number")),
    )
    op.create_index(op.f("ix_meters_number"), "meters", ["number"], unique=False)
    op.create_table(
        "contracts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("performance", sa.String(length=20), nullable=True),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_contracts_number_given")),
        sa.CheckConstraint("state IN ('active', 'suspended', 'ended')", name=op.f("ck_contracts_state")),
        sa.CheckConstraint(
            "performance IS NULL OR performance IN ('kept', 'late', 'broken')", name=op.f("ck_contracts_performance")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_contracts_version_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_contracts_customer_id")),
        sa.ForeignKeyConstraint(["account_id"], ["service_accounts.id"], name=op.f("fk_contracts_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("number", name=op.f("uq_contracts_number")),
    )
    op.create_index(op.f("ix_contracts_customer_id"), "contracts", ["customer_id"], unique=False)
    op.create_index(op.f("ix_contracts_account_id"), "contracts", ["account_id"], unique=False)


def _consumption() -> None:
    op.create_table(
        "consumption",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("meter", NUMBER, nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("reading_milli", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity_milli >= 0", name=op.f("ck_consumption_quantity_positive")),
        sa.CheckConstraint("length(month) = 7", name=op.f("ck_consumption_month_whole")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_consumption_version_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["service_accounts.id"], name=op.f("fk_consumption_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consumption")),
        sa.UniqueConstraint("account_id", "month", "meter", name=op.f("uq_consumption_account_id_month_meter")),
    )


def _bills_and_payments() -> None:
    op.create_table(
        "bills",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_bills_number_given")),
        sa.CheckConstraint("state IN ('open', 'paid', 'cancelled')", name=op.f("ck_bills_state")),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_bills_amount_positive")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_bills_version_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["service_accounts.id"], name=op.f("fk_bills_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bills")),
        sa.UniqueConstraint("number", name=op.f("uq_bills_number")),
    )
    op.create_index("ix_bills_account_issued", "bills", ["account_id", "issued_on"], unique=False)
    op.create_table(
        "payments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("bill_id", sa.Integer(), nullable=True),
        sa.Column("paid_at", UtcTime(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_payments_number_given")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_payments_version_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["service_accounts.id"], name=op.f("fk_payments_account_id")),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_payments_bill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("number", name=op.f("uq_payments_number")),
    )
    op.create_index("ix_payments_account_paid", "payments", ["account_id", "paid_at"], unique=False)
    op.create_index(op.f("ix_payments_bill_id"), "payments", ["bill_id"], unique=False)
