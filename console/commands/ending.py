"""How a run ends: an error becomes one line with a hint, and the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from console.commands.output import leave_closed_pipe, narrate
from console.errors import ExitCode, OmbudError, PointedError


def ended(act: Callable[[], int]) -> int:
    """Do something and return its exit code; what goes wrong is told on stderr and has a code of its own."""
    try:
        code = act()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except OmbudError as error:
        narrate(f"error: {error.message}")
        if isinstance(error, PointedError):
            narrate(error.pointer())
        if error.hint:
            narrate(f"hint: {error.hint}")
        code = error.exit_code
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except Exception as error:
        code = _unexpected(error)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        leave_closed_pipe()
    return code


def _unexpected(error: Exception) -> int:
    """Tell of a fault of ours: the details go to a file, since they may hold other people's data."""
    import traceback

    from console.settings import state_directory

    path = state_directory() / "error.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("a", encoding="utf-8") as log:
            os.chmod(path, 0o600)
            log.write("".join(traceback.format_exception(error)))
    except OSError:
        path = path.with_name("(not written)")
    narrate(f"error: Something in Ombud went wrong: {type(error).__name__}.")
    narrate(f"hint: The details are in {path}; please report them.")
    return ExitCode.FAILED
