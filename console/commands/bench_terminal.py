"""A program on a pseudo-terminal, watched with a clock: when it paints, how many bytes it sends, how much memory it takes."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.errors import OmbudError

QUIET = 0.03
"""A burst of painting is over when nothing came for so long, in seconds: two frames."""
REST = 0.3
"""Seconds after a key within which everything that it leads to has been sent, the preview's pause included."""
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Paint:
    """What one key led to: seconds until the last byte of the first burst, and all bytes sent for it."""

    seconds: float
    bytes: int


class WatchedProgram:
    """A program running on a pseudo-terminal of a given size; ``close`` ends it."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, columns: int = 80, lines: int = 24
    ) -> None:
        self._began = time.perf_counter()
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execvpe(command[0], list(command), dict(environment))
        self._seen = b""

    def seconds_until(self, words: str) -> float:
        """Return the seconds from the start, or from the last key, until some words were sent.

        Raises OmbudError when they do not come.
        """
        wanted = words.encode()
        end = time.perf_counter() + PATIENCE
        while wanted not in self._seen:
            if time.perf_counter() > end or not self._read(PATIENCE):
                raise OmbudError(f"The program under measurement did not show “{words}”.", "Try a smaller number.")
        return time.perf_counter() - self._began

    def press(self, keys: str) -> Paint:
        """Press keys and return what they led to."""
        self._drain(QUIET)
        self._seen = b""
        self._began = time.perf_counter()
        os.write(self._terminal, keys.encode())
        painted = 0.0
        while self._read(QUIET if painted else REST):
            painted = time.perf_counter() - self._began
        self._drain(max(0.0, REST - (time.perf_counter() - self._began)))
        return Paint(painted, len(self._seen))

    def press_until(self, keys: str, words: str) -> Paint:
        """Press keys and return how long it took until some words were sent, and all bytes sent for it."""
        self.send(keys)
        seconds = self.seconds_until(words)
        self._drain(max(0.0, REST - seconds))
        return Paint(seconds, len(self._seen))

    def send(self, keys: str) -> None:
        """Press keys; what comes is awaited by ``seconds_until``."""
        self._drain(QUIET)
        self._seen = b""
        self._began = time.perf_counter()
        os.write(self._terminal, keys.encode())

    def scroll(self, keys: str, times: int) -> None:
        """Press keys again and again, each as soon as the one before has been painted."""
        for _ in range(times):
            self.send(keys)
            self._read(REST)
        self.rest()

    def rest(self) -> None:
        """Wait until nothing more comes."""
        while self._read(REST):
            continue

    def peak_memory(self) -> int:
        """Return the most memory the program has had resident so far, in bytes."""
        status = Path(f"/proc/{self._process}/status").read_text("ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))

    def close(self) -> None:
        """End the program."""
        os.kill(self._process, signal.SIGTERM)
        while self._read(REST):
            continue
        os.close(self._terminal)
        os.waitpid(self._process, 0)

    def _drain(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._read(left)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._terminal], [], [], seconds)[0]:
            return False
        try:
            came = os.read(self._terminal, 1 << 16)
        except OSError:
            return False
        self._seen += came
        return bool(came)
