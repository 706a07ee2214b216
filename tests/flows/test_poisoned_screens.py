"""Every screen, dialog, menu and entry of the palette on a database whose every text is hostile: it shows, and nothing acts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from driving import console, hostile, press, settle
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from console.actions import BY_ID
from console.app import ConsoleApp
from console.i18n import choose_language, chosen_language
from console.screens.base import ConsoleDialog, ConsoleScreen
from console.screens.chooser import Chooser
from console.screens.data import ServiceData
from console.screens.palette import THEME, VIEW, commands
from console.signs import choose_signs

MODES = ("1", "2", "3", "4")
DEEPEST = 4
WAYS_BACK = 8
NOT_TAKEN = frozenset({"app.leave", "app.queues", "app.customers", "app.satisfaction", "app.quality"})
"""Leaving ends the walk, and the modes are walked one by one."""
ROUNDS = [("80x24", "en", False)]
EVERY_ROUND = [
    (size, lang, plain) for size in ("80x24", "120x40", "130x45") for lang in ("en", "zh_CN") for plain in (False, True)
]


@pytest.fixture
def data(poisoned_file: Path, tmp_path: Path) -> Iterator[ServiceData]:
    shutil.copy(poisoned_file, tmp_path / "ombud.db")
    found = ServiceData(f"sqlite:///{tmp_path / 'ombud.db'}")
    yield found
    found.close()


@pytest.fixture(autouse=True)
def words_kept() -> Iterator[None]:
    before = chosen_language()
    yield
    choose_language(before)
    choose_signs(is_ascii=False)


@dataclass(slots=True)
class Walk:
    """One walk through the console: where it has been, and what was wrong there."""

    app: ConsoleApp
    pilot: Pilot[int]
    seen: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def name(self) -> str:
        """Return what is on top, told apart as a person would: by kind of screen, page and title."""
        screen = self.app.screen
        page = getattr(screen, "page", "") or (
            getattr(screen, "_title", "") if isinstance(screen, ConsoleDialog) else ""
        )
        return f"{type(screen).__name__} {page}".strip()

    def look(self, how: str) -> None:
        """Note what is wrong with what is drawn."""
        found = hostile(self.app)
        if found:
            self.wrong.append(f"{self.name()} after {how}: {sorted(set(found))[:5]}")
        assert self.app.return_code is None, f"{self.name()} after {how} ended the program"

    async def screen(self, depth: int) -> None:
        """Do everything that the screen on top offers, and what that leads to."""
        if (name := self.name()) in self.seen or depth > DEEPEST:
            return
        self.seen.add(name)
        screen = self.app.screen
        if not isinstance(screen, ConsoleDialog):
            await press(self.pilot, "G", "g")
            self.look("going to both ends")
        for how, keys in self.ways(screen):
            if how.startswith("app.") and (depth or how in self.seen):
                continue  # what leads everywhere is done once
            self.seen.add(how)
            for key in keys:
                await self.press(key)
            self.look(f"{name}: {how}")
            if self.app.screen is not screen:
                await self.screen(depth + 1)
                if not await self.back(screen):
                    return

    def ways(self, screen: Screen[object]) -> list[tuple[str, list[str]]]:
        """Return what can be done on a screen, each with its keys."""
        if isinstance(screen, Chooser):
            return [("down", ["down", "down"])]
        if isinstance(screen, ConsoleDialog):
            return [("next", ["tab", "down"])]
        assert isinstance(screen, ConsoleScreen)
        ways = [("row", ["down", "enter"]), ("help", ["question_mark"]), ("palette", ["colon"])]
        for name, text in commands(screen):
            if name in NOT_TAKEN or name.startswith((THEME, VIEW)) or name.endswith((".back", ".up-again", ".clear")):
                continue
            keys = BY_ID[name].keys
            ways.append((name, [keys[0]] if keys else ["colon", f"={text}", "enter"]))
        return ways

    async def press(self, key: str) -> None:
        """Press a key; ``=text`` narrows the open palette to the entry with that text."""
        if key.startswith("="):
            self.look("the palette")
            self.app.screen.query_one(Input).value = key[1:]
            await settle(self.pilot)
        else:
            await press(self.pilot, key)

    async def back(self, screen: Screen[object]) -> bool:
        """Go back to a screen; return whether that came to be."""
        for _way in range(WAYS_BACK):
            if self.app.screen is screen:
                return True
            if screen not in self.app.screen_stack:
                return False
            await press(self.pilot, "escape")
            self.look("escape")
        return self.app.screen is screen


@pytest.mark.parametrize(("size", "lang", "plain"), EVERY_ROUND if os.environ.get("OMBUD_EVERY_SCREEN") else ROUNDS)
async def test_no_screen_lets_a_poisoned_database_act(
    data: ServiceData, size: str, lang: str, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("console.app.record_failure", lambda error: told.append(repr(error)))
    choose_language(lang)
    choose_signs(is_ascii=plain)
    columns, rows = map(int, size.split("x"))
    async with console(data, size=(columns, rows)) as (app, pilot):
        walk = Walk(app, pilot)
        for mode in MODES:
            await press(pilot, "escape", mode)
            walk.look(f"mode {mode}")
            await walk.screen(0)
            while len(app.screen_stack) > 1:
                await app.pop_screen()
            await settle(pilot)

    assert {"QueueScreen", "CaseScreen", "CustomerScreen", "SatisfactionScreen"} <= walk.seen
    assert walk.wrong == []
    assert told == []
