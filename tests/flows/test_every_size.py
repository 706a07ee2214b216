"""Every part of the console, a case, forms and dialogs at every size of the window, on the demonstration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from driving import console, lines, press, settle, shown
from rich.cells import cell_len
from working import LOGIN, copied, make_demonstration

from console.screens.data import ServiceData

PLACES = {
    "queues": ("1",), "customers": ("2", "escape"), "satisfaction": ("3",), "quality": ("4",), "case": ("1", "[", "enter"),
    "form": ("1", "c"), "intake": ("1", "ctrl+n"), "commands": ("1", ":"), "help": ("1", "?"), "actions": ("1", "."),
    "columns": ("1", "C"), "confirmation": ("1", "space", "space", "m"), "quadrants": ("3", "i"), "pivot": ("3", "v"),
    "dossier": ("2", "escape", "enter"),
}  # fmt: skip
LARGEST = (1000, 1000)
SIZES = ((1, 1), (60, 15), (120, 40), (400, 15))
EVERY_SIZE = (*SIZES, (61, 16), (79, 200), (1, 500), (3, 2), LARGEST)
DRAWN_LARGE = ("satisfaction", "quality")
"""Where the largest window is tried each time: elsewhere that takes seconds, and other tests try it on queues and case."""


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demonstration(tmp_path_factory.mktemp("demonstration"))


@pytest.mark.parametrize("place", PLACES)
async def test_no_size_stops_it_and_what_was_there_comes_back(demonstration: Path, tmp_path: Path, place: str) -> None:
    data = ServiceData(copied(demonstration, tmp_path), viewer=LOGIN)
    async with console(data) as (app, pilot):
        await press(pilot, *PLACES[place])
        before = shown(app)
        sizes = EVERY_SIZE if os.environ.get("OMBUD_EVERY_SCREEN") else SIZES
        for width, height in (*sizes, LARGEST) if place in DRAWN_LARGE else sizes:
            await pilot.resize_terminal(width, height)
            await settle(pilot)
            drawn = lines(app)
            assert len(drawn) == height
            assert all(cell_len(text) <= width for text in drawn)
            if width >= 60 and height >= 15:
                assert "too small" not in shown(app)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert shown(app).splitlines()[0] == before.splitlines()[0]
        assert len(set(shown(app).split()) & set(before.split())) > len(set(before.split())) // 2
    data.close()
