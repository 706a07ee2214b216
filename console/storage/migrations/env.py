"""Runs migrations on the connection and inside the transaction that ``console.storage.schema`` hands over."""

from alembic import context

from console.models import whole_schema

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=whole_schema(),
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
