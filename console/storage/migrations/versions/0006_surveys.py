"""Surveys

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

from console.models.base import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATES = (
    "drawn", "invited", "delivered", "started", "complete", "partial", "refused", "not_reached", "other", "unknown",
    "ineligible",
)  # fmt: skip
OUTCOMES = (
    "invited", "delivered", "started", "complete", "partial", "refused", "no_answer", "busy", "call_back", "machine",
    "language", "wrong_number", "bounced", "ineligible", "never",
)  # fmt: skip


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


def upgrade() -> None:
    """Make the change."""
    op.add_column("surveys", sa.Column("closed_at", UtcTime(), nullable=True))
    op.add_column("responses", sa.Column("seconds", sa.Integer(), nullable=True))
    _change_members()
    op.create_table(
        "questionnaires",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_questionnaires_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaires")),
        sa.UniqueConstraint("survey_id", "number", name=op.f("uq_questionnaires_survey_id_number")),
    )
    op.create_table(
        "sample_contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(f"outcome IN ({_listed(OUTCOMES)})", name=op.f("ck_sample_contacts_outcome")),
        sa.ForeignKeyConstraint(["member_id"], ["sample_members.id"], name=op.f("fk_sample_contacts_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_contacts")),
    )
    op.create_index(op.f("ix_sample_contacts_member_id"), "sample_contacts", ["member_id"])
    op.create_table(
        "survey_refusals",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_survey_refusals_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_survey_refusals")),
    )
    op.create_table(
        "interviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("interviewer", sa.String(length=64), nullable=False),
        sa.Column("questionnaire", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(number) > 0", name=op.f("ck_interviews_number_given")),
        sa.CheckConstraint("state IN ('open', 'complete', 'partial', 'broken')", name=op.f("ck_interviews_state")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_interviews_customer_id")),
        sa.ForeignKeyConstraint(["member_id"], ["sample_members.id"], name=op.f("fk_interviews_member_id")),
        sa.ForeignKeyConstraint(["response_id"], ["responses.id"], name=op.f("fk_interviews_response_id")),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name=op.f("fk_interviews_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interviews")),
        sa.UniqueConstraint("survey_id", "number", name=op.f("uq_interviews_survey_id_number")),
    )
    for column in ("customer_id", "member_id", "response_id"):
        op.create_index(op.f(f"ix_interviews_{column}"), "interviews", [column])
    op.create_index("ix_interviews_interviewer_state", "interviews", ["interviewer", "state"])


def _change_members() -> None:
    """Let members of a sample have more states; SQLite copies the table, whose old check does not come along."""
    rule = f"state IN ({_listed(STATES)})"
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_sample_members_state"), "sample_members", type_="check")
    with op.batch_alter_table("sample_members", schema=None) as batch:
        batch.add_column(sa.Column("call_after", UtcTime(), nullable=True))
        batch.add_column(sa.Column("held_by", sa.String(length=64), nullable=False, server_default=""))
        batch.add_column(sa.Column("held_until", UtcTime(), nullable=True))
        batch.create_check_constraint(op.f("ck_sample_members_state"), rule)
