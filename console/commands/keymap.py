"""``ombud keymap``: the keys of the console, shown as a file to change, and such a file checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.commands.database import AsJson, AsJsonLines
from console.commands.output import emit, emit_json, narrate

app = typer.Typer(no_args_is_help=True)

File = Annotated[Path | None, typer.Argument(help="A keymap; otherwise the one that the console uses.")]


@app.command()
def show(as_json: AsJson = False, as_json_lines: AsJsonLines = False) -> None:
    """Print every action with its keys, as a keymap to begin with."""
    from console.actions import ACTIONS
    from console.keymap import keymap_path, read_keymap, template
    from console.settings import load_settings

    path = keymap_path(load_settings())
    keys, faults = read_keymap(path) if path is not None else ({}, [])
    for fault in faults:
        narrate(f"warning: {fault.message} {fault.hint}".strip())
    rows = [
        {
            "id": action.id,
            "keys": list(keys.get(action.id, action.default_keys)),
            "default": list(action.default_keys),
            "label": action.label,
            "help": action.help,
        }
        for action in ACTIONS
    ]
    if as_json:
        emit_json(rows)
    elif as_json_lines:
        for row in rows:
            emit_json(row)
    else:
        for text in template(keys):
            emit(text)


@app.command()
def check(file: File = None, as_json: AsJson = False) -> None:
    """Say whether a keymap is right, and everything that is wrong with it (exit code 2)."""
    from console.actions import ACTIONS
    from console.errors import ExitCode
    from console.keymap import keymap_path, read_keymap
    from console.settings import load_settings

    path = file or keymap_path(load_settings())
    keys, faults = read_keymap(path) if path is not None else ({}, [])
    if as_json:
        told = [{"message": fault.message, "hint": fault.hint} for fault in faults]
        changed = {name: list(given) for name, given in keys.items()}
        emit_json({"file": str(path) if path is not None else None, "changed": changed, "faults": told})
    elif path is None:
        emit("There is no keymap; every action has its usual keys.")
    elif not faults:
        emit(f"{path} is right: {len(keys)} of {len(ACTIONS)} actions have keys of their own.")
    for fault in faults if not as_json else []:
        narrate(f"error: {fault.message}")
        if fault.hint:
            narrate(f"hint: {fault.hint}")
    if faults:
        raise typer.Exit(ExitCode.USAGE)
