"""``ombud bench satisfaction`` on a small database: the answers made are answers, and their cells are sound."""

from __future__ import annotations

import json

import pytest

from console.commands.main import run
from console.services import answer_cells
from console.services.pivots import pivot
from console.storage.engine import open_store


def test_the_answers_made_are_counted_and_spread(empty_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--answers", "8000", "--growth-from", "4000", "--runs", "1"]
    assert run(["bench", "satisfaction", *sizes, "--database", empty_url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    asked = {question["name"]: question for question in told["questions"]}
    assert set(asked) >= {"summary", "pivot region x month", "index region x month", "answers behind a cell"}
    assert (told["answers"], told["growth_from"]) == (8000, 4000)
    assert all(question["growth"] > 0 for question in asked.values())
    is_sqlite = empty_url.startswith("sqlite")
    assert (asked["summary"]["plain_sqlite_milliseconds"] is not None) is is_sqlite
    store = open_store(empty_url)
    try:
        with store.reading() as connection:
            assert answer_cells.check(connection).is_sound
        table = pivot(store, "region", "month", "survey:bench indicator:item1", measure="n")
        assert table.total.n + table.total.n_missing == 1000
        assert 0 < table.total.n_missing < 100
        assert len(table.rows) == 12
        assert len(table.columns) == 24
        levels = pivot(store, "kind", "", "survey:bench indicator:item1", measure="mean")
        assert levels.total.value == pytest.approx(4, abs=0.3)
    finally:
        store.close()
