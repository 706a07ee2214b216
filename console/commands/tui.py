"""Opening the console: the one place among the commands that starts Textual."""

from __future__ import annotations

import sys
from collections.abc import Callable


def open_console(url: str = "", prepare: Callable[[], object] | None = None) -> None:
    """Open the console on a database, without a URL that of the settings.

    ``prepare`` is run in the background once the first screen stands.
    """
    from console.keymap import use_keymap
    from console.loading import loading
    from console.settings import database_url, load_settings

    settings = load_settings()
    # Before the screens are imported: their bindings are made from the registry as they are.
    use_keymap(settings)
    with loading():
        from console.app import run_console
        from console.screens import queues  # noqa: F401 - the first screen, which is wanted at once

    code = run_console(url or database_url(settings), prepare=prepare, settings=settings)
    if code:
        sys.exit(code)  # a signal ended it, or a fault
