"""What the console says: one message at a time, errors for as long as they take to read, and all of it to be read again."""

from __future__ import annotations

from driving import console, press, shown, write
from memory_data import MemoryData

from console.errors import OmbudError


async def test_a_message_takes_the_place_of_the_one_before() -> None:
    async with console(MemoryData(50)) as (app, pilot):
        await press(pilot, "m")
        assert "C-2026-00000  Take — u undoes" in shown(app)
        await press(pilot, "m")
        assert "C-2026-00001  Take" in shown(app)
        assert "C-2026-00000  Take" not in shown(app)


async def test_an_error_stays_beside_the_message_that_follows() -> None:
    async with console(MemoryData(50)) as (app, pilot):
        app.tell(OmbudError("The disk is full.", "Make room."))
        app.tell(OmbudError("The disk is full.", "Make room."))
        await press(pilot, "m")
        assert shown(app).count("The disk is full.") == 1
        assert "C-2026-00000  Take" in shown(app)


async def test_what_was_said_can_be_read_again_the_newest_first() -> None:
    async with console(MemoryData(50)) as (app, pilot):
        await press(pilot, "m", "u", ":")
        await write(pilot, "messages")
        await press(pilot, "enter")
        text = shown(app)
        assert text.index("Taken back: Take") < text.index("Take — u undoes")
        await press(pilot, "escape", ":")
        await write(pilot, "messages")
        await press(pilot, "enter", "q")
        assert "Sev" in shown(app)


async def test_before_anything_was_said_the_page_says_so() -> None:
    async with console(MemoryData(5)) as (app, pilot):
        await press(pilot, ":")
        await write(pilot, "messages")
        await press(pilot, "enter")
        assert "Nothing was said in this session." in shown(app)
