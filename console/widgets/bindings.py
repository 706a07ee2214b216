"""Textual bindings made from the registry of actions."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from console.actions import KEY_NAMES, Action, actions_of
from console.i18n import _


def bindings(*contexts: str) -> list[BindingType]:
    """Return the bindings of some contexts; control and function keys of urgent actions act while somebody types."""
    return [
        Binding(
            key,
            action.method,
            description=action.label,
            show=False,
            id=action.id if index == 0 else f"{action.id}.{index}",
            priority=action.is_urgent or (action.context == "app" and len(key) > 1 and key.startswith(("ctrl+", "f1"))),
        )
        for action in actions_of(contexts)
        for index, key in enumerate(action.keys)
    ]


def key_name(key: str) -> str:
    """Return a key as it is printed on the keyboard."""
    known = KEY_NAMES.get(key)
    if known is not None:
        return _(known)
    if key.startswith("ctrl+"):
        return f"Ctrl+{key[5:].upper()}"
    return key.upper() if key.startswith("f") and key[1:].isdigit() else key


def keys_of(action: Action) -> str:
    """Return the keys of an action for reading; what has none is chosen from all commands."""
    return " ".join(key_name(key) for key in action.keys or (":",))
