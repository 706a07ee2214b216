"""What codes of the rules are called in both languages

Revision: 0011
"""

import tomllib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAMED = {
    "states": ("state", "name"),
    "clocks": ("clock", "clock"),
    "categories": ("category", "code"),
    "departments": ("department", "code"),
    "areas": ("area", "code"),
    "authorities": ("authority", "code"),
}


def upgrade() -> None:
    """Make the table, and fill it from the policies that were applied before there was one."""
    words = op.create_table(
        "policy_words",
        sa.Column("subject", sa.String(length=20), nullable=False, primary_key=True),
        sa.Column("code", sa.String(length=400), nullable=False, primary_key=True),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("text_zh", sa.String(length=200), nullable=False, server_default=""),
    )
    rows: dict[tuple[str, str], dict[str, str]] = {}
    policies = sa.table("policies", sa.column("id"), sa.column("content"), sa.column("valid_from"))
    for content in (
        op.get_bind().execute(sa.select(policies.c.content).order_by(policies.c.valid_from, policies.c.id)).scalars()
    ):
        rows |= {(row["subject"], row["code"]): row for row in _words(tomllib.loads(content))}
    if rows:
        op.bulk_insert(words, list(rows.values()))


def _words(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    for section, (subject, key) in NAMED.items():
        for item in document.get(section, ()):
            label = item.get("label") or {}
            if label.get("en"):
                yield {
                    "subject": subject,
                    "code": item[key],
                    "text": label["en"][:200],
                    "text_zh": label.get("zh", "")[:200],
                }
