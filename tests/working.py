"""A console on a real database with the demonstration in it, and questions about what it shows and stores."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import cast

from driving import console, settle
from textual.pilot import Pilot

from console import clock
from console.app import ConsoleApp
from console.models import Case, CaseEvent
from console.models.base import table_of
from console.screens.data import ServiceData
from console.screens.queues import QueueScreen
from console.services.policies import adopt_default
from console.services.views import QUEUE_VIEWS
from console.storage.engine import open_store
from console.storage.schema import upgrade
from console.transfer.demo import load_demo

CASES = table_of(Case)
EVENTS = table_of(CaseEvent)
LOGIN = "kim"


def make_demonstration(folder: Path, login: str = LOGIN) -> Path:
    """Make a database with the demonstration as of now, seen by somebody, to be copied for each test."""
    path = folder / "demo.db"
    url = f"sqlite:///{path}"
    with closing(open_store(url, must_exist=False)) as store:
        upgrade(store)
        with store.writing(login) as work:
            adopt_default(work)
        load_demo(store, clock.now(), login)
    return path


def copied(path: Path, folder: Path) -> str:
    """Copy the demonstration, and return the URL of the copy."""
    for part in path.parent.glob(f"{path.name}*"):
        shutil.copy(part, folder / part.name)
    return f"sqlite:///{folder / path.name}"


@asynccontextmanager
async def office(
    url: str,
    size: tuple[int, int] = (80, 24),
    drafts: Path | None = None,
    login: str = LOGIN,
    view: str = "open",
    **options: str,
) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], ServiceData]]:
    """Run the console on a database as somebody, at one of the queues."""
    data = ServiceData(url, viewer=login)
    async with console(data, size=size, drafts=drafts, **options) as (app, pilot):
        if view != QUEUE_VIEWS[0].id:
            cast("QueueScreen", app.screen).show_view(view)
            await settle(pilot)
        yield app, pilot, data
    data.close()
