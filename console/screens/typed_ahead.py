"""Keys typed ahead of the screen: each is taken when all that the one before it led to stands.

Textual hands a key to whatever has the focus as it arrives. On a slow line whole words arrive at once: of ``/leak`` the letters
would be commands, because the filter line has not got the focus yet.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump

ROUNDS = 2
"""How often word is sent behind a key on its way up to the application: once behind the key, once behind what it led to."""

PATIENCE = 0.5
"""Seconds after which a key counts as done though no word came, because what had the focus is gone."""

SLOWEST = 10.0
"""Seconds after which a key counts as done though what had the focus is still there: a busy machine is given this long."""


class KeyDone(Message):
    """A key, and in the second round all that it led to, has come up to the application."""

    def __init__(self, target: MessagePump, turn: int, number: int) -> None:
        super().__init__()
        self.target = target
        self.turn = turn
        self.number = number

    def again(self) -> bool:
        """Send word once more; return whether it is on its way."""
        return self.turn < ROUNDS and self.target.post_message(KeyDone(self.target, self.turn + 1, self.number))


class Waiting(Protocol):
    """A screen that may be making way for another one."""

    def holds(self, key: str) -> bool: ...


class TypedAhead:
    """The keys that wait for their turn."""

    def __init__(self, take: Callable[[events.Key], Awaitable[MessagePump]]) -> None:
        self._take = take
        self._keys: deque[events.Key] = deque()
        self._began: float | None = None
        self._target: MessagePump | None = None
        self._number = 0

    def add(self, key: events.Key) -> None:
        """Put a key behind the others."""
        self._keys.append(key)

    def forget(self) -> None:
        """Forget the keys that wait: they were meant for something that did not come."""
        self._keys.clear()

    @property
    def is_idle(self) -> bool:
        """Whether no key waits and none is under way."""
        return not self._keys and self._began is None

    @property
    def is_late(self) -> bool:
        """Whether a key waits for one that should have been done by now."""
        return bool(self._keys) and self._began is not None

    def settle(self) -> None:
        """Count the key under way as done, because what it led to stands."""
        self._began = None

    def is_done(self, word: KeyDone) -> bool:
        """Return whether the key under way is done, after word came: word of an earlier key, come late, is not of this one."""
        if word.again() or word.number != self._number:
            return False
        self._began = None
        return True

    async def next(self, screen: Waiting | None) -> None:
        """Take the next key, unless one is under way or the screen makes way for another one."""
        if self._began is not None and time.monotonic() - self._began < self._patience:
            return
        self._began = None
        if not self._keys or (screen is not None and screen.holds(self._keys[0].key)):
            return
        self._began = time.monotonic()
        self._number += 1
        self._target = target = await self._take(self._keys.popleft())
        if not target.post_message(KeyDone(target, 1, self._number)):
            self._began = None

    @property
    def _patience(self) -> float:
        return SLOWEST if self._target is not None and self._target.is_running else PATIENCE
