"""Claims on the screen: kept by keys, given back when one leaves, never kept by a timer."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from driving import press, settle, until, write
from sqlalchemy import select, update
from working import CASES, LOGIN, copied, make_demonstration, office

from console.services.verbs import LEASE
from console.storage.engine import open_store


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demonstration(tmp_path_factory.mktemp("demo"))


def lease(url: str, case_id: int) -> datetime | None:
    with closing(open_store(url)) as store, store.reading() as connection:
        ends_at: datetime | None = connection.execute(
            select(CASES.c.claimed_until).where(CASES.c.id == case_id)
        ).scalar_one()
        return ends_at


def end_soon(url: str, case_id: int) -> datetime:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    with closing(open_store(url)) as store, store.writing(LOGIN) as work:
        work.connection.execute(update(CASES).where(CASES.c.id == case_id).values(claimed_until=soon))
        work.record("test", "case", str(case_id))
    return soon


async def test_a_claim_is_kept_by_keys_and_given_back_when_one_leaves(demonstration: Path, tmp_path: Path) -> None:
    url = copied(demonstration, tmp_path)
    async with office(url) as (app, pilot, _data):
        await press(pilot, "/")
        await write(pilot, "assignee:none state:dispatched")
        await press(pilot, "enter", "enter", "m")
        (case_id,) = app.doings.taken
        held = lease(url, case_id)
        assert held is not None
        soon = end_soon(url, case_id)
        await press(pilot, "j")
        assert lease(url, case_id) == soon
        app.claims.every = 0
        await press(pilot, "j")
        await until(pilot, lambda: lease(url, case_id) != soon)
        renewed = lease(url, case_id)
        assert renewed is not None
        assert renewed > datetime.now(UTC) + LEASE / 2
        await settle(pilot)
        app.leave()
        assert lease(url, case_id) is None
