"""Opening the console: the one place among the commands that starts Textual."""

from __future__ import annotations

from collections.abc import Callable


def open_console(url: str, prepare: Callable[[], object] | None = None) -> None:
    """Open the console on a database; ``prepare`` is run in the background once the first screen stands."""
    from console.keymap import use_keymap
    from console.settings import load_settings

    settings = load_settings()
    # Before the screens are imported: their bindings are made from the registry as they are.
    use_keymap(settings)
    from console.app import run_console

    run_console(url, prepare=prepare, settings=settings)
