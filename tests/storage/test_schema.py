"""The migrations make what the models say, on both engines, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from console.errors import UnavailableError
from console.models import whole_schema
from console.screens.data import ServiceData
from console.storage import schema
from console.storage.engine import Store, open_store

SEARCH_TABLES = ("case_search", "customer_names", "customer_index")


def _is_ours(name: str | None, kind: str, parents: object) -> bool:
    """The search indexes are no tables of the models."""
    del parents
    return not (kind == "table" and str(name).startswith(SEARCH_TABLES))


def test_the_migrations_make_the_tables_of_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _is_ours, "compare_type": True})
        assert compare_metadata(context, whole_schema()) == []
    assert schema.current_revision(store) == schema.newest_revision()


def test_a_database_of_another_version_is_refused_with_what_to_do(store: Store) -> None:
    schema.require_newest(store)
    with store.migrating() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(UnavailableError, match="not set up for this version") as refused:
        ServiceData(store.engine.url.set(drivername=store.engine.url.get_backend_name()).render_as_string(False))
    assert refused.value.hint == "Run: ombud init"
    with store.migrating() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    assert schema.current_revision(store) is None
    with pytest.raises(UnavailableError, match="not set up for this version"):
        schema.require_newest(store)


def test_the_partial_indexes_hold_the_rows_that_the_models_say(store: Store) -> None:
    dialect = store.engine.dialect
    option = f"{dialect.name}_where"
    inspector = inspect(store.engine)
    found = {
        index["name"]: condition
        for table in whole_schema().tables
        for index in inspector.get_indexes(table)
        if (condition := index.get("dialect_options", {}).get(option)) is not None
    }
    said = {
        index.name: condition
        for table in whole_schema().tables.values()
        for index in table.indexes
        if (condition := index.dialect_options[dialect.name]["where"]) is not None
    }
    assert set(found) == set(said)
    if store.is_sqlite:  # PostgreSQL writes conditions in its own words
        assert {name: str(said_so) for name, said_so in found.items()} == {
            name: str(said_so) for name, said_so in said.items()
        }


def test_the_revisions_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [schema.newest_revision()]
    assert {script.revision for script in scripts.walk_revisions()} == set(schema.revisions())


def test_a_migration_that_fails_leaves_nothing_behind(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "migrations"
    (broken / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (broken / name).write_text((schema.MIGRATIONS / name).read_text("utf-8"), "utf-8")
    first = next((schema.MIGRATIONS / "versions").glob("0001_*.py"))
    (broken / "versions" / first.name).write_text(first.read_text("utf-8"), "utf-8")
    (broken / "versions" / "0002_broken.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        "revision = '0002'\ndown_revision = '0001'\n"
        "def upgrade() -> None:\n"
        "    op.create_table('half_done', sa.Column('id', sa.Integer(), primary_key=True))\n"
        "    op.execute('INSERT INTO half_done (id) VALUES (1)')\n"
        "    op.execute('SELECT no_such_column FROM half_done')\n",
        "utf-8",
    )
    opened = open_store(empty_url, must_exist=False)
    schema.upgrade(opened, "0001")
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(Exception, match="no_such_column"):
        schema.upgrade(opened)
    assert schema.current_revision(opened) == "0001"
    with opened.reading() as connection:
        assert not inspect(connection).has_table("half_done")
    opened.close()
